"""Whether what a cooperative aircraft claims agrees with a track: see `friends`."""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.correct import SURELY_3, invert, squared
from tocsin.track.kind import FRIEND_LN, FRIEND_NS
from tocsin.track.state import mixed
from tocsin.track.table import Records
from tocsin.words import HINT_DRONE, HINTS, BoolArray, FloatArray, Int32Array, IntArray

MEMORY_NS: Final = 60_000_000_000  # a claim is forgotten after so much silence
STOP_NS: Final = 20_000_000_000
"""An agreement ends when the claim is silent so long while the track is still seen. Chosen: ADS-B
comes twice a second (ICAO Annex 10 IV 5.1.1), so this is forty messages."""
FRESH_NS: Final = 10_000_000_000  # a claim older than this is not compared; chosen, as above
LOOKS: Final = 3  # agreeing looks before a claim counts
SPAN_NS: Final = 6_000_000_000
"""... and over this time. Chosen: a look and a half, so that three radars in one second, or a
crossing, are not three looks."""
BIAS_M: Final = 100.0  # s.d. of what two overlapping radars differ by uncorrected; chosen
SIGMA_M: Final = (10.0, 500.0)
"""Bounds of a claimed accuracy; a claim that owns to less is not compared, or it would agree with
everything near."""
TALL_M: Final = 75.0  # pressure height against true height: 75 m s.d. near the ground; chosen
SHAKE_MPS2: Final = 3.0  # a claim is carried on straight; an airliner's turn pulls so much
SPEED_M_SD_MPS: Final = 8.0  # lag of the track in turns, wind-up of a claim; chosen
CLIMB_SD_MPS: Final = 8.0
GATE: Final = SURELY_3
GROSS: Final = 64.0  # four times that: once is enough
NEAR_M: Final = (1_500.0, 3_000.0)  # no uncertainty makes what is farther apart agree; gross
VAGUE_M: Final = 800.0  # a track known no better cannot confirm or contradict a claim; chosen
VAGUE_MPS: Final = 40.0
STRIKES: Final = 2  # looks in a row that disagree, but not grossly, before it is withdrawn
REACH_M: Final = 6_000.0  # of the search: the gate, and 10 s of the fastest airliner
ADSB_DOUBT: Final = FRIEND_LN
"""Of a claim that no radar's own reply supports. Chosen: it then halves the odds (`friend_worth` is
ln 2) and no more. Whoever sends ADS-B can send it over a drone; what motion calls a drone with more
than 1/3 is forecast (0.20, `predict.admission`) whatever it claims, until a radar has its reply."""
RIVAL_DOUBT: Final = 3.0  # for each other address that claimed the track in the last minute
RIVALS_MAX: Final = 2
SOUND_DOUBT: Final = 2.5  # when most hints say drone
OTHER_DOUBT: Final = 2.0  # a radar's reply gives another address; the claim jumped
PART_DOUBT: Final = 1.0  # the claim left the track
DOUBT_MAX: Final = 12.0

AGREES: Final = 0
VAGUE: Final = 1
OFF: Final = 2
WRONG: Final = 3


class Claims(NamedTuple):
    """Columns of every address heard in the last minute, in order of address."""

    address: IntArray  # (n,)
    t_ns: IntArray  # (n,) of the last message
    position_m: FloatArray  # (n,3)
    velocity_mps: FloatArray  # (n,3) NaN while unknown
    sigma_m: FloatArray  # (n,)
    track: IntArray  # (n,) id it is compared with, -1 none
    streak: Int32Array  # (n,) agreeing looks with it
    strikes: Int32Array  # (n,) disagreeing looks in a row
    agreed: BoolArray  # (n,) counts as this track's identity
    jumped: BoolArray  # (n,) since the last comparison
    t_ns_first: IntArray  # (n,) first agreeing look
    t_ns_look: IntArray  # (n,) last look of the track that was compared
    t_ns_agreed: IntArray  # (n,) last that agreed
    t_ns_reply: IntArray  # (n,) last reply of the track to a radar, 0 none
    held: IntArray  # (n,) id of the last track it counted for, -1 none
    t_ns_held: IntArray  # (n,)


def blank(address: IntArray) -> Claims:
    """Blank rows for `address` (n,)."""
    n = len(address)
    never, none = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    unknown = np.full((n, 3), np.nan)
    small, no = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.bool_)
    return Claims(
        address.astype(np.int64), none.copy(), unknown, unknown.copy(), np.zeros(n), none.copy(),
        small, small.copy(), no, no.copy(), never, never.copy(), never.copy(), never.copy(),
        none.copy(), never.copy(),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _gate(
    off: FloatArray, cov: FloatArray, spread: FloatArray, up: FloatArray, flat: float, tall: float
) -> float:
    """Squared distance of `off` with `flat` and `tall` variance added to `cov` (3,3)."""
    for a in range(3):
        for b in range(3):
            spread[a, b] = cov[a, b] + (tall - flat) * up[a] * up[b]
        spread[a, a] += flat
    inverse = np.empty((3, 3))
    return float(squared(off, inverse)) if invert(spread, inverse) > 0.0 else np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _verdict(tracks: Records, i: int, claims: Claims, c: int) -> tuple[int, float]:
    """Whether claim `c` agrees with track `i`, and their squared distance."""
    mean, cov, up = np.empty(6), np.empty((6, 6)), np.empty(3)
    spread, off, apart = np.empty((3, 3)), np.empty(3), np.empty(3)
    mixed(tracks[i], mean, cov)
    fall.height_and_up(mean, up)
    dt_s = (tracks[i].t_ns - claims.t_ns[c]) * 1e-9
    around = tall = loose = 0.0
    rise = 0.0
    for a in range(3):
        apart[a] = claims.velocity_mps[c, a] - mean[a + 3]
        off[a] = claims.position_m[c, a] + dt_s * claims.velocity_mps[c, a] - mean[a]
        rise += off[a] * up[a]
        around += cov[a, a]
        loose += cov[a + 3, a + 3]
        for b in range(3):
            tall += up[a] * up[b] * cov[a, b]
            loose -= up[a] * up[b] * cov[a + 3, b + 3]
    level2 = off[0] ** 2 + off[1] ** 2 + off[2] ** 2 - rise * rise
    known = claims.sigma_m[c] <= SIGMA_M[1] and np.isfinite(apart).all()
    if level2 > NEAR_M[1] ** 2:
        return WRONG, 1e9
    if not known or (around - tall) > 2.0 * VAGUE_M**2 or loose > 2.0 * VAGUE_MPS**2:
        return VAGUE, 1e9
    own = max(claims.sigma_m[c], SIGMA_M[0]) ** 2 + BIAS_M**2 + (0.5 * SHAKE_MPS2 * dt_s**2) ** 2
    blind = 0.0 if tracks[i].has_height else 1e8  # a height nobody measured contradicts nothing
    place = _gate(off, cov[:3, :3], spread, up, own, own + TALL_M**2 + blind)
    speed = SPEED_M_SD_MPS**2 + (SHAKE_MPS2 * dt_s) ** 2
    rate = _gate(apart, cov[3:, 3:], spread, up, speed, speed + CLIMB_SD_MPS**2 + blind)
    worst = max(place, rate)
    if worst > GROSS:
        return WRONG, worst
    if worst > GATE or level2 > NEAR_M[0] ** 2:
        return OFF, worst
    return AGREES, place + rate


@njit(cache=True, nogil=True, error_model="numpy")
def find(ids: IntArray, by_id: IntArray, wanted: int) -> int:
    """Row of the track with id `wanted`, -1 none; `ids` are sorted by `by_id`."""
    at = np.searchsorted(ids, wanted)
    return int(by_id[at]) if at < len(ids) and ids[at] == wanted else -1


@njit(cache=True, nogil=True, error_model="numpy")
def _best(tracks: Records, n: int, claims: Claims, c: int, by_x: IntArray, xs: FloatArray) -> int:
    """Row of the track that agrees best with claim `c`, -1 none; ties to the smaller id."""
    found, least = -1, np.inf
    at = np.searchsorted(xs, claims.position_m[c, 0] - REACH_M)
    while at < n and xs[at] <= claims.position_m[c, 0] + REACH_M:
        i = by_x[at]
        at += 1
        off2 = 0.0
        for a in range(3):
            off2 += (tracks[i].mean[0, a] - claims.position_m[c, a]) ** 2
        other = tracks[i].mode_s >= 0 and tracks[i].mode_s != claims.address[c]
        stale = abs(tracks[i].t_ns - claims.t_ns[c]) > FRESH_NS
        if off2 > REACH_M**2 or other or stale:
            continue
        verdict, far = _verdict(tracks, i, claims, c)
        if verdict == AGREES and (
            far < least or (far == least and tracks[i].id < tracks[found].id)
        ):
            found, least = i, far
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _doubt(tracks: Records, i: int, more: float) -> None:
    tracks[i].friend_doubt = min(tracks[i].friend_doubt + more, DOUBT_MAX)


@njit(cache=True, nogil=True, error_model="numpy")
def _withdraw(tracks: Records, i: int, claims: Claims, c: int, doubt: float) -> None:
    """End the pair of claim `c` and track `i` (-1: the track is gone)."""
    if claims.agreed[c] and i >= 0:
        tracks[i].t_ns_friend = claims.t_ns_reply[c]
        _doubt(tracks, i, doubt)
    claims.agreed[c] = False
    claims.track[c] = -1
    claims.streak[c] = 0
    claims.strikes[c] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _look(tracks: Records, i: int, claims: Claims, c: int) -> None:
    """Compare claim `c` with a new look of its track `i`."""
    if tracks[i].mode_s >= 0 and tracks[i].mode_s != claims.address[c]:
        _withdraw(tracks, i, claims, c, OTHER_DOUBT)
        return
    if abs(tracks[i].t_ns - claims.t_ns[c]) > FRESH_NS:
        return
    claims.t_ns_look[c] = tracks[i].t_ns_seen
    verdict, _ = _verdict(tracks, i, claims, c)
    if verdict == AGREES:
        claims.streak[c] += 1
        claims.strikes[c] = 0
        claims.t_ns_agreed[c] = min(claims.t_ns[c], tracks[i].t_ns_seen)
    elif verdict != VAGUE:
        claims.strikes[c] += 1
        if verdict == WRONG or claims.strikes[c] >= STRIKES or not claims.agreed[c]:
            _withdraw(tracks, i, claims, c, PART_DOUBT)


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(
    tracks: Records, n: int, now_ns: int, claims: Claims, ids: IntArray, by_id: IntArray,
    rivals: Int32Array, least: FloatArray,
) -> None:  # fmt: skip
    """Write identities and the least doubt of every track that has one.

    `rivals` (n,) and `least` (n,) are scratch, all zero: addresses of the last minute, ln odds.
    """
    for c in range(len(claims.address)):
        if claims.agreed[c]:
            i = find(ids, by_id, claims.track[c])
            tracks[i].t_ns_friend = max(tracks[i].t_ns_friend, claims.t_ns_agreed[c])
            claims.held[c], claims.t_ns_held[c] = claims.track[c], now_ns
            replied = claims.t_ns_reply[c] > 0 and now_ns - claims.t_ns_reply[c] <= FRIEND_NS
            least[i] = 0.0 if replied else ADSB_DOUBT
        if claims.held[c] >= 0 and now_ns - claims.t_ns_held[c] <= MEMORY_NS:
            i = find(ids, by_id, claims.held[c])
            if i >= 0:
                rivals[i] += 1
    for i in range(n):
        if tracks[i].t_ns_friend == 0:
            continue
        least[i] += RIVAL_DOUBT * max(0, min(rivals[i] - 1, RIVALS_MAX))
        named = 0.0
        for h in range(1, HINTS):
            named += tracks[i].hints[h]
        if named >= 1.0 and tracks[i].hints[HINT_DRONE] > 0.5 * named:
            least[i] += SOUND_DOUBT
        tracks[i].friend_doubt = max(tracks[i].friend_doubt, least[i])


@njit(cache=True, nogil=True, error_model="numpy")
def compare(
    tracks: Records, n: int, now_ns: int, claims: Claims, by_id: IntArray, ids: IntArray,
    by_x: IntArray, xs: FloatArray,
) -> None:  # fmt: skip
    """Compare every claim with the track it goes with, or look for one."""
    owner = np.full(n, -1)
    for c in range(len(claims.address)):
        i = find(ids, by_id, claims.track[c]) if claims.agreed[c] else -1
        if i >= 0:
            owner[i] = c
    for c in range(len(claims.address)):
        i = find(ids, by_id, claims.track[c]) if claims.track[c] >= 0 else -1
        if i < 0:
            _withdraw(tracks, -1, claims, c, 0.0)
        elif claims.jumped[c]:
            _withdraw(tracks, i, claims, c, OTHER_DOUBT)
        elif tracks[i].t_ns_seen - claims.t_ns[c] > STOP_NS:
            _withdraw(tracks, i, claims, c, 0.0)
        elif tracks[i].t_ns_seen > claims.t_ns_look[c]:
            _look(tracks, i, claims, c)
        claims.jumped[c] = False
        fresh = now_ns - claims.t_ns[c] <= FRESH_NS
        if claims.track[c] < 0 and fresh:
            i = _best(tracks, n, claims, c, by_x, xs)
            if i >= 0:
                claims.track[c], claims.streak[c] = tracks[i].id, 1
                claims.t_ns_first[c] = claims.t_ns_look[c] = tracks[i].t_ns_seen
                claims.t_ns_reply[c] = 0
        long = claims.t_ns_look[c] - claims.t_ns_first[c] >= SPAN_NS
        if claims.track[c] >= 0 and not claims.agreed[c] and claims.streak[c] >= LOOKS and long:
            i = find(ids, by_id, claims.track[c])
            claims.agreed[c] = True
            told = owner[i]
            claims.t_ns_reply[c] = claims.t_ns_reply[told] if told >= 0 else tracks[i].t_ns_friend
            owner[i] = c
    _settle(tracks, n, now_ns, claims, ids, by_id, np.zeros(n, np.int32), np.zeros(n))
