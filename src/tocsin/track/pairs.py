"""Whether a report may be of a track: likelihoods of one look's pairs.

Each track or seed is a Bernoulli component (it exists with probability r and is reported with
chance pd), each report is a target's, a new target's or clutter's. A pair's weight is the ratio of
"exists and is reported here" to "is not reported"; `belief` makes marginals of the weights.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.correct import innovate, log_likelihood
from tocsin.track.falling import fall_log_likelihood
from tocsin.track.table import FALLS, HYPOTHESES, MODELS, Record
from tocsin.words import BoolArray, FloatArray, IntArray

GATE: Final = 16.0
"""Squared Mahalanobis gate: 4 s.d., as the neutral benchmark's; 0.11 % of true reports fall out."""
FAR: Final = 36.0
"""... 6 s.d. by the trace, for leaving a model out of a pair altogether. Chosen: what it would add
is below exp(-18) of its peak, and a model that is best for a report stays in."""
GATE_LOOSE: Final = 1.01 * GATE  # by the trace; rounding then decides nothing
SAME_LOOK: Final = 0.5
"""Reports of one sensor closer in time than this part of a scan are of one look at the target."""
IDENTITY_SAME: Final = 1e3  # chosen: 24-bit addresses agree by chance in far fewer cases
IDENTITY_LOST: Final = 0.1  # one reply in ten is missed (garbling, shielding); chosen
CODE_SAME: Final = 30.0  # Mode 3/A codes are shared by some 1 in 30 aircraft in an area; chosen
CODE_OTHER: Final = 0.05  # a code is changed, or decoded wrongly, now and then; chosen
SCAN_S_MIN: Final = 0.1
CHANCE: Final = (0.05, 0.99)  # no sensor is blind or perfect; keeps odds finite
LOOK_S: Final = 0.1
"""Reports of one sensor within this are one association problem: 2 km of a 10 s radar's sweep."""


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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def kinship(mode_s: int, mode_3a: int, report: Record) -> float:
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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def chance_left(mine: Record, t_ns: int, scan_s: float, chance: float) -> float:
    """Chance that a look reports a track, if it is there and not reported in it yet.

    `mine` is the sensor's entry in the track's book; `chance` that of any target in view.
    """
    age_s = (t_ns - mine.ns) * 1e-9
    if abs(age_s) > SAME_LOOK * scan_s:
        return float(chance)
    left = 1.0 - mine.mass
    return float(chance * left / max(1.0 - chance * (1.0 - left), 1e-9))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def may_fit(track: Record, report: Record) -> bool:
    """False when a report surely lies outside the gates of all models: most found nearby do."""
    if track.weight[MODELS] + track.weight[MODELS + 1] > 0.0:
        return True
    dt_s, noise_m2 = (report.t_ns - track.t_ns) * 1e-9, 0.0
    for a in range(3):
        noise_m2 += report.covariance_m2[a, a]
    for m in range(MODELS):
        if track.weight[m] > 0.0 and not _beyond(
            track.mean[m], track.cov[m], dt_s, report, noise_m2, GATE_LOOSE
        ):
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
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
def doubled(old: Pairs) -> Pairs:
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


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def seed_left(seed: Record, look: Look) -> float:
    """Existence of a seed before this look: its sensor's looks since its report were silent."""
    missed = 0
    if seed.sensor == look.sensor:
        missed = max(round(abs(look.t_ns - seed.t_ns) * 1e-9 / look.scan_s) - 1, 0)
    silent = seed.existence * (1.0 - look.chance) ** missed
    return float(silent / (1.0 - seed.existence + silent))
