"""Marginal probabilities of association by loopy belief propagation.

Williams and Lau, *Approximate evaluation of marginal association probabilities with belief
propagation*, IEEE TAES 50 (2014) 2942-2959, arXiv 1209.6299, algorithm 1. It converges (their
theorem), needs no ties broken (a sum over assignments, not one of them), and costs one pass over
the pairs a round.
"""

from typing import Final

import numpy as np
from numba import njit

from tocsin.words import FloatArray, IntArray

ROUNDS: Final = 100
SETTLED: Final = 1e-6  # largest relative change of a message; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def marginals(
    owner: IntArray, report: IntArray, weight: FloatArray, other: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Messages from report to owner per pair, and per report the chance that no owner explains it.

    `owner` (p,) is grouped; `other` (m,) is the density (1/m3) of clutter and new targets at each
    report; `weight` (p,) in the same unit. An owner's pair has probability
    ``weight * message / (1 + sum of the same)``. Stops when no message moves by more than 1e-6 of
    itself, or after 100 rounds.
    """
    size, m = len(owner), len(other)
    up, down = np.zeros(size), np.empty(size)
    column = np.zeros(m)
    for p in range(size):
        down[p] = 1.0 / other[report[p]]
    for _ in range(ROUNDS):
        column[:] = 0.0
        start = 0
        while start < size:
            stop, total = start, 1.0
            while stop < size and owner[stop] == owner[start]:
                total += weight[stop] * down[stop]
                stop += 1
            for p in range(start, stop):
                up[p] = weight[p] / max(total - weight[p] * down[p], 1.0)
                column[report[p]] += up[p]
            start = stop
        moved = 0.0
        for p in range(size):
            j = report[p]
            new = 1.0 / (other[j] + max(column[j] - up[p], 0.0))
            moved = max(moved, abs(new - down[p]) * other[j])
            down[p] = new
        if moved < SETTLED:
            break
    return down, other / (other + column)
