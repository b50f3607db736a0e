"""Degrees from metres against PROJ's geodesics; square roots against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from tocsin.predict.plane import place, plane, roots

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("distance_m", "bound_m"), [(1e3, 0.01), (20e3, 1.0), (90e3, 20.0), (450e3, 4_000.0)]
)
@pytest.mark.parametrize("lat_deg", [-33.0, 0.5, 31.5, 50.0])
def test_place_follows_the_geodesic(distance_m: float, bound_m: float, lat_deg: float) -> None:
    azimuth_deg = np.arange(0.0, 360.0, 15.0)
    lon_deg, n = 34.0, len(azimuth_deg)
    true_lon, true_lat, _ = GEOD.fwd(
        np.full(n, lon_deg), np.full(n, lat_deg), azimuth_deg, np.full(n, distance_m)
    )
    around = plane(lat_deg, lon_deg)
    ours = np.array(
        [
            place(around, distance_m * np.sin(a), distance_m * np.cos(a))
            for a in np.radians(azimuth_deg)
        ]
    )
    _, _, off_m = GEOD.inv(true_lon, true_lat, ours[:, 1], ours[:, 0])
    assert np.abs(off_m).max() < bound_m


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_roots_are_choleskys(seed: int, size: int) -> None:
    half = np.random.default_rng(seed).normal(size=(3, size, size + 2))
    covariance = half @ half.transpose(0, 2, 1)
    assert np.allclose(roots(covariance), np.linalg.cholesky(covariance), atol=1e-7)


def test_roots_of_degraded_covariances_are_finite() -> None:
    flat = np.array([[[4.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 9.0]], [[1.0, 3.0], [3.0, 1.0]]])
    found = roots(flat)
    assert np.allclose(found[0] @ found[0].T, flat[0])
    assert np.allclose(found[1] @ found[1].T, flat[1])
    assert np.isfinite(found[2]).all()
    assert found[2, 1, 1] == 0.0
