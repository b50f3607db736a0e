"""A run of raids, each in a folder of its own, folded in several processes."""

from functools import lru_cache, partial
from pathlib import Path

from tocsin.cli.processes import in_processes
from tocsin.cli.warm import warm
from tocsin.cli.worlds import map_of, opened, simulated
from tocsin.edge import kernels
from tocsin.sim import expand, runs, world
from tocsin.sim.runs import Raid, Run
from tocsin.sim.script import Script
from tocsin.words import THREATS
from tocsin.zones.map import ZoneMap


def simulate_run(
    name: str, raids: int, seed: int, out: Path, t_ns_start: int, mode: str, jobs: int
) -> Run:
    """Fold `raids` raids of the script `name` into `out`. Raises ValueError, BadSite or OSError."""
    planned = _planned(name, raids, seed, t_ns_start)
    if kernels.cold():  # or each process would compile them for itself
        warm()
    out.mkdir(parents=True, exist_ok=True)
    longest_first = sorted(planned, key=lambda raid: (-raid.seconds * raid.threats, raid.folder))
    work = partial(_fold_one, name, out, t_ns_start, mode)
    for _ in in_processes(work, longest_first, jobs, name):
        pass
    run = Run(scenario=name, seed=seed, raids=planned)
    runs.write(run, out)
    return run


def _planned(name: str, raids: int, seed: int, t_ns_start: int) -> tuple[Raid, ...]:
    """The raids of a run, and how large each is. Raises ValueError saying how to mend it."""
    given, zones = _script(name)
    found = []
    for number in range(raids):
        own_seed = expand.raid_seed(seed, number)
        plan = expand.expand(given, zones, own_seed, t_ns_start)
        found.append(
            Raid(
                folder=f"raid-{number + 1:03d}",
                seed=own_seed,
                seconds=plan.seconds,
                threats=sum(flight.kind in THREATS for flight in plan.flights),
            )
        )
    return tuple(found)


def _fold_one(name: str, out: Path, t_ns_start: int, mode: str, raid: Raid) -> int:
    """One raid, in whichever process this is."""
    given, zones = _script(name)
    made = world.build(expand.expand(given, zones, raid.seed, t_ns_start), zones)
    return simulated(made, out / raid.folder, mode, shown=False)


@lru_cache(maxsize=1)
def _script(name: str) -> tuple[Script, ZoneMap]:
    """The script and its map: made once in each process."""
    found = opened(name)
    if found is None:
        raise ValueError(
            f"{name} lists every flight, so every raid would be the same: leave --raids out"
        )
    given, folder = found
    return given, map_of(given, folder)
