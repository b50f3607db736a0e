"""Where bodies come down, by an integrator that shares no code with the forecast.

Runge-Kutta 4, one body at a time, always 2 s (0.5 m at worst; the knowledge's figure too), written
with vectors in Earth-fixed axes, density from a table every 20 m of the standard's own formulas;
the last step is halved until the ground is met within half a millisecond.
`tests/test_bench_predict` holds it to DOP853 of SciPy.
"""

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from tocsin.air import density

Floats = npt.NDArray[np.float64]

WIND_SD_MPS: Final = 6.0
"""Of each horizontal axis, the same wind at every height; shared knowledge, algorithms.md 4."""

_A: Final = 6_378_137.0
_F: Final = 1.0 / 298.257223563
_B: Final = _A * (1.0 - _F)
_E2: Final = _F * (2.0 - _F)
_GM: Final = 3.986004418e14
_J2: Final = 1.082629821e-3
_SPIN: Final = 7.292115e-5
_GAP_M: Final = 20.0
_LOW_M: Final = -2_000.0
_TOP_M: Final = 86_000.0
_STEP_S: Final = 2.0
_HALVINGS: Final = 12  # 2 s to half a millisecond


def _air() -> Floats:
    height_m = np.arange(_LOW_M, _TOP_M + 1.0, _GAP_M)
    return np.where(height_m < _TOP_M - 2.0 * _GAP_M, density(height_m), 0.0)  # none above


AIR: Final = _air()


def impacts(states: Floats, step_s: float = _STEP_S) -> Floats:
    """Latitude, longitude (deg) and time (s) of impact (n,3) of states (n,10)."""
    found: Floats = _impacts(AIR, states, step_s)
    return found


def arc(start: Floats, ln_beta: float, part: float) -> Floats:
    """Place and velocity (6,) after this part of the flight in still air."""
    state = np.concatenate([start, [ln_beta], np.zeros(3)])
    flight_s = float(impacts(state[None])[0, 2])
    return np.array(_fly(AIR, state, part * flight_s))


@numba.njit(cache=True)
def _impacts(air: Floats, states: Floats, step_s: float) -> Floats:
    found = np.empty((len(states), 3))
    for i in range(len(states)):
        s = states[i]
        state, wind = (s[0], s[1], s[2], s[3], s[4], s[5]), (s[7], s[8], s[9])
        half = 0.5 / np.exp(s[6])
        before, t_s = state, 0.0
        while _height_m(state) > 0.0 and t_s < 3_000.0:
            before = state
            state = _step(air, state, wind, half, step_s)
            t_s += step_s
        t_s -= step_s
        part_s = step_s
        for _ in range(_HALVINGS):
            part_s /= 2.0
            state = _step(air, before, wind, half, part_s)
            if _height_m(state) > 0.0:
                before = state
                t_s += part_s
        lat = np.arctan2(before[2], (1.0 - _E2) * np.hypot(before[0], before[1]))
        found[i, 0], found[i, 1] = np.degrees(lat), np.degrees(np.arctan2(before[1], before[0]))
        found[i, 2] = t_s
    return found


@numba.njit(cache=True)
def _fly(air: Floats, s: Floats, flight_s: float) -> Any:
    """State after `flight_s` in still air."""
    steps = int(np.ceil(flight_s))
    state = (s[0], s[1], s[2], s[3], s[4], s[5])
    for _ in range(steps):
        state = _step(air, state, (0.0, 0.0, 0.0), 0.5 / np.exp(s[6]), flight_s / steps)
    return state


@numba.njit(cache=True, error_model="numpy")
def _step(air: Floats, state: Any, wind: Any, half: float, step_s: float) -> Any:
    """State one step later."""
    x, v = (state[0], state[1], state[2]), (state[3], state[4], state[5])
    a1 = _pull(air, x, v, wind, half)
    v2 = _plus(v, a1, step_s / 2.0)
    a2 = _pull(air, _plus(x, v, step_s / 2.0), v2, wind, half)
    v3 = _plus(v, a2, step_s / 2.0)
    a3 = _pull(air, _plus(x, v2, step_s / 2.0), v3, wind, half)
    v4 = _plus(v, a3, step_s)
    a4 = _pull(air, _plus(x, v3, step_s), v4, wind, half)
    sixth = step_s / 6.0
    return (
        x[0] + sixth * (v[0] + 2.0 * (v2[0] + v3[0]) + v4[0]),
        x[1] + sixth * (v[1] + 2.0 * (v2[1] + v3[1]) + v4[1]),
        x[2] + sixth * (v[2] + 2.0 * (v2[2] + v3[2]) + v4[2]),
        v[0] + sixth * (a1[0] + 2.0 * (a2[0] + a3[0]) + a4[0]),
        v[1] + sixth * (a1[1] + 2.0 * (a2[1] + a3[1]) + a4[1]),
        v[2] + sixth * (a1[2] + 2.0 * (a2[2] + a3[2]) + a4[2]),
    )


@numba.njit(cache=True, error_model="numpy")
def _pull(air: Floats, x: Any, v: Any, wind: Any, half: float) -> Any:
    """Acceleration (m/s2): central field, J2, drag in the wind, Coriolis and centrifugal force."""
    per_r2 = 1.0 / (x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    central = -_GM * per_r2 * np.sqrt(per_r2)
    ratio = 1.5 * _J2 * _A * _A * per_r2
    sine2 = x[2] * x[2] * per_r2
    side = central * (1.0 + ratio * (1.0 - 5.0 * sine2))
    polar = central * (1.0 + ratio * (3.0 - 5.0 * sine2))
    place = min(max((_height_m(x) - _LOW_M) / _GAP_M, 0.0), len(air) - 2.0)
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
def _height_m(x: Any) -> float:
    """Distance from the centre less the ellipse's radius at this geocentric latitude."""
    ring2, polar2 = x[0] * x[0] + x[1] * x[1], x[2] * x[2]
    far = np.sqrt(ring2 + polar2)
    return float(far - _A * _B * far / np.sqrt(_B * _B * ring2 + _A * _A * polar2))
