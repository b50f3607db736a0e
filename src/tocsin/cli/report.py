"""The scorecard as a page: the pictures of `score`, and why its worst cases were told what."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from tocsin.cli.say import progress_console
from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.edge.replay import explanations, story
from tocsin.rules.alerts import alert_id
from tocsin.score import Measured, Scorecard
from tocsin.score.beside import Beside
from tocsin.score.page import render_html
from tocsin.score.worst import worst


def page(
    card: Scorecard,
    raids: Sequence[tuple[Path, Measured]],
    policy: str,
    other: Beside | None = None,
    policies: Sequence[Scorecard] = (),
) -> str:
    """The page of one raid or a run; folds again the journals that hold a worst case."""
    cases = worst([measured for _, measured in raids])
    said: dict[tuple[int, str], str] = {}
    with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
        for number in dict.fromkeys(case.raid for case in cases):
            names = [case.alert for case in cases if case.raid == number and case.alert]
            for name, told in _stories(raids[number][0], names, policy, progress):
                said[number, name] = told
    journal = Journal.open(raids[0][0] / "journal.sqlite", read_only=True)
    explained = [(case, said.get((case.raid, case.alert), "")) for case in cases]
    return render_html(
        card, [one for _, one in raids], reading.zones_of(journal), explained, other, policies
    )


def _stories(
    folder: Path, names: list[str], policy: str, progress: Progress
) -> list[tuple[str, str]]:
    """Each alert of a raid with what `tocsin explain` tells of it."""
    if not names:
        return []
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    task = progress.add_task(f"explaining {folder.name}", total=journal.last_number)
    return [
        (alert_id(one.alert), "\n".join(story(one)))
        for one in explanations(
            journal, names, policy, lambda n: progress.update(task, completed=n)
        )
    ]
