"""Stone Soup on a scene: the configurations of the shared `run_stonesoup.py`.

Kalman filters of constant velocity; 2-D assignment with a KD tree (its fastest), or joint
probabilistic data association with EHM2. Imported only where Stone Soup is installed.
"""

import datetime
import time
import warnings
from typing import Any, Final

import numpy as np
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.probability import JPDAwithEHM2
from stonesoup.dataassociator.tree import DetectionKDTreeGNN2D
from stonesoup.deleter.time import UpdateTimeStepsDeleter
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.hypothesiser.probability import PDAHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.linear import (
    CombinedLinearGaussianTransitionModel,
    ConstantVelocity,
)
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.tracker.simple import MultiTargetMixtureTracker, MultiTargetTracker
from stonesoup.types.array import StateVector
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import KalmanUpdater

from bench.track.ours import Run
from bench.track.scene import AREA_M, DETECTED, FALSE_EACH, HEIGHT_M, Scene

GNN: Final = "Stone Soup, Kalman, GNN, KD tree"
JPDA: Final = "Stone Soup, Kalman, JPDA EHM2"
_PLACE: Final = (0, 2, 4)  # of the state x, vx, y, vy, z, vz
_BEGAN_AT: Final = datetime.datetime(2026, 1, 1)  # noqa: DTZ001  Stone Soup compares naive times


def play(scene: Scene, way: str, scans: int, seconds_max: float = 600.0) -> Run:
    """The first `scans` scans, or fewer when `seconds_max` of processor time is spent."""
    warnings.filterwarnings("ignore", module="stonesoup")
    targets = scene.truth_m.shape[1]
    looks = _looks(scene, scans)
    run = Run(shown_m=[], spent_s=[], update_s=[])
    states = iter(_tracker(looks, way, targets))
    for _ in range(scans):
        began = time.thread_time()
        _, tracks = next(states)
        run.spent_s.append(time.thread_time() - began)
        places = [np.asarray(track.state_vector, float).ravel()[list(_PLACE)] for track in tracks]
        run.shown_m.append(np.array(places).reshape(-1, 3))
        if sum(run.spent_s) > seconds_max:
            break
    return run


def _looks(scene: Scene, scans: int) -> list[tuple[datetime.datetime, set[Any]]]:
    """Detections of each scan; with Cartesian noise all share one measurement model."""
    shared = LinearGaussian(6, _PLACE, scene.noise_m2[0])
    looks = []
    for k in range(scans):
        at = _BEGAN_AT + datetime.timedelta(seconds=k * scene.scan_s)
        seen = set()
        for i in range(scene.rows(k).start, scene.rows(k).stop):
            model = LinearGaussian(6, _PLACE, scene.noise_m2[i]) if scene.polar else shared
            place = StateVector(scene.report_m[i])
            seen.add(Detection(place, measurement_model=model, timestamp=at))
        looks.append((at, seen))
    return looks


def _tracker(looks: list[Any], way: str, targets: int) -> Any:
    motion = CombinedLinearGaussianTransitionModel(
        [ConstantVelocity(10.0), ConstantVelocity(10.0), ConstantVelocity(1.0)]
    )
    predictor, updater = KalmanPredictor(motion), KalmanUpdater(None)
    gate = DistanceHypothesiser(predictor, updater, measure=Mahalanobis(), missed_distance=4)
    tree = DetectionKDTreeGNN2D(gate, predictor, updater, max_distance=2500.0)
    plain = GNNWith2DAssignment(gate)
    prior = GaussianState(
        np.zeros((6, 1)),
        np.diag([1.0, 150.0**2, 1.0, 150.0**2, 1.0, 20.0**2]),
        timestamp=_BEGAN_AT,
    )
    starter = MultiMeasurementInitiator(
        prior, deleter=UpdateTimeStepsDeleter(2), data_associator=tree if way == GNN else plain,
        updater=updater, measurement_model=None, min_points=4,
    )  # fmt: skip
    stale = UpdateTimeStepsDeleter(6)
    if way == GNN:
        return MultiTargetTracker(starter, stale, looks, tree, updater)
    chances = PDAHypothesiser(
        predictor, updater, prob_detect=DETECTED, prob_gate=0.999,
        clutter_spatial_density=FALSE_EACH * targets / (AREA_M**2 * HEIGHT_M),
    )  # fmt: skip
    return MultiTargetMixtureTracker(starter, stale, looks, JPDAwithEHM2(chances), updater)
