"""Ballistic truth of an independent integrator, a radar, and where a state comes down."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.integrate import solve_ivp

from tests.track import sky
from tocsin import geo
from tocsin.track import fall
from tocsin.words import FloatArray

AXES = sky.AXES
_RATE = np.array([0.0, 0.0, geo.EARTH_RATE_RPS])

Path = Callable[[float], FloatArray]
Wind = Callable[[float], FloatArray]  # height (m) -> ECEF m/s
Slender = Callable[[float], float]  # seconds -> ballistic coefficient, kg/m2


def place(east_m: float, north_m: float, height_m: float) -> FloatArray:
    """ECEF of a place by distances over the ground from 48 N 32 E, and height."""
    return sky.place((east_m, north_m, height_m))


_LN_DENSITY = np.log(sky.DENSITY)


@dataclass(frozen=True)
class Arc:
    """A flight until it reaches the ground: ECEF `path(t)`, `velocity(t)`, its end."""

    path: Path
    velocity: Path
    end_s: float


def still(_height_m: float) -> FloatArray:
    return np.zeros(3)


def flight(
    start: FloatArray, velocity: FloatArray, beta: float | Slender, wind: Wind = still,
    thrust_mps2: float = 0.0, burn_s: float = 0.0, gust: Path = still,
) -> Arc:  # fmt: skip
    """Integrate in inertial axes (DOP853) from Earth-fixed ECEF `start`, `velocity`.

    `wind` is by height, `gust`, added to it, by time.
    """
    beta_at = beta if callable(beta) else lambda _t: beta

    def slope(t: float, y: FloatArray) -> FloatArray:
        r, v = y[:3], y[3:]
        distance = float(np.linalg.norm(r))
        ratio = 5.0 * (r[2] / distance) ** 2
        shape = 1.5 * geo.J2 * (geo.SEMI_MAJOR_M / distance) ** 2
        pull = r * (1.0 + shape * np.array([1.0 - ratio, 1.0 - ratio, 3.0 - ratio]))
        height = float(geo.geodetic(r)[2])
        still_air = v - np.cross(_RATE, r)
        air = still_air - _turned(wind(height) + gust(t), -t)
        rho = float(np.exp(np.interp(height, sky.STEPS_M, _LN_DENSITY))) if height < 86e3 else 0.0
        force = -0.5 * rho * np.linalg.norm(air) * air / beta_at(t)
        if t < burn_s:
            force = force + thrust_mps2 * still_air / np.linalg.norm(still_air)
        return np.concatenate([v, force - geo.GM_M3PS2 / distance**3 * pull])

    def ground(t: float, y: FloatArray) -> float:
        return float(geo.geodetic(y[:3])[2]) + (1e3 if t < 1.0 else 0.0)

    ground.terminal, ground.direction = True, -1.0  # type: ignore[attr-defined]
    begin = np.concatenate([start, velocity + np.cross(_RATE, start)])
    parts = [(0.0, burn_s), (burn_s, 1500.0)] if burn_s else [(0.0, 1500.0)]
    solutions = []
    for span in parts:
        arc = solve_ivp(
            slope, span, begin, "DOP853", events=ground, dense_output=True, rtol=1e-9,
            atol=1e-3, max_step=5.0,
        )  # fmt: skip
        begin = arc.y[:, -1]
        solutions.append(arc)
    assert solutions[-1].t_events is not None
    end_s = float(solutions[-1].t_events[0][0])

    def at(t: float) -> FloatArray:
        t = min(t, end_s)
        sol = solutions[0 if t < burn_s else -1].sol
        assert sol is not None
        return np.asarray(sol(t))

    def path(t: float) -> FloatArray:
        return _turned(at(t)[:3], min(t, end_s))

    def fixed(t: float) -> FloatArray:
        y = at(t)
        return _turned(y[3:] - np.cross(_RATE, y[:3]), min(t, end_s))

    return Arc(path, fixed, end_s)


def _turned(vector: FloatArray, t: float) -> FloatArray:
    """Inertial axes to Earth-fixed axes `t` seconds after they coincided."""
    c, s = np.cos(geo.EARTH_RATE_RPS * t), np.sin(geo.EARTH_RATE_RPS * t)
    return np.array([c * vector[0] + s * vector[1], c * vector[1] - s * vector[0], vector[2]])


def polar_noise(radar: FloatArray, at: FloatArray, range_m: float, angle_deg: float) -> FloatArray:
    """Covariance (3,3) of a report of `at`: range and two angles."""
    sight = at - radar
    distance = float(np.linalg.norm(sight))
    sight = sight / distance
    across2 = (np.radians(angle_deg) * distance) ** 2
    noise = np.eye(3) * across2 + (range_m**2 - across2) * np.outer(sight, sight)
    return np.asarray(noise)


@njit(error_model="numpy")
def impact(state: FloatArray) -> FloatArray:
    """Where an 8-state reaches the ellipsoid, flying on without uncertainty; ECEF."""
    state = state.copy()
    up = np.empty(3)
    high = fall.height_and_up(state, up)
    for _ in range(1500):
        before = state.copy()
        fall.fly(state, 1.0)
        low = fall.height_and_up(state, up)
        if low < 0.0 and low < high:
            share = high / (high - low)
            return before[:3] + (state[:3] - before[:3]) * share
        high = low
    return state[:3].copy()


def impact_spread(mean: FloatArray, cov: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of the impact, ECEF, by the unscented transform (n + kappa = 3).

    Julier, Uhlmann, Durrant-Whyte, IEEE TAC 45 (2000) 477-482; covariance about the centre.
    """
    values, vectors = np.linalg.eigh(cov)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) * np.sqrt(3.0)
    centre = impact(mean)
    off = np.array([impact(mean + s * root[:, k]) - centre for k in range(8) for s in (1.0, -1.0)])
    return centre + off.sum(axis=0) / 6.0, off.T @ off / 6.0
