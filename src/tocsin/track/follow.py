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
from tocsin.words import Fixes, FloatArray

SPEED_SD_MPS: Final = 15.0  # of a velocity that another tracker gives; chosen
_BOX_M: Final = 5_000.0  # no track farther off is compared; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def row_of(tracks: Records, n: int, track: int) -> int:
    """The row of a track by its id; -1 when it has ended."""
    for i in range(n):
        if tracks[i].id == track:
            return i
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def distances(
    tracks: Records, n: int, report: Records, velocity: FloatArray, vel_cov: FloatArray,
    has_velocity: bool, out: FloatArray,
) -> None:  # fmt: skip
    """Least squared length of a report (an array of one) from each track to `out` (n,)."""
    seen = report[0]
    told = Told(seen.position_m, velocity, seen.covariance_m2, vel_cov, has_velocity)
    mean = np.empty(6)
    for i in range(n):
        track = tracks[i]
        lead = leading(track)
        dt_s = (seen.t_ns - track.t_ns) * 1e-9
        off = 0.0
        for a in range(3):
            mean[a + 3] = track.mean[lead, a + 3]
            mean[a] = track.mean[lead, a] + dt_s * mean[a + 3]
            off = max(off, abs(mean[a] - seen.position_m[a]))
        out[i] = np.inf
        named = min(track.mode_s, seen.mode_s) >= 0 and track.mode_s != seen.mode_s
        if off < _BOX_M and not named:
            out[i] = apart(mean, track.cov[lead], told)


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


def nearest(
    tracks: Records, n: int, report: Records, velocity: FloatArray, vel_cov: FloatArray,
    links: Links, sensor: int,
) -> int:  # fmt: skip
    """The row that a new number of `sensor` most likely means; -1 when none may be it."""
    out = np.empty(n)
    known = not bool(np.isnan(velocity).any())
    distances(tracks, n, report, velocity, vel_cov, known, out)
    gate = system.GATE_VELOCITY if known else system.GATE
    t_ns = int(report["t_ns"][0])
    for i in np.argsort(out, kind="stable"):
        if not out[i] <= gate:
            return -1
        if not links.taken(sensor, int(tracks["id"][i]), t_ns):
            return int(i)
    return -1


def velocity_of(fixes: Fixes, j: int) -> tuple[FloatArray, FloatArray]:
    """Velocity (3,), NaN when absent, and its covariance (3,3), of a report of another system."""
    return fixes.velocity_mps[j], np.eye(3) * SPEED_SD_MPS**2
