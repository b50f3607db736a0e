"""A radar that measures range rate knows a rocket better than one that does not."""

import numpy as np
import pytest

from tests.track.arcs import flight, place
from tests.track.sky import AXES, T0, Radar, fixes, nearest, sensors
from tocsin.track import Picture
from tocsin.words import FloatArray

SIGMA_MPS = 2.0
SCANS = 8


def followed(seed: int, doppler: bool) -> tuple[FloatArray, FloatArray]:
    """Squared error of velocity (m2/s2) and its normalised square at the last scan, 30 rockets."""
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 50.0), scan_s=2.0, chance=1.0)
    errors, squares = [], []
    for _ in range(30):
        speed, angle = rng.uniform(600.0, 1200.0), np.radians(rng.uniform(40.0, 60.0))
        heading, beta = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(2500.0, 9000.0)
        level = speed * np.cos(angle)
        enu = np.array([level * np.cos(heading), level * np.sin(heading), speed * np.sin(angle)])
        arc = flight(place(*rng.uniform(-20e3, 20e3, 2), 1500.0), AXES.T @ enu, beta)
        picture = Picture()
        for k in range(SCANS):
            t_s, now = 2.0 * k, T0 + k * 2_000_000_000
            at, covariance = radar.see(arc.path(t_s), rng)
            sight = arc.path(t_s) - radar.where
            rate = sight @ arc.velocity(t_s) / np.linalg.norm(sight) + rng.normal() * SIGMA_MPS
            batch = fixes(now, at, covariance, range_rate_mps=rate if doppler else np.nan)
            picture.update(now, batch, sensors([radar], now))
        shown = picture.tracks()
        i = nearest(shown, arc.path(t_s))
        assert i >= 0
        off = shown.velocity_mps[i] - arc.velocity(t_s)
        spread = shown.covariance[i, 3:6, 3:6]
        errors.append(off @ off)
        squares.append(off @ np.linalg.solve(spread, off))
    return np.array(errors), np.array(squares)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_range_rate_makes_a_rockets_velocity_better(seed: int) -> None:
    """The mean normalised square of a consistent velocity is 3; above 3 the filter is too sure."""
    without, before = followed(seed, doppler=False)
    told, after = followed(seed, doppler=True)
    print(
        f"velocity, median error {np.sqrt(np.median(without)):.1f} m/s, with range rate "
        f"{np.sqrt(np.median(told)):.1f}; NEES {before.mean():.2f}, {after.mean():.2f}"
    )
    assert np.median(told) < 0.8 * np.median(without)
    assert after.mean() < 6.0
