"""Follow the tracks of another system: find which of ours each means, and fuse it.

A report whose number is linked goes to that track; a new number is tied to the nearest track that
may be the same target, else it begins one. Fusing is covariance intersection (`system`), so that
radars which both systems hear count once.
"""

from typing import Final

import numpy as np
from numba import njit

from tocsin.track import system
from tocsin.track.motion import advance, leading
from tocsin.track.pairs import Look
from tocsin.track.rows import blank, guess, note
from tocsin.track.state import reweigh
from tocsin.track.system import Links, Told, apart, intersect
from tocsin.track.table import MODELS, Record, Records
from tocsin.words import BoolArray, Fixes, FloatArray, IntArray

SPEED_SD_MPS: Final = 15.0  # of a velocity that another tracker gives; chosen
_BOX_M: Final = 5_000.0  # no track farther off is compared; chosen
_VELOCITY_COV: Final = np.eye(3) * SPEED_SD_MPS**2  # (3,3) m2/s2; nobody writes to it


@njit(cache=True, nogil=True, error_model="numpy")
def _rows_of(tracks: Records, n: int, wanted: IntArray, rows: IntArray) -> None:
    """The row of each `wanted` (k,) track, by its id and in order of it; -1 when it has ended."""
    rows[:] = -1
    for i in range(n):
        at = np.searchsorted(wanted, tracks[i].id)
        if at < len(wanted) and wanted[at] == tracks[i].id:
            rows[at] = i


@njit(cache=True, nogil=True, error_model="numpy")
def _lay(
    tracks: Records, rows: IntArray, place_m: FloatArray, speed_mps: FloatArray, t_ns: IntArray
) -> None:
    """Write where the leading models of `rows` are, how fast, and when."""
    for i in rows:
        track = tracks[i]
        lead = leading(track)
        t_ns[i] = track.t_ns
        for a in range(3):
            place_m[i, a] = track.mean[lead, a]
            speed_mps[i, a] = track.mean[lead, a + 3]


@njit(cache=True, nogil=True, error_model="numpy")
def _near(
    tracks: Records, n: int, report: Records, velocity: FloatArray, vel_cov: FloatArray,
    has_velocity: bool, place_m: FloatArray, speed_mps: FloatArray, t_ns: IntArray,
    kept: BoolArray,
) -> IntArray:  # fmt: skip
    """Rows of the `kept` tracks that a report (an array of one) may mean, the nearest first."""
    seen = report[0]
    told = Told(seen.position_m, velocity, seen.covariance_m2, vel_cov, has_velocity)
    gate = system.GATE_VELOCITY if has_velocity else system.GATE
    mean, found, length = np.empty(6), np.empty(n, np.int64), np.empty(n)
    count = 0
    for i in range(n):
        dt_s = (seen.t_ns - t_ns[i]) * 1e-9
        off = 0.0
        for a in range(3):
            mean[a + 3] = speed_mps[i, a]
            mean[a] = place_m[i, a] + dt_s * mean[a + 3]
            off = max(off, abs(mean[a] - seen.position_m[a]))
        if not (off < _BOX_M and kept[i]):
            continue
        track = tracks[i]
        named = min(track.mode_s, seen.mode_s) >= 0 and track.mode_s != seen.mode_s
        length[count] = np.inf if named else apart(mean, track.cov[leading(track)], told)
        if length[count] <= gate:
            found[count] = i
            count += 1
    return found[np.argsort(length[:count], kind="mergesort")]


@njit(cache=True, nogil=True, error_model="numpy")
def fuse(
    tracks: Records, book: Records, i: int, report: Records, velocity: FloatArray,
    vel_cov: FloatArray, has_velocity: bool, look: Look, banks: Records, scratch: Records,
) -> bool:  # fmt: skip
    """Fuse a report (an array of one) into track i; False when it lies outside the gate."""
    track, seen, work = tracks[i], report[0], scratch[0]
    advance(track, seen.t_ns, banks[0], work)
    lead = leading(track)
    gate = system.GATE_VELOCITY if has_velocity else system.GATE
    told = Told(seen.position_m, velocity, seen.covariance_m2, vel_cov, has_velocity)
    if apart(track.mean[lead], track.cov[lead], told) > gate:
        return False
    for m in range(MODELS):
        if track.weight[m] > 0.0:
            work.log_like[m] = intersect(track.mean[m], track.cov[m], told)
    reweigh(track, work.log_like, MODELS)
    _enter(track, book[i, look.sensor], seen, look)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(track: Record, mine: Record, seen: Record, look: Look) -> None:
    """Write a report of another system into a track's books."""
    note(track, seen)
    track.looks += 1
    track.scan_s = look.scan_s
    track.changed = True
    mine.ns, mine.mass, mine.seen = max(mine.ns, seen.t_ns), 1.0, True


@njit(cache=True, nogil=True, error_model="numpy")
def begin(
    tracks: Records, book: Records, i: int, report: Records, velocity: FloatArray,
    vel_cov: FloatArray, has_velocity: bool, look: Look, banks: Records, scratch: Records,
) -> None:  # fmt: skip
    """Write track i as the one that a report (an array of one) begins; existence is left open."""
    track, seen = tracks[i], report[0]
    blank(track, book[i])
    guess(track, seen.position_m, seen.covariance_m2, seen.has_height, banks[0], scratch[0])
    if has_velocity:
        for m in range(MODELS):
            for a in range(3):
                track.mean[m, a + 3] = velocity[a]
                for b in range(3):
                    track.cov[m, a + 3, b + 3] = vel_cov[a, b]
    t_ns = seen.t_ns
    track.id, track.t_ns, track.t_ns_seen, track.t_ns_born = seen.serial, t_ns, t_ns, t_ns
    track.hits, track.looks, track.has_height = 0, 0, seen.has_height
    _enter(track, book[i, look.sensor], seen, look)


class Roster:
    """Where the tracks lie while the reports of one update are followed: found once, then kept.

    Rows must not move meanwhile: what ends is only crossed out in `kept` (room,).
    """

    def __init__(self, tracks: Records, n: int, wanted: IntArray, more: int) -> None:
        """Of the first `n` tracks, for the ids that are `wanted`; up to `more` will begin."""
        ids = np.unique(wanted)
        rows = np.empty_like(ids)
        _rows_of(tracks, n, ids, rows)
        self._row = dict(zip(ids.tolist(), rows.tolist(), strict=True))
        self.kept: BoolArray = np.ones(n + more, dtype=np.bool_)
        self._place_m, self._speed_mps = np.empty((n + more, 3)), np.empty((n + more, 3))
        self._t_ns: IntArray = np.empty(n + more, dtype=np.int64)
        self._stale = list(range(n))

    def find(self, track: int) -> int:
        """The row of a track by its id; -1 when it has ended."""
        row = self._row.get(track, -1)
        return row if row >= 0 and self.kept[row] else -1

    def moved(self, row: int, track: int) -> None:
        """The track with this id was begun or corrected, in this row."""
        self._row[track] = row
        self._stale.append(row)

    def nearest(
        self, tracks: Records, n: int, report: Records, velocity: FloatArray, vel_cov: FloatArray,
        links: Links, sensor: int,
    ) -> int:  # fmt: skip
        """The row that a new number of `sensor` most likely means; -1 when none may be it."""
        where = self._place_m, self._speed_mps, self._t_ns
        _lay(tracks, np.array(self._stale, dtype=np.int64), *where)
        self._stale.clear()
        known, t_ns = not bool(np.isnan(velocity).any()), int(report["t_ns"][0])
        may = _near(tracks, n, report, velocity, vel_cov, known, *where, self.kept)
        for row in may.tolist():
            if not links.taken(sensor, int(tracks["id"][row]), t_ns):
                return int(row)
        return -1


def velocity_of(fixes: Fixes, j: int) -> tuple[FloatArray, FloatArray]:
    """Velocity (3,), NaN when absent, and its covariance (3,3), of a report of another system."""
    return fixes.velocity_mps[j], _VELOCITY_COV
