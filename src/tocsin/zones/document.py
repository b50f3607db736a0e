"""A zone map as GeoJSON: the form in which people keep, compare and mend it.

RFC 7946 with one foreign member, `tocsin_zones`, that says which version of which country it is. A
feature is a unit: `id`, its facts as properties, its outline as geometry. The outline of an area
may be null: it is then the union of what lies below it.
"""

import json
from typing import Any, Final

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from tocsin.zones import facts
from tocsin.zones.atlas import Atlas
from tocsin.zones.units import Unit

MEMBER: Final = "tocsin_zones"
FORMAT: Final = 1
_HEAD_KEYS: Final = ("format", "country", "id", "effective_from", "layers", "schemes", "near_m")
_EXPORT: Final = "'tocsin zones export' writes one to start from"


def write(atlas: Atlas) -> bytes:
    """The GeoJSON of an atlas: one line for each unit, so that a text diff reads well."""
    head = {"format": FORMAT, "country": atlas.country, **facts.edition_values(atlas.edition)}
    head |= {"schemes": facts.schemes_values(atlas.schemes), "near_m": atlas.near_m}
    features = ",\n".join(_json(_feature(unit, atlas)) for unit in atlas.units)
    text = f'"{MEMBER}": {_json(head)},\n"features": [\n{features}\n]'
    return f'{{"type": "FeatureCollection",\n{text}}}\n'.encode()


def is_document(document: Any) -> bool:
    """Whether this JSON says of itself that it is a zone map."""
    return isinstance(document, dict) and MEMBER in document


def read(document: Any) -> Atlas:
    """The atlas of parsed GeoJSON; ValueError names the feature and how to mend it."""
    if not is_document(document):
        raise ValueError(f"the file has no member {MEMBER!r}; {_EXPORT}")
    head = document[MEMBER]
    unknown = [key for key in head if key not in _HEAD_KEYS] if isinstance(head, dict) else [MEMBER]
    if unknown:
        raise ValueError(f"{MEMBER}: {unknown[0]!r} is not known; keys: {', '.join(_HEAD_KEYS)}")
    if head.get("format") != FORMAT or not isinstance(head.get("country"), str):
        raise ValueError(f"{MEMBER} needs format {FORMAT} and a country; {_EXPORT}")
    near_m = head.get("near_m", 0.0)
    if not isinstance(near_m, int | float) or isinstance(near_m, bool):
        raise ValueError(f"{MEMBER}: near_m is {near_m!r}, no number; write metres")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise ValueError(f"the file has no features; {_EXPORT}")
    units, outlines, points = _units(features)
    edition = {key: head.get(key, default) for key, default in _EDITION.items()}
    return Atlas(
        country=head["country"],
        edition=facts.edition_of(edition),
        units=units,
        outlines=outlines,
        points=points,
        schemes=facts.schemes_of(head.get("schemes", {})),
        near_m=float(near_m),
    )


_EDITION: Final[dict[str, Any]] = {"id": "", "effective_from": None, "layers": []}


def _units(
    features: list[Any],
) -> tuple[tuple[Unit, ...], dict[str, BaseGeometry], dict[str, tuple[float, float]]]:
    units: list[Unit] = []
    outlines: dict[str, BaseGeometry] = {}
    points: dict[str, tuple[float, float]] = {}
    for number, feature in enumerate(features):
        unit_id = feature.get("id") if isinstance(feature, dict) else None
        if not isinstance(unit_id, str):
            raise ValueError(f"feature {number} has no id; write a text such as ua-63")
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            raise ValueError(f"{unit_id} has no properties; write its level and parent")
        stated = {key: value for key, value in properties.items() if key != "point"}
        units.append(facts.unit_of(unit_id, stated))
        if feature.get("geometry") is not None:
            # Not rounded: a map that goes out and comes back must be the same map.
            outlines[unit_id] = outline(feature["geometry"], unit_id, rounded=False)[0]
        if properties.get("point") is not None:
            points[unit_id] = _point(properties["point"], unit_id)
    return tuple(units), outlines, points


def outline(geometry: Any, where: str, rounded: bool = True) -> tuple[BaseGeometry, bool]:
    """The outline, valid and to 1e-7 degree (1 cm), and whether it was valid as given."""
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (GEOSException, TypeError) as error:
        raise ValueError(f"{where} has no readable geometry ({error})") from None
    given = shape
    if shape is not None and shape.geom_type == "GeometryCollection":
        # A cut along a border leaves lines beside the ground: lines hold nobody.
        grounds = [
            p for p in shapely.get_parts(shape) if p.geom_type in ("Polygon", "MultiPolygon")
        ]
        shape = shapely.union_all(grounds)
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise ValueError(f"{where} has no outline; zones must be Polygon or MultiPolygon")
    shape = shapely.force_2d(shape)
    if rounded:
        shape = shapely.transform(shape, lambda xy: np.round(xy, 7))
    if shape.is_valid:
        return shape, given.geom_type == shape.geom_type
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if mended.is_empty or mended.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{where} has an outline without area; draw it again")
    return mended, False


def _point(value: Any, unit_id: str) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        lon, lat = value
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
            return float(lon), float(lat)
    raise ValueError(f"{unit_id}: point is {value!r}; write [longitude, latitude]")


def _feature(unit: Unit, atlas: Atlas) -> dict[str, Any]:
    properties = facts.unit_values(unit)
    if unit.id in atlas.points:
        properties["point"] = list(atlas.points[unit.id])
    geometry = None
    if unit.id in atlas.outlines:
        parts = shapely.get_parts(atlas.outlines[unit.id])
        rings = [[p.exterior, *p.interiors] for p in parts]
        coordinates = [[shapely.get_coordinates(r).tolist() for r in part] for part in rings]
        geometry = {"type": "MultiPolygon", "coordinates": coordinates}
    return {"type": "Feature", "id": unit.id, "properties": properties, "geometry": geometry}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
