"""What happens in a scenario, as data: the TOML file a person may write, and `scenario.toml`.

A plan is complete: the same plan and seed give the same world, byte for byte. The named scenarios
only make plans. Every field is described in docs/reference/scenarios.md.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec
import tomli_w

from tocsin.words import KINDS, SensorSite

FORMAT: Final = 1
ENDS: Final = ("impact", "leaves")

_SELDOM: Final[dict[str, Any]] = {"relay_s": 0.0, "sectors": 32, "zones": "", "faults": ()}
"""Keys that are not written at their defaults, so that plain scenarios stay plain."""

Place = tuple[float, float]
"""Latitude and longitude, degrees."""

Waypoint = tuple[float, float, float]
"""Latitude (deg), longitude (deg), height (m) above mean sea level."""


class FlightPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One flight. Its kinematic defaults are those of a one-way drone.

    A ballistic flight has exactly two waypoints, launch and aim, and uses `elevation_deg`,
    `beta_kgpm2` and `boost_s` (its motor burns so long; 0: it starts at burnout speed); every other
    flight follows its waypoints and then dives into the last one (`ends = "impact"`, from the
    height of the waypoint before; its own height plays no part) or is gone (`"leaves"`).

    `speeds_mps`, one for each waypoint or none: the speed on the way there, taken up at
    `accel_mps2`; 0 means that it comes at `speed_mps` and stops there, and climbs or sinks on the
    spot. `holds_s`, likewise: how long it then stays, hovering where it stopped, else in a circle.
    `graded`: height changes evenly along each leg, not at once by `climb_mps`. With `speed_mps` 0
    it floats: `drift` times the wind carries it, as it carries what circles.

    `arcs`: flown along straight legs and even turns, with neither holds nor stops (`sim.arcs`).

    `visibility` multiplies the radars' chance of detection; with `echo_m2` (radar cross-section)
    more than 0, range and radial speed do too. `mode_3a` and `mode_s` are -1 without such a
    transponder; it falls silent at `silent_s` (-1: never).
    """

    id: str
    kind: str
    waypoints: tuple[Waypoint, ...]
    label: str = ""
    start_s: float = 0.0
    ends: str = "leaves"
    speed_mps: float = 50.0
    turn_dps: float = 4.0
    climb_mps: float = 8.0
    dive_deg: float = 40.0
    speeds_mps: tuple[float, ...] = ()
    holds_s: tuple[float, ...] = ()
    accel_mps2: float = 2.0
    graded: bool = False
    drift: float = 1.0
    elevation_deg: float = 50.0
    beta_kgpm2: float = 5000.0
    boost_s: int = 0
    visibility: float = 1.0
    echo_m2: float = 0.0
    mode_3a: int = -1
    mode_s: int = -1
    silent_s: float = -1.0
    arcs: bool = False


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ails one sensor from `from_s` to `to_s` (-1: to the end); several may hold at once.

    `off`: it sends nothing. `loss`: this share of its datagrams is lost on the way. `sees`
    multiplies its chance of detection. `clutter_per_scan` false plots are added in each turn,
    between the azimuths of `clutter_deg` (clockwise). `range_bias_m` and `azimuth_bias_deg` are
    added to each plot, `clock_s` to each time that it tells.
    """

    sensor: str
    from_s: float = 0.0
    to_s: float = -1.0
    off: bool = False
    loss: float = 0.0
    sees: float = 1.0
    clutter_per_scan: float = 0.0
    clutter_deg: tuple[float, float] = (0.0, 360.0)
    range_bias_m: float = 0.0
    azimuth_bias_deg: float = 0.0
    clock_s: float = 0.0

    def holds(self, t_s: float) -> bool:
        """Whether it is so at `t_s`."""
        return self.from_s <= t_s and (self.to_s < 0.0 or t_s < self.to_s)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario. `clutter_per_scan` is the mean number of false plots of one radar in one scan.

    `wind_mps` is (east, north), the same everywhere; it bends the ballistic flights and
    carries what floats or circles. `relay_s`: a concentrator passes on what the radars send, all
    together, whenever so many seconds are full; 0 for at once. `sectors`: messages of a radar in
    one turn, each with its plots. `zones` is the path of a zone map, relative to the file; "" for
    the shipped one of the country.
    """

    name: str
    seed: int
    country: str
    seconds: float
    t_ns_start: int
    sensors: tuple[SensorSite, ...]
    flights: tuple[FlightPlan, ...]
    clutter_per_scan: float = 2.0
    wind_mps: tuple[float, float] = (0.0, 0.0)
    format: int = FORMAT
    relay_s: float = 0.0
    sectors: int = 32
    zones: str = ""
    faults: tuple[Fault, ...] = ()


def parse(text: str) -> Plan:
    """The plan of a TOML text. Raises ValueError with one line that says what is wrong."""
    return parsed(text, Plan, _problems)


Document = TypeVar("Document", bound=msgspec.Struct)


def parsed(
    text: str, kind: type[Document], problems: Callable[[Document], Iterable[str]]
) -> Document:
    """A TOML text as `kind`, unless one of its `problems` forbids it.

    Raises ValueError with one line that says what to mend.
    """
    try:
        document = msgspec.convert(tomllib.loads(text), type=kind)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"scenario is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ValueError(f"scenario: {error}".replace("`$.", "`")) from error
    for problem in problems(document):
        raise ValueError(f"scenario: {problem}")
    return document


def dump(plan: Plan) -> str:
    """The TOML text of `plan`: `parse` of it gives an equal plan."""
    document: dict[str, Any] = msgspec.to_builtins(plan)
    for key, usual in _SELDOM.items():
        if document[key] == usual:
            del document[key]
    for flight in document["flights"]:
        if not flight["arcs"]:
            del flight["arcs"]
    return tomli_w.dumps(document)


def _problems(plan: Plan) -> Iterator[str]:
    """What cannot work in a plan whose types are right."""
    if plan.format != FORMAT:
        yield f"format = {plan.format}: this version reads {FORMAT}"
    if plan.seconds <= 0:
        yield "seconds must be more than 0"
    if plan.seed < 0:
        yield "seed must not be negative"
    if not plan.sensors:
        yield "no [[sensors]]: give at least one, or nothing can be seen"
    for what, names in (
        ("sensors", [sensor.name for sensor in plan.sensors]),
        ("flights", [flight.id for flight in plan.flights]),
    ):
        if len(dict.fromkeys(names)) < len(names):
            yield f"[[{what}]] holds the same name twice: names are unique"
    for sensor in plan.sensors:
        if not (0 <= sensor.sac <= 255 and 0 <= sensor.sic <= 255):
            yield f"sensor {sensor.name!r}: sac and sic must be 0 to 255"
        if sensor.scan_s <= 0:
            yield f"sensor {sensor.name!r}: scan_s must be more than 0"
    if plan.relay_s < 0:
        yield "relay_s must not be negative"
    if not 1 <= plan.sectors <= 256:
        yield "sectors must be 1 to 256"
    for fault in plan.faults:
        yield from _fault_problems(fault, [sensor.name for sensor in plan.sensors])
    for flight in plan.flights:
        if flight.start_s >= plan.seconds:
            yield f"flight {flight.id!r}: start_s lies after the end of the scenario"
        yield from _flight_problems(flight)


def _fault_problems(fault: Fault, names: list[str]) -> Iterator[str]:
    where = f"fault of {fault.sensor!r}"
    if fault.sensor not in names:
        yield f"{where}: no such sensor: choose from {', '.join(names)}"
    if not (0.0 <= fault.loss <= 1.0 and 0.0 <= fault.sees <= 1.0):
        yield f"{where}: loss and sees are shares, 0 to 1"
    if fault.clutter_per_scan < 0.0:
        yield f"{where}: clutter_per_scan must not be negative"
    if 0.0 <= fault.to_s <= fault.from_s:
        yield f"{where}: to_s must be later than from_s, or -1 for the end"


def _flight_problems(flight: FlightPlan) -> Iterator[str]:
    where = f"flight {flight.id!r}"
    if flight.kind not in KINDS:
        yield f"{where}: kind = {flight.kind!r}: choose from {', '.join(KINDS)}"
    if flight.ends not in ENDS:
        yield f"{where}: ends = {flight.ends!r}: choose from {', '.join(ENDS)}"
    if len(flight.waypoints) < 2:
        yield f"{where}: give at least two waypoints"
    if flight.kind == "ballistic" and len(flight.waypoints) != 2:
        yield f"{where}: a ballistic flight has two waypoints, launch and aim"
    if any(abs(lat) > 89.0 or abs(lon) > 180.0 for lat, lon, _ in flight.waypoints):
        yield f"{where}: a waypoint is [latitude, longitude, height_m], in degrees and metres"
    if flight.turn_dps <= 0 or flight.climb_mps <= 0 or flight.accel_mps2 <= 0:
        yield f"{where}: turn_dps, climb_mps and accel_mps2 must be more than 0"
    if flight.speed_mps < 0 or (flight.speed_mps == 0 and flight.ends == "impact"):
        yield f"{where}: speed_mps must be more than 0, or 0 of what floats and leaves"
    for name, values in (("speeds_mps", flight.speeds_mps), ("holds_s", flight.holds_s)):
        if values and (len(values) != len(flight.waypoints) or min(values) < 0):
            yield f"{where}: {name} needs one value, not negative, for each waypoint"
    if flight.arcs and (flight.holds_s or flight.speed_mps == 0 or 0.0 in flight.speeds_mps):
        yield f"{where}: arcs neither hold nor stop: leave out holds_s and speeds of 0"
    if flight.boost_s < 0 or flight.echo_m2 < 0:
        yield f"{where}: boost_s and echo_m2 must not be negative"
    if not (0 < flight.dive_deg < 90 and 0 < flight.elevation_deg < 90):
        yield f"{where}: dive_deg and elevation_deg lie between 0 and 90"
    if flight.beta_kgpm2 <= 0 or flight.visibility < 0 or flight.start_s < 0:
        yield f"{where}: beta_kgpm2 must be more than 0, visibility and start_s not negative"
    if flight.mode_3a > 0o7777 or flight.mode_s > 0xFFFFFF:
        yield f"{where}: mode_3a has 12 bits and mode_s 24"
