"""Rockets and ballistic missiles: a point mass with drag over the rotating WGS-84 Earth.

The equations of motion are written in the Earth-fixed frame, with gravity to J2, centrifugal and
Coriolis terms (Montenbruck & Gill, *Satellite Orbits*, 2000, section 3.2) and drag
``-rho |v| v / (2 beta)`` relative to the moving air. A generic rocket starts at the launch point
with the speed that brings it to where it comes down. With a boost it leaves its rail at
`RAIL_MPS` and is pushed along its velocity for `boost_s`, by constant thrust on a mass that burns
away (Sutton & Biblarz, *Rocket Propulsion Elements*, chapter 4); its guidance holds the course, so
that what pulls across is cancelled until burnout.
The drag coefficient does not vary with Mach number; the world differs from any predictor in this
and in its air (US Standard Atmosphere 1976), as the real world does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim.plan import FlightPlan
from tocsin.sim.routes import STEP_S, Path, bearing_deg, distance_m
from tocsin.words import FloatArray

GRAVITY_MPS2: Final = 9.80665  # US Standard Atmosphere 1976, table 2
_GAS_JPKGK: Final = 8.31432e3 / 28.9644  # the same, gas constant over mean molar mass
_EARTH_M: Final = 6_356_766.0  # the same, radius for geopotential height
_BASE_M: Final = np.array([0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3])  # the same, table 4
_LAPSE_KPM: Final = np.array([-6.5e-3, 0.0, 1.0e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3])

_AIM_STEP_S: Final = 1.0
"""A fourth-order step of 1 s is within 0.1 m of the exact impact (measured, algorithms study)."""
_AIM_ROUNDS: Final = 16
_LONGEST_S: Final = 900.0

RAIL_MPS: Final = 20.0  # speed at the end of the launch rail; chosen
BURNT: Final = 0.5
"""Share of the launch mass that burns: acceleration doubles until burnout. Chosen, between the
0.3 of artillery rockets and the 0.8 of liquid-fuelled single stages."""


def fly(flights: Sequence[FlightPlan], wind_mps: tuple[float, float]) -> list[Path]:
    """The paths of ballistic `flights`, all at once; each ends where it comes down.

    Raises ValueError when an aim cannot be reached (too near, or beyond its drag).
    """
    if not flights:
        return []
    launch = np.array([flight.waypoints[0] for flight in flights])
    start_m = geo.ecef(launch[:, 0], launch[:, 1], np.zeros(len(flights)))
    axes = geo.local_axes(launch[:, 0], launch[:, 1])
    beta = np.array([flight.beta_kgpm2 for flight in flights])
    wind = np.einsum("nij,i->nj", axes[:, :2], np.array(wind_mps))
    salvo = _Salvo(start_m, axes, beta, wind, np.array([float(f.boost_s) for f in flights]))
    times, track = _trajectory(salvo, *_aim(flights, salvo), STEP_S)
    paths = []
    for i, flight in enumerate(flights):
        end_s, end_m, last = _landing(times, track[:, i, :3])
        t_s = np.append(times[: last + 1], end_s) + flight.start_s
        paths.append(Path(t_s, np.vstack([track[: last + 1, i, :3], end_m]), True))
    return paths


@dataclass(frozen=True, slots=True)
class _Salvo:
    """What does not change in flight, n rockets: launch points (n,3) with their local axes
    (n,3,3), ballistic coefficients (n,), wind (n,3) and how long their motors burn (n,).
    """

    start_m: FloatArray
    axes: FloatArray
    beta: FloatArray
    wind: FloatArray
    boost_s: FloatArray

    def slope(self, state: FloatArray, push_mps2: FloatArray | None) -> FloatArray:
        """Rates of change (n,6); `push_mps2` (n,) is more than 0 where a motor burns."""
        velocity = state[:, 3:]
        pull = acceleration_mps2(state[:, :3], velocity, self.beta, self.wind)
        if push_mps2 is not None:
            along = velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
            held = (np.sum(pull * along, axis=1) + push_mps2)[:, None] * along
            pull = np.where((push_mps2 > 0.0)[:, None], held, pull)
        return np.concatenate([velocity, pull], axis=1)


def thrust_mps2(t_s: float, boost_s: FloatArray, given_mps: FloatArray) -> FloatArray:
    """Acceleration (n,) by motors that give `given_mps` in all within `boost_s`, 0 for no motor.

    Constant thrust on the mass ``1 - BURNT t / boost_s``; its integral is `given_mps`.
    """
    lasts_s = np.maximum(boost_s, 1.0)
    mean = given_mps / lasts_s
    lightness = 1.0 / (1.0 - BURNT * np.minimum(t_s / lasts_s, 1.0))
    return np.asarray(mean * BURNT / -np.log(1.0 - BURNT) * lightness)


def density_kgpm3(height_m: FloatArray) -> FloatArray:
    """Air density of the US Standard Atmosphere 1976, layers to 71 km and above."""
    geopotential = np.maximum(_EARTH_M * height_m / (_EARTH_M + height_m), 0.0)
    layer = np.searchsorted(_BASE_M, geopotential, side="right") - 1
    above = geopotential - _BASE_M[layer]
    base_k, lapse = _BASE_K[layer], _LAPSE_KPM[layer]
    kelvin = np.maximum(base_k + lapse * above, 1.0)
    ratio = GRAVITY_MPS2 / _GAS_JPKGK
    flat = np.exp(-ratio * above / base_k)
    safe = np.where(lapse == 0.0, 1.0, lapse)
    sloped = (kelvin / base_k) ** (-ratio / safe)
    pressure = _BASE_PA[layer] * np.where(lapse == 0.0, flat, sloped)
    return np.asarray(pressure / (_GAS_JPKGK * kelvin), dtype=np.float64)


def acceleration_mps2(
    position_m: FloatArray, velocity_mps: FloatArray, beta_kgpm2: FloatArray, wind_mps: FloatArray
) -> FloatArray:
    """Acceleration (n,3) of point masses; all vectors Earth-fixed, `wind_mps` (n,3) the air's."""
    x, y, z = position_m[:, 0], position_m[:, 1], position_m[:, 2]
    radius = np.sqrt(x * x + y * y + z * z)
    pull = geo.GM_M3PS2 / radius**3
    bulge = 1.5 * geo.J2 * (geo.SEMI_MAJOR_M / radius) ** 2
    sine_squared = (z / radius) ** 2
    ring = pull * (1.0 + bulge * (1.0 - 5.0 * sine_squared))
    polar = pull * (1.0 + bulge * (3.0 - 5.0 * sine_squared))
    rate = geo.EARTH_RATE_RPS
    through_air = velocity_mps - wind_mps
    drag = -density_kgpm3(geo.geodetic(position_m)[2]) / (2.0 * beta_kgpm2)
    drag = (drag * np.sqrt(np.sum(through_air**2, axis=1)))[:, None] * through_air
    return np.stack(
        [
            (rate**2 - ring) * x + 2.0 * rate * velocity_mps[:, 1] + drag[:, 0],
            (rate**2 - ring) * y - 2.0 * rate * velocity_mps[:, 0] + drag[:, 1],
            -polar * z + drag[:, 2],
        ],
        axis=-1,
    )


def _aim(flights: Sequence[FlightPlan], salvo: _Salvo) -> tuple[FloatArray, FloatArray]:
    """Launch velocities (n,3) and speeds that the motor gives (n,), to come within 1 m of the aims.

    Secant in the logarithms of speed and range, begun from the vacuum range of 1 m/s; the slope
    is 2 without air and less with drag, and is held to 0.3 to 2.5 so that a difference of two
    nearly equal rounds cannot throw it. The error in bearing turns the azimuth.
    """
    ends = [(*flight.waypoints[0][:2], *flight.waypoints[1][:2]) for flight in flights]
    wanted_m = np.array([distance_m(*end) for end in ends])
    wanted_deg = np.array([bearing_deg(*end) for end in ends])
    elevation = np.radians([flight.elevation_deg for flight in flights])
    vacuum = np.log(np.sin(2.0 * elevation) / GRAVITY_MPS2)  # ln range = vacuum + 2 ln speed
    slow, near = np.zeros(len(flights)), vacuum
    ln_speed = 0.5 * (np.log(wanted_m) - vacuum) + 0.2
    azimuth_deg = wanted_deg.copy()
    for _ in range(_AIM_ROUNDS):
        given = np.where(salvo.boost_s > 0.0, np.exp(ln_speed), 0.0)
        speed = np.where(salvo.boost_s > 0.0, RAIL_MPS, np.exp(ln_speed))
        velocity = _launch_velocity(speed, azimuth_deg, elevation, salvo.axes)
        times, track = _trajectory(salvo, velocity, given, _AIM_STEP_S)
        reached_m, reached_deg = _reached(flights, times, track)
        turn_deg = (wanted_deg - reached_deg + 180.0) % 360.0 - 180.0
        miss_m = np.hypot(wanted_m - reached_m, wanted_m * np.radians(turn_deg))
        if np.max(miss_m) < 1.0:
            return velocity, given
        moved = np.where(np.abs(ln_speed - slow) < 1e-9, 1e-9, ln_speed - slow)
        slope = np.clip((np.log(reached_m) - near) / moved, 0.3, 2.5)
        slow, near = ln_speed, np.log(reached_m)
        ln_speed = ln_speed + (np.log(wanted_m) - near) / slope
        azimuth_deg = azimuth_deg + turn_deg
    worst = flights[int(np.argmax(miss_m))]
    raise ValueError(
        f"flight {worst.id!r}: its aim cannot be reached: choose a nearer one, though not under"
        " 5 km, or a larger beta_kgpm2"
    )


def _launch_velocity(
    speed: FloatArray, azimuth_deg: FloatArray, elevation: FloatArray, axes: FloatArray
) -> FloatArray:
    azimuth = np.radians(azimuth_deg)
    flat = speed * np.cos(elevation)
    enu = np.stack([flat * np.sin(azimuth), flat * np.cos(azimuth), speed * np.sin(elevation)], -1)
    return np.asarray(np.einsum("nij,ni->nj", axes, enu))


def _reached(
    flights: Sequence[FlightPlan], times: FloatArray, track: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Range (m) and bearing (deg) from launch to where each came down."""
    ranges, bearings = [], []
    for i, flight in enumerate(flights):
        lat, lon, _ = geo.geodetic(_landing(times, track[:, i, :3])[1])
        end = (*flight.waypoints[0][:2], float(lat), float(lon))
        ranges.append(max(distance_m(*end), 1.0))
        bearings.append(bearing_deg(*end))
    return np.array(ranges), np.array(bearings)


def _trajectory(
    salvo: _Salvo, velocity: FloatArray, given_mps: FloatArray, step_s: float
) -> tuple[FloatArray, FloatArray]:
    """Classical fourth-order Runge-Kutta until all are down: times (k,), states (k,n,6).

    Boosts last whole seconds, so that no step straddles a burnout.
    """
    state = np.concatenate([salvo.start_m, velocity], axis=1)
    states = [state]
    down = np.zeros(len(state), dtype=bool)
    longest_s = float(np.max(salvo.boost_s))
    while not down.all() and len(states) * step_s < _LONGEST_S:
        begin_s = (len(states) - 1) * step_s
        burning = salvo.boost_s > begin_s
        push = [
            thrust_mps2(begin_s + part * step_s, salvo.boost_s, given_mps) * burning
            if begin_s < longest_s
            else None
            for part in (0.0, 0.5, 1.0)
        ]
        one = salvo.slope(state, push[0])
        two = salvo.slope(state + 0.5 * step_s * one, push[1])
        three = salvo.slope(state + 0.5 * step_s * two, push[1])
        four = salvo.slope(state + step_s * three, push[2])
        state = state + step_s / 6.0 * (one + 2.0 * two + 2.0 * three + four)
        states.append(state)
        down |= geo.geodetic(state[:, :3])[2] < 0.0
    return np.arange(len(states), dtype=np.float64) * np.float64(step_s), np.stack(states)


def _landing(times: FloatArray, position_m: FloatArray) -> tuple[float, FloatArray, int]:
    """When and where one comes down, and the row of the last sample in the air."""
    heights = geo.geodetic(position_m)[2]
    below = np.flatnonzero(heights[1:] < 0.0)
    last = int(below[0]) if len(below) else len(times) - 2
    part = heights[last] / (heights[last] - heights[last + 1])
    end_m = position_m[last] + part * (position_m[last + 1] - position_m[last])
    return float(times[last] + part * (times[last + 1] - times[last])), end_m, last


def _bases() -> tuple[FloatArray, FloatArray]:
    """Temperature (K) and pressure (Pa) at the foot of each layer, from the sea-level values."""
    kelvin, pascal = [288.15], [101_325.0]  # US Standard Atmosphere 1976, table 2
    for i in range(len(_BASE_M) - 1):
        thick, lapse = _BASE_M[i + 1] - _BASE_M[i], _LAPSE_KPM[i]
        above = kelvin[i] + lapse * thick
        ratio = GRAVITY_MPS2 / _GAS_JPKGK
        if lapse == 0.0:
            pascal.append(pascal[i] * float(np.exp(-ratio * thick / kelvin[i])))
        else:
            pascal.append(pascal[i] * float((above / kelvin[i]) ** (-ratio / lapse)))
        kelvin.append(float(above))
    return np.array(kelvin), np.array(pascal)


_BASE_K, _BASE_PA = _bases()
