"""The loops of `registration`: residuals between sensors, and plots without their bias."""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin import geo
from tocsin.track.cholesky import invert
from tocsin.track.correct import SURELY_3
from tocsin.words import FloatArray, IntArray

STATES: Final = 3  # of a sensor: range m, azimuth rad, height m
DEPTH: Final = 8  # plots of one track that wait for a partner; chosen: 10 s of a 2 s and two 4 s
GAP_NS: Final = 12_500_000_000  # between the plots of a line; chosen: the slowest civil radars
FADE_NS: Final = 1_800_000_000_000  # residuals count 1/e after 30 min; chosen: sites warm in hours
_HEARD_NS: Final = 60_000_000_000  # a sensor silent for longer overlaps with nobody; chosen
_TURN_MPS2: Final = 2.0  # s.d. of the acceleration along a line; chosen: a bank of 11 deg
_SPEED_MPS_MAX: Final = 400.0  # faster things accelerate: their line is not straight; chosen
_HEIGHT_SD_M: Final = 500.0  # a vertical s.d. above it is a guess, not a measurement
_GUESS: Final = 900.0  # residuals that share one wrong guess of the height; chosen: all of a sky's
_LEVEL_MIN: Final = 0.25  # sin^2 of the angle off the vertical: 60 deg of elevation
_HORIZON_M: Final = 2.0 * geo.RADIO_EARTH_FACTOR * geo.MEAN_RADIUS_M  # as `geo.radio_horizon_m`


class Memory(NamedTuple):
    """S sensors in slots, and the plots of C tracks that still wait for a partner."""

    site: FloatArray  # (S,8) place (3) and up (3) ECEF, greatest range m, height m
    heard_ns: IntArray  # (S,)
    prior: FloatArray  # (3S,) information of the prior, diagonal
    info: FloatArray  # (3S,3S) information of the residuals
    vector: FloatArray  # (3S,)
    mean: FloatArray  # (3S,) last solution
    cov: FloatArray  # (3S,3S)
    pairs: IntArray  # (S,S) residuals between two sensors
    clock: IntArray  # (2,) time of the last solution ns, residuals since
    owner: IntArray  # (C,) track, -1 none
    seen_ns: IntArray  # (C,) its latest plot
    plot_ns: IntArray  # (C,D)
    plot_slot: IntArray  # (C,D) slot of the sensor, -1 free
    plot: FloatArray  # (C,D,12) position (3), covariance (9)


SHRINK: Final = 2.0  # chosen: a mean of 1.4 s.d. says nothing


@njit(cache=True, nogil=True, error_model="numpy")
def displaced(site: FloatArray, position: FloatArray, out: FloatArray) -> None:
    """How a plot at `position` (3,) moves with range, azimuth, height: columns (3,3), m per unit.

    Range and azimuth move it at equal height, height at equal range: as `sense.polar` places it.
    """
    sight, up = np.empty(3), np.empty(3)
    distance, radius = 0.0, 0.0
    for a in range(3):
        sight[a] = position[a] - site[a]
        distance += sight[a] * sight[a]
        radius += position[a] * position[a]
    out[0, 1] = sight[1] * site[5] - sight[2] * site[4]
    out[1, 1] = sight[2] * site[3] - sight[0] * site[5]
    out[2, 1] = sight[0] * site[4] - sight[1] * site[3]
    distance, radius = math.sqrt(max(distance, 1.0)), math.sqrt(radius)
    rise = 0.0
    for a in range(3):
        sight[a] /= distance
        up[a] = position[a] / radius
        rise += sight[a] * up[a]
    level = max(1.0 - rise * rise, _LEVEL_MIN)
    for a in range(3):
        out[a, 0] = (sight[a] - rise * up[a]) / level
        out[a, 2] = up[a] - rise * out[a, 0]


@njit(cache=True, nogil=True, error_model="numpy")
def settle(memory: Memory, now_ns: int) -> None:
    """Fade old residuals, then solve for all biases: mean and covariance."""
    n = len(memory.prior)
    kept = math.exp(-(now_ns - memory.clock[0]) / FADE_NS)
    total = np.empty((n, n))
    for a in range(n):
        memory.vector[a] *= kept
        for b in range(n):
            memory.info[a, b] *= kept
            total[a, b] = memory.info[a, b]
        total[a, a] += memory.prior[a]
    memory.clock[0] = now_ns
    memory.clock[1] = 0
    if not invert(total, memory.cov):
        return
    for a in range(n):
        memory.mean[a] = 0.0
        for b in range(n):
            memory.mean[a] += memory.cov[a, b] * memory.vector[b]


@njit(cache=True, nogil=True, error_model="numpy")
def _sees(memory: Memory, slot: int, t_ns: int, position: FloatArray, height_m: float) -> bool:
    """Whether another sensor, lately heard, has `position` in range and above its horizon."""
    if t_ns - memory.heard_ns[slot] > _HEARD_NS:
        return False
    squared = 0.0
    for a in range(3):
        squared += (position[a] - memory.site[slot, a]) ** 2
    reach = math.sqrt(_HORIZON_M * max(memory.site[slot, 7], 0.0))
    reach += math.sqrt(_HORIZON_M * max(height_m, 0.0))
    reach = min(reach, memory.site[slot, 6])
    return bool(squared <= reach * reach)


@njit(cache=True, nogil=True, error_model="numpy")
def _stacked(
    one: int, two: int, move: FloatArray, other: FloatArray
) -> tuple[IntArray, FloatArray]:
    """The states (6,) of two sensors, and (`move`, -`other`) as columns (3,6) for them."""
    at, both = np.empty(2 * STATES, np.int64), np.empty((3, 2 * STATES))
    for c in range(STATES):
        at[c] = STATES * one + c
        at[STATES + c] = STATES * two + c
        for a in range(3):
            both[a, c] = move[a, c]
            both[a, STATES + c] = -other[a, c]
    return at, both


@njit(cache=True, nogil=True, error_model="numpy")
def _difference(
    memory: Memory, one: int, two: int, move: FloatArray, other: FloatArray, out: FloatArray
) -> float:
    """Covariance (3,3) of the difference of two sensors, by `move` and `other`; its trace."""
    at, both = _stacked(one, two, move, other)
    part = np.empty((3, 2 * STATES))
    for a in range(3):
        for d in range(2 * STATES):
            part[a, d] = 0.0
            for c in range(2 * STATES):
                part[a, d] += both[a, c] * memory.cov[at[c], at[d]]
    for a in range(3):
        for b in range(3):
            out[a, b] = 0.0
            for d in range(2 * STATES):
                out[a, b] += part[a, d] * both[b, d]
    return float(out[0, 0] + out[1, 1] + out[2, 2])


@njit(cache=True, nogil=True, error_model="numpy")
def _believed(memory: Memory, k: int) -> float:
    """The bias that is taken out: none within its doubt, nearly all beyond.

    The positive-part shrinkage of James and Stein (Fourth Berkeley Symposium, 1961): taking out a
    bias that is not surely there adds its error to every plot.
    """
    mean, variance = memory.mean[k], memory.cov[k, k]
    if mean * mean <= SHRINK * variance:
        return 0.0
    return float(mean * (1.0 - SHRINK * variance / (mean * mean)))


@njit(cache=True, nogil=True, error_model="numpy")
def adjust(
    memory: Memory, slot: int, t_ns: int, positions: FloatArray, covariances: FloatArray
) -> None:
    """Take the bias of `slot` out of plots in place, and add what is not known of differences."""
    move, other = np.empty((3, 3)), np.empty((3, 3))
    doubt, worst = np.empty((3, 3)), np.empty((3, 3))
    site = memory.site[slot]
    for i in range(len(positions)):
        displaced(site, positions[i], move)
        height_m, radius = 0.0, 0.0
        for a in range(3):
            height_m += positions[i, a] * positions[i, a]
            radius += site[a] * site[a]
        # geocentric heights: the ellipsoid between the two cancels to 100 m over 200 km
        height_m = math.sqrt(height_m) - math.sqrt(radius) + site[7]
        most = 0.0
        for j in range(len(memory.site)):
            if j == slot or not _sees(memory, j, t_ns, positions[i], height_m):
                continue
            displaced(memory.site[j], positions[i], other)
            size = _difference(memory, slot, j, move, other, doubt)
            if size > most:
                most = size
                worst[:] = doubt
        for a in range(3):
            for c in range(STATES):
                positions[i, a] -= move[a, c] * _believed(memory, STATES * slot + c)
        if most > 0.0:
            for a in range(3):
                for b in range(3):
                    covariances[i, a, b] += 0.5 * worst[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def learn_look(
    memory: Memory, slot: int, t_ns: IntArray, tracks: IntArray, positions: FloatArray,
    covariances: FloatArray,
) -> None:  # fmt: skip
    """Pair the plots of one look by `slot` with what waits, or let them wait."""
    for i in range(len(tracks)):
        c = _place_of(memory, tracks[i], t_ns[i])
        if c < 0:
            continue
        begun = _own(memory, c, slot, t_ns[i])
        partner = -1
        if begun >= 0:
            partner = _partner(memory, c, slot, memory.plot_ns[c, begun], t_ns[i])
        if partner >= 0:
            _compare(memory, c, slot, begun, partner, t_ns[i], positions[i], covariances[i])
            memory.plot_slot[c, begun] = -1
            memory.plot_slot[c, partner] = -1
        else:
            _wait(memory, c, slot, t_ns[i], positions[i], covariances[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _place_of(memory: Memory, track: int, t_ns: int) -> int:
    """The place of `track`, else the first whose owner was not seen lately, now its own; -1 none.

    Ids are only compared: their numbers tell the order of arrival, which must not matter.
    """
    free = -1
    for c in range(len(memory.owner)):
        if memory.owner[c] == track:
            memory.seen_ns[c] = max(memory.seen_ns[c], t_ns)
            return c
        if free < 0 and t_ns - memory.seen_ns[c] > GAP_NS:
            free = c
    if free >= 0:
        memory.owner[free], memory.seen_ns[free] = track, t_ns
        for d in range(DEPTH):
            memory.plot_slot[free, d] = -1
    return free


@njit(cache=True, nogil=True, error_model="numpy")
def _own(memory: Memory, c: int, slot: int, t_ns: int) -> int:
    """The last waiting plot of `slot` that can begin a line which ends now; -1 none."""
    best = -1
    for d in range(DEPTH):
        age = t_ns - memory.plot_ns[c, d]
        if memory.plot_slot[c, d] != slot or age <= 0 or age > GAP_NS:
            continue
        if best < 0 or memory.plot_ns[c, d] > memory.plot_ns[c, best]:
            best = d
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _partner(memory: Memory, c: int, slot: int, begun_ns: int, t_ns: int) -> int:
    """The plot of another sensor within the line: of the least compared sensor; -1 none."""
    best = -1
    for d in range(DEPTH):
        s = memory.plot_slot[c, d]
        if s < 0 or s == slot or not begun_ns < memory.plot_ns[c, d] < t_ns:
            continue
        if best >= 0:
            here, there = memory.pairs[slot, s], memory.pairs[slot, memory.plot_slot[c, best]]
            if here > there or (here == there and memory.plot_ns[c, d] < memory.plot_ns[c, best]):
                continue
        best = d
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _wait(
    memory: Memory, c: int, slot: int, t_ns: int, position: FloatArray, covariance: FloatArray
) -> None:
    """Keep a plot, in a free place or in that of the oldest."""
    at = 0
    for d in range(DEPTH):
        if memory.plot_slot[c, d] < 0:
            at = d
            break
        if memory.plot_ns[c, d] < memory.plot_ns[c, at]:
            at = d
    memory.plot_ns[c, at] = t_ns
    memory.plot_slot[c, at] = slot
    for a in range(3):
        memory.plot[c, at, a] = position[a]
        for b in range(3):
            memory.plot[c, at, 3 + 3 * a + b] = covariance[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def _compare(
    memory: Memory, c: int, slot: int, begun: int, partner: int, t_ns: int, position: FloatArray,
    covariance: FloatArray,
) -> None:  # fmt: skip
    """Add the residual of the partner's plot against the line from `begun` to the new plot."""
    first, between = memory.plot[c, begun], memory.plot[c, partner]
    before_s = (memory.plot_ns[c, partner] - memory.plot_ns[c, begun]) * 1e-9
    after_s = (t_ns - memory.plot_ns[c, partner]) * 1e-9
    late = before_s / (before_s + after_s)  # weight of the new plot
    miss, noise, weight = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    way = 0.0
    bend = 0.5 * _TURN_MPS2 * before_s * after_s  # off a line at constant acceleration
    for a in range(3):
        miss[a] = between[a] - late * position[a] - (1.0 - late) * first[a]
        way += (position[a] - first[a]) ** 2
        for b in range(3):
            k = 3 + 3 * a + b
            noise[a, b] = between[k] + late**2 * covariance[a, b] + (1.0 - late) ** 2 * first[k]
        noise[a, a] += bend * bend
    if math.sqrt(way) > _SPEED_MPS_MAX * (before_s + after_s):
        return
    # Both move at one place: with a place for each, their noise would pass for a difference of
    # geometry, and two radars on one mast would seem to know what they cannot.
    place, move, ends = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    for a in range(3):
        place[a] = between[a] - 0.5 * miss[a]
    other = memory.plot_slot[c, partner]
    displaced(memory.site[other], place, move)
    displaced(memory.site[slot], place, ends)
    if not _plausible(memory, other, slot, move, ends, miss, noise):
        return
    one, two = _vertical(between[3:], place), _vertical(first[3:], place)
    for a in range(3):
        for b in range(3):
            if one > _HEIGHT_SD_M**2:
                noise[a, b] += _GUESS * one * move[a, 2] * move[b, 2]
            if two > _HEIGHT_SD_M**2:
                noise[a, b] += _GUESS * two * ends[a, 2] * ends[b, 2]
    if not invert(noise, weight):
        return
    _add(memory, other, slot, move, ends, miss, weight)


@njit(cache=True, nogil=True, error_model="numpy")
def _vertical(flat: FloatArray, place: FloatArray) -> float:
    """Variance of the height in a covariance (9,) at `place` (3,).

    Where it is a guess, the guess is as wrong for every plot of a flight, and much alike for all
    flights of a night: what its error does to the ground range must not be averaged out.
    """
    size, rise = 0.0, 0.0
    for a in range(3):
        size += place[a] * place[a]
        for b in range(3):
            rise += place[a] * flat[3 * a + b] * place[b]
    return rise / size


@njit(cache=True, nogil=True, error_model="numpy")
def _plausible(
    memory: Memory,
    one: int,
    two: int,
    move: FloatArray,
    other: FloatArray,
    miss: FloatArray,
    noise: FloatArray,
) -> bool:
    """Whether a residual is within the gate of what is believed of the two sensors."""
    spread, weight = np.empty((3, 3)), np.empty((3, 3))
    _difference(memory, one, two, move, other, spread)
    left = np.empty(3)
    for a in range(3):
        left[a] = miss[a]
        for c in range(STATES):
            left[a] -= move[a, c] * memory.mean[STATES * one + c]
            left[a] += other[a, c] * memory.mean[STATES * two + c]
        for b in range(3):
            spread[a, b] += noise[a, b]
    if not invert(spread, weight):
        return False
    length = 0.0
    for a in range(3):
        for b in range(3):
            length += left[a] * weight[a, b] * left[b]
    return length <= SURELY_3


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    memory: Memory, one: int, two: int, move: FloatArray, other: FloatArray, miss: FloatArray,
    weight: FloatArray,
) -> None:  # fmt: skip
    """Add ``H' W H`` and ``H' W miss``, H being (`move`, -`other`) in the columns of the two."""
    at, both = _stacked(one, two, move, other)
    part = np.empty((2 * STATES, 3))
    for c in range(2 * STATES):
        for a in range(3):
            part[c, a] = 0.0
            for b in range(3):
                part[c, a] += both[b, c] * weight[b, a]
    for c in range(2 * STATES):
        for a in range(3):
            memory.vector[at[c]] += part[c, a] * miss[a]
        for d in range(2 * STATES):
            for a in range(3):
                memory.info[at[c], at[d]] += part[c, a] * both[a, d]
    memory.pairs[one, two] += 1
    memory.pairs[two, one] += 1
    memory.clock[1] += 1
