"""Slant range, azimuth and height to ECEF, with covariance.

The place is where the sphere of the slant range, the vertical plane of the azimuth and the surface
of equal ellipsoidal height meet. The first guess is the law of cosines on a sphere with the radius
of curvature of the ellipsoid in the plane of the azimuth (Euler's formula; Rapp, *Geometric
Geodesy I*, 1991, 3.5); the height is then corrected with what `geo.geodetic` says. Rays are
straight: over 300 km refraction lengthens the path by less than 0.03 % (ITU-R P.834), which is
within `sigma_range_m`.

The covariance is that of three independent measurements along known directions, in information
form (Bar-Shalom, Li, Kirubarajan, *Estimation with Applications to Tracking and Navigation*, 2001,
3.4.1): the line of sight (range), its horizontal normal (azimuth) and the local vertical (height).
It needs no case for a target overhead, where range and height measure the same thing and a weak
prior on the elevation is what remains.

The conversion is not de-biased: Lerro and Bar-Shalom (IEEE T-AES 29, 1993) advise it where
``range x sigma^2 / sigma_range > 0.4``, which is 0.012 for our defaults in azimuth at 200 km. Where
an angle is poorer (an acoustic bearing; the elevation, when the height is unknown), the true place
lies on an arc that bends away from the line of the covariance by ``range x delta^2 / 2``; its mean
square, ``3/4 range^2 sigma^4`` for a normal delta, is added to the variance of the range, so that
the covariance stays consistent (`tests/sense/test_polar.py` draws errors).
"""

from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sense.sensors import Radars
from tocsin.words import FloatArray

_CORRECTIONS: Final = 3  # of the height; each leaves less than 1 % of the error (tests)
_SIGMA_ELEVATION_RAD: Final = 0.5  # chosen: a target is above the horizon, that is all
_SIGMA_CROSS_M_MIN: Final = 10.0  # chosen: no radar is surveyed and levelled better


def polar(
    radars: Radars,
    range_m: FloatArray,
    azimuth_deg: FloatArray,
    height_m: FloatArray,
    sigma_height_m: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Position (n, 3) and covariance (n, 3, 3), ECEF, of n reports.

    `height_m` is above the ellipsoid. A height that the range cannot reach is taken as straight
    above or below the sensor.
    """
    origin_m = geo.ecef(radars.lat_deg, radars.lon_deg, radars.height_m)
    axes = geo.local_axes(radars.lat_deg, radars.lon_deg)
    sin_azimuth, cos_azimuth = _sin_cos(azimuth_deg)
    radius_m = _radius_of_curvature(radars.lat_deg, sin_azimuth, cos_azimuth)
    near_m = np.maximum(range_m, 1.0)
    rise_m = (
        (height_m - radars.height_m) * (2 * radius_m + height_m + radars.height_m) - near_m**2
    ) / (2 * (radius_m + radars.height_m))
    for _ in range(_CORRECTIONS):
        rise_m = np.clip(rise_m, -near_m, near_m)
        sight = _turned(axes, _sight(sin_azimuth, cos_azimuth, rise_m / near_m))
        position_m = origin_m + sight * near_m[:, None]
        rise_m = rise_m + height_m - geo.geodetic(position_m)[2]
    rise_m = np.clip(rise_m, -near_m, near_m)
    sight = _turned(axes, _sight(sin_azimuth, cos_azimuth, rise_m / near_m))
    across, upward = _beside(sin_azimuth, cos_azimuth, rise_m / near_m)
    position_m = origin_m + sight * near_m[:, None]

    lat_deg, lon_deg, _ = geo.geodetic(position_m)
    sigma_azimuth = np.radians(radars.sigma_azimuth_deg)
    ground_m = np.sqrt(near_m**2 - rise_m**2)
    sigma_elevation = np.minimum(sigma_height_m / near_m, _SIGMA_ELEVATION_RAD)
    variance_range_m2 = radars.sigma_range_m**2 + 0.75 * (
        (ground_m * sigma_azimuth**2) ** 2 + (near_m * sigma_elevation**2) ** 2
    )
    variance_cross_m2 = (ground_m * sigma_azimuth) ** 2 + _SIGMA_CROSS_M_MIN**2
    information = (
        _outer(sight) / variance_range_m2[:, None, None]
        + _outer(_turned(axes, across)) / variance_cross_m2[:, None, None]
        + _outer(_turned(axes, upward)) / ((near_m * _SIGMA_ELEVATION_RAD) ** 2)[:, None, None]
        + _outer(geo.local_axes(lat_deg, lon_deg)[:, 2]) / (sigma_height_m**2)[:, None, None]
    )
    return position_m, _inverse(information)


def _sin_cos(angle_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    angle = np.radians(angle_deg)
    return np.sin(angle), np.cos(angle)


def _radius_of_curvature(
    lat_deg: FloatArray, sin_azimuth: FloatArray, cos_azimuth: FloatArray
) -> FloatArray:
    """Of the ellipsoid in the direction of the azimuth: Euler's formula."""
    flat = 1.0 - geo.ECCENTRICITY_SQUARED * np.sin(np.radians(lat_deg)) ** 2
    prime_vertical_m = geo.SEMI_MAJOR_M / np.sqrt(flat)
    meridian_m = prime_vertical_m * (1.0 - geo.ECCENTRICITY_SQUARED) / flat
    bend: FloatArray = cos_azimuth**2 / meridian_m + sin_azimuth**2 / prime_vertical_m
    return 1.0 / bend


def _sight(
    sin_azimuth: FloatArray, cos_azimuth: FloatArray, sin_elevation: FloatArray
) -> FloatArray:
    """Unit vectors (n, 3), east-north-up, along the sight."""
    cos_elevation = np.sqrt(1.0 - sin_elevation**2)
    sight = (sin_azimuth * cos_elevation, cos_azimuth * cos_elevation, sin_elevation)
    return np.stack(sight, axis=-1)


def _beside(
    sin_azimuth: FloatArray, cos_azimuth: FloatArray, sin_elevation: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Unit vectors (n, 3), east-north-up, across the sight and up along the arc."""
    cos_elevation = np.sqrt(1.0 - sin_elevation**2)
    across = (cos_azimuth, -sin_azimuth, np.zeros_like(sin_azimuth))
    upward = (-sin_azimuth * sin_elevation, -cos_azimuth * sin_elevation, cos_elevation)
    return np.stack(across, axis=-1), np.stack(upward, axis=-1)


def _turned(axes: FloatArray, local: FloatArray) -> FloatArray:
    """East-north-up vectors (n, 3) in ECEF."""
    turned: FloatArray = np.einsum("nji,nj->ni", axes, local)
    return turned


def _outer(vector: FloatArray) -> FloatArray:
    return vector[:, :, None] * vector[:, None, :]


def _inverse(matrix: FloatArray) -> FloatArray:
    """Of symmetric positive definite (n, 3, 3), by cofactors: exactly symmetric, no LAPACK.

    A closed formula gives the same bits whatever library NumPy was built with.
    """
    a, b, c = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 0, 2]
    d, e, f = matrix[:, 1, 1], matrix[:, 1, 2], matrix[:, 2, 2]
    aa, ab, ac = d * f - e * e, c * e - b * f, b * e - c * d
    bb, bc, cc = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * aa + b * ab + c * ac
    adjugate = np.stack([aa, ab, ac, ab, bb, bc, ac, bc, cc], axis=-1).reshape(-1, 3, 3)
    return adjugate / determinant[:, None, None]
