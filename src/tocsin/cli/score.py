"""`tocsin score`: what a run came to, from its journal and the truth."""

import sys
from pathlib import Path

from rich.progress import Progress

from tocsin.cli.say import progress_console, put_json, refusing
from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.edge.site import BadSite
from tocsin.score import Scorecard, render_text
from tocsin.score import score as make_card
from tocsin.sim import truth as truths


def score(folder: Path, /, *, policy: str = "", json: bool = False) -> None:
    """Score a folder that 'tocsin simulate' or 'tocsin demo --out' left.

    Missed impacts, lead time against time to shelter, person-minutes under alarm and the same for
    warning whole regions, false stages, latency. Each figure is defined in
    docs/reference/scorecard.md.

    Parameters
    ----------
    folder
        Holds journal.sqlite, truth.* and scenario.toml.
    policy
        Decide again under this policy, upon the same inputs.
    json
        Print one JSON document.
    """
    with refusing(ValueError, BadSite, OSError):
        card = card_of(folder, policy)
    if json:
        put_json(card)
    else:
        print(render_text(card))


def card_of(folder: Path, policy: str = "") -> Scorecard:
    """The scorecard of a folder. Raises ValueError or BadSite saying how to mend it."""
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    if policy:
        with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("deciding again", total=journal.last_number)
            alerts = reading.alerts_under(
                journal, policy, lambda n: progress.update(task, completed=n)
            )
    else:
        alerts = reading.alerts(journal)
    return make_card(
        alerts,
        truths.read(folder),
        reading.zones_of(journal),
        policy=policy or reading.site_of(journal).policy,
        latencies_ms=reading.latencies_ms(journal),
    )
