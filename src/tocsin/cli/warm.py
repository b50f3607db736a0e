"""`tocsin warm`: compile the kernels once, so that the first warning does not wait for it."""

import tempfile
from pathlib import Path

from tocsin.cli.simulate import fold, open_world
from tocsin.edge import build, clock
from tocsin.edge.run import Mind
from tocsin.sim.sites import site as site_of

WARMING = (("demo-raid", 40.0), ("rocket-salvo", 90.0))
"""Scenarios, and how many of their seconds reach every kernel."""


def warm() -> None:
    """Fill the kernel cache of this installation (wheel, container, unit): takes about a minute."""
    begun_ns = clock.monotonic_ns()
    for name, seconds in WARMING:
        world = open_world(name, 1, 0)
        with tempfile.TemporaryDirectory() as folder:
            parts = build.parts(site_of(world))
            mind = Mind.start(Path(folder) / "journal.sqlite", parts, durable=False)
            fold(world, mind, seconds)
            mind.close()
    print(f"kernels are compiled ({(clock.monotonic_ns() - begun_ns) / 1e9:.0f} s)")
