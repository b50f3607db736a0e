"""A made-up country in versions, for the tests of what a versioned map holds."""

from dataclasses import replace
from typing import Any

import shapely

from tests.zones.shapes import square
from tocsin.instant import from_iso
from tocsin.zones.atlas import Atlas
from tocsin.zones.units import ALWAYS_NS, Edition, Layer, Scheme, Unit

MAY_NS, JUNE_NS, JULY_NS = (from_iso(f"2026-0{month}-01T00:00:00Z") for month in (5, 6, 7))
LAYERS = (
    Layer(name="outlines", source="drawn for this test", licence="CC0-1.0"),
    Layer(name="people", source="invented", licence="Apache-2.0"),
)

UNITS = (
    Unit(id="xx", level="country", names={"en": "Exland", "uk": "Ексія"}),
    Unit(
        id="xx-n", level="district", parent="xx", names={"en": "North"}, ids=(("nuts3", "XX001"),)
    ),
    Unit(
        id="xx-1",
        level="area",
        parent="xx-n",
        names={"en": "One", "he": "אחת", "uk": "Один"},
        people_day=9_000,
        people_night=5_000,
        shelter=((ALWAYS_NS, 60.0), (JUNE_NS, 90.0)),
        ids=(("hfc_segment", "5009001"), ("hfc_segment", "5009011"), ("nuts3", "XX002")),
    ),
    Unit(
        id="xx-2",
        level="area",
        parent="xx-n",
        names={"en": "Two"},
        people_day=70,
        shelter=((JUNE_NS, 0.0),),
        ids=(("emma_id", "XX200"), ("nuts3", "XX002")),
    ),
    Unit(id="xx-3", level="area", parent="xx", names={"en": "Three"}),
)
OUTLINES = {
    "xx-n": shapely.box(30.0, 50.0, 30.2, 50.1),
    "xx-1": square(30.0, 50.0).difference(square(30.04, 50.04, 0.02)),
    "xx-2": square(30.1, 50.0),
    "xx-3": square(30.2, 50.0),
}


def atlas(**changes: Any) -> Atlas:
    """Three zones, two of them in a district; effective from June."""
    whole = Atlas(
        country="xx",
        edition=Edition(id="xx-june", effective_from_ns=JUNE_NS, layers=LAYERS),
        units=UNITS,
        outlines=OUTLINES,
        points={"xx-2": (30.15, 50.03)},
        schemes={"nuts3": Scheme(areas=True)},
        near_m=1_500.0,
    )
    return replace(whole, **changes)


def with_unit(unit_id: str, **changes: Any) -> tuple[Unit, ...]:
    """The units, one of them changed."""
    return tuple(replace(unit, **changes) if unit.id == unit_id else unit for unit in UNITS)
