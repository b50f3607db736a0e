"""The table of sensors: from the site file, or learned from what the sensors say of themselves."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from msgspec import structs

from tocsin.geo import ecef
from tocsin.words import FloatArray, Int32Array, Sensors, SensorSite

LEARNED_MAX: Final = 1024
"""Most systems added beside the site file: a hostile feed could name 65,536 (chosen)."""
SCAN_S_MIN: Final = 1.0
SCAN_S_MAX: Final = 60.0
"""Rotation periods that are believed; surveillance radars turn in 2 to 15 s (chosen)."""


@dataclass(slots=True)
class _Row:
    """One sensor; `given`: it is in the site file; `placed`: the place in `site` is known."""

    site: SensorSite
    given: bool
    placed: bool
    t_ns_heard: int = 0
    scan_s_stated: float = 0.0  # in the site file


@dataclass(frozen=True, slots=True)
class Radars:
    """What is needed to place the reports of n sensors: each float64 (n,)."""

    lat_deg: FloatArray
    lon_deg: FloatArray
    height_m: FloatArray
    sigma_range_m: FloatArray
    sigma_azimuth_deg: FloatArray
    sigma_height_m: FloatArray


class SensorTable:
    """Rows are only ever appended, so that `Fixes.sensor` stays valid."""

    def __init__(self, sites: tuple[SensorSite, ...]) -> None:
        self._rows = [
            _Row(site, given=True, placed=True, scan_s_stated=site.scan_s) for site in sites
        ]
        self._index: dict[int, int] = {}
        self._learned = 0
        self._known: _Known | None = None
        if len({site.name for site in sites}) < len(sites):
            raise ValueError("two sensors have the same name: give each its own")
        for number, site in enumerate(sites):
            if site.sac < 0 or site.sic < 0:
                continue
            if _code(site.sac, site.sic) in self._index:
                raise ValueError(f"two sensors have SAC {site.sac} SIC {site.sic}: keep one")
            self._index[_code(site.sac, site.sic)] = number

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SensorTable) and self.__getstate__() == other.__getstate__()

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_known": None}  # made again of the rows

    def row(self, sac: int, sic: int) -> int:
        """The row of this system, appended when it is new; -1 when there are too many."""
        number = self._index.get(_code(sac, sic))
        if number is not None:
            return number
        if self._learned >= LEARNED_MAX:
            return -1
        self._learned += 1
        name = f"{sac:03d}/{sic:03d}"
        while any(row.site.name == name for row in self._rows):
            name += "+"
        site = SensorSite(name=name, lat_deg=0.0, lon_deg=0.0, sac=sac, sic=sic)
        self._index[_code(sac, sic)] = len(self._rows)
        self._rows.append(_Row(site, given=False, placed=False))
        self._known = None
        return len(self._rows) - 1

    def placed(self, row: int) -> bool:
        """Whether we know where it stands."""
        return self._rows[row].placed

    def hear(self, row: int, t_ns: int) -> None:
        """A valid record came from it at `t_ns`."""
        known = self._rows[row]
        known.t_ns_heard = max(known.t_ns_heard, t_ns)

    def learn_place(self, row: int, lat_deg: float, lon_deg: float, height_m: float) -> None:
        """It told its place (I034/120); what the site file says stands above it."""
        known = self._rows[row]
        if not known.given:
            known.placed = True
            self._known = None
            known.site = structs.replace(
                known.site, lat_deg=lat_deg, lon_deg=lon_deg, height_m=height_m
            )

    def learn_scan(self, row: int, scan_s: float) -> None:
        """It told its rotation period (I034/041); measured, so better than the site file's.

        Within a factor of three of that: a false period would charge misses that never were.
        """
        known = self._rows[row]
        low_s, high_s = SCAN_S_MIN, SCAN_S_MAX
        if known.given:
            low_s, high_s = known.scan_s_stated / 3.0, known.scan_s_stated * 3.0
        if known.site.scan_s != scan_s and low_s <= scan_s <= high_s:
            known.site = structs.replace(known.site, scan_s=scan_s)
            self._known = None

    def radars(self, rows: Int32Array) -> Radars:
        """Places and accuracies of the sensors in `rows`, one entry for each."""
        return Radars(*self._columns().radars[rows].T)

    def table(self) -> Sensors:
        """The rows as columns for the other rooms."""
        t_ns_heard = np.array([row.t_ns_heard for row in self._rows], dtype=np.int64)
        return replace(self._columns().sensors, t_ns_heard=t_ns_heard)

    def _columns(self) -> "_Known":
        """What is known of the rows now; worked out anew when something was learnt."""
        if self._known is None:
            self._known = _known(self._rows)
        return self._known


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The rows as columns: `sensors` but for when they were heard, `radars` float64 (n,6)."""

    sensors: Sensors
    radars: FloatArray


def _known(rows: list[_Row]) -> _Known:
    sites = [row.site for row in rows]
    radars = np.array(
        [
            (
                site.lat_deg,
                site.lon_deg,
                site.height_m,
                site.sigma_range_m,
                site.sigma_azimuth_deg,
                site.sigma_height_m,
            )
            for site in sites
        ],
        dtype=np.float64,
    ).reshape(len(sites), 6)
    position_m = ecef(radars[:, 0], radars[:, 1], radars[:, 2])
    position_m[[not row.placed for row in rows]] = np.nan
    sensors = Sensors(
        names=tuple(s.name for s in sites),
        position_m=position_m,
        range_m_max=np.array([s.range_m_max for s in sites], dtype=np.float64),
        scan_s=np.array([s.scan_s for s in sites], dtype=np.float64),
        detection_chance=np.array([s.detection_chance for s in sites], dtype=np.float64),
        t_ns_heard=np.zeros(len(sites), dtype=np.int64),
        stale_s=np.array([s.stale_s for s in sites], dtype=np.float64),
    )
    return _Known(sensors, radars)


def _code(sac: int, sic: int) -> int:
    return sac << 8 | sic
