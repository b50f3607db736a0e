"""Sound takes its time: where a source was when what is heard now left it, and who hears it.

Sound arrives 3 s late for each kilometre, so a report points to the *retarded* position. For
straight flight that place is exact. `mean` is (6,), `cov` (6,6): position (m) and velocity (m/s),
ECEF. `axes` (3,3) are the rows east, north, up of the place of the observer.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.words import FloatArray

SOUND_MPS: Final = 340.3
"""At 15 C: ``20.047 sqrt(T / K)`` m/s (ideal gas, gamma = 1.4, R = 287.05 J/(kg K); U.S. Standard
Atmosphere 1976, equation 50). -10 C gives 325, 35 C gives 352."""
SOUND_SD: Final = 0.03
"""Relative s.d. of the speed: 20 C of temperature are 3.5 %, 10 m/s of wind along the way 3 %;
chosen for a site that knows its season. A source at speed v then shifts by `SOUND_SD` v / c rad."""
STEEPNESS: Final = 4.0
"""Hearing falls as ``chance / (1 + (range / reach)^4)``, a logistic in the sound level. Chosen:
spherical spreading (8.7 dB for each e-fold) with 6 dB of scatter between drones and hours gives
2.6, 2 dB/km of absorption at 4 km added gives 5 (logistic of s.d. 6 dB: scale 3.3 dB)."""
NOISY_FIRST: Final = 0.9
"""Chance that what another sensor found can be heard at all. Chosen: balloons, gliders, electric
multi-rotors and what idles are a tenth; without them silent nodes would end what a radar sees."""
NOISY_LEAST: Final = 0.05  # however long it was silent, an engine may start; chosen
NOISY_MOST: Final = 0.99  # however long it was heard, an engine may stop; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def retarded(
    mean: FloatArray,
    dt_s: float,
    origin_m: FloatArray,
    sound_mps: float,
    place: FloatArray,
    slope: FloatArray,
) -> float:
    """Where the source was when what arrives at `origin_m` at state time + `dt_s` left it.

    Writes `place` (3,) and `slope` (3,6), its derivative by the state; gives the lag in seconds,
    or -1 when nothing can be heard there yet (supersonic and approaching). `sound_mps` is
    infinite for light. With r = p + v dt - s the lag solves ``|r - v lag| = c lag``: the earlier
    root of a quadratic. With u the unit vector from the observer to `place`, the implicit
    derivative is ``(I - v u' / (c + u.v)) [I, (dt - lag) I]``.
    """
    reach2, closing, speed2 = 0.0, 0.0, 0.0
    for a in range(3):
        place[a] = mean[a] + dt_s * mean[a + 3]
        away = place[a] - origin_m[a]
        reach2 += away * away
        closing += away * mean[a + 3]
        speed2 += mean[a + 3] ** 2
    lag_s = 0.0
    if sound_mps < np.inf:
        inside = closing * closing + (sound_mps * sound_mps - speed2) * reach2
        below = closing + math.sqrt(inside) if inside >= 0.0 else 0.0
        if below <= 0.0 and reach2 > 0.0:
            return -1.0
        lag_s = reach2 / below if reach2 > 0.0 else 0.0
    size, along = 0.0, 0.0
    for a in range(3):
        place[a] -= lag_s * mean[a + 3]
        size += (place[a] - origin_m[a]) ** 2
        along += (place[a] - origin_m[a]) * mean[a + 3]
    size = math.sqrt(size)
    below = sound_mps * size + along
    for a in range(3):
        for b in range(3):
            g = 1.0 if a == b else 0.0
            if sound_mps < np.inf and below > 0.0:
                g -= mean[a + 3] * (place[b] - origin_m[b]) / below
            slope[a, b] = g
            slope[a, b + 3] = g * (dt_s - lag_s)
    return lag_s


@njit(cache=True, nogil=True, error_model="numpy")
def hearing(range_m: float, reach_m: float, chance: float) -> float:
    """Chance to hear, in one period, a source at slant `range_m`; see `STEEPNESS`."""
    return float(chance / (1.0 + (range_m / reach_m) ** STEEPNESS))


@njit(cache=True, nogil=True, error_model="numpy")
def view(
    mean: FloatArray,
    cov: FloatArray,
    dt_s: float,
    origin_m: FloatArray,
    axes: FloatArray,
    sound_mps: float,
    y: FloatArray,
    cross: FloatArray,
    spread: FloatArray,
) -> float:
    """The retarded place in the observer's axes: `y` (3,), `cross` (6,3), `spread` (3,3); lag.

    Where the state is wider than it is far, the lag at its mean is not that of the state: the
    root mean square range gives a fairer one, and its direction averages out.
    """
    place, slope, h = np.empty(3), np.empty((3, 6)), np.empty((3, 6))
    lag_s = retarded(mean, dt_s, origin_m, sound_mps, place, slope)
    if lag_s < 0.0:
        return lag_s
    apart2, wide2 = 0.0, 0.0
    for a in range(3):
        apart2 += (place[a] - origin_m[a]) ** 2
        wide2 += cov[a, a]
    if wide2 > apart2 and sound_mps < np.inf:
        lag_s = math.sqrt(apart2 + wide2) / sound_mps
        for a in range(3):
            place[a] = mean[a] + (dt_s - lag_s) * mean[a + 3]
            for b in range(3):
                slope[a, b] = 1.0 if a == b else 0.0
                slope[a, b + 3] = (dt_s - lag_s) * slope[a, b]
    for a in range(3):
        y[a] = 0.0
        for b in range(3):
            y[a] += axes[a, b] * (place[b] - origin_m[b])
        for c in range(6):
            h[a, c] = axes[a, 0] * slope[0, c] + axes[a, 1] * slope[1, c] + axes[a, 2] * slope[2, c]
    for c in range(6):
        for a in range(3):
            cross[c, a] = 0.0
            for d in range(6):
                cross[c, a] += cov[c, d] * h[a, d]
    for a in range(3):
        for b in range(3):
            spread[a, b] = 0.0
            for c in range(6):
                spread[a, b] += h[a, c] * cross[c, b]
    return lag_s
