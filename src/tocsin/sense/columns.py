"""The values of many records at once, as columns, from the places that the walk found."""

from dataclasses import dataclass
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
    offsets = np.array(rows, dtype=np.int64).reshape(len(rows), category.columns)
    octets = np.frombuffer(data, dtype=np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(octets, 8)[np.maximum(offsets, 0)]
    first_64_bits: NDArray[np.uint64] = windows.view(">u8")[..., 0].astype(np.uint64)
    raw: dict[str, IntArray] = {}
    for name in names or tuple(category.places):
        place = category.places[name]
        field = place.field
        value = first_64_bits[:, place.column] << np.uint64(field.bit)
        shift = 64 - field.bits
        number = value.view(np.int64) >> shift if field.signed else value >> np.uint64(shift)
        raw[name] = np.where(offsets[:, place.column] < 0, ABSENT, number.astype(np.int64))
    return Columns(category, raw)
