"""Free fall of point masses in the Earth-fixed frame: gravity, rotation, drag in a wind; no lift.

    a = g(r) - 2 w x v - w x (w x r) - rho(h) |v - u| (v - u) / (2 beta)

with g the central field and J2 (Montenbruck and Gill, *Satellite Orbits*, 2000, section 3.2), w the
rotation of the Earth, u the wind (held constant) and beta the ballistic coefficient m/(Cd A), held
constant. Integrated by the classical Runge-Kutta method (RK4) until the ellipsoid: the ground is
taken to lie at height 0.

Bodies fly abreast in lanes, with common steps. All rows of numbers lie in one array, one after the
other, so that the compiler sees that they do not overlap and turns each loop over the lanes into
wide instructions: 16 bodies cost about what two did one by one.
"""

from typing import Final, NamedTuple

import numba
import numpy as np

from tocsin.air import BOTTOM_M
from tocsin.geo import EARTH_RATE_RPS, GM_M3PS2, J2, SEMI_MAJOR_M, SEMI_MINOR_M
from tocsin.predict.air import STEP_M
from tocsin.words import BoolArray, FloatArray

FALL_S_MAX: Final = 2_000.0
"""Longest flight followed: the last horizon (1800 s) and some more."""

_STEP_S_MAX: Final = 3.0
STEP_OF_BRAKING: Final = 0.15
"""A step is at most this part of the time in which drag would stop the fastest braked lane, and at
most 3 s. Measured against DOP853 on the flights of `tests/predict/test_flight`: 1.4 m at worst,
where a steep climb leaves the troposphere, 0.4 m else; with 4 s 4 m, with 0.2 twice the error."""

LANES: Final = 16  # two wide registers of eight numbers; 15 sigma points and one to spare
_AT: Final = 0  # rows: place (m) and velocity (m/s) at the beginning of the step
_RATE: Final = 6 * LANES  # their time derivatives
_TO: Final = 12 * LANES  # place and velocity at the end of the step
WIND: Final = 18 * LANES  # three rows (m/s)
DRAG: Final = 21 * LANES  # 1 / (2 beta), m2/kg
_AIR: Final = 22 * LANES  # row of the table of air, then density times DRAG (1/m)
_BRAKE: Final = 23 * LANES  # rate at which drag takes speed (1/s)
DOWN_S: Final = 24 * LANES  # time of impact
DOWN: Final = 25 * LANES  # six rows: place and velocity there
ROWS: Final = 31

_PER_MAJOR2: Final = SEMI_MAJOR_M**-2
_PER_MINOR2: Final = SEMI_MINOR_M**-2
_PER_STEP: Final = 1.0 / STEP_M
_LEVEL_MAX: Final = 0.06  # of `_level`, 190 km: above the air, and the series still holds


class Planet(NamedTuple):
    """What acts on a body: parts can be switched off to compare with closed forms."""

    gm_m3ps2: float
    j2: float
    rate_rps: float


EARTH: Final = Planet(GM_M3PS2, J2, EARTH_RATE_RPS)


@numba.njit(cache=True, nogil=True)
def fall(planet: Planet, air: FloatArray, states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Time (n,) in s and ECEF place (n,3) in m at which each of n bodies comes down.

    `states` (n,7) or (n,10) holds ECEF position (m), velocity (m/s), ln beta (kg/m2), and the wind
    (m/s) if there is any. A body at or below the ground is down at once; one still up after
    FALL_S_MAX is given as it is then.
    """
    down_s, place_m = np.empty(len(states)), np.empty((len(states), 3))
    lanes = np.zeros(ROWS * LANES)
    for first in range(0, len(states), LANES):
        for lane in range(LANES):
            state = states[min(first + lane, len(states) - 1)]
            for row in range(6):
                lanes[row * LANES + lane] = state[row]
            lanes[DRAG + lane] = 0.5 * np.exp(-state[6])
            for row in range(states.shape[1] - 7):
                lanes[WIND + row * LANES + lane] = state[7 + row]
        fly(planet, air, lanes, STEP_OF_BRAKING, FALL_S_MAX)
        for lane in range(min(LANES, len(states) - first)):
            down_s[first + lane] = lanes[DOWN_S + lane]
            for row in range(3):
                place_m[first + lane, row] = lanes[DOWN + row * LANES + lane]
    return down_s, place_m


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def fly(
    planet: Planet,
    air: FloatArray,
    lanes: FloatArray,
    step_of_braking: float,
    longest_s: float,
) -> None:
    """Flies the bodies in the first six rows of `lanes` until each is down (rows DOWN_S, DOWN).

    One still up after `longest_s` is given as it is then. A lane that is down goes on as a copy of
    one that is up: it needs no case of its own.
    """
    for place in range(6 * LANES):
        lanes[_TO + place] = lanes[place]
        lanes[_RATE + place] = 0.0
    up = np.ones(LANES, dtype=np.bool_)
    left = LANES
    for lane in range(LANES):
        if _level(lanes, _TO, lane) <= 0.0:
            _land(lanes, lane, 0.0, 0.0)
            up[lane], left = False, left - 1
    _copy_up(lanes, up, left)
    _stage(planet, air, lanes, 0.0, 0.0)
    t_s = 0.0
    while left > 0 and t_s < longest_s:
        step_s = _STEP_S_MAX
        for lane in range(LANES):
            step_s = min(step_s, step_of_braking / (lanes[_BRAKE + lane] + 1e-9))
        for place in range(6 * LANES):
            lanes[place] = lanes[_TO + place]
        _stage(planet, air, lanes, 0.0, step_s / 6.0)
        _stage(planet, air, lanes, step_s / 2.0, step_s / 3.0)
        _stage(planet, air, lanes, step_s / 2.0, step_s / 3.0)
        _stage(planet, air, lanes, step_s, step_s / 6.0)
        landed = False
        for lane in range(LANES):
            if up[lane] and _level(lanes, _TO, lane) <= 0.0:
                _land(lanes, lane, t_s, step_s)
                up[lane], left, landed = False, left - 1, True
        if landed:
            _copy_up(lanes, up, left)
        t_s += step_s
    for lane in range(LANES):
        if up[lane]:
            lanes[DOWN_S + lane] = t_s
            for row in range(6):
                lanes[DOWN + row * LANES + lane] = lanes[_TO + row * LANES + lane]


@numba.njit(cache=True, nogil=True)
def _level(lanes: FloatArray, base: int, lane: int) -> float:
    """Above 0 over the ellipsoid, below 0 under it; near it, height over half the radius."""
    x, y = lanes[base + lane], lanes[base + LANES + lane]
    z = lanes[base + 2 * LANES + lane]
    return float((x * x + y * y) * _PER_MAJOR2 + z * z * _PER_MINOR2 - 1.0)


@numba.njit(cache=True, nogil=True)
def _copy_up(lanes: FloatArray, up: BoolArray, left: int) -> None:
    """Every lane that is down becomes a copy of the first that is up."""
    if left == 0:
        return
    source = 0
    while not up[source]:
        source += 1
    for lane in range(LANES):
        if not up[lane]:
            for row in range(12, 22):
                lanes[row * LANES + lane] = lanes[row * LANES + source]


@numba.njit(cache=True, nogil=True)
def _land(lanes: FloatArray, lane: int, t_s: float, step_s: float) -> None:
    """Where and when one lane meets the ellipsoid in the step from _AT to _TO.

    Between the two lies the cubic of Hermite through both places and velocities (error: fourth
    derivative x step^4 / 384, below 0.1 m), and on it the ground by the Illinois variant of regula
    falsi (Dowell and Jarratt, BIT 11 (1971) 168-174), which finds a shallow descent as surely as a
    steep one.
    """
    older, older_level = 0.0, _level(lanes, _AT, lane)
    newer, newer_level = 1.0, _level(lanes, _TO, lane)
    if step_s == 0.0:
        older_level = newer_level
    for _ in range(40):
        if abs(newer_level) < 1e-12 or newer_level == older_level:
            break
        part = newer - newer_level * (newer - older) / (newer_level - older_level)
        _between(lanes, lane, part, step_s)
        level = _level(lanes, DOWN, lane)
        if level * newer_level < 0.0:
            older, older_level = newer, newer_level
        else:
            older_level *= 0.5
        newer, newer_level = part, level
    _between(lanes, lane, newer, step_s)
    lanes[DOWN_S + lane] = t_s + newer * step_s


@numba.njit(cache=True, nogil=True)
def _between(lanes: FloatArray, lane: int, part: float, step_s: float) -> None:
    """State after this part of the step, to the rows DOWN; the velocity is taken as linear."""
    rest = 1.0 - part
    for row in range(3):
        begin, end = _AT + row * LANES + lane, _TO + row * LANES + lane
        begin_m, end_m = lanes[begin], lanes[end]
        begin_mps, end_mps = lanes[begin + 3 * LANES], lanes[end + 3 * LANES]
        bow_m = rest * (step_s * begin_mps - end_m + begin_m)
        bow_m += part * (end_m - begin_m - step_s * end_mps)
        # Weights that add to 1 exactly, so that the ends come out as they went in.
        lanes[DOWN + row * LANES + lane] = begin_m * rest + end_m * part + part * rest * bow_m
        lanes[DOWN + (row + 3) * LANES + lane] = begin_mps * rest + end_mps * part


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _stage(
    planet: Planet, air: FloatArray, lanes: FloatArray, shift_s: float, gain_s: float
) -> None:
    """One stage of RK4: rates at _AT + shift x _RATE, to _RATE; gain times them added to _TO.

    Height for the air is a series of the level: 3 m too low at 60 km, which is 0.04 % of next to no
    air, and without roots and divisions, which are most of the time.
    """
    top = len(air) - 2.0
    for lane in range(LANES):
        x = lanes[lane] + shift_s * lanes[_RATE + lane]
        y = lanes[LANES + lane] + shift_s * lanes[_RATE + LANES + lane]
        z = lanes[2 * LANES + lane] + shift_s * lanes[_RATE + 2 * LANES + lane]
        polar2 = z * z
        level = (x * x + y * y) * _PER_MAJOR2 + polar2 * _PER_MINOR2 - 1.0
        level = min(level, _LEVEL_MAX)
        under_m = SEMI_MAJOR_M - (SEMI_MAJOR_M - SEMI_MINOR_M) * _PER_MAJOR2 * polar2
        series = 1.0 + level * (-0.25 + level * (0.125 - 0.078125 * level))
        height_m = 0.5 * under_m * level * series
        lanes[_AIR + lane] = min(max((height_m - BOTTOM_M) * _PER_STEP, 0.0), top)
    for lane in range(LANES):
        place = lanes[_AIR + lane]
        row = int(place)
        part = place - row
        rho = air[row] + part * (air[row + 1] - air[row])
        lanes[_AIR + lane] = rho * lanes[DRAG + lane]
    oblate_m2 = 1.5 * planet.j2 * SEMI_MAJOR_M * SEMI_MAJOR_M
    turn2, turn_twice = planet.rate_rps * planet.rate_rps, 2.0 * planet.rate_rps
    for lane in range(LANES):
        x = lanes[lane] + shift_s * lanes[_RATE + lane]
        y = lanes[LANES + lane] + shift_s * lanes[_RATE + LANES + lane]
        z = lanes[2 * LANES + lane] + shift_s * lanes[_RATE + 2 * LANES + lane]
        vx = lanes[3 * LANES + lane] + shift_s * lanes[_RATE + 3 * LANES + lane]
        vy = lanes[4 * LANES + lane] + shift_s * lanes[_RATE + 4 * LANES + lane]
        vz = lanes[5 * LANES + lane] + shift_s * lanes[_RATE + 5 * LANES + lane]
        r2 = x * x + y * y + z * z
        per_r2 = 1.0 / r2
        pull = planet.gm_m3ps2 * per_r2 * np.sqrt(per_r2)
        oblate = oblate_m2 * per_r2
        polar = 5.0 * z * z * per_r2
        ux, uy, uz = vx - lanes[WIND + lane], vy - lanes[WIND + LANES + lane], vz
        uz -= lanes[WIND + 2 * LANES + lane]
        drag = lanes[_AIR + lane] * np.sqrt(ux * ux + uy * uy + uz * uz)
        ring = turn2 - pull * (1.0 + oblate * (1.0 - polar))
        ax = ring * x + turn_twice * vy - drag * ux
        ay = ring * y - turn_twice * vx - drag * uy
        az = -pull * (1.0 + oblate * (3.0 - polar)) * z - drag * uz
        lanes[_BRAKE + lane] = drag
        lanes[_RATE + lane], lanes[_RATE + LANES + lane] = vx, vy
        lanes[_RATE + 2 * LANES + lane], lanes[_RATE + 3 * LANES + lane] = vz, ax
        lanes[_RATE + 4 * LANES + lane], lanes[_RATE + 5 * LANES + lane] = ay, az
        lanes[_TO + lane] += gain_s * vx
        lanes[_TO + LANES + lane] += gain_s * vy
        lanes[_TO + 2 * LANES + lane] += gain_s * vz
        lanes[_TO + 3 * LANES + lane] += gain_s * ax
        lanes[_TO + 4 * LANES + lane] += gain_s * ay
        lanes[_TO + 5 * LANES + lane] += gain_s * az
