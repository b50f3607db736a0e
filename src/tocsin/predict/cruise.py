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
from tocsin.predict.fan import SPEED_SHARE_MIN, Fan
from tocsin.predict.plane import place, plane
from tocsin.predict.tally import (
    HORIZON_S_MAX,
    Strikes,
    Table,
    joined,
    table,
    tally_into,
)
from tocsin.predict.zonal import Raster
from tocsin.words import FloatArray, Int32Array

HEADING_SD_MAX_RAD: Final = 1.0  # beyond this the fan already points almost everywhere
SPEED_SD_MAX: Final = 0.3  # relative; keeps every path's speed positive
_ROWS: Final = 16_384  # of the table that is filled at once, besides those of one flight; chosen

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
    given = np.array(starts(fan, flyers)).reshape(len(flyers), len(Start._fields))
    zones = len(grid.hazard_per_m)
    most = min(zones, fan.flown_m.size * grid.longest)
    room = table(most + _ROWS)
    done, parts = 0, []
    while done < len(given):
        done, rows = _several(grid, fan, given, chance_min, done, room)
        parts.append(room.copied(rows))
    return joined(parts)


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
def _several(
    grid: Raster, fan: Fan, given: FloatArray, chance_min: FloatArray, first: int, room: Table
) -> tuple[int, int]:
    """Fills `room` with the rows of the flights `given` from the `first` on, until it may be full.

    The first flight that is left, and how many rows were filled. Each flight is on its own:
    what else is asked about does not change its rows.
    """
    size, zones = fan.flown_m.size * grid.longest, len(grid.hazard_per_m)
    most = min(zones, size)
    zone, t_s, weight = np.empty(size, dtype=np.int32), np.empty(size), np.empty(size)
    rows = 0
    for job in range(first, len(given)):
        if rows + most > len(room.job):
            return job, rows
        g = given[job]
        start = Start(g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10])
        ends, _ = fly(grid, start, fan, zone, t_s, weight)
        kept = tally_into(
            zone[:ends], t_s[:ends], weight[:ends], zones, chance_min[job], room, rows
        )
        room.job[rows : rows + kept] = job
        rows += kept
    return len(given), rows


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fly(
    grid: Raster,
    start: Start,
    fan: Fan,
    zone: Int32Array,
    t_s: FloatArray,
    weight: FloatArray,
) -> tuple[int, float]:
    """Fills the ends (zone, time, weight) of all paths, nearly in order of time; how many, and
    their total chance.

    The columns must hold paths x steps x longest list entries. The total counts each end once,
    however many zones it harms, and counts ends outside every zone.
    """
    count = len(fan.heading)
    s_per_m = np.empty(count)
    ahead = _paces(start, fan, s_per_m)
    farthest_m = HORIZON_S_MAX / s_per_m.min()
    steps = 1
    while steps < len(fan.step_m) and fan.step_m[:steps].sum() < farthest_m:
        steps += 1
    lists = np.empty(steps * count, dtype=np.int32)
    after_s, end = np.empty(steps * count), np.empty(steps * count)
    _over(grid, start, fan, lists)
    _ended(grid, start, fan, s_per_m, lists, after_s, end)
    latest_m = ahead * HORIZON_S_MAX * start.speed_mps
    one = np.uintp(1)  # an index that cannot be negative costs no check of its sign
    ends, total = np.uintp(0), 0.0
    for k in range(len(fan.turn)):
        if fan.reached_m[k] > latest_m:
            break
        sample = np.uintp(fan.turn[k])
        if sample >= len(end) or after_s[sample] > HORIZON_S_MAX:
            continue
        chance, reached_s = end[sample], after_s[sample]
        total += chance
        at = np.uintp(lists[sample])
        harmed, last = np.uintp(grid.start[at]), np.uintp(grid.start[at + one])
        share = chance * grid.share[at]
        while harmed < last:
            zone[ends], t_s[ends], weight[ends] = grid.zone[harmed], reached_s, share
            share = chance * grid.rim
            ends += one
            harmed += one
    return int(ends), total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _paces(start: Start, fan: Fan, s_per_m: FloatArray) -> float:
    """Fills the seconds per metre of each path. How much farther, at most, one has flown at any
    time than it has by the table `reached_m`."""
    most = 0.0
    for i in range(len(fan.speed)):
        own = max(1.0 + fan.speed[i] * start.speed_sd, SPEED_SHARE_MIN)
        usual = max(1.0 + fan.speed[i] * fan.habits.speed_change, SPEED_SHARE_MIN)
        s_per_m[i] = 1.0 / (start.speed_mps * own)
        most = max(most, own / usual)
    return most * (1.0 + 1e-9)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _over(grid: Raster, start: Start, fan: Fan, lists: Int32Array) -> None:
    """Fills the list of zones at each sample (step x n + path) of the first steps.

    Written, as `_ended`, so that the compiler takes several paths at once.
    """
    count = len(fan.heading)
    around = plane(start.lat_deg, start.lon_deg)
    east_m, north_m = np.empty(count), np.empty(count)
    sines, cosines = np.empty(count), np.empty(count)
    for i in range(count):
        sines[i], cosines[i] = _turned(start, fan.heading[i] * start.heading_sd_rad)
        across_m = fan.across[i] * start.across_sd_m
        along_m = fan.along[i] * start.along_sd_m
        east_m[i] = along_m * start.sin_heading - across_m * start.cos_heading
        north_m[i] = along_m * start.cos_heading + across_m * start.sin_heading
    rows, columns = float(grid.rows), float(grid.columns)
    cell = np.empty(count)
    for j in range(len(lists) // count):
        ahead_m, left_m = fan.ahead_m[:, j], fan.left_m[:, j]
        for i in range(count):
            lat_deg, lon_deg = place(
                around,
                east_m[i] + ahead_m[i] * sines[i] - left_m[i] * cosines[i],
                north_m[i] + ahead_m[i] * cosines[i] + left_m[i] * sines[i],
            )
            row = np.floor((lat_deg - grid.south_deg) * grid.rows_per_deg)
            column = np.floor((lon_deg - grid.west_deg) * grid.columns_per_deg)
            inside = (row >= 0.0) & (column >= 0.0) & (row < rows) & (column < columns)
            cell[i] = row * columns + column if inside else -1.0
        for i in range(count):
            at = int(cell[i])
            lists[j * count + i] = grid.listing[at] if at >= 0 else 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _ended(
    grid: Raster,
    start: Start,
    fan: Fan,
    s_per_m: FloatArray,
    lists: Int32Array,
    after_s: FloatArray,
    end: FloatArray,
) -> None:
    """Fills when each sample is reached, and the chance that the flight ends there."""
    count = len(s_per_m)
    alive, per_m, from_m = np.full(count, 1.0 / count), np.empty(count), 0.0
    for j in range(len(lists) // count):
        step_m = fan.step_m[j]
        dive = _dive(start, from_m, from_m + step_m) if start.dive_hazard > 0.0 else 0.0
        from_m += step_m
        first, flown_m = j * count, fan.flown_m[:, j]
        for i in range(count):
            per_m[i] = grid.listed_per_m[lists[first + i]]
        for i in range(count):
            hazard = per_m[i] * step_m + dive
            spared = 1.0 / (1.0 + hazard * (1.0 + hazard * (0.5 + hazard / 6.0)))
            after_s[first + i] = flown_m[i] * s_per_m[i]
            end[first + i] = alive[i] * (1.0 - spared)
            alive[i] *= spared


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
