"""Which zones no sensor watches now, for each kind of threat: absence is a fact.

A sensor watches a zone for a threat when it is alive (heard within its `stale_s`), it sees such
threats at all (`sees` of the site file), the zone lies within its range, and the threat, at the
height at which it usually comes, is in its view. With an elevation file that is what `Sight` says
of the sensors of the site file, and no other sensor counts, for nobody knows what hides from it.
Without one it is the radio horizon over a smooth Earth of 4/3 radius (`geo.radio_horizon_m`) at the
zone's place, from `mast_m` above the ground if the site file states it.

What the latter cannot know: terrain and the height of the ground. Without `mast_m` the antenna's
height is taken as its height above the ellipsoid, which on a plateau is more than its height above
the land around it, so there the reach at low height is overstated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from tocsin import geo
from tocsin.decide import sight as seeing
from tocsin.decide.sight import Sight
from tocsin.instant import NS_PER_S
from tocsin.words import (
    THREATS,
    Blindness,
    BoolArray,
    FloatArray,
    Int32Array,
    IntArray,
    Sensors,
    SensorSite,
    Site,
)

HEIGHT_M: Final[dict[str, float]] = {"drone": 150.0, "cruise": 100.0, "ballistic": 5000.0}
"""Height above ground at which a threat must be seen for the zone to count as watched.

Chosen: attack drones come in low between about 50 and 300 m; cruise missiles follow the terrain
at 30 to 150 m; a ballistic missile seen down to 5 km is seen during all but its last seconds.
"""


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


def antenna_m(sites: Sequence[SensorSite]) -> FloatArray:
    """Height of each antenna above the ground, as far as the site file tells: float64 (s,)."""
    stated = np.array([site.mast_m for site in sites], dtype=np.float64)
    height_m = np.array([site.height_m for site in sites], dtype=np.float64)
    return np.where(stated >= 0.0, stated, np.maximum(height_m, geo.ANTENNA_M_MIN))


def sees(site: SensorSite) -> BoolArray:
    """Which threats it sees at all: bool (threats,)."""
    return np.array([threat in site.sees for threat in THREATS], dtype=np.bool_)


def reach(
    sensor_m: FloatArray,
    range_m_max: FloatArray,
    zones: Zones,
    mast_m: FloatArray | None = None,
) -> BoolArray:
    """Whether each of s sensors, if alive, watches each zone: bool (s, zones, threats).

    `sensor_m` is ECEF (s, 3), NaN for a place that is not known yet, which reaches nothing.
    `mast_m` (s,) are heights above the ground, NaN where not stated.
    """
    lat_deg, lon_deg, height_m = geo.geodetic(sensor_m)
    distance_m = geo.ground_distance_m(
        lat_deg[:, None], lon_deg[:, None], zones.lat_deg[None, :], zones.lon_deg[None, :]
    )
    above_m = np.maximum(height_m, geo.ANTENNA_M_MIN)
    if mast_m is not None:
        above_m = np.where(np.isnan(mast_m), above_m, mast_m)
    threat_m = np.array([HEIGHT_M[threat] for threat in THREATS])
    horizon_m = geo.radio_horizon_m(above_m[:, None], threat_m[None, :])
    reach_m = np.minimum(horizon_m, range_m_max[:, None])
    watched: BoolArray = distance_m[:, :, None] <= reach_m[:, None, :]
    return watched


def lowest_m(site: Site, zones: Zones, sight: Sight | None) -> tuple[FloatArray, IntArray]:
    """How low each sensor of the site file sees at points of each zone, all alive.

    Heights above the ground (s, points), infinite where it sees nothing, and where the points of
    each zone begin (zones + 1,): without an elevation file its place is the only one.
    """
    if sight is not None:
        height_m = sight.lowest_m.astype(np.float64)
        return np.where(sight.lowest_m == seeing.UNSEEN, np.inf, height_m), sight.start
    lat_deg = np.array([sensor.lat_deg for sensor in site.sensors], dtype=np.float64)
    lon_deg = np.array([sensor.lon_deg for sensor in site.sensors], dtype=np.float64)
    range_m_max = np.array([sensor.range_m_max for sensor in site.sensors], dtype=np.float64)
    distance_m = geo.ground_distance_m(
        lat_deg[:, None], lon_deg[:, None], zones.lat_deg[None, :], zones.lon_deg[None, :]
    )
    height_m = geo.hidden_below_m(antenna_m(site.sensors)[:, None], distance_m)
    height_m = np.where(distance_m <= range_m_max[:, None], height_m, np.inf)
    return height_m, np.arange(len(zones) + 1, dtype=np.int64)


def lowest_of_zones_m(
    site: Site, zones: Zones, sight: Sight | None, threat: str = "", only: str = ""
) -> FloatArray:
    """The height from which on each zone is watched, all sensors alive: float64 (zones,).

    Only the sensors count that see `threat`, and only that of the name `only`, where given.
    Infinite where none sees anything.
    """
    height_m, start = lowest_m(site, zones, sight)
    fit = [
        (not threat or threat in sensor.sees) and only in ("", sensor.name)
        for sensor in site.sensors
    ]
    best_m = np.min(height_m[fit], axis=0, initial=np.inf)
    return seeing.of_zones(best_m, start)


def uncovered(site: Site, zones: Zones, sight: Sight | None = None) -> dict[str, IntArray]:
    """Rows of the zones that no sensor of the site file would watch, per threat, all alive."""
    return {
        threat: np.flatnonzero(~(lowest_of_zones_m(site, zones, sight, threat) <= HEIGHT_M[threat]))
        for threat in THREATS
    }


@dataclass(slots=True)
class Coverage:
    """Remembers what each sensor reaches and which zones are blind; computes only on change.

    `blind` is bool (zones, threats); at the start, before any sensor spoke, all of it. Of a blind
    one `t_ns_watched`, int64, is when a sensor that sees it last spoke; 0 when none ever did.
    """

    zones: Zones
    sites: tuple[SensorSite, ...] = ()
    sight: Sight | None = None
    blind: BoolArray = field(init=False)
    t_ns_watched: IntArray = field(init=False)
    _seen: BoolArray = field(init=False)
    _place_m: FloatArray = field(init=False)
    _range_m: FloatArray = field(init=False)
    _alive: BoolArray = field(init=False)
    _told: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.blind = np.ones((len(self.zones), len(THREATS)), dtype=np.bool_)
        self.t_ns_watched = np.zeros(self.blind.shape, dtype=np.int64)
        self._alive = np.zeros(0, dtype=np.bool_)
        self._forget()

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """Without what the sensors reach, which is large and computed again at the next look."""
        kept = {name: getattr(self, name) for name in Coverage.__slots__}
        for name in ("_seen", "_place_m", "_range_m"):
            del kept[name]
        return None, kept

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            setattr(self, name, value)
        self._forget()

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
        before, self.blind = self.blind, ~self._watched(alive)
        self._date(now_ns, self.blind & ~before, sensors)
        changed = (before != self.blind).any(axis=0) | (not self._told)
        self._told = True
        return tuple(
            Blindness(t_ns=now_ns, threat=threat, zones=self._names(column))
            for column, threat in enumerate(THREATS)
            if changed[column]
        )

    def _start(self) -> IntArray:
        """Where the points of each zone begin."""
        if self.sight is not None:
            return self.sight.start
        return np.arange(len(self.zones) + 1, dtype=np.int64)

    def _watched(self, alive: BoolArray) -> BoolArray:
        return seeing.watched(np.any(self._seen[alive], axis=0), self._start())

    def _date(self, now_ns: int, fresh: BoolArray, sensors: Sensors) -> None:
        """Write when the zones that are blind from now on (`fresh`) were last watched.

        That is when a silent sensor that sees a part of them last spoke; now, if one moved away.
        """
        if not fresh.any():
            return
        start = self._start()[:-1]
        last_ns = np.zeros(self.blind.shape, dtype=np.int64)
        for row in np.flatnonzero((sensors.t_ns_heard > 0) & ~self._alive):
            partly = np.logical_or.reduceat(self._seen[row], start, axis=0)
            last_ns = np.maximum(last_ns, np.where(partly, sensors.t_ns_heard[row], 0))
        last_ns = np.where(last_ns > 0, last_ns, now_ns)
        self.t_ns_watched = np.where(fresh, last_ns, self.t_ns_watched)

    def _forget(self) -> None:
        """What the sensors reach is computed at the next look."""
        self._seen = np.zeros((0, int(self._start()[-1]), len(THREATS)), dtype=np.bool_)
        self._place_m = np.zeros((0, 3))
        self._range_m = np.zeros(0)

    def _place(self, sensors: Sensors) -> bool:
        """Recompute what the sensors reach if one was added, moved or changed; whether so."""
        if np.array_equal(sensors.position_m, self._place_m, equal_nan=True) and np.array_equal(
            sensors.range_m_max, self._range_m
        ):
            return False
        self._place_m = sensors.position_m.copy()
        self._range_m = sensors.range_m_max.copy()
        stated = {site.name: site for site in self.sites}
        given = [stated.get(name) for name in sensors.names]
        able = np.array(
            [np.ones(len(THREATS), np.bool_) if site is None else sees(site) for site in given],
            dtype=np.bool_,
        ).reshape(len(given), 1, len(THREATS))
        self._seen = self._in_view(sensors, given) & able
        return True

    def _in_view(self, sensors: Sensors, given: Sequence[SensorSite | None]) -> BoolArray:
        """Which points each sensor sees at the heights of threats: bool (s, points, threats)."""
        if self.sight is None:
            mast_m = np.array(
                [np.nan if site is None or site.mast_m < 0.0 else site.mast_m for site in given]
            )
            return reach(sensors.position_m, sensors.range_m_max, self.zones, mast_m)
        seen = np.zeros((len(given), int(self.sight.start[-1]), len(THREATS)), dtype=np.bool_)
        row_of = {name: row for row, name in enumerate(self.sight.sensors)}
        for row, name in enumerate(sensors.names):
            if name in row_of:
                lowest = self.sight.lowest_m[row_of[name]]
                for column, threat in enumerate(THREATS):
                    seen[row, :, column] = lowest <= HEIGHT_M[threat]
        return seen

    def _names(self, column: int) -> tuple[str, ...]:
        return tuple(self.zones.ids[row] for row in np.flatnonzero(self.blind[:, column]))
