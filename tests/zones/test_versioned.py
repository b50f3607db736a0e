"""Versions of a zone map: what one states, as a file and GeoJSON; which holds; what changed."""

import contextlib
import hashlib
import io
import json
import pickle
import re
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import raid
from tests.conftest import ROOT
from tests.zones.atlases import (
    JULY_NS,
    JUNE_NS,
    LAYERS,
    MAY_NS,
    OUTLINES,
    UNITS,
    atlas,
    with_unit,
)
from tests.zones.shapes import map_of, square
from tocsin.edge import build
from tocsin.words import Batch, Message, Tick
from tocsin.zones import document
from tocsin.zones.atlas import atlas_of, compiled
from tocsin.zones.check import check
from tocsin.zones.consumers import CONSUMERS
from tocsin.zones.difference import differences
from tocsin.zones.facts import UNIT_KEYS
from tocsin.zones.foreign import KNOWN
from tocsin.zones.map import ZoneMap
from tocsin.zones.mapping import LayerTable, Mapping, map_rows, read_mapping_table
from tocsin.zones.shelf import Shelf
from tocsin.zones.units import ALWAYS_NS, Edition, Layer, Unit

MAP = compiled(atlas())


# ---- what a version states ---------------------------------------------------------------------


def test_a_version_says_its_id_beginning_hash_sources_and_licences() -> None:
    data = MAP.to_bytes()
    again = ZoneMap.from_bytes(data)
    assert (again.edition.id, again.edition.effective_from_ns) == ("xx-june", JUNE_NS)
    assert again.edition.layers == LAYERS
    assert again.digest == hashlib.sha256(data).hexdigest()
    assert again.to_bytes() == data
    for text in ("xx-june", "2026-06-01T00:00:00", "drawn for this test", "CC0-1.0"):
        assert text in again.version
    other = compiled(atlas(units=with_unit("xx-3", people_night=1)))
    assert other.digest != again.digest


def test_zones_are_rows_as_before_and_units_say_the_rest() -> None:
    assert MAP.ids == ("xx-1", "xx-2", "xx-3")
    assert MAP.people.tolist() == [5_000, 70, -1]  # by night; by day where that is all there is
    assert np.array_equal(MAP.shelter_s, [90.0, 0.0, np.nan], equal_nan=True)
    assert MAP.names["he"] == ("אחת", "", "")
    assert MAP.parents == ("xx", "xx-n")
    one = MAP.tree.unit("xx-1")
    assert (one.people_day, one.people_night) == (9_000, 5_000)
    assert MAP.tree.unit("xx").names["uk"] == "Ексія"
    assert (MAP.lat_deg[1], MAP.lon_deg[1]) == (50.03, 30.15)
    assert MAP.locate(50.05, 30.05).tolist() == [0]  # in the hole, nearest within near_m


def test_time_to_shelter_is_that_of_the_instant() -> None:
    assert MAP.shelter_s_at(JUNE_NS)[:2].tolist() == [90.0, 0.0]
    before = MAP.shelter_s_at(JUNE_NS - 1)
    assert before[0] == 60.0
    assert np.isnan(before[1:]).all()  # nobody has stated it: unknown, not nought
    assert MAP.shelter_s_at(0)[0] == 60.0
    assert MAP.shelter_s_at(JULY_NS)[0] == 90.0


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 300)), unique_by=lambda row: row[0]))
def test_the_last_statement_before_an_instant_holds(rows: list[tuple[int, float]]) -> None:
    unit = Unit(id="z", level="z", shelter=tuple(sorted(rows)))
    for t_ns in range(-1, 52):
        held = dict(rows).get(max((begin for begin, _ in rows if begin <= t_ns), default=-9))
        found = unit.shelter_s_at(t_ns)
        assert np.isnan(found) if held is None else found == held


def test_a_map_made_before_versions_keeps_its_bytes_and_has_a_tree() -> None:
    old = map_of([square(30, 50), square(30.1, 50)])
    assert json.loads(members(old.to_bytes())["text"])["format"] == 1
    assert old.tree.expand(["xx-p"]) == ("xx-0", "xx-1")
    assert [unit.level for unit in old.tree.above("xx-0")] == ["zone", "admin-1", "country"]
    assert old.shelter_s_at(0).tolist() == [60.0, 60.0]
    assert old.edition == Edition()


def test_ids_both_ways_and_shared_ones_only_where_declared() -> None:
    assert MAP.foreign_ids.named("hfc_segment", "5009011") == ("xx-1",)
    assert MAP.foreign_ids.named("nuts3", "XX002") == ("xx-1", "xx-2")
    assert MAP.foreign_ids.named("nuts3", "XX999") == ()
    assert MAP.tree.unit("xx-1").ids_of("hfc_segment") == ("5009001", "5009011")
    # What CAP may name: exactly one id that nobody shares.
    assert MAP.foreign == {"emma_id": ("", "XX200", "")}
    with pytest.raises(ValueError, match="nuts3 'XX002' is borne by xx-1 and xx-2"):
        compiled(atlas(schemes={}))


def test_five_levels_down_to_settlements() -> None:
    levels = ("country", "oblast", "raion", "hromada")
    ids = ("xx", "xx-o", "xx-r", "xx-h")
    units = [
        Unit(id=unit_id, level=level, parent=parent)
        for unit_id, level, parent in zip(ids, levels, ("", *ids), strict=False)
    ]
    units += [Unit(id=f"xx-{n}", level="settlement", parent="xx-h") for n in (1, 2)]
    outlines = {"xx-1": square(30, 50), "xx-2": square(30.1, 50), "xx-r": square(30, 50, 0.2)}
    deep = compiled(atlas(units=tuple(units), outlines=outlines, points={}))
    assert deep.ids == ("xx-1", "xx-2")
    assert deep.parents == ("xx-o",)  # admin-1, whatever lies between
    assert [u.level for u in deep.tree.above("xx-1")] == ["settlement", *reversed(levels)]
    assert deep.tree.expand(["xx-o"]) == deep.ids


def test_the_engine_runs_a_versioned_map(tmp_path: Path) -> None:
    path = tmp_path / "xx.zones"
    path.write_bytes(MAP.to_bytes())
    site = msgspec.structs.replace(raid.site(), zones=str(path))
    mind = build.engine(build.parts(site))
    outputs = mind.handle(Batch(number=1, t_ns=JULY_NS, inputs=(Tick(t_ns=JULY_NS),)))
    assert [type(o).__name__ for o in outputs if isinstance(o, Message)]
    again = build.thaw(build.freeze(mind), ZoneMap.from_bytes(path.read_bytes()))
    assert again.now_ns == mind.now_ns == JULY_NS
    assert pickle.loads(pickle.dumps(MAP)).tree == MAP.tree


# ---- what is refused ---------------------------------------------------------------------------

BROKEN: dict[str, dict[str, Any]] = {
    "has two parents": {"units": (*UNITS, replace(UNITS[2], parent="xx"))},
    "is an orphan": {"units": with_unit("xx-3", parent="xx-s")},
    "cycle": {"units": with_unit("xx", parent="xx-n")},
    "neither an outline nor zones below it": {"outlines": {"xx-1": square(30, 50)}},
    "ascending order of valid_from": {
        "units": with_unit("xx-1", shelter=((JUNE_NS, 1.0), (MAY_NS, 2.0)))
    },
    "shelter_s is negative": {"units": with_unit("xx-1", shelter=((MAY_NS, -1.0),))},
    "no whole second": {"units": with_unit("xx-1", shelter=((MAY_NS + 1, 1.0),))},
    "no level": {"units": with_unit("xx-3", level="")},
    "'PL' is no nuts3": {"units": with_unit("xx-3", ids=(("nuts3", "PL"),))},
    "people is below -1": {"units": with_unit("xx-3", people_day=-5)},
    "no version id": {"edition": Edition(effective_from_ns=JUNE_NS)},
    "does not say its source": {
        "edition": Edition(id="a", layers=(Layer(name="a", source="b", licence=""),))
    },
    "not made of a-z": {"units": (*UNITS[:-1], replace(UNITS[-1], id="Xx"))}
    | {"outlines": {**OUTLINES, "Xx": OUTLINES["xx-3"]}},
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_makes_no_map_is_refused_in_one_line(why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        compiled(atlas(**BROKEN[why]))
    assert "\n" not in str(caught.value)


def members(data: bytes) -> dict[str, bytes]:
    """The parts of a file; the text without the header that NumPy puts before it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    return found | {"text": found["text"][found["text"].index(b"{", 80) :]}


def with_texts(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The file with other texts."""
    data = MAP.to_bytes()
    texts = json.loads(members(data)["text"])
    change(texts)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as written:
        for name in archive.namelist():
            member = archive.read(name)
            if name == "text.npy":
                array = io.BytesIO()
                np.save(array, np.frombuffer(json.dumps(texts).encode(), np.uint8))
                member = array.getvalue()
            written.writestr(name, member)
    return out.getvalue()


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "units is no list": lambda t: t.update(units=3),
    "is not .id, facts.": lambda t: t["units"].append(["xx"]),
    "no JSON object": lambda t: t.update(edition=[]),
    "not the zones": lambda t: t["units"].reverse(),
    "people are not": lambda t: t["units"][-1][1].update(people_night=7),
    "shelter_s is not": lambda t: t["units"][-1][1].update(shelter_s=[[None, 5]]),
    "names or foreign": lambda t: t["units"][-1][1].update(names={}),
    "unknown key 'colour'": lambda t: t["units"][-1][1].update(colour=1),
    "whole number": lambda t: t["units"][-1][1].update(people_day="many"),
    "is no list of .valid from": lambda t: t["units"][-1][1].update(shelter_s=[5]),
    "write it as 2026": lambda t: t["edition"].update(effective_from="June"),
    "write true or false": lambda t: t.update(schemes={"nuts3": {"areas": 1}}),
}


@pytest.mark.parametrize("why", DAMAGE)
def test_a_damaged_versioned_file_is_refused(why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        ZoneMap.from_bytes(with_texts(DAMAGE[why]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("area_start", lambda v: v + 1),
        ("area_unit", lambda v: v + np.int32(9)),
        ("area_hole", lambda v: ~v),
        ("area_xy", lambda v: v * np.nan),
        ("area_xy", lambda v: v[:-1]),
    ],
)
def test_damaged_outlines_of_areas_are_refused(column: str, change: Any) -> None:
    bad = replace(MAP, **{column: change(getattr(MAP, column))})
    with pytest.raises(ValueError, match="area"):
        ZoneMap.from_bytes(bad.to_bytes())


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 10**6), to=st.integers(0, 255))
def test_one_changed_byte_is_refused_or_harmless(at: int, to: int) -> None:
    data = bytearray(MAP.to_bytes())
    data[at % len(data)] = to
    with contextlib.suppress(ValueError):
        assert len(ZoneMap.from_bytes(bytes(data))) == 3


# ---- GeoJSON -----------------------------------------------------------------------------------


def test_geojson_and_back_is_the_same_file() -> None:
    written = document.write(atlas_of(MAP))
    read = json.loads(written)
    assert compiled(document.read(read)).to_bytes() == MAP.to_bytes()
    assert document.write(document.read(read)) == written
    # RFC 7946: what a reader that knows nothing of us finds.
    assert read["type"] == "FeatureCollection"
    (hole,) = [f for f in read["features"] if f["id"] == "xx-1"]
    assert shapely.from_geojson(json.dumps(hole["geometry"])).equals(OUTLINES["xx-1"])


def test_a_map_made_before_versions_goes_out_and_comes_back_with_the_same_facts() -> None:
    old = map_of([square(30, 50), square(30.1, 50)])
    new = compiled(document.read(json.loads(document.write(atlas_of(old)))))
    assert (new.ids, new.names, new.parents) == (old.ids, old.names, old.parents)
    assert np.array_equal(new.people, old.people)
    assert np.array_equal(new.shelter_s, old.shelter_s)
    assert np.array_equal(new.ring_xy, old.ring_xy)
    assert not [c for c in differences(old, new) if c.kind != "people"]


def feature(**properties: Any) -> dict[str, Any]:
    return {"id": "xx-1", "properties": {"level": "area", "names": {}} | properties}


HEAD = {"format": 1, "country": "xx"}
UNREADABLE: dict[str, Any] = {
    "no member 'tocsin_zones'": {"type": "FeatureCollection"},
    "'colour' is not known": {"tocsin_zones": HEAD | {"colour": 1}},
    "needs format 1 and a country": {"tocsin_zones": {"format": 1}},
    "no features": {"tocsin_zones": HEAD},
    "near_m is 'far'": {"tocsin_zones": HEAD | {"near_m": "far"}, "features": [1]},
    "feature 0 has no id": {"tocsin_zones": HEAD, "features": [{}]},
    "xx-1 has no properties": {"tocsin_zones": HEAD, "features": [{"id": "xx-1"}]},
    "xx-1: names is no table": {"tocsin_zones": HEAD, "features": [feature(names="One")]},
    "xx-1: ids is no list": {"tocsin_zones": HEAD, "features": [feature(ids={"nuts3": "x"})]},
    "xx-1: '2026-06-01' has no time zone": {
        "tocsin_zones": HEAD,
        "features": [feature(shelter_s=[["2026-06-01", 5]])],
    },
    "xx-1: point is 5; write": {"tocsin_zones": HEAD, "features": [feature(point=5)]},
}


@pytest.mark.parametrize("why", UNREADABLE)
def test_geojson_that_is_no_map_is_refused_with_the_feature_named(why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        document.read(UNREADABLE[why])
    assert "\n" not in str(caught.value)


def fences(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [
        textwrap.dedent(m)
        for m in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    ]


def test_the_map_in_the_text_is_one() -> None:
    (example,) = fences("reference/zone-map.md", "json")
    zone_map = compiled(document.read(json.loads(example)))
    assert zone_map.ids == ("xx-1", "xx-2")
    assert zone_map.tree.cover(["xx-1", "xx-2"]) == ("xx",)
    assert zone_map.shelter_s_at(JUNE_NS)[0] == 60.0
    assert not [f for f in check(zone_map) if f.severity == "error"]


def test_the_mapping_in_the_text_is_one() -> None:
    (example,) = fences("howto/zones.md", "toml")
    row = {"code": "z1", "district": "North", "name": "Hill", "residents": 5, "seconds": "60"}
    geometry = json.loads(shapely.to_geojson(square(30, 50)))
    rows = {"zones": [{"properties": row, "geometry": geometry}]}
    mapped = map_rows(read_mapping_table(example), rows, country="xx", edition=Edition())
    zone_map = compiled(mapped.atlas)
    assert [u.id for u in zone_map.tree.above("xx-z1")] == ["xx-z1", "xx-north", "xx"]
    assert (zone_map.people[0], zone_map.shelter_s[0]) == (5, 60.0)


def test_the_tables_in_the_text_are_those_of_the_code() -> None:
    text = (ROOT / "docs/reference/zone-map.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    names = {name for cell in told for name in re.findall(r"`([^`]+)`", cell)}
    fields = {
        field.name for layer in (LayerTable, Mapping) for field in msgspec.structs.fields(layer)
    }
    assert fields - {"layers", "file"} <= names
    assert set(KNOWN) <= names
    assert set(UNIT_KEYS) <= names
    for name, consumer in CONSUMERS.items():
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \| (.*) \|$", text, re.MULTILINE)
        levels = "; ".join(f"{level}: {rule}" for level, rule in consumer.levels.items())
        assert row[0] == levels.replace("zone: any", "every zone")
        assert consumer.scheme in row[1]


# ---- checks, versions, changes -----------------------------------------------------------------


def test_a_zone_outside_its_area_is_found() -> None:
    assert [f.code for f in check(MAP) if f.severity == "error"] == []
    off = compiled(atlas(outlines={**OUTLINES, "xx-n": shapely.box(30.0, 50.0, 30.13, 50.1)}))
    (found,) = [f for f in check(off) if f.code == "outside_parent"]
    assert (found.severity, found.zones) == ("error", ("xx-2", "xx-n"))
    assert found.measure == pytest.approx(0.7, abs=0.01)
    near = compiled(atlas(outlines={**OUTLINES, "xx-n": shapely.box(30.0, 50.0, 30.19, 50.1)}))
    (found,) = [f for f in check(near) if f.code == "outside_parent"]
    assert found.severity == "warning"


def test_a_time_to_shelter_that_changes_while_the_version_holds_is_found() -> None:
    assert "later_shelter" not in [f.code for f in check(MAP)]
    late = compiled(atlas(units=with_unit("xx-3", shelter=((JUNE_NS, 5.0), (JULY_NS, 9.0)))))
    (found,) = [f for f in check(late) if f.code == "later_shelter"]
    assert found.zones == ("xx-3",)
    assert late.shelter_s[2] == 5.0


def version(name: str, t_ns: int, **changes: Any) -> ZoneMap:
    return compiled(atlas(edition=Edition(id=name, effective_from_ns=t_ns), **changes))


def test_the_version_that_holds_is_that_of_the_event() -> None:
    may, june, july = (version(n, t) for n, t in (("a", MAY_NS), ("b", JUNE_NS), ("c", JULY_NS)))
    shelf = Shelf.of([july, may, june])
    assert shelf.at(MAY_NS) is may
    assert shelf.at(JUNE_NS - 1) is may
    assert shelf.at(JUNE_NS) is june
    assert shelf.at(JULY_NS + 10**18) is july
    with pytest.raises(ValueError, match=r"no version holds at .*the first, a, holds from 2026-05"):
        shelf.at(MAY_NS - 1)
    always = map_of([square(30, 50)])
    assert Shelf.of([june, always]).at(0) is always


def test_versions_that_cannot_stand_beside_each_other_are_refused() -> None:
    june = version("b", JUNE_NS)
    other = version("c", JUNE_NS, near_m=1.0)
    with pytest.raises(ValueError, match="both hold from 2026-06-01"):
        Shelf.of([june, other])
    with pytest.raises(ValueError, match="two different maps are called b"):
        Shelf.of([june, version("b", JULY_NS)])
    with pytest.raises(ValueError, match="give at least one"):
        Shelf.of([])
    with pytest.raises(ValueError, match=r"are of (xx and yy|yy and xx)"):
        Shelf.of([june, compiled(atlas(country="yy", edition=Edition(id="y")))])


def kinds(old: ZoneMap, new: ZoneMap) -> list[tuple[str, str]]:
    return [(change.kind, change.unit) for change in differences(old, new)]


def test_nothing_changed() -> None:
    assert differences(MAP, MAP) == []


def test_what_appeared_vanished_moved_and_changed_its_time_to_shelter() -> None:
    old = version("a", MAY_NS)
    units = (
        *with_unit("xx-2", shelter=((JULY_NS, 45.0),), parent="xx")[:-1],
        Unit(id="xx-4", level="area", parent="xx", names={"en": "Four"}),
    )
    outlines = {**OUTLINES, "xx-4": square(30.3, 50.0), "xx-1": square(30.005, 50.0, 0.095)}
    new = version("b", JULY_NS, units=units, outlines=outlines)
    assert kinds(old, new) == [
        ("appeared", "xx-4"),
        ("vanished", "xx-3"),
        ("moved", "xx-1"),
        ("shelter", "xx-2"),
        ("parent", "xx-2"),
    ]
    (shelter,) = [c for c in differences(old, new) if c.kind == "shelter"]
    # In May nobody knew; at the instant when the new map takes effect the old one says 0 s.
    assert (shelter.before, shelter.after, shelter.text) == (0.0, 45.0, "0 s > 45 s")


def test_a_border_that_was_only_simplified_has_not_moved() -> None:
    corners = shapely.get_coordinates(shapely.segmentize(square(30.2, 50.0), 0.01))[:-1]
    shaken = shapely.Polygon(corners + np.random.default_rng(6).normal(0.0, 5e-6, corners.shape))
    assert kinds(MAP, compiled(atlas(outlines={**OUTLINES, "xx-3": shaken}))) == []


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("names", {"names": {"en": "Drei"}}),
        ("people", {"people_night": 3}),
        ("ids", {"ids": (("emma_id", "XX300"),)}),
        ("level", {"level": "village"}),
        ("shelter", {"shelter": ((ALWAYS_NS, 30.0),)}),
    ],
)
def test_each_other_fact_that_changed_is_told(kind: str, changes: dict[str, Any]) -> None:
    new = compiled(atlas(units=with_unit("xx-3", **changes)))
    assert kinds(MAP, new) == [(kind, "xx-3")]
    back = differences(new, MAP)
    assert (back[0].before, back[0].after) == tuple(
        getattr(differences(MAP, new)[0], side) for side in ("after", "before")
    )


def test_two_countries_are_not_compared() -> None:
    with pytest.raises(ValueError, match="two countries"):
        differences(MAP, compiled(atlas(country="yy")))
