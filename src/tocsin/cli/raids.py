"""A run of raids, each in a folder of its own, folded in several processes."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from rich.progress import Progress

from tocsin.cli.say import progress_console
from tocsin.cli.warm import warm
from tocsin.cli.worlds import map_of, opened, simulated
from tocsin.edge import kernels
from tocsin.sim import expand, runs, world
from tocsin.sim.runs import Raid, Run
from tocsin.sim.script import Script
from tocsin.words import THREATS
from tocsin.zones.map import ZoneMap

T = TypeVar("T")


def cores() -> int:
    """How many processes this machine runs at once for us."""
    return len(os.sched_getaffinity(0))


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


def in_processes(
    work: Callable[[Any], T], items: Iterable[Any], jobs: int, title: str
) -> Iterator[tuple[Any, T]]:
    """`work(item)` of every item in `jobs` processes, as they are done; a bar on a terminal."""
    todo = list(items)
    hidden = not sys.stderr.isatty()
    with Progress(console=progress_console, disable=hidden) as progress:
        task = progress.add_task(title, total=len(todo))
        if jobs == 1:
            for item in todo:
                yield item, work(item)
                progress.advance(task)
            return
        with _pool(min(jobs, len(todo))) as pool:
            waiting = {pool.submit(work, item): item for item in todo}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
                progress.advance(task)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that start clean; what has not begun is dropped when one fails."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


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
