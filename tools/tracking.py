"""Write the table and the reliability diagram of `docs/reference/tracking.md` from a report.

    .venv/bin/python -m bench track --json > out/track.json
    .venv/bin/python -m tools.tracking out/track.json

The report stands between, and can be kept (`tools/figures.py`).
"""

import math
import sys
from typing import Any, Final

from tools.figures import DOCS, fill, measured_on, reached, unit
from tools.figures import report as asked

PAGE: Final = DOCS / "reference" / "tracking.md"
PICTURE: Final = DOCS / "images" / "reliability.svg"
BEGIN: Final = "<!-- figures: written by tools/tracking.py -->"
Row = dict[str, Any]

SIDE: Final = 360.0  # of the square, in SVG units
LEFT: Final = 60.0
TOP: Final = 50.0
COUNTS: Final = 80.0  # height of the lower panel
INK: Final = "#222"
BLUE: Final = "#2b6cb0"


def main() -> int:
    """Write both, or say in one line what the report lacks."""
    report = asked(__doc__)
    judged = [row for row in report["rows"] if "bins" in row]
    if not judged:
        sys.stderr.write("tracking: no calibration in the report: run all parts of the bench\n")
        return 2
    fill(PAGE, BEGIN, figures(report))
    PICTURE.write_text(svg(judged[0]), encoding="utf-8")
    return 0


def figures(report: dict[str, Any]) -> str:
    """What it was measured on, and the table."""
    rows = report["rows"]
    sources = ", ".join(sorted({row["scenario"] for row in rows if row.get("scenario")}))
    lines = [
        f"{measured_on(report)}. Scenario: {sources}.",
        "",
        "| figure | Tocsin | peer | ratio | spread | to reach |",
        "|---|---|---|---|---|---|",
    ]
    lines += [table_row(row) for row in rows]
    if any("bins" in row for row in rows):
        lines += [
            "",
            "![Share of tracks that were real against existence](../images/reliability.svg)",
        ]
    return "\n".join([*lines, ""])


def table_row(row: Row) -> str:
    """One line; a ratio above 1 says that Tocsin is ahead."""
    cells = [f"{row['name']} (seeds {seeds(row)})" if row.get("seeds") else row["name"]]
    cells.append("missing" if row["tocsin"] is None else f"{number(row['tocsin'])}{unit(row)}")
    peer = row["peer"]
    cells.append("" if peer is None else f"{number(peer)}{unit(row)}, {row['peer_name']}")
    cells.append("" if row["ratio"] is None else number(row["ratio"]))
    cells.append(" to ".join(number(value) for value in row["spread"] or ()))
    cells.append(reached(row))
    return "| " + " | ".join(cells) + " |"


def seeds(row: Row) -> str:
    """1-8 where they follow each other, else each."""
    every = sorted(set(row["seeds"]))
    if len(every) > 2 and every == list(range(every[0], every[-1] + 1)):
        return f"{every[0]}-{every[-1]}"
    return ", ".join(map(str, every))


def number(value: float) -> str:
    """Four figures, never an exponent where a person can do without."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def svg(row: Row) -> str:
    """The picture of one row of `calibration_rows`."""
    bins: list[dict[str, Any]] = row["bins"]
    parts = [_frame(row), _axis()]
    most = math.log10(max(2, *(b["count"] for b in bins)))
    floor = TOP + SIDE + 40 + COUNTS
    for b in bins:
        x, width = LEFT + SIDE * b["low"], SIDE * (b["high"] - b["low"])
        if b["count"]:
            high = SIDE * b["was"]
            parts.append(_box(x + 1, TOP + SIDE - high, width - 2, high))
            parts.append(
                f'<circle cx="{LEFT + SIDE * b["said"]:.1f}" '
                f'cy="{TOP + SIDE * (1 - b["was"]):.1f}" r="3.5" fill="{INK}"/>'
            )
            # One track is a sliver, ten times as many are one step more.
            tall = COUNTS * (0.03 + 0.97 * math.log10(b["count"]) / most)
            parts.append(_box(x + 1, floor - tall, width - 2, tall))
    parts.append(
        f'<text x="{LEFT + SIDE / 2}" y="{floor + 20}" text-anchor="middle">'
        f"number of track states in the bin, 1 to {max(b['count'] for b in bins):,}, "
        "logarithmic</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


def _box(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{BLUE}" fill-opacity="0.55"/>'
    )


def _frame(row: Row) -> str:
    seeds = ", ".join(str(seed) for seed in row["seeds"])
    wide, tall = LEFT + SIDE + 30, TOP + SIDE + COUNTS + 80
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {tall:g}" '
        f'width="{wide:g}" height="{tall:g}" font-family="sans-serif" font-size="12" '
        f'fill="{INK}" role="img" aria-label="Reliability diagram of existence">\n'
        f'<rect width="{wide:g}" height="{tall:g}" fill="#fff"/>\n'
        f'<text x="{LEFT}" y="20" font-size="14">Existence: said and true, '
        f"calibration error {row['tocsin']:.4f}</text>\n"
        f'<text x="{LEFT}" y="38">{row["tracks"]:,} track states, seeds {seeds}, '
        f"scenario {row['scenario']}</text>"
    )


def _axis() -> str:
    bottom, right = TOP + SIDE, LEFT + SIDE
    lines = [
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{INK}"/>',
        (
            f'<line x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{TOP}" stroke="{INK}" '
            'stroke-dasharray="5 4"/>'
        ),
        (
            f'<text x="{LEFT + SIDE / 2}" y="{bottom + 32}" text-anchor="middle">'
            "existence that the picture gave</text>"
        ),
        (
            f'<text transform="translate(16 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">'
            "share of them that was a target</text>"
        ),
    ]
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x, y = LEFT + SIDE * tick, bottom - SIDE * tick
        lines.append(f'<text x="{x:g}" y="{bottom + 16:g}" text-anchor="middle">{tick:g}</text>')
        lines.append(f'<text x="{LEFT - 6:g}" y="{y + 4:g}" text-anchor="end">{tick:g}</text>')
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
