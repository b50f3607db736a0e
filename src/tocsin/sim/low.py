"""Makers of flight plans of what is low, slow, turning or drifting: the things taken for drones.

Speeds, heights and rates are common figures for such craft and creatures, chosen. Radar
cross-sections (see `airways`): a glider of glass fibre 0.3 m2, flocks of birds 0.01 to 0.1 m2 (a
single large bird is some 0.01), toy balloons 0.02, a weather balloon with its reflector 2, a
hot-air balloon (burner, basket, people) 1.
"""

from typing import Final

import msgspec
import numpy as np

from tocsin.sim.airways import Airport
from tocsin.sim.plan import FlightPlan, Waypoint
from tocsin.sim.routes import destination
from tocsin.sim.traffic import BIRDS, HELICOPTER, LIGHT, MIGRANTS, Area, roaming, wander

LIGHT_M2: Final = 2.0
HELICOPTER_M2: Final = 4.0
GLIDER_M2: Final = 0.3
FIGHTER_M2: Final = 4.0

BALLOONS: Final = {
    # label: lowest and highest at the start (m), rise (m/s), ceiling (m), times the wind, m2
    "hot-air balloon": (150.0, 1_200.0, 1.0, 1_500.0, 1.0, 1.0),
    "weather balloon": (0.0, 20_000.0, 5.0, 30_000.0, 1.8, 2.0),
    "toy balloons": (50.0, 3_000.0, 2.0, 6_000.0, 1.3, 0.02),
}


def light(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A light aircraft across country."""
    flight = roaming(name, "light aircraft", LIGHT, area, seconds, rng)
    return msgspec.structs.replace(flight, echo_m2=LIGHT_M2)


def circuits(name: str, airport: Airport, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A light aircraft that lands and takes off again, round and round one runway.

    Crosswind, downwind at 300 m, base, final: 1.5 km abeam, some 6 km long.
    """
    side = 90.0 if rng.uniform() < 0.5 else -90.0
    upwind = destination(*airport.place, airport.course_deg, 2_000.0)
    final = destination(*airport.place, airport.course_deg + 180.0, 2_500.0)
    corners: list[tuple[Waypoint, float]] = [
        ((*upwind, 150.0), 38.0),
        ((*destination(*upwind, airport.course_deg + side, 1_500.0), 300.0), 45.0),
        ((*destination(*final, airport.course_deg + side, 1_500.0), 300.0), 45.0),
        ((*final, 150.0), 38.0),
        ((*airport.place, 5.0), 30.0),
    ]
    begin = int(rng.integers(len(corners)))
    rounds = corners[begin:] + corners * (1 + int(seconds / 300.0) + 1)
    return FlightPlan(
        id=name,
        kind="aircraft",
        label="light aircraft in the circuit",
        speed_mps=45.0,
        speeds_mps=tuple(speed for _, speed in rounds),
        accel_mps2=1.5,
        turn_dps=6.0,
        climb_mps=5.0,
        graded=True,
        echo_m2=LIGHT_M2,
        waypoints=tuple(place for place, _ in rounds),
    )


def helicopter(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A helicopter across country."""
    flight = roaming(name, "helicopter", HELICOPTER, area, seconds, rng)
    return msgspec.structs.replace(flight, echo_m2=HELICOPTER_M2)


def working_helicopter(
    name: str, area: Area, seconds: float, rng: np.random.Generator
) -> FlightPlan:
    """A helicopter that hovers at every other place it goes to and lands at the rest."""
    speed = float(rng.uniform(35.0, 60.0))
    places = wander(area, speed, seconds, 4_000.0, 80.0, (100.0, 400.0), rng)
    points, speeds, holds_s = [places[0]], [speed], [0.0]
    for i, (lat, lon, height_m) in enumerate(places[1:]):
        stay_s = float(rng.uniform(30.0, 150.0))
        stop: list[tuple[float, float]] = [(height_m, stay_s)]
        if i % 2:
            stop = [(60.0, 5.0), (0.0, stay_s), (60.0, 5.0)]  # down, on the ground, up again
        for level_m, seconds_there in stop:
            points.append((lat, lon, level_m))
            speeds.append(0.0)
            holds_s.append(seconds_there)
    return FlightPlan(
        id=name,
        kind="helicopter",
        label="helicopter, hovering and landing",
        speed_mps=speed,
        speeds_mps=tuple(speeds),
        holds_s=tuple(holds_s),
        turn_dps=8.0,
        climb_mps=3.0,
        echo_m2=HELICOPTER_M2,
        waypoints=tuple(points),
    )


def glider(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A glider: it circles up in a thermal at 25 m/s, glides on, and looks for the next."""
    speed = float(rng.uniform(28.0, 42.0))
    feet = wander(area, speed, seconds, 7_000.0, 50.0, (600.0, 900.0), rng)
    points, speeds, holds_s = [], [], []
    for lat, lon, low_m in feet:
        points += [(lat, lon, low_m), (lat, lon, low_m + float(rng.uniform(300.0, 900.0)))]
        speeds += [speed, 25.0]
        holds_s += [0.0, float(rng.uniform(120.0, 360.0))]
    holds_s[1] *= float(rng.integers(2))  # half of them begin by circling, the others by gliding
    return FlightPlan(
        id=name,
        kind="aircraft",
        label="glider",
        speed_mps=speed,
        speeds_mps=tuple(speeds),
        holds_s=tuple(holds_s),
        accel_mps2=1.5,
        turn_dps=float(rng.uniform(12.0, 18.0)),
        climb_mps=2.5,
        graded=True,
        echo_m2=GLIDER_M2,
        waypoints=tuple(points),
    )


def fighter(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A fighter in training: it turns hard, burns to gain speed and height, and brakes again."""
    points = wander(area, 240.0, seconds, 9_000.0, 90.0, (1_000.0, 8_000.0), rng)
    return FlightPlan(
        id=name,
        kind="aircraft",
        label="fighter in training",
        speed_mps=200.0,
        speeds_mps=tuple(float(speed) for speed in rng.uniform(140.0, 300.0, len(points))),
        accel_mps2=6.0,
        turn_dps=9.0,
        climb_mps=80.0,
        echo_m2=FIGHTER_M2,
        waypoints=points,
    )


def flock(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A flock of birds between fields: slow, low, wandering."""
    flight = roaming(name, "flock of birds", BIRDS, area, seconds, rng)
    return msgspec.structs.replace(flight, echo_m2=_flock_m2(rng))


def migrants(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """Birds on migration: straight on, higher, and faster with the wind behind them."""
    flight = roaming(name, "migrating birds", MIGRANTS, area, seconds, rng)
    return msgspec.structs.replace(flight, echo_m2=_flock_m2(rng))


def soarers(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """Large birds that circle in thermals and glide on to the next."""
    points = wander(area, 14.0, seconds, 1_500.0, 40.0, (150.0, 1_000.0), rng)
    holds_s = tuple(float(hold_s) for hold_s in rng.uniform(0.0, 180.0, len(points)))
    return FlightPlan(
        id=name,
        kind="bird",
        label="soaring birds",
        speed_mps=14.0,
        holds_s=holds_s,
        turn_dps=20.0,
        climb_mps=1.0,
        echo_m2=_flock_m2(rng),
        waypoints=points,
    )


def balloon(name: str, label: str, area: Area, rng: np.random.Generator) -> FlightPlan:
    """One of `BALLOONS`, drifting with the wind while it rises to its ceiling.

    The world has one wind; that aloft is stronger than near the ground, hence the factor.
    """
    low_m, high_m, rise_mps, ceiling_m, drift, echo_m2 = BALLOONS[label]
    place = area.somewhere(rng)
    begin_m = float(rng.uniform(low_m, high_m))
    return FlightPlan(
        id=name,
        kind="unknown",
        label=label,
        speed_mps=0.0,
        climb_mps=rise_mps,
        drift=drift * float(rng.uniform(0.8, 1.2)),
        echo_m2=echo_m2,
        waypoints=((*place, begin_m), (*place, max(begin_m, ceiling_m))),
    )


def _flock_m2(rng: np.random.Generator) -> float:
    """An echo between those of one large bird and of a dense flock."""
    return float(np.exp(rng.uniform(np.log(0.01), np.log(0.1))))
