"""From many weighted ends of one flight to one row per zone: chance by horizon, arrival times."""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from tocsin.words import HORIZONS_S, FloatArray, Int32Array, IntArray

HORIZON_S_MAX: Final = float(HORIZONS_S[-1])
QUANTILES: Final = (0.05, 0.50, 0.95)
_HORIZONS: Final = tuple(float(h) for h in HORIZONS_S)
_BINS: Final = 128
_SOON_S: Final = 10.0
"""Bins are even in ln(t + 10 s): 2 s wide a minute ahead, and interpolated within. Chosen."""


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
    `chance_min` are left out.
    """
    horizons = np.array(_HORIZONS)
    chance = np.zeros((zones, len(horizons)))
    soonest = np.full(zones, np.inf)
    latest = np.zeros(zones)
    for i in range(len(zone)):
        if t_s[i] > horizons[-1]:
            continue
        h = 0
        while t_s[i] > horizons[h]:
            h += 1
        chance[zone[i], h] += weight[i]
        soonest[zone[i]] = min(soonest[zone[i]], t_s[i])
        latest[zone[i]] = max(latest[zone[i]], t_s[i])
    slot = np.full(zones, -1, dtype=np.int32)
    kept = 0
    for z in range(zones):
        for h in range(1, len(horizons)):
            chance[z, h] += chance[z, h - 1]
        if chance[z, -1] >= chance_min and chance[z, -1] > 0.0:
            slot[z] = kept
            kept += 1
    rows = np.empty(kept, dtype=np.int32)
    counts = np.zeros((kept, _BINS))
    _count(zone, t_s, weight, slot, soonest, latest, counts)
    chances = np.empty((kept, len(horizons)))
    quantiles_s = np.empty((kept, len(QUANTILES)))
    for z in range(zones):
        if slot[z] >= 0:
            rows[slot[z]] = z
            chances[slot[z]] = np.minimum(chance[z], 1.0)
            quantiles_s[slot[z]] = _quantiles_s(counts[slot[z]], soonest[z], latest[z])
    return rows, chances, quantiles_s


@numba.njit(cache=True, nogil=True)
def _count(
    zone: Int32Array,
    t_s: FloatArray,
    weight: FloatArray,
    slot: Int32Array,
    soonest: FloatArray,
    latest: FloatArray,
    counts: FloatArray,
) -> None:
    """Add the ends of each kept zone by bin between its soonest and latest end."""
    first = np.log(soonest + _SOON_S)
    bins_per_ln = np.empty(len(slot))
    for z in range(len(slot)):
        span = np.log(latest[z] + _SOON_S) - first[z]
        bins_per_ln[z] = _BINS / span if span > 1e-12 else 0.0
    for i in range(len(zone)):
        z = zone[i]
        if slot[z] >= 0 and t_s[i] <= latest[z]:
            place = int((np.log(t_s[i] + _SOON_S) - first[z]) * bins_per_ln[z])
            counts[slot[z], min(max(place, 0), _BINS - 1)] += weight[i]


@numba.njit(cache=True, nogil=True)
def _quantiles_s(counts: FloatArray, soonest_s: float, latest_s: float) -> FloatArray:
    """Seconds at which the histogram reaches each of QUANTILES, never falling."""
    quantiles_s = np.empty(len(QUANTILES))
    total = counts.sum()
    first, span = np.log(soonest_s + _SOON_S), np.log((latest_s + _SOON_S) / (soonest_s + _SOON_S))
    for k in range(len(QUANTILES)):
        wanted = QUANTILES[k] * total
        below, place = 0.0, 0
        while place < _BINS - 1 and below + counts[place] < wanted:
            below += counts[place]
            place += 1
        part = (wanted - below) / counts[place] if counts[place] > 0.0 else 0.5
        ln = first + span * (place + min(max(part, 0.0), 1.0)) / _BINS
        quantiles_s[k] = min(max(np.exp(ln) - _SOON_S, soonest_s), latest_s)
    return quantiles_s
