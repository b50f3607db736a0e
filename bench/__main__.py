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


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cores = os.cpu_count()
    return {"processor": platform.machine(), "system": platform.system(), "cores": cores}


def versions() -> dict[str, str]:
    """Of Python and of whatever a bench may measure."""
    found = {"python": platform.python_version()}
    for name in ("tocsin", "numpy", "numba", "scipy", "stonesoup", "libasterix"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> int:
    names = sorted(m.name for m in pkgutil.iter_modules([str(ROOT / "bench")]) if m.name[0] != "_")
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    known, rest = parser.parse_known_args()
    rows = importlib.import_module(f"bench.{known.name}").main(rest)
    report = {"machine": machine(), "versions": versions(), "rows": rows}
    if known.json:
        print(json.dumps(report))
        return 0
    for row in rows:
        against = (
            f"  {row['peer_name']} {row['peer']:g} (x{row['ratio']:.1f})" if row["peer"] else ""
        )
        print(f"{row['name']:40} {row['tocsin']:12.1f} {row['unit']}{against}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
