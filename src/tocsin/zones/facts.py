"""Units and editions as JSON values and back: one wording for the map file and for GeoJSON."""

from collections.abc import Callable
from typing import Any, Final

from tocsin.instant import from_iso, iso
from tocsin.zones.units import ALWAYS_NS, Edition, Layer, Scheme, Unit

Json = dict[str, Any]


def edition_values(edition: Edition) -> Json:
    """The version of a map."""
    return {
        "id": edition.id,
        "effective_from": instant_value(edition.effective_from_ns),
        "layers": [
            {"name": layer.name, "source": layer.source, "licence": layer.licence}
            for layer in edition.layers
        ],
    }


def edition_of(value: Any) -> Edition:
    """The version that `edition_values` wrote; ValueError names what is wrong."""
    table = _table(value, "the version", ("id", "effective_from", "layers"))
    layers = [_table(row, "a layer", ("name", "source", "licence")) for row in _rows(table)]
    return Edition(
        id=_text(table, "id"),
        effective_from_ns=instant_of(table.get("effective_from")),
        layers=tuple(
            Layer(
                name=_text(row, "name"), source=_text(row, "source"), licence=_text(row, "licence")
            )
            for row in layers
        ),
    )


def unit_values(unit: Unit) -> Json:
    """All facts of a unit but its id; what is unknown is left out."""
    values: Json = {"level": unit.level, "parent": unit.parent, "names": unit.names}
    values |= {key: getattr(unit, key) for key in _PEOPLE if getattr(unit, key) >= 0}
    if unit.shelter:
        values["shelter_s"] = [[instant_value(t_ns), seconds] for t_ns, seconds in unit.shelter]
    if unit.ids:
        values["ids"] = [list(pair) for pair in unit.ids]
    return values


def unit_of(unit_id: str, values: Any) -> Unit:
    """The unit that `unit_values` wrote; ValueError names it and what is wrong."""
    try:
        table = _table(values, "its facts", UNIT_KEYS)
        return Unit(
            id=unit_id,
            level=_text(table, "level"),
            parent=_text(table, "parent"),
            names=_pairs_of_texts(table.get("names", {})),
            shelter=_shelter(table.get("shelter_s", [])),
            ids=_ids(table.get("ids", [])),
            **{key: _count(table, key) for key in _PEOPLE},
        )
    except ValueError as error:
        raise ValueError(f"{unit_id}: {error}") from None


def schemes_values(schemes: dict[str, Scheme]) -> Json:
    """scheme -> {"areas": bool}"""
    return {name: {"areas": scheme.areas} for name, scheme in sorted(schemes.items())}


def schemes_of(value: Any) -> dict[str, Scheme]:
    """The schemes that `schemes_values` wrote."""
    found = {}
    for name, row in _table(value, "schemes", None).items():
        areas = _table(row, f"scheme {name}", ("areas",)).get("areas", False)
        if not isinstance(areas, bool):
            raise ValueError(f"scheme {name}: areas is {areas!r}; write true or false")
        found[name] = Scheme(areas=areas)
    return found


def instant_value(t_ns: int) -> str | None:
    """ISO 8601, or None for always."""
    return None if t_ns == ALWAYS_NS else iso(t_ns)


def instant_of(value: Any) -> int:
    """The instant that `instant_value` wrote; a date alone is refused: days begin at 24 hours."""
    if value is None:
        return ALWAYS_NS
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no instant; write it as 2026-04-08T00:00:00Z")
    try:
        return from_iso(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{error}; write it as 2026-04-08T00:00:00Z") from None


_PEOPLE: Final = ("people_day", "people_night")
UNIT_KEYS: Final = ("level", "parent", "names", *_PEOPLE, "shelter_s", "ids")


def _table(value: Any, what: str, keys: tuple[str, ...] | None) -> Json:
    """A JSON object with no other keys than these."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    unknown = [key for key in value if keys is not None and key not in keys]
    if unknown:
        raise ValueError(
            f"{what} has an unknown key {unknown[0]!r}; known: {', '.join(keys or ())}"
        )
    return value


def _rows(table: Json) -> list[Any]:
    layers = table.get("layers", [])
    if not isinstance(layers, list):
        raise ValueError("layers is no list")
    return layers


def _text(table: Json, key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is {value!r}, no text")
    return value


def _count(table: Json, key: str) -> int:
    value = table.get(key, -1)
    if not _is_whole(value) or abs(value) >= 2**63:
        raise ValueError(f"{key} is {value!r}; write a whole number, or leave it out if unknown")
    return int(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pairs_of_texts(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return value
    raise ValueError('names is no table of language to text; write {"en": "Kharkiv"}')


def _shelter(value: Any) -> tuple[tuple[int, float], ...]:
    return tuple(
        (instant_of(begin), float(seconds))
        for begin, seconds in _pairs(
            value,
            lambda one, two: _is_whole(two) or isinstance(two, float),
            "shelter_s is no list of [valid from, seconds]; write [[null, 60]]",
        )
    )


def _ids(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (scheme, identifier)
        for scheme, identifier in _pairs(
            value,
            lambda one, two: isinstance(one, str) and isinstance(two, str),
            'ids is no list of [scheme, identifier]; write [["nuts3", "PL911"]]',
        )
    )


def _pairs(value: Any, is_right: Callable[[Any, Any], bool], why: str) -> list[tuple[Any, Any]]:
    rows: list[Any] = value if isinstance(value, list) else [()]
    if not all(isinstance(row, list) and len(row) == 2 and is_right(*row) for row in rows):
        raise ValueError(why)
    return [(row[0], row[1]) for row in rows]
