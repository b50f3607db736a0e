"""Outlines: whatever the ring, what is told is closed, simple, small and near the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon
from shapely.ops import unary_union

from tests.warn.stand_in import KHARKIV
from tocsin.warn.outline import POINTS_MAX, cap_polygons, ring_area, thinned
from tocsin.zones.map import ZoneMap


def coast(seed: int, count: int) -> list[tuple[float, float]]:
    """A ragged simple ring around (36, 50), like a coast line."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    radius = 0.3 + 0.02 * np.cumsum(rng.normal(0.0, 0.1, count)) + rng.uniform(0.0, 0.02, count)
    ring = np.stack([36.0 + radius * np.cos(angle), 50.0 + radius * np.sin(angle)], axis=1)
    return [*map(tuple, ring.tolist()), tuple(ring[0].tolist())]


def pairs(text: str) -> list[tuple[float, float]]:
    return [(float(pair.split(",")[1]), float(pair.split(",")[0])) for pair in text.split()]


@pytest.mark.parametrize(("seed", "count"), [(1, 20), (2, 300), (3, 3000)])
def test_a_coast_stays_itself(seed, count):
    ring = coast(seed, count)
    (text,) = cap_polygons([ring])
    told = Polygon(pairs(text))
    true = Polygon(ring)
    assert told.is_valid
    assert len(pairs(text)) <= POINTS_MAX
    assert pairs(text)[0] == pairs(text)[-1]
    overlap = told.intersection(true).area / told.union(true).area
    assert overlap > 0.95


def test_latitude_comes_first():
    (text,) = cap_polygons([KHARKIV])
    assert all(49.0 < float(pair.split(",")[0]) < 51.0 for pair in text.split())


def test_largest_first_and_specks_left_out():
    speck = [(36.0, 50.0), (36.00001, 50.0), (36.0, 50.00001), (36.0, 50.0)]
    small = [(30.0, 50.0), (30.1, 50.0), (30.1, 50.1), (30.0, 50.0)]
    told = cap_polygons([speck, small, KHARKIV])
    assert [len(pairs(text)) for text in told] == [5, 4]


def test_a_crossing_ring_is_told_as_a_simple_one_around_it():
    bow_tie = [(36.0, 50.0), (36.1, 50.1), (36.1, 50.0), (36.0, 50.1), (36.0, 50.0)]
    (text,) = cap_polygons([bow_tie])
    assert Polygon(pairs(text)).equals(Polygon([(36, 50), (36.1, 50), (36.1, 50.1), (36, 50.1)]))


points = st.tuples(st.floats(20.0, 40.0, width=32), st.floats(44.0, 52.0, width=32))


@settings(deadline=None)
@given(st.lists(points, max_size=40))
def test_any_ring_gives_a_simple_one_or_none(ring):
    told = thinned(ring)
    if len(told):
        assert Polygon(told).is_valid
        assert 4 <= len(told) <= POINTS_MAX
        assert ring_area(told) == pytest.approx(Polygon(told).area)


@pytest.mark.parametrize("country", ["ua", "il"])
def test_the_shipped_maps_are_told_as_they_are(root, country):
    path = root / "src" / "tocsin" / "data" / "zones" / f"{country}.zones"
    zones = ZoneMap.from_bytes(path.read_bytes())
    for row in range(0, len(zones), 10):
        told = [Polygon(pairs(text)) for text in cap_polygons(zones.polygons(row))]
        true = unary_union([Polygon(ring) for ring in zones.polygons(row)])
        assert all(polygon.is_valid for polygon in told)
        assert len(told) > 0
        overlap = true.intersection(unary_union(told)).area / true.union(unary_union(told)).area
        assert overlap > 0.98, zones.ids[row]
