"""The table of tracks as `words.Tracks`, with every state brought to one time."""

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.filter import NOISE_M2PS3, drift
from tocsin.track.kind import FRIEND_NS, mixed
from tocsin.track.table import AGILE, FALL, STEADY, Table
from tocsin.words import FloatArray, Tracks


def tracks(table: Table, n: int, now_ns: int) -> Tracks:
    """Rows ``[0, n)`` at `now_ns`, in order of id; every array is a copy.

    The state is the ballistic one where that hypothesis weighs at least 1/2, else the moments of
    the straight-line pair. ``ln_beta`` is the ballistic filter's where it lives, else the prior.
    """
    mean, cov, ln_beta = np.empty((n, 6)), np.empty((n, 6, 6)), np.empty((n, 2))
    _outlook(table, n, now_ns, mean, cov, ln_beta)
    said = table.t_ns_friend[:n]
    return Tracks(
        id=table.id[:n].copy(),
        t_ns=np.full(n, now_ns, dtype=np.int64),
        t_ns_seen=table.t_ns_seen[:n].copy(),
        t_ns_born=table.t_ns_born[:n].copy(),
        position_m=mean[:, :3].copy(),
        velocity_mps=mean[:, 3:].copy(),
        covariance=cov,
        existence=table.existence[:n].copy(),
        kind_weight=table.kind[:n].copy(),
        ln_beta=ln_beta,
        confirmed=table.confirmed[:n].copy(),
        friend=(said > 0) & (table.t_ns_seen[:n] - said <= FRIEND_NS),
        hits=table.hits[:n].copy(),
        mode_3a=table.mode_3a[:n].copy(),
        mode_s=table.mode_s[:n].copy(),
        evidence=table.evidence[:n].copy(),
        changed=table.changed[:n].copy(),
    )


@njit(cache=True, nogil=True)
def _outlook(
    table: Table, n: int, now_ns: int, mean: FloatArray, cov: FloatArray, ln_beta: FloatArray
) -> None:
    """Write mean (n,6), covariance (n,6,6) and ln beta (n,2: mean, s.d.) of each track at now."""
    up, noise = np.empty(3), np.empty(2)
    state, spread = np.empty(7), np.empty((7, 7))
    for i in range(n):
        dt_s = (now_ns - table.t_ns[i]) * 1e-9
        ln_beta[i, 0], ln_beta[i, 1] = fall.LN_BETA, fall.LN_BETA_SD
        if table.weight[i, FALL] > 0.0:
            ln_beta[i, 0], ln_beta[i, 1] = table.fall_mean[i, 6], table.fall_cov[i, 6, 6] ** 0.5
        if mixed(table, i, mean[i], cov[i]):
            state[:] = table.fall_mean[i]
            spread[:] = table.fall_cov[i]
            fall.predict(state, spread, dt_s)
            mean[i] = state[:6]
            cov[i] = spread[:6, :6]
            continue
        pair = table.weight[i, STEADY] + table.weight[i, AGILE]
        steady = table.weight[i, STEADY] / pair
        for k in range(2):
            quiet, lively = NOISE_M2PS3[STEADY][k], NOISE_M2PS3[AGILE][k]
            noise[k] = steady * quiet + (1.0 - steady) * lively
        fall.height_and_up(mean[i, :3], up)
        drift(mean[i], cov[i], dt_s, noise, up)
