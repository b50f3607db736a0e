"""``tocsin zones``: exit codes, one document or one line, files written."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from tests.zones.shapes import map_of, square
from tocsin.cli.zones import app
from tocsin.zones.map import ZoneMap

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    def call(*arguments: object) -> int:
        with pytest.raises(SystemExit) as caught:
            app([str(argument) for argument in arguments])
        code = caught.value.code
        assert isinstance(code, int)
        return code

    return call


@pytest.fixture
def geojson(tmp_path: Path) -> Path:
    path = tmp_path / "zones.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"z{row}", "name": f"Зона {row}", "secs": 30},
            "geometry": json.loads(shapely.to_geojson(square(30 + row / 10, 50))),
        }
        for row in range(2)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_import_writes_a_map_and_says_its_digest(
    run: Run, geojson: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.zones"
    mapping = "id=code,name.uk=name,shelter_s=secs"
    assert run("import", geojson, "--map", mapping, "--country", "UA", "--out", out) == 0
    zone_map = ZoneMap.from_bytes(out.read_bytes())
    assert zone_map.ids == ("ua-z0", "ua-z1")
    assert zone_map.country == "ua"
    assert zone_map.digest in capsys.readouterr().out


def test_check_prints_one_document_and_exits_by_the_errors(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.zones"
    path.write_bytes(map_of([square(30, 50), square(30.05, 50)]).to_bytes())
    assert run("check", path, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["errors"], document["zones"]) == (1, 2)
    assert document["findings"][0]["code"] == "overlap"
    path.write_bytes(map_of([square(30, 50), square(30.1, 50)]).to_bytes())
    assert run("check", path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_check_shows_a_table_to_people(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.zones"
    path.write_bytes(map_of([square(30, 50), square(30.05, 50)]).to_bytes())
    assert run("check", path) == 1
    assert "overlap" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ua", "il"])
def test_the_shipped_maps_have_no_errors(
    run: Run, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", name, "--json") == 0
    assert json.loads(capsys.readouterr().out)["country"] == name


def test_wrong_use_is_exit_code_2_and_one_line_that_mends(
    run: Run, geojson: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.zones"
    wrong = {
        "no country": ("build", "--country", "QQ", "--out", out),
        "--min-people": ("build", "--country", "UA", "--out", out, "--min-people", 10),
        "No such file": ("check", tmp_path / "none.zones"),
        "not a Tocsin zone map": ("check", geojson),
        "--map": ("import", geojson, "--map", "name=x", "--country", "UA", "--out", out),
        "TopoJSON": ("build", "--country", "UA", "--out", out, "--outlines", geojson),
        "--katottg": (
            *("build", "--country", "PL", "--out", out, "--katottg", geojson),
            *("--outlines", two_countries(tmp_path)),
        ),
    }
    for expected, arguments in wrong.items():
        assert run(*arguments) == 2, expected
        told = capsys.readouterr()
        assert expected in told.err
        assert told.err.count("\n") == 1
        assert told.out == ""
    assert not out.exists()


def test_without_outlines_the_way_to_get_them_is_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.cli.zones._OUTLINES", Path("web/no-such-file.json"))
    assert run("build", "--country", "IL", "--out", tmp_path / "il.zones") == 2
    assert "npm install" in capsys.readouterr().err


def test_build_writes_a_map_a_report_and_the_list_of_what_was_joined(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, joined = tmp_path / "il.zones", tmp_path / "joined.csv"
    options = ("--min-people", 20_000, "--shelter-s", 90, "--joined", joined)
    atlas = two_countries(tmp_path)
    assert run("build", "--country", "IL", "--out", out, "--outlines", atlas, *options) == 0
    zone_map = ZoneMap.from_bytes(out.read_bytes())
    assert np.all(zone_map.shelter_s == 90.0)
    assert "people in their settlements" in capsys.readouterr().out
    assert joined.read_text().startswith("geonames,joined_to,rule\n")
    assert "7498240,281184," in joined.read_text()  # West Jerusalem is a section of Jerusalem


def two_countries(folder: Path) -> Path:
    """Boxes that stand for Israel and a neighbour, as TopoJSON."""
    path = folder / "boxes.json"
    arcs = [
        [[34.2, 29.4], [35.6, 29.4], [35.6, 33.3], [34.2, 33.3], [34.2, 29.4]],
        [[35.6, 29.4], [37.0, 29.4], [37.0, 33.3], [35.6, 33.3], [35.6, 29.4]],
    ]
    geometries = [
        {"type": "Polygon", "arcs": [[row]], "properties": {"a3": code}}
        for row, code in enumerate(("ISR", "JOR"))
    ]
    countries = {"type": "GeometryCollection", "geometries": geometries}
    path.write_text(
        json.dumps({"type": "Topology", "arcs": arcs, "objects": {"countries": countries}})
    )
    return path
