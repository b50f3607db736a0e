"""Raids and the order in which they arrive, for the tests of the picture as a whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.track import sky
from tests.track.sky import NOTHING, T0, Path, Radar, fixes, straight, subset
from tocsin.track import Picture
from tocsin.words import Fixes, FloatArray, Sensors, Tracks

S = 1_000_000_000


def bytes_of(tracks: Tracks, without: tuple[str, ...] = ()) -> bytes:
    names = [name for name in Tracks.__slots__ if name not in without]
    return b"".join(getattr(tracks, name).tobytes() for name in names)


def flights(count: int, rng: np.random.Generator, box_m: float = 40_000.0) -> list[Path]:
    paths = []
    for _ in range(count):
        heading, speed = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(40.0, 240.0)
        start = (*rng.uniform(-box_m, box_m, 2), rng.uniform(500.0, 9000.0))
        paths.append(straight(start, (speed * np.cos(heading), speed * np.sin(heading), 0.0)))
    return paths


def rotating(
    radar: Radar, paths: list[Path], seconds: float, rng: np.random.Generator,
    false_per_scan: float = 0.0, sensor: int = 0, **columns: Any,
) -> list[Fixes]:  # fmt: skip
    """Reports when the beam passes, cut into batches of 20 ms."""

    def passes(at: FloatArray, begun_s: float) -> float:
        east, north = sky.AXES[:2] @ (at - radar.where)
        return begun_s + (np.arctan2(east, north) / (2.0 * np.pi) % 1.0) * radar.scan_s

    parts = []
    for scan in range(int(seconds / radar.scan_s)):
        begun_s = scan * radar.scan_s
        for path in paths:
            t_s = passes(path(passes(path(begun_s), begun_s)), begun_s)
            if rng.random() < radar.chance:
                parts.append((t_s, *radar.see(path(t_s), rng)))
        for _ in range(rng.poisson(false_per_scan)):
            at = sky.place([*rng.uniform(-50e3, 50e3, 2), rng.uniform(0.0, 1e4)])
            parts.append((passes(at, begun_s), *radar.see(at, rng)))
    parts.sort(key=lambda part: part[0])
    t_ns = np.array([T0 + round(part[0] * S) for part in parts])
    whole = fixes(t_ns, [part[1] for part in parts], [part[2] for part in parts], sensor=sensor,
                  has_height=radar.three_d, **columns)  # fmt: skip
    number = (whole.t_ns - T0) // (S // 50)
    return [subset(whole, np.flatnonzero(number == k)) for k in np.unique(number)]


@dataclass(frozen=True)
class Arrival:
    """A batch and when it came."""

    t_ns: int
    batch: Fixes


def arriving(batches: list[Fixes], delay_s: Any) -> list[Arrival]:
    """Batches in order of arrival; `delay_s` (len(batches),) after their last report."""
    delays = np.broadcast_to(np.asarray(delay_s, dtype=float), (len(batches),))
    made = [
        Arrival(int(batch.t_ns.max()) + round(float(delay) * S), batch)
        for batch, delay in zip(batches, delays, strict=True)
        if len(batch)
    ]
    return sorted(made, key=lambda one: (one.t_ns, int(one.batch.t_ns.max())))


def watching(radars: list[Radar], now_ns: int) -> Sensors:
    return sky.sensors(radars, now_ns)


def play(
    arrivals: list[Arrival], radars: list[Radar], end_ns: int, picture: Picture | None = None
) -> Picture:
    """Feed a picture that has been alive since `T0`, and let it wait until `end_ns`."""
    picture = picture or Picture()
    picture.update(T0 - S, NOTHING, watching(radars, T0 - S))
    for one in arrivals:
        picture.update(one.t_ns, one.batch, watching(radars, one.t_ns))
    picture.update(end_ns, NOTHING, watching(radars, end_ns))
    return picture


@dataclass(frozen=True)
class Swarm:
    """Many straight flights at once: start and velocity (n,3) east, north, up; seconds of life."""

    start: FloatArray
    velocity: FloatArray
    on_s: FloatArray
    off_s: FloatArray

    def at(self, t_s: float) -> FloatArray:
        """ECEF of those that fly at `t_s`."""
        flying = (self.on_s <= t_s) & (t_s < self.off_s)
        return sky.place((self.start + self.velocity * t_s)[flying]).reshape(-1, 3)


def swarm(count: int, rng: np.random.Generator, box_m: float, life_s: float = np.inf,
          seconds: float = 0.0) -> Swarm:  # fmt: skip
    """Flights in a box; with `life_s`, each begins within `seconds` and lasts that long or so."""
    heading, speed = rng.uniform(0.0, 2.0 * np.pi, count), rng.uniform(40.0, 240.0, count)
    velocity = np.stack([speed * np.cos(heading), speed * np.sin(heading), 0.0 * speed], axis=1)
    start = np.append(rng.uniform(-box_m, box_m, (count, 2)), rng.uniform(500, 9000, (count, 1)), 1)
    on_s = np.zeros(count) if np.isinf(life_s) else rng.uniform(-0.3, 0.8, count) * seconds
    off_s = np.full(count, np.inf) if np.isinf(life_s) else on_s + rng.exponential(life_s, count)
    return Swarm(start - velocity * np.maximum(on_s, 0.0)[:, None], velocity, on_s, off_s)


def seen_by(
    radar: Radar, at: FloatArray, rng: np.random.Generator, noisy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Reports of places `at` (n,3), displaced by the radar's error where `noisy` (n,) is 1."""
    lat, lon, _ = sky.geo.geodetic(at)
    up = sky.geo.local_axes(lat, lon)[:, 2]
    sight = at - radar.where
    radial = sight - np.einsum("na,na->n", sight, up)[:, None] * up
    distance = np.linalg.norm(radial, axis=1) + 1e-9
    radial /= distance[:, None]
    axes = np.stack([radial, np.cross(up, radial), up], axis=1)
    across = np.maximum(np.radians(radar.sigma[1]) * distance, 1.0)
    sd = np.stack([np.full(len(at), radar.sigma[0]), across, np.full(len(at), radar.sigma[2])], 1)
    measured = at + np.einsum("na,nab->nb", rng.normal(size=sd.shape) * sd * noisy[:, None], axes)
    return measured, np.einsum("nai,na,naj->nij", axes, sd**2, axes)


def scan(radar: Radar, truth: FloatArray, t_s: float, rng: np.random.Generator,
         ghosts: FloatArray, sensor: int = 0) -> Fixes:  # fmt: skip
    """One look: each of `truth` (n,3) with the radar's chance, all `ghosts` (k,3), in any order."""
    seen = truth[rng.random(len(truth)) < radar.chance]
    at = np.concatenate([seen, ghosts])
    noisy = np.concatenate([np.ones(len(seen)), np.zeros(len(ghosts))])
    position, covariance = seen_by(radar, at, rng, noisy)
    order = rng.permutation(len(at))
    return fixes(T0 + round(t_s * S), position[order], covariance[order], sensor=sensor)


def clutter(mean: float, rng: np.random.Generator, box_m: float) -> FloatArray:
    """A Poisson number of places, evenly in a box and up to 10 km high."""
    count = rng.poisson(mean)
    where = np.append(
        rng.uniform(-box_m, box_m, (count, 2)), rng.uniform(0.0, 1e4, (count, 1)), axis=1
    )
    return sky.place(where).reshape(-1, 3)


def real(tracks: Tracks, truth: FloatArray, cut_m: float = 1000.0) -> np.ndarray:
    """Which tracks (n,) stand for a target, each target for one track at most (nearest pairs)."""
    if not len(tracks) or not len(truth):
        return np.zeros(len(tracks), dtype=bool)
    apart = np.linalg.norm(tracks.position_m[:, None] - truth[None], axis=2)
    # the surer of two tracks at one target is the real one
    cost = np.minimum(apart, cut_m) - 2.0 * cut_m * (apart < cut_m) - tracks.existence[:, None]
    rows, columns = sky.linear_sum_assignment(cost)
    made = np.zeros(len(tracks), dtype=bool)
    made[rows] = apart[rows, columns] < cut_m
    return made
