"""What is wrong with a zone map as geography: found with shapely, told as a table of findings.

`ZoneMap.from_bytes` refuses a file that cannot be looked up; here are the faults that a lookup
survives but people do not: two zones that claim one street, a street that no zone claims, a zone
that nobody named.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.zones.atlas import area_outlines, polygon
from tocsin.zones.cells import Plane
from tocsin.zones.map import ZoneMap
from tocsin.zones.units import ALWAYS_NS

OVERLAP_SHARE_ERROR: Final = 0.05
"""Chosen: of the 1,449 Israeli zones, drawn by different hands, no two overlap by more."""

AREA_M2_MIN: Final = 100.0
"""Overlaps and gaps below this are rounding, not ground: chosen, a house plot."""

OUTSIDE_SHARE_WARNING: Final = 0.05
"""Chosen, as for overlaps: outlines of different generalisation differ by some per cent."""

OUTSIDE_SHARE_ERROR: Final = 0.5
"""Chosen: what lies mostly outside its parent is in the wrong place or has the wrong parent."""

UNCOVERED_M2_MIN: Final = 1e6  # chosen: no outline of a whole country is finer than that

LONELY_M: Final = 50_000.0
"""A zone farther than this from every other is probably misplaced: chosen, beyond the way from
Eilat to its nearest neighbour."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `severity` is error or warning; `zones` ids; `measure` with its unit in `text`."""

    code: str
    severity: str
    zones: tuple[str, ...]
    measure: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The map as shapely sees it: per zone a polygon in degrees as given, and mended in metres."""

    zone_map: ZoneMap
    given: tuple[BaseGeometry, ...]
    metres: tuple[BaseGeometry, ...]
    plane: Plane


def check(zone_map: ZoneMap, country: BaseGeometry | None = None) -> list[Finding]:
    """All findings, errors first; `country` (lon, lat) adds the ground that no zone covers."""
    plane = Plane(zone_map.lat_deg, zone_map.lon_deg)
    given = tuple(polygon(zone_map, row) for row in range(len(zone_map)))
    metres = tuple(shapely.make_valid(plane.metres(outline)) for outline in given)
    ground = Ground(zone_map=zone_map, given=given, metres=metres, plane=plane)
    findings = [finding for look in _LOOKS for finding in look(ground)]
    if country is not None:
        findings += _uncovered(ground, country)
    return sorted(findings, key=lambda f: (f.severity != "error", f.code, f.zones))


def _invalid(ground: Ground) -> Iterator[Finding]:
    for zone_id, shape in zip(ground.zone_map.ids, ground.given, strict=True):
        if not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            yield Finding("invalid_ring", "error", (zone_id,), 0.0, f"outline is invalid: {reason}")


def _overlaps(ground: Ground) -> Iterator[Finding]:
    ids, each = ground.zone_map.ids, np.array(ground.metres, dtype=object)
    one, two = shapely.STRtree(each).query(each, predicate="intersects")
    one, two = one[one < two], two[one < two]
    area = shapely.area(shapely.intersection(each[one], each[two]))
    for a, b, area_m2 in zip(one, two, area, strict=True):
        if area_m2 < AREA_M2_MIN:
            continue
        share = area_m2 / min(each[a].area, each[b].area)
        severity = "error" if share > OVERLAP_SHARE_ERROR else "warning"
        text = f"overlap by {area_m2 / 1e6:.4f} km2, {share:.1%} of the smaller"
        yield Finding("overlap", severity, (ids[a], ids[b]), float(area_m2), text)


def _gaps(ground: Ground) -> Iterator[Finding]:
    """Ground enclosed by zones that is in none: an error where `near_m` does not mend it."""
    near_m = ground.zone_map.near_m
    tree = shapely.STRtree(ground.metres)
    for hole in _holes(shapely.union_all(ground.metres)):
        if hole.area < AREA_M2_MIN:
            continue
        around = tree.query(hole, predicate="intersects")
        ids = tuple(ground.zone_map.ids[row] for row in sorted(around))
        deep = not shapely.buffer(hole, -near_m).is_empty
        text = f"gap of {hole.area / 1e6:.4f} km2 between zones"
        text += f", deeper than near_m ({near_m:g} m)" if deep else ", told with the nearest zone"
        yield Finding("gap", "error" if deep else "warning", ids, float(hole.area), text)


def _holes(union: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(union):
        if part.geom_type == "Polygon":
            yield from (shapely.Polygon(ring) for ring in part.interiors)


def _points(ground: Ground) -> Iterator[Finding]:
    zone_map = ground.zone_map
    for row, shape in enumerate(ground.given):
        if not shapely.intersects_xy(shape, zone_map.lon_deg[row], zone_map.lat_deg[row]):
            text = "its own point lies outside its outline"
            yield Finding("point_outside", "error", (zone_map.ids[row],), 0.0, text)


def _missing(ground: Ground) -> Iterator[Finding]:
    zone_map = ground.zone_map
    named = np.zeros(len(zone_map), bool)
    for names in zone_map.names.values():
        named |= np.array([bool(name) for name in names])
    for code, absent, text in (
        ("missing_people", zone_map.people < 0, "number of people unknown"),
        ("missing_shelter", np.isnan(zone_map.shelter_s), "time to shelter unknown"),
        ("missing_name", ~named, "no name in any language"),
    ):
        ids = tuple(zone_map.ids[row] for row in np.flatnonzero(absent))
        if ids:
            severity = "error" if code == "missing_name" else "warning"
            yield Finding(code, severity, ids, float(len(ids)), f"{text}: {len(ids)} zones")


def _same_names(ground: Ground) -> Iterator[Finding]:
    """Zones of one parent that a listener cannot tell apart: one finding, whatever the language."""
    zone_map = ground.zone_map
    alike: dict[tuple[str, ...], list[str]] = {}
    for language, names in sorted(zone_map.names.items()):
        bearers: dict[tuple[int, str], list[str]] = {}
        for row, name in enumerate(names):
            if name:
                bearers.setdefault((int(zone_map.parent[row]), name), []).append(zone_map.ids[row])
        for (_, name), ids in sorted(bearers.items()):
            if len(ids) > 1:
                alike.setdefault(tuple(ids), []).append(f"{name!r} ({language})")
    for zones, called in sorted(alike.items()):
        text = f"{len(zones)} zones of one parent are called {', '.join(called)}"
        yield Finding("same_name", "warning", zones, float(len(zones)), text)


def _lonely(ground: Ground) -> Iterator[Finding]:
    """Zones without neighbour, told when the next zone is far."""
    zone_map = ground.zone_map
    if len(zone_map) == 1:
        return
    tree = shapely.STRtree(ground.metres)
    for row in np.flatnonzero(np.diff(zone_map.neighbour_start) == 0):
        polygon = ground.metres[row]
        _, distance_m = tree.query_nearest(polygon, exclusive=True, return_distance=True)
        if distance_m[0] > LONELY_M:
            text = f"{distance_m[0] / 1e3:.0f} km from the next zone"
            yield Finding("isolated", "warning", (zone_map.ids[row],), float(distance_m[0]), text)


def _outside_parent(ground: Ground) -> Iterator[Finding]:
    """Zones and areas that leave the stated outline of the area they belong to."""
    zone_map = ground.zone_map
    drawn = {
        unit_id: shapely.make_valid(ground.plane.metres(outline))
        for unit_id, outline in sorted(area_outlines(zone_map).items())
    }
    if not drawn:
        return
    shapes = drawn | dict(zip(zone_map.ids, ground.metres, strict=True))
    for unit in zone_map.tree.units:
        if unit.id not in shapes:
            continue
        above = next((a.id for a in zone_map.tree.above(unit.id)[1:] if a.id in drawn), None)
        if above is None:
            continue
        share = shapely.difference(shapes[unit.id], drawn[above]).area / shapes[unit.id].area
        if share > OUTSIDE_SHARE_WARNING:
            severity = "error" if share > OUTSIDE_SHARE_ERROR else "warning"
            text = f"{share:.1%} of it lies outside {above}, to which it belongs"
            yield Finding("outside_parent", severity, (unit.id, above), float(share), text)


def _later_shelter(ground: Ground) -> Iterator[Finding]:
    """Times to shelter that change while the version holds: the engine takes the first."""
    zone_map = ground.zone_map
    begins_ns = zone_map.edition.effective_from_ns
    late = tuple(
        unit.id
        for unit in zone_map.units
        if unit.shelter and begins_ns != ALWAYS_NS and unit.shelter[-1][0] > begins_ns
    )
    if late:
        text = f"time to shelter changes after this version takes effect: {len(late)} zones"
        yield Finding("later_shelter", "warning", late, float(len(late)), text)


def _uncovered(ground: Ground, country: BaseGeometry) -> Iterator[Finding]:
    """How much of the country no zone covers, beyond `near_m`."""
    whole = ground.plane.metres(country)
    covered = shapely.buffer(shapely.union_all(ground.metres), ground.zone_map.near_m)
    bare_m2 = shapely.difference(whole, covered).area
    if bare_m2 >= UNCOVERED_M2_MIN:
        text = f"{bare_m2 / 1e6:.1f} km2 ({bare_m2 / whole.area:.1%}) of the country in no zone"
        yield Finding("uncovered", "warning", (), float(bare_m2), text)


_LOOKS: Final[tuple[Callable[[Ground], Iterator[Finding]], ...]] = (
    _invalid,
    _overlaps,
    _gaps,
    _points,
    _missing,
    _same_names,
    _lonely,
    _outside_parent,
    _later_shelter,
)
