"""A small seeded sky for the tests of this room: targets, radars, scoring."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import linear_sum_assignment

from tocsin import geo
from tocsin.track import Picture
from tocsin.words import HINT_NONE, BoolArray, Fixes, FloatArray, IntArray, Sensors, Tracks

T0 = 1_790_000_000_000_000_000
LAT, LON = 48.0, 32.0
AXES = geo.local_axes(np.array(LAT), np.array(LON))
ORIGIN = geo.ecef(np.array(LAT), np.array(LON), np.array(0.0))


def place(enu_m: Any) -> FloatArray:
    """ECEF of east, north (over the curved ground, by latitude and longitude) and height."""
    enu = np.asarray(enu_m, dtype=float)
    lat = LAT + np.degrees(enu[..., 1] / 6_371_000.0)
    lon = LON + np.degrees(enu[..., 0] / (6_371_000.0 * np.cos(np.radians(lat))))
    return geo.ecef(lat, lon, enu[..., 2])


@dataclass
class Radar:
    """A radar at east, north, height (m); errors as the defaults of `words.SensorSite`."""

    enu_m: tuple[float, float, float] = (0.0, 0.0, 50.0)
    scan_s: float = 4.0
    chance: float = 0.9
    range_m: float = 200_000.0
    sigma: tuple[float, float, float] = (50.0, 0.1, 150.0)  # m, deg, m
    three_d: bool = True
    where: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.where = place(self.enu_m)

    def covariance(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Axes (3,3) radial, cross, up and standard deviations (3,) of a report at `at`."""
        lat, lon, _ = geo.geodetic(at)
        up = geo.local_axes(lat, lon)[2]
        sight = at - self.where
        radial = sight - (sight @ up) * up
        distance = float(np.linalg.norm(radial)) + 1e-9
        radial /= distance
        cross = np.cross(up, radial)
        across = max(np.radians(self.sigma[1]) * distance, 1.0)
        return np.stack([radial, cross, up]), np.array([self.sigma[0], across, self.sigma[2]])

    def see(self, at: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """A noisy report of ECEF `at`: position and covariance; without height at 5 km +- 5 km."""
        axes, sd = self.covariance(at)
        measured = at + (rng.normal(size=3) * sd) @ axes
        if not self.three_d:
            lat, lon, _ = geo.geodetic(measured)
            measured, sd[2] = geo.ecef(lat, lon, np.array(5000.0)), 5000.0
        return measured, axes.T @ np.diag(sd**2) @ axes


def sensors(radars: list[Radar], heard_ns: int) -> Sensors:
    return Sensors(
        names=tuple(f"radar-{k}" for k in range(len(radars))),
        position_m=np.array([radar.where for radar in radars]),
        range_m_max=np.array([radar.range_m for radar in radars]),
        scan_s=np.array([radar.scan_s for radar in radars]),
        detection_chance=np.array([radar.chance for radar in radars]),
        t_ns_heard=np.full(len(radars), heard_ns, dtype=np.int64),
        stale_s=np.full(len(radars), 15.0),
    )


def fixes(t_ns: Any, position: Any, covariance: Any, **columns: Any) -> Fixes:
    """Fixes of given times, places and covariances; any other column by name, else absent."""
    position = np.asarray(position, dtype=float).reshape(-1, 3)
    n = len(position)
    absent = np.full(n, -1, dtype=np.int32)
    given: dict[str, Any] = {
        "sensor": np.zeros(n, dtype=np.int32),
        "has_height": np.ones(n, dtype=bool),
        "velocity_mps": np.full((n, 3), np.nan),
        "range_rate_mps": np.full(n, np.nan),
        "system_track": np.zeros(n, dtype=bool),
        "track_number": absent,
        "mode_3a": absent,
        "mode_s": absent,
        "friend": np.zeros(n, dtype=bool),
        "hint": np.full(n, HINT_NONE, dtype=np.int8),
        "ends": np.zeros(n, dtype=bool),
        "evidence": np.arange(n, dtype=np.int64),
    }
    for name, value in columns.items():
        given[name] = np.broadcast_to(np.asarray(value, given[name].dtype), given[name].shape)
    return Fixes(
        t_ns=np.broadcast_to(np.asarray(t_ns, np.int64), (n,)).copy(),
        position_m=position,
        covariance_m2=np.asarray(covariance, dtype=float).reshape(n, 3, 3),
        **{name: np.ascontiguousarray(value) for name, value in given.items()},
    )


NOTHING = fixes(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3, 3)))


def concatenate(parts: list[Fixes]) -> Fixes:
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in Fixes.__slots__
    }
    return Fixes(**columns)


def subset(whole: Fixes, rows: Any) -> Fixes:
    return Fixes(**{name: getattr(whole, name)[rows] for name in Fixes.__slots__})


Path = Callable[[float], Any]


def straight(start: tuple[float, float, float], velocity: tuple[float, float, float]) -> Path:
    """A flight in east, north, height that keeps its velocity over the curved ground."""
    return lambda t: place(np.asarray(start) + np.asarray(velocity) * t)


def watch(
    radar: Radar, paths: list[Path], seconds: float, rng: np.random.Generator,
    false_per_scan: float = 0.0, box_m: float = 50_000.0, sensor: int = 0, **columns: Any,
) -> list[Fixes]:  # fmt: skip
    """One batch of reports for each scan of a radar that looks everywhere at once."""
    batches = []
    for scan in range(int(seconds / radar.scan_s)):
        t_s = scan * radar.scan_s
        seen = [radar.see(path(t_s), rng) for path in paths if rng.random() < radar.chance]
        for _ in range(rng.poisson(false_per_scan)):
            ghost = place([*rng.uniform(-box_m, box_m, 2), rng.uniform(0.0, 10_000.0)])
            seen.append((ghost, radar.see(ghost, rng)[1]))
        order = rng.permutation(len(seen))
        position = np.array([seen[k][0] for k in order]).reshape(-1, 3)
        covariance = np.array([seen[k][1] for k in order]).reshape(-1, 3, 3)
        base = {"sensor": sensor, "has_height": radar.three_d, **columns}
        base["evidence"] = (scan << 24) + np.arange(len(seen))
        batches.append(fixes(T0 + round(t_s * 1e9), position, covariance, **base))
    return batches


def run(batches: list[Fixes], radars: list[Radar], picture: Picture | None = None) -> list[Tracks]:
    """The picture after each batch, at the time of its last report."""
    picture = picture or Picture()
    shown = []
    for batch in batches:
        now = int(batch.t_ns.max()) if len(batch) else 0
        picture.update(now, batch, sensors(radars, now))
        shown.append(picture.tracks())
    return shown


def gospa(truth: FloatArray, tracks: FloatArray, cut_m: float = 1000.0) -> float:
    """GOSPA, alpha 2, p 2 (Rahmathullah, Garcia-Fernandez, Svensson, FUSION 2017, equation 1)."""
    n, m = len(truth), len(tracks)
    apart = np.linalg.norm(truth[:, None] - tracks[None], axis=2) if n and m else np.zeros((n, m))
    cost = np.minimum(apart, cut_m) ** 2
    rows, columns = linear_sum_assignment(cost)
    paired = apart[rows, columns] < cut_m
    left = n + m - 2 * int(paired.sum())
    return float(np.sqrt(cost[rows, columns][paired].sum() + cut_m**2 / 2.0 * left))


# ---- rockets: an independent integrator, in inertial axes --------------------------------------

_RATE = np.array([0.0, 0.0, geo.EARTH_RATE_RPS])
STEPS_M = np.arange(0.0, 87_000.0, 250.0)


def _standard_density() -> FloatArray:
    """U.S. Standard Atmosphere 1976 by integrating the hydrostatic equation numerically."""
    heights = np.arange(0.0, 87_000.0, 10.0)
    geopotential = 6_356_766.0 * heights / (6_356_766.0 + heights)
    corners = np.array([0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3, 85e3])
    kelvin = np.interp(
        geopotential, corners, [288.15, 216.65, 216.65, 228.65, 270.65, 270.65, 214.65, 186.65]
    )
    slope = -9.80665 * 0.0289644 / (8.31432 * kelvin)
    rise = np.diff(geopotential) * 0.5 * (slope[1:] + slope[:-1])
    pressure = 101_325.0 * np.exp(np.concatenate([[0.0], np.cumsum(rise)]))
    density = pressure * 0.0289644 / (8.31432 * kelvin)
    return np.asarray(np.interp(STEPS_M, heights, density))


DENSITY = _standard_density()


def rocket(
    enu_m: tuple[float, float, float], velocity_enu: tuple[float, float, float], beta: float
) -> tuple[Path, float]:
    """An unpowered flight from a state until it reaches the ground: ECEF path and seconds."""
    start = place(enu_m)
    inertial = AXES.T @ np.asarray(velocity_enu) + np.cross(_RATE, start)

    def slope(_t: float, y: FloatArray) -> FloatArray:
        r, v = y[:3], y[3:]
        distance = float(np.linalg.norm(r))
        ratio = 5.0 * (r[2] / distance) ** 2
        shape = 1.5 * geo.J2 * (geo.SEMI_MAJOR_M / distance) ** 2
        pull = r * (1.0 + shape * np.array([1.0 - ratio, 1.0 - ratio, 3.0 - ratio]))
        air = v - np.cross(_RATE, r)
        height = float(geo.geodetic(r)[2])
        rho = float(np.interp(height, STEPS_M, DENSITY)) if height < 86_000.0 else 0.0
        drag = -0.5 * rho * np.linalg.norm(air) * air / beta
        return np.concatenate([v, -geo.GM_M3PS2 / distance**3 * pull + drag])

    def ground(_t: float, y: FloatArray) -> float:
        return float(geo.geodetic(y[:3])[2])

    ground.terminal, ground.direction = True, -1.0  # type: ignore[attr-defined]
    arc = solve_ivp(
        slope, (0.0, 900.0), np.concatenate([start, inertial]), events=ground,
        dense_output=True, rtol=1e-9, atol=1e-3, max_step=2.0,
    )  # fmt: skip
    sol = arc.sol
    assert arc.t_events is not None
    assert sol is not None
    end_s = float(arc.t_events[0][0])

    def path(t: float) -> FloatArray:
        r = sol(min(t, end_s))[:3]
        angle = -geo.EARTH_RATE_RPS * min(t, end_s)
        c, s = np.cos(angle), np.sin(angle)
        return np.array([c * r[0] - s * r[1], s * r[0] + c * r[1], r[2]])

    return path, end_s


def nearest(tracks: Tracks, at: FloatArray) -> int:
    """Row of the confirmed track nearest to `at`, -1 when there is none within 3 km."""
    apart = np.linalg.norm(tracks.position_m - at, axis=1)
    apart[~tracks.confirmed] = np.inf
    return int(apart.argmin()) if len(apart) and apart.min() < 3000.0 else -1


def kept(tracks: Tracks, rows: BoolArray | IntArray) -> list[dict[str, Any]]:
    return [
        {name: getattr(tracks, name)[row] for name in Tracks.__slots__}
        for row in np.flatnonzero(rows)
    ]
