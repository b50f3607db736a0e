"""Who may be the source of what a node hears: the reports, and a coarse gate about each."""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.hear import Ear, turned
from tocsin.track.motion import advance
from tocsin.track.sound import SOUND_SD, hearing, retarded
from tocsin.track.state import FALLS
from tocsin.track.table import MODELS, Record, Records
from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray

AUDIBLE: Final = 3.0  # in reaches: beyond, a node hears 1.2 % of what it hears near; chosen
SILENT: Final = 1.5  # silence from farther (hearing below 0.17) is not reckoned; chosen
SLIP_S: Final = 0.25
"""Chosen: a state so close in time is carried on straight (a turn errs by 0.2 m): half the work."""
BESIDE: Final = 5.0  # s.d. of a bearing beyond which a track is not asked; chosen
SEEN_MIN: Final = 0.1
"""Existence, as `births.BIRTH_MIN`; a radar's tentative track below it is not asked. Else it takes
what belongs to a birth: bearings of one that nobody saw fit a track 1 km beside them, though badly,
a thousand times better than no track, and seven nodes made it sure in one second."""
CROWD: Final = 64  # most tracks that one report is compared with; chosen
_FAST: Final = 1.75  # coarse gate: 1 + Mach number of the fastest source that it must not lose


class Heard(NamedTuple):
    """Reports of one kind of table, k rows in order of time; units as in `words.passive`."""

    t_ns: IntArray  # (k,) of what was heard: the middle of a period of listening
    node: Int32Array  # (k,) -1 for a passer-by
    line: BoolArray  # (k,) a bearing, else a presence
    heard: BoolArray  # (k,) false: silence
    origin_m: FloatArray  # (k,3)
    axes: FloatArray  # (k,3,3) east, north, up there
    azimuth: FloatArray  # (k,) rad
    sigma_az: FloatArray
    elevation: FloatArray  # (k,) rad, NaN absent
    sigma_el: FloatArray
    sound_mps: FloatArray  # (k,) infinite when seen
    reach_m: FloatArray
    chance: FloatArray
    false: FloatArray  # (k,) false reports expected in one period
    period_s: FloatArray  # (k,)
    opinion: FloatArray  # (k,) 0-1: a crowd at one place has one opinion
    hint: IntArray
    evidence: IntArray
    serial: IntArray  # (k,) the id of the track that it begins


@njit(cache=True, nogil=True, error_model="numpy")
def ear(heard: Heard, j: int, noisy: float) -> Ear:
    """The listener of report j for a source that can be heard at all with chance `noisy`."""
    return Ear(
        heard.origin_m[j], heard.axes[j], heard.reach_m[j], heard.chance[j] * noisy,
        heard.sound_mps[j],
    )  # fmt: skip


class Book(NamedTuple):
    """What is remembered of each node; g nodes."""

    loud: FloatArray  # (g,) chance that its last report was of something that no track is
    heard_ns: IntArray  # (g,) when it last heard anything, 0 never
    silent_ns: IntArray  # (g,) when it last heard nothing, 0 never
    quiet_ns: IntArray  # (g,) since when it has heard nothing


class Near(NamedTuple):
    """Flying tracks in order of one coordinate, for the coarse gate."""

    row: IntArray  # (f,)
    along: FloatArray  # (f,) the coordinate, ascending
    axis: int
    place_m: FloatArray  # (n,3) of each row
    spread_m: FloatArray  # (n,) one s.d., the largest axis at most
    leader: IntArray  # (n,) likeliest model
    wide_m: float  # 3 largest spreads


def lay_out(tracks: Records, n: int, t_ns: int) -> Near:
    """Where every flying track is at `t_ns`; those that radar hardly believes are left out."""
    each = np.arange(n)
    leader = np.argmax(tracks["weight"][:n, :MODELS], axis=1)
    mean, cov = tracks["mean"][each, leader], tracks["cov"][each, leader]
    dt_s = (t_ns - tracks["t_ns"][:n]) * 1e-9
    place = mean[:, :3] + dt_s[:, None] * mean[:, 3:]
    along, across, speed = (np.trace(cov[:, a : a + 3, b : b + 3], axis1=1, axis2=2)
                            for a, b in ((0, 0), (0, 3), (3, 3)))  # fmt: skip
    spread = np.sqrt(np.maximum(along + dt_s * (2.0 * across + dt_s * speed), 0.0))
    heard_first = tracks["looks"][:n] < 2  # two looks of a radar begin a track, one set of sounds
    sure = tracks["confirmed"][:n] | (tracks["existence"][:n] >= SEEN_MIN) | heard_first
    row = np.flatnonzero(sure & (tracks["weight"][:n, :MODELS].sum(axis=1) > 1.0 - FALLS))
    if not len(row):
        return Near(row, np.zeros(0), 0, place, spread, leader, 0.0)
    axis = int(np.argmax(np.ptp(place[row], axis=0)))
    row = row[np.argsort(place[row, axis], kind="stable")]
    wide_m = 3.0 * float(spread[row].max())
    return Near(row, place[row, axis], axis, place, spread, leader, wide_m)


@njit(cache=True, nogil=True, error_model="numpy")
def beside(heard: Heard, j: int, place: FloatArray, spread_m: float) -> bool:
    """Whether bearing j misses a track at `place` by more than any of its models can explain.

    Only for tracks that are small in its sight; twice their spread, because models differ.
    """
    east, north = 0.0, 0.0
    for a in range(3):
        east += heard.axes[j, 0, a] * (place[a] - heard.origin_m[j, a])
        north += heard.axes[j, 1, a] * (place[a] - heard.origin_m[j, a])
    across = 2.0 * spread_m / max(math.hypot(east, north), 1.0)
    if across > 0.5:
        return False
    miss = turned(heard.azimuth[j] - math.atan2(east, north))
    return abs(miss) > BESIDE * math.hypot(heard.sigma_az[j] + SOUND_SD, across)


@njit(cache=True, nogil=True, error_model="numpy")
def find(
    tracks: Records, near: Near, heard: Heard, j: int, bank: Record, found: IntArray,
    pd: FloatArray, work: Record,
) -> int:  # fmt: skip
    """Tracks that report j may concern, brought to its time: rows to `found`, their number.

    `pd` (CROWD,) gets the chance of hearing each, at the place of its likeliest model.
    """
    limit = heard.reach_m[j] * (AUDIBLE if heard.heard[j] else SILENT)
    coarse = limit * _FAST + near.wide_m
    origin = heard.origin_m[j]
    place, slope = np.empty(3), np.empty((3, 6))
    count = 0
    for k in range(np.searchsorted(near.along, origin[near.axis] - coarse), len(near.row)):
        if near.along[k] > origin[near.axis] + coarse or count == CROWD:
            break
        i = near.row[k]
        apart = limit * _FAST + 3.0 * near.spread_m[i]
        size2 = 0.0
        for a in range(3):
            size2 += (near.place_m[i, a] - origin[a]) ** 2
        if size2 > apart * apart:
            continue
        dt_s = (heard.t_ns[j] - tracks[i].t_ns) * 1e-9
        mean = tracks[i].mean[near.leader[i]]
        if retarded(mean, dt_s, origin, heard.sound_mps[j], place, slope) < 0.0:
            continue
        size2 = 0.0
        for a in range(3):
            size2 += (place[a] - origin[a]) ** 2
        if math.sqrt(size2) > limit + 3.0 * near.spread_m[i]:
            continue
        if dt_s > SLIP_S:
            advance(tracks[i], heard.t_ns[j], bank, work)
        found[count] = i
        pd[count] = hearing(math.sqrt(size2), heard.reach_m[j], heard.chance[j])
        count += 1
    return count
