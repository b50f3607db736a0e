"""Which zone holds a point: a label raster for most points, an exact test for the rest.

The raster is laid once over the map's box. A cell that no outline enters lies in one zone or in
none, and carries that answer. A cell that an outline enters is *mixed*: it lists the zones that
come into question, and for each the few edges that its row of cells can meet, so that the
even-odd rule (Shimrat, CACM 5 (1962) 434; half-open in y, so that a vertex counts once) need
look at those alone. Two zones that share an edge hold bit-identical end points, and a crossing is
always computed from the lower end up, so a point on a shared edge lies in exactly one of them.

A point in no zone belongs to the nearest one within `near_m`: a second, coarser grid lists the
edges in reach of each cell. Only edges that belong to one ring are listed, because the nearest
outline seen from outside never lies within an edge that two zones share.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray
from tocsin.zones import kernels
from tocsin.zones.ruler import reach_deg

_CELLS_MAX: Final = 1_500_000
"""Chosen, because 6 MB of labels load in well under a second and leave about 10 % mixed."""

_EMPTY: Final = -1
_MIXED: Final = -2

_PAD: Final = 1e-9
"""Degrees (0.1 mm) by which an edge's cells are widened, against rounding of the cell borders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A box of `rows` x `columns` cells of equal size in degrees; south-west corner first."""

    lon_deg: float
    lat_deg: float
    step_deg: float
    columns: int
    rows: int

    def cell(self, lat_deg: FloatArray, lon_deg: FloatArray) -> IntArray:
        """The cell of each point, row-major, -1 outside the box (and for NaN)."""
        column = (lon_deg - self.lon_deg) / self.step_deg
        row = (lat_deg - self.lat_deg) / self.step_deg
        inside = (column >= 0.0) & (column < self.columns) & (row >= 0.0) & (row < self.rows)
        column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
        return np.where(inside, row.astype(np.int64) * self.columns + column.astype(np.int64), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Everything `locate` needs, built once from the edges.

    edges      float64 (e,4)   lon, lat, lon, lat; the lower end first
    edge_zone  int32 (e,)      the zone whose outline it is
    label      int32 (cells,)  zone, _EMPTY, or _MIXED
    pairs_start int64          cell c has the pairs pairs_start[c] to pairs_start[c + 1]
    pair_zone  int32 (p,)      a zone that may hold a point of a mixed cell, in order of zone
    pair_start int64 (p,)      its edges in that row of cells, in `band_edge`
    pair_stop  int64 (p,)
    band_edge  int64           edges in order of (zone, row of cells)
    near_start int64           coarse cell -> `near_edge`, the edges within `near_m` of it
    """

    edges: FloatArray
    edge_zone: Int32Array
    grid: Grid
    label: Int32Array
    pairs_start: IntArray
    pair_zone: Int32Array
    pair_start: IntArray
    pair_stop: IntArray
    band_edge: IntArray
    near_m: float
    near_grid: Grid
    near_start: IntArray
    near_edge: IntArray

    def locate(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array:
        """The zone of each point, -1 in none; where zones overlap, the lowest row."""
        cell = self.grid.cell(lat_deg, lon_deg)
        zone = np.where(cell >= 0, self.label[cell], np.int32(_EMPTY))
        mixed = np.flatnonzero(zone == _MIXED)
        if len(mixed):
            zone[mixed] = self._exact(lat_deg[mixed], lon_deg[mixed], cell[mixed])
        if self.near_m > 0.0:
            outside = np.flatnonzero(zone == _EMPTY)
            if len(outside):
                zone[outside] = self._nearest(lat_deg[outside], lon_deg[outside])
        return zone

    def holding(self, lat_deg: float, lon_deg: float) -> Int32Array:
        """Every zone that holds the point, ascending; slower than `locate`, for one point."""
        x, y = np.full(len(self.edges), lon_deg), np.full(len(self.edges), lat_deg)
        crossed = self.edge_zone[_crosses(x, y, self.edges)]
        zone, count = np.unique(crossed, return_counts=True)
        odd: Int32Array = zone[count % 2 == 1]
        return odd

    def _exact(self, lat_deg: FloatArray, lon_deg: FloatArray, cell: IntArray) -> Int32Array:
        """Even-odd over the candidate zones of each point's cell."""
        found = np.full(len(cell), _EMPTY, np.int32)
        kernels.exact(
            lat_deg,
            lon_deg,
            cell,
            self.pairs_start,
            self.pair_zone,
            self.pair_start,
            self.pair_stop,
            self.band_edge,
            self.edges,
            found,
        )
        return found

    def _nearest(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array:
        """The zone whose outline is nearest, when it is within `near_m`; ties to the lowest row."""
        found = np.full(len(lat_deg), _EMPTY, np.int32)
        cell = self.near_grid.cell(lat_deg, lon_deg)
        asked = np.flatnonzero(cell >= 0)
        zone = found[asked]
        kernels.nearest(
            lat_deg[asked],
            lon_deg[asked],
            cell[asked],
            self.near_start,
            self.near_edge,
            self.edges,
            self.edge_zone,
            self.near_m,
            zone,
        )
        found[asked] = zone
        return found


def build_lookup(
    ring_xy: FloatArray, ring_start: IntArray, ring_zone: Int32Array, near_m: float
) -> Lookup:
    """Lay the rasters over closed rings; at least one ring with three corners is needed."""
    edges, edge_zone = _edges(ring_xy, ring_start, ring_zone)
    grid = _grid(edges, 0.0, 0.0, 0.0)
    edge_cell, cell_edge = _cells(grid, edges, _PAD, _PAD)
    span_cell, span_zone = _filled(grid, edges, edge_zone)
    label = np.full(grid.rows * grid.columns, _EMPTY, np.int32)
    label[span_cell] = span_zone
    label[edge_cell] = _MIXED
    covered = label[span_cell] == _MIXED
    pair_cell, pair_zone = _distinct(
        np.concatenate([edge_cell, span_cell[covered]]),
        np.concatenate([edge_zone[cell_edge], span_zone[covered]]),
    )
    band, band_edge = _distinct(
        edge_zone[cell_edge].astype(np.int64) * grid.rows + edge_cell // grid.columns, cell_edge
    )
    pair_band = pair_zone * grid.rows + pair_cell // grid.columns
    near_grid, near_start, near_edge = _near(edges, near_m)
    return Lookup(
        edges=edges,
        edge_zone=edge_zone,
        grid=grid,
        label=label,
        pairs_start=_starts(pair_cell, len(label)),
        pair_zone=pair_zone.astype(np.int32),
        pair_start=np.searchsorted(band, pair_band, side="left"),
        pair_stop=np.searchsorted(band, pair_band, side="right"),
        band_edge=band_edge,
        near_m=near_m,
        near_grid=near_grid,
        near_start=near_start,
        near_edge=near_edge,
    )


def _edges(
    ring_xy: FloatArray, ring_start: IntArray, ring_zone: Int32Array
) -> tuple[FloatArray, Int32Array]:
    """The edges of closed rings, lower end first (then western), and the zone of each."""
    first = np.ones(len(ring_xy), bool)
    first[ring_start[1:] - 1] = False  # the closing vertex starts no edge
    begin = np.flatnonzero(first)
    zone = np.repeat(ring_zone, np.diff(ring_start))[begin].astype(np.int32)
    start, end = ring_xy[begin], ring_xy[begin + 1]
    swap = (start[:, 1] > end[:, 1]) | ((start[:, 1] == end[:, 1]) & (start[:, 0] > end[:, 0]))
    lower, upper = np.where(swap[:, None], end, start), np.where(swap[:, None], start, end)
    return np.hstack([lower, upper]), zone


def _grid(edges: FloatArray, pad_lon_deg: float, pad_lat_deg: float, step_min: float) -> Grid:
    """The finest grid of at most `_CELLS_MAX` cells, none below `step_min`, over padded edges."""
    west, south = edges[:, 0::2].min() - pad_lon_deg, edges[:, 1].min() - pad_lat_deg
    width = edges[:, 0::2].max() + pad_lon_deg - west
    height = edges[:, 3].max() + pad_lat_deg - south
    step = max(float(np.sqrt(width * height / _CELLS_MAX)), step_min, 1e-6)
    step = max(step, max(width, height) / _CELLS_MAX)
    # One cell of margin, so that the northern and eastern borders lie inside the box.
    return Grid(
        lon_deg=float(west) - step / 2.0,
        lat_deg=float(south) - step / 2.0,
        step_deg=step,
        columns=int(width / step) + 2,
        rows=int(height / step) + 2,
    )


def _cells(
    grid: Grid, edges: FloatArray, pad_lon_deg: float, pad_lat_deg: float
) -> tuple[IntArray, IntArray]:
    """(cell, edge) for every cell that an edge, widened by the pads, enters; perhaps some more."""
    low = _clamp((edges[:, 1] - pad_lat_deg - grid.lat_deg) / grid.step_deg, grid.rows)
    high = _clamp((edges[:, 3] + pad_lat_deg - grid.lat_deg) / grid.step_deg, grid.rows)
    edge = np.repeat(np.arange(len(edges)), high - low + 1)
    row = _runs(low, high - low + 1)
    south = grid.lat_deg + row * grid.step_deg - pad_lat_deg - _PAD
    north = south + grid.step_deg + 2.0 * (pad_lat_deg + _PAD)
    x1, y1, x2, y2 = edges[edge].T
    rise = np.where(y2 > y1, y2 - y1, 1.0)
    level = y2 == y1
    # The stretch of the edge within this band of latitude, and its westmost and eastmost point.
    enter = np.where(level, 0.0, np.clip((south - y1) / rise, 0.0, 1.0))
    leave = np.where(level, 1.0, np.clip((north - y1) / rise, 0.0, 1.0))
    xa, xb = x1 + enter * (x2 - x1), x1 + leave * (x2 - x1)
    west, east = np.minimum(xa, xb) - pad_lon_deg, np.maximum(xa, xb) + pad_lon_deg
    left = _clamp((west - grid.lon_deg) / grid.step_deg, grid.columns)
    right = _clamp((east - grid.lon_deg) / grid.step_deg, grid.columns)
    column = _runs(left, right - left + 1)
    repeat = right - left + 1
    return np.repeat(row, repeat) * grid.columns + column, np.repeat(edge, repeat)


def _filled(grid: Grid, edges: FloatArray, edge_zone: Int32Array) -> tuple[IntArray, Int32Array]:
    """(cell, zone) for every cell whose middle a zone holds, highest zone first.

    One scan line through the middle of each row of cells: the crossings of a zone, sorted, fill
    between the first and the second, the third and the fourth, and so on.
    """
    low = np.ceil((edges[:, 1] - grid.lat_deg) / grid.step_deg - 0.5).astype(np.int64)
    high = np.ceil((edges[:, 3] - grid.lat_deg) / grid.step_deg - 0.5).astype(np.int64)
    edge = np.repeat(np.arange(len(edges)), high - low)
    row = _runs(low, high - low)
    y = grid.lat_deg + (row + 0.5) * grid.step_deg
    x1, y1, x2, y2 = edges[edge].T
    x = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    zone = edge_zone[edge]
    order = np.lexsort((x, row, -zone))
    x, row, zone = x[order], row[order], zone[order]
    middle = (x - grid.lon_deg) / grid.step_deg - 0.5
    begin = _clamp(np.ceil(middle[0::2]), grid.columns)
    size = np.maximum(_clamp(np.ceil(middle[1::2]), grid.columns) - begin, 0)
    cell = np.repeat(row[0::2], size) * grid.columns + _runs(begin, size)
    return cell, np.repeat(zone[0::2], size)


def _near(edges: FloatArray, near_m: float) -> tuple[Grid, IntArray, IntArray]:
    """The coarse grid of edges in reach; cells are a quarter of it, so that lists stay short."""
    lat_furthest = float(np.abs(edges[:, 1::2]).max())
    reach_lon, reach_lat = reach_deg(near_m, lat_furthest)
    step_min = max(reach_lon, reach_lat) / 4.0 if near_m > 0.0 else 360.0
    grid = _grid(edges, reach_lon, reach_lat, step_min)
    outer = _unshared(edges) if near_m > 0.0 else np.zeros(0, np.int64)
    cell, edge = _cells(grid, edges[outer], reach_lon, reach_lat)
    start = _starts(cell, grid.rows * grid.columns)
    dealt = np.empty(len(cell), np.int64)
    kernels.deal(cell, outer[edge], start[:-1].copy(), dealt)
    row, column = np.divmod(np.arange(grid.rows * grid.columns), grid.columns)
    keep = np.ones(len(dealt), bool)
    kernels.prune(
        start,
        dealt,
        grid.lat_deg + (row + 0.5) * grid.step_deg,
        grid.lon_deg + (column + 0.5) * grid.step_deg,
        grid.step_deg / 2.0,
        edges,
        keep,
    )
    kept = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])
    return grid, kept[start], dealt[keep]


def _unshared(edges: FloatArray) -> IntArray:
    """Rows of the edges that occur once."""
    order = np.lexsort(edges.T)
    same = np.all(edges[order[1:]] == edges[order[:-1]], axis=1)
    alone = np.ones(len(edges), bool)
    alone[order[1:][same]] = False
    alone[order[:-1][same]] = False
    return np.flatnonzero(alone)


def _distinct(major: IntArray, minor: IntArray | Int32Array) -> tuple[IntArray, IntArray]:
    """Distinct (major, minor) pairs of non-negative integers, in order."""
    width = int(minor.max()) + 1
    key = np.sort(major * width + minor)
    key = key[np.flatnonzero(np.diff(key, prepend=-1))]
    return key // width, key % width


def _starts(key: IntArray, count: int) -> IntArray:
    """Where the run of each key 0 to count - 1 begins once sorted, and where the last ends."""
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=count), out=starts[1:])
    return starts


def _crosses(x: FloatArray, y: FloatArray, edges: FloatArray) -> BoolArray:
    """Whether the ray from each point to the east crosses its edge (lower end first)."""
    x1, y1, x2, y2 = edges.T
    # Which side of the edge: a product instead of a quotient, so nothing divides by zero.
    west = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1) > 0.0
    crossed: BoolArray = (y1 <= y) & (y < y2) & west
    return crossed


def _clamp(value: FloatArray, count: int) -> IntArray:
    return np.clip(np.floor(value), 0, count - 1).astype(np.int64)


def _runs(start: IntArray, size: IntArray) -> IntArray:
    """start[0], start[0]+1, ... (size[0] of them), start[1], ..."""
    total = int(size.sum())
    runs: IntArray = np.arange(total) + np.repeat(start - (np.cumsum(size) - size), size)
    return runs
