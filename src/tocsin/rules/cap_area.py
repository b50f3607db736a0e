"""The CAP rules about areas: polygons are closed, simple, on the Earth and written lat,lon.

Sources: OASIS CAP 1.2, section 3.2.4; google/cap-library for what receivers refuse.
"""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tocsin.rules.cap_tree import Element, Known, Rule, areas, children, everywhere, infos, text_of
from tocsin.words import IntArray

POLYGON_POINTS_MAX: Final = 1000  # chosen: the crossing test is quadratic and input is hostile
Points = list[tuple[float, float]]

_PAIR: Final = re.compile(r"-?\d{1,3}(\.\d+)?,-?\d{1,3}(\.\d+)?")
_CIRCLE: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?) +(\d+(?:\.\d+)?)\s*")


def crosses_itself(points: Points) -> bool:
    """Whether the closed ring touches or crosses itself; `points` ends where it begins.

    Exact: coordinates are taken as whole millionths of a degree (0.1 m), so that the signs of the
    cross products below are those of integers of at most 2**58.
    """
    grid = np.round(np.asarray(points, dtype=np.float64) * 1e6).astype(np.int64)
    grid = grid[np.concatenate([[True], np.any(np.diff(grid, axis=0) != 0, axis=1)])]
    count = len(grid) - 1
    if count < 3:
        return True
    start, end = grid[:-1], grid[1:]
    step = end - start
    turn = np.sign(_cross(step, np.roll(step, -1, axis=0)))
    ahead = np.sum(step * np.roll(step, -1, axis=0), axis=1)
    if np.any((turn == 0) & (ahead < 0)):
        return True  # a spike: the next side runs back over this one

    first = np.sign(_cross(step[:, None], start[None] - start[:, None]))
    second = np.sign(_cross(step[:, None], end[None] - start[:, None]))
    apart = first * second > 0
    low, high = np.minimum(start, end), np.maximum(start, end)
    boxes_meet = np.all((low[:, None] <= high[None]) & (low[None] <= high[:, None]), axis=2)
    meet = boxes_meet & ~apart & ~apart.T
    row, column = np.triu_indices(count, 2)
    neighbours = (row == 0) & (column == count - 1)
    return bool(np.any(meet[row, column] & ~neighbours))


def _cross(a: IntArray, b: IntArray) -> IntArray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _has_area(alert: Element, _known: Known) -> Iterator[str]:
    yield from ("an info without area" for info in infos(alert) if not children(info, "area"))


def _area_given(alert: Element, _known: Known) -> Iterator[str]:
    for area in areas(alert):
        if not any(children(area, name) for name in ("polygon", "circle", "geocode")):
            yield f"area {text_of(area, 'areaDesc')[:60]!r} is only words"


def _closed(alert: Element, _known: Known) -> Iterator[str]:
    for _name, text in everywhere(alert, "polygon"):
        points = _points(text)
        if points is None:
            yield f"a polygon is not pairs of numbers: {text[:60]!r}"
        elif len(points) < 4 or points[0] != points[-1]:
            yield f"a polygon of {len(points)} points is not closed"


def _on_earth(alert: Element, _known: Known) -> Iterator[str]:
    for points in _polygons(alert):
        if any(abs(lat) >= 90.0 or abs(lon) > 180.0 for lat, lon in points):
            yield "a polygon leaves the Earth or touches a pole"


def _simple(alert: Element, _known: Known) -> Iterator[str]:
    for points in _polygons(alert):
        small = 4 <= len(points) <= POLYGON_POINTS_MAX
        if small and points[0] == points[-1] and crosses_itself(points):
            yield f"a polygon crosses itself: {points[0]}"


def _small(alert: Element, _known: Known) -> Iterator[str]:
    for points in _polygons(alert):
        if len(points) > POLYGON_POINTS_MAX:
            yield f"a polygon of {len(points)} points, not tested for crossing"


def _not_swapped(alert: Element, known: Known) -> Iterator[str]:
    if known.box_deg is None:
        return
    south, west, north, east = known.box_deg
    for points in _polygons(alert):
        inside = sum(south <= lat <= north and west <= lon <= east for lat, lon in points)
        swapped = sum(south <= lon <= north and west <= lat <= east for lat, lon in points)
        if swapped > inside:
            yield f"a polygon lies in the country only as lon,lat: {points[0]}"


def _circles(alert: Element, _known: Known) -> Iterator[str]:
    for _name, text in everywhere(alert, "circle"):
        match = _CIRCLE.fullmatch(text)
        if not match or abs(float(match[1])) > 90.0 or abs(float(match[2])) > 180.0:
            yield f"circle is {text!r}"


def _heights(alert: Element, _known: Known) -> Iterator[str]:
    for area in areas(alert):
        altitude, ceiling = text_of(area, "altitude"), text_of(area, "ceiling")
        if not ceiling:
            continue
        try:
            if not altitude or float(ceiling) < float(altitude):
                yield "ceiling without altitude, or below it"
        except ValueError:
            yield f"altitude {altitude!r} or ceiling {ceiling!r} is not a number"


def _points(text: str) -> Points | None:
    """Latitude and longitude of each pair of a polygon, None where it is not pairs of numbers."""
    if not all(_PAIR.fullmatch(pair) for pair in text.split()):
        return None
    pairs = (pair.split(",") for pair in text.split())
    return [(float(lat), float(lon)) for lat, lon in pairs]


def _polygons(alert: Element) -> Iterator[Points]:
    for _name, text in everywhere(alert, "polygon"):
        points = _points(text)
        if points:
            yield points


AREA_RULES: Final = (
    Rule("area", "Every info names an area.", _has_area, False),
    Rule("area_given", "An area has a shape or a code, not only words.", _area_given, False),
    Rule("polygon_closed", "A polygon has four pairs or more and is closed.", _closed),
    Rule("polygon_on_earth", "A polygon lies on the Earth and off the poles.", _on_earth),
    Rule("polygon_simple", "A polygon does not cross or touch itself.", _simple),
    Rule("polygon_small", f"A polygon has at most {POLYGON_POINTS_MAX} points.", _small, False),
    Rule("polygon_lat_lon", "A polygon is written lat,lon.", _not_swapped),
    Rule("circle", "A circle is lat,lon, a space and a radius in km.", _circles),
    Rule("heights", "ceiling goes with altitude and is not below it.", _heights),
)
