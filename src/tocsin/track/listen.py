"""One set of passive reports against the tracks.

A bearing belongs to one track at most, or is false or new; a hearing is the union of all that the
node may hear, so that several tracks may share it. Each track is a Bernoulli component: what is
heard raises its existence, the silence of a node that should hear it lowers it. Ballistic ones are
left alone: nobody hears them fall in time.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.fall import height_and_up
from tocsin.track.hear import line_update, merge, presence_chance, presence_update, turned
from tocsin.track.motion import advance
from tocsin.track.sound import SOUND_SD, hearing, retarded
from tocsin.track.table import EVIDENCE, MODELS, Record, Records
from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray

AUDIBLE: Final = 3.0  # in reaches: beyond, a node hears 1.2 % of what it hears near; chosen
SILENT: Final = 1.5  # silence from farther (hearing below 0.17) is not reckoned; chosen
REPEAT: Final = 0.5
"""Chance that a false source goes on from one period to the next: a tractor or a moped stays for
many. So a second report of a node whose first nothing explained proves little. Chosen."""
SILENCE: Final = 0.5
"""Power of the likelihood of silence in existence: successive silences of one node share their
causes (a hill, a noisy yard), so two count as one. Chosen."""
EXISTENCE_MAX: Final = 0.9999  # as for radar: a few silences must be able to undo years of hits
PASSER_FALSE: Final = 0.1  # of passers-by: `shared` knowledge 3.5 assumes 10 % false reports
PASSER_OTHER: Final = 0.05  # what else a passer-by truly hears that no track is; chosen
MEMORY_S: Final = 20.0  # unexplained reports are kept so long: sound from 7 km; chosen
SLIP_S: Final = 0.25
"""Chosen: a state so close in time is carried on straight (a turn errs by 0.2 m): half the work."""
HEIGHT_M: Final = 600.0  # above the node, of what nobody measured; drones fly at 50-3000 m
HEIGHT_SD_M: Final = 400.0
CLIMB_SD_MPS: Final = 5.0  # chosen: one-way drones keep their height
MOVED: Final = 0.05  # silence that shifts no state by this part of its s.d. only counts; chosen
WEIGHT_MIN: Final = 1e-4  # a model below this share is not corrected; chosen
BESIDE: Final = 5.0  # s.d. of a bearing beyond which a track is not asked; chosen
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
    """Where every flying track is at `t_ns`."""
    each = np.arange(n)
    leader = np.argmax(tracks["weight"][:n, :MODELS], axis=1)
    mean, cov = tracks["mean"][each, leader], tracks["cov"][each, leader]
    dt_s = (t_ns - tracks["t_ns"][:n]) * 1e-9
    place = mean[:, :3] + dt_s[:, None] * mean[:, 3:]
    along, across, speed = (np.trace(cov[:, a : a + 3, b : b + 3], axis1=1, axis2=2)
                            for a, b in ((0, 0), (0, 3), (3, 3)))  # fmt: skip
    spread = np.sqrt(np.maximum(along + dt_s * (2.0 * across + dt_s * speed), 0.0))
    row = np.flatnonzero(tracks["weight"][:n, :MODELS].sum(axis=1) >= 0.5)
    if not len(row):
        return Near(row, np.zeros(0), 0, place, spread, leader, 0.0)
    axis = int(np.argmax(np.ptp(place[row], axis=0)))
    row = row[np.argsort(place[row, axis], kind="stable")]
    wide_m = 3.0 * float(spread[row].max())
    return Near(row, place[row, axis], axis, place, spread, leader, wide_m)


@njit(cache=True, nogil=True, error_model="numpy")
def _beside(heard: Heard, j: int, place: FloatArray, spread_m: float) -> bool:
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
def _find(
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
        if heard.line[j] and _beside(heard, j, place, near.spread_m[i]):
            continue
        if dt_s > SLIP_S:
            advance(tracks[i], heard.t_ns[j], bank, work)
        found[count] = i
        pd[count] = hearing(math.sqrt(size2), heard.reach_m[j], heard.chance[j])
        count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _note(tracks: Records, i: int, heard: Heard, j: int, mass: float) -> None:
    """Enter that report j is of track i with chance `mass`."""
    tracks[i].hints[heard.hint[j]] += mass
    tracks[i].changed = True
    if mass < 0.5:
        return
    tracks[i].hits += 1
    tracks[i].t_ns_seen = max(tracks[i].t_ns_seen, heard.t_ns[j])
    for k in range(EVIDENCE - 1, 0, -1):
        tracks[i].evidence[k] = tracks[i].evidence[k - 1]
    tracks[i].evidence[0] = heard.evidence[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _reweigh(tracks: Records, i: int, like: FloatArray) -> None:
    """Bayes over the models that fly; their sum, and so the ballistic share, stays."""
    before, after = 0.0, 0.0
    for h in range(len(like)):
        before += tracks[i].weight[h]
        after += tracks[i].weight[h] * like[h]
    if after <= 0.0:
        return
    for h in range(len(like)):
        tracks[i].weight[h] *= like[h] * before / after


@njit(cache=True, nogil=True, error_model="numpy")
def elsewhere(heard: Heard, j: int, loud: float) -> float:
    """Density (1/rad, 1/rad2 with elevation) of bearing j if no track is its source.

    False reports point anywhere; a source that was there a moment ago (`loud`, the chance that
    the node's last report was unexplained) points where it did then, as any track through it.
    """
    if heard.node[j] < 0:
        density = (PASSER_FALSE + (1.0 - PASSER_FALSE) * PASSER_OTHER) / (2.0 * math.pi)
    else:
        density = heard.false[j] / (2.0 * math.pi)
        density += REPEAT * loud / (heard.sigma_az[j] * math.sqrt(2.0 * math.pi))
    return density if math.isnan(heard.elevation[j]) else density * 2.0 / math.pi


@njit(cache=True, nogil=True, error_model="numpy")
def noise_chance(heard: Heard, j: int, loud: float) -> float:
    """Chance that the node of presence j hears something false in its period."""
    return 1.0 - math.exp(-heard.false[j]) * (1.0 - REPEAT * loud)


@njit(cache=True, nogil=True, error_model="numpy")
def _line(
    tracks: Records, heard: Heard, j: int, found: IntArray, pd: FloatArray, nothing: float
) -> float:
    """Bearing j against the tracks `found`; the chance that one of them explains it."""
    k = len(found)
    like, chance = np.zeros((k, MODELS)), np.zeros(k)
    means, covs = np.empty((k, MODELS, 6)), np.empty((k, MODELS, 6, 6))
    total = nothing
    for f in range(k):
        i = found[f]
        dt_s = (heard.t_ns[j] - tracks[i].t_ns) * 1e-9
        for h in range(MODELS):
            means[f, h], covs[f, h] = tracks[i].mean[h], tracks[i].cov[h]
            if tracks[i].weight[h] < WEIGHT_MIN:
                continue
            like[f, h] = math.exp(line_update(
                means[f, h], covs[f, h], dt_s, heard.origin_m[j], heard.axes[j], heard.azimuth[j],
                heard.sigma_az[j], heard.elevation[j], heard.sigma_el[j], heard.sound_mps[j], 0.0,
            ))  # fmt: skip
            chance[f] += tracks[i].weight[h] * like[f, h]
        chance[f] *= pd[f]
        total += tracks[i].existence * chance[f]
    explained = 0.0
    for f in range(k):
        i = found[f]
        mass = heard.opinion[j] * tracks[i].existence * chance[f] / total
        if mass < 1e-9:
            continue
        explained += mass
        there = mass + (1.0 - mass) * tracks[i].existence
        share = mass / there
        bayes = np.empty(MODELS)
        for h in range(MODELS):
            told = 1.0 if like[f, h] == 0.0 and tracks[i].weight[h] < WEIGHT_MIN else (
                pd[f] * like[f, h] / chance[f])  # fmt: skip
            bayes[h] = 1.0 - share + share * told
            if like[f, h] > 0.0:
                part = share * told / bayes[h]
                merge(tracks[i].mean[h], tracks[i].cov[h], means[f, h], covs[f, h], part)
        _reweigh(tracks, i, bayes)
        tracks[i].existence = min(there, EXISTENCE_MAX)
        _note(tracks, i, heard, j, mass)
    return explained


@njit(cache=True, nogil=True, error_model="numpy")
def _presence(
    tracks: Records, heard: Heard, j: int, found: IntArray, near: Near, noise: float, pd: FloatArray
) -> float:
    """Presence or silence j against the tracks `found`; the chance that one of them explains it.

    The node hears the union: ``P(silence) = (1 - noise) prod(1 - r pd)``; to each track all the
    others are noise.
    """
    k = len(found)
    sounds = heard.heard[j]
    still = 1.0 - noise
    steady = np.zeros(k, np.bool_)  # silence that says nothing of where in its spread it is
    for f in range(k):
        i = found[f]
        dt_s = (heard.t_ns[j] - tracks[i].t_ns) * 1e-9
        at = pd[f]
        steep = at * (1.0 - at / heard.chance[j]) / (1.0 - at) if at < 1.0 else 1.0
        steady[f] = not sounds and 4.0 * steep * near.spread_m[i] < MOVED * heard.reach_m[j]
        if not steady[f]:
            pd[f], flying = 0.0, 0.0
            for h in range(MODELS):
                if tracks[i].weight[h] >= WEIGHT_MIN:
                    pd[f] += tracks[i].weight[h] * presence_chance(
                        tracks[i].mean[h], tracks[i].cov[h], dt_s, heard.origin_m[j], heard.axes[j],
                        heard.reach_m[j], heard.chance[j], heard.sound_mps[j],
                    )  # fmt: skip
                    flying += tracks[i].weight[h]
            pd[f] /= flying
        still *= 1.0 - tracks[i].existence * pd[f]
    for f in range(k):
        i = found[f]
        exists = tracks[i].existence
        others = 1.0 - still / (1.0 - exists * pd[f])
        if sounds:
            there = others + (1.0 - others) * pd[f]
            tracks[i].existence = exists * there / (exists * there + (1.0 - exists) * others)
        else:
            there = (1.0 - pd[f]) ** SILENCE
            tracks[i].existence = exists * there / (exists * there + 1.0 - exists)
        tracks[i].existence = min(tracks[i].existence, EXISTENCE_MAX)
        if steady[f]:
            continue
        dt_s = (heard.t_ns[j] - tracks[i].t_ns) * 1e-9
        like = np.empty(MODELS)
        for h in range(MODELS):
            like[h] = 1.0 - (1.0 - others) * (1.0 - pd[f]) if sounds else 1.0 - pd[f]
            if tracks[i].weight[h] >= WEIGHT_MIN:
                like[h] = math.exp(presence_update(
                    tracks[i].mean[h], tracks[i].cov[h], dt_s, heard.origin_m[j], heard.axes[j],
                    heard.reach_m[j], heard.chance[j], others if sounds else 0.0, sounds,
                    heard.sound_mps[j],
                ))  # fmt: skip
        _reweigh(tracks, i, like)
        if sounds:
            _note(tracks, i, heard, j, exists * pd[f] / (1.0 - still))
    return 1.0 - noise * (1.0 if k == 0 else still / (1.0 - noise)) / max(1.0 - still, 1e-12)


@njit(cache=True, nogil=True, error_model="numpy")
def level(mean: FloatArray, cov: FloatArray, ground_m: float) -> None:
    """Keep the height that nobody measures near its prior, in place.

    Neither bearings nor hearings fix height; prediction would let it wander. Where its s.d. has
    outgrown the prior's it is drawn back in proportion, the climb likewise.
    """
    up, along = np.empty(3), np.empty(6)
    for part in range(2):
        height = height_and_up(mean[:3], up) - ground_m
        o = 3 * part
        for a in range(6):
            along[a] = 0.0
            for b in range(3):
                along[a] += cov[a, o + b] * up[b]
        size2, climb = 0.0, 0.0
        for b in range(3):
            size2 += up[b] * along[o + b]
            climb += up[b] * mean[3 + b]
        most = CLIMB_SD_MPS if part else HEIGHT_SD_M
        if size2 <= most * most:
            continue
        k = 1.0 - most / math.sqrt(size2)
        for b in range(3):
            mean[o + b] += k * up[b] * (-climb if part else HEIGHT_M - height)
        for a in range(6):
            ua = up[a - o] if o <= a < o + 3 else 0.0
            for b in range(6):
                ub = up[b - o] if o <= b < o + 3 else 0.0
                cov[a, b] += -k * (ua * along[b] + along[a] * ub) + k * k * size2 * ua * ub


@njit(cache=True, nogil=True, error_model="numpy")
def hear_all(
    tracks: Records, n: int, near: Near, heard: Heard, book: Book, banks: Records,
    scratch: Records, explained: FloatArray, loud: FloatArray,
) -> None:  # fmt: skip
    """Fold one set of reports, in order of time, into rows [0, n) of the table.

    `near` is `lay_out` of them; `book` is carried from set to set. Writes for each report
    `explained` (k,), the chance that a track is its source, and `loud` (k,), how loud its node
    was before.
    """
    k = len(heard.t_ns)
    found, pd = np.empty(CROWD, np.int64), np.empty(CROWD)
    last = np.full(n, -1)
    for j in range(k):
        g = heard.node[j]
        explained[j], loud[j] = 0.0, 0.0
        if g >= 0:
            age_s = (heard.t_ns[j] - book.heard_ns[g]) * 1e-9
            loud[j] = book.loud[g] if age_s < MEMORY_S else 0.0
        count = _find(tracks, near, heard, j, banks[0], found, pd, scratch[0])
        rows = found[:count]
        if count > 0 and heard.line[j]:
            explained[j] = _line(tracks, heard, j, rows, pd, elsewhere(heard, j, loud[j]))
        elif count > 0:
            noise = noise_chance(heard, j, loud[j])
            explained[j] = _presence(tracks, heard, j, rows, near, noise, pd)
        for f in range(count):
            last[rows[f]] = j
        if g >= 0 and heard.heard[j]:
            book.heard_ns[g], book.loud[g] = heard.t_ns[j], 1.0 - explained[j]
        elif g >= 0:
            if book.silent_ns[g] <= book.heard_ns[g]:
                book.quiet_ns[g] = heard.t_ns[j]
            book.silent_ns[g], book.loud[g] = heard.t_ns[j], 0.0
    up = np.empty(3)
    for i in range(n):
        if last[i] >= 0 and not tracks[i].has_height:
            ground_m = height_and_up(heard.origin_m[last[i]], up)
            for h in range(MODELS):
                level(tracks[i].mean[h], tracks[i].cov[h], ground_m)
