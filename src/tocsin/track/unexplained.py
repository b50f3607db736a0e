"""Which sensor is jammed: its reports that belong to no confirmed track, a scan.

Clutter, birds and what has just appeared are some hundred a scan. A radar under noise or false
targets tells thousands; the operator sees which one it is, and how much of it was dropped (`shed`).
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.words import Fixes, Load, Sensors, Tracks

WINDOW_S: Final = 24
"""Seconds that are looked at; chosen: two turns of the slowest usual radar (12 s)."""
JAMMED_PER_SCAN: Final = 1000.0
"""Unexplained reports a scan from which a sensor is called jammed. Chosen: ten times the clutter of
a radar in the field, a twentieth of a jammed one (20,000 false plots a scan)."""


class Unexplained:
    """Counts by row of `Sensors` and second; bounded by the sensors and `WINDOW_S`."""

    def __init__(self) -> None:
        self._seconds: dict[int, deque[list[int]]] = {}

    def see(self, now_ns: int, tracks: Tracks, batches: Sequence[Fixes]) -> None:
        """Count reports after `tracks` have taken them. One that a confirmed track took is
        explained: a track names its last reports (`Tracks.evidence`)."""
        if not batches:
            return
        known = tracks.evidence[tracks.confirmed]
        second = now_ns // NS_PER_S
        for fixes in batches:
            told = np.bincount(fixes.sensor)
            strange = fixes.sensor[~np.isin(fixes.evidence, known)]
            unexplained = np.bincount(strange, minlength=len(told)).tolist()
            for sensor in np.flatnonzero(told).tolist():
                self._add(sensor, second, told.item(sensor), unexplained[sensor])

    def loads(self, now_ns: int, sensors: Sensors) -> list[Load]:
        """What each sensor tells, over the seconds of the window that are over."""
        scans_s = sensors.scan_s.tolist()
        return [self._load(row, now_ns // NS_PER_S, scan_s) for row, scan_s in enumerate(scans_s)]

    def _load(self, row: int, now: int, scan_s: float) -> Load:
        over = [one for one in self._seconds.get(row, ()) if now - WINDOW_S <= one[0] < now]
        if not over:
            return Load(reports_per_scan=0.0, unexplained_per_scan=0.0, jammed=False)
        turns = max((now - min(over)[0]) / scan_s, 1.0)  # less than a turn is not made more of
        unexplained = sum(one[2] for one in over) / turns
        return Load(
            reports_per_scan=sum(one[1] for one in over) / turns,
            unexplained_per_scan=unexplained,
            jammed=unexplained >= JAMMED_PER_SCAN,
        )

    def _add(self, sensor: int, second: int, reports: int, unexplained: int) -> None:
        line = self._seconds.setdefault(sensor, deque(maxlen=WINDOW_S))
        if not line or line[-1][0] != second:
            line.append([second, 0, 0])
        line[-1][1] += reports
        line[-1][2] += unexplained
