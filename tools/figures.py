"""What the writers of figures share: a report of the bench in, a page with its table out.

Measuring takes minutes and writing does not: the report stands between, and can be kept.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"
END: Final = "<!-- end of figures -->"
MET: Final = {True: "met", False: "**not met**", None: "not measured"}


def report(use: str | None) -> dict[str, Any]:
    """The report that the command line names; `use` is told to whoever asks for help."""
    parser = argparse.ArgumentParser(description=use)
    parser.add_argument("report", type=Path)
    found: dict[str, Any] = json.loads(parser.parse_args().report.read_text(encoding="utf-8"))
    return found


def filled(page: str, begin: str, table: str) -> str:
    """The page with everything between the marks `begin` and `END` replaced."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n\n{table}\n{END}{after}"


def fill(page: Path, begin: str, table: str) -> None:
    """The same in place."""
    page.write_text(filled(page.read_text(encoding="utf-8"), begin, table), encoding="utf-8")


def measured_on(told: dict[str, Any]) -> str:
    """Machine and versions of a report."""
    machine, versions = told["machine"], told["versions"]
    known = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {known}"


def unit(row: dict[str, Any]) -> str:
    """The unit as it follows a number."""
    return "" if row["unit"] == "1" else f" {row['unit']}"


def reached(row: dict[str, Any]) -> str:
    """What was to be reached, and whether it was."""
    return f"{row['target']}: {MET[row['met']]}" if row["target"] else ""
