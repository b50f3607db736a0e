"""`tocsin demo`, as the README's first command runs it: the real system, real sockets, exit 0."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests import raid
from tests.conftest import HUNG_S, ROOT
from tocsin.edge import build, service, site
from tocsin.edge.site import BadSite


def free_port() -> int:
    """A port whose neighbour is free too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_a_raid_is_shown_and_scored(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "demo", "--headless", "--seconds", "14",
         "--port", str(free_port()), "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=HUNG_S, check=False,
        env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "EXERCISE" in done.stdout.splitlines()[0]
    first = re.search(r"^ *(\d+\.\d) s  TAKE COVER", done.stdout, re.MULTILINE)
    assert first
    assert float(first[1]) < 14.0
    assert "person-minutes in cover" in done.stdout
    assert "latency ms p50 / p99" in done.stdout
    assert {"journal.sqlite", "scenario.toml", "truth.json", "truth.npz", "site.toml"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "demo", "--headless", "--seconds", "5",
             "--port", port, "--out", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, timeout=HUNG_S, check=False,
            env={**os.environ, "PYTHONPATH": "src"},
        )  # fmt: skip
    assert done.returncode == 2
    assert "choose a free port" in done.stderr


def test_run_refuses_a_site_that_leaves_zones_unwatched() -> None:
    given = msgspec.structs.replace(raid.site(), require_coverage=True)
    with pytest.raises(BadSite, match=r"zones have no sensor: 'tocsin check' lists them"):
        service.refuse_if_uncovered(given, build.parts(given))
    assert site.parse(site.write(given)).require_coverage
