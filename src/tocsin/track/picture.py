"""The air picture: reports in, tracks out; the mind's memory of what flies.

Reports come in batches of some milliseconds from radars that turn at different rates, so a batch
is cut into looks (one sensor, less than `LOOK_S` long) and each look is associated on its own.
Silence is counted on a slower beat (`BEAT_NS`): only a sensor that should have looked, was heard
since, and said nothing lowers a track's existence. Memory is bounded by `TRACKS_MAX`.
"""

from typing import Final

import numpy as np

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.track import output, start
from tocsin.track.associate import LOOK_S, SAME_LOOK, Look, candidates, marginals, score, settle
from tocsin.track.clutter import ClutterMaps
from tocsin.track.filter import predict_rows
from tocsin.track.kind import classify
from tocsin.track.system import follow
from tocsin.track.table import Seen, Table, empty, grown, keep
from tocsin.words import BoolArray, Fixes, FloatArray, IntArray, Sensors, Tracks

TRACKS_MAX: Final = 20_000
LATE_NS: Final = 15 * NS_PER_S
"""Older reports are ignored and counted; the same bound as the journal's (architecture, 4)."""
BEAT_NS: Final = 500 * NS_PER_MS  # chosen: half of the fastest usual scan
START_UNEXPLAINED: Final = 0.3  # a report likelier than this to be no track's begins one; chosen
ECHO: Final = 9.0
"""Squared Mahalanobis length within which a look's second report is an established target's."""
ECHO_ANY: Final = 2.0  # of any track: two targets so close are not resolved; chosen
_SCAN_S_MIN: Final = 0.1
_CHANCE: Final = (0.05, 0.99)  # no sensor is blind or perfect; keeps odds finite
_FIRST_ROWS: Final = 256


class Picture:
    """All tracks. Same input, same bytes; picklable; bounded.

    `late`, `ended` and `evicted` count reports older than 15 s, end-of-track plots (extrapolated,
    so no evidence) and tracks that gave way when the table was full.
    """

    def __init__(self, tracks_max: int = TRACKS_MAX) -> None:
        self.late = 0
        self.ended = 0
        self.evicted = 0
        self._tracks_max = tracks_max
        self._table: Table = empty(_FIRST_ROWS, 1)
        self._n = 0
        self._next_id = 1
        self._now_ns = 0
        self._beat_ns = 0
        self._clutter = ClutterMaps()

    def update(self, now_ns: int, fixes: Fixes, sensors: Sensors) -> None:
        """Take one batch of reports; `now_ns` never falls (a smaller one counts as the largest)."""
        self._now_ns = max(self._now_ns, now_ns)
        self._table.changed[: self._n] = False
        self._widen(len(sensors))
        if len(fixes):
            for rows in self._looks(fixes, sensors):
                self._take(fixes, rows, sensors)
            classify(self._table, self._n)
            start.begin_falls(self._table, self._n)
            start.confirm(self._table, self._n)
        if self._now_ns - self._beat_ns >= BEAT_NS:
            self._beat_ns = self._now_ns
            self._listen(sensors)

    def tracks(self) -> Tracks:
        """All live tracks, tentative ones too, by id; states brought to the largest `now_ns`."""
        return output.tracks(self._table, self._n, self._now_ns)

    def _looks(self, fixes: Fixes, sensors: Sensors) -> list[IntArray]:
        """Rows of `fixes` cut into looks, in order of time, then sensor, then arrival."""
        late = self._now_ns - fixes.t_ns > LATE_NS
        ended = fixes.ends & ~fixes.system_track
        self.late += int(late.sum())
        self.ended += int((ended & ~late).sum())
        rows = np.flatnonzero(~late & ~ended & (fixes.sensor < len(sensors)))
        order = np.lexsort((rows, fixes.t_ns[rows], fixes.system_track[rows], fixes.sensor[rows]))
        rows = rows[order]
        looks: list[IntArray] = []
        begun = 0
        for k in range(1, len(rows) + 1):
            if k < len(rows):
                first, here = rows[begun], rows[k]
                same = fixes.sensor[here] == fixes.sensor[first]
                same &= fixes.system_track[here] == fixes.system_track[first]
                if same and fixes.t_ns[here] - fixes.t_ns[first] < LOOK_S * NS_PER_S:
                    continue
            looks.append(rows[begun:k])
            begun = k
        looks.sort(key=lambda look: (int(fixes.t_ns[look[-1]]), int(fixes.sensor[look[0]])))
        return looks

    def _take(self, fixes: Fixes, rows: IntArray, sensors: Sensors) -> None:
        """Associate one look."""
        seen = _seen(fixes, rows)
        sensor = int(fixes.sensor[rows[0]])
        look = _look(sensors, sensor, int(seen.t_ns[-1]))
        if fixes.system_track[rows[0]]:
            self._follow(fixes, rows, seen, look)
            return
        clutter, new = self._clutter.density(
            sensor, sensors.position_m[sensor], float(sensors.range_m_max[sensor]),
            look.scan_s, seen,
        )  # fmt: skip
        table = self._table
        tracks, reports = candidates(table, self._n, seen, look.t_ns)
        unexplained = np.ones(len(rows))
        echo = np.zeros(len(rows), dtype=np.bool_)
        if len(tracks):
            predict_rows(table, np.unique(tracks), look.t_ns)
            pairs = score(table, seen, look, tracks, reports)
            echo = _echoes(table, look, pairs.track, pairs.report, pairs.near, len(rows))
            down, unexplained = marginals(pairs, clutter + new)
            settle(table, seen, look, pairs, down)
        self._clutter.learn(sensor, seen, unexplained)
        begun = np.flatnonzero((unexplained > START_UNEXPLAINED) & ~echo)[: self._tracks_max]
        if len(begun):
            first = self._room(len(begun))
            existence = unexplained * new / (new + clutter)
            start.begin_all(self._table, first, seen, begun, look, existence)
            self._n += len(begun)

    def _follow(self, fixes: Fixes, rows: IntArray, seen: Seen, look: Look) -> None:
        """Give each report of another system's track to the track that mirrors it."""
        for j, row in enumerate(rows.tolist()):
            number = int(fixes.track_number[row])
            own = (self._table.system_sensor[: self._n] == look.sensor) & (
                self._table.system_number[: self._n] == number
            )
            mirror = np.flatnonzero(own)
            if fixes.ends[row]:
                self._n = keep(self._table, self._n, ~own)
                continue
            i = int(mirror[0]) if len(mirror) else self._room(1)
            follow(self._table, i, seen, j, look, fixes.velocity_mps[row], number, len(mirror) == 0)
            self._n += not len(mirror)

    def _room(self, wanted: int) -> int:
        """The first of `wanted` free rows, with their ids written; makes room when there is none.

        May replace the table.
        """
        excess = self._n + wanted - self._tracks_max
        if excess > 0:
            self._evict(max(excess, self._tracks_max // 100))
        width = self._table.look_ns.shape[1]
        if self._n + wanted > len(self._table.id):
            room = 2 * (self._n + wanted)
            self._table = grown(self._table, self._n, room, width)
        ids = np.arange(self._next_id, self._next_id + wanted)
        self._table.id[self._n : self._n + wanted] = ids
        self._next_id += wanted
        return self._n

    def _evict(self, count: int) -> None:
        """Drop `count` tracks: tentative before confirmed, least existence first, then youngest."""
        table, n = self._table, self._n
        rank = np.lexsort((-table.id[:n], table.existence[:n], table.confirmed[:n]))
        kept = np.ones(n, dtype=np.bool_)
        kept[rank[:count]] = False
        self.evicted += int((~kept).sum())
        self._n = keep(table, n, kept)

    def _widen(self, sensors: int) -> None:
        """Make room for the looks of newly learnt sensors."""
        width = self._table.look_ns.shape[1]
        if sensors > width:
            room = max(sensors, 2 * width)
            self._table = grown(self._table, self._n, len(self._table.id), room)

    def _listen(self, sensors: Sensors) -> None:
        """Count silence, end what has ended, join what has become one."""
        table, n = self._table, self._n
        scan_s = np.maximum(sensors.scan_s, _SCAN_S_MIN)
        chance = np.clip(sensors.detection_chance, *_CHANCE)
        start.charge_misses(
            table, n, self._now_ns, sensors.position_m, sensors.range_m_max,
            scan_s, chance, sensors.t_ns_heard,
        )  # fmt: skip
        kept = start.living(table, n, self._now_ns)
        start.merge(table, n, kept)
        if not kept.all():
            self._n = keep(table, n, kept)


def _seen(fixes: Fixes, rows: IntArray) -> Seen:
    return Seen(
        t_ns=fixes.t_ns[rows],
        position_m=fixes.position_m[rows],
        covariance_m2=fixes.covariance_m2[rows],
        has_height=fixes.has_height[rows],
        mode_3a=fixes.mode_3a[rows],
        mode_s=fixes.mode_s[rows],
        friend=fixes.friend[rows],
        hint=fixes.hint[rows],
        evidence=fixes.evidence[rows],
    )


def _look(sensors: Sensors, sensor: int, t_ns: int) -> Look:
    scan_s = max(float(sensors.scan_s[sensor]), _SCAN_S_MIN)
    chance = float(np.clip(sensors.detection_chance[sensor], *_CHANCE))
    return Look(sensor, scan_s, chance, t_ns)


def _echoes(
    table: Table, look: Look, track: IntArray, report: IntArray, near: FloatArray, size: int
) -> BoolArray:
    """Which reports repeat what this look has already said of an established track.

    A rotating radar's split plot arrives milliseconds later in the next batch; it must not begin
    a second track beside the first.
    """
    age_s = (look.t_ns - table.look_ns[track, look.sensor]) / NS_PER_S
    again = np.abs(age_s) <= SAME_LOOK * look.scan_s
    again &= near < np.where(table.existence[track] > 0.5, ECHO, ECHO_ANY)
    again &= table.look_mass[track, look.sensor] > 0.5
    echo = np.zeros(size, dtype=np.bool_)
    echo[report[again]] = True
    return echo
