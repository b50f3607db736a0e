#!/bin/sh
# Pin every dependency with its hashes, for every platform and Python that we support. The files
# hold no index line: each machine's own settings say where packages come from.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
pin() {
    out=$1; shift
    "$uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-header --no-emit-index-url -o "requirements/$out.txt" "$@"
    echo "requirements/$out.txt: $(grep -c '==' "requirements/$out.txt") packages"
}
pin run pyproject.toml requirements/build.in
pin test pyproject.toml requirements/build.in --group test --group lint --group docs
pin bench pyproject.toml requirements/build.in --group test --group lint --group docs --group bench
pin uv requirements/uv.in
pin node requirements/node.in
