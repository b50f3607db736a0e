"""The table of tracks as `words.Tracks`, with every state brought to one time."""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.boost import BURN_LEFT_S
from tocsin.track.falling import fall_likelier
from tocsin.track.kind import BALLISTIC, FRIEND_NS
from tocsin.track.motion import leading, predict
from tocsin.track.onset import BOOST_SHARE
from tocsin.track.sky import Sky
from tocsin.track.state import FALLS, blend, falling
from tocsin.track.table import BOOST, EVIDENCE, FALL_STATE, MODELS, Record, Records
from tocsin.track.upward import vertical
from tocsin.words import KINDS, BoolArray, FloatArray, Int32Array, IntArray, Tracks

FALL_SHOWN: Final = 0.10
"""Weight of the kind `ballistic` under which a track is shown by its models of level flight,
whatever its ballistic hypotheses weigh. Chosen: no track under this is forecast to fall. One begins
at half of the weight each time that false plots about a drone look like a climb: for a look its
speed was 150 to 430 m/s, and zones far off its way took cover."""
FALL_ALONE: Final = 0.99  # ... unless they have all of it: the other models follow nothing then


def tracks(sky: Sky, now_ns: int) -> Tracks:
    """All tracks of the sky at `now_ns`, in order of id; every array is a copy.

    The state is the ballistic one where those hypotheses weigh at least 1/2 and the track may be
    ballistic (`FALL_SHOWN`), else the moments of the models. ``ln_beta`` is the ballistic filter's
    where it lives, else the prior.
    """
    n, empty = sky.n, np.empty
    out = Tracks(
        id=empty(n, np.int64),
        t_ns=empty(n, np.int64),
        t_ns_seen=empty(n, np.int64),
        t_ns_born=empty(n, np.int64),
        position_m=empty((n, 3)),
        velocity_mps=empty((n, 3)),
        covariance=empty((n, 6, 6)),
        existence=empty(n),
        kind_weight=empty((n, len(KINDS))),
        ln_beta=empty((n, 2)),
        burning=empty(n),
        confirmed=empty(n, np.bool_),
        friend=empty(n, np.bool_),
        hits=empty(n, np.int32),
        mode_3a=empty(n, np.int32),
        mode_s=empty(n, np.int32),
        evidence=empty((n, EVIDENCE), np.int64),
        changed=empty(n, np.bool_),
    )
    _write(
        sky.tracks, n, now_ns, sky.bank, sky.scratch, out.id, out.t_ns, out.t_ns_seen,
        out.t_ns_born, out.position_m, out.velocity_mps, out.covariance, out.existence,
        out.kind_weight, out.ln_beta, out.burning, out.confirmed, out.friend, out.hits, out.mode_3a,
        out.mode_s, out.evidence, out.changed,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _order(tracks: Records, n: int) -> IntArray:
    """Rows in order of id; they mostly are, but a late report may begin a track early."""
    order = np.arange(n)
    for i in range(1, n):
        if tracks[i].id < tracks[i - 1].id:
            names = np.empty(n, np.int64)
            for k in range(n):
                names[k] = tracks[k].id
            return np.argsort(names)
    return order


@njit(cache=True, nogil=True, error_model="numpy")
def _write(
    tracks: Records, n: int, now_ns: int, banks: Records, scratch: Records, ids: IntArray,
    t_ns: IntArray, t_ns_seen: IntArray, t_ns_born: IntArray, position: FloatArray,
    velocity: FloatArray, covariance: FloatArray, existence: FloatArray, kind: FloatArray,
    ln_beta: FloatArray, burning: FloatArray, confirmed: BoolArray, friend: BoolArray,
    hits: Int32Array, mode_3a: Int32Array, mode_s: Int32Array, evidence: IntArray,
    changed: BoolArray,
) -> None:  # fmt: skip
    """Write each track as it is expected to be at now.

    A state goes by way of the scratch: its parts are no counted arrays, as those of the answer are.
    """
    order, bank, work = _order(tracks, n), banks[0], scratch[0]
    mean, cov = work.total[:], work.change[:]
    for i in range(n):
        track = tracks[order[i]]
        ln_beta[i, 0], ln_beta[i, 1] = _outlook(track, now_ns, bank, work, mean, cov)
        for a in range(3):
            position[i, a] = mean[a]
            velocity[i, a] = mean[a + 3]
        for a in range(6):
            for b in range(6):
                covariance[i, a, b] = cov[a, b]
        burning[i] = _burning(track, now_ns)
        ids[i], t_ns[i], existence[i] = track.id, now_ns, track.existence
        t_ns_seen[i], t_ns_born[i] = track.t_ns_seen, track.t_ns_born
        said = track.t_ns_friend > 0 and track.t_ns_seen - track.t_ns_friend <= FRIEND_NS
        confirmed[i], friend[i], changed[i] = track.confirmed, said, track.changed
        hits[i], mode_3a[i], mode_s[i] = track.hits, track.mode_3a, track.mode_s
        for k in range(len(track.kind)):
            kind[i, k] = track.kind[k]
        for k in range(EVIDENCE):
            evidence[i, k] = track.evidence[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _burning(track: Record, now_ns: int) -> float:
    """Probability that the motor burns, if it is ballistic: before anything was weighed, the prior
    of a new one, which burns out in time as `boost.mix` has it."""
    falls = falling(track)
    if falls > 0.0:
        return float(track.weight[MODELS + BOOST] / falls)
    age_s = max(now_ns - track.t_ns_born, 0) * 1e-9
    return float(BOOST_SHARE * math.exp(-age_s / BURN_LEFT_S))


@njit(cache=True, nogil=True, error_model="numpy")
def _outlook(
    track: Record, now_ns: int, bank: Record, work: Record, mean: FloatArray, cov: FloatArray
) -> tuple[float, float]:
    """Write mean (6,) and covariance (6,6) of a track at now; mean and s.d. of its ln beta."""
    dt_s = (now_ns - track.t_ns) * 1e-9
    ln_beta, ln_beta_sd = fall.LN_BETA, fall.LN_BETA_SD
    falls = falling(track)
    if falls > 0.0:
        state, spread = np.empty(FALL_STATE), np.empty((FALL_STATE, FALL_STATE))
        h = fall_likelier(track, state, spread)
        ln_beta, ln_beta_sd = state[6], spread[6, 6] ** 0.5
        shown = track.kind[BALLISTIC] >= FALL_SHOWN or falls >= FALL_ALONE
        if falls >= FALLS and shown:
            if dt_s > 0.0:
                fall.predict(state, spread, dt_s, h == BOOST)
            for a in range(6):
                mean[a] = state[a]
                for b in range(6):
                    cov[a, b] = spread[a, b]
            return ln_beta, ln_beta_sd
    blend(track, mean, cov)
    if dt_s > 0.0:
        vertical(mean, work.up)
        predict(mean, cov, dt_s, bank, leading(track), work.up, work)
    return ln_beta, ln_beta_sd
