"""A first look over a batch: what cannot be used, and what was there already."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tocsin.words import FloatArray, Int32Array, IntArray

GOOD: Final = 0
SUSPECT: Final = 1  # not later than its sensor's latest report: perhaps a repetition
REPEATED: Final = 2  # twice in this batch
REFUSED: Final = 3  # not a number, or from the future

Verdict = NDArray[np.int8]


@njit(cache=True, nogil=True, error_model="numpy")
def survey(
    t_ns: IntArray, sensor: Int32Array, position_m: FloatArray, latest_ns: IntArray, end_ns: int
) -> Verdict:
    """What is to be thought of each row; empty when all are good.

    `latest_ns` (S,) is each sensor's latest report, brought up to date; nothing is later than
    `end_ns`. Equal rows are found by a hash table with open addressing.
    """
    n = len(t_ns)
    verdict = np.zeros(n, np.int8)
    size = 8
    while size < 2 * n:
        size *= 2
    slots = np.full(size, -1)
    good = True
    before_ns = latest_ns.copy()
    for k in range(n):
        s = sensor[k]
        total = position_m[k, 0] + position_m[k, 1] + position_m[k, 2]
        if not np.isfinite(total) or t_ns[k] > end_ns:
            verdict[k] = REFUSED
            good = False
            continue
        slot = (np.int64(total * 1024.0) ^ (t_ns[k] >> 10) ^ s) & (size - 1)
        while slots[slot] >= 0:
            j = slots[slot]
            same = t_ns[j] == t_ns[k] and sensor[j] == s
            for a in range(3):
                same &= position_m[j, a] == position_m[k, a]
            if same:
                verdict[k] = REPEATED
                good = False
                break
            slot = (slot + 1) & (size - 1)
        if verdict[k] == REPEATED:
            continue
        slots[slot] = k
        if s < len(latest_ns):
            if t_ns[k] <= before_ns[s]:
                verdict[k] = SUSPECT
                good = False
            latest_ns[s] = max(latest_ns[s], t_ns[k])
    return verdict[:0] if good else verdict
