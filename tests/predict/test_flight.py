"""Free fall against another integrator in another frame, a closed form and a textbook example."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from tocsin.air import density
from tocsin.geo import EARTH_RATE_RPS, GM_M3PS2, J2, SEMI_MAJOR_M, ecef, geodetic, local_axes
from tocsin.predict.air import AIR
from tocsin.predict.flight import EARTH, FALL_S_MAX, LANES, Planet, _level, fall
from tocsin.words import FloatArray

SPIN = np.array([0.0, 0.0, EARTH_RATE_RPS])
NO_DRAG = 60.0  # ln beta of a body that the air cannot stop

# latitude, height (m), velocity east, north, up (m/s), beta (kg/m2)
FLIGHTS = [
    (50.0, 60e3, (600.0, 900.0, 500.0), 5000.0),
    (32.0, 15e3, (-300.0, 200.0, 700.0), 2500.0),
    (31.0, 3e3, (150.0, 100.0, 250.0), 2500.0),
    (49.0, 100e3, (0.0, -1500.0, 1200.0), 9000.0),
    (48.0, 40e3, (1500.0, 300.0, -1200.0), 4000.0),
    (47.0, 8e3, (200.0, 0.0, -30.0), 800.0),
]


def launched(lat_deg: float, height_m: float, enu_mps: tuple[float, float, float]) -> FloatArray:
    lat, lon = np.float64(lat_deg), np.float64(34.0)
    return np.concatenate(
        [ecef(lat, lon, np.float64(height_m)), local_axes(lat, lon).T @ np.array(enu_mps)]
    )


def turned(vector: FloatArray, t_s: float) -> FloatArray:
    """From the Earth-fixed axes at `t_s` to the inertial axes that met them at 0."""
    angle = EARTH_RATE_RPS * t_s
    rotation = np.array(
        [[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0, 0, 1.0]]
    )
    return rotation @ vector


def inertial_impact(start: FloatArray, beta: float) -> tuple[float, FloatArray]:
    """Time and Earth-fixed place of impact: DOP853 in inertial axes, exact air and height."""

    def height_m(t_s: float, state: FloatArray) -> float:
        return float(geodetic(turned(state[:3], -t_s))[2])

    def rates(t_s: float, state: FloatArray) -> FloatArray:
        r, v = state[:3], state[3:]
        far = np.linalg.norm(r)
        pull = -GM_M3PS2 / far**3 * r
        polar = 5.0 * (r[2] / far) ** 2
        squeeze = -1.5 * J2 * GM_M3PS2 * SEMI_MAJOR_M**2 / far**5
        pull = pull + squeeze * r * (np.array([1.0, 1.0, 3.0]) - polar)
        air_mps = v - np.cross(SPIN, r)
        height = np.array([height_m(t_s, state)])
        rho = density(height)[0] if height[0] < 86e3 else 0.0
        drag = -0.5 * rho / beta * np.linalg.norm(air_mps) * air_mps
        return np.concatenate([v, pull + drag])

    height_m.terminal, height_m.direction = True, -1.0  # type: ignore[attr-defined]
    begin = np.concatenate([start[:3], start[3:] + np.cross(SPIN, start[:3])])
    found = solve_ivp(
        rates, (0.0, 2000.0), begin, method="DOP853", rtol=1e-10, atol=1e-6, events=height_m
    )
    t_s = float(found.t_events[0][0])
    return t_s, turned(found.y_events[0][0][:3], -t_s)


@pytest.mark.parametrize(("lat_deg", "height_m", "enu_mps", "beta"), FLIGHTS)
def test_falls_where_another_integrator_says(
    lat_deg: float, height_m: float, enu_mps: tuple[float, float, float], beta: float
) -> None:
    start = launched(lat_deg, height_m, enu_mps)
    t_s, place_m = inertial_impact(start, beta)
    down_s, down_m = fall(EARTH, AIR, np.append(start, np.log(beta))[None])
    assert np.linalg.norm(down_m[0] - place_m) < 3.0
    assert down_s[0] == pytest.approx(t_s, abs=0.02)
    assert abs(geodetic(down_m[0])[2]) < 0.01


def kepler(r: FloatArray, v: FloatArray, t_s: float) -> FloatArray:
    """Place after `t_s` on an ellipse: Lagrange's f and g with Kepler's equation."""
    far, speed2 = np.linalg.norm(r), v @ v
    a = 1.0 / (2.0 / far - speed2 / GM_M3PS2)
    rate = np.sqrt(GM_M3PS2 / a**3)
    sine, cosine = (r @ v) / np.sqrt(GM_M3PS2 * a), 1.0 - far / a

    def equation(d: float) -> float:
        return d - cosine * np.sin(d) + sine * (1.0 - np.cos(d)) - rate * t_s

    d = brentq(equation, 0.0, 6.0, xtol=1e-15)
    f = 1.0 - a / far * (1.0 - np.cos(d))
    g = t_s - (d - np.sin(d)) / rate
    return np.asarray(f * r + g * v)


@pytest.mark.parametrize("enu_mps", [(600.0, 900.0, 900.0), (-1500.0, 100.0, 1800.0), (0, 0, 500)])
def test_vacuum_is_keplers_ellipse(enu_mps: tuple[float, float, float]) -> None:
    start = launched(45.0, 20e3, enu_mps)
    round_earth = Planet(GM_M3PS2, 0.0, EARTH_RATE_RPS)
    down_s, down_m = fall(round_earth, AIR, np.append(start, NO_DRAG)[None])
    inertial = kepler(start[:3], start[3:] + np.cross(SPIN, start[:3]), float(down_s[0]))
    assert np.linalg.norm(turned(inertial, -float(down_s[0])) - down_m[0]) < 0.5


def test_dropped_body_lands_east() -> None:
    """Thornton and Marion, Classical Dynamics, example 10.3: 100 m at 45 degrees, 1.55 cm."""
    start = launched(45.0, 100.0, (0.0, 0.0, 0.0))
    _, down_m = fall(EARTH, AIR, np.append(start, NO_DRAG)[None])
    east, north, _ = local_axes(np.float64(45.0), np.float64(34.0)) @ (down_m[0] - start[:3])
    assert east == pytest.approx(0.0155, abs=2e-4)
    assert abs(north) < 2e-3


@pytest.mark.parametrize(("lat_deg", "side"), [(45.0, 1.0), (-45.0, -1.0)])
def test_shot_bears_right_in_the_north_and_left_in_the_south(lat_deg: float, side: float) -> None:
    start = np.append(launched(lat_deg, 1.0, (0.0, 500.0, 500.0)), NO_DRAG)[None]
    _, turning_m = fall(EARTH, AIR, start)
    _, still_m = fall(Planet(GM_M3PS2, J2, 0.0), AIR, start)
    east = local_axes(np.float64(lat_deg), np.float64(34.0))[0] @ (turning_m[0] - still_m[0])
    flown_s = 2.0 * 500.0 / 9.8
    # Flat Earth, first order: w t2 (v_north sin(lat) - g t cos(lat) / 3 ... ) with climb and fall.
    sine, cosine = np.sin(np.radians(lat_deg)), np.cos(np.radians(lat_deg))
    expected = EARTH_RATE_RPS * flown_s**2 * (500.0 * sine - 500.0 * cosine / 3.0)
    assert side * east > 0.0
    assert east == pytest.approx(expected, rel=0.06)


def test_ends_of_the_range() -> None:
    buried = np.append(launched(50.0, -5.0, (10.0, 0.0, 0.0)), 8.0)
    orbit = np.append(launched(50.0, 400e3, (7_300.0, 0.0, 0.0)), 8.0)
    down_s, down_m = fall(EARTH, AIR, np.stack([buried, orbit]))
    assert down_s[0] == 0.0
    assert np.array_equal(down_m[0], buried[:3])
    assert FALL_S_MAX <= down_s[1] < FALL_S_MAX + 5.0


@pytest.mark.parametrize("height_m", [0.0, 1e3, 50e3, 100e3])
def test_height_is_nearly_the_ellipsoidal_one(height_m: float) -> None:
    for lat_deg in (0.0, 30.0, 45.0, 60.0, 89.0):
        x, y, z = ecef(np.float64(lat_deg), np.float64(34.0), np.float64(height_m))
        lanes = np.zeros(3 * LANES)
        lanes[::LANES] = x, y, z
        outside = 1.0 - 1.0 / np.sqrt(1.0 + _level(lanes, 0, 0))  # part of the radius
        assert float(np.linalg.norm([x, y, z])) * outside == pytest.approx(
            height_m, abs=1e-5 + height_m * 1e-5
        )
