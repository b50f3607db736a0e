"""People times time: whom an alarm keeps in cover, those by day or those by night at their hours.

A zone of which only one number is known has it always; one of which none is known counts as none.
"""

from collections.abc import Sequence

import numpy as np

from tocsin.instant import NS_PER_S, night_ns
from tocsin.words import IntArray
from tocsin.zones.map import ZoneMap


def zones_person_ns(zones: ZoneMap, rows: IntArray, pieces: Sequence[tuple[int, int]]) -> int:
    """People of the zones in `rows` times nanoseconds of `pieces`, exact in any order."""
    day, night = (np.maximum(some[rows], 0) for some in (zones.people_day, zones.people_night))
    total = int(day.sum()) * sum(end - begin for begin, end in pieces)
    for at in np.flatnonzero(day != night).tolist():
        lon_deg = float(zones.lon_deg[rows[at]])
        dark_ns = sum(night_ns(begin, end, lon_deg) for begin, end in pieces)
        total += (int(night[at]) - int(day[at])) * dark_ns
    return total


def zone_person_ns(zones: ZoneMap, zone: str, pieces: Sequence[tuple[int, int]]) -> int:
    """The same of one zone, by its id."""
    return zones_person_ns(zones, np.array([zones.row(zone)]), pieces)


def person_minutes(ns: int) -> float:
    """Person-nanoseconds as person-minutes."""
    return ns / (60 * NS_PER_S)
