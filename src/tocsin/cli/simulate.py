"""`tocsin simulate`: a seeded raid through the whole system, as fast as the machine can."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli.processes import cores
from tocsin.cli.raids import simulate_run
from tocsin.cli.say import refuse, refusing
from tocsin.cli.worlds import fold, open_world, opened, shipped, simulated
from tocsin.edge import site
from tocsin.instant import from_iso, iso
from tocsin.sim import runs
from tocsin.sim.runs import Run
from tocsin.sim.world import World

__all__ = ["fold", "open_world", "simulate"]

START = "2026-01-15T20:00:00Z"


def simulate(
    name: str = "",
    /,
    *,
    seed: int = 1,
    out: Annotated[Path | None, Parameter(name="--out")] = None,
    start: str = START,
    mode: str = "automatic",
    raids: int = 0,
    jobs: int = 0,
    list: Annotated[bool, Parameter(name="--list", negative="")] = False,  # noqa: A002 (its name)
) -> None:
    """Fold a simulated raid and leave journal.sqlite, truth.* and scenario.toml in a folder.

    The radars' real datagrams go through the whole system; 'tocsin score' then reads the folder.

    Parameters
    ----------
    name
        A scenario (see --list) or a FILE.toml.
    seed
        All chance comes from it: the same seed gives the same bytes.
    out
        The folder to write; it must not hold a journal yet. It must be given.
    start
        When the raid begins, ISO 8601.
    mode
        shadow, advise, confirm or automatic.
    raids
        So many raids as one run, each in a folder of its own; 0: as the scenario says.
    jobs
        Processes that fold the raids of a run; 0: one for each core.
    list
        Name every shipped scenario in one line each, and do nothing else.
    """
    if list:
        for one, description in shipped().items():
            print(f"{one:<18}{description}")
        return
    if not name:
        refuse("simulate what? Give a scenario or a FILE.toml; see tocsin simulate --list")
    if out is None:
        refuse("simulate where? Give a folder: --out DIR")
    if raids < 0 or jobs < 0:
        refuse("--raids and --jobs are not negative; 0 leaves it to the scenario and the machine")
    for taken in (out / "journal.sqlite", out / runs.FILE):
        if taken.exists():
            refuse(f"{taken} exists: give another --out, or remove it")
    with refusing(ValueError, site.BadSite, OSError):
        t_ns_start = from_iso(start)
        found = opened(name)
        usual = 1 if found is None else found[0].raids
        if raids > 1 or usual > 1:
            _run(simulate_run(
                name, raids or usual, seed, out, t_ns_start, mode, jobs or cores()
            ), out)  # fmt: skip
        else:
            _one(open_world(name, seed, t_ns_start), out, mode)


def _run(run: Run, out: Path) -> None:
    threats = sum(raid.threats for raid in run.raids)
    print(
        f"{run.scenario}, seed {run.seed}: {len(run.raids)} raids, {threats} threats,"
        f" {sum(raid.seconds for raid in run.raids):.0f} s. Next: tocsin score {out}"
    )


def _one(world: World, out: Path, mode: str) -> None:
    alerts = simulated(world, out, mode)
    print(
        f"{world.name}, seed {world.seed}: {world.seconds:.0f} s from {iso(world.t_ns_start)},"
        f" {len(world.truth.impacts)} impacts, {alerts} alerts. Next: tocsin score {out}"
    )
