"""Write the table of `docs/reference/impact.md` from a report.

    .venv/bin/python -m bench predict --json > out/predict.json
    .venv/bin/python -m tools.impact out/predict.json

The report stands between, and can be kept (`tools/figures.py`).
"""

import sys
from typing import Any, Final

from tools.figures import DOCS, fill, measured_on, reached, unit
from tools.figures import report as asked

PAGE: Final = DOCS / "reference" / "impact.md"
BEGIN: Final = "<!-- figures: written by tools/impact.py -->"


def main() -> int:
    """Write the page, or say in one line what the report lacks."""
    report = asked(__doc__)
    if not any("flights" in row for row in report["rows"]):
        sys.stderr.write("impact: no accuracy in the report: run all parts of the bench\n")
        return 2
    fill(PAGE, BEGIN, figures(report))
    return 0


def figures(report: dict[str, Any]) -> str:
    """What it was measured on, and the table."""
    lines = [
        f"{measured_on(report)}.",
        "",
        "| figure | Tocsin | least to most | Monte Carlo, 1,000 flights | to reach |",
        "|---|---|---|---|---|",
        *(table_row(row) for row in report["rows"] if row.get("page") is None),
        "",
    ]
    return "\n".join(lines)


def table_row(row: dict[str, Any]) -> str:
    """One line."""
    cells = (
        row["name"],
        f"{number(row['tocsin'])}{unit(row)}",
        " to ".join(number(value) for value in row["spread"] or ()),
        "" if row["peer"] is None else f"{number(row['peer'])}{unit(row)}",
        reached(row),
    )
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """Two or three figures, never an exponent where a person can do without."""
    if abs(value) >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
