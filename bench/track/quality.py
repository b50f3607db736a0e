"""How true the picture is: GOSPA beside the peers, and whether existence means what it says.

Every run is a job of its own process, two at a time: quality does not depend on the clock. The
speed rows are measured elsewhere, alone.
"""

import importlib
import multiprocessing
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.track import ours
from bench.track.metrics import SHOWN, brier, calibration
from bench.track.rows import Row, installed, median, row, say, spread
from bench.track.scene import scene

WINDOWS: Final = {"scans 20-95": (20, 96), "scans 20-119": (20, 120)}
"""No target ends before scan 96: only the second window rewards forgetting early."""
SCANS: Final = 120
TARGETS: Final = 50
RAID: Final = 200
JPDA_SCANS: Final = 40  # chosen: some 20-40 s of its time
SETTLED: Final = 6  # first scan that counts for calibration
LIKELY: Final = 0.1
WORKERS: Final = 2
STONESOUP_S_MAX: Final = 330.0  # of processor time: a slower machine stops the raid earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one tracker: `tool` is full, kalman, gnn, jpda, filterpy or judged."""

    tool: str
    targets: int
    seed: int
    scans: int = SCANS
    polar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a job found; GOSPA for each of `WINDOWS`, as far as the run came."""

    gospa_m: dict[str, float]
    detections_ps: float
    scans: int
    source: str
    existence: Any = None
    real: Any = None


def work(job: Job) -> Found:
    """Run a job (in a process of its own)."""
    made = scene(job.targets, SCANS, job.seed, polar=job.polar)
    if job.tool == "judged":
        said, was = ours.judged(made, SETTLED)
        return Found(
            gospa_m={}, detections_ps=0.0, scans=SCANS, source=made.source,
            existence=said, real=was,
        )  # fmt: skip
    run: ours.Run
    if job.tool in (ours.FULL, ours.KALMAN):
        run = ours.play(made, job.tool, job.scans)
    elif job.tool == "filterpy":
        run = importlib.import_module("bench.track.filterpy_peer").play(made, job.scans)
    else:
        peer = importlib.import_module("bench.track.stonesoup_peer")
        way = peer.JPDA if job.tool == "jpda" else peer.GNN
        run = peer.play(made, way, job.scans, STONESOUP_S_MAX)
    reached = len(run.shown_m)
    return Found(
        gospa_m={name: run.gospa_m(made, *window) for name, window in WINDOWS.items()},
        detections_ps=run.detections_ps(made),
        scans=reached,
        source=made.source,
    )


def _prepare() -> None:
    """Load the kernels before the first job; and end with the parent.

    A worker whose parent was killed would wait for ever.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    for models in (ours.FULL, ours.KALMAN):
        ours.play(scene(5, 20, 0), models)


class Pool:
    """Jobs under way: each distinct job runs once, the longest should be asked for first."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._workers = ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_prepare)
        self._asked: dict[Job, Future[Found]] = {}

    def ask(self, job: Job) -> None:
        if job not in self._asked:
            self._asked[job] = self._workers.submit(work, job)

    def get(self, job: Job) -> Found:
        self.ask(job)
        return self._asked[job].result()

    def close(self) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)


def ask_all(pool: Pool, seeds: list[int], peers: bool, parts: set[str]) -> None:
    """Queue everything that the rows will want, the longest first."""
    soup, plain = peers and installed("stonesoup"), peers and installed("filterpy")
    if "raid" in parts:
        if soup:
            pool.ask(Job(tool="gnn", targets=RAID, seed=seeds[0]))
        pool.ask(Job(tool=ours.FULL, targets=RAID, seed=seeds[0]))
    if "readers" in parts and soup:
        pool.ask(Job(tool="jpda", targets=TARGETS, seed=seeds[0], scans=JPDA_SCANS))
    for seed in seeds:
        if "gospa" in parts:
            if soup:
                pool.ask(Job(tool="gnn", targets=TARGETS, seed=seed))
            pool.ask(Job(tool=ours.FULL, targets=TARGETS, seed=seed))
            pool.ask(Job(tool=ours.KALMAN, targets=TARGETS, seed=seed))
        if "calibration" in parts:
            pool.ask(Job(tool="judged", targets=TARGETS, seed=seed))
        if "readers" in parts:
            if plain:
                pool.ask(Job(tool="filterpy", targets=TARGETS, seed=seed))
                pool.ask(Job(tool=ours.KALMAN, targets=TARGETS, seed=seed))
            pool.ask(Job(tool=ours.FULL, targets=TARGETS, seed=seed))
            pool.ask(Job(tool=ours.FULL, targets=TARGETS, seed=seed, polar=True))


def gospa_rows(pool: Pool, seeds: list[int], peers: bool) -> list[Row]:
    """50 targets, the median over the seeds, on both windows, beside Stone Soup's GNN."""
    rows = []
    goals = {"scans 20-119": 0.75, "scans 20-95": 0.88}
    for models, label in ((ours.FULL, "all models"), (ours.KALMAN, "Kalman only")):
        for window in WINDOWS:
            goal = goals[window] if models == ours.FULL else None
            rows.append(_beside(pool, TARGETS, seeds, models, label, window, goal, peers))
    return rows


def raid_rows(pool: Pool, seeds: list[int], peers: bool) -> list[Row]:
    """200 targets, one seed: Stone Soup needs minutes for it."""
    return [
        _beside(pool, RAID, seeds[:1], ours.FULL, "all models", window, goal, peers)
        for window, goal in (("scans 20-95", None), ("scans 20-119", 0.75))
    ]


def _beside(
    pool: Pool, targets: int, seeds: list[int], models: str, label: str, window: str,
    goal: float | None, peers: bool,
) -> Row:  # fmt: skip
    """One row of GOSPA; the ratio is the median of the ratios of each seed."""
    theirs: list[Found] = []
    if peers and installed("stonesoup"):
        theirs = [pool.get(Job(tool="gnn", targets=targets, seed=seed)) for seed in seeds]
    reached = min((found.scans for found in theirs), default=SCANS)
    mine = [pool.get(Job(tool=models, targets=targets, seed=seed, scans=reached)) for seed in seeds]
    own = [found.gospa_m[window] for found in mine]
    other = [found.gospa_m[window] for found in theirs]
    shares = [a / b for a, b in zip(own, other, strict=True)] if other else []
    made = row(
        f"GOSPA, {targets} targets, {label}, {window}", "m", median(own),
        peer=median(other) if other else None,
        peer_name="Stone Soup, Kalman, GNN, KD tree" if other else None, less=True,
        spread=spread([1.0 / share for share in shares] or own),
        target=f"at most {goal} of Stone Soup's" if goal else None,
        met=median(shares) <= goal if goal and shares else None,
        reason=None if other else "stonesoup is not installed, or --no-peers",
        seeds=seeds, scans=reached, scenario=mine[0].source, shown=f"existence >= {SHOWN}",
        each_tocsin=own, each_peer=other,
        peer_detections_ps=median(found.detections_ps for found in theirs) if theirs else None,
    )  # fmt: skip
    if shares:
        made["ratio"] = 1.0 / median(shares)
        made["share"] = median(shares)
    return made


def reader_rows(pool: Pool, seeds: list[int], peers: bool) -> list[Row]:
    """For the reader's orientation: no target belongs to these."""
    rows = []
    if peers and installed("filterpy"):
        rows += _reader(pool, "filterpy", "filterpy, Kalman, GNN", seeds, SCANS)
    else:
        rows.append(_missing("filterpy loop", "filterpy"))
    if peers and installed("stonesoup"):
        rows += _reader(pool, "jpda", "Stone Soup, Kalman, JPDA EHM2", seeds[:1], JPDA_SCANS)
    else:
        rows.append(_missing("Stone Soup JPDA", "stonesoup"))
    polar = [pool.get(Job(tool=ours.FULL, targets=TARGETS, seed=s, polar=True)) for s in seeds]
    values = [found.gospa_m["scans 20-119"] for found in polar]
    rows.append(
        row(
            f"GOSPA, {TARGETS} targets, all models, polar noise, scans 20-119",
            "m",
            median(values),
            less=True,
            spread=spread(values),
            seeds=seeds,
            scenario=polar[0].source,
        )
    )
    return rows


def _reader(pool: Pool, tool: str, name: str, seeds: list[int], scans: int) -> list[Row]:
    """GOSPA and speed beside one more peer; both sides ran beside one other process."""

    def runs(which: str) -> list[Found]:
        return [pool.get(Job(tool=which, targets=TARGETS, seed=s, scans=scans)) for s in seeds]

    theirs, full, kalman = runs(tool), runs(ours.FULL), runs(ours.KALMAN)
    window = f"scans 20-{scans - 1}"
    common: dict[str, Any] = {"peer_name": name, "seeds": seeds, "scenario": full[0].source}
    return [
        row(
            f"GOSPA, {TARGETS} targets, all models, {window}",
            "m",
            median(found.gospa_m["scans 20-119"] for found in full),
            peer=median(found.gospa_m["scans 20-119"] for found in theirs),
            less=True,
            **common,
        ),
        row(
            f"speed, {TARGETS} targets, Kalman only, scans 0-{scans - 1}",
            "detections/s",
            median(found.detections_ps for found in kalman),
            peer=median(found.detections_ps for found in theirs),
            **common,
        ),
    ]


def _missing(name: str, package: str) -> Row:
    """A peer that could not be run is a row without a figure, never an old figure."""
    reason = f"{package} is not installed, or --no-peers"
    return {**row(name, "m", 0.0, reason=reason), "tocsin": None}


def calibration_rows(pool: Pool, seeds: list[int]) -> list[Row]:
    """Expected calibration error of existence, of all tracks and of those not near zero."""
    found = [pool.get(Job(tool="judged", targets=TARGETS, seed=seed)) for seed in seeds]
    said = np.concatenate([one.existence for one in found])
    was = np.concatenate([one.real for one in found])
    rows = []
    for label, keep in (("all tracks", said >= 0.0), (f"existence >= {LIKELY}", said >= LIKELY)):
        error, bins = calibration(said[keep], was[keep])
        each = [calibration(o.existence, o.real)[0] for o in found] if label[0] == "a" else None
        rows.append(row(
            f"existence, calibration error, {label}", "1", error,
            spread=spread(each) if each else None, target="at most 0.02", met=error <= 0.02,
            seeds=seeds, scenario=found[0].source, tracks=int(keep.sum()), bins=bins,
            brier=brier(said[keep], was[keep]),
        ))  # fmt: skip
    say(f"existence of {len(said)} track states judged")
    return rows
