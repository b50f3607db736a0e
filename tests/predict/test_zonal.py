"""The grid against exact distances: it may add a little, and never leaves a zone out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares
from tocsin.predict.zonal import HARM_RADIUS_M, Raster, cell_of, raster
from tocsin.words import Int32Array

ISLANDS = Squares(31.0, 34.5, 8, 8, 1_900.0, gap_m=1_700.0)
TILES = Squares(49.0, 30.0, 12, 9, 4_000.0)
HAMLETS = Squares(32.0, 35.0, 10, 10, 90.0, gap_m=2_000.0)
GRIDS = {id(zones): raster(zones) for zones in (ISLANDS, TILES, HAMLETS)}


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([ISLANDS, TILES, HAMLETS]),
    st.floats(-0.2, 1.2),
    st.floats(-0.2, 1.2),
)
def test_lists_every_zone_within_reach_and_none_far(
    zones: Squares, part_row: float, part_column: float
) -> None:
    grid = GRIDS[id(zones)]
    lat_deg, lon_deg = zones.at(part_row * zones.rows, part_column * zones.columns)
    cell = cell_of(grid, lat_deg, lon_deg)
    listed = _listed(grid, cell) if cell >= 0 else []
    here = (np.array([lat_deg]), np.array([lon_deg]))
    must = np.flatnonzero(zones.harmed(*here, HARM_RADIUS_M) > 0)
    may = np.flatnonzero(zones.harmed(*here, HARM_RADIUS_M + 450.0) > 0)
    assert np.isin(must, listed).all()
    assert np.isin(listed, may).all()
    assert len(np.unique(listed)) == len(listed)


def _listed(grid: Raster, cell: int) -> Int32Array:
    """The zones harmed from somewhere in the cell."""
    first, last = grid.start[grid.listing[cell]], grid.start[grid.listing[cell] + 1]
    return grid.zone[first:last]


def test_the_zone_below_comes_first() -> None:
    grid = GRIDS[id(TILES)]
    for row in range(TILES.rows):
        lat_deg, lon_deg = TILES.at(row + 0.93, 0.93)
        cell = cell_of(grid, lat_deg, lon_deg)
        assert len(_listed(grid, cell)) > 1
        assert _listed(grid, cell)[0] == row * TILES.columns


@pytest.mark.parametrize("zones", [ISLANDS, TILES, HAMLETS])
def test_no_list_is_kept_twice(zones: Squares) -> None:
    grid = GRIDS[id(zones)]
    lists = [
        (*grid.zone[first:last].tolist(), share)
        for first, last, share in zip(grid.start[:-1], grid.start[1:], grid.share, strict=True)
    ]
    assert len(set(lists)) == len(lists)
    assert len(_listed(grid, 0)) == len(lists[0]) - 1 == 0
    assert np.array_equal(np.unique(grid.listing), np.arange(len(lists)))


@pytest.mark.parametrize("zones", [ISLANDS, TILES, HAMLETS])
def test_first_zone_counts_whole_where_it_holds_the_centre(zones: Squares) -> None:
    grid = GRIDS[id(zones)]
    row, column = np.divmod(np.arange(grid.rows * grid.columns), grid.columns)
    below = zones.locate(
        grid.south_deg + (row + 0.5) / grid.rows_per_deg,
        grid.west_deg + (column + 0.5) / grid.columns_per_deg,
    )
    assert np.array_equal(grid.share[grid.listing] == 1.0, below >= 0)
    first = grid.start[grid.listing[below >= 0]]
    assert np.array_equal(grid.zone[first], below[below >= 0])
    assert set(grid.share.tolist()) <= {1.0, grid.rim}


def test_nothing_outside_the_grid() -> None:
    grid = GRIDS[id(TILES)]
    for lat_deg, lon_deg in ((48.9, 30.1), (50.0, 30.1), (49.1, 29.9), (49.1, 40.0), (-49.0, 0.0)):
        assert cell_of(grid, lat_deg, lon_deg) == -1


def test_more_people_more_hazard() -> None:
    hazards = [
        raster(Squares(49.0, 30.0, 1, 1, 4_000.0, density_per_km2=d)).hazard_per_m[0]
        for d in (0.0, 20.0, 500.0, 5_000.0)
    ]
    assert (np.diff(hazards) > 0.0).all()
    assert hazards[0] == pytest.approx(0.02e-3)
    assert hazards[-1] < 0.1e-3


def test_refuses_an_empty_map() -> None:
    with pytest.raises(ValueError, match="no zones"):
        raster(Squares(49.0, 30.0, 0, 0, 4_000.0))
