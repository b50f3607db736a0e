"""`tocsin warm`: compile the kernels once, so that no warning waits for a compiler."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from numba.core import event
from rich.progress import Progress

from tocsin import geo
from tocsin.cli.say import progress_console
from tocsin.cli.worlds import fold, open_world
from tocsin.edge import build, clock, kernels
from tocsin.edge.run import Mind
from tocsin.instant import NS_PER_S
from tocsin.sim import asterix
from tocsin.sim.sites import site as site_of
from tocsin.words import Frame

WARMING = (("demo-raid", 40.0), ("rocket-salvo", 90.0))
"""Scenarios, and how many of their seconds reach every kernel of what sensors send today, but for
tracks of other systems (`_follow`). What no decoder feeds yet (sound, friends, launches) is left
out: nothing calls it, and a decoder that comes belongs here."""
FOLLOWED = 3
"""Reports of a system track until it is confirmed."""

Tell = Callable[[int, int], None]
"""So many kernels of so many."""


def warm(*, json: bool = False, nice: int = 0) -> None:
    """Fill the kernel cache of this installation (wheel, container, unit): takes about a minute.

    A cache that was filled from the present sources, on this processor, is left as it is.

    Parameters
    ----------
    json
        Print a line of JSON whenever a kernel is compiled, {"done": 3, "of": 65}, and no bars.
    nice
        Lower the priority by so much, so that others go first.
    """
    os.nice(nice)
    begun_ns = clock.monotonic_ns()
    with _shown(json) as show, kernels.filling(show) as note:
        why = kernels.cold()
        if why:
            made = kernels.made_of()
            kernels.empty()
            with event.install_listener("numba:compile", _Compiled(show, note)):
                _reach()
            kernels.seal(made)
    if json:
        return
    if why:
        print(f"kernels are compiled ({(clock.monotonic_ns() - begun_ns) / 1e9:.0f} s)")
    else:
        print("kernels were compiled already")


def _reach() -> None:
    """Run every kernel, by what runs it in earnest."""
    for name, seconds in WARMING:
        world = open_world(name, 1, 0)
        with tempfile.TemporaryDirectory() as folder:
            parts = build.parts(site_of(world))
            mind = Mind.start(Path(folder) / "journal.sqlite", parts, durable=False)
            fold(world, mind, seconds, shown=False)
            _follow(mind)
            mind.close()


def _follow(mind: Mind) -> None:
    """Another system tells of a track of ours and of one more, three times: no scenario does."""
    engine, source = mind.engine, mind.engine.site.sources[0]
    if engine.tracks is None or not len(engine.tracks):
        return
    (sac, sic), *_ = source.allow
    lat_deg, lon_deg, height_m = (float(one[0]) for one in geo.geodetic(engine.tracks.position_m))
    for _ in range(FOLLOWED):
        t_ns = engine.now_ns + NS_PER_S
        told = [
            asterix.SystemTrack(
                t_ns=t_ns,
                number=number,
                lat_deg=lat_deg + number,
                lon_deg=lon_deg,
                flight_level=height_m / geo.FOOT_M / 100.0,
                east_mps=0.0,
                north_mps=0.0,
            )
            for number in range(2)
        ]
        payload = asterix.system_tracks(sac, sic, told)
        mind.step([Frame(t_ns=t_ns, source=source.name, payload=payload)])


class _Compiled(event.Listener):
    """Told by Numba of every kernel that it begins and ends to compile; passes on how many are."""

    def __init__(self, *tell: Tell) -> None:
        self._tell = tell

    def on_start(self, _event: Any) -> None:
        """A kernel is begun: nothing to say."""

    def on_end(self, _event: Any) -> None:
        """A kernel is compiled."""
        done, of = kernels.progress()
        for tell in self._tell:
            tell(done, of)


@contextmanager
def _shown(json: bool) -> Iterator[Tell]:
    """How progress is shown: a line of JSON each time, or a bar on a terminal."""
    if json:
        yield _print_line
        return
    with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("kernels", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _print_line(done: int, of: int) -> None:
    """One line; whoever read them may be dead, and the cache is filled all the same."""
    with suppress(OSError):
        print(msgspec.json.encode({"done": done, "of": of}).decode(), flush=True)
