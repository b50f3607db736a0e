"""How drones and cruise missiles may fly on: one fixed fan of paths per kind.

Nobody knows where such a weapon is going. The fan is a set of 256 ground tracks that all start at
the origin heading along +x; the kernel in `cruise` turns it to each track's heading and stretches
it to its speed. The same paths serve every track at every moment, so chances do not flicker.

A path's heading is the sum of (1) a slow wander, two random waves (spectral representation of a
Gaussian process: Shinozuka and Deodatis, Appl. Mech. Rev. 44 (1991) 191-204), which starts at zero;
(2) at most two waypoints, at exponentially distributed distances, each with a normal turn.
Turns are fitted by `tools/fit_flying.py` to simulated flights, for no public set of real ones
exists. Those fly straight between turns; the wander is chosen, because real ones weave.
"""

from typing import Final, NamedTuple

import numpy as np

from tocsin.predict import spread
from tocsin.predict.tally import HORIZON_S_MAX
from tocsin.words import FloatArray, Int32Array

PATHS: Final = 256
_DIMENSIONS: Final = 13
_STEP_M: Final = 1_000.0
_STEP_GROWTH: Final = 0.2
"""Steps grow with distance: 1 km near, 19 km at 90 km. Each path starts its steps at another phase,
so that together the paths see every metre. Chosen by the distance of chances from those of 2,048
paths in steps of 150 m: many paths in long steps are nearer than half as many in short ones, which
take longer (`tests/predict/test_fan.py`)."""
SPEED_SHARE_MIN: Final = 0.2  # of the mean speed: every path flies on
_FINE_M: Final = 250.0  # step of the integration along a path


class Habits(NamedTuple):
    """How a kind flies; lengths in m, angles in rad, speeds in m/s.

    `leg_m` is the mean distance between waypoints, `turn_rad` the s.d. of the turn there; `waves`
    are (wavelength, s.d. of heading); `speed_change` is the relative s.d. of the mean speed of the
    rest of the flight against the speed now. A track's speed is brought into `speed_mps`.
    """

    speed_mps: tuple[float, float]
    speed_change: float
    leg_m: float
    turn_rad: float
    waves: tuple[tuple[float, float], tuple[float, float]]


DRONE: Final = Habits(
    speed_mps=(25.0, 200.0),
    speed_change=0.05,
    leg_m=81e3,
    turn_rad=np.radians(61.0),
    waves=((20e3, np.radians(5.0)), (80e3, np.radians(4.0))),
)
CRUISE: Final = Habits(
    speed_mps=(120.0, 350.0),
    speed_change=0.04,
    leg_m=94e3,
    turn_rad=np.radians(64.0),
    waves=((60e3, np.radians(2.0)), (200e3, np.radians(4.0))),
)


class Fan(NamedTuple):
    """n paths of k steps; the second half mirrors the first, so the fan is exactly symmetric.

    ahead_m, left_m  float64 (n,k)  where each path is sampled, once in each step
    flown_m          float64 (n,k)  distance flown there, rising along a path
    step_m           float64 (k,)   lengths of the steps
    heading, across, along, speed   float64 (n,)  standard normal deviates, to be scaled by the
                                    track's own uncertainty
    turn             int32 (n*k,)   the samples (step x n + path) in the order in which they are
                                    reached, if the speed is known as well as can be
    reached_m        float64 (n*k,) ... and how far a flight of mean speed has flown then

    Tables lie in memory step by step: the same step of all paths is computed at once.
    """

    habits: Habits
    ahead_m: FloatArray
    left_m: FloatArray
    flown_m: FloatArray
    step_m: FloatArray
    heading: FloatArray
    across: FloatArray
    along: FloatArray
    speed: FloatArray
    turn: Int32Array
    reached_m: FloatArray


def pace(deviate: FloatArray, speed_sd: float) -> FloatArray:
    """Speeds of paths over the mean speed."""
    return np.maximum(1.0 + deviate * speed_sd, SPEED_SHARE_MIN)


def fan(habits: Habits) -> Fan:
    """The fan of a kind, long enough for its fastest member to fly for 1800 s."""
    uniform = spread.uniform(PATHS // 2, _DIMENSIONS)
    normal = spread.normal(PATHS // 2, _DIMENSIONS)
    edges_m = _edges(habits.speed_mps[1] * HORIZON_S_MAX)
    step_m = np.diff(edges_m)
    flown_m = edges_m[:-1] + uniform[:, 4:5] * step_m
    ahead_m, left_m = _paths(habits, uniform, normal, flown_m)
    speed = np.concatenate([normal[:, 6], normal[:, 6]])
    both_m = np.concatenate([flown_m, flown_m])
    reached_m = (both_m / pace(speed, habits.speed_change)[:, None]).ravel(order="F")
    turn = np.argsort(reached_m, kind="stable")
    return Fan(
        habits=habits,
        ahead_m=np.asfortranarray(np.concatenate([ahead_m, ahead_m])),
        left_m=np.asfortranarray(np.concatenate([left_m, -left_m])),
        flown_m=np.asfortranarray(both_m),
        step_m=step_m,
        heading=np.concatenate([normal[:, 0], -normal[:, 0]]),
        across=np.concatenate([normal[:, 5], -normal[:, 5]]),
        along=np.concatenate([normal[:, 8], normal[:, 8]]),
        speed=speed,
        turn=turn.astype(np.int32),
        reached_m=reached_m[turn],
    )


def _edges(longest_m: float) -> FloatArray:
    """Edges of the growing steps, from 0 to beyond `longest_m`."""
    growth = 1.0 + _STEP_GROWTH
    count = int(np.ceil(np.log1p(longest_m * _STEP_GROWTH / _STEP_M) / np.log(growth)))
    edges: FloatArray = _STEP_M / _STEP_GROWTH * (growth ** np.arange(count + 1.0) - 1.0)
    return edges


def _paths(
    habits: Habits, uniform: FloatArray, normal: FloatArray, flown_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Places (ahead, left) of each path after `flown_m`, integrating its heading."""
    fine_m = np.arange(0.0, flown_m.max() + 2.0 * _FINE_M, _FINE_M)
    middle_m = (fine_m[1:] + fine_m[:-1]) / 2.0
    heading = np.zeros((len(normal), len(middle_m)))
    for (wavelength_m, sd_rad), sine, cosine in zip(habits.waves, (3, 2), (9, 10), strict=True):
        phase = 2.0 * np.pi * middle_m / wavelength_m
        heading += sd_rad * normal[:, sine, None] * np.sin(phase)
        heading += sd_rad * normal[:, cosine, None] * (np.cos(phase) - 1.0)
    first_m = -habits.leg_m * np.log1p(-uniform[:, 1])
    second_m = first_m - habits.leg_m * np.log1p(-uniform[:, 11])
    for turn_m, angle in ((first_m, normal[:, 7]), (second_m, normal[:, 12])):
        heading += np.where(middle_m > turn_m[:, None], habits.turn_rad * angle[:, None], 0.0)
    ahead_m, left_m = np.empty_like(flown_m), np.empty_like(flown_m)
    for path, direction in enumerate(heading):
        for places_m, part in ((ahead_m, np.cos(direction)), (left_m, np.sin(direction))):
            along_m = np.concatenate([[0.0], np.cumsum(part * _FINE_M)])
            places_m[path] = np.interp(flown_m[path], fine_m, along_m)
    return ahead_m, left_m
