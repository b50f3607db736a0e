"""Whether the columns of a zone map make sense together: the first thing wrong, in words.

A table of checks in the order in which a later one may rely on the earlier ones. Geometry that
is merely bad (overlaps, gaps, crossing outlines) is for `tocsin zones check`; here is only what
would make a lookup wrong or crash.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ZONES_MAX: Final = 100_000  # chosen: twenty times the whole of Europe's warning areas
NEAR_M_MAX: Final = 20_000.0  # chosen: beyond this "nearest" no longer means the same town


def complain(columns: dict[str, Any]) -> str:
    """What is wrong, as a clause without full stop; "" when all is well."""
    for check in _CHECKS:
        complaint = check(columns)
        if complaint:
            return complaint
    return ""


def _ids(c: dict[str, Any]) -> str:
    ids = c["ids"]
    if not 1 <= len(ids) <= ZONES_MAX:
        return f"it has {len(ids)} zones, not 1 to {ZONES_MAX}"
    bad = next((zone_id for zone_id in (*ids, *c["parents"]) if not ID.fullmatch(zone_id)), None)
    if bad is not None:
        return f"id {bad!r} is not made of a-z, 0-9 and single hyphens"
    for what in ("ids", "parents"):
        if len(dict.fromkeys(c[what])) < len(c[what]):
            return f"{what} are not unique"
    return "" if re.fullmatch("[a-z]{2}", c["country"]) else "country is not two letters a-z"


def _lengths(c: dict[str, Any]) -> str:
    n, p, rings = len(c["ids"]), len(c["parents"]), len(c["ring_zone"])
    wanted = {
        **dict.fromkeys(("lat_deg", "lon_deg", "people", "shelter_s", "parent", "area_m2"), (n,)),
        "neighbour_start": (n + 1,),
        "ring_start": (rings + 1,),
        "ring_hole": (rings,),
        "ring_xy": (len(c["ring_xy"]), 2),
        "ring_zone": (rings,),
        "neighbour": (len(c["neighbour"]),),
    }
    for name, shape in wanted.items():
        if c[name].shape != shape:
            return f"{name} has shape {c[name].shape}, not {shape}"
    for table, size in (("names", n), ("foreign", n), ("parent_names", p)):
        short = next((key for key, texts in c[table].items() if len(texts) != size), None)
        if short is not None:
            return f"{table}[{short!r}] has not one text for each of {size}"
    return ""


def _numbers(c: dict[str, Any]) -> str:
    for name, limit in (("lat_deg", 90.0), ("lon_deg", 180.0)):
        if not np.all(np.abs(c[name]) <= limit):
            return f"{name} leaves -{limit:g}..{limit:g}"
    xy = c["ring_xy"]
    if not np.all(np.abs(xy) <= [180.0, 90.0]):
        return "an outline leaves longitude -180..180 or latitude -90..90"
    if np.any(c["people"] < -1):
        return "people is below -1 (unknown)"
    if np.any(c["shelter_s"] < 0.0) or np.any(np.isinf(c["shelter_s"])):
        return "shelter_s is negative or infinite"
    if not np.all(c["area_m2"] > 0.0):
        return "area_m2 is not positive"
    if np.any((c["parent"] < 0) | (c["parent"] >= len(c["parents"]))):
        return "parent is not a row of parents"
    return "" if 0.0 <= c["near_m"] <= NEAR_M_MAX else f"near_m is not 0 to {NEAR_M_MAX:g}"


def _rings(c: dict[str, Any]) -> str:
    start, zone, hole, xy = c["ring_start"], c["ring_zone"], c["ring_hole"], c["ring_xy"]
    if start[0] != 0 or start[-1] != len(xy) or np.any(np.diff(start) < 4):
        return "ring_start does not cut ring_xy into closed rings of three corners or more"
    if not np.array_equal(xy[start[:-1]], xy[start[1:] - 1]):
        return "a ring is not closed"
    if not np.array_equal(np.unique(zone), np.arange(len(c["ids"]))) or np.any(np.diff(zone) < 0):
        return "ring_zone is not ascending with at least one ring for each zone"
    first = np.flatnonzero(np.diff(zone, prepend=-1))
    return "a zone begins with a hole" if np.any(hole[first]) else ""


def _neighbours(c: dict[str, Any]) -> str:
    start, neighbour, n = c["neighbour_start"], c["neighbour"], len(c["ids"])
    if start[0] != 0 or start[-1] != len(neighbour) or np.any(np.diff(start) < 0):
        return "neighbour_start does not cut neighbour into lists"
    if np.any((neighbour < 0) | (neighbour >= n)):
        return "neighbour is not a row of zones"
    here = np.repeat(np.arange(n), np.diff(start))
    there = neighbour.astype(np.int64)
    if np.any(here == there) or np.any(np.diff(here * n + there) <= 0):
        return "neighbours are not ascending, or a zone is its own neighbour"
    if not np.array_equal(np.sort(there * n + here), here * n + there):
        return "a zone is not the neighbour of its neighbour"
    return ""


_CHECKS: Final[tuple[Callable[[dict[str, Any]], str], ...]] = (
    _ids,
    _lengths,
    _numbers,
    _rings,
    _neighbours,
)
