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
