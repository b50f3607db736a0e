"""The table of tracks: one array per property, one row per track, rows in order of id.

A `NamedTuple` of arrays goes to the compiled kernels as it is and pickles as it is. Rows
``[0, n)`` are alive; new tracks are appended, so order of row is order of id.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tocsin.words import KINDS, BoolArray, FloatArray, Int32Array, IntArray

HYPOTHESES: Final = 3
STEADY: Final = 0
AGILE: Final = 1
FALL: Final = 2
PAST: Final = 5  # reports kept to start the ballistic filter; chosen: 10 s of a 2 s radar
EVIDENCE: Final = 8  # the ring of `words.Tracks.evidence`


class Table(NamedTuple):
    """Columns of every track; shapes behind each, times in ns, ECEF metres and metres a second."""

    id: IntArray  # (n,)
    t_ns: IntArray  # (n,) time of the state
    t_ns_seen: IntArray  # (n,) last report
    t_ns_born: IntArray  # (n,) first report
    t_ns_friend: IntArray  # (n,) last cooperative identity, 0 never
    mean: FloatArray  # (n,2,6) steady and agile: position, velocity
    cov: FloatArray  # (n,2,6,6)
    fall_mean: FloatArray  # (n,7) ballistic: position, velocity, ln beta
    fall_cov: FloatArray  # (n,7,7)
    fall_wait: Int32Array  # (n,) reports until a ballistic hypothesis may be tried again
    weight: FloatArray  # (n,3) probability of steady, agile, ballistic
    existence: FloatArray  # (n,)
    kind_mean: FloatArray  # (n,K) running mean of ln likelihood
    kind: FloatArray  # (n,K)
    hints: Int32Array  # (n,4) how often the sensor gave each HINT_*
    hits: Int32Array  # (n,)
    looks: Int32Array  # (n,) distinct looks among the hits
    confirmed: BoolArray  # (n,)
    has_height: BoolArray  # (n,) some report measured the vertical
    mode_3a: Int32Array  # (n,)
    mode_s: Int32Array  # (n,)
    system_sensor: Int32Array  # (n,) row of Sensors, -1 for a track of our own
    system_number: Int32Array  # (n,)
    scan_s: FloatArray  # (n,) of the sensor that reported last
    evidence: IntArray  # (n,8)
    changed: BoolArray  # (n,)
    past_t_ns: IntArray  # (n,PAST) newest first, 0 none
    past_position: FloatArray  # (n,PAST,3)
    past_cov: FloatArray  # (n,PAST,3,3)
    look_ns: IntArray  # (n,S) last look of each sensor that was accounted for, 0 none
    look_mass: FloatArray  # (n,S) how surely that look reported this track
    look_seen: BoolArray  # (n,S) this sensor has reported this track


class Seen(NamedTuple):
    """The reports of one look: columns of `words.Fixes` that the kernels need."""

    t_ns: IntArray
    position_m: FloatArray
    covariance_m2: FloatArray
    has_height: BoolArray
    mode_3a: Int32Array
    mode_s: Int32Array
    friend: BoolArray
    hint: NDArray[np.int8]
    evidence: IntArray


def empty(capacity: int, sensors: int) -> Table:
    """A table of `capacity` blank rows and `sensors` columns of looks."""
    kinds = len(KINDS)

    def i64(*shape: int) -> IntArray:
        return np.zeros((capacity, *shape), dtype=np.int64)

    def i32(*shape: int) -> Int32Array:
        return np.zeros((capacity, *shape), dtype=np.int32)

    def real(*shape: int) -> FloatArray:
        return np.zeros((capacity, *shape), dtype=np.float64)

    def flag(*shape: int) -> BoolArray:
        return np.zeros((capacity, *shape), dtype=np.bool_)

    return Table(
        id=i64(),
        t_ns=i64(),
        t_ns_seen=i64(),
        t_ns_born=i64(),
        t_ns_friend=i64(),
        mean=real(2, 6),
        cov=real(2, 6, 6),
        fall_mean=real(7),
        fall_cov=real(7, 7),
        fall_wait=i32(),
        weight=real(HYPOTHESES),
        existence=real(),
        kind_mean=real(kinds),
        kind=real(kinds),
        hints=i32(4),
        hits=i32(),
        looks=i32(),
        confirmed=flag(),
        has_height=flag(),
        mode_3a=i32(),
        mode_s=i32(),
        system_sensor=i32(),
        system_number=i32(),
        scan_s=real(),
        evidence=i64(EVIDENCE),
        changed=flag(),
        past_t_ns=i64(PAST),
        past_position=real(PAST, 3),
        past_cov=real(PAST, 3, 3),
        look_ns=i64(sensors),
        look_mass=real(sensors),
        look_seen=flag(sensors),
    )


def grown(table: Table, n: int, capacity: int, sensors: int) -> Table:
    """A copy with room for `capacity` rows and `sensors` looks; the first `n` rows are kept."""
    wider = empty(capacity, sensors)
    for name in Table._fields:
        new, old = getattr(wider, name), getattr(table, name)
        new[(slice(n), *(slice(width) for width in old.shape[1:]))] = old[:n]
    return wider


def keep(table: Table, n: int, kept: BoolArray) -> int:
    """Close the gaps: move the rows of ``[0, n)`` where `kept` to the front; how many they are."""
    rows = np.flatnonzero(kept[:n])
    for name in Table._fields:
        column = getattr(table, name)
        column[: len(rows)] = column[rows]
    return len(rows)
