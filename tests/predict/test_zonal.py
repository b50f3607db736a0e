"""The grid against exact distances: it may add a little, and never leaves a zone out."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares
from tocsin.predict.zonal import HARM_RADIUS_M, cell_of, raster

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
    listed = grid.zone[grid.start[cell] : grid.start[cell + 1]] if cell >= 0 else []
    here = (np.array([lat_deg]), np.array([lon_deg]))
    must = np.flatnonzero(zones.harmed(*here, HARM_RADIUS_M) > 0)
    may = np.flatnonzero(zones.harmed(*here, HARM_RADIUS_M + 450.0) > 0)
    assert np.isin(must, listed).all()
    assert np.isin(listed, may).all()
    assert len(np.unique(listed)) == len(listed)


def test_the_zone_below_comes_first() -> None:
    grid = GRIDS[id(TILES)]
    for row in range(TILES.rows):
        lat_deg, lon_deg = TILES.at(row + 0.93, 0.93)
        cell = cell_of(grid, lat_deg, lon_deg)
        assert grid.start[cell + 1] - grid.start[cell] > 1
        assert grid.zone[grid.start[cell]] == row * TILES.columns


@pytest.mark.parametrize("zones", [ISLANDS, TILES, HAMLETS])
def test_cells_with_the_same_list_and_no_others_are_alike(zones: Squares) -> None:
    grid = GRIDS[id(zones)]
    lists = [tuple(grid.zone[a:b]) for a, b in pairwise(grid.start)]
    numbers: dict[tuple[int, ...], int] = {}
    for cell, listed in enumerate(lists):
        if not listed:
            assert grid.alike[cell] == -1
            continue
        assert lists[grid.example[grid.alike[cell]]] == listed
        assert numbers.setdefault(listed, grid.alike[cell]) == grid.alike[cell]
    assert len(numbers) >= len(zones)


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
