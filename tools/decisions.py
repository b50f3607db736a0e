"""Fold the golden nights and print which zone would now be told what and when, and what before.

    python -m tools.decisions [NIGHT ...] [--keep]

`tests/golden/NAME-SEED.csv` is what was told before. A difference is no failure: it is how a change
to the mind is reviewed. `--keep` makes what is told now the golden one; commit it with the change.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from tocsin.cli.worlds import fold, open_world
from tocsin.edge import build, reading
from tocsin.edge.journal import Journal
from tocsin.edge.run import Mind
from tocsin.instant import from_iso
from tocsin.score import decisions
from tocsin.sim.sites import site as site_of

GOLDEN: Final = Path(__file__).resolve().parents[1] / "tests" / "golden"
START: Final = "2026-01-15T20:00:00Z"

NIGHTS: Final = {
    "demo-raid-1": ("demo-raid", 1, 180.0),
    "rocket-salvo-1": ("rocket-salvo", 1, 150.0),
    "single-drone-1": ("single-drone", 1, 1_560.0),
    "friendly-and-one-1": ("friendly-and-one", 1, 120.0),
}
"""Name -> scenario, seed, and how much of it: drones, cruise missiles, rockets, friends; some of
them cut short so that all take three minutes of one core (in this order 20, 19, 104 and 29 s).
`.ci/run` prints all but the third."""


def told(night: str) -> decisions.Told:
    """What the mind of this checkout tells in a golden night."""
    name, seed, seconds = NIGHTS[night]
    world = open_world(name, seed, from_iso(START))
    with tempfile.TemporaryDirectory(prefix="tocsin-golden-") as folder:
        path = Path(folder) / "journal.sqlite"
        mind = Mind.start(path, build.parts(site_of(world)), durable=False)
        fold(world, mind, seconds)
        mind.close()
        alerts = reading.alerts(Journal.open(path, read_only=True))
    return decisions.decisions(alerts, world.t_ns_start)


def main(words: list[str]) -> None:
    """Print the difference of the nights named, of all without a name."""
    keep = "--keep" in words
    named = [word for word in words if word != "--keep"]
    for word in named:
        if word not in NIGHTS:
            sys.exit(f"no golden night {word!r}: choose from {', '.join(NIGHTS)}")
    for night in named or NIGHTS:
        golden = GOLDEN / f"{night}.csv"
        before = decisions.load(golden.read_text(encoding="utf-8")) if golden.is_file() else {}
        after = told(night)
        sys.stdout.write(decisions.render(night, before, after) + "\n")
        sys.stdout.flush()
        if keep:
            GOLDEN.mkdir(exist_ok=True)
            golden.write_text(decisions.dump(after), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
