"""Short distances against PROJ's geodesics."""

import numpy as np
import pyproj
import pytest

from tocsin.zones.ruler import distance_to_edges_m, offset_m, reach_deg

GEOD = pyproj.Geod(ellps="WGS84")


@pytest.mark.parametrize("lat", [0.0, 31.0, 50.0, 60.0, -45.0])
def test_offsets_are_the_geodesic_to_a_tenth_of_a_per_cent_up_to_200_km(lat: float) -> None:
    azimuth, distance_m = np.meshgrid(np.arange(0.0, 360.0, 15.0), [10.0, 2e3, 5e4, 2e5])
    azimuth, distance_m = azimuth.ravel(), distance_m.ravel()
    here = np.full(len(azimuth), 30.0), np.full(len(azimuth), lat)
    lon2, lat2, _ = GEOD.fwd(*here, azimuth, distance_m)
    east_m, north_m = offset_m(lat, 30.0, lat2, lon2)
    assert np.allclose(np.hypot(east_m, north_m), distance_m, rtol=1e-3)


def test_distance_to_an_edge_is_to_its_nearest_point_or_end() -> None:
    edge = np.array([[30.0, 50.0, 30.1, 50.0]] * 3)
    lat, lon = np.array([50.01, 50.0, 50.0]), np.array([30.05, 30.2, 30.07])
    _, _, up_m = GEOD.inv(30.05, 50.0, 30.05, 50.01)
    _, _, along_m = GEOD.inv(30.1, 50.0, 30.2, 50.0)
    assert distance_to_edges_m(lat, lon, edge) == pytest.approx([up_m, along_m, 0.0], rel=1e-4)


def test_an_edge_without_length_is_a_point() -> None:
    found = distance_to_edges_m(50.01, 30.0, np.array([[30.0, 50.0, 30.0, 50.0]]))
    assert found == pytest.approx([GEOD.inv(30.0, 50.0, 30.0, 50.01)[2]], rel=1e-4)


@pytest.mark.parametrize("lat", [0.0, 50.0, 70.0, 89.0])
@pytest.mark.parametrize("radius_m", [10.0, 5e3, 1e5])
def test_reach_holds_the_whole_circle(lat: float, radius_m: float) -> None:
    reach_lon, reach_lat = reach_deg(radius_m, lat)
    azimuth = np.arange(0.0, 360.0, 1.0)
    lon2, lat2, _ = GEOD.fwd(np.zeros(360), np.full(360, lat), azimuth, np.full(360, radius_m))
    assert np.abs(lat2 - lat).max() <= reach_lat
    assert np.abs(lon2).max() <= reach_lon
