"""`tocsin simulate`: a seeded raid through the whole system, as fast as the machine can."""

import math
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.progress import Progress

from tocsin.cli.say import progress_console, refuse, refusing
from tocsin.edge import build, site
from tocsin.edge.recording import BATCH_NS
from tocsin.edge.run import Mind, Step, fold_recording
from tocsin.instant import from_iso, iso, ns
from tocsin.rules.alerts import alert_id
from tocsin.sim.scenarios import SCENARIOS, scenario
from tocsin.sim.sites import site as site_of
from tocsin.sim.world import World, load, write
from tocsin.words import Alert, Frame
from tocsin.zones.map import ZoneMap

START = "2026-01-15T20:00:00Z"


def simulate(
    name: str,
    /,
    *,
    seed: int = 1,
    out: Annotated[Path, Parameter(name="--out")],
    start: str = START,
    mode: str = "automatic",
) -> None:
    """Fold a simulated raid and leave journal.sqlite, truth.* and scenario.toml in a folder.

    The radars' real datagrams go through the whole system; 'tocsin score' then reads the folder.

    Parameters
    ----------
    name
        A scenario (demo-raid, friendly-only, single-drone, rocket-salvo, ...) or a FILE.toml.
    seed
        All chance comes from it: the same seed gives the same bytes.
    out
        The folder to write; it must not hold a journal yet.
    start
        When the raid begins, ISO 8601.
    mode
        shadow, advise, confirm or automatic.
    """
    with refusing(ValueError):
        world = open_world(name, seed, from_iso(start))
    journal = out / "journal.sqlite"
    if journal.exists():
        refuse(f"{journal} exists: give another --out, or remove it")
    with refusing(site.BadSite, OSError):
        write(world, out)
        given = site_of(world, mode)
        mind = Mind.start(journal, build.parts(given), durable=False)
    alerts = fold(world, mind)
    mind.close()
    print(
        f"{world.name}, seed {world.seed}: {world.seconds:.0f} s from {iso(world.t_ns_start)},"
        f" {len(world.truth.impacts)} impacts, {alerts} alerts. Next: tocsin score {out}"
    )


def open_world(name: str, seed: int, t_ns_start: int) -> World:
    """The scenario `name`, or that of a scenario file. Raises ValueError saying how to mend it."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise ValueError(
                f"no file {name}: give a scenario file or one of {', '.join(SCENARIOS)}"
            )
        text = path.read_text(encoding="utf-8")
        for country in build.SHIPPED_MAPS:
            if f'country = "{country}"' in text:
                return load(text, _zones(country), t_ns_start)
        raise ValueError(f"{name}: country must be one of {', '.join(build.SHIPPED_MAPS)}")
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: choose from {', '.join(SCENARIOS)}")
    return scenario(name, seed, t_ns_start, _zones(SCENARIOS[name].country))


def fold(world: World, mind: Mind, seconds: float = math.inf, *, shown: bool = True) -> int:
    """Fold the datagrams of `world` (its first `seconds`); how many alerts were decided.

    The time spent at each step of a warning is kept beside the journal. `shown` draws a bar on a
    terminal.
    """
    end_ns = world.t_ns_start + ns(min(seconds, world.seconds))
    frames = [
        Frame(t_ns=emission.t_ns, source=emission.source, payload=emission.payload)
        for emission in world.emissions()
        if emission.t_ns <= end_ns
    ]
    total = 0
    hidden = not (shown and sys.stderr.isatty())
    with Progress(console=progress_console, disable=hidden) as progress:
        task = progress.add_task(world.name, total=world.seconds)

        def on_step(step: Step) -> None:
            nonlocal total
            done_s = (step.batch.t_ns - world.t_ns_start) / 1e9
            progress.update(task, completed=done_s)
            for output in step.outputs:
                if isinstance(output, Alert):
                    total += 1
                    begun_ns = step.reached_ns["batched"]
                    steps = {name: t_ns - begun_ns for name, t_ns in step.reached_ns.items()}
                    mind.writer.note_timing(step.batch.number, alert_id(output), steps)

        fold_recording(mind, frames, BATCH_NS, on_step, end_ns)
    return total


def _zones(country: str) -> ZoneMap:
    return ZoneMap.from_bytes(build.zone_map_bytes(country))
