"""A made-up map of square zones: towns by size and rank, the rest spread over the land."""

import math
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sim.law import draw
from tocsin.sim.script import Box, Grid
from tocsin.words import FloatArray, IntArray
from tocsin.zones.map import ZoneMap

_ROUGH: Final = 0.5
"""Spread (of the logarithm) of rural people from cell to cell; chosen."""
_STREAM: Final = 11  # of chance, apart from those of plans and radars


def grid_map(country: str, box: Box, grid: Grid) -> ZoneMap:
    """Cells of `cell_m` over the area, one admin-1 area. The same grid gives the same bytes."""
    rng = np.random.Generator(np.random.PCG64([grid.seed, _STREAM]))
    columns = max(round(box.wide_m / grid.cell_m), 1)
    rows = max(round(box.high_m / grid.cell_m), 1)
    count = rows * columns
    high_deg = math.degrees(grid.cell_m / geo.MEAN_RADIUS_M)
    wide_deg = high_deg / math.cos(math.radians(box.lat_deg))
    row, column = np.divmod(np.arange(count), columns)
    lat = box.lat_deg + (row - rows / 2.0) * high_deg
    lon = box.lon_deg + (column - columns / 2.0) * wide_deg
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * (wide_deg, high_deg)
    rings = np.stack([lon, lat], axis=1)[:, None, :] + corners
    beside = _neighbours(rows, columns)
    return ZoneMap(
        country=country,
        version=f"made-up grid of {columns} x {rows} cells of {grid.cell_m:g} m, seed {grid.seed}",
        ids=tuple(f"{country}-{r + 1}-{c + 1}" for r, c in zip(row, column, strict=True)),
        names={"und": tuple(f"{r + 1}-{c + 1}" for r, c in zip(row, column, strict=True))},
        lat_deg=lat + high_deg / 2.0,
        lon_deg=lon + wide_deg / 2.0,
        people=_people(grid, rows, columns, rng),
        shelter_s=np.array([draw(grid.shelter_s, rng) for _ in range(count)]),
        parent=np.zeros(count, dtype=np.int32),
        parents=(f"{country}-grid",),
        parent_names={"und": ("The whole grid",)},
        area_m2=np.full(count, grid.cell_m**2),
        foreign={},
        ring_xy=rings.reshape(-1, 2),
        ring_start=np.arange(count + 1, dtype=np.int64) * 5,
        ring_zone=np.arange(count, dtype=np.int32),
        ring_hole=np.zeros(count, dtype=np.bool_),
        neighbour=np.array([n for zone in beside for n in zone], dtype=np.int32),
        neighbour_start=np.cumsum([0, *map(len, beside)]),
        near_m=0.0,
    ).sealed()


def _people(grid: Grid, rows: int, columns: int, rng: np.random.Generator) -> IntArray:
    """People of each cell: `rural` of them uneven over all, the rest in towns whose sizes fall as
    one over their rank (Zipf, *Human Behavior and the Principle of Least Effort*, 1949).
    """
    count = rows * columns
    rough = np.exp(rng.normal(0.0, _ROUGH, count))
    share = grid.rural * rough / rough.sum()
    sizes = 1.0 / np.arange(1, grid.towns + 1)
    places = rng.uniform(0.08, 0.92, (grid.towns, 2)) * (columns, rows)
    centre = np.stack([np.arange(count) % columns, np.arange(count) // columns], axis=1) + 0.5
    for size, place in zip((1.0 - grid.rural) * sizes / sizes.sum(), places, strict=True):
        wide_cells = grid.town_m / grid.cell_m * math.sqrt(float(size) * grid.towns)
        near = np.exp(-0.5 * np.sum(((centre - place) / max(wide_cells, 0.3)) ** 2, axis=1))
        share += size * _of_one(near)
    return np.asarray(np.round(grid.people * share), dtype=np.int64)


def _of_one(near: FloatArray) -> FloatArray:
    """Weights that sum to one."""
    return np.asarray(near / near.sum())


def _neighbours(rows: int, columns: int) -> list[list[int]]:
    """Cells that share an edge with each, ascending."""
    return [
        [
            r * columns + c + dy * columns + dx
            for dx, dy in ((0, -1), (-1, 0), (1, 0), (0, 1))
            if 0 <= c + dx < columns and 0 <= r + dy < rows
        ]
        for r in range(rows)
        for c in range(columns)
    ]
