"""How fast: detections a second beside Stone Soup, milliseconds a scan, growth with the raid.

Processor time of one thread. A run of Tocsin lasts milliseconds, so each round takes the median of
several; the rounds of the two tools alternate, because speeds of one machine drift by a third.
"""

import importlib
from typing import Any, Final

import numpy as np

from bench.track import ours
from bench.track.metrics import growth
from bench.track.rows import Row, installed, median, row, say, spread
from bench.track.scene import Scene, scene

ROUNDS: Final = 5
REPEATS: Final = 5
SPEED_SCANS: Final = 120  # the whole scenario, as the orientation figures of the shared bench
GROWTH: Final = (50, 200, 1000, 3000)
GROWTH_SCANS: Final = 60
GROWTH_FROM: Final = 20  # all targets of a scenario of 60 scans are born by scan 15
SCAN_TARGETS: Final = 1000
SCAN_SEEDS: Final = 3


def _rate(made: Scene, models: str, scans: int) -> tuple[float, float]:
    """Detections a second: whole, and of `update` alone; the median of a few runs."""
    whole, inner = [], []
    for _ in range(REPEATS):
        run = ours.play(made, models, scans)
        whole.append(run.detections_ps(made))
        inner.append(float(made.first[len(run.update_s)] / sum(run.update_s)))
    return median(whole), median(inner)


def speed_rows(seeds: list[int], peers: bool) -> list[Row]:
    """50 targets, models equal to the peers' Kalman filter, alternating rounds."""
    soup = peers and installed("stonesoup")
    mine, inner, theirs, full = [], [], [], []
    for turn in range(ROUNDS):
        made = scene(50, 120, seeds[turn % len(seeds)])
        whole, only = _rate(made, ours.KALMAN, SPEED_SCANS)
        mine.append(whole)
        inner.append(only)
        full.append(_rate(made, ours.FULL, SPEED_SCANS)[0])
        if soup:
            peer = importlib.import_module("bench.track.stonesoup_peer")
            theirs.append(peer.play(made, peer.GNN, SPEED_SCANS).detections_ps(made))
        say(f"speed, round {turn + 1} of {ROUNDS}")
    common: dict[str, Any] = {
        "peer": median(theirs) if theirs else None,
        "peer_name": "Stone Soup, Kalman, GNN, KD tree" if theirs else None,
        "reason": None if theirs else "stonesoup is not installed, or --no-peers",
        "seeds": [seeds[turn % len(seeds)] for turn in range(ROUNDS)],
        "scans": SPEED_SCANS,
        "scenario": made.source,
        "each_peer": theirs,
    }
    shares = [a / b for a, b in zip(mine, theirs, strict=True)] if theirs else []
    headline = row(
        "speed, 50 targets, Kalman only", "detections/s", median(mine),
        target="at least 1500 times Stone Soup's",
        met=median(shares) >= 1500 if shares else None, spread=spread(shares or mine),
        update_alone=median(inner), each_tocsin=mine, **common,
    )  # fmt: skip
    if shares:
        headline["ratio"] = median(shares)
    every = row(
        "speed, 50 targets, all models", "detections/s", median(full), spread=spread(full),
        each_tocsin=full, **common,
    )  # fmt: skip
    return [headline, every]


def raid_speed_row(seeds: list[int]) -> Row:
    """200 targets and 400 false reports a scan, all models.

    The peer needs minutes: its rate is on the row of GOSPA, measured beside another process.
    """
    rates = []
    for seed in seeds[:3]:
        made = scene(200, 120, seed)
        run = ours.play(made, ours.FULL)
        rates.append(run.detections_ps(made))
    return row(
        "speed, 200 targets, all models", "detections/s", median(rates), spread=spread(rates),
        target="at least 150000", met=median(rates) >= 150_000, seeds=seeds[:3],
        scenario=made.source,
    )  # fmt: skip


def scan_rows(seeds: list[int]) -> list[Row]:
    """1,000 targets at one scan a second, all models: milliseconds a scan once all are born."""
    spent: list[float] = []
    for seed in seeds[:SCAN_SEEDS]:
        made = scene(SCAN_TARGETS, 120, seed)
        spent += ours.play(made, ours.FULL).spent_s[30:]
    ms = np.array(spent) * 1e3
    rows = []
    for name, share, target in (("median", 0.5, None), ("p99", 0.99, 40.0)):
        value = float(np.quantile(ms, share))
        rows.append(row(
            f"a scan, {SCAN_TARGETS} targets, all models, {name}", "ms", value, less=True,
            target=f"at most {target:g}" if target else None,
            met=value <= target if target else None, spread=[float(ms.min()), float(ms.max())],
            seeds=seeds[:SCAN_SEEDS], scans=len(spent), scenario=made.source,
        ))  # fmt: skip
    return rows


def growth_row(seeds: list[int]) -> Row:
    """How the time of a scan grows from 50 to 3,000 targets: the exponent of a power law."""
    times, each = [], {}
    for targets in GROWTH:
        made = scene(targets, GROWTH_SCANS, seeds[0])
        spent = ours.play(made, ours.FULL).spent_s[GROWTH_FROM:]
        times.append(median(spent))
        each[str(targets)] = {
            "ms_median": times[-1] * 1e3,
            "ms_max": max(spent) * 1e3,
            "reports": float(made.first[-1] / made.scans),
        }
        say(f"growth, {targets} targets: {times[-1] * 1e3:.1f} ms a scan")
    value = growth(np.array(GROWTH, float), np.array(times))
    steps = [
        growth(np.array(GROWTH[i : i + 2], float), np.array(times[i : i + 2]))
        for i in range(len(GROWTH) - 1)
    ]
    return row(
        "growth of a scan's time, 50 to 3000 targets", "exponent", value, less=True,
        target="at most 1.2", met=value <= 1.2, spread=spread(steps), seeds=seeds[:1],
        scans=GROWTH_SCANS, scenario=made.source, each=each,
    )  # fmt: skip
