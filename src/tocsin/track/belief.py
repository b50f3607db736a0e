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
    itself, or after 100 rounds; each cluster of owners that share reports by itself, for most are
    one owner and one report, and settle at once.
    """
    size, m = len(owner), len(other)
    up, down = np.zeros(size), np.empty(size)
    column = np.zeros(m)
    for p in range(size):
        down[p] = 1.0 / other[report[p]]
    first, cluster = _clusters(owner, report, m)
    left, moved = len(first), np.empty(m)  # owners of clusters that still move come first
    for _ in range(ROUNDS):
        for k in range(left):
            p = first[k]
            while p < size and owner[p] == owner[first[k]]:
                column[report[p]] = 0.0
                moved[cluster[report[p]]] = 0.0
                p += 1
        for k in range(left):
            start = stop = first[k]
            total = 1.0
            while stop < size and owner[stop] == owner[start]:
                total += weight[stop] * down[stop]
                stop += 1
            for p in range(start, stop):
                up[p] = weight[p] / max(total - weight[p] * down[p], 1.0)
                column[report[p]] += up[p]
        for k in range(left):
            p = first[k]
            c = cluster[report[p]]
            while p < size and owner[p] == owner[first[k]]:
                j = report[p]
                new = 1.0 / (other[j] + max(column[j] - up[p], 0.0))
                moved[c] = max(moved[c], abs(new - down[p]) * other[j])
                down[p] = new
                p += 1
        kept = 0
        for k in range(left):
            if moved[cluster[report[first[k]]]] >= SETTLED:
                first[kept] = first[k]
                kept += 1
        left = kept
        if left == 0:
            break
    return down, other / (other + column)


@njit(cache=True, nogil=True, error_model="numpy")
def _clusters(owner: IntArray, report: IntArray, m: int) -> tuple[IntArray, IntArray]:
    """First pair of each owner; for each report the least one that pairs lead to from it."""
    size, owners = len(owner), 0
    first, cluster = np.empty(size, np.int64), np.arange(m)
    for p in range(size):
        if p == 0 or owner[p] != owner[p - 1]:
            first[owners] = p
            owners += 1
            continue
        one, two = report[p - 1], report[p]
        while cluster[one] != one:
            cluster[one] = cluster[cluster[one]]
            one = cluster[one]
        while cluster[two] != two:
            cluster[two] = cluster[cluster[two]]
            two = cluster[two]
        cluster[max(one, two)] = min(one, two)
    for j in range(m):
        cluster[j] = cluster[cluster[j]]  # a parent is less: it is already a root
    return first[:owners], cluster
