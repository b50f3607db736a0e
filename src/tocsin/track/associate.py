"""Which report belongs to which track: gate, likelihood, marginal probabilities, correction.

Each track is a Bernoulli component (it exists with probability r and is reported with chance pd),
each report is a target's, a new target's or clutter's. The marginals come from loopy belief
propagation (Williams and Lau, IEEE TAES 50 (2014) 2942-2959, arXiv 1209.6299, algorithm 1), which
needs no ties broken: the answer is a sum over assignments, not one of them.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.fall import NOISE_M2PS3 as FALL_NOISE_M2PS3
from tocsin.track.fall import sane
from tocsin.track.filter import NOISE_M2PS3, correct, flatten, innovate, log_likelihood
from tocsin.track.table import AGILE, EVIDENCE, FALL, PAST, STEADY, Seen, Table
from tocsin.words import FloatArray, IntArray

GATE: Final = 16.0
"""Squared Mahalanobis gate: 4 s.d., as the neutral benchmark's; 0.11 % of true reports fall out."""
SAME_LOOK: Final = 0.5
"""Reports of one sensor closer in time than this part of a scan are of one look at the target."""
EXISTENCE_MAX: Final = 0.9999
"""Chosen, because five missed looks at pd 0.9 then halve what years of hits would have built."""
FALL_WEIGHT_MIN: Final = 1e-3  # a ballistic hypothesis below this is given up; chosen
FALL_WAIT: Final = PAST  # reports before it is tried again: by then all those kept are new ones
IDENTITY_SAME: Final = 1e3  # chosen: 24-bit addresses agree by chance in far fewer cases
IDENTITY_LOST: Final = 0.1  # one reply in ten is missed (garbling, shielding); chosen
CODE_SAME: Final = 30.0  # Mode 3/A codes are shared by some 1 in 30 aircraft in an area; chosen
CODE_OTHER: Final = 0.05  # a code is changed, or decoded wrongly, now and then; chosen
_SLACK_MPS2: Final = 40.0  # coarse gate of a falling body: drag of beta 5 t/m2 at 600 m/s
_ROUNDS: Final = 100
_SETTLED: Final = 1e-9


CROWD: Final = 48
"""Most reports that the agile hypothesis (whose first gate is kilometres wide) may add to one
track's gate; so many hold no news, and the work must not grow with their square. Chosen."""
YOUNG_LOOKS: Final = 3
"""Until so many looks a track follows its likeliest report alone: the mean of several starting
velocities is none of them, and its spread would only grow. Chosen."""
LOOK_S: Final = 0.1
"""Reports of one sensor within this are one association problem: 2 km of a 10 s radar's sweep."""


class Look(NamedTuple):
    """One sensor's look: row of `Sensors`, seconds a scan, chance to report, latest time."""

    sensor: int
    scan_s: float
    detection_chance: float
    t_ns: int


class Pairs(NamedTuple):
    """Gated pairs, grouped by track. `weight`: ratio of "reported here" to "not"."""

    track: IntArray
    report: IntArray
    log_like: FloatArray  # (p,3) for each hypothesis, ln 1/m3
    near: FloatArray  # (p,) least squared Mahalanobis length
    weight: FloatArray


@njit(cache=True, nogil=True)
def _reach_m(table: Table, i: int, h: int, t_ns: int, noise_m2: float, place: FloatArray) -> float:
    """Radius of a sphere about `place` (written: hypothesis h at `t_ns`) that holds the gate."""
    mean = table.fall_mean[i] if h == FALL else table.mean[i, h]
    cov = table.fall_cov[i] if h == FALL else table.cov[i, h]
    dt_s = (t_ns - table.t_ns[i]) * 1e-9
    spread, speed = noise_m2 + NOISE_M2PS3[AGILE][0] * abs(dt_s) ** 3, 0.0
    for a in range(3):
        place[a] = mean[a] + dt_s * mean[a + 3]
        speed += mean[a + 3] ** 2
        spread += cov[a, a] + dt_s * (2.0 * cov[a, a + 3] + dt_s * cov[a + 3, a + 3])
    reach = (GATE * spread) ** 0.5 + speed**0.5 * LOOK_S
    return float(reach + 0.5 * _SLACK_MPS2 * dt_s * dt_s if h == FALL else reach)


@njit(cache=True, nogil=True)
def candidates(table: Table, n: int, seen: Seen, t_ns: int) -> tuple[IntArray, IntArray]:
    """Pairs (track rows, reports) that survive the coarse gate, grouped by ascending track.

    Reports are sorted along one axis (stably), so that each track meets only its neighbours.
    """
    m = len(seen.t_ns)
    order = np.argsort(seen.position_m[:, 0], kind="mergesort")
    along = seen.position_m[:, 0][order]
    noise_m2 = 0.0
    for j in range(m):
        c = seen.covariance_m2[j]
        noise_m2 = max(noise_m2, c[0, 0] + c[1, 1] + c[2, 2])
    tracks, reports = np.empty(256, np.int64), np.empty(256, np.int64)
    count = 0
    place = np.empty(3)
    hit = np.zeros(m, np.int64)
    for i in range(n):
        if table.system_sensor[i] >= 0:
            continue
        for h in range(3):
            if table.weight[i, h] <= 0.0:
                continue
            reach = _reach_m(table, i, h, t_ns, noise_m2, place)
            begun = count
            for k in range(np.searchsorted(along, place[0] - reach), m):
                j = order[k]
                if along[k] > place[0] + reach:
                    break
                y, z = seen.position_m[j, 1] - place[1], seen.position_m[j, 2] - place[2]
                away = (along[k] - place[0]) ** 2 + y * y + z * z
                other = table.mode_s[i] >= 0 and seen.mode_s[j] >= 0
                if hit[j] == i + 1 or away > reach * reach:
                    continue
                if h == AGILE and count - begun == CROWD:
                    break
                if other and table.mode_s[i] != seen.mode_s[j]:
                    continue
                hit[j] = i + 1
                if count == len(tracks):
                    tracks = np.concatenate((tracks, np.empty(count, np.int64)))
                    reports = np.concatenate((reports, np.empty(count, np.int64)))
                tracks[count], reports[count] = i, j
                count += 1
    return tracks[:count].copy(), reports[:count].copy()


@njit(cache=True, nogil=True)
def likelihood(table: Table, i: int, seen: Seen, j: int, scale: float, out: FloatArray) -> float:
    """ln likelihood of report j (its covariance times `scale`) for each hypothesis to `out` (3,).

    A hypothesis without weight gets -inf. Returns the least squared Mahalanobis length.
    """
    miss, inverse = np.empty(3), np.empty((3, 3))
    dt_s = (seen.t_ns[j] - table.t_ns[i]) * 1e-9
    noise = seen.covariance_m2[j] * scale
    nearest = np.inf
    for h in range(3):
        out[h] = -np.inf
        if table.weight[i, h] <= 0.0:
            continue
        position = seen.position_m[j]
        if h == FALL:
            mean, cov, late = table.fall_mean[i], table.fall_cov[i], FALL_NOISE_M2PS3
        else:
            mean, cov, late = table.mean[i, h], table.cov[i, h], NOISE_M2PS3[h][0]
        det = innovate(mean, cov, dt_s, late, position, noise, miss, inverse)
        if det > 0.0:
            out[h], length = log_likelihood(det, miss, inverse)
            nearest = min(nearest, length)
    return float(nearest)


@njit(cache=True, nogil=True)
def _kinship(table: Table, i: int, seen: Seen, j: int) -> float:
    """How much likelier the identities of track i and report j are if they are the same."""
    factor = 1.0
    if table.mode_s[i] >= 0:
        factor *= IDENTITY_SAME if seen.mode_s[j] >= 0 else IDENTITY_LOST
    if table.mode_3a[i] >= 0 and seen.mode_3a[j] >= 0:
        factor *= CODE_SAME if table.mode_3a[i] == seen.mode_3a[j] else CODE_OTHER
    return factor


@njit(cache=True, nogil=True)
def _chance(table: Table, i: int, look: Look) -> float:
    """Chance that this look reports track i, if it is there and has not been reported in it yet."""
    age_s = (look.t_ns - table.look_ns[i, look.sensor]) * 1e-9
    if abs(age_s) > SAME_LOOK * look.scan_s:
        return float(look.detection_chance)
    left = 1.0 - table.look_mass[i, look.sensor]
    chance = look.detection_chance
    return float(chance * left / max(1.0 - chance * (1.0 - left), 1e-9))


@njit(cache=True, nogil=True)
def score(table: Table, seen: Seen, look: Look, tracks: IntArray, reports: IntArray) -> Pairs:
    """The pairs inside the fine gate, with likelihoods and the weights of belief propagation."""
    size = len(tracks)
    log_like, near, weight = np.empty((size, 3)), np.empty(size), np.empty(size)
    kept = np.empty(size, np.int64)
    count = 0
    for p in range(size):
        i, j = tracks[p], reports[p]
        near[count] = likelihood(table, i, seen, j, 1.0, log_like[count])
        if not near[count] <= GATE:
            continue
        density = 0.0
        for h in range(3):
            if table.weight[i, h] > 0.0:
                density += table.weight[i, h] * np.exp(log_like[count, h])
        there = table.existence[i] * _chance(table, i, look)
        weight[count] = there * density * _kinship(table, i, seen, j) / (1.0 - there)
        kept[count] = p
        count += 1
    chosen = kept[:count]
    return Pairs(
        tracks[chosen], reports[chosen], log_like[:count].copy(), near[:count].copy(),
        weight[:count].copy(),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def marginals(pairs: Pairs, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Messages from report to track per pair, and per report the chance that no track explains it.

    `other` (m,) is the density (1/m3) of clutter and new targets at each report. Stops when no
    message moves by more than 1e-9 of itself, or after 100 rounds (it converges; we bound it).
    """
    size, m = len(pairs.track), len(other)
    up, down = np.zeros(size), np.empty(size)
    column = np.zeros(m)
    for p in range(size):
        down[p] = 1.0 / other[pairs.report[p]]
    for _ in range(_ROUNDS):
        column[:] = 0.0
        start = 0
        while start < size:
            stop, total = start, 1.0
            while stop < size and pairs.track[stop] == pairs.track[start]:
                total += pairs.weight[stop] * down[stop]
                stop += 1
            for p in range(start, stop):
                up[p] = pairs.weight[p] / max(total - pairs.weight[p] * down[p], 1.0)
                column[pairs.report[p]] += up[p]
            start = stop
        moved = 0.0
        for p in range(size):
            j = pairs.report[p]
            new = 1.0 / (other[j] + max(column[j] - up[p], 0.0))
            moved = max(moved, abs(new - down[p]) * other[j])
            down[p] = new
        if moved < _SETTLED:
            break
    return down, other / (other + column)


@njit(cache=True, nogil=True)
def _note(table: Table, i: int, seen: Seen, j: int) -> None:
    """Record report j as the latest behind track i: times, identity, evidence, the last few."""
    table.hits[i] += 1
    late = seen.t_ns[j] < table.t_ns_seen[i]
    table.t_ns_seen[i] = max(table.t_ns_seen[i], seen.t_ns[j])
    table.has_height[i] |= seen.has_height[j]
    table.hints[i, seen.hint[j]] += 1
    if seen.friend[j]:
        table.t_ns_friend[i] = max(table.t_ns_friend[i], seen.t_ns[j])
    if seen.mode_s[j] >= 0:
        table.mode_s[i] = seen.mode_s[j]
    if seen.mode_3a[j] >= 0:
        table.mode_3a[i] = seen.mode_3a[j]
    for k in range(EVIDENCE - 1, 0, -1):
        table.evidence[i, k] = table.evidence[i, k - 1]
    table.evidence[i, 0] = seen.evidence[j]
    if late:
        return
    for k in range(PAST - 1, 0, -1):
        table.past_t_ns[i, k] = table.past_t_ns[i, k - 1]
        table.past_position[i, k] = table.past_position[i, k - 1]
        table.past_cov[i, k] = table.past_cov[i, k - 1]
    table.past_t_ns[i, 0] = seen.t_ns[j]
    table.past_position[i, 0] = seen.position_m[j]
    table.past_cov[i, 0] = seen.covariance_m2[j]


@njit(cache=True, nogil=True)
def account(table: Table, i: int, look: Look, mass: float) -> bool:
    """Enter in the book of looks that this one reported track i with chance `mass`.

    False when the look is older than the last one accounted for: it proves nothing more.
    """
    s = look.sensor
    age_s = (look.t_ns - table.look_ns[i, s]) * 1e-9
    if age_s < -SAME_LOOK * look.scan_s:
        return False
    before = 0.0
    if age_s <= SAME_LOOK * look.scan_s:
        before = table.look_mass[i, s]
    table.look_ns[i, s] = max(look.t_ns, table.look_ns[i, s])
    table.look_mass[i, s] = min(1.0, before + (1.0 - before) * mass)
    if before < 0.5 <= table.look_mass[i, s]:
        table.looks[i] += 1
        table.look_seen[i, s] = True
    return True


@njit(cache=True, nogil=True)
def absorb(
    table: Table, i: int, seen: Seen, reports: IntArray, chance: FloatArray, log_like: FloatArray,
    scale: float,
) -> None:  # fmt: skip
    """Correct every hypothesis of track i by weighted reports and weigh the hypotheses anew.

    `chance` (k,) given existence; `log_like` (k,3); `scale` times the reports' covariances.
    """
    k = len(reports)
    positions = seen.position_m[reports]
    noises = seen.covariance_m2[reports] * scale
    dt_s = (seen.t_ns[reports] - table.t_ns[i]) * 1e-9
    none = max(1.0 - chance.sum(), 0.0)
    best = np.empty(k)
    for j in range(k):
        best[j] = log_like[j].max()
    share, posterior = np.zeros((3, k)), np.zeros(3)
    for h in range(3):
        posterior[h] = none * table.weight[i, h]
    for j in range(k):
        total = 0.0
        for h in range(3):
            if table.weight[i, h] > 0.0:
                share[h, j] = table.weight[i, h] * np.exp(log_like[j, h] - best[j])
                total += share[h, j]
        for h in range(3):
            share[h, j] *= chance[j] / total
            posterior[h] += share[h, j]
    for h in range(3):
        if posterior[h] <= 0.0:
            continue
        weights = share[h] / posterior[h]
        if h == FALL:
            mean, cov, late = table.fall_mean[i], table.fall_cov[i], FALL_NOISE_M2PS3
        else:
            mean, cov, late = table.mean[i, h], table.cov[i, h], NOISE_M2PS3[h][0]
        correct(mean, cov, dt_s, late, positions, noises, weights)
        if h == FALL and not sane(mean, cov):
            posterior[FALL] = 0.0
            table.fall_wait[i] = FALL_WAIT
    _reweigh(table, i, posterior)
    leader = reports[np.argmax(chance)]
    if 1.0 - none >= 0.5:
        _note(table, i, seen, leader)
    if not table.has_height[i] and not seen.has_height[leader]:
        for h in (STEADY, AGILE):
            position, noise = seen.position_m[leader], seen.covariance_m2[leader]
            flatten(table.mean[i, h], table.cov[i, h], position, noise)
    table.changed[i] = True


@njit(cache=True, nogil=True)
def _reweigh(table: Table, i: int, posterior: FloatArray) -> None:
    """Store the weights of the hypotheses; give up a ballistic one that has all but lost."""
    total = posterior.sum()
    if table.fall_wait[i] > 0:
        table.fall_wait[i] -= 1
    if 0.0 < posterior[FALL] < FALL_WEIGHT_MIN * total:
        total -= posterior[FALL]
        posterior[FALL] = 0.0
        table.fall_wait[i] = FALL_WAIT
    for h in range(3):
        table.weight[i, h] = posterior[h] / total


@njit(cache=True, nogil=True)
def settle(table: Table, seen: Seen, look: Look, pairs: Pairs, down: FloatArray) -> None:
    """Update existence and state of every track in `pairs` by its marginal probabilities.

    Bernoulli update of the TOMB/P filter (Williams, IEEE TAES 51 (2015) 1664-1687, equations
    33-36 with the marginals of `marginals`). A look in which the track was already dealt with
    charges no second miss, and one older than the last charges and proves nothing. Young tracks
    (`YOUNG_LOOKS`) are moved by their likeliest report alone.
    """
    size = len(pairs.track)
    start = 0
    while start < size:
        i, stop, total = pairs.track[start], start, 1.0
        while stop < size and pairs.track[stop] == i:
            total += pairs.weight[stop] * down[stop]
            stop += 1
        chance = pairs.weight[start:stop] * down[start:stop] / total
        existence = table.existence[i]
        unseen = existence
        age_s = (look.t_ns - table.look_ns[i, look.sensor]) * 1e-9
        if age_s > SAME_LOOK * look.scan_s:
            miss = 1.0 - look.detection_chance
            unseen = existence * miss / (1.0 - existence * look.detection_chance)
        there = unseen / total + chance.sum()
        mass = chance.sum() / there
        if account(table, i, look, mass):
            table.existence[i] = min(there, EXISTENCE_MAX)
        if mass >= 0.5:
            table.scan_s[i] = look.scan_s
        first, last = start, stop
        if table.looks[i] <= YOUNG_LOOKS:
            first = start + int(np.argmax(chance))
            last = first + 1
            chance = np.array([mass * there])
        reports = pairs.report[first:last]
        absorb(table, i, seen, reports, chance / there, pairs.log_like[first:last], 1.0)
        start = stop
