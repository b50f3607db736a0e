"""Authorities' tables as units: which column is which is a table (TOML), not code.

A mapping lists layers from the top down. Each reads one of the given files and makes units of a
level; one with `adds_to` makes none and adds facts to those of another layer. The shipped mappings
lie in `tocsin/data/zones/mappings`; an authority writes its own beside its files.
"""

import hashlib
import math
import tomllib
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from shapely.geometry.base import BaseGeometry

from tocsin.zones.atlas import Atlas
from tocsin.zones.document import outline
from tocsin.zones.foreign import ForeignIds, compared, is_of_form
from tocsin.zones.imported import text_of, unit_id
from tocsin.zones.map import ZoneMap
from tocsin.zones.names import slug
from tocsin.zones.units import Edition, Layer, Scheme, Shelter, Unit

Row = dict[str, Any]


class Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The layer above, and the property that holds the `id` of its row."""

    layer: str
    property: str


class LayerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which property of a file's rows is which fact; `docs/reference/zone-map.md` tells each."""

    name: str
    id: str
    source: str
    licence: str
    file: str = ""
    level: str = ""
    parent: Parent | None = None
    adds_to: str = ""
    distinct: bool = False
    outlines: bool = True
    optional: bool = False
    country_in: str = ""
    names: dict[str, str] = {}
    people_day: str = ""
    people_night: str = ""
    shelter_s: list[str] = []
    lat: str = ""
    lon: str = ""
    ids: dict[str, str] = {}


class SchemeTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`areas`: several units may share an identifier of the scheme."""

    areas: bool = False


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole table. `country_codes` holds what is not ISO 3166-1: `gr = "EL"`."""

    title: str
    layers: list[LayerTable]
    country: str = ""
    near_m: float = 1_000.0
    country_names: dict[str, str] = {}
    country_codes: dict[str, str] = {}
    schemes: dict[str, SchemeTable] = {}

    def files(self) -> tuple[str, ...]:
        """The files it reads, by the names it gives them."""
        return tuple(dict.fromkeys(layer.file or layer.name for layer in self.layers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The atlas, and what somebody should look at.

    mended    units whose outline crossed itself
    doubtful  identifiers of wrong form, or that several units claim: no unit has them now
    unmatched rows of an `adds_to` layer that fit no unit
    """

    atlas: Atlas
    mended: tuple[str, ...]
    doubtful: tuple[str, ...]
    unmatched: int


def read_mapping_table(text: str) -> Mapping:
    """A mapping from TOML; ValueError says which key is wrong."""
    try:
        table = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(
            f"the mapping is not one: {error}; see docs/reference/zone-map.md"
        ) from None
    seen: dict[str, LayerTable] = {}
    for layer in table.layers:
        above = layer.adds_to or (layer.parent.layer if layer.parent else "")
        if above and above not in seen:
            raise ValueError(f"layer {layer.name!r} needs layer {above!r} before it; move it up")
        if not layer.level and not layer.adds_to:
            raise ValueError(f"layer {layer.name!r} has neither level nor adds_to; give one")
        if layer.name in seen:
            raise ValueError(f"two layers are called {layer.name!r}; rename one")
        seen[layer.name] = layer
    return table


def map_rows(
    table: Mapping,
    files: MappingOf[str, Sequence[Row]],
    *,
    country: str,
    edition: Edition,
    near_m: float | None = None,
    origins: MappingOf[str, str] | None = None,
) -> Mapped:
    """The atlas of these rows (GeoJSON features, or properties alone); ValueError says what fails.

    `files` is the mapping's name of a file -> its rows; `near_m` is the mapping's unless given.
    `edition.layers` is filled in here; `origins` is the mapping's name of a file -> which file it
    was, to be named there.
    """
    builder = _Builder(table=table, country=country, begins_ns=edition.effective_from_ns)
    builder.units[country] = Unit(id=country, level="country", names=table.country_names)
    layers: list[Layer] = []
    for layer in table.layers:
        rows = files.get(layer.file or layer.name)
        if rows is None and layer.optional:
            continue
        if rows is None:
            wanted = ", ".join(f"{name}=PATH" for name in table.files())
            raise ValueError(f"no file for layer {layer.name!r}; give {wanted}")
        builder.read(layer, rows)
        origin = (origins or {}).get(layer.file or layer.name, "")
        source = f"{layer.source}; {origin}" if origin else layer.source
        layers.append(Layer(name=layer.name, source=source, licence=layer.licence))
    units, doubtful = _without_doubtful(list(builder.units.values()), table)
    atlas = Atlas(
        country=country,
        edition=replace(edition, layers=tuple(layers)),
        units=units,
        outlines=builder.outlines,
        points=builder.points,
        schemes={name: Scheme(areas=row.areas) for name, row in sorted(table.schemes.items())},
        near_m=table.near_m if near_m is None else near_m,
    )
    mended = tuple(sorted(builder.mended))
    return Mapped(atlas=atlas, mended=mended, doubtful=doubtful, unmatched=builder.unmatched)


def with_history(atlas: Atlas, previous: ZoneMap) -> Atlas:
    """The atlas with the times to shelter of the version before: a new figure is added to them.

    ValueError when the atlas does not take effect after the version before it.
    """
    begins_ns = atlas.edition.effective_from_ns
    if begins_ns <= previous.edition.effective_from_ns:
        raise ValueError(
            "this version must be one that holds from later than --previous; give --effective-from"
        )
    held = {unit.id: unit.shelter for unit in previous.tree.units}
    units = tuple(
        replace(unit, shelter=_joined(held.get(unit.id, ()), unit.shelter, begins_ns))
        for unit in atlas.units
    )
    return replace(atlas, units=units)


def _joined(before: Shelter, now: Shelter, begins_ns: int) -> Shelter:
    if not now or not before or now[-1][1] == before[-1][1]:
        return before or tuple((begins_ns, seconds) for _, seconds in now)
    return (*(row for row in before if row[0] < begins_ns), (begins_ns, now[-1][1]))


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Units in the making, by id."""

    table: Mapping
    country: str
    begins_ns: int
    units: dict[str, Unit] = field(default_factory=dict)
    outlines: dict[str, BaseGeometry] = field(default_factory=dict)
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    mended: list[str] = field(default_factory=list)
    unmatched: int = 0

    def read(self, layer: LayerTable, rows: Sequence[Row]) -> None:
        """Add the units, or the facts, of a layer."""
        for number, row in enumerate(rows):
            properties = row.get("properties", row)
            where = f"layer {layer.name}, row {number}"
            if not self._is_of_country(layer, properties):
                continue
            if layer.id not in properties:
                raise ValueError(f"{where} has no property {layer.id!r}; correct id in the mapping")
            key = text_of(properties, layer.id)
            if layer.adds_to:
                self._add(layer, properties, key)
                continue
            made = self._id(layer, key, where)
            if made in self.units and not layer.distinct:
                raise ValueError(
                    f"{where}: two units have the id {made}; map id to another property"
                )
            if made not in self.units:
                self.units[made] = self._unit(layer, properties, made, where)
                self._place(layer, row, properties, made)

    def _id(self, layer: LayerTable, key: str, where: str, prop: str = "") -> str:
        """A name in another script is told by the beginning of its SHA-256, for areas only."""
        if layer.distinct and key and not slug(key):
            key = hashlib.sha256(key.encode()).hexdigest()[:8]
        return unit_id(key, self.country, prop or layer.id, where)

    def _is_of_country(self, layer: LayerTable, properties: Row) -> bool:
        if not layer.country_in:
            return True
        code = self.table.country_codes.get(self.country, self.country.upper())
        return text_of(properties, layer.country_in).startswith(code)

    def _unit(self, layer: LayerTable, properties: Row, made: str, where: str) -> Unit:
        parent = self.country
        if layer.parent is not None:
            above = next(row for row in self.table.layers if row.name == layer.parent.layer)
            prop = layer.parent.property
            parent = self._id(above, text_of(properties, prop), where, prop)
        return Unit(
            id=made,
            level=layer.level,
            parent=parent,
            names=_texts(properties, layer.names),
            people_day=_count(properties, layer.people_day, where),
            people_night=_count(properties, layer.people_night, where),
            shelter=self._shelter(properties, layer, where),
            ids=tuple(sorted(_texts(properties, layer.ids).items())),
        )

    def _add(self, layer: LayerTable, properties: Row, key: str) -> None:
        above = next(row for row in self.table.layers if row.name == layer.adds_to)
        made = self._id(above, key, f"layer {layer.name}") if key else ""
        unit = self.units.get(made)
        if unit is None:
            self.unmatched += 1
            return
        where = f"layer {layer.name}, {made}"
        more = _texts(properties, layer.ids)
        day, night = (_count(properties, p, where) for p in (layer.people_day, layer.people_night))
        self.units[made] = replace(
            unit,
            names=_texts(properties, layer.names) | unit.names,
            people_day=day if unit.people_day < 0 else unit.people_day,
            people_night=night if unit.people_night < 0 else unit.people_night,
            shelter=unit.shelter or self._shelter(properties, layer, where),
            ids=tuple(sorted(dict.fromkeys((*unit.ids, *more.items())))),
        )

    def _shelter(self, properties: Row, layer: LayerTable, where: str) -> Shelter:
        """The least of what the sources say, for nobody is told to take longer than one of them
        allows; known from the day of this version on, as nothing is known of the days before."""
        numbers = (_number(properties, prop, where) for prop in layer.shelter_s)
        stated = [seconds for seconds in numbers if not math.isnan(seconds)]
        return ((self.begins_ns, min(stated)),) if stated else ()

    def _place(self, layer: LayerTable, row: Row, properties: Row, made: str) -> None:
        if layer.outlines and not layer.distinct and row.get("geometry") is not None:
            self.outlines[made], was_valid = outline(row["geometry"], made)
            if not was_valid:
                self.mended.append(made)
        lat, lon = (_number(properties, p, made) for p in (layer.lat, layer.lon))
        if not math.isnan(lat) and not math.isnan(lon):
            self.points[made] = (lon, lat)


def _without_doubtful(
    units: list[Unit], table: Mapping
) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """An identifier that two units claim, or of another form, tells nobody which one is meant."""
    shared = {name for name, row in table.schemes.items() if row.areas}
    doubtful: dict[tuple[str, str], str] = {}
    for pair, bearers in ForeignIds.of(units).units.items():
        if not is_of_form(*pair):
            doubtful[pair] = f"of another form, at {', '.join(bearers)}"
        elif len(bearers) > 1 and pair[0] not in shared:
            doubtful[pair] = f"claimed by {', '.join(bearers)}"
    kept = tuple(
        replace(unit, ids=tuple(p for p in unit.ids if (p[0], compared(*p)) not in doubtful))
        for unit in units
    )
    return kept, tuple(f"{scheme} {value}: {why}" for (scheme, value), why in doubtful.items())


def _texts(properties: Row, wanted: MappingOf[str, str]) -> dict[str, str]:
    texts = {key: text_of(properties, prop) for key, prop in wanted.items()}
    return {key: text for key, text in texts.items() if text}


def _count(properties: Row, prop: str, where: str) -> int:
    number = _number(properties, prop, where)
    return -1 if math.isnan(number) else round(number)


def _number(properties: Row, prop: str, where: str) -> float:
    text = text_of(properties, prop) if prop else ""
    if not text:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise ValueError(f"{where}: {prop} is {text!r}, not a number; correct it or its mapping")
    return number
