"""Ballistic tracks to be forecast, as three qualities of tracking leave them.

A body is shot with 0.5-1.1 km/s at 40-60 degrees, beta log-uniform 2.5-9 t/m2, and is tracked until
some part of its flight: what is known then is a state and a covariance. The standard deviations of
each quality are chosen so that the footprint's major one is about 350, 800 and 1350 m, as in the
shared knowledge (algorithms.md 4): the figures of the report say what it was.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.predict.truth import WIND_SD_MPS, Floats, arc
from tocsin.geo import ecef, local_axes
from tocsin.predict.fall import Bodies

LAT_DEG: Final = 48.0
LON_DEG: Final = 34.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Standard deviations, and between which parts of the flight the body is."""

    name: str
    place_m: float
    speed_mps: float
    ln_beta: float
    part: tuple[float, float]


QUALITIES: Final = (
    Quality("good", 50.0, 13.0, 0.12, (0.45, 0.65)),
    Quality("medium", 120.0, 21.0, 0.25, (0.30, 0.50)),
    Quality("early", 200.0, 26.0, 0.40, (0.20, 0.35)),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One track: ECEF place and velocity (6,), their covariance, mean and s.d. of ln beta."""

    quality: str
    centre: Floats
    covariance: Floats
    ln_beta: tuple[float, float]

    def drawn(self, rng: np.random.Generator, count: int) -> Floats:
        """States as the truth may be (count, 10): place, velocity, ln beta, wind in ECEF."""
        states = np.empty((count, 10))
        root = np.linalg.cholesky(self.covariance)
        states[:, :6] = self.centre + rng.standard_normal((count, 6)) @ root.T
        states[:, 6] = rng.normal(*self.ln_beta, count)
        axes = local_axes(np.float64(LAT_DEG), np.float64(LON_DEG))[:2]
        states[:, 7:] = rng.normal(0.0, WIND_SD_MPS, (count, 2)) @ axes
        return states


def drawn(seed: int, each: int) -> list[Case]:
    """`each` cases of every quality."""
    rng = np.random.default_rng(seed)
    return [_case(rng, quality) for quality in QUALITIES for _ in range(each)]


def _case(rng: np.random.Generator, quality: Quality) -> Case:
    speed_mps, heading = rng.uniform(500.0, 1100.0), rng.uniform(0.0, 2.0 * np.pi)
    rise = np.radians(rng.uniform(40.0, 60.0))
    ln_beta = rng.uniform(np.log(2500.0), np.log(9000.0))
    level = speed_mps * np.cos(rise)
    enu = (level * np.sin(heading), level * np.cos(heading), speed_mps * np.sin(rise))
    axes = local_axes(np.float64(LAT_DEG), np.float64(LON_DEG))
    start = np.concatenate([ecef(*np.float64((LAT_DEG, LON_DEG, 50.0))), axes.T @ enu])
    centre = arc(start, ln_beta, rng.uniform(*quality.part))
    # A radar sees range better than angle: one axis, anywhere, is known twice as well.
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    shape = turn @ np.diag([0.25, 1.0, 1.0]) @ turn.T
    both = 0.5 * quality.place_m * quality.speed_mps * shape  # and place with velocity by a half
    covariance = np.block(
        [[quality.place_m**2 * shape, both], [both, quality.speed_mps**2 * shape]]
    )
    return Case(quality.name, centre, covariance, (ln_beta, quality.ln_beta))


def bodies(of: list[Case]) -> Bodies:
    """The cases as the forecast takes them: seen for two minutes, no time since the state."""
    return Bodies(
        position_m=np.array([case.centre[:3] for case in of]),
        velocity_mps=np.array([case.centre[3:] for case in of]),
        covariance=np.array([case.covariance for case in of]),
        ln_beta=np.array([case.ln_beta for case in of]),
        burning=np.zeros(len(of)),
        lag_s=np.zeros(len(of)),
    )
