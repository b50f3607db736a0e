"""Simulated worlds for the verbs: by name or from a file, and folded through the whole system."""

import math
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from rich.progress import Progress

from tocsin.cli.say import progress_console
from tocsin.edge import build
from tocsin.edge.recording import BATCH_NS
from tocsin.edge.run import TICK_NS, Mind, Step, fold_recording
from tocsin.instant import ns
from tocsin.rules.alerts import alert_id
from tocsin.sim import expand, gridmap, script, world
from tocsin.sim import plan as plans
from tocsin.sim.scenarios import SCENARIOS, scenario
from tocsin.sim.script import Script
from tocsin.sim.sites import site as site_of
from tocsin.sim.world import World
from tocsin.words import Alert, Frame
from tocsin.zones.map import ZoneMap


def shipped() -> dict[str, str]:
    """Name -> one line, of every scenario that is shipped."""
    said = {name: entry.description for name, entry in SCENARIOS.items()}
    for name in _script_names():
        said[name] = script.parse(_shipped_text(name)).description
    return said


def opened(name: str) -> tuple[Script, Path] | None:
    """The script of a shipped name or a scenario file, and the folder its paths are relative to.

    None when it is no script: one of `SCENARIOS`, or a file that lists every flight. Raises
    ValueError with one line that says how to mend it.
    """
    if name in _script_names():
        return script.parse(_shipped_text(name)), Path()
    if name in SCENARIOS:
        return None
    if not name.endswith(".toml"):
        raise ValueError(f"no scenario {name!r}: choose from {', '.join(shipped())}")
    text = _text(name)
    return (script.parse(text), Path(name).parent) if script.is_script(text) else None


def open_world(name: str, seed: int, t_ns_start: int) -> World:
    """The world of a named scenario or a scenario file; of a run of raids, the first.

    Raises ValueError saying how to mend it.
    """
    found = opened(name)
    if found is not None:
        given, folder = found
        return raid(given, folder, seed if given.raids == 1 else expand.raid_seed(seed, 0),
                    t_ns_start)  # fmt: skip
    if name in SCENARIOS:
        return scenario(name, seed, t_ns_start, _shipped_map(SCENARIOS[name].country))
    plan = plans.parse(_text(name))
    if plan.zones:
        zones = _map_file(Path(name).parent / plan.zones, plan.country)
    else:
        zones = _shipped_map(plan.country)
    return world.load(plans.dump(plan), zones, t_ns_start)


def raid(given: Script, folder: Path, seed: int, t_ns_start: int) -> World:
    """One raid of a script, under the raid's own seed."""
    zones = map_of(given, folder)
    return world.build(expand.expand(given, zones, seed, t_ns_start), zones)


def map_of(given: Script, folder: Path) -> ZoneMap:
    """The zone map of a script. Raises ValueError saying how to mend it."""
    if given.zones.grid is not None:
        return gridmap.grid_map(given.country, given.area, given.zones.grid)
    if given.zones.file:
        return _map_file(folder / given.zones.file, given.country)
    return _shipped_map(given.country)


def simulated(made: World, folder: Path, mode: str, *, shown: bool = True) -> int:
    """Fold `made` into a new journal in `folder`, beside its truth; how many alerts were decided.

    Raises BadSite or OSError.
    """
    world.write(made, folder)
    parts = build.parts(site_of(made, mode), folder)
    mind = Mind.start(folder / "journal.sqlite", parts, durable=False)
    alerts = fold(made, mind, shown=shown)
    mind.close()
    return alerts


def fold(made: World, mind: Mind, seconds: float = math.inf, *, shown: bool = True) -> int:
    """Fold the datagrams of a world (its first `seconds`); how many alerts were decided.

    Where a concentrator passes datagrams on in bursts, time is told with each burst, not between.
    The time spent at each step of a warning is kept beside the journal. `shown` draws a bar on a
    terminal.
    """
    end_ns = made.t_ns_start + ns(min(seconds, made.seconds))
    frames = [
        Frame(t_ns=emission.t_ns, source=emission.source, payload=emission.payload)
        for emission in made.emissions()
        if emission.t_ns <= end_ns
    ]
    total = 0
    hidden = not (shown and sys.stderr.isatty())
    with Progress(console=progress_console, disable=hidden) as progress:
        task = progress.add_task(made.name, total=made.seconds)

        def on_step(step: Step) -> None:
            nonlocal total
            done_s = (step.batch.t_ns - made.t_ns_start) / 1e9
            progress.update(task, completed=done_s)
            for output in step.outputs:
                if isinstance(output, Alert):
                    total += 1
                    begun_ns = step.reached_ns["batched"]
                    steps = {name: t_ns - begun_ns for name, t_ns in step.reached_ns.items()}
                    mind.writer.note_timing(step.batch.number, alert_id(output), steps)

        tick_ns = max(TICK_NS, ns(made.plan.relay_s))
        fold_recording(mind, frames, BATCH_NS, on_step, end_ns, tick_ns)
    return total


def _script_names() -> Iterator[str]:
    """The scripts that are shipped, in order of the alphabet."""
    folder = files("tocsin").joinpath("data", "scenarios")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    return (name.removesuffix(".toml") for name in names)


def _shipped_text(name: str) -> str:
    path = files("tocsin").joinpath("data", "scenarios", f"{name}.toml")
    return path.read_text(encoding="utf-8")


def _text(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"no file {name}: give a scenario file or one of {', '.join(shipped())}")
    return path.read_text(encoding="utf-8")


def _shipped_map(country: str) -> ZoneMap:
    if country not in build.SHIPPED_MAPS:
        raise ValueError(f"scenario: country must be one of {', '.join(build.SHIPPED_MAPS)}")
    return ZoneMap.from_bytes(build.zone_map_bytes(country))


def _map_file(path: Path, country: str) -> ZoneMap:
    if not path.is_file():
        raise ValueError(f"scenario: zones: no zone map {path}: give its path from the file")
    zones = ZoneMap.from_bytes(path.read_bytes())
    if zones.country != country:
        raise ValueError(
            f"scenario: country = {country!r} but the zone map is of {zones.country!r}:"
            " give the map of the same country"
        )
    return zones
