"""Free fall of a point mass in the Earth-fixed frame: gravity, rotation, drag; no lift, no wind.

    a = g(r) - 2 w x v - w x (w x r) - rho(h) |v| v / (2 beta)

with g the central field and J2 (Montenbruck and Gill, *Satellite Orbits*, 2000, section 3.2), w the
rotation of the Earth and beta the ballistic coefficient m/(Cd A), held constant. Integrated by the
classical Runge-Kutta method (RK4) until the ellipsoid: the ground is taken to lie at height 0.
"""

from typing import Final, NamedTuple

import numba
import numpy as np

from tocsin.geo import EARTH_RATE_RPS, GM_M3PS2, J2, SEMI_MAJOR_M, SEMI_MINOR_M
from tocsin.predict.air import density_at
from tocsin.words import FloatArray

State = tuple[float, float, float, float, float, float]
"""Position (m) and velocity (m/s), or their rates; a tuple, for kernels keep it in registers."""

FALL_S_MAX: Final = 2_000.0
"""Longest flight followed: the last horizon (1800 s) and some more."""

_SPACE_M: Final = 90_000.0  # above this drag is below 1e-3 m/s2 at 2 km/s and 2500 kg/m2
_LOW_M: Final = 30_000.0  # below this the air is dense enough to halve a speed within seconds
_STEPS_S: Final = (4.0, 2.0, 1.0)  # in space, between, below: 0.4 m at worst against DOP853


_PER_MAJOR2: Final = SEMI_MAJOR_M**-2
_PER_MINOR2: Final = SEMI_MINOR_M**-2


class Planet(NamedTuple):
    """What acts on a body: parts can be switched off to compare with closed forms."""

    gm_m3ps2: float
    j2: float
    rate_rps: float


EARTH: Final = Planet(GM_M3PS2, J2, EARTH_RATE_RPS)


@numba.njit(cache=True, nogil=True)
def fall(
    planet: Planet, ln_density: FloatArray, states: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Time (n,) in s and ECEF place (n,3) in m at which each of n bodies comes down.

    `states` (n,7) holds ECEF position (m), velocity (m/s) and ln beta (kg/m2). A body at or below
    the ground is down at once; one still up after FALL_S_MAX is given as it is then.
    """
    down_s, place_m = np.empty(len(states)), np.empty((len(states), 3))
    for i in range(len(states)):
        s = states[i]
        state = (s[0], s[1], s[2], s[3], s[4], s[5])
        drag_m2pkg = 0.5 * np.exp(-s[6])
        t_s = 0.0
        height_m = height_above(state)
        while height_m > 0.0 and t_s < FALL_S_MAX:
            step_s = _step_s(height_m)
            following = _rk4(planet, ln_density, drag_m2pkg, state, step_s)
            if height_above(following) <= 0.0:
                step_s = _last_step_s(planet, ln_density, drag_m2pkg, state, step_s)
                following = _rk4(planet, ln_density, drag_m2pkg, state, step_s)
                height_m = 0.0
            else:
                height_m = height_above(following)
            state = following
            t_s += step_s
        down_s[i] = t_s
        place_m[i, 0], place_m[i, 1], place_m[i, 2] = state[0], state[1], state[2]
    return down_s, place_m


@numba.njit(cache=True, nogil=True)
def height_above(state: State) -> float:
    """Height above the ellipsoid along the geocentric radius (m).

    Exact at 0; the error against the ellipsoidal height stays below 1 m per 100 km.
    """
    ring2, polar2 = state[0] * state[0] + state[1] * state[1], state[2] * state[2]
    radius = np.sqrt(ring2 + polar2)
    return float(radius * (1.0 - 1.0 / np.sqrt(ring2 * _PER_MAJOR2 + polar2 * _PER_MINOR2)))


@numba.njit(cache=True, nogil=True)
def _step_s(height_m: float) -> float:
    if height_m > _SPACE_M:
        return _STEPS_S[0]
    return _STEPS_S[1] if height_m > _LOW_M else _STEPS_S[2]


@numba.njit(cache=True, nogil=True)
def _last_step_s(
    planet: Planet, ln_density: FloatArray, drag_m2pkg: float, state: State, full_s: float
) -> float:
    """The part of a step after which the height is 0, by the Illinois variant of regula falsi.

    Dowell and Jarratt, BIT 11 (1971) 168-174. It keeps the crossing between its two ends, so that
    a shallow descent is found as surely as a steep one.
    """
    older_s, older_m = 0.0, height_above(state)
    newer_s = full_s
    newer_m = height_above(_rk4(planet, ln_density, drag_m2pkg, state, full_s))
    for _ in range(40):
        if abs(newer_m) < 1e-3:
            break
        step_s = newer_s - newer_m * (newer_s - older_s) / (newer_m - older_m)
        height_m = height_above(_rk4(planet, ln_density, drag_m2pkg, state, step_s))
        if height_m * newer_m < 0.0:
            older_s, older_m = newer_s, newer_m
        else:
            older_m *= 0.5
        newer_s, newer_m = step_s, height_m
    return newer_s


@numba.njit(cache=True, nogil=True)
def _rk4(
    planet: Planet, ln_density: FloatArray, drag_m2pkg: float, state: State, step_s: float
) -> State:
    k1 = _rate(planet, ln_density, drag_m2pkg, state)
    k2 = _rate(planet, ln_density, drag_m2pkg, _moved(state, k1, step_s / 2.0))
    k3 = _rate(planet, ln_density, drag_m2pkg, _moved(state, k2, step_s / 2.0))
    k4 = _rate(planet, ln_density, drag_m2pkg, _moved(state, k3, step_s))
    sixth = step_s / 6.0
    return (
        state[0] + sixth * (k1[0] + 2.0 * (k2[0] + k3[0]) + k4[0]),
        state[1] + sixth * (k1[1] + 2.0 * (k2[1] + k3[1]) + k4[1]),
        state[2] + sixth * (k1[2] + 2.0 * (k2[2] + k3[2]) + k4[2]),
        state[3] + sixth * (k1[3] + 2.0 * (k2[3] + k3[3]) + k4[3]),
        state[4] + sixth * (k1[4] + 2.0 * (k2[4] + k3[4]) + k4[4]),
        state[5] + sixth * (k1[5] + 2.0 * (k2[5] + k3[5]) + k4[5]),
    )


@numba.njit(cache=True, nogil=True)
def _moved(state: State, rate: State, step_s: float) -> State:
    return (
        state[0] + step_s * rate[0],
        state[1] + step_s * rate[1],
        state[2] + step_s * rate[2],
        state[3] + step_s * rate[3],
        state[4] + step_s * rate[4],
        state[5] + step_s * rate[5],
    )


@numba.njit(cache=True, nogil=True)
def _rate(planet: Planet, ln_density: FloatArray, drag_m2pkg: float, state: State) -> State:
    """Time derivative of position and velocity (the formula at the head of this file)."""
    x, y, z, vx, vy, vz = state
    r2 = x * x + y * y + z * z
    pull = planet.gm_m3ps2 / (r2 * np.sqrt(r2))
    oblate = 1.5 * planet.j2 * SEMI_MAJOR_M * SEMI_MAJOR_M / r2
    polar = 5.0 * z * z / r2
    speed = np.sqrt(vx * vx + vy * vy + vz * vz)
    drag = density_at(ln_density, height_above(state)) * speed * drag_m2pkg
    turn = planet.rate_rps
    ring = turn * turn - pull * (1.0 + oblate * (1.0 - polar))
    return (
        vx,
        vy,
        vz,
        ring * x + 2.0 * turn * vy - drag * vx,
        ring * y - 2.0 * turn * vx - drag * vy,
        -pull * (1.0 + oblate * (3.0 - polar)) * z - drag * vz,
    )
