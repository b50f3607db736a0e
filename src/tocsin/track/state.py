"""The one state of a track, of its many hypotheses."""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.table import BOOST, COAST, MODELS, Record
from tocsin.words import FloatArray

_SLIGHT: Final = 1e-3  # a model of less weight does not move the mixed state noticeably
FALLS: Final = 0.5 - 1e-9
"""Weight from which on a track is taken to fall. Hypotheses just begun have half of it (`onset`),
give or take the last bit, which must decide nothing."""


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def falling(track: Record) -> float:
    """Weight of the two ballistic hypotheses of a track together."""
    return float(track.weight[MODELS + COAST] + track.weight[MODELS + BOOST])


@njit(cache=True, nogil=True, error_model="numpy")
def reweigh(track: Record, log_like: FloatArray, count: int) -> None:
    """Bayes over the first `count` hypotheses by `log_like` (count,); the sum of these stays.

    With `MODELS` the ballistic share stays, with `HYPOTHESES` it is weighed too.
    """
    best, before, after = -np.inf, 0.0, 0.0
    for m in range(count):
        if track.weight[m] > 0.0:
            before += track.weight[m]
            best = max(best, log_like[m])
    if best == -np.inf:
        return
    for m in range(count):
        if track.weight[m] > 0.0:
            track.weight[m] *= math.exp(log_like[m] - best)
            after += track.weight[m]
    for m in range(count):
        track.weight[m] *= before / after


@njit(cache=True, nogil=True, error_model="numpy")
def join(
    mean: FloatArray, cov: FloatArray, other: FloatArray, other_cov: FloatArray, share: float
) -> None:
    """Moment-match two states in place of the first; `share` (0 to 1) is the weight of `other`."""
    rest = 1.0 - share
    if rest <= 0.0:  # what has no weight may hold anything
        mean[:] = other
        cov[:] = other_cov
        return
    for a in range(len(mean)):
        for b in range(len(mean)):
            apart = (mean[a] - other[a]) * (mean[b] - other[b])
            cov[a, b] = rest * cov[a, b] + share * other_cov[a, b] + share * rest * apart
    for a in range(len(mean)):
        mean[a] = rest * mean[a] + share * other[a]


@njit(cache=True, nogil=True, error_model="numpy")
def blend(track: Record, mean: FloatArray, cov: FloatArray) -> None:
    """Moments of the models of a track, whose weights need not sum to 1."""
    alone, models = 0, 0
    for m in range(MODELS):
        if track.weight[m] > 0.0:
            alone, models = m, models + 1
    if models == 1 and track.weight[alone] == 1.0:  # what the sums below come to
        for a in range(6):
            mean[a] = track.mean[alone, a]
            for b in range(a + 1):
                cov[a, b] = track.cov[alone, a, b]
                cov[b, a] = cov[a, b]
        return
    total = 0.0
    for a in range(6):
        mean[a] = 0.0
    for m in range(MODELS):
        w = track.weight[m]
        if w > 0.0:
            total += w
            for a in range(6):
                mean[a] += w * track.mean[m, a]
    for a in range(6):
        mean[a] /= total
        for b in range(6):
            cov[a, b] = 0.0
    for m in range(MODELS):
        w = track.weight[m] / total
        if w > 0.0:
            for a in range(6):
                for b in range(a + 1):
                    off = (track.mean[m, a] - mean[a]) * (track.mean[m, b] - mean[b])
                    cov[a, b] += w * (track.cov[m, a, b] + off)
    for a in range(6):
        for b in range(a):
            cov[b, a] = cov[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def mixed(track: Record, mean: FloatArray, cov: FloatArray) -> bool:
    """State of a track to `mean` (6,), `cov` (6,6) at its own time; True if it is ballistic.

    A ballistic state stands when coast and boost weigh at least `FALLS` together (the likelier of
    the two), else the first two moments of the mixture of models.
    """
    if falling(track) >= FALLS:
        h = COAST if track.weight[MODELS + COAST] >= track.weight[MODELS + BOOST] else BOOST
        for a in range(6):
            mean[a] = track.fall_mean[h, a]
            for b in range(6):
                cov[a, b] = track.fall_cov[h, a, b]
        return True
    blend(track, mean, cov)
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    mean: FloatArray, cov: FloatArray, share: float, middle: FloatArray, up: FloatArray,
    heading: FloatArray, seen: FloatArray,
) -> None:  # fmt: skip
    """Add one state's share to the variances of speed, height and climb (`seen[3:6]`)."""
    height = climb = speed = 0.0
    off_height = off_climb = off_speed = 0.0
    for a in range(3):
        in_height = in_climb = in_speed = 0.0
        for b in range(3):
            in_height += cov[a, b] * up[b]
            in_climb += cov[a + 3, b + 3] * up[b]
            in_speed += cov[a + 3, b + 3] * heading[b]
        height += up[a] * in_height
        climb += up[a] * in_climb
        speed += heading[a] * in_speed
        off_height += up[a] * (mean[a] - middle[a])
        off_climb += up[a] * (mean[a + 3] - middle[a + 3])
        off_speed += heading[a] * (mean[a + 3] - middle[a + 3])
    seen[3] += share * (speed + off_speed * off_speed)
    seen[4] += share * (height + off_height * off_height)
    seen[5] += share * (climb + off_climb * off_climb)


@njit(cache=True, nogil=True, error_model="numpy")
def motion(
    track: Record, middle: FloatArray, up: FloatArray, heading: FloatArray, seen: FloatArray
) -> bool:
    """Speed, height, climb of a track and their variances to `seen` (6,); True if it falls.

    The moments of the mixed state, projected; `middle` (6,), `up` (3,), `heading` (3,) are
    scratch. Without a measured height the speed is the horizontal one.
    """
    falls = falling(track) >= FALLS
    h = COAST if track.weight[MODELS + COAST] >= track.weight[MODELS + BOOST] else BOOST
    total = 0.0
    for a in range(6):
        middle[a] = track.fall_mean[h, a] if falls else 0.0
    if not falls:
        for m in range(MODELS):
            share = track.weight[m]
            if share > _SLIGHT:
                total += share
                for a in range(6):
                    middle[a] += share * track.mean[m, a]
        for a in range(6):
            middle[a] /= total
    seen[1] = fall.height_and_up(middle, up)
    seen[2] = up[0] * middle[3] + up[1] * middle[4] + up[2] * middle[5]
    lift = 0.0 if track.has_height else seen[2]
    for a in range(3):
        heading[a] = middle[a + 3] - lift * up[a]
    seen[0] = math.sqrt(heading[0] ** 2 + heading[1] ** 2 + heading[2] ** 2)
    for a in range(3):
        heading[a] /= max(seen[0], 1e-3)
        seen[a + 3] = 0.0
    if falls:
        _add(track.fall_mean[h], track.fall_cov[h], 1.0, middle, up, heading, seen)
        return True
    for m in range(MODELS):
        if track.weight[m] > _SLIGHT:
            share = track.weight[m] / total
            _add(track.mean[m], track.cov[m], share, middle, up, heading, seen)
    return False
