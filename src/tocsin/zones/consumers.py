"""How zones are told to somebody who knows only some levels: a table for each consumer.

An alert on an area holds for every zone in it, but not every consumer knows zones. Its table says
for each level it knows whether *any* alerted zone makes the area alerted (nobody is left out, some
are warned for nothing) or only *all* of them do (nobody is warned for nothing).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tocsin.zones.tree import Tree
from tocsin.zones.units import Unit

ANY: Final = "any"
ALL: Final = "all"
ZONE: Final = "zone"
"""A level that every map has: whatever has nothing below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Whom it is for; level -> any or all; the scheme whose ids it speaks, "" for the map's own."""

    what: str
    levels: Mapping[str, str] = field(default_factory=dict)
    scheme: str = ""

    def __post_init__(self) -> None:
        wrong = [rule for rule in self.levels.values() if rule not in (ANY, ALL)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no rule for a level; write any or all")


CONSUMERS: Final[dict[str, Consumer]] = {
    "zones": Consumer(what="every zone by itself", levels={ZONE: ANY}),
    "hfc": Consumer(
        what="Israel: zones by the segment ids of the Home Front Command",
        levels={ZONE: ANY},
        scheme="hfc_segment",
    ),
    "hfc-district": Consumer(
        what="Israel: whole districts, as soon as one zone is alerted", levels={"district": ANY}
    ),
    "ua-hromada": Consumer(
        what="Ukraine: hromadas, raions and oblasts where all of it is alerted (regionId)",
        levels={"oblast": ALL, "raion": ALL, "hromada": ANY},
        scheme="ukrainealarm",
    ),
    "ua-raion": Consumer(
        what="Ukraine: raions, as alerted since December 2025; oblasts where all is (regionId)",
        levels={"oblast": ALL, "raion": ANY},
        scheme="ukrainealarm",
    ),
    "ua-oblast": Consumer(
        what="Ukraine: oblasts only, as the string of 27 letters of alerts.in.ua",
        levels={"oblast": ANY},
        scheme="alerts_in_ua",
    ),
    "emma": Consumer(what="Europe: EMMA_ID of CAP", levels={ZONE: ANY}, scheme="emma_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressed:
    """What a consumer is told, in ids of units in the order of the tree.

    units   what is told
    untold  alerted zones for which this consumer has no word: they must be told otherwise
    over    zones in `units` that are not alerted
    """

    units: tuple[str, ...]
    untold: tuple[str, ...]
    over: tuple[str, ...]


def express(tree: Tree, alerted: Iterable[str], consumer: Consumer) -> Expressed:
    """The alerted units as the consumer can be told: first what is full, then the lowest *any*."""
    zones = tree.expand(alerted)
    is_full = tree.full(zones)
    rules = [_rule(tree, unit, consumer) for unit in tree.units]
    chosen: dict[str, None] = {}
    untold: list[str] = []
    for zone in zones:
        upwards = [tree.row(unit.id) for unit in tree.above(zone)]
        filled = [row for row in upwards if rules[row] and is_full[row]]
        lowest = [row for row in upwards if rules[row] == ANY]
        if filled and any(rules[row] == ALL for row in filled):
            chosen[tree.units[filled[-1]].id] = None
        elif lowest:
            chosen[tree.units[lowest[0]].id] = None
        else:
            untold.append(zone)
    units = tuple(
        unit.id for unit in tree.units if unit.id in chosen and _is_top(tree, unit, chosen)
    )
    alerted_zones = dict.fromkeys(zones)
    over = tuple(zone for zone in tree.expand(units) if zone not in alerted_zones)
    # A zone without a word of its own may still lie in something that was told for another.
    reached = dict.fromkeys(tree.expand(units))
    return Expressed(units=units, untold=tuple(z for z in untold if z not in reached), over=over)


def _rule(tree: Tree, unit: Unit, consumer: Consumer) -> str:
    """any, all, or "" for a unit that the consumer does not know."""
    if consumer.scheme and not unit.ids_of(consumer.scheme):
        return ""
    rule = consumer.levels.get(unit.level, "")
    if not rule and tree.is_zone(unit.id):
        rule = consumer.levels.get(ZONE, "")
    return rule


def _is_top(tree: Tree, unit: Unit, chosen: Mapping[str, None]) -> bool:
    return not any(above.id in chosen for above in tree.above(unit.id)[1:])
