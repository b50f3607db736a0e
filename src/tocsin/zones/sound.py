"""Whether the columns of a zone map make sense together: the first thing wrong, in words.

A table of checks in the order in which a later one may rely on the earlier ones. Geometry that
is merely bad (overlaps, gaps, crossing outlines) is for `tocsin zones check`; here is only what
would make a lookup wrong or crash.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tocsin.zones.foreign import by_key, complain_of_ids, exact_ids
from tocsin.zones.tree import complain_of_tree
from tocsin.zones.units import complain_of_edition, complain_of_unit, shelter_s_of

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


def _units(c: dict[str, Any]) -> str:
    """Format 2: the units by themselves, and the zones among them as the columns have them."""
    units = c.get("units", ())
    if not units:
        return ""
    bad = next((unit.id for unit in units if not ID.fullmatch(unit.id)), None)
    if bad is not None:
        return f"id {bad!r} is not made of a-z, 0-9 and single hyphens"
    return (
        complain_of_edition(c["edition"])
        or next((why for unit in units if (why := complain_of_unit(unit))), "")
        or complain_of_tree(units)
        or complain_of_ids(units, c["schemes"])
        or _zones_of_units(c)
        or _area_rings(c)
    )


def _zones_of_units(c: dict[str, Any]) -> str:
    units, n = c["units"], len(c["ids"])
    above = dict.fromkeys(unit.parent for unit in units)
    zones = [unit for unit in units if unit.id not in above]
    if tuple(unit.id for unit in zones) != c["ids"] or list(units[-n:]) != zones:
        return "the units without others below them are not the zones, last and in order"
    if [unit.people for unit in zones] != c["people"].tolist():
        return "people are not those of the units"
    shelter_s = np.array([shelter_s_of(unit, c["edition"]) for unit in zones])
    if not np.array_equal(shelter_s, c["shelter_s"], equal_nan=True):
        return "shelter_s is not what the units state"
    if by_key([unit.names for unit in zones]) != c["names"] or exact_ids(zones) != c["foreign"]:
        return "names or foreign ids are not those of the units"
    return ""


def _area_rings(c: dict[str, Any]) -> str:
    start, unit, hole, xy = (c[f"area_{key}"] for key in ("start", "unit", "hole", "xy"))
    rings, areas = len(unit), len(c["units"]) - len(c["ids"])
    if (
        xy.ndim != 2
        or xy.shape[1:] != (2,)
        or start.shape != (rings + 1,)
        or hole.shape != (rings,)
    ):
        return "outlines of areas have columns of different lengths"
    if start[0] != 0 or start[-1] != len(xy) or np.any(np.diff(start) < 4):
        return "area_start does not cut area_xy into closed rings of three corners or more"
    if not np.all(np.abs(xy) <= [180.0, 90.0]):
        return "an area's outline leaves longitude -180..180 or latitude -90..90"
    if not np.array_equal(xy[start[:-1]], xy[start[1:] - 1]):
        return "a ring of an area is not closed"
    if np.any((unit < 0) | (unit >= areas)) or np.any(np.diff(unit) < 0):
        return "area_unit is not ascending rows of areas"
    first = np.flatnonzero(np.diff(unit, prepend=-1))
    return "an area begins with a hole" if np.any(hole[first]) else ""


_CHECKS: Final[tuple[Callable[[dict[str, Any]], str], ...]] = (
    _ids,
    _lengths,
    _numbers,
    _rings,
    _neighbours,
    _units,
)
