"""The named scenarios: each makes a plan from a seed and the zone map."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim import fleet, traffic
from tocsin.sim.plan import FlightPlan, Place, Plan
from tocsin.sim.radar import SAC
from tocsin.sim.routes import destination, distance_m
from tocsin.sim.traffic import Area
from tocsin.sim.world import World, build
from tocsin.words import FloatArray, SensorSite
from tocsin.zones.map import ZoneMap

_MASTS_M: Final = (120.0, 60.0, 250.0, 80.0, 300.0, 40.0, 160.0, 30.0)
"""Antenna heights, hill and mast together, of the first radar, the second, ..."""

_ROCKET_M: Final = (12_000.0, 65_000.0)
"""Ranges of the rockets; within the 10 to 70 km of short-range rockets after their scatter."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a scenario's maker is given."""

    zones: ZoneMap
    area: Area
    seconds: float
    rng: np.random.Generator


Maker = Callable[[Setting], list[FlightPlan]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One entry of the list. `places` are its centres by country; elsewhere the largest zone."""

    description: str
    country: str
    seconds: float
    radius_m: float
    places: dict[str, Place]
    make: Maker
    radars: int = 6
    scan_s: float = 4.0
    clutter_per_scan: float = 2.0


def scenario(name: str, seed: int, t_ns_start: int, zones: ZoneMap) -> World:
    """The named world. Raises ValueError for a name that is not in `SCENARIOS`."""
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: choose from {', '.join(SCENARIOS)}")
    if seed < 0:
        raise ValueError("seed must not be negative")
    entry = SCENARIOS[name]
    rng = np.random.Generator(np.random.PCG64(seed))
    area = Area(*_centre(zones, entry.places), entry.radius_m)
    flights = entry.make(Setting(zones, area, entry.seconds, rng))
    wind_mps = rng.normal(0.0, 6.0, 2)  # one sigma 6 m/s each way, as in the impact study
    plan = Plan(
        name=name,
        seed=seed,
        country=zones.country,
        seconds=entry.seconds,
        t_ns_start=t_ns_start,
        sensors=_radars(area, entry),
        flights=tuple(flights),
        clutter_per_scan=entry.clutter_per_scan,
        wind_mps=(float(wind_mps[0]), float(wind_mps[1])),
    )
    return build(plan, zones)


def _demo_raid(setting: Setting) -> list[FlightPlan]:
    """Threats already inbound: a cruise missile strikes within a minute, then the drones."""
    rng = setting.rng
    arrivals_s = np.array([60, 72, 84, 97, 110, 124, 139, 157, 230, 280]) + rng.uniform(-4, 4, 10)
    targets = _targets(setting, len(arrivals_s) + 2)
    flights = [
        traffic.cruise("cruise-1", targets[-1], (0.0, 50.0 + float(rng.uniform(0, 5))), 40.0, rng),
        traffic.cruise("cruise-2", targets[-2], (0.0, 104.0), 60.0, rng),
    ]
    for i, arrival_s in enumerate(arrivals_s):
        from_deg = 50.0 + float(rng.uniform(-30.0, 30.0))
        times_s = (0.0, float(arrival_s))
        flights.append(traffic.drone(f"drone-{i + 1}", targets[i], times_s, from_deg, rng))
    for i in range(2):
        times_s = (0.0, float(rng.uniform(80.0, 130.0)))
        flights.append(_decoy(f"decoy-{i + 1}", setting, times_s))
    return flights + _friends(setting, airliners=4, light=2, helicopters=1, flocks=2)


def _mass_raid(setting: Setting) -> list[FlightPlan]:
    """Thirty drones, ten decoys and six cruise missiles, from outside the radars' view."""
    rng = setting.rng
    targets = _targets(setting, 18)
    flights = []
    for i in range(40):
        arrival_s = float(rng.uniform(500.0, 1_500.0))
        times_s = (max(0.0, arrival_s - float(rng.uniform(500.0, 1_000.0))), arrival_s)
        if i % 4 == 3:
            flights.append(_decoy(f"decoy-{i + 1}", setting, times_s))
            continue
        target, from_deg = targets[i % len(targets)], 50.0 + float(rng.uniform(-45.0, 45.0))
        flights.append(traffic.drone(f"drone-{i + 1}", target, times_s, from_deg, rng))
    for i in range(6):
        arrival_s = float(rng.uniform(600.0, 1_400.0))
        times_s = (arrival_s - 400.0, arrival_s)
        target = targets[int(rng.integers(len(targets)))]
        flights.append(traffic.cruise(f"cruise-{i + 1}", target, times_s, 60.0, rng))
    return flights + _friends(setting, airliners=6, light=3, helicopters=2, flocks=4)


def _friendly_only(setting: Setting) -> list[FlightPlan]:
    """Everything in the sky that must not warn anybody."""
    towns = _targets(setting, fleet.AIRPORTS)
    return fleet.sky(setting.area, setting.seconds, towns, setting.rng)


def _friendly_and_one(setting: Setting) -> list[FlightPlan]:
    """The same flights, to the last digit, and a drone among them.

    Its chance comes from a generator of its own, so that it disturbs nothing else in the plan.
    """
    friends = _friendly_only(setting)
    [own] = setting.rng.spawn(1)
    target = _targets(replace(setting, rng=own), 1)[0]
    times_s = (float(own.uniform(20.0, 60.0)), setting.seconds - float(own.uniform(25.0, 60.0)))
    from_deg = 50.0 + float(own.uniform(-40.0, 40.0))
    return [*friends, traffic.drone("drone-1", target, times_s, from_deg, own)]


def _missiles(setting: Setting) -> list[FlightPlan]:
    """Ten missiles from 75 to 115 km away, and one lofted to more than 100 km of height."""
    rng = setting.rng
    targets = _targets(setting, 6)
    flights = []
    for i in range(11):
        lofted = i == 6
        range_m = float(rng.uniform(130e3, 150e3) if lofted else rng.uniform(75e3, 115e3))
        flights.append(
            traffic.missile(
                f"missile-{i + 1}",
                targets[i % len(targets)],
                50.0 + float(rng.uniform(-25.0, 25.0)),
                range_m,
                (20.0, 110.0)[i % 2] + float(rng.uniform(0.0, 40.0)),
                float(rng.uniform(72.0, 75.0) if lofted else rng.uniform(46.0, 51.0)),
                40 if lofted else int(rng.integers(5, 31)),
                rng,
            )
        )
    return flights + _friends(setting, airliners=3, light=2, helicopters=1, flocks=2)


def _single_drone(setting: Setting) -> list[FlightPlan]:
    """One drone on a way of some 60 to 80 km into a town."""
    target = _targets(setting, 1)[0]
    arrival_s = float(setting.rng.uniform(1_350.0, 1_420.0))
    from_deg = 50.0 + float(setting.rng.uniform(-25.0, 25.0))
    flight = traffic.drone("drone-1", target, (0.0, arrival_s), from_deg, setting.rng)
    return [flight, *_friends(setting, airliners=3, light=2, helicopters=1, flocks=2)]


def _rocket_salvo(setting: Setting) -> list[FlightPlan]:
    """Three volleys of rockets on a handful of towns; some fall in the open."""
    rng, area = setting.rng, setting.area
    launch = destination(area.lat_deg, area.lon_deg, 215.0, 22_000.0)
    targets = _targets(setting, 5, launch)
    flights = []
    for i in range(16):
        volley_s = (20.0, 90.0, 200.0)[i % 3]
        start_s = volley_s + float(rng.uniform(0.0, 15.0))
        site = destination(*launch, float(rng.uniform(0.0, 360.0)), float(rng.uniform(0.0, 1_500)))
        target = targets[i % len(targets)] if i % 5 else _open_place(setting, launch)
        flights.append(traffic.rocket(f"rocket-{i + 1}", site, target, start_s, rng))
    return flights + _friends(setting, airliners=3, light=2, helicopters=1, flocks=2)


def _friends(
    setting: Setting, airliners: int, light: int, helicopters: int, flocks: int
) -> list[FlightPlan]:
    """Friendly traffic and birds; the last light aircraft has Mode 3/A and C but no Mode S."""
    area, seconds, rng = setting.area, setting.seconds, setting.rng
    flights = [traffic.airliner(f"airliner-{i + 1}", area, seconds, rng) for i in range(airliners)]
    for i in range(light):
        label = "light aircraft" + (", Mode C only" if i == light - 1 else "")
        flights.append(traffic.low_aircraft(f"light-{i + 1}", label, area, seconds, rng))
    for i in range(helicopters):
        name = f"helicopter-{i + 1}"
        flights.append(traffic.low_aircraft(name, "helicopter", area, seconds, rng))
    return flights + [traffic.birds(f"birds-{i + 1}", area, seconds, rng) for i in range(flocks)]


def _decoy(name: str, setting: Setting, times_s: tuple[float, float]) -> FlightPlan:
    """A drone that is lost on its way or was never meant to strike: it falls in the open."""
    place = _open_place(setting)
    from_deg = 50.0 + float(setting.rng.uniform(-40.0, 40.0))
    return traffic.drone(name, place, times_s, from_deg, setting.rng, "decoy")


def _targets(setting: Setting, count: int, launch: Place | None = None) -> list[Place]:
    """`count` places in the populous zones of the area, far enough from `launch`.

    Drawn from the most populous two zones in each place wanted; with fewer zones, some are
    struck more than once. Within each: its representative point, where its people are.
    """
    zones, area = setting.zones, setting.area
    away_m = _away_m(zones, (area.lat_deg, area.lon_deg))
    fit = away_m <= area.radius_m
    if launch is not None:
        range_m = _away_m(zones, launch)
        fit &= (range_m >= _ROCKET_M[0]) & (range_m <= _ROCKET_M[1])
    rows = np.flatnonzero(fit) if fit.any() else np.array([int(np.argmin(away_m))])
    most_first = rows[np.lexsort((rows, -zones.people[rows]))][: 2 * count]
    drawn = setting.rng.permutation(most_first)
    chosen = [int(drawn[i % len(drawn)]) for i in range(count)]
    return [(float(zones.lat_deg[row]), float(zones.lon_deg[row])) for row in chosen]


def _open_place(setting: Setting, launch: Place | None = None) -> Place:
    """Of twenty places drawn in the area, the first in no zone, else the farthest from people.

    Farthest from the representative points of the zones, which lie where their people are.
    """
    zones = setting.zones
    reach = Area(setting.area.lat_deg, setting.area.lon_deg, 0.8 * setting.area.radius_m)
    drawn = [reach.somewhere(setting.rng) for _ in range(20)]
    if launch is not None:
        drawn = [place for place in drawn if _far_enough(place, launch)] or drawn
    lat, lon = np.array(drawn).T
    nobody = zones.locate(lat, lon) < 0
    nearest_m = np.array([np.min(_away_m(zones, place)) for place in drawn])
    return drawn[int(np.lexsort((-nearest_m, ~nobody))[0])]


def _away_m(zones: ZoneMap, place: Place) -> FloatArray:
    """From `place` to the representative point of every zone."""
    lat, lon = np.array(place)
    return geo.ground_distance_m(lat, lon, zones.lat_deg, zones.lon_deg)


def _far_enough(place: Place, launch: Place) -> bool:
    return _ROCKET_M[0] <= distance_m(*place, *launch) <= _ROCKET_M[1]


def _centre(zones: ZoneMap, places: dict[str, Place]) -> Place:
    """The scenario's own centre in this country, else where the most people live."""
    if zones.country in places:
        return places[zones.country]
    row = int(np.argmax(zones.people))
    return float(zones.lat_deg[row]), float(zones.lon_deg[row])


def _radars(area: Area, entry: Scenario) -> tuple[SensorSite, ...]:
    """One radar at the centre, the others evenly round it at 0.7 of the radius."""
    sites = []
    for i in range(entry.radars):
        place: Place = (area.lat_deg, area.lon_deg)
        if i:
            place = destination(*place, 360.0 * i / (entry.radars - 1), 0.7 * area.radius_m)
        sites.append(
            SensorSite(
                name=f"radar-{i + 1}",
                lat_deg=round(place[0], 5),
                lon_deg=round(place[1], 5),
                height_m=_MASTS_M[i % len(_MASTS_M)],
                sac=SAC,
                sic=i + 1,
                scan_s=entry.scan_s,
            )
        )
    return tuple(sites)


_KHARKIV: Final = {"ua": (49.99, 36.23), "il": (32.08, 34.78)}
_POLTAVA: Final = {"ua": (49.59, 34.55), "il": (32.08, 34.78)}
_ASHKELON: Final = {"il": (31.67, 34.57), "ua": (48.46, 35.05)}

SCENARIOS: Final[dict[str, Scenario]] = {
    "demo-raid": Scenario(
        "Three minutes: drones and two cruise missiles already inbound on a dozen towns.",
        "ua", 180.0, 60_000.0, _KHARKIV, _demo_raid,
    ),
    "friendly-only": Scenario(
        "Ten minutes of two hundred aircraft, birds and balloons: nobody may be warned.",
        "ua", 600.0, 90_000.0, _KHARKIV, _friendly_only, clutter_per_scan=6.0,
    ),
    "friendly-and-one": Scenario(
        "The same flights as friendly-only, and one drone among them.",
        "ua", 600.0, 90_000.0, _KHARKIV, _friendly_and_one, clutter_per_scan=6.0,
    ),
    "single-drone": Scenario(
        "One drone crosses some 70 km in 23 minutes and strikes a town.",
        "ua", 1_560.0, 60_000.0, _POLTAVA, _single_drone,
    ),
    "rocket-salvo": Scenario(
        "Eight minutes: sixteen short-range rockets in three volleys, amid friendly traffic.",
        "il", 480.0, 30_000.0, _ASHKELON, _rocket_salvo, radars=4, scan_s=2.0,
    ),
    "missiles": Scenario(
        "Nine minutes: eleven ballistic missiles with their boost, one higher than 100 km.",
        "ua", 540.0, 60_000.0, _KHARKIV, _missiles, scan_s=2.0,
    ),
    "mass-raid": Scenario(
        "Twenty-seven minutes: thirty drones, ten decoys and six cruise missiles.",
        "ua", 1_620.0, 80_000.0, _KHARKIV, _mass_raid, radars=8,
    ),
}  # fmt: skip
"""Every named scenario, in the order in which the command lists them."""
