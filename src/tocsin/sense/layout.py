"""What ASTERIX records look like, as tables, and the walk that finds where each item begins.

Source: EUROCONTROL-SPEC-0149 Part 1 (ASTERIX), edition 3.0, chapter 5. A record is a field
specification (FSPEC) and the items that it names, in the order of its bits.

| structure | octets |
|---|---|
| FSPEC | seven items an octet; the eighth bit (FX) says that another octet follows |
| `Fixed` | as the item says |
| `Extended` | parts of equal length; the last bit of each (FX) says that one more follows |
| `Repeated` | REP (1 octet), then REP parts of equal length |
| `Explicit` | LEN (1 octet, itself included), then LEN - 1 octets |
| `Compound` | an FSPEC of its own, then the subfields that it names |

The walk finds only *where* each item begins; `columns` then reads the values of all records of a
batch at once. That keeps the walk small, and the same for every category: a category is a table
(`cat034`, `cat048`, `cat062`). What to do for one FSPEC is worked out once and kept, because a
feed uses few of them: on the shared sample a record is walked in about 6 us (measured, one core).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

ABSENT: Final = int(np.iinfo(np.int64).min)
"""In a raw column: this record does not have the item. No field is 64 bits long."""

_PLANS_MAX: Final = (
    1024  # chosen: real feeds use tens of FSPECs; a hostile one must not fill memory
)


class WalkError(ValueError):
    """The bytes cannot be walked; `reason` is one of `rules.reasons`. Never leaves this room."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# ---- the tables --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fixed:
    """An item that always has this many octets."""

    octets: int


@dataclass(frozen=True, slots=True)
class Extended:
    """At most `extents` parts of `octets` octets chained by FX; 0 extents means any number."""

    extents: int
    octets: int = 1


@dataclass(frozen=True, slots=True)
class Repeated:
    """A count, then so many parts of `octets` octets."""

    octets: int


@dataclass(frozen=True, slots=True)
class Explicit:
    """An item that begins with its own length: RE and SP, whose inside is not ours to know."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value: `bits` bits from `bit` (0 is the first) of extent `part` of its item.

    `lsb` is what one unit is worth in the unit that the name carries. `least` and `most` bound
    the raw value where the specification does; ABSENT and None mean unbounded.
    """

    name: str
    bit: int
    bits: int
    signed: bool = False
    lsb: float = 1.0
    part: int = 0
    least: int = ABSENT
    most: int = -ABSENT


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the user application profile, or one subfield of a compound item."""

    name: str
    structure: "Fixed | Extended | Repeated | Explicit | Compound"
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Compound:
    """Subfields in the order of their presence bits; None is a spare bit."""

    items: tuple[Item | None, ...]


# ---- compiled tables ---------------------------------------------------------------------------

_Walk = Callable[[bytes, int, int, list[int]], int]
_Step = tuple[tuple[tuple[int, int], ...], int, _Walk | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A field, and the column of the row of offsets in which its item (or extent) is found."""

    field: Field
    column: int


class Category:
    """A table made ready to walk: `number`, `edition` and what its records look like.

    `mandatory` names fields without which a record is not one of this edition. `whole` says that
    a block is believed only when all of it fits (see `cat062`).
    """

    def __init__(
        self,
        number: int,
        edition: str,
        items: tuple[Item | None, ...],
        mandatory: tuple[str, ...],
        whole: bool = False,
    ) -> None:
        self.number = number
        self.edition = edition
        self.whole = whole
        self.places: dict[str, Place] = {}
        self.columns = 0
        self.walk = _Layout(self, items, overlong="fspec")
        self._mandatory = tuple((name, self.places[name].column) for name in mandatory)
        self._bounded = tuple(
            (p.field, p.column) for p in self.places.values() if p.field.least != ABSENT
        )

    def allot(self, fields: tuple[Field, ...]) -> dict[int, int]:
        """Give each part that holds a field a column; returns part -> column."""
        columns: dict[int, int] = {}
        for field in fields:
            if field.part not in columns:
                columns[field.part] = self.columns
                self.columns += 1
            assert field.name not in self.places, "a field name is given twice"
            assert field.bit + field.bits <= 64, "a field lies within eight octets"
            self.places[field.name] = Place(field, columns[field.part])
        return columns

    def unfit(self, data: bytes, row: list[int]) -> WalkError | None:
        """Why a record that could be walked is none of this category, if it is not."""
        for name, column in self._mandatory:
            if row[column] < 0:
                return WalkError("edition", f"CAT{self.number:03d} without {name}")
        for field, column in self._bounded:
            at = row[column]
            if at >= 0 and not field.least <= _value(data, at, field) <= field.most:
                return WalkError("range", f"CAT{self.number:03d} {field.name} is out of range")
        return None


class _Layout:
    """Items behind an FSPEC: a record, or the inside of a compound item."""

    def __init__(self, category: Category, items: tuple[Item | None, ...], overlong: str) -> None:
        self._overlong = overlong
        self._items = tuple(
            None if item is None else (item.name, *_compiled(category, item)) for item in items
        )
        self._octets_max = -(-len(items) // 7)
        self._plans: dict[bytes, tuple[_Step, ...]] = {}

    def __call__(self, data: bytes, at: int, end: int, row: list[int]) -> int:
        """Where the record that begins at `at` ends; fills `row` with the offsets of its items."""
        after = at
        while True:
            if after >= end:
                raise WalkError("truncated", "ends inside a field specification")
            after += 1
            if not data[after - 1] & 1:
                break
            if after - at >= self._octets_max:
                raise WalkError(self._overlong, f"an FSPEC of more than {self._octets_max} octets")
        fspec = data[at:after]
        steps = self._plans.get(fspec)
        if steps is None:
            steps = self._plan(fspec)
        for places, octets, walk in steps:
            for column, ahead in places:
                row[column] = after + ahead
            after += octets
            if walk is not None:
                after = walk(data, after, end, row)
        if after > end:
            raise WalkError("truncated", "ends inside an item")
        return after

    def _plan(self, fspec: bytes) -> tuple[_Step, ...]:
        """What to do for this FSPEC: runs of fixed items, a variable one after all but the last."""
        steps: list[_Step] = []
        places: list[tuple[int, int]] = []
        octets = 0
        for number in range(7 * len(fspec)):
            if not fspec[number // 7] >> (7 - number % 7) & 1:
                continue
            item = self._items[number] if number < len(self._items) else None
            if item is None:
                raise WalkError("edition", f"names the spare item {number + 1}")
            _, fixed_octets, columns, walk = item
            places += [(column, octets) for column in columns]
            octets += fixed_octets
            if walk is not None:
                steps.append((tuple(places), octets, walk))
                places, octets = [], 0
        steps.append((tuple(places), octets, None))
        if len(self._plans) >= _PLANS_MAX:
            self._plans.clear()
        self._plans[fspec] = tuple(steps)
        return self._plans[fspec]


def _compiled(category: Category, item: Item) -> tuple[int, tuple[int, ...], _Walk | None]:
    """Octets and columns of a fixed item, or 0, no columns and the walk of a variable one."""
    structure = item.structure
    if isinstance(structure, Compound):
        return 0, (), _Layout(category, structure.items, overlong="edition")
    columns = category.allot(item.fields)
    if isinstance(structure, Fixed):
        return structure.octets, tuple(columns.values()), None
    if isinstance(structure, Extended):
        return 0, (), _ExtendedWalk(structure, columns)
    assert not columns, f"{item.name}: values of repeated and explicit items are not read"
    return 0, (), _RepeatedWalk(structure.octets) if isinstance(structure, Repeated) else _explicit


class _ExtendedWalk:
    def __init__(self, structure: Extended, columns: dict[int, int]) -> None:
        self._octets = structure.octets
        self._extents = structure.extents
        self._columns = columns

    def __call__(self, data: bytes, at: int, end: int, row: list[int]) -> int:
        part = 0
        while True:
            if part in self._columns:
                row[self._columns[part]] = at
            at += self._octets
            if at > end:
                raise WalkError("truncated", "ends inside an extended item")
            part += 1
            if not data[at - 1] & 1:
                return at
            if part == self._extents:
                raise WalkError("edition", "more extents than the edition has")


class _RepeatedWalk:
    def __init__(self, octets: int) -> None:
        self._octets = octets

    def __call__(self, data: bytes, at: int, end: int, _row: list[int]) -> int:
        if at >= end:
            raise WalkError("truncated", "ends before a repetition factor")
        return at + 1 + data[at] * self._octets


def _explicit(data: bytes, at: int, end: int, _row: list[int]) -> int:
    if at >= end:
        raise WalkError("truncated", "ends before an explicit length")
    if data[at] == 0:
        raise WalkError("length", "an explicit length of 0")
    return at + data[at]


def _value(data: bytes, at: int, field: Field) -> int:
    """One value, without NumPy: the check of one bounded field of one record."""
    octets = (field.bit + field.bits + 7) // 8
    word = int.from_bytes(data[at : at + octets], "big")
    value = word >> (8 * octets - field.bit - field.bits) & ((1 << field.bits) - 1)
    if field.signed and value >> (field.bits - 1):
        value -= 1 << field.bits
    return value
