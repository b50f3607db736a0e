"""Whose turn it is: a batch forecasts so much and no more, that no warning waits behind it.

The bound is counted work, not time: replay does the same. Who is left out is due still, and comes
before those forecast since.
"""

from typing import Final

import numpy as np

from tocsin.words import THREATS, BoolArray, FloatArray, IntArray

WORK: Final = np.array([2.0, 3.0, 0.5])
"""Of one forecast, as each of `THREATS`, in units of about 0.1 ms of one core, with its rows over
zones of 4 km. Measured with `bench predict --only mixed,speed` on an AMD EPYC."""
WORK_MAX: Final = 130.0
"""In one batch: 65 drones. Chosen: 13 ms there, so that a processor half as fast again stays below
20 ms; at ten batches a second everyone of 600 has a turn each second."""
_FALLS: Final = THREATS.index("ballistic")


def taken(
    due: BoolArray,
    asked: BoolArray,
    made_ns: IntArray,
    number: IntArray,
    work_max: float = WORK_MAX,
) -> BoolArray:
    """Who of the `due` (n,) are forecast now, as the threats that are `asked` (n, T).

    What may fall comes first, for it is quick and has the least time; then who waits longest since
    `made_ns`; the older track of two alike. At least one.
    """
    rows = np.flatnonzero(due)
    rows = rows[np.lexsort((number[rows], made_ns[rows], ~asked[rows, _FALLS]))]
    work: FloatArray = np.cumsum(asked[rows] @ WORK)
    now = np.zeros(len(due), dtype=np.bool_)
    now[rows[: max(1, int(np.searchsorted(work, work_max, side="right")))]] = True
    return now
