"""The tracker beside its peers: ``python -m bench track``, or ``make bench NAME=track``.

All rows in one run, within ten minutes of two cores: speed and GOSPA beside Stone Soup, a scan's
time, growth, start, memory, calibration of existence, late reports; a filterpy loop and JPDA for
the reader. ``--only`` runs some parts, ``--no-peers`` leaves the peers out. A peer that is not
installed is reported as missing.
"""

import argparse
from typing import Final

from bench.track import fresh, late, ours, quality, speed
from bench.track.rows import TUNING_SEEDS, Row, installed, say
from bench.track.scene import scene

PARTS: Final = (
    "speed", "gospa", "raid", "scan", "growth", "start", "memory", "calibration", "late", "readers",
)  # fmt: skip


def _numbers(text: str) -> list[int]:
    """``1,2,5`` or ``1-8``."""
    found: list[int] = []
    for word in text.split(","):
        first, _, last = word.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _part(text: str) -> set[str]:
    wanted = set(text.split(","))
    unknown = wanted - set(PARTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {', '.join(sorted(unknown))}; {PARTS}")
    return wanted


def main(args: list[str]) -> list[Row]:
    """The rows asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench track", description=__doc__)
    parser.add_argument("--seeds", type=_numbers, default="1-8", help="such as 1-8 or 1,2,5")
    parser.add_argument("--only", type=_part, default=set(PARTS), help=",".join(PARTS))
    parser.add_argument("--no-peers", action="store_true", help="only Tocsin's figures")
    asked = parser.parse_args(args)
    parts, seeds, peers = asked.only, asked.seeds, not asked.no_peers
    for package in ("stonesoup", "filterpy"):
        if peers and not installed(package):
            say(f"{package} is not installed: no figures of it (sh tools/setup.sh bench)")
    if set(seeds) & set(TUNING_SEEDS):
        say(f"these seeds were used for tuning: {sorted(set(seeds) & set(TUNING_SEEDS))}")
    for models in (ours.FULL, ours.KALMAN):
        ours.play(scene(5, 20, 0), models)  # fills the kernel cache
    say(f"parts {', '.join(part for part in PARTS if part in parts)}; seeds {seeds}")
    return _alone(parts, seeds, peers) + _together(parts, seeds, peers)


def _alone(parts: set[str], seeds: list[int], peers: bool) -> list[Row]:
    """What is timed: nothing else of ours runs."""
    rows: list[Row] = []
    if "speed" in parts:
        rows += speed.speed_rows(seeds, peers)
    if "raid" in parts:
        rows.append(speed.raid_speed_row(seeds))
    if "scan" in parts:
        rows += speed.scan_rows(seeds)
    if "growth" in parts:
        rows.append(speed.growth_row(seeds))
    if "start" in parts:
        rows.append(fresh.start_row(seeds))
    if "memory" in parts:
        found = fresh.memory_row(seeds)
        rows += [found] if found else []
    if "late" in parts:
        rows += late.late_rows(seeds)
    return rows


def _together(parts: set[str], seeds: list[int], peers: bool) -> list[Row]:
    """What is judged: two processes at a time."""
    if not parts & {"gospa", "raid", "calibration", "readers"}:
        return []
    rows: list[Row] = []
    pool = quality.Pool()
    try:
        quality.ask_all(pool, seeds, peers, parts)
        if "gospa" in parts:
            rows += quality.gospa_rows(pool, seeds, peers)
        if "raid" in parts:
            rows += quality.raid_rows(pool, seeds, peers)
        if "calibration" in parts:
            rows += quality.calibration_rows(pool, seeds)
        if "readers" in parts:
            rows += quality.reader_rows(pool, seeds, peers)
    finally:
        pool.close()
    return rows
