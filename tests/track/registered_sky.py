"""Radars with biases over seeded flights, and how many tracks a picture makes of them."""

from dataclasses import dataclass

import numpy as np

from tests.track.sky import Radar, fixes, sensors
from tocsin import geo
from tocsin.sense.polar import polar
from tocsin.sense.sensors import Radars
from tocsin.track import Picture
from tocsin.track.registration import Registration
from tocsin.words import FloatArray, IntArray

T0 = 1_790_000_000_000_000_000
LAT, LON = 48.0, 32.0
SIGMA = (50.0, 0.1, 150.0)  # m, deg, m
SITES = ((-40e3, 0.0, 50.0), (40e3, 10e3, 80.0), (0.0, 50e3, 30.0), (10e3, -60e3, 30.0))
SCANS_S = (4.0, 10.0, 2.0, 6.0)
RANGE_M_MAX = 250e3


@dataclass
class Plots:
    """Plots of all sensors in order of time."""

    t_ns: IntArray
    sensor: IntArray
    flight: IntArray
    position: FloatArray
    covariance: FloatArray
    places: FloatArray

    def __len__(self) -> int:
        return len(self.t_ns)


def geodetic(east_m: FloatArray, north_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    lat = LAT + np.degrees(north_m / 6_371_000.0)
    return lat, LON + np.degrees(east_m / (6_371_000.0 * np.cos(np.radians(LAT))))


def measured(
    sites: FloatArray,
    truth: FloatArray,
    bias: FloatArray,
    rng: np.random.Generator,
    heights: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """What radars at `sites` (n,3: east, north, height) make of `truth` (n,3) ECEF.

    `bias` (n,3) is in range m, azimuth deg, height m; the way is the decoder's. Where `heights`
    (n,) is 0 no height was measured, and 3 km with 3 km of doubt is taken, as `sense.plots` does.
    """
    count = len(truth)
    lat, lon = geodetic(sites[:, 0], sites[:, 1])
    axes = geo.local_axes(lat, lon)
    local = np.einsum("nij,nj->ni", axes, truth - geo.ecef(lat, lon, sites[:, 2]))
    noise = rng.normal(size=(count, 3)) * SIGMA + bias
    known = np.ones(count) if heights is None else heights
    radars = Radars(lat, lon, sites[:, 2], *(np.full(count, sigma) for sigma in SIGMA))
    return polar(
        radars,
        np.linalg.norm(local, axis=1) + noise[:, 0],
        np.degrees(np.arctan2(local[:, 0], local[:, 1])) + noise[:, 1],
        np.where(known > 0, geo.geodetic(truth)[2] + noise[:, 2], 3000.0),
        np.where(known > 0, SIGMA[2], 3000.0),
    )


def fly(
    seed: int,
    bias: FloatArray,
    flights: int = 30,
    seconds: float = 180.0,
    sites: tuple[tuple[float, float, float], ...] = SITES,
    heights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0),
) -> Plots:
    """`bias` (s,3) of s radars (range m, azimuth deg, height m); a third of the flights turn.

    `heights` is 0 for a radar that measures none.
    """
    rng = np.random.default_rng(seed)
    start = rng.uniform(-80e3, 80e3, (flights, 2))
    speed, heading = rng.uniform(50, 250, flights), rng.uniform(0, 2 * np.pi, flights)
    height = rng.uniform(500, 10_000, flights)
    turn = np.where(rng.random(flights) < 0.3, np.radians(rng.uniform(-1.5, 1.5, flights)), 1e-9)
    rows = []
    for sensor in range(len(bias)):
        phase = rng.uniform(0, SCANS_S[sensor], flights)
        for scan in range(int(seconds / SCANS_S[sensor])):
            seen = np.flatnonzero(rng.random(flights) < 0.9)
            t_s = phase[seen] + scan * SCANS_S[sensor]
            rows.append(np.stack([t_s, np.full(len(seen), sensor), seen], axis=1))
    table = np.concatenate(rows)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    t_s, sensor_of, flight = table[:, 0], table[:, 1].astype(np.int64), table[:, 2].astype(np.int64)
    swept = heading[flight] + turn[flight] * t_s
    radius = speed[flight] / turn[flight]
    east = start[flight, 0] + radius * (np.sin(swept) - np.sin(heading[flight]))
    north = start[flight, 1] - radius * (np.cos(swept) - np.cos(heading[flight]))
    truth = geo.ecef(*geodetic(east, north), height[flight])
    place = np.array(sites)
    position, covariance = measured(
        place[sensor_of], truth, bias[sensor_of], rng, np.array(heights)[sensor_of]
    )
    places = geo.ecef(*geodetic(place[:, 0], place[:, 1]), place[:, 2])
    t_ns = T0 + (t_s * 1e9).astype(np.int64)
    return Plots(t_ns, sensor_of, flight, position, covariance, places)


def feed(registration: Registration, plots: Plots, first: int = 0, last: int = -1) -> None:
    """Every plot a look of its own, perfectly associated."""
    for j in range(first, len(plots) if last < 0 else last):
        one, sensor = slice(j, j + 1), int(plots.sensor[j])
        here, cov = plots.position[one], plots.covariance[one]
        registration.correct(
            sensor, int(plots.t_ns[j]), plots.places[sensor], RANGE_M_MAX, here, cov
        )
        registration.learn(sensor, plots.t_ns[one], plots.flight[one] + 1000, here, cov)


def confirmed(plots: Plots) -> list[int]:
    """Confirmed tracks of a picture after each plot of two radars."""
    radars = [Radar(SITES[k], SCANS_S[k], range_m=RANGE_M_MAX) for k in range(2)]
    picture, counts = Picture(), []
    for j in range(len(plots)):
        one, now_ns = slice(j, j + 1), int(plots.t_ns[j])
        plot = fixes(plots.t_ns[one], plots.position[one], plots.covariance[one],
                     sensor=int(plots.sensor[j]))  # fmt: skip
        picture.update(now_ns, plot, sensors(radars, now_ns))
        counts.append(int(picture.tracks().confirmed.sum()))
    return counts
