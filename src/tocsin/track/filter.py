"""Predict and correct: two constant-velocity models that mix, and ballistic flight beside them.

*Steady* and *agile* are one interacting-multiple-model pair (Blom and Bar-Shalom, IEEE TAC 33
(1988) 780-783): the same straight line with little and with much white acceleration. The
ballistic hypothesis (`fall`) has a state of its own and never mixes; Bayes alone weighs it.
Corrections are linear, ``z = p + v dt``: `dt` is 0 for a report at the time of the state and
negative for a late one, whose noise is raised by what the target may have done since.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.table import AGILE, FALL, STEADY, Table
from tocsin.words import FloatArray, IntArray

# White acceleration, m2/s3, (horizontal, vertical) of steady and agile. Chosen on scenario seeds
# 101, 102 and 104 of the neutral benchmark (never its reporting seeds): steady is cruise in light
# turbulence, agile a turn of 3 deg/s at 60 m/s to 2 deg/s at 250 m/s.
NOISE_M2PS3: Final = ((1.0, 0.2), (50.0, 10.0))
SWITCH_S: Final = (40.0, 15.0)  # mean time in steady, in agile: legs and turns; chosen
LN_2PI_3: Final = 3.0 * math.log(2.0 * math.pi)
_LEVEL_SD_MPS: Final = 20.0  # vertical speed of a track without height; airliners climb 10-15 m/s


@njit(cache=True, nogil=True)
def drift(
    mean: FloatArray, cov: FloatArray, dt_s: float, noise: FloatArray, up: FloatArray
) -> None:
    """Predict a constant-velocity mean (6,) and covariance (6,6) by `dt_s` in place.

    Discretised white acceleration of density `noise` (horizontal, vertical): Bar-Shalom, Li,
    Kirubarajan, *Estimation with Applications* (2001), equation 6.2.2-4.
    """
    for a in range(3):
        mean[a] += dt_s * mean[a + 3]
    size_s = abs(dt_s)
    for a in range(3):
        for b in range(3):
            turn = cov[a, b + 3] + cov[a + 3, b]
            cov[a, b] += dt_s * turn + dt_s * dt_s * cov[a + 3, b + 3]
    for a in range(3):
        for b in range(3):
            cov[a, b + 3] += dt_s * cov[a + 3, b + 3]
            cov[b + 3, a] = cov[a, b + 3]
    for a in range(3):
        for b in range(3):
            density = (noise[1] - noise[0]) * up[a] * up[b]
            if a == b:
                density += noise[0]
            cov[a, b] += density * size_s**3 / 3.0
            cov[a, b + 3] += density * size_s * dt_s / 2.0
            cov[b + 3, a] = cov[a, b + 3]
            cov[a + 3, b + 3] += density * size_s


@njit(cache=True, nogil=True)
def blend(
    mean: FloatArray, cov: FloatArray, share: float, out: FloatArray, out_cov: FloatArray
) -> None:
    """Moment-match the pair `mean` (2,6), `cov` (2,6,6), weights (share, 1 - share), to `out`."""
    rest = 1.0 - share
    for a in range(6):
        out[a] = share * mean[0, a] + rest * mean[1, a]
    for a in range(6):
        for b in range(6):
            apart = (mean[0, a] - mean[1, a]) * (mean[0, b] - mean[1, b])
            out_cov[a, b] = share * cov[0, a, b] + rest * cov[1, a, b] + share * rest * apart


@njit(cache=True, nogil=True)
def _mix(table: Table, i: int, dt_s: float) -> None:
    """One interaction step of the pair over `dt_s` seconds."""
    steady, agile = table.weight[i, STEADY], table.weight[i, AGILE]
    leave = 1.0 - math.exp(-dt_s / SWITCH_S[0])
    back = 1.0 - math.exp(-dt_s / SWITCH_S[1])
    new_steady = steady * (1.0 - leave) + agile * back
    new_agile = steady * leave + agile * (1.0 - back)
    if new_steady <= 0.0 or new_agile <= 0.0:
        return
    means, covs = np.empty((2, 6)), np.empty((2, 6, 6))
    blend(table.mean[i], table.cov[i], steady * (1.0 - leave) / new_steady, means[0], covs[0])
    blend(table.mean[i], table.cov[i], steady * leave / new_agile, means[1], covs[1])
    table.mean[i] = means
    table.cov[i] = covs
    table.weight[i, STEADY], table.weight[i, AGILE] = new_steady, new_agile


@njit(cache=True, nogil=True)
def predict_rows(table: Table, rows: IntArray, t_ns: int) -> None:
    """Bring the states of `rows` forward to `t_ns`; a state that is already later stays."""
    up, noise = np.empty(3), np.empty(2)
    for i in rows:
        dt_s = (t_ns - table.t_ns[i]) * 1e-9
        if dt_s <= 0.0:
            continue
        _mix(table, i, dt_s)
        for h in (STEADY, AGILE):
            fall.height_and_up(table.mean[i, h], up)
            noise[0], noise[1] = NOISE_M2PS3[h]
            drift(table.mean[i, h], table.cov[i, h], dt_s, noise, up)
        if table.weight[i, FALL] > 0.0:
            fall.predict(table.fall_mean[i], table.fall_cov[i], dt_s)
        table.t_ns[i] = t_ns


@njit(cache=True, nogil=True)
def invert(s: FloatArray, out: FloatArray) -> float:
    """Inverse of a symmetric 3 x 3 to `out` by cofactors; its determinant, 0 if not positive."""
    c00 = s[1, 1] * s[2, 2] - s[1, 2] * s[1, 2]
    c01 = s[0, 2] * s[1, 2] - s[0, 1] * s[2, 2]
    c02 = s[0, 1] * s[1, 2] - s[0, 2] * s[1, 1]
    det = s[0, 0] * c00 + s[0, 1] * c01 + s[0, 2] * c02
    if not (s[0, 0] > 0.0 and s[0, 0] * s[1, 1] > s[0, 1] * s[0, 1] and 0.0 < det < np.inf):
        return 0.0
    out[0, 0], out[0, 1], out[0, 2] = c00 / det, c01 / det, c02 / det
    out[1, 0], out[2, 0] = out[0, 1], out[0, 2]
    out[1, 1] = (s[0, 0] * s[2, 2] - s[0, 2] * s[0, 2]) / det
    out[1, 2] = (s[0, 1] * s[0, 2] - s[0, 0] * s[1, 2]) / det
    out[2, 1] = out[1, 2]
    out[2, 2] = (s[0, 0] * s[1, 1] - s[0, 1] * s[0, 1]) / det
    return float(det)


@njit(cache=True, nogil=True)
def innovate(
    mean: FloatArray,
    cov: FloatArray,
    dt_s: float,
    late_noise: float,
    position: FloatArray,
    noise: FloatArray,
    miss: FloatArray,
    inverse: FloatArray,
) -> float:
    """Innovation `miss` (3,), inverse of its covariance; the covariance's determinant.

    ``miss = z - (p + v dt)``; `late_noise` (m2/s3) times ``|dt|^3 / 3`` is added to a report
    earlier than the state: what the target may have done in between.
    """
    spread = np.empty((3, 3))
    extra = late_noise * abs(dt_s) ** 3 / 3.0
    for a in range(3):
        miss[a] = position[a] - mean[a] - dt_s * mean[a + 3]
        for b in range(3):
            turn = cov[a, b + 3] + cov[a + 3, b]
            spread[a, b] = cov[a, b] + dt_s * turn + dt_s * dt_s * cov[a + 3, b + 3] + noise[a, b]
        spread[a, a] += extra
    return float(invert(spread, inverse))


@njit(cache=True, nogil=True)
def log_likelihood(det: float, miss: FloatArray, inverse: FloatArray) -> tuple[float, float]:
    """ln of the Gaussian density (1/m3) of an innovation, and its squared Mahalanobis length."""
    length = 0.0
    for a in range(3):
        for b in range(3):
            length += miss[a] * inverse[a, b] * miss[b]
    return -0.5 * (length + math.log(det) + LN_2PI_3), length


@njit(cache=True, nogil=True)
def correct(
    mean: FloatArray,
    cov: FloatArray,
    dt_s: FloatArray,
    late_noise: float,
    positions: FloatArray,
    noises: FloatArray,
    chance: FloatArray,
) -> None:
    """Correct a mean (n,) and covariance (n,n) in place by k weighted reports, moment-matched.

    `chance` (k,) are association probabilities given existence; what is missing to one is that no
    report is the target's. With one report of chance 1 this is the Kalman filter; else it is the
    update of the probabilistic data association filter with a noise for each report (Bar-Shalom,
    Daum, Huang, IEEE CSM 29 (2009) 82-100, equations 39-44).
    """
    n, k = len(mean), len(chance)
    miss, inverse = np.empty(3), np.empty((3, 3))
    gain, cross = np.empty((n, 3)), np.empty((n, 3))
    step, total = np.empty(n), np.zeros(n)
    change = np.zeros((n, n))
    for j in range(k):
        if chance[j] <= 0.0:
            continue
        noise = noises[j]
        if innovate(mean, cov, dt_s[j], late_noise, positions[j], noise, miss, inverse) <= 0.0:
            continue
        for a in range(n):
            for c in range(3):
                cross[a, c] = cov[a, c] + dt_s[j] * cov[a, c + 3]
        for a in range(n):
            step[a] = 0.0
            for c in range(3):
                gain[a, c] = 0.0
                for d in range(3):
                    gain[a, c] += cross[a, d] * inverse[d, c]
                step[a] += gain[a, c] * miss[c]
            total[a] += chance[j] * step[a]
        for a in range(n):
            for b in range(n):
                shrink = 0.0
                for c in range(3):
                    shrink += gain[a, c] * cross[b, c]
                change[a, b] += chance[j] * (step[a] * step[b] - shrink)
    for a in range(n):
        mean[a] += total[a]
        for b in range(a + 1):
            moved = 0.5 * (change[a, b] + change[b, a]) - total[a] * total[b]
            cov[a, b] = 0.5 * (cov[a, b] + cov[b, a]) + moved
            cov[b, a] = cov[a, b]


@njit(cache=True, nogil=True)
def flatten(mean: FloatArray, cov: FloatArray, position: FloatArray, noise: FloatArray) -> None:
    """Make a state without measured height two-dimensional again, in place (6-state).

    A report without height repeats the same guess about the vertical each time; filtering it
    would turn the guess into knowledge. So the vertical is reset to the guess at each report.
    """
    up = np.empty(3)
    fall.height_and_up(position, up)
    rise, climb, spread = 0.0, 0.0, 0.0
    for a in range(3):
        rise += up[a] * (position[a] - mean[a])
        climb += up[a] * mean[a + 3]
        for b in range(3):
            spread += up[a] * noise[a, b] * up[b]
    level = np.eye(6)
    for a in range(3):
        mean[a] += rise * up[a]
        mean[a + 3] -= climb * up[a]
        for b in range(3):
            level[a, b] -= up[a] * up[b]
            level[a + 3, b + 3] -= up[a] * up[b]
    kept = np.zeros((6, 6))
    for a in range(6):
        for b in range(6):
            for c in range(6):
                for d in range(6):
                    kept[a, b] += level[a, c] * cov[c, d] * level[b, d]
    for a in range(3):
        for b in range(3):
            kept[a, b] += spread * up[a] * up[b]
            kept[a + 3, b + 3] += _LEVEL_SD_MPS**2 * up[a] * up[b]
    cov[:] = kept
