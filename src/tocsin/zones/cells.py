"""Ground for places: the land nearest to each, cut to its country without losing anyone.

Voronoi cells (Okabe et al., *Spatial Tessellations*, 2nd ed. 2000, chapter 2) in an equal-area
projection centred on the country, cut to the country's outline. The outline is generalised to
1:50 million and may be kilometres out on a coast, so discs around every place are added to it:
nobody's town hall falls into the sea. Discs do not enter a neighbouring country, except around
places that the generalised border has put on its other side.
"""

from typing import Final

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.words import FloatArray, IntArray

DISC_M: Final = 5_000.0
"""Radius of the ground that every place keeps: chosen, because it is more than the error of a
1:50 million coast (2 km where measured, at Haifa and Ochakiv) and less than the way to the next
country in nearly all cases."""

_DISC_SEGMENTS: Final = 4  # per quarter circle; keeps files small, and the disc 2 % short at worst
_HOLE_M2: Final = 4_000_000.0  # holes below this between discs and outline are nobody's: filled
_DECIMALS: Final = 6  # of a degree: 0.1 m, far below what the outline knows


class Plane:
    """Lambert azimuthal equal-area metres around the middle of some points (Snyder, USGS 1395)."""

    def __init__(self, lat_deg: FloatArray, lon_deg: FloatArray) -> None:
        middle = f"+lat_0={np.median(lat_deg):.3f} +lon_0={np.median(lon_deg):.3f}"
        self._there = pyproj.Transformer.from_crs(
            "EPSG:4326", f"+proj=laea {middle} +datum=WGS84 +units=m", always_xy=True
        )

    def metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in lon, lat as one in metres."""
        return shapely.transform(geometry, lambda xy: self._moved(xy, "FORWARD"))

    def degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in metres as one in lon, lat, rounded to 1e-6 degree."""
        return shapely.transform(
            geometry, lambda xy: np.round(self._moved(xy, "INVERSE"), _DECIMALS)
        )

    def _moved(self, xy: FloatArray, direction: str) -> FloatArray:
        return np.column_stack(self._there.transform(xy[:, 0], xy[:, 1], direction=direction))


def country_ground(own: BaseGeometry, others: BaseGeometry, points: BaseGeometry) -> BaseGeometry:
    """The outline and the discs, in metres; `points` is a MultiPoint of every place."""
    each = np.asarray(shapely.get_parts(points))
    shapely.prepare(others)
    abroad = shapely.intersects(others, each)
    near = shapely.union_all(shapely.buffer(each[~abroad], DISC_M, quad_segs=_DISC_SEGMENTS))
    over = shapely.union_all(shapely.buffer(each[abroad], DISC_M, quad_segs=_DISC_SEGMENTS))
    ground = shapely.union_all([own, shapely.difference(near, others), over])
    parts = [_without_small_holes(part) for part in shapely.get_parts(ground)]
    return shapely.union_all(parts)


def cells(points: BaseGeometry, owner: IntArray, ground: BaseGeometry) -> list[BaseGeometry]:
    """The part of `ground` nearest to each owner's points, in order of owner 0, 1, ...

    points  MultiPoint in metres, distinct; owner  int64 (k,), the zone of each point.
    """
    diagram = shapely.voronoi_polygons(points, extend_to=shapely.envelope(ground), ordered=True)
    each = np.asarray(shapely.get_parts(diagram))
    found = []
    for zone in range(int(owner.max()) + 1):
        whole = shapely.union_all(each[owner == zone])
        found.append(_areas(shapely.intersection(whole, ground)))
    return found


def _areas(geometry: BaseGeometry) -> BaseGeometry:
    """Only the polygons of a geometry: a cut may leave points and lines where edges touch."""
    parts = shapely.get_parts(geometry)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _without_small_holes(polygon: BaseGeometry) -> BaseGeometry:
    rings = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= _HOLE_M2]
    return shapely.Polygon(polygon.exterior, rings)
