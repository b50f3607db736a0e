"""Correct a straight-line state by position reports: likelihood, gain, moment matching.

Measurements are linear, ``z = p + v dt``: `dt` is 0 for a report at the time of the state and
negative for one of the same look that came a little earlier. What a turning target may have done
in between is `late_m2ps3`, white acceleration.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.table import Record, Records
from tocsin.track.upward import vertical
from tocsin.words import FloatArray, IntArray

LN_2PI: Final = math.log(2.0 * math.pi)
SURELY_3: Final = 16.27  # chi-square, 3 degrees of freedom, 99.9 %
_LEVEL_SD_MPS: Final = 20.0  # vertical speed of a track without height; airliners climb 10-15 m/s


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def invert(s: FloatArray, out: FloatArray) -> float:
    """Inverse of a symmetric 3 x 3 to `out` by cofactors; its determinant, 0 if not positive."""
    c00 = s[1, 1] * s[2, 2] - s[1, 2] * s[1, 2]
    c01 = s[0, 2] * s[1, 2] - s[0, 1] * s[2, 2]
    c02 = s[0, 1] * s[1, 2] - s[0, 2] * s[1, 1]
    det = s[0, 0] * c00 + s[0, 1] * c01 + s[0, 2] * c02
    if not (s[0, 0] > 0.0 and s[0, 0] * s[1, 1] > s[0, 1] * s[0, 1] and 0.0 < det < np.inf):
        return 0.0
    part = 1.0 / det
    out[0, 0], out[0, 1], out[0, 2] = c00 * part, c01 * part, c02 * part
    out[1, 0], out[2, 0] = out[0, 1], out[0, 2]
    out[1, 1] = (s[0, 0] * s[2, 2] - s[0, 2] * s[0, 2]) * part
    out[1, 2] = (s[0, 1] * s[0, 2] - s[0, 0] * s[1, 2]) * part
    out[2, 1] = out[1, 2]
    out[2, 2] = (s[0, 0] * s[1, 1] - s[0, 1] * s[0, 1]) * part
    return float(det)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def innovate(
    mean: FloatArray, cov: FloatArray, dt_s: float, late_m2ps3: float, position: FloatArray,
    noise: FloatArray, miss: FloatArray, inverse: FloatArray, spread: FloatArray,
) -> float:  # fmt: skip
    """Innovation to `miss` (3,), inverse of its covariance to `inverse`; the determinant.

    `spread` (3,3) is scratch. Works on any state whose first six are position and velocity.
    """
    extra = late_m2ps3 * abs(dt_s) ** 3 / 3.0
    for a in range(3):
        miss[a] = position[a] - mean[a]
        for b in range(a + 1):
            spread[a, b] = cov[a, b] + noise[a, b]
            spread[b, a] = spread[a, b]
    if dt_s != 0.0:
        for a in range(3):
            miss[a] -= dt_s * mean[a + 3]
            for b in range(3):
                turn = cov[a, b + 3] + cov[a + 3, b]
                spread[a, b] += dt_s * turn + dt_s * dt_s * cov[a + 3, b + 3]
            spread[a, a] += extra
    return float(invert(spread, inverse))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def squared(miss: FloatArray, inverse: FloatArray) -> float:
    """Squared Mahalanobis length of `miss` (3,), given the inverse of its covariance."""
    length = 0.0
    for a in range(3):
        length += miss[a] * inverse[a, a] * miss[a]
        for b in range(a):
            length += 2.0 * miss[a] * inverse[a, b] * miss[b]
    return length


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def log_likelihood(det: float, miss: FloatArray, inverse: FloatArray) -> tuple[float, float]:
    """ln of the Gaussian density (1/m3) of an innovation, and its squared Mahalanobis length."""
    length = squared(miss, inverse)
    return -0.5 * (length + math.log(det) + 3.0 * LN_2PI), length


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def weigh(
    n: int, cov: FloatArray, dt_s: float, inverse: FloatArray, miss: FloatArray, chance: float,
    cross: FloatArray, gain: FloatArray, step: FloatArray, total: FloatArray, change: FloatArray,
) -> None:  # fmt: skip
    """Add what one report of this `chance` changes to `total` (n,) and the lower half of `change`.

    With one report of chance 1 this is the Kalman filter; else the update of the probabilistic
    data association filter with a noise for each report (Bar-Shalom, Daum, Huang, IEEE CSM 29
    (2009) 82-100, eq. 39-44). `cross` and `gain` (n,3) and `step` (n,) are scratch.
    """
    for a in range(n):
        step[a] = 0.0
        for c in range(3):
            cross[a, c] = cov[a, c] + dt_s * cov[a, c + 3]
    for a in range(n):
        for c in range(3):
            gain[a, c] = (
                cross[a, 0] * inverse[0, c] + cross[a, 1] * inverse[1, c]
                + cross[a, 2] * inverse[2, c]
            )  # fmt: skip
            step[a] += gain[a, c] * miss[c]
        total[a] += chance * step[a]
    for a in range(n):
        for b in range(a + 1):
            shrink = gain[a, 0] * cross[b, 0] + gain[a, 1] * cross[b, 1]
            shrink += gain[a, 2] * cross[b, 2]
            change[a, b] += chance * (step[a] * step[b] - shrink)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def match(n: int, mean: FloatArray, cov: FloatArray, total: FloatArray, change: FloatArray) -> None:
    """Give a state in place the moments that all its reports together make of it (`weigh`)."""
    for a in range(n):
        mean[a] += total[a]
        for b in range(a + 1):
            cov[a, b] += change[a, b] - total[a] * total[b]
            cov[b, a] = cov[a, b]


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def correct(
    mean: FloatArray, cov: FloatArray, dt_s: FloatArray, late_m2ps3: float, reports: Records,
    rows: IntArray, chance: FloatArray, k: int, work: Record,
) -> None:  # fmt: skip
    """Correct a mean (6,) and covariance (6,6) in place by k weighted reports, moment-matched.

    Report j is ``reports[rows[j]]``, `chance[j]` its probability given existence; what is missing
    to one is that no report is the target's.
    """
    miss, step, total = work.miss, work.step, work.total
    inverse, spread = work.inverse, work.spread
    gain, cross, change = work.gain, work.cross, work.change
    total[:] = 0.0
    change[:] = 0.0
    for j in range(k):
        if chance[j] <= 0.0:
            continue
        report, dt = reports[rows[j]], dt_s[j]
        det = innovate(
            mean, cov, dt, late_m2ps3, report.position_m, report.covariance_m2, miss, inverse,
            spread,
        )  # fmt: skip
        if det <= 0.0:
            continue
        weigh(6, cov, dt, inverse, miss, chance[j], cross, gain, step, total, change)
    match(6, mean, cov, total, change)


@njit(cache=True, nogil=True, error_model="numpy")
def flatten(mean: FloatArray, cov: FloatArray, position: FloatArray, noise: FloatArray) -> None:
    """Make a state without measured height two-dimensional again, in place (6-state).

    A report without height repeats the same guess about the vertical each time; filtering it
    would turn the guess into knowledge. So the vertical is reset to the guess at each report.
    """
    up = np.empty(3)
    vertical(position, up)
    rise, climb, spread = 0.0, 0.0, 0.0
    for a in range(3):
        rise += up[a] * (position[a] - mean[a])
        climb += up[a] * mean[a + 3]
        for b in range(3):
            spread += up[a] * noise[a, b] * up[b]
    # (I - u u') B (I - u u') for each 3 x 3 block B, in plain loops: the same bits with any BLAS
    beside, core = np.zeros((6, 2)), np.zeros((2, 2))
    for a in range(6):
        for b in range(6):
            beside[a, b // 3] += cov[a, b] * up[b % 3]
        for h in range(2):
            core[a // 3, h] += up[a % 3] * beside[a, h]
    for a in range(6):
        u, r = up[a % 3], a // 3
        for b in range(a + 1):
            v, c = up[b % 3], b // 3
            cov[a, b] += u * core[r, c] * v - u * beside[b, r] - beside[a, c] * v
            if r == c:
                cov[a, b] += u * v * (spread if r == 0 else _LEVEL_SD_MPS**2)
            cov[b, a] = cov[a, b]
    for a in range(3):
        mean[a] += rise * up[a]
        mean[a + 3] -= climb * up[a]
