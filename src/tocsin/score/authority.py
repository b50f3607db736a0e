"""The alarms of an authority on our zone map: an alarm on an area holds for every zone in it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tocsin.geo import ground_distance_m
from tocsin.score.timeline import union
from tocsin.score.told import SAID, Place, Record, Refused, Told
from tocsin.words import BoolArray, FloatArray
from tocsin.zones.map import ZoneMap

NAME: Final = "name"
"""As a scheme: a name in any language of the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One zone in alarm: ``t_ns <= now < t_ns_end``; `said`: the authority told its end."""

    t_ns: int
    t_ns_end: int
    threat: str
    said: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One alarm as it was issued, for one area or more: its zones."""

    t_ns: int
    t_ns_end: int
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What an authority told each zone, and what of its record could not be used.

    `unknown` are places that the map does not have, with how many alarms named them.
    """

    alarms: Mapping[str, tuple[Alarm, ...]]
    issued: tuple[Issued, ...]
    unknown: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    refused: tuple[Refused, ...] = ()
    apart: Mapping[str, int] = field(default_factory=dict)


def placed(
    record: Record, zones: ZoneMap, also: Mapping[str, tuple[str, ...]] | None = None
) -> Authority:
    """The record on the map; `also` are more names, each with the ids of the units that bear it."""
    atlas = _Atlas(zones, also or {})
    alarms: dict[str, list[Alarm]] = {}
    issued: list[Issued] = []
    unknown: Counter[str] = Counter()
    for one in record.told:
        found: dict[str, None] = {}
        for place in one.places:
            ids = atlas.zones_of(place)
            if not ids:
                unknown[atlas.complaint(place)] += 1
            found |= dict.fromkeys(ids)
        if found:
            issued.append(Issued(t_ns=one.t_ns, t_ns_end=one.t_ns_end, zones=tuple(found)))
        for zone in found:
            alarms.setdefault(zone, []).append(_alarm(one))
    return Authority(
        alarms={zone: tuple(alarms[zone]) for zone in sorted(alarms, key=zones.row)},
        issued=tuple(issued),
        unknown=dict(sorted(unknown.items(), key=lambda item: (-item[1], item[0]))),
        rows=record.rows,
        refused=record.refused,
        apart=record.apart,
    )


def _alarm(one: Told) -> Alarm:
    return Alarm(
        t_ns=one.t_ns, t_ns_end=one.t_ns_end, threat=one.threat, said=one.end == SAID
    )  # fmt: skip


def pieces(alarms: Iterable[Alarm], threat: str = "") -> list[tuple[int, int]]:
    """When a zone was in alarm, of `threat` if one is given: joined, in order."""
    return union((one.t_ns, one.t_ns_end) for one in alarms if threat in ("", one.threat))


class _Atlas:
    """The way from places of an authority to zones of the map."""

    def __init__(self, zones: ZoneMap, also: Mapping[str, tuple[str, ...]]) -> None:
        self._zones = zones
        self._schemes = sorted(dict.fromkeys(scheme for scheme, _ in zones.foreign_ids.units))
        self._names: dict[str, dict[str, None]] = {}
        for unit in zones.tree.units:
            for name in unit.names.values():
                self._names.setdefault(_plain(name), {})[unit.id] = None
        for name, ids in also.items():
            self._names.setdefault(_plain(name), {}).update(dict.fromkeys(ids))
        self._held: dict[Place, tuple[str, ...]] = {}

    def zones_of(self, place: Place) -> tuple[str, ...]:
        """The zones that a place means: those of the first scheme that names something, else those
        whose people are inside its shapes, else those that a corner or centre of them lies in."""
        if place not in self._held:
            schemes = dict.fromkeys(scheme for scheme, _ in place.codes)
            named = (
                self._zones.tree.expand(
                    unit
                    for other, identifier in place.codes
                    if other == scheme
                    for unit in self._units(scheme, identifier)
                )
                for scheme in schemes
            )
            self._held[place] = next((ids for ids in named if ids), ()) or self._inside(place)
        return self._held[place]

    def complaint(self, place: Place) -> str:
        """What to call a place that is not on the map, and why if there is more to say."""
        said = place.said or ", ".join(identifier for _, identifier in place.codes) or "no place"
        many = self._names.get(_plain(said), {})
        return f"{said} (borne by {', '.join(many)}: give the id)" if len(many) > 1 else said

    def _units(self, scheme: str, identifier: str) -> tuple[str, ...]:
        if scheme == NAME:
            found = tuple(self._names.get(_plain(identifier), {}))
            return found if len(found) == 1 else ()
        if scheme:
            return self._zones.foreign_ids.named(scheme, identifier)
        if identifier in self._zones.tree.rows:
            return (identifier,)
        prefix, _, rest = identifier.partition(":")
        if rest and prefix in self._schemes:
            return self._zones.foreign_ids.named(prefix, rest)
        foreign = [self._zones.foreign_ids.named(one, identifier) for one in self._schemes]
        distinct = dict.fromkeys(found for found in foreign if found)
        if len(distinct) == 1:
            return next(iter(distinct))
        return () if distinct else self._units(NAME, identifier)

    def _inside(self, place: Place) -> tuple[str, ...]:
        lat, lon = self._zones.lat_deg, self._zones.lon_deg
        held = np.zeros(len(self._zones), np.bool_)
        for ring in place.polygons:
            held |= _in_ring(lat, lon, np.array(ring).reshape(-1, 2))
        for lat_deg, lon_deg, radius_m in place.circles:
            centre = np.full(len(lat), lat_deg), np.full(len(lat), lon_deg)
            held |= ground_distance_m(lat, lon, *centre) <= radius_m
        rows = np.flatnonzero(held)
        if not len(rows):
            corners = [corner for ring in place.polygons for corner in ring]
            corners += [(lat_deg, lon_deg) for lat_deg, lon_deg, _ in place.circles]
            if corners:
                found = self._zones.locate(*np.array(corners).T)
                rows = np.unique(found[found >= 0])
        return tuple(self._zones.ids[row] for row in rows)


def _in_ring(lat_deg: FloatArray, lon_deg: FloatArray, ring: FloatArray) -> BoolArray:
    """Which points lie in a ring of (lat, lon): even-odd, half-open in latitude."""
    inside = np.zeros(len(lat_deg), np.bool_)
    for (lat_a, lon_a), (lat_b, lon_b) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if lat_a == lat_b:
            continue
        between = (lat_a > lat_deg) != (lat_b > lat_deg)
        crossing = lon_a + (lat_deg - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
        inside ^= between & (lon_deg < crossing)
    return inside


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("’", "'").split())
