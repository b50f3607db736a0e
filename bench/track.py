"""Detections a second of the tracker, on the neutral scenario, against Stone Soup if installed.

The scenario is the shared one where it is beside the checkout, else a plain one made here: both
100 km x 100 km, one scan a second, two false reports per target and scan, detection chance 0.9.
Stone Soup runs its fastest configuration (Kalman, 2-D assignment, KD tree), as in the shared
``run_stonesoup.py``. Times are processor time of one thread; the tools alternate seed by seed.
"""

import argparse
import datetime
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tocsin import geo
from tocsin.track import Picture
from tocsin.words import Fixes, Sensors, Tracks

ROOT = Path(__file__).resolve().parents[1]
T0 = 1_790_000_000_000_000_000
AXES = geo.local_axes(np.array(48.0), np.array(32.0))
ORIGIN = geo.ecef(np.array(48.0), np.array(32.0), np.array(0.0))
Shown = list[tuple[list[int], Any]]


def scene(n: int, scans: int, seed: int) -> dict[str, Any]:
    """The shared scenario (Cartesian noise), or straight flights with the same figures."""
    path = ROOT.parent / "shared" / "bench" / "scenario.py"
    if path.is_file():
        spec = importlib.util.spec_from_file_location("scenario", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made: dict[str, Any] = module.generate(n=n, scans=scans, seed=seed, noise="cart")
        return made
    rng = np.random.default_rng(seed)
    start = np.column_stack([rng.uniform(-3e4, 3e4, (n, 2)), rng.uniform(150, 9000, n)])
    heading, speed = rng.uniform(0, 2 * np.pi, n), rng.uniform(40, 250, n)
    velocity = np.column_stack([speed * np.cos(heading), speed * np.sin(heading), np.zeros(n)])
    sigma = np.array([80.0, 80.0, 120.0])
    places, offsets = [], [0]
    for k in range(scans):
        seen = (start + velocity * k)[rng.random(n) < 0.9]
        ghosts = rng.uniform([-5e4, -5e4, 0], [5e4, 5e4, 1e4], (rng.poisson(2 * n), 3))
        places.append(rng.permutation(np.concatenate([seen + rng.normal(size=seen.shape) * sigma,
                                                      ghosts])))  # fmt: skip
        offsets.append(offsets[-1] + len(places[-1]))
    meta = {"n": n, "scans": scans, "dt": 1.0, "pd": 0.9, "sensor": [-70e3, 0.0, 50.0]}
    z = np.concatenate(places)
    noise = np.broadcast_to(np.diag(sigma**2), (len(z), 3, 3)).copy()
    return {"z": z, "R": noise, "ofs": np.array(offsets), "meta": meta}


def play(scenario: dict[str, Any]) -> tuple[Shown, float]:
    """Confirmed tracks (ids, local positions) after each scan, and seconds of processor time.

    The clock runs for `update` and `tracks`, not for making the reports.
    """
    meta, offsets = scenario["meta"], scenario["ofs"]
    picture, shown, spent_s = Picture(), [], 0.0
    for k in range(meta["scans"]):
        t_ns = T0 + round(k * meta["dt"] * 1e9)
        rows = np.arange(offsets[k], offsets[k + 1])
        batch, sensors = _batch(scenario, rows, t_ns), _sensors(meta, t_ns)
        began = time.thread_time()
        picture.update(t_ns, batch, sensors)
        tracks: Tracks = picture.tracks()
        spent_s += time.thread_time() - began
        sure = tracks.confirmed
        shown.append((tracks.id[sure].tolist(), (tracks.position_m[sure] - ORIGIN) @ AXES.T))
    return shown, spent_s


def _batch(scenario: dict[str, Any], rows: Any, t_ns: int) -> Fixes:
    n = len(rows)
    absent = np.full(n, -1, np.int32)
    return Fixes(
        t_ns=np.full(n, t_ns, np.int64),
        sensor=np.zeros(n, np.int32),
        position_m=ORIGIN + scenario["z"][rows] @ AXES,
        covariance_m2=AXES.T @ scenario["R"][rows] @ AXES,
        has_height=np.ones(n, bool),
        velocity_mps=np.full((n, 3), np.nan),
        system_track=np.zeros(n, bool),
        track_number=absent,
        mode_3a=absent,
        mode_s=absent,
        friend=np.zeros(n, bool),
        hint=np.zeros(n, np.int8),
        ends=np.zeros(n, bool),
        evidence=rows.astype(np.int64),
    )


def _sensors(meta: dict[str, Any], t_ns: int) -> Sensors:
    return Sensors(
        names=("radar",),
        position_m=(ORIGIN + np.array(meta["sensor"]) @ AXES)[None],
        range_m_max=np.array([200_000.0]),
        scan_s=np.array([meta["dt"]]),
        detection_chance=np.array([meta["pd"]]),
        t_ns_heard=np.array([t_ns], np.int64),
        stale_s=np.array([15.0]),
    )


def stonesoup_s(scenario: dict[str, Any], scans: int) -> float:
    """Seconds of processor time that Stone Soup needs for the first `scans` scans."""
    from stonesoup.dataassociator.tree import DetectionKDTreeGNN2D
    from stonesoup.deleter.time import UpdateTimeStepsDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.initiator.simple import MultiMeasurementInitiator
    from stonesoup.measures import Mahalanobis
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.transition.linear import (
        CombinedLinearGaussianTransitionModel,
        ConstantVelocity,
    )
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.tracker.simple import MultiTargetTracker
    from stonesoup.types.array import StateVector
    from stonesoup.types.detection import Detection
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    began_at = datetime.datetime(2026, 1, 1)  # noqa: DTZ001  Stone Soup compares naive times
    sensor = LinearGaussian(6, (0, 2, 4), scenario["R"][0])
    offsets, looks = scenario["ofs"], []
    for k in range(scans):
        at = began_at + datetime.timedelta(seconds=k * scenario["meta"]["dt"])
        rows = scenario["z"][offsets[k] : offsets[k + 1]]
        looks.append((at, {Detection(StateVector(z), measurement_model=sensor, timestamp=at)
                           for z in rows}))  # fmt: skip
    motion = CombinedLinearGaussianTransitionModel(
        [ConstantVelocity(10.0), ConstantVelocity(10.0), ConstantVelocity(1.0)]
    )
    predictor, updater = KalmanPredictor(motion), KalmanUpdater(None)
    gate = DistanceHypothesiser(predictor, updater, measure=Mahalanobis(), missed_distance=4)
    tree = DetectionKDTreeGNN2D(gate, predictor, updater, max_distance=2500.0)
    prior = GaussianState(
        np.zeros((6, 1)), np.diag([1.0, 150.0**2, 1.0, 150.0**2, 1.0, 20.0**2]), timestamp=began_at
    )
    starter = MultiMeasurementInitiator(
        prior, deleter=UpdateTimeStepsDeleter(2), data_associator=tree, updater=updater,
        measurement_model=None, min_points=4,
    )  # fmt: skip
    tracker = MultiTargetTracker(starter, UpdateTimeStepsDeleter(6), looks, tree, updater)
    began = time.thread_time()
    for _ in tracker:
        pass
    return time.thread_time() - began


def main(args: list[str]) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser(prog="python -m bench track")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--targets", default="10,50,200")
    parser.add_argument("--scans", type=int, default=60)
    parser.add_argument("--peer-scans", type=int, default=20, help="Stone Soup is slow")
    asked = parser.parse_args(args)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    peer = importlib.util.find_spec("stonesoup") is not None
    if not peer:
        print("stonesoup is not installed: no peer figures", file=sys.stderr)
    play(scene(5, 20, 0))  # compile
    rows = []
    for n in (int(count) for count in asked.targets.split(",")):
        ours, theirs = [], []
        for seed in seeds:
            made = scene(n, asked.scans, seed)
            ours.append(made["ofs"][-1] / play(made)[1])
            if peer:
                scans = min(asked.scans, asked.peer_scans)
                theirs.append(made["ofs"][scans] / stonesoup_s(made, scans))
        mine, other = float(np.median(ours)), float(np.median(theirs)) if theirs else None
        rows.append({
            "name": f"track {n} targets",
            "unit": "detections/s",
            "tocsin": mine,
            "peer": other,
            "peer_name": "Stone Soup, Kalman, GNN, KD tree" if peer else None,
            "ratio": mine / other if other else None,
            "spread": float((max(ours) - min(ours)) / mine),
            "reason": None if peer else "stonesoup is not installed",
        })  # fmt: skip
    return rows
