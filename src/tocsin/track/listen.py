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

from tocsin.track.earshot import CROWD, Book, Heard, Near, find
from tocsin.track.fall import height_and_up
from tocsin.track.hear import line_update, merge, presence_chance, presence_update
from tocsin.track.sound import NOISY_LEAST, NOISY_MOST
from tocsin.track.state import reweigh
from tocsin.track.table import EVIDENCE, MODELS, Record, Records
from tocsin.words import FloatArray, IntArray

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
HEIGHT_M: Final = 600.0  # above the node, of what nobody measured; drones fly at 50-3000 m
HEIGHT_SD_M: Final = 400.0
CLIMB_SD_MPS: Final = 5.0  # chosen: one-way drones keep their height
MOVED: Final = 0.05  # silence that shifts no state by this part of its s.d. only counts; chosen
WEIGHT_MIN: Final = 1e-4  # a model below this share is not corrected; chosen


class Told(NamedTuple):
    """In which group of bearings of one node a track was last a source, how surely; n tracks."""

    group: IntArray
    mass: FloatArray


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
    tracks: Records, heard: Heard, j: int, found: IntArray, pd: FloatArray, nothing: float,
    told: Told, group: int,
) -> float:  # fmt: skip
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
        chance[f] *= pd[f] * tracks[i].noisy
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
            ratio = 1.0 if like[f, h] == 0.0 and tracks[i].weight[h] < WEIGHT_MIN else (
                pd[f] * tracks[i].noisy * like[f, h] / chance[f])  # fmt: skip
            bayes[h] = 1.0 - share + share * ratio
            if like[f, h] > 0.0:
                part = share * ratio / bayes[h]
                merge(tracks[i].mean[h], tracks[i].cov[h], means[f, h], covs[f, h], part)
            bayes[h] = math.log(max(bayes[h], 1e-300))
        reweigh(tracks[i], bayes)
        tracks[i].existence = min(there, EXISTENCE_MAX)
        tracks[i].noisy = min(share + (1.0 - share) * tracks[i].noisy, NOISY_MOST)
        if heard.node[j] >= 0:
            before = told.mass[i] if told.group[i] == group else 0.0
            told.group[i], told.mass[i] = group, before + (1.0 - before) * mass
        _note(tracks, i, heard, j, mass)
    return explained


@njit(cache=True, nogil=True, error_model="numpy")
def _hearable(
    track: Record, heard: Heard, j: int, at: float, spread_m: float
) -> tuple[float, bool]:
    """Chance that the node of j hears a track, given that at its place; whether that holds for all
    of its spread, so that silence says nothing of where in it the track is."""
    chance = heard.chance[j] * track.noisy
    at *= track.noisy
    steep = at * (1.0 - at / chance) / (1.0 - at) if at < 1.0 else 1.0
    silent = heard.line[j] or not heard.heard[j]
    if silent and 4.0 * steep * spread_m < MOVED * heard.reach_m[j]:
        return at, True
    dt_s = (heard.t_ns[j] - track.t_ns) * 1e-9
    pd, flying = 0.0, 0.0
    for h in range(MODELS):
        if track.weight[h] >= WEIGHT_MIN:
            pd += track.weight[h] * presence_chance(
                track.mean[h], track.cov[h], dt_s, heard.origin_m[j], heard.axes[j],
                heard.reach_m[j], chance, heard.sound_mps[j],
            )  # fmt: skip
            flying += track.weight[h]
    return pd / flying, False


@njit(cache=True, nogil=True, error_model="numpy")
def _doubt(track: Record, noisy: float, quiet: float) -> None:
    """Bayes between a source that can be heard and one that cannot, by likelihoods of both."""
    there = track.noisy * noisy
    share = there / (there + (1.0 - track.noisy) * quiet)
    track.noisy = min(max(share, NOISY_LEAST), NOISY_MOST)


@njit(cache=True, nogil=True, error_model="numpy")
def _unheard(
    tracks: Records, heard: Heard, j: int, found: IntArray, near: Near, pd: FloatArray,
    told: Told, group: int,
) -> None:  # fmt: skip
    """Charge the tracks `found` with what the node of j did not say of them: j is its last bearing.

    Who hears one source is not silent, but it is silent about every other that it should hear.
    Without this charge a bearing could only ever raise a track, and the twin of a loud one lived.
    In full (`SILENCE` is for nodes that may be deaf): this one hears.
    """
    for f in range(len(found)):
        track = tracks[found[f]]
        mass = told.mass[found[f]] if told.group[found[f]] == group else 0.0
        pd[f], _ = _hearable(track, heard, j, pd[f], near.spread_m[found[f]])
        missed = 1.0 - min(pd[f] / track.noisy, 1.0)
        like = 1.0 - track.noisy + track.noisy * missed
        rest = max(track.existence - mass, 0.0)
        rest *= like / (rest * like + max(1.0 - track.existence, 1e-9)) * (1.0 - mass)
        track.existence = min(mass + rest, EXISTENCE_MAX)
        noisy = track.noisy
        _doubt(track, missed, 1.0)
        share = mass / max(track.existence, mass)
        track.noisy = share * noisy + (1.0 - share) * track.noisy


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
                    tracks[i].mean[h], tracks[i].cov[h], dt_s, heard.origin_m[j], heard.axes[j],
                    heard.reach_m[j], heard.chance[j] * noisy, others if sounds else 0.0, sounds,
                    heard.sound_mps[j],
                )  # fmt: skip
        reweigh(tracks[i], log_like)
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
def _ends(heard: Heard, j: int) -> bool:
    """Whether bearing j is the last that its node gave at its time."""
    k = j + 1
    return bool(
        k == len(heard.t_ns) or heard.node[k] != heard.node[j] or heard.t_ns[k] != heard.t_ns[j]
    )


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
    told, group = Told(np.full(n, -1), np.zeros(n)), 0
    for j in range(k):
        g = heard.node[j]
        explained[j], loud[j] = 0.0, 0.0
        if g >= 0:
            age_s = (heard.t_ns[j] - book.heard_ns[g]) * 1e-9
            loud[j] = book.loud[g] if age_s < MEMORY_S else 0.0
        quiet = not heard.heard[j]
        count = find(tracks, near, heard, j, quiet, banks[0], found, pd, scratch[0])
        rows = found[:count]
        if count > 0 and heard.line[j]:
            nothing = elsewhere(heard, j, loud[j])
            explained[j] = _line(tracks, heard, j, rows, pd, nothing, told, group)
        elif count > 0:
            noise = noise_chance(heard, j, loud[j])
            explained[j] = _presence(tracks, heard, j, rows, near, noise, pd)
        for f in range(count):
            last[rows[f]] = j
        if heard.line[j] and g >= 0 and _ends(heard, j):
            count = find(tracks, near, heard, j, True, banks[0], found, pd, scratch[0])
            _unheard(tracks, heard, j, found[:count], near, pd, told, group)
            group += 1
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
