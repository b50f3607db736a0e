"""Replay: byte for byte, under any hash seed, and nothing that breaks it goes unseen."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests import raid
from tests.conftest import HUNG_S, ROOT
from tocsin.edge import build
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.replay import check, explain, story
from tocsin.edge.run import Mind
from tocsin.rules.alerts import alert_id
from tocsin.words import Alert, Frame, Tick

SECONDS = 14.0  # the first tracks are settled, the first zones warned


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of the raid's first seconds."""
    return raid.make(tmp_path_factory.mktemp("raid"), SECONDS)


def run(*words: str, hash_seed: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.raid", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=HUNG_S, check=False,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": "src"},
    )  # fmt: skip


def test_the_raid_brings_warnings(journal: Path) -> None:
    stages = [
        output.stage
        for entry in Journal.open(journal).entries()
        for output in decode_outputs(entry.outputs)
        if isinstance(output, Alert)
    ]
    assert "take_cover" in stages
    assert "early" in stages


@pytest.mark.parametrize("hash_seed", [0, 1, 2])
def test_byte_for_byte_under_any_hash_seed(journal: Path, hash_seed: int) -> None:
    done = run("check", str(journal.parent), hash_seed=hash_seed)
    assert done.returncode == 0, done.stderr
    assert "equal, byte for byte" in done.stdout


@pytest.mark.parametrize("plant", ["clock", "set"])
def test_a_planted_fault_makes_replay_exit_1(tmp_path: Path, plant: str) -> None:
    assert run("make", str(tmp_path), str(SECONDS), plant, hash_seed=1).returncode == 0
    done = run("check", str(tmp_path), plant, hash_seed=2)
    assert done.returncode == 1, done.stdout
    assert "replay differs from the journal: batch" in done.stderr


@pytest.mark.parametrize("column", ["inputs", "outputs", "digest"])
def test_one_changed_byte_makes_replay_fail(journal: Path, tmp_path: Path, column: str) -> None:
    copy = tmp_path / "journal.sqlite"
    with sqlite3.connect(journal) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        number, data = target.execute(
            f"SELECT number, {column} FROM batch ORDER BY length(outputs) DESC LIMIT 1"
        ).fetchone()
        changed = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1])
        changed += data[len(data) // 2 + 1 :]
        target.execute(f"UPDATE batch SET {column} = ? WHERE number = ?", (changed, number))
    done = run("check", str(tmp_path), hash_seed=0)
    assert done.returncode == 1
    assert f"batch {number}: the hash chain is broken" in done.stderr


def test_stopped_and_continued_is_the_same_journal(tmp_path: Path) -> None:
    """A checkpoint and the batches after it give the same mind as all batches from the start."""
    given = raid.site()
    parts = build.parts(given)
    frames = [
        Frame(t_ns=e.t_ns, source=e.source, payload=e.payload)
        for e in raid.world().emissions()
        if e.t_ns < raid.T_NS_START + 5_000_000_000
    ]
    path = tmp_path / "journal.sqlite"
    for half in (frames[: len(frames) // 2], frames[len(frames) // 2 :]):
        mind = Mind.start(path, parts, durable=False)
        for frame in half:
            mind.step([frame])
        mind.close()
    verdict = check(Journal.open(path))
    assert verdict.fault == ""
    assert verdict.batches == len(frames)


def test_a_journal_of_another_site_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Mind.start(path, build.parts(raid.site("automatic"))).close()
    with pytest.raises(build.BadSite, match="begun with another site"):
        Mind.start(path, build.parts(raid.site("shadow")))


def test_explain_walks_back_to_the_bytes_of_the_radar(journal: Path) -> None:
    opened = Journal.open(journal)
    warned = next(
        output
        for entry in opened.entries()
        for output in decode_outputs(entry.outputs)
        if isinstance(output, Alert) and output.stage == "take_cover" and output.reasons
    )
    explanation = explain(opened, alert_id(warned))
    assert explanation.alert == warned
    reports = [r for reason in warned.reasons for r in explanation.reports[reason.track]]
    assert reports
    sent = {(e.source, e.payload) for e in raid.world().emissions()}
    assert all((report.source, report.payload) in sent for report in reports)
    assert all(report.payload[0] == 48 for report in reports)  # CAT048
    text = "\n".join(story(explanation))
    assert warned.reasons[0].rule in text
    assert reports[0].payload.hex() in text
    assert "ms after receipt" in text


def test_explain_of_an_unknown_alert_says_what_there_is(journal: Path) -> None:
    with pytest.raises(
        ValueError, match=r"no alert 'nothing' among the .*; the first is exercise:"
    ):
        explain(Journal.open(journal), "nothing")


def test_order_of_arrival_is_kept(journal: Path) -> None:
    """Not that of measurement: frames of the journal are the emissions in order of receipt."""
    frames = [
        given
        for entry in Journal.open(journal).entries()
        for given in entry.batch.inputs
        if not isinstance(given, Tick)
    ]
    sent = [(e.t_ns, e.source, e.payload) for e in raid.world().emissions()][: len(frames)]
    assert [(f.t_ns, f.source, f.payload) for f in frames] == sent
