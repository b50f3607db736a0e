"""Which sensor is jammed: its reports that belong to no confirmed track, a scan.

Clutter, birds and what has just appeared are some hundred a scan. A radar under noise or false
targets tells thousands; the operator sees which one it is, and how much of it was dropped (`shed`).
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.engine import Engine
from tocsin.instant import NS_PER_S
from tocsin.words import Sensors

WINDOW_S: Final = 24
"""Seconds that are looked at; chosen: two turns of the slowest usual radar (12 s)."""
JAMMED_PER_SCAN: Final = 1000.0
"""Unexplained reports a scan from which a sensor is called jammed. Chosen: ten times the clutter of
a radar in the field, a twentieth of a jammed one (20,000 false plots a scan)."""


@dataclass(frozen=True, slots=True)
class Load:
    """Reports of one sensor, a scan."""

    reports: float
    unexplained: float

    @property
    def jammed(self) -> bool:
        """More than clutter."""
        return self.unexplained >= JAMMED_PER_SCAN


class Unexplained:
    """Counts by sensor and second; bounded by the sensors and `WINDOW_S`."""

    def __init__(self) -> None:
        self._seconds: defaultdict[int, deque[list[int]]] = defaultdict(
            lambda: deque(maxlen=WINDOW_S)
        )

    def see(self, engine: Engine) -> None:
        """Count the reports of the last batch. One that a confirmed track took is explained: a
        track names its last reports (`Tracks.evidence`)."""
        tracks = engine.tracks
        if tracks is None or not engine.fixes:
            return
        known = tracks.evidence[tracks.confirmed]
        second = engine.now_ns // NS_PER_S
        for fixes in engine.fixes:
            explained = np.isin(fixes.evidence, known)
            for sensor in np.unique(fixes.sensor).tolist():
                own = fixes.sensor == sensor
                self._add(sensor, second, int(own.sum()), int((own & ~explained).sum()))

    def load(self, sensors: Sensors, row: int, now_ns: int) -> Load:
        """What the sensor in `row` tells, over the seconds of the window that are over."""
        now = now_ns // NS_PER_S
        over = [one for one in self._seconds[row] if now - WINDOW_S <= one[0] < now]
        if not over:
            return Load(0.0, 0.0)
        turns = (now - min(over)[0]) / float(sensors.scan_s[row])
        turns = max(turns, 1.0)  # less than a turn is not made more of than it is
        return Load(sum(one[1] for one in over) / turns, sum(one[2] for one in over) / turns)

    def _add(self, sensor: int, second: int, reports: int, unexplained: int) -> None:
        line = self._seconds[sensor]
        if not line or line[-1][0] != second:
            line.append([second, 0, 0])
        line[-1][1] += reports
        line[-1][2] += unexplained
