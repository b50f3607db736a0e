"""What a zone map states of every zone and of every area above zones, and which version it is.

A *unit* is either: an area has units below it, a zone has none and is what can be warned by itself.
Policies change, so a time to shelter is a list of (valid from, seconds), and a map says from when
on it holds. Every lookup takes the instant as an argument: nothing here asks the clock.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tocsin.instant import NS_PER_S, iso

ALWAYS_NS: Final = -(2**63)
"""Valid from: as long as anybody remembers. Earlier than every instant an int64 can hold."""

Shelter = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A zone or an area above zones.

    id            slug [a-z0-9-]+, unique in the map
    level         what it is called in its country: oblast, raion, hromada, district, area
    parent        id of the one unit it belongs to, "" at the top
    names         language -> name; "und" without language tag
    people_day    people there by day, -1 unknown
    people_night  people there by night, -1 unknown
    shelter       (valid from t_ns, seconds), ascending; seconds people have to reach shelter
    ids           (scheme, identifier) of other systems, as many as there are, ascending
    """

    id: str
    level: str
    parent: str = ""
    names: dict[str, str] = field(default_factory=dict)
    people_day: int = -1
    people_night: int = -1
    shelter: Shelter = ()
    ids: tuple[tuple[str, str], ...] = ()

    @property
    def people(self) -> int:
        """Residents: the people by night where known, else those by day; -1 unknown."""
        return self.people_night if self.people_night >= 0 else self.people_day

    def shelter_s_at(self, t_ns: int) -> float:
        """Seconds to shelter at an instant; NaN before the first statement and without one."""
        held = [seconds for valid_from_ns, seconds in self.shelter if valid_from_ns <= t_ns]
        return held[-1] if held else math.nan

    def ids_of(self, scheme: str) -> tuple[str, ...]:
        """Its identifiers in a scheme."""
        return tuple(identifier for name, identifier in self.ids if name == scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One of the inputs of a map: what it gave, where it came from, under which licence."""

    name: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Which version of a country's map this is; its content hash is the map's `digest`.

    `id` is "" and `effective_from_ns` ALWAYS_NS in maps made before maps had versions.
    """

    id: str = ""
    effective_from_ns: int = ALWAYS_NS
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a map uses another system's identifiers: `areas` says that several units may share one,
    because the identifier names a larger area (NUTS3) and not the unit itself."""

    areas: bool = False


def shelter_s_of(unit: Unit, edition: Edition) -> float:
    """Seconds to shelter when the edition takes effect; the newest where it has no beginning."""
    if edition.effective_from_ns == ALWAYS_NS:
        return unit.shelter[-1][1] if unit.shelter else math.nan
    return unit.shelter_s_at(edition.effective_from_ns)


def told(t_ns: int) -> str:
    """An instant for people: ISO 8601, or "always"."""
    return "always" if t_ns == ALWAYS_NS else iso(t_ns)


def complain_of_unit(unit: Unit) -> str:
    """What is wrong with the facts of one unit; "" when nothing is."""
    if not unit.level:
        return f"{unit.id} has no level; name it as its country does, such as raion"
    if min(unit.people_day, unit.people_night) < -1:
        return f"{unit.id} has people below -1 (unknown)"
    begins = [valid_from_ns for valid_from_ns, _ in unit.shelter]
    if any(one >= two for one, two in pairwise(begins)):
        return f"{unit.id}: shelter is not in ascending order of valid_from, or has one twice"
    if not all(map(_is_whole_second, begins)):
        return f"{unit.id}: valid_from of shelter is no whole second"
    if not all(0.0 <= seconds < math.inf for _, seconds in unit.shelter):
        return f"{unit.id}: shelter has seconds that are negative or no number"
    if list(unit.ids) != sorted(dict.fromkeys(unit.ids)):
        return f"{unit.id}: ids are not ascending, or one is there twice"
    return f"{unit.id} has an empty scheme or id" if any(not all(p) for p in unit.ids) else ""


def complain_of_edition(edition: Edition) -> str:
    """What is wrong with the version of a map; "" when nothing is."""
    if not _is_whole_second(edition.effective_from_ns):
        return "effective_from is no whole second"
    if edition.effective_from_ns != ALWAYS_NS and not edition.id:
        return "a map that takes effect at an instant has no version id; give it one"
    for layer in edition.layers:
        if not (layer.name and layer.source and layer.licence):
            return f"layer {layer.name!r} does not say its source and licence"
    return ""


def _is_whole_second(t_ns: int) -> bool:
    return t_ns == ALWAYS_NS or t_ns % NS_PER_S == 0
