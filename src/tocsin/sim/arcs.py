"""The path of a flight along straight legs and even turns, computed whole.

`routes` moves a craft in quarter seconds: right for what hovers, holds or brakes. A raid of eight
hundred drones is flown here, some hundred times faster: between two waypoints a straight line, at
each waypoint an arc of the turn radius that touches both legs (fly-by), height as the plan says.
"""

import math
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim.plan import FlightPlan
from tocsin.sim.routes import Path
from tocsin.words import FloatArray, IntArray

STRAIGHT_M: Final = 1_000.0
"""Samples on a straight line: a chord of 1 km lies 2 cm below the ground track."""
ARC_DEG: Final = 6.0
"""Samples on an arc: a chord of 6 degrees is 1.4 m off a turn of 1 km radius."""
_TOUCH: Final = 0.45  # of the shorter leg at most is taken by one turn, so that two fit on a leg


def fly(flight: FlightPlan) -> Path:
    """The whole path of `flight`, whose waypoints are two or more; it neither holds nor stops."""
    lat0, lon0, _ = flight.waypoints[0]
    corners = _plane_m(flight, lat0, lon0)
    ground_m, leg, passed = _ground_track(flight, corners)
    along_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ground_m, axis=0).T))])
    levels, breaks = _levels(flight, along_m[passed])
    ground_m, leg, along_m = _with_breaks(flight, ground_m, leg, along_m)
    height_m = np.interp(along_m, breaks, levels)
    if flight.ends == "impact":
        slope = math.tan(math.radians(flight.dive_deg))
        height_m = np.minimum(height_m, (along_m[-1] - along_m) * slope)
    lat, lon = _degrees(ground_m, lat0, lon0)
    position_m = geo.ecef(lat, lon, height_m)
    step_m = np.linalg.norm(np.diff(position_m, axis=0), axis=1)
    t_s = flight.start_s + np.concatenate([[0.0], np.cumsum(step_m / _speeds(flight)[leg[1:]])])
    return Path(t_s, position_m, flight.ends == "impact")


def _plane_m(flight: FlightPlan, lat0_deg: float, lon0_deg: float) -> FloatArray:
    """Waypoints (k,2) east and north of the first one.

    A plane whose meridians are parallel: only the shape of turns suffers, for times are taken
    along the path on the ellipsoid.
    """
    points = np.array(flight.waypoints)
    north_m = np.radians(points[:, 0] - lat0_deg) * geo.MEAN_RADIUS_M
    ring_m = geo.MEAN_RADIUS_M * math.cos(math.radians(lat0_deg))
    return np.stack([np.radians(points[:, 1] - lon0_deg) * ring_m, north_m], axis=1)


def _degrees(
    ground_m: FloatArray, lat0_deg: float, lon0_deg: float
) -> tuple[FloatArray, FloatArray]:
    """Back from the plane of `_plane_m`."""
    ring_m = geo.MEAN_RADIUS_M * math.cos(math.radians(lat0_deg))
    lat = lat0_deg + np.degrees(ground_m[:, 1] / geo.MEAN_RADIUS_M)
    return lat, lon0_deg + np.degrees(ground_m[:, 0] / ring_m)


def _speeds(flight: FlightPlan) -> FloatArray:
    """The speed on the way to each waypoint."""
    given = flight.speeds_mps or (flight.speed_mps,) * len(flight.waypoints)
    return np.array(given, dtype=np.float64)


def _ground_track(flight: FlightPlan, corners: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Points (n,2) of legs and arcs, the waypoint that each is flown towards (n,), and the point
    (k,) at which each of the k waypoints is passed.
    """
    speeds = _speeds(flight)
    points, leg, passed = [corners[0]], [1], [0]
    for k in range(1, len(corners)):
        here, before = corners[k], corners[k - 1]
        arc = np.empty((0, 2))
        if k < len(corners) - 1:
            radius_m = speeds[k] / math.radians(flight.turn_dps)
            arc = _arc(before, here, corners[k + 1], radius_m)
        end = arc[0] if len(arc) else here
        count = max(math.ceil(math.dist(points[-1], end) / STRAIGHT_M), 1)
        part = np.arange(1, count + 1)[:, None] / count
        straight = points[-1] + part * (end - points[-1])
        points += [*straight, *arc[1:]]
        passed.append(len(leg) + len(straight) - 1 + len(arc) // 2)
        leg += [k] * len(straight) + [k + 1] * max(len(arc) - 1, 0)
    return np.array(points), np.array(leg), np.array(passed)


def _arc(before: FloatArray, here: FloatArray, after: FloatArray, radius_m: float) -> FloatArray:
    """The fly-by of `here`: points (n,2) from where it leaves one leg to where it joins the next.

    Empty where hardly any turn is made. A turn that would not fit is flown tighter.
    """
    into, out = here - before, after - here
    long_in, long_out = float(np.hypot(*into)), float(np.hypot(*out))
    if min(long_in, long_out) < 1.0:
        return np.empty((0, 2))
    course_in, course_out = math.atan2(into[1], into[0]), math.atan2(out[1], out[0])
    turn = (course_out - course_in + math.pi) % (2.0 * math.pi) - math.pi
    if abs(turn) < math.radians(1.0):
        return np.empty((0, 2))
    half = math.tan(min(abs(turn) / 2.0, math.radians(85.0)))
    touch_m = min(radius_m * half, _TOUCH * min(long_in, long_out))
    radius_m = touch_m / half
    begin = here - into / long_in * touch_m
    side = math.copysign(1.0, turn)
    centre = begin + radius_m * side * np.array([-math.sin(course_in), math.cos(course_in)])
    count = max(math.ceil(math.degrees(abs(turn)) / ARC_DEG), 2)
    angle = course_in - side * math.pi / 2.0 + turn * np.arange(count + 1) / count
    return np.asarray(centre + radius_m * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _dive_m(flight: FlightPlan) -> float:
    """How far from its target the dive begins, over ground."""
    if flight.ends != "impact":
        return 0.0
    return flight.waypoints[-2][2] / math.tan(math.radians(flight.dive_deg))


def _with_breaks(
    flight: FlightPlan, ground_m: FloatArray, leg: IntArray, along_m: FloatArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    """The same with a point where the dive begins."""
    begin_m = along_m[-1] - _dive_m(flight)
    if begin_m <= 0.0 or begin_m >= along_m[-1]:
        return ground_m, leg, along_m
    at = int(np.searchsorted(along_m, begin_m))
    place = [np.interp(begin_m, along_m, ground_m[:, axis]) for axis in range(2)]
    return (
        np.insert(ground_m, at, place, axis=0),
        np.insert(leg, at, leg[at]),
        np.insert(along_m, at, begin_m),
    )


def _levels(flight: FlightPlan, passed_m: FloatArray) -> tuple[list[float], list[float]]:
    """Heights and where along the way they hold, straight between: from level to level, evenly or
    at `climb_mps`. The height of the last waypoint plays no part in a dive.
    """
    wanted = [point[2] for point in flight.waypoints]
    if flight.ends == "impact":
        wanted[-1] = wanted[-2]
    levels, breaks = [wanted[0]], [0.0]
    for k in range(1, len(wanted)):
        leg_m = max(float(passed_m[k] - passed_m[k - 1]), 1e-6)
        change_m = abs(wanted[k] - levels[-1]) / flight.climb_mps * float(_speeds(flight)[k])
        reached_m = leg_m if flight.graded else min(change_m, leg_m)
        breaks += [float(passed_m[k - 1]) + reached_m, float(passed_m[k])]
        levels += [wanted[k], wanted[k]]
    return levels, breaks
