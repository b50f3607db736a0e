"""Drones and cruise missiles: level flight, destination unknown.

Each path of the fan is flown in steps. In each step the flight ends, and harms what is near, with
chance ``1 - exp(-hazard x step)``; what is left flies on. The hazard is that of the zone below,
higher where more people live (`aims`), so a zone on the line of flight has a chance that rises as
the weapon approaches, and one aside or behind has next to none. A weapon surely diving gets a
further hazard where its slope meets the ground. Surviving chance is lost with
every step, so the ends of one track never add up to more than 1.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numba
import numpy as np

from tocsin.geo import geodetic, local_axes
from tocsin.predict.fan import Fan
from tocsin.predict.plane import place, plane
from tocsin.predict.tally import HORIZON_S_MAX, Strikes, gather, tally
from tocsin.predict.zonal import BESIDE, SEVERAL, Raster, cell_of
from tocsin.words import FloatArray, Int32Array

HEADING_SD_MAX_RAD: Final = 1.0  # beyond this the fan already points almost everywhere
SPEED_SD_MAX: Final = 0.3  # relative; keeps every path's speed positive
_SPEED_SHARE_MIN: Final = 0.2

DIVE_SURE_SD: Final = 2.0
DIVE_SLOPES: Final = (0.20, 0.45)
DIVE_CHANCE: Final = 0.95
DIVE_SPAN: Final = (0.7, 1.3)
"""A descent whose slope, less two standard deviations of vertical speed, is more than the first of
`DIVE_SLOPES` may be a dive; from the second on it is one with `DIVE_CHANCE`, and ends where the
slope meets the ground, give or take `DIVE_SPAN`. Measured once on seed 101 by hand, in no tool: of
descents at 0.1 to 0.2 (a craft changes its level at 8 m/s) 1 in 50 ended there, at 0.35 to 0.6 3
in 4, steeper 19 in 20, and of those nine in ten within a twentieth of the distance."""


class Start(NamedTuple):
    """Where a flight is now and how surely: lengths m, angles rad (from north to east), m/s."""

    lat_deg: float
    lon_deg: float
    sin_heading: float
    cos_heading: float
    speed_mps: float
    heading_sd_rad: float
    speed_sd: float
    across_sd_m: float
    along_sd_m: float
    dive_m: float
    dive_hazard: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flyers:
    """Flights: n rows; the columns mean what they mean in `words.Tracks`."""

    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    lag_s: FloatArray  # from the time of the state to now

    def __len__(self) -> int:
        return len(self.position_m)


def strikes(grid: Raster, fan: Fan, flyers: Flyers, chance_min: FloatArray) -> Strikes:
    """Zones each flight may end in or near; rows below `chance_min` (n,) are left out."""
    size = fan.flown_m.size * grid.longest
    zone, t_s, weight = np.empty(size, dtype=np.int32), np.empty(size), np.empty(size)
    parts = []
    for job, start in enumerate(starts(fan, flyers)):
        ends, _ = fly(grid, start, fan, zone, t_s, weight)
        found = tally(
            zone[:ends], t_s[:ends], weight[:ends], len(grid.hazard_per_m), chance_min[job]
        )
        parts.append((job, *found))
    return gather(parts)


def starts(fan: Fan, flyers: Flyers) -> list[Start]:
    """The kernel's view of each flight, moved on by its lag along its velocity."""
    habits = fan.habits
    position_m = flyers.position_m + flyers.velocity_mps * flyers.lag_s[:, None]
    lat_deg, lon_deg, height_m = geodetic(position_m)
    axes = local_axes(lat_deg, lon_deg)
    velocity = np.einsum("nij,nj->ni", axes, flyers.velocity_mps)
    place_m2 = np.einsum("nij,njk,nlk->nil", axes, flyers.covariance[:, :3, :3], axes)
    velocity_m2ps2 = np.einsum("nij,njk,nlk->nil", axes, flyers.covariance[:, 3:, 3:], axes)
    known_mps = np.hypot(velocity[:, 0], velocity[:, 1])
    heading = np.arctan2(velocity[:, 0], velocity[:, 1])
    forward = np.stack([np.sin(heading), np.cos(heading)], axis=1)
    aside = np.stack([-np.cos(heading), np.sin(heading)], axis=1)
    speed_mps = np.clip(known_mps, *habits.speed_mps)
    heading_sd = _sd(velocity_m2ps2, aside) / np.maximum(known_mps, 1.0)
    speed_sd = np.hypot(habits.speed_change, _sd(velocity_m2ps2, forward) / speed_mps)
    sure_mps = -velocity[:, 2] - DIVE_SURE_SD * np.sqrt(np.maximum(velocity_m2ps2[:, 2, 2], 0.0))
    steep = (sure_mps / speed_mps - DIVE_SLOPES[0]) / (DIVE_SLOPES[1] - DIVE_SLOPES[0])
    dive_hazard = -np.log1p(-DIVE_CHANCE * np.clip(steep, 0.0, 1.0))
    dive_m = np.maximum(height_m, 10.0) * speed_mps / np.maximum(-velocity[:, 2], 1.0)
    columns = np.stack(
        [
            lat_deg,
            lon_deg,
            np.sin(heading),
            np.cos(heading),
            speed_mps,
            np.minimum(heading_sd, HEADING_SD_MAX_RAD),
            np.minimum(speed_sd, SPEED_SD_MAX),
            _sd(place_m2, aside),
            _sd(place_m2, forward),
            dive_m,
            dive_hazard,
        ],
        axis=1,
    )
    return [Start(*row) for row in columns.tolist()]


def _sd(covariance: FloatArray, direction: FloatArray) -> FloatArray:
    """Standard deviation of (n,3,3) covariances along horizontal unit vectors (n,2)."""
    variance = np.einsum("ni,nij,nj->n", direction, covariance[:, :2, :2], direction)
    deviation: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return deviation


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fly(
    grid: Raster,
    start: Start,
    fan: Fan,
    zone: Int32Array,
    t_s: FloatArray,
    weight: FloatArray,
) -> tuple[int, float]:
    """Fills the ends (zone, time, weight) of all paths; how many, and their total chance.

    The columns must hold paths x steps x longest list entries. The total counts each end once,
    however many zones it harms, and counts ends outside every zone.
    """
    ends, total = 0, 0.0
    count = len(fan.heading)
    around = plane(start.lat_deg, start.lon_deg)
    cells = np.empty(len(fan.step_m), dtype=np.int64)
    for i in range(count):
        sine, cosine = _turned(start, fan.heading[i] * start.heading_sd_rad)
        across_m = fan.across[i] * start.across_sd_m
        along_m = fan.along[i] * start.along_sd_m
        east_m = along_m * start.sin_heading - across_m * start.cos_heading
        north_m = along_m * start.cos_heading + across_m * start.sin_heading
        pace = max(1.0 + fan.speed[i] * start.speed_sd, _SPEED_SHARE_MIN)
        s_per_m = 1.0 / (start.speed_mps * pace)
        steps = _steps(fan.flown_m[i], HORIZON_S_MAX / s_per_m)
        for j in range(steps):
            ahead_m, left_m = fan.ahead_m[i, j], fan.left_m[i, j]
            lat_deg, lon_deg = place(
                around,
                east_m + ahead_m * sine - left_m * cosine,
                north_m + ahead_m * cosine + left_m * sine,
            )
            cells[j] = cell_of(grid, lat_deg, lon_deg)
        alive, flown_m = 1.0 / count, 0.0
        for j in range(steps):
            kind = grid.sole[cells[j]] if cells[j] >= 0 else -1
            below, first, last = kind, 0, 0
            if kind <= SEVERAL:
                first, last = grid.start[cells[j]], grid.start[cells[j] + 1]
                below = grid.zone[first]
            per_m = grid.hazard_per_m[below] if below >= 0 else grid.unzoned_per_m
            hazard = per_m * fan.step_m[j]
            if start.dive_hazard > 0.0:
                hazard += _dive(start, flown_m, flown_m + fan.step_m[j])
            flown_m += fan.step_m[j]
            spared = 1.0 / (1.0 + hazard * (1.0 + hazard * (0.5 + hazard / 6.0)))
            end = alive * (1.0 - spared)
            alive *= spared
            total += end
            after_s = min(fan.flown_m[i, j] * s_per_m, HORIZON_S_MAX)
            if below >= 0:
                share = grid.rim if kind == BESIDE else 1.0
                zone[ends], t_s[ends], weight[ends] = below, after_s, end * share
                ends += 1
            for at in range(first + 1, last):
                zone[ends], t_s[ends], weight[ends] = grid.zone[at], after_s, end * grid.rim
                ends += 1
    return ends, total


@numba.njit(cache=True, nogil=True)
def _steps(flown_m: FloatArray, most_m: float) -> int:
    """How many of the rising `flown_m` are not beyond `most_m`."""
    steps = 0
    while steps < len(flown_m) and flown_m[steps] <= most_m:
        steps += 1
    return steps


@numba.njit(cache=True, nogil=True)
def _turned(start: Start, off_rad: float) -> tuple[float, float]:
    """Sine and cosine of the heading so far to the left of the known one."""
    sine, cosine = np.sin(off_rad), np.cos(off_rad)
    return (
        start.sin_heading * cosine - start.cos_heading * sine,
        start.cos_heading * cosine + start.sin_heading * sine,
    )


@numba.njit(cache=True, nogil=True)
def _dive(start: Start, from_m: float, to_m: float) -> float:
    """Hazard of the dive, if it is one, over this part of a path."""
    first_m, last_m = DIVE_SPAN[0] * start.dive_m, DIVE_SPAN[1] * start.dive_m
    within_m = min(to_m, last_m) - max(from_m, first_m)
    return start.dive_hazard * max(within_m, 0.0) / (last_m - first_m)
