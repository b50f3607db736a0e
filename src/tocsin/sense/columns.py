"""The values of many records at once, as columns, from the places that the walk found."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.sense.layout import ABSENT, Category
from tocsin.words import BoolArray, FloatArray, IntArray

PADDING: Final = b"\0" * 8
"""Follows the received bytes, so that eight octets can be read from every place in them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The values of n records of one category, by field name.

    `raw` holds what the wire said (int64 (n,), ABSENT where the record lacks the item).
    """

    category: Category
    raw: dict[str, IntArray]

    def __getitem__(self, name: str) -> IntArray:
        return self.raw[name]

    def real(self, name: str) -> FloatArray:
        """float64 (n,) in the unit that `name` carries; NaN where absent."""
        raw = self.raw[name]
        lsb = self.category.places[name].field.lsb
        return np.where(raw == ABSENT, np.nan, raw * lsb)

    def one(self, name: str, row: int) -> float:
        """The value of one record, which has it, in the unit that `name` carries."""
        return self.raw[name].item(row) * self.category.places[name].field.lsb

    def has(self, name: str) -> BoolArray:
        """Where the record has the item."""
        present: BoolArray = self.raw[name] != ABSENT
        return present

    def flag(self, name: str) -> BoolArray:
        """Where a one-bit field is present and set."""
        flag: BoolArray = self.raw[name] == 1
        return flag

    def take(self, rows: IntArray) -> "Columns":
        """The same columns of some of the records."""
        return Columns(self.category, {name: raw[rows] for name, raw in self.raw.items()})


def columns(
    category: Category, data: bytes, rows: list[list[int]], names: tuple[str, ...] = ()
) -> Columns:
    """Read `names` (all fields when empty) of the records whose offsets into `data` are `rows`.

    `data` must end with `PADDING`.
    """
    names = names or tuple(category.places)
    column, bit, shift, unsigned = _cuts(category, names)
    offsets = np.array(rows, dtype=np.int64).reshape(len(rows), category.columns).T[column]
    octets_8 = np.ndarray(len(data) - 7, ">u8", data, strides=(1,))  # from every place on
    value = octets_8[np.maximum(offsets, 0)].astype(np.uint64) << bit
    number = np.where(
        unsigned, (value >> shift).view(np.int64), value.view(np.int64) >> shift.view(np.int64)
    )
    return Columns(category, dict(zip(names, np.where(offsets < 0, ABSENT, number), strict=True)))


@lru_cache(maxsize=8)  # one for each category, and some for tests
def _cuts(
    category: Category, names: tuple[str, ...]
) -> tuple[IntArray, NDArray[np.uint64], NDArray[np.uint64], BoolArray]:
    """Of each field the column of its item, where it begins, how far to shift, if unsigned."""
    places = [category.places[name] for name in names]
    column = np.array([place.column for place in places])
    bit = np.array([[place.field.bit] for place in places], dtype=np.uint64)
    shift = np.array([[64 - place.field.bits] for place in places], dtype=np.uint64)
    return column, bit, shift, np.array([[not place.field.signed] for place in places])
