"""The examples run, as a stranger would run them."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import HUNG_S, ROOT
from tests.warn.stand_in import START_NS, alert, herald, of
from tocsin.edge import build
from tocsin.edge.outlet import Outlet
from tocsin.edge.serve import public_app
from tocsin.edge.sign import Signer
from tocsin.zones.map import ZoneMap

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def ran(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "examples" / name), *arguments],
        capture_output=True,
        text=True,
        timeout=HUNG_S,
        check=False,
        env=ENVIRONMENT,
    )


def test_every_example_is_tested_here() -> None:
    assert [path.name for path in EXAMPLES] == [
        "follow_events.py",
        "replay_recording.py",
        "verify_warning.py",
    ]


def test_replay_a_recording(tmp_path: Path) -> None:
    done = ran("replay_recording.py", str(tmp_path))
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["datagrams"] > 100
    assert summary["rejected"] == 0
    assert summary["confirmed"] >= 1
    assert summary["warnings"] > 0
    assert (tmp_path / "journal.sqlite").is_file()


def test_verify_a_warning_of_its_own() -> None:
    done = ran("verify_warning.py")
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "genuine",
        "NOT GENUINE",
        "NOT GENUINE",
    ]


@pytest.mark.parametrize("changed", [False, True])
def test_verify_a_warning_from_a_file(tmp_path: Path, changed: bool) -> None:
    signer = Signer.create(tmp_path / "keys", "exercise", "warn@example.org")
    (message,) = of(herald().render(START_NS, [alert("take_cover")], []), "cap")
    document = signer.seal(message).payload
    if changed:
        document = document.replace(b"<urgency>Immediate<", b"<urgency>Past<")
    path = tmp_path / "alert.xml"
    path.write_bytes(document)
    done = ran("verify_warning.py", str(path), str(tmp_path / "keys" / "exercise.cert.pem"))
    assert done.returncode == (1 if changed else 0), done.stdout + done.stderr


def test_follow_events_explains_itself() -> None:
    done = ran("follow_events.py", "--help")
    assert done.returncode == 0
    assert "--keys" in done.stdout


def test_follow_events_shows_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    ours = Signer.create(tmp_path / "ours", "exercise", "warn@example.org")
    theirs = Signer.create(tmp_path / "theirs", "exercise", "warn@example.org")
    (message,) = of(herald().render(START_NS, [alert("take_cover")], []), "event")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(ours.public_jwks()))
    outlet = Outlet()
    for number, signer in enumerate((theirs, ours)):
        outlet.publish("alert", json.dumps({"jws": signer.seal(message).compact}))
        assert outlet.last_id == number + 1

    with ThreadPoolExecutor(1) as thread:  # a browser test may have left a loop running in this one
        lines = thread.submit(asyncio.run, followed(outlet, keys)).result().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("NOT GENUINE: ")
    assert lines[1].startswith("alert: take_cover: ")


async def followed(outlet: Outlet, keys: Path) -> str:
    """What the example prints of a real listener that has published already."""
    zones = ZoneMap.from_bytes(build.zone_map_bytes("il"))
    runner = web.AppRunner(public_app(outlet, zones, b"{}"), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        # A newcomer is sent to the state; who resumes gets what was missed: publish once joined.
        missed = list(outlet.events)
        outlet.events.clear()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", str(ROOT / "examples" / "follow_events.py"),
            f"http://127.0.0.1:{runner.addresses[0][1]}", "--keys", str(keys), "--count", "1",
            stdout=asyncio.subprocess.PIPE, env=ENVIRONMENT,
        )  # fmt: skip
        async with asyncio.timeout(60):
            while not outlet.subscribers:
                await asyncio.sleep(0.05)
            for frame in missed:
                outlet.subscribers[0].frames.put_nowait(frame)
            out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode()
    finally:
        await runner.cleanup()
