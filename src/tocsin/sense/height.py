"""Height above the ellipsoid, from what radars and transponders call height, and its error.

- A pressure altitude (Mode C, flight levels) is the height in the standard atmosphere at which the
  measured pressure would be found. Two errors matter: the true sea-level pressure, 10 hPa s.d.
  (chosen, within the 970-1040 hPa that occur) times 27.3 ft/hPa (ICAO Doc 7488, at sea level) is
  83 m, and the true temperature, 4 % of the height for 10 K off the standard (ICAO Doc 8168,
  volume III, 2-4-3). With the altimetry system (25 m) and the undulation of the geoid over the
  countries served (10-45 m, not modelled), that is ``hypot(100 m, 4 % of the height)``.
- A 3D radar measures height above mean sea level (I048/110); its error is the site's
  `sigma_height_m`, and the geoid is again not modelled.
- Unknown height: 3 km with 3 km s.d. (chosen: it covers drones at 100 m and cruise missiles as
  well as airliners, within two standard deviations to 9 km). Near the sensor, where that cannot
  be, half the slant range above it with half the slant range s.d.
"""

from typing import Final

import numpy as np

from tocsin.words import BoolArray, FloatArray

HEIGHT_UNKNOWN_M: Final = 3000.0
SIGMA_HEIGHT_UNKNOWN_M: Final = 3000.0
_SIGMA_PRESSURE_M: Final = 100.0
_SIGMA_TEMPERATURE_SHARE: Final = 0.04


def sigma_of_pressure_altitude_m(height_m: FloatArray) -> FloatArray:
    """Standard deviation, as a height above the ellipsoid, of the pressure altitude `height_m`."""
    return np.hypot(_SIGMA_PRESSURE_M, _SIGMA_TEMPERATURE_SHARE * height_m)


def first_known(
    choices: list[tuple[BoolArray, FloatArray, FloatArray]],
    otherwise_m: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Height, s.d. and whether it was measured: the first choice that is known, for each row.

    A choice is (where it is known, height, s.d.); `otherwise_m` is the height and s.d. to assume.
    """
    height_m, sigma_m = otherwise_m
    measured = np.zeros(len(height_m), dtype=np.bool_)
    for known, own_height_m, own_sigma_m in reversed(choices):
        height_m = np.where(known, own_height_m, height_m)
        sigma_m = np.where(known, own_sigma_m, sigma_m)
        measured |= known
    return height_m, sigma_m, measured
