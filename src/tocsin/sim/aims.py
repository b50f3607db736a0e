"""Where the flights of a script come from and where they are going."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim.law import draw
from tocsin.sim.plan import Place
from tocsin.sim.routes import destination, distance_m
from tocsin.sim.script import Box, Line, Origin, Script, Target
from tocsin.words import FloatArray, IntArray
from tocsin.zones.map import ZoneMap

_OPEN_DRAWS: Final = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """What the laws of one raid are given. `rows` are the zones of the area, most people first.

    `sites` and `turns` keep what is drawn once for a group: hidden places, zones still to come.
    """

    script: Script
    zones: ZoneMap
    rows: IntArray
    sites: dict[str, list[Place]] = field(default_factory=dict)
    turns: dict[str, list[int]] = field(default_factory=dict)

    @property
    def box(self) -> Box:
        """The area."""
        return self.script.area

    def zone_place(self, row: int) -> Place:
        """The representative point of a zone, where its people are."""
        return float(self.zones.lat_deg[row]), float(self.zones.lon_deg[row])

    def line(self, name: str) -> Line:
        """The line of that name, which `script` has found to exist."""
        return next(line for line in self.script.lines if line.name == name)


def stage(script: Script, zones: ZoneMap) -> Stage:
    """Raises ValueError when no zone lies in the area."""
    lat_m, lon_m = _offset_m(script.area, zones.lat_deg, zones.lon_deg)
    inside = (np.abs(lat_m) <= script.area.high_m / 2) & (np.abs(lon_m) <= script.area.wide_m / 2)
    rows = np.flatnonzero(inside)
    if not len(rows):
        raise ValueError(
            f"scenario: area: no zone of the map of {zones.country!r} lies in it: move or widen it"
        )
    return Stage(script, zones, rows[np.lexsort((rows, -zones.people[rows]))])


def somewhere(box: Box, rng: np.random.Generator) -> Place:
    """A place in the area, all alike."""
    east_m, north_m = (rng.uniform(-0.5, 0.5, 2) * (box.wide_m, box.high_m)).tolist()
    return _moved((box.lat_deg, box.lon_deg), east_m, north_m)


def scattered(place: Place, away_m: float, rng: np.random.Generator) -> Place:
    """`away_m` from `place`, in any direction."""
    turn_deg = float(rng.uniform(0.0, 360.0))
    return place if away_m == 0.0 else destination(*place, turn_deg, away_m)


def target(at: Stage, name: str, law: Target, rng: np.random.Generator) -> Place:
    """Where one flight, or one salvo, of the group `name` is going."""
    place = _AIMS[law.law](at, name, law, rng)
    return scattered(place, abs(draw(law.scatter_m, rng)), rng)


def origin(at: Stage, law: Origin, aim: Place, rng: np.random.Generator) -> Place:
    """Where one flight, or one salvo, comes from; `aim` is its target."""
    bearing_deg, away_m = draw(law.bearing_deg, rng), draw(law.distance_m, rng)
    if law.law == "places":
        place = law.places[int(rng.integers(len(law.places)))]
    elif law.law == "line":
        place = _on_line(at.line(law.line), float(rng.uniform()))
    elif law.law == "target":
        place = destination(*aim, bearing_deg, away_m)
    else:
        place = _edge(at.box, somewhere(at.box, rng), bearing_deg, away_m)
    return scattered(place, abs(draw(law.scatter_m, rng)), rng)


def through(box: Box, begin: Place, aim: Place) -> Place:
    """Where a flight from `begin` over `aim` leaves the area behind it: 20 km beyond the edge."""
    north_m, east_m = _offset_m(box, np.array([begin[0], aim[0]]), np.array([begin[1], aim[1]]))
    course_deg = math.degrees(math.atan2(east_m[1] - east_m[0], north_m[1] - north_m[0]))
    return _edge(box, aim, course_deg, 20_000.0)


def _edge(box: Box, inside: Place, bearing_deg: float, beyond_m: float) -> Place:
    """Where a ray from a place meets the edge of the area, moved outwards by `beyond_m`."""
    north_m, east_m = (
        float(part[0]) for part in _offset_m(box, np.array([inside[0]]), np.array([inside[1]]))
    )
    east, north = math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))
    reach_m = math.inf
    for here_m, step, half_m in (
        (east_m, east, box.wide_m / 2 + beyond_m),
        (north_m, north, box.high_m / 2 + beyond_m),
    ):
        if abs(step) > 1e-9:
            reach_m = min(reach_m, max(math.copysign(half_m, step) - here_m, -math.inf) / step)
    reach_m = max(reach_m, 0.0)
    return _moved(inside, east * reach_m, north * reach_m)


def _people(at: Stage, name: str, law: Target, rng: np.random.Generator) -> Place:
    people = np.maximum(at.zones.people[at.rows], 0).astype(np.float64)
    weight = np.where(people >= max(law.people_least, 1), people**law.power, 0.0)
    if weight.sum() <= 0.0:
        raise ValueError(f"scenario: group {name!r}: target: no zone has so many people")
    share = np.cumsum(weight) / weight.sum()
    row = at.rows[int(np.searchsorted(share, rng.uniform(), side="right"))]
    return at.zone_place(int(row))


def _zones(at: Stage, name: str, law: Target, rng: np.random.Generator) -> Place:
    left = at.turns.setdefault(name, [])
    if not left:
        fit = at.rows[at.zones.people[at.rows] >= law.people_least]
        if not len(fit):
            raise ValueError(f"scenario: group {name!r}: target: no zone has so many people")
        left += rng.permutation(fit).tolist()
    return at.zone_place(left.pop())


def _sites(at: Stage, name: str, law: Target, rng: np.random.Generator) -> Place:
    if name not in at.sites:
        at.sites[name] = [somewhere(at.box, rng) for _ in range(law.sites)]
    return at.sites[name][int(rng.integers(law.sites))]


def _open(at: Stage, rng: np.random.Generator) -> Place:
    drawn = [somewhere(at.box, rng) for _ in range(_OPEN_DRAWS)]
    away_m = [
        float(np.min(geo.ground_distance_m(
            np.array(lat), np.array(lon), at.zones.lat_deg, at.zones.lon_deg
        ) / np.sqrt(np.maximum(at.zones.people, 1))))
        for lat, lon in drawn
    ]  # fmt: skip
    return drawn[int(np.argmax(away_m))]


_AIMS: Final[dict[str, Callable[[Stage, str, Target, np.random.Generator], Place]]] = {
    "people": _people,
    "places": lambda at, name, law, rng: law.places[int(rng.integers(len(law.places)))],
    "area": lambda at, name, law, rng: somewhere(at.box, rng),
    "sites": _sites,
    "open": lambda at, name, law, rng: _open(at, rng),
    "zones": _zones,
}


def _on_line(line: Line, part: float) -> Place:
    """The place at `part` of the length of a line."""
    steps = [distance_m(*a, *b) for a, b in zip(line.points, line.points[1:], strict=False)]
    ways = np.concatenate([[0.0], np.cumsum(steps)])
    lat, lon = np.array(line.points).T
    way_m = part * float(ways[-1])
    return float(np.interp(way_m, ways, lat)), float(np.interp(way_m, ways, lon))


def _moved(place: Place, east_m: float, north_m: float) -> Place:
    """A place moved in the plane whose meridians are parallel."""
    lat = place[0] + math.degrees(north_m / geo.MEAN_RADIUS_M)
    ring_m = geo.MEAN_RADIUS_M * math.cos(math.radians(place[0]))
    return lat, place[1] + math.degrees(east_m / ring_m)


def _offset_m(
    box: Box, lat_deg: FloatArray, lon_deg: FloatArray
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """North and east of the centre of the area (m)."""
    ring_m = geo.MEAN_RADIUS_M * math.cos(math.radians(box.lat_deg))
    return (
        np.radians(lat_deg - box.lat_deg) * geo.MEAN_RADIUS_M,
        np.radians(lon_deg - box.lon_deg) * ring_m,
    )
