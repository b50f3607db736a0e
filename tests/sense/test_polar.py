"""Polar to ECEF: against exact geometry, and the covariance against drawn errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import geo
from tocsin.sense.polar import polar
from tocsin.sense.sensors import Radars


def radars(count: int, **changes: float) -> Radars:
    values = {
        "lat_deg": 49.0,
        "lon_deg": 32.0,
        "height_m": 200.0,
        "sigma_range_m": 50.0,
        "sigma_azimuth_deg": 0.1,
        "sigma_height_m": 150.0,
    } | changes
    return Radars(**{name: np.full(count, value) for name, value in values.items()})


@given(
    lat=st.floats(-85, 85),
    lon=st.floats(-180, 180),
    antenna=st.floats(-100, 3000),
    bearing=st.floats(0, 360),
    range_m=st.floats(20_000, 470_000),
    height=st.floats(0, 18_000),
)
@settings(max_examples=200, deadline=None)
def test_the_place_has_the_range_azimuth_and_height_that_were_measured(
    lat: float, lon: float, antenna: float, bearing: float, range_m: float, height: float
) -> None:
    one = radars(1, lat_deg=lat, lon_deg=lon, height_m=antenna)
    position_m, covariance_m2 = polar(
        one, np.array([range_m]), np.array([bearing]), np.array([height]), np.array([150.0])
    )
    origin = geo.ecef(one.lat_deg, one.lon_deg, one.height_m)
    local = (geo.local_axes(one.lat_deg, one.lon_deg) @ (position_m - origin)[..., None])[0, :, 0]
    assert np.linalg.norm(local) == pytest.approx(range_m, abs=1e-3)
    turn = (np.degrees(np.arctan2(local[0], local[1])) - bearing + 180) % 360 - 180
    assert turn == pytest.approx(0, abs=1e-7)
    assert geo.geodetic(position_m)[2][0] == pytest.approx(height, abs=0.5)
    assert np.array_equal(covariance_m2[0], covariance_m2[0].T)
    assert np.linalg.eigvalsh(covariance_m2[0]).min() > 0


@pytest.mark.parametrize("sigma_height_m", [150.0, 3000.0])
@pytest.mark.parametrize("range_m", [40_000.0, 200_000.0])
@pytest.mark.parametrize("sigma_azimuth_deg", [0.1, 2.0])
def test_the_covariance_is_that_of_the_errors(
    range_m: float, sigma_height_m: float, sigma_azimuth_deg: float
) -> None:
    """Normalised squared errors of 20,000 draws have mean 3 (Bar-Shalom, NEES), within 7 %."""
    count = 20_000
    chance = np.random.default_rng(7)
    one = radars(count, sigma_azimuth_deg=sigma_azimuth_deg)
    truth_height_m = np.full(count, 3000.0)
    bearing = np.full(count, 60.0)
    sigma_m = np.full(count, sigma_height_m)
    truth_m, _ = polar(one, np.full(count, range_m), bearing, truth_height_m, sigma_m)
    seen_m, covariance_m2 = polar(
        one,
        range_m + one.sigma_range_m * chance.standard_normal(count),
        bearing + sigma_azimuth_deg * chance.standard_normal(count),
        truth_height_m + sigma_m * chance.standard_normal(count),
        sigma_m,
    )
    error_m = seen_m - truth_m
    squared = np.einsum("ni,nij,nj->n", error_m, np.linalg.inv(covariance_m2), error_m)
    assert squared.mean() == pytest.approx(3.0, rel=0.07)


def test_an_unreachable_height_is_straight_overhead() -> None:
    position_m, covariance_m2 = polar(
        radars(2),
        np.array([5000.0, 0.0]),
        np.array([90.0, 0.0]),
        np.array([11_000.0, 9000.0]),
        np.array([400.0, 400.0]),
    )
    lat, lon, height_m = geo.geodetic(position_m)
    assert lat == pytest.approx([49.0, 49.0], abs=1e-9)
    assert lon == pytest.approx([32.0, 32.0], abs=1e-9)
    assert height_m == pytest.approx([5200.0, 201.0], abs=0.1)
    assert np.isfinite(covariance_m2).all()
    assert np.linalg.eigvalsh(covariance_m2).min() > 0


def test_the_axes_of_the_covariance_are_range_and_cross_range() -> None:
    """A low target due east at 200 km: 50 m along, 200 km x 0.1 deg = 349 m across, 150 m up."""
    one = radars(1)
    position_m, covariance_m2 = polar(
        one, np.array([200_000.0]), np.array([90.0]), np.array([3000.0]), np.array([150.0])
    )
    axes = geo.local_axes(*geo.geodetic(position_m)[:2])[0]
    local_m2 = axes @ covariance_m2[0] @ axes.T
    assert np.sqrt(np.diag(local_m2)) == pytest.approx([50.0, 349.0, 150.0], rel=0.05)
