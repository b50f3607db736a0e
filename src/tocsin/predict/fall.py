"""Ballistic: where and when it comes down, and the zones under it.

`sigma` takes the uncertain state through the flight equations and gives mean, covariance and bend
of (east, north, time) of impact. A fixed table of evenly spread standard numbers turns these into
4096 impacts, the same for every body at every moment, and these into chances of zones.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numba
import numpy as np

from tocsin.geo import geodetic, local_axes
from tocsin.predict import spread
from tocsin.predict.air import AIR
from tocsin.predict.plane import place, plane
from tocsin.predict.sigma import moments
from tocsin.predict.tally import HORIZON_S_MAX, HORIZONS, QUANTILES, Strikes
from tocsin.predict.zonal import Raster
from tocsin.words import HORIZONS_S, BoolArray, FloatArray, Int32Array, IntArray

SAMPLES: Final = 4096
"""Measured (`bench/predict`, 2.5 km zones, wide early footprints): the counting alone has a total
variation of 0.0034 on the average and 0.0070 at worst; with 2048 0.0053 and 0.0116, and the form
that `sigma` gives has up to 0.004."""
_SPREAD: Final = np.ascontiguousarray(spread.spiral(SAMPLES).T)
_BINS: Final = 256  # of time, from the first impact to the last: 0.1 s each, interpolated within

WIND_SD_MPS: Final = 6.0
"""Of each horizontal axis of the wind, which is not known; shared knowledge, algorithms.md 4."""

BURN_CHANCE: Final = 0.01
BURN_HEIGHT_M: Final = 60_000.0
BURN_ALONG: Final = 0.10
BURN_ACROSS: Final = 0.03
"""A climbing body below 60 km whose motor burns with such a chance or more may become faster yet:
standard deviations of velocity along and across the path grow by these shares of the speed. Chosen:
short-range missiles burn for about a minute, up to some 40 km; the first warning should be wide
rather than in the wrong place, and a zone that is told at 0.005 needs no rarer doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Falling bodies: n rows; the columns mean what they mean in `words.Tracks`."""

    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    ln_beta: FloatArray
    burning: FloatArray  # probability
    lag_s: FloatArray  # from the time of the state to now

    def __len__(self) -> int:
        return len(self.position_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impacts:
    """Distributions of impact: n rows.

    lat_deg, lon_deg  float64 (n,)     impact of the mean state, origin of east and north
    mean              float64 (n,3)    east (m), north (m), time (s after the state)
    root              float64 (n,3,3)  of the covariance without what the bends add
    bend              float64 (n,6,3)  how it departs from a Gaussian (`sigma.moments`)
    """

    lat_deg: FloatArray
    lon_deg: FloatArray
    mean: FloatArray
    root: FloatArray
    bend: FloatArray


def strikes(
    grid: Raster, bodies: Bodies, chance_min: FloatArray, wind_sd_mps: float = WIND_SD_MPS
) -> Strikes:
    """Zones within the harm radius of each body's impact; rows below `chance_min` (n,) left out."""
    job, zone, chance, quantiles_s = _strikes(
        grid, _scatter(impacts(bodies, wind_sd_mps)), _SPREAD, bodies.lag_s, chance_min
    )
    return Strikes(job=job, zone=zone, chance=chance, quantiles_s=quantiles_s)


def impacts(bodies: Bodies, wind_sd_mps: float = WIND_SD_MPS) -> Impacts:
    """Distribution of place and time of impact."""
    covariance = bodies.covariance.copy()
    covariance[:, 3:6, 3:6] += _burning(bodies)
    centre = np.concatenate([bodies.position_m, bodies.velocity_mps], axis=1)
    place_deg, mean, root, bend = moments(AIR, centre, covariance, bodies.ln_beta, wind_sd_mps)
    return Impacts(
        lat_deg=place_deg[:, 0],
        lon_deg=place_deg[:, 1],
        mean=mean,
        root=root,
        bend=bend,
    )


def may_burn(bodies: Bodies) -> BoolArray:
    """Climbing and low, and its motor may still run (the rule at BURN_CHANCE)."""
    lat_deg, lon_deg, height_m = geodetic(bodies.position_m)
    up = local_axes(lat_deg, lon_deg)[:, 2]
    climbing = np.einsum("ni,ni->n", up, bodies.velocity_mps) > 0.0
    may: BoolArray = climbing & (height_m < BURN_HEIGHT_M) & (bodies.burning >= BURN_CHANCE)
    return may


def _burning(bodies: Bodies) -> FloatArray:
    """Covariance of velocity (n,3,3) to add for motors that may still run."""
    speed2 = np.einsum("ni,ni->n", bodies.velocity_mps, bodies.velocity_mps)
    along = np.einsum("ni,nj->nij", bodies.velocity_mps, bodies.velocity_mps)
    across = speed2[:, None, None] * np.eye(3) - along
    added = BURN_ALONG**2 * along + BURN_ACROSS**2 * across
    return np.where(may_burn(bodies)[:, None, None], added, 0.0)


def samples(found: Impacts, job: int) -> FloatArray:
    """Latitude, longitude (deg) and time (s after the state) of SAMPLES impacts, shape (n,3)."""
    placed = np.empty((3, SAMPLES))
    _sample(_scatter(found), job, _SPREAD, placed)
    return placed.T


class Scatter(NamedTuple):
    """`Impacts` as the kernels take them."""

    lat_deg: FloatArray
    lon_deg: FloatArray
    mean: FloatArray
    root: FloatArray
    bend: FloatArray


def _scatter(found: Impacts) -> Scatter:
    return Scatter(found.lat_deg, found.lon_deg, found.mean, found.root, found.bend)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _sample(found: Scatter, job: int, table: FloatArray, placed: FloatArray) -> None:
    """Fills `placed` (3,n) with latitude, longitude (deg) and time (s) of the table's impacts."""
    around = plane(found.lat_deg[job], found.lon_deg[job])
    for row in range(3):
        mean, r0, r1, r2 = found.mean[job, row], found.root[job, row, 0], 0.0, 0.0
        if row > 0:
            r1 = found.root[job, row, 1]
        if row > 1:
            r2 = found.root[job, row, 2]
        bend = found.bend[job, :, row]
        b0, b1, b2 = 0.5 * bend[0], 0.5 * bend[1], 0.5 * bend[2]
        b01, b02, b12 = bend[3], bend[4], bend[5]
        level = mean - b0 - b1 - b2
        for i in range(table.shape[1]):
            u, v, w = table[0, i], table[1, i], table[2, i]
            first = u * (r0 + b0 * u + b01 * v + b02 * w)
            placed[row, i] = level + first + v * (r1 + b1 * v + b12 * w) + w * (r2 + b2 * w)
    for i in range(table.shape[1]):
        placed[0, i], placed[1, i] = place(around, placed[0, i], placed[1, i])


@numba.njit(cache=True, nogil=True)
def _strikes(
    grid: Raster, found: Scatter, table: FloatArray, lag_s: FloatArray, chance_min: FloatArray
) -> tuple[IntArray, Int32Array, FloatArray, FloatArray]:
    """The columns of `Strikes`, body by body."""
    placed, zones = np.empty((3, table.shape[1])), len(grid.hazard_per_m)
    lists = _tolls(len(grid.start) - 1, table.shape[1])
    tolls = _tolls(zones, table.shape[1] * grid.longest)
    room, rows = 32 * len(lag_s) + 32, 0
    job, zone = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int32)
    chance, quantiles_s = np.empty((room, len(HORIZONS_S))), np.empty((room, len(QUANTILES)))
    for i in range(len(lag_s)):
        _sample(found, i, table, placed)
        met, soonest_s, latest_s = _count(grid, placed, lag_s[i], lists)
        touched = _by_zone(grid, lists, met, tolls)
        if rows + touched > room:
            room = 2 * (rows + touched)
            job, zone = _grown(job, room), _grown(zone, room)
            chance, quantiles_s = _grown(chance, room), _grown(quantiles_s, room)
        for k in np.argsort(tolls.touched[:touched]):
            within = 0
            for h in range(len(HORIZONS_S)):
                within += tolls.by_horizon[k, h]
                chance[rows, h] = within / table.shape[1]
            if within == 0 or chance[rows, -1] < chance_min[i]:
                continue
            job[rows], zone[rows] = i, tolls.touched[k]
            _quantiles_s(tolls.by_time[k], within, soonest_s, latest_s, quantiles_s[rows])
            rows += 1
        for k in range(touched):
            tolls.slot[tolls.touched[k]] = -1
    return job[:rows], zone[:rows], chance[:rows], quantiles_s[:rows]


class Tolls(NamedTuple):
    """Scratch: impacts of one body counted by key, a zone or a list of zones (`Raster.listing`).

    slot        int32 (keys,)  row of the key below, -1 of one not touched; so before and after
    touched     int32 (m,)     the keys, as they were met
    by_time     int32 (m,B)    counts by time, in even bins from the first impact to the last
    by_horizon  int32 (m,H)    counts between horizons
    """

    slot: Int32Array
    touched: Int32Array
    by_time: Int32Array
    by_horizon: Int32Array


@numba.njit(cache=True, nogil=True)
def _tolls(keys: int, most: int) -> Tolls:
    """None touched, and room for `most`."""
    most = min(keys, most)
    return Tolls(
        np.full(keys, -1, dtype=np.int32),
        np.empty(most, dtype=np.int32),
        np.empty((most, _BINS), dtype=np.int32),
        np.empty((most, len(HORIZONS_S)), dtype=np.int32),
    )


@numba.njit(cache=True, nogil=True)
def _slot(tolls: Tolls, key: int, touched: int) -> int:
    """The row of a key; the next one, cleared, where it was not yet touched."""
    slot = int(tolls.slot[key])
    if slot < 0:
        slot = touched
        tolls.slot[key], tolls.touched[slot] = slot, key
        tolls.by_time[slot], tolls.by_horizon[slot] = 0, 0
    return slot


@numba.njit(cache=True, nogil=True)
def _count(
    grid: Raster, placed: FloatArray, lag_s: float, lists: Tolls
) -> tuple[int, float, float]:
    """Counts the impacts by the list of zones harmed; lists touched, seconds to the first and last.

    Neighbouring cells mostly list the same zones. An impact is counted once, and the lists, few,
    become zones afterwards: in half of the time of counting each impact in each of its zones.
    """
    horizons = np.array(HORIZONS)
    soonest_s, latest_s = _span(placed[2], lag_s)
    _to_cells(grid, placed, soonest_s, latest_s)
    touched, h = 0, 0
    while soonest_s > horizons[h]:
        h += 1
    several = latest_s > horizons[h]  # most falls end between two horizons: counted once
    for i in range(placed.shape[1]):
        cell, place = int(placed[0, i]), int(placed[1, i])
        key = grid.listing[cell] if cell >= 0 else -1
        if key < 0:
            continue
        slot = _slot(lists, key, touched)
        touched = max(touched, slot + 1)
        lists.by_time[slot, place] += 1
        if several:
            while placed[2, i] > horizons[h]:
                h += 1
            while h > 0 and placed[2, i] <= horizons[h - 1]:
                h -= 1
            lists.by_horizon[slot, h] += 1
    if not several:
        for k in range(touched):
            lists.by_horizon[k, h] = lists.by_time[k].sum()
    return touched, soonest_s, latest_s


@numba.njit(cache=True, nogil=True)
def _by_zone(grid: Raster, lists: Tolls, met: int, tolls: Tolls) -> int:
    """Adds the counts of `met` lists to each of their zones and clears the lists; zones touched."""
    touched = 0
    for k in range(met):
        key = lists.touched[k]
        lists.slot[key] = -1
        for at in range(grid.start[key], grid.start[key + 1]):
            slot = _slot(tolls, grid.zone[at], touched)
            touched = max(touched, slot + 1)
            for at_bin in range(_BINS):
                tolls.by_time[slot, at_bin] += lists.by_time[k, at_bin]
            for h in range(len(HORIZONS_S)):
                tolls.by_horizon[slot, h] += lists.by_horizon[k, h]
    return touched


@numba.njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _span(after_s: FloatArray, lag_s: float) -> tuple[float, float]:
    """Takes the lag off; seconds to the first and last impact that count."""
    soonest_s, latest_s = HORIZON_S_MAX, 0.0
    for i in range(len(after_s)):
        after_s[i] = max(after_s[i] - lag_s, 0.0)
        soonest_s = min(soonest_s, after_s[i])
        latest_s = max(latest_s, after_s[i] if after_s[i] <= HORIZON_S_MAX else 0.0)
    return soonest_s, latest_s


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _to_cells(grid: Raster, placed: FloatArray, soonest_s: float, latest_s: float) -> None:
    """Latitudes become cells as `zonal.cell_of` gives them, longitudes bins of time: both -1 where
    an impact does not count. Many at a time."""
    rows, columns = float(grid.rows), float(grid.columns)
    bins_per_s = _BINS / (latest_s - soonest_s) if latest_s > soonest_s else 0.0
    for i in range(placed.shape[1]):
        row = np.floor((placed[0, i] - grid.south_deg) * grid.rows_per_deg)
        column = np.floor((placed[1, i] - grid.west_deg) * grid.columns_per_deg)
        counts = (row >= 0.0) & (column >= 0.0) & (row < rows) & (column < columns)
        counts &= placed[2, i] <= HORIZON_S_MAX
        placed[0, i] = row * columns + column if counts else -1.0
        placed[1, i] = min(np.floor((placed[2, i] - soonest_s) * bins_per_s), _BINS - 1.0)


@numba.njit(cache=True, nogil=True)
def _quantiles_s(
    counts: Int32Array, total: int, soonest_s: float, latest_s: float, quantiles_s: FloatArray
) -> None:
    """Seconds at which the counts reach each of QUANTILES, linear within a bin."""
    below, place = 0, 0
    for k in range(len(QUANTILES)):
        wanted = QUANTILES[k] * total
        while place < _BINS - 1 and below + counts[place] < wanted:
            below += counts[place]
            place += 1
        part = (wanted - below) / counts[place] if counts[place] > 0 else 0.5
        share = (place + min(part, 1.0)) / _BINS
        quantiles_s[k] = min(soonest_s + share * (latest_s - soonest_s), latest_s)


@numba.njit(cache=True, nogil=True)
def _grown(column: Any, room: int) -> Any:
    """A copy with room for more rows."""
    longer = np.empty((room, *column.shape[1:]), dtype=column.dtype)
    longer[: len(column)] = column
    return longer
