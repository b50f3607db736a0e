"""The zone map as the kernels need it: a grid of cells, each listing the zones harmed from there.

Exact outlines cost about a microsecond per point and a forecast asks for millions of points. The
grid asks `Zones.locate` once per cell, at start, and errs to one side only: a cell lists every zone
that *any* place in the cell can harm. So a zone may be taken to be up to one cell larger than it
is, and no zone is ever taken to be smaller.
"""

from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import numba
import numpy as np

from tocsin.geo import M_PER_DEG
from tocsin.predict.aims import RATES, Aims, Place, rates_per_m
from tocsin.words import BoolArray, FloatArray, Int32Array, IntArray

HARM_RADIUS_M: Final = 500.0
"""An impact harms every zone within this distance (knowledge: algorithms.md 5, same radius)."""

_CELLS_MAX: Final = 1_000_000  # chosen: Ukraine at 1.1 km, Israel at 0.27 km, some 10 MB
_CELL_M_MIN: Final = 250.0  # chosen: half the harm radius; finer tells nothing more
_RIM_CELLS: Final = 0.75
"""A zone is listed by cells whose middles lie up to the harm radius and so many cells from it: half
a cell, and half the distance of two points on its outline. Counted whole, they made 4 km zones 16 %
too likely to be hit."""
_LOCATE_ROWS: Final = 200_000  # points per call of `locate`, bounds its scratch memory


class Zones(Protocol):
    """What this room asks of the zone map; `tocsin.zones.map.ZoneMap` is one."""

    @property
    def people(self) -> IntArray: ...
    @property
    def area_m2(self) -> FloatArray: ...
    @property
    def ring_xy(self) -> FloatArray: ...
    @property
    def ring_start(self) -> IntArray: ...
    @property
    def ring_zone(self) -> Int32Array: ...
    def __hash__(self) -> int: ...
    def __len__(self) -> int: ...
    def locate(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array: ...


class Raster(NamedTuple):
    """Cells in rows from the south and columns from the west, row by row, each with a list of
    zones.

    Cells with the same list share it: there are far fewer lists than cells, and they stay in the
    processor's cache.

    listing        int32 (rows*columns,)  the list of each cell
    start          int32 (lists+1,)       where each begins in `zone`; the first is empty
    zone           int32 (m,)             the zone that holds the centres of the cells first
    share          float64 (lists,)       of the first zone: 1, or `rim` if none holds the centres
    rim            share of a cell from which a zone is harmed that does not hold its centre, on
                   the average
    hazard_per_m   float64 (zones,)       rate at which flights over a zone end in it (`aims`)
    listed_per_m   float64 (lists,)       the same over the cells of each list: of its first zone
    unzoned_per_m  the same outside every zone
    longest        zones in the longest list
    """

    south_deg: float
    west_deg: float
    rows_per_deg: float
    columns_per_deg: float
    rows: int
    columns: int
    listing: Int32Array
    start: Int32Array
    zone: Int32Array
    share: FloatArray
    rim: float
    hazard_per_m: FloatArray
    listed_per_m: FloatArray
    unzoned_per_m: float
    longest: int


@lru_cache(maxsize=1)  # it takes a second; the raids of a run, and a mind thawed, have one map
def raster(zones: Zones, aims: Aims = RATES["wary"], places: tuple[Place, ...] = ()) -> Raster:
    """The grid of `zones`, with the rates of `aims`; ValueError when the map is empty."""
    if len(zones) == 0 or len(zones.ring_xy) == 0:
        raise ValueError("the zone map has no zones: compile it again with `tocsin zones`")
    frame = _frame(zones)._replace(
        hazard_per_m=rates_per_m(aims, zones, places), unzoned_per_m=aims.unzoned_per_m
    )
    outline_cell, outline_zone = _near_outlines(zones, frame)
    centre_zone = _centres(zones, frame)
    held = np.flatnonzero(centre_zone >= 0)
    cell = np.concatenate([held, outline_cell])
    zone = np.concatenate([centre_zone[held].astype(np.int64), outline_zone])
    key = np.sort(cell * len(zones) + zone)
    key = key[np.append(True, key[1:] != key[:-1])]
    cell, zone = key // len(zones), key % len(zones)
    order = np.lexsort((zone, zone != centre_zone[cell], cell))
    cell, zone = cell[order], zone[order]
    cell_m = M_PER_DEG / frame.rows_per_deg
    rim = HARM_RADIUS_M / (HARM_RADIUS_M + _RIM_CELLS * cell_m)
    inside = centre_zone >= 0
    listing, start, zone = _shared(inside, cell, zone, len(zones))
    share, per_m = np.full(len(start) - 1, rim), np.full(len(start) - 1, frame.unzoned_per_m)
    share[listing[inside]] = 1.0
    some = np.diff(start) > 0
    per_m[some] = frame.hazard_per_m[zone[start[:-1][some]]]
    return frame._replace(
        listing=listing,
        start=start,
        zone=zone,
        share=share,
        listed_per_m=per_m,
        rim=rim,
        longest=int(np.diff(start).max(initial=1)),
    )


def _shared(
    inside: BoolArray, cell: IntArray, zone: IntArray, zones: int
) -> tuple[Int32Array, Int32Array, Int32Array]:
    """The list of each cell, where each begins, and the zones of all, each list but once.

    `zone` lists those of each `cell`, in order of cells. Cells `inside` a zone share no list with
    those outside. Lists are told apart one place after the other.
    """
    first = np.searchsorted(cell, np.arange(len(inside) + 1))
    listed = np.diff(first)
    name, named = inside.astype(np.int64), 2
    for place in range(listed.max(initial=0)):
        longer = np.flatnonzero(listed > place)
        key = name[longer] * zones + zone[first[longer] + place]
        kinds, kind = np.unique(key, return_inverse=True)
        name[longer] = named + kind
        named += len(kinds)
    names, example, listing = np.unique(name, return_index=True, return_inverse=True)
    if names[0] > 0:  # no cell has the empty list: it is the first all the same
        example, listing = np.append(0, example), listing + 1
    length = listed[example]
    length[0] = 0
    below = np.where(length > 0, zone[np.minimum(first[example], len(zone) - 1)], -1)
    order = np.argsort(below, kind="stable")  # what is near on the ground lies near in memory
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    example, length, listing = example[order], length[order], rank[listing]
    start = np.append(0, np.cumsum(length))
    entry = np.repeat(first[example] - start[:-1], length) + np.arange(start[-1])
    return listing.astype(np.int32), start.astype(np.int32), zone[entry].astype(np.int32)


@numba.njit(cache=True, nogil=True)
def cell_of(grid: Raster, lat_deg: float, lon_deg: float) -> int:
    """The cell of a place, -1 outside the grid."""
    row = np.floor((lat_deg - grid.south_deg) * grid.rows_per_deg)
    column = np.floor((lon_deg - grid.west_deg) * grid.columns_per_deg)
    if row >= 0.0 and column >= 0.0 and row < grid.rows and column < grid.columns:
        return int(row) * grid.columns + int(column)
    return -1


def _frame(zones: Zones) -> Raster:
    """The empty grid: the box of all outlines, wider by the harm radius and one cell."""
    west_deg, south_deg = map(float, zones.ring_xy.min(axis=0))
    east_deg, north_deg = map(float, zones.ring_xy.max(axis=0))
    cos_lat = float(np.cos(np.radians((south_deg + north_deg) / 2.0)))
    height_m = (north_deg - south_deg) * M_PER_DEG
    width_m = (east_deg - west_deg) * M_PER_DEG * cos_lat
    cell_m = max(_CELL_M_MIN, float(np.sqrt(height_m * width_m / _CELLS_MAX)))
    margin_cells = int(np.ceil(HARM_RADIUS_M / cell_m)) + 1
    rows_per_deg = M_PER_DEG / cell_m
    columns_per_deg = rows_per_deg * cos_lat
    return Raster(
        south_deg=south_deg - margin_cells / rows_per_deg,
        west_deg=west_deg - margin_cells / columns_per_deg,
        rows_per_deg=rows_per_deg,
        columns_per_deg=columns_per_deg,
        rows=int(np.ceil(height_m / cell_m)) + 2 * margin_cells,
        columns=int(np.ceil(width_m / cell_m)) + 2 * margin_cells,
        listing=np.zeros(0, dtype=np.int32),
        start=np.zeros(1, dtype=np.int32),
        zone=np.zeros(0, dtype=np.int32),
        share=np.zeros(0),
        rim=1.0,
        hazard_per_m=np.zeros(0),
        listed_per_m=np.zeros(0),
        unzoned_per_m=0.0,
        longest=1,
    )


def _centres(zones: Zones, frame: Raster) -> Int32Array:
    """The zone that holds each cell's centre, -1 where none does."""
    found = np.empty(frame.rows * frame.columns, dtype=np.int32)
    for first in range(0, len(found), _LOCATE_ROWS):
        cell = np.arange(first, min(first + _LOCATE_ROWS, len(found)))
        row, column = np.divmod(cell.astype(np.float64), frame.columns)
        lat_deg = frame.south_deg + (row + 0.5) / frame.rows_per_deg
        lon_deg = frame.west_deg + (column + 0.5) / frame.columns_per_deg
        found[cell] = zones.locate(lat_deg, lon_deg)
    return found


def _near_outlines(zones: Zones, frame: Raster) -> tuple[IntArray, IntArray]:
    """Pairs (cell, zone) where the zone's outline comes within the harm radius of the cell."""
    lon_deg, lat_deg, zone, gap_m = _walk(zones, frame)
    reach_m = HARM_RADIUS_M + gap_m / 2.0
    row_at = (lat_deg - frame.south_deg) * frame.rows_per_deg
    column_at = (lon_deg - frame.west_deg) * frame.columns_per_deg
    row, column = np.floor(row_at).astype(np.int64), np.floor(column_at).astype(np.int64)
    row_m = M_PER_DEG / frame.rows_per_deg
    column_m = M_PER_DEG * np.cos(np.radians(lat_deg)) / frame.columns_per_deg
    window_rows = int(np.ceil(reach_m / row_m))
    window_columns = int(np.ceil(reach_m / column_m.min()))
    cells, owners = [], []
    for row_step in range(-window_rows, window_rows + 1):
        north_m = _gap(row_at - row, row_step) * row_m
        for column_step in range(-window_columns, window_columns + 1):
            east_m = _gap(column_at - column, column_step) * column_m
            near = np.hypot(north_m, east_m) <= reach_m
            near &= (row + row_step >= 0) & (row + row_step < frame.rows)
            near &= (column + column_step >= 0) & (column + column_step < frame.columns)
            at = (row[near] + row_step) * frame.columns + column[near] + column_step
            fresh = np.ones(len(at), dtype=np.bool_)  # points in a row mostly repeat the pair
            fresh[1:] = (at[1:] != at[:-1]) | (zone[near][1:] != zone[near][:-1])
            cells.append(at[fresh])
            owners.append(zone[near][fresh])
    return np.concatenate(cells), np.concatenate(owners)


def _gap(inside: FloatArray, step: int) -> FloatArray:
    """Distance in cells from a point `inside` its cell (0..1) to the cell `step` cells on."""
    if step == 0:
        return np.zeros_like(inside)
    return step - inside if step > 0 else inside - (step + 1)


def _walk(zones: Zones, frame: Raster) -> tuple[FloatArray, FloatArray, IntArray, float]:
    """Points along every outline, their zones, and the largest distance between two of them."""
    gap_m = M_PER_DEG / frame.rows_per_deg / 2.0
    count = np.diff(zones.ring_start)
    ring = np.repeat(np.arange(len(count)), count)
    following = np.arange(len(ring)) + 1
    ends = zones.ring_start[1:][count > 0] - 1
    following[ends] = zones.ring_start[:-1][count > 0]  # closes rings that do not repeat a point
    begin, step = zones.ring_xy, zones.ring_xy[following] - zones.ring_xy
    length_m = M_PER_DEG * np.hypot(step[:, 0] * np.cos(np.radians(begin[:, 1])), step[:, 1])
    pieces = np.maximum(1, np.ceil(length_m / gap_m).astype(np.int64))
    segment = np.repeat(np.arange(len(ring)), pieces)
    part = np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    point = begin[segment] + step[segment] * (part / pieces[segment])[:, None]
    return point[:, 0], point[:, 1], zones.ring_zone[ring[segment]].astype(np.int64), gap_m
