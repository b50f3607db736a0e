"""Geodesy against PROJ, an outside authority, and against published worked figures."""

import numpy as np
import pyproj
import pytest

from tocsin import geo

A_MICROMETRE = 1e-6
TWO_MICROMETRES = 2e-6
TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
GEODESIC = pyproj.Geod(ellps="WGS84")


def points(height_m_max: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return (
        rng.uniform(-89.9, 89.9, 5000),
        rng.uniform(-180, 180, 5000),
        rng.uniform(-100, height_m_max, 5000),
    )


def test_ecef_agrees_with_proj() -> None:
    lat, lon, height = points(1_000_000)
    x, y, z = TO_ECEF.transform(lon, lat, height)
    assert np.abs(geo.ecef(lat, lon, height) - np.stack([x, y, z], axis=-1)).max() < A_MICROMETRE


@pytest.mark.parametrize("height_m_max", [50_000.0, 1_000_000.0])
def test_geodetic_is_the_inverse(height_m_max: float) -> None:
    lat, lon, height = points(height_m_max)
    back = geo.ecef(*geo.geodetic(geo.ecef(lat, lon, height)))
    assert np.abs(back - geo.ecef(lat, lon, height)).max() < TWO_MICROMETRES


def test_geodetic_at_the_poles_and_the_equator() -> None:
    lat = np.array([90.0, -90.0, 0.0])
    lon = np.array([0.0, 0.0, 180.0])
    lat2, lon2, height = geo.geodetic(geo.ecef(lat, lon, np.array([10.0, 20.0, 30.0])))
    assert lat2 == pytest.approx(lat, abs=1e-9)
    assert lon2 == pytest.approx(lon, abs=1e-9)
    assert height == pytest.approx([10.0, 20.0, 30.0], abs=1e-6)


def test_local_axes_are_east_north_up() -> None:
    lat, lon = np.array([50.0]), np.array([30.0])
    axes = geo.local_axes(lat, lon)[0]
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-15)
    here = geo.ecef(lat, lon, np.array([0.0]))[0]
    north = geo.ecef(lat + 1e-5, lon, np.array([0.0]))[0]
    east = geo.ecef(lat, lon + 1e-5, np.array([0.0]))[0]
    above = geo.ecef(lat, lon, np.array([1.0]))[0]
    assert axes @ (north - here) == pytest.approx([0, 1.112, 0], abs=2e-3)
    assert axes @ (east - here) == pytest.approx([0.717, 0, 0], abs=2e-3)
    assert axes @ (above - here) == pytest.approx([0, 0, 1], abs=1e-9)


def test_ground_distance_is_within_what_its_docstring_says() -> None:
    lat, lon, _ = points(0.1)
    lat2, lon2 = np.roll(lat, 1), np.roll(lon, 1)
    _, _, true_m = GEODESIC.inv(lon, lat, lon2, lat2)
    ours_m = geo.ground_distance_m(lat, lon, lat2, lon2)
    assert np.abs(ours_m / true_m - 1).max() < 0.0056


def test_radio_horizon_of_a_published_figure() -> None:
    """The rule of thumb 4.12 km times the square root of metres (ITU handbooks), to 1 %."""
    assert geo.radio_horizon_m(np.array(100.0), np.array(0.0)) == pytest.approx(41_200, rel=0.01)
