"""Ballistic: where and when it comes down, as one Gaussian, and the zones under it.

The seven uncertain numbers of a track (place, velocity, ln beta) go through the flight equations by
the unscented transform: 15 trajectories give mean and covariance of (east, north, time) of impact
(Julier and Uhlmann, Proc. IEEE 92 (2004) 401-422, with kappa = 0: 14 points of equal weight and
a centre of weight 0, the spherical cubature rule of Arasaratnam and Haykin, IEEE TAC 54 (2009)
1254-1269). A fixed table of spread points then turns the Gaussian into chances of zones.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from tocsin.geo import geodetic, local_axes
from tocsin.predict import spread
from tocsin.predict.air import LN_DENSITY
from tocsin.predict.flight import EARTH, fall
from tocsin.predict.plane import place, roots
from tocsin.predict.tally import HORIZON_S_MAX, Strikes, gather, tally
from tocsin.predict.zonal import Raster, cell_of
from tocsin.words import BoolArray, FloatArray, Int32Array

SAMPLES: Final = 1024
_SPREAD: Final = spread.normal(SAMPLES, 3)

BURN_S: Final = 90.0
BURN_HEIGHT_M: Final = 60_000.0
BURN_ALONG: Final = 0.10
BURN_ACROSS: Final = 0.03
"""A climbing body below 60 km, first seen less than 90 s ago, may still have its motor running, and
then its speed is not yet what it will be: standard deviations of velocity along and across the path
grow by these shares of the speed. Chosen: short-range missiles burn for about a minute, up to some
40 km; the first warning should be wide rather than in the wrong place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Falling bodies: n rows; the columns mean what they mean in `words.Tracks`."""

    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    ln_beta: FloatArray
    age_s: FloatArray  # since the first report
    lag_s: FloatArray  # from the time of the state to now

    def __len__(self) -> int:
        return len(self.position_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impacts:
    """Gaussians of impact: n rows.

    lat_deg, lon_deg  float64 (n,)     impact of the mean state, origin of east and north
    mean              float64 (n,3)    east (m), north (m), time (s after the state)
    covariance        float64 (n,3,3)
    """

    lat_deg: FloatArray
    lon_deg: FloatArray
    mean: FloatArray
    covariance: FloatArray


def strikes(grid: Raster, bodies: Bodies, chance_min: FloatArray) -> Strikes:
    """Zones within the harm radius of each body's impact; rows below `chance_min` (n,) left out."""
    found = impacts(bodies)
    root = roots(found.covariance)
    parts = []
    zone = np.empty(SAMPLES * grid.longest, dtype=np.int32)
    t_s = np.empty(SAMPLES * grid.longest)
    for job in range(len(bodies)):
        ends = _sample(
            grid,
            (found.lat_deg[job], found.lon_deg[job], bodies.lag_s[job]),
            found.mean[job],
            root[job],
            _SPREAD,
            zone,
            t_s,
        )
        weight = np.full(ends, 1.0 / SAMPLES)
        parts.append(
            (job, *tally(zone[:ends], t_s[:ends], weight, len(grid.hazard_per_m), chance_min[job]))
        )
    return gather(parts)


def impacts(bodies: Bodies) -> Impacts:
    """Mean and covariance of place and time of impact, by the unscented transform."""
    n = len(bodies)
    covariance = np.zeros((n, 7, 7))
    covariance[:, :6, :6] = bodies.covariance
    covariance[:, 3:6, 3:6] += _burning(bodies)
    covariance[:, 6, 6] = bodies.ln_beta[:, 1] ** 2
    centre = np.concatenate([bodies.position_m, bodies.velocity_mps, bodies.ln_beta[:, :1]], axis=1)
    offsets = np.sqrt(7.0) * roots(covariance).transpose(0, 2, 1)
    points = centre[:, None, :] + np.concatenate([np.zeros((n, 1, 7)), offsets, -offsets], axis=1)
    down_s, down_m = fall(EARTH, LN_DENSITY, points.reshape(-1, 7))
    down_s, down_m = down_s.reshape(n, 15), down_m.reshape(n, 15, 3)
    lat_deg, lon_deg, _ = geodetic(down_m[:, 0])
    away_m = down_m - down_m[:, :1]
    local_m = np.einsum("nij,npj->npi", local_axes(lat_deg, lon_deg), away_m)
    ends = np.concatenate([local_m[:, 1:, :2], down_s[:, 1:, None]], axis=2)
    mean = ends.mean(axis=1)
    spread_out = ends - mean[:, None, :]
    return Impacts(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        mean=mean,
        covariance=np.einsum("npi,npj->nij", spread_out, spread_out) / 14.0,
    )


def may_burn(bodies: Bodies) -> BoolArray:
    """Climbing, low and new: the motor may still run (the rule at BURN_S)."""
    lat_deg, lon_deg, height_m = geodetic(bodies.position_m)
    up = local_axes(lat_deg, lon_deg)[:, 2]
    climbing = np.einsum("ni,ni->n", up, bodies.velocity_mps) > 0.0
    burning: BoolArray = climbing & (height_m < BURN_HEIGHT_M) & (bodies.age_s < BURN_S)
    return burning


def _burning(bodies: Bodies) -> FloatArray:
    """Covariance of velocity (n,3,3) to add for motors that may still run."""
    speed2 = np.einsum("ni,ni->n", bodies.velocity_mps, bodies.velocity_mps)
    along = np.einsum("ni,nj->nij", bodies.velocity_mps, bodies.velocity_mps)
    across = speed2[:, None, None] * np.eye(3) - along
    added = BURN_ALONG**2 * along + BURN_ACROSS**2 * across
    return np.where(may_burn(bodies)[:, None, None], added, 0.0)


@numba.njit(cache=True, nogil=True)
def _sample(
    grid: Raster,
    origin: tuple[float, float, float],
    mean: FloatArray,
    root: FloatArray,
    points: FloatArray,
    zone: Int32Array,
    t_s: FloatArray,
) -> int:
    """Fills `zone` and `t_s` with the zones each sample harms and when; how many there are."""
    lat_deg, lon_deg, lag_s = origin
    ends = 0
    for i in range(len(points)):
        a, b, c = points[i, 0], points[i, 1], points[i, 2]
        east_m = mean[0] + root[0, 0] * a
        north_m = mean[1] + root[1, 0] * a + root[1, 1] * b
        after_s = mean[2] + root[2, 0] * a + root[2, 1] * b + root[2, 2] * c - lag_s
        if after_s > HORIZON_S_MAX:
            continue
        cell = cell_of(grid, *place(lat_deg, lon_deg, east_m, north_m))
        if cell < 0:
            continue
        for at in range(grid.start[cell], grid.start[cell + 1]):
            zone[ends], t_s[ends] = grid.zone[at], max(after_s, 0.0)
            ends += 1
    return ends
