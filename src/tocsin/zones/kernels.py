"""The inner loops of `lookup`, compiled: which zone holds a point, which outline is nearest.

Written for one thread and in plain loops, so that nothing is re-ordered; every index is bounded by
the lists that `lookup.build_lookup` made. Numba does not check bounds unless asked to.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from tocsin.geo import ECCENTRICITY_SQUARED, SEMI_MAJOR_M
from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray


def _exact(
    lat_deg: FloatArray,
    lon_deg: FloatArray,
    cell: IntArray,
    pairs_start: IntArray,
    pair_zone: Int32Array,
    pair_start: IntArray,
    pair_stop: IntArray,
    band_edge: IntArray,
    edges: FloatArray,
    found: Int32Array,
) -> None:
    """Even-odd over each candidate of the point's cell, in order of zone; the first that holds it.

    The ray runs east; an edge counts when its half-open span holds the latitude and the point
    lies to its west. `found` keeps its value where no candidate holds the point.
    """
    for i in range(len(cell)):
        x, y = lon_deg[i], lat_deg[i]
        for pair in range(pairs_start[cell[i]], pairs_start[cell[i] + 1]):
            inside = False
            for k in range(pair_start[pair], pair_stop[pair]):
                x1, y1, x2, y2 = edges[band_edge[k]]
                if y1 <= y < y2 and (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1) > 0.0:
                    inside = not inside
            if inside:
                found[i] = pair_zone[pair]
                break


def _degree_m(lat_deg: float) -> tuple[float, float]:
    """Metres of a degree to the east and to the north: radii of curvature of the latitude."""
    flat = 1.0 - ECCENTRICITY_SQUARED * np.sin(np.radians(lat_deg)) ** 2
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(flat)
    north = np.radians(prime_vertical_m * (1.0 - ECCENTRICITY_SQUARED) / flat)
    return np.radians(prime_vertical_m * np.cos(np.radians(lat_deg))), north


def _foot_m(
    edge: FloatArray, lon_deg: float, lat_deg: float, east: float, north: float
) -> tuple[float, float]:
    """From a point to the nearest of an edge (4,), in the plane of `degree_m` at the point."""
    ax, ay = (edge[0] - lon_deg) * east, (edge[1] - lat_deg) * north
    dx, dy = (edge[2] - lon_deg) * east - ax, (edge[3] - lat_deg) * north - ay
    length = dx * dx + dy * dy
    share = 0.0
    if length > 0.0:
        share = min(max(-(ax * dx + ay * dy) / length, 0.0), 1.0)
    return ax + share * dx, ay + share * dy


def _nearest(
    lat_deg: FloatArray,
    lon_deg: FloatArray,
    cell: IntArray,
    near_start: IntArray,
    near_edge: IntArray,
    edges: FloatArray,
    edge_zone: Int32Array,
    near_m: float,
    found: Int32Array,
) -> None:
    """The zone whose outline is nearest and within `near_m`; at equal distance the lowest row.

    The plane is laid at the point itself, with the radii of curvature of its latitude
    (`ruler.offset_m` takes the middle latitude: over 20 km the two differ by less than 0.2 %).
    """
    for i in range(len(cell)):
        x, y = lon_deg[i], lat_deg[i]
        east, north = degree_m(y)
        least = near_m * near_m
        for k in range(near_start[cell[i]], near_start[cell[i] + 1]):
            edge = near_edge[k]
            px, py = foot_m(edges[edge], x, y, east, north)
            distance = px * px + py * py
            zone = edge_zone[edge]
            if distance < least or (distance == least and (found[i] < 0 or zone < found[i])):
                least = distance
                found[i] = zone


def _deal(cell: IntArray, item: IntArray, place: IntArray, dealt: IntArray) -> None:
    """Put each item into its cell's run of `dealt`, in the order given; `place` is used up."""
    for k in range(len(cell)):
        dealt[place[cell[k]]] = item[k]
        place[cell[k]] += 1


def _prune(
    start: IntArray,
    item: IntArray,
    middle_lat_deg: FloatArray,
    middle_lon_deg: FloatArray,
    half_deg: float,
    edges: FloatArray,
    keep: BoolArray,
) -> None:
    """Mark the edges that may be nearest to some point of each square cell of half side `half_deg`.

    A point of the cell is within half a diagonal `h` of its middle, so its nearest edge is no
    farther from the middle than the middle's own nearest edge plus 2 h. Five per cent are added
    for the planes of the points, which are not quite that of the middle.
    """
    for i in range(len(middle_lat_deg)):
        x, y = middle_lon_deg[i], middle_lat_deg[i]
        east, north = degree_m(y)
        distance = np.empty(start[i + 1] - start[i])
        for k in range(start[i], start[i + 1]):
            distance[k - start[i]] = np.hypot(*foot_m(edges[item[k]], x, y, east, north))
        if len(distance) > 0:
            reach = 1.05 * (distance.min() + 2.0 * np.hypot(half_deg * east, half_deg * north))
            for k in range(start[i], start[i + 1]):
                keep[k] = distance[k - start[i]] <= reach


degree_m: Final[Any] = njit(cache=True, nogil=True)(_degree_m)
foot_m: Final[Any] = njit(cache=True, nogil=True)(_foot_m)
exact: Final[Any] = njit(cache=True, nogil=True)(_exact)
nearest: Final[Any] = njit(cache=True, nogil=True)(_nearest)
prune: Final[Any] = njit(cache=True, nogil=True)(_prune)
deal: Final[Any] = njit(cache=True, nogil=True)(_deal)
