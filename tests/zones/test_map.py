"""The zone map against shapely and PROJ, and against every way a file can be damaged."""

import contextlib
import pickle
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zones.shapes import crazy_paving, map_of, shapes_of, square
from tocsin.zones.map import ZoneMap
from tocsin.zones.store import ARRAYS, TEXTS, pack, unpack

GEOD = pyproj.Geod(ellps="WGS84")


def columns_of(zone_map: ZoneMap) -> dict[str, Any]:
    return {name: getattr(zone_map, name) for name in (*ARRAYS, *TEXTS)}


def lowest_by_shapely(zone_map: ZoneMap, lat: Any, lon: Any) -> Any:
    point, zone = shapely.STRtree(shapes_of(zone_map)).query(
        shapely.points(lon, lat), predicate="intersects"
    )
    expected = np.full(len(lat), 10**6)
    np.minimum.at(expected, point, zone)
    return np.where(expected == 10**6, -1, expected)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 60), points=st.integers(1, 400))
def test_locate_agrees_with_shapely_on_random_coverages(seed: int, count: int, points: int) -> None:
    zone_map = map_of(crazy_paving(seed, count))
    rng = np.random.default_rng(seed + 1)
    lat, lon = rng.uniform(49.9, 51.1, points), rng.uniform(29.9, 31.1, points)
    # A third of the points hug a vertex, where the raster cannot answer.
    vertex = zone_map.ring_xy[rng.integers(0, len(zone_map.ring_xy), points)]
    hug = rng.random(points) < 0.33
    lon = np.where(hug, vertex[:, 0] + rng.normal(0, 1e-4, points), lon)
    lat = np.where(hug, vertex[:, 1] + rng.normal(0, 1e-4, points), lat)
    found = zone_map.locate(lat, lon)
    assert found.dtype == np.int32
    assert np.array_equal(found, lowest_by_shapely(zone_map, lat, lon))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(0.0, 0.08))
def test_overlapping_zones_give_the_lowest_row(seed: int, shift: float) -> None:
    polygons = [
        square(30, 50),
        square(30 + shift, 50.02),
        square(30.05, 50 - shift),
        square(29, 49, 3),
    ]
    zone_map = map_of(polygons)
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(49.9, 50.2, 500), rng.uniform(29.9, 30.3, 500)
    assert np.array_equal(zone_map.locate(lat, lon), lowest_by_shapely(zone_map, lat, lon))


def test_a_point_on_a_shared_border_lies_in_exactly_one_zone() -> None:
    polygons = crazy_paving(5, 40)
    zone_map = map_of(polygons)
    alone = [map_of([polygon]) for polygon in polygons]
    inner = shapely.Point(30.5, 50.5).buffer(0.3)
    xy = zone_map.ring_xy
    middles = (xy[1:] + xy[:-1]) / 2.0
    spots = np.concatenate([xy, middles])
    lake = shapely.Point(30.6, 50.4).buffer(0.1)
    spots = spots[shapely.contains_xy(inner.difference(lake), spots[:, 0], spots[:, 1])]
    assert len(spots) > 100
    held = sum((one.locate(spots[:, 1], spots[:, 0]) == 0).astype(int) for one in alone)
    # Vertices and exact middles of shared edges; a middle that rounding has put beside its
    # edge is still in one zone, never in none.
    assert np.all(held == 1)
    assert np.all(zone_map.locate(spots[:, 1], spots[:, 0]) >= 0)


@pytest.mark.parametrize("near_m", [200.0, 3000.0, 15_000.0])
def test_outside_the_nearest_zone_within_near_m(near_m: float) -> None:
    zone_map = map_of(crazy_paving(11, 25), near_m=near_m)
    plane = pyproj.Transformer.from_crs(
        "EPSG:4326", "+proj=aeqd +lat_0=50.5 +lon_0=30.5 +datum=WGS84", always_xy=True
    )
    flat = [
        shapely.transform(
            shapely.segmentize(shape, 0.005), lambda xy: np.column_stack(plane.transform(*xy.T))
        )
        for shape in shapes_of(zone_map)
    ]
    rng = np.random.default_rng(12)
    lat, lon = rng.uniform(49.7, 51.3, 600), rng.uniform(29.6, 31.4, 600)
    found = zone_map.locate(lat, lon)
    for row, (x, y) in enumerate(zip(*plane.transform(lon, lat), strict=True)):
        distance_m = shapely.distance(flat, shapely.Point(x, y))
        if found[row] < 0:
            assert distance_m.min() > near_m * 0.995 - 1.0
        else:
            assert distance_m[found[row]] <= distance_m.min() + 0.005 * near_m
            assert distance_m[found[row]] <= near_m * 1.005 + 1.0


def test_what_is_no_place_lies_in_no_zone() -> None:
    zone_map = map_of([square(30, 50)], near_m=1000.0)
    nowhere = np.array([np.nan, np.inf, -np.inf, 89.0, -91.0])
    assert np.all(zone_map.locate(nowhere, np.full(5, 30.05)) == -1)
    assert np.all(zone_map.locate(np.full(5, 50.05), nowhere) == -1)
    assert len(zone_map.locate(np.zeros(0), np.zeros(0))) == 0
    assert zone_map.locate(50.05, 30.05).tolist() == [0]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    lat=st.floats(49.8, 51.2),
    lon=st.floats(29.8, 31.2),
    radius_m=st.floats(1.0, 60_000.0),
)
def test_within_agrees_with_a_distance_in_a_plane(
    seed: int, lat: float, lon: float, radius_m: float
) -> None:
    zone_map = map_of(crazy_paving(seed, 30))
    plane = pyproj.Transformer.from_crs(
        "EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84", always_xy=True
    )
    flat = [
        shapely.transform(
            shapely.segmentize(shape, 0.005), lambda xy: np.column_stack(plane.transform(*xy.T))
        )
        for shape in shapes_of(zone_map)
    ]
    distance_m = shapely.distance(flat, shapely.Point(0.0, 0.0))
    found = zone_map.within(lat, lon, radius_m)
    assert found.dtype == np.int32
    assert np.all(np.diff(found) > 0)
    surely = np.flatnonzero(distance_m < radius_m * 0.998 - 1.0)
    perhaps = np.flatnonzero(distance_m <= radius_m * 1.002 + 1.0)
    assert not [row for row in surely if row not in found]
    assert not [row for row in found if row not in perhaps]


def test_neighbours_are_those_that_share_a_border() -> None:
    # 0 1 / 2: zones 1 and 2 meet in one corner only, zone 3 stands apart.
    zone_map = map_of([square(30, 50), square(30.1, 50), square(30, 49.9), square(35, 50)])
    assert [zone_map.neighbours(row).tolist() for row in range(4)] == [[1, 2], [0], [0], []]


def test_rows_ids_and_outlines() -> None:
    holed = shapely.difference(square(30, 50), square(30.04, 50.04, 0.02))
    zone_map = map_of([square(31, 50), shapely.MultiPolygon([holed, square(30.2, 50)])])
    assert len(zone_map) == 2
    assert zone_map.row("xx-1") == 1
    with pytest.raises(KeyError):
        zone_map.row("xx-2")
    rings = zone_map.polygons(1)
    parts = zone_map.multipolygon(1)
    assert [len(part) for part in parts] == [2, 1]
    assert rings == [parts[0][0], parts[1][0], parts[0][1]]
    assert all(ring[0] == ring[-1] for ring in rings)
    # RFC 7946: outer rings run counter-clockwise, holes clockwise.
    assert [shapely.LinearRing(ring).is_ccw for ring in rings] == [True, True, False]
    assert zone_map.locate(50.05, 30.05).tolist() == [-1]
    assert zone_map.within(50.05, 30.05, 1_500.0).tolist() == [1]
    area, _ = GEOD.geometry_area_perimeter(square(31, 50))
    assert zone_map.area_m2[0] == pytest.approx(abs(area), rel=1e-9)


def test_the_file_round_trips_and_is_the_same_every_time() -> None:
    zone_map = map_of(crazy_paving(3, 30), near_m=500.0)
    data = zone_map.to_bytes()
    again = ZoneMap.from_bytes(data)
    assert again.to_bytes() == data
    assert map_of(crazy_paving(3, 30), near_m=500.0).to_bytes() == data
    assert again.digest == zone_map.digest
    for name, value in columns_of(zone_map).items():
        other = getattr(again, name)
        same = np.array_equal(value, other, equal_nan=True) if name in ARRAYS else value == other
        assert same, name


def test_numpy_reads_the_file_without_pickles(tmp_path: Any) -> None:
    path = tmp_path / "map.npz"
    path.write_bytes(map_of([square(30, 50)]).to_bytes())
    with np.load(path, allow_pickle=False) as archive:
        assert archive["people"].tolist() == [100]


def test_a_checkpoint_keeps_the_map_and_not_its_rasters() -> None:
    zone_map = map_of(crazy_paving(3, 30))
    data = pickle.dumps(zone_map)
    assert len(data) < 200_000
    again = pickle.loads(data)
    lat, lon = np.linspace(50, 51, 50), np.linspace(30, 31, 50)
    assert np.array_equal(again.locate(lat, lon), zone_map.locate(lat, lon))
    assert again.digest == zone_map.digest


DAMAGE = {
    "ids not unique": ("ids", lambda v: (v[0], v[0])),
    "id with capitals": ("ids", lambda v: ("XX", v[1])),
    "no zones": ("ids", lambda v: ()),
    "country": ("country", lambda v: "Utopia"),
    "name short": ("names", lambda v: {"en": ("one",)}),
    "people short": ("people", lambda v: v[:1]),
    "people negative": ("people", lambda v: v - 1000),
    "latitude": ("lat_deg", lambda v: v + 90.0),
    "latitude nan": ("lat_deg", lambda v: v * np.nan),
    "shelter": ("shelter_s", lambda v: v - 100.0),
    "area": ("area_m2", lambda v: v * 0.0),
    "parent": ("parent", lambda v: v + np.int32(1)),
    "near": ("near_m", lambda v: -1.0),
    "outline nan": ("ring_xy", lambda v: v * np.nan),
    "ring open": ("ring_xy", lambda v: v + np.arange(len(v))[:, None] * 1e-3),
    "ring cut": ("ring_start", lambda v: v + 1),
    "ring zone": ("ring_zone", lambda v: v * np.int32(0)),
    "ring zone far": ("ring_zone", lambda v: v + np.int32(7)),
    "begins with hole": ("ring_hole", lambda v: ~v),
    "neighbour far": ("neighbour", lambda v: v + np.int32(9)),
    "neighbour self": ("neighbour", lambda v: v[::-1].copy()),
    "neighbour one-sided": ("neighbour_start", lambda v: np.array([0, 2, 2])),
    "neighbour start": ("neighbour_start", lambda v: v + 1),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_map_is_refused_with_one_mending_line(what: str) -> None:
    column, change = DAMAGE[what]
    columns = columns_of(map_of([square(30, 50), square(30.1, 50)]))
    columns[column] = change(columns[column])
    with pytest.raises(ValueError, match=r"build or import it again$") as caught:
        ZoneMap.from_bytes(pack(columns))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none_is_refused() -> None:
    data = map_of([square(30, 50)]).to_bytes()
    for cut in range(0, len(data), 37):
        with pytest.raises(ValueError, match="not a Tocsin zone map"):
            ZoneMap.from_bytes(data[:cut])
    with pytest.raises(ValueError, match="not a Tocsin zone map"):
        ZoneMap.from_bytes(b"PK\x03\x04" + b"\0" * 100)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10**6), to=st.integers(0, 255))
def test_one_changed_byte_is_refused_or_harmless(at: int, to: int) -> None:
    data = bytearray(map_of([square(30, 50)]).to_bytes())
    data[at % len(data)] = to
    with contextlib.suppress(ValueError):
        assert len(ZoneMap.from_bytes(bytes(data))) == 1


def test_a_column_of_another_type_is_refused() -> None:
    columns = columns_of(map_of([square(30, 50)]))
    for name, value in (("ids", "xx-0"), ("near_m", "far"), ("names", ["a"]), ("version", 3)):
        with pytest.raises(ValueError, match=name):
            unpack(pack(columns | {name: value}))
