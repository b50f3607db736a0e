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
    `chance_min` are left out. One flight touches few of a country's zones: only a list of slots
    is as long as all of them.
    """
    slot = np.full(zones, -1, dtype=np.int32)
    horizons = np.array(HORIZONS)
    rows = _touched(slot, zone)
    count = len(rows)
    for s in range(count):
        slot[rows[s]] = s
    chance = np.zeros((count, len(horizons)))
    soonest, latest = np.full(count, np.inf), np.zeros(count)
    at = np.empty(len(zone), dtype=np.int32)
    h = 0
    for i in range(len(zone)):
        s = slot[zone[i]]
        at[i] = -1
        if t_s[i] > horizons[-1]:
            continue
        while t_s[i] > horizons[h]:
            h += 1
        while h > 0 and t_s[i] <= horizons[h - 1]:
            h -= 1
        at[i] = s
        chance[s, h] += weight[i]
        soonest[s], latest[s] = min(soonest[s], t_s[i]), max(latest[s], t_s[i])
    kept = 0
    for s in range(count):
        for h in range(1, len(horizons)):
            chance[s, h] += chance[s, h - 1]
        if chance[s, -1] < chance_min or chance[s, -1] <= 0.0:
            latest[s] = -1.0  # not counted further
            continue
        kept += 1
    counts = _histograms(at, t_s, weight, soonest, latest)
    places, chances = np.empty(kept, dtype=np.int32), np.empty((kept, len(horizons)))
    quantiles_s = np.empty((kept, len(QUANTILES)))
    k = 0
    for s in range(count):
        if latest[s] >= 0.0:
            places[k] = rows[s]
            for h in range(len(horizons)):
                chances[k, h] = min(chance[s, h], 1.0)
            _quantiles_s(counts[s], chance[s, -1], soonest[s], latest[s], quantiles_s[k])
            k += 1
    return places, chances, quantiles_s


@numba.njit(cache=True, nogil=True)
def _touched(slot: Int32Array, zone: Int32Array) -> Int32Array:
    """The zones that occur, in order; their slots are no longer -1."""
    found = np.empty(min(len(zone), len(slot)), dtype=np.int32)
    count = 0
    for i in range(len(zone)):
        if slot[zone[i]] < 0:
            slot[zone[i]] = 0
            found[count] = zone[i]
            count += 1
    return np.sort(found[:count])


@numba.njit(cache=True, nogil=True)
def _histograms(
    at: Int32Array, t_s: FloatArray, weight: FloatArray, soonest: FloatArray, latest: FloatArray
) -> FloatArray:
    """Weights of the ends of each zone (slot `at`) by bin between its soonest and latest end."""
    count = len(soonest)
    first, bins_per_ln = np.empty(count), np.empty(count)
    for s in range(count):
        first[s] = np.log(soonest[s] + _SOON_S)
        span = np.log(max(latest[s], soonest[s]) + _SOON_S) - first[s]
        bins_per_ln[s] = _BINS / span if span > 1e-12 else 0.0
    counts = np.zeros((count, _BINS))
    for i in range(len(at)):
        s = at[i]
        if s >= 0 and latest[s] >= 0.0:
            at_table = t_s[i] * _TABLE_PER_S
            row = int(at_table)
            log = _TABLE[row] + (at_table - row) * (_TABLE[row + 1] - _TABLE[row])
            place = int((log - first[s]) * bins_per_ln[s])
            counts[s, min(max(place, 0), _BINS - 1)] += weight[i]
    return counts


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
