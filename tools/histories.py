"""Write the table of `docs/reference/histories.md` from what `tools.history --json` printed.

    .venv/bin/python -m tools.histories "Israel, 2014 to 2024=il.json" "Ukraine, June=ua.json" ...

Each word is the head of a column and a report. Folding years takes minutes and writing does not:
the reports stand between, and can be kept.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tools.figures import DOCS, fill

PAGE: Final = DOCS / "reference" / "histories.md"
BEGIN: Final = "<!-- figures: written by tools/histories.py -->"
Report = dict[str, Any]


def _share(of: str, name: str) -> Callable[[Report], str]:
    return lambda report: f"{100.0 * report[of][name]:.1f} %"


def _number(of: str, name: str, form: str) -> Callable[[Report], str]:
    return lambda report: format(report[of][name], form)


ROWS: Final[tuple[tuple[str, Callable[[Report], str]], ...]] = (
    ("zones", lambda report: f"{report['zones']:,}"),
    ("alarms issued", _number("issued", "alarms", ",")),
    ("alarms of ours", _number("ours", "alarms", ",")),
    (
        "again within 10 min of the last one's beginning, issued",
        _share("issued", "again_within_10_min"),
    ),
    ("the same, ours", _share("ours", "again_within_10_min")),
    (
        "within 10 min of the last one's end, issued",
        _share("issued", "within_10_min_of_the_end"),
    ),
    ("the same, ours", _share("ours", "within_10_min_of_the_end")),
    ("median minutes, issued", _number("issued", "minutes_median", ".1f")),
    ("the same, ours", _number("ours", "minutes_median", ".1f")),
    ("ninth decile of minutes, issued", _number("issued", "minutes_p90", ".1f")),
    ("the same, ours", _number("ours", "minutes_p90", ".1f")),
    ("zone-hours in alarm, issued", _number("issued", "zone_hours", ",.0f")),
    ("the same, ours", _number("ours", "zone_hours", ",.0f")),
    ("ends in the record", lambda report: f"{report['ends_issued']:,}"),
    ("all-clears of ours, one for each alarm", lambda report: f"{report['all_clears']:,}"),
    (
        "minutes from the end as issued to our all-clear, median",
        _number("minutes_held_on", "median", ".1f"),
    ),
    ("the same, ninth decile", _number("minutes_held_on", "p90", ".1f")),
    (
        "alerts that did not find their zone in alarm at once",
        lambda report: f"{report['not_in_alarm']:,}",
    ),
    ("all-clears while an alert held", lambda report: f"{report['ended_while_issued']:,}"),
)


def table(columns: Sequence[tuple[str, Report]]) -> str:
    """The rows, a column for each report."""
    lines = [
        "| | " + " | ".join(head for head, _ in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name, cell in ROWS:
        lines.append(f"| {name} | " + " | ".join(cell(report) for _, report in columns) + " |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> int:
    """Write the page, or say in one line what is wanted."""
    pairs = [word.rpartition("=") for word in words]
    if not pairs or any(not head for head, _, _ in pairs):
        sys.stderr.write("histories: give HEAD=REPORT, one for each column\n")
        return 2
    columns = [(head, json.loads(Path(path).read_text("utf-8"))) for head, _, path in pairs]
    fill(PAGE, BEGIN, table(columns))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
