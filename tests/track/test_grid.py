"""Neighbours against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.sky import ORIGIN, place
from tocsin.track import grid
from tocsin.words import FloatArray, IntArray


def found(places: FloatArray, x: FloatArray, reach_m: float, room: int = 4096) -> IntArray:
    out, counts = np.full((1, room), -7, dtype=np.int64), np.full(1, -7, dtype=np.int64)
    reach = np.array([reach_m])
    grid.near(grid.build(places), places, x[None].copy(), reach, 1, out, counts, room)
    count = int(counts[0])
    assert (out[0, count:] == -7).all()
    return out[0, :count]


@given(
    seed=st.integers(0, 2**31), m=st.integers(1, 600), spread_m=st.sampled_from([0.5, 1e3, 3e5]),
    flat=st.sampled_from([None, 0, 1, 2]), reach=st.floats(0.0, 3.0),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_neighbours_are_those_of_brute_force(
    seed: int, m: int, spread_m: float, flat: int | None, reach: float
) -> None:
    rng = np.random.default_rng(seed)
    places = ORIGIN + rng.normal(size=(m, 3)) * spread_m
    if flat is not None:
        places[:, flat] = ORIGIN[flat]
    x, reach_m = ORIGIN + rng.normal(size=3) * spread_m, reach * spread_m
    near = np.flatnonzero(((places - x) ** 2).sum(axis=1) <= reach_m * reach_m)
    assert sorted(found(places, x, reach_m).tolist()) == near.tolist()


def test_places_on_the_border_of_their_box_are_found() -> None:
    side = np.linspace(-1e5, 1e5, 9)
    places = ORIGIN + np.array([(a, b, c) for a in side for b in side for c in (0.0, 7.0)])
    for j in range(len(places)):
        assert j in found(places, places[j], 0.0).tolist()
        assert j in found(places, places[j], 1.0).tolist()


def test_a_line_of_reports_along_each_axis() -> None:
    for axis in range(3):
        places = np.repeat(ORIGIN[None], 400, axis=0)
        places[:, axis] += np.linspace(-2e5, 2e5, 400)
        assert sorted(found(places, places[200], 2500.0).tolist()) == [198, 199, 200, 201, 202]


def test_all_on_one_spot() -> None:
    places = np.repeat(ORIGIN[None], 500, axis=0)
    assert sorted(found(places, ORIGIN, 0.0).tolist()) == list(range(500))
    assert len(found(places, ORIGIN + 100.0, 1.0)) == 0


def test_one_report() -> None:
    places = ORIGIN[None].copy()
    assert found(places, ORIGIN + 30.0, 60.0).tolist() == [0]
    assert found(places, ORIGIN + 30.0, 40.0).tolist() == []


@pytest.mark.parametrize("reach_m", [0.0, 1e4, 1e6, 1e9, np.inf])
def test_far_outside(reach_m: float) -> None:
    rng = np.random.default_rng(1)
    places = place(np.append(rng.uniform(-1e5, 1e5, (100, 2)), rng.uniform(0, 1e4, (100, 1)), 1))
    for x in (-ORIGIN, ORIGIN * 1.5, np.zeros(3), ORIGIN + 1e30):
        near = np.flatnonzero(np.linalg.norm(places - x, axis=1) <= reach_m)
        assert sorted(found(places, x, reach_m).tolist()) == near.tolist()


def test_a_place_that_is_no_number_is_near_nothing() -> None:
    places = ORIGIN + np.random.default_rng(1).normal(size=(20, 3)) * 100.0
    assert len(found(places, np.full(3, np.nan), 1e3)) == 0
    assert len(found(places, ORIGIN, np.nan)) == 0


def test_a_full_buffer_stops_and_is_not_overrun() -> None:
    places = ORIGIN + np.random.default_rng(1).normal(size=(300, 3)) * 100.0
    some = found(places, ORIGIN, 1e4, room=48)
    assert len(some) == len(set(some.tolist())) == 48
    assert len(found(places, ORIGIN, 1e4, room=0)) == 0


def test_the_order_is_settled_by_the_reports_alone() -> None:
    places = ORIGIN + np.random.default_rng(2).normal(size=(300, 3)) * 100.0
    assert found(places, ORIGIN, 80.0).tolist() == found(places.copy(), ORIGIN, 80.0).tolist()


def test_the_farthest_corner_of_twenty_thousand() -> None:
    """As many as a jammed radar's: more cells than `SIDE_MAX` would want."""
    rng = np.random.default_rng(3)
    places = ORIGIN + rng.uniform(-1e5, 1e5, (70_000, 3))
    near = np.flatnonzero(np.linalg.norm(places - places[17], axis=1) <= 5e3)
    assert sorted(found(places, places[17], 5e3).tolist()) == near.tolist()
