"""Ukraine's register of settlements, KATOTTG: codes and names, without places on the ground.

The register (order 290 of the Ministry for Communities and Territories of 26 November 2020) is
published as a spreadsheet; this reads it as CSV with at least the columns `code`, `cat` and
`name`. A code begins with the oblast ("UA63"). Categories: O oblast, K city with special status,
P raion, H hromada, M city, T and X settlements, C village, B city district. Only M, K, T, X and C
are settlements.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tocsin.zones.names import latin_key, plain_cyrillic, romanised

_RANK: Final = {"K": 0, "M": 1, "T": 2, "X": 2, "C": 3}
_CODE: Final = re.compile(r"UA\d{17}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A settlement of the register."""

    code: str
    category: str
    name: str

    @property
    def rank(self) -> int:
        """0 for Kyiv and Sevastopol, then cities, settlements, villages."""
        return _RANK[self.category]


@dataclass(frozen=True, slots=True)
class Register:
    """Settlements by area ("UA63") and plain name; cities and larger settlements by sound too."""

    units: dict[tuple[str, str], tuple[Unit, ...]]
    sounds: dict[tuple[str, str], tuple[Unit, ...]]

    def named(self, area: str, plain_name: str) -> tuple[Unit, ...]:
        """The settlements of an area that bear this name (see `names.plain_cyrillic`)."""
        return self.units.get((area, plain_name), ())

    def sounding(self, area: str, latin: str) -> tuple[Unit, ...]:
        """The one city or larger settlement of an area that is romanised so; () if not just one."""
        found = self.sounds.get((area, latin_key(latin)), ())
        return found if len(found) == 1 else ()


def read_register(lines: Iterable[str]) -> Register:
    """The register out of CSV lines; ValueError when columns are missing or codes are not codes."""
    units: dict[tuple[str, str], list[Unit]] = {}
    rows = csv.DictReader(lines)
    missing = [name for name in ("code", "cat", "name") if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(
            f"the register has no column {missing[0]!r}; it must be CSV with code, cat and name"
        )
    for row in rows:
        if row["cat"] not in _RANK:
            continue
        # Some copies shorten the codes of Kyiv and Sevastopol and have them whole in column l1.
        codes = (row["code"], row.get("l1") or "")
        code = next((code for code in codes if _CODE.fullmatch(code)), None)
        if code is None:
            raise ValueError(f"line {rows.line_num} of the register: {row['code']!r} is no code")
        name = row["name"].replace("'", "’").strip()
        unit = Unit(code, row["cat"], name)
        units.setdefault((code[:4], plain_cyrillic(name)), []).append(unit)
    if not units:
        raise ValueError("the register names no settlement; is it the KATOTTG table?")
    sounds: dict[tuple[str, str], tuple[Unit, ...]] = {}
    for (area, _), found in units.items():
        for unit in found:
            if unit.category != "C":
                key = (area, latin_key(romanised(unit.name)))
                sounds[key] = (*sounds.get(key, ()), unit)
    return Register({key: tuple(found) for key, found in units.items()}, sounds)
