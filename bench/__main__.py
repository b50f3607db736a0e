"""Dispatch ``python -m bench NAME [ARGS]`` to ``bench.NAME.main(args)`` and print what it found.

Each bench is a module with ``main(args: list[str]) -> list[dict]``: rows with name, unit, tocsin,
peer, peer_name, ratio (above 1: Tocsin is ahead), spread.
"""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Every figure is of one core."""


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cores = os.cpu_count()
    return {"processor": processor(), "system": platform.system(), "cores": cores}


def processor() -> str:
    """The model where the system names it, else the architecture."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    models = [text.partition(":")[2].strip() for text in lines if text.startswith("model name")]
    return models[0] if models else platform.machine()


def versions() -> dict[str, str]:
    """Of Python and of whatever a bench may measure."""
    found = {"python": platform.python_version()}
    for name in (
        "tocsin",
        "numpy",
        "numba",
        "scipy",
        "stonesoup",
        "rtree",
        "filterpy",
        "libasterix",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def line(row: dict[str, Any]) -> str:
    """A row for people."""
    text = f"{row['name']:58} {figure(row['tocsin']):>11} {row['unit']}"
    if row["peer"] is not None:
        text += f"; {row['peer_name']} {figure(row['peer'])} (x{row['ratio']:.4g})"
    if row.get("target"):
        said = {True: "met", False: "NOT MET", None: "not measured"}[row["met"]]
        text += f"; to reach {row['target']}: {said}"
    return text + (f"; {row['reason']}" if row.get("reason") else "")


def figure(value: float | None) -> str:
    """Four figures, never an exponent where a person can do without."""
    if value is None:
        return "missing"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def main() -> int:
    names = sorted(m.name for m in pkgutil.iter_modules([str(ROOT / "bench")]) if m.name[0] != "_")
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    known, rest = parser.parse_known_args()
    for threads in THREADS:
        os.environ[threads] = "1"  # before anything loads numpy; workers inherit it
    rows = importlib.import_module(f"bench.{known.name}").main(rest)
    report = {"machine": machine(), "versions": versions(), "rows": rows}
    if known.json:
        print(json.dumps(report))
        return 0
    for row in rows:
        print(line(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
