"""The comparison with an authority in pictures: who told which zone, and when."""

from collections.abc import Sequence
from html import escape
from typing import Final

from tocsin.instant import from_iso, iso, ns
from tocsin.score import outlines
from tocsin.score.beside import Beside, Lone, Zone
from tocsin.score.beside_text import render_beside, said
from tocsin.score.charts import WIDE, svg, text
from tocsin.zones.map import ZoneMap

LINES: Final = 24
"""Zones in the picture of time. Chosen for a phone; the rest is in --json."""
TICKS: Final = 4

SAID: Final = {
    "both": "in alarm by both, at one time or another",
    "theirs": "by them alone",
    "ours": "by us alone",
}
_LEFT: Final = 130
_HIGH: Final = 22.0


def sections(one: Beside, zones: ZoneMap) -> list[str]:
    """Headings, pictures and tables, to be put into a page."""
    shown, many = chosen(one), len(one.zones)
    state = {zone.zone: _state(zone) for zone in one.zones}
    counted = {name: list(state.values()).count(name) for name in SAID}
    rest = f" {len(shown)} of {many} zones; --json has them all." if len(shown) < many else ""
    caption = f"Upper bar, filled: we. Lower bar, hollow: they. Times are UTC.{rest}"
    drawn = outlines.chart(state, SAID, zones, title="Map of who told whom")
    parts = [f"<h2>Beside {escape(one.source)}</h2>"]
    if not one.zones:
        return [*parts, f"<p>Neither told anybody.</p><pre>{escape(render_beside(one))}</pre>"]
    legend = outlines.key(
        [(name, f"{counted[name]}: {words}") for name, words in SAID.items()],
        "What the marks of who told whom mean",
    )
    return [
        *parts,
        f"<figure>{lines(one, shown, zones)}<figcaption>{escape(caption)}</figcaption></figure>",
        f"<figure>{drawn}{legend}</figure>",
        "<h3>Their alarms without ours</h3>",
        _list(one.worst_theirs),
        "<h3>Our alarms without theirs</h3>",
        _list(one.worst_ours),
        f"<pre>{escape(render_beside(one))}</pre>",
    ]


def chosen(one: Beside) -> list[Zone]:
    """The zones of the picture of time, in map order: first those that both told, then those that
    one alone told, half for each; in all by how long they differed."""
    by_state: dict[str, list[tuple[float, int]]] = {name: [] for name in SAID}
    for row, zone in enumerate(one.zones):
        by_state[_state(zone)].append((-zone.only_ours_s - zone.only_theirs_s, row))
    both, theirs, ours = (sorted(by_state[name]) for name in ("both", "theirs", "ours"))
    alone = LINES - min(len(both), LINES // 2)
    kept = ours[: max(alone // 2, alone - len(theirs))]
    kept += theirs[: alone - len(kept)]
    kept += both[: LINES - len(kept)]
    return [one.zones[row] for row in sorted(row for _, row in kept)]


def lines(one: Beside, shown: Sequence[Zone], zones: ZoneMap) -> str:
    """A line of time for each zone."""
    scale = (WIDE - _LEFT) / one.seconds
    high = len(shown) * _HIGH
    begin_ns, parts = from_iso(one.t_begin), []
    for tick in range(TICKS):
        t_s = one.seconds * tick / (TICKS - 1)
        x = _LEFT + t_s * scale
        at = "start" if tick == 0 else "end" if tick == TICKS - 1 else "middle"
        when = iso(begin_ns + ns(t_s))
        short = when[11:19] if one.seconds < 86_400 else f"{when[5:10]} {when[11:16]}"
        parts += [
            f'<path class="grid" d="M{x:.1f} 0V{high:.1f}"/>',
            text(x, high + 16, short, at=at, kind="small"),
        ]
    for row, zone in enumerate(shown):
        y = row * _HIGH
        name = _name(zones, zone.zone)
        parts.append(text(0, y + 15, name if len(name) < 20 else f"{name[:18]}…", kind="small"))
        for style, top, bars in (("ours", 3.0, zone.ours), ("theirs", 11.5, zone.theirs)):
            for from_s, until_s in bars:
                wide = max((until_s - from_s) * scale, 0.8)
                parts.append(
                    f'<rect class="{style} bar" x="{_LEFT + from_s * scale:.1f}" y="{y + top:.1f}"'
                    f' width="{wide:.1f}" height="7"/>'
                )
    return svg(high + 24, parts, "When each zone was in alarm, by us and by them")


def _state(zone: Zone) -> str:
    return "both" if zone.ours and zone.theirs else "ours" if zone.ours else "theirs"


def _name(zones: ZoneMap, zone: str) -> str:
    row = zones.row(zone)
    preferred = [zones.names[lang] for lang in ("en",) if lang in zones.names]
    names = [*preferred, *zones.names.values()]
    return next((some[row] for some in names if some[row]), zone)


def _list(some: Sequence[Lone]) -> str:
    if not some:
        return "<p>None.</p>"
    return "<ol>" + "".join(f"<li>{escape(said(one))}</li>" for one in some) + "</ol>"
