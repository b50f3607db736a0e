"""What the picture remembers, as records: one record per track, per seed, per report, per sensor.

A structured array goes to the compiled kernels as one pointer, a record of it to a kernel's helper
as another; it copies, grows, pickles and closes its gaps as one block of memory. The hypotheses of
a track are the models of the `bank`, which mix, and after them two of ballistic flight, coasting
and boosting, with a state of their own.

Times are ns, places ECEF metres, speeds metres a second; -1 and NaN mean absent.
"""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tocsin.words import HINTS, KINDS, BoolArray, Fixes, FloatArray, Int32Array, IntArray

MODELS: Final = 6
COAST: Final = 0  # the first of the two hypotheses after the models: weight[MODELS + COAST]
BOOST: Final = 1
FALLS: Final = 2
HYPOTHESES: Final = MODELS + FALLS
FALL_STATE: Final = 8  # position, velocity, ln beta, thrust acceleration
PAST: Final = 5  # reports kept to start the ballistic filter; chosen: 10 s of a 2 s radar
EVIDENCE: Final = 8  # the ring of `words.Tracks.evidence`
CROWD: Final = 48
"""Most reports in one track's coarse gate; with more, the widest models' claims are set aside: so
many hold no news, and the work must not grow with their square. Chosen."""

Records = NDArray[np.void]
"""A structured array of one of the types below."""
Record = Any
"""One record of it; kernels write through it. NumPy has no static type for a record's fields."""

TRACK: Final = np.dtype(
    [
        ("id", np.int64),  # the serial of the report that began it
        ("t_ns", np.int64),  # time of the state
        ("t_ns_seen", np.int64),  # last report
        ("t_ns_born", np.int64),  # first report
        ("t_ns_friend", np.int64),  # last cooperative identity, 0 never
        ("t_ns_kind", np.int64),  # when its kind was last weighed
        ("t_ns_fall", np.int64),  # when its ballistic hypothesis was last tried, 0 never
        ("t_ns_slow", np.int64),  # when it was last too slow for wings, 0 never: see `kind`
        ("mean", np.float64, (MODELS, 6)),  # each model: position, velocity
        ("cov", np.float64, (MODELS, 6, 6)),
        ("fall_mean", np.float64, (FALLS, FALL_STATE)),  # pos., velocity, ln beta, thrust m/s2
        ("fall_cov", np.float64, (FALLS, FALL_STATE, FALL_STATE)),
        ("weight", np.float64, (HYPOTHESES,)),  # of each model, coast, boost; sums to 1
        ("existence", np.float64),
        ("noisy", np.float64),  # chance that nodes can hear it at all, if it exists
        ("kind_mean", np.float64, (len(KINDS),)),  # running mean of ln likelihood
        ("kind", np.float64, (len(KINDS),)),  # probability of each of `words.KINDS`
        ("hints", np.float64, (HINTS,)),  # how often a sensor gave each, by association
        ("friend_doubt", np.float64),  # ln odds against the identity: see `friends`
        ("scan_s", np.float64),  # of the sensor that reported last
        ("evidence", np.int64, (EVIDENCE,)),
        ("past_t_ns", np.int64, (PAST,)),  # newest first, 0 none
        ("past_position", np.float64, (PAST, 3)),
        ("past_cov", np.float64, (PAST, 3, 3)),
        ("fall_wait", np.int32),  # reports until a ballistic hypothesis may be tried again
        ("fall_given", np.int32),  # how many were tried and given up
        ("hits", np.int32),
        ("looks", np.int32),  # distinct looks among the hits
        ("mode_3a", np.int32),
        ("mode_s", np.int32),
        ("confirmed", np.bool_),
        ("has_height", np.bool_),  # some report measured the vertical
        ("changed", np.bool_),
        ("spare", np.uint8, (56,)),  # else 4096 bytes: all tracks would share a few cache lines
    ],
    align=True,
)

BOOK: Final = np.dtype(
    [
        ("ns", np.int64),  # last look of this sensor that was accounted for, 0 none
        ("mass", np.float64),  # how surely that look reported the track
        ("seen", np.bool_),  # this sensor has reported the track
    ],
    align=True,
)
"""Of one track and one sensor; an array of them is (tracks, sensors)."""

_REPORT: Final = [
    ("t_ns", np.int64),
    ("position_m", np.float64, (3,)),
    ("covariance_m2", np.float64, (3, 3)),
    ("range_rate_mps", np.float64),
    ("evidence", np.int64),
    ("serial", np.int64),
    ("mode_3a", np.int32),
    ("mode_s", np.int32),
    ("hint", np.int8),
    ("has_height", np.bool_),
    ("friend", np.bool_),
]
REPORT: Final = np.dtype(_REPORT, align=True)
"""One report of a look: what the kernels need of `words.Fixes`."""

SEED: Final = np.dtype(
    [*_REPORT, ("existence", np.float64), ("scan_s", np.float64), ("sensor", np.int64)], align=True
)
"""A report that no track explained, and what it may be the first of."""

SCRATCH: Final = np.dtype(
    [
        ("mean", np.float64, (MODELS, 6)),
        ("cov", np.float64, (MODELS, 6, 6)),
        ("share", np.float64, (MODELS, MODELS)),
        ("chain", np.float64, (2, MODELS, MODELS)),
        ("chain_s", np.float64, (2,)),  # for which time
        ("term", np.float64, (MODELS, MODELS)),
        ("other", np.float64, (MODELS, MODELS)),
        ("square", np.float64, (MODELS, MODELS)),
        ("far", np.float64, (3, 3)),
        ("spin", np.float64, (3, 3)),
        ("moved", np.float64, (3, 3)),
        ("kept", np.float64, (3, 3)),
        ("up", np.float64, (3,)),
        ("place", np.float64, (3,)),
        ("miss", np.float64, (3,)),
        ("inverse", np.float64, (3, 3)),
        ("spread", np.float64, (3, 3)),
        ("step", np.float64, (6,)),
        ("total", np.float64, (6,)),
        ("gain", np.float64, (6, 3)),
        ("cross", np.float64, (6, 3)),
        ("change", np.float64, (6, 6)),
        ("found", np.int64, (CROWD,)),  # the reports of one track
        ("like", np.float64, (CROWD, HYPOTHESES)),  # ... and how each hypothesis likes them
        ("site", np.float64, (3,)),  # where the sensor stands whose look is taken
        ("dt_s", np.float64, (CROWD,)),
        ("chance", np.float64, (CROWD,)),
        ("part", np.float64, (HYPOTHESES, CROWD)),
        ("posterior", np.float64, (HYPOTHESES,)),
        ("log_like", np.float64, (HYPOTHESES,)),
        ("fresh", np.float64, (len(KINDS),)),
        ("habit", np.float64, (5,)),
        ("motion", np.float64, (6,)),
        ("middle", np.float64, (6,)),
        ("heading", np.float64, (3,)),
        ("lift", np.float64, (3,)),  # of the sector that the look swept: up at the sensor,
        ("sector", np.float64, (3,)),  # its middle direction,
        ("edge", np.float64),  # the least cosine to it
        ("antenna_m", np.float64),
        ("leader", np.int64),  # the likeliest report of the track just corrected
        ("surety", np.float64),  # its chance
    ],
    align=True,
)
"""Room to compute in, so that no kernel allocates in a loop. Between calls it holds nothing but the
last chain of models, which depends on nothing but its time."""


def reports(fixes: Fixes, rows: IntArray) -> Records:
    """The `rows` of `fixes` as records, without serials."""
    made = np.empty(len(rows), dtype=REPORT)
    pack(made, rows, *plain(*told(fixes)))
    return made


def told(fixes: Fixes) -> tuple[NDArray[Any], ...]:
    """The columns that a record has."""
    return (
        fixes.t_ns, fixes.position_m, fixes.covariance_m2, fixes.range_rate_mps, fixes.evidence,
        fixes.mode_3a, fixes.mode_s, fixes.hint, fixes.has_height, fixes.friend,
    )  # fmt: skip


def plain(*columns: NDArray[Any]) -> list[NDArray[Any]]:
    """The columns in one layout, so that kernels are compiled once."""
    return [column if column.flags.carray else column.copy() for column in columns]


@njit(cache=True, nogil=True, error_model="numpy")
def pack(
    made: Records, rows: IntArray, t_ns: IntArray, position: FloatArray, covariance: FloatArray,
    range_rate: FloatArray, evidence: IntArray, mode_3a: Int32Array, mode_s: Int32Array,
    hint: NDArray[np.int8], has_height: BoolArray, friend: BoolArray,
) -> None:  # fmt: skip
    """Columns to records."""
    for j in range(len(made)):
        k, report = rows[j], made[j]
        report.t_ns, report.range_rate_mps = t_ns[k], range_rate[k]
        report.evidence, report.serial = evidence[k], -1
        report.mode_3a, report.mode_s, report.hint = mode_3a[k], mode_s[k], hint[k]
        report.has_height, report.friend = has_height[k], friend[k]
        for a in range(3):
            report.position_m[a] = position[k, a]
            for b in range(3):
                report.covariance_m2[a, b] = covariance[k, a, b]


def copied(records: Records) -> Records:
    """A copy as one block of bytes: NumPy copies records field by field, four times as slowly."""
    return records.view(np.uint8).copy().view(records.dtype)


def grown(records: Records, n: int, room: int) -> Records:
    """The first `n` of `records` with room for `room` along the first axis; the rest is zero."""
    wider = np.zeros((room, *records.shape[1:]), dtype=records.dtype)
    wider[:n].view(np.uint8)[...] = records[:n].view(np.uint8)
    return wider
