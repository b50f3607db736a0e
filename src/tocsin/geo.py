"""WGS-84: geodetic, ECEF and local axes, vectorised over the first axis.

Angles come in and go out in degrees where the name says so. Formulas: NIMA TR8350.2, third
edition (2000), chapter 3, for the ellipsoid; Bowring, *Survey Review* 23 (1976) 323-327, for the
inverse, one step with the improved starting value of Bowring (1985): there and back within 2e-6 m
below 1000 km height (the worst near the poles), as `tests/test_geo.py` checks beside PROJ.
"""

from typing import Final

import numpy as np

from tocsin.words import FloatArray

SEMI_MAJOR_M: Final = 6_378_137.0  # WGS-84 a, TR8350.2 table 3.1
FLATTENING: Final = 1.0 / 298.257223563  # WGS-84 f, TR8350.2 table 3.1
SEMI_MINOR_M: Final = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY_SQUARED: Final = FLATTENING * (2.0 - FLATTENING)
_SECOND_ECCENTRICITY_SQUARED: Final = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)
EARTH_RATE_RPS: Final = 7.292115e-5  # TR8350.2 table 3.1
GM_M3PS2: Final = 3.986004418e14  # TR8350.2 table 3.1, atmosphere included
J2: Final = 1.082629821e-3  # from C20 of EGM96, TR8350.2 table 5.1
MEAN_RADIUS_M: Final = 6_371_008.8  # IUGG mean radius R1, Moritz (2000)
M_PER_DEG: Final = MEAN_RADIUS_M * np.pi / 180.0  # of a great circle on the mean sphere

NAUTICAL_MILE_M: Final = 1852.0  # exact, BIPM SI brochure
FOOT_M: Final = 0.3048  # exact
QUARTER_FLIGHT_LEVEL_M: Final = 25 * FOOT_M
ANTENNA_M_MIN: Final = 10.0  # chosen, because no radar stands lower than a mast or a roof
RADIO_EARTH_FACTOR: Final = 4.0 / 3.0  # ITU-R P.310: effective Earth radius in a median atmosphere


def ecef(lat_deg: FloatArray, lon_deg: FloatArray, height_m: FloatArray) -> FloatArray:
    """ECEF metres, shape (..., 3), of geodetic latitude, longitude and ellipsoidal height."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat**2)
    ring_m = (prime_vertical_m + height_m) * cos_lat
    polar_m = (prime_vertical_m * (1.0 - ECCENTRICITY_SQUARED) + height_m) * sin_lat
    return np.stack([ring_m * np.cos(lon), ring_m * np.sin(lon), polar_m], axis=-1)


def geodetic(position_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude (deg), longitude (deg) and ellipsoidal height (m) of ECEF `position_m` (..., 3)."""
    x, y, z = position_m[..., 0], position_m[..., 1], position_m[..., 2]
    ring = np.hypot(x, y)
    radius = np.hypot(ring, z)
    tan_u = (SEMI_MINOR_M * z / (SEMI_MAJOR_M * ring)) * (
        1.0 + _SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_M / radius
    )
    cos_u = 1.0 / np.sqrt(1.0 + tan_u**2)
    sin_u = tan_u * cos_u
    lat = np.arctan2(
        z + _SECOND_ECCENTRICITY_SQUARED * SEMI_MINOR_M * sin_u**3,
        ring - ECCENTRICITY_SQUARED * SEMI_MAJOR_M * cos_u**3,
    )
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    height_m = (
        ring * cos_lat
        + z * sin_lat
        - SEMI_MAJOR_M * np.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat**2)
    )
    return np.degrees(lat), np.degrees(np.arctan2(y, x)), height_m


def local_axes(lat_deg: FloatArray, lon_deg: FloatArray) -> FloatArray:
    """Rotation (..., 3, 3), rows east, north, up in ECEF: ``enu = axes @ (ecef - origin)``."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    axes = np.empty((*np.shape(sin_lat), 3, 3))  # filled: to stack rows takes twice the time
    axes[..., 0, 0], axes[..., 0, 1], axes[..., 0, 2] = -sin_lon, cos_lon, 0.0
    axes[..., 1, 0], axes[..., 1, 1] = -sin_lat * cos_lon, -sin_lat * sin_lon
    axes[..., 1, 2] = cos_lat
    axes[..., 2, 0], axes[..., 2, 1] = cos_lat * cos_lon, cos_lat * sin_lon
    axes[..., 2, 2] = sin_lat
    return axes


def ground_distance_m(
    lat_deg: FloatArray, lon_deg: FloatArray, lat2_deg: FloatArray, lon2_deg: FloatArray
) -> FloatArray:
    """Great-circle distance on the mean sphere (haversine), within 0.56 % of the geodesic."""
    lat, lat2 = np.radians(lat_deg), np.radians(lat2_deg)
    half_lat = (lat2 - lat) / 2.0
    half_lon = np.radians(np.asarray(lon2_deg) - lon_deg) / 2.0
    chord = np.sin(half_lat) ** 2 + np.cos(lat) * np.cos(lat2) * np.sin(half_lon) ** 2
    arc: FloatArray = 2.0 * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return MEAN_RADIUS_M * arc


def radio_horizon_m(antenna_height_m: FloatArray, target_height_m: FloatArray) -> FloatArray:
    """Farthest ground distance at which a target is above the radio horizon over smooth Earth."""
    diameter_m = 2.0 * RADIO_EARTH_FACTOR * MEAN_RADIUS_M
    return np.sqrt(diameter_m * np.maximum(antenna_height_m, 0.0)) + np.sqrt(
        diameter_m * np.maximum(target_height_m, 0.0)
    )


def hidden_below_m(antenna_height_m: FloatArray, distance_m: FloatArray) -> FloatArray:
    """Height below which a smooth Earth hides a target at a ground distance: 0 up to the horizon.

    The inverse of `radio_horizon_m` in its second argument.
    """
    diameter_m = 2.0 * RADIO_EARTH_FACTOR * MEAN_RADIUS_M
    beyond_m = distance_m - np.sqrt(diameter_m * np.maximum(antenna_height_m, 0.0))
    hidden_m: FloatArray = np.maximum(beyond_m, 0.0) ** 2 / diameter_m
    return hidden_m
