"""The ballistic hypotheses of a track: coasting and boosting, predicted, weighed, corrected.

Hypothesis `h` is `COAST` or `BOOST`, its weight ``track.weight[M + h]``. The state of a track is
at ``track.t_ns``; ``dt_s`` is 0 for a report at that time and negative for one slightly older.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import boost, fall
from tocsin.track.correct import innovate, log_likelihood, match, weigh
from tocsin.track.doppler import NEAR_M, doppler_update
from tocsin.track.stack import matrix, vector
from tocsin.track.table import BOOST, COAST, FALL_STATE, MODELS, Record, Records
from tocsin.words import FloatArray, IntArray

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
    miss: FloatArray, inverse: FloatArray,
) -> float:  # fmt: skip
    """Innovation `miss` (3,), the inverse of its covariance; determinant, 0 if not invertible.

    ``miss = z - (p + v dt + a dt^2 / 2)``: the acceleration is that of the mean, and its
    uncertainty is left out, for the report is slightly older at most.
    """
    spread = matrix(3, 3)
    det = innovate(mean, cov, dt_s, 0.0, position, noise, miss, inverse, spread)
    if dt_s != 0.0:
        up, acc = vector(3), vector(3)
        fall.acceleration(mean, acc, up)
        for c in range(3):
            miss[c] -= 0.5 * dt_s * dt_s * acc[c]
    return float(det)


@njit(cache=True, nogil=True, error_model="numpy")
def fall_log_likelihood(
    track: Record, h: int, dt_s: float, position: FloatArray, noise: FloatArray
) -> tuple[float, float]:
    """ln of the density (1/m3) of a report and its squared Mahalanobis length.

    `position` (3,), `noise` (3,3); (-inf, inf): undefined.
    """
    miss, inverse = vector(3), matrix(3, 3)
    mean, cov = track.fall_mean[h], track.fall_cov[h]
    det = _innovate(mean, cov, dt_s, position, noise, miss, inverse)
    if det <= 0.0:
        return -np.inf, np.inf
    return log_likelihood(det, miss, inverse)


@njit(cache=True, nogil=True, error_model="numpy")
def innovation_log_density(
    mean: FloatArray, cov: FloatArray, dt_s: float, position: FloatArray, noise: FloatArray
) -> float:
    """The same for a mean (8,) and covariance (8,8)."""
    miss, inverse = vector(3), matrix(3, 3)
    det = _innovate(mean, cov, dt_s, position, noise, miss, inverse)
    return log_likelihood(det, miss, inverse)[0] if det > 0.0 else -np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def correct_state(
    mean: FloatArray, cov: FloatArray, dt_s: FloatArray, positions: FloatArray,
    noises: FloatArray, weights: FloatArray,
) -> None:  # fmt: skip
    """Correct a mean (8,) and covariance (8,8) in place by k weighted reports: as `correct`.

    `weights` (k,) are association probabilities given existence; what is missing to one is that no
    report is the target's.
    """
    n, k = FALL_STATE, len(weights)
    miss, inverse = vector(3), matrix(3, 3)
    gain, cross = matrix(FALL_STATE, 3), matrix(FALL_STATE, 3)
    step, total, change = vector(FALL_STATE), vector(FALL_STATE), matrix(FALL_STATE, FALL_STATE)
    total[:] = 0.0
    change[:] = 0.0
    for j in range(k):
        if weights[j] <= 0.0:
            continue
        det = _innovate(mean, cov, dt_s[j], positions[j], noises[j], miss, inverse)
        if det > 0.0:
            weigh(
                n, cov, dt_s[j], inverse, miss, weights[j], cross, gain, step, total, change
            )  # fmt: skip
    match(n, mean, cov, total, change)


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
def fall_hasten(
    track: Record, h: int, dt_s: float, range_rate_mps: float, sigma_mps: float,
    place: FloatArray, chance: float,
) -> float:  # fmt: skip
    """Correct hypothesis h by the range rate of a report; its ln density (s/m): `doppler_update`.

    A report of a moment ago (`dt_s` <= 0) is brought forward: drag of 25 g is 25 m/s in 0.1 s, and
    as much again comes of a line of sight that turns with a body that passes near.
    """
    mean = track.fall_mean[h]
    rate_mps = range_rate_mps
    if dt_s != 0.0:
        up, acc = vector(3), vector(3)
        fall.acceleration(mean, acc, up)
        along, speed, size2, speed2 = 0.0, 0.0, 0.0, 0.0
        for a in range(3):
            sight = mean[a] - place[a]
            size2 += sight * sight
            speed2 += mean[a + 3] ** 2
            along += sight * acc[a]
            speed += sight * mean[a + 3]
        size = max(math.sqrt(size2), NEAR_M)
        speed /= size
        rate_mps -= dt_s * (along + speed2 - speed * speed) / size
    return float(doppler_update(mean, track.fall_cov[h], rate_mps, sigma_mps, place, chance))


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
