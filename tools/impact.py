"""Write the table of `docs/reference/impact.md` from a report.

    .venv/bin/python -m bench predict --json > out/predict.json
    .venv/bin/python tools/impact.py out/predict.json

Measuring takes minutes and writing does not: the report stands between, and can be kept.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "impact.md"
BEGIN: Final = "<!-- figures: written by tools/impact.py -->"
END: Final = "<!-- end of figures -->"


def main() -> int:
    """Write the page, or say in one line what the report lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    report = json.loads(parser.parse_args().report.read_text(encoding="utf-8"))
    if not any("flights" in row for row in report["rows"]):
        sys.stderr.write("impact: no accuracy in the report: run all parts of the bench\n")
        return 2
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, figures(report)), encoding="utf-8")
    return 0


def filled(page: str, table: str) -> str:
    """The page with everything between the two marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def figures(report: dict[str, Any]) -> str:
    """What it was measured on, and the table."""
    machine, versions, rows = report["machine"], report["versions"], report["rows"]
    known = ", ".join(f"{name} {number}" for name, number in versions.items())
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {known}.",
        "",
        "| figure | Tocsin | least to most | Monte Carlo, 1,000 flights | to reach |",
        "|---|---|---|---|---|",
        *map(table_row, rows),
        "",
    ]
    return "\n".join(lines)


def table_row(row: dict[str, Any]) -> str:
    """One line."""
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    met = {True: "met", False: "**not met**", None: "not measured"}[row["met"]]
    cells = (
        row["name"],
        f"{number(row['tocsin'])}{unit}",
        " to ".join(number(value) for value in row["spread"] or ()),
        "" if row["peer"] is None else f"{number(row['peer'])}{unit}",
        f"{row['target']}: {met}" if row["target"] else "",
    )
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """Two or three figures, never an exponent where a person can do without."""
    if abs(value) >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
