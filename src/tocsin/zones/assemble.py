"""Zones as polygons with names, put together into a `ZoneMap`: the last step of every builder."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray
from tocsin.zones.foreign import by_key
from tocsin.zones.map import ZoneMap
from tocsin.zones.sound import complain

_ELLIPSOID = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One zone to be: `polygon` in lon, lat; `point` lon, lat, or None for any point inside."""

    id: str
    polygon: BaseGeometry
    names: dict[str, str] = field(default_factory=dict)
    parent: str = ""
    people: int = -1
    shelter_s: float = math.nan
    foreign: dict[str, str] = field(default_factory=dict)
    point: tuple[float, float] | None = None


def assemble(
    *,
    country: str,
    version: str,
    drafts: Sequence[Draft],
    parents: dict[str, dict[str, str]],
    near_m: float,
    more: dict[str, Any] | None = None,
) -> ZoneMap:
    """The sealed map of these zones, in the order given; `parents` is id -> language -> name.

    `more` are the columns of a versioned map. Polygons must be valid; ValueError says what else is
    wrong with them.
    """
    polygons = [shapely.orient_polygons(draft.polygon) for draft in drafts]
    parent_ids = tuple(sorted(dict.fromkeys(draft.parent for draft in drafts)))
    parent_rows = {parent: row for row, parent in enumerate(parent_ids)}
    lon_lat = np.array([_point(draft) for draft in drafts])
    xy, start, ring_zone, hole = rings(polygons)
    neighbour, neighbour_start = _neighbours(polygons)
    zone_map = ZoneMap(
        country=country,
        version=version,
        ids=tuple(draft.id for draft in drafts),
        names=by_key([draft.names for draft in drafts]),
        lat_deg=lon_lat[:, 1],
        lon_deg=lon_lat[:, 0],
        people=np.array([draft.people for draft in drafts], np.int64),
        shelter_s=np.array([draft.shelter_s for draft in drafts], np.float64),
        parent=np.array([parent_rows[draft.parent] for draft in drafts], np.int32),
        parents=parent_ids,
        parent_names=by_key([parents.get(parent, {}) for parent in parent_ids]),
        area_m2=np.array([_area_m2(polygon) for polygon in polygons]),
        foreign=by_key([draft.foreign for draft in drafts]),
        ring_xy=xy,
        ring_start=start,
        ring_zone=ring_zone,
        ring_hole=hole,
        neighbour=neighbour,
        neighbour_start=neighbour_start,
        near_m=near_m,
        **(more or {}),
    )
    complaint = complain(vars(zone_map))
    if complaint:
        raise ValueError(f"these zones make no map: {complaint}; mend their source")
    return zone_map.sealed()


def _point(draft: Draft) -> tuple[float, float]:
    """The given point when the polygon holds it, else one well inside."""
    if draft.point is not None and shapely.intersects_xy(draft.polygon, *draft.point):
        return draft.point
    inside = shapely.point_on_surface(draft.polygon)
    return float(inside.x), float(inside.y)


def _area_m2(polygon: BaseGeometry) -> float:
    """On the ellipsoid (Karney, J. Geodesy 87 (2013) 43)."""
    return abs(float(_ELLIPSOID.geometry_area_perimeter(polygon)[0]))


def rings(
    polygons: Sequence[BaseGeometry],
) -> tuple[FloatArray, IntArray, Int32Array, BoolArray]:
    """Every ring end to end: corners, starts, rows of `polygons`, holes."""
    corners: list[FloatArray] = []
    zones: list[int] = []
    holes: list[bool] = []
    for zone, polygon in enumerate(polygons):
        for part in shapely.get_parts(polygon):
            every = [part.exterior, *part.interiors]
            corners += [shapely.get_coordinates(ring) for ring in every]
            zones += [zone] * len(every)
            holes += [False] + [True] * (len(every) - 1)
    start = np.concatenate([[0], np.cumsum([len(ring) for ring in corners])]).astype(np.int64)
    return np.concatenate(corners), start, np.array(zones, np.int32), np.array(holes, bool)


def _neighbours(polygons: Sequence[BaseGeometry]) -> tuple[Int32Array, IntArray]:
    """Zones that share a stretch of border (or ground), as lists end to end."""
    each = np.array(polygons, dtype=object)
    one, two = shapely.STRtree(each).query(each, predicate="intersects")
    ahead = one < two
    one, two = one[ahead], two[ahead]
    shared = shapely.length(shapely.intersection(each[one], each[two])) > 0.0
    pairs = np.stack([one[shared], two[shared]])
    pairs = np.concatenate([pairs, pairs[::-1]], axis=1)
    pairs = pairs[:, np.lexsort((pairs[1], pairs[0]))]
    start = np.searchsorted(pairs[0], np.arange(len(polygons) + 1)).astype(np.int64)
    return pairs[1].astype(np.int32), start
