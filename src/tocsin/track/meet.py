"""Who meets whom in one look: the reports near each track and seed, and the pairs they make.

Neighbours are found for a block of tracks or seeds by one call: a kernel that is handed arrays
counts references to each, atomically, and for one track that takes longer than the search.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track import grid
from tocsin.track.correct import invert, log_likelihood
from tocsin.track.motion import WEIGHT_MIN, advance, leading
from tocsin.track.pairs import (
    GATE,
    GATE_LOOSE,
    LOOK_S,
    SAME_LOOK,
    Look,
    Pairs,
    chance_left,
    doubled,
    kinship,
    likelihoods,
    may_fit,
    seed_left,
)
from tocsin.track.table import CROWD, FALLS, HYPOTHESES, MODELS, Record, Records
from tocsin.track.upward import vertical
from tocsin.words import FloatArray, IntArray

SEED_CROWD: Final = 10  # the same for a seed; chosen
ECHO: Final = 9.0
"""Squared Mahalanobis length within which a look's second report is an established target's: a
rotating radar's split plot arrives milliseconds later, and must not begin a second track."""
ECHO_ANY: Final = 2.0  # of any track: two targets so close are not resolved; chosen
WEIGHT_PART_MIN: Final = 1e-4  # a pair less likely than this against clutter is left out; chosen
_SLACK_MPS2: Final = 40.0  # coarse gate of a falling body: drag of beta 5 t/m2 at 600 m/s
_BLOCK: Final = 256  # tracks or seeds searched for at once; chosen: 100 kB of room


class _Around(NamedTuple):
    """Where a block of tracks or seeds look for reports, and what they find."""

    centre_m: FloatArray  # (b,3)
    wide_m: FloatArray  # (b,) reach; negative: does not look
    narrow_m: FloatArray  # (b,) ... of those who find a crowd
    found: IntArray  # (b,CROWD) reports
    met: IntArray  # (b,) how many


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _reach_m(track: Record, m: int, dt_s: float, noise_m2: float, bank: Record) -> float:
    """Radius of a sphere about model m's place in `dt_s` that holds its gate."""
    speed2, spread = 0.0, noise_m2
    for a in range(3):
        v = track.mean[m, a + 3]
        speed2 += v * v
        cov = track.cov[m]
        spread += cov[a, a] + dt_s * (2.0 * cov[a, a + 3] + dt_s * cov[a + 3, a + 3])
    spread += (2.0 * bank.noise_m2ps3[m, 0] + bank.noise_m2ps3[m, 1]) * abs(dt_s) ** 3 / 3.0
    turned = abs(bank.turn_rps[m] * dt_s) + bank.decay_ps[m] * abs(dt_s)
    return float(math.sqrt(GATE * spread) + math.sqrt(speed2) * (LOOK_S + abs(dt_s) * turned))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _around(
    track: Record, t_ns: int, noise_m2: float, bank: Record, place: FloatArray
) -> tuple[float, float]:
    """Centre to `place` (3,); radii that hold the leading model's gate and every hypothesis's."""
    dt_s = (t_ns - track.t_ns) * 1e-9
    lead = leading(track)
    for a in range(3):
        place[a] = track.mean[lead, a] + dt_s * track.mean[lead, a + 3]
    narrow = _reach_m(track, lead, dt_s, noise_m2, bank) if track.weight[lead] > 0.0 else 0.0
    wide = narrow
    for m in range(MODELS):
        if m == lead or track.weight[m] < WEIGHT_MIN:
            continue
        off = 0.0
        for a in range(3):
            off += (track.mean[m, a] + dt_s * track.mean[m, a + 3] - place[a]) ** 2
        wide = max(wide, math.sqrt(off) + _reach_m(track, m, dt_s, noise_m2, bank))
    for h in range(FALLS):
        if track.weight[MODELS + h] <= 0.0:
            continue
        off, spread = 0.0, noise_m2
        mean, cov = track.fall_mean[h], track.fall_cov[h]
        for a in range(3):
            off += (mean[a] + dt_s * mean[a + 3] - place[a]) ** 2
            spread += cov[a, a] + dt_s * (2.0 * cov[a, a + 3] + dt_s * cov[a + 3, a + 3])
        reach = math.sqrt(off) + math.sqrt(GATE * spread)
        reach += 0.5 * _SLACK_MPS2 * dt_s * dt_s + 200.0
        narrow, wide = max(narrow, reach), max(wide, reach)
    return narrow, wide


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    tracks: Records, book: Records, n: int, seeds: Records, ns: int, reports: Records, look: Look,
    bank: Record, other: FloatArray, work: Record,
) -> Pairs:  # fmt: skip
    """All pairs inside their gates; the tracks that have candidates are advanced to the look.

    `other` (m,) is the density (1/m3) of clutter and new targets at each report.
    """
    m = len(reports)
    places = np.empty((m, 3))
    noise_m2 = 0.0
    for j in range(m):
        trace = 0.0
        for a in range(3):
            places[j, a] = reports[j].position_m[a]
            trace += reports[j].covariance_m2[a, a]
        noise_m2 = max(noise_m2, trace)
    buckets = grid.build(places)
    room = 2 * (n + m) + 64
    pairs = Pairs(
        np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, HYPOTHESES)),
        np.empty(room), np.zeros(m, np.bool_),
    )  # fmt: skip
    around = _Around(
        np.empty((_BLOCK, 3)), np.empty(_BLOCK), np.empty(_BLOCK),
        np.empty((_BLOCK, CROWD), np.int64), np.empty(_BLOCK, np.int64),
    )  # fmt: skip
    size = int(np.int64(0))  # a literal 0 is a type of its own: compiled twice
    for begin in range(0, n, _BLOCK):
        end = min(begin + _BLOCK, n)
        _around_tracks(tracks, begin, end, look.t_ns, noise_m2, bank, around, work)
        most = size + _meet(buckets, places, around, end - begin, CROWD)
        while most > len(pairs.owner):
            pairs = doubled(pairs)
        size = _of_tracks(tracks, book, begin, end, reports, look, bank, pairs, size, around, work)
    groups, parts = speed_groups(bank)
    fast_mps, usual_mps = groups[:, 0].max(), groups[np.argmax(parts), 0]
    for begin in range(0, ns, _BLOCK):
        end = min(begin + _BLOCK, ns)
        _around_seeds(seeds, begin, end, look, noise_m2, fast_mps, usual_mps, around)
        most = size + _meet(buckets, places, around, end - begin, SEED_CROWD)
        while most > len(pairs.owner):
            pairs = doubled(pairs)
        size = _of_seeds(
            seeds, begin, end, n, reports, look, groups, parts, other, pairs, size, around, work
        )
    return Pairs(
        pairs.owner[:size], pairs.report[:size], pairs.log_like[:size], pairs.weight[:size],
        pairs.echo,
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _around_tracks(
    tracks: Records, begin: int, end: int, t_ns: int, noise_m2: float, bank: Record,
    around: _Around, work: Record,
) -> None:  # fmt: skip
    """Write where the tracks of rows ``[begin, end)`` look."""
    centre_m, wide_m, narrow_m = around.centre_m, around.wide_m, around.narrow_m
    for b in range(end - begin):
        narrow_m[b], wide_m[b] = _around(tracks[begin + b], t_ns, noise_m2, bank, work.place)
        for a in range(3):
            centre_m[b, a] = work.place[a]


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _around_seeds(
    seeds: Records, begin: int, end: int, look: Look, noise_m2: float, fast_mps: float,
    usual_mps: float, around: _Around,
) -> None:  # fmt: skip
    """Write how far the seeds of rows ``[begin, end)`` may have flown."""
    centre_m, wide_m, narrow_m = around.centre_m, around.wide_m, around.narrow_m
    sensor, t_ns, same_s = look.sensor, look.t_ns, SAME_LOOK * look.scan_s
    for b in range(end - begin):
        seed = seeds[begin + b]
        dt_s = abs(t_ns - seed.t_ns) * 1e-9
        spread_m2 = noise_m2
        for a in range(3):
            spread_m2 += seed.covariance_m2[a, a]
            centre_m[b, a] = seed.position_m[a]
        fast_m, usual_m = fast_mps * dt_s, usual_mps * dt_s
        wide_m[b] = math.sqrt(GATE * (spread_m2 + fast_m * fast_m))
        narrow_m[b] = math.sqrt(GATE * (spread_m2 + usual_m * usual_m))
        if seed.sensor == sensor and dt_s <= same_s:
            wide_m[b] = -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _meet(buckets: grid.Grid, places: FloatArray, around: _Around, size: int, crowd: int) -> int:
    """Find the reports around the first `size`; how many. A crowd is left for what is nearer."""
    count, wide_m, narrow_m = around.met, around.wide_m, around.narrow_m
    count[:size] = 0
    grid.near(buckets, places, around.centre_m, wide_m, size, around.found, count, crowd)
    total, crowds = 0, 0
    for b in range(size):
        total += count[b]
        wide_m[b] = narrow_m[b] if count[b] == crowd else -1.0
        crowds += 1 if count[b] == crowd else 0
    if crowds > 0:
        grid.near(buckets, places, around.centre_m, wide_m, size, around.found, count, crowd)
    return total


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _of_tracks(
    tracks: Records, book: Records, begin: int, end: int, reports: Records, look: Look,
    bank: Record, pairs: Pairs, size: int, around: _Around, work: Record,
) -> int:  # fmt: skip
    """Append the pairs of tracks ``[begin, end)`` with the reports found; how many there are."""
    owner, report_of, weight, echo = pairs.owner, pairs.report, pairs.weight, pairs.echo
    log_like, found, count, like = pairs.log_like, around.found, around.met, work.log_like
    sensor, t_ns, scan_s, chance = look.sensor, look.t_ns, look.scan_s, look.chance
    waited_s, left = 0.0, 1.0  # a look's tracks wait equally long
    for b in range(end - begin):
        if count[b] == 0:
            continue
        track, mine = tracks[begin + b], book[begin + b, sensor]
        dt_s = max((t_ns - track.t_ns) * 1e-9, 0.0)
        if dt_s != waited_s:
            waited_s, left = dt_s, math.exp(-dt_s / bank.life_s)
        track.existence *= left
        advance(track, t_ns, bank, work)
        again = abs(t_ns - mine.ns) * 1e-9 <= SAME_LOOK * scan_s and mine.mass > 0.5
        there = track.existence * chance_left(mine, t_ns, scan_s, chance)
        for f in range(count[b]):
            j = found[b, f]
            report = reports[j]
            same = kinship(track.mode_s, track.mode_3a, report)
            if same <= 0.0 or not may_fit(track, report):
                continue
            length = likelihoods(track, report, bank, like, work)
            if not length <= GATE:
                continue
            if again and length < (ECHO if track.existence > 0.5 else ECHO_ANY):
                echo[j] = True
            density = 0.0
            for h in range(HYPOTHESES):
                log_like[size, h] = like[h]
                if track.weight[h] > 0.0:
                    density += track.weight[h] * math.exp(like[h])
            owner[size], report_of[size] = begin + b, j
            weight[size] = there * density * same / (1.0 - there)
            size += 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def speed_groups(bank: Record) -> tuple[FloatArray, FloatArray]:
    """The distinct guesses of speed among the models (G,2) and their weights at birth (G,)."""
    groups, parts = np.empty((MODELS, 2)), np.zeros(MODELS)
    count = 0
    for m in range(MODELS):
        flat, steep = bank.speed_sd_mps[m, 0], bank.speed_sd_mps[m, 1]
        g = 0
        while g < count and (groups[g, 0] != flat or groups[g, 1] != steep):
            g += 1
        if bank.start[m] <= 0.0:
            continue
        if g == count:
            groups[g, 0], groups[g, 1] = flat, steep
            count += 1
        parts[g] += bank.start[m]
    return groups[:count].copy(), parts[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _of_seeds(
    seeds: Records, begin: int, end: int, n: int, reports: Records, look: Look,
    groups: FloatArray, parts: FloatArray, other: FloatArray, pairs: Pairs, size: int,
    around: _Around, work: Record,
) -> int:  # fmt: skip
    """Append the pairs of seeds: straight lines to a report, at speeds we believe; their end."""
    owner, report_of, weight = pairs.owner, pairs.report, pairs.weight
    found, count, up, miss = around.found, around.met, work.up, work.miss
    spread, inverse = work.spread, work.inverse
    for b in range(end - begin):
        if count[b] == 0:
            continue
        seed = seeds[begin + b]
        there = seed_left(seed, look) * look.chance
        vertical(seed.position_m, up)
        for f in range(count[b]):
            j = found[b, f]
            report = reports[j]
            dt_s = (report.t_ns - seed.t_ns) * 1e-9
            density, off2, noise_m2 = 0.0, 0.0, 0.0
            for a in range(3):
                miss[a] = report.position_m[a] - seed.position_m[a]
                off2 += miss[a] * miss[a]
                noise_m2 += seed.covariance_m2[a, a] + report.covariance_m2[a, a]
            for g in range(len(parts)):
                flat, steep = (groups[g, 0] * dt_s) ** 2, (groups[g, 1] * dt_s) ** 2
                if off2 > GATE_LOOSE * (noise_m2 + 2.0 * flat + steep):
                    continue
                for a in range(3):
                    for c in range(3):
                        spread[a, c] = seed.covariance_m2[a, c] + report.covariance_m2[a, c]
                        spread[a, c] += (steep - flat) * up[a] * up[c]
                    spread[a, a] += flat
                trace = spread[0, 0] + spread[1, 1] + spread[2, 2]
                det = invert(spread, inverse) if off2 <= GATE * trace else 0.0
                if det > 0.0:
                    log_like, length = log_likelihood(det, miss, inverse)
                    if length <= GATE:
                        density += parts[g] * math.exp(log_like)
            if density <= 0.0:
                continue
            same = kinship(seed.mode_s, seed.mode_3a, report)
            part = there * density * same / (1.0 - there)
            if part >= WEIGHT_PART_MIN * other[j]:
                owner[size], report_of[size], weight[size] = n + begin + b, j, part
                size += 1
    return size
