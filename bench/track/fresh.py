"""What a fresh process needs: time to its first two track steps, and memory in a large raid.

The process is a plain interpreter that knows nothing of this bench: it reads batches as pickles
from a file, one at a time, so that neither the scenario nor the scoring counts.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.track import ours
from bench.track.rows import Row, median, row, spread
from bench.track.scene import Scene, scene

# VmHWM and not ru_maxrss: the latter is inherited from the parent across `exec` (Linux).
PROBE: Final = """
import pickle, sys, time
def peak_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
from tocsin.track import Picture
imported, at_rest = time.monotonic(), peak_kb()
picture, second, steps = Picture(), 0.0, 0
with open(sys.argv[1], "rb") as batches:
    while True:
        try:
            now_ns, fixes, sensors = pickle.load(batches)
        except EOFError:
            break
        picture.update(now_ns, fixes, sensors)
        tracks = picture.tracks()
        steps += 1
        if steps == 2:
            second = time.monotonic()
print(imported, second, at_rest, peak_kb(), len(tracks))
"""
START_RUNS: Final = 5
MEMORY_TARGETS: Final = 3000
MEMORY_SCANS: Final = 60


def _probe(made: Scene, scans: int) -> dict[str, Any]:
    """Run the probe over the first `scans` scans."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as stored:
        for k in range(scans):
            at_ns = ours.t_ns(made, k)
            pickle.dump((at_ns, ours.reports(made, k), ours.radar(at_ns)), stored)
        stored.flush()
        began = time.monotonic()  # one clock for all processes of the machine
        done = subprocess.run(
            [sys.executable, "-c", PROBE, stored.name], check=True, capture_output=True, text=True
        )
    imported, second, at_rest, peak, tracks = done.stdout.split()
    return {
        "import_s": float(imported) - began,
        "second_s": float(second) - began,
        "at_rest_mb": int(at_rest) / 1024,
        "peak_mb": int(peak) / 1024,
        "tracks": int(tracks),
    }


def start_row(seeds: list[int]) -> Row:
    """From the start of the process to the end of its second step, kernels in the cache."""
    made = scene(50, 120, seeds[0])
    _probe(made, 2)  # fills whatever cache there is
    runs = [_probe(made, 2) for _ in range(START_RUNS)]
    took = [run["second_s"] for run in runs]
    return row(
        "start of a process to its second step", "s", median(took), less=True,
        spread=spread(took), target="at most 2", met=median(took) <= 2.0, scenario=made.source,
        import_s=median(run["import_s"] for run in runs),
    )  # fmt: skip


def memory_row(seeds: list[int]) -> Row | None:
    """The most memory that a process with 3,000 targets ever held, everything included."""
    if not Path("/proc/self/status").is_file():
        return None
    made = scene(MEMORY_TARGETS, MEMORY_SCANS, seeds[0])
    found = _probe(made, MEMORY_SCANS)
    return row(
        f"memory, {MEMORY_TARGETS} targets, {MEMORY_SCANS} scans", "MB", found["peak_mb"],
        less=True, target="at most 600", met=found["peak_mb"] <= 600, scenario=made.source,
        seeds=seeds[:1], at_rest=found["at_rest_mb"], tracks=found["tracks"],
    )  # fmt: skip
