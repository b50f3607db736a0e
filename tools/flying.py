"""Write the figures of `docs/reference/flying.md` and its diagram from reports.

    .venv/bin/python -m bench predict --only flying,mixed --json > out/flying.json
    .venv/bin/python -m tools.flying out/flying.json

The report stands between, and can be kept (`tools/figures.py`).
"""

import math
import sys
from typing import Any, Final

from tools.figures import DOCS, fill, measured_on, reached, unit
from tools.figures import report as asked

PAGE: Final = DOCS / "reference" / "flying.md"
PICTURE: Final = DOCS / "images" / "flying.svg"
BEGIN: Final = "<!-- figures: written by tools/flying.py -->"
EDGES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0)
"""As `tocsin.score.reliability.EDGES`; a test holds them together."""
COLOURS: Final = ("#1b6ca8", "#b3541e", "#3a7d44")


def main() -> int:
    """Write the page and the picture, or say in one line what the report lacks."""
    report = asked(__doc__)
    rows = [row for row in report["rows"] if row.get("page") == "flying"]
    runs = [row for row in rows if "cells" in row]
    if not runs:
        sys.stderr.write("flying: no calibration in the report: run bench predict --only flying\n")
        return 2
    fill(PAGE, BEGIN, figures(report, rows, runs))
    PICTURE.write_text(picture(shown(runs)), encoding="utf-8")
    return 0


def shown(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs of the default aims, kinds together."""
    return [run for run in runs if run["aims"] == "people" and run["kind"] == "both"]


def figures(report: dict[str, Any], rows: list[dict[str, Any]], runs: list[dict[str, Any]]) -> str:
    """The tables."""
    lines = [
        f"{measured_on(report)}.",
        "",
        "| figure | measured | to reach |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {number(row['tocsin'])}{unit(row)} | {reached(row)} |"
        for row in rows
        if row["target"]
    ]
    lines += [
        "",
        (
            "| scenario | kind | aims | flights | moments | cells | calibration error | worst bin"
            " | surprise 180 s | 600 s | 1800 s |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        worst = next(row for row in rows if row["name"] == _worst_of(run["name"]))
        cells = [
            run["scenario"], run["kind"], run["aims"], f"{run['flights']:,}",
            f"{run['moments']:,}", f"{sum(run['cells']):,}", number(run["tocsin"]),
            number(worst["tocsin"]), *(f"{value:.3f}" for value in run["surprise"]),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    for run in shown(runs):
        lines += ["", f"`{run['scenario']}`, drones and cruise missiles, aims people:", ""]
        lines += ["| chance | cells | said | was |", "|---|---|---|---|"]
        for k, count in enumerate(run["cells"]):
            if count:
                said, was = run["said"][k] / count, run["was"][k] / count
                span = f"{EDGES[k]:g} to {EDGES[k + 1]:g}"
                lines.append(f"| {span} | {count:,} | {said:.4f} | {was:.4f} |")
    return "\n".join([*lines, ""])


def _worst_of(name: str) -> str:
    return name.replace("calibration error", "worst bin")


def number(value: float) -> str:
    """Two or three figures, never an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.4f}"


def picture(runs: list[dict[str, Any]]) -> str:
    """The reliability diagram as SVG, both scales by powers of ten from 0.1 %."""
    side, left, top = 420.0, 70.0, 20.0

    def at(share: float) -> float:
        return (math.log10(max(share, 1e-3)) + 3.0) / 3.0 * side

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + side + 20:.0f} '
            f'{top + side + 50:.0f}"'
        ),
        'font-family="sans-serif" font-size="13" role="img">',
        "<title>Reliability of the forecast of drones and cruise missiles</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<path d="M{left} {top + side}L{left + side} {top}" stroke="#222" fill="none"/>',
    ]
    for share in (0.001, 0.01, 0.1, 1.0):
        x, y = left + at(share), top + side - at(share)
        parts += [
            f'<path d="M{x:.1f} {top}V{top + side}M{left} {y:.1f}H{left + side}" stroke="#ddd"/>',
            (
                f'<text x="{x:.1f}" y="{top + side + 18}" text-anchor="middle">'
                f"{100 * share:g} %</text>"
            ),
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:g} %</text>',
        ]
    for number_, run in enumerate(runs):
        colour = COLOURS[number_ % len(COLOURS)]
        y = top + 20 + 18 * number_
        parts.append(f'<text x="{left + 12}" y="{y}" fill="{colour}">{run["scenario"]}</text>')
        for said, was, count in zip(run["said"], run["was"], run["cells"], strict=True):
            if count:
                parts.append(
                    f'<circle cx="{left + at(said / count):.1f}" '
                    f'cy="{top + side - at(was / count):.1f}" '
                    f'r="{2.0 + 1.4 * math.log10(count):.1f}" fill="{colour}" '
                    f'fill-opacity="{0.75 if was else 0.2}"><title>said {said / count:.4f}, '
                    f"was {was / count:.4f} of {count} cells</title></circle>"
                )
    parts.append(
        f'<text x="{left + side / 2}" y="{top + side + 40}" text-anchor="middle">'
        "forecast chance; upwards: the share that came true</text>"
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
