"""Which report may be whose: gates and likelihoods of one look.

Each track or seed is a Bernoulli component (it exists with probability r and is reported with
chance pd), each report is a target's, a new target's or clutter's. A pair's weight is the ratio of
"exists and is reported here" to "is not reported"; `belief` makes marginals of the weights.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track import grid
from tocsin.track.correct import innovate, invert, log_likelihood
from tocsin.track.falling import fall_log_likelihood
from tocsin.track.motion import WEIGHT_MIN, advance, leading
from tocsin.track.table import CROWD, FALLS, HYPOTHESES, MODELS, Record, Records
from tocsin.track.upward import vertical
from tocsin.words import BoolArray, FloatArray, IntArray

GATE: Final = 16.0
"""Squared Mahalanobis gate: 4 s.d., as the neutral benchmark's; 0.11 % of true reports fall out."""
FAR: Final = 36.0
"""... 6 s.d. by the trace, for leaving a model out of a pair altogether. Chosen: what it would add
is below exp(-18) of its peak, and a model that is best for a report stays in."""
_GATE_LOOSE: Final = 1.01 * GATE  # by the trace; rounding then decides nothing
SAME_LOOK: Final = 0.5
"""Reports of one sensor closer in time than this part of a scan are of one look at the target."""
IDENTITY_SAME: Final = 1e3  # chosen: 24-bit addresses agree by chance in far fewer cases
IDENTITY_LOST: Final = 0.1  # one reply in ten is missed (garbling, shielding); chosen
CODE_SAME: Final = 30.0  # Mode 3/A codes are shared by some 1 in 30 aircraft in an area; chosen
CODE_OTHER: Final = 0.05  # a code is changed, or decoded wrongly, now and then; chosen
SEED_CROWD: Final = 10  # the same for a seed; chosen
ECHO: Final = 9.0
"""Squared Mahalanobis length within which a look's second report is an established target's: a
rotating radar's split plot arrives milliseconds later, and must not begin a second track."""
ECHO_ANY: Final = 2.0  # of any track: two targets so close are not resolved; chosen
WEIGHT_PART_MIN: Final = 1e-4  # a pair less likely than this against clutter is left out; chosen
SCAN_S_MIN: Final = 0.1
CHANCE: Final = (0.05, 0.99)  # no sensor is blind or perfect; keeps odds finite
LOOK_S: Final = 0.1
"""Reports of one sensor within this are one association problem: 2 km of a 10 s radar's sweep."""
_SLACK_MPS2: Final = 40.0  # coarse gate of a falling body: drag of beta 5 t/m2 at 600 m/s


class Look(NamedTuple):
    """One sensor's look."""

    sensor: int  # row of `Sensors`
    scan_s: float
    chance: float  # of a target in view
    t_ns: int  # of its last report
    place: FloatArray  # (3,) NaN unknown
    range_m: float


class Pairs(NamedTuple):
    """Gated pairs, grouped by owner: a row of the table, or n + a seed."""

    owner: IntArray  # (p,)
    report: IntArray  # (p,)
    log_like: FloatArray  # (p,H) for each hypothesis of a row, ln 1/m3; unused for seeds
    weight: FloatArray  # (p,)
    echo: BoolArray  # (m,) the report repeats what this look already said of a track


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
def _kinship(mode_s: int, mode_3a: int, report: Record) -> float:
    """How much likelier the identities of a track and report j are if they are the same."""
    factor = 1.0
    if mode_s >= 0:
        if report.mode_s >= 0:
            factor = IDENTITY_SAME if report.mode_s == mode_s else 0.0
        else:
            factor = IDENTITY_LOST
    if mode_3a >= 0 and report.mode_3a >= 0:
        factor *= CODE_SAME if mode_3a == report.mode_3a else CODE_OTHER
    return factor


@njit(cache=True, nogil=True, error_model="numpy")
def chance_left(mine: Record, look: Look) -> float:
    """Chance that this look reports a track, if it is there and not reported in it yet.

    `mine` is the sensor's entry in the track's book.
    """
    age_s = (look.t_ns - mine.ns) * 1e-9
    if abs(age_s) > SAME_LOOK * look.scan_s:
        return float(look.chance)
    left = 1.0 - mine.mass
    return float(look.chance * left / max(1.0 - look.chance * (1.0 - left), 1e-9))


@njit(cache=True, nogil=True, error_model="numpy")
def _beyond(
    mean: FloatArray, cov: FloatArray, dt_s: float, report: Record, noise_m2: float, gate: float
) -> bool:
    """Whether a report surely lies outside `gate` about a model, without inverting anything.

    No squared Mahalanobis length is less than the squared distance over the trace.
    """
    off2, spread_m2 = 0.0, noise_m2
    for a in range(3):
        off2 += (report.position_m[a] - mean[a] - dt_s * mean[a + 3]) ** 2
        spread_m2 += cov[a, a] + dt_s * (2.0 * cov[a, a + 3] + dt_s * cov[a + 3, a + 3])
    return bool(off2 > gate * spread_m2)


@njit(cache=True, nogil=True, error_model="numpy")
def _may_fit(track: Record, report: Record) -> bool:
    """False when a report surely lies outside the gates of all models: most found nearby do."""
    if track.weight[MODELS] + track.weight[MODELS + 1] > 0.0:
        return True
    dt_s, noise_m2 = (report.t_ns - track.t_ns) * 1e-9, 0.0
    for a in range(3):
        noise_m2 += report.covariance_m2[a, a]
    for m in range(MODELS):
        if track.weight[m] > 0.0 and not _beyond(
            track.mean[m], track.cov[m], dt_s, report, noise_m2, _GATE_LOOSE
        ):
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def likelihoods(
    track: Record, report: Record, bank: Record, out: FloatArray, work: Record
) -> float:
    """ln likelihood of a report for each hypothesis to `out` (H,), -inf for one without weight.

    Returns the least squared Mahalanobis length among them.
    """
    dt_s = (report.t_ns - track.t_ns) * 1e-9
    nearest = np.inf
    noise_m2 = 0.0
    for a in range(3):
        noise_m2 += report.covariance_m2[a, a]
    for m in range(MODELS):
        out[m] = -np.inf
        if track.weight[m] <= 0.0 or _beyond(
            track.mean[m], track.cov[m], dt_s, report, noise_m2, FAR
        ):
            continue
        det = innovate(
            track.mean[m], track.cov[m], dt_s, bank.noise_m2ps3[m, 0], report.position_m,
            report.covariance_m2, work.miss, work.inverse, work.spread,
        )  # fmt: skip
        if det > 0.0:
            out[m], length = log_likelihood(det, work.miss, work.inverse)
            nearest = min(nearest, length)
    for h in range(FALLS):
        out[MODELS + h] = -np.inf
        if track.weight[MODELS + h] > 0.0:
            out[MODELS + h], length = fall_log_likelihood(
                track, h, dt_s, report.position_m, report.covariance_m2
            )
            nearest = min(nearest, length)
    return float(nearest)


@njit(cache=True, nogil=True, error_model="numpy")
def _doubled(old: Pairs) -> Pairs:
    """The same pairs with twice the room."""
    size = len(old.owner)
    wider = Pairs(
        np.empty(2 * size, np.int64), np.empty(2 * size, np.int64),
        np.empty((2 * size, HYPOTHESES)), np.empty(2 * size), old.echo,
    )  # fmt: skip
    wider.owner[:size] = old.owner
    wider.report[:size] = old.report
    wider.log_like[:size] = old.log_like
    wider.weight[:size] = old.weight
    return wider


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
    size = int(np.int64(0))  # a literal 0 is a type of its own: compiled twice
    for i in range(n):
        narrow, wide = _around(tracks[i], look.t_ns, noise_m2, bank, work.place)
        count = grid.near(buckets, places, work.place, wide, work.found, CROWD)
        if count == CROWD:
            count = grid.near(buckets, places, work.place, narrow, work.found, CROWD)
        if count > 0:
            while size + count > len(pairs.owner):
                pairs = _doubled(pairs)
            mine = book[i, look.sensor]
            size = _of_track(tracks[i], mine, i, count, reports, look, bank, pairs, size, work)
    groups, parts = speed_groups(bank)
    fast_mps, usual_mps = groups[:, 0].max(), groups[np.argmax(parts), 0]
    for k in range(ns):
        count = _around_seed(seeds[k], look, noise_m2, fast_mps, usual_mps, buckets, places, work)
        if count > 0:
            while size + count > len(pairs.owner):
                pairs = _doubled(pairs)
            size = _of_seed(
                seeds[k], n + k, count, reports, look, groups, parts, other, pairs, size, work
            )
    return Pairs(
        pairs.owner[:size], pairs.report[:size], pairs.log_like[:size], pairs.weight[:size],
        pairs.echo,
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _of_track(
    track: Record, mine: Record, i: int, count: int, reports: Records, look: Look, bank: Record,
    pairs: Pairs, size: int, work: Record,
) -> int:  # fmt: skip
    """Append the pairs of track i with the `count` reports found; how many pairs there are."""
    dt_s = max((look.t_ns - track.t_ns) * 1e-9, 0.0)
    track.existence *= math.exp(-dt_s / bank.life_s)
    advance(track, look.t_ns, bank, work)
    again = abs(look.t_ns - mine.ns) * 1e-9 <= SAME_LOOK * look.scan_s and mine.mass > 0.5
    there = track.existence * chance_left(mine, look)
    for f in range(count):
        report = reports[work.found[f]]
        kinship = _kinship(track.mode_s, track.mode_3a, report)
        if kinship <= 0.0 or not _may_fit(track, report):
            continue
        length = likelihoods(track, report, bank, pairs.log_like[size], work)
        if not length <= GATE:
            continue
        if again and length < (ECHO if track.existence > 0.5 else ECHO_ANY):
            pairs.echo[work.found[f]] = True
        density = 0.0
        for h in range(HYPOTHESES):
            if track.weight[h] > 0.0:
                density += track.weight[h] * math.exp(pairs.log_like[size, h])
        pairs.owner[size], pairs.report[size] = i, work.found[f]
        pairs.weight[size] = there * density * kinship / (1.0 - there)
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


@njit(cache=True, nogil=True, error_model="numpy")
def _around_seed(
    seed: Record, look: Look, noise_m2: float, fast_mps: float, usual_mps: float,
    buckets: grid.Grid, places: FloatArray, work: Record,
) -> int:  # fmt: skip
    """Write to `work.found` the reports that a seed may have flown to; how many."""
    dt_s = abs(look.t_ns - seed.t_ns) * 1e-9
    if seed.sensor == look.sensor and dt_s <= SAME_LOOK * look.scan_s:
        return 0
    spread_m2 = noise_m2
    for a in range(3):
        spread_m2 += seed.covariance_m2[a, a]
        work.place[a] = seed.position_m[a]
    fast_m, usual_m = fast_mps * dt_s, usual_mps * dt_s
    reach_m = math.sqrt(GATE * (spread_m2 + fast_m * fast_m))
    count = grid.near(buckets, places, work.place, reach_m, work.found, SEED_CROWD)
    if count == SEED_CROWD:
        reach_m = math.sqrt(GATE * (spread_m2 + usual_m * usual_m))
        count = grid.near(buckets, places, work.place, reach_m, work.found, SEED_CROWD)
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def seed_left(seed: Record, look: Look) -> float:
    """Existence of a seed before this look: its sensor's looks since its report were silent."""
    missed = 0
    if seed.sensor == look.sensor:
        missed = max(round(abs(look.t_ns - seed.t_ns) * 1e-9 / look.scan_s) - 1, 0)
    silent = seed.existence * (1.0 - look.chance) ** missed
    return float(silent / (1.0 - seed.existence + silent))


@njit(cache=True, nogil=True, error_model="numpy")
def _of_seed(
    seed: Record, owner: int, count: int, reports: Records, look: Look, groups: FloatArray,
    parts: FloatArray, other: FloatArray, pairs: Pairs, size: int, work: Record,
) -> int:  # fmt: skip
    """Append the pairs of a seed: a straight line from it to a report, at a speed we believe."""
    up, miss, spread, inverse = work.up, work.miss, work.spread, work.inverse
    there = seed_left(seed, look) * look.chance
    vertical(seed.position_m, up)
    for f in range(count):
        j = work.found[f]
        report = reports[j]
        dt_s = (report.t_ns - seed.t_ns) * 1e-9
        density, off2, noise_m2 = 0.0, 0.0, 0.0
        for a in range(3):
            miss[a] = report.position_m[a] - seed.position_m[a]
            off2 += miss[a] * miss[a]
            noise_m2 += seed.covariance_m2[a, a] + report.covariance_m2[a, a]
        for g in range(len(parts)):
            flat, steep = (groups[g, 0] * dt_s) ** 2, (groups[g, 1] * dt_s) ** 2
            if off2 > _GATE_LOOSE * (noise_m2 + 2.0 * flat + steep):
                continue
            for a in range(3):
                for b in range(3):
                    spread[a, b] = seed.covariance_m2[a, b] + report.covariance_m2[a, b]
                    spread[a, b] += (steep - flat) * up[a] * up[b]
                spread[a, a] += flat
            trace = spread[0, 0] + spread[1, 1] + spread[2, 2]
            det = invert(spread, inverse) if off2 <= GATE * trace else 0.0
            if det > 0.0:
                log_like, length = log_likelihood(det, miss, inverse)
                if length <= GATE:
                    density += parts[g] * math.exp(log_like)
        if density <= 0.0:
            continue
        kinship = _kinship(seed.mode_s, seed.mode_3a, report)
        weight = there * density * kinship / (1.0 - there)
        if weight >= WEIGHT_PART_MIN * other[j]:
            pairs.owner[size], pairs.report[size], pairs.weight[size] = owner, j, weight
            size += 1
    return size
