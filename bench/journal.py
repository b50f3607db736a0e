"""Durable events a second of the journal beside a bare file with one fdatasync a batch.

An event is a frame of 300 bytes. Both write the same batches to the same disk in turn; a batch is
durable when the call returns. The journal also chains digests, encodes and indexes.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tocsin.edge.journal import Journal
from tocsin.words import Batch, Frame

EVENT = bytes(range(256)) + bytes(44)


def batches(size: int, count: int) -> list[Batch]:
    """`count` batches of `size` frames, numbered from 1."""
    frames = tuple(Frame(t_ns=n, source="radar", payload=EVENT) for n in range(size))
    return [Batch(number=n, t_ns=n, inputs=frames) for n in range(1, count + 1)]


def journal_s(folder: Path, made: list[Batch]) -> float:
    """Seconds to make every batch durable in a journal."""
    journal = Journal.create(folder / "journal.sqlite", {"site": b"", "zones": b"", "phrases": b""})
    begun = time.perf_counter()
    for batch in made:
        journal.append(batch, b"\x90", [])
    took = time.perf_counter() - begun
    journal.close()
    return took


def file_s(folder: Path, made: list[Batch]) -> float:
    """Seconds to make the same bytes durable at the end of a bare file."""
    begun = time.perf_counter()
    with (folder / "bare").open("wb", buffering=0) as bare:
        for batch in made:
            bare.write(msgspec.msgpack.encode(batch.inputs))
            os.fdatasync(bare.fileno())
    return time.perf_counter() - begun


def rates(way: Callable[[Path, list[Batch]], float], made: list[Batch]) -> float:
    """Events a second of one run in a new folder."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        return len(made) * len(made[0].inputs) / way(Path(folder), made)


def main(args: list[str]) -> list[dict[str, Any]]:
    """Rows for batches of 1, 10 and 100 events; the two ways alternate."""
    parser = argparse.ArgumentParser(prog="python -m bench journal", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(args).rounds
    rows = []
    for size in (1, 10, 100):
        made = batches(size, 100)
        pairs = [(rates(journal_s, made), rates(file_s, made)) for _ in range(rounds)]
        ratios = sorted(ours / bare for ours, bare in pairs)
        rows.append(
            {
                "name": f"durable events, {size} a batch",
                "unit": "events/s",
                "tocsin": statistics.median(ours for ours, _ in pairs),
                "peer": statistics.median(bare for _, bare in pairs),
                "peer_name": "bare file, fdatasync",
                "ratio": statistics.median(ratios),
                "spread": [ratios[0], ratios[-1]],
            }
        )
    return rows
