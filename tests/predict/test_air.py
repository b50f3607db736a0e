"""Density against the tables of the U.S. Standard Atmosphere 1976."""

import numpy as np
import pytest

from tocsin.air import BOTTOM_M, density
from tocsin.predict.air import AIR, CEILING_M, STEP_M

# NOAA-S/T 76-1562, part 4, table I (geometric altitude, m; density, kg/m3).
PUBLISHED = [
    (-1_000.0, 1.3470),
    (0.0, 1.2250),
    (5_000.0, 7.3643e-1),
    (11_000.0, 3.6480e-1),
    (20_000.0, 8.8910e-2),
    (30_000.0, 1.8410e-2),
    (40_000.0, 3.9957e-3),
    (50_000.0, 1.0269e-3),
    (60_000.0, 3.0968e-4),
    (70_000.0, 8.2829e-5),
    (80_000.0, 1.8458e-5),
    (86_000.0, 6.958e-6),
]


def between(height_m: float) -> float:
    """Density as kernels read it: linear between the rows of the table, held at its ends."""
    return float(np.interp(height_m, BOTTOM_M + STEP_M * np.arange(len(AIR)), AIR))


@pytest.mark.parametrize(("height_m", "published"), PUBLISHED)
def test_density_is_the_published_one(height_m: float, published: float) -> None:
    assert density(np.array([height_m]))[0] == pytest.approx(published, rel=1.5e-4)
    assert between(height_m) == pytest.approx(published, rel=3e-4)


def test_thin_air_falls_to_nothing() -> None:
    assert between(100_000.0) == pytest.approx(5.604e-7, rel=0.2)  # table I
    heights_m = np.arange(0.0, CEILING_M, 777.0)
    assert (np.diff([between(h) for h in heights_m]) < 0.0).all()
    assert between(CEILING_M) == 0.0
    assert between(-5_000.0) == between(-1_000.0)
