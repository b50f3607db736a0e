"""How the flights of a script get where they are going: planned routes, not wandering.

The laws are those of people who plan a flight with a map: legs to one side and the other, round
what is defended, along rivers, a few turns programmed beforehand, past the target and back, circles
to wait. The forecast (`predict/fan.py`) knows none of it: it holds headings that wander and turns
at distances without memory.
"""

import math
from itertools import pairwise
from typing import Final

import numpy as np

from tocsin.sim.aims import Stage, scattered
from tocsin.sim.law import draw, draw_whole
from tocsin.sim.plan import Place, Waypoint
from tocsin.sim.routes import bearing_deg, destination, distance_m
from tocsin.sim.script import Group, Route

ALONG_MOST: Final = 1.5
"""A line is followed if the way along it is at most so many times the straight one; chosen."""
SHARP_DEG: Final = 100.0  # a sharper corner is flown as two; chosen
_LOITER_POINTS: Final = 8  # corners of one circle
_LAST_M: Final = 12_000.0
"""Where circles are flown, before the target: at most so far, or half the way; chosen."""
_CLEAR: Final = 1.15  # of the radius kept: the corner of a way round a circle lies outside it


def way(
    at: Stage, group: Group, begin: Place, aim: Place, rng: np.random.Generator
) -> list[Place]:  # fmt: skip
    """The route (without heights) from `begin` to `aim`, both included."""
    law = group.route
    if law.law == "legs":
        inner = _legs(law, begin, aim, rng)
    elif law.law == "programmed":
        inner = _programmed(law, begin, aim, rng)
    elif law.law == "around":
        inner = _around(at, law, begin, aim, rng)
    elif law.law == "along":
        inner = _along(at, law, begin, aim)
    else:
        inner = []
    last = inner[-1] if inner else begin
    if rng.uniform() < law.loiter:
        inner += _circles(law, group, last, aim, rng)
    if rng.uniform() < law.behind:
        inner += _past(law, last, aim, rng)
    return [begin, *inner, aim]


def heights(
    group: Group, points: list[Place], rng: np.random.Generator
) -> tuple[Waypoint, ...]:  # fmt: skip
    """`points` with a height drawn for each; with `relief_m`, for more points between them."""
    relief_m = group.route.relief_m
    level_m = draw(group.height_m, rng)
    found: list[Waypoint] = [(*points[0], level_m)]
    for begin, end in pairwise(points):
        steps = 1
        if relief_m > 0.0:
            steps = max(round(distance_m(*begin, *end) / relief_m), 1)
        for step in range(1, steps + 1):
            level_m = (
                draw(group.height_m, rng) if relief_m > 0.0 or rng.uniform() < 0.5 else level_m
            )
            part = step / steps
            found.append((*_between(begin, end, part), level_m))
    return tuple(found)


def length_m(points: list[Place]) -> float:
    """Of the way from point to point."""
    return math.fsum(distance_m(*a, *b) for a, b in pairwise(points))


def cut(points: list[Place], after_m: float) -> list[Place]:
    """The way up to `after_m`, which is less than its length."""
    kept = [points[0]]
    for begin, end in pairwise(points):
        leg_m = distance_m(*begin, *end)
        if after_m <= leg_m:
            return [*kept, _between(begin, end, max(after_m, 1.0) / max(leg_m, 1.0))]
        after_m -= leg_m
        kept.append(end)
    return kept


def rounded(points: list[Place], radius_m: float) -> list[Place]:
    """The same way with two corners for each sharp one, so that a turn of `radius_m` fits."""
    found = [points[0]]
    for k in range(1, len(points) - 1):
        here = points[k]
        course = bearing_deg(*points[k - 1], *here)
        turn_deg = (bearing_deg(*here, *points[k + 1]) - course + 180.0) % 360.0 - 180.0
        found.append(here)
        if abs(turn_deg) > SHARP_DEG:
            aside_deg = course + math.copysign(90.0, turn_deg)
            found.append(destination(*here, aside_deg, 2.2 * radius_m))
    return [*found, points[-1]]


def _legs(law: Route, begin: Place, aim: Place, rng: np.random.Generator) -> list[Place]:
    """Corners to one side and the other in turn, at even parts of the way."""
    count = max(draw_whole(law.legs, rng), 1)
    course, far_m = bearing_deg(*begin, *aim), distance_m(*begin, *aim)
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    corners = []
    for k in range(1, count):
        on = destination(*begin, course, far_m * k / count)
        off_m = far_m / count / 2.0 * math.tan(math.radians(draw(law.swing_deg, rng)))
        corners.append(destination(*on, course + 90.0 * side, off_m))
        side = -side
    return corners


def _programmed(law: Route, begin: Place, aim: Place, rng: np.random.Generator) -> list[Place]:
    """Legs of any length; each is flown off the course to the target, to either side."""
    count = max(draw_whole(law.legs, rng), 1)
    shares = rng.dirichlet(np.full(count, 4.0)).tolist()  # 4: legs differ, none is very short
    place, corners = begin, []
    far_m = distance_m(*begin, *aim)
    for share in shares[:-1]:
        off_deg = draw(law.swing_deg, rng) * (1.0 if rng.uniform() < 0.5 else -1.0)
        place = destination(*place, bearing_deg(*place, *aim) + off_deg, far_m * share)
        corners.append(place)
    return corners


def _around(
    at: Stage, law: Route, begin: Place, aim: Place, rng: np.random.Generator
) -> list[Place]:  # fmt: skip
    """A corner abeam of each defended place that the straight way would pass too near."""
    course, far_m = bearing_deg(*begin, *aim), distance_m(*begin, *aim)
    corners: list[tuple[float, Place]] = []
    for row in at.rows[: law.keep_off].tolist():
        centre, keep_m = at.zone_place(row), draw(law.keep_off_m, rng)
        if min(distance_m(*centre, *begin), distance_m(*centre, *aim)) < keep_m:
            continue
        off_deg = math.radians(bearing_deg(*begin, *centre) - course)
        away_m = distance_m(*begin, *centre)
        ahead_m, right_m = away_m * math.cos(off_deg), away_m * math.sin(off_deg)
        if 0.0 < ahead_m < far_m and abs(right_m) < keep_m:
            side = -90.0 if right_m >= 0.0 else 90.0
            corners.append((ahead_m, destination(*centre, course + side, _CLEAR * keep_m)))
    return [place for _, place in sorted(corners)]


def _along(at: Stage, law: Route, begin: Place, aim: Place) -> list[Place]:
    """Of the lines that cost little, the longest part: from the vertex nearest to `begin` to the
    vertex nearest to `aim`. Empty where every line would be too long a way.
    """
    most_m = ALONG_MOST * distance_m(*begin, *aim)
    best, best_m = list[Place](), 0.0
    for name in law.lines:
        points = list(at.line(name).points)
        first = min(range(len(points)), key=lambda k: distance_m(*begin, *points[k]))
        last = min(range(len(points)), key=lambda k: distance_m(*aim, *points[k]))
        part = points[first : last + 1] if first <= last else points[last : first + 1][::-1]
        if length_m([begin, *part, aim]) <= most_m and length_m(part) > best_m:
            best, best_m = part, length_m(part)
    return best


def _circles(
    law: Route, group: Group, last: Place, aim: Place, rng: np.random.Generator
) -> list[Place]:  # fmt: skip
    """Corners of circles before the target, until `loiter_s` are over."""
    radius_m = draw(law.loiter_m, rng)
    back_m = min(_LAST_M, distance_m(*last, *aim) / 2.0)
    centre = destination(*aim, bearing_deg(*aim, *last), back_m)
    speed = draw(group.speed_mps, rng)
    corners = draw(law.loiter_s, rng) * speed * _LOITER_POINTS / (2.0 * math.pi * radius_m)
    first_deg = bearing_deg(*centre, *last)
    return [
        destination(*centre, first_deg + 360.0 * k / _LOITER_POINTS, radius_m)
        for k in range(round(corners))
    ]


def _past(law: Route, last: Place, aim: Place, rng: np.random.Generator) -> list[Place]:
    """Past the target at some distance, to turn behind it and come back."""
    beyond_m = draw(law.beyond_m, rng)
    course = bearing_deg(*last, *aim)
    side = 90.0 if rng.uniform() < 0.5 else -90.0
    abeam = destination(*aim, course + side, 0.5 * beyond_m)
    return [abeam, scattered(destination(*aim, course, beyond_m), 0.1 * beyond_m, rng)]


def _between(begin: Place, end: Place, part: float) -> Place:
    """The place at `part` of a leg."""
    if part >= 1.0:
        return end
    return destination(*begin, bearing_deg(*begin, *end), part * distance_m(*begin, *end))
