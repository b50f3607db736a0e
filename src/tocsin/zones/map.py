"""The zone map: whom a warning can be told apart for, as frozen columns, compiled for lookup.

One file holds one version of one country. It is a ZIP of NumPy arrays (`.npz`, never pickled) with
a JSON array of bytes for the texts; the same map always gives the same bytes. Zones are rows; every
other room speaks of a zone by its row while it computes and by its id when it writes.

Maps do not cross the antimeridian: none of the countries served does, and a map whose longitudes
leave -180..180 is refused rather than folded.
"""

import hashlib
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray
from tocsin.zones.foreign import ForeignIds
from tocsin.zones.lookup import Lookup, build_lookup
from tocsin.zones.ruler import distance_to_edges_m, reach_deg
from tocsin.zones.sound import complain
from tocsin.zones.store import pack, unpack
from tocsin.zones.tree import Tree
from tocsin.zones.units import ALWAYS_NS, Edition, Scheme, Shelter, Unit


@dataclass(frozen=True, kw_only=True, eq=False)
class ZoneMap:
    """n zones with r rings of m vertices in all, under p parents.

    country          ISO 3166-1 alpha-2, lower case
    version          what it was made of and how; shown to whoever asks
    digest           SHA-256 of the file's bytes, hexadecimal; "" before it is a file
    ids              n slugs [a-z0-9-]+, unique
    names            language -> n names, "" unknown; "und" is a name without language tag
    lat_deg          float64 (n,)    a point inside the zone, where its people are if known
    lon_deg          float64 (n,)
    people           int64 (n,)      -1 unknown
    shelter_s        float64 (n,)    seconds people have or need to reach shelter, NaN unknown
    parent           int32 (n,)      row of `parents`
    parents          admin-1 ids; `parent_names` as `names`
    area_m2          float64 (n,)
    foreign          scheme -> n identifiers of other systems, "" unknown
    ring_xy          float64 (m,2)   lon, lat; every ring closed (first vertex repeated)
    ring_start       int64 (r+1,)    ring i is ring_xy[ring_start[i]:ring_start[i + 1]]
    ring_zone        int32 (r,)      ascending
    ring_hole        bool (r,)       outer rings counter-clockwise, each followed by its holes
    neighbour        int32 (k,)      zones that share a border, ascending in each list
    neighbour_start  int64 (n+1,)
    near_m           a point in no polygon belongs to the nearest zone within this distance
    edition          which version this is and from when on it holds
    schemes          how the schemes of `units` are used; one that is not named is not of areas
    units            every area and zone with all its facts, the zones last and in their rows;
                     () in files of format 1, which have zones and parents only
    area_xy, area_start, area_unit, area_hole
                     outlines of areas where stated, as those of zones; area_unit rows of `units`
    """

    country: str
    version: str
    digest: str = ""
    ids: tuple[str, ...]
    names: dict[str, tuple[str, ...]]
    lat_deg: FloatArray
    lon_deg: FloatArray
    people: IntArray
    shelter_s: FloatArray
    parent: Int32Array
    parents: tuple[str, ...]
    parent_names: dict[str, tuple[str, ...]]
    area_m2: FloatArray
    foreign: dict[str, tuple[str, ...]]
    ring_xy: FloatArray
    ring_start: IntArray
    ring_zone: Int32Array
    ring_hole: BoolArray
    neighbour: Int32Array
    neighbour_start: IntArray
    near_m: float
    edition: Edition = field(default_factory=Edition)
    schemes: dict[str, Scheme] = field(default_factory=dict)
    units: tuple[Unit, ...] = ()
    area_xy: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    area_start: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    area_unit: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))
    area_hole: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))

    @classmethod
    def from_bytes(cls, data: bytes) -> "ZoneMap":
        """The map of a file, checked and compiled; ValueError says what is wrong with it."""
        columns = unpack(data)
        complaint = complain(columns)
        if complaint:
            raise ValueError(f"zone map is damaged: {complaint}; build or import it again")
        zone_map = cls(**columns, digest=hashlib.sha256(data).hexdigest())
        assert zone_map._lookup.near_m == zone_map.near_m  # compiled now, not at the first raid
        return zone_map

    def to_bytes(self) -> bytes:
        """The file; the same map gives the same bytes (on one version of zlib)."""
        return pack({f.name: getattr(self, f.name) for f in fields(self) if f.name != "digest"})

    def sealed(self) -> "ZoneMap":
        """This map as read back from its own file: checked, compiled, with its digest."""
        return ZoneMap.from_bytes(self.to_bytes())

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, zone_id: str) -> int:
        """The row of a zone; KeyError when the map has no such zone."""
        return self._rows[zone_id]

    def locate(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array:
        """The zone of each point, int32 (k,): exact; else nearest within `near_m`; else -1.

        Where zones overlap the lowest row is taken; a point on a shared border lies in one zone.
        """
        lat = np.atleast_1d(np.asarray(lat_deg, np.float64))
        lon = np.atleast_1d(np.asarray(lon_deg, np.float64))
        return self._lookup.locate(lat, lon)

    def within(self, lat_deg: float, lon_deg: float, radius_m: float) -> Int32Array:
        """Zones of which some part lies within `radius_m` of the point, ascending.

        The zone that holds the point is one of them; `near_m` plays no part.
        """
        reach_lon, reach_lat = reach_deg(radius_m, abs(lat_deg))
        edges, zone = self._lookup.edges, self._lookup.edge_zone
        close = np.flatnonzero(
            (edges[:, 1] <= lat_deg + reach_lat)
            & (edges[:, 3] >= lat_deg - reach_lat)
            & (np.minimum(edges[:, 0], edges[:, 2]) <= lon_deg + reach_lon)
            & (np.maximum(edges[:, 0], edges[:, 2]) >= lon_deg - reach_lon)
        )
        touching = distance_to_edges_m(lat_deg, lon_deg, edges[close]) <= radius_m
        return np.union1d(zone[close][touching], self._lookup.holding(lat_deg, lon_deg))

    def neighbours(self, row: int) -> Int32Array:
        """Zones that share a border with `row`, ascending."""
        return self.neighbour[self.neighbour_start[row] : self.neighbour_start[row + 1]]

    def polygons(self, row: int) -> list[list[tuple[float, float]]]:
        """The closed rings of a zone as (lon, lat), outer rings first."""
        rings = self._rings(row)
        rings.sort(key=lambda ring: bool(self.ring_hole[ring]))  # stable: order kept otherwise
        return [self._ring(ring) for ring in rings]

    def multipolygon(self, row: int) -> list[list[list[tuple[float, float]]]]:
        """The zone as the `coordinates` of a GeoJSON MultiPolygon (RFC 7946 section 3.1.7)."""
        parts: list[list[list[tuple[float, float]]]] = []
        for ring in self._rings(row):
            if self.ring_hole[ring]:
                parts[-1].append(self._ring(ring))
            else:
                parts.append([self._ring(ring)])
        return parts

    def shelter_s_at(self, t_ns: int) -> FloatArray:
        """Seconds to shelter of each zone at an instant of the events, float64 (n,), NaN unknown.

        A map of format 1 knows one figure for each zone, and gives it for every instant.
        """
        if not self.units:
            return self.shelter_s
        return np.array([unit.shelter_s_at(t_ns) for unit in self.units[-len(self) :]])

    @cached_property
    def people_day(self) -> IntArray:
        """People of each zone by day, int64 (n,): those by night where that is all there is; -1
        unknown."""
        return self._people("people_day")

    @cached_property
    def people_night(self) -> IntArray:
        """People of each zone by night, likewise."""
        return self._people("people_night")

    @cached_property
    def tree(self) -> Tree:
        """The areas above the zones, and what an alert on either means for the other."""
        return Tree.of(self.units or plain_units(self))

    @cached_property
    def regions(self) -> Int32Array:
        """The admin-1 area of each zone, int32 (n,): rows of `parents`; a zone without one is its
        own."""
        own = len(self.parents) + np.arange(len(self), dtype=np.int32)
        return np.where(self.parent >= 0, self.parent, own).astype(np.int32)

    @cached_property
    def districts(self) -> Int32Array:
        """The area right below admin-1 (raion) of each zone, int32 (n,), -1 where the map has none.

        They are rows of `tree`.
        """
        found = np.full(len(self), -1, dtype=np.int32)
        for row, zone in enumerate(self.ids):
            above = [unit.id for unit in self.tree.above(zone)]
            parent = int(self.parent[row])
            top = above.index(self.parents[parent]) if parent >= 0 else 0
            if top > 1:  # an area lies between it and admin-1
                found[row] = self.tree.rows[above[top - 1]]
        return found

    @cached_property
    def foreign_ids(self) -> ForeignIds:
        """The way from other systems' identifiers to units."""
        return ForeignIds.of(self.tree.units)

    def _people(self, when: str) -> IntArray:
        stated = [getattr(unit, when) for unit in self.units[-len(self) :]] if self.units else []
        known = np.array(stated, dtype=np.int64) if stated else self.people
        return np.where(known >= 0, known, self.people)

    def _rings(self, row: int) -> list[int]:
        start, stop = np.searchsorted(self.ring_zone, [row, row + 1])
        return list(range(int(start), int(stop)))

    def _ring(self, ring: int) -> list[tuple[float, float]]:
        corners = self.ring_xy[self.ring_start[ring] : self.ring_start[ring + 1]]
        return [(float(lon), float(lat)) for lon, lat in corners]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {zone_id: row for row, zone_id in enumerate(self.ids)}

    @cached_property
    def _lookup(self) -> Lookup:
        return build_lookup(self.ring_xy, self.ring_start, self.ring_zone, self.near_m)

    def __getstate__(self) -> dict[str, Any]:
        """Columns only: what is compiled is compiled again after a checkpoint is read."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def plain_units(zone_map: ZoneMap) -> tuple[Unit, ...]:
    """The units of a map of format 1: the country, its admin-1 areas, its zones.

    An area whose id is also a zone's, or the country's, is the country here: ids are unique.
    """
    taken = dict.fromkeys((zone_map.country, *zone_map.ids))
    areas = [row for row, area in enumerate(zone_map.parents) if area not in taken]
    above = {row: zone_map.parents[row] for row in areas}
    units = [Unit(id=zone_map.country, level="country")]
    units += [
        Unit(
            id=zone_map.parents[row],
            level="admin-1",
            parent=zone_map.country,
            names=_at(zone_map.parent_names, row),
        )
        for row in areas
    ]
    units += [
        Unit(
            id=zone_id,
            level="zone",
            parent=above.get(int(zone_map.parent[row]), zone_map.country),
            names=_at(zone_map.names, row),
            people_night=int(zone_map.people[row]),
            shelter=_one_shelter(float(zone_map.shelter_s[row])),
            ids=tuple(sorted(_at(zone_map.foreign, row).items())),
        )
        for row, zone_id in enumerate(zone_map.ids)
    ]
    return tuple(units)


def _one_shelter(seconds: float) -> Shelter:
    return () if np.isnan(seconds) else ((ALWAYS_NS, seconds),)


def _at(table: dict[str, tuple[str, ...]], row: int) -> dict[str, str]:
    return {key: texts[row] for key, texts in table.items() if texts[row]}
