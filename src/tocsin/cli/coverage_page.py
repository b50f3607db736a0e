"""The coverage map as one HTML page: nothing is loaded from anywhere, readable without colour."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, Protocol

import numpy as np

from tocsin.score.charts import WIDE, svg
from tocsin.score.outlines import outline
from tocsin.words import BoolArray, FloatArray, Site
from tocsin.zones.map import ZoneMap


class Watch(Protocol):
    """What the page shows of a kind; `coverage.Watch` is one."""

    @property
    def kind(self) -> str: ...
    @property
    def flies_m(self) -> float: ...
    @property
    def lowest_m(self) -> FloatArray: ...
    @property
    def blind(self) -> BoolArray: ...
    @property
    def alone(self) -> BoolArray: ...


_STYLE: Final = """
:root{color-scheme:light dark;--back:#fff;--ink:#1b1b1b;--soft:#5c5c5c;--line:#c9c9c9;
--seen:#0072b2;--alone:#e69f00;--blind:#d55e00}
@media (prefers-color-scheme:dark){:root{--back:#15181b;--ink:#ececec;--soft:#a9a9a9;
--line:#444b52;--seen:#56b4e9;--alone:#f0c050;--blind:#ff8a4a}}
body{margin:0 auto;max-width:46rem;padding:1rem;background:var(--back);color:var(--ink);
font:16px/1.45 system-ui,sans-serif}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin:1.6em 0 .2em}.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .6em .3em 0;
border-bottom:1px solid var(--line)}
svg{width:100%;height:auto;display:block}path{stroke:var(--line);stroke-width:.5}
path.seen{fill:var(--seen);fill-opacity:.5}path.alone{fill:var(--alone);fill-opacity:.4}
path.blind{fill:url(#hatch);stroke:var(--blind)}path.sensor{fill:var(--ink);stroke:var(--back)}
"""
_HATCH: Final = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><path d="M0 0V6" style="stroke:var(--blind);stroke-width:3"/>'
    "</pattern></defs>"
)
_SAID: Final = {
    "seen": "watched by two sensors or more",
    "alone": "watched by one sensor alone",
    "blind": "blind (hatched): no sensor sees that low",
}
_MARGIN_DEG: Final = 0.05
_LISTED_MAX: Final = 200  # of blind zones by name; `--json` has all


def render(given: Site, zones: ZoneMap, watches: Sequence[Watch], absent: Sequence[str]) -> str:
    """The whole page."""
    title = f"Coverage of {given.name}"
    ground = f"over the tiles of {given.elevation}" if given.elevation else "over a smooth Earth"
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    )
    what = (
        f"<p>{len(given.sensors)} sensors, all alive, {escape(ground)}; {len(zones)} zones."
        " It shows where sensors stand: not for the public.</p>"
    )
    parts = [
        head,
        f"<h1>{escape(title)}</h1>",
        what,
        *([f"<p>No tile, taken as sea: {escape(', '.join(absent))}.</p>"] if absent else []),
        *(_section(given, zones, watch) for watch in watches),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _section(given: Site, zones: ZoneMap, watch: Watch) -> str:
    state = np.where(watch.blind, "blind", np.where(watch.alone, "alone", "seen"))
    rows = "".join(
        f"<tr><td>{escape(said)}</td><td>{int((state == name).sum())} zones</td></tr>"
        for name, said in _SAID.items()
    )
    blind = np.flatnonzero(watch.blind)
    order = blind[np.argsort(-zones.people[blind], kind="stable")]
    named = [f"{_name(zones, row)} ({_height(watch, row)})" for row in order[:_LISTED_MAX]]
    more = len(order) - len(named)
    listed = "; ".join(named) + (f"; and {more} more" if more else "")
    return "\n".join(
        [
            f"<h2>{watch.kind}, at {watch.flies_m:g} m above the ground</h2>",
            _map(given, zones, watch, state.tolist()),
            f"<table>{rows}</table>",
            f'<details><summary>blind zones</summary><p class="soft">{escape(listed)}</p></details>'
            if named
            else "",
        ]
    )


def _map(given: Site, zones: ZoneMap, watch: Watch, state: list[str]) -> str:
    west, south = zones.ring_xy.min(axis=0) - _MARGIN_DEG
    east, north = zones.ring_xy.max(axis=0) + _MARGIN_DEG
    narrow = math.cos(math.radians((south + north) / 2.0))
    scale = WIDE / ((east - west) * narrow)

    def at(lon_deg: float, lat_deg: float) -> tuple[float, float]:
        return (lon_deg - west) * narrow * scale, (north - lat_deg) * scale

    parts = [_HATCH]
    for row in range(len(zones)):
        title = f"{_name(zones, row)}: {_height(watch, row)}"
        parts.append(outline(zones, row, state[row], at, title))
    for sensor in given.sensors:
        x, y = at(sensor.lon_deg, sensor.lat_deg)
        parts.append(
            f'<path class="sensor" d="M{x - 5:.1f} {y + 4:.1f}h10l-5 -9z">'
            f"<title>{escape(sensor.name)}</title></path>"
        )
    return svg((north - south) * scale, parts, f"Where a {watch.kind} is seen")


def _name(zones: ZoneMap, row: int) -> str:
    return next((names[row] for names in zones.names.values() if names[row]), zones.ids[row])


def _height(watch: Watch, row: int) -> str:
    lowest_m = float(watch.lowest_m[row])
    return f"seen from {lowest_m:.0f} m" if math.isfinite(lowest_m) else "not seen"
