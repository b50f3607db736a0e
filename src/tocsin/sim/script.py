"""The scenario file that people write: groups of flights by law, sensors, zones, traffic.

A script becomes a `Plan` (every flight, explicit) when chance is given: `sim.expand`. What every
key means is told in `sim.script_keys`, from which the reference page is printed.
"""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from tocsin.sim.law import Law, complaint
from tocsin.sim.plan import Place, parsed
from tocsin.sim.script_rules import AIMS, CRAFT, LIMITS, ORIGINS, ROUTES, Limit
from tocsin.words import KINDS, THREATS

FORMAT: Final = 1


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[area]`: where the scenario plays."""

    lat_deg: float
    lon_deg: float
    wide_m: float
    high_m: float


class Grid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[zones.grid]`: a made-up map of square zones over the area."""

    cell_m: float = 4_000.0
    people: int = 1_000_000
    towns: int = 40
    town_m: float = 3_000.0
    rural: float = 0.3
    shelter_s: Law = 90.0
    seed: int = 1


class Zones(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[zones]`: the map; exactly one of a file and a grid, or neither for the shipped one."""

    file: str = ""
    grid: Grid | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[lines]]`: a river, a coast, a border."""

    name: str
    points: tuple[Place, ...]


class Radars(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[sensors]]`: radars of one make, one at each of `places`."""

    name: str
    places: tuple[Place, ...]
    height_m: Law = 60.0
    range_m_max: float = 200_000.0
    scan_s: float = 4.0
    detection_chance: float = 0.9
    sigma_range_m: float = 50.0
    sigma_azimuth_deg: float = 0.1
    sigma_height_m: float = 150.0
    stale_s: float = 15.0
    clutter_per_scan: float = -1.0


class Trouble(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[faults]]`: what ails a sensor, with chance."""

    sensor: str
    chance: float = 1.0
    from_s: Law = 0.0
    lasts_s: Law = -1.0
    off: bool = False
    loss: float = 0.0
    sees: float = 1.0
    clutter_per_scan: Law = 0.0
    clutter_deg: tuple[float, float] = (0.0, 360.0)
    range_bias_m: Law = 0.0
    azimuth_bias_deg: Law = 0.0
    clock_s: Law = 0.0


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[groups.origin]`: where flights come from."""

    law: str
    places: tuple[Place, ...] = ()
    line: str = ""
    bearing_deg: Law = msgspec.field(default_factory=lambda: {"uniform": [0.0, 360.0]})
    distance_m: Law = 0.0
    scatter_m: Law = 0.0


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[groups.target]`: where they are going."""

    law: str
    places: tuple[Place, ...] = ()
    power: float = 1.0
    people_least: int = 0
    sites: int = 10
    scatter_m: Law = 0.0


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[groups.route]`: how they get there."""

    law: str = "direct"
    legs: Law = 3.0
    swing_deg: Law = 20.0
    lines: tuple[str, ...] = ()
    keep_off: int = 8
    keep_off_m: Law = 15_000.0
    behind: float = 0.0
    beyond_m: Law = 10_000.0
    loiter: float = 0.0
    loiter_s: Law = 300.0
    loiter_m: Law = 2_000.0
    relief_m: float = 0.0


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[groups]]`: flights that are alike."""

    name: str
    kind: str
    target: Target
    origin: Origin
    route: Route = Route()
    label: str = ""
    count: Law | None = None
    share: float | None = None
    start_s: Law | None = None
    arrive_s: Law | None = None
    salvo: Law = 1.0
    gap_s: Law = 0.0
    together: bool = False
    speed_mps: Law = 50.0
    height_m: Law = 500.0
    turn_dps: float = 4.0
    climb_mps: float = 8.0
    dive_deg: Law = 40.0
    decoys: float = 0.0
    crossing: float = 0.0
    falls_per_km: float = 0.0
    visibility: Law = 1.0
    echo_m2: Law = 0.0
    answers: float = 0.0
    elevation_deg: Law = 48.0
    beta_kgpm2: Law = 6_000.0
    boost_s: Law = 0.0


class Traffic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[traffic]]`: what flies there every day."""

    craft: str
    count: Law
    answers: float = 1.0
    fails: float = 0.0


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    country: str
    description: str = ""
    format: int = FORMAT
    seconds: float = 0.0
    after_s: float = 300.0
    raids: int = 1
    threats: Law = 0.0
    wind_mps: Law = 0.0
    clutter_per_scan: float = 2.0
    relay_s: float = 0.0
    sectors: int = 32
    area: Box
    zones: Zones = Zones()
    lines: tuple[Line, ...] = ()
    sensors: tuple[Radars, ...]
    faults: tuple[Trouble, ...] = ()
    groups: tuple[Group, ...] = ()
    traffic: tuple[Traffic, ...] = ()


def parse(text: str) -> Script:
    """The script of a TOML text. Raises ValueError with one line that says what to mend."""
    return parsed(text, Script, _problems)


def is_script(text: str) -> bool:
    """Whether a scenario file is by laws, not every flight by itself. ValueError if not TOML."""
    try:
        return "flights" not in tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"scenario is not TOML: {error}") from error


def _problems(script: Script) -> Iterator[str]:
    """What cannot work in a script whose types are right."""
    if script.format != FORMAT:
        yield f"format = {script.format}: this version reads {FORMAT}"
    yield from _numbers("", "script", script)
    yield from _numbers("area: ", "area", script.area)
    if script.zones.grid is not None:
        if script.zones.file:
            yield "zones: give a file or a grid, not both"
        yield from _numbers("zones.grid: ", "zones.grid", script.zones.grid)
    if not script.sensors:
        yield "no [[sensors]]: give at least one, or nothing can be seen"
    for what, names in (
        ("sensors", [radars.name for radars in script.sensors]),
        ("groups", [group.name for group in script.groups]),
        ("lines", [line.name for line in script.lines]),
    ):
        if len(dict.fromkeys(names)) < len(names):
            yield f"[[{what}]] holds the same name twice: names are unique"
    for radars in script.sensors:
        yield from _numbers(f"sensors {radars.name!r}: ", "sensors", radars)
        if not radars.places:
            yield f"sensors {radars.name!r}: places: give one [latitude, longitude] or more"
        yield from _places(f"sensors {radars.name!r}: places", radars.places)
    for line in script.lines:
        yield from _places(f"line {line.name!r}: points", line.points)
    for trouble in script.faults:
        where = f"faults of {trouble.sensor!r}: "
        yield from _numbers(where, "faults", trouble)
        if not any(_hits(trouble.sensor, radars.name) for radars in script.sensors):
            yield f"{where}sensor: no such sensor: give a name of [[sensors]], name-2 or *"
    for group in script.groups:
        yield from _group_problems(script, group)
    for traffic in script.traffic:
        where = f"traffic {traffic.craft!r}: "
        yield from _numbers(where, "traffic", traffic)
        if traffic.craft not in CRAFT:
            yield f"{where}craft: choose from {', '.join(CRAFT)}"
    if not any(group.kind in THREATS for group in script.groups) and script.seconds <= 0:
        yield "seconds: nothing here endangers anybody, so say how long it lasts"


def _hits(pattern: str, name: str) -> bool:
    """Whether the sensor of a fault is of the make `name`."""
    return pattern in ("*", name) or pattern.startswith(f"{name}-")


def _group_problems(script: Script, group: Group) -> Iterator[str]:
    where = f"group {group.name!r}: "
    yield from _numbers(where, "groups", group)
    for table in ("origin", "target", "route"):
        yield from _numbers(f"{where}{table}: ", f"groups.{table}", getattr(group, table))
    if group.kind not in KINDS:
        yield f"{where}kind = {group.kind!r}: choose from {', '.join(KINDS)}"
    for table, laws in (("origin", ORIGINS), ("target", AIMS), ("route", ROUTES)):
        law = getattr(group, table).law
        if law not in laws:
            yield f"{where}{table}: law = {law!r}: choose from {', '.join(laws)}"
    if (group.count is None) == (group.share is None):
        yield f"{where}give count (how many) or share (of the scenario's threats), one of them"
    if group.share is not None and script.threats == 0.0:
        yield f"{where}share: of what? Give threats = ... above the first table"
    if (group.start_s is None) == (group.arrive_s is None):
        yield f"{where}give start_s or arrive_s, one of them"
    for table in ("origin", "target"):
        end = getattr(group, table)
        if end.law == "places" and not end.places:
            yield f"{where}{table}: places: give one [latitude, longitude] or more"
        yield from _places(f"{where}{table}: places", end.places)
    if group.kind == "ballistic" and group.route.law != "direct":
        yield f"{where}route: a ballistic flight flies direct: leave [groups.route] out"
    known = [line.name for line in script.lines]
    if group.origin.law == "line" and group.origin.line not in known:
        yield f"{where}origin: line = {group.origin.line!r}: give a name of [[lines]]"
    for name in group.route.lines:
        if name not in known:
            yield f"{where}route: lines: {name!r} is no name of [[lines]]"
    if group.route.law == "along" and not group.route.lines:
        yield f"{where}route: lines: give the names of [[lines]] to follow"


def _places(where: str, places: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Places that are nowhere; the limits are the area's."""
    for lat_deg, lon_deg in places:
        if not (abs(lat_deg) <= 80.0 and abs(lon_deg) <= 180.0):  # so that NaN is wrong too
            yield (
                f"{where}: [{lat_deg:g}, {lon_deg:g}]: give the latitude, -80 to 80, and then the "
                "longitude, -180 to 180"
            )


def _numbers(where: str, table: str, row: Any) -> Iterator[str]:
    """Numbers and laws that leave their limits."""
    for key, limit in LIMITS[table].items():
        value = getattr(row, key)
        wrong = "" if value is None else _beyond(value, limit)
        if wrong:
            yield f"{where}{key}: {wrong}"


def _beyond(value: Any, limit: Limit) -> str:
    if value == limit.absent:
        return ""
    return complaint(value, limit.least, limit.most)
