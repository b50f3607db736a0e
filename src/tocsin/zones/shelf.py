"""Versions of one country's map beside each other; which one holds at an instant of the events.

A replayed night is judged by the map of that night: the instant is always handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from tocsin.zones.map import ZoneMap
from tocsin.zones.units import told


@dataclass(frozen=True, slots=True)
class Shelf:
    """The versions, ascending by the instant from which each holds; each until the next one."""

    maps: tuple[ZoneMap, ...]

    @classmethod
    def of(cls, maps: Iterable[ZoneMap]) -> "Shelf":
        """A shelf of at least one map of one country; ValueError says why these are none."""
        ordered = sorted(maps, key=lambda m: (m.edition.effective_from_ns, m.digest))
        if not ordered:
            raise ValueError("there is no version of a zone map; give at least one file")
        for one, two in pairwise(ordered):
            names = f"{_name(one)} and {_name(two)}"
            if one.country != two.country:
                raise ValueError(
                    f"{names} are of {one.country} and {two.country}; give one country"
                )
            if one.edition.effective_from_ns == two.edition.effective_from_ns:
                begins = told(one.edition.effective_from_ns)
                raise ValueError(
                    f"{names} both hold from {begins}; import one with another --effective-from"
                )
        ids = [m.edition.id for m in ordered]
        twice = next((name for name in ids if name and ids.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two different maps are called {twice}; import one with another --id")
        return cls(tuple(ordered))

    def at(self, t_ns: int) -> ZoneMap:
        """The version that holds at `t_ns`; ValueError before the first one."""
        held = [m for m in self.maps if m.edition.effective_from_ns <= t_ns]
        if not held:
            first = self.maps[0]
            raise ValueError(
                f"no version holds at {told(t_ns)}: the first, {_name(first)}, holds from"
                f" {told(first.edition.effective_from_ns)}; add an older one"
            )
        return held[-1]


def _name(zone_map: ZoneMap) -> str:
    return zone_map.edition.id or f"{zone_map.country} {zone_map.digest[:12]}"
