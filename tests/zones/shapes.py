"""Small zone maps drawn by hand or by seed, for the tests of this folder."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.zones.assemble import Draft, assemble
from tocsin.zones.map import ZoneMap


def square(lon: float, lat: float, side: float = 0.1) -> BaseGeometry:
    """A square of `side` degrees with its south-west corner at (lon, lat)."""
    return shapely.box(lon, lat, lon + side, lat + side)


def map_of(polygons: Sequence[BaseGeometry], near_m: float = 0.0) -> ZoneMap:
    """Zones xx-0, xx-1, ... with these outlines, all people known and every shelter 60 s."""
    drafts = [
        Draft(
            id=f"xx-{row}",
            polygon=polygon,
            names={"en": f"Zone {row}"},
            parent="xx-p",
            people=100 * (row + 1),
            shelter_s=60.0,
        )
        for row, polygon in enumerate(polygons)
    ]
    return assemble(
        country="xx",
        version="test",
        drafts=drafts,
        parents={"xx-p": {"en": "Parent"}},
        near_m=near_m,
    )


def crazy_paving(seed: int, count: int, lon: float = 30.0, lat: float = 50.0) -> list[BaseGeometry]:
    """`count` Voronoi cells that fill an irregular shape with a lake, edges shared exactly."""
    rng = np.random.default_rng(seed)
    points = rng.uniform((lon, lat), (lon + 1.0, lat + 1.0), (count, 2))
    shape = shapely.Point(lon + 0.5, lat + 0.5).buffer(0.48, quad_segs=7)
    shape = shape.difference(shapely.Point(lon + 0.6, lat + 0.4).buffer(0.07, quad_segs=3))
    diagram = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shape)
    cells = [shapely.intersection(cell, shape) for cell in shapely.get_parts(diagram)]
    rounded = [shapely.transform(cell, lambda xy: np.round(xy, 6)) for cell in cells]
    return [cell for cell in rounded if cell.area > 1e-6 and cell.is_valid]


def shapes_of(zone_map: ZoneMap) -> list[BaseGeometry]:
    """The zones of a map as shapely has them."""
    return [
        shapely.MultiPolygon([(part[0], part[1:]) for part in zone_map.multipolygon(row)])
        for row in range(len(zone_map))
    ]
