"""Which way is up."""

import math
from typing import Final

from numba import njit

from tocsin import geo
from tocsin.words import FloatArray

_STRETCH: Final = (geo.SEMI_MAJOR_M / geo.SEMI_MINOR_M) ** 2


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def vertical(position: FloatArray, up: FloatArray) -> None:
    """Upward unit vector at ECEF `position` (3,): the gradient of the ellipsoid through it."""
    x, y, z = position[0], position[1], position[2] * _STRETCH
    length = math.sqrt(x * x + y * y + z * z)
    up[0], up[1], up[2] = x / length, y / length, z / length
