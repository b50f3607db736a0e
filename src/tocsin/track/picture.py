"""The air picture: reports in, tracks out; the mind's memory of what flies.

The picture is a fold over events in the order in which they *happened*. A report that comes late,
up to 15 s, is used exactly: it joins the event that it is a part of, the sky is set back to a copy
from before that, and what came after is folded again (rollback and replay). Copies are close
together for the last moments, where most of what is late belongs, and seconds apart before.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.track import bank as models
from tocsin.track import output
from tocsin.track.events import CELL_NS, RANK_BEAT, Beat, Event, Key, cut, hushed, whole
from tocsin.track.gathering import Gathering, usable
from tocsin.track.parts import joined
from tocsin.track.sky import Sky
from tocsin.track.table import Records
from tocsin.words import Fixes, IntArray, Others, Sensors, Tracks

TRACKS_MAX: Final = 20_000
LATE_NS: Final = 15 * NS_PER_S
"""Older reports are ignored and counted; the same bound as the journal's (architecture, 4)."""
BEAT_NS: Final = NS_PER_S  # chosen: a quarter of a usual scan; a look charges its own silence
COPY_NS: Final = 7500 * NS_PER_MS  # between two old copies of the sky; three reach back 15 s
COPY_EVENTS: Final = 16  # ... and between two recent ones: what a small delay folds again; chosen
COPIES_RECENT: Final = 4  # so many are kept as they come; chosen
COPIES_OPEN: Final = 4
"""Copies from before the latest looks of sensors whose looks come in parts: the next part then
folds one look again, and not sixteen events. Chosen: as many radars as watch one place."""
PARTS_NS: Final = 30 * NS_PER_S
"""A sensor whose look came in parts is believed to go on so for this time; chosen: three turns of
a slow radar."""
EARLY_NS: Final = NS_PER_S
"""Reports from further in the future are refused: a clock that is wrong; chosen, above what clocks
of one network differ by."""


class Picture:
    """All tracks. Same input, same bytes; picklable; bounded.

    Counted are reports `late` (older than 15 s), `ended` (end-of-track plots, extrapolated, so no
    evidence), `repeated` (there already), `refused` (no numbers, or from the future), and
    events `replayed` (folded again). What the sky counts (`Sky.counted`) is among the `totals`.
    """

    def __init__(self, tracks_max: int = TRACKS_MAX, bank: Records | None = None) -> None:
        self.late = 0
        self.ended = 0
        self.repeated = 0
        self.refused = 0
        self.replayed = 0
        self._most: dict[str, int] = {}
        self._now_ns = 0
        self._serial = 1
        self._sky = Sky(models.full() if bank is None else bank, tracks_max)
        self._keep_count()
        self._begun: Key = (-1, 0, 0, 0)
        self._frontier: Key = self._begun
        self._events: list[tuple[Key, Event]] = []
        self._copies: list[tuple[Key, Sky]] = [(self._begun, self._sky.copy())]
        self._open: list[tuple[Key, Sky]] = []
        self._parts_ns: dict[tuple[int, int], int] = {}
        self._beat_ns = -1  # none yet
        self._others = Gathering()
        self._heard_ns: IntArray = np.zeros(0, dtype=np.int64)
        self._spoke_ns: IntArray = np.zeros(0, dtype=np.int64)
        self._since = 0

    @property
    def evicted(self) -> int:
        """How many tracks gave way in a full table."""
        return self._most["evicted"]

    @property
    def turned_away(self) -> int:
        """How many reports of other systems, births and launches found a full table."""
        return self._most["turned_away"]

    def totals(self) -> dict[str, int]:
        """All that is counted, by the names of `Counts`; none of it ever falls."""
        return {
            **self._most,
            "late": self.late,
            "replayed": self.replayed,
            "refused": self.refused,
            "repeated": self.repeated,
        }

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
        self._note(fixes, sensors)
        parts: list[Event] = []
        if len(fixes):
            parts.extend(self._looks(fixes, sensors))
        if others is not None:
            others, refused = usable(others, self._now_ns + EARLY_NS)
            self.refused += refused
            told = self._others.repeated
            launches, late = self._others.take(others, self._now_ns - LATE_NS)
            parts.extend(launches)
            self.repeated += self._others.repeated - told
            self.late += late
        parts.extend(self._others.ripe(self._now_ns))
        parts.extend(self._beats(sensors))
        if parts:
            self._fold(parts)

    def tracks(self) -> Tracks:
        """All live tracks, tentative ones too, by id; states brought to the largest `now_ns`."""
        return output.tracks(self._sky, self._now_ns)

    def _note(self, fixes: Fixes, sensors: Sensors) -> None:
        """Note when sensors were heard otherwise than by reports, and which are new.

        Reports tell their own time; when they came must not matter. A beat that is remembered is
        told of sensors learnt since: what they saw before may still come.
        """
        new = len(sensors) - len(self._heard_ns)
        if new > 0:
            none = np.zeros(new, dtype=np.int64)
            self._heard_ns = np.append(self._heard_ns, none)
            self._spoke_ns = np.append(self._spoke_ns, none)
            for k, (key, event) in enumerate(self._events):
                if isinstance(event, Beat):
                    spoke_ns = np.append(event.spoke_ns, none)
                    self._events[k] = key, replace(event, sensors=sensors, spoke_ns=spoke_ns)
        told = hushed(self._heard_ns, sensors.t_ns_heard, fixes.sensor)
        if len(told):
            self._spoke_ns = self._spoke_ns.copy()  # beats keep the one before
            self._spoke_ns[told] = sensors.t_ns_heard[told]

    def _looks(self, fixes: Fixes, sensors: Sensors) -> list[Event]:
        """The looks of a batch; what they leave out is counted."""
        oldest_ns, end_ns = self._now_ns - LATE_NS, self._now_ns + EARLY_NS
        one = whole(fixes, sensors, oldest_ns, end_ns)
        if one is not None:
            return [one]
        refused = ~np.isfinite(fixes.position_m).all(axis=1) | (fixes.t_ns > end_ns)
        late = ~refused & (fixes.t_ns < oldest_ns)
        ended = ~refused & ~late & fixes.ends & ~fixes.system_track
        self.refused += int(refused.sum())
        self.late += int(late.sum())
        self.ended += int(ended.sum())
        rows = np.flatnonzero(~(refused | late | ended) & (fixes.sensor < len(sensors)))
        return [*cut(fixes, rows, sensors)]

    def _beats(self, sensors: Sensors) -> list[Beat]:
        """The beats that have become due, at whole multiples of `BEAT_NS`."""
        latest_ns = self._now_ns // BEAT_NS * BEAT_NS
        if self._beat_ns < 0 or latest_ns - self._beat_ns > LATE_NS:
            self._beat_ns = latest_ns - BEAT_NS
        beats: list[Beat] = []
        while self._beat_ns < latest_ns:
            self._beat_ns += BEAT_NS
            beats.append(Beat((self._beat_ns, RANK_BEAT, 0, 0), sensors, self._spoke_ns))
        return beats

    def _fold(self, parts: list[Event]) -> None:
        """Fold events or parts of some, going back in time where they demand it."""
        fresh: list[tuple[Key, Event]] = []
        gone: list[Key] = []
        for part in parts:
            k = self._found(part.key)
            old = self._events[k][1] if k >= 0 else None
            event, serials, repeated = joined(old, part, self._serial)
            self._serial += serials
            self.repeated += repeated
            if event is not None:
                fresh.append((event.key, event))
            if event is not None and old is not None:
                gone.append(old.key)
                if self._frontier[0] - old.key[0] < BEAT_NS:
                    self._parts_ns[old.key[1:3]] = old.key[0]
        if not fresh:
            return
        fresh.sort(key=_key_of)
        first = min([fresh[0][0], *gone])
        if first <= self._frontier:
            fresh = self._rewind(first, gone, fresh)
        last_ns = fresh[-1][0][0]
        for key, event in fresh:
            begun_ns = self._parts_ns.get(key[1:3])
            in_parts = begun_ns is not None and key[0] - begun_ns < PARTS_NS
            if in_parts and last_ns - key[0] < BEAT_NS and self._frontier > self._latest()[0]:
                self._open = [*self._open[1 - COPIES_OPEN :], (self._frontier, self._sky.copy())]
            self._sky.fold(event)
            self._frontier = key
            self._events.append((key, event))
            self._since += 1
            if key[0] - self._copies[-1][0][0] >= COPY_NS or self._since >= COPY_EVENTS:
                self._copy()
        self._keep_count()

    def _keep_count(self) -> None:
        """What the sky has counted stays counted when it is set back."""
        for name, total in self._sky.counted().items():
            self._most[name] = max(self._most.get(name, 0), total)

    def _found(self, key: Key) -> int:
        """The remembered event that one of `key` is a part of; -1 none."""
        begun_ns = key[0] // CELL_NS * CELL_NS
        if begun_ns > self._frontier[0]:  # nothing is remembered of so late: the usual case
            return -1
        k = bisect_left(self._events, (begun_ns, -1, 0, 0), key=_key_of)
        while k < len(self._events) and self._events[k][0][0] < begun_ns + CELL_NS:
            if self._events[k][0][1:] == key[1:]:
                return k
            k += 1
        return -1

    def _rewind(
        self, first: Key, gone: list[Key], fresh: list[tuple[Key, Event]]
    ) -> list[tuple[Key, Event]]:
        """Set the sky back to before `first`; what to fold from there: `fresh`, but not `gone`."""
        while self._open and self._open[-1][0] >= first:
            self._open.pop()
        while len(self._copies) > 1 and self._copies[-1][0] >= first:
            self._copies.pop()
        boundary, sky = self._latest()
        sensors = len(self._sky.heard_ns)
        self._sky = sky.copy()
        self._sky.widen(sensors)
        self._frontier = boundary
        begun = bisect_right(self._events, boundary, key=_key_of)
        self._since = begun - bisect_right(self._events, self._copies[-1][0], key=_key_of)
        again = [pair for pair in self._events[begun:] if pair[0] not in gone]
        del self._events[begun:]
        self.replayed += len(again)
        return sorted(again + fresh, key=_key_of)

    def _latest(self) -> tuple[Key, Sky]:
        """The copy of the sky that is the latest."""
        return max(self._copies[-1:] + self._open[-1:], key=lambda copy: copy[0])

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
        oldest_ns = self._now_ns - LATE_NS - CELL_NS  # what is late may be part of an older look
        while len(self._copies) > 1 and self._copies[1][0][0] < oldest_ns:
            self._copies.pop(0)
        begun = bisect_right(self._events, self._copies[0][0], key=_key_of)
        del self._events[:begun]


def _key_of(pair: tuple[Key, Event]) -> Key:
    return pair[0]
