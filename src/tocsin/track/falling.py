"""The ballistic hypotheses of a track: coasting and boosting, predicted, weighed, corrected.

Hypothesis `h` is `COAST` or `BOOST`, its weight ``track.weight[M + h]``. The state of a track is
at ``track.t_ns``; ``dt_s`` is 0 for a report at that time and negative for one slightly older.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import boost, fall
from tocsin.track.correct import invert, log_likelihood
from tocsin.track.table import BOOST, COAST, FALL_STATE, MODELS, Record, Records
from tocsin.words import FloatArray, IntArray

_LN_2PI: Final = math.log(2.0 * math.pi)
_PRUNED: Final = 1e-9  # weight of one hypothesis that is not worth its prediction; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def advance_falls(track: Record, dt_s: float) -> None:
    """Mix and predict the ballistic hypotheses of a track by ``dt_s > 0`` seconds, in place.

    What is left with a weight under 1e-9 passes it to the other and is predicted no more.
    """
    if dt_s <= 0.0 or track.weight[MODELS + COAST] + track.weight[MODELS + BOOST] <= 0.0:
        return
    boost.mix(track, dt_s)
    for h in (COAST, BOOST):
        other = MODELS + (BOOST if h == COAST else COAST)
        weight = track.weight[MODELS + h]
        if 0.0 < weight < _PRUNED and track.weight[other] > weight:
            track.weight[other] += weight
            track.weight[MODELS + h] = 0.0
        elif weight > 0.0:
            fall.predict(track.fall_mean[h], track.fall_cov[h], dt_s, h == BOOST)


@njit(cache=True, nogil=True, error_model="numpy")
def _innovate(
    mean: FloatArray, cov: FloatArray, dt_s: float, position: FloatArray, noise: FloatArray,
    miss: FloatArray, cross: FloatArray, inverse: FloatArray,
) -> float:  # fmt: skip
    """Innovation `miss` (3,), state-report covariance `cross` (8,3), inverse; determinant.

    ``miss = z - (p + v dt + a dt^2 / 2)``: the acceleration is that of the mean, and its
    uncertainty is left out, for the report is slightly older at most. 0 when not invertible.
    """
    up, acc, spread = np.empty(3), np.zeros(3), np.empty((3, 3))
    if dt_s != 0.0:
        fall.acceleration(mean, acc, up)
    for c in range(3):
        miss[c] = position[c] - mean[c] - dt_s * (mean[c + 3] + 0.5 * dt_s * acc[c])
        for a in range(FALL_STATE):
            cross[a, c] = cov[a, c] + dt_s * cov[a, c + 3]
    for a in range(3):
        for c in range(3):
            spread[a, c] = cross[a, c] + dt_s * cross[a + 3, c] + noise[a, c]
    return float(invert(spread, inverse))


@njit(cache=True, nogil=True, error_model="numpy")
def fall_log_likelihood(
    track: Record, h: int, dt_s: float, position: FloatArray, noise: FloatArray
) -> tuple[float, float]:
    """ln of the density (1/m3) of a report and its squared Mahalanobis length.

    `position` (3,), `noise` (3,3); (-inf, inf): undefined.
    """
    miss, cross, inverse = np.empty(3), np.empty((FALL_STATE, 3)), np.empty((3, 3))
    mean, cov = track.fall_mean[h], track.fall_cov[h]
    det = _innovate(mean, cov, dt_s, position, noise, miss, cross, inverse)
    if det <= 0.0:
        return -np.inf, np.inf
    return log_likelihood(det, miss, inverse)


@njit(cache=True, nogil=True, error_model="numpy")
def innovation_log_density(
    mean: FloatArray, cov: FloatArray, dt_s: float, position: FloatArray, noise: FloatArray
) -> float:
    """The same for a mean (8,) and covariance (8,8)."""
    miss, cross, inverse = np.empty(3), np.empty((FALL_STATE, 3)), np.empty((3, 3))
    det = _innovate(mean, cov, dt_s, position, noise, miss, cross, inverse)
    return log_likelihood(det, miss, inverse)[0] if det > 0.0 else -np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def fall_rate_log_likelihood(
    track: Record, h: int, dt_s: float, position: FloatArray, noise: FloatArray,
    sight: FloatArray, rate_mps: float, variance: float,
) -> float:  # fmt: skip
    """ln of the density (s/m) of a range rate, given that report's position.

    `sight` (3,) is the unit vector from the radar to the target, `variance` in m2/s2. The density
    of the whole report is this plus `fall_log_likelihood` of its position.
    """
    miss, cross, inverse = np.empty(3), np.empty((FALL_STATE, 3)), np.empty((3, 3))
    mean, cov = track.fall_mean[h], track.fall_cov[h]
    if _innovate(mean, cov, dt_s, position, noise, miss, cross, inverse) <= 0.0:
        return -np.inf
    up, acc = np.empty(3), np.empty(3)
    fall.acceleration(mean, acc, up)
    left, spread = rate_mps, variance
    for a in range(3):
        left -= sight[a] * (mean[3 + a] + dt_s * acc[a])
        for b in range(3):
            spread += sight[a] * cov[3 + a, 3 + b] * sight[b]
    for c in range(3):
        toward = 0.0
        for d in range(3):
            for a in range(3):
                toward += sight[a] * cross[3 + a, d] * inverse[d, c]
        left -= toward * miss[c]
        for b in range(3):
            spread -= toward * cross[3 + b, c] * sight[b]
    if not spread > 0.0:
        return -np.inf
    return -0.5 * (left * left / spread + math.log(spread) + _LN_2PI)


@njit(cache=True, nogil=True, error_model="numpy")
def correct_state(
    mean: FloatArray, cov: FloatArray, dt_s: FloatArray, positions: FloatArray,
    noises: FloatArray, weights: FloatArray,
) -> None:  # fmt: skip
    """Correct a mean (8,) and covariance (8,8) in place by k weighted reports, moment-matched.

    `weights` (k,) are association probabilities given existence; what is missing to one is that no
    report is the target's. With one report of weight 1 this is the Kalman filter; else it is the
    update of the probabilistic data association filter with a noise for each report (Bar-Shalom,
    Daum, Huang, IEEE CSM 29 (2009) 82-100, equations 39-44).
    """
    n, k = FALL_STATE, len(weights)
    miss, inverse = np.empty(3), np.empty((3, 3))
    gain, cross = np.empty((n, 3)), np.empty((n, 3))
    step, total = np.empty(n), np.zeros(n)
    change = np.zeros((n, n))
    for j in range(k):
        if weights[j] <= 0.0:
            continue
        det = _innovate(mean, cov, dt_s[j], positions[j], noises[j], miss, cross, inverse)
        if det <= 0.0:
            continue
        for a in range(n):
            step[a] = 0.0
            for c in range(3):
                gain[a, c] = 0.0
                for d in range(3):
                    gain[a, c] += cross[a, d] * inverse[d, c]
                step[a] += gain[a, c] * miss[c]
            total[a] += weights[j] * step[a]
        for a in range(n):
            for b in range(a, n):
                shrink = 0.0
                for c in range(3):
                    shrink += gain[a, c] * cross[b, c]
                change[a, b] += weights[j] * (step[a] * step[b] - shrink)
    for a in range(n):
        mean[a] += total[a]
        for b in range(a, n):
            cov[a, b] += change[a, b] - total[a] * total[b]
            cov[b, a] = cov[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def fall_correct(
    track: Record, h: int, dt_s: FloatArray, reports: Records, rows: IntArray,
    chance: FloatArray, k: int,
) -> None:  # fmt: skip
    """Correct hypothesis h by the k `rows` of `reports` with their chances: `correct_state`."""
    positions, noises = np.empty((k, 3)), np.empty((k, 3, 3))
    for j in range(k):
        positions[j] = reports[rows[j]].position_m
        noises[j] = reports[rows[j]].covariance_m2
    correct_state(track.fall_mean[h], track.fall_cov[h], dt_s[:k], positions, noises, chance[:k])


@njit(cache=True, nogil=True, error_model="numpy")
def fall_correct_rate(
    track: Record, h: int, dt_s: float, sight: FloatArray, rate_mps: float,
    variance: float, weight: float,
) -> None:  # fmt: skip
    """Correct hypothesis h of a track by a range rate that is its own with chance `weight`.

    To be called after `fall_correct` with the position of the same report; `sight` and `variance`
    as in `fall_rate_log_likelihood`.
    """
    mean, cov = track.fall_mean[h], track.fall_cov[h]
    up, acc, cross = np.empty(3), np.empty(3), np.zeros(FALL_STATE)
    fall.acceleration(mean, acc, up)
    left, spread = rate_mps, variance
    for b in range(3):
        left -= sight[b] * (mean[3 + b] + dt_s * acc[b])
        for a in range(FALL_STATE):
            cross[a] += cov[a, 3 + b] * sight[b]
    for b in range(3):
        spread += sight[b] * cross[3 + b]
    if not (spread > 0.0 and weight > 0.0):
        return
    for a in range(FALL_STATE):
        mean[a] += weight * cross[a] * left / spread
    shrink = weight / spread - weight * (1.0 - weight) * (left / spread) ** 2
    for a in range(FALL_STATE):
        for b in range(FALL_STATE):
            cov[a, b] -= shrink * cross[a] * cross[b]


@njit(cache=True, nogil=True, error_model="numpy")
def fall_likelier(track: Record, mean: FloatArray, cov: FloatArray) -> int:
    """The likelier of `COAST` and `BOOST` to `mean`, `cov`; -1 when a track has neither.

    Better than the moments of both for where it comes down: impact bends so much with speed that
    the mean of a coasting and a boosting state hits nowhere near either.
    """
    coast, burning = track.weight[MODELS + COAST], track.weight[MODELS + BOOST]
    if coast + burning <= 0.0:
        return -1
    h = BOOST if burning > coast else COAST
    mean[:] = track.fall_mean[h]
    cov[:] = track.fall_cov[h]
    return h


@njit(cache=True, nogil=True, error_model="numpy")
def fall_mixed(track: Record, mean: FloatArray, cov: FloatArray) -> bool:
    """Moments of both hypotheses of a track to `mean` (8,), `cov` (8,8); false when it has none."""
    coast, burning = track.weight[MODELS + COAST], track.weight[MODELS + BOOST]
    if coast + burning <= 0.0:
        return False
    h, other = (BOOST, COAST) if burning > coast else (COAST, BOOST)
    mean[:] = track.fall_mean[h]
    cov[:] = track.fall_cov[h]
    share = min(coast, burning) / (coast + burning)
    if share > 0.0:
        boost.join(mean, cov, track.fall_mean[other], track.fall_cov[other], share)
    return True
