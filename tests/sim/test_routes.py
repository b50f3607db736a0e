"""Waypoint flight: speed, turn rate, heights and ends, measured on the path with PROJ."""

import numpy as np
import pytest
from pyproj import Geod

from tocsin import geo
from tocsin.sim import routes
from tocsin.sim.plan import FlightPlan

GEOD = Geod(ellps="WGS84")
WAY = ((50.0, 36.0, 500.0), (50.05, 36.1, 900.0), (50.02, 36.25, 700.0), (50.1, 36.3, 300.0))


def craft(**more: object) -> FlightPlan:
    return FlightPlan(
        **{"id": "d", "kind": "drone", "waypoints": WAY, "ends": "impact", **more}  # type: ignore[arg-type]
    )


def test_it_ends_exactly_on_the_target_and_on_the_ground() -> None:
    lat, lon, height = geo.geodetic(routes.fly(craft(), 3600.0).position_m)
    assert GEOD.inv(lon[-1], lat[-1], WAY[-1][1], WAY[-1][0])[2] < 0.01
    assert abs(height[-1]) < 0.01
    assert (height[:-1] > 0.0).all()


def test_its_speed_is_the_planned_one_throughout_the_dive_too() -> None:
    path = routes.fly(craft(speed_mps=55.0), 3600.0)
    speed = np.linalg.norm(np.diff(path.position_m, axis=0), axis=1) / np.diff(path.t_s)
    assert speed[:-1] == pytest.approx(55.0, rel=0.02)


def test_it_turns_no_faster_than_planned() -> None:
    path = routes.fly(craft(turn_dps=3.0), 3600.0)
    lat, lon, _ = geo.geodetic(path.position_m[:-1])
    azimuth = np.array(GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[0])
    change = (np.diff(azimuth) + 180.0) % 360.0 - 180.0
    far = GEOD.inv(lon[2:], lat[2:], np.full(len(lon) - 2, WAY[-1][1]),
                   np.full(len(lon) - 2, WAY[-1][0]))[2]  # fmt: skip
    away = np.array(far) > 1.2 * 50.0 / np.radians(3.0)
    assert np.abs(change[away]).max() <= 3.0 * routes.STEP_S + 0.02
    assert np.abs(change[away]).max() > 2.0 * routes.STEP_S  # it does turn


def test_the_way_is_as_long_as_the_speed_says() -> None:
    """A straight way of known geodesic length takes its length over its speed."""
    straight = craft(
        waypoints=((50.0, 36.0, 1000.0), (50.5, 37.0, 1000.0)), ends="leaves", speed_mps=230.0
    )
    path = routes.fly(straight, 3600.0)
    length_m = GEOD.inv(36.0, 50.0, 37.0, 50.5)[2]
    assert path.t_s[-1] == pytest.approx(length_m / 230.0, rel=2e-3)


def test_it_stops_at_the_end_of_the_scenario() -> None:
    path = routes.fly(craft(), 60.0)
    assert path.t_s[-1] == pytest.approx(60.0, abs=routes.STEP_S)
    assert geo.geodetic(path.position_m)[2][-1] > 100.0


def test_a_waypoint_beside_it_is_not_orbited() -> None:
    beside = craft(waypoints=((50.0, 36.0, 300.0), (50.01, 36.0, 300.0), (50.004, 36.004, 300.0)))
    assert routes.fly(beside, 3600.0).t_s[-1] < 300.0


@pytest.mark.parametrize("course", [0.0, 37.0, 90.0, 181.0, 359.0])
def test_bearing_and_distance_lead_back(course: float) -> None:
    lat, lon = routes.destination(48.0, 35.0, course, 40_000.0)
    assert routes.distance_m(48.0, 35.0, lat, lon) == pytest.approx(40_000.0, abs=1e-3)
    turn = routes.bearing_deg(48.0, 35.0, lat, lon) - course
    assert (turn + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-6)
    assert GEOD.inv(35.0, 48.0, lon, lat)[2] == pytest.approx(40_000.0, rel=5.6e-3)


BASE = (50.0, 36.0, 300.0)


def travelled(path: routes.Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in between, ground speed and climb between samples, by PROJ."""
    lat, lon, height = geo.geodetic(path.position_m)
    step_s = np.diff(path.t_s)
    way = np.array(GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])
    return (path.t_s[1:] + path.t_s[:-1]) / 2.0, way / step_s, np.diff(height) / step_s


def test_a_helicopter_brakes_comes_down_waits_and_goes_up_again() -> None:
    stop = routes.destination(50.0, 36.0, 80.0, 3_000.0)
    onward = routes.destination(*stop, 200.0, 3_000.0)
    plan = craft(
        kind="helicopter", ends="leaves", speed_mps=50.0, climb_mps=3.0, accel_mps2=2.0,
        waypoints=(
            (50.0, 36.0, 150.0), (*stop, 60.0), (*stop, 0.0), (*stop, 60.0), (*onward, 300.0),
        ),
        speeds_mps=(50.0, 0.0, 0.0, 0.0, 50.0), holds_s=(0.0, 5.0, 90.0, 5.0, 0.0),
    )  # fmt: skip
    path = routes.fly(plan, 600.0)
    at_s, speed, climb = travelled(path)
    lat, lon, height = geo.geodetic(path.position_m)
    off_m = np.array(GEOD.inv(lon, lat, np.full(len(lon), stop[1]), np.full(len(lon), stop[0]))[2])
    still = at_s[speed < 0.01]
    # down 60 m and up 60 m at 3 m/s, 5 + 90 + 5 s of waiting, and not a metre off meanwhile
    assert still[-1] - still[0] == pytest.approx(20.0 + 20.0 + 100.0, abs=2.0)
    stood = (path.t_s >= still[0]) & (path.t_s <= still[-1])
    assert off_m[stood].max() < 0.01
    assert path.t_s[height < 0.5][-1] - path.t_s[height < 0.5][0] == pytest.approx(90.0, abs=2.0)
    assert np.abs(climb).max() <= 3.0 + 1e-3
    # Steps of 0.25 s along v2 = 2 a d brake by v - sqrt(v2 - 2 a v dt): 7 % harder at 4 m/s.
    fast = speed[1:-1] > 4.0
    assert np.abs(np.diff(speed) / np.diff(at_s))[:-1][fast].max() <= 2.0 * 1.07
    assert speed[-5] == pytest.approx(50.0, rel=0.01)


def test_a_glider_circles_up_as_the_wind_carries_it() -> None:
    """Radius = speed over turn rate; the centre of the circles moves with the wind."""
    thermal = routes.destination(50.0, 36.0, 0.0, 2_000.0)
    beyond = routes.destination(50.0, 36.0, 0.0, 9_000.0)
    plan = craft(
        kind="aircraft", ends="leaves", speed_mps=25.0, turn_dps=15.0, climb_mps=2.0,
        waypoints=(BASE, (*thermal, 300.0), (*thermal, 600.0), (*beyond, 400.0)),
        holds_s=(0.0, 0.0, 240.0, 0.0), graded=True,
    )  # fmt: skip
    path = routes.fly(plan, 900.0, (6.0, -2.0))
    height = geo.geodetic(path.position_m)[2]
    enu = (path.position_m - path.position_m[0]) @ geo.local_axes(np.array(50.0), np.array(36.0)).T
    begin = int(np.searchsorted(path.t_s, 120.0))
    samples = enu[begin : begin + 6 * 96].reshape(6, 96, 3)  # six turns of 24 s
    centre = samples.mean(axis=1)
    np.testing.assert_allclose(np.diff(centre[:, :2], axis=0), [[144.0, -48.0]] * 5, atol=1.5)
    drift = (np.arange(96) * 0.25 - 11.875)[:, None] * np.array([6.0, -2.0])
    radius = np.linalg.norm(samples[0, :, :2] - drift - centre[0, :2], axis=1)
    np.testing.assert_allclose(radius, 25.0 / np.radians(15.0), atol=2.0)
    assert height.max() == pytest.approx(600.0, abs=1.0)
    assert height[-1] == pytest.approx(400.0, abs=5.0)


def test_what_floats_goes_where_the_wind_goes_and_up_to_its_ceiling() -> None:
    plan = craft(
        kind="unknown", ends="leaves", speed_mps=0.0, drift=1.5, climb_mps=2.0,
        waypoints=(BASE, (50.0, 36.0, 500.0)),
    )  # fmt: skip
    path = routes.fly(plan, 400.0, (3.0, 4.0))
    lat, lon, height = geo.geodetic(path.position_m[[0, -1]])
    course, _, way_m = GEOD.inv(lon[0], lat[0], lon[1], lat[1])
    assert way_m == pytest.approx(1.5 * 5.0 * 400.0, rel=1e-3)
    assert course == pytest.approx(np.degrees(np.arctan2(3.0, 4.0)), abs=0.1)
    assert height[-1] == pytest.approx(500.0)
    assert travelled(path)[2].max() == pytest.approx(2.0, abs=1e-3)


def test_speeds_of_the_legs_are_taken_up_at_the_rate_given() -> None:
    points = tuple((*routes.destination(50.0, 36.0, 90.0, d), 500.0) for d in (0, 9e3, 18e3, 30e3))
    plan = craft(
        ends="leaves", waypoints=points, speeds_mps=(60.0, 60.0, 120.0, 90.0), accel_mps2=3.0
    )
    at_s, speed, _ = travelled(routes.fly(plan, 600.0))
    assert speed.max() == pytest.approx(120.0, rel=1e-3)
    assert speed[-2] == pytest.approx(90.0, rel=1e-3)
    assert np.abs(np.diff(speed) / np.diff(at_s))[:-1].max() == pytest.approx(3.0, abs=0.1)


def test_a_graded_way_loses_height_evenly() -> None:
    """10 km at 70 m/s and 3 degrees down: 524 m lower, 3.67 m/s all the way."""
    end = routes.destination(50.0, 36.0, 45.0, 10_000.0)
    drop_m = 10_000.0 * np.tan(np.radians(3.0))
    plan = craft(
        ends="leaves", speed_mps=70.0, climb_mps=20.0, graded=True,
        waypoints=((50.0, 36.0, 600.0), (*end, 600.0 - drop_m)),
    )  # fmt: skip
    _, _, climb = travelled(routes.fly(plan, 600.0))
    # The way to go is measured on the mean sphere, a third of a percent off: all of that error is
    # in the last kilometre, some 60 samples.
    np.testing.assert_allclose(climb[:-60], -70.0 * np.tan(np.radians(3.0)), rtol=5e-3)
