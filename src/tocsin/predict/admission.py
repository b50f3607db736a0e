"""Which tracks are forecast, and as which kind of threat.

A track must be likely enough, well enough known and, for what is slow, so for long enough. What was
forecast before stays while it is likely enough: silence makes a state vaguer, not a threat less.
"""

from typing import Final

import numpy as np

from tocsin.geo import geodetic
from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.words import KINDS, THREATS, BoolArray, FloatArray, IntArray, Tracks

AGE_NS_MAX: Final = NS_PER_S  # of a forecast: at least once a second for all (architecture, 4)
AGE_NS_MIN: Final = 200 * NS_PER_MS  # bounds the load however often reports arrive
WEIGHT_MIN: Final = np.array([0.20, 0.20, 0.10])
"""Of a kind, to be forecast as that kind, in the order of `THREATS`. Chosen: a settled drone has
0.5 and more, a flock of birds with the wind behind it or a turboprop without identity 0.10 to 0.15;
a rocket just born has little time to be surer."""
EARLY_EXISTENCE: Final = 0.9
EARLY_HITS: Final = 4  # of any track, confirmed or not
EARLY_WEIGHT: Final = 0.5
"""A tentative track is forecast only as ballistic, and only if that is the likeliest kind, it very
likely exists and it has four reports: for the others there is time to wait for confirmation. With
0.5 and three, chance alignments of false plots warned twice in ten minutes of `friendly-only`."""
SLOW_MPS: Final = 80.0
SLOW_HITS: Final = 6  # of a track no faster than that: it may be a bird, and there is time
SLOW_WEIGHT: Final = 0.45
"""Of `drone`, for a track so slow to be forecast as one for the first time; `WEIGHT_MIN` keeps it.
Chosen between what was measured: in ten minutes of `friendly-only` 13 tracks were the reason of a
take-cover, and four of them (a flock, toy balloons, a helicopter that had just risen, twice) never
had it or only in their first looks. Twelve drones of `demo-raid` have it 4 to 20 s after
`WEIGHT_MIN`, mostly before their motion is settled: one was warned of 6 s later, the others not.
The weight of a real drone among friends is 0.73 to 0.85, that of four helicopters and light
aircraft there up to 0.85 to 0.89: no weight tells those apart, so do not raise this one."""
SETTLED_MPS: Final = (6.0, 25.0)
SETTLED_SHARE: Final = 0.10
"""A track that is not ballistic is first forecast when its horizontal velocity is known to this
s.d., or this part of its speed but no worse than the second. Chosen: a bird (14 m/s) and a drone
(50 m/s) are then more than three s.d. apart, and a fan of paths with an unknown heading points
everywhere. With several radars it takes 10 to 20 s of looks."""
SURE_NS: Final = 30 * NS_PER_S
SURE_HITS: Final = 8
SURE_WEIGHT: Final = 0.5
"""... or when it has been seen so long and so often and is a drone or a cruise missile by more than
even odds. Chosen: one noisy or far radar alone never settles a velocity, and a threat must not go
unwarned for that; a flock of birds has lost its first guesses by then."""
SETTLED_NS: Final = 6 * NS_PER_S
"""... and has been seen over this time. Chosen: a scan and a half, so that false plots of several
radars about a flock of birds, which line up once in half an hour, must do so a second time."""
CLIMBER_MPS: Final = (SLOW_MPS, 180.0)
CLIMB_SETTLED_MPS: Final = 5.0
"""Between these speeds, faster than a propeller and slower than a missile, airliners climb and
descend below 3 km: there the climb must be known to this s.d. too. Chosen: they climb at 10 m/s
and descend at 7; with less, each one just acquired without identity warned a zone."""

FALL_FAST_MPS: Final = 400.0
FALL_HIGH_M: Final = 15e3
"""A track at least so fast or so high is forecast as ballistic at once. Chosen: as
`track.kind.FALL_DIVE_MPS`, aircraft in a dive are slower, and fighters fly no higher than 15 to
18 km; a rocket or missile is faster after the first seconds of its flight."""
FALL_HELD_NS: Final = 2 * NS_PER_S
FALL_HELD_SHARE: Final = 0.5
FALL_HELD_NS_MAX: Final = 15 * NS_PER_S
"""Another must have been ballistic by more than even odds (`EARLY_WEIGHT`) at each look over the
first time, over this share of its age when that began, and over no more than the last. Chosen:
what begins to fall at once is a rocket, what flew level for half a minute is an aircraft that
dives. Measured in ten minutes of `friendly-only`: seven tracks of fighters and birds were behind a
take-cover as ballistic at 160 to 270 m/s; three never had even odds, two had them for less than
2 s, one from its 16th second for 4 s, one from its 32nd for 10 s; now none. Of the 27 rockets and
missiles of `rocket-salvo` and `missiles` the sum of the lead times stayed the same to 10 ms: those
seen below 400 m/s in their boost pass it within 2.5 s."""

_DRONE: Final = KINDS.index("drone")
_BALLISTIC: Final = KINDS.index("ballistic")
_NEVER_NS: Final = 1 << 62  # the year 2116


class Admission:
    """Remembers of each track what it was forecast as, and since when it has been ballistic.

    Bounded by the tracks given last.
    """

    def __init__(self) -> None:
        self._track = np.zeros(0, dtype=np.int64)
        self._t_ns_falls = np.zeros(0, dtype=np.int64)
        self._taken = np.zeros((0, len(THREATS)), dtype=np.bool_)

    def admit(self, tracks: Tracks) -> BoolArray:
        """Whether each track is forecast as each of `THREATS` (n, T)."""
        since_ns, taken = self._remembered(tracks)
        weight = tracks.kind_weight[:, : len(THREATS)]
        likely = weight > WEIGHT_MIN
        speed_mps = np.linalg.norm(tracks.velocity_mps, axis=1)
        slow = speed_mps < SLOW_MPS
        likely[:, _DRONE] &= taken[:, _DRONE] | ~slow | (weight[:, _DRONE] > SLOW_WEIGHT)
        even = weight[:, _BALLISTIC] > EARLY_WEIGHT
        since_ns = np.where(even, np.minimum(since_ns, tracks.t_ns_seen), _NEVER_NS)
        likely[:, _BALLISTIC] &= taken[:, _BALLISTIC] | _falls(tracks, speed_mps, since_ns)
        falls = likely[:, _BALLISTIC] & even
        early = (tracks.existence > EARLY_EXISTENCE) & (tracks.hits >= EARLY_HITS) & falls
        late = tracks.confirmed & (taken.any(axis=1) | _settled(tracks, speed_mps, falls))
        likely[:, :_BALLISTIC] &= tracks.confirmed[:, None]
        likely &= ((late | early) & _finite(tracks))[:, None]
        self._track, self._t_ns_falls, self._taken = tracks.id, since_ns, likely
        return likely

    def _remembered(self, tracks: Tracks) -> tuple[IntArray, BoolArray]:
        """Of each track since when it has been ballistic (`_NEVER_NS`: it is not) and what it was
        forecast as."""
        since_ns = np.full(len(tracks), _NEVER_NS)
        taken = np.zeros((len(tracks), len(THREATS)), dtype=np.bool_)
        known, at = found(self._track, tracks.id)
        since_ns[known], taken[known] = self._t_ns_falls[at[known]], self._taken[at[known]]
        return since_ns, taken


def found(ids: IntArray, asked: IntArray) -> tuple[BoolArray, IntArray]:
    """Which of `asked` are among `ids`, which are in order, and where (0 of those that are not)."""
    at = np.searchsorted(ids, asked)
    at[at == len(ids)] = 0
    if not len(ids):
        return np.zeros(len(asked), dtype=np.bool_), at
    return ids[at] == asked, at


def _falls(tracks: Tracks, speed_mps: FloatArray, since_ns: IntArray) -> BoolArray:
    """Whether a track is faster or higher than aircraft, or has been ballistic for long enough."""
    falls: BoolArray = speed_mps >= FALL_FAST_MPS
    _, _, height_m = geodetic(tracks.position_m)
    falls |= height_m >= FALL_HIGH_M
    needed_ns = (since_ns - tracks.t_ns_born) * FALL_HELD_SHARE
    needed_ns = np.clip(needed_ns, FALL_HELD_NS, FALL_HELD_NS_MAX)
    falls |= tracks.t_ns_seen - since_ns >= needed_ns
    return falls


def _finite(tracks: Tracks) -> BoolArray:
    """Whether the whole state of a track is: one spoilt track must not stop the others."""
    state = np.concatenate(
        [
            tracks.position_m,
            tracks.velocity_mps,
            tracks.covariance.reshape(len(tracks), 36),
            tracks.ln_beta,
        ],
        axis=1,
    )
    finite: BoolArray = np.logical_and.reduce(np.isfinite(state), axis=1)
    return finite


def _settled(tracks: Tracks, speed_mps: FloatArray, falls: BoolArray) -> BoolArray:
    """Whether the horizontal velocity is known well enough (see `SETTLED_MPS`), or the track falls.

    The vertical is that of the sphere: within 0.2 degrees of the ellipsoid's.
    """
    up = tracks.position_m / np.linalg.norm(tracks.position_m, axis=1, keepdims=True)
    spread = tracks.covariance[:, 3:, 3:]
    whole = np.trace(spread, axis1=1, axis2=2)
    vertical = np.einsum("na,nab,nb->n", up, spread, up)
    deviation_mps = np.sqrt(np.maximum(whole - vertical, 0.0) / 2.0)
    climber = (speed_mps > CLIMBER_MPS[0]) & (speed_mps < CLIMBER_MPS[1])
    settled: BoolArray = deviation_mps <= np.clip(SETTLED_SHARE * speed_mps, *SETTLED_MPS)
    settled &= ~climber | (vertical <= CLIMB_SETTLED_MPS**2)
    seen_ns = tracks.t_ns_seen - tracks.t_ns_born
    settled &= seen_ns >= SETTLED_NS
    settled |= falls
    flies = tracks.kind_weight[:, : len(THREATS)].sum(axis=1) > SURE_WEIGHT
    settled |= flies & (seen_ns >= SURE_NS) & (tracks.hits >= SURE_HITS)
    settled &= tracks.hits >= np.where(speed_mps < SLOW_MPS, SLOW_HITS, EARLY_HITS)
    return settled
