"""A zone map as people make it: units and their outlines, before it is compiled and after.

`compiled` makes the frozen columns of a `ZoneMap` of it, `atlas_of` takes them apart again; the
one undoes the other, so a map can be taken out as GeoJSON, changed by hand and put back.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray
from tocsin.zones.assemble import Draft, assemble, rings
from tocsin.zones.foreign import exact_ids
from tocsin.zones.map import ZoneMap, plain_units
from tocsin.zones.tree import Tree
from tocsin.zones.units import Edition, Scheme, Unit, shelter_s_of, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """One version of one country's map.

    outlines  unit id -> polygon in lon, lat; every zone needs one, an area may have one
    points    unit id -> lon, lat of a point inside a zone, where its people are
    """

    country: str
    edition: Edition
    units: tuple[Unit, ...]
    outlines: dict[str, BaseGeometry]
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    schemes: dict[str, Scheme] = field(default_factory=dict)
    near_m: float = 0.0


def compiled(atlas: Atlas) -> ZoneMap:
    """The sealed map; ValueError says what is wrong with the atlas and how to mend it."""
    tree = Tree.of(atlas.units)
    zones = sorted((tree.units[row] for row in tree.leaves), key=lambda unit: unit.id)
    bare = next((zone.id for zone in zones if zone.id not in atlas.outlines), None)
    if bare is not None:
        raise ValueError(
            f"{bare} has neither an outline nor zones below it; give it one, or leave it out"
        )
    zone_ids = dict.fromkeys(zone.id for zone in zones)
    areas = [unit for unit in tree.units if unit.id not in zone_ids]
    divided = dict.fromkeys(area.level for area in areas)
    near = [_region(tree, zone, divided) for zone in zones]
    foreign = exact_ids(zones)
    drafts = [
        Draft(
            id=zone.id,
            polygon=atlas.outlines[zone.id],
            names=zone.names,
            parent=region.id,
            people=zone.people,
            shelter_s=shelter_s_of(zone, atlas.edition),
            foreign={key: texts[row] for key, texts in foreign.items() if texts[row]},
            point=atlas.points.get(zone.id),
        )
        for row, (zone, region) in enumerate(zip(zones, near, strict=True))
    ]
    return assemble(
        country=atlas.country,
        version=_version(atlas, len(zones)),
        drafts=drafts,
        parents={region.id: region.names for region in near},
        near_m=atlas.near_m,
        more={
            "edition": atlas.edition,
            "schemes": atlas.schemes,
            "units": (*areas, *zones),
            **_area_columns(areas, atlas.outlines),
        },
    )


def atlas_of(zone_map: ZoneMap) -> Atlas:
    """The atlas of a compiled map; one of format 1 becomes one without version."""
    units = zone_map.units or plain_units(zone_map)
    outlines = {zone_id: polygon(zone_map, row) for row, zone_id in enumerate(zone_map.ids)}
    outlines |= area_outlines(zone_map)
    lon_lat = zip(zone_map.lon_deg.tolist(), zone_map.lat_deg.tolist(), strict=True)
    return Atlas(
        country=zone_map.country,
        edition=zone_map.edition,
        units=units,
        outlines=outlines,
        points=dict(zip(zone_map.ids, lon_lat, strict=True)),
        schemes=zone_map.schemes,
        near_m=zone_map.near_m,
    )


def polygon(zone_map: ZoneMap, row: int) -> BaseGeometry:
    """The outline of a zone as shapely has it."""
    parts = zone_map.multipolygon(row)
    return shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in parts])


def area_outlines(zone_map: ZoneMap) -> dict[str, BaseGeometry]:
    """The outlines of those areas that state one."""
    parts: dict[str, list[list[Any]]] = {}
    start = zone_map.area_start
    for ring, unit in enumerate(zone_map.area_unit.tolist()):
        corners = zone_map.area_xy[start[ring] : start[ring + 1]]
        each = parts.setdefault(zone_map.units[unit].id, [])
        if zone_map.area_hole[ring]:
            each[-1].append(corners)
        else:
            each.append([corners])
    return {
        unit_id: shapely.MultiPolygon([shapely.Polygon(part[0], part[1:]) for part in each])
        for unit_id, each in parts.items()
    }


def _region(tree: Tree, zone: Unit, divided: Collection[str]) -> Unit:
    """The admin-1 area of a zone: what lies below the country on its way up.

    A zone that hangs on the country itself belongs to the country, unless it is of a level that
    is `divided` elsewhere: Kyiv is a zone and an admin-1 area in one.
    """
    upwards = tree.above(zone.id)
    if len(upwards) > 2:
        return upwards[-2]
    return zone if zone.level in divided else upwards[-1]


def _version(atlas: Atlas, count: int) -> str:
    edition = atlas.edition
    sources = "; ".join(f"{row.name}: {row.source} ({row.licence})" for row in edition.layers)
    begins = told(edition.effective_from_ns)
    return f"{edition.id or atlas.country}: {count} zones; effective from {begins}; {sources}"


def _area_columns(areas: list[Unit], outlines: dict[str, BaseGeometry]) -> dict[str, Any]:
    drawn = [row for row, area in enumerate(areas) if area.id in outlines]
    if not drawn:
        return {}
    polygons = [shapely.orient_polygons(outlines[areas[row].id]) for row in drawn]
    columns: tuple[FloatArray, IntArray, Int32Array, BoolArray] = rings(polygons)
    xy, start, which, hole = columns
    unit = np.array(drawn, np.int32)[which]
    return {"area_xy": xy, "area_start": start, "area_unit": unit, "area_hole": hole}
