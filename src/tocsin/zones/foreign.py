"""Identifiers of other systems: what each scheme names, and the way from an identifier to units.

A unit may bear many. An identifier names one unit, except in schemes that a map declares as areas:
there it names something larger, and several units share it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.zones.units import Scheme, Unit


class Known(NamedTuple):
    """A scheme in use: what its identifiers look like, what they name, and ways of writing
    (one, other) that count as the same."""

    pattern: str
    what: str
    alike: tuple[tuple[str, str], ...] = ()


KNOWN: Final[dict[str, Known]] = {
    "hfc_segment": Known(r"[0-9]{7}", "Israel, Home Front Command: the segment of its app"),
    "hfc_name": Known(
        r".+",
        "Israel, Home Front Command: the Hebrew name in its live feed",
        # Lists write geresh and gershayim in several ways. They are not left out: with a geresh
        # it is the town of Jatt, without the kibbutz of Gat.
        alike=(("''", '"'), ("\u05f4", '"'), ("\u201d", '"'), ("\u05f3", "'"), ("\u2019", "'")),
    ),
    "tzevaadom": Known(r"[0-9]+", "Israel, Tzeva Adom: the number of a city"),
    "ukrainealarm": Known(r"[0-9]+", "Ukraine, api.ukrainealarm.com: regionId"),
    "alerts_in_ua": Known(r"[0-9]+", "Ukraine, alerts.in.ua: location UID, equal to regionId"),
    "katottg": Known(r"UA[0-9]{17}", "Ukraine, codifier of units and territories of hromadas"),
    "emma_id": Known(r"[A-Z]{2}[0-9]{3,5}", "Europe, Meteoalarm's warning areas"),
    "nuts3": Known(r"[A-Z]{2}[0-9A-Z]{3}", "Europe, Regulation (EC) No 1059/2003, level 3"),
    "iso3166_2": Known(r"[A-Z]{2}-[0-9A-Z]{1,3}", "ISO 3166-2"),
    "geonames": Known(r"[0-9]+", "GeoNames: geonameid"),
}
"""Schemes whose identifiers are checked for their form: a wrong column is found when it is read.
Other schemes may be used; their identifiers are taken as they are."""


@dataclass(frozen=True, slots=True)
class ForeignIds:
    """(scheme, identifier as compared) -> ids of the units that bear it, ascending."""

    units: dict[tuple[str, str], tuple[str, ...]]

    @classmethod
    def of(cls, units: Iterable[Unit]) -> "ForeignIds":
        """The index of these units."""
        bearers: dict[tuple[str, str], list[str]] = {}
        for unit in units:
            for scheme, identifier in unit.ids:
                bearers.setdefault((scheme, compared(scheme, identifier)), []).append(unit.id)
        return cls({pair: tuple(sorted(ids)) for pair, ids in sorted(bearers.items())})

    def named(self, scheme: str, identifier: str) -> tuple[str, ...]:
        """The units that another system calls so; none when it is not known."""
        return self.units.get((scheme, compared(scheme, identifier)), ())


def compared(scheme: str, identifier: str) -> str:
    """An identifier as it is compared with others of its scheme."""
    for one, other in KNOWN[scheme].alike if scheme in KNOWN else ():
        identifier = identifier.replace(one, other)
    return identifier


def is_of_form(scheme: str, identifier: str) -> bool:
    """Whether an identifier looks as its scheme's do; those of unknown schemes always do."""
    return scheme not in KNOWN or bool(re.fullmatch(KNOWN[scheme].pattern, identifier))


def complain_of_ids(units: Iterable[Unit], schemes: Mapping[str, Scheme]) -> str:
    """An identifier of wrong form or with too many bearers, in words; "" when all is well."""
    for (scheme, identifier), bearers in ForeignIds.of(units).units.items():
        if not is_of_form(scheme, identifier):
            return (
                f"{bearers[0]}: {identifier!r} is no {scheme} ({KNOWN[scheme].what});"
                " map the scheme to the property that holds it"
            )
        if len(bearers) > 1 and not schemes.get(scheme, Scheme()).areas:
            return (
                f"{scheme} {identifier!r} is borne by {bearers[0]} and {bearers[1]};"
                f" correct one of them, or declare {scheme} as areas"
            )
    return ""


def exact_ids(zones: Sequence[Unit]) -> dict[str, tuple[str, ...]]:
    """scheme -> the identifier of each zone where it has one, and no other zone has the same.

    Codes of larger areas, and one of several, do not name exactly the zone: they stay out.
    """
    index = ForeignIds.of(zones)
    exact = [
        {
            scheme: identifier
            for scheme, identifier in zone.ids
            if len(zone.ids_of(scheme)) == 1 and len(index.named(scheme, identifier)) == 1
        }
        for zone in zones
    ]
    return by_key(exact)


def by_key(rows: Sequence[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """key -> one text per row, "" where a row has none; keys in order."""
    keys = sorted(dict.fromkeys(key for row in rows for key in row))
    return {key: tuple(row.get(key, "") for row in rows) for key in keys}
