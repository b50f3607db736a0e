"""Density of the standard atmosphere, as a table that kernels interpolate.

Above 86 km, where `tocsin.air` ends, density falls exponentially with 5.9 km, the mean slope of the
standard's own table 86 to 100 km, and is nothing above 150 km; drag is negligible there either way.
"""

from typing import Final

import numpy as np

from tocsin.air import BOTTOM_M, TOP_M, density
from tocsin.words import FloatArray

_SCALE_M: Final = 5_900.0

STEP_M: Final = 100.0
CEILING_M: Final = 150_000.0


def _table() -> FloatArray:
    """Density every 100 m, from 1 km below the ellipsoid to 150 km, where it ends."""
    height_m = np.arange(BOTTOM_M, CEILING_M + 2.0 * STEP_M, STEP_M)
    top = np.log(density(np.array([TOP_M])))[0]
    low = density(np.minimum(height_m, TOP_M))
    found = np.where(height_m <= TOP_M, low, np.exp(top - (height_m - TOP_M) / _SCALE_M))
    return np.where(height_m >= CEILING_M, 0.0, found)


AIR: Final = _table()
"""Kernels read it linearly between its rows: 3e-5 too much at worst."""
