"""While the kernels are cold: frames are put by and read later as they came, orders are obeyed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import raid
from tests.edge.test_run import BOOM, frames_of_the_raid, plant
from tocsin import engine as mind
from tocsin.edge import build
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.replay import check, evidence
from tocsin.edge.run import Mind, kernels_frame, recovered
from tocsin.engine import HELD, KERNELS_COLD, KERNELS_READY, Engine
from tocsin.instant import NS_PER_S
from tocsin.predict import Forecast
from tocsin.sense import Sense
from tocsin.track import Picture
from tocsin.words import Alert, Batch, Counts, Frame, Message, Order, Output, Rejected, Tick

FRAMES = 400


def cold(t_ns: int = raid.T_NS_START) -> Frame:
    return kernels_frame(t_ns, KERNELS_COLD)


def ready(t_ns: int) -> Frame:
    return kernels_frame(t_ns, KERNELS_READY)


def batches(frames: list[Frame], size: int = 5) -> Iterator[list[Frame]]:
    for at in range(0, len(frames), size):
        yield frames[at : at + size]


def fold(engine: Engine, number: int, inputs: list[Any]) -> list[Output]:
    return engine.handle(Batch(number=number, t_ns=inputs[-1].t_ns, inputs=tuple(inputs)))


def caught_up(engine: Engine, number: int, t_ns: int) -> tuple[int, list[Output]]:
    """Ticks until nothing waits: the number of the last batch, and all that came of it."""
    outputs: list[Output] = []
    for _ in range(2 * FRAMES):
        if not engine.held.busy:
            break
        number += 1
        outputs += fold(engine, number, [Tick(t_ns=t_ns)])
    return number, outputs


def sums(outputs: list[Output], name: str) -> int:
    return sum(getattr(o, name) for o in outputs if isinstance(o, Counts))


def sky(engine: Engine) -> list[Any]:
    tracks = engine.tracks
    assert tracks is not None
    return [tracks.id.tolist(), tracks.hits.tolist(), tracks.evidence.tolist(),
            tracks.position_m.tolist(), tracks.existence.tolist()]  # fmt: skip


def test_what_was_put_by_is_read_as_it_came() -> None:
    """The picture, with the evidence of every track, is that of a mind that never had to wait."""
    frames = frames_of_the_raid(FRAMES)
    straight, held = (build.engine(build.parts(raid.site())) for _ in range(2))
    outputs: list[Output] = []
    t_ns = frames[-1].t_ns
    for number, inputs in enumerate(batches(frames), 2):
        fold(straight, number, list(inputs))
    for number, inputs in enumerate(batches(frames), 2):
        first = [cold()] if number == 2 else []
        # the notice comes last, so that the frames keep their numbers in the batch
        outputs += fold(held, number, [*inputs, *first])
    assert held.held.frames == FRAMES
    assert sums(outputs, "held") == FRAMES
    assert sums(outputs, "records") == 0
    first_ready = number
    number, later = caught_up_after_ready(held, number, t_ns)
    fold(straight, number, [Tick(t_ns=t_ns)])
    assert sky(straight) == sky(held)
    assert len(sky(held)[0]) > 5
    assert sums(later, "frames") == FRAMES
    assert number > first_ready + 1, "not all at one go"


def caught_up_after_ready(engine: Engine, number: int, t_ns: int) -> tuple[int, list[Output]]:
    outputs = fold(engine, number + 1, [ready(t_ns)])
    number, later = caught_up(engine, number + 1, t_ns)
    return number, outputs + later


def test_no_kernel_is_run_and_orders_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_words: object) -> None:
        raise AssertionError("a kernel would be compiled here")

    engine = build.engine(build.parts(raid.site()))
    frames = frames_of_the_raid(60)
    zone = engine.zones.ids[3]
    order = Order(
        t_ns=frames[0].t_ns, action="raise", operator="duty", nonce="0" * 16, zone=zone,
        threat="drone", stage="take_cover",
    )  # fmt: skip
    told = Frame(t_ns=frames[0].t_ns, source="order", payload=msgspec.json.encode(order))
    with monkeypatch.context() as numb:
        numb.setattr(Picture, "update", forbidden)
        numb.setattr(Picture, "tracks", forbidden)
        numb.setattr(Forecast, "prepare", forbidden)
        thawed = build.thaw(build.freeze(engine), engine.zones)
        assert not thawed.needs_kernels([cold(), *frames])
        assert thawed.needs_kernels([Tick(t_ns=1)])
        outputs = fold(thawed, 1, [cold(), *frames[:20], told, *frames[20:]])
        warned = [o for o in outputs if isinstance(o, Alert)]
        assert [(a.zone, a.stage, a.reasons[0].rule) for a in warned] == [
            (zone, "take_cover", "order.raise")
        ]
        assert {m.channel for m in outputs if isinstance(m, Message)} >= {"event", "state", "cap"}
        assert sums(outputs, "held") == 60
        again = fold(thawed, 2, [told])
        assert [o.reason for o in again if isinstance(o, Rejected)] == ["replayed"]
        fold(thawed, 3, [ready(frames[-1].t_ns)])
    assert thawed.needs_kernels([Tick(t_ns=1)])


def test_while_catching_up_new_frames_line_up_and_orders_do_not() -> None:
    engine = build.engine(build.parts(raid.site()))
    frames = frames_of_the_raid(FRAMES)
    fold(engine, 1, [cold()])
    for number, inputs in enumerate(batches(frames[:-1]), 2):
        fold(engine, number, list(inputs))
    order = Frame(t_ns=frames[-1].t_ns, source="order", payload=b"{}")
    outputs = fold(engine, number + 1, [ready(frames[-1].t_ns), order, frames[-1]])
    outputs += fold(engine, number + 2, [Tick(t_ns=frames[-1].t_ns)])
    assert engine.held.busy, "one batch does not catch up with all"
    assert [o.reason for o in outputs if isinstance(o, Rejected) and o.source == "order"]
    assert sums(outputs, "held") == 1
    _, later = caught_up(engine, number + 2, frames[-1].t_ns)
    assert sums(outputs + later, "frames") == FRAMES + 1  # the order too


@pytest.mark.parametrize("pause_s", [0, 50])
def test_nobody_is_warned_of_what_was_minutes_ago_unless_it_never_ends(
    monkeypatch: pytest.MonkeyPatch, pause_s: int
) -> None:
    """The forecast is asked when the picture is that of now, or when a minute has passed."""
    asked: list[tuple[int, bool]] = []
    frames = frames_of_the_raid(FRAMES)
    engine = build.engine(build.parts(raid.site()))

    def arrivals(self: Forecast, now_ns: int, *_words: object) -> Any:
        asked.append((now_ns, engine.held.busy))
        return self.standing

    monkeypatch.setattr(Forecast, "arrivals", arrivals)
    fold(engine, 1, [cold()])
    for number, inputs in enumerate(batches(frames), 2):
        fold(engine, number, list(inputs))
    opened_ns = t_ns = frames[-1].t_ns + 100 * NS_PER_S
    fold(engine, number + 1, [ready(t_ns)])
    for _ in range(FRAMES):
        number, t_ns = number + 1, t_ns + pause_s * NS_PER_S
        fold(engine, number + 1, [Tick(t_ns=t_ns)])
        if asked:
            break
    late_ns = opened_ns + 2 * pause_s * NS_PER_S
    assert asked == [(late_ns, True) if pause_s else (opened_ns, False)]


def test_what_finds_no_room_is_counted_and_the_oldest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = frames_of_the_raid(FRAMES)
    room = sum(len(f.payload) + mind.HELD_FRAME_BYTES for f in frames[-100:])
    monkeypatch.setattr(mind, "HELD_BYTES_MAX", room)
    engine = build.engine(build.parts(raid.site()))
    outputs = fold(engine, 1, [cold()])
    for number, inputs in enumerate(batches(frames), 2):
        outputs += fold(engine, number, list(inputs))
    shed = sum(o.count for o in outputs if isinstance(o, Rejected) and o.reason == "shed")
    assert engine.held.frames == 100
    assert shed == FRAMES - 100
    assert sums(outputs, "held") == FRAMES
    number, later = caught_up_after_ready(engine, number, frames[-1].t_ns)
    assert sums(later, "frames") == 100
    tracks = engine.tracks
    assert tracks is not None
    marks = tracks.evidence[tracks.evidence >= 0] >> 24
    assert marks.min() >= 2 + (FRAMES - 100) // 5


def test_a_frame_that_crashes_the_mind_when_it_is_read_does_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    path, good = tmp_path / "journal.sqlite", frames_of_the_raid(60)
    given = Mind.start(path, build.parts(raid.site()), durable=False)
    bad = Frame(t_ns=good[10].t_ns, source=good[10].source, payload=BOOM)
    given.step([cold(), *good[:10], bad])
    t_ns = good[-1].t_ns
    outputs = given.step([ready(t_ns), *good[10:30]]).outputs
    for _ in range(10):
        outputs += given.step([Tick(t_ns=t_ns)]).outputs
    outputs += given.step(good[30:]).outputs
    refused = [o for o in outputs if isinstance(o, Rejected)]
    assert [(o.source, o.reason) for o in refused] == [(HELD, "quarantined")]
    assert sums(outputs, "frames") + refused[0].count == 61
    assert (given.quarantined, given.dropped) == (1, 0)
    given.close()
    assert check(Journal.open(path)).fault == ""


def test_a_notice_that_cannot_be_folded_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits crashes the mind, its notice too, then the tick and the notice of the tick."""
    read = Sense.read

    def planted(self: Sense, batch: Batch) -> Any:
        return read(self, batch) if batch.number < 3 else 1 / 0

    given = Mind.start(tmp_path / "j.sqlite", build.parts(raid.site()), durable=False)
    good = frames_of_the_raid(20)
    given.step([cold(), *good])
    t_ns = good[-1].t_ns
    given.step([ready(t_ns)])
    assert given.engine.held.busy
    monkeypatch.setattr(Sense, "read", planted)
    step = given.step([Tick(t_ns=t_ns)])
    assert (step.outputs, given.quarantined, given.dropped) == ([], 2, 2)
    given.close()


def test_what_waits_outlives_the_process_and_the_journal_replays(tmp_path: Path) -> None:
    """No checkpoint holds what waits: it is in the journal already. Evidence finds its frames."""
    path, frames, asked = tmp_path / "journal.sqlite", frames_of_the_raid(FRAMES), []
    parts = build.parts(raid.site())
    given = Mind.start(path, parts, lambda: asked.append(1), durable=False)
    given.step([cold(), *frames[:50]])
    for inputs in batches(frames[50:]):
        given.step(inputs)
    given._trusted = False  # as if it had been killed: no checkpoint at the end
    given.close()
    again = Mind.start(path, parts, lambda: asked.append(1), durable=False)
    assert again.engine.held.frames == FRAMES
    assert asked == [], "nothing waited for a compiler"
    t_ns = frames[-1].t_ns
    outputs = list(again.step([ready(t_ns)]).outputs)
    for _ in range(40):
        outputs += again.step([Tick(t_ns=t_ns)]).outputs
    again.close()
    assert sums(outputs, "frames") == FRAMES
    journal = Journal.open(path)
    assert check(journal).fault == ""
    tracks = again.engine.tracks
    assert tracks is not None
    reports = [evidence(journal, int(m)) for m in tracks.evidence[tracks.confirmed][:, 0]]
    assert reports
    payloads = {frame.payload for frame in frames}
    assert all(report is not None and report.payload in payloads for report in reports)
    assert sums([o for e in journal.entries() for o in decode_outputs(e.outputs)], "held") == FRAMES
    recovered(journal, parts, lambda: asked.append(1))
    journal.close()


def test_a_past_that_ran_kernels_waits_for_them(tmp_path: Path) -> None:
    path, frames, asked = tmp_path / "journal.sqlite", frames_of_the_raid(20), []
    parts = build.parts(raid.site())
    given = Mind.start(path, parts, durable=False)
    given._t_ns_checkpoint = 2**62  # as if one had just been made
    given.step(frames)
    given._trusted = False
    given.close()
    Mind.start(path, parts, lambda: asked.append(1), durable=False).close()
    assert asked == [1]


def test_inputs_of_edge_are_no_name_of_a_source() -> None:
    assert {"kernels", "shed", "quarantine", "clock"} <= set(mind.INTERNAL_SOURCES)
