"""The air picture: reports in, tracks out; the mind's memory of what flies.

The picture is a fold over events in the order in which they *happened*. A report that comes late,
up to 15 s, is used exactly: the sky is set back to a copy from before it and what came after is
folded again (rollback and replay). Copies are close together for the last moments, where most of
what is late belongs, and seconds apart before.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.track import bank as models
from tocsin.track import output
from tocsin.track.events import (
    RANK_BEAT,
    RANK_LOOK,
    RANK_SYSTEM,
    Beat,
    Event,
    Key,
    LookEvent,
    SystemEvent,
    cut,
    whole,
)
from tocsin.track.gathering import Gathering, usable
from tocsin.track.sky import Sky
from tocsin.track.survey import GOOD, REFUSED, REPEATED, SUSPECT, survey
from tocsin.track.table import Records
from tocsin.words import Fixes, IntArray, Others, Sensors, Tracks

TRACKS_MAX: Final = 20_000
LATE_NS: Final = 15 * NS_PER_S
"""Older reports are ignored and counted; the same bound as the journal's (architecture, 4)."""
BEAT_NS: Final = NS_PER_S  # chosen: a quarter of a usual scan; a look charges its own silence
COPY_NS: Final = 7500 * NS_PER_MS  # between two old copies of the sky; three reach back 15 s
COPY_EVENTS: Final = 16  # ... and between two recent ones: what a small delay folds again; chosen
COPIES_RECENT: Final = 4  # so many are kept as they come; chosen
EARLY_NS: Final = NS_PER_S
"""Reports from further in the future are refused: a clock that is wrong; chosen, above what clocks
of one network differ by."""
_KEY: Final = attrgetter("key")


class Picture:
    """All tracks. Same input, same bytes; picklable; bounded.

    Counted are reports `late` (older than 15 s), `ended` (end-of-track plots, extrapolated, so no
    evidence), `repeated` (there already), `refused` (no numbers, or from the future), and events
    `replayed` (folded again).
    """

    def __init__(self, tracks_max: int = TRACKS_MAX, bank: Records | None = None) -> None:
        self.late = 0
        self.ended = 0
        self.repeated = 0
        self.refused = 0
        self.replayed = 0
        self._now_ns = 0
        self._serial = 1
        self._sky = Sky(models.full() if bank is None else bank, tracks_max)
        self._begun: Key = (-1, 0, 0, 0)
        self._frontier: Key = self._begun
        self._events: list[Event] = []
        self._copies: list[tuple[Key, Sky]] = [(self._begun, self._sky.copy())]
        self._beat_ns = 0
        self._others = Gathering()
        self._latest_ns: IntArray = np.zeros(0, dtype=np.int64)
        self._since = 0

    @property
    def evicted(self) -> int:
        """How many tracks gave way in a full table."""
        return self._sky.evicted

    @property
    def turned_away(self) -> int:
        """How many reports of other systems, births and launches found a full table."""
        return self._sky.turned_away

    @property
    def seeds(self) -> int:
        """How many reports wait for a second look."""
        return self._sky.ns

    def biases(self) -> list[tuple[int, float, float, float, float, int]]:
        """What is believed of each sensor's registration, for showing.

        Rows: row of `Sensors`, range (m) and azimuth (deg) too large, their s.d., pairs compared.
        """
        found = self._sky.registration.biases()
        columns = (
            found.sensor, found.range_m, found.azimuth_deg, found.range_sd_m,
            found.azimuth_sd_deg, found.pairs,
        )  # fmt: skip
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def waiting(self) -> IntArray:
        """Ids of the reports that wait for a second look; most never become tracks."""
        return self._sky.seeds["serial"][: self._sky.ns].copy()

    def update(
        self, now_ns: int, fixes: Fixes, sensors: Sensors, others: Others | None = None
    ) -> None:
        """Take one batch of reports; `now_ns` never falls (a smaller one counts as the largest).

        `others` are bearings, presences, friends and launches, when there are any.
        """
        self._now_ns = max(self._now_ns, now_ns)
        self._sky.tracks["changed"][: self._sky.n] = False
        self._sky.widen(len(sensors))
        fresh: list[Event] = []
        if len(fixes):
            fresh += self._looks(fixes, sensors)
        if others is not None:
            others, refused = usable(others, self._now_ns + EARLY_NS)
            self.refused += refused
            told = self._others.repeated
            at_once, late = self._others.take(others, self._serial, self._now_ns - LATE_NS)
            self.repeated += self._others.repeated - told
            self._serial += len(others.friends) + len(others.launches)
            self.late += late
            fresh += at_once
        for heard in self._others.ripe(self._now_ns, self._serial):
            self._serial += len(heard.lines) + len(heard.presences)
            fresh.append(heard)
        fresh += self._beats(sensors)
        if fresh:
            self._fold(fresh)

    def tracks(self) -> Tracks:
        """All live tracks, tentative ones too, by id; states brought to the largest `now_ns`."""
        return output.tracks(self._sky, self._now_ns)

    def _looks(self, fixes: Fixes, sensors: Sensors) -> Sequence[Event]:
        """The looks of a batch; what they leave out is counted."""
        if len(self._latest_ns) < len(sensors):
            more = np.full(len(sensors) - len(self._latest_ns), -1, dtype=np.int64)
            self._latest_ns = np.concatenate([self._latest_ns, more])
        serial, oldest_ns = self._serial, self._now_ns - LATE_NS
        self._serial += len(fixes)
        one = whole(fixes, sensors, self._latest_ns, serial, oldest_ns, self._now_ns + EARLY_NS)
        if one is not None:
            return (one,)
        fixes = self._usable(fixes)
        if not len(fixes):
            return ()
        events, late, ended = cut(fixes, sensors, self._serial - len(fixes), oldest_ns)
        self.late += late
        self.ended += ended
        return events

    def _usable(self, fixes: Fixes) -> Fixes:
        """Without what is no number, from the future, or there already; each is counted.

        Sense already refuses repeated datagrams; this is for the same plot by another way. Only
        what is not later than its sensor's latest look can be a repetition of an earlier batch's.
        """
        verdict = survey(
            fixes.t_ns, fixes.sensor, fixes.position_m, self._latest_ns, self._now_ns + EARLY_NS
        )
        if len(verdict):
            # the end of a system track repeats its last state; it is no repetition
            verdict[fixes.ends & (verdict != REFUSED)] = GOOD
            known = self._remembered(fixes, np.flatnonzero(verdict == SUSPECT))
            verdict[known] = REPEATED
            self.refused += int((verdict == REFUSED).sum())
            self.repeated += int((verdict == REPEATED).sum())
            kept = np.flatnonzero((verdict != REFUSED) & (verdict != REPEATED))
            if len(kept) < len(fixes):
                names = Fixes.__slots__
                fixes = Fixes(**{name: getattr(fixes, name)[kept] for name in names})
        return fixes

    def _remembered(self, fixes: Fixes, rows: IntArray) -> IntArray:
        """Which of `rows` of `fixes` are in the events that are remembered."""
        if not len(rows):
            return rows
        seen: set[tuple[int, int, int, bytes]] = set()
        for event in self._events:
            if isinstance(event, LookEvent | SystemEvent):
                key, reports = event.key, event.reports
                for t_ns, place in zip(reports["t_ns"], reports["position_m"], strict=True):
                    seen.add((key[1], key[2], int(t_ns), place.tobytes()))
        return np.array(
            [
                row
                for row in rows.tolist()
                if (
                    RANK_SYSTEM if fixes.system_track[row] else RANK_LOOK,
                    int(fixes.sensor[row]),
                    int(fixes.t_ns[row]),
                    fixes.position_m[row].tobytes(),
                )
                in seen
            ],
            dtype=np.int64,
        )

    def _beats(self, sensors: Sensors) -> list[Event]:
        """The beats that have become due, at whole multiples of `BEAT_NS`."""
        latest_ns = self._now_ns // BEAT_NS * BEAT_NS
        if self._beat_ns == 0 or latest_ns - self._beat_ns > LATE_NS:
            self._beat_ns = latest_ns - BEAT_NS
        beats: list[Event] = []
        while self._beat_ns < latest_ns:
            self._beat_ns += BEAT_NS
            beats.append(Beat((self._beat_ns, RANK_BEAT, 0, 0), sensors))
        return beats

    def _fold(self, fresh: list[Event]) -> None:
        """Fold events, going back in time where they demand it."""
        fresh.sort(key=_KEY)
        if fresh[0].key < self._frontier:
            fresh = self._rewind(fresh)
        for event in fresh:
            self._sky.fold(event)
            self._frontier = key = event.key
            self._events.append(event)
            self._since += 1
            if key[0] - self._copies[-1][0][0] >= COPY_NS or self._since >= COPY_EVENTS:
                self._copy()

    def _rewind(self, fresh: list[Event]) -> list[Event]:
        """Set the sky back to before the first of `fresh`; what is to be folded from there."""
        first = fresh[0].key
        while len(self._copies) > 1 and self._copies[-1][0] >= first:
            self._copies.pop()
        boundary, sky = self._copies[-1]
        sensors = len(self._sky.heard_ns)
        self._sky = sky.copy()
        self._sky.widen(sensors)
        self._frontier, self._since = boundary, 0
        begun = bisect_right(self._events, boundary, key=_KEY)
        again = self._events[begun:]
        del self._events[begun:]
        self.replayed += len(again)
        for event in fresh:
            insort(again, event, key=_KEY)
        return again

    def _copy(self) -> None:
        """Keep a copy of the sky; thin out the older ones, forget what nothing can reach back to.

        Most of what is late is late by a fraction of a second: the latest copies are close.
        """
        self._since = 0
        self._copies.append((self._frontier, self._sky.copy()))
        old = len(self._copies) - COPIES_RECENT
        k = 1
        while k < old:
            if self._copies[k + 1][0][0] - self._copies[k - 1][0][0] <= COPY_NS:
                del self._copies[k]
                old -= 1
            else:
                k += 1
        oldest_ns = self._now_ns - LATE_NS
        while len(self._copies) > 1 and self._copies[1][0][0] < oldest_ns:
            self._copies.pop(0)
        begun = bisect_right(self._events, self._copies[0][0], key=_KEY)
        del self._events[:begun]
