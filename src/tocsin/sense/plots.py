"""CAT 048 records to fixes: which of them say where something is, and what they say.

A record is a measurement when it has I048/040 and does not say otherwise. Said otherwise is: TYP 0
(no detection: the position is the radar's own extrapolation, and using it would count the radar's
guess as evidence), RAB 1 (a field monitor: a transponder on the ground that tests the radar) and a
range that overflowed. All of these still say that the radar works.
"""

from typing import Final

import numpy as np

from tocsin.geo import QUARTER_FLIGHT_LEVEL_M
from tocsin.sense.cat048 import (
    BIRD_CODES,
    HEIGHT_3D_ENDS,
    HELICOPTER_CODE,
    RHO_OVERFLOW,
    WARNINGS,
)
from tocsin.sense.columns import Columns
from tocsin.sense.height import (
    HEIGHT_UNKNOWN_M,
    SIGMA_HEIGHT_UNKNOWN_M,
    first_known,
    sigma_of_pressure_altitude_m,
)
from tocsin.sense.layout import ABSENT
from tocsin.sense.polar import polar
from tocsin.sense.sensors import Radars
from tocsin.words import (
    HINT_AIRCRAFT,
    HINT_BIRD,
    HINT_NONE,
    BoolArray,
    Fixes,
    FloatArray,
    Int32Array,
    IntArray,
)

NAMES: Final = (
    "sac",
    "sic",
    "time_of_day_s",
    "typ",
    "sim",
    "rab",
    "tst",
    "rho_m",
    "theta_deg",
    "mode_3a_v",
    "mode_3a_g",
    "mode_3a_l",
    "mode_3a",
    "level_v",
    "level_g",
    "pressure_altitude_m",
    "mode_s",
    "track_number",
    "tre",
    *WARNINGS,
    "height_3d_m",
)
"""The fields of CAT 048 that this room reads."""

_TYP_NO_DETECTION: Final = 0
_SIGMA_BEYOND_M_MIN: Final = 1_000.0  # chosen; see `_height`
_TYP_TRANSPONDER: Final = 2  # and above: SSR, Mode S, alone or combined with PSR


def measured(columns: Columns) -> BoolArray:
    """Which records measured a place."""
    rho = columns["rho_m"]
    unmeasured: BoolArray = (columns["typ"] == _TYP_NO_DETECTION) | columns.flag("rab")
    unmeasured |= (rho == ABSENT) | (rho == RHO_OVERFLOW)
    return ~unmeasured


def simulated(columns: Columns) -> BoolArray:
    """Which records their sender marks as simulated or test targets."""
    return columns.flag("sim") | columns.flag("tst")


def needs_place(columns: Columns) -> BoolArray:
    """All: a radar measures from where it stands."""
    return np.ones(len(columns["sac"]), dtype=np.bool_)


def fixes(
    columns: Columns, t_ns: IntArray, sensor: Int32Array, evidence: IntArray, radars: Radars
) -> Fixes:
    """Fixes of measured records; the other arguments are of the same length."""
    range_m = columns.real("rho_m")
    height_m, sigma_height_m, has_height = _height(columns, range_m, radars)
    position_m, covariance_m2 = polar(
        radars, range_m, columns.real("theta_deg"), height_m, sigma_height_m
    )
    mode_3a, mode_s = trusted_mode_3a(columns), present(columns, "mode_s")
    replied = (columns["typ"] >= _TYP_TRANSPONDER) & (mode_3a > 0) & ~columns.flag("mode_3a_l")
    count = len(t_ns)
    return Fixes(
        t_ns=t_ns,
        sensor=sensor,
        position_m=position_m,
        covariance_m2=covariance_m2,
        has_height=has_height,
        velocity_mps=np.full((count, 3), np.nan),
        range_rate_mps=np.full(count, np.nan),
        system_track=np.zeros(count, dtype=np.bool_),
        track_number=present(columns, "track_number"),
        mode_3a=mode_3a,
        mode_s=mode_s,
        friend=replied | (mode_s > 0),
        hint=_hint(columns),
        ends=columns.flag("tre"),
        evidence=evidence,
    )


def present(columns: Columns, name: str) -> Int32Array:
    """The raw value, -1 where absent."""
    return np.where(columns.has(name), columns[name], -1).astype(np.int32)


def trusted_mode_3a(columns: Columns) -> Int32Array:
    """The Mode 3/A code, -1 where absent, not validated or garbled."""
    trusted = (columns["mode_3a_v"] == 0) & (columns["mode_3a_g"] == 0)
    return np.where(trusted, columns["mode_3a"], -1).astype(np.int32)


def _height(
    columns: Columns, range_m: FloatArray, radars: Radars
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Height, s.d. and whether it was measured.

    The last value of I048/110, 62.4 km, means that or more: anywhere up to what the slant range can
    reach, and so no measured height. Its s.d. is half of that stretch, more than of an even spread,
    because the next look errs the same way. The first value, as far below the sea, says nothing.
    """
    pressure_m = columns.real("pressure_altitude_m")
    valid = (columns["level_v"] == 0) & (columns["level_g"] == 0)
    half_m = range_m / 2
    lowest, highest = (columns["height_3d_m"] == end for end in HEIGHT_3D_ENDS)
    measured_3d = columns.has("height_3d_m") & ~lowest & ~highest
    height_m, sigma_m, known = first_known(
        [
            (measured_3d, columns.real("height_3d_m"), radars.sigma_height_m),
            (valid, pressure_m, sigma_of_pressure_altitude_m(pressure_m)),
        ],
        (
            np.minimum(HEIGHT_UNKNOWN_M, radars.height_m + half_m),
            np.clip(half_m, 1.0, SIGMA_HEIGHT_UNKNOWN_M),
        ),
    )
    end_m = HEIGHT_3D_ENDS[1] * QUARTER_FLIGHT_LEVEL_M
    slack_m = np.maximum(radars.height_m + range_m - end_m, 2.0 * _SIGMA_BEYOND_M_MIN)
    beyond = highest & ~known
    return (
        np.where(beyond, end_m + slack_m / 2, height_m),
        np.where(beyond, slack_m / 2, sigma_m),
        known,
    )


def _hint(columns: Columns) -> "np.ndarray[tuple[int, ...], np.dtype[np.int8]]":
    hint = np.full(len(columns[WARNINGS[0]]), HINT_NONE, dtype=np.int8)
    codes = np.stack([columns[name] for name in WARNINGS])
    if (codes != ABSENT).any():  # else there is nothing to look for, as mostly
        bird = (codes == BIRD_CODES[0]) | (codes == BIRD_CODES[1])
        hint[(codes == HELICOPTER_CODE).any(axis=0)] = HINT_AIRCRAFT
        hint[bird.any(axis=0)] = HINT_BIRD
    return hint
