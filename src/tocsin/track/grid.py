"""Reports in buckets, so that each track meets only its neighbours: work grows with their number.

The buckets lie on the two Earth-fixed axes along which the reports spread most: a region seen
along its third axis is a plane that overlaps little. Cells are counted and filled in one pass each
(counting sort), so the order within a cell is the order of the reports.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.words import FloatArray, IntArray

SIDE_MAX: Final = 256  # cells along a side; chosen: 65,536 starts fit the second-level cache


class Grid(NamedTuple):
    """Reports by cell: `order` (m,) rows, `first` (rows*columns+1,) where each cell begins."""

    order: IntArray
    first: IntArray
    axes: tuple[int, int]
    low: tuple[float, float]
    per_m: tuple[float, float]
    side: int


@njit(cache=True, nogil=True, error_model="numpy")
def build(places: FloatArray) -> Grid:
    """Sort m places (m,3) into about 4 m cells: most who look for neighbours then meet none."""
    m = len(places)
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for j in range(m):
        for a in range(3):
            low[a] = min(low[a], places[j, a])
            high[a] = max(high[a], places[j, a])
    extent = high - low
    drop = 0
    for a in range(1, 3):
        if extent[a] < extent[drop]:
            drop = a
    one, two = (drop + 1) % 3, (drop + 2) % 3
    side = max(1, min(SIDE_MAX, int(2.0 * np.sqrt(m))))
    per_one, per_two = side / max(extent[one], 1.0), side / max(extent[two], 1.0)
    first = np.zeros(side * side + 1, np.int64)
    cell = np.empty(m, np.int64)
    for j in range(m):
        row = min(int((places[j, one] - low[one]) * per_one), side - 1)
        column = min(int((places[j, two] - low[two]) * per_two), side - 1)
        cell[j] = row * side + column
        first[cell[j] + 1] += 1
    for c in range(side * side):
        first[c + 1] += first[c]
    fill = first[:-1].copy()
    order = np.empty(m, np.int64)
    for j in range(m):
        order[fill[cell[j]]] = j
        fill[cell[j]] += 1
    return Grid(order, first, (one, two), (low[one], low[two]), (per_one, per_two), side)


@njit(cache=True, nogil=True, error_model="numpy")
def near(
    grid: Grid, places: FloatArray, x: FloatArray, reach_m: FloatArray, size: int, found: IntArray,
    count: IntArray, most: int,
) -> None:  # fmt: skip
    """Write to row q of `found` the reports within ``reach_m[q]`` of ``x[q]``, by cell.

    For the first `size` rows; `count` gets how many they are, and stops at `most`. Rows of negative
    reach are left as they are.
    """
    order, first, side, last = grid.order, grid.first, grid.side, grid.side - 1
    one, two = grid.axes
    low_one, low_two = grid.low
    per_one, per_two = grid.per_m
    for q in range(size):
        reach = reach_m[q]
        x0, x1, x2, here = x[q, 0], x[q, 1], x[q, 2], 0
        top = (x[q, one] - reach - low_one) * per_one
        end = (x[q, one] + reach - low_one) * per_one
        left = (x[q, two] - reach - low_two) * per_two
        right = (x[q, two] + reach - low_two) * per_two
        if reach < 0.0:
            continue
        if end >= 0.0 and right >= 0.0 and top <= side + 1 and left <= side + 1:
            begin, stop = min(int(max(left, 0.0)), last), int(min(right, last))
            for row in range(min(int(max(top, 0.0)), last), int(min(end, last)) + 1):
                for k in range(first[row * side + begin], first[row * side + stop + 1]):
                    j = order[k]
                    d0, d1, d2 = places[j, 0] - x0, places[j, 1] - x1, places[j, 2] - x2
                    if here < most and d0 * d0 + d1 * d1 + d2 * d2 <= reach * reach:
                        found[q, here] = j
                        here += 1
        count[q] = here
