"""An authority's GeoJSON: what is read, what is refused, and two real sets of zones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from tests.zones.shapes import shapes_of, square
from tocsin.zones.imported import import_features, join_table, read_features, read_mapping
from tocsin.zones.map import ZoneMap

MAPPING = (
    "id=code,name.he=name,parent=area,people=pop,shelter_s=secs,lat=lat,lon=lon,foreign.x=code"
)
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}


def feature(west: float = 35.0, **properties: Any) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(square(west, 31.0)))
    return {"type": "Feature", "properties": {"code": "7"} | properties, "geometry": geometry}


def imported(*features: dict[str, Any], mapping: str = MAPPING, near_m: float = 0.0) -> Any:
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return import_features(
        read_features(data), read_mapping(mapping), country="il", source="test", near_m=near_m
    )


def test_each_field_comes_from_its_property() -> None:
    full = feature(
        code=5000511, name="אבו גוש", area="ירושלים", pop=7_698.0, secs="90", lat=31.01, lon=35.01
    )
    zone_map = imported(full, feature(36.0, code="IL-8", area="63")).zone_map
    row = zone_map.row("il-5000511")
    assert zone_map.names["he"][row] == "אבו גוש"
    assert (zone_map.people[row], zone_map.shelter_s[row]) == (7_698, 90.0)
    assert (zone_map.lat_deg[row], zone_map.lon_deg[row]) == (31.01, 35.01)
    assert zone_map.foreign["x"][row] == "5000511"
    other = zone_map.row("il-8")
    assert zone_map.people[other] == -1
    assert np.isnan(zone_map.shelter_s[other])
    assert zone_map.parents[zone_map.parent[other]] == "il-63"
    # A parent in another script has an id by `sha256sum`, always the same.
    assert zone_map.parents[zone_map.parent[row]] == "il-987adc4e"


def test_a_point_outside_its_outline_is_replaced() -> None:
    zone_map = imported(feature(lat=50.0, lon=35.0)).zone_map
    assert zone_map.locate(zone_map.lat_deg, zone_map.lon_deg).tolist() == [0]


def test_a_crossing_outline_is_mended_and_told() -> None:
    result = imported({"properties": {"code": "bow"}, "geometry": BOW_TIE})
    assert result.mended == ("il-bow",)
    assert shapes_of(result.zone_map)[0].is_valid
    assert "1 outlines mended" in result.zone_map.version


@pytest.mark.parametrize(
    ("features", "why"),
    [
        ([feature(), feature(36.0)], "two zones have the id il-7"),
        ([feature(code="חיפה")], "no id can be made"),
        ([feature(pop="many")], "people is 'many', not a number"),
        ([feature() | {"geometry": None}], "feature 0 has no"),
        ([feature() | {"geometry": {"type": "Point", "coordinates": [1, 2]}}], "no outline"),
        ([feature(300.0)], "lon_deg leaves -180..180; mend"),
        ([feature(secs=-5)], "shelter_s is negative"),
    ],
)
def test_what_cannot_be_imported_is_named(features: list[Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        imported(*features)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"features": []}', b'{"features": [1]}'])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="export"):
        read_features(data)


@pytest.mark.parametrize(
    "text", ["", "name.he=x", "id", "id=", "colour=x", "colour.he=x", "id=a,name=b"]
)
def test_a_wrong_mapping_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--map"):
        read_mapping(text)


def test_a_table_adds_columns_and_overwrites_none() -> None:
    features = [feature(code="a", pop="5"), feature(36.0, code="b")]
    join_table(features, ["code,pop,more", "a,9,x", "b,8,y"], "code")
    assert [f["properties"]["pop"] for f in features] == ["5", "8"]
    assert [f["properties"]["more"] for f in features] == ["x", "y"]
    with pytest.raises(ValueError, match="--key"):
        join_table(features, ["code", "a"], "id")


def read(path: Path, mapping: str, country: str, table: Path | None = None) -> ZoneMap:
    features = read_features(path.read_bytes())
    if table is not None:
        join_table(features, table.read_text().splitlines(), "katottg")
    result = import_features(
        features, read_mapping(mapping), country=country, source=path.name, near_m=0.0
    )
    return result.zone_map


HFC = "id=segment,name.he=name,name.en=name_en,parent=district,shelter_s=migun_time,lat=lat,lon=lon"
HROMADAS = (
    "id=katottg,name.uk=name_uk,parent=oblast_katottg,people=pop_2022,lat=lat_center,lon=lon_center"
)


@pytest.fixture(scope="module")
def real(shared: Path) -> dict[str, ZoneMap]:
    data = shared / "data"
    return {
        "il": read(data / "zones_il/zones_il.geojson", HFC, "il"),
        "ua": read(
            data / "zones_ua/hromadas_approx.geojson",
            HROMADAS,
            "ua",
            data / "zones_ua/hromadas.csv",
        ),
    }


@pytest.mark.shared
def test_the_centre_of_every_israeli_zone_lies_in_that_zone(real: Any, shared: Path) -> None:
    zone_map = real["il"]
    features = read_features((shared / "data/zones_il/zones_il.geojson").read_bytes())
    assert len(zone_map) == len(features) == 1449
    lat = np.array([f["properties"]["lat"] for f in features])
    lon = np.array([f["properties"]["lon"] for f in features])
    expected = [zone_map.row(f"il-{f['properties']['segment']}") for f in features]
    assert np.array_equal(zone_map.locate(lat, lon), expected)


@pytest.mark.shared
@pytest.mark.parametrize(("country", "zones"), [("il", 1449), ("ua", 1652)])
def test_real_zones_agree_with_shapely_at_a_hundred_thousand_points(
    real: Any, country: str, zones: int
) -> None:
    zone_map = real[country]
    assert len(zone_map) == zones
    rng = np.random.default_rng(2026)
    count = 100_000
    (west, south), (east, north) = zone_map.ring_xy.min(axis=0), zone_map.ring_xy.max(axis=0)
    lat, lon = rng.uniform(south, north, count), rng.uniform(west, east, count)
    vertex = zone_map.ring_xy[rng.integers(0, len(zone_map.ring_xy), count // 2)]
    lon[::2] = vertex[:, 0] + rng.normal(0, 2e-3, count // 2)
    lat[::2] = vertex[:, 1] + rng.normal(0, 2e-3, count // 2)
    point, zone = shapely.STRtree(shapes_of(zone_map)).query(
        shapely.points(lon, lat), predicate="intersects"
    )
    expected = np.full(count, 10**6)
    np.minimum.at(expected, point, zone)
    expected[expected == 10**6] = -1
    assert (expected >= 0).mean() > 0.2
    assert np.array_equal(zone_map.locate(lat, lon), expected)
