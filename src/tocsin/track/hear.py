"""What a bearing, a sound heard and a silence say about one Gaussian state: kernels.

A report points to where its source was when the sound left (`sound.retarded`). A bearing and a
hearing depend on two numbers only, the horizontal place as seen from the node; so each report
becomes new moments of these two, and the other four numbers of the state follow by regression
(`_revise`; assumed-density filter: Maybeck, *Stochastic Models, Estimation and Control* 2 (1982)
12.7; Gauss-Hermite points: Ito and Xiong, IEEE TAC 45 (2000) 910-927).

`mean` is (6,), `cov` (6,6): position (m) and velocity (m/s), ECEF. `axes` (3,3) are the rows east,
north, up of the place of the observer. All logarithms are natural.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.sound import SOUND_SD, hearing, view
from tocsin.words import FloatArray

WIDE: Final = 0.2
"""From this ratio of horizontal s.d. to range on a bearing is integrated in polar coordinates;
below, its curvature moves the mean by less than 2 % of the range. Chosen."""
RAYS: Final = 25  # a step of a third of an s.d. over +-4 of them; chosen: the tails hold 6e-5
_LN_SQRT_2PI: Final = 0.5 * math.log(2.0 * math.pi)
# Gauss-Hermite, 7 points, for a standard normal: Abramowitz and Stegun 25.10, times sqrt 2. With 5
# a state wider than the reach of the node came out a sixth too narrow.
_POINTS: Final = (-3.7504397177257425, -2.366759410734541, -1.1544053947399682, 0.0,
                  1.1544053947399682, 2.366759410734541, 3.7504397177257425)  # fmt: skip
_SHARES: Final = (0.00054826885597221875, 0.030757123967586491, 0.24012317860501272,
                  0.45714285714285714, 0.24012317860501272, 0.030757123967586491,
                  0.00054826885597221875)  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _revise(
    mean: FloatArray,
    cov: FloatArray,
    cross: FloatArray,
    spread: FloatArray,
    shift: FloatArray,
    new: FloatArray,
) -> None:
    """Give the horizontal place the moments mean + `shift` (2,), `new` (2,2); the rest follows.

    With K = `cross` `spread`^-1 (first two columns): mean += K shift, cov += K (new - spread) K'.
    """
    det = spread[0, 0] * spread[1, 1] - spread[0, 1] * spread[1, 0]
    gain = np.empty((6, 2))
    for a in range(6):
        gain[a, 0] = (cross[a, 0] * spread[1, 1] - cross[a, 1] * spread[1, 0]) / det
        gain[a, 1] = (cross[a, 1] * spread[0, 0] - cross[a, 0] * spread[0, 1]) / det
    d00, d11 = new[0, 0] - spread[0, 0], new[1, 1] - spread[1, 1]
    d01 = 0.5 * (new[0, 1] + new[1, 0] - spread[0, 1] - spread[1, 0])
    for a in range(6):
        mean[a] += gain[a, 0] * shift[0] + gain[a, 1] * shift[1]
        left, right = gain[a, 0] * d00 + gain[a, 1] * d01, gain[a, 0] * d01 + gain[a, 1] * d11
        for b in range(a + 1):
            change = left * gain[b, 0] + right * gain[b, 1]
            cov[a, b] += change
            if b < a:
                cov[b, a] = cov[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def turned(angle_rad: float) -> float:
    """The same angle in [-pi, pi)."""
    return (angle_rad + math.pi) % (2.0 * math.pi) - math.pi


@njit(cache=True, nogil=True, error_model="numpy")
def _narrow(
    y: FloatArray, spread: FloatArray, azimuth: float, noise: float, shift: FloatArray,
    new: FloatArray,
) -> float:  # fmt: skip
    """Azimuth by the iterated Kalman filter (Bell and Cathey, IEEE TAC 38 (1993) 294-297)."""
    e, n, log_like = y[0], y[1], 0.0
    for k in range(3):
        rho2 = e * e + n * n
        ge, gn = n / rho2, -e / rho2
        miss = turned(azimuth - math.atan2(e, n))
        pe, pn = spread[0, 0] * ge + spread[0, 1] * gn, spread[1, 0] * ge + spread[1, 1] * gn
        total = ge * pe + gn * pn + noise
        if k == 0:
            log_like = -0.5 * (miss * miss / total + math.log(total)) - _LN_SQRT_2PI
        step = (miss - ge * (y[0] - e) - gn * (y[1] - n)) / total
        e, n = y[0] + pe * step, y[1] + pn * step
    shift[0], shift[1] = e - y[0], n - y[1]
    new[0, 0], new[1, 1] = spread[0, 0] - pe * pe / total, spread[1, 1] - pn * pn / total
    new[0, 1] = 0.5 * (spread[0, 1] + spread[1, 0]) - pe * pn / total
    new[1, 0] = new[0, 1]
    return log_like


@njit(cache=True, nogil=True, error_model="numpy")
def _polar(
    y: FloatArray, spread: FloatArray, azimuth: float, noise: float, shift: FloatArray,
    new: FloatArray,
) -> float:  # fmt: skip
    """Azimuth by quadrature over rays: exact moments along each, a sum over their directions.

    On the ray u the Gaussian is ``exp(-(alpha r^2 - 2 beta r + gamma) / 2)``; its moments J_j =
    integral of r^j from 0 follow from ``J_(j+1) = mu J_j + j s^2 J_(j-1)``, mu = beta / alpha,
    s^2 = 1 / alpha, with s^2 exp(-mu^2 / 2 s^2) added to J_1. The area element is r dr.
    """
    det = spread[0, 0] * spread[1, 1] - spread[0, 1] * spread[1, 0]
    q00, q11, q01 = spread[1, 1] / det, spread[0, 0] / det, -spread[0, 1] / det
    gamma = q00 * y[0] ** 2 + 2.0 * q01 * y[0] * y[1] + q11 * y[1] ** 2
    rho2 = max(y[0] ** 2 + y[1] ** 2, 1.0)
    across = spread[0, 0] * y[1] ** 2 - 2.0 * spread[0, 1] * y[0] * y[1] + spread[1, 1] * y[0] ** 2
    across /= rho2 * rho2
    centre, half = azimuth, 4.0 * math.sqrt(noise)
    beside = rho2 > 0.25 * (spread[0, 0] + spread[1, 1])  # else the direction means nothing
    if beside and across < 0.25 * noise:  # the state knows it better than the report does
        gain = across / (across + noise)
        centre = math.atan2(y[0], y[1])
        centre += gain * turned(azimuth - centre)
        half = 6.0 * math.sqrt(across * (1.0 - gain))
    half = min(half, math.pi)
    step = 2.0 * half / RAYS
    m0, me, mn, mee, men, mnn = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(RAYS):
        angle = centre - half + (k + 0.5) * step
        e, n = math.sin(angle), math.cos(angle)
        alpha = q00 * e * e + 2.0 * q01 * e * n + q11 * n * n
        beta = y[0] * (q00 * e + q01 * n) + y[1] * (q01 * e + q11 * n)
        s2 = 1.0 / alpha
        mu, t = beta * s2, beta / math.sqrt(alpha)
        if t < -6.0:  # all of it lies behind the observer
            continue
        j0 = math.sqrt(0.5 * math.pi * s2) * math.erfc(-t / math.sqrt(2.0))
        j1 = mu * j0 + s2 * math.exp(-0.5 * t * t)
        j2 = mu * j1 + s2 * j0
        j3 = mu * j2 + 2.0 * s2 * j1
        miss = turned(azimuth - angle)
        like = math.exp(-0.5 * (miss * miss / noise + max(gamma - beta * mu, 0.0)))
        m0 += like * j1
        me += like * j2 * e
        mn += like * j2 * n
        mee += like * j3 * e * e
        men += like * j3 * e * n
        mnn += like * j3 * n * n
    if m0 < 1e-200:
        return -np.inf
    me, mn = me / m0, mn / m0
    shift[0], shift[1] = me - y[0], mn - y[1]
    new[0, 0], new[1, 1] = mee / m0 - me * me, mnn / m0 - mn * mn
    new[0, 1] = men / m0 - me * mn
    new[1, 0] = new[0, 1]
    scale = math.sqrt(2.0 * math.pi * noise) * 2.0 * math.pi * math.sqrt(det)
    return math.log(m0 * step / scale)


@njit(cache=True, nogil=True, error_model="numpy")
def line_update(
    mean: FloatArray,
    cov: FloatArray,
    dt_s: float,
    origin_m: FloatArray,
    axes: FloatArray,
    azimuth: float,
    sigma_az: float,
    elevation: float,
    sigma_el: float,
    sound_mps: float,
    slack_m2: float,
) -> float:
    """Correct a state in place by a bearing (rad; elevation NaN absent) that is surely its own.

    Gives ln likelihood, 1/rad (1/rad2 with elevation); -inf leaves the state as it was. The lag
    is taken as linear over the state: where its range varies by half and its speed is not known
    to 20 m/s, moments err by a tenth. `slack_m2` is a variance of the place that the state does
    not hold: what the target may have done between the report and the state. `state.join` applies
    a report that is only perhaps its own.
    """
    y, cross, spread = np.empty(3), np.empty((6, 3)), np.empty((3, 3))
    if view(mean, cov, dt_s, origin_m, axes, sound_mps, y, cross, spread) < 0.0:
        return -np.inf
    rho2 = max(y[0] ** 2 + y[1] ** 2, 1.0)
    noise = sigma_az**2 + slack_m2 / rho2
    if sound_mps < np.inf:
        speed2 = mean[3] ** 2 + mean[4] ** 2 + mean[5] ** 2
        noise += SOUND_SD**2 * speed2 / sound_mps**2
    trace = 0.5 * (spread[0, 0] + spread[1, 1])
    apart = math.hypot(0.5 * (spread[0, 0] - spread[1, 1]), spread[0, 1])
    shift, new = np.empty(2), np.empty((2, 2))
    if trace + apart > WIDE**2 * rho2:
        log_like = _polar(y, spread, azimuth, noise, shift, new)
    else:
        log_like = _narrow(y, spread, azimuth, noise, shift, new)
    if log_like == -np.inf:
        return -np.inf
    _revise(mean, cov, cross, spread, shift, new)
    if not math.isnan(elevation):
        noise += sigma_el**2 - sigma_az**2
        log_like += _raise(mean, cov, dt_s, origin_m, axes, elevation, noise, sound_mps)
    return log_like


@njit(cache=True, nogil=True, error_model="numpy")
def _raise(
    mean: FloatArray,
    cov: FloatArray,
    dt_s: float,
    origin_m: FloatArray,
    axes: FloatArray,
    elevation: float,
    noise: float,
    sound_mps: float,
) -> float:
    """The elevation, after the azimuth: one Kalman step in place; ln likelihood, 1/rad."""
    y, cross, spread = np.empty(3), np.empty((6, 3)), np.empty((3, 3))
    if view(mean, cov, dt_s, origin_m, axes, sound_mps, y, cross, spread) < 0.0:
        return 0.0
    rho = max(math.hypot(y[0], y[1]), 1.0)
    size2 = rho * rho + y[2] ** 2
    g = np.array([-y[0] * y[2] / (rho * size2), -y[1] * y[2] / (rho * size2), rho / size2])
    along, total = np.zeros(6), noise
    for a in range(3):
        for b in range(3):
            total += g[a] * spread[a, b] * g[b]
        for c in range(6):
            along[c] += cross[c, a] * g[a]
    miss = elevation - math.atan2(y[2], rho)
    for a in range(6):
        mean[a] += along[a] * miss / total
        for b in range(6):
            cov[a, b] -= along[a] * along[b] / total
    return -0.5 * (miss * miss / total + math.log(total)) - _LN_SQRT_2PI


class Ear(NamedTuple):
    """A listener in one period, for one source."""

    place_m: FloatArray  # (3,) ECEF
    axes: FloatArray  # (3,3)
    reach_m: float
    chance: float  # to hear the source beside it
    sound_mps: float


@njit(cache=True, nogil=True, error_model="numpy")
def presence_chance(mean: FloatArray, cov: FloatArray, dt_s: float, ear: Ear) -> float:
    """Chance that a node hears a source of this state in the period at state time + `dt_s`."""
    return _present(mean, cov, dt_s, ear, 0.0, True, np.empty(0))


@njit(cache=True, nogil=True, error_model="numpy")
def presence_update(
    mean: FloatArray, cov: FloatArray, dt_s: float, ear: Ear, false_chance: float, heard: bool
) -> float:
    """Correct a state in place by what a node heard or did not hear; the ln likelihood.

    ``P(heard | x) = 1 - (1 - false) (1 - hearing(x))``: the node hears the source, or anything
    else (`false_chance` in one period: clutter and other tracks). Silence is the complement.
    """
    return math.log(max(_present(mean, cov, dt_s, ear, false_chance, heard, mean), 1e-300))


@njit(cache=True, nogil=True, error_model="numpy")
def _present(
    mean: FloatArray, cov: FloatArray, dt_s: float, ear: Ear, false_chance: float, heard: bool,
    target: FloatArray,
) -> float:  # fmt: skip
    """Likelihood by 7 x 7 Gauss-Hermite points; corrects the state when `target` is not empty."""
    y, cross, spread = np.empty(3), np.empty((6, 3)), np.empty((3, 3))
    if view(mean, cov, dt_s, ear.place_m, ear.axes, ear.sound_mps, y, cross, spread) < 0.0:
        return false_chance if heard else 1.0 - false_chance
    turn = 0.5 * math.atan2(2.0 * spread[0, 1], spread[0, 0] - spread[1, 1])
    trace = 0.5 * (spread[0, 0] + spread[1, 1])
    apart = math.hypot(0.5 * (spread[0, 0] - spread[1, 1]), spread[0, 1])
    long, short = math.sqrt(trace + apart), math.sqrt(max(trace - apart, 1.0))
    ce, cn = math.cos(turn), math.sin(turn)
    up2 = y[2] ** 2 + spread[2, 2]
    total, me, mn, mee, men, mnn = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(7):
        for j in range(7):
            e = long * ce * _POINTS[i] - short * cn * _POINTS[j]
            n = long * cn * _POINTS[i] + short * ce * _POINTS[j]
            distance = math.sqrt((y[0] + e) ** 2 + (y[1] + n) ** 2 + up2)
            silent = (1.0 - false_chance) * (1.0 - hearing(distance, ear.reach_m, ear.chance))
            w = _SHARES[i] * _SHARES[j] * ((1.0 - silent) if heard else silent)
            total += w
            me += w * e
            mn += w * n
            mee += w * e * e
            men += w * e * n
            mnn += w * n * n
    if len(target) == 0 or total < 1e-12:
        return total
    shift, new = np.array([me / total, mn / total]), np.empty((2, 2))
    new[0, 0], new[1, 1] = mee / total - shift[0] ** 2, mnn / total - shift[1] ** 2
    new[0, 1] = men / total - shift[0] * shift[1]
    new[1, 0] = new[0, 1]
    _revise(mean, cov, cross, spread, shift, new)
    return total
