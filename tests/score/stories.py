"""Hand-written truths and alerts on a map of six zones, for sums that fit on paper."""

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.sim.truth import Flight, Impact, Truth
from tocsin.words import Alert
from tocsin.zones.map import ZoneMap
from tocsin.zones.units import Unit

T0 = 1_790_000_000 * NS_PER_S
SECONDS = 1_200.0

WEST_DEG = (36.0, 36.1, 36.2, 39.0, 39.1, 42.0)
SOUTH_DEG = 50.0
PEOPLE = (1_000, 2_000, 7_000, 500, -1, 300)
SHELTER_S = (60.0, 60.0, np.nan, 15.0, 30.0, 0.0)
PARENT = (0, 0, 0, 1, 1, -1)


def six_zones(units: tuple[Unit, ...] = ()) -> ZoneMap:
    """Squares of a tenth of a degree in a row. Region 0: a, b, c; region 1: d, e; f is in none.

    The regions lie some 200 km apart: a threat near one is far from the others.
    """
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * 0.1
    rings = np.stack([WEST_DEG, np.full(6, SOUTH_DEG)], axis=1)[:, None, :] + corners
    return ZoneMap(
        country="ua",
        version="six",
        ids=("a", "b", "c", "d", "e", "f"),
        names={},
        lat_deg=np.full(6, SOUTH_DEG + 0.05),
        lon_deg=np.array(WEST_DEG) + 0.05,
        people=np.array(PEOPLE),
        shelter_s=np.array(SHELTER_S),
        parent=np.array(PARENT, np.int32),
        parents=("west", "east"),
        parent_names={},
        area_m2=np.full(6, 7e7),
        foreign={},
        ring_xy=rings.reshape(-1, 2),
        ring_start=np.arange(7, dtype=np.int64) * 5,
        ring_zone=np.arange(6, dtype=np.int32),
        ring_hole=np.zeros(6, np.bool_),
        neighbour=np.zeros(0, np.int32),
        neighbour_start=np.zeros(7, np.int64),
        near_m=0.0,
        units=units,
    )


ZONES = six_zones()


def centre(zone: str) -> tuple[float, float]:
    """Latitude and longitude of the middle of a zone."""
    row = ZONES.row(zone)
    return float(ZONES.lat_deg[row]), float(ZONES.lon_deg[row])


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_S)


def alert(
    zone: str, stage: str, seconds: float, serial: int, threat: str = "drone", lasts_s: float = 1e6
) -> Alert:
    return Alert(
        zone=zone,
        threat=threat,
        serial=serial,
        t_ns=at(seconds),
        stage=stage,
        level="yellow",
        blind=False,
        reasons=(),
        t_ns_arrival=0,
        t_ns_expires=at(seconds + lasts_s),
        realm="exercise",
    )


def story(zone: str, *told: tuple[str, float], threat: str = "drone") -> list[Alert]:
    """The alerts of one (zone, threat): (stage, seconds) in order."""
    return [
        alert(zone, stage, seconds, serial, threat)
        for serial, (stage, seconds) in enumerate(told, start=1)
    ]


def impact(seconds: float, *zones: str, kind: str = "drone") -> Impact:
    lat_deg, lon_deg = centre(zones[0] if zones and zones[0] in ZONES.ids else "a")
    return Impact(
        flight="-".join((kind, f"{seconds:g}", *zones)),
        kind=kind,
        t_ns=at(seconds),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        zone=zones[0] if zones else "",
        zones=zones,
    )


def flight(
    name: str,
    from_s: float,
    to_s: float,
    begin: tuple[float, float],
    end: tuple[float, float],
    kind: str = "drone",
) -> Flight:
    """Even and straight (in degrees) from one place to the other, a sample each second."""
    t_s = np.unique([*np.arange(from_s, to_s), to_s])
    part = (t_s - from_s) / max(to_s - from_s, 1e-9)
    return Flight(
        id=name,
        kind=kind,
        label="",
        identity="threat",
        t_ns=T0 + np.round(t_s * NS_PER_S).astype(np.int64),
        lat_deg=begin[0] + part * (end[0] - begin[0]),
        lon_deg=begin[1] + part * (end[1] - begin[1]),
        height_m=np.full(len(t_s), 500.0),
    )


def truth(*impacts: Impact, threats: int = 1, flights: tuple[Flight, ...] = ()) -> Truth:
    """The impacts, each of a threat that hung over its place from the beginning; `flights` with
    the same ids fly instead. Then as many more over the empty sea as make up `threats`.
    """
    given = {one.id: one for one in flights}
    for one in impacts:
        place = (one.lat_deg, one.lon_deg)
        hung = flight(one.flight, 0.0, (one.t_ns - T0) / NS_PER_S, place, place, one.kind)
        given.setdefault(one.flight, hung)
    for i in range(threats - len(given)):
        given[f"f{i}"] = flight(f"f{i}", 0.0, 0.0, (0.0, 0.0), (0.0, 0.0))
    return Truth(
        scenario="story",
        seed=3,
        realm="exercise",
        t_ns_start=T0,
        seconds=SECONDS,
        flights=tuple(given.values()),
        impacts=impacts,
    )
