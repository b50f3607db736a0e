"""Makers of flight plans round airports and above them: arriving, departing, waiting, crossing.

Profiles are the common ones of jet transports: a 3 degree glide from 18 km out, 250 kt below
FL100, touchdown at 70 m/s; figures between are chosen. Radar cross-sections here and in `low` are
chosen: whole numbers of the order usual in textbooks of radar, the same from all sides.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.sim.plan import FlightPlan, Place, Waypoint
from tocsin.sim.routes import destination
from tocsin.sim.traffic import Area, across

_GLIDE: Final = math.tan(math.radians(3.0))

_ARRIVAL: Final = (
    # distance to the threshold (m), height (m), speed (m/s)
    (0.0, 15.0, 70.0), (9_000.0, 15.0 + 9_000.0 * _GLIDE, 74.0),
    (18_000.0, 15.0 + 18_000.0 * _GLIDE, 85.0), (30_000.0, 1_500.0, 110.0),
    (45_000.0, 2_400.0, 128.0), (70_000.0, 3_800.0, 160.0), (110_000.0, 6_200.0, 200.0),
)  # fmt: skip

_DEPARTURE: Final = (
    # distance from the runway (m), height (m), speed (m/s)
    (0.0, 10.0, 75.0), (4_000.0, 450.0, 85.0), (12_000.0, 1_400.0, 110.0),
    (30_000.0, 3_100.0, 130.0), (60_000.0, 6_000.0, 190.0), (120_000.0, 9_500.0, 225.0),
    (300_000.0, 11_000.0, 235.0),
)  # fmt: skip

JET_M2: Final = 30.0  # radar cross-section of an airliner
TURBOPROP_M2: Final = 10.0
BUSINESS_JET_M2: Final = 5.0


@dataclass(frozen=True, slots=True)
class Airport:
    """One runway, used in one direction: `course_deg` of landing and take-off."""

    place: Place
    course_deg: float


def arrival(
    name: str, airport: Airport, out_m: float, start_s: float, rng: np.random.Generator
) -> FlightPlan:
    """A jet `out_m` of way from the threshold at `start_s`: last 18 km straight in, then down."""
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    turn_deg = side * float(rng.uniform(20.0, 80.0))
    place, back_deg = airport.place, airport.course_deg + 180.0
    points, speeds, done_m = [(*place, _ARRIVAL[0][1])], [_ARRIVAL[0][2]], 0.0
    for way_m, _, _ in (*_ARRIVAL[1:], (math.inf, 0.0, 0.0)):
        end_m = min(way_m, out_m)
        if done_m >= 18_000.0:
            back_deg += turn_deg if done_m < 45_000.0 else 0.0
        place = destination(*place, back_deg, end_m - done_m)
        height_m, speed = _profile(_ARRIVAL, end_m)
        points.append((*place, height_m))
        speeds.append(speed)
        done_m = end_m
        if way_m >= out_m:
            break
    return _jet(name, "airliner, arriving", points[::-1], speeds[::-1], start_s)


def departure(name: str, airport: Airport, start_s: float, rng: np.random.Generator) -> FlightPlan:
    """A jet that leaves the runway at `start_s`, turns once it is clear, and climbs away."""
    course_deg, turn_deg = airport.course_deg, float(rng.uniform(-100.0, 100.0))
    place = airport.place
    points, speeds, done_m = [(*place, _DEPARTURE[0][1])], [_DEPARTURE[0][2]], 0.0
    for way_m, height_m, speed in _DEPARTURE[1:]:
        if done_m >= 4_000.0:
            course_deg, turn_deg = course_deg + turn_deg, 0.3 * turn_deg
        place = destination(*place, course_deg, way_m - done_m)
        points.append((*place, height_m))
        speeds.append(speed)
        done_m = way_m
    return _jet(name, "airliner, departing", points, speeds, start_s)


def holding(name: str, airport: Airport, floor_m: float, rng: np.random.Generator) -> FlightPlan:
    """A jet that circles 30 km from its airport, waiting for its turn to land."""
    fix = destination(*airport.place, airport.course_deg + 180.0, 30_000.0)
    entry = destination(*fix, airport.course_deg + float(rng.uniform(90.0, 270.0)), 8_000.0)
    points: list[Waypoint] = [(*entry, floor_m), (*fix, floor_m)]
    points.append((*destination(*airport.place, airport.course_deg + 180.0, 12_000.0), 640.0))
    holds_s = (0.0, float(rng.uniform(300.0, 900.0)), 0.0)
    return _jet(name, "airliner, holding", points, [115.0, 115.0, 80.0], 0.0, holds_s)


def crossing(
    name: str, label: str, area: Area, seconds: float, rng: np.random.Generator
) -> FlightPlan:
    """En route over the area: "airliner", "turboprop" or "business jet", one in three climbing."""
    speeds, heights_m, echo_m2 = {
        "airliner": ((210.0, 250.0), (9_000.0, 12_000.0), JET_M2),
        "turboprop": ((115.0, 150.0), (4_000.0, 7_500.0), TURBOPROP_M2),
        "business jet": ((200.0, 250.0), (10_500.0, 13_700.0), BUSINESS_JET_M2),
    }[label]
    speed, height_m = float(rng.uniform(*speeds)), float(rng.uniform(*heights_m))
    start, end = across(area, speed * (seconds + 60.0), rng)
    end_m = height_m + (float(rng.uniform(-3_000.0, 0.0)) if rng.uniform() < 1.0 / 3.0 else 0.0)
    return FlightPlan(
        id=name,
        kind="aircraft",
        label=label,
        speed_mps=speed,
        turn_dps=1.5,
        graded=True,
        echo_m2=echo_m2,
        waypoints=((*start, height_m), (*end, end_m)),
    )


def _profile(rows: tuple[tuple[float, float, float], ...], way_m: float) -> tuple[float, float]:
    """Height and speed at `way_m`, straight between the rows."""
    ways, heights, speeds = zip(*rows, strict=True)
    return float(np.interp(way_m, ways, heights)), float(np.interp(way_m, ways, speeds))


def _jet(
    name: str, label: str, points: list[Waypoint], speeds: list[float], start_s: float,
    holds_s: tuple[float, ...] = (),
) -> FlightPlan:  # fmt: skip
    return FlightPlan(
        id=name,
        kind="aircraft",
        label=label,
        start_s=start_s,
        speed_mps=speeds[0],
        speeds_mps=tuple(speeds),
        holds_s=holds_s,
        accel_mps2=1.0,
        turn_dps=3.0,
        climb_mps=18.0,
        graded=True,
        echo_m2=JET_M2,
        waypoints=tuple(points),
    )
