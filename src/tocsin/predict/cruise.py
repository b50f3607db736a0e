"""Drones and cruise missiles: level flight, destination unknown.

Each path of the fan is flown in steps. In each step the flight ends, and harms what is near, with
chance ``1 - exp(-hazard x step)``; what is left flies on. The hazard is that of the zone below,
higher where more people live (`zonal`), so a zone on the line of flight has a chance that rises as
the weapon approaches, and one aside or behind has next to none. A weapon surely descending gets a
further hazard over the distance in which it would reach the ground. Surviving chance is lost with
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
from tocsin.predict.zonal import HAZARD_UNZONED_PER_M, Raster, cell_of
from tocsin.words import FloatArray, Int32Array

HEADING_SD_MAX_RAD: Final = 1.0  # beyond this the fan already points almost everywhere
SPEED_SD_MAX: Final = 0.3  # relative; keeps every path's speed positive
_SPEED_SHARE_MIN: Final = 0.2

DIVE_SLOPE: Final = 0.05
DIVE_SURE_SD: Final = 2.0
DIVE_REACH: Final = 1.5
DIVE_HAZARD: Final = 1.5
"""A dive is a descent steeper than 0.05 (3 degrees) by two standard deviations of vertical speed.
It adds a hazard that ends 78 % (1 - exp(-1.5)) of the paths within 1.5 times the distance at which
the present slope meets the ground. Chosen: level flight varies by less, and pulling up happens."""


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
    sink_mps = -velocity[:, 2] - DIVE_SURE_SD * np.sqrt(np.maximum(velocity_m2ps2[:, 2, 2], 0.0))
    diving = sink_mps > DIVE_SLOPE * speed_mps
    dive_m = np.where(
        diving,
        DIVE_REACH * np.maximum(height_m, 100.0) * speed_mps / np.where(diving, sink_mps, 1.0),
        0.0,
    )
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
        ],
        axis=1,
    )
    return [Start(*row) for row in columns.tolist()]


def _sd(covariance: FloatArray, direction: FloatArray) -> FloatArray:
    """Standard deviation of (n,3,3) covariances along horizontal unit vectors (n,2)."""
    variance = np.einsum("ni,nij,nj->n", direction, covariance[:, :2, :2], direction)
    deviation: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return deviation


@numba.njit(cache=True, nogil=True)
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
    for i in range(count):
        sin_off = np.sin(fan.heading[i] * start.heading_sd_rad)
        cos_off = np.cos(fan.heading[i] * start.heading_sd_rad)
        sine = start.sin_heading * cos_off - start.cos_heading * sin_off
        cosine = start.cos_heading * cos_off + start.sin_heading * sin_off
        across_m = fan.across[i] * start.across_sd_m
        along_m = fan.along[i] * start.along_sd_m
        east_m = along_m * start.sin_heading - across_m * start.cos_heading
        north_m = along_m * start.cos_heading + across_m * start.sin_heading
        pace = max(1.0 + fan.speed[i] * start.speed_sd, _SPEED_SHARE_MIN)
        speed_mps = start.speed_mps * pace
        alive = 1.0 / count
        for j in range(len(fan.step_m)):
            after_s = fan.flown_m[i, j] / speed_mps
            if after_s > HORIZON_S_MAX:
                break
            ahead_m, left_m = fan.ahead_m[i, j], fan.left_m[i, j]
            lat_deg, lon_deg = place(
                around,
                east_m + ahead_m * sine - left_m * cosine,
                north_m + ahead_m * cosine + left_m * sine,
            )
            cell = cell_of(grid, lat_deg, lon_deg)
            first, last = 0, 0
            if cell >= 0:
                first, last = grid.start[cell], grid.start[cell + 1]
            hazard = grid.hazard_per_m[grid.zone[first]] if last > first else HAZARD_UNZONED_PER_M
            if fan.flown_m[i, j] < start.dive_m:
                hazard += DIVE_HAZARD / start.dive_m
            end = alive * (1.0 - np.exp(-hazard * fan.step_m[j]))
            alive -= end
            total += end
            for at in range(first, last):
                zone[ends], t_s[ends], weight[ends] = grid.zone[at], after_s, end
                ends += 1
    return ends, total
