"""CAT 062 records to fixes: another system's tracks, with its own word on how good they are.

Place: I062/105; else I062/100 on the stereographic plane whose centre is the place that the site
file gives for this system. Height, the first known of: the geometric altitude when it was measured
(I062/080 SRC: GNSS, 3D radar, triangulation, multilateration), the measured flight level, the
calculated barometric altitude. A geometric altitude from a table, from coverage or by default (in
the shared sample 800 m off the flight level) is not a measurement and counts as unknown.

Accuracy: I062/500. Without it 500 m in the horizontal, which is what EUROCONTROL-SPEC-0147 (ESASSP)
edition 1.2 allows for 5 NM separation, and 100 m for a geometric altitude (chosen).

Velocity is taken along true east and north at the track; the plane's north turns away from it by
about the difference in longitude times the sine of the latitude, which is not corrected.
"""

from typing import Final

import numpy as np

from tocsin import geo
from tocsin.sense.columns import Columns
from tocsin.sense.height import (
    HEIGHT_UNKNOWN_M,
    SIGMA_HEIGHT_UNKNOWN_M,
    first_known,
    sigma_of_pressure_altitude_m,
)
from tocsin.sense.plots import present, trusted_mode_3a
from tocsin.sense.sensors import Radars
from tocsin.words import (
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
    "lat_deg",
    "lon_deg",
    "x_m",
    "y_m",
    "vx_mps",
    "vy_mps",
    "mode_3a_v",
    "mode_3a_g",
    "mode_3a",
    "mode_s",
    "track_number",
    "src",
    "sim",
    "tse",
    "measured_level_m",
    "geometric_altitude_m",
    "barometric_altitude_m",
    "climb_mps",
    "apc_x_m",
    "apc_y_m",
    "cov_m",
    "apw_lat_deg",
    "apw_lon_deg",
    "aga_m",
    "aba_m",
    "measured_sim",
    "measured_tst",
)
"""The fields of CAT 062 that this room reads."""

_SOURCES_MEASURED: Final = (1, 2, 3, 7)  # I062/080 SRC: GNSS, 3D radar, triangulation, MLAT
_SIGMA_HORIZONTAL_M: Final = 500.0
_SIGMA_GEOMETRIC_M: Final = 100.0
_SIGMA_M_MIN: Final = 10.0  # chosen: a system that claims less rounds to nought or boasts
_CORRELATION_MAX: Final = 0.99  # chosen: keeps the covariance invertible


def measured(columns: Columns) -> BoolArray:
    """Which records give a place at all."""
    return columns.has("lat_deg") | columns.has("x_m")


def simulated(columns: Columns) -> BoolArray:
    """Which records, or the last report behind them, are marked as simulated or test targets."""
    return columns.flag("sim") | columns.flag("measured_sim") | columns.flag("measured_tst")


def needs_place(columns: Columns) -> BoolArray:
    """Which records give a place only on the plane of their system."""
    return ~columns.has("lat_deg")


def fixes(
    columns: Columns, t_ns: IntArray, sensor: Int32Array, evidence: IntArray, systems: Radars
) -> Fixes:
    """Fixes of measured records; the other arguments are of the same length."""
    lat_deg, lon_deg = _place(columns, systems)
    height_m, sigma_height_m, has_height = _height(columns)
    axes = geo.local_axes(lat_deg, lon_deg)
    local_m2 = _covariance(columns, lat_deg, sigma_height_m)
    mode_3a, mode_s = trusted_mode_3a(columns), present(columns, "mode_s")
    count = len(t_ns)
    return Fixes(
        t_ns=t_ns,
        sensor=sensor,
        position_m=geo.ecef(lat_deg, lon_deg, height_m),
        covariance_m2=np.einsum("nji,njk,nkl->nil", axes, local_m2, axes),
        has_height=has_height,
        velocity_mps=_velocity(columns, axes),
        range_rate_mps=np.full(count, np.nan),
        system_track=np.ones(count, dtype=np.bool_),
        track_number=present(columns, "track_number"),
        mode_3a=mode_3a,
        mode_s=mode_s,
        friend=(mode_3a > 0) | (mode_s > 0),
        hint=np.full(count, HINT_NONE, dtype=np.int8),
        ends=columns.flag("tse"),
        evidence=evidence,
    )


def _place(columns: Columns, systems: Radars) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude, degrees."""
    on_plane = _from_plane(systems, columns.real("x_m"), columns.real("y_m"))
    known = columns.has("lat_deg")
    lat_deg = np.where(known, columns.real("lat_deg"), on_plane[0])
    return lat_deg, np.where(known, columns.real("lon_deg"), on_plane[1])


def _from_plane(systems: Radars, x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Inverse oblique stereographic projection on the mean sphere, scale 1 at the centre.

    Snyder, *Map Projections: A Working Manual*, USGS PP 1395 (1987), equations 20-14, 20-15, 21-15.
    """
    distance_m = np.hypot(x_m, y_m)
    angle = 2 * np.arctan2(distance_m, 2 * geo.MEAN_RADIUS_M)
    sin_angle, cos_angle = np.sin(angle), np.cos(angle)
    lat0 = np.radians(systems.lat_deg)
    per_m = np.maximum(distance_m, 1e-9)
    sin_lat = cos_angle * np.sin(lat0) + y_m * sin_angle * np.cos(lat0) / per_m
    turn = np.arctan2(
        x_m * sin_angle,
        per_m * np.cos(lat0) * cos_angle - y_m * np.sin(lat0) * sin_angle,
    )
    lat_deg = np.degrees(np.arcsin(np.clip(sin_lat, -1.0, 1.0)))
    return lat_deg, systems.lon_deg + np.degrees(turn)


def _height(columns: Columns) -> tuple[FloatArray, FloatArray, BoolArray]:
    geometric_m = columns.real("geometric_altitude_m")
    level_m = columns.real("measured_level_m")
    barometric_m = columns.real("barometric_altitude_m")
    src = columns["src"]
    geometric = np.any([src == source for source in _SOURCES_MEASURED], axis=0)
    sigma_geometric_m = _claimed(columns.real("aga_m"), _SIGMA_GEOMETRIC_M)
    claimed_m = np.nan_to_num(columns.real("aba_m"))
    unknown = np.full(len(src), HEIGHT_UNKNOWN_M), np.full(len(src), SIGMA_HEIGHT_UNKNOWN_M)
    return first_known(
        [
            (geometric & columns.has("geometric_altitude_m"), geometric_m, sigma_geometric_m),
            (columns.has("measured_level_m"), level_m, _pressure_sigma(level_m, claimed_m)),
            (
                columns.has("barometric_altitude_m"),
                barometric_m,
                _pressure_sigma(barometric_m, claimed_m),
            ),
        ],
        unknown,
    )


def _pressure_sigma(height_m: FloatArray, claimed_m: FloatArray) -> FloatArray:
    """What the system claims is about the level; what the level is worth as a height is added."""
    return np.hypot(sigma_of_pressure_altitude_m(height_m), claimed_m)


def _claimed(sigma_m: FloatArray, default_m: float) -> FloatArray:
    return np.where(np.isnan(sigma_m), default_m, np.maximum(sigma_m, _SIGMA_M_MIN))


def _covariance(columns: Columns, lat_deg: FloatArray, sigma_height_m: FloatArray) -> FloatArray:
    """East-north-up (n, 3, 3), from APC and COV, else APW, else the default.

    COV is ``sign(c) sqrt(|c|)`` of the covariance c of X and Y (I062/500, subfield 2).
    """
    north_m_per_deg = np.radians(1.0) * geo.MEAN_RADIUS_M
    east_m_per_deg = north_m_per_deg * np.cos(np.radians(lat_deg))
    has_apc = columns.has("apc_x_m")
    apw_east_m = columns.real("apw_lon_deg") * east_m_per_deg
    apw_north_m = columns.real("apw_lat_deg") * north_m_per_deg
    east_m = _claimed(np.where(has_apc, columns.real("apc_x_m"), apw_east_m), _SIGMA_HORIZONTAL_M)
    north_m = _claimed(np.where(has_apc, columns.real("apc_y_m"), apw_north_m), _SIGMA_HORIZONTAL_M)
    root_m = np.where(has_apc, np.nan_to_num(columns.real("cov_m")), 0.0)
    most_m2 = _CORRELATION_MAX * east_m * north_m
    both_m2 = np.clip(np.sign(root_m) * root_m**2, -most_m2, most_m2)
    covariance_m2 = np.zeros((len(lat_deg), 3, 3))
    covariance_m2[:, 0, 0], covariance_m2[:, 1, 1] = east_m**2, north_m**2
    covariance_m2[:, 0, 1] = covariance_m2[:, 1, 0] = both_m2
    covariance_m2[:, 2, 2] = sigma_height_m**2
    return covariance_m2


def _velocity(columns: Columns, axes: FloatArray) -> FloatArray:
    """ECEF (n, 3); NaN without I062/185; level flight without I062/220."""
    climb_mps = np.nan_to_num(columns.real("climb_mps"))
    local_mps = np.stack([columns.real("vx_mps"), columns.real("vy_mps"), climb_mps], axis=-1)
    velocity_mps: FloatArray = np.einsum("nji,nj->ni", axes, local_mps)
    return velocity_mps
