"""A zone's outline as CAP polygons: few points, closed, simple, latitude first.

CAP has no holes, so only outer rings are told: an enclave is warned with the zone around it. A
ring is thinned by dropping the points that matter least (Douglas and Peucker, *Cartographica* 10
(1973) 112-122); if what is left touches itself, fewer are kept, and at last the convex hull is
told, which is always simple and warns too many rather than too few.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

import numpy as np

from tocsin.rules.cap_area import crosses_itself
from tocsin.words import FloatArray, IntArray

POINTS_MAX: Final = 100  # the last repeats the first; many receivers refuse more (WEA: 100)
POLYGONS_MAX: Final = 20  # the largest; chosen, the zone's geocode covers the islets left out
DECIMALS: Final = 4  # of a degree, 11 m: finer than any outline at hand

Ring = Sequence[tuple[float, float]]


def cap_polygons(rings: Sequence[Ring]) -> tuple[str, ...]:
    """The CAP text of each polygon of a zone, largest first; `rings` are outer, lon,lat."""
    closed = [points for points in map(thinned, rings) if len(points)]
    closed.sort(key=ring_area, reverse=True)  # a stable sort: equal areas keep the map's order
    return tuple(_text(points) for points in closed[:POLYGONS_MAX])


def thinned(ring: Ring) -> FloatArray:
    """A closed simple ring, float64 (k,2) lon,lat, k <= POINTS_MAX; empty if it has no area."""
    points = _distinct(np.round(np.asarray(ring, dtype=np.float64).reshape(-1, 2), DECIMALS))
    if len(points) < 3:
        return np.empty((0, 2))
    whole = np.vstack([points, points[:1]])
    if len(whole) <= POINTS_MAX and _holds(whole):
        return whole
    order = _worthiest(points, POINTS_MAX - 1)
    for count in (POINTS_MAX - 1, 75, 50, 25, 12, 6):
        kept = points[np.sort(order[:count])]
        closed = np.vstack([kept, kept[:1]])
        if _holds(closed):
            return closed
    return _hull(points)


def _holds(closed: FloatArray) -> bool:
    """Whether the ring has an inside, and but one."""
    return ring_area(closed) > 0.0 and not crosses_itself([(x, y) for x, y in closed.tolist()])


def ring_area(closed: FloatArray) -> float:
    """Area of a closed ring in square degrees (shoelace formula)."""
    x, y = closed[:, 0] - closed[0, 0], closed[:, 1] - closed[0, 1]
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2.0


def _distinct(points: FloatArray) -> FloatArray:
    """Without consecutive repeats and without the closing point."""
    if len(points) == 0:
        return points
    return points[np.any(points != np.roll(points, 1, axis=0), axis=1)]


def _worthiest(points: FloatArray, count: int) -> IntArray:
    """Indices of the `count` points whose absence would move the ring most, worthiest first.

    Best first: always the point farthest from the line between its kept neighbours. The two
    anchors are the first point and the one farthest from it.
    """
    scaled = points * np.array([np.cos(np.radians(points[0, 1])), 1.0])
    far = int(np.argmax(np.hypot(*(scaled - scaled[0]).T)))
    loop = np.vstack([scaled, scaled[:1]])
    order = [0, far]
    waiting: list[tuple[float, int, int, int]] = []
    for first, last in ((0, far), (far, len(points))):
        _offer(waiting, loop, first, last)
    while waiting and len(order) < count:
        _away, first, middle, last = heappop(waiting)
        order.append(middle)
        _offer(waiting, loop, first, middle)
        _offer(waiting, loop, middle, last)
    return np.array(order, dtype=np.int64)


def _offer(
    waiting: list[tuple[float, int, int, int]], loop: FloatArray, first: int, last: int
) -> None:
    """Put the point between `first` and `last` that lies farthest from their line in the queue."""
    if last - first < 2:
        return
    away = _distance(loop[first + 1 : last], loop[first], loop[last])
    best = int(np.argmax(away))
    heappush(waiting, (-float(away[best]), first, first + 1 + best, last))


def _distance(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """From each of `points` to the segment, same unit."""
    step = end - start
    length2 = float(step @ step)
    along = np.clip((points - start) @ step / length2, 0.0, 1.0) if length2 else 0.0
    away: FloatArray = np.hypot(*(points - start - np.multiply.outer(along, step)).T)
    return away


def _hull(points: FloatArray) -> FloatArray:
    """The convex hull, closed (Andrew's monotone chain, 1979), or nothing if it has no area."""
    ordered = sorted(dict.fromkeys((x, y) for x, y in points.tolist()))
    half = [_half_hull(ordered), _half_hull(ordered[::-1])]
    ring = half[0][:-1] + half[1][:-1]
    step = max(1, -(-len(ring) // (POINTS_MAX - 1)))
    kept = np.array(ring[::step], dtype=np.float64)
    if len(kept) < 3:
        return np.empty((0, 2))
    return np.vstack([kept, kept[:1]])


def _half_hull(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in ordered:
        while len(chain) > 1 and _turns_right(chain[-2], chain[-1], (x, y)):
            chain.pop()
        chain.append((x, y))
    return chain


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0.0


def _text(closed: FloatArray) -> str:
    return " ".join(f"{lat:.{DECIMALS}f},{lon:.{DECIMALS}f}" for lon, lat in closed.tolist())
