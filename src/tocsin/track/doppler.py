"""Doppler: how fast a target recedes from a sensor, as a correction of position and velocity.

The speed along the line of sight, ``u . v`` with ``u = (p - s) / |p - s|``, is bilinear in what is
not known of the angle and of the velocity. The extended Kalman filter is taken to second order
(Bar-Shalom, Li, Kirubarajan, *Estimation with Applications to Tracking and Navigation*, 2001,
10.3.2): for a new track at 100 km with an angle of 1 deg and a velocity known to 150 m/s, the term
that the first order leaves out is 2.6 m/s, more than a good radar's error.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.correct import LN_2PI
from tocsin.words import FloatArray

NEAR_M: Final = 100.0  # nearer than this a line of sight says nothing; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def doppler_update(
    mean: FloatArray,
    cov: FloatArray,
    range_rate_mps: float,
    sigma_mps: float,
    sensor_m: FloatArray,
    weight: float,
) -> float:
    """Correct `mean` (n,), `cov` (n,n) in place; the ln density (s/m) of the range rate.

    Any state whose first six are position and velocity.
    `range_rate_mps` is positive away from the sensor at `sensor_m` (3,), all in ECEF. `weight` is
    the chance that the report is this track's, given that the track exists: below one the moments
    of "corrected" and "as it was" are matched (probabilistic data association, Bar-Shalom, Daum,
    Huang, IEEE CSM 29 (2009) 82-100); zero changes nothing and only tells the density. Correct by
    the position of the same report first: the line of sight is then the best known.
    """
    n = len(mean)
    slope, gain, sight = np.zeros(n), np.empty(n), np.empty(3)
    distance = 0.0
    for a in range(3):
        sight[a] = mean[a] - sensor_m[a]
        distance += sight[a] * sight[a]
    distance = max(math.sqrt(distance), NEAR_M)
    speed = 0.0
    for a in range(3):
        sight[a] /= distance
        speed += sight[a] * mean[a + 3]
    for a in range(3):
        slope[a] = (mean[a + 3] - speed * sight[a]) / distance
        slope[a + 3] = sight[a]
    shift, spread = _second_order(cov, sight, distance)
    spread += sigma_mps * sigma_mps
    for a in range(n):
        gain[a] = 0.0
        for b in range(n):
            gain[a] += cov[a, b] * slope[b]
        spread += slope[a] * gain[a]
    miss = range_rate_mps - speed - shift
    if weight > 0.0:
        for a in range(n):
            mean[a] += weight * gain[a] * miss / spread
        known = weight * (1.0 / spread - (1.0 - weight) * (miss / spread) ** 2)
        for a in range(n):
            for b in range(n):
                cov[a, b] -= known * gain[a] * gain[b]
    return -0.5 * (miss * miss / spread + math.log(spread) + LN_2PI)


@njit(cache=True, nogil=True, error_model="numpy")
def _second_order(cov: FloatArray, sight: FloatArray, distance: float) -> tuple[float, float]:
    """Mean and variance of ``dp' A dv``, where ``A = (1 - u u') / distance``.

    ``tr(A Pvp)`` and ``tr(A Pvv A Ppp) + tr(A Pvp A Pvp)``: half of tr(H P) and of tr(H P H P) of
    the mixed second derivative; that of the position alone is smaller by angle times v / sigma_v.
    """
    across = np.empty((3, 3))
    left, right, turn = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3))
    for a in range(3):
        for b in range(3):
            across[a, b] = -sight[a] * sight[b] / distance
        across[a, a] += 1.0 / distance
    for a in range(3):
        for b in range(3):
            for c in range(3):
                left[a, b] += across[a, c] * cov[c + 3, b + 3]
                right[a, b] += across[a, c] * cov[c, b]
                turn[a, b] += across[a, c] * cov[c + 3, b]
    shift, spread = 0.0, 0.0
    for a in range(3):
        shift += turn[a, a]
        for b in range(3):
            spread += left[a, b] * right[b, a] + turn[a, b] * turn[b, a]
    return shift, spread
