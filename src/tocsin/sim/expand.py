"""From a script to a plan: every chance is taken here, once, from the seed.

Each group, each make of radar and each kind of traffic draws from a stream of its own: what is
added to a file does not change what was there.
"""

import math
from typing import Final

import msgspec
import numpy as np

from tocsin.sim import aims, arcs, everyday, ways
from tocsin.sim.aims import Stage
from tocsin.sim.law import draw, draw_whole
from tocsin.sim.plan import Fault, FlightPlan, Place, Plan
from tocsin.sim.radar import SAC
from tocsin.sim.rockets import GRAVITY_MPS2
from tocsin.sim.routes import distance_m
from tocsin.sim.script import Group, Radars, Script, Trouble
from tocsin.sim.traffic import Area, address, code
from tocsin.words import THREATS, SensorSite
from tocsin.zones.map import ZoneMap

MAP_FILE: Final = "map.zones"
"""Beside `scenario.toml`, the map of a scenario whose map is not shipped."""
RADARS_MAX: Final = 255  # SIC is one octet

FALL_DEG: Final = 70.0  # what is brought down comes down so steep; chosen
_SETTING, _SENSORS, _FAULTS, _GROUPS, _TRAFFIC, _RAIDS = range(21, 27)
"""Streams of chance."""


def raid_seed(seed: int, raid: int) -> int:
    """The seed of one raid (0, 1, ...) of a run: 62 bits."""
    sequence = np.random.SeedSequence([seed, _RAIDS, raid])
    return int(sequence.generate_state(1, np.uint64)[0]) >> 2


def expand(script: Script, zones: ZoneMap, seed: int, t_ns_start: int) -> Plan:
    """The plan of `script` under `seed`. Raises ValueError with one line that says what to mend."""
    if seed < 0:
        raise ValueError("seed must not be negative")
    at = aims.stage(script, zones)
    setting = _stream(seed, _SETTING)
    numbers = counts(script, setting)
    wind_mps = (draw(script.wind_mps, setting), draw(script.wind_mps, setting))
    flights: list[FlightPlan] = []
    for number, (group, count) in enumerate(zip(script.groups, numbers, strict=True)):
        flights += _flights(at, group, count, _stream(seed, _GROUPS, number))
    seconds = script.seconds or math.ceil(_last_s(flights) + script.after_s)
    rng = _stream(seed, _SENSORS)
    sensors = _sensors(script, rng)
    for number, entry in enumerate(script.traffic):
        area = Area(script.area.lat_deg, script.area.lon_deg, _radius_m(script))
        stream = _stream(seed, _TRAFFIC, number)
        flights += everyday.flights(entry, area, seconds, stream)
    late = next((flight for flight in flights if flight.start_s >= seconds), None)
    if late is not None:
        raise ValueError(
            f"scenario: flight {late.id!r} starts at {late.start_s:.0f} s, after the end: raise"
            " seconds, or leave it out to end after the last threat"
        )
    return Plan(
        name=script.name,
        seed=seed,
        country=script.country,
        seconds=float(seconds),
        t_ns_start=t_ns_start,
        sensors=tuple(sensor for _, sensor in sensors),
        flights=tuple(flights),
        clutter_per_scan=script.clutter_per_scan,
        wind_mps=wind_mps,
        relay_s=script.relay_s,
        sectors=script.sectors,
        zones=MAP_FILE if script.zones.file or script.zones.grid is not None else "",
        faults=_faults(script, sensors, _stream(seed, _FAULTS)),
    )


def _stream(seed: int, *parts: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, *parts]))


def _radius_m(script: Script) -> float:
    """Of the disc that holds as much as the area."""
    return math.sqrt(script.area.wide_m * script.area.high_m / math.pi)


def counts(script: Script, rng: np.random.Generator) -> list[int]:
    """How many flights each group has: by its own law, or by its share of the threats."""
    threats = draw_whole(script.threats, rng)
    shares = np.array([group.share or 0.0 for group in script.groups])
    drawn = np.zeros(len(shares), dtype=np.int64)
    if shares.sum() > 0.0:
        drawn = rng.multinomial(threats, shares / shares.sum())
    return [
        int(drawn[k]) if group.count is None else draw_whole(group.count, rng)
        for k, group in enumerate(script.groups)
    ]


def _sensors(script: Script, rng: np.random.Generator) -> list[tuple[Radars, SensorSite]]:
    """One radar at each place, with the make it is of."""
    found: list[tuple[Radars, SensorSite]] = []
    for make in script.sensors:
        for k, (lat, lon) in enumerate(make.places):
            site = SensorSite(
                name=make.name if len(make.places) == 1 else f"{make.name}-{k + 1}",
                lat_deg=lat,
                lon_deg=lon,
                height_m=round(draw(make.height_m, rng), 1),
                sac=SAC,
                sic=len(found) + 1,
                range_m_max=make.range_m_max,
                scan_s=make.scan_s,
                detection_chance=make.detection_chance,
                stale_s=make.stale_s,
                sigma_range_m=make.sigma_range_m,
                sigma_azimuth_deg=make.sigma_azimuth_deg,
                sigma_height_m=make.sigma_height_m,
            )
            found.append((make, site))
    if len(found) > RADARS_MAX:
        raise ValueError(f"scenario: sensors: {len(found)} of them: {RADARS_MAX} at most")
    return found


def _faults(
    script: Script, sensors: list[tuple[Radars, SensorSite]], rng: np.random.Generator
) -> tuple[Fault, ...]:
    """Every fault that chance lets happen, sensor by sensor; clutter of a make's own as well."""
    found = []
    for make, site in sensors:
        own = make.clutter_per_scan - script.clutter_per_scan
        if make.clutter_per_scan >= 0.0 and own < 0.0:
            raise ValueError(
                f"scenario: sensors {make.name!r}: clutter_per_scan: not below that of the"
                " scenario: lower the scenario's, and raise the others'"
            )
        if make.clutter_per_scan >= 0.0 and own > 0.0:
            found.append(Fault(sensor=site.name, clutter_per_scan=own))
        found += [
            _fault(trouble, site.name, rng)
            for trouble in script.faults
            if trouble.sensor in ("*", make.name, site.name) and rng.uniform() < trouble.chance
        ]
    named = [site.name for _, site in sensors] + [make.name for make, _ in sensors]
    for trouble in script.faults:
        if trouble.sensor not in ("*", *named):
            raise ValueError(
                f"scenario: faults of {trouble.sensor!r}: no such sensor: there are"
                f" {', '.join(site.name for _, site in sensors)}"
            )
    return tuple(found)


def _fault(trouble: Trouble, sensor: str, rng: np.random.Generator) -> Fault:
    from_s, lasts_s = draw(trouble.from_s, rng), draw(trouble.lasts_s, rng)
    return Fault(
        sensor=sensor,
        from_s=from_s,
        to_s=-1.0 if lasts_s < 0.0 else from_s + lasts_s,
        off=trouble.off,
        loss=trouble.loss,
        sees=trouble.sees,
        clutter_per_scan=draw(trouble.clutter_per_scan, rng),
        clutter_deg=trouble.clutter_deg,
        range_bias_m=draw(trouble.range_bias_m, rng),
        azimuth_bias_deg=draw(trouble.azimuth_bias_deg, rng),
        clock_s=draw(trouble.clock_s, rng),
    )


def _flights(at: Stage, group: Group, count: int, rng: np.random.Generator) -> list[FlightPlan]:
    """`count` flights of a group, salvo by salvo."""
    flights: list[FlightPlan] = []
    while len(flights) < count:
        size = max(draw_whole(group.salvo, rng), 1)
        time_s = draw(group.start_s if group.start_s is not None else group.arrive_s or 0.0, rng)
        aim = aims.target(at, group.name, group.target, rng)
        base = aims.origin(at, group.origin, aim, rng)
        for k in range(min(size, count - len(flights))):
            if k:
                time_s += abs(draw(group.gap_s, rng))
                if not group.together:
                    aim = aims.target(at, group.name, group.target, rng)
                if group.origin.law == "target" and not group.together:
                    base = aims.origin(at, group.origin, aim, rng)
            begin = aims.scattered(base, abs(draw(group.origin.scatter_m, rng)) if k else 0.0, rng)
            name = f"{group.name}-{len(flights) + 1}"
            made = _ballistic if group.kind == "ballistic" else _winged
            flights.append(made(at, group, name, begin, aim, time_s, rng))
    return flights


def _winged(
    at: Stage, group: Group, name: str, begin: Place, aim: Place, time_s: float,
    rng: np.random.Generator,
) -> FlightPlan:  # fmt: skip
    """A flight with waypoints; it may be a decoy, only cross the area, or be brought down."""
    luck, falls_m = float(rng.uniform()), math.inf
    if group.falls_per_km > 0.0:
        falls_m = float(rng.exponential(1_000.0 / group.falls_per_km))
    decoy, crosses = luck < group.decoys, group.decoys <= luck < group.decoys + group.crossing
    if decoy:
        aim = aims.target(at, name, msgspec.structs.replace(group.target, law="open"), rng)
    if crosses:
        aim = aims.through(at.box, begin, aim)
    speed = draw(group.speed_mps, rng)
    points = ways.way(at, group, begin, aim, rng)
    points = ways.rounded(points, speed / math.radians(group.turn_dps))
    far_m = ways.length_m(points)
    downed = falls_m < far_m
    if downed:
        points = ways.cut(points, falls_m)
    strikes = group.kind in THREATS and (downed or not crosses)
    label = group.label or group.name
    label += ", decoy" if decoy else ", crossing" if crosses else ""
    start_s = time_s if group.start_s is not None else max(time_s - far_m / speed, 0.0)
    answers = bool(rng.uniform() < group.answers)
    return FlightPlan(
        id=name,
        kind=group.kind,
        label=f"{label}, brought down" if downed else label,
        start_s=start_s,
        ends="impact" if strikes else "leaves",
        speed_mps=speed,
        turn_dps=group.turn_dps,
        climb_mps=group.climb_mps,
        dive_deg=FALL_DEG if downed else draw(group.dive_deg, rng),
        waypoints=ways.heights(group, points, rng),
        visibility=draw(group.visibility, rng),
        echo_m2=draw(group.echo_m2, rng),
        mode_3a=code(rng) if answers else -1,
        mode_s=address(rng) if answers else -1,
        arcs=True,
    )


def _ballistic(
    at: Stage, group: Group, name: str, begin: Place, aim: Place, time_s: float,
    rng: np.random.Generator,
) -> FlightPlan:  # fmt: skip
    """A rocket or missile; `arrive_s` is met within some ten seconds, for drag is not known yet."""
    elevation_deg = draw(group.elevation_deg, rng)
    boost_s = draw_whole(group.boost_s, rng)
    start_s = time_s
    if group.start_s is None:
        start_s = max(time_s - fall_s(distance_m(*begin, *aim), elevation_deg, boost_s), 0.0)
    decoy = bool(rng.uniform() < group.decoys)
    if decoy:
        aim = aims.target(at, name, msgspec.structs.replace(group.target, law="open"), rng)
    label = group.label or group.name
    return FlightPlan(
        id=name,
        kind="ballistic",
        label=f"{label}, astray" if decoy else label,
        start_s=start_s,
        ends="impact",
        elevation_deg=elevation_deg,
        beta_kgpm2=draw(group.beta_kgpm2, rng),
        boost_s=boost_s,
        waypoints=((*begin, 0.0), (*aim, 0.0)),
        visibility=draw(group.visibility, rng),
        echo_m2=draw(group.echo_m2, rng),
    )


def fall_s(range_m: float, elevation_deg: float, boost_s: int) -> float:
    """Time of flight over `range_m` without air, and half the boost."""
    return math.sqrt(2.0 * range_m * math.tan(math.radians(elevation_deg)) / GRAVITY_MPS2) + (
        boost_s / 2.0
    )


_NEARLY_LAST_S: Final = 120.0
"""Flights whose straight ways end so near to the last end are flown: corners and the dive add to
them. Chosen, above what twenty waypoints add to a drone."""


def _last_s(flights: list[FlightPlan]) -> float:
    """When the last threat is down, or out of the area, at the latest."""
    threats = [flight for flight in flights if flight.kind in THREATS]
    ends = [(_straight_s(flight), flight) for flight in threats]
    nearly = max((end_s for end_s, _ in ends), default=0.0) - _NEARLY_LAST_S
    return max(
        (
            float(arcs.fly(flight).t_s[-1]) if flight.arcs and end_s >= nearly else end_s
            for end_s, flight in ends
        ),
        default=0.0,
    )


def _straight_s(flight: FlightPlan) -> float:
    """When a flight would end if it cut its corners."""
    points = [(lat, lon) for lat, lon, _ in flight.waypoints]
    way_m = ways.length_m(points)
    if flight.kind == "ballistic":
        fall_at_most_s = 1.3 * fall_s(way_m, flight.elevation_deg, flight.boost_s) + 20.0
        return flight.start_s + fall_at_most_s
    return flight.start_s + way_m / flight.speed_mps
