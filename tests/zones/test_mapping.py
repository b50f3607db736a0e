"""Authorities' tables by mapping: a small set made by hand for each, and the real sets."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tocsin.cli.zone_files import read_mapping_named, read_rows
from tocsin.instant import from_iso
from tocsin.zones.atlas import compiled
from tocsin.zones.check import check
from tocsin.zones.consumers import CONSUMERS, express
from tocsin.zones.map import ZoneMap
from tocsin.zones.mapping import Mapped, map_rows, read_mapping_table, with_history
from tocsin.zones.units import ALWAYS_NS, Edition

FIXTURES = ROOT / "tests" / "fixtures" / "zones"
APRIL_NS, JUNE_NS = from_iso("2026-04-08T00:00:00Z"), from_iso("2026-06-03T00:00:00Z")
UKRAINE = {name: f"ua-{name}.geojson" for name in ("oblast", "raion", "hromada")}


def mapped(
    name: str, country: str, files: dict[str, Sequence[Any]], begins_ns: int = APRIL_NS
) -> Mapped:
    edition = Edition(id=f"{country}-test", effective_from_ns=begins_ns)
    return map_rows(read_mapping_named(name), files, country=country, edition=edition)


def fixture(**files: str) -> dict[str, Sequence[Any]]:
    return {name: read_rows(FIXTURES / file) for name, file in files.items()}


# ---- made by hand ------------------------------------------------------------------------------


def test_home_front_command_zones() -> None:
    zone_map = compiled(mapped("hfc", "il", fixture(zones="hfc.geojson")).atlas)
    assert zone_map.ids == ("il-5009001", "il-5009002", "il-5009003")
    assert zone_map.names == {
        "he": ("כפר דוגמה", "נוה דוגמה", "בית דוגמה"),
        "en": ("Kfar Dugma", "Neve Dugma", "Beit Dugma"),
        "ru": ("Кфар Дугма", "Неве Дугма", "Бейт Дугма"),
        "ar": ("كفار دوغما", "نيفي دوغما", "بيت دوغما"),
    }
    # Two sources say 90 and 60: the smaller holds; 0 is "immediately", not unknown.
    assert zone_map.shelter_s.tolist() == [60.0, 60.0, 0.0]
    assert zone_map.foreign_ids.named("hfc_segment", "5009002") == ("il-5009002",)
    assert zone_map.foreign_ids.named("hfc_name", "בית דוגמה") == ("il-5009003",)
    assert zone_map.tree.unit("il-5009001").ids_of("tzevaadom") == ("9001",)
    (district,) = zone_map.foreign_ids.named("hfc_district", "צפון הדוגמה")
    assert zone_map.tree.expand([district]) == ("il-5009001", "il-5009002")
    assert [u.level for u in zone_map.tree.above("il-5009003")] == ["area", "district", "country"]
    assert sorted(zone_map.parents) == sorted({district, zone_map.tree.above("il-5009003")[1].id})


def test_ukrainian_oblasts_raions_and_hromadas() -> None:
    result = mapped("ua", "ua", fixture(**UKRAINE))
    zone_map = compiled(result.atlas)
    tree = zone_map.tree
    assert [unit.level for unit in tree.above("ua-63010010000000005")] == [
        "hromada",
        "raion",
        "oblast",
        "country",
    ]
    assert tree.is_zone("ua-30")  # a city that is an oblast and has nothing below it
    assert zone_map.parents == ("ua-30", "ua-63")
    for scheme in ("ukrainealarm", "alerts_in_ua"):  # one number, whoever gives it
        assert zone_map.foreign_ids.named(scheme, "22") == ("ua-63",)
        assert zone_map.foreign_ids.named(scheme, "901") == ("ua-63010000000000003",)
        assert zone_map.foreign_ids.named(scheme, "911") == ("ua-63010010000000005",)
    assert tree.unit("ua-63020000000000004").ids == (("katottg", "UA63020000000000004"),)
    assert zone_map.people[zone_map.row("ua-63010010000000005")] == 12_000
    assert zone_map.people[zone_map.row("ua-63010020000000006")] == -1
    # 913 was matched by name to two hromadas of one raion: nobody knows which is meant.
    assert zone_map.foreign_ids.named("ukrainealarm", "913") == ()
    assert [doubt.split(":")[0] for doubt in result.doubtful] == [
        "alerts_in_ua 913",
        "ukrainealarm 913",
    ]
    assert {f.severity for f in check(zone_map)} == {"warning"}


def test_meteoalarm_areas_and_their_nuts3_regions() -> None:
    files = fixture(emma="emma.geojson", nuts3="nuts3.geojson")
    zone_map = compiled(mapped("emma", "pl", files).atlas)
    assert zone_map.ids == ("pl-9001", "pl-9002", "pl-9003")
    assert zone_map.foreign["emma_id"] == ("PL9001", "PL9002", "PL9003")
    # A region that holds two areas is an area's name, and one area may lie in two regions.
    assert zone_map.foreign_ids.named("nuts3", "PL9X1") == ("pl-9001", "pl-9002")
    assert zone_map.tree.unit("pl-9003").ids_of("nuts3") == ("PL9X2", "PL9X3")
    # CAP names what is exactly the zone: neither of these is.
    assert "nuts3" not in zone_map.foreign
    greek = compiled(mapped("emma", "gr", files).atlas)
    assert greek.ids == ("gr-901",)


def test_nuts3_regions_with_greece_under_its_own_prefix() -> None:
    files = fixture(nuts3="nuts3.geojson")
    greek = compiled(mapped("nuts3", "gr", files).atlas)
    assert greek.foreign == {"nuts3": ("EL9X1",), "emma_id": ("GR901",)}
    with pytest.raises(ValueError, match="two units have the id pl-9x1"):
        mapped("nuts3", "pl", files)  # the fixture has one region twice


def test_times_to_shelter_gather_over_versions() -> None:
    rows = fixture(zones="hfc.geojson")
    old = compiled(mapped("hfc", "il", rows).atlas)
    changed = json.loads(json.dumps(rows))
    changed["zones"][0]["properties"] |= {"migun_time": 90, "countdown": 90}
    new = mapped("hfc", "il", changed, JUNE_NS).atlas
    zone_map = compiled(with_history(new, old))
    assert zone_map.tree.unit("il-5009001").shelter == ((APRIL_NS, 60.0), (JUNE_NS, 90.0))
    assert zone_map.tree.unit("il-5009002").shelter == ((APRIL_NS, 60.0),)
    assert zone_map.shelter_s.tolist() == [90.0, 60.0, 0.0]
    assert zone_map.shelter_s_at(JUNE_NS - 1).tolist() == [60.0, 60.0, 0.0]
    assert np.isnan(zone_map.shelter_s_at(APRIL_NS - 1)).all()
    with pytest.raises(ValueError, match="--effective-from"):
        with_history(mapped("hfc", "il", rows, ALWAYS_NS).atlas, old)


WRONG = {
    "see docs/reference": "title = 3",
    "unknown field `colour`": (
        'title="t"\nlayers=[{name="a",id="i",source="s",licence="l",colour="x"}]'
    ),
    "needs layer 'b' before it": (
        'title="t"\nlayers=[{name="a",id="i",source="s",licence="l",level="x",'
        'parent={layer="b",property="p"}}]'
    ),
    "neither level nor adds_to": 'title="t"\nlayers=[{name="a",id="i",source="s",licence="l"}]',
    "two layers are called 'a'": 'title="t"\nlayers=['
    + ",".join(['{name="a",id="i",source="s",licence="l",level="x"}'] * 2)
    + "]",
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_mapping_is_refused(why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        read_mapping_table(WRONG[why])
    assert "\n" not in str(caught.value)


def test_rows_that_cannot_be_mapped_are_named() -> None:
    rows = fixture(**UKRAINE)
    with pytest.raises(ValueError, match="no file for layer 'raion'; give oblast=PATH, raion=PATH"):
        mapped("ua", "ua", {"oblast": rows["oblast"]})
    with pytest.raises(ValueError, match="layer oblast, row 0 has no property 'iso'"):
        mapped("ua", "ua", rows | {"oblast": rows["raion"][:0] or [{"properties": {"x": 1}}]})
    lost = json.loads(json.dumps(rows))
    lost["hromada"][0]["properties"]["raion_katottg"] = "UA99"
    with pytest.raises(ValueError, match="ua-63010010000000005 is an orphan: there is no ua-99"):
        compiled(mapped("ua", "ua", lost).atlas)
    lost["hromada"][0]["properties"]["raion_katottg"] = None
    with pytest.raises(ValueError, match="layer hromada, row 0: property 'raion_katottg' is ''"):
        mapped("ua", "ua", lost)
    bare = json.loads(json.dumps(rows))
    bare["hromada"][0]["geometry"] = None
    with pytest.raises(ValueError, match="neither an outline nor zones below it"):
        compiled(mapped("ua", "ua", bare).atlas)


# ---- the real sets -----------------------------------------------------------------------------


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


@pytest.fixture(scope="module")
def israel(shared: Path) -> ZoneMap:
    rows = {
        "zones": read_rows(shared / "data/zones_il/zones_il.geojson"),
        "people": read_rows(shared / "data/population/zones_il_population_geonames.csv"),
    }
    return compiled(mapped("hfc", "il", rows, JUNE_NS).atlas)


@pytest.fixture(scope="module")
def ukraine(shared: Path) -> tuple[ZoneMap, Mapped]:
    folder = shared / "data/zones_ua"
    rows = {
        "oblast": read_rows(folder / "oblasts_naturalearth_pd.geojson"),
        "raion": read_rows(folder / "raions.geojson"),
        "hromada": read_rows(folder / "hromadas_approx.geojson"),
        "people": read_rows(shared / "data/population/raions_population.csv"),
    }
    result = mapped("ua", "ua", rows)
    return compiled(result.atlas), result


@pytest.mark.shared
def test_all_1449_home_front_command_zones(israel: ZoneMap, shared: Path) -> None:
    table = read_csv(shared / "data/zones_il/zones_il.csv")
    assert len(israel) == len(table) == 1449
    for row in table:
        (zone_id,) = israel.foreign_ids.named("hfc_segment", row["segment"])
        unit = israel.tree.unit(zone_id)
        assert {key: unit.names[key] for key in ("he", "en", "ru", "ar")} == {
            "he": row["name"].strip(),
            "en": row["name_en"].strip(),
            "ru": row["name_ru"].strip(),
            "ar": row["name_ar"].strip(),
        }
        least = min(float(row["migun_time"]), float(row["countdown"]))
        assert unit.shelter == ((JUNE_NS, least),)
        (district,) = israel.foreign_ids.named("hfc_district", row["district"])
        assert unit.parent == district
        assert israel.foreign_ids.named("hfc_name", row["name"].strip()) == (zone_id,)
    assert Counter(unit.level for unit in israel.tree.units) == {
        "country": 1,
        "district": 33,
        "area": 1449,
    }
    # 748 zones have a place of GeoNames inside, 9.4 million people in all.
    assert (israel.people >= 0).sum() == 748
    assert 9e6 < israel.people.sum() < 9.6e6


@pytest.mark.shared
def test_live_alerts_of_the_home_front_command_find_their_zones(
    israel: ZoneMap, shared: Path
) -> None:
    """Names of an archive of alerts, by date: since October 2023, nineteen in twenty are zones."""
    rows = csv.DictReader(
        gzip.decompress((shared / "data/alerts_il/alerts_il_2014_2024.csv.gz").read_bytes())
        .decode("utf-8")
        .splitlines()
    )
    # One alert names one zone; a comma may be part of its name.
    names = [row["zones"].strip() for row in rows if row["ts_utc"] >= "2023-10-07"]

    def named(name: str) -> tuple[str, ...]:
        return israel.foreign_ids.named("hfc_name", name)

    found = sum(bool(named(name)) for name in names)
    assert len(names) > 10_000
    assert found / len(names) > 0.95
    # Gershayim in any way of writing; but a geresh tells the town of Jatt from the kibbutz of Gat.
    assert named("ג'ת") == named("ג׳ת") == ("il-5000977",)
    assert named("גת") == ("il-5000314",)
    (nili,) = named("גבעת ניל''י")
    assert named('גבעת ניל"י') == named("גבעת ניל״י") == (nili,)


@pytest.mark.shared
def test_ukrainian_units_and_ids(ukraine: tuple[ZoneMap, Mapped], shared: Path) -> None:
    zone_map, result = ukraine
    tree = zone_map.tree
    levels = Counter(unit.level for unit in tree.units)
    assert levels == {"country": 1, "oblast": 27, "raion": 136, "hromada": 1652}
    assert len(zone_map) == 1652 + 2  # and the cities of Kyiv and Sevastopol
    assert len(zone_map.parents) == 27
    table = {row["region_id"]: row for row in read_csv(shared / "data/zones_ua/region_ids.csv")}
    known = 0
    for unit in tree.units:
        for region_id in unit.ids_of("ukrainealarm"):
            row = table[region_id]
            assert row["level"] == unit.level
            assert zone_map.foreign_ids.named("alerts_in_ua", region_id) == (unit.id,)
            above = [a.ids_of("ukrainealarm") for a in tree.above(unit.id)]
            if row["level"] == "hromada":
                assert (row["raion_id"],) in above
            if row["oblast_id"]:
                assert (row["oblast_id"],) in above
            known += 1
    assert known == 27 + 122 + 1421
    doubtful = {doubt.split(":")[0] for doubt in result.doubtful}
    assert {f"ukrainealarm {n}" for n in (353, 969, 1180)} <= doubtful
    assert {"katottg UA800", "katottg UA850"} <= doubtful  # the table shortens two cities' codes


@pytest.mark.shared
def test_every_uid_of_alerts_in_ua_is_found(ukraine: tuple[ZoneMap, Mapped], shared: Path) -> None:
    zone_map, _ = ukraine
    rows = read_csv(shared / "data/zones_ua/region_ids.csv")
    uids = [row for row in rows if row["alerts_in_ua_uid"]]
    lost = [
        r["name_uk"]
        for r in uids
        if not zone_map.foreign_ids.named("alerts_in_ua", r["alerts_in_ua_uid"])
    ]
    assert len(uids) == 155
    assert lost == []


@pytest.mark.shared
def test_a_real_night_is_told_by_raion_and_by_oblast(
    ukraine: tuple[ZoneMap, Mapped], shared: Path
) -> None:
    """Alerts of mixed levels, as they were active at once in a snapshot, for other consumers."""
    zone_map, _ = ukraine
    data = shared / "data/alerts_ua/active_at_snapshot_2024-06_2026-08_uk.csv.gz"
    rows = list(csv.DictReader(gzip.decompress(data.read_bytes()).decode().splitlines()))
    last = max(row["snapshot_at"] for row in rows)
    named = [r for r in rows if r["snapshot_at"] == last]
    units = [zone_map.foreign_ids.named("ukrainealarm", row["region_id"]) for row in named]
    alerted = [ids[0] for ids in units if ids]
    assert len(alerted) >= 0.8 * len(named) > 0
    zones = set(zone_map.tree.expand(alerted))
    for name in ("ua-hromada", "ua-raion", "ua-oblast"):
        said = express(zone_map.tree, alerted, CONSUMERS[name])
        reached = set(zone_map.tree.expand(said.units))
        assert zones <= reached | set(said.untold)
        assert reached - zones == set(said.over)
    covered = zone_map.tree.cover(alerted)
    assert set(zone_map.tree.expand(covered)) == zones
    assert len(covered) <= len(alerted)


@pytest.mark.shared
def test_the_check_finds_what_lies_outside_its_parent(ukraine: tuple[ZoneMap, Mapped]) -> None:
    """The hromadas are of several sources: some old outlines bear a code of another raion."""
    found = [f for f in check(ukraine[0]) if f.code == "outside_parent"]
    worst = {f.zones for f in found if f.severity == "error"}
    assert ("ua-21020130000047547", "ua-21020000000051405") in worst
    assert 0 < len(worst) < 0.02 * len(ukraine[0])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("country", "zones", "with_nuts3"),
    [
        ("pl", 385, 0),
        ("ro", 42, 42),
        ("fi", 53, 42),
        ("lt", 71, 70),
        ("lv", 51, 4),
        ("il", 33, 0),
        ("at", 126, 2),
    ],
)
def test_meteoalarm_areas_of_a_country(
    shared: Path, country: str, zones: int, with_nuts3: int
) -> None:
    folder = shared / "data/zones_europe"
    rows = {
        "emma": read_rows(folder / "emma_id_meteoalarm.geojson"),
        "nuts3": read_rows(folder / "nuts3_meteoalarm.geojson"),
    }
    zone_map = compiled(mapped("emma", country, rows).atlas)
    assert len(zone_map) == zones
    assert all(code.startswith(country.upper()) for code in zone_map.foreign["emma_id"])
    bearers = {
        zone
        for (scheme, _), ids in zone_map.foreign_ids.units.items()
        if scheme == "nuts3"
        for zone in ids
    }
    assert len(bearers) == with_nuts3
    if country == "at":
        (tirol,) = zone_map.foreign_ids.named("nuts3", "AT332")
        assert zone_map.tree.unit(tirol).ids_of("emma_id") == ("AT003",)
        assert len(zone_map.tree.unit(tirol).ids_of("nuts3")) == 4


@pytest.mark.shared
def test_nuts3_regions_as_zones(shared: Path) -> None:
    rows = {"nuts3": read_rows(shared / "data/zones_europe/nuts3_meteoalarm.geojson")}
    zone_map = compiled(mapped("nuts3", "de", rows).atlas)
    assert len(zone_map) == 311
    assert set(zone_map.foreign["nuts3"]) == {
        r["properties"]["NUTS3"] for r in rows["nuts3"] if r["properties"]["NUTS3"][:2] == "DE"
    }
