"""Ballistic flight with drag: a 7-state extended Kalman filter in Earth-fixed axes.

State: ECEF position (m), velocity (m/s), natural logarithm of the ballistic coefficient
beta = m / (Cd A) in kg/m2. Forces: gravity with J2, Coriolis and centrifugal acceleration, drag
``-rho |v| v / (2 beta)`` in air that turns with the Earth. The logarithm keeps beta positive.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin import geo
from tocsin.words import FloatArray

_A: Final = geo.SEMI_MAJOR_M
_B: Final = geo.SEMI_MINOR_M
_E2: Final = geo.ECCENTRICITY_SQUARED
_EP2: Final = geo.ECCENTRICITY_SQUARED / (1.0 - geo.ECCENTRICITY_SQUARED)
_GM: Final = geo.GM_M3PS2
_J2: Final = geo.J2
_RATE: Final = geo.EARTH_RATE_RPS

# U.S. Standard Atmosphere 1976, table 4 (base geopotential height, temperature, lapse rate) and
# the pressures at the bases that follow from it (equations 33a, 33b).
_BASE_M: Final = (0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0)
_BASE_K: Final = (288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65)
_BASE_PA: Final = (101_325.0, 22_632.06, 5_474.889, 868.0187, 110.9063, 66.93887, 3.956420)
_LAPSE_KPM: Final = (-0.0065, 0.0, 0.001, 0.0028, 0.0, -0.0028, -0.002)
_GAS: Final = 287.05287  # J/(kg K), R*/M0 of the same document
_HYDROSTATIC: Final = 0.034163195  # g0 M0 / R*, K/m
_GEOPOTENTIAL_RADIUS_M: Final = 6_356_766.0  # its r0
_AIRLESS_M: Final = 86_000.0  # above, its density is below 7e-6 kg/m3: taken as none

LN_BETA: Final = math.log(5_000.0)
"""Prior mean: rockets and short-range missiles lie in 2.5-9 t/m2 (shared knowledge, section 4)."""
LN_BETA_SD: Final = 0.7  # chosen, because two s.d. then cover 1.2 to 20 t/m2
LN_BETA_BOUNDS: Final = (math.log(100.0), math.log(200_000.0))
"""Chosen: a falling sheet of metal to a slender bar; keeps a diverging filter finite."""
SPEED_MAX_MPS: Final = 5_000.0
"""Chosen: re-entry from 2000 km range is at 4 km/s; faster is two reports of different things."""
NOISE_M2PS3: Final = 2.0  # chosen: gusts of 10 m/s on beta 5 t/m2 cost about 1 m/s2 for seconds
NOISE_LN_BETA_PS: Final = 4e-4  # chosen: 2 % per root second, drag varies with Mach number
DRAG_MAX_PS: Final = 1.0
"""Rate of losing speed; chosen: ten times a rocket's at its fastest near the ground, and well
inside the stability of Runge-Kutta 4 at this step (2.78), so that no guess can blow up."""
_STEP_S: Final = 1.0  # RK4 errs 0.1 m per flight with it (shared knowledge, section 4)


@njit(cache=True, nogil=True)
def height_and_up(position: FloatArray, up: FloatArray) -> float:
    """Ellipsoidal height (m) of ECEF `position` (3,); writes the upward unit vector to `up`.

    Bowring's formula of `tocsin.geo.geodetic`, here for compiled code.
    """
    x, y, z = position[0], position[1], position[2]
    ring = max(math.hypot(x, y), 1e-3)
    radius = math.hypot(ring, z)
    tan_u = (_B * z / (_A * ring)) * (1.0 + _EP2 * _B / radius)
    cos_u = 1.0 / math.sqrt(1.0 + tan_u * tan_u)
    sin_u = tan_u * cos_u
    north, out = z + _EP2 * _B * sin_u**3, ring - _E2 * _A * cos_u**3
    length = math.hypot(north, out)
    sin_lat, cos_lat = north / length, out / length
    up[0], up[1], up[2] = cos_lat * x / ring, cos_lat * y / ring, sin_lat
    height_m = ring * cos_lat + z * sin_lat - _A * math.sqrt(1.0 - _E2 * sin_lat * sin_lat)
    return float(height_m)


@njit(cache=True, nogil=True)
def density_kgpm3(height_m: float) -> float:
    """Air density of the U.S. Standard Atmosphere 1976 at ellipsoidal `height_m`."""
    if height_m >= _AIRLESS_M:
        return 0.0
    height = max(height_m, -1000.0)
    geopotential = _GEOPOTENTIAL_RADIUS_M * height / (_GEOPOTENTIAL_RADIUS_M + height)
    layer = 0
    for k in range(1, 7):
        if geopotential >= _BASE_M[k]:
            layer = k
    rise, lapse, base = geopotential - _BASE_M[layer], _LAPSE_KPM[layer], _BASE_K[layer]
    kelvin = base + lapse * rise
    if lapse == 0.0:
        pressure = _BASE_PA[layer] * math.exp(-_HYDROSTATIC * rise / base)
    else:
        pressure = _BASE_PA[layer] * (base / kelvin) ** (_HYDROSTATIC / lapse)
    return float(pressure / (_GAS * kelvin))


@njit(cache=True, nogil=True)
def acceleration(state: FloatArray, out: FloatArray, up: FloatArray) -> None:
    """Write the Earth-fixed acceleration (m/s2) of a 7-state to `out` (3,); `up` is scratch."""
    x, y, z = state[0], state[1], state[2]
    vx, vy, vz = state[3], state[4], state[5]
    r2 = x * x + y * y + z * z
    r = math.sqrt(r2)
    pull = -_GM / (r2 * r)
    flat = 1.5 * _J2 * _A * _A / r2
    z2 = 5.0 * z * z / r2
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    drag = 0.5 * density_kgpm3(height_and_up(state, up)) * speed * math.exp(-state[6])
    drag = min(drag, DRAG_MAX_PS)
    ring = pull * (1.0 + flat * (1.0 - z2)) + _RATE * _RATE
    out[0] = ring * x + 2.0 * _RATE * vy - drag * vx
    out[1] = ring * y - 2.0 * _RATE * vx - drag * vy
    out[2] = pull * (1.0 + flat * (3.0 - z2)) * z - drag * vz


@njit(cache=True, nogil=True)
def fly(state: FloatArray, dt_s: float) -> None:
    """Move a 7-state by `dt_s` (either sign) in place: Runge-Kutta 4, steps of at most 1 s."""
    steps = max(1, math.ceil(abs(dt_s) / _STEP_S))
    h = dt_s / steps
    up, acc = np.empty(3), np.empty(3)
    probe, total = np.empty(7), np.empty(6)
    for _ in range(steps):
        probe[:] = state
        total[:] = 0.0
        for stage in range(4):
            acceleration(probe, acc, up)
            share = 1.0 if stage in (0, 3) else 2.0
            reach = h if stage == 2 else 0.5 * h
            for k in range(3):
                velocity = probe[3 + k]
                total[k] += share * velocity
                total[3 + k] += share * acc[k]
                probe[k] = state[k] + reach * velocity
                probe[3 + k] = state[3 + k] + reach * acc[k]
        for k in range(6):
            state[k] += h * total[k] / 6.0


@njit(cache=True, nogil=True)
def sane(mean: FloatArray, cov: FloatArray) -> bool:
    """Clip ln beta into its bounds; whether the state is one that a filter may go on from."""
    mean[6] = min(max(mean[6], LN_BETA_BOUNDS[0]), LN_BETA_BOUNDS[1])
    speed2 = mean[3] ** 2 + mean[4] ** 2 + mean[5] ** 2
    spread = np.diag(cov)
    good = np.isfinite(mean).all() and speed2 < SPEED_MAX_MPS**2
    return bool(good and np.isfinite(spread).all() and spread.min() > 0.0)


@njit(cache=True, nogil=True)
def predict(mean: FloatArray, cov: FloatArray, dt_s: float) -> None:
    """Predict a ballistic mean (7,) and covariance (7,7) by `dt_s` in place.

    The transition matrix is a central difference of the flight itself, so that it can never
    disagree with it; the steps (10 m, 1 m/s, 0.01) are far above rounding and far below the
    distances over which the forces change.
    """
    size = 7
    jacobian = np.empty((size, size))
    high, low = np.empty(size), np.empty(size)
    for k in range(size):
        step = 10.0 if k < 3 else (1.0 if k < 6 else 0.01)
        high[:] = mean
        low[:] = mean
        high[k] += step
        low[k] -= step
        fly(high, dt_s)
        fly(low, dt_s)
        for a in range(size):
            jacobian[a, k] = (high[a] - low[a]) / (2.0 * step)
    fly(mean, dt_s)
    half = np.zeros((size, size))
    for a in range(size):
        for b in range(size):
            for k in range(size):
                half[a, b] += jacobian[a, k] * cov[k, b]
    for a in range(size):
        for b in range(size):
            total = 0.0
            for k in range(size):
                total += half[a, k] * jacobian[b, k]
            cov[a, b] = total
    size_s = abs(dt_s)
    for k in range(3):
        cov[k, k] += NOISE_M2PS3 * size_s**3 / 3.0
        cov[k, k + 3] += NOISE_M2PS3 * size_s * dt_s / 2.0
        cov[k + 3, k] += NOISE_M2PS3 * size_s * dt_s / 2.0
        cov[k + 3, k + 3] += NOISE_M2PS3 * size_s
    cov[6, 6] += NOISE_LN_BETA_PS * size_s
