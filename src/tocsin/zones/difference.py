"""What changed from one version of a zone map to the next: what its people must be told of."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from tocsin.zones.atlas import polygon
from tocsin.zones.map import ZoneMap
from tocsin.zones.ruler import offset_m
from tocsin.zones.units import ALWAYS_NS, Unit

MOVED_SHARE_MIN: Final = 0.01
"""Chosen: an outline moved when more than 1 % of the ground that either version claims is in one of
them only. Rounding and simplification of a border stay below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed about one unit. `kind` is a key of KINDS."""

    kind: str
    unit: str
    text: str
    before: Any = None
    after: Any = None


KINDS: Final[dict[str, str]] = {
    "appeared": "zones and areas that were not there before",
    "vanished": "zones and areas that are no longer there",
    "moved": "zones whose outline changed by more than 1 %",
    "shelter": "zones with another time to shelter",
    "parent": "zones and areas that belong to another area",
    "level": "zones and areas of another level",
    "names": "zones and areas with another name",
    "people": "zones and areas with another number of people",
    "ids": "zones and areas with other identifiers of other systems",
}
"""What is told, in this order."""


def differences(old: ZoneMap, new: ZoneMap) -> list[Change]:
    """Every change from `old` to `new`, by kind and id; ValueError for different countries."""
    if old.country != new.country:
        raise ValueError(f"{old.country} and {new.country} are two countries; compare one")
    before, after = old.tree, new.tree
    changes = [
        *(_whole("appeared", unit) for unit in after.units if unit.id not in before.rows),
        *(_whole("vanished", unit) for unit in before.units if unit.id not in after.rows),
    ]
    both = [(before.unit(u.id), u) for u in after.units if u.id in before.rows]
    changes += [
        _fact(kind, one, two)
        for kind, fact in _FACTS
        for one, two in both
        if fact(one) != fact(two)
    ]
    changes += _shelter(old, new)
    changes += _moved(old, new)
    order = list(KINDS)
    return sorted(changes, key=lambda change: (order.index(change.kind), change.unit))


_FACTS: Final[tuple[tuple[str, Callable[[Unit], Any]], ...]] = (
    ("parent", lambda unit: unit.parent),
    ("level", lambda unit: unit.level),
    ("names", lambda unit: unit.names),
    ("people", lambda unit: {"day": unit.people_day, "night": unit.people_night}),
    ("ids", lambda unit: [list(pair) for pair in unit.ids]),
)


def _whole(kind: str, unit: Unit) -> Change:
    return Change(kind=kind, unit=unit.id, text=f"{unit.level} {_called(unit)}".strip())


def _fact(kind: str, one: Unit, two: Unit) -> Change:
    fact = dict(_FACTS)[kind]
    before, after = fact(one), fact(two)
    return Change(
        kind=kind, unit=two.id, text=f"{before or '-'} > {after or '-'}", before=before, after=after
    )


def _shelter(old: ZoneMap, new: ZoneMap) -> list[Change]:
    """Seconds as each version has them when the new one takes effect."""
    t_ns = new.edition.effective_from_ns
    before_s = old.shelter_s if t_ns == ALWAYS_NS else old.shelter_s_at(t_ns)
    found = []
    for row, zone_id in enumerate(new.ids):
        if zone_id not in old.tree.rows or not old.tree.is_zone(zone_id):
            continue
        one, two = (_known(s) for s in (before_s[old.row(zone_id)], new.shelter_s[row]))
        if one != two:
            text = f"{_seconds(one)} > {_seconds(two)}"
            found.append(Change(kind="shelter", unit=zone_id, text=text, before=one, after=two))
    return found


def _moved(old: ZoneMap, new: ZoneMap) -> list[Change]:
    """Shares are of areas in degrees: within one zone a degree is as long here as there."""
    found = []
    for row, zone_id in enumerate(new.ids):
        if zone_id not in old.tree.rows or not old.tree.is_zone(zone_id):
            continue
        here, there = polygon(old, old.row(zone_id)), polygon(new, row)
        if here.equals_exact(there, 0.0):
            continue
        here, there = shapely.make_valid(here), shapely.make_valid(there)
        share = shapely.symmetric_difference(here, there).area / shapely.union(here, there).area
        if share <= MOVED_SHARE_MIN:
            continue
        one, two = here.centroid, there.centroid
        east_m, north_m = offset_m(one.y, one.x, np.array([two.y]), np.array([two.x]))
        metres = float(np.hypot(east_m, north_m)[0])
        text = f"{share:.1%} of the ground is in one version only; centre moved {metres:.0f} m"
        found.append(Change(kind="moved", unit=zone_id, text=text, after=round(share, 4)))
    return found


def _called(unit: Unit) -> str:
    languages = sorted(unit.names)
    first = "en" if "en" in unit.names else (languages[0] if languages else "")
    return unit.names.get(first, "")


def _known(seconds: float) -> float | None:
    return None if math.isnan(seconds) else float(seconds)


def _seconds(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:g} s"
