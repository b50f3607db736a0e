"""Where bodies come down, by an integrator that shares no code with the forecast.

Runge-Kutta 4, one body at a time, always 1 s (0.1 m at worst, `tests/test_bench_predict`), forces
written with vectors in Earth-fixed axes, height from Bowring's formula for the geodetic latitude,
density from a table every 20 m of the standard's own formulas; the last step is halved until the
ground is met within a millimetre.
"""

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from tocsin.predict.air import density

Floats = npt.NDArray[np.float64]

WIND_SD_MPS: Final = 6.0
"""Of each horizontal axis, the same wind at every height; shared knowledge, algorithms.md 4."""

_A: Final = 6_378_137.0
_F: Final = 1.0 / 298.257223563
_E2: Final = _F * (2.0 - _F)
_EP2: Final = _E2 / (1.0 - _E2)
_GM: Final = 3.986004418e14
_J2: Final = 1.082629821e-3
_SPIN: Final = 7.292115e-5
_GAP_M: Final = 20.0
_LOW_M: Final = -2_000.0
_TOP_M: Final = 86_000.0
_STEP_S: Final = 1.0


def _air() -> Floats:
    height_m = np.arange(_LOW_M, _TOP_M + 1.0, _GAP_M)
    return density(height_m)


AIR: Final = _air()


def impacts(states: Floats) -> Floats:
    """Latitude, longitude (deg) and time (s) of impact (n,3) of states (n,10)."""
    found: Floats = _impacts(AIR, states)
    return found


def arc(start: Floats, ln_beta: float, part: float) -> Floats:
    """Place and velocity (6,) after this part of the flight in still air."""
    state = np.concatenate([start, [ln_beta], np.zeros(3)])
    flight_s = float(_impacts(AIR, state[None])[0, 2])
    here = state.copy()
    _fly(AIR, here, part * flight_s)
    return here[:6]


@numba.njit(cache=True)
def _impacts(air: Floats, states: Floats) -> Floats:
    found = np.empty((len(states), 3))
    state, before = np.empty(10), np.empty(10)
    for i in range(len(states)):
        state[:] = states[i]
        t_s = 0.0
        while _height_m(state[0], state[1], state[2]) > 0.0 and t_s < 3_000.0:
            before[:] = state
            _step(air, state, _STEP_S)
            t_s += _STEP_S
        t_s -= _STEP_S
        part_s = _STEP_S
        for _ in range(40):
            part_s /= 2.0
            state[:] = before
            _step(air, state, part_s)
            if _height_m(state[0], state[1], state[2]) > 0.0:
                before[:] = state
                t_s += part_s
            if part_s < 1e-6:
                break
        lat, lon = _geodetic(before[0], before[1], before[2])
        found[i, 0], found[i, 1], found[i, 2] = np.degrees(lat), np.degrees(lon), t_s
    return found


@numba.njit(cache=True)
def _fly(air: Floats, state: Floats, flight_s: float) -> None:
    steps = int(np.ceil(flight_s))
    for _ in range(steps):
        _step(air, state, flight_s / steps)


@numba.njit(cache=True, error_model="numpy")
def _step(air: Floats, state: Floats, step_s: float) -> None:
    """One step, in place."""
    x, v = (state[0], state[1], state[2]), (state[3], state[4], state[5])
    wind, half = (state[7], state[8], state[9]), 0.5 / np.exp(state[6])
    a1 = _pull(air, x, v, wind, half)
    v2 = _plus(v, a1, step_s / 2.0)
    a2 = _pull(air, _plus(x, v, step_s / 2.0), v2, wind, half)
    v3 = _plus(v, a2, step_s / 2.0)
    a3 = _pull(air, _plus(x, v2, step_s / 2.0), v3, wind, half)
    v4 = _plus(v, a3, step_s)
    a4 = _pull(air, _plus(x, v3, step_s), v4, wind, half)
    for k in range(3):
        state[k] += step_s / 6.0 * (v[k] + 2.0 * (v2[k] + v3[k]) + v4[k])
        state[3 + k] += step_s / 6.0 * (a1[k] + 2.0 * (a2[k] + a3[k]) + a4[k])


@numba.njit(cache=True, error_model="numpy")
def _pull(air: Floats, x: Any, v: Any, wind: Any, half: float) -> Any:
    """Acceleration (m/s2): central field, J2, drag in the wind, Coriolis and centrifugal force."""
    r2 = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
    central = -_GM / (r2 * np.sqrt(r2))
    ratio = 1.5 * _J2 * _A * _A / r2
    sine2 = x[2] * x[2] / r2
    side, polar = (
        central * (1.0 + ratio * (1.0 - 5.0 * sine2)),
        central * (1.0 + ratio * (3.0 - 5.0 * sine2)),
    )
    height_m = _height_m(x[0], x[1], x[2])
    rho = 0.0
    if height_m < _TOP_M - 2.0 * _GAP_M:
        place = max(height_m - _LOW_M, 0.0) / _GAP_M
        row = int(place)
        rho = air[row] + (place - row) * (air[row + 1] - air[row])
    u0, u1, u2 = v[0] - wind[0], v[1] - wind[1], v[2] - wind[2]
    brake = rho * half * np.sqrt(u0 * u0 + u1 * u1 + u2 * u2)
    return (
        side * x[0] + 2.0 * _SPIN * v[1] + _SPIN * _SPIN * x[0] - brake * u0,
        side * x[1] - 2.0 * _SPIN * v[0] + _SPIN * _SPIN * x[1] - brake * u1,
        polar * x[2] - brake * u2,
    )


@numba.njit(cache=True)
def _plus(a: Any, b: Any, gain: float) -> Any:
    return (a[0] + gain * b[0], a[1] + gain * b[1], a[2] + gain * b[2])


@numba.njit(cache=True, error_model="numpy")
def _height_m(x: float, y: float, z: float) -> float:
    """Ellipsoidal height: distance from the foot point that Bowring's latitude gives."""
    ring = np.sqrt(x * x + y * y)
    b = _A * (1.0 - _F)
    far = np.sqrt(ring * ring + z * z)
    tan_u = b * z / (_A * ring) * (1.0 + _EP2 * b / far)
    cos_u = 1.0 / np.sqrt(1.0 + tan_u * tan_u)
    sin_u = tan_u * cos_u
    up, out = z + _EP2 * b * sin_u**3, ring - _E2 * _A * cos_u**3
    length = np.sqrt(up * up + out * out)
    sine, cosine = up / length, out / length
    return float(ring * cosine + z * sine - _A * np.sqrt(1.0 - _E2 * sine * sine))


@numba.njit(cache=True)
def _geodetic(x: float, y: float, z: float) -> tuple[float, float]:
    """Latitude and longitude (rad) of a place on the ellipsoid."""
    return np.arctan2(z, (1.0 - _E2) * np.hypot(x, y)), np.arctan2(y, x)
