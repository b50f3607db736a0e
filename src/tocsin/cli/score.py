"""`tocsin score`: what a run came to, from its journal and the truth."""

import sys
from functools import partial
from pathlib import Path

from rich.progress import Progress

from tocsin.cli.processes import cores, in_processes
from tocsin.cli.say import progress_console, put_json, refuse, refusing
from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.edge.site import BadSite
from tocsin.score import Measured, Scorecard, measure, render_text, summed
from tocsin.sim import runs
from tocsin.sim import truth as truths
from tocsin.sim.runs import Raid


def score(folder: Path, /, *, policy: str = "", json: bool = False, jobs: int = 0) -> None:
    """Score a folder that 'tocsin simulate' or 'tocsin demo --out' left.

    Missed impacts, lead time against time to shelter, person-minutes under alarm and the same for
    warning whole regions, false stages, latency. Each figure is defined in
    docs/reference/scorecard.md. The raids of a run are scored as one.

    Parameters
    ----------
    folder
        Holds journal.sqlite, truth.* and scenario.toml, or a run of such folders.
    policy
        Decide again under this policy, upon the same inputs.
    json
        Print one JSON document.
    jobs
        Processes that read the raids of a run; 0: one for each core.
    """
    if jobs < 0:
        refuse("--jobs is not negative; 0 leaves it to the machine")
    with refusing(ValueError, BadSite, OSError):
        card = card_of(folder, policy, jobs)
    if json:
        put_json(card)
    else:
        print(render_text(card))


def card_of(folder: Path, policy: str = "", jobs: int = 0) -> Scorecard:
    """The scorecard of a folder. Raises ValueError or BadSite saying how to mend it."""
    run = runs.read(folder)
    if run is None:
        measured, named = measured_of(folder, policy)
        return summed([measured], policy=named)
    work = partial(_raid, folder, policy)
    found = dict(in_processes(work, run.raids, jobs or cores(), "scoring"))
    raids = [found[raid] for raid in run.raids]  # in order, whichever was done first
    return summed(
        [measured for measured, _ in raids],
        policy=raids[0][1],
        scenario=run.scenario,
        seed=run.seed,
    )


def _raid(folder: Path, policy: str, raid: Raid) -> tuple[Measured, str]:
    """One raid of a run, in whichever process this is."""
    return measured_of(folder / raid.folder, policy, shown=False)


def measured_of(folder: Path, policy: str = "", *, shown: bool = True) -> tuple[Measured, str]:
    """What is counted of one folder, and the name of the policy that decided."""
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    if policy:
        hidden = not (shown and sys.stderr.isatty())
        with Progress(console=progress_console, disable=hidden) as progress:
            task = progress.add_task("deciding again", total=journal.last_number)
            alerts = reading.alerts_under(
                journal, policy, lambda n: progress.update(task, completed=n)
            )
    else:
        alerts = reading.alerts(journal)
    measured = measure(
        alerts, truths.read(folder), reading.zones_of(journal), reading.latencies_ms(journal)
    )
    return measured, policy or reading.site_of(journal).policy
