"""Areas above zones, to any depth: which zones an area holds, which areas a set of zones fills.

The zones are laid out in the order of a walk through the tree, so the zones of every unit lie side
by side: `first` and `after` bound them. An alert on an area holds for every zone in it (`expand`);
zones are told as the fewest units that hold exactly them (`cover`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.zones.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The units of a map as a forest.

    units   in the order of the walk: a parent before its children, children in order of id
    parent  row of `units`, -1 at the top
    leaves  rows of the units without children, ascending
    first   the zones of unit i are leaves[first[i]:after[i]]
    after
    rows    id -> row of `units`
    """

    units: tuple[Unit, ...]
    parent: tuple[int, ...]
    leaves: tuple[int, ...]
    first: tuple[int, ...]
    after: tuple[int, ...]
    rows: dict[str, int]

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "Tree":
        """The tree of these units, in any order; ValueError says what makes them none."""
        complaint = complain_of_tree(units)
        if complaint:
            raise ValueError(complaint)
        walked, depth = _walk(units)
        rows = {unit.id: row for row, unit in enumerate(walked)}
        above = {unit.parent for unit in walked}
        leaves = tuple(row for row, unit in enumerate(walked) if unit.id not in above)
        first: list[int] = []
        after: list[int] = [0] * len(walked)
        seen = 0
        open_rows: list[int] = []
        for row, unit in enumerate(walked):
            while open_rows and depth[open_rows[-1]] >= depth[row]:
                after[open_rows.pop()] = seen
            open_rows.append(row)
            first.append(seen)
            seen += unit.id not in above
        for row in open_rows:
            after[row] = seen
        return cls(
            units=walked,
            parent=tuple(rows.get(unit.parent, -1) for unit in walked),
            leaves=leaves,
            first=tuple(first),
            after=tuple(after),
            rows=rows,
        )

    def row(self, unit_id: str) -> int:
        """The row of a unit; ValueError when there is none of that id."""
        if unit_id not in self.rows:
            raise ValueError(f"the map has no unit {unit_id!r}; 'tocsin zones show' lists them")
        return self.rows[unit_id]

    def unit(self, unit_id: str) -> Unit:
        """The unit of an id; ValueError when there is none."""
        return self.units[self.row(unit_id)]

    def is_zone(self, unit_id: str) -> bool:
        """Whether nothing lies below it."""
        row = self.row(unit_id)
        return self.after[row] - self.first[row] == 1 and self.leaves[self.first[row]] == row

    def above(self, unit_id: str) -> tuple[Unit, ...]:
        """The unit and those it belongs to, upwards."""
        row, found = self.row(unit_id), []
        while row >= 0:
            found.append(self.units[row])
            row = self.parent[row]
        return tuple(found)

    def below(self, unit_id: str) -> tuple[Unit, ...]:
        """The units directly below, in order of id."""
        self.row(unit_id)
        return tuple(unit for unit in self.units if unit.parent == unit_id)

    def expand(self, unit_ids: Iterable[str]) -> tuple[str, ...]:
        """Every zone of these units, once each, in the order of the tree."""
        held = self._held(unit_ids)
        return tuple(self.units[row].id for row, on in zip(self.leaves, held, strict=True) if on)

    def cover(self, unit_ids: Iterable[str]) -> tuple[str, ...]:
        """The fewest units that together hold exactly the zones of these; the highest of equals."""
        full = self.full(unit_ids)
        return tuple(
            unit.id
            for unit, parent, is_full in zip(self.units, self.parent, full, strict=True)
            if is_full and not (parent >= 0 and full[parent])
        )

    def full(self, unit_ids: Iterable[str]) -> tuple[bool, ...]:
        """For each unit whether all its zones are among those of `unit_ids`."""
        held = self._held(unit_ids)
        before = [0]
        for on in held:
            before.append(before[-1] + on)
        spans = zip(self.first, self.after, strict=True)
        return tuple(before[after] - before[first] == after - first for first, after in spans)

    def _held(self, unit_ids: Iterable[str]) -> list[bool]:
        held = [False] * len(self.leaves)
        for unit_id in unit_ids:
            row = self.row(unit_id)
            first, after = self.first[row], self.after[row]
            held[first:after] = [True] * (after - first)
        return held


def complain_of_tree(units: Sequence[Unit]) -> str:
    """Twins, two parents, orphans, cycles: the first one found, in words; "" when all is well."""
    by_id: dict[str, Unit] = {}
    for unit in units:
        other = by_id.setdefault(unit.id, unit)
        if other is not unit and other.parent != unit.parent:
            return (
                f"{unit.id} has two parents, {other.parent or 'none'} and {unit.parent or 'none'};"
                " keep one"
            )
        if other is not unit:
            return f"two units have the id {unit.id}; give one another id"
    for unit in units:
        if unit.parent and unit.parent not in by_id:
            return f"{unit.id} is an orphan: there is no {unit.parent}; add it or name another"
    settled: dict[str, None] = {}
    for unit in units:
        path: dict[str, None] = {}
        at = unit
        while at.id not in settled:
            if at.id in path:
                return f"{at.id} lies in a cycle of parents: {' > '.join(path)}; cut it"
            path[at.id] = None
            if not at.parent:
                break
            at = by_id[at.parent]
        settled |= path
    return next((complaint for unit in units if (complaint := _nested(unit, by_id))), "")


def _nested(unit: Unit, by_id: dict[str, Unit]) -> str:
    """A level inside itself: then nobody can say which of the two a consumer of it knows."""
    at = by_id.get(unit.parent)
    while at is not None:
        if at.level == unit.level:
            return f"{unit.id} and {at.id} above it are both of level {unit.level}; rename one"
        at = by_id.get(at.parent)
    return ""


def _walk(units: Sequence[Unit]) -> tuple[tuple[Unit, ...], list[int]]:
    """The units from the top down, children in order of id, and the depth of each."""
    below: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.id, reverse=True):
        below.setdefault(unit.parent, []).append(unit)
    walked: list[Unit] = []
    depth: list[int] = []
    waiting = [(unit, 0) for unit in below.get("", [])]
    while waiting:
        unit, deep = waiting.pop()
        walked.append(unit)
        depth.append(deep)
        waiting += [(child, deep + 1) for child in below.get(unit.id, [])]
    return tuple(walked), depth
