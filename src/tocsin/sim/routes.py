"""Flights that follow waypoints: turns, climbs, halts, circles, a dive; and the path of any flight.

The ground of this world is the ellipsoid: height 0 is mean sea level is the ground.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim.plan import FlightPlan, Waypoint
from tocsin.words import BoolArray, FloatArray

STEP_S: Final = 0.25
"""Chosen: a straight line between samples is then within 0.7 m of a 250 m/s turn at 5 deg/s."""

_LEAD_RADII: Final = 0.6
"""A turn begins this many turn radii before the waypoint: fly-by of turns up to about 60 deg."""


_CREEP_MPS: Final = 0.5
"""Chosen: the last metres to a halt are flown no slower than this, or they would take for ever."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where one flight is: `t_s` (n,) seconds from the start, `position_m` (n,3) ECEF.

    `down`: it ends on the ground, not in the air at the end of its way or of the scenario.
    """

    t_s: FloatArray
    position_m: FloatArray
    down: bool = False

    def at(self, t_s: FloatArray) -> FloatArray:
        """ECEF positions (k,3), straight between samples; before and after, the end points."""
        return np.stack(
            [np.interp(t_s, self.t_s, self.position_m[:, axis]) for axis in range(3)], axis=-1
        )

    def flying(self, t_s: FloatArray) -> BoolArray:
        """Whether the flight is in the air at each of `t_s`."""
        return np.asarray((t_s >= self.t_s[0]) & (t_s <= self.t_s[-1]))


def destination(
    lat_deg: float, lon_deg: float, bearing_deg: float, distance_m: float
) -> tuple[float, float]:
    """Latitude and longitude reached along a great circle of the mean sphere."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    course, arc = math.radians(bearing_deg), distance_m / geo.MEAN_RADIUS_M
    lat2 = math.asin(
        math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(course)
    )
    lon2 = lon + math.atan2(
        math.sin(course) * math.sin(arc) * math.cos(lat),
        math.cos(arc) - math.sin(lat) * math.sin(lat2),
    )
    return math.degrees(lat2), (math.degrees(lon2) + 540.0) % 360.0 - 180.0


def bearing_deg(lat_deg: float, lon_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Initial course of the great circle to the second place, 0 to 360."""
    lat, lat2 = math.radians(lat_deg), math.radians(lat2_deg)
    ahead = math.radians(lon2_deg - lon_deg)
    east = math.sin(ahead) * math.cos(lat2)
    north = math.cos(lat) * math.sin(lat2) - math.sin(lat) * math.cos(lat2) * math.cos(ahead)
    return math.degrees(math.atan2(east, north)) % 360.0


def distance_m(lat_deg: float, lon_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Haversine on the mean sphere; `geo.ground_distance_m` for one pair, without arrays."""
    lat, lat2 = math.radians(lat_deg), math.radians(lat2_deg)
    half_lon = math.radians(lon2_deg - lon_deg) / 2.0
    chord = math.sin((lat2 - lat) / 2.0) ** 2
    chord += math.cos(lat) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2.0 * geo.MEAN_RADIUS_M * math.asin(math.sqrt(min(chord, 1.0)))


def fly(flight: FlightPlan, seconds: float, wind_mps: tuple[float, float] = (0.0, 0.0)) -> Path:
    """The path of `flight` from its start to its end or to `seconds`, whichever comes first.

    `wind_mps`, east and north, carries it while it floats or circles.
    """
    mover = _Mover(flight, wind_mps)
    rows = [(flight.start_s, *mover.place)]
    t_s = flight.start_s
    while t_s < seconds and not mover.done:
        t_s += mover.step(STEP_S)
        rows.append((t_s, *mover.place))
    table = np.array(rows)
    down = mover.done and flight.ends == "impact"
    return Path(table[:, 0], geo.ecef(table[:, 1], table[:, 2], table[:, 3]), down)


class _Mover:
    """One craft between waypoints: it turns no faster than it can and homes on the next one."""

    def __init__(self, flight: FlightPlan, wind_mps: tuple[float, float]) -> None:
        self.flight = flight
        self.place: Waypoint = flight.waypoints[0]
        self.leg = 1
        self.done = False
        self.heading_deg = bearing_deg(*self.place[:2], *flight.waypoints[1][:2])
        self.dive_slope = 0.0
        self.speed = flight.speeds_mps[0] if flight.speeds_mps else flight.speed_mps
        self.hold_s = flight.holds_s[0] if flight.holds_s else 0.0
        self.drift_mps = flight.drift * math.hypot(*wind_mps)
        self.drift_deg = math.degrees(math.atan2(*wind_mps))

    def step(self, dt_s: float) -> float:
        """Move for `dt_s`, or for less when the end is reached; returns the seconds moved."""
        if self.flight.speed_mps == 0.0:
            return self._float(dt_s)
        if self.hold_s > 0.0:
            return self._hold(dt_s)
        lat, lon, height = self.place
        to_go = self._next_leg(lat, lon)
        target = self.flight.waypoints[self.leg]
        last = self.leg == len(self.flight.waypoints) - 1
        self._change_speed(to_go, dt_s)
        speed = self._ground_speed(to_go, height, last)
        if self._stops(self.leg) and to_go <= speed * dt_s:
            return self._stop(dt_s)
        if last and to_go <= speed * dt_s:
            self.done = True
            end = 0.0 if self.flight.ends == "impact" else height
            self.place = (target[0], target[1], end)
            return max(to_go / speed, 1e-3)
        self._turn(bearing_deg(lat, lon, target[0], target[1]), to_go, dt_s)
        if self.dive_slope:
            height = (to_go - speed * dt_s) * self.dive_slope
        else:
            level = self.leg - 1 if last and self.flight.ends == "impact" else self.leg
            height += self._rise(level, height, dt_s, to_go / speed)
        self.place = (*_ahead(lat, lon, height, self.heading_deg, speed * dt_s), height)
        return dt_s

    def _next_leg(self, lat: float, lon: float) -> float:
        """Metres to the waypoint that is steered for, after passing those already reached."""
        points: Sequence[Waypoint] = self.flight.waypoints
        to_go = distance_m(lat, lon, *points[self.leg][:2])
        lead_m = _LEAD_RADII * self._radius_m()
        while self.leg < len(points) - 1 and to_go <= lead_m and not self._stops(self.leg):
            if self.flight.holds_s:
                self.hold_s = self.flight.holds_s[self.leg]
            self.leg += 1
            to_go = distance_m(lat, lon, *points[self.leg][:2])
            if self.hold_s > 0.0:
                break
        return to_go

    def _radius_m(self) -> float:
        """Of the tightest turn at this speed."""
        return self.speed / math.radians(self.flight.turn_dps)

    def _stops(self, leg: int) -> bool:
        """Whether it comes to a halt at the end of `leg`."""
        return bool(self.flight.speeds_mps) and self.flight.speeds_mps[leg] == 0.0

    def _change_speed(self, to_go_m: float, dt_s: float) -> None:
        """Towards the speed of this leg; before a halt, no faster than it can still brake."""
        if not self.flight.speeds_mps:
            return
        accel = self.flight.accel_mps2
        wanted = self.flight.speeds_mps[self.leg]
        if self._stops(self.leg):
            braking = math.sqrt(2.0 * accel * to_go_m)
            wanted = max(min(self.flight.speed_mps, braking), _CREEP_MPS)
            self.speed = min(self.speed, max(braking, _CREEP_MPS))
        self.speed += min(max(wanted - self.speed, -accel * dt_s), accel * dt_s)

    def _stop(self, dt_s: float) -> float:
        """Over the waypoint: to its height on the spot, then to hold there."""
        target = self.flight.waypoints[self.leg]
        self.speed = 0.0
        height = self.place[2] + self._rise(self.leg, self.place[2], dt_s, 0.0)
        self.place = (target[0], target[1], height)
        if height == target[2]:
            self.hold_s = self.flight.holds_s[self.leg] if self.flight.holds_s else 0.0
            self.done = self.leg == len(self.flight.waypoints) - 1
            self.leg += 0 if self.done else 1
            onward = self.flight.waypoints[self.leg]
            self.heading_deg = bearing_deg(*self.place[:2], onward[0], onward[1])
        return dt_s

    def _hold(self, dt_s: float) -> float:
        """Hover if it stopped, else circle as the wind carries it, to the height of the hold."""
        self.hold_s -= dt_s
        lat, lon, height = self.place
        if self.speed > 0.0:
            self.heading_deg = (self.heading_deg + self.flight.turn_dps * dt_s) % 360.0
            height += self._rise(self.leg - 1, height, dt_s, 0.0)
            lat, lon = _ahead(lat, lon, height, self.heading_deg, self.speed * dt_s)
            lat, lon = _ahead(lat, lon, height, self.drift_deg, self.drift_mps * dt_s)
        self.place = (lat, lon, height)
        return dt_s

    def _float(self, dt_s: float) -> float:
        """With the wind, towards the last waypoint's height."""
        lat, lon, height = self.place
        height += self._rise(-1, height, dt_s, 0.0)
        self.place = (
            *_ahead(lat, lon, height, self.drift_deg, self.drift_mps * dt_s),
            height,
        )
        return dt_s

    def _rise(self, level: int, height_m: float, dt_s: float, left_s: float) -> float:
        """Metres up in `dt_s`, towards the height of waypoint `level`, `left_s` from here."""
        wanted = self.flight.waypoints[level][2] - height_m
        if self.flight.graded and left_s > dt_s:
            wanted *= dt_s / left_s
        reach = self.flight.climb_mps * dt_s
        return min(max(wanted, -reach), reach)

    def _ground_speed(self, to_go_m: float, height_m: float, last: bool) -> float:
        """Speed over ground; the dive begins where the line to the target is steep enough."""
        if last and self.flight.ends == "impact" and not self.dive_slope:
            steep = math.tan(math.radians(self.flight.dive_deg))
            if height_m >= to_go_m * steep:
                self.dive_slope = height_m / max(to_go_m, 1.0)
        return self.speed / math.hypot(1.0, self.dive_slope)

    def _turn(self, wanted_deg: float, to_go_m: float, dt_s: float) -> None:
        """Towards `wanted_deg`; so near that it could be orbited (a turn radius), at once."""
        change = (wanted_deg - self.heading_deg + 180.0) % 360.0 - 180.0
        if to_go_m > 1.1 * self._radius_m():
            most = self.flight.turn_dps * dt_s
            change = min(max(change, -most), most)
        self.heading_deg = (self.heading_deg + change) % 360.0


def _ahead(
    lat_deg: float, lon_deg: float, height_m: float, heading_deg: float, step_m: float
) -> tuple[float, float]:
    """A short step on the ellipsoid by its radii of curvature (TR8350.2, 7.2)."""
    sin_lat = math.sin(math.radians(lat_deg))
    root = 1.0 - geo.ECCENTRICITY_SQUARED * sin_lat**2
    prime_m = geo.SEMI_MAJOR_M / math.sqrt(root)
    meridian_m = prime_m * (1.0 - geo.ECCENTRICITY_SQUARED) / root
    heading = math.radians(heading_deg)
    ring_m = (prime_m + height_m) * math.cos(math.radians(lat_deg))
    return (
        lat_deg + math.degrees(step_m * math.cos(heading) / (meridian_m + height_m)),
        lon_deg + math.degrees(step_m * math.sin(heading) / ring_m),
    )
