"""From many weighted ends of one flight to one row per zone: chance by horizon, arrival times."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numba
import numpy as np

from tocsin.words import HORIZONS_S, FloatArray, Int32Array, IntArray

HORIZON_S_MAX: Final = float(HORIZONS_S[-1])
QUANTILES: Final = (0.05, 0.50, 0.95)
HORIZONS: Final = tuple(float(h) for h in HORIZONS_S)
_HORIZON_S: Final = np.array(HORIZONS)  # a kernel finds a place in an array sooner than in a tuple
_BINS: Final = 128
_FEW: Final = 48  # ends that are ordered rather than counted in bins; chosen by time
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


class Table(NamedTuple):
    """Columns of `Strikes` to be filled, with room for more rows."""

    job: IntArray
    zone: Int32Array
    chance: FloatArray
    quantiles_s: FloatArray

    def copied(self, rows: int) -> "Table":
        """The first rows, in memory of their own."""
        job, zone = self.job[:rows].copy(), self.zone[:rows].copy()
        return Table(job, zone, self.chance[:rows].copy(), self.quantiles_s[:rows].copy())


def joined(parts: list[Table]) -> Strikes:
    """One table of the rows of several."""
    if len(parts) == 1:
        return Strikes(**parts[0]._asdict())
    if not parts:
        parts = [table(0)]
    names = Table._fields
    return Strikes(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def table(rows: int) -> Table:
    """One with room for so many rows."""
    return Table(
        job=np.empty(rows, dtype=np.int64),
        zone=np.empty(rows, dtype=np.int32),
        chance=np.empty((rows, len(HORIZONS))),
        quantiles_s=np.empty((rows, len(QUANTILES))),
    )


def gather(parts: list[tuple[int, Int32Array, FloatArray, FloatArray]]) -> Strikes:
    """One table of the (job, zones, chances, quantiles) of several jobs."""
    return joined([Table(np.full(len(part[1]), part[0]), *part[1:]) for part in parts])


@numba.njit(cache=True, nogil=True)
def tally(
    zone: Int32Array, t_s: FloatArray, weight: FloatArray, zones: int, chance_min: float
) -> tuple[Int32Array, FloatArray, FloatArray]:
    """Zones in order, their cumulative chances (n,H) and arrival quantiles (n,3), in seconds.

    `zone`, `t_s` and `weight` list the ends; those later than 1800 s do not count. Zones below
    `chance_min` are left out.
    """
    most = min(zones, len(zone))
    job, places = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int32)
    chances, quantiles_s = np.empty((most, len(HORIZONS))), np.empty((most, len(QUANTILES)))
    table = Table(job, places, chances, quantiles_s)
    kept = tally_into(zone, t_s, weight, zones, chance_min, table, 0)
    return places[:kept], chances[:kept], quantiles_s[:kept]


@numba.njit(cache=True, nogil=True)
def tally_into(
    zone: Int32Array,
    t_s: FloatArray,
    weight: FloatArray,
    zones: int,
    chance_min: float,
    table: Table,
    row: int,
) -> int:
    """`tally` into the table, from `row` on; the number of rows.

    The ends of each zone are put together first, so that the rest works on a few at a time.
    """
    one = np.uintp(1)  # an index that cannot be negative costs no check of its sign
    start = np.zeros(zones + 1, dtype=np.int32)
    for i in range(len(zone)):
        start[np.uintp(zone[i]) + one] += t_s[i] <= HORIZON_S_MAX
    for z in range(zones):
        start[z + 1] += start[z]
    after_s, share = np.empty(len(zone)), np.empty(len(zone))
    for i in range(len(zone)):  # leaves `start` where the next zone begins
        if t_s[i] <= HORIZON_S_MAX:
            mine = np.uintp(zone[i])
            at = np.uintp(start[mine])
            after_s[at], share[at] = t_s[i], weight[i]
            start[mine] += 1
    counts = np.empty(_BINS)
    begin, first = row, 0
    for z in range(zones):
        last = start[z]
        if last > first:
            total = _cumulated(after_s, share, first, last, table.chance[row])
            if total >= chance_min and total > 0.0:
                table.zone[row] = z
                quantiles_s = table.quantiles_s[row]
                if last - first <= _FEW:
                    _sort(after_s, share, first, last)
                    _exact_s(after_s, share, first, last, total, quantiles_s)
                else:
                    _quantiles(after_s, share, first, last, total, counts, quantiles_s)
                row += 1
        first = last
    return row - begin


@numba.njit(cache=True, nogil=True)
def _cumulated(
    after_s: FloatArray, share: FloatArray, first: int, last: int, chance: FloatArray
) -> float:
    """Fills the chance within each horizon, at most 1; the sum of all."""
    chance[:] = 0.0
    h, since_s, until_s, within = 0, -1.0, _HORIZON_S[0], 0.0
    for i in range(first, last):  # the next end mostly lies between the same two horizons
        if not since_s < after_s[i] <= until_s:
            chance[h] += within
            within = 0.0
            while after_s[i] > _HORIZON_S[h]:
                h += 1
            while h > 0 and after_s[i] <= _HORIZON_S[h - 1]:
                h -= 1
            since_s, until_s = _HORIZON_S[h - 1] if h > 0 else -1.0, _HORIZON_S[h]
        within += share[i]
    chance[h] += within
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
