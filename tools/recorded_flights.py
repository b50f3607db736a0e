"""Coasting segments of recorded flights, placed on the Earth; `tools/real_flights.py` uses them.

Boosters: shahar603/Telemetry-Data (Unlicense). Rockets: RocketPy-Team/RocketPy (MIT).
"""

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin import geo
from tocsin.sim.routes import destination
from tocsin.words import FloatArray

DEGREE = 7  # of the polynomials through a recorded segment
_PORTUGAL = (39.39, -8.29)
_CAPE, _VANDENBERG = (28.608, -80.604), (34.632, -120.611)

BOOSTERS = {
    "BulgariaSat-1": (_CAPE, 92.0), "Iridium NEXT 3": (_VANDENBERG, 180.0),
    "Iridium NEXT 8": (_VANDENBERG, 180.0), "KoreaSat 5A": (_CAPE, 92.0),
    "NROL-76": (_CAPE, 50.0), "SAOCOM 1A": (_VANDENBERG, 190.0), "SES-11": (_CAPE, 92.0),
    "SpaceX CRS-11": (_CAPE, 45.0), "SpaceX CRS-12": (_CAPE, 45.0),
    "X-37B OTV-5": (_CAPE, 45.0), "ZUMA": (_CAPE, 50.0),
}  # fmt: skip
"""Mission -> launch site and azimuth. The azimuth follows from the known orbit (geostationary
transfer 92, space station 45, polar 180 to 190); where the orbit is secret it is a guess."""

ROCKETS = {
    "Bella Lui": ("EPFL_Bella_Lui_bella_lui_flight_data_filtered.csv", 2, 3, None, 1.0),
    "NDRT 2020": ("NDRT_2020_ndrt_2020_flight_data.csv", 3, 4, None, geo.FOOT_M),
    "Andromeda": ("andromeda_flight_data.csv", 0, 3, None, 1.0),
    "Camoes": ("camoes_flight_data.csv", 0, 1, ("camoes_gnss_flight.csv", 0, 1, 2), 1.0),
    "Erebus": ("erebus11_flight_data_filtered.csv", 1, 0, None, 1.0),
    "Juno 3": ("juno3_cots_GNSS.csv", 0, 1, ("juno3_cots_GNSS.csv", 0, 4, 5), geo.FOOT_M),
    "Cavour": ("polito_altimeter_cavour.csv", 0, 1, ("polito_altimeter_cavour.csv", 0, 3, 4), 1.0),
}
"""Rocket -> file, columns of time and height, file and columns of latitude and longitude, unit."""


@dataclass(frozen=True)
class Segment:
    """A coasting piece of a recorded flight: ECEF position and velocity at seconds from its start.

    `residual_m` is the r.m.s. of the record about the curve that is taken as the truth; `profile`
    (k,3) is time, ground distance and height of the whole flight where known, for the picture.
    """

    name: str
    length_s: float
    path: Callable[[float], FloatArray]
    residual_m: float
    radar: FloatArray
    height_m: tuple[float, float]
    profile: FloatArray
    span: tuple[float, float]

    def velocity(self, t_s: float) -> FloatArray:
        """By central difference of the curve."""
        return (self.path(t_s + 0.05) - self.path(t_s - 0.05)) / 0.1


def curve(
    t_s: FloatArray, value: FloatArray, degree: int
) -> tuple[np.polynomial.Polynomial, float]:
    """The least-squares polynomial of a record, and its r.m.s. residual."""
    fitted = np.polynomial.Polynomial.fit(t_s, value, degree)
    return fitted, float(np.sqrt(np.mean((fitted(t_s) - value) ** 2)))


def at(origin: tuple[float, float], height_m: float) -> FloatArray:
    """ECEF of a latitude, longitude (deg) and height."""
    return geo.ecef(np.array(origin[0]), np.array(origin[1]), np.array(height_m))


def boosters(folder: Path) -> Iterator[Segment]:
    """The longest stretch of each first stage's flight in which no motor burns."""
    with gzip.open(folder / "spacex_analysed_1hz.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for mission, (site, azimuth_deg) in BOOSTERS.items():
        names = ("time", "altitude", "velocity", "velocity_x", "acceleration")
        t_s, height_m, speed, level, push = np.array(
            [[float(r[n]) for n in names] for r in rows if r["mission"] == mission]
        ).T
        height_m = height_m * 1000.0
        ground = level * geo.MEAN_RADIUS_M / (geo.MEAN_RADIUS_M + height_m)
        reach_m = np.concatenate([[0.0], np.cumsum(0.5 * (ground[1:] + ground[:-1]))])
        first, last = longest((np.abs(push) < 1.0) & (height_m > 40_000.0))
        first, last = first + 2, last - 2  # the edges of a burn are smeared in the record
        piece = slice(first, last + 1)
        clock = t_s[piece] - t_s[first]
        rise, rough = curve(clock, height_m[piece], DEGREE)
        slope = rise.deriv()(clock)
        ahead = np.sqrt(np.maximum(speed[piece] ** 2 - slope**2, 0.0)) * np.sign(level[piece])
        ahead *= geo.MEAN_RADIUS_M / (geo.MEAN_RADIUS_M + height_m[piece])
        gone = np.concatenate([[0.0], np.cumsum(0.5 * (ahead[1:] + ahead[:-1]))])
        run, _ = curve(clock, reach_m[first] + gone, DEGREE)

        def path(
            t: float, site: tuple[float, float] = site, azimuth_deg: float = azimuth_deg,
            run: np.polynomial.Polynomial = run, rise: np.polynomial.Polynomial = rise,
        ) -> FloatArray:  # fmt: skip
            return at(destination(*site, azimuth_deg, float(run(t))), float(rise(t)))

        middle = destination(*site, azimuth_deg, float(reach_m[(first + last) // 2]))
        yield Segment(
            mission, float(clock[-1]), path, rough,
            at(destination(*middle, azimuth_deg + 90, 60e3), 50.0),
            (float(height_m[piece].min()), float(height_m[piece].max())),
            np.stack([t_s, reach_m, height_m], axis=1), (float(t_s[first]), float(t_s[last])),
        )  # fmt: skip


def longest(good: FloatArray) -> tuple[int, int]:
    """First and last index of the longest run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    first, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(first), int(end) - 1


def table_of(path: Path, columns: tuple[int, ...]) -> FloatArray:
    """The numeric rows of some columns of a file, in order of time, times not repeated."""
    kept: dict[float, list[float]] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for row in csv.reader(lines):
            try:
                values = [float(row[c]) for c in columns]
            except (ValueError, IndexError):
                continue
            if np.isfinite(values).all():
                kept.setdefault(values[0], values)
    return np.array([kept[t] for t in sorted(kept)])


def rockets(folder: Path) -> Iterator[Segment]:
    """From burnout (greatest climb) to the highest point, where the parachute opens."""
    for name, (file, t_column, h_column, place, unit) in ROCKETS.items():
        record = table_of(folder / file, (t_column, h_column))
        t_s, height_m = record[:, 0], record[:, 1] * unit
        top = int(np.argmax(height_m))
        grid = np.arange(t_s[0], t_s[top], 0.25)
        climb = np.gradient(
            np.convolve(np.interp(grid, t_s, height_m), np.ones(4) / 4, "same"), 0.25
        )
        burnt = float(grid[int(np.argmax(climb[2:-2])) + 2]) + 0.5
        inside = (t_s >= burnt) & (t_s <= t_s[top] - 0.5)
        clock = t_s[inside] - burnt
        rise, rough = curve(clock, height_m[inside], 5)
        lat = lon = None
        if place is not None:
            track = table_of(folder / place[0], place[1:])
            near = (track[:, 0] >= burnt - 1.0) & (track[:, 0] <= t_s[top] + 1.0)
            lat, _ = curve(track[near, 0] - burnt, track[near, 1], 2)
            lon, _ = curve(track[near, 0] - burnt, track[near, 2], 2)

        def path(
            t: float, rise: np.polynomial.Polynomial = rise,
            lat: np.polynomial.Polynomial | None = lat, lon: np.polynomial.Polynomial | None = lon,
        ) -> FloatArray:  # fmt: skip
            spot = _PORTUGAL if lat is None or lon is None else (float(lat(t)), float(lon(t)))
            return at(spot, float(rise(t)))

        spot = _PORTUGAL if lat is None or lon is None else (float(lat(0.0)), float(lon(0.0)))
        heights = (float(height_m[inside].min()), float(height_m[inside].max()))
        yield Segment(
            name + ("" if place else " (height only)"), float(clock[-1]), path, rough,
            at(destination(*spot, 90.0, 25e3), 50.0), heights,
            np.zeros((0, 3)), (burnt, float(t_s[top])),
        )  # fmt: skip
