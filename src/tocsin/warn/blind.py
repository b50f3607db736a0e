"""Which zones nobody watches, and what of it the public is told: whole admin-1 areas.

An area is listed as soon as one of its zones is blind, and stays listed for ten minutes after the
last one is watched again. Both choices err towards people: whoever lives in a blind zone never
reads silence as safety. They also tell an attacker little: not which zone, not how many, not when
the sensor came back; and where some valley is always blind to low drones, the flag never moves.
"""

from collections.abc import Sequence
from typing import Final

from tocsin.instant import NS_PER_S
from tocsin.warn.told import Zones
from tocsin.words import THREATS, Blindness

HOLD_NS: Final = 600 * NS_PER_S
"""Chosen: longer than a sensor's restart, so that an area does not blink with one sensor."""

_STILL: Final = 1 << 63


class BlindAreas:
    """The last word about blindness for each threat; bounded by the map."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._now: dict[str, frozenset[str]] = {}
        self._until_ns: dict[tuple[int, int], int] = {}  # (parent, threat) -> end of its listing

    def update(self, now_ns: int, blindness: Sequence[Blindness]) -> bool:
        """Take in what changed and let old listings lapse; whether `listed` differs now."""
        before = tuple(self._until_ns)
        for word in blindness:
            self._now[word.threat] = frozenset(word.zones)
            self._list(now_ns, THREATS.index(word.threat), word.zones)
        self._until_ns = {key: end for key, end in self._until_ns.items() if end > now_ns}
        return tuple(self._until_ns) != before

    def listed(self) -> list[tuple[str, str]]:
        """(parent id, threat) of every listed area, in the order of the map."""
        keys = sorted(self._until_ns)
        return [(self._zones.parents[parent], THREATS[threat]) for parent, threat in keys]

    def covers(self, zone: str, threat: str, otherwise: bool) -> bool:
        """Whether `zone` is blind to `threat` now; `otherwise` if nothing was ever said of it."""
        known = self._now.get(threat)
        return otherwise if known is None else zone in known

    def area_listed(self, zone: str, threat: str, otherwise: bool) -> bool:
        """Whether the zone's admin-1 area is listed for `threat`: all that the public is told."""
        if threat not in self._now:
            return otherwise
        parent = int(self._zones.parent[self._zones.row(zone)])
        return (parent, THREATS.index(threat)) in self._until_ns

    def _list(self, now_ns: int, threat: int, zones: tuple[str, ...]) -> None:
        for key, end in self._until_ns.items():
            if key[1] == threat and end == _STILL:
                self._until_ns[key] = now_ns + HOLD_NS
        for zone in zones:
            self._until_ns[int(self._zones.parent[self._zones.row(zone)]), threat] = _STILL
