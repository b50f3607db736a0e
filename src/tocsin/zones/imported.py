"""An authority's own zones out of GeoJSON: which property is which is the caller's to say.

RFC 7946: longitude, latitude, WGS-84. Outlines are kept as they are, to 1e-7 degree (1 cm); one
that crosses itself is mended and reported, for no point can be said to lie inside it otherwise.
"""

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from tocsin.zones.assemble import Draft, assemble
from tocsin.zones.document import outline
from tocsin.zones.map import ZoneMap
from tocsin.zones.names import slug

NEAR_M: Final = 1_000.0
"""Chosen: Israel's zones cover built-up ground only, and a field beside a village is told with
the village; a kilometre is the reach of its siren."""

FIELDS: Final = ("id", "parent", "people", "shelter_s", "lat", "lon")
TABLES: Final = ("name", "parent_name", "foreign")

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was read: the map, and how many outlines had to be mended."""

    zone_map: ZoneMap
    mended: tuple[str, ...]


def read_mapping(text: str) -> dict[str, str]:
    """``id=segment,name.he=name,shelter_s=migun_time`` as field -> property.

    Fields: id, parent, people, shelter_s, lat, lon, name.LANG, parent_name.LANG, foreign.SCHEME.
    """
    mapping: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, prop = item.partition("=")
        table, dot, key = name.partition(".")
        known = (table in TABLES and bool(key)) if dot else name in FIELDS
        if not equals or not prop or not known:
            fields = ", ".join((*FIELDS, *(f"{table}.X" for table in TABLES)))
            raise ValueError(f"--map {item!r} is not FIELD=PROPERTY with a field of: {fields}")
        mapping[name] = prop
    if "id" not in mapping:
        raise ValueError("--map names no id; add id=PROPERTY with a property unique to each zone")
    return mapping


def join_table(features: list[Any], lines: Iterable[str], key: str) -> None:
    """Add the columns of a CSV to the properties of the features with the same `key`."""
    rows = csv.DictReader(lines)
    if key not in (rows.fieldnames or ()):
        raise ValueError(f"the table has no column {key!r}; give --key a column of both files")
    by_key = {row[key]: row for row in rows}
    for feature in features:
        more = by_key.get(str(feature["properties"].get(key)), {})
        for name, value in more.items():
            feature["properties"].setdefault(name, value)


def read_features(data: bytes) -> list[Any]:
    """The features of a GeoJSON FeatureCollection; ValueError when it is none."""
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ValueError(f"the file is not JSON ({error}); export it as GeoJSON") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise ValueError("the file has no features; export it as a GeoJSON FeatureCollection")
    for number, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise ValueError(f"feature {number} has no properties; export the zones with them")
    return features


def import_features(
    features: list[Any], mapping: dict[str, str], *, country: str, source: str, near_m: float
) -> Imported:
    """The map of these features; ValueError names the feature and what is wrong with it."""
    drafts: list[Draft] = []
    parents: dict[str, dict[str, str]] = {}
    mended: list[str] = []
    for number, feature in enumerate(features):
        where = f"feature {number}"
        properties = feature["properties"]
        polygon, was_valid = outline(feature.get("geometry"), where)
        draft = _draft(properties, mapping, polygon, country, where)
        drafts.append(draft)
        parents.setdefault(draft.parent, _texts(properties, mapping, "parent_name"))
        if not was_valid:
            mended.append(draft.id)
    drafts.sort(key=lambda draft: draft.id)
    _refuse_twins(drafts, mapping["id"])
    zone_map = assemble(
        country=country,
        version=f"{country}: {len(drafts)} zones; {source}; {len(mended)} outlines mended",
        drafts=drafts,
        parents=parents,
        near_m=near_m,
    )
    return Imported(zone_map=zone_map, mended=tuple(sorted(mended)))


def _draft(
    properties: Properties,
    mapping: dict[str, str],
    polygon: BaseGeometry,
    country: str,
    where: str,
) -> Draft:
    lat, lon = (_number(properties, mapping, field, where) for field in ("lat", "lon"))
    people = _number(properties, mapping, "people", where)
    return Draft(
        id=unit_id(text_of(properties, mapping["id"]), country, mapping["id"], where),
        polygon=polygon,
        names=_texts(properties, mapping, "name"),
        parent=_parent(text_of(properties, mapping.get("parent", "")), country),
        people=-1 if math.isnan(people) else round(people),
        shelter_s=_number(properties, mapping, "shelter_s", where),
        foreign=_texts(properties, mapping, "foreign"),
        point=None if math.isnan(lat) or math.isnan(lon) else (lon, lat),
    )


def unit_id(value: str, country: str, prop: str, where: str) -> str:
    """The id of a zone, of a property's value: ua-63 of 63, ua-63 and ua63 alike."""
    plain = slug(value)
    if not plain:
        raise ValueError(
            f"{where}: property {prop!r} is {value!r}, of which no id can be made; map id to a "
            "property with Latin letters or digits"
        )
    return _with_country(plain, country)


def _parent(value: str, country: str) -> str:
    """An admin-1 id; a name in another script is told by the beginning of its SHA-256."""
    if not value:
        return country
    return _with_country(slug(value) or hashlib.sha256(value.encode()).hexdigest()[:8], country)


def _with_country(plain: str, country: str) -> str:
    """Make ua-63 of 63, ua-63 and ua63 alike."""
    return f"{country}-" + re.sub(rf"^{country}(?:-|(?=\d))", "", plain)


def text_of(properties: Properties, prop: str) -> str:
    """A property as text; whole numbers without a point, blank and missing as the empty text."""
    value = properties.get(prop)
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _texts(properties: Properties, mapping: dict[str, str], table: str) -> dict[str, str]:
    wanted = {name: prop for name, prop in mapping.items() if name.startswith(f"{table}.")}
    return {name.partition(".")[2]: text_of(properties, prop) for name, prop in wanted.items()}


def _number(properties: Properties, mapping: dict[str, str], field: str, where: str) -> float:
    """NaN when the field is not mapped or the property is missing or blank."""
    text = text_of(properties, mapping.get(field, ""))
    if not text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{where}: {field} is {text!r}, not a number") from None


def _refuse_twins(drafts: list[Draft], prop: str) -> None:
    for one, two in pairwise(drafts):
        if one.id == two.id:
            raise ValueError(f"two zones have the id {one.id}; map id to another than {prop!r}")
