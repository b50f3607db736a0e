"""`tocsin coverage`: the map of who would be watched, from the site file alone."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from tocsin.cli.coverage_page import people_in, render
from tocsin.cli.say import put_json, refusing
from tocsin.decide import HEIGHT_M, Sight, lowest_of_zones_m
from tocsin.edge import build, site
from tocsin.words import BoolArray, FloatArray, Site
from tocsin.zones.map import ZoneMap

FLIES_M: Final[dict[str, float]] = {**HEIGHT_M, "aircraft": 1000.0}
"""Height above ground at which each kind must be seen; those of the threats are the mind's own.

An aircraft endangers nobody here, and is told apart only where it is seen. Chosen: light aircraft
cruise at 300 to 3,000 m, and below 1,000 m Ukraine needs ears on the ground instead of radars.
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """One kind: `lowest_m` (zones,) is the height from which on zones are watched, inf nowhere;
    `alone` are those watched by one sensor only."""

    kind: str
    flies_m: float
    lowest_m: FloatArray
    blind: BoolArray
    alone: BoolArray


def coverage(path: Path, /, *, html: Path | None = None, json: bool = False) -> None:
    """Draw who would be watched, for each kind of threat, before anything is installed.

    For each zone: the height above the ground from which on a flyer is seen, over the elevation
    tiles of the site file or, without them, over a smooth Earth.

    Parameters
    ----------
    path
        The site file (TOML).
    html
        Write a page with maps to this file.
    json
        Print one JSON document.
    """
    with refusing(site.BadSite):
        given = site.read(path)
        zones = ZoneMap.from_bytes(build.zone_map_bytes(given.zones, path.parent))
        sight, absent = build.over_ground(given, zones, path.parent)
    watches = [_watch(given, zones, sight, kind) for kind in FLIES_M]
    if html is not None:
        html.write_text(render(given, zones, watches, absent), encoding="utf-8")
    if json:
        put_json(_document(given, zones, watches, absent))
    else:
        _print(given, zones, watches, absent)


def _watch(given: Site, zones: ZoneMap, sight: Sight | None, kind: str) -> Watch:
    threat, flies_m = kind if kind in HEIGHT_M else "", FLIES_M[kind]
    each_m = [
        lowest_of_zones_m(given, zones, sight, threat, only=sensor.name) for sensor in given.sensors
    ]
    watching = np.sum(np.reshape(each_m, (-1, len(zones))) <= flies_m, axis=0)
    lowest_m = lowest_of_zones_m(given, zones, sight, threat)
    blind = ~(lowest_m <= flies_m)
    return Watch(kind, flies_m, lowest_m, blind, ~blind & (watching == 1))


def _document(
    given: Site, zones: ZoneMap, watches: list[Watch], absent: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "site": given.name,
        "zone_map": zones.version,
        "elevation": given.elevation,
        "taken_as_sea": list(absent),
        "kinds": {
            watch.kind: {
                "flies_m": watch.flies_m,
                "zones": len(zones),
                "blind": [zones.ids[row] for row in np.flatnonzero(watch.blind)],
                "people_blind": people_in(zones, watch.blind),
                "watched_by_one": [zones.ids[row] for row in np.flatnonzero(watch.alone)],
                "lowest_m": {
                    zone: math.ceil(height_m) if np.isfinite(height_m) else None
                    for zone, height_m in zip(zones.ids, watch.lowest_m, strict=True)
                },
            }
            for watch in watches
        },
    }


def _print(given: Site, zones: ZoneMap, watches: list[Watch], absent: tuple[str, ...]) -> None:
    over = f"tiles of {given.elevation}" if given.elevation else "a smooth Earth"
    out = Console()
    out.print(f"[bold]{given.name}[/]: {len(given.sensors)} sensors, {len(zones)} zones, {over}")
    table = Table("kind", "flies at m", "watched", "by one alone", "blind", "people there")
    for watch in watches:
        blind = int(watch.blind.sum())
        table.add_row(
            watch.kind, f"{watch.flies_m:g}", str(len(zones) - blind), str(int(watch.alone.sum())),
            f"[red]{blind}[/]" if blind else "0", f"{people_in(zones, watch.blind):,}",
        )  # fmt: skip
    out.print(table)
    if absent:
        out.print(f"[yellow]no tile, taken as sea[/]: {', '.join(absent)}", highlight=False)
