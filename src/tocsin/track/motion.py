"""Bring a track forward: the models mix, then each moves; ballistic flight goes its own way.

Interaction of the models: Blom and Bar-Shalom, IEEE TAC 33 (1988) 780-783, with the transition
chances of a Markov chain in continuous time, so that any scan rate gives the same chain.
"""

import math
from typing import Final

from numba import njit

from tocsin.track.falling import advance_falls
from tocsin.track.table import MODELS, Record
from tocsin.track.upward import vertical
from tocsin.words import FloatArray

SHARE_MIN: Final = 1e-3  # of a model in another's mixture: below it is left out; chosen
CHAIN_STEP_S: Final = 1.0  # of the series: a tenth of the shortest stay; error below 1e-7
CHAIN_TICK_S: Final = 0.02  # times are rounded to it, so that a look's tracks share a chain
WEIGHT_MIN: Final = 1e-5  # of a model: below it is laid aside until the others lead to it; chosen


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _shake(
    cov: FloatArray, dt_s: float, flat: float, steep: float, up: FloatArray, turn: float,
    decay: float,
) -> None:  # fmt: skip
    """Add white acceleration of density `flat` and `steep` (m2/s3) over `dt_s`, in place.

    The integral of ``F(s) q F(s)^T`` for each motion: straight (Bar-Shalom, Li, Kirubarajan,
    *Estimation with Applications*, 2001, equation 6.2.2-4), turning, and decaying velocity.
    """
    place, cross, speed, aside = dt_s**3 / 3.0, dt_s**2 / 2.0, dt_s, 0.0
    rise, climb, lift = place, cross, speed
    if turn != 0.0:
        angle = turn * dt_s
        place = 2.0 * (angle - math.sin(angle)) / turn**3
        cross = (1.0 - math.cos(angle)) / turn**2
        aside = (angle - math.sin(angle)) / turn**2
    elif decay > 0.0:
        once, twice = math.exp(-decay * dt_s), math.exp(-2.0 * decay * dt_s)
        place = (dt_s - 2.0 * (1.0 - once) / decay + (1.0 - twice) / (2.0 * decay)) / decay**2
        cross = 0.5 * ((1.0 - once) / decay) ** 2
        speed = (1.0 - twice) / (2.0 * decay)
        rise, climb, lift = place, cross, speed
    for a in range(3):
        for b in range(3):
            upward = up[a] * up[b]
            level = (1.0 if a == b else 0.0) - upward
            level, upward = flat * level, steep * upward
            cov[a, b] += level * place + upward * rise
            cov[a, b + 3] += level * cross + upward * climb
            cov[b + 3, a] += level * cross + upward * climb
            cov[a + 3, b + 3] += level * speed + upward * lift
    if aside != 0.0:
        for a in range(3):
            b, c = (a + 1) % 3, (a + 2) % 3
            bend = flat * aside * up[c]
            cov[a, b + 3] += bend
            cov[b + 3, a] += bend
            cov[b, a + 3] -= bend
            cov[a + 3, b] -= bend


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _straight(mean: FloatArray, cov: FloatArray, far: float, left: float) -> None:
    """p += far v, v *= left: straight flight (dt, 1) and its decaying kin, in place."""
    for a in range(3):
        mean[a] += far * mean[a + 3]
        mean[a + 3] *= left
    for a in range(3):
        for b in range(3):
            cross = cov[a, b + 3] + cov[a + 3, b]
            cov[a, b] += far * (cross + far * cov[a + 3, b + 3])
    for a in range(3):
        for b in range(3):
            cov[a, b + 3] = left * (cov[a, b + 3] + far * cov[a + 3, b + 3])
    for a in range(3):
        for b in range(3):
            cov[b + 3, a] = cov[a, b + 3]
            cov[a + 3, b + 3] *= left * left


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(
    mean: FloatArray, cov: FloatArray, dt_s: float, rate: float, up: FloatArray, work: Record
) -> None:
    """Coordinated turn about `up` at `rate` (rad/s, left positive), in place."""
    far, spin, moved, kept = work.far, work.spin, work.moved, work.kept
    sine, cosine = math.sin(rate * dt_s), math.cos(rate * dt_s)
    ahead, aside = sine / rate, (1.0 - cosine) / rate
    for a in range(3):
        for b in range(3):
            flat = (1.0 if a == b else 0.0) - up[a] * up[b]
            far[a, b] = ahead * flat + dt_s * up[a] * up[b]
            spin[a, b] = cosine * flat + up[a] * up[b]
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        far[b, a] += aside * up[c]
        far[a, b] -= aside * up[c]
        spin[b, a] += sine * up[c]
        spin[a, b] -= sine * up[c]
    v0, v1, v2 = mean[3], mean[4], mean[5]
    for a in range(3):
        mean[a] += far[a, 0] * v0 + far[a, 1] * v1 + far[a, 2] * v2
        mean[a + 3] = spin[a, 0] * v0 + spin[a, 1] * v1 + spin[a, 2] * v2
    for a in range(3):
        for b in range(3):
            moved[a, b] = kept[a, b] = 0.0
            for c in range(3):
                moved[a, b] += far[a, c] * cov[c + 3, b + 3]
                kept[a, b] += spin[a, c] * cov[c + 3, b + 3]
    for a in range(3):
        for b in range(3):
            for c in range(3):
                cov[a, b] += (
                    far[a, c] * cov[c + 3, b] + cov[a, c + 3] * far[b, c] + moved[a, c] * far[b, c]
                )
    for a in range(3):
        for b in range(3):
            moved[a, b] += cov[a, b + 3]
    for a in range(3):
        for b in range(3):
            cross = turned = 0.0
            for c in range(3):
                cross += moved[a, c] * spin[b, c]
                turned += kept[a, c] * spin[b, c]
            cov[a, b + 3] = cross
            cov[b + 3, a] = cross
            cov[a + 3, b + 3] = turned


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def predict(
    mean: FloatArray, cov: FloatArray, dt_s: float, bank: Record, m: int, up: FloatArray,
    work: Record,
) -> None:  # fmt: skip
    """Move mean (6,) and covariance (6,6) by `dt_s` >= 0 under model `m`, in place."""
    if bank.turn_rps[m] != 0.0:
        _turn(mean, cov, dt_s, bank.turn_rps[m], up, work)
    else:
        decay, left, far = bank.decay_ps[m], 1.0, dt_s
        if decay > 0.0:
            left = math.exp(-decay * dt_s)
            far = (1.0 - left) / decay
        _straight(mean, cov, far, left)
    flat, steep = bank.noise_m2ps3[m, 0], bank.noise_m2ps3[m, 1]
    _shake(cov, dt_s, flat, steep, up, bank.turn_rps[m], bank.decay_ps[m])


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def leading(track: Record) -> int:
    """The model of a track with the largest weight; the first of equals."""
    best = 0
    for m in range(1, MODELS):
        if track.weight[m] > track.weight[best]:
            best = m
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _chain(bank: Record, dt_s: float, fast: int, work: Record) -> None:
    """Chances of the models to follow one another within `dt_s` to ``work.chain[fast]`` (M,M).

    What is `fast` (1) cannot come to any model that has a greatest speed.

    ``exp(G dt)`` by a Taylor series and squarings (Moler and Van Loan, *Nineteen dubious ways*,
    SIAM Review 45 (2003), method 3). Kept for the next track: a look's tracks wait equally long.
    """
    if work.chain_s[fast] == dt_s:
        return
    chain, term, other = work.chain[fast], work.term, work.other
    halvings = 0
    while dt_s / 2.0**halvings > CHAIN_STEP_S:
        halvings += 1
    step_s = dt_s / 2.0**halvings
    for a in range(MODELS):
        out = 0.0
        for b in range(MODELS):
            open_to = 0.0 if fast == 1 and bank.speed_max_mps[b] < math.inf else bank.leave[a, b]
            term[a, b] = open_to * step_s
            out += open_to
        for b in range(MODELS):
            if a == b:
                term[a, b] = -out * step_s
            chain[a, b] = term[a, b] + (1.0 if a == b else 0.0)
            other[a, b] = term[a, b]
    for order in range(2, 5):
        work.square[:] = 0.0
        for a in range(MODELS):
            for c in range(MODELS):
                for b in range(MODELS):
                    work.square[a, b] += other[a, c] * term[c, b] / order
        other[:] = work.square
        for a in range(MODELS):
            for b in range(MODELS):
                chain[a, b] += other[a, b]
    for _ in range(halvings):
        work.square[:] = 0.0
        for a in range(MODELS):
            for c in range(MODELS):
                for b in range(MODELS):
                    work.square[a, b] += chain[a, c] * chain[c, b]
        chain[:] = work.square
    work.chain_s[fast] = dt_s


@njit(cache=True, nogil=True, error_model="numpy")
def _passage(track: Record, dt_s: float, bank: Record, work: Record) -> None:
    """Weights after the chain has run for `dt_s`; `work.share`: row's part of column's mixture."""
    share = work.share
    lead = leading(track)
    speed2, slowest = 0.0, math.inf
    for a in range(3, 6):
        speed2 += track.mean[lead, a] ** 2
    for m in range(MODELS):
        slowest = min(slowest, bank.speed_max_mps[m])
    fast = 1 if speed2 >= slowest * slowest else 0
    _chain(bank, max(round(dt_s / CHAIN_TICK_S), 1) * CHAIN_TICK_S, fast, work)
    for j in range(MODELS):
        for k in range(MODELS):
            share[j, k] = track.weight[j] * work.chain[fast, j, k]
    for k in range(MODELS):
        total = 0.0
        for j in range(MODELS):
            total += share[j, k]
        kept = 0.0
        for j in range(MODELS):
            if share[j, k] < SHARE_MIN * total:
                share[j, k] = 0.0
            kept += share[j, k]
        track.weight[k] = total if total >= WEIGHT_MIN else 0.0
        for j in range(MODELS):
            share[j, k] = share[j, k] / kept if total >= WEIGHT_MIN else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _mix(track: Record, share: FloatArray, mean: FloatArray, cov: FloatArray) -> None:
    """Replace each model's state by its mixture; `mean` (M,6) and `cov` (M,6,6) are scratch."""
    mean[:] = 0.0
    for k in range(MODELS):
        for j in range(MODELS):
            if share[j, k] > 0.0:
                for a in range(6):
                    mean[k, a] += share[j, k] * track.mean[j, a]
    for k in range(MODELS):
        if track.weight[k] <= 0.0:
            continue
        if share[k, k] > 1.0 - SHARE_MIN:
            for a in range(6):
                mean[k, a] = track.mean[k, a]
                for b in range(6):
                    cov[k, a, b] = track.cov[k, a, b]
            continue
        for a in range(6):
            for b in range(a + 1):
                total = 0.0
                for j in range(MODELS):
                    s = share[j, k]
                    if s > 0.0:
                        off = (track.mean[j, a] - mean[k, a]) * (track.mean[j, b] - mean[k, b])
                        total += s * (track.cov[j, a, b] + off)
                cov[k, a, b] = total
                cov[k, b, a] = total
    for k in range(MODELS):
        if track.weight[k] > 0.0:
            for a in range(6):
                track.mean[k, a] = mean[k, a]
                for b in range(6):
                    track.cov[k, a, b] = cov[k, a, b]


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def advance(track: Record, t_ns: int, bank: Record, work: Record) -> None:
    """Bring every hypothesis of a track forward to `t_ns`; a state that is already later stays."""
    dt_s = (t_ns - track.t_ns) * 1e-9
    if dt_s <= 0.0:
        return
    if bank.mixes:
        _passage(track, dt_s, bank, work)
        _mix(track, work.share, work.mean, work.cov)
    vertical(track.mean[leading(track)], work.up)
    for m in range(MODELS):
        if track.weight[m] > 0.0:
            predict(track.mean[m], track.cov[m], dt_s, bank, m, work.up, work)
    if track.weight[MODELS] + track.weight[MODELS + 1] > 0.0:
        advance_falls(track, dt_s)
    track.t_ns = t_ns
