"""A frame that crashes the mind is set aside, and crashes it neither twice nor for the others."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import raid
from tests.conftest import HUNG_S, ROOT
from tocsin.edge import build
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.outlet import Outlet
from tocsin.edge.replay import check
from tocsin.edge.run import Mind
from tocsin.edge.watch import Watch
from tocsin.engine import Notice
from tocsin.sense import Sense
from tocsin.words import Counts, Frame, Rejected, Tick

BOOM = b"\x30\x00\x06BOOM"[:6]


def frames_of_the_raid(count: int) -> list[Frame]:
    emissions = list(raid.world().emissions())[:count]
    return [Frame(t_ns=e.t_ns, source=e.source, payload=e.payload) for e in emissions]


def plant(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Sense.read

    def planted(self: Sense, batch: Any) -> Any:
        if any(isinstance(given, Frame) and given.payload == BOOM for given in batch.inputs):
            raise ZeroDivisionError("planted")
        return read(self, batch)

    monkeypatch.setattr(Sense, "read", planted)


def test_the_bad_frame_is_set_aside_and_the_others_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    path = tmp_path / "journal.sqlite"
    mind = Mind.start(path, build.parts(raid.site()), durable=False)
    good = frames_of_the_raid(40)
    mind.step(good[:20])
    bad = Frame(t_ns=good[20].t_ns, source=good[20].source, payload=BOOM)
    step = mind.step([good[20], bad, good[21], Tick(t_ns=good[21].t_ns)])
    rejected = [o for o in step.outputs if isinstance(o, Rejected)]
    assert [(r.source, r.reason) for r in rejected] == [(bad.source, "quarantined")]
    assert bytes.fromhex(rejected[0].detail) == BOOM
    assert sum(o.frames for o in step.outputs if isinstance(o, Counts)) == 2
    assert mind.quarantined == 1
    mind.step(good[22:])
    mind.close()
    assert check(Journal.open(path)).fault == ""


def test_a_mind_that_crashed_is_as_if_it_had_never_seen_the_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = frames_of_the_raid(60)
    plant(monkeypatch)
    prints = []
    for name, poison in (("with", True), ("without", False)):
        mind = Mind.start(tmp_path / f"{name}.sqlite", build.parts(raid.site()), durable=False)
        for number, frame in enumerate(good):
            if poison and number == 30:
                mind.step([Frame(t_ns=good[29].t_ns, source=frame.source, payload=BOOM)])
            mind.step([frame])
        tracks = mind.engine.tracks
        assert tracks is not None
        prints.append((tracks.id.tolist(), tracks.position_m.tolist(), tracks.existence.tolist()))
        mind.close()
    assert prints[0] == prints[1]


DIES = """
import os, sys
from pathlib import Path
from tests.edge.test_run import BOOM, frames_of_the_raid
from tests import raid
from tocsin.edge import build
from tocsin.edge.run import Mind
from tocsin.sense import Sense
from tocsin.words import Frame
read = Sense.read
def dies(self, batch):
    if any(isinstance(g, Frame) and g.payload == BOOM for g in batch.inputs):
        os._exit(9)
    return read(self, batch)
Sense.read = dies
mind = Mind.start(Path(sys.argv[1]), build.parts(raid.site()))
if sys.argv[2] == "feed":
    good = frames_of_the_raid(4)
    mind.step(good[:2])
    mind.step([good[2], Frame(t_ns=good[2].t_ns, source="radar", payload=BOOM), good[3]])
print("alive", mind.number, mind.quarantined)
mind.close()
"""


def test_a_frame_that_kills_the_process_kills_it_twice_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"

    def start(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", DIES, str(path), verb], cwd=ROOT, capture_output=True,
            text=True, timeout=HUNG_S, check=False, env={**os.environ, "PYTHONPATH": "src"},
        )  # fmt: skip

    assert start("feed").returncode == 9  # killed while it was in the batch
    assert start("continue").returncode == 9  # tried alone, killed again
    last = start("continue")
    assert last.returncode == 0, last.stderr
    assert last.stdout.split() == ["alive", "4", "1"]
    frames = [
        given
        for entry in Journal.open(path).entries()
        for given in entry.batch.inputs
        if isinstance(given, Frame)
    ]
    assert [frame.source == "quarantine" for frame in frames] == [False] * 3 + [True, False]
    notice = msgspec.json.decode(frames[3].payload, type=Notice)
    assert bytes.fromhex(notice.detail) == BOOM


def test_every_input_is_in_the_journal_with_what_it_brought(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    mind = Mind.start(path, build.parts(raid.site()), durable=False)
    for frame in frames_of_the_raid(30):
        mind.step([frame])
    mind.close()
    entries = list(Journal.open(path).entries())
    assert [entry.batch.inputs[0] for entry in entries] == frames_of_the_raid(30)
    assert all(decode_outputs(entry.outputs) for entry in entries)


def test_a_mind_that_crashes_whatever_it_is_given_drops_counts_and_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is ours, not the frame's: the process lives, and the journal stays whole."""
    path, good = tmp_path / "journal.sqlite", frames_of_the_raid(30)
    mind = Mind.start(path, build.parts(raid.site()), durable=False)
    mind.step(good[:10])
    with monkeypatch.context() as broken:
        broken.setattr(Sense, "read", lambda self, batch: 1 / 0)
        step = mind.step(good[10:12])
        assert (step.outputs, mind.dropped, mind.number) == ([], 2, 1)
        mind.close()
    again = Mind.start(path, build.parts(raid.site()), durable=False)
    again.step(good[12:])
    again.close()
    assert check(Journal.open(path)).fault == ""


def test_a_full_disk_under_the_side_file_does_not_stop_the_mind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> int:
        raise OSError(28, "No space left on device")

    mind = Mind.start(tmp_path / "j.sqlite", build.parts(raid.site()), durable=False)
    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        step = mind.step(frames_of_the_raid(5))
    assert sum(o.frames for o in step.outputs if isinstance(o, Counts)) == 5
    assert Watch().losses(mind, Outlet())["batches_without_side_file"] == 1
    mind.close()
