"""What others would have cost: whole areas under alarm, and an oracle that knows the truth."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from tocsin.geo import M_PER_DEG
from tocsin.instant import NS_PER_S, ns
from tocsin.score import people
from tocsin.score.seen import Seen
from tocsin.score.timeline import union
from tocsin.sim.truth import Truth
from tocsin.words import THREATS, BoolArray, FloatArray, Int32Array
from tocsin.zones.map import ZoneMap

AREA_M: Final = 30_000.0
AREA_HELD_S: Final = 120.0
AREA_LEAST_S: Final = 300.0
"""An area is under alarm while a known threat is inside or within `AREA_M` of it, `AREA_HELD_S`
longer, and at least `AREA_LEAST_S`: the definition of the requirement."""

DELIVERY_S: Final = 15.0
"""From a warning to people: what counts as missed is what came later than this."""

STAY_S: Final = {"drone": 180.0, "cruise": 300.0, "ballistic": 600.0}
"""How long people stay after an impact; as in the default policy, so that it costs both alike."""

_CELL_M: Final = 1_000.0
_CELLS_MAX: Final = 1_000_000
"""Distances to areas are those between cells: right to about one of them. Chosen, 3 % of 30 km."""


Pieces = list[tuple[int, int]]


def admin_1(zones: ZoneMap) -> Int32Array:
    """The area of each zone, int32 (n,): rows of `parents`; a zone without one is its own."""
    return zones.regions


def second_level(zones: ZoneMap) -> Int32Array | None:
    """The area right below admin-1 of each zone (raion), as `admin_1`; None if the map has none."""
    below = zones.districts
    if (below < 0).all():
        return None
    own = np.arange(len(zones), dtype=np.int32)
    return np.where(below >= 0, len(zones) + below, own).astype(np.int32)


def area_alarms(areas: Int32Array, truth: Truth, seen: Seen, zones: ZoneMap) -> dict[int, Pieces]:
    """When each area (a value of `areas`) is under alarm by the rule of `AREA_M`."""
    flights = [
        (flight, seen.watched[flight.id]) for flight in truth.flights if flight.kind in THREATS
    ]
    t_ns = np.concatenate([np.empty(0, np.int64), *(f.t_ns[on] for f, on in flights)])
    lat, lon = (
        np.concatenate([np.empty(0), *(getattr(f, name)[on] for f, on in flights)])
        for name in ("lat_deg", "lon_deg")
    )
    alarms: dict[int, Pieces] = {}
    for area, near in _near(areas, zones, lat, lon):
        seconds = np.unique(t_ns[near])
        breaks = np.flatnonzero(np.diff(seconds) > NS_PER_S) + 1
        pieces = [
            (begin, max(int(group[-1]) + ns(AREA_HELD_S), begin + ns(AREA_LEAST_S)))
            for group in np.split(seconds, breaks)
            if (begin := int(group[0])) < truth.t_ns_end
        ]
        alarms[area] = union((begin, min(end, truth.t_ns_end)) for begin, end in pieces)
    return alarms


def area_person_minutes(areas: Int32Array, alarms: dict[int, Pieces], zones: ZoneMap) -> float:
    """People of each area times its minutes under alarm; unknown people as 0."""
    return people.person_minutes(
        sum(
            people.zones_person_ns(zones, np.flatnonzero(areas == area), pieces)
            for area, pieces in alarms.items()
        )
    )


def oracle(
    truth: Truth, seen: Seen, shelter_s: Sequence[float], zones: ZoneMap
) -> dict[str, Pieces]:
    """When whoever knows the truth has each zone that will be struck in cover.

    From its time to shelter and the delivery before the impact, but not before the threat was
    known, until the stay is over.
    """
    pieces: dict[str, Pieces] = {}
    for impact in truth.impacts:
        known_ns = seen.known_ns.get(impact.flight)
        if known_ns is None or known_ns > impact.t_ns:
            continue
        end_ns = min(impact.t_ns + ns(STAY_S[impact.kind]), truth.t_ns_end)
        for zone in impact.zones:
            ahead_ns = ns(shelter_s[zones.row(zone)] + DELIVERY_S)
            begin_ns = max(impact.t_ns - ahead_ns, known_ns)
            pieces.setdefault(zone, []).append((begin_ns, max(end_ns, begin_ns)))
    return {zone: union(some) for zone, some in pieces.items()}


def _near(
    areas: Int32Array, zones: ZoneMap, lat_deg: FloatArray, lon_deg: FloatArray
) -> list[tuple[int, BoolArray]]:
    """For each area that any point is inside or within `AREA_M` of: which points are, bool (k,)."""
    if len(lat_deg) == 0 or len(zones) == 0:
        return []
    reach = AREA_M + 2.0 * _CELL_M
    per_lon = M_PER_DEG * math.cos(math.radians(float(np.mean(lat_deg))))
    south, west = float(lat_deg.min()) - reach / M_PER_DEG, float(lon_deg.min()) - reach / per_lon
    high_m = (float(lat_deg.max()) - south) * M_PER_DEG + reach
    wide_m = (float(lon_deg.max()) - west) * per_lon + reach
    cell_m = max(_CELL_M, math.sqrt(high_m * wide_m / _CELLS_MAX))
    rows, columns = math.ceil(high_m / cell_m), math.ceil(wide_m / cell_m)
    at_row = ((lat_deg - south) * M_PER_DEG / cell_m).astype(np.int64)
    at_column = ((lon_deg - west) * per_lon / cell_m).astype(np.int64)

    area_of = np.full((rows, columns), -1, np.int64)
    y, x = np.divmod(np.arange(rows * columns), columns)
    zone = zones.locate(south + (y + 0.5) * cell_m / M_PER_DEG, west + (x + 0.5) * cell_m / per_lon)
    area_of.ravel()[zone >= 0] = areas[zone[zone >= 0]]
    corner = _corners(areas, zones, (south, west), (M_PER_DEG / cell_m, per_lon / cell_m))
    inside = (corner[:, 0] >= 0) & (corner[:, 0] < rows)
    corner = corner[inside & (corner[:, 1] >= 0) & (corner[:, 1] < columns)]
    found = []
    for area in np.union1d(area_of[area_of >= 0], corner[:, 2]).tolist():
        mine = area_of == area
        mine[tuple(corner[corner[:, 2] == area, :2].T)] = True
        near = _dilated(mine, AREA_M / cell_m)[at_row, at_column]
        if near.any():
            found.append((int(area), near))
    return found


def _corners(
    areas: Int32Array, zones: ZoneMap, origin: tuple[float, float], per_deg: tuple[float, float]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Row, column and area of every corner of every outline, int64 (m,3): small zones count too."""
    ring = np.repeat(np.arange(len(zones.ring_zone)), np.diff(zones.ring_start))
    return np.stack(
        [
            np.floor((zones.ring_xy[:, 1] - origin[0]) * per_deg[0]).astype(np.int64),
            np.floor((zones.ring_xy[:, 0] - origin[1]) * per_deg[1]).astype(np.int64),
            areas[zones.ring_zone[ring]].astype(np.int64),
        ],
        axis=1,
    )


def _dilated(marked: BoolArray, radius: float) -> BoolArray:
    """Cells within `radius` cells of a marked one: along rows first, then over the rows beside."""
    rows, columns = marked.shape
    column = np.broadcast_to(np.arange(columns), marked.shape)
    far = 10 * (columns + rows)
    before = np.maximum.accumulate(np.where(marked, column, -far), axis=1)
    after = np.minimum.accumulate(np.where(marked, column, far)[:, ::-1], axis=1)[:, ::-1]
    along = np.minimum(column - before, after - column)
    wide = np.zeros_like(marked)
    for shift in range(-math.floor(radius), math.floor(radius) + 1):
        half = math.sqrt(radius**2 - shift**2)
        source = slice(max(shift, 0), rows + min(shift, 0))
        target = slice(max(-shift, 0), rows + min(-shift, 0))
        wide[target] |= along[source] <= half
    return wide
