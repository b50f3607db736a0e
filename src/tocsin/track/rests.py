"""Places where something slow was lost: what begins there soon after, as slowly, is the same.

A radar is blind to what hovers and to what has landed, so a helicopter at work is one short track
after another, each of them too short and too vague to say that it was ever slow. The way from where
one was lost to where the next begins does: over half a minute it is measured to some metres a
second. Drones that fly over, past or from such a place are not so slow, and keep their weight.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.kind import SLOW_MPS, WINGED_MPS
from tocsin.track.state import motion
from tocsin.track.table import Record, Records
from tocsin.words import BoolArray

REST: Final = np.dtype([("t_ns", np.int64), ("position_m", np.float64, (3,))], align=True)
"""Where a track was seen last, and when; 0 for none."""
PLACES: Final = 64  # the latest; chosen: the ends of slow tracks in some minutes of a busy sky
LONGEST_NS: Final = 180_000_000_000
"""A place is forgotten after so long. Chosen: what lands to take somebody up rises again by then;
later the way says little, because something else may have come."""
BLUR_M: Final = 250.0
"""The way may be longer by so much. Chosen: 2 s.d. of two places, each known to 60 m each way."""
LOST_MPS: Final = 30.0
"""A track that was rather slower than this (by one s.d.) when it was lost may have come to rest.
Chosen: above what one that brakes is known to, below a one-way drone in a strong head wind."""
YOUNG_NS: Final = 20_000_000_000  # so long a track is one that begins; chosen: five scans


@njit(cache=True, nogil=True, error_model="numpy")
def _slow(track: Record, below_mps: float, work: Record) -> bool:
    """Whether a track is rather slower than that; its state to `work.middle`."""
    falls = motion(track, work.middle, work.up, work.heading, work.motion)
    return bool(not falls and work.motion[0] + math.sqrt(work.motion[3]) < below_mps)


@njit(cache=True, nogil=True, error_model="numpy")
def leave(tracks: Records, n: int, kept: BoolArray, rests: Records, work: Record) -> None:
    """Note where confirmed tracks that end now were slow, in place of the oldest."""
    for i in range(n):
        track = tracks[i]
        if kept[i] or not track.confirmed or not _slow(track, LOST_MPS, work):
            continue
        oldest = 0
        for k in range(1, len(rests)):
            if rests[k].t_ns < rests[oldest].t_ns:
                oldest = k
        since_s = (track.t_ns - track.t_ns_seen) * 1e-9
        rests[oldest].t_ns = track.t_ns_seen
        for a in range(3):
            rests[oldest].position_m[a] = work.middle[a] - since_s * work.middle[a + 3]


@njit(cache=True, nogil=True, error_model="numpy")
def _stayed(track: Record, rests: Records, work: Record) -> bool:
    """Whether the way to a slow track from some place is too short for anything on wings."""
    for k in range(len(rests)):
        gone_ns = track.t_ns - rests[k].t_ns
        if rests[k].t_ns == 0 or not 0 < gone_ns <= LONGEST_NS + YOUNG_NS:
            continue
        if track.t_ns_born < rests[k].t_ns:  # it was there already
            continue
        way2 = 0.0
        for a in range(3):
            way2 += (work.middle[a] - rests[k].position_m[a]) ** 2
        if math.sqrt(way2) + BLUR_M < SLOW_MPS * gone_ns * 1e-9 and way2 < (2.0 * BLUR_M) ** 2:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def rise(tracks: Records, n: int, now_ns: int, rests: Records, work: Record) -> None:
    """Mark young slow tracks that began where something rested as too slow for wings."""
    newest = 0
    for k in range(len(rests)):
        newest = max(newest, rests[k].t_ns)
    if newest == 0 or now_ns - newest > LONGEST_NS + YOUNG_NS:
        return
    for i in range(n):
        track = tracks[i]
        if track.t_ns_slow > 0 or track.looks < 3 or track.t_ns - track.t_ns_born > YOUNG_NS:
            continue
        if _slow(track, WINGED_MPS, work) and _stayed(track, rests, work):
            track.t_ns_slow = track.t_ns_seen
