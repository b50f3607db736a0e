"""From many weighted ends of one flight to one row per zone: chance by horizon, arrival times."""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from tocsin.words import HORIZONS_S, FloatArray, Int32Array, IntArray

HORIZON_S_MAX: Final = float(HORIZONS_S[-1])
QUANTILES: Final = (0.05, 0.50, 0.95)
HORIZONS: Final = tuple(float(h) for h in HORIZONS_S)
_BINS: Final = 128
_FEW: Final = 20  # ends that are ordered rather than counted in bins; chosen by time
_SOON_S: Final = 10.0
"""Bins are even in ln(t + 10 s): 2 s wide a minute ahead, and interpolated within. Chosen."""
_TABLE_PER_S: Final = 2.0
_TABLE: Final = np.log(np.arange(HORIZON_S_MAX * _TABLE_PER_S + 2.0) / _TABLE_PER_S + _SOON_S)
"""That logarithm every half second: straight between, it errs by 0.0003 at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """Given that a track exists and is of one kind: the zones it may harm, and when; n rows.

    job          int64 (n,)     which of the states asked about
    zone         int32 (n,)
    chance       float64 (n,H)  within HORIZONS_S[h] seconds, never falling with h
    quantiles_s  float64 (n,3)  seconds ahead at 5, 50 and 95 % of the arrivals within 1800 s
    """

    job: IntArray
    zone: Int32Array
    chance: FloatArray
    quantiles_s: FloatArray

    def __len__(self) -> int:
        return len(self.zone)


def gather(parts: list[tuple[int, Int32Array, FloatArray, FloatArray]]) -> Strikes:
    """One table of the (job, zones, chances, quantiles) of several jobs."""
    if not parts:
        return Strikes(
            job=np.zeros(0, dtype=np.int64),
            zone=np.zeros(0, dtype=np.int32),
            chance=np.zeros((0, len(HORIZONS_S))),
            quantiles_s=np.zeros((0, len(QUANTILES))),
        )
    return Strikes(
        job=np.repeat([part[0] for part in parts], [len(part[1]) for part in parts]),
        zone=np.concatenate([part[1] for part in parts]),
        chance=np.concatenate([part[2] for part in parts]),
        quantiles_s=np.concatenate([part[3] for part in parts]),
    )


@numba.njit(cache=True, nogil=True)
def tally(
    zone: Int32Array, t_s: FloatArray, weight: FloatArray, zones: int, chance_min: float
) -> tuple[Int32Array, FloatArray, FloatArray]:
    """Zones in order, their cumulative chances (n,H) and arrival quantiles (n,3), in seconds.

    `zone`, `t_s` and `weight` list the ends; those later than 1800 s do not count. Zones below
    `chance_min` are left out. The ends of each zone are put together first, so that the rest
    works on a few at a time.
    """
    start = np.zeros(zones + 1, dtype=np.int32)
    for i in range(len(zone)):
        start[zone[i] + 1] += t_s[i] <= HORIZON_S_MAX
    for z in range(zones):
        start[z + 1] += start[z]
    after_s, share = np.empty(len(zone)), np.empty(len(zone))
    for i in range(len(zone)):  # leaves `start` where the next zone begins
        if t_s[i] <= HORIZON_S_MAX:
            at = start[zone[i]]
            after_s[at], share[at] = t_s[i], weight[i]
            start[zone[i]] = at + 1
    places = np.empty(min(zones, len(zone)), dtype=np.int32)
    chances, quantiles_s = (
        np.empty((len(places), len(HORIZONS))),
        np.empty((len(places), len(QUANTILES))),
    )
    counts = np.empty(_BINS)
    kept, first = 0, 0
    for z in range(zones):
        last = start[z]
        if last > first:
            total = _cumulated(after_s, share, first, last, chances[kept])
            if total >= chance_min and total > 0.0:
                places[kept] = z
                if last - first <= _FEW:
                    _sort(after_s, share, first, last)
                    _exact_s(after_s, share, first, last, total, quantiles_s[kept])
                else:
                    _quantiles(after_s, share, first, last, total, counts, quantiles_s[kept])
                kept += 1
        first = last
    return places[:kept], chances[:kept], quantiles_s[:kept]


@numba.njit(cache=True, nogil=True)
def _cumulated(
    after_s: FloatArray, share: FloatArray, first: int, last: int, chance: FloatArray
) -> float:
    """Fills the chance within each horizon, at most 1; the sum of all."""
    chance[:] = 0.0
    h = 0
    for i in range(first, last):
        while after_s[i] > HORIZONS[h]:
            h += 1
        while h > 0 and after_s[i] <= HORIZONS[h - 1]:
            h -= 1
        chance[h] += share[i]
    total = 0.0
    for h in range(len(HORIZONS)):
        total += chance[h]
        chance[h] = min(total, 1.0)
    return total


@numba.njit(cache=True, nogil=True)
def _sort(after_s: FloatArray, share: FloatArray, first: int, last: int) -> None:
    """Order these ends by time, by insertion: they are few, and come in a few rising runs."""
    for i in range(first + 1, last):
        t_s, weight, at = after_s[i], share[i], i
        while at > first and after_s[at - 1] > t_s:
            after_s[at], share[at] = after_s[at - 1], share[at - 1]
            at -= 1
        after_s[at], share[at] = t_s, weight


@numba.njit(cache=True, nogil=True)
def _exact_s(
    after_s: FloatArray,
    share: FloatArray,
    first: int,
    last: int,
    total: float,
    quantiles_s: FloatArray,
) -> None:
    """Fills the times at which the sum of these ends, in order of time, reaches each quantile."""
    at, below = first, share[first]
    for k in range(len(QUANTILES)):
        while at < last - 1 and below < QUANTILES[k] * total:
            at += 1
            below += share[at]
        quantiles_s[k] = after_s[at]


@numba.njit(cache=True, nogil=True)
def _quantiles(
    after_s: FloatArray,
    share: FloatArray,
    first: int,
    last: int,
    total: float,
    counts: FloatArray,
    quantiles_s: FloatArray,
) -> None:
    """Fills the quantiles of these ends, by a histogram between the soonest and the latest."""
    soonest, latest = after_s[first], after_s[first]
    for i in range(first, last):
        soonest, latest = min(soonest, after_s[i]), max(latest, after_s[i])
    low = np.log(soonest + _SOON_S)
    span = np.log(latest + _SOON_S) - low
    bins_per_ln = _BINS / span if span > 1e-12 else 0.0
    counts[:] = 0.0
    for i in range(first, last):
        at_table = after_s[i] * _TABLE_PER_S
        at = int(at_table)
        log = _TABLE[at] + (at_table - at) * (_TABLE[at + 1] - _TABLE[at])
        place = int((log - low) * bins_per_ln)
        counts[min(max(place, 0), _BINS - 1)] += share[i]
    _quantiles_s(counts, total, soonest, latest, quantiles_s)


@numba.njit(cache=True, nogil=True)
def _quantiles_s(
    counts: FloatArray, total: float, soonest_s: float, latest_s: float, quantiles_s: FloatArray
) -> None:
    """Seconds at which the histogram reaches each of QUANTILES, never falling."""
    first, span = np.log(soonest_s + _SOON_S), np.log((latest_s + _SOON_S) / (soonest_s + _SOON_S))
    below, place = 0.0, 0
    for k in range(len(QUANTILES)):
        wanted = QUANTILES[k] * total
        while place < _BINS - 1 and below + counts[place] < wanted:
            below += counts[place]
            place += 1
        part = (wanted - below) / counts[place] if counts[place] > 0.0 else 0.5
        share = (place + min(max(part, 0.0), 1.0)) / _BINS
        reached = np.exp(first + span * share) - _SOON_S
        quantiles_s[k] = min(max(reached, soonest_s), latest_s)
