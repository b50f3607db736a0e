"""`tocsin score`: what a run came to, from its journal and the truth."""

import sys
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.progress import Progress

from tocsin.cli.beside import beside_of, has_truth
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
from tocsin.score.beside import Beside
from tocsin.score.beside_text import render_beside
from tocsin.score.flaps import cited
from tocsin.score.page import render_beside_html
from tocsin.score.reliability import EVERY_S, reliability
from tocsin.score.seen import Plots, seen
from tocsin.sim import runs
from tocsin.sim import truth as truths
from tocsin.sim.runs import Raid, Run
from tocsin.zones.map import ZoneMap

ALL: Final = "all"
"""As a policy: every shipped one, beside each other."""


def score(
    folder: Path,
    /,
    *,
    policy: str = "",
    authority: Path | None = None,
    calibration: Annotated[bool, Parameter(negative="")] = False,
    html: Path | None = None,
    json: bool = False,
    jobs: int = 0,
) -> None:
    """Score a folder that 'tocsin simulate' or 'tocsin demo --out' left, or a site's journal.

    Missed impacts, lead time against time to shelter, person-minutes under alarm beside those of
    whole regions and of an oracle, false stages, latency. Each figure is defined in
    docs/reference/scorecard.md. The raids of a run are scored as one. A site's journal has no
    truth: it is compared with what an authority really sent.

    Parameters
    ----------
    folder
        Holds journal.sqlite, truth.* and scenario.toml, or a run of such folders; with
        '--authority' also a site's journal, or the folder that holds it.
    policy
        Decide again under this policy, upon the same inputs; 'all' compares those that are shipped.
    authority
        What an authority really sent over the same time, compared zone by zone and second by
        second: a CSV or JSON table, a CAP document, or a folder of them.
    calibration
        Compare the forecast chances with what came down, too: the journal is folded again.
    html
        Write the report with pictures to this file, too: one page that loads nothing. With --policy
        all it shows what was said, and the other policies beside it.
    json
        Print one JSON document.
    jobs
        Processes that read the raids of a run; 0: one for each core.
    """
    if jobs < 0:
        refuse("--jobs is not negative; 0 leaves it to the machine")
    if policy == ALL:
        if calibration or authority is not None:
            refuse("--policy all compares decisions; --calibration and --authority want one policy")
        with refusing(ValueError, BadSite, OSError):
            _each(folder, html, jobs, json=json)
        return
    with refusing(ValueError, BadSite, OSError):
        if not has_truth(folder):
            _alone(folder, authority, policy, html, calibration=calibration, json=json)
            return
        other = _other(folder, authority, policy)
        card, raids = judged(folder, policy, jobs, calibration=calibration)
        if html is not None:
            html.write_text(page(card, raids, policy, other), encoding="utf-8")
        _put(card, other, json=json)


def _each(folder: Path, html: Path | None, jobs: int, *, json: bool) -> None:
    """The scorecards of a folder under each shipped policy, side by side."""
    cards = compared(folder, jobs)
    if html is not None:
        own, raids = judged(folder, "", jobs)
        html.write_text(page(own, raids, "", policies=cards), encoding="utf-8")
    if json:
        put_json(cards)
    else:
        print(render_policies(cards))


def _alone(
    folder: Path,
    authority: Path | None,
    policy: str,
    html: Path | None,
    *,
    calibration: bool,
    json: bool,
) -> None:
    """The comparison of a journal without truth. Raises ValueError if more is asked of it."""
    if authority is None or calibration:
        raise ValueError(
            f"{folder} holds no truth.json: simulate a folder, or hold a site's journal against"
            " an authority with --authority FILE, without --calibration"
        )
    other, zones = beside_of(folder, authority, policy)
    if html is not None:
        html.write_text(render_beside_html(other, zones), encoding="utf-8")
    _put(None, other, json=json)


def _other(folder: Path, authority: Path | None, policy: str) -> Beside | None:
    """The comparison with the authority, if one is asked for."""
    if authority is None:
        return None
    if runs.read(folder) is not None:
        raise ValueError(f"{folder} is a run of raids: give the folder of one of them")
    return beside_of(folder, authority, policy)[0]


def _put(card: Scorecard | None, other: Beside | None, *, json: bool) -> None:
    """What was asked for, on stdout."""
    if not json:
        texts = [render_text(card)] if card else []
        texts += [render_beside(other)] if other else []
        print("\n".join(texts))
    elif other is None:
        put_json(card)
    else:
        put_json({**(msgspec.to_builtins(card) if card else {}), "authority": other})


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


@lru_cache(maxsize=1)
def _map(data: bytes) -> ZoneMap:
    """The map of a journal, compiled once: the raids of a run have one."""
    return ZoneMap.from_bytes(data)


def measured_of(
    folder: Path, policies: tuple[str, ...] = (), *, calibration: bool = False, shown: bool = True
) -> list[tuple[Measured, str]]:
    """What is counted of one folder under each policy (none: what was said then), and its name."""
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    truth, zones, site = truths.read(folder), _map(journal.part("zones")), reading.site_of(journal)
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
