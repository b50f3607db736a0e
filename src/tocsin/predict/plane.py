"""From metres around a place to degrees, and the square root of a covariance."""

import numba
import numpy as np

from tocsin.geo import ECCENTRICITY_SQUARED, SEMI_MAJOR_M
from tocsin.words import FloatArray


@numba.njit(cache=True, nogil=True)
def place(lat_deg: float, lon_deg: float, east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude (deg) reached from a place by the geodesic that starts east, north.

    Legendre's series to the third order (Rapp, *Geometric Geodesy* part II, 1993, section 1.6)
    with the two radii of curvature of the start. At 50 degrees it is 5 m off after 90 km and
    1.5 km off after 450 km, far inside what a heading is worth over such a distance.
    """
    sine = np.sin(np.radians(lat_deg))
    cosine = np.sqrt(1.0 - sine * sine)
    tangent = sine / cosine
    squash = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(squash)
    meridian_m = prime_vertical_m * (1.0 - ECCENTRICITY_SQUARED) / squash
    u, v = east_m / prime_vertical_m, north_m / prime_vertical_m
    bend = (1.0 + 3.0 * tangent * tangent) / 3.0
    north = v - 0.5 * u * u * tangent - 0.5 * u * u * v * bend
    east = u + u * v * tangent + u * v * v * bend - u * u * u * tangent * tangent / 3.0
    return (
        lat_deg + np.degrees(north * (prime_vertical_m / meridian_m)),
        lon_deg + np.degrees(east / cosine),
    )


@numba.njit(cache=True, nogil=True)
def roots(covariance: FloatArray) -> FloatArray:
    """Lower triangular square roots (n,k,k) of covariances (n,k,k), by Cholesky.

    A direction without variance (or, through rounding, a negative one) is taken to be known
    exactly: a degraded covariance must not stop the forecast.
    """
    found = np.zeros_like(covariance)
    size = covariance.shape[1]
    for i in range(len(covariance)):
        for column in range(size):
            left = covariance[i, column, column]
            for k in range(column):
                left -= found[i, column, k] ** 2
            if left <= 1e-12 * covariance[i, column, column] or left <= 0.0:
                continue
            found[i, column, column] = np.sqrt(left)
            for row in range(column + 1, size):
                rest = covariance[i, row, column]
                for k in range(column):
                    rest -= found[i, row, k] * found[i, column, k]
                found[i, row, column] = rest / found[i, column, column]
    return found
