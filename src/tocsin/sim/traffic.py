"""Makers of flight plans: what threatens people, and the many things in the sky that do not.

Speeds and heights: one-way attack drones 40-60 m/s, cruise missiles 220-250 m/s at 50-150 m, as
the project's domain study gives them; the rest are common figures for such craft, chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from tocsin.sim.plan import FlightPlan, Place, Waypoint
from tocsin.sim.routes import destination

_ADDRESSES: Final = (0x100000, 0xF00000)  # any ICAO 24-bit address; none is a real aircraft's
_CODES: Final = 0o7777
VFR_CODE: Final = 0o7000  # ICAO conspicuity code of visual flights without an assigned one
_NOT_GIVEN: Final = (0o7500, 0o7600, 0o7700)  # hijack, radio failure, emergency


@dataclass(frozen=True, slots=True)
class Area:
    """Where a scenario plays."""

    lat_deg: float
    lon_deg: float
    radius_m: float

    def somewhere(self, rng: np.random.Generator) -> Place:
        """A place even over the disc."""
        reach_m = self.radius_m * float(np.sqrt(rng.uniform()))
        return destination(self.lat_deg, self.lon_deg, float(rng.uniform(0.0, 360.0)), reach_m)


Maker = Callable[[str, Area, float, np.random.Generator], FlightPlan]
"""Makes a flight of this name over the area that outlasts so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roamer:
    """How what goes nowhere in particular moves; speed and height are lowest and highest."""

    kind: str
    speed_mps: tuple[float, float]
    height_m: tuple[float, float]
    turn_dps: float
    climb_mps: float
    leg_m: float = 6_000.0
    spread_deg: float = 40.0


LIGHT: Final = Roamer(
    kind="aircraft", speed_mps=(45.0, 75.0), height_m=(300.0, 2_000.0), turn_dps=5.0, climb_mps=4.0
)
HELICOPTER: Final = Roamer(
    kind="helicopter", speed_mps=(35.0, 65.0), height_m=(100.0, 600.0), turn_dps=6.0, climb_mps=5.0
)
BIRDS: Final = Roamer(
    kind="bird", speed_mps=(10.0, 18.0), height_m=(50.0, 800.0), turn_dps=10.0, climb_mps=1.0,
    leg_m=700.0, spread_deg=60.0,
)  # fmt: skip
MIGRANTS: Final = Roamer(
    kind="bird", speed_mps=(14.0, 25.0), height_m=(300.0, 2_000.0), turn_dps=10.0, climb_mps=1.0,
    leg_m=5_000.0, spread_deg=5.0,
)  # fmt: skip


def drone(
    name: str, target: Place, times_s: tuple[float, float], from_deg: float,
    rng: np.random.Generator, label: str = "one-way drone",
) -> FlightPlan:  # fmt: skip
    """A one-way drone that starts and arrives at about `times_s`, from `from_deg`, with turns."""
    speed = float(rng.uniform(40.0, 60.0))
    length_m = speed * (times_s[1] - times_s[0])
    ceiling_m = min(2_500.0, max(length_m / 6.0, 150.0))  # so that the dive is not half the way
    legs = 2 + int(length_m > 15_000.0) + int(length_m > 40_000.0)
    return FlightPlan(
        id=name,
        kind="drone",
        label=label,
        start_s=times_s[0],
        ends="impact",
        speed_mps=speed,
        turn_dps=4.0,
        climb_mps=5.0,
        dive_deg=40.0,
        waypoints=_approach(target, length_m, legs, from_deg, (100.0, ceiling_m), rng),
    )


def cruise(
    name: str, target: Place, times_s: tuple[float, float], from_deg: float,
    rng: np.random.Generator,
) -> FlightPlan:  # fmt: skip
    """A cruise missile, low, with one or two turns."""
    speed = float(rng.uniform(220.0, 250.0))
    length_m = speed * (times_s[1] - times_s[0])
    legs = 2 + int(length_m > 60_000.0)
    return FlightPlan(
        id=name,
        kind="cruise",
        label="cruise missile",
        start_s=times_s[0],
        ends="impact",
        speed_mps=speed,
        turn_dps=5.0,
        climb_mps=10.0,
        dive_deg=20.0,
        waypoints=_approach(target, length_m, legs, from_deg, (50.0, 150.0), rng),
    )


def rocket(
    name: str, launch: Place, target: Place, start_s: float, rng: np.random.Generator
) -> FlightPlan:
    """A short-range rocket that comes down about 400 m (one sigma each way) from `target`."""
    off_deg, off_m = float(rng.uniform(0.0, 360.0)), 400.0 * float(rng.rayleigh())
    aim = destination(*target, off_deg, off_m)
    return FlightPlan(
        id=name,
        kind="ballistic",
        label="short-range rocket",
        start_s=start_s,
        ends="impact",
        elevation_deg=float(rng.uniform(44.0, 56.0)),
        beta_kgpm2=float(rng.uniform(5_000.0, 9_000.0)),
        waypoints=((*launch, 0.0), (*aim, 0.0)),
    )


def missile(
    name: str, target: Place, from_deg: float, range_m: float, start_s: float,
    elevation_deg: float, boost_s: int, rng: np.random.Generator,
) -> FlightPlan:  # fmt: skip
    """A ballistic missile with a powered start; it falls about as far off as `rocket`."""
    launch = destination(*target, from_deg, range_m)
    flight = rocket(name, launch, target, start_s, rng)
    return msgspec.structs.replace(
        flight, label="ballistic missile", elevation_deg=elevation_deg, boost_s=boost_s
    )


def airliner(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """An airliner on its route over the area, at 9 to 12 km."""
    speed, height_m = float(rng.uniform(210.0, 250.0)), float(rng.uniform(9_000.0, 12_000.0))
    start, end = across(area, speed * (seconds + 60.0), rng)
    return FlightPlan(
        id=name,
        kind="aircraft",
        label="airliner",
        speed_mps=speed,
        turn_dps=1.5,
        waypoints=((*start, height_m), (*end, height_m)),
        mode_3a=code(rng),
        mode_s=address(rng),
    )


def roaming(
    name: str, label: str, roamer: Roamer, area: Area, seconds: float, rng: np.random.Generator
) -> FlightPlan:
    """One that wanders over the area, at one speed."""
    speed = float(rng.uniform(*roamer.speed_mps))
    return FlightPlan(
        id=name,
        kind=roamer.kind,
        label=label,
        speed_mps=speed,
        turn_dps=roamer.turn_dps,
        climb_mps=roamer.climb_mps,
        waypoints=wander(
            area, speed, seconds, roamer.leg_m, roamer.spread_deg, roamer.height_m, rng
        ),
    )


def low_aircraft(
    name: str, label: str, area: Area, seconds: float, rng: np.random.Generator
) -> FlightPlan:
    """A light aircraft, helicopter or "light aircraft, Mode C only": low, slow, answering."""
    roamer = HELICOPTER if label == "helicopter" else LIGHT
    flight = roaming(name, label, roamer, area, seconds, rng)
    silent = label.endswith("Mode C only")
    return msgspec.structs.replace(
        flight,
        turn_dps=5.0,
        climb_mps=4.0,
        mode_3a=VFR_CODE if silent else code(rng),
        mode_s=-1 if silent else address(rng),
    )


def birds(name: str, area: Area, seconds: float, rng: np.random.Generator) -> FlightPlan:
    """A flock of birds: slow, low, wandering, and a weak echo."""
    flight = roaming(name, "flock of birds", BIRDS, area, seconds, rng)
    return msgspec.structs.replace(flight, visibility=0.5)


def _approach(
    target: Place, length_m: float, legs: int, from_deg: float, heights_m: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Waypoint, ...]:  # fmt: skip
    """Waypoints of a way of about `length_m` that ends at `target`, made from its end backwards."""
    shares = np.concatenate([[0.45], np.full(legs - 1, 0.55 / (legs - 1))])
    place, side = target, 1.0 if rng.uniform() < 0.5 else -1.0
    bearing = from_deg
    points: list[Waypoint] = [(*target, float(rng.uniform(*heights_m)))]
    for share in shares:
        place = destination(*place, bearing, length_m * float(share))
        points.append((*place, float(rng.uniform(*heights_m))))
        bearing = from_deg + side * float(rng.uniform(15.0, 50.0))
        side = -side
    return tuple(reversed(points))


def wander(
    area: Area, speed_mps: float, seconds: float, leg_m: float, spread_deg: float,
    heights_m: tuple[float, float], rng: np.random.Generator,
) -> tuple[Waypoint, ...]:  # fmt: skip
    """Waypoints that outlast the scenario, each leg turned a little from the one before."""
    place, course = area.somewhere(rng), float(rng.uniform(0.0, 360.0))
    points: list[Waypoint] = [(*place, float(rng.uniform(*heights_m)))]
    for _ in range(2 + int(1.2 * speed_mps * seconds / leg_m)):
        place = destination(*place, course, leg_m)
        points.append((*place, float(rng.uniform(*heights_m))))
        course += float(rng.normal(0.0, spread_deg))
    return tuple(points)


def across(area: Area, way_m: float, rng: np.random.Generator) -> tuple[Place, Place]:
    """The ends of a straight way of `way_m` over the area, with its middle part inside."""
    course = float(rng.uniform(0.0, 360.0))
    off_m = float(rng.uniform(-0.6, 0.6)) * area.radius_m
    abeam = destination(area.lat_deg, area.lon_deg, course + 90.0, off_m)
    behind_m = way_m * float(rng.uniform(0.3, 0.7))
    return (
        destination(*abeam, course + 180.0, behind_m),
        destination(*abeam, course, way_m - behind_m),
    )


def address(rng: np.random.Generator) -> int:
    """A 24-bit Mode S address."""
    return int(rng.integers(*_ADDRESSES))


def code(rng: np.random.Generator) -> int:
    """A Mode 3/A code that means nothing special."""
    code = int(rng.integers(1, _CODES))
    return 0o1000 if code in _NOT_GIVEN else code
