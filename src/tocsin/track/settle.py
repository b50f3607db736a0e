"""Correct a track: its reports weigh and move every hypothesis; then what it has earned."""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.bank import NAMES
from tocsin.track.correct import correct, flatten
from tocsin.track.doppler import doppler_update
from tocsin.track.falling import fall_correct, fall_hasten
from tocsin.track.kind import classify
from tocsin.track.onset import begin_fall
from tocsin.track.pairs import SAME_LOOK, Look
from tocsin.track.rows import note
from tocsin.track.state import reweigh
from tocsin.track.table import HYPOTHESES, MODELS, PAST, Record, Records
from tocsin.words import FloatArray, IntArray

EXISTENCE_MAX: Final = 0.9999
"""Chosen, because what years of hits would have built is then lost in as many misses as what a
minute built: four or five at pd 0.9."""
CONFIRM_EXISTENCE: Final = 0.98
"""Chosen, because false confirmed tracks then stay under 1 % of track time at 200 false a scan."""
CONFIRM_LOOKS: Final = 3  # never fewer, whatever the likelihoods: no track by its own copy
CONFIRM_NS: Final = 2_000_000_000  # first to last report of a track to be confirmed
FALL_WEIGHT_MIN: Final = 1e-3  # a ballistic hypothesis below this is given up; chosen
FLY_WEIGHT_MIN: Final = 1e-4  # of the models beside a ballistic hypothesis; chosen
FLY_LOST: Final = 1e-9  # ... who explain a report so badly are somewhere else; chosen
FLY_SPEED_SD_MPS: Final = 30.0  # of a model begun anew from it; chosen
AGILE: Final = NAMES.index("agile")
FALL_WAIT: Final = PAST  # reports before it is tried again: by then all those kept are new ones
KIND_HITS: Final = 8  # each of the first looks is weighed for its kind; chosen
KIND_NS: Final = 3_000_000_000
"""... and after that one in so long: nearer looks at one target tell almost the same. Chosen: less
than a scan of a usual radar."""
SURE: Final = 0.9  # a report likelier than this to be a track's is one to learn biases from; chosen
SIGMA_DOPPLER_MPS: Final = 2.0  # of a range rate; chosen, two units of ASTERIX I048/120
_CHANCE_MIN: Final = 1e-4  # an association less likely than this moves nothing; chosen


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def account(track: Record, mine: Record, look: Look, mass: float) -> bool:
    """Enter in the book of looks that this one reported a track with chance `mass`.

    False when the look is older than the last one accounted for: it proves nothing more.
    """
    age_s = (look.t_ns - mine.ns) * 1e-9
    if age_s < -SAME_LOOK * look.scan_s:
        return False
    before = 0.0
    if age_s <= SAME_LOOK * look.scan_s:
        before = mine.mass
    mine.ns = max(look.t_ns, mine.ns)
    mine.mass = min(1.0, before + (1.0 - before) * mass)
    if before < 0.5 <= mine.mass:
        track.looks += 1
        mine.seen = True
    return True


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def absorb(
    track: Record, reports: Records, rows: IntArray, log_like: FloatArray, bank: Record,
    place: FloatArray, work: Record,
) -> None:  # fmt: skip
    """Correct every hypothesis by weighted reports and weigh the hypotheses anew.

    `rows` (k,) of `reports`; ``work.chance[:k]`` given existence; `log_like` (k,H). The sensor
    stands at `place` (3,). Leaves the likeliest in `work`.
    """
    k, none, leader = len(rows), 1.0, 0
    chance, part, posterior = work.chance, work.part, work.posterior
    for j in range(k):
        work.dt_s[j] = (reports[rows[j]].t_ns - track.t_ns) * 1e-9
        none -= chance[j]
        if chance[j] > chance[leader]:
            leader = j
    none = max(none, 0.0)
    for h in range(HYPOTHESES):
        posterior[h] = none * track.weight[h]
    for j in range(k):
        best, total = -np.inf, 0.0
        for h in range(HYPOTHESES):
            if track.weight[h] > 0.0:
                best = max(best, log_like[j, h])
        for h in range(HYPOTHESES):
            part[h, j] = 0.0
            if track.weight[h] > 0.0:
                less = log_like[j, h] - best
                part[h, j] = track.weight[h] * (math.exp(less) if less != 0.0 else 1.0)
                total += part[h, j]
        for h in range(HYPOTHESES):
            part[h, j] *= chance[j] / total
            posterior[h] += part[h, j]
    for h in range(HYPOTHESES):
        if posterior[h] <= 0.0:
            continue
        for j in range(k):
            part[h, j] /= posterior[h]
            if part[h, j] < _CHANCE_MIN:
                part[h, j] = 0.0
        if h < MODELS:
            noise = bank.noise_m2ps3[h, 0]
            correct(track.mean[h], track.cov[h], work.dt_s, noise, reports, rows, part[h], k, work)
        else:
            fall_correct(track, h - MODELS, work.dt_s, reports, rows, part[h], k)
    _reweigh(track, posterior)
    report = reports[rows[leader]]
    work.leader, work.surety = rows[leader], chance[leader]
    if chance[leader] > SURE and not np.isnan(report.range_rate_mps + place[0]):
        _hasten(track, report, place, chance[leader], work)
    if 1.0 - none >= 0.5:
        note(track, report)
    if not track.has_height and not report.has_height:
        for m in range(MODELS):
            if track.weight[m] > 0.0:
                flatten(track.mean[m], track.cov[m], report.position_m, report.covariance_m2)
    track.changed = True


@njit(cache=True, nogil=True, error_model="numpy")
def _hasten(track: Record, report: Record, place: FloatArray, chance: float, work: Record) -> None:
    """Correct every hypothesis by the Doppler of its report, and weigh them by it."""
    dt_s = (report.t_ns - track.t_ns) * 1e-9
    for h in range(HYPOTHESES):
        if track.weight[h] <= 0.0:
            continue
        if h < MODELS:
            work.log_like[h] = doppler_update(
                track.mean[h], track.cov[h], report.range_rate_mps, SIGMA_DOPPLER_MPS, place,
                chance,
            )  # fmt: skip
        else:
            work.log_like[h] = fall_hasten(
                track, h - MODELS, dt_s, report.range_rate_mps, SIGMA_DOPPLER_MPS, place,
                chance,
            )  # fmt: skip
    reweigh(track, work.log_like, HYPOTHESES)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _reweigh(track: Record, posterior: FloatArray) -> None:
    """Store the weights of the hypotheses; give up ballistic ones that have all but lost.

    The models never lose all: a rocket's would fall out of date, and they say where it is when
    the ballistic hypotheses are given up.
    """
    flying, falling = 0.0, 0.0
    for m in range(MODELS):
        flying += posterior[m]
    for h in range(MODELS, HYPOTHESES):
        falling += posterior[h]
    if track.fall_wait > 0:
        track.fall_wait -= 1
    if 0.0 < falling < FALL_WEIGHT_MIN * flying:
        falling = 0.0
        for h in range(MODELS, HYPOTHESES):
            posterior[h] = 0.0
        track.fall_wait = FALL_WAIT
        track.fall_given += 1
    if flying < FLY_WEIGHT_MIN * falling:
        if flying < FLY_LOST * falling:
            _set_aside(track, posterior)
            flying = posterior[AGILE]
        for m in range(MODELS):
            posterior[m] *= FLY_WEIGHT_MIN * falling / flying
        flying = FLY_WEIGHT_MIN * falling
    for h in range(HYPOTHESES):
        track.weight[h] = posterior[h] / (flying + falling)


@njit(cache=True, nogil=True, error_model="numpy")
def _set_aside(track: Record, posterior: FloatArray) -> None:
    """Begin the agile model anew from the likelier ballistic state, with a wider velocity."""
    for m in range(MODELS):
        posterior[m] = 0.0
    h = 0 if posterior[MODELS] >= posterior[MODELS + 1] else 1
    for a in range(6):
        track.mean[AGILE, a] = track.fall_mean[h, a]
        for b in range(6):
            track.cov[AGILE, a, b] = track.fall_cov[h, a, b]
    for a in range(3, 6):
        track.cov[AGILE, a, a] += FLY_SPEED_SD_MPS**2
    posterior[AGILE] = 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def grow_up(track: Record, chart: Record, numbers: Record, work: Record) -> None:
    """What a corrected track has earned: a ballistic hypothesis, confirmation, a kind."""
    if begin_fall(track):
        track.t_ns_fall = track.t_ns
    if not track.confirmed:
        lasting = track.t_ns_seen - track.t_ns_born >= CONFIRM_NS
        if lasting and track.looks >= CONFIRM_LOOKS and track.existence >= CONFIRM_EXISTENCE:
            track.confirmed = True
            chart.births += 1.0
    if track.hits <= KIND_HITS or track.t_ns - track.t_ns_kind >= KIND_NS:
        track.t_ns_kind = track.t_ns
        classify(track, numbers, work)


@njit(cache=True, nogil=True, error_model="numpy")
def mature(tracks: Records, charts: Records, numbers: Records, scratch: Records) -> None:
    """`grow_up` for a track (an array of one) that something else than a look corrected."""
    grow_up(tracks[0], charts[0], numbers[0], scratch[0])
