"""A plain loop over filterpy's `KalmanFilter`: what one writes in an afternoon.

One filter a track, constant velocity with the noise of the Stone Soup run, a gate at four standard
deviations, one optimal assignment for the confirmed tracks and one, of what is left, for the
tentative. Counts as Stone Soup's: confirmed at the fourth report, dropped after two silent scans
while tentative and six when confirmed. Imported only where filterpy is installed.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from filterpy.common import Q_continuous_white_noise
from filterpy.kalman import KalmanFilter
from scipy.linalg import block_diag
from scipy.optimize import linear_sum_assignment

from bench.track.metrics import Floats
from bench.track.ours import Run
from bench.track.scene import Scene

NAME: Final = "filterpy, Kalman, GNN"
_GATE: Final = 16.0  # squared Mahalanobis distance
_FAR: Final = 1e6
_CONFIRMED: Final = 4
_SEES: Final = np.eye(6)[::2]  # the places of x, vx, y, vy, z, vz


@dataclass(slots=True)
class Track:
    """One filter and its counts."""

    kalman: Any
    hits: int = 1
    silent: int = 0


def play(scene: Scene, scans: int) -> Run:
    """The first `scans` scans of a scene with Cartesian noise: every report has the same."""
    assert not scene.polar
    noise_m2 = scene.noise_m2[0]
    run = Run(shown_m=[], spent_s=[], update_s=[])
    axis = np.array([[1.0, scene.scan_s], [0.0, 1.0]])
    noises = (Q_continuous_white_noise(2, scene.scan_s, density) for density in (10.0, 10.0, 1.0))
    motion = block_diag(axis, axis, axis), block_diag(*noises)
    tracks: list[Track] = []
    for k in range(scans):
        rows = scene.rows(k)
        place_m = scene.report_m[rows]
        began = time.thread_time()
        tracks = _step(tracks, place_m, noise_m2, motion)
        sure = [track.kalman.x[::2] for track in tracks if track.hits >= _CONFIRMED]
        run.spent_s.append(time.thread_time() - began)
        run.shown_m.append(np.array(sure).reshape(-1, 3))
    return run


def _step(
    tracks: list[Track], place_m: Floats, noise_m2: Floats, motion: tuple[Floats, Floats]
) -> list[Track]:
    for track in tracks:
        track.kalman.predict()
    free = np.arange(len(place_m))
    sure = [track for track in tracks if track.hits >= _CONFIRMED]
    tentative = [track for track in tracks if track.hits < _CONFIRMED]
    for group in (sure, tentative):
        free = _assign(group, place_m, noise_m2, free)
    kept = [track for track in sure if track.silent < 6]
    kept += [track for track in tentative if track.silent < 2]
    return kept + [_begin(place_m[j], noise_m2, motion) for j in free]


def _assign(group: list[Track], place_m: Floats, noise_m2: Floats, free: Any) -> Any:
    """Update each track of `group` with its report; the reports that nobody took."""
    cost = np.full((len(group), len(free)), _FAR)
    for i, track in enumerate(group):
        kalman = track.kalman
        innovation = kalman.P[::2, ::2] + noise_m2
        offset = place_m[free] - kalman.x[::2]
        distance = ((offset @ np.linalg.inv(innovation)) * offset).sum(axis=1)
        likely = distance + np.log(np.linalg.det(innovation))
        cost[i] = np.where(distance < _GATE, likely, _FAR)
    taken: dict[int, int] = {}
    if cost.size:
        pairs = np.column_stack(linear_sum_assignment(cost)).tolist()
        taken = {i: j for i, j in pairs if cost[i, j] < _FAR}
    for i, track in enumerate(group):
        if i in taken:
            j = free[taken[i]]
            track.kalman.update(place_m[j], R=noise_m2)
            track.hits, track.silent = track.hits + 1, 0
        else:
            track.silent += 1
    return np.delete(free, list(taken.values()))


def _begin(place_m: Floats, noise_m2: Floats, motion: tuple[Floats, Floats]) -> Track:
    """At rest where the report is, with the Stone Soup run's spread of speeds."""
    kalman = KalmanFilter(dim_x=6, dim_z=3)
    kalman.F, kalman.Q = motion
    kalman.H = _SEES
    kalman.x = np.zeros(6)
    kalman.x[::2] = place_m
    kalman.P = np.diag([0.0, 150.0**2, 0.0, 150.0**2, 0.0, 20.0**2])
    kalman.P[::2, ::2] = noise_m2
    return Track(kalman)
