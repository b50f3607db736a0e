"""Motor burning: how the boosting hypothesis begins, ends, and follows a reported launch.

A boosting body has the 8-state of `fall` with an unknown thrust acceleration along its velocity
that wanders. Boost and coast mix (Blom and Bar-Shalom, IEEE TAC 33 (1988) 780-783), with one
peculiarity: who goes over to coast leaves the thrust behind (0, variance 0), who goes over to
boost takes up the prior of thrust, for the old value says nothing about a motor just lit.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import fall
from tocsin.track.state import join
from tocsin.track.table import BOOST, COAST, MODELS, Record
from tocsin.words import FloatArray

THRUST_MPS2: Final = 50.0
THRUST_SD_MPS2: Final = 20.0
"""Prior of thrust; chosen: rockets and short-range missiles lift off with 2-4 g and burn out with
5-10 g, and 0 to 100 m/s2 are then within 2 s.d."""
BURN_LEFT_S: Final = 20.0
"""Mean time of burning still to come, for a body just seen. Chosen: artillery rockets burn 2-10 s,
short-range missiles 30-90 s, and a radar meets both part way; 20 s asks Bayes for a factor of 20 to
be sure of burnout within a second, which two reports give, as thrust of 50 m/s2 is 100 m in 2 s."""
RELIGHT_S: Final = 10_000.0
"""Mean time until a coasting body that climbs lights a motor (a stage). Chosen so large that the
share of boost in a coasting track, this rate times the 5 s or so that it takes to disprove it, is
5e-4: of 100 m/s of disagreement that adds 2 m/s to the spread, and no more."""

_LAUNCH_SPEED_MPS: Final = 80.0
_LAUNCH_SPEED_SD_MPS: Final = 50.0
"""Speed when a launch is seen; chosen: smoke and fire are noticed 0 to 4 s after ignition."""
_LAUNCH_ELEVATION_DEG: Final = 57.5
_LAUNCH_ELEVATION_SD_DEG: Final = 16.0  # chosen: 30 and 85 degrees are uniform limits, 55 / sqrt 12
_LAUNCH_LEVEL_SHARE: Final = 0.33
"""Mean square of the cosine of that elevation: the level part of a direction of unknown azimuth."""


@njit(cache=True, nogil=True, error_model="numpy")
def light(mean: FloatArray, cov: FloatArray) -> None:
    """Give an 8-state the prior of thrust, independent of all else, in place."""
    for a in range(8):
        cov[a, 7] = 0.0
        cov[7, a] = 0.0
    mean[7], cov[7, 7] = THRUST_MPS2, THRUST_SD_MPS2**2


@njit(cache=True, nogil=True, error_model="numpy")
def burn_out(mean: FloatArray, cov: FloatArray) -> None:
    """Take the thrust away from an 8-state, in place: exactly 0, variance exactly 0."""
    for a in range(8):
        cov[a, 7] = 0.0
        cov[7, a] = 0.0
    mean[7] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def may_climb(mean: FloatArray, cov: FloatArray) -> bool:
    """Whether the climb of an 8-state, its mean plus two s.d., is upwards."""
    radius = math.sqrt(mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2)
    climb, spread = 0.0, 0.0  # the geocentric vertical is near enough, 0.2 degrees
    for a in range(3):
        climb += mean[a] * mean[a + 3] / radius
        for b in range(3):
            spread += mean[a] * cov[a + 3, b + 3] * mean[b] / (radius * radius)
    return climb + 2.0 * math.sqrt(max(spread, 0.0)) > 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def mix(track: Record, dt_s: float) -> None:
    """Let coast and boost of a track mix over `dt_s` seconds; the sum of their weights stays.

    A body that surely comes down does not burn: none of those we warn of does, and a booster that
    brakes to land is no threat (chosen).
    """
    coast, boost = track.weight[MODELS + COAST], track.weight[MODELS + BOOST]
    if coast + boost <= 0.0:
        return
    h = BOOST if boost > coast else COAST
    climbs = may_climb(track.fall_mean[h], track.fall_cov[h])
    out = 1.0 - math.exp(-dt_s / BURN_LEFT_S) if climbs else 1.0
    back = 1.0 - math.exp(-dt_s / RELIGHT_S) if climbs else 0.0
    new_coast = coast * (1.0 - back) + boost * out
    new_boost = boost * (1.0 - out) + coast * back
    spare, spare_cov = track.fall_mean[BOOST].copy(), track.fall_cov[BOOST].copy()
    if new_boost > 0.0 and coast > 0.0:
        lit, lit_cov = track.fall_mean[COAST].copy(), track.fall_cov[COAST].copy()
        light(lit, lit_cov)
        share = coast * back / new_boost
        join(track.fall_mean[BOOST], track.fall_cov[BOOST], lit, lit_cov, share)
    if new_coast > 0.0 and boost > 0.0:
        burn_out(spare, spare_cov)
        share = boost * out / new_coast
        join(track.fall_mean[COAST], track.fall_cov[COAST], spare, spare_cov, share)
        burn_out(track.fall_mean[COAST], track.fall_cov[COAST])  # exactly, not to rounding
    track.weight[MODELS + COAST], track.weight[MODELS + BOOST] = new_coast, new_boost


@njit(cache=True, nogil=True, error_model="numpy")
def begin_launch(
    position: FloatArray, covariance: FloatArray, azimuth_rad: float, sigma_azimuth_rad: float,
    out_mean: FloatArray, out_cov: FloatArray,
) -> None:  # fmt: skip
    """Write a reported launch to `out_mean` (8,), `out_cov` (8,8): a boosting body that climbs.

    `position` (3,) ECEF and `covariance` (3,3) of the place; azimuth clockwise from north, NaN for
    unknown: then the level part of the velocity has mean 0 and its mean square as variance.
    """
    up, east, north = np.empty(3), np.empty(3), np.empty(3)
    fall.height_and_up(position, up)
    ring = max(math.hypot(up[0], up[1]), 1e-9)
    east[0], east[1], east[2] = -up[1] / ring, up[0] / ring, 0.0
    north[:] = np.cross(up, east)
    speed2 = _LAUNCH_SPEED_MPS**2 + _LAUNCH_SPEED_SD_MPS**2
    steep = math.radians(_LAUNCH_ELEVATION_DEG)
    tilt2 = math.radians(_LAUNCH_ELEVATION_SD_DEG) ** 2
    out_mean[:] = 0.0
    out_cov[:] = 0.0
    known = math.isfinite(azimuth_rad) and math.isfinite(sigma_azimuth_rad)
    level = math.cos(steep) if known else 0.0
    side2 = _LAUNCH_LEVEL_SHARE / 2.0 * speed2
    if known:
        side2 = min(_LAUNCH_LEVEL_SHARE * sigma_azimuth_rad**2, _LAUNCH_LEVEL_SHARE / 2.0) * speed2
        out_from, out_to = math.sin(azimuth_rad), math.cos(azimuth_rad)
    else:
        out_from, out_to = 0.0, 1.0
    ahead, aside, along, tilt = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for a in range(3):
        ahead[a] = out_from * east[a] + out_to * north[a]
        aside[a] = out_to * east[a] - out_from * north[a]
        along[a] = level * ahead[a] + math.sin(steep) * up[a]
        tilt[a] = math.sin(steep) * ahead[a] - level * up[a]
    forward2 = _LAUNCH_SPEED_SD_MPS**2
    lift2 = tilt2 * speed2 if known else side2
    for a in range(3):
        out_mean[a] = position[a]
        out_mean[3 + a] = _LAUNCH_SPEED_MPS * along[a]
        for b in range(3):
            out_cov[a, b] = covariance[a, b]
            spread = forward2 * along[a] * along[b] + lift2 * tilt[a] * tilt[b]
            out_cov[3 + a, 3 + b] = spread + side2 * aside[a] * aside[b]
    out_mean[6], out_cov[6, 6] = fall.LN_BETA, fall.LN_BETA_SD**2
    light(out_mean, out_cov)
