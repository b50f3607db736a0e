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
    grid: Grid, places: FloatArray, x: FloatArray, reach_m: float, found: IntArray, most: int
) -> int:
    """Write to `found` the reports within `reach_m` of `x` (3,), by cell; how many.

    Stops at `most`.
    """
    one, two = grid.axes
    side, last = grid.side, grid.side - 1
    top = (x[one] - reach_m - grid.low[0]) * grid.per_m[0]
    end = (x[one] + reach_m - grid.low[0]) * grid.per_m[0]
    left = (x[two] - reach_m - grid.low[1]) * grid.per_m[1]
    right = (x[two] + reach_m - grid.low[1]) * grid.per_m[1]
    if not (end >= 0.0 and right >= 0.0 and top <= side + 1 and left <= side + 1):
        return 0
    count = 0
    begin, stop = int(max(left, 0.0)), int(min(right, last))
    begin = min(begin, last)
    for row in range(min(int(max(top, 0.0)), last), int(min(end, last)) + 1):
        for k in range(grid.first[row * side + begin], grid.first[row * side + stop + 1]):
            j = grid.order[k]
            d0, d1, d2 = places[j, 0] - x[0], places[j, 1] - x[1], places[j, 2] - x[2]
            if d0 * d0 + d1 * d1 + d2 * d2 <= reach_m * reach_m:
                if count == most:
                    return count
                found[count] = j
                count += 1
    return count
