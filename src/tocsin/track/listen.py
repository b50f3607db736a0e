"""One set of passive reports against the tracks.

A bearing belongs to one track at most, or is false or new; a hearing is the union of all that the
node may hear, so that several tracks may share it. Each track is a Bernoulli component: what is
heard raises its existence, the silence of a node that should hear it lowers it. Ballistic ones are
left alone: nobody hears them fall in time.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.belief import marginals
from tocsin.track.earshot import CROWD, SILENT, Book, Heard, Near, beside, ear, find
from tocsin.track.fall import height_and_up
from tocsin.track.hear import line_update, presence_chance, presence_update
from tocsin.track.rows import credit
from tocsin.track.settle import EXISTENCE_MAX
from tocsin.track.sound import NOISY_LEAST, NOISY_MOST, hearing
from tocsin.track.state import join, reweigh
from tocsin.track.table import MODELS, Record, Records
from tocsin.words import FloatArray, IntArray

REPEAT: Final = 0.5
"""Chance that a false source goes on from one period to the next: a tractor or a moped stays for
many. So a second report of a node whose first nothing explained proves little. Chosen."""
SILENCE: Final = 0.5
"""Power of the likelihood of silence in existence: successive silences of one node share their
causes (a hill, a noisy yard), so two count as one. Chosen."""
PASSER_FALSE: Final = 0.1  # of passers-by: `shared` knowledge 3.5 assumes 10 % false reports
PASSER_OTHER: Final = 0.05  # what else a passer-by truly hears that no track is; chosen
MEMORY_S: Final = 20.0  # unexplained reports are kept so long: sound from 7 km; chosen
HEIGHT_M: Final = 600.0  # above the node, of what nobody measured; drones fly at 50-3000 m
HEIGHT_SD_M: Final = 400.0
CLIMB_SD_MPS: Final = 5.0  # chosen: one-way drones keep their height
MOVED: Final = 0.05  # silence that shifts no state by this part of its s.d. only counts; chosen
WIDE: Final = 0.25
"""From this spread, in reaches, on the chance to hear a track is that over its spread, not that at
its middle. Chosen: below, the two differ by less than 0.1."""
LINES_MAX: Final = 16  # bearings of one node that are shared out together; chosen: 2 MB of states
WEIGHT_MIN: Final = 1e-4  # a model below this share is not corrected; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _note(track: Record, heard: Heard, j: int, mass: float) -> None:
    """Enter that report j is of a track with chance `mass`."""
    track.hints[heard.hint[j]] += mass
    track.changed = True
    if mass >= 0.5:
        credit(track, heard.t_ns[j], heard.evidence[j])


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
def _lines(
    tracks: Records, heard: Heard, first: int, end: int, found: IntArray, pd: FloatArray,
    near: Near, loud: float, explained: FloatArray,
) -> None:  # fmt: skip
    """The bearings [first, end) that one node gave at one time against the tracks `found`.

    Each is of one track at most and each track has one at most, so they are shared out together
    (`belief`). Writes to `explained` the chance that some track is the source of each.
    """
    size = (end - first) * len(found)
    owner, said, weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    like, chance = np.zeros((size, MODELS)), np.zeros(size)
    means, covs = np.empty((size, MODELS, 6)), np.empty((size, MODELS, 6, 6))
    size = 0
    for f in range(len(found)):
        track = tracks[found[f]]
        pd[f] = _spread_out(track, heard, first, found[f], near, pd[f])
        owed = track.noisy * pd[f] if _counts(heard, first, pd[f]) else 0.0
        silent = 1.0 - track.existence * owed
        for j in range(first, end):
            if beside(heard, j, near.place_m[found[f]], near.spread_m[found[f]]):
                continue
            dt_s = (heard.t_ns[j] - track.t_ns) * 1e-9
            for h in range(MODELS):
                means[size, h], covs[size, h] = track.mean[h], track.cov[h]
                if track.weight[h] < WEIGHT_MIN:
                    continue
                like[size, h] = math.exp(line_update(
                    means[size, h], covs[size, h], dt_s, heard.origin_m[j], heard.axes[j],
                    heard.azimuth[j], heard.sigma_az[j], heard.elevation[j], heard.sigma_el[j],
                    heard.sound_mps[j], 0.0,
                ))  # fmt: skip
                chance[size] += track.weight[h] * like[size, h]
            weight[size] = track.existence * track.noisy * pd[f] * chance[size] / silent
            owner[size], said[size] = f, j - first
            if chance[size] > 0.0:
                size += 1
            else:
                like[size] = 0.0
    other = np.empty(end - first)
    for j in range(first, end):
        other[j - first] = elsewhere(heard, j, loud)
    down, _ = marginals(owner[:size], said[:size], weight[:size], other)
    begun = 0
    for f in range(len(found)):
        stop = begun
        while stop < size and owner[stop] == f:
            weight[stop] *= down[stop]
            like[stop] /= chance[stop]
            stop += 1
        _settle(
            tracks[found[f]], heard, first, pd[f], said[begun:stop], weight[begun:stop],
            like[begun:stop], means[begun:stop], covs[begun:stop], explained,
        )  # fmt: skip
        begun = stop


@njit(cache=True, nogil=True, error_model="numpy")
def _spread_out(track: Record, heard: Heard, j: int, i: int, near: Near, at: float) -> float:
    """Chance to hear track i over its spread, given that at its middle."""
    if near.spread_m[i] <= WIDE * heard.reach_m[j]:
        return at
    h, dt_s = near.leader[i], (heard.t_ns[j] - track.t_ns) * 1e-9
    return presence_chance(track.mean[h], track.cov[h], dt_s, ear(heard, j, 1.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(
    track: Record, heard: Heard, first: int, pd: float, said: IntArray, weight: FloatArray,
    ratio: FloatArray, means: FloatArray, covs: FloatArray, explained: FloatArray,
) -> None:  # fmt: skip
    """Correct a track by its pairs with the bearings from `first` on.

    `weight` (p,) against that no bearing is its own, `ratio` (p,M) the likelihoods of the models
    over their mean, `means` and `covs` the corrected states. A node that speaks is silent of every
    other source that it should hear. Were that not charged, a bearing could only ever raise a
    track, and the twin of a loud one would live. In full (`SILENCE` is for nodes that may be
    deaf): this one hears. A passer-by who tells of one thing says nothing of others.
    """
    exists, noisy, none = track.existence, track.noisy, 1.0
    for p in range(len(said)):
        none += weight[p]
    none = 1.0 / none
    opinion = heard.opinion[first]
    unseen = 1.0 - pd if _counts(heard, first, pd) else 1.0
    missed = exists * (1.0 - noisy + noisy * unseen)
    missed /= missed + 1.0 - exists
    there = missed * (1.0 - opinion * (1.0 - none)) + opinion * (1.0 - none)
    left, log_like = 1.0, np.zeros(MODELS)
    for p in range(len(said)):
        weight[p] *= opinion * none / there
        left -= weight[p]
    left = max(left, 0.0)
    for h in range(MODELS):
        total = left
        for p in range(len(said)):
            part = weight[p] * ratio[p, h]
            if track.weight[h] < WEIGHT_MIN:
                total += weight[p]
            elif part > 0.0:
                total += part
                join(track.mean[h], track.cov[h], means[p, h], covs[p, h], part / total)
        log_like[h] = math.log(max(total, 1e-300))
    reweigh(track, log_like, MODELS)
    track.existence = min(there, EXISTENCE_MAX)
    quiet = noisy * unseen / (1.0 - noisy + noisy * unseen)
    track.noisy = min(max(1.0 - left + left * quiet, NOISY_LEAST), NOISY_MOST)
    for p in range(len(said)):
        mass = weight[p] * there
        if mass >= 1e-9:
            explained[first + said[p]] += mass
            _note(track, heard, first + said[p], mass)


@njit(cache=True, nogil=True, error_model="numpy")
def _counts(heard: Heard, j: int, pd: float) -> bool:
    """Whether the node of bearing j should have spoken of what it hears with chance `pd`."""
    return bool(heard.node[j] >= 0 and pd >= hearing(SILENT * heard.reach_m[j], heard.reach_m[j],
                                                     heard.chance[j]))  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _hearable(
    track: Record, heard: Heard, j: int, at: float, spread_m: float
) -> tuple[float, bool]:
    """Chance that the node of j hears a track, given that at its place; whether that holds for all
    of its spread, so that silence says nothing of where in it the track is."""
    chance = heard.chance[j] * track.noisy
    at *= track.noisy
    steep = at * (1.0 - at / chance) / (1.0 - at) if at < 1.0 else 1.0
    if not heard.heard[j] and 4.0 * steep * spread_m < MOVED * heard.reach_m[j]:
        return at, True
    dt_s, node = (heard.t_ns[j] - track.t_ns) * 1e-9, ear(heard, j, track.noisy)
    pd, flying = 0.0, 0.0
    for h in range(MODELS):
        if track.weight[h] >= WEIGHT_MIN:
            pd += track.weight[h] * presence_chance(track.mean[h], track.cov[h], dt_s, node)
            flying += track.weight[h]
    return pd / flying, False


@njit(cache=True, nogil=True, error_model="numpy")
def _doubt(track: Record, noisy: float, quiet: float) -> None:
    """Bayes between a source that can be heard and one that cannot, by likelihoods of both."""
    there = track.noisy * noisy
    share = there / (there + (1.0 - track.noisy) * quiet)
    track.noisy = min(max(share, NOISY_LEAST), NOISY_MOST)


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
    steady = np.zeros(k, np.bool_)
    for f in range(k):
        i = found[f]
        pd[f], steady[f] = _hearable(tracks[i], heard, j, pd[f], near.spread_m[i])
        still *= 1.0 - tracks[i].existence * pd[f]
    for f in range(k):
        i = found[f]
        exists = tracks[i].existence
        others = 1.0 - still / (1.0 - exists * pd[f])
        noisy, nothing = tracks[i].noisy, others if sounds else 1.0
        loud = min(pd[f] / noisy, 1.0)
        like = others + (1.0 - others) * loud if sounds else (1.0 - loud) ** SILENCE
        there = noisy * like + (1.0 - noisy) * nothing
        tracks[i].existence = exists * there / (exists * there + (1.0 - exists) * nothing)
        tracks[i].existence = min(tracks[i].existence, EXISTENCE_MAX)
        _doubt(tracks[i], like, nothing)
        if steady[f]:
            continue
        dt_s = (heard.t_ns[j] - tracks[i].t_ns) * 1e-9
        log_like = np.empty(MODELS)
        for h in range(MODELS):
            log_like[h] = math.log(1.0 - (1.0 - others) * (1.0 - pd[f]) if sounds else 1.0 - pd[f])
            if tracks[i].weight[h] >= WEIGHT_MIN:
                log_like[h] = presence_update(
                    tracks[i].mean[h], tracks[i].cov[h], dt_s, ear(heard, j, noisy),
                    others if sounds else 0.0, sounds,
                )  # fmt: skip
        reweigh(tracks[i], log_like, MODELS)
        if sounds:
            _note(tracks[i], heard, j, exists * pd[f] / (1.0 - still))
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
def _ends(heard: Heard, j: int) -> int:
    """The row after the last bearing that the node of bearing j gave at its time."""
    k, most = j + 1, min(j + LINES_MAX if heard.node[j] >= 0 else j + 1, len(heard.t_ns))
    while (
        k < most and heard.node[k] == heard.node[j]
        and heard.line[k] and heard.t_ns[k] == heard.t_ns[j]
        and heard.sound_mps[k] == heard.sound_mps[j]
    ):  # fmt: skip
        k += 1
    return k


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
    explained[:] = 0.0
    j = 0
    while j < k:
        g, before = heard.node[j], 0.0
        if g >= 0 and (heard.t_ns[j] - book.heard_ns[g]) * 1e-9 < MEMORY_S:
            before = book.loud[g]
        end = _ends(heard, j) if heard.line[j] else j + 1
        loud[j:end] = before
        count = find(tracks, near, heard, j, banks[0], found, pd, scratch[0])
        rows = found[:count]
        if count > 0 and heard.line[j]:
            _lines(tracks, heard, j, end, rows, pd, near, before, explained)
        elif count > 0:
            noise = noise_chance(heard, j, before)
            explained[j] = _presence(tracks, heard, j, rows, near, noise, pd)
        for f in range(count):
            last[rows[f]] = j
        if g >= 0 and heard.heard[j]:
            book.heard_ns[g], book.loud[g] = heard.t_ns[j], 1.0 - np.mean(explained[j:end])
        elif g >= 0:
            if book.silent_ns[g] <= book.heard_ns[g]:
                book.quiet_ns[g] = heard.t_ns[j]
            book.silent_ns[g], book.loud[g] = heard.t_ns[j], 0.0
        j = end
    up = np.empty(3)
    for i in range(n):
        if last[i] >= 0 and not tracks[i].has_height:
            ground_m = height_and_up(heard.origin_m[last[i]], up)
            for h in range(MODELS):
                level(tracks[i].mean[h], tracks[i].cov[h], ground_m)
