"""``tocsin zones import --as|export|show|tell|diff|versions``: what is written and what is said."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tocsin.cli.zone_files import read_map
from tocsin.cli.zones import app

FIXTURES = ROOT / "tests" / "fixtures" / "zones"
UKRAINE = [f"{name}={FIXTURES / f'ua-{name}.geojson'}" for name in ("oblast", "raion", "hromada")]
Run = Callable[..., Any]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of one call; with --json the document instead of stdout."""

    def call(*arguments: object, code: int = 0) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as caught:
            app([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert caught.value.code == code, told.err
        return (json.loads(told.out) if "--json" in arguments else told.out), told.err

    return call


@pytest.fixture
def maps(run: Run, tmp_path: Path) -> dict[str, Path]:
    """Israel in April and in June, when one time to shelter was changed; Ukraine."""
    changed = json.loads((FIXTURES / "hfc.geojson").read_text())
    changed["features"][0]["properties"] |= {"migun_time": 90, "countdown": 90}
    del changed["features"][2]
    (tmp_path / "june.geojson").write_text(json.dumps(changed))
    april, june, ua = (tmp_path / f"{name}.zones" for name in ("april", "june", "ua"))
    hfc = ("--as", "hfc")
    begin = ("--effective-from", "2026-04-08T00:00:00Z")
    run("import", FIXTURES / "hfc.geojson", *hfc, *begin, "--out", april)
    begin = ("--effective-from", "2026-06-03T00:00:00Z", "--id", "il-june")
    run("import", tmp_path / "june.geojson", *hfc, *begin, "--previous", april, "--out", june)
    run("import", *UKRAINE, "--as", "ua", "--out", ua)
    return {"april": april, "june": june, "ua": ua}


def test_import_by_mapping_says_what_to_look_at(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ua.zones"
    said, doubts = run("import", *UKRAINE, "--as", "ua", "--out", out)
    assert "5 zones" in said
    assert "ukrainealarm 913: claimed by ua-63020010000000007, ua-63020020000000008" in doubts
    assert [unit.level for unit in read_map(str(out)).tree.units][:2] == ["country", "oblast"]


def test_a_mapping_of_ones_own(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(
        'title = "mine"\n[[layers]]\nname = "zone"\nlevel = "quarter"\nid = "EMMA_ID"\n'
        'source = "me"\nlicence = "CC0-1.0"\n'
    )
    out = tmp_path / "mine.zones"
    run("import", FIXTURES / "emma.geojson", "--as", table, "--country", "XX", "--out", out)
    zone_map = read_map(str(out))
    assert zone_map.ids == ("xx-gr901", "xx-pl9001", "xx-pl9002", "xx-pl9003")
    assert zone_map.edition.layers[0].licence == "CC0-1.0"


def test_export_and_import_give_the_same_map(
    run: Run, maps: dict[str, Path], tmp_path: Path
) -> None:
    text, again = tmp_path / "june.geojson", tmp_path / "again.zones"
    run("export", maps["june"], "--out", text)
    run("import", text, "--out", again)
    assert again.read_bytes() == maps["june"].read_bytes()
    # A map as GeoJSON is a map for every other verb.
    assert run("diff", text, again)[0] == "nothing changed\n"
    run("check", text)


def test_diff_tells_people_and_programs(run: Run, maps: dict[str, Path]) -> None:
    found, _ = run("diff", maps["april"], maps["june"], "--json")
    assert [(c["kind"], c["unit"]) for c in found["changes"]][1:] == [
        ("vanished", f"il-{hashlib.sha256('דרום הדוגמה'.encode()).hexdigest()[:8]}"),
        ("shelter", "il-5009001"),
    ]
    assert found["changes"][0]["unit"] == "il-5009003"
    assert found["counts"] | {"vanished": 2, "shelter": 1} == found["counts"]
    assert (found["old"]["id"], found["new"]["id"]) == ("il-2026-04-08", "il-june")
    said, _ = run("diff", maps["april"], maps["june"])
    assert "1 zones with another time to shelter:\n  il-5009001  60 s > 90 s" in said


def test_versions_and_the_one_that_holds(run: Run, maps: dict[str, Path]) -> None:
    both = (maps["june"], maps["april"])
    found, _ = run("versions", *both, "--json")
    assert [v["id"] for v in found["versions"]] == ["il-2026-04-08", "il-june"]
    assert all(v["layers"] and len(v["sha256"]) == 64 for v in found["versions"])
    # Each layer says its licence, its source, and which file it was read from.
    digest = hashlib.sha256((FIXTURES / "hfc.geojson").read_bytes()).hexdigest()
    for layer in found["versions"][0]["layers"]:
        assert layer["licence"]
        assert layer["source"].endswith(f"; hfc.geojson, sha256 {digest}")
    for instant, expected in (
        ("2026-06-02T23:59:59Z", "il-2026-04-08"),
        ("2026-06-03T00:00:00Z", "il-june"),
    ):
        found, _ = run("versions", *both, "--at", instant, "--json")
        assert [v["id"] for v in found["versions"]] == [expected]
    _, error = run("versions", *both, "--at", "2025-01-01T00:00:00Z", code=2)
    assert "no version holds" in error
    assert "il-june" in run("versions", *both)[0]


def test_show_a_map_a_zone_and_an_id_of_others(run: Run, maps: dict[str, Path]) -> None:
    found, _ = run("show", maps["ua"], "--json")
    assert found["levels"] == {"country": 1, "oblast": 2, "raion": 2, "hromada": 4}
    found, _ = run("show", maps["ua"], "alerts_in_ua:901", "--json")
    (unit,) = found["units"]
    assert unit["above"] == ["ua-63", "ua"]
    assert len(unit["below"]) == unit["zones"] == 2
    asked = (maps["june"], "hfc_segment:5009001", "--at")
    for instant, seconds in (
        ("2026-06-02T00:00:00Z", 60),
        ("2026-07-01T00:00:00Z", 90),
        ("2020-01-01T00:00:00Z", None),
    ):
        found, _ = run("show", *asked, instant, "--json")
        assert found["units"][0]["shelter_s_at"] == seconds
    assert "hromada" in run("show", maps["ua"])[0]
    assert "Перша" in run("show", maps["ua"], "ukrainealarm:911")[0]
    assert "level admin-1" in run("show", "ua")[0]


def test_tell_an_alert_to_consumers(run: Run, maps: dict[str, Path]) -> None:
    one = (maps["ua"], "ukrainealarm:911")

    def told(*arguments: object) -> list[str]:
        return [row["id"] for row in run("tell", *arguments, "--json")[0]["told"]]

    assert told(*one) == ["ua-63010010000000005"]
    assert told(*one, "--to", "ua-raion") == ["ua-63010000000000003"]
    assert told(*one, "--to", "ua-oblast") == ["ua-63"]
    assert told(*one, "ukrainealarm:912", "--to", "cover") == ["ua-63010000000000003"]
    assert len(told(maps["ua"], "ukrainealarm:22")) == 4
    said, _ = run("tell", *one, "--to", "ua-raion")
    assert "1 zones more than alerted" in said
    said, _ = run("tell", maps["ua"], "ua-63020010000000007", "--to", "ua-hromada")
    assert "not told: ua-hromada has no word for it" in said


def test_wrong_use_is_one_line_that_mends(run: Run, maps: dict[str, Path], tmp_path: Path) -> None:
    out = ("--out", tmp_path / "none.zones")
    hfc = FIXTURES / "hfc.geojson"
    wrong: dict[str, tuple[object, ...]] = {
        "give one of emma, hfc, nuts3, ua, or a TOML file": ("import", hfc, "--as", "xyz", *out),
        "give --country": ("import", FIXTURES / "emma.geojson", "--as", "emma", *out),
        "--as or --map": ("import", hfc, *out),
        "no file for layer 'raion'": ("import", UKRAINE[0], "--as", "ua", *out),
        "the mapping has no file 'region'": ("import", f"region={hfc}", "--as", "ua", *out),
        "two files for 'zones'": ("import", hfc, hfc, "--as", "hfc", *out),
        "--effective-from:": ("import", hfc, "--as", "hfc", "--effective-from", "June", *out),
        "--previous: --map makes no versions": (
            "import",
            hfc,
            "--map",
            "id=x",
            "--previous",
            "il",
            *out,
        ),
        "--id: the GeoJSON itself says": ("import", hfc, "--id", "x", *out),
        "holds from later than": ("import", hfc, "--as", "hfc", "--previous", maps["april"], *out),
        "No such file": ("import", tmp_path / "nowhere.geojson", "--as", "hfc", *out),
        "its schemes: alerts_in_ua": ("show", maps["ua"], "nuts3:PL911"),
        "no unit 'ua-99'": ("show", maps["ua"], "ua-99"),
        "--to 'nobody' is nobody": ("tell", maps["ua"], "ua", "--to", "nobody"),
        "--at:": ("versions", maps["ua"], "--at", "noon"),
        "two countries": ("diff", maps["ua"], maps["june"]),
    }
    for expected, arguments in wrong.items():
        said, error = run(*arguments, code=2)
        assert expected in error, error
        assert error.count("\n") == 1
        assert said == ""
    assert not (tmp_path / "none.zones").exists()


@pytest.mark.parametrize("verb", ["", "import", "export", "show", "tell", "diff", "versions"])
def test_help_teaches(run: Run, verb: str) -> None:
    said, _ = run(*filter(None, (verb,)), "--help")
    words = " ".join(said.replace("│", " ").split())
    expected = {
        "": "an alert on an area holds for every zone in it",
        "import": "--as takes a mapping: hfc, ua, emma, nuts3",
        "export": "to read, mend and import again",
        "show": "katottg:UA80000000000093317",
        "tell": "as soon as any zone of one is alerted, or once all are",
        "diff": "appeared, vanished, moved or changed their time to shelter",
        "versions": "not of the clock",
    }
    assert expected[verb] in words
