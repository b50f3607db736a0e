"""`tocsin check`: would this site run, and whom would it leave unwatched?"""

from pathlib import Path
from typing import Any

from rich.console import Console

from tocsin.cli.say import fail, put_json, refusing
from tocsin.decide import uncovered
from tocsin.edge import build, shadow, site
from tocsin.zones.map import ZoneMap


def check(path: Path, /, *, json: bool = False) -> None:
    """Check a site file before it is used: its keys, its zone map, and who is watched by nobody.

    Exit code 1 when `require_coverage = true` and some zone has no sensor. A live site that would
    warn by itself is refused unless it was compared with an authority (`shadow`).

    Parameters
    ----------
    path
        The site file (TOML).
    json
        Print one JSON document.
    """
    with refusing(site.BadSite):
        given = site.read(path)
        parts = build.parts(given, path.parent)
        build.engine(parts)
        shadow.refuse_unscored(given, parts, path.parent)
    zones = ZoneMap.from_bytes(parts["zones"])
    blind = uncovered(given, zones, build.sight_of(parts))
    report: dict[str, Any] = {
        "site": given.name,
        "realm": given.realm,
        "mode": given.mode,
        "zones": len(zones),
        "zone_map": zones.version,
        "sensors": len(given.sensors),
        "sources": len(given.sources),
        "uncovered": {threat: [zones.ids[row] for row in rows] for threat, rows in blind.items()},
    }
    if json:
        put_json(report)
    else:
        _print(report)
    if given.require_coverage and any(len(rows) for rows in blind.values()):
        fail(
            "require_coverage = true and some zones have no sensor: add [[sensors]] that see them,"
            " or set require_coverage = false and accept that they are shown as blind"
        )


def _print(report: dict[str, Any]) -> None:
    out = Console()
    out.print(f"[bold]{report['site']}[/]: realm {report['realm']}, mode {report['mode']}")
    out.print(report["zone_map"], highlight=False)
    out.print(f"{report['sensors']} sensors, {report['sources']} sources")
    for threat, zones in report["uncovered"].items():
        if not zones:
            out.print(f"{threat}: every zone is in view of a sensor")
            continue
        named = ", ".join(zones[:8]) + (f" and {len(zones) - 8} more" if len(zones) > 8 else "")
        out.print(f"[yellow]{threat}: {len(zones)} zones start blind, no sensor sees them[/]:")
        out.print(f"  {named}", highlight=False)
