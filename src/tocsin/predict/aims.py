"""Where a weapon may be going: how readily its flight ends over each zone.

Nobody knows; what is known is where such flights came down. A zone has a rate at which flights over
it end there (per metre flown), and the rest fly on. The site file says which table is used (`aims`)
and may name places that draw flights as people do (`[[places]]`).
"""

from typing import Final, NamedTuple, Protocol

import numpy as np

from tocsin.words import FloatArray, Int32Array, IntArray


class Aims(NamedTuple):
    """Rates at which a flight ends, per metre.

    Over a zone `floor_per_m`, and up to `people_per_m` more where people live densely: half of it
    at `half_per_km2`. Outside every zone `unzoned_per_m`.
    """

    floor_per_m: float
    people_per_m: float
    half_per_km2: float
    unzoned_per_m: float


RATES: Final[dict[str, Aims]] = {
    "people": Aims(0.0072e-3, 0.029e-3, 1_070.0, 0.0030e-3),
    "even": Aims(0.0088e-3, 0.0, 1.0, 0.0030e-3),
    "wary": Aims(0.020e-3, 0.080e-3, 200.0, 0.002e-3),
}
"""Name of the site file (`words.AIMS`) -> rates.

`people`, `even`: fitted by `tools/fit_flying.py` to where flights of its tuning seeds came down.
`even` knows of no destination. `wary` is for those who would rather be told three times as much:
chosen so that 1 km flown over any zone is a chance of 2 %, and 10 km over a city of 63 %.
"""

_UNKNOWN_DENSITY_SHARE: Final = 0.5  # people unknown: as if a town; chosen


class Peopled(Protocol):
    """What is asked of the zone map here."""

    @property
    def people(self) -> IntArray: ...
    @property
    def area_m2(self) -> FloatArray: ...
    def locate(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array: ...


class Place(Protocol):
    """What is asked of a named place; `words.PlaceSite` is one."""

    @property
    def lat_deg(self) -> float: ...
    @property
    def lon_deg(self) -> float: ...
    @property
    def people(self) -> int: ...


def rates_per_m(aims: Aims, zones: Peopled, places: tuple[Place, ...] = ()) -> FloatArray:
    """Rate of each zone. A named place counts as so many people more in its zone."""
    people = zones.people.astype(np.float64)
    for place in places:
        zone = int(zones.locate(np.array([place.lat_deg]), np.array([place.lon_deg]))[0])
        if zone >= 0:
            people[zone] = max(people[zone], 0.0) + place.people
    density_per_km2 = people / np.maximum(zones.area_m2, 1.0) * 1e6
    share = density_per_km2 / (density_per_km2 + aims.half_per_km2)
    share = np.where(people < 0.0, _UNKNOWN_DENSITY_SHARE, share)
    rates: FloatArray = aims.floor_per_m + aims.people_per_m * share
    return rates
