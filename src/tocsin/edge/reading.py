"""What a finished journal tells: its alerts, what another policy would have said, its latency."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np

from tocsin.decide import Board
from tocsin.edge import build
from tocsin.edge.journal import Entry, Journal, decode_alerts
from tocsin.engine import INTERNAL_SOURCES, Engine
from tocsin.instant import NS_PER_S
from tocsin.words import (
    EVIDENCE_BATCH_SHIFT,
    EVIDENCE_FRAME_SHIFT,
    EVIDENCE_PART_MAX,
    Alert,
    Arrivals,
    Batch,
    FloatArray,
    Frame,
    IntArray,
    Output,
    Site,
)
from tocsin.zones.map import ZoneMap

LATENCY_STEPS = ("handed", "journaled")
"""The last step of a warning's way: handed to a socket when live, journaled when simulated."""

DOWN_NS = 15 * NS_PER_S
"""A running system ticks every second; its health is in doubt after 15 s without a state."""

FRAMES_MAX = EVIDENCE_PART_MAX + 1
"""Of one batch: each has an evidence number of its own."""


def site_of(journal: Journal) -> Site:
    """The site that the journal was written under."""
    return msgspec.json.decode(journal.part("site"), type=Site)


def zones_of(journal: Journal) -> ZoneMap:
    """The zone map that the journal was written under."""
    return ZoneMap.from_bytes(journal.part("zones"))


def alerts(journal: Journal) -> list[Alert]:
    """Every alert decided, in order."""
    return [alert for entry in journal.entries() for alert in decode_alerts(entry.outputs)]


def span(journal: Journal) -> tuple[int, int, int]:
    """From when to when the journal was written, and how long no batch came for more than
    `DOWN_NS`: the system was down, or alone without its clock. Raises ValueError if it is empty.
    """
    times = [entry.t_ns for entry in journal.entries()]
    if not times:
        raise ValueError(f"{journal.path} holds no batch yet: let the site run first")
    gaps = (after - before for before, after in pairwise(times))
    return times[0], times[-1], sum(gap for gap in gaps if gap > DOWN_NS)


def folded(journal: Journal, policy: str = "") -> Iterator[tuple[Entry, Engine, list[Output]]]:
    """Every batch folded anew, under another policy if given: the mind as it stands after each.

    Raises BadSite if there is no such policy.
    """
    parts = build.kept_parts(journal)
    if policy:
        site = msgspec.structs.replace(site_of(journal), policy=policy)
        parts["site"] = msgspec.json.encode(site)
    mind = build.engine(parts)
    for entry in journal.entries():
        yield entry, mind, mind.handle(entry.batch)


def decided_again(
    journal: Journal,
    policies: Sequence[str] = (),
    every_ns: int = 0,
    on_batch: Callable[[int], None] = lambda number: None,
) -> tuple[dict[str, list[Alert]], list[tuple[int, Arrivals]]]:
    """What each of `policies` (none: the site's own) says of the same inputs, and the forecasts
    that stood at every `every_ns` (0: none).

    The sky is tracked and forecast once, for no policy changes it. Raises BadSite if there is none
    of a name.
    """
    site, zones = site_of(journal), zones_of(journal)
    names = policies or (site.policy,)
    sight = build.sight_of(build.kept_parts(journal))
    boards = {name: Board(site, zones, build.policy_of(name), sight) for name in names}
    found: dict[str, list[Alert]] = {name: [] for name in names}
    forecasts: list[tuple[int, Arrivals]] = []
    due_ns = 0
    for entry, mind, _outputs in folded(journal):
        assert mind.sensors is not None  # a batch was handled
        assert mind.arrivals is not None
        for name, board in boards.items():
            flying, vanished = mind.forecast.flying, mind.forecast.vanished
            said = board.decide(
                mind.now_ns, mind.arrivals, mind.sensors, mind.orders, flying, vanished
            )
            found[name] += said.alerts
        if every_ns and mind.now_ns >= due_ns:
            forecasts.append((mind.now_ns, mind.arrivals))
            due_ns = mind.now_ns + every_ns
        on_batch(entry.number)
    return found, forecasts


def plots(journal: Journal) -> tuple[IntArray, IntArray, FloatArray, FloatArray, IntArray]:
    """Every report with a place, read anew but not tracked: when it was seen and received, int64
    (n,); where, ECEF (n,3); the root of the trace of its covariance, metres (n,); the number by
    which alerts cite it, int64 (n,)."""
    mind = build.engine(build.kept_parts(journal))
    none = np.empty(0, np.int64)
    found = [(none, none, np.empty((0, 3)), np.empty(0), none)]
    for gathered in _gathered(journal):
        numbers, frames = zip(*gathered, strict=True)
        now_ns = max(frame.t_ns for frame in frames)
        batch = Batch(number=len(found), t_ns=now_ns, inputs=frames)
        fixes = mind.sense.read(batch).fixes
        frame_of = (fixes.evidence >> EVIDENCE_FRAME_SHIFT) & EVIDENCE_PART_MAX
        received_ns = np.array([frame.t_ns for frame in frames], np.int64)[frame_of]
        sigma_m = np.sqrt(np.trace(fixes.covariance_m2, axis1=1, axis2=2))
        evidence = np.array(numbers, np.int64)[frame_of] | (fixes.evidence & EVIDENCE_PART_MAX)
        found.append((fixes.t_ns, received_ns, fixes.position_m, sigma_m, evidence))
    t_ns, received_ns, position_m, sigma_m, evidence = map(np.concatenate, zip(*found, strict=True))
    return t_ns, received_ns, position_m, sigma_m, evidence


def _gathered(journal: Journal) -> Iterator[list[tuple[int, Frame]]]:
    """The frames of the journal, a second or so at once: much faster to read than one by one. Each
    with the number of its first report as evidence in the journal."""
    frames: list[tuple[int, Frame]] = []
    for number, t_ns, inputs in journal.inputs():
        first = number << EVIDENCE_BATCH_SHIFT
        frames += [
            (first | place << EVIDENCE_FRAME_SHIFT, given)
            for place, given in enumerate(inputs)
            if isinstance(given, Frame) and given.source not in INTERNAL_SOURCES
        ]
        late = bool(frames) and t_ns - frames[0][1].t_ns >= NS_PER_S
        if late or len(frames) > FRAMES_MAX // 2:
            yield frames[:FRAMES_MAX]
            frames = frames[FRAMES_MAX:]
    if frames:
        yield frames[:FRAMES_MAX]


def latencies_ms(journal: Journal) -> list[float]:
    """Milliseconds from receipt to the last timed step, one for each warning that was timed."""
    found = []
    for _subject, steps in journal.timings():
        last = next((steps[step] for step in LATENCY_STEPS if step in steps), None)
        if last is not None:
            found.append(last / 1e6)
    return found


def steps_ms(journal: Journal) -> dict[str, list[float]]:
    """Milliseconds that each step of a timed warning took, in the order of its way."""
    found: dict[str, list[float]] = {}
    for _subject, steps in journal.timings():
        reached = sorted(steps.items(), key=lambda item: item[1])
        for (_, before_ns), (step, t_ns) in pairwise(reached):
            found.setdefault(step, []).append((t_ns - before_ns) / 1e6)
    return found
