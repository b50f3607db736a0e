"""Random zones: the ground nearer to one of many random points than to any other, in small cells.

A zone is a set of whole cells, so the forecast's grid is exact, and the chance of a zone is that of
the impact alone, without the radius of harm: chances of a partition, as total variation asks.
"""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from bench.predict.truth import Floats
from tocsin.predict.zonal import Raster, numbered

_CELL_M: Final = 50.0
_M_PER_DEG: Final = 111_195.0
_MARGIN: Final = 1.0  # zones beyond the outermost impacts, on each side


def voronoi(rng: np.random.Generator, places_deg: Floats, zone_m: float) -> Raster:
    """Zones of `zone_m` squared on the average around all of `places_deg` (n,2)."""
    south, west = places_deg.min(axis=0)
    north, east = places_deg.max(axis=0)
    rows_per_deg = _M_PER_DEG / _CELL_M
    columns_per_deg = rows_per_deg * np.cos(np.radians((south + north) / 2.0))
    margin = int(np.ceil(_MARGIN * zone_m / _CELL_M))
    rows = int(np.ceil((north - south) * rows_per_deg)) + 2 * margin
    columns = int(np.ceil((east - west) * columns_per_deg)) + 2 * margin
    around = 3.0 * zone_m  # points outside the grid too, so that its rim is like its middle
    high_m, wide_m = rows * _CELL_M + 2.0 * around, columns * _CELL_M + 2.0 * around
    count = max(4, round(high_m * wide_m / zone_m**2))
    points_m = rng.uniform(-around, [high_m - around, wide_m - around], (count, 2))
    centres = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)
    _, zone = cKDTree(points_m).query((centres.reshape(-1, 2) + 0.5) * _CELL_M)
    start = np.arange(rows * columns + 1, dtype=np.int32)
    alike, example = numbered(start, zone, count)
    return Raster(
        south_deg=float(south) - margin / rows_per_deg,
        west_deg=float(west) - margin / columns_per_deg,
        rows_per_deg=rows_per_deg,
        columns_per_deg=float(columns_per_deg),
        rows=rows,
        columns=columns,
        sole=zone.astype(np.int32),
        start=start,
        zone=zone.astype(np.int32),
        alike=alike,
        example=example,
        rim=1.0,
        hazard_per_m=np.zeros(count),
        unzoned_per_m=0.0,
        longest=1,
    )


def zones_of(grid: Raster, places_deg: Floats) -> np.ndarray:
    """The zone of each place (n,2), all inside the grid."""
    row = ((places_deg[:, 0] - grid.south_deg) * grid.rows_per_deg).astype(np.int64)
    column = ((places_deg[:, 1] - grid.west_deg) * grid.columns_per_deg).astype(np.int64)
    zone: np.ndarray = grid.zone[row * grid.columns + column]
    return zone
