"""The formula gives the published sequence, and even, symmetric margins."""

import numpy as np
import pytest
from scipy.stats import qmc

from tocsin.predict import spread


@pytest.mark.parametrize(("count", "dimensions"), [(256, 13), (1024, 3), (8, 2)])
def test_is_the_sobol_sequence_of_scipy(count: int, dimensions: int) -> None:
    theirs = qmc.Sobol(dimensions, scramble=False, bits=30).random_base2(count.bit_length() - 1)
    ours = spread.uniform(count, dimensions) - 0.5 / count
    assert np.array_equal(np.unique(ours, axis=0), np.unique(theirs, axis=0))


def test_margins_are_even_and_symmetric() -> None:
    points = np.sort(spread.uniform(512, 13), axis=0)
    assert np.array_equal(points, np.tile((np.arange(512) + 0.5)[:, None] / 512, 13))
    normal = spread.normal(1024, 3)
    assert np.abs(normal.mean(axis=0)).max() < 1e-12
    assert np.abs(np.cov(normal.T) - np.eye(3)).max() < 0.01


def test_the_spiral_is_standard_normal_and_even() -> None:
    """Moments; every ring and every sector of the plane as full as it should be."""
    many = 4096
    points = spread.spiral(many)
    assert np.abs(points.mean(axis=0)).max() < 1e-3
    assert np.abs(np.cov(points.T) - np.eye(3)).max() < 0.012
    assert np.array_equal(np.sort(points[:, 2]), np.sort(spread.normal(many, 1)[:, 0]))
    below = 1.0 - np.exp(-0.5 * (points[:, :2] ** 2).sum(axis=1))  # Rayleigh: even
    assert np.abs(np.sort(below) - (np.arange(many) + 0.5) / many).max() < 1e-9
    for lowest in np.arange(0.0, 1.0, 0.125):  # each eighth of the rings and of the third
        ring = points[(below >= lowest) & (below < lowest + 0.125)]
        turn = np.sort((np.arctan2(ring[:, 1], ring[:, 0]) / (2.0 * np.pi)) % 1.0)
        assert np.abs(turn - (np.arange(len(turn)) + 0.5) / len(turn)).max() < 0.01
        assert abs((ring[:, 2] < 0.0).mean() - 0.5) < 0.01


def test_refuses_counts_that_are_no_power_of_two() -> None:
    with pytest.raises(AssertionError, match="power of two"):
        spread.uniform(100, 2)
