"""The charts of the report, as inline SVG: colours from the page's style, and shapes beside them.

Nothing here knows what is good: the numbers are those of the scorecard.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from tocsin.score.measured import Hit
from tocsin.score.scorecard import Bin, Latency, Scorecard
from tocsin.words import THREATS

WIDE: Final = 480
_LEFT: Final = 112
"""Width of a chart, and of the labels at its left, in units of its picture; chosen for a phone."""

LEADS_S: Final = (0, 15, 30, 60, 90, 120, 180, 300, 450, 600, 900)
"""Edges of the bins of lead; the first is what counts as missed, the last is open."""


def svg(high: float, parts: Sequence[str], title: str) -> str:
    """A picture `WIDE` units wide, as wide as the page."""
    head = f'<svg viewBox="0 0 {WIDE} {high:.0f}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>"])


def text(x: float, y: float, said: str, *, at: str = "start", kind: str = "") -> str:
    """A line of text; `at` start, middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{at}" class="{kind}">{escape(said)}</text>'


def leads(hits: Sequence[Hit]) -> str:
    """How long before the impact zones were in cover, for each kind: in time, short, missed."""
    kinds = [kind for kind in THREATS if any(hit.kind == kind for hit in hits)]
    bins, high = len(LEADS_S) + 1, 110.0
    wide = (WIDE - _LEFT) / bins
    parts = []
    for row, kind in enumerate(kinds):
        mine = [hit for hit in hits if hit.kind == kind]
        base = (row + 1) * high + 4.0
        counts = [[0, 0, 0] for _ in range(bins)]
        for hit in mine:
            which = 0 if hit.missed else 2 if hit.lead_s >= hit.shelter_s else 1
            counts[_lead_bin(hit.lead_s)][which] += 1
        most = max(sum(one) for one in counts)
        parts += [
            text(0, base - high / 2, f"{kind}, {len(mine)}"),
            text(0, base - high / 2 + 17, _shelters(mine), kind="small"),
        ]
        for column, one in enumerate(counts):
            x, y = _LEFT + column * wide, base
            for count, style in zip(one, ("missed", "late", "fine"), strict=True):
                tall = count / most * (high - 30.0)
                y -= tall
                if count:
                    parts.append(_box(x + 2, y, wide - 4, tall, style))
            if sum(one):
                parts.append(text(x + wide / 2, y - 4, str(sum(one)), at="middle", kind="small"))
        parts.append(f'<path class="axis" d="M{_LEFT} {base:.1f}H{WIDE}"/>')
    base = len(kinds) * high + 22.0
    parts.append(text(_LEFT + wide / 2, base, "never", at="middle", kind="small"))
    for column, edge in enumerate(LEADS_S[1:], start=2):  # 0 has no room beside "never"
        parts.append(text(_LEFT + column * wide, base, str(edge), at="middle", kind="small"))
    parts.append(text(WIDE, base + 18, "seconds in cover before the impact", at="end"))
    return svg(base + 26, parts, "Lead time by kind against time to shelter")


def costs(card: Scorecard) -> str:
    """Person-minutes of ours and of the baselines, on a scale of powers of ten."""
    rows = [
        ("whole regions", card.person_minutes_region, "base"),
        ("raions", card.person_minutes_raion, "base"),
        (f"ours ({card.policy})", card.person_minutes, "fine"),
        ("the oracle", card.person_minutes_oracle, "base"),
        ("early, apart", card.early_person_minutes, "thin"),
        ("stand-by, apart", card.stand_by_person_minutes, "thin"),
    ]
    known = [
        (name, value, f"{value:,.0f}", style) for name, value, style in rows if value is not None
    ]
    return _bars(known, "Person-minutes, ours and baselines", above=0.0)


def policies(cards: Sequence[Scorecard]) -> str:
    """Person-minutes and missed zones under each policy; names are long and stand above."""
    rows = [
        (
            card.policy,
            card.person_minutes,
            f"{card.person_minutes:,.0f}; missed {card.missed} of {card.hits}",
            "fine" if card.missed == 0 else "missed",
        )
        for card in cards
    ]
    return _bars(rows, "Person-minutes by policy", above=18.0)


def _bars(rows: Sequence[tuple[str, float, str, str]], title: str, *, above: float) -> str:
    """A bar for each of (name, value, what stands behind it, style); names beside or above."""
    known = [value for _, value, *_ in rows if value > 0.0] or [1.0]
    low, top = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)) + 0.01)
    left, behind = (0.0, 170.0) if above else (float(_LEFT), 90.0)
    scale = (WIDE - left - behind) / max(top - low, 1)
    high = 30.0 + above
    parts = []
    for power in range(low, top + 1):
        x = left + (power - low) * scale
        parts += [
            f'<path class="grid" d="M{x:.1f} 0V{len(rows) * high:.1f}"/>',
            text(
                x, len(rows) * high + 16, _large(10.0**power),
                at="start" if x == 0.0 else "middle", kind="small",
            ),
        ]  # fmt: skip
    for row, (name, value, said, style) in enumerate(rows):
        long = max(math.log10(value) - low, 0.0) * scale if value > 0.0 else 0.0
        y = row * high + above
        parts += [
            text(0, row * high + (16.0 if above else 20.0), name),
            _box(left, y + 6, long, 18, style),
            text(left + long + 6, y + 20, said, kind="small"),
        ]
    return svg(len(rows) * high + 24, parts, title)


def diagram(bins: Sequence[Bin]) -> str:
    """The reliability diagram, both scales by powers of ten from 0.1 %; larger dots, more cells."""
    side, left, top = 380.0, 64.0, 12.0

    def at(share: float) -> float:
        return (math.log10(max(share, 1e-3)) + 3.0) / 3.0 * side

    parts = [f'<path class="even" d="M{left} {top + side}L{left + side} {top}"/>']
    for share in (0.001, 0.01, 0.1, 1.0):
        x, y = left + at(share), top + side - at(share)
        parts += [
            f'<path class="grid" d="M{x:.1f} {top}V{top + side}M{left} {y:.1f}H{left + side}"/>',
            text(x, top + side + 16, f"{100 * share:g} %", at="middle", kind="small"),
            text(left - 6, y + 4, f"{100 * share:g} %", at="end", kind="small"),
        ]
    for one in bins:
        if one.said is None or one.was is None:
            continue
        x, y = left + at(one.said), top + side - at(one.was)
        size = 3.0 + 1.6 * math.log10(one.cells)
        style = "dot" if one.was > 0.0 else "dot none"
        told = f"{one.low:g} to {one.high:g}: said {one.said:.4f}, was {one.was:.4f}"
        parts.append(
            f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}">'
            f"<title>{told} of {one.cells} cells</title></circle>"
        )
    parts += [
        text(left + side / 2, top + side + 36, "forecast chance", at="middle"),
        text(left + 10, top + 20, "share that came true"),
        text(left + 10, top + 38, "above the line: said too little", kind="small"),
        text(left + 10, top + 54, "below: said too much", kind="small"),
        text(left + 10, top + 70, "hollow: never came true", kind="small"),
    ]
    return svg(top + side + 46, parts, "Reliability of the forecast")


def latencies(steps: dict[str, Latency]) -> str:
    """Milliseconds of each step: half are faster than the bar, 99 in 100 than its line."""
    most = max((one.p99 or 0.0 for one in steps.values()), default=0.0) or 1.0
    scale, high = (WIDE - _LEFT - 90.0) / most, 30.0
    parts = []
    for row, (name, one) in enumerate(steps.items()):
        half, nearly, y = (one.p50 or 0.0) * scale, (one.p99 or 0.0) * scale, row * high
        parts += [
            text(0, y + 20, name),
            _box(_LEFT, y + 6, half, 18, "fine"),
            _whisker(_LEFT + half, y + 15, nearly - half),
            text(_LEFT + nearly + 6, y + 20, f"{one.p50:.1f} / {one.p99:.1f}", kind="small"),
        ]
    parts.append(text(WIDE, len(steps) * high + 16, "ms, p50 / p99", at="end", kind="small"))
    return svg(len(steps) * high + 24, parts, "Latency of each step")


def _lead_bin(lead_s: float) -> int:
    """0 never, then the bins of `LEADS_S`."""
    return sum(lead_s >= edge for edge in LEADS_S)


def _shelters(hits: Sequence[Hit]) -> str:
    """The times to shelter of these zones, as a span."""
    low, high = min(hit.shelter_s for hit in hits), max(hit.shelter_s for hit in hits)
    return f"shelter {low:.0f} s" if low == high else f"shelter {low:.0f}-{high:.0f} s"


def _box(x: float, y: float, wide: float, tall: float, style: str) -> str:
    size = f'width="{max(wide, 0.0):.1f}" height="{max(tall, 0.0):.1f}"'
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" {size}/>'


def _large(value: float) -> str:
    for power, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:g} {name}"
    return f"{value:g}"


def _whisker(x: float, y: float, long: float) -> str:
    return f'<path class="axis" d="M{x:.1f} {y:.1f}h{long:.1f}m0 -7v14"/>'
