"""What a track may be: weights of `words.KINDS` from how it moves, who it says it is, how long.

Kinematics speak through a printed table of Gaussian modes; speed, height and climb are taken as
independent within a mode and widened by the track's own uncertainty. Successive looks at one
target tell almost the same, so the mean of the last looks' ln likelihood counts as at most
`LOOKS_WORTH` independent ones. Kinematics alone cannot tell a one-way drone from a light aircraft
(shared knowledge, 0.5): a cooperative identity decides, and its absence is in the priors.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.filter import blend
from tocsin.track.table import AGILE, FALL, STEADY, Table
from tocsin.words import FloatArray

DRONE: Final = 0
CRUISE: Final = 1
BALLISTIC: Final = 2
AIRCRAFT: Final = 3
BIRD: Final = 4

PRIOR: Final = (0.05, 0.02, 0.01, 0.62, 0.30)
"""Of a track without identity, before its motion is known, in the order of `KINDS`. Chosen: most
of what radars track are aircraft, so that speed alone, without height, never makes a threat; and
of what is slow and low birds are several times as many as drones on any night."""

MODES: Final = np.array([
    # kind, share, speed m/s: mean, s.d.; height m: mean, s.d.; climb m/s: mean, s.d.
    # Chosen from the published ranges of each; the comment says which.
    (DRONE, 0.70, 50.0, 11.0, 1000.0, 1100.0, 0.0, 2.5),  # propeller one-way: 140-220 km/h
    (DRONE, 0.10, 55.0, 15.0, 600.0, 600.0, -15.0, 12.0),  # the same, diving
    (DRONE, 0.10, 25.0, 8.0, 200.0, 250.0, 0.0, 3.0),  # small reconnaissance and multi-rotor
    (DRONE, 0.10, 130.0, 25.0, 1500.0, 1200.0, 0.0, 4.0),  # jet-driven one-way: 370-550 km/h
    (CRUISE, 0.80, 235.0, 30.0, 250.0, 700.0, 0.0, 8.0),  # subsonic: Mach 0.6-0.8, low
    (CRUISE, 0.10, 235.0, 30.0, 1500.0, 1200.0, 0.0, 15.0),  # the same over hills
    (CRUISE, 0.10, 750.0, 150.0, 8000.0, 6000.0, -30.0, 100.0),  # supersonic: Mach 2-3
    (BALLISTIC, 0.35, 700.0, 350.0, 9000.0, 8000.0, 350.0, 220.0),  # rising
    (BALLISTIC, 0.20, 600.0, 350.0, 25000.0, 15000.0, 0.0, 150.0),  # near the top
    (BALLISTIC, 0.45, 700.0, 350.0, 9000.0, 8000.0, -350.0, 220.0),  # falling
    (AIRCRAFT, 0.44, 230.0, 28.0, 10500.0, 1300.0, 0.0, 4.0),  # airliner: Mach 0.74-0.85, winds
    (AIRCRAFT, 0.17, 185.0, 35.0, 6000.0, 2200.0, 0.0, 9.0),  # climbing or descending above FL100
    (AIRCRAFT, 0.06, 112.0, 28.0, 1700.0, 1200.0, 11.0, 3.5),  # climbing, under 250 kt
    (AIRCRAFT, 0.03, 145.0, 15.0, 2800.0, 900.0, 10.0, 3.0),  # 250 kt indicated, up to FL100
    (AIRCRAFT, 0.03, 145.0, 15.0, 2800.0, 900.0, -7.0, 3.0),  # ... and down from it
    (AIRCRAFT, 0.03, 78.0, 9.0, 500.0, 400.0, 9.0, 3.0),  # just after take-off: 130-180 kt
    (AIRCRAFT, 0.06, 105.0, 25.0, 1500.0, 1200.0, -5.5, 3.0),  # descending, under 250 kt
    (AIRCRAFT, 0.04, 73.0, 7.0, 400.0, 350.0, -3.8, 1.0),  # final approach, 3 degrees, 130-160 kt
    (AIRCRAFT, 0.04, 120.0, 20.0, 2500.0, 900.0, 0.0, 2.5),  # level in the terminal area
    (AIRCRAFT, 0.04, 55.0, 15.0, 1000.0, 800.0, 0.0, 3.0),  # light aircraft and helicopters
    (AIRCRAFT, 0.03, 130.0, 20.0, 6000.0, 1800.0, 0.0, 5.0),  # turboprops en route
    (AIRCRAFT, 0.03, 240.0, 70.0, 7000.0, 3500.0, 0.0, 25.0),  # fast military
    (BIRD, 1.00, 14.0, 4.5, 400.0, 500.0, 0.0, 1.5),  # migration: 8-20 m/s air speed
])  # fmt: skip

OUTLIER: Final = 1e-7
"""Share of every kind spread evenly over 1500 m/s x 30 km x 1000 m/s: none is ever impossible."""
OUTLIER_DENSITY: Final = OUTLIER / (1500.0 * 30_000.0 * 1000.0)
LOOKS_WORTH: Final = 3.0
"""Chosen on simulated flights: confident in seconds, not sure at once. A track without height is
worth one: its only feature, speed, is the same at every look."""
MEMORY_SHARE: Final = 1.0 / 3.0
MEMORY_LOOKS: Final = (4.0, 24.0)
"""The running mean is over this share of a track's looks, within these bounds. A young track
forgets its first guesses of speed, by which a bird of 14 m/s passes for a drone for 20 s; an old
one is not turned by one false plot, and shows a dive within a minute and a half."""

FRIEND_NS: Final = 60_000_000_000  # an identity not repeated for so long has lapsed; chosen
FRIEND_BONUS: Final = 9.0  # ln; chosen: P(aircraft) > 0.99 from any subsonic motion
FRIEND_SPEED_MPS: Final = 600.0  # nothing cooperative flies faster: the identity is not its own
HINT_BONUS: Final = 2.0  # ln for each kind a sensor names in most of its reports; chosen, because
# micro-Doppler classifiers are right in some 85 to 96 % (shared knowledge, section 1)
FALL_BONUS: Final = (-3.0, 6.0)
"""Bounds within which the ballistic filter's own ln odds count. Chosen: a rocket of short range
is as slow and level at its top as an airliner, and only the filter remembers how it came there;
but that there is no such hypothesis (yet) proves less.
"""
FALL_LASTS_S: Final = 300.0  # mean time in flight: a ballistic track grows unlikely with age


@njit(cache=True, nogil=True)
def mixed(table: Table, i: int, mean: FloatArray, cov: FloatArray) -> bool:
    """State of track i (6 and 6x6) at its own time; True when it is the ballistic one's.

    The ballistic state stands when its weight is at least 1/2, else the moments of the pair.
    """
    if table.weight[i, FALL] >= 0.5:
        mean[:] = table.fall_mean[i, :6]
        cov[:] = table.fall_cov[i, :6, :6]
        return True
    pair = table.weight[i, STEADY] + table.weight[i, AGILE]
    blend(table.mean[i], table.cov[i], table.weight[i, STEADY] / pair, mean, cov)
    return False


@njit(cache=True, nogil=True)
def _bell(x: float, mean: float, deviation: float, variance: float) -> float:
    """Normal density of `x` in a mode widened by the track's own `variance`."""
    spread = deviation * deviation + variance
    return math.exp(-0.5 * (x - mean) ** 2 / spread) / math.sqrt(2.0 * math.pi * spread)


@njit(cache=True, nogil=True)
def log_likelihood(
    speed: float, height: float, climb: float, variance: FloatArray, has_height: bool,
    out: FloatArray,
) -> None:  # fmt: skip
    """ln likelihood of one look's kinematics under each kind to `out` (K,).

    `variance` (3,) of speed, height, climb. Without a measured height only speed speaks.
    """
    out[:] = OUTLIER_DENSITY if has_height else OUTLIER / 1500.0
    for m in range(len(MODES)):
        density = MODES[m, 1] * _bell(speed, MODES[m, 2], MODES[m, 3], variance[0])
        if has_height:
            density *= _bell(height, MODES[m, 4], MODES[m, 5], variance[1])
            density *= _bell(climb, MODES[m, 6], MODES[m, 7], variance[2])
        out[int(MODES[m, 0])] += density
    for k in range(len(out)):
        out[k] = math.log(out[k])


@njit(cache=True, nogil=True)
def _look(table: Table, i: int, out: FloatArray) -> float:
    """Kinematic ln likelihood of track i as it is now to `out` (K,); its speed (m/s)."""
    mean, cov, up, heading = np.empty(6), np.empty((6, 6)), np.empty(3), np.empty(3)
    mixed(table, i, mean, cov)
    height = fall.height_and_up(mean[:3], up)
    climb = 0.0
    for a in range(3):
        climb += up[a] * mean[a + 3]
    speed = 0.0
    for a in range(3):
        heading[a] = mean[a + 3]
        if not table.has_height[i]:
            heading[a] -= climb * up[a]
        speed += heading[a] ** 2
    speed = math.sqrt(speed)
    variance = np.zeros(3)
    for a in range(3):
        for b in range(3):
            along = heading[a] * heading[b] / max(speed * speed, 1e-6)
            variance[0] += along * cov[a + 3, b + 3]
            variance[1] += up[a] * up[b] * cov[a, b]
            variance[2] += up[a] * up[b] * cov[a + 3, b + 3]
    log_likelihood(speed, height, climb, variance, table.has_height[i], out)
    return speed


@njit(cache=True, nogil=True)
def classify(table: Table, n: int) -> None:
    """Renew the kind weights of every changed track in rows ``[0, n)``."""
    kinds = len(PRIOR)
    fresh = np.empty(kinds)
    for i in range(n):
        if not table.changed[i]:
            continue
        if table.hits[i] < 2 and table.t_ns_friend[i] == 0:
            table.kind[i] = PRIOR
            continue
        speed = _look(table, i, fresh)
        longest = min(max(table.hits[i] * MEMORY_SHARE, MEMORY_LOOKS[0]), MEMORY_LOOKS[1])
        rate = 1.0 / max(1.0, min(table.hits[i] - 1.0, longest))
        most = LOOKS_WORTH if table.has_height[i] else 1.0
        worth = min(max(table.hits[i] - 1.0, 0.0), most)
        total, top = 0.0, -math.inf
        for k in range(kinds):
            table.kind_mean[i, k] += rate * (fresh[k] - table.kind_mean[i, k])
            table.kind[i, k] = math.log(PRIOR[k]) + worth * table.kind_mean[i, k]
        _testify(table, i, speed)
        for k in range(kinds):
            top = max(top, table.kind[i, k])
        for k in range(kinds):
            table.kind[i, k] = math.exp(table.kind[i, k] - top)
            total += table.kind[i, k]
        for k in range(kinds):
            table.kind[i, k] /= total


@njit(cache=True, nogil=True)
def _testify(table: Table, i: int, speed: float) -> None:
    """Add to the ln weights of track i what is not kinematics: identity, hints, filter, age."""
    said = table.t_ns_friend[i] > 0 and table.t_ns_seen[i] - table.t_ns_friend[i] <= FRIEND_NS
    if said and speed < FRIEND_SPEED_MPS:
        floor = -math.inf
        for k in range(len(PRIOR)):
            if k != AIRCRAFT:
                floor = max(floor, table.kind[i, k])
        table.kind[i, AIRCRAFT] = max(table.kind[i, AIRCRAFT], floor) + FRIEND_BONUS
    for hint, kind in ((1, BIRD), (2, AIRCRAFT), (3, DRONE)):
        if 2 * table.hints[i, hint] > table.hits[i]:
            table.kind[i, kind] += HINT_BONUS
    falling = table.weight[i, FALL]
    odds = math.log(max(falling, 1e-9) / max(1.0 - falling, 1e-9))
    table.kind[i, BALLISTIC] += max(FALL_BONUS[0], min(FALL_BONUS[1], odds))
    age_s = (table.t_ns_seen[i] - table.t_ns_born[i]) * 1e-9
    table.kind[i, BALLISTIC] -= age_s / FALL_LASTS_S
