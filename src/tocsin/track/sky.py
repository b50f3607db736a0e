"""The state of the sky and how one event changes it: the fold itself, without memory of the past.

What can be rolled back lies here and nowhere else; `Picture` keeps copies of it.
"""

from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.track import clutter, follow, look, settle, silence
from tocsin.track.begun import begin_heard, begin_launched, classify_heard
from tocsin.track.clutter import CHART
from tocsin.track.ears import Ears
from tocsin.track.events import (
    Beat,
    Event,
    FriendEvent,
    HearEvent,
    LaunchEvent,
    LookEvent,
    SystemEvent,
)
from tocsin.track.friends import Identity
from tocsin.track.kind import TABLE
from tocsin.track.pairs import Look
from tocsin.track.registration import Registration
from tocsin.track.rests import PLACES, REST
from tocsin.track.rows import close_gaps
from tocsin.track.system import SILENT_SCANS, Links, vouched
from tocsin.track.table import BOOK, SCRATCH, SEED, TRACK, Records, copied, grown
from tocsin.words import BoolArray, IntArray

_FIRST_ROWS: Final = 256
"""Of a new table; chosen: no growing for a usual picture, and untouched zeros take no memory."""


class Sky:
    """Tracks, seeds, clutter maps, places of rest.

    Counted are, in a full table, tracks that gave way (`evicted`) and what began no track because
    none gave way (`turned_away`): reports of other systems, births that were heard, launches.
    `counted` has these together with what the parts count.
    """

    def __init__(self, bank: Records, tracks_max: int) -> None:
        self.bank = bank
        self.tracks_max = tracks_max
        self.tracks: Records = np.zeros(min(_FIRST_ROWS, tracks_max), dtype=TRACK)
        self.book: Records = np.zeros((len(self.tracks), 1), dtype=BOOK)
        self.n = 0
        self.seeds: Records = np.zeros(_FIRST_ROWS, dtype=SEED)
        self.ns = 0
        self.charts: Records = np.zeros(1, dtype=CHART)
        self.laid_out = [False]
        self.heard_ns: IntArray = np.zeros(1, dtype=np.int64)
        self.systems: BoolArray = np.zeros(1, dtype=np.bool_)
        self.ears = Ears()
        self.links = Links()
        self.identity = Identity()
        self.registration = Registration()
        self.rests: Records = np.zeros(PLACES, dtype=REST)
        self.evicted = 0
        self.turned_away = 0
        self.scratch: Records = np.zeros(1, dtype=SCRATCH)

    def copy(self) -> "Sky":
        """An independent copy without spare room."""
        other = Sky.__new__(Sky)
        vars(other).update(vars(self))
        other.tracks, other.book = copied(self.tracks[: self.n]), copied(self.book[: self.n])
        other.seeds, other.charts = copied(self.seeds[: self.ns]), copied(self.charts)
        other.rests, other.heard_ns = copied(self.rests), self.heard_ns.copy()
        other.laid_out = self.laid_out.copy()
        other.systems, other.links = self.systems.copy(), self.links.copy()
        other.ears = self.ears.copy()
        other.identity = self.identity.copy()
        other.registration = self.registration.copy()
        return other

    def counted(self) -> dict[str, int]:
        """What had to give way so far, by the names of `Counts`.

        It falls when the sky is set back: `Picture` keeps the most of each.
        """
        return {
            "evicted": self.evicted,
            "turned_away": self.turned_away,
            "unkept": self.ears.dropped,
            "untried": self.ears.untried,
            "crowded": self.ears.crowded,
            "forgotten": self.identity.shed,
            "unaligned": self.registration.refused,
        }

    def widen(self, sensors: int) -> None:
        """Make room for newly learnt sensors."""
        known = len(self.heard_ns)
        if sensors > known:
            book = np.zeros((len(self.book), max(sensors, 2 * known)), dtype=BOOK)
            book[:, :known] = self.book
            self.book = book
            self.laid_out = self.laid_out + [False] * (book.shape[1] - known)
            self.charts = grown(self.charts, known, book.shape[1])
            self.heard_ns = np.concatenate(
                [self.heard_ns, np.zeros(book.shape[1] - known, dtype=np.int64)]
            )
            self.systems = np.concatenate(
                [self.systems, np.zeros(book.shape[1] - known, dtype=np.bool_)]
            )

    def fold(self, event: Event) -> None:
        """Take one event; events come in order of their keys."""
        if isinstance(event, LookEvent):
            self._look(event)
        elif isinstance(event, Beat):
            self._beat(event)
        elif isinstance(event, SystemEvent):
            self._system(event)
        elif isinstance(event, FriendEvent):
            self.identity.take(event.friends)
        elif isinstance(event, HearEvent):
            self._hear(event)
        elif isinstance(event, LaunchEvent):
            self._launch(event)

    def _look(self, event: LookEvent) -> None:
        s, m = event.look.sensor, len(event.reports)
        if not self.laid_out[s]:
            self.laid_out[s] = True
            clutter.lay_out(
                self.charts[s], event.look.place, event.look.range_m, event.reports["position_m"][0]
            )
        self.heard_ns[s] = max(self.heard_ns.item(s), event.key[0])
        rows = min(self.ns, look.PROMOTED_MIN + m // look.PROMOTED_PART)
        self._room(rows, m, min(self.ns, look.begun_most(m)))
        reports = self._registered(event)
        whose = np.empty(m, dtype=np.int64)
        self.n, self.ns = look.take(
            self.tracks, self.book, self.n, self.seeds, self.ns, reports, self.bank,
            self.charts, TABLE, self.scratch, whose, *event.look,
        )  # fmt: skip
        if reports is not event.reports or len(self.identity):
            self._learn(event, whose)

    def _learn(self, event: LookEvent, whose: IntArray) -> None:
        """Biases and identities from the reports that surely are of one track, in row `whose`."""
        sure, raw, s = whose >= 0, event.reports, event.look.sensor
        if not sure.all():
            if not sure.any() and not len(self.identity):
                return
            raw, whose = raw[sure], whose[sure]
        rows = whose
        if len(rows) and len(self.registration) > 1:
            ids = self.tracks["id"][rows]
            self.registration.learn(s, raw["t_ns"], ids, raw["position_m"], raw["covariance_m2"])
        if len(self.identity):
            once = np.unique(rows, return_index=True)[1]
            self.identity.looked(self.tracks, rows[once], raw["friend"][once], s, event.key[0])

    def _registered(self, event: LookEvent) -> Records:
        """The reports of a look without what is known of the sensor's bias; the same when alone."""
        at, given = event.look, event.reports
        if len(self.registration) < 2:
            self.registration.hear(at.sensor, at.t_ns, at.place, at.range_m)
            if len(self.registration) < 2:
                return given
        fixed, wider = self.registration.correct(
            at.sensor, at.t_ns, at.place, at.range_m, given["position_m"], given["covariance_m2"]
        )
        reports = copied(given)
        reports["position_m"], reports["covariance_m2"] = fixed, wider
        return reports

    def _system(self, event: SystemEvent) -> None:
        """Give each report of another system to the track of ours that its number means."""
        at, s = event.look, event.look.sensor
        self.systems[s] = True
        self.heard_ns[s] = max(self.heard_ns[s], event.key[0])
        numbers = event.fixes.track_number.tolist()
        roster = self._roster(s, numbers)
        asked = False
        for j, number in enumerate(numbers):
            if event.fixes.ends[j]:
                self._told_ended(self.links.end(s, number), at, roster)
                continue
            report = event.reports[j : j + 1]
            velocity, vel_cov = follow.velocity_of(event.fixes, j)
            known, t_ns = not bool(np.isnan(velocity).any()), int(report["t_ns"][0])
            row = roster.find(self.links.find(s, number, t_ns))
            if row < 0:
                row = roster.nearest(self.tracks, self.n, report, velocity, vel_cov, self.links, s)
                if row < 0:
                    if self.n == len(self.tracks) and not asked:
                        asked = True  # once for all that are left: making room moves the rows
                        self._cross_out(roster)
                        self._room(len(numbers) - j, 0)
                        roster = self._roster(s, numbers[j:])
                    if self.n == len(self.tracks):
                        self.turned_away += 1
                        continue
                    row, self.n = self.n, self.n + 1
                    follow.begin(
                        self.tracks, self.book, row, report, velocity, vel_cov, known, at,
                        self.bank, self.scratch,
                    )  # fmt: skip
                    self.tracks["existence"][row] = vouched(0.0, 1)
                self.links.tie(s, number, int(self.tracks["id"][row]), t_ns, at.scan_s)
            self._fuse(event, j, row)
            roster.moved(row, int(self.tracks["id"][row]))
        self._cross_out(roster)

    def _roster(self, sensor: int, numbers: list[int]) -> follow.Roster:
        """Of the tracks as they lie now, for `numbers` of a system and what they may begin."""
        return follow.Roster(self.tracks, self.n, self.links.told(sensor, numbers), len(numbers))

    def _fuse(self, event: SystemEvent, j: int, row: int) -> None:
        """Fuse report `j` of another system into the track it means, or count it as a stray."""
        at, s, number = event.look, event.look.sensor, int(event.fixes.track_number[j])
        report = event.reports[j : j + 1]
        velocity, vel_cov = follow.velocity_of(event.fixes, j)
        inside = follow.fuse(
            self.tracks, self.book, row, report, velocity, vel_cov,
            not bool(np.isnan(velocity).any()), at, self.bank, self.scratch,
        )  # fmt: skip
        told = (
            self.links.heard(s, number, int(report["t_ns"][0]), inside)
            if number >= 0
            else int(self.tracks["looks"][row]) * inside
        )
        if told and inside:
            track = self.tracks[row]
            track["existence"] = vouched(float(track["existence"]), told)
            settle.mature(self.tracks[row : row + 1], self.charts[s : s + 1], TABLE, self.scratch)

    def _told_ended(self, track: int, at: Look, roster: follow.Roster) -> None:
        """Cross out a track that another system has ended, unless somebody else still sees it."""
        row = roster.find(track)
        if row < 0:
            return
        books = self.book[row]
        fresh = at.t_ns - books["ns"] <= SILENT_SCANS * at.scan_s * NS_PER_S
        others = books["seen"] & (books["mass"] >= 0.5) & fresh
        others[at.sensor] = False
        roster.kept[row] = bool(others.any())

    def _cross_out(self, roster: follow.Roster) -> None:
        """Let the tracks go that ended in an update."""
        kept = roster.kept[: self.n]
        if not kept.all():
            self.n = close_gaps(self.tracks, self.book, self.n, kept)

    def _hear(self, event: HearEvent) -> None:
        """What was heard moves tracks, raises and lowers them, and begins some."""
        # Only what this event moves is classified: `changed` speaks of a batch, however it is cut.
        shown = self.tracks["id"][: self.n][self.tracks["changed"][: self.n]]
        self.tracks["changed"][: self.n] = False
        born = self.ears.hear(
            self.tracks, self.n, event.lines, event.presences, event.nodes, self.bank,
            self.scratch, event.serials,
        )  # fmt: skip
        self._room(len(born.t_ns), 0)
        count = min(len(born.t_ns), len(self.tracks) - self.n)
        self.turned_away += len(born.t_ns) - count
        if count:
            begin_heard(self.tracks, self.book, self.n, count, born, born.serial, self.bank)
            self.n += count
        classify_heard(self.tracks, self.n, event.key[0], TABLE, self.scratch)
        self.tracks["changed"][: self.n] |= np.isin(self.tracks["id"][: self.n], shown)

    def _launch(self, event: LaunchEvent) -> None:
        """A reported launch begins a track that is boosting, as surely as it was reported."""
        self._room(1, 0)
        if self.n == len(self.tracks):
            self.turned_away += 1
            return
        begin_launched(
            self.tracks, self.book, self.n, event.launches, event.row, event.serial, self.bank,
            self.scratch,
        )  # fmt: skip
        self.n += 1

    def _room(self, rows: int, sown: int, most: int = 0) -> None:
        """Make room for `rows` more tracks, as far as the limit allows, and `sown` more seeds.

        For `most` tracks there shall be room as well, but for them none gives way.
        """
        if self.n + rows > self.tracks_max:
            self._evict(self.n + rows - self.tracks_max)
        wanted = self.n + max(rows, most)
        if wanted > len(self.tracks) < self.tracks_max:
            room = min(wanted * 5 // 4, self.tracks_max)
            self.tracks = grown(self.tracks, self.n, room)
            self.book = grown(self.book, self.n, room)
        if self.ns + sown > len(self.seeds):
            self.seeds = grown(self.seeds, self.ns, 2 * (self.ns + sown))

    def _evict(self, excess: int) -> None:
        """Make tentative tracks give way: the least sure first, then the youngest.

        Confirmed ones never do: at the limit what is new has to wait. Rows are in order of birth;
        ids are in that of arrival, which decides nothing.
        """
        n, tracks = self.n, self.tracks[: self.n]
        weak = np.flatnonzero(~tracks["confirmed"])
        rank = np.lexsort((-weak, tracks["existence"][weak]))
        gone = weak[rank[: min(max(excess, 0), max(self.tracks_max // 50, 1))]]
        if len(gone):
            kept: BoolArray = np.ones(n, dtype=np.bool_)
            kept[gone] = False
            self.evicted += len(gone)
            self.n = close_gaps(self.tracks, self.book, n, kept)

    def _beat(self, beat: Beat) -> None:
        """Count silence, end what has ended, join what has become one."""
        sensors, now_ns = beat.sensors, beat.key[0]
        self.n, self.ns = silence.close(
            self.tracks, self.book, self.n, self.seeds, self.ns, now_ns, sensors.position_m,
            sensors.range_m_max, sensors.scan_s, sensors.detection_chance, beat.spoke_ns,
            self.heard_ns, self.systems, self.rests, self.scratch,
        )  # fmt: skip
        if len(self.identity):
            self.identity.agree(self.tracks, self.n, now_ns)
        if len(self.links):
            self.links.keep(self.tracks["id"][: self.n], now_ns)
