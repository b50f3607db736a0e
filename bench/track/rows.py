"""One row of the report, and what is common to the parts of the bench."""

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

Row = dict[str, Any]
TUNING_SEEDS: Final = (101, 102, 103, 104)
"""The tracker was tuned on these; figures are made on other seeds."""


def row(
    name: str,
    unit: str,
    tocsin: float,
    *,
    peer: float | None = None,
    peer_name: str | None = None,
    less: bool = False,
    spread: Any = None,
    target: str | None = None,
    met: bool | None = None,
    reason: str | None = None,
    **more: Any,
) -> Row:
    """A row; `ratio` above 1 says that Tocsin is ahead, also where `less` is better."""
    ratio = None
    if peer is not None and peer > 0 and tocsin > 0:
        ratio = peer / tocsin if less else tocsin / peer
    return {
        "name": name,
        "unit": unit,
        "tocsin": tocsin,
        "peer": peer,
        "peer_name": peer_name,
        "ratio": ratio,
        "spread": spread,
        "target": target,
        "met": met,
        "reason": reason,
        **more,
    }


def spread(values: Sequence[float]) -> list[float]:
    """Least and most."""
    return [min(values), max(values)]


def median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
