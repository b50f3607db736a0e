"""Which zones no sensor watches now, for each kind of threat: absence is a fact.

A sensor watches a zone for a threat when it is alive (heard within its `stale_s`), the zone lies
within its range, and the threat, at the height at which it usually comes, is above the sensor's
radio horizon over a smooth Earth of 4/3 radius (`geo.radio_horizon_m`).

What this cannot know: terrain, clutter and the height of the ground. The antenna's height is taken
as its height above the ellipsoid, which on a plateau is more than its height above the land
around it, so there the reach at low height is overstated; a site on high ground should state a
smaller `range_m_max` or a `height_m` above the surrounding land.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.words import (
    THREATS,
    Blindness,
    BoolArray,
    FloatArray,
    Int32Array,
    IntArray,
    Sensors,
    Site,
)

HEIGHT_M: Final[dict[str, float]] = {"drone": 150.0, "cruise": 100.0, "ballistic": 5000.0}
"""Height above ground at which a threat must be seen for the zone to count as watched.

Chosen: attack drones come in low between about 50 and 300 m; cruise missiles follow the terrain
at 30 to 150 m; a ballistic missile seen down to 5 km is seen during all but its last seconds.
"""

ANTENNA_M_MIN: Final = 10.0  # chosen, because no radar stands lower than a mast or a roof


class Zones(Protocol):
    """What the room needs of a zone map (`zones.map.ZoneMap` has more)."""

    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def lat_deg(self) -> FloatArray: ...
    @property
    def lon_deg(self) -> FloatArray: ...
    @property
    def shelter_s(self) -> FloatArray: ...
    def __len__(self) -> int: ...


class AreaZones(Zones, Protocol):
    """A zone map with the areas above its zones, as `zones.map.ZoneMap` numbers them."""

    @property
    def regions(self) -> Int32Array: ...
    @property
    def districts(self) -> Int32Array: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The few columns of a zone map that the board keeps, so that a checkpoint stays small."""

    ids: tuple[str, ...]
    lat_deg: FloatArray
    lon_deg: FloatArray
    shelter_s: FloatArray

    def __len__(self) -> int:
        return len(self.ids)


def places(zones: Zones) -> Places:
    """`zones` without outlines and names."""
    return Places(
        ids=tuple(zones.ids),
        lat_deg=zones.lat_deg,
        lon_deg=zones.lon_deg,
        shelter_s=zones.shelter_s,
    )


def reach(sensor_m: FloatArray, range_m_max: FloatArray, zones: Zones) -> BoolArray:
    """Whether each of s sensors, if alive, watches each zone: bool (s, zones, threats).

    `sensor_m` is ECEF (s, 3), NaN for a place that is not known yet, which reaches nothing.
    """
    lat_deg, lon_deg, height_m = geo.geodetic(sensor_m)
    distance_m = geo.ground_distance_m(
        lat_deg[:, None], lon_deg[:, None], zones.lat_deg[None, :], zones.lon_deg[None, :]
    )
    antenna_m = np.maximum(height_m, ANTENNA_M_MIN)
    threat_m = np.array([HEIGHT_M[threat] for threat in THREATS])
    horizon_m = geo.radio_horizon_m(antenna_m[:, None], threat_m[None, :])
    reach_m = np.minimum(horizon_m, range_m_max[:, None])
    watched: BoolArray = distance_m[:, :, None] <= reach_m[:, None, :]
    return watched


def uncovered(site: Site, zones: Zones) -> dict[str, IntArray]:
    """Rows of the zones that no sensor of the site file would watch, per threat, all alive."""
    stands = np.array(
        [(sensor.lat_deg, sensor.lon_deg, sensor.height_m) for sensor in site.sensors],
        dtype=np.float64,
    ).reshape(-1, 3)
    sensor_m = geo.ecef(stands[:, 0], stands[:, 1], stands[:, 2])
    range_m_max = np.array([sensor.range_m_max for sensor in site.sensors], dtype=np.float64)
    watched = np.any(reach(sensor_m, range_m_max, zones), axis=0)
    return {threat: np.flatnonzero(~watched[:, column]) for column, threat in enumerate(THREATS)}


@dataclass(slots=True)
class Coverage:
    """Remembers what each sensor reaches and which zones are blind; computes only on change.

    `blind` is bool (zones, threats); at the start, before any sensor spoke, all of it.
    """

    zones: Zones
    blind: BoolArray = field(init=False)
    _watched: BoolArray = field(init=False)
    _place_m: FloatArray = field(init=False)
    _range_m: FloatArray = field(init=False)
    _alive: BoolArray = field(init=False)
    _told: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.blind = np.ones((len(self.zones), len(THREATS)), dtype=np.bool_)
        self._watched = np.zeros((0, len(self.zones), len(THREATS)), dtype=np.bool_)
        self._place_m = np.zeros((0, 3))
        self._range_m = np.zeros(0)
        self._alive = np.zeros(0, dtype=np.bool_)

    def look(self, now_ns: int, sensors: Sensors) -> tuple[Blindness, ...]:
        """Bring `blind` up to date; one word for each threat whose set of zones changed.

        The first call says all three, for the listeners know nothing yet.
        """
        moved = self._place(sensors)
        silent_ns = now_ns - sensors.t_ns_heard
        alive = (sensors.t_ns_heard > 0) & (silent_ns <= sensors.stale_s * NS_PER_S)
        if self._told and not moved and np.array_equal(alive, self._alive):
            return ()
        self._alive = alive
        before, self.blind = self.blind, ~np.any(self._watched[alive], axis=0)
        changed = (before != self.blind).any(axis=0) | (not self._told)
        self._told = True
        return tuple(
            Blindness(t_ns=now_ns, threat=threat, zones=self._names(column))
            for column, threat in enumerate(THREATS)
            if changed[column]
        )

    def _place(self, sensors: Sensors) -> bool:
        """Recompute what the sensors reach if one was added, moved or changed; whether so."""
        if np.array_equal(sensors.position_m, self._place_m, equal_nan=True) and np.array_equal(
            sensors.range_m_max, self._range_m
        ):
            return False
        self._place_m = sensors.position_m.copy()
        self._range_m = sensors.range_m_max.copy()
        self._watched = reach(self._place_m, self._range_m, self.zones)
        return True

    def _names(self, column: int) -> tuple[str, ...]:
        return tuple(self.zones.ids[row] for row in np.flatnonzero(self.blind[:, column]))
