"""Ballistic: where and when it comes down, as one Gaussian, and the zones under it.

The seven uncertain numbers of a track (place, velocity, ln beta) go through the flight equations by
the unscented transform: 15 trajectories give mean and covariance of (east, north, time) of impact
(Julier, Uhlmann and Durrant-Whyte, IEEE TAC 45 (2000) 477-482, with n + kappa = 3, which meets the
fourth moments of a Gaussian, and second moments about the central trajectory, their modified form,
which no nonlinearity can make negative). A fixed table of spread points then turns the Gaussian
into chances of zones.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from tocsin.geo import geodetic, local_axes
from tocsin.predict import spread
from tocsin.predict.air import LN_DENSITY
from tocsin.predict.flight import EARTH, fall
from tocsin.predict.plane import place, plane, roots
from tocsin.predict.tally import HORIZON_S_MAX, Strikes, gather, tally
from tocsin.predict.zonal import Raster, cell_of
from tocsin.words import BoolArray, FloatArray, Int32Array

SAMPLES: Final = 1024
_SPREAD: Final = spread.normal(SAMPLES, 3)

_N_KAPPA: Final = 3.0
_WEIGHT: Final = 0.5 / _N_KAPPA  # of each of the 14 outer points; the centre's may be negative

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
        placed = samples(found, job, root[job])
        ends = _harmed(grid, placed, bodies.lag_s[job], zone, t_s)
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
    offsets = np.sqrt(_N_KAPPA) * roots(covariance).transpose(0, 2, 1)
    points = centre[:, None, :] + np.concatenate([np.zeros((n, 1, 7)), offsets, -offsets], axis=1)
    states = np.ascontiguousarray(points.reshape(-1, 7))  # one memory layout, one compiled kernel
    down_s, down_m = fall(EARTH, LN_DENSITY, states)
    down_s, down_m = down_s.reshape(n, 15), down_m.reshape(n, 15, 3)
    lat_deg, lon_deg, _ = geodetic(down_m[:, 0])
    away_m = down_m - down_m[:, :1]
    local_m = np.einsum("nij,npj->npi", local_axes(lat_deg, lon_deg), away_m)
    later_s = down_s[:, 1:] - down_s[:, :1]
    off = np.concatenate([local_m[:, 1:, :2], later_s[:, :, None]], axis=2)
    mean = _WEIGHT * off.sum(axis=1)
    mean[:, 2] += down_s[:, 0]
    return Impacts(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        mean=mean,
        covariance=_WEIGHT * np.einsum("npi,npj->nij", off, off),
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


def samples(found: Impacts, job: int, root: FloatArray) -> FloatArray:
    """Latitude, longitude (deg) and time (s after the state) of SAMPLES impacts, shape (n,3)."""
    scattered = found.mean[job] + _SPREAD @ root.T
    return _placed(found.lat_deg[job], found.lon_deg[job], scattered)


@numba.njit(cache=True, nogil=True)
def _placed(lat_deg: float, lon_deg: float, scattered: FloatArray) -> FloatArray:
    """East and north (m) of the rows of `scattered` (n,3) turned into degrees."""
    around = plane(lat_deg, lon_deg)
    placed = scattered.copy()
    for i in range(len(scattered)):
        placed[i, 0], placed[i, 1] = place(around, scattered[i, 0], scattered[i, 1])
    return placed


@numba.njit(cache=True, nogil=True)
def _harmed(
    grid: Raster, placed: FloatArray, lag_s: float, zone: Int32Array, t_s: FloatArray
) -> int:
    """Fills `zone` and `t_s` with the zones each impact harms and when; how many there are."""
    ends = 0
    for i in range(len(placed)):
        after_s = max(placed[i, 2] - lag_s, 0.0)
        cell = cell_of(grid, placed[i, 0], placed[i, 1])
        if cell < 0 or after_s > HORIZON_S_MAX:
            continue
        for at in range(grid.start[cell], grid.start[cell + 1]):
            zone[ends], t_s[ends] = grid.zone[at], after_s
            ends += 1
    return ends
