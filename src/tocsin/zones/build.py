"""A zone map from open data alone: places of GeoNames, each with the ground nearest to it.

What such a map is, and is not: a working map for a country whose authority has not given its own
zones. Its borders follow no law. The people are those whom GeoNames counts in settlements: farms
and hamlets are missing, and the numbers are of different, mostly pre-war, years. The time to
shelter is unknown unless the caller states one.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tocsin.zones.assemble import Draft, assemble
from tocsin.zones.cells import Plane, cells, country_ground
from tocsin.zones.gazetteer import Place, Sorted, read_places, sort_places
from tocsin.zones.map import ZoneMap
from tocsin.zones.names import ascii_name, in_arabic, in_hebrew, in_ukrainian, romanised, slug
from tocsin.zones.register import Register

NEAR_M: Final = 2_000.0
"""A point off the coast or over the border belongs to the nearest zone within this: chosen,
because a 1:50 million coast is out by about as much."""

_OWN_NAMES: Final[dict[str, dict[str, str]]] = {
    # Where the sound misleads: the name in use is not the one that sounds like the Latin name.
    "il": {"Jerusalem": "القدس"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to build and out of what; `source` names the inputs in the map's version."""

    country: str
    people_min: int
    shelter_s: float
    near_m: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done to the places, in numbers; `joined` as in `gazetteer.Sorted`."""

    entries: int
    joined: tuple[tuple[int, int, str], ...]
    places: int
    zones: int
    people: int
    people_in_entries: int
    places_without_people: int
    names_doubtful: int
    names_missing: int


def build(
    recipe: Recipe,
    *,
    cities: dict[str, dict[str, Any]],
    outlines: dict[str, BaseGeometry],
    alpha3: str,
    register: Register | None,
) -> tuple[ZoneMap, Report]:
    """The map and the report; ValueError when the country has no outline or no such places."""
    if alpha3 not in outlines:
        raise ValueError(f"the outlines have no country {alpha3}; give another file by --outlines")
    entries = read_places(cities, recipe.country, register)
    sorted_places = sort_places(entries, recipe.country, register is not None)
    seeds = [place for place in sorted_places.places if place.people >= recipe.people_min]
    if len(seeds) < 2:
        raise ValueError(
            f"{len(seeds)} places of {recipe.country.upper()} have {recipe.people_min} people or "
            "more; lower --min-people"
        )
    polygons = _ground(entries, seeds, sorted_places, outlines, alpha3)
    people = _people(sorted_places.places, polygons)
    ids = _ids(recipe.country, sorted_places.places)
    codes = _codes(seeds)
    drafts = [
        Draft(
            id=ids[seed.key],
            polygon=polygon,
            names=_names(seed, recipe.country),
            parent=seed.area.id,
            people=count,
            shelter_s=recipe.shelter_s,
            foreign=_foreign(seed, recipe.country, codes),
            point=(seed.lon_deg, seed.lat_deg),
        )
        for seed, polygon, count in zip(seeds, polygons, people, strict=True)
    ]
    drafts.sort(key=lambda draft: draft.id)
    zone_map = assemble(
        country=recipe.country,
        version=_version(recipe, len(drafts), sorted_places),
        drafts=drafts,
        parents={seed.area.id: seed.area.names for seed in seeds},
        near_m=recipe.near_m,
    )
    return zone_map, _report(entries, sorted_places, zone_map)


def _ground(
    entries: list[Place],
    seeds: list[Place],
    sorted_places: Sorted,
    outlines: dict[str, BaseGeometry],
    alpha3: str,
) -> list[BaseGeometry]:
    """One polygon in lon, lat for each seed."""
    lon_lat = np.array([(place.lon_deg, place.lat_deg) for place in entries])
    plane = Plane(lon_lat[:, 1], lon_lat[:, 0])
    reach = shapely.box(*(lon_lat.min(axis=0) - 2.0), *(lon_lat.max(axis=0) + 2.0))
    foreign = [outlines[code] for code in sorted(outlines) if code != alpha3]
    others = shapely.union_all([shapely.intersection(outline, reach) for outline in foreign])
    everyone = plane.metres(shapely.multipoints(np.unique(lon_lat, axis=0)))
    ground = country_ground(plane.metres(outlines[alpha3]), plane.metres(others), everyone)
    sites: dict[tuple[float, float], int] = {}
    for zone, seed in enumerate(seeds):
        for place in (seed, *sorted_places.sections[seed.key]):
            sites.setdefault((place.lon_deg, place.lat_deg), zone)
    points = plane.metres(shapely.multipoints(list(sites)))
    found = cells(points, np.array(list(sites.values())), ground)
    return [_valid(plane.degrees(polygon)) for polygon in found]


def _valid(polygon: BaseGeometry) -> BaseGeometry:
    """Rounding may pinch a thin bay until it touches itself: mended then, untouched else."""
    if polygon.is_valid:
        return polygon
    return shapely.make_valid(polygon, method="structure", keep_collapsed=False)


def _people(places: tuple[Place, ...], polygons: list[BaseGeometry]) -> list[int]:
    """The people of every place in each polygon; -1 where none is known."""
    points = shapely.points([(place.lon_deg, place.lat_deg) for place in places])
    point, zone = shapely.STRtree(polygons).query(points, predicate="intersects")
    total = [-1] * len(polygons)
    first = np.flatnonzero(np.diff(point, prepend=-1))  # a place on a border counts once
    for row in first:
        place = places[int(point[row])]
        if place.people >= 0:
            total[zone[row]] = max(total[zone[row]], 0) + place.people
    return total


def _ids(country: str, places: tuple[Place, ...]) -> dict[int, str]:
    """A slug for every place: the largest of a name bears it plain, the others with their key.

    All places take part, not only those that become zones, so that an id does not change when
    the map is built again with other `people_min`.
    """
    ids: dict[int, str] = {}
    taken: dict[str, int] = {}
    for place in places:
        plain = f"{country}-{slug(_english(place)) or place.key}"
        ids[place.key] = plain if plain not in taken else f"{plain}-{place.key}"
        taken.setdefault(plain, place.key)
    return ids


def _english(place: Place) -> str:
    """The official romanisation where the register knows the place, else GeoNames in ASCII."""
    return romanised(place.units[0].name) if place.units else ascii_name(place.name)


def _names(place: Place, country: str) -> dict[str, str]:
    names = {"und": place.name, "en": _english(place)}
    if country == "ua":
        names["uk"] = place.units[0].name if place.units else in_ukrainian(*_spoken(place))[0]
    if country == "il":
        names["he"] = in_hebrew(*_spoken(place))[0]
        names["ar"] = _OWN_NAMES["il"].get(place.name) or in_arabic(*_spoken(place))[0]
    return names


def _codes(seeds: list[Place]) -> dict[int, str]:
    """The register's code of each place where it is certain; given once, to the largest."""
    taken: dict[str, int] = {}
    for seed in seeds:
        if seed.unit is not None:
            taken.setdefault(seed.unit.code, seed.key)
    return {key: code for code, key in taken.items()}


def _foreign(place: Place, country: str, codes: dict[int, str]) -> dict[str, str]:
    foreign = {"geonames": str(place.key)}
    if country == "ua":
        foreign["katottg"] = codes.get(place.key, "")
        foreign["name_source"] = _name_source(place)
    return foreign


def _name_source(place: Place) -> str:
    """Where the Ukrainian name comes from: register, script, script-doubtful or none."""
    if place.units:
        return "register"
    name, doubtful = in_ukrainian(*_spoken(place))
    if not name:
        return "none"
    return "script-doubtful" if doubtful else "script"


def _spoken(place: Place) -> tuple[tuple[str, ...], str]:
    return place.other_names, place.name


def _version(recipe: Recipe, zones: int, sorted_places: Sorted) -> str:
    return (
        f"{recipe.country}: {zones} zones of {recipe.people_min}+ people; {recipe.source}; "
        f"{len(sorted_places.joined)} doubles and sections joined"
    )


def _report(entries: list[Place], sorted_places: Sorted, zone_map: ZoneMap) -> Report:
    tongue = {"ua": "uk", "il": "he"}.get(zone_map.country, "en")
    sources = zone_map.foreign.get("name_source", ())
    return Report(
        entries=len(entries),
        joined=sorted_places.joined,
        places=len(sorted_places.places),
        zones=len(zone_map),
        people=int(zone_map.people[zone_map.people >= 0].sum()),
        people_in_entries=sum(max(place.people, 0) for place in entries),
        places_without_people=sum(place.people < 0 for place in sorted_places.places),
        names_doubtful=sources.count("script-doubtful"),
        names_missing=zone_map.names[tongue].count(""),
    )
