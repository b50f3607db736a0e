"""Density of the U.S. Standard Atmosphere 1976, as a table that kernels interpolate.

Source: NOAA-S/T 76-1562, *U.S. Standard Atmosphere, 1976*, part 1: layers of table 4, equations
18 (geopotential height), 33a, 33b (pressure), 42 (density). Above 86 km, where the standard needs
numerical integration, density falls exponentially with 5.9 km, the mean slope of its table 86 to
100 km, and is nothing above 150 km; drag is negligible there either way.
"""

from typing import Final

import numpy as np

from tocsin.words import FloatArray

_G0_MPS2: Final = 9.80665  # table 2
_GAS_J_PER_KG_K: Final = 8314.32 / 28.9644  # table 2, R* over M0
_EARTH_M: Final = 6_356_766.0  # table 2, r0
_BASES_M: Final = (0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3)  # table 4, geopotential
_LAPSES_K_PER_M: Final = (-6.5e-3, 0.0, 1e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3)  # table 4
_TOP_M: Final = 86_000.0
_SCALE_M: Final = 5_900.0

BOTTOM_M: Final = -1_000.0
STEP_M: Final = 100.0
CEILING_M: Final = 150_000.0


def density(height_m: FloatArray) -> FloatArray:
    """Density (kg/m3) at geometric heights up to 86 km, from the standard's own formulas."""
    geopotential_m = _EARTH_M * height_m / (_EARTH_M + height_m)
    pressure_pa, temperature_k = 101_325.0, 288.15  # table 2, sea level
    found = np.full(np.shape(height_m), np.nan)
    for layer, (base_m, lapse) in enumerate(zip(_BASES_M, _LAPSES_K_PER_M, strict=True)):
        top_m = (*_BASES_M, np.inf)[layer + 1]
        here = (geopotential_m < top_m) & ((geopotential_m >= base_m) | (layer == 0))
        rise_m = geopotential_m[here] - base_m
        found[here] = _pressure_pa(pressure_pa, temperature_k, lapse, rise_m) / (
            _GAS_J_PER_KG_K * (temperature_k + lapse * rise_m)
        )
        if layer + 1 < len(_BASES_M):
            rise = np.array([_BASES_M[layer + 1] - base_m])
            pressure_pa = float(_pressure_pa(pressure_pa, temperature_k, lapse, rise)[0])
            temperature_k += lapse * float(rise[0])
    return found


def _pressure_pa(base_pa: float, base_k: float, lapse: float, rise_m: FloatArray) -> FloatArray:
    """Pressure `rise_m` above a layer's base (equations 33a and 33b)."""
    if lapse == 0.0:
        return np.asarray(base_pa * np.exp(-_G0_MPS2 * rise_m / (_GAS_J_PER_KG_K * base_k)))
    ratio = base_k / (base_k + lapse * rise_m)
    return np.asarray(base_pa * ratio ** (_G0_MPS2 / (_GAS_J_PER_KG_K * lapse)))


def _table() -> FloatArray:
    """Density every 100 m, from 1 km below the ellipsoid to 150 km, where it ends."""
    height_m = np.arange(BOTTOM_M, CEILING_M + 2.0 * STEP_M, STEP_M)
    top = np.log(density(np.array([_TOP_M])))[0]
    low = density(np.minimum(height_m, _TOP_M))
    found = np.where(height_m <= _TOP_M, low, np.exp(top - (height_m - _TOP_M) / _SCALE_M))
    return np.where(height_m >= CEILING_M, 0.0, found)


AIR: Final = _table()
"""Kernels read it linearly between its rows: 3e-5 too much at worst."""
