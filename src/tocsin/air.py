"""The U.S. Standard Atmosphere 1976: density by height.

Source: NOAA-S/T 76-1562, *U.S. Standard Atmosphere, 1976*, part 1: layers of table 4, equations
18 (geopotential height), 33a, 33b (pressure), 42 (density).
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.words import FloatArray

_GAS_JPKGK: Final = 8314.32 / 28.9644  # table 2, R* over M0
_HYDROSTATIC_KPM: Final = 9.80665 / _GAS_JPKGK  # table 2, g0
_EARTH_M: Final = 6_356_766.0  # table 2, r0
_BASE_M: Final = (0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0)
"""Table 4, geopotential."""
_LAPSE_KPM: Final = (-6.5e-3, 0.0, 1e-3, 2.8e-3, 0.0, -2.8e-3, -2e-3)  # table 4
BOTTOM_M: Final = -1_000.0  # below, what is there
TOP_M: Final = 86_000.0
"""Above, the standard needs numerical integration: density is below 7e-6 kg/m3, taken as none."""


def _bases() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Temperature (K) and pressure (Pa) at the bases, from those at sea level (table 2) upwards."""
    kelvin, pascal = [288.15], [101_325.0]
    for low_m, high_m, lapse in zip(_BASE_M, _BASE_M[1:], _LAPSE_KPM, strict=False):
        above = kelvin[-1] + lapse * (high_m - low_m)
        if lapse == 0.0:
            ratio = math.exp(-_HYDROSTATIC_KPM * (high_m - low_m) / above)
        else:
            ratio = (kelvin[-1] / above) ** (_HYDROSTATIC_KPM / lapse)
        kelvin.append(above)
        pascal.append(pascal[-1] * ratio)
    return tuple(kelvin), tuple(pascal)


_BASE_K, _BASE_PA = _bases()


def _standard(height_m: float) -> tuple[float, float]:
    """Density (kg/m3) at a geometric height, and the slope of its logarithm (1/m)."""
    if height_m > TOP_M:
        return 0.0, 0.0
    height = max(height_m, BOTTOM_M)
    shrink = _EARTH_M / (_EARTH_M + height)
    geopotential = shrink * height
    layer = 0
    for k in range(1, 7):
        if geopotential >= _BASE_M[k]:
            layer = k
    rise, lapse, base = geopotential - _BASE_M[layer], _LAPSE_KPM[layer], _BASE_K[layer]
    kelvin = base + lapse * rise
    if lapse == 0.0:
        pressure = _BASE_PA[layer] * math.exp(-_HYDROSTATIC_KPM * rise / base)
    else:
        pressure = _BASE_PA[layer] * (base / kelvin) ** (_HYDROSTATIC_KPM / lapse)
    slope = -(_HYDROSTATIC_KPM + lapse) / kelvin * shrink * shrink
    return pressure / (_GAS_JPKGK * kelvin), slope


standard = njit(cache=True, nogil=True, error_model="numpy")(_standard)
"""The same, for kernels."""


def density(height_m: FloatArray) -> FloatArray:
    """Density (kg/m3) at each of many heights, for a table: without compiled code."""
    found = [_standard(one)[0] for one in np.ravel(height_m).tolist()]
    return np.array(found).reshape(np.shape(height_m))
