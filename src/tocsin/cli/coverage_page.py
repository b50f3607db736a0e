"""The coverage map as one HTML page: nothing is loaded from anywhere, readable without colour."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, Protocol

import numpy as np

from tocsin.score.charts import WIDE, svg, text
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
border-bottom:1px solid var(--line)}.number{text-align:right;white-space:nowrap}
svg{width:100%;height:auto;display:block}path{stroke:var(--line);stroke-width:.4}
path.seen{fill:var(--seen);fill-opacity:.5}path.alone{fill:var(--alone);fill-opacity:.4}
path.blind{fill:url(#hatch)}path.sensor{fill:var(--ink);stroke:var(--back);stroke-width:1}
text{font-size:11px;fill:var(--ink);stroke:var(--back);stroke-width:3;paint-order:stroke}
.key{display:inline-block;width:1.4em;height:.9em;border:1px solid var(--line)}
.key.seen{background:color-mix(in srgb,var(--seen) 50%,transparent)}
.key.alone{background:color-mix(in srgb,var(--alone) 40%,transparent)}
.key.blind{background:repeating-linear-gradient(-45deg,var(--blind) 0 1.5px,transparent 1.5px 5px)}
"""
_HATCH: Final = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)">'
    '<path d="M0 0H5V5H0z" style="stroke:none;fill:var(--blind);fill-opacity:.15"/>'
    '<path d="M0 0V5" style="stroke:var(--blind);stroke-width:2"/></pattern></defs>'
)
_SAID: Final = {
    "seen": "watched by two sensors or more",
    "alone": "watched by one sensor alone",
    "blind": "blind: no sensor sees that low",
}
_HEAD: Final = (
    '<tr><th></th><th></th><th class="number">zones</th><th class="number">residents</th></tr>'
)
_MARGIN_DEG: Final = 0.05
_HIGH_MAX: Final = 600.0  # of a picture, so that a long country is seen on one screen
_NAMED_MAX: Final = 12  # sensors whose names are drawn: more would lie over each other
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
        f"<p>{_many(len(given.sensors), 'sensor')}, all alive, {escape(ground)};"
        f" {_many(len(zones), 'zone')}."
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
        f'<tr><td><span class="key {name}"></span></td><td>{escape(said)}</td>'
        f'<td class="number">{int((state == name).sum()):,}</td>'
        f'<td class="number">{people_in(zones, state == name):,}</td></tr>'
        for name, said in _SAID.items()
    )
    blind = np.flatnonzero(watch.blind)
    order = blind[np.argsort(-zones.people[blind], kind="stable")]
    named = [f"{_name(zones, row)} ({_height(watch, row)})" for row in order[:_LISTED_MAX]]
    more = len(order) - len(named)
    listed = "; ".join(named) + (f"; and {more} more" if more else "")
    return "\n".join(
        [
            f"<h2>{watch.kind.capitalize()}, at {watch.flies_m:g} m above the ground</h2>",
            _map(given, zones, watch, state.tolist()),
            f"<table>{_HEAD}{rows}</table>",
            f'<details><summary>blind zones</summary><p class="soft">{escape(listed)}</p></details>'
            if named
            else "",
        ]
    )


def _map(given: Site, zones: ZoneMap, watch: Watch, state: list[str]) -> str:
    west, south = zones.ring_xy.min(axis=0) - _MARGIN_DEG
    east, north = zones.ring_xy.max(axis=0) + _MARGIN_DEG
    narrow = math.cos(math.radians((south + north) / 2.0))
    scale = min(WIDE / ((east - west) * narrow), _HIGH_MAX / (north - south))
    shift = (WIDE - (east - west) * narrow * scale) / 2.0

    def at(lon_deg: float, lat_deg: float) -> tuple[float, float]:
        return shift + (lon_deg - west) * narrow * scale, (north - lat_deg) * scale

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
        if len(given.sensors) <= _NAMED_MAX:
            right = x > 0.8 * WIDE
            parts.append(text(x - 8 if right else x + 8, y + 4, sensor.name,
                              at="end" if right else "start"))  # fmt: skip
    return svg((north - south) * scale, parts, f"Where a {watch.kind} is seen")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def people_in(zones: ZoneMap, chosen: BoolArray) -> int:
    """People who live in the zones that are `chosen`, as far as they are known."""
    return int(np.maximum(zones.people[chosen], 0).sum())


def _name(zones: ZoneMap, row: int) -> str:
    return next((names[row] for names in zones.names.values() if names[row]), zones.ids[row])


def _height(watch: Watch, row: int) -> str:
    lowest_m = float(watch.lowest_m[row])
    return f"seen from {lowest_m:.0f} m" if math.isfinite(lowest_m) else "not seen"
