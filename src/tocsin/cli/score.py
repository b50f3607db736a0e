"""`tocsin score`: what a run came to, from its journal and the truth."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from rich.progress import Progress

from tocsin.cli.processes import cores, in_processes
from tocsin.cli.report import page
from tocsin.cli.say import progress_console, put_json, refuse, refusing
from tocsin.decide import POLICIES
from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.edge.site import BadSite
from tocsin.instant import ns
from tocsin.score import (
    Measured,
    Scorecard,
    measure,
    render_policies,
    render_text,
    summed,
)
from tocsin.score.flaps import cited
from tocsin.score.reliability import EVERY_S, reliability
from tocsin.score.seen import Plots, seen
from tocsin.sim import runs
from tocsin.sim import truth as truths
from tocsin.sim.runs import Raid, Run

ALL: Final = "all"
"""As a policy: every shipped one, beside each other."""


def score(
    folder: Path,
    /,
    *,
    policy: str = "",
    calibration: Annotated[bool, Parameter(negative="")] = False,
    html: Path | None = None,
    json: bool = False,
    jobs: int = 0,
) -> None:
    """Score a folder that 'tocsin simulate' or 'tocsin demo --out' left.

    Missed impacts, lead time against time to shelter, person-minutes under alarm beside those of
    whole regions and of an oracle, false stages, latency. Each figure is defined in
    docs/reference/scorecard.md. The raids of a run are scored as one.

    Parameters
    ----------
    folder
        Holds journal.sqlite, truth.* and scenario.toml, or a run of such folders.
    policy
        Decide again under this policy, upon the same inputs; 'all' compares those that are shipped.
    calibration
        Compare the forecast chances with what came down, too: the journal is folded again.
    html
        Write the report with pictures to this file, too: one page that loads nothing.
    json
        Print one JSON document.
    jobs
        Processes that read the raids of a run; 0: one for each core.
    """
    if jobs < 0:
        refuse("--jobs is not negative; 0 leaves it to the machine")
    if policy == ALL:
        if html is not None or calibration:
            refuse("--policy all is a table; --html and --calibration want one policy")
        with refusing(ValueError, BadSite, OSError):
            cards = compared(folder, jobs)
        if json:
            put_json(cards)
        else:
            print(render_policies(cards))
        return
    with refusing(ValueError, BadSite, OSError):
        card, raids = judged(folder, policy, jobs, calibration=calibration)
        if html is not None:
            html.write_text(page(card, raids, policy), encoding="utf-8")
    if json:
        put_json(card)
    else:
        print(render_text(card))


def card_of(
    folder: Path, policy: str = "", jobs: int = 0, *, calibration: bool = False
) -> Scorecard:
    """The scorecard of a folder. Raises ValueError or BadSite saying how to mend it."""
    return judged(folder, policy, jobs, calibration=calibration)[0]


def compared(folder: Path, jobs: int = 0) -> list[Scorecard]:
    """The scorecard of a folder under each shipped policy."""
    run = runs.read(folder)
    names = tuple(name for name in POLICIES if name != "default")
    if run is None:
        found = [measured_of(folder, names)]
    else:
        found = _raids(folder, run, names, jobs or cores(), calibration=False)
    scenario, seed = ("", -1) if run is None else (run.scenario, run.seed)
    return [
        summed([raid[row][0] for raid in found], policy=name, scenario=scenario, seed=seed)
        for row, name in enumerate(names)
    ]


def judged(
    folder: Path, policy: str = "", jobs: int = 0, *, calibration: bool = False
) -> tuple[Scorecard, list[tuple[Path, Measured]]]:
    """The scorecard of a folder, and what was measured of each of its raids."""
    run, names = runs.read(folder), (policy,) if policy else ()
    if run is None:
        [(measured, named)] = measured_of(folder, names, calibration=calibration)
        return summed([measured], policy=named), [(folder, measured)]
    raids = [
        raid for [raid] in _raids(folder, run, names, jobs or cores(), calibration=calibration)
    ]
    card = summed(
        [measured for measured, _ in raids],
        policy=raids[0][1],
        scenario=run.scenario,
        seed=run.seed,
    )
    paths = [folder / raid.folder for raid in run.raids]
    return card, list(zip(paths, (measured for measured, _ in raids), strict=True))


def _raids(
    folder: Path, run: Run, policies: tuple[str, ...], jobs: int, *, calibration: bool
) -> list[list[tuple[Measured, str]]]:
    """The raids in their order, whichever was done first; each under each policy."""
    work = partial(_raid, folder, policies, calibration)
    found = dict(in_processes(work, run.raids, jobs, "scoring"))
    return [found[raid] for raid in run.raids]


def _raid(
    folder: Path, policies: tuple[str, ...], calibration: bool, raid: Raid
) -> list[tuple[Measured, str]]:
    """One raid of a run, in whichever process this is."""
    return measured_of(folder / raid.folder, policies, calibration=calibration, shown=False)


def measured_of(
    folder: Path, policies: tuple[str, ...] = (), *, calibration: bool = False, shown: bool = True
) -> list[tuple[Measured, str]]:
    """What is counted of one folder under each policy (none: what was said then), and its name."""
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    truth, zones, site = truths.read(folder), reading.zones_of(journal), reading.site_of(journal)
    checked = None
    if policies or calibration:
        hidden = not (shown and sys.stderr.isatty())
        with Progress(console=progress_console, disable=hidden) as progress:
            task = progress.add_task("folding again", total=journal.last_number)
            said, forecasts = reading.decided_again(
                journal, policies, ns(EVERY_S) if calibration else 0,
                lambda n: progress.update(task, completed=n),
            )  # fmt: skip
        if calibration:
            checked = reliability(forecasts, truth, zones)
    else:
        said = {site.policy: reading.alerts(journal)}
    t_ns, received_ns, position_m, sigma_m, evidence = reading.plots(journal)
    plots = Plots(
        t_ns=t_ns, t_ns_received=received_ns, position_m=position_m, sigma_m=sigma_m,
        evidence=evidence,
    )  # fmt: skip
    known = seen(truth, site.sensors, plots, cited([one for some in said.values() for one in some]))
    latencies_ms, steps_ms = reading.latencies_ms(journal), reading.steps_ms(journal)
    return [
        (
            measure(
                alerts, truth, zones, latencies_ms,
                seen=known, steps_ms=steps_ms, reliability=checked,
            ),
            name,
        )
        for name, alerts in said.items()
    ]  # fmt: skip
