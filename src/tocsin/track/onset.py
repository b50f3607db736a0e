"""When a track may be ballistic, and its first ballistic states, from its last reports."""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import boost, fall
from tocsin.track.falling import correct_state, innovation_log_density
from tocsin.track.table import BOOST, COAST, FALL_STATE, MODELS, PAST, Record
from tocsin.words import FloatArray

FALL_WEIGHT: Final = 0.5  # of the new hypotheses together: undecided
BOOST_SHARE: Final = 0.3
"""Of that, to begin with, boosting. Chosen: radars mostly see a body when it has risen over their
horizon, and most motors are out by then; three reports overrule it either way."""
BOOST_HEIGHT_M: Final = 80_000.0  # chosen: nothing whose burning matters for a warning burns above
EXISTENCE: Final = 0.5  # likelier than not to be there; chosen, because it saves the work
EXISTENCE_SLOW: Final = 0.01
"""The same when the reports span `SLOW_S`: a rocket low in the air loses 10-25 g to drag, and after
a missed look no model of the bank finds it again. A quicker radar is sure of a track before that
matters, and would try each pair of false reports. Chosen, because two looks give a rocket 0.01."""
SLOW_S: Final = 1.5
SPEED_MPS: Final = 100.0
CLIMB: Final = 0.2
"""Part of the speed, surely: 12 degrees; airliners climb and descend at under 6."""
FAST_MPS: Final = 400.0  # surely faster than any airliner and most missiles: level flight too
HIGH_M: Final = 25_000.0  # surely; above every aircraft, and balloons do not do 100 m/s
LIFT_MPS2: Final = 8.0
"""Upward acceleration, surely; chosen: aircraft pull so much for a second or two, but seldom climb
on; Bayes then decides."""
SURE_SD: Final = 2.0  # standard deviations that "surely" takes off; 3 with two reports only
_PATH_S: Final = 0.8  # the reports must span so much: two radars may report at once
_DIFFUSE_MPS: Final = 2_000.0
"""s.d. of velocity before any report: so wide that reports decide alone (100 m/s is found within
0.3 %), and the mean of this prior, taken from the reports, is only where to linearise."""
_GRAVITY_MPS2: Final = 9.8


@njit(cache=True, nogil=True, error_model="numpy")
def begin_fall(track: Record) -> bool:
    """Give a track the ballistic hypotheses if its last reports say that it may be; whether it did.

    Half of the weight of all that is there goes over, shared by how well coasting and boosting
    explain the reports. The caller counts `fall_wait` down, one a report.
    """
    falls = track.weight[MODELS + COAST] + track.weight[MODELS + BOOST]
    ready = track.has_height and track.past_t_ns[1] > 0
    ready &= track.existence >= EXISTENCE_SLOW and track.fall_wait <= 0 and falls <= 0.0
    if not ready:
        return False
    last = _oldest(track)
    slow = (track.past_t_ns[0] - track.past_t_ns[last]) * 1e-9 >= SLOW_S
    if not (slow or track.existence >= EXISTENCE) or not _may_fall(track):
        return False
    score = np.full(2, -np.inf)
    for h in (COAST, BOOST):
        score[h] = _first_state(track, last, h)
    up = np.empty(3)
    height_m = fall.height_and_up(track.past_position[0], up)
    climbs = boost.may_climb(track.fall_mean[BOOST], track.fall_cov[BOOST])
    if height_m > BOOST_HEIGHT_M or not climbs:
        score[BOOST] = -np.inf
    score[COAST] += math.log(1.0 - BOOST_SHARE)
    score[BOOST] += math.log(BOOST_SHARE)
    best = max(score[0], score[1])
    if not math.isfinite(best):
        track.fall_wait = PAST
        return False
    coast, burning = math.exp(score[COAST] - best), math.exp(score[BOOST] - best)
    for k in range(MODELS):
        track.weight[k] *= 1.0 - FALL_WEIGHT
    track.weight[MODELS + COAST] = FALL_WEIGHT * coast / (coast + burning)
    track.weight[MODELS + BOOST] = FALL_WEIGHT * burning / (coast + burning)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _oldest(track: Record) -> int:
    last = 0
    while last + 1 < PAST and track.past_t_ns[last + 1] > 0:
        last += 1
    return last


@njit(cache=True, nogil=True, error_model="numpy")
def _may_fall(track: Record) -> bool:
    """Whether the reports kept of a track surely show what only rockets and missiles do.

    That is: faster than `FAST_MPS`, or steeper than `CLIMB`, or higher than `HIGH_M`, or pushed
    upwards. Each is tested less `sure` standard deviations of the reports' own errors.
    """
    last = _oldest(track)
    path_s = (track.past_t_ns[0] - track.past_t_ns[last]) * 1e-9
    if path_s < _PATH_S:
        return False
    speed2 = 0.0
    for a in range(3):
        speed2 += ((track.past_position[0, a] - track.past_position[last, a]) / path_s) ** 2
    speed = math.sqrt(speed2)
    if speed < SPEED_MPS:  # most of what flies: asked of every track at every look
        return False
    sure = SURE_SD if last >= 2 else SURE_SD + 1.0
    up, path = np.empty(3), np.empty(3)
    height_m = fall.height_and_up(track.past_position[0], up)
    climb, tall2, rise2, along2 = 0.0, 0.0, 0.0, 0.0
    for a in range(3):
        path[a] = (track.past_position[0, a] - track.past_position[last, a]) / path_s
        climb += path[a] * up[a]
    for a in range(3):
        for b in range(3):
            newest = track.past_cov[0, a, b]
            doubt = newest + track.past_cov[last, a, b]
            tall2 += up[a] * newest * up[b]
            rise2 += up[a] * doubt * up[b]
            along2 += path[a] * doubt * path[b] / speed2
    if speed - sure * math.sqrt(along2) / path_s > FAST_MPS:
        return True
    if abs(climb) - sure * math.sqrt(rise2) / path_s > CLIMB * speed:
        return True
    if height_m - sure * math.sqrt(max(tall2, 0.0)) > HIGH_M:
        return True
    return last >= 2 and climb > 0.0 and _surely_lifted(track, last, up)


@njit(cache=True, nogil=True, error_model="numpy")
def _surely_lifted(track: Record, last: int, up: FloatArray) -> bool:
    """Whether the second difference of height over oldest, middle and newest report is upwards."""
    middle = last // 2
    late_s = (track.past_t_ns[0] - track.past_t_ns[middle]) * 1e-9
    early_s = (track.past_t_ns[middle] - track.past_t_ns[last]) * 1e-9
    if min(late_s, early_s) < 0.5 * _PATH_S:
        return False
    scale = 2.0 / (late_s + early_s)
    lift, spread = 0.0, 0.0
    factors = (scale / late_s, -scale / late_s - scale / early_s, scale / early_s)
    for k in range(3):
        row = 0 if k == 0 else (middle if k == 1 else last)
        factor = factors[k]
        for a in range(3):
            lift += factor * up[a] * (track.past_position[row, a] - track.past_position[0, a])
            for b in range(3):
                spread += factor * factor * up[a] * track.past_cov[row, a, b] * up[b]
    return lift - (SURE_SD + 1.0) * math.sqrt(max(spread, 0.0)) > LIFT_MPS2


@njit(cache=True, nogil=True, error_model="numpy")
def _first_state(track: Record, last: int, h: int) -> float:
    """Write the first state of hypothesis h of a track at its time; ln evidence, -inf when insane.

    A filter runs over reports ``last .. 0`` from a diffuse velocity, twice: first about the mean
    velocity of the path, put back by half of gravity and thrust, then about its own result flown
    back. The two oldest reports make the velocity; the evidence is that of the others.
    """
    mean, cov = track.fall_mean[h], track.fall_cov[h]
    path_s = (track.past_t_ns[0] - track.past_t_ns[last]) * 1e-9
    guess, up = np.empty(FALL_STATE), np.empty(3)
    guess[:3] = track.past_position[last]
    guess[3:6] = (track.past_position[0] - track.past_position[last]) / path_s
    fall.height_and_up(guess, up)
    speed = max(math.sqrt((guess[3:6] * guess[3:6]).sum()), 1.0)
    thrust = boost.THRUST_MPS2 if h == BOOST else 0.0
    slower = max(1.0 - 0.5 * thrust * path_s / speed, 0.2)
    for a in range(3):
        guess[3 + a] = slower * guess[3 + a] + 0.5 * _GRAVITY_MPS2 * path_s * up[a]
    score = -np.inf
    for turn in range(2):
        score = _run(track, last, guess, h == BOOST, mean, cov)
        if turn == 0 and fall.sane(mean, cov):
            guess[:] = mean
            fall.fly(guess, -path_s)
    fall.predict(mean, cov, (track.t_ns - track.past_t_ns[0]) * 1e-9, h == BOOST)
    return score if fall.sane(mean, cov) else -np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _run(
    track: Record, last: int, guess: FloatArray, burning: bool, mean: FloatArray,
    cov: FloatArray,
) -> float:  # fmt: skip
    """Filter reports ``last .. 0`` from velocity `guess` to `mean`, `cov`; ln evidence."""
    cov[:] = 0.0
    mean[:] = guess
    mean[6], cov[6, 6] = fall.LN_BETA, fall.LN_BETA_SD**2
    mean[7] = 0.0
    if burning:
        boost.light(mean, cov)
    for a in range(3):
        mean[a] = track.past_position[last, a]
        for b in range(3):
            cov[a, b] = track.past_cov[last, a, b]
        cov[a + 3, a + 3] = _DIFFUSE_MPS**2
    weight, dt_s = np.ones(1), np.zeros(1)
    score = 0.0
    for k in range(last - 1, -1, -1):
        ahead_s = (track.past_t_ns[k] - track.past_t_ns[k + 1]) * 1e-9
        fall.predict(mean, cov, ahead_s, burning)
        position, noise = track.past_position[k : k + 1], track.past_cov[k : k + 1]
        if k < last - 1:
            score += innovation_log_density(mean, cov, 0.0, position[0], noise[0])
        correct_state(mean, cov, dt_s, position, noise, weight)
    return score
