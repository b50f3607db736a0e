"""Who is told together: a policy may warn whole districts or regions by the chance of one zone."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from tocsin.decide.coverage import AreaZones
from tocsin.decide.policy import UNITS, WARNED_BY_CHANCE, Policy, Row
from tocsin.words import THREATS, BoolArray, FloatArray, IntArray

ZONE: Final = UNITS.index("zone")


def area_of(zones: AreaZones) -> IntArray:
    """The area of each zone in each of `UNITS`: int64 (units, n), numbers unique in their line.

    Where the map has no district the region stands in: rather too many than too few.
    """
    own = np.arange(len(zones), dtype=np.int64)
    region = np.asarray(zones.regions, dtype=np.int64)
    district = np.asarray(zones.districts, dtype=np.int64)
    inside = np.where(district >= 0, district, np.max(district, initial=-1) + 1 + region)
    return np.stack([own, inside, region])


def greatest(area: IntArray, chance: FloatArray) -> FloatArray:
    """For each of n places the greatest `chance` of any in the same `area`: float64 (n,)."""
    names, line = np.unique(area, return_inverse=True)
    found = np.zeros(len(names))
    np.maximum.at(found, line, chance)
    return found[line]


class Areas:
    """The areas of one policy, by day or night: what a chance somewhere means for the rest.

    `wide` is whether any stage of a threat is told to more than a zone: bool (threats,).
    """

    def __init__(self, policy: Policy, zones: AreaZones, *, night: bool = False) -> None:
        self._unit = np.array(
            [
                [UNITS.index(row.unit) for row in _rows(policy, threat, night=night)]
                for threat in THREATS
            ]
        )
        self.wide: BoolArray = (self._unit != ZONE).any(axis=1)
        self._area = area_of(zones) if self.wide.any() else np.zeros((len(UNITS), 0), np.int64)

    def along(self, key: IntArray) -> IntArray:
        """The keys that share the widest area of any of `key`, sorted, `key` included."""
        threat, row = key % len(THREATS), key // len(THREATS)
        found = [key]
        for line in np.flatnonzero(self.wide):
            area = self._area[self._unit[line].max()]
            told = np.flatnonzero(np.isin(area, area[row[threat == line]]))
            found.append(told * len(THREATS) + line)
        return np.unique(np.concatenate(found))

    def spread(self, key: IntArray, chance: FloatArray, alone: IntArray) -> FloatArray:
        """`chance` (stages, n) of the sorted keys, raised to the greatest in the area of each.

        Keys of `alone` keep their own: an operator has just told these people that it is over, and
        what may harm others does not call them back.
        """
        found = chance.copy()
        for line, here, row in self._joined(key, alone):
            for column, unit in enumerate(self._unit[line]):
                if unit != ZONE:
                    found[column, here] = greatest(self._area[unit][row], chance[column, here])
        return found

    def source(self, key: IntArray, chance: FloatArray, alone: IntArray) -> IntArray:
        """The key whose chance counts at each of `key`: the greatest of take_cover (ties: of early,
        then the first) in the widest area; itself where only the zone is told, or it is `alone`."""
        found = key.copy()
        for line, here, row in self._joined(key, alone):
            area = self._area[self._unit[line].max()][row]
            order = np.lexsort((key[here], -chance[1, here], -chance[2, here], area))
            _, first, back = np.unique(area[order], return_index=True, return_inverse=True)
            found[here[order]] = key[here[order[first]]][back]
        return found

    def _joined(self, key: IntArray, alone: IntArray) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Each threat that is told to areas, which of `key` are of it, and their zones."""
        for line in np.flatnonzero(self.wide):
            here = np.flatnonzero((key % len(THREATS) == line) & ~np.isin(key, alone))
            yield int(line), here, key[here] // len(THREATS)


def _rows(policy: Policy, threat: str, *, night: bool) -> Sequence[Row]:
    return [policy.row(threat, stage, night=night) for stage in WARNED_BY_CHANCE]
