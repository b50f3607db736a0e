"""What a track may be: weights of `words.KINDS` from motion, sensors' hints, identity, time.

Motion speaks through a printed table of Gaussian modes (`kind_table`, fitted by
`tools/fit_kind.py`): speed, height and climb are independent within a mode and widened by the
track's own uncertainty (Bovy, Hogg, Roweis, *Annals of Applied Statistics* 5 (2011) 1657-1677),
and each mode has its habit of turning, hovering or wandering, to which the weights of the bank's
models are soft evidence. Successive looks at one target tell almost the
same, so the mean ln likelihood of the last looks counts as a bounded number of independent ones.
That mean soon forgets what a helicopter shows only for moments: that it hovered, or rose from where
it had landed. So what was too slow for wings stays known, and speaks against drones that have some.

Motion alone cannot tell a one-way drone from a light aircraft. Sound, micro-Doppler and a
cooperative identity can; identity is bounded, shrinks with `friend_doubt` (see `friends`), and
never takes weight from `ballistic`: a missile may be taken for the aircraft beside it.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.bank import NAMES
from tocsin.track.kind_table import (
    HABIT_SHARE,
    MEMORY_LOOKS,
    MEMORY_SHARE,
    MODES,
    PRIOR,
    WORTH_FLAT,
    WORTH_LOOKS,
)
from tocsin.track.stack import vector
from tocsin.track.state import falling, motion
from tocsin.track.table import MODELS, Record, Records
from tocsin.words import (
    HINT_AIRCRAFT,
    HINT_BIRD,
    HINT_CRUISE,
    HINT_DRONE,
    HINT_HELICOPTER,
    HINTS,
    KINDS,
    FloatArray,
)

DRONE: Final = KINDS.index("drone")
CRUISE: Final = KINDS.index("cruise")
BALLISTIC: Final = KINDS.index("ballistic")
AIRCRAFT: Final = KINDS.index("aircraft")
HELICOPTER: Final = KINDS.index("helicopter")
BIRD: Final = KINDS.index("bird")
UNKNOWN: Final = KINDS.index("unknown")
COUNT: Final = len(KINDS)

# Habits: groups of the bank's models that mean the same to us; left and right are one.
HABITS: Final = ("straight", "agile", "turn", "hover", "bird")
_TURNS: Final = {"left": "turn", "right": "turn"}
HABIT_OF_MODEL: Final = np.array([HABITS.index(_TURNS.get(name, name)) for name in NAMES])
_HABITS: Final = len(HABITS)
_MODES: Final = len(MODES)


_NUMBERS: Final = np.dtype(
    [
        ("mode", np.float64, (12, _MODES)),
        # share; mean, s.d. of speed, height, climb; P(habit) / overall
        ("first", np.int64, (COUNT + 1,)),  # mode of each of `KINDS`
        ("ln_prior", np.float64, (COUNT,)),
        ("habit", np.float64, (_HABITS,)),  # overall share of each habit: says nothing
        ("worth", np.float64, (5,)),  # looks with and without height; memory: share, least, most
        ("habit_of_model", np.int64, (MODELS,)),
        ("winged", np.int64, (_MODES,)),  # 1 for modes of drones that cannot hover
    ],
    align=True,
)


def _printed() -> Records:
    """The printed table for the kernels: an argument, because Numba's cache of a kernel is not
    renewed when a constant of another module changes."""
    numbers = np.zeros(1, dtype=_NUMBERS)
    kinds = [KINDS.index(row[0]) for row in MODES]
    assert kinds == sorted(kinds), "the modes are in the order of `KINDS`"
    numbers["mode"] = np.array([row[1:] for row in MODES]).T
    numbers["first"] = np.searchsorted(kinds, np.arange(COUNT + 1))
    numbers["ln_prior"] = np.log(np.array(PRIOR))
    numbers["habit"] = HABIT_SHARE
    numbers["worth"] = [WORTH_LOOKS, WORTH_FLAT, MEMORY_SHARE, *MEMORY_LOOKS]
    numbers["habit_of_model"] = HABIT_OF_MODEL
    numbers["winged"] = (np.array(kinds) == DRONE) & (numbers["mode"][:, 1] >= WINGED_MPS)
    return numbers


WINGED_MPS: Final = 39.0
"""The slowest one-way drones fly so fast through the air (140 km/h: domain study of the project);
modes of drones with a lower mean are of small ones, some of which hover."""
SLOW_MPS: Final = 20.0
"""What was surely slower than this over ground is not held up by such wings. Chosen: a wind of half
their speed would have to blow against the slowest, 2.7 s.d. of `tools/kind_flights.py` at 1 km."""
SLOW_SURE: Final = 2.0  # s.d. of speed that "surely" means: 2 % of equal speeds are missed
SLOW_LN: Final = 4.5
"""ln odds that it takes from those drones. Measured on flights of `tools/kind_flights.py` in wind:
fewer than 3 in 1000 of such drones are ever taken for so slow, and of helicopters 88 % at work and
3 % in transit: ln 0.003/0.37 is -4.8. Bounded below that: a drone may take over a track."""
SLOW_FADE_NS: Final = 900_000_000_000
"""... and how soon that has faded away. Chosen: a helicopter that works rests again within minutes,
and a drone that took over its track is then judged anew."""
TABLE: Final = _printed()
_NORM: Final = (2.0 * math.pi) ** -1.5
_NORM_FLAT: Final = (2.0 * math.pi) ** -0.5

OUTLIER: Final = 1e-7
"""Share of every kind spread evenly over 1500 m/s x 30 km x 1000 m/s: none is ever impossible."""
OUTLIER_UNKNOWN: Final = 0.02
"""The same of `unknown`, which is what nothing else explains. Chosen."""
_EVEN: Final = 1.0 / (1500.0 * 30_000.0 * 1000.0)
_EVEN_FLAT: Final = 1.0 / 1500.0
_FAR: Final = 90.0
"""Beyond this squared distance a mode adds less than a thousandth of what outliers do: there it is
taken as this."""
_SERIES: Final = tuple(1.0 / math.factorial(k) for k in range(10, -1, -1))
_HALVINGS: Final = 7
"""Of the exponent: the series is then off by less than 1e-10 of itself at `_FAR`."""


HINT_WORTH: Final = 1.5
HINT_HALF: Final = 2.0
"""c reports with a hint count as ``HINT_WORTH c / (c + HINT_HALF)`` independent ones. Chosen: a
classifier errs the same way from look to look, one hint among many looks is weak, and many are
worth a factor of twenty and no more."""
HINT_LN: Final = np.log(np.array([
    # P(hint | kind), chosen: micro-Doppler and sound are right in 85 to 96 % (shared knowledge,
    # section 1), a piston aircraft sounds like a piston drone, a jet missile like a jet
    # drone cruise ballistic aircraft helicopter bird unknown
    (1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00),  # none: says nothing
    (0.04, 0.02, 0.10, 0.02, 0.02, 0.88, 0.20),  # bird
    (0.06, 0.14, 0.10, 0.82, 0.08, 0.02, 0.20),  # aircraft
    (0.84, 0.06, 0.10, 0.10, 0.05, 0.06, 0.20),  # drone
    (0.04, 0.02, 0.10, 0.03, 0.84, 0.02, 0.20),  # helicopter
    (0.02, 0.76, 0.10, 0.03, 0.01, 0.02, 0.20),  # cruise
]))  # fmt: skip
assert HINT_LN.shape == (HINTS, COUNT)
assert (HINT_BIRD, HINT_AIRCRAFT, HINT_DRONE, HINT_HELICOPTER, HINT_CRUISE) == (1, 2, 3, 4, 5)

FRIEND_NS: Final = 60_000_000_000  # an identity not repeated for so long has lapsed; chosen
FRIEND_FADE_NS: Final = 120_000_000_000
"""... and its worth is gone when it has not been repeated for so much longer. Chosen: a failed
transponder does not make a threat in one scan, nor is it believed for ever."""
FRIEND_TRUST: Final = 4.0
"""... or for so many times as long as it was repeated, if that is longer: what answered for minutes
and was never lost is still the same aircraft when its transponder fails. Chosen."""
FRIEND_LN: Final = 6.5
"""ln odds of aircraft or helicopter that a radar's own reply is worth. Chosen: a low and slow
light aircraft (motion: drone 0.6) falls to 0.003, yet sound and doubt can still outweigh it."""
FRIEND_BEHIND: Final = 4.0
"""How far (ln) motion may put aircraft and helicopter behind the best other kind once identified.
Chosen: the tails of the table's modes are not to be believed beyond that."""
FRIEND_SPEED_MPS: Final = 600.0  # nothing cooperative flies faster: the identity is not its own
FALL_BONUS: Final = (-3.0, 6.0)
"""Bounds within which the ballistic filter's own ln odds count. Chosen: a rocket of short range
is as slow and level at its top as an airliner, and only the filter remembers how it came there;
but that there is no such hypothesis (yet) proves less.
"""
FALL_DIVE_MPS: Final = 400.0
"""What follows speaks against `ballistic` below this speed only (`onset.FAST_MPS`): what is faster
is no aircraft in a dive, but may be a rocket that stole the track of one."""
FALL_GIVEN: Final = 2.0
"""ln odds that each ballistic hypothesis which was tried and given up takes off ..."""
FALL_GIVEN_MOST: Final = 2
"""... and how many count. Chosen: the next begins at evens again, though a fighter's dive or an
airliner's climb was disproved before. None of 27 rockets and missiles of two scenarios was ever
given up, aircraft there up to nine times in eight minutes."""
FALL_LATE_S: Final = (10.0, 5.0)
"""A hypothesis that begins when the track has been flown without one for longer than the first
loses one ln of odds for each of the second ..."""
FALL_LATE_MOST: Final = 6.0
"""... up to this. Of those 27 all began within 9 s; of the ten fighters whose dives were taken for
falls in ten minutes of `friendly-only`, seven began after 33 to 55 s. Chosen so that the filter's
own odds at their best only make up for it."""
FALL_LASTS_S: Final = 300.0  # mean time in flight: a ballistic track grows unlikely with age


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _weigh_modes(
    modes: FloatArray, seen: FloatArray, has_height: bool, habit: FloatArray, like: FloatArray
) -> None:
    """Share times likelihood of each of `modes` (12,M) to `like` (M,); see `log_likelihood`.

    The same arithmetic for all, the exponential too, by a series: so they go several abreast, in
    half the time.
    """
    speed, height, climb = seen[0], seen[1], seen[2]
    speed2, height2, climb2 = seen[3], seen[4], seen[5]
    straight, agile, turn, hover, bird = habit[0], habit[1], habit[2], habit[3], habit[4]
    norm = _NORM if has_height else _NORM_FLAT
    for m in range(_MODES):
        off, spread = speed - modes[1, m], modes[2, m] * modes[2, m] + speed2
        high, tall, rise, steep = 0.0, 1.0, 0.0, 1.0
        if has_height:
            high, tall = height - modes[3, m], modes[4, m] * modes[4, m] + height2
            rise, steep = climb - modes[5, m], modes[6, m] * modes[6, m] + climb2
        both = spread * tall
        # one division for all three: (a/s + b/t + c/u) = (a t u + b s u + c s t) / (s t u)
        part = 1.0 / (both * steep)
        far = ((off * off * tall + high * high * spread) * steep + rise * rise * both) * part
        likes = straight * modes[7, m] + agile * modes[8, m] + turn * modes[9, m]
        likes += hover * modes[10, m] + bird * modes[11, m]
        less, fall = -0.5 * min(far, _FAR) / 2.0**_HALVINGS, 0.0
        for factor in _SERIES:
            fall = factor + less * fall
        for _ in range(_HALVINGS):
            fall *= fall
        like[m] = modes[0, m] * likes * fall * norm * math.sqrt(part)


@njit(cache=True, nogil=True, error_model="numpy")
def log_likelihood(
    numbers: Record, seen: FloatArray, has_height: bool, habit: FloatArray, winged: float,
    out: FloatArray,
) -> None:  # fmt: skip
    """ln likelihood under each kind of one look's motion to `out` (K,).

    `seen` (6,) speed, height, climb and their variances; `habit` (5,) weight of each of `HABITS`,
    sums to 1; `winged` how much the modes of drones count that cannot hover. Without a measured
    height only speed and habit speak.
    """
    even = _EVEN if has_height else _EVEN_FLAT
    like = vector(_MODES)
    _weigh_modes(numbers.mode, seen, has_height, habit, like)
    for k in range(COUNT):
        total = (OUTLIER_UNKNOWN if k == UNKNOWN else OUTLIER) * even
        for m in range(numbers.first[k], numbers.first[k + 1]):
            total += like[m] * (winged if numbers.winged[m] else 1.0)
        out[k] = math.log(total)


@njit(cache=True, nogil=True, error_model="numpy")
def remember(numbers: Record, running: FloatArray, fresh: FloatArray, hits: int) -> None:
    """Take one look's ln likelihoods `fresh` (K,) into the running mean (K,) of a track."""
    longest = min(max(hits * numbers.worth[2], numbers.worth[3]), numbers.worth[4])
    rate = 1.0 / max(1.0, min(hits - 1.0, longest))
    for k in range(COUNT):
        running[k] += rate * (fresh[k] - running[k])


@njit(cache=True, nogil=True, error_model="numpy")
def normalise(weight: FloatArray) -> None:
    """Turn ln weights (K,) into probabilities in place."""
    top, total = -math.inf, 0.0
    for k in range(COUNT):
        top = max(top, weight[k])
    for k in range(COUNT):
        weight[k] = math.exp(weight[k] - top)
        total += weight[k]
    for k in range(COUNT):
        weight[k] /= total


@njit(cache=True, nogil=True, error_model="numpy")
def opinion(
    numbers: Record, running: FloatArray, hits: int, has_height: bool, out: FloatArray
) -> None:
    """ln weight of each kind (K,) to `out` from the prior and the running mean of motion."""
    most = numbers.worth[0] if has_height else numbers.worth[1]
    worth = min(max(hits - 1.0, 0.0), most)
    for k in range(COUNT):
        out[k] = numbers.ln_prior[k] + worth * running[k]


@njit(cache=True, nogil=True, error_model="numpy")
def identify(weight: FloatArray, worth: float) -> None:
    """Let an identity worth `worth` (ln odds) lift aircraft and helicopter in `weight` (K,).

    `weight` are probabilities and stay so. What is ballistic keeps its weight exactly.
    """
    rest = best = cooperative = 0.0
    for k in range(COUNT):
        if k != BALLISTIC:
            rest += weight[k]
            if k in (AIRCRAFT, HELICOPTER):
                cooperative = max(cooperative, weight[k])
            else:
                best = max(best, weight[k])
    if rest <= 0.0:
        return
    lift = math.exp(worth)
    least = best * math.exp(-FRIEND_BEHIND) * min(1.0, worth)
    lift *= max(1.0, least / max(cooperative, 1e-300))
    weight[AIRCRAFT] *= lift
    weight[HELICOPTER] *= lift
    total = 0.0
    for k in range(COUNT):
        if k != BALLISTIC:
            total += weight[k]
    for k in range(COUNT):
        if k != BALLISTIC:
            weight[k] *= rest / total


@njit(cache=True, nogil=True, error_model="numpy")
def friend_worth(track: Record, speed_mps: float) -> float:
    """ln odds that the identity of a track is worth now: less with doubt and silence, never < 0.

    ``ln(1 + exp(FRIEND_LN - doubt))``: with doubt an identity comes to say nothing.
    """
    if track.t_ns_friend == 0 or speed_mps >= FRIEND_SPEED_MPS:
        return 0.0
    silent_ns = track.t_ns_seen - track.t_ns_friend - FRIEND_NS
    known_ns = max(FRIEND_FADE_NS, FRIEND_TRUST * (track.t_ns_friend - track.t_ns_born))
    kept = 1.0 - min(1.0, max(0.0, silent_ns / known_ns))
    return float(kept * math.log1p(math.exp(FRIEND_LN - track.friend_doubt)))


@njit(cache=True, nogil=True, error_model="numpy")
def _testify(track: Record, weight: FloatArray, speed_mps: float) -> None:
    """Add to the ln weights (K,) of a track what sensors, the ballistic filter and age say."""
    count = 0.0
    for h in range(1, HINTS):
        count += track.hints[h]
    if count > 0.0:
        worth = HINT_WORTH / (count + HINT_HALF)
        for h in range(1, HINTS):
            for k in range(COUNT):
                weight[k] += worth * track.hints[h] * HINT_LN[h, k]
    falls = falling(track)
    odds = math.log(max(falls, 1e-9) / max(1.0 - falls, 1e-9))
    weight[BALLISTIC] += max(FALL_BONUS[0], min(FALL_BONUS[1], odds))
    if speed_mps < FALL_DIVE_MPS:
        weight[BALLISTIC] -= FALL_GIVEN * min(track.fall_given, FALL_GIVEN_MOST)
        if falls > 0.0 and track.t_ns_fall > 0:
            late_s = (track.t_ns_fall - track.t_ns_born) * 1e-9 - FALL_LATE_S[0]
            weight[BALLISTIC] -= min(max(late_s / FALL_LATE_S[1], 0.0), FALL_LATE_MOST)
    age_s = (track.t_ns_seen - track.t_ns_born) * 1e-9
    weight[BALLISTIC] -= age_s / FALL_LASTS_S


@njit(cache=True, nogil=True, error_model="numpy")
def slow(seen: FloatArray) -> bool:
    """Whether motion `seen` (6,) is surely too slow for the wings of a drone."""
    return bool(seen[0] + SLOW_SURE * math.sqrt(seen[3]) < SLOW_MPS)


@njit(cache=True, nogil=True, error_model="numpy")
def winged(since_ns: int) -> float:
    """How much drones that cannot hover count, so long after a track was too slow for them."""
    return math.exp(-SLOW_LN * max(1.0 - since_ns / SLOW_FADE_NS, 0.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _weigh(track: Record, numbers: Record, work: Record, falls: bool) -> None:
    """Write the kind weights of a track without identity; `falls` and `work.motion` as `motion`."""
    fresh, habit = work.fresh, work.habit
    total = 1.0 - falling(track)
    for b in range(_HABITS):
        habit[b] = numbers.habit[b] if falls else 0.0
    if not falls:
        for m in range(MODELS):
            habit[numbers.habit_of_model[m]] += track.weight[m] / total
    if not falls and slow(work.motion):
        track.t_ns_slow = track.t_ns_seen
    wings = winged(track.t_ns_seen - track.t_ns_slow) if track.t_ns_slow > 0 else 1.0
    log_likelihood(numbers, work.motion, track.has_height, habit, wings, fresh)
    remember(numbers, track.kind_mean, fresh, track.hits)
    opinion(numbers, track.kind_mean, track.hits, track.has_height, track.kind)
    _testify(track, track.kind, work.motion[0])
    normalise(track.kind)


@njit(cache=True, nogil=True, error_model="numpy")
def classify(track: Record, numbers: Record, work: Record) -> None:
    """Renew the kind weights of a track by the look that has just corrected it.

    What a lone report may be is the prior, with identity or without.
    """
    alone = track.hits < 2
    if alone:
        for k in range(COUNT):
            track.kind[k] = math.exp(numbers.ln_prior[k])
        if track.t_ns_friend == 0:
            return
    falls = motion(track, work.middle, work.up, work.heading, work.motion)
    if not alone:
        _weigh(track, numbers, work, falls)
    worth = friend_worth(track, work.motion[0])
    if worth > 0.0:
        identify(track.kind, worth)
