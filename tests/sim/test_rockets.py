"""Rockets against another integrator, in another frame, with another atmosphere formula."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from tocsin import geo
from tocsin.sim import rockets
from tocsin.sim.plan import FlightPlan
from tocsin.sim.routes import destination, distance_m

LAUNCH = (31.45, 34.40)
SPIN = np.array([0.0, 0.0, geo.EARTH_RATE_RPS])


def salvo() -> list[FlightPlan]:
    return [
        FlightPlan(
            id=f"r{range_km}",
            kind="ballistic",
            ends="impact",
            elevation_deg=elevation,
            beta_kgpm2=beta,
            waypoints=((*LAUNCH, 0.0), (*destination(*LAUNCH, bearing, range_km * 1e3), 0.0)),
        )
        for range_km, bearing, beta, elevation in (
            (10, 20.0, 5000.0, 45.0),
            (25, 75.0, 6500.0, 50.0),
            (45, 300.0, 8000.0, 55.0),
            (70, 180.0, 9000.0, 52.0),
        )
    ]


def boosted() -> list[FlightPlan]:
    """Boosts of 5 to 40 s; the last is lofted above 100 km."""
    return [
        FlightPlan(
            id=f"b{boost_s}",
            kind="ballistic",
            ends="impact",
            elevation_deg=elevation,
            beta_kgpm2=beta,
            boost_s=boost_s,
            waypoints=((*LAUNCH, 0.0), (*destination(*LAUNCH, bearing, range_km * 1e3), 0.0)),
        )
        for range_km, bearing, beta, elevation, boost_s in (
            (40, 20.0, 5000.0, 45.0, 5),
            (75, 75.0, 6500.0, 50.0, 12),
            (110, 300.0, 8000.0, 50.0, 25),
            (140, 60.0, 9000.0, 73.0, 40),
        )
    ]


def inertial(
    beta: float, wind: NDArray[np.float64]
) -> Callable[[float, NDArray[np.float64]], NDArray[np.float64]]:
    """Point-mass motion in the inertial frame that the Earth turns in; J2 from its potential."""

    def potential(r: NDArray[np.float64]) -> float:
        radius = float(np.linalg.norm(r))
        p2 = 1.5 * (r[2] / radius) ** 2 - 0.5
        return geo.GM_M3PS2 / radius * (1 - geo.J2 * (geo.SEMI_MAJOR_M / radius) ** 2 * p2)

    def rhs(t: float, state: NDArray[np.float64]) -> NDArray[np.float64]:
        r, v = state[:3], state[3:]
        step = 50.0
        pull = np.array(
            [(potential(r + step * e) - potential(r - step * e)) / (2 * step) for e in np.eye(3)]
        )
        angle = geo.EARTH_RATE_RPS * t
        turn = np.array(
            [
                [np.cos(angle), -np.sin(angle), 0.0],
                [np.sin(angle), np.cos(angle), 0.0],
                [0.0, 0.0, 1.0],
            ]
        )
        air = np.cross(SPIN, r) + turn @ wind
        through = v - air
        height = float(geo.geodetic(turn.T @ r)[2])
        drag = -density(height) * np.linalg.norm(through) * through / (2 * beta)
        return np.concatenate([v, pull + drag])

    return rhs


def density(height_m: float) -> float:
    """US Standard Atmosphere 1976 from its closed forms and layer bases, to 51 km geopotential."""
    h = max(6_356_766.0 * height_m / (6_356_766.0 + height_m), 0.0)
    if h < 11e3:
        kelvin = 288.15 - 0.0065 * h
        pascal = 101_325.0 * (kelvin / 288.15) ** 5.255880
    elif h < 20e3:
        kelvin, pascal = 216.65, 22_632.06 * np.exp(-(h - 11e3) / 6341.62)
    elif h < 32e3:
        kelvin = 216.65 + 0.001 * (h - 20e3)
        pascal = 5_474.889 * (216.65 / kelvin) ** 34.16319
    elif h < 47e3:
        kelvin = 228.65 + 0.0028 * (h - 32e3)
        pascal = 868.0187 * (228.65 / kelvin) ** 12.20114
    else:
        kelvin, pascal = 270.65, 110.9063 * np.exp(-(h - 47e3) / 7922.26)
    return float(pascal / (287.0529 * kelvin))


def test_density_matches_the_published_table() -> None:
    """US Standard Atmosphere 1976, table 1: geometric height (m), density (kg/m3)."""
    table = {
        0: 1.2250, 1_000: 1.1117, 5_000: 7.3643e-1, 10_000: 4.1351e-1, 15_000: 1.9476e-1,
        20_000: 8.8910e-2, 30_000: 1.8410e-2, 40_000: 3.9957e-3, 50_000: 1.0269e-3,
        60_000: 3.0968e-4, 70_000: 8.2829e-5,
    }  # fmt: skip
    got = rockets.density_kgpm3(np.array(list(table), dtype=np.float64))
    np.testing.assert_allclose(got, list(table.values()), rtol=2e-4)


@pytest.mark.parametrize("row", range(4))
def test_the_whole_flight_agrees_with_solve_ivp(row: int) -> None:
    wind_mps = (6.0, -4.0)
    flight, path = salvo()[row], rockets.fly(salvo(), wind_mps)[row]
    axes = geo.local_axes(np.array(LAUNCH[0]), np.array(LAUNCH[1]))
    wind = axes.T @ np.array([*wind_mps, 0.0])
    start = path.position_m[0]
    velocity = derivative_at_start(path.t_s, path.position_m)
    state = np.concatenate([start, velocity + np.cross(SPIN, start)])
    end_s = float(path.t_s[-1])
    reference = solve_ivp(
        inertial(flight.beta_kgpm2, wind), (0.0, end_s), state, rtol=1e-9, atol=1e-4
    )
    angle = geo.EARTH_RATE_RPS * end_s
    x, y, z = reference.y[:3, -1]
    fixed = np.array(
        [x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle), z]
    )
    # Measured: 0.4 m at most; the start velocity is itself taken from samples.
    assert np.linalg.norm(fixed - path.position_m[-1]) < 2.0


@pytest.mark.parametrize("row", range(4))
def test_from_burnout_a_boosted_flight_is_ballistic(row: int) -> None:
    """The coast of each against solve_ivp, begun from the samples after its burnout."""
    flight, path = boosted()[row], rockets.fly(boosted(), (6.0, -4.0))[row]
    begin = np.searchsorted(path.t_s, float(flight.boost_s))
    axes = geo.local_axes(np.array(LAUNCH[0]), np.array(LAUNCH[1]))
    wind = axes.T @ np.array([6.0, -4.0, 0.0])
    start = path.position_m[begin]
    velocity = derivative_at_start(path.t_s[begin:] - path.t_s[begin], path.position_m[begin:])
    coast_s = float(path.t_s[-1] - path.t_s[begin])
    reference = solve_ivp(
        inertial(flight.beta_kgpm2, wind), (0.0, coast_s),
        np.concatenate([start, velocity + np.cross(SPIN, start)]), rtol=1e-9, atol=1e-4,
    )  # fmt: skip
    angle = geo.EARTH_RATE_RPS * coast_s
    x, y, z = reference.y[:3, -1]
    fixed = np.array(
        [x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle), z]
    )
    assert np.linalg.norm(fixed - path.position_m[-1]) < 5.0


def test_a_boost_is_straight_and_gives_the_speed_that_the_thrust_and_drag_say() -> None:
    """Along the rail: speed by quadrature of thrust on a burning mass, less gravity and drag."""
    for flight, path in zip(boosted(), rockets.fly(boosted(), (0.0, 0.0)), strict=True):
        burn = path.t_s <= flight.boost_s
        way = path.position_m[burn] - path.position_m[0]
        course = way[-1] / np.linalg.norm(way[-1])
        assert np.abs(way - np.outer(way @ course, course)).max() < 1.0
        times, along = path.t_s[burn], way @ course
        speed = np.gradient(along, times, edge_order=2)
        pull = np.gradient(speed, times, edge_order=2)[2:-2]
        heights = geo.geodetic(path.position_m[burn])[2][2:-2]
        drag = np.array([density(h) for h in heights]) * speed[2:-2] ** 2 / 2 / flight.beta_kgpm2
        thrust = pull + drag + 9.78 * np.sin(np.radians(flight.elevation_deg))
        # thrust times mass is constant; the mass falls evenly by BURNT
        mass = 1.0 - rockets.BURNT * times[2:-2] / flight.boost_s
        assert np.ptp(thrust * mass) / np.mean(thrust * mass) < 0.02


def test_thrust_gives_its_whole_speed_by_burnout() -> None:
    t_s = np.linspace(0.0, 30.0, 3001)
    one = np.array([30.0]), np.array([1500.0])
    push = np.array([rockets.thrust_mps2(float(t), *one)[0] for t in t_s])
    assert np.trapezoid(push, t_s) == pytest.approx(1500.0, rel=1e-6)
    assert push[-1] / push[0] == pytest.approx(1.0 / (1.0 - rockets.BURNT))


def test_boosted_flights_come_down_where_aimed_and_one_passes_100_km() -> None:
    paths = rockets.fly(boosted(), (10.0, 10.0))
    for flight, path in zip(boosted(), paths, strict=True):
        lat, lon, _ = geo.geodetic(path.position_m)
        assert distance_m(float(lat[-1]), float(lon[-1]), *flight.waypoints[1][:2]) < 3.0
        assert path.down
    assert geo.geodetic(paths[-1].position_m)[2].max() > 100e3


def derivative_at_start(
    t_s: NDArray[np.float64], position_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Velocity at the first sample: the slope of a fourth-degree polynomial through five."""
    return np.array([np.polyfit(t_s[:5], position_m[:5, axis], 4)[-2] for axis in range(3)])


def test_rockets_come_down_where_aimed_and_stay_under_the_height_field() -> None:
    for flight, path in zip(salvo(), rockets.fly(salvo(), (10.0, 10.0)), strict=True):
        lat, lon, height = geo.geodetic(path.position_m)
        assert distance_m(float(lat[-1]), float(lon[-1]), *flight.waypoints[1][:2]) < 3.0
        assert abs(height[-1]) < 1.0
        assert 1_000.0 < height.max() < 60_000.0
        assert (height[1:-1] > 0.0).all()


def test_drag_makes_the_end_slower_than_the_start() -> None:
    for path in rockets.fly(salvo(), (0.0, 0.0)):
        speed = np.linalg.norm(np.diff(path.position_m, axis=0), axis=1) / np.diff(path.t_s)
        assert speed[-2] < 0.8 * speed[0]


def test_an_aim_out_of_reach_says_how_to_mend_it() -> None:
    [far] = [
        FlightPlan(
            id="far",
            kind="ballistic",
            beta_kgpm2=500.0,
            waypoints=((*LAUNCH, 0.0), (*destination(*LAUNCH, 0.0, 150e3), 0.0)),
        )
    ]
    with pytest.raises(ValueError, match=r"'far'.*choose a nearer one"):
        rockets.fly([far], (0.0, 0.0))


def test_no_rockets_no_work() -> None:
    assert rockets.fly([], (0.0, 0.0)) == []
