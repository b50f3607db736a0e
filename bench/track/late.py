"""Reports that come late: what the rollback costs, and that the picture is the same as in order."""

import dataclasses
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from bench.track import ours
from bench.track.rows import Row, median, row, say, spread
from bench.track.scene import Scene, scene
from tocsin.words import Fixes, Tracks

TARGETS: Final = 200
SCANS: Final = 75
BACK: Final = 15  # scans that a late one makes the picture replay, itself and the newest included
Arrivals = dict[int, list[Fixes]]


def joined(batches: list[Fixes]) -> Fixes:
    """One batch of several, in the order given."""
    names = [field.name for field in dataclasses.fields(Fixes)]
    return Fixes(**{n: np.concatenate([getattr(b, n) for b in batches]) for n in names})


def picked(batch: Fixes, rows: NDArray[np.int64]) -> Fixes:
    """Some rows of a batch."""
    return Fixes(**{f.name: getattr(batch, f.name)[rows] for f in dataclasses.fields(Fixes)})


def _play(made: Scene, arrivals: Arrivals) -> tuple[Tracks, list[float]]:
    """The last picture and the seconds of each update, when batches come as `arrivals` says."""
    mine, spent = ours.picture(ours.FULL), []
    empty = picked(ours.reports(made, 0), np.zeros(0, np.int64))
    for k in range(made.scans):
        at_ns = ours.t_ns(made, k)
        batch, sensors = joined([empty, *arrivals.get(k, [])]), ours.radar(at_ns)
        began = time.thread_time()
        mine.update(at_ns, batch, sensors)
        spent.append(time.thread_time() - began)
    return mine.tracks(), spent


def _in_order(made: Scene) -> Arrivals:
    return {k: [ours.reports(made, k)] for k in range(made.scans)}


def _whole_scans(made: Scene) -> Arrivals:
    """Each scan comes 0 to 14 s late, whole; the last 15 are in time."""
    rng, found = np.random.default_rng(made.seed), _blank(made)
    for k in range(made.scans):
        found[min(k + int(rng.integers(BACK)), made.scans - 1)].append(ours.reports(made, k))
    return found


def _single_reports(made: Scene) -> Arrivals:
    """Each report comes 0 to 14 s late on its own, and those of a batch in any order."""
    rng, found = np.random.default_rng(made.seed), _blank(made)
    for k in range(made.scans):
        batch = ours.reports(made, k)
        lag = rng.integers(BACK, size=len(batch))
        for late in range(BACK):
            rows = rng.permutation(np.flatnonzero(lag == late))
            found[min(k + late, made.scans - 1)].append(picked(batch, rows))
    return found


def _twice(made: Scene) -> Arrivals:
    """Each scan comes in time, and once more 7 s later."""
    found = _in_order(made)
    for k in range(made.scans - 7):
        found[k + 7] = [*found[k + 7], ours.reports(made, k)]
    return found


def _blank(made: Scene) -> Arrivals:
    return {k: [] for k in range(made.scans)}


def late_rows(seeds: list[int]) -> list[Row]:
    """Cost and exactness, 200 targets, all models."""
    made = scene(TARGETS, SCANS, seeds[0])
    ordered, usual = _play(made, _in_order(made))
    held = range(30, SCANS - BACK, BACK + 5)
    arrivals = _in_order(made)
    for j in held:
        arrivals[j + BACK - 1] = [*arrivals[j + BACK - 1], *arrivals.pop(j)]
    _, spent = _play(made, arrivals)
    cost = [(spent[j + BACK - 1] - usual[j + BACK - 1]) * 1e3 for j in held]
    rows = [row(
        f"late by {BACK} scans of {TARGETS} targets: rollback and replay", "ms", median(cost),
        less=True, spread=spread(cost), seeds=seeds[:1], scenario=made.source,
        usual_ms=median(usual[30:]) * 1e3,
    )]  # fmt: skip
    ways: tuple[tuple[str, Callable[[Scene], Arrivals]], ...] = (
        ("whole scans up to 14 s late", _whole_scans),
        ("single reports up to 14 s late", _single_reports),
        ("every scan twice", _twice),
    )
    for name, way in ways:
        other, _ = _play(made, way(made))
        apart, strangers = difference(ordered, other)
        rows.append(row(
            f"difference from in order: {name}", "m", apart, less=True, target="0",
            met=apart == 0.0 and strangers == 0, tracks_in_one_only=strangers, seeds=seeds[:1],
            scenario=made.source,
        ))  # fmt: skip
        say(f"late: {name}: {apart:g} m, {strangers} tracks in one only")
    return rows


def difference(one: Tracks, other: Tracks) -> tuple[float, int]:
    """Largest distance between tracks that stand for each other; how many are in one picture only.

    Names aside: an id is the serial of the report that began the track, in order of arrival. The
    pairs are those of the least total distance, so none but equal pictures are 0 m apart.
    """
    away = cdist(one.position_m, other.position_m)
    mine, yours = linear_sum_assignment(away)
    apart = float(away[mine, yours].max()) if len(mine) else 0.0
    return apart, abs(len(one) - len(other))
