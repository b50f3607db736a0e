"""From an uncertain state to an uncertain impact: sigma points, their flights, a curved footprint.

Nine numbers are uncertain: place (3), velocity (3), ln beta, wind (2, horizontal). They are taken
in an order in which the horizontal place comes last: it shifts the impact and changes nothing else,
so it needs no flights, and the other seven need 15. Each of the seven gives a slope (half the
difference of its two flights) and a bow (their mean beside the central flight): the slopes give the
covariance of (east, north, time), the bows the mean, as in the unscented transform (Julier, Uhlmann
and Durrant-Whyte, IEEE TAC 45 (2000) 477-482, with n + kappa = 3).

A footprint is no ellipse: it is bent and skew, and in the middle zones that is most of the error.
So 15 more flights go in the three directions, out of the nine dimensions, that move the impact:
their second derivatives, all six, say how it is curved. Measured (`bench/predict`, 2.5 km zones,
exact chances of each form): total variation 0.0054 for the Gaussian, 0.0009 with the curvature, of
which the noise of the truth is 0.0008; bows along the nine axes alone make it worse, 0.0114.
"""

from typing import Final

import numba
import numpy as np

from tocsin.geo import SEMI_MAJOR_M, SEMI_MINOR_M
from tocsin.predict.flight import (
    DOWN,
    DOWN_S,
    DRAG,
    EARTH,
    FALL_S_MAX,
    LANES,
    ROWS,
    STEP_OF_BRAKING,
    WIND,
    fly,
)
from tocsin.predict.plane import on_ground, roots
from tocsin.words import FloatArray

_REACH: Final = np.sqrt(3.0)  # of a sigma point, in standard deviations: meets the fourth moments
_FLOWN: Final = 7  # numbers that need flights: velocity (3), height, ln beta, wind (2)
_ALL: Final = 9
_SINKING_MPS: Final = 1.0  # slower than that the ground is met too shallowly to shift along a line
BENDS: Final = 6  # second derivatives: 00, 11, 22, 01, 02, 12
_DESIGN: Final = np.array(
    [[_REACH, 0, 0], [0, _REACH, 0], [0, 0, _REACH], [1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]]
)
"""Where the 15 further flights go, and to the opposite of each: the axes and the corners of a cube,
which give the six second derivatives and are as far out as the first."""


@numba.njit(cache=True, nogil=True)
def moments(
    air: FloatArray,
    centre: FloatArray,
    covariance: FloatArray,
    ln_beta: FloatArray,
    wind_sd_mps: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Of n bodies: place of the central impact; mean, root and bend around it.

    `centre` (n,6) is ECEF place (m) and velocity (m/s), `covariance` (n,6,6) theirs, `ln_beta`
    (n,2) mean and standard deviation. Returned are latitude and longitude (n,2) in degrees, and
    of (east m, north m, time s): mean (n,3), root (n,3,3), bend (n,6,3), such that with z standard
    normal (3,) impact is

        mean + root z + (bend[0] (z0^2 - 1) + bend[1] (z1^2 - 1) + bend[2] (z2^2 - 1)) / 2
             + bend[3] z0 z1 + bend[4] z0 z2 + bend[5] z1 z2
    """
    n = len(centre)
    place_deg, mean, spread = np.empty((n, 2)), np.zeros((n, 3)), np.zeros((n, 3, 3))
    root, bend = np.empty((n, 3, 3)), np.empty((n, BENDS, 3))
    frame, turned = np.empty((n, 3, 3)), np.empty((n, 6, 6))
    for i in range(n):
        _frame(centre[i], frame[i])
        _turned(frame[i], covariance[i], turned[i])
    factor = roots(turned)
    lanes, axes = np.zeros(ROWS * LANES), np.empty((3, 3))
    column, slope, bow = np.empty((_ALL, 10)), np.zeros((_ALL, 3)), np.zeros((_FLOWN, 3))
    for i in range(n):
        _columns(column, frame[i], factor[i], ln_beta[i, 1], wind_sd_mps)
        _launch(lanes, centre[i], ln_beta[i, 0])
        for k in range(_FLOWN):
            _shift(lanes, 2 * k + 1, column[k], _REACH)
        fly(EARTH, air, lanes, STEP_OF_BRAKING, FALL_S_MAX)
        _down_axes(lanes, axes, place_deg[i])
        _slopes(lanes, axes, slope, bow)
        _shifts(lanes, axes, column, slope)
        mean[i, 2] = lanes[DOWN_S]
        for row in range(3):
            mean[i, row] += 0.5 * bow[:, row].sum()
            for other in range(3):
                spread[i, row, other] = (slope[:, row] * slope[:, other]).sum()
        root[i] = roots(spread[i : i + 1])[0]
        ways = _ways(root[i], slope)
        _launch(lanes, centre[i], ln_beta[i, 0])
        for k in range(_FLOWN):
            _shift(lanes, 2 * k + 1, _DESIGN[k] @ ways @ column, 1.0)
        fly(EARTH, air, lanes, STEP_OF_BRAKING, FALL_S_MAX)
        _bends(lanes, axes, bend[i])
    return place_deg, mean, root, bend


@numba.njit(cache=True, nogil=True)
def _frame(centre: FloatArray, frame: FloatArray) -> None:
    """Rows forward (horizontal), up and left at a body; forward is east where it falls straight."""
    x, y, z = centre[0], centre[1], centre[2]
    upward = np.array([x, y, z * (SEMI_MAJOR_M / SEMI_MINOR_M) ** 2])
    upward /= np.sqrt((upward * upward).sum())
    forward = centre[3:] - upward * (centre[3:] * upward).sum()
    speed = np.sqrt((forward * forward).sum())
    if speed < 1e-3:
        forward = np.array([-y, x, 0.0])
        speed = max(np.hypot(x, y), 1e-3)
    frame[0], frame[1] = forward / speed, upward
    frame[2] = np.cross(upward, frame[0])


@numba.njit(cache=True, nogil=True)
def _turned(frame: FloatArray, covariance: FloatArray, turned: FloatArray) -> None:
    """Covariance in the order: velocity forward, up, left; place up, forward, left."""
    turn = np.zeros((6, 6))
    turn[:3, 3:] = frame
    turn[3, :3], turn[4, :3], turn[5, :3] = frame[1], frame[0], frame[2]
    turned[:] = turn @ covariance @ turn.T


@numba.njit(cache=True, nogil=True)
def _columns(
    column: FloatArray, frame: FloatArray, factor: FloatArray, ln_beta_sd: float, wind_sd_mps: float
) -> None:
    """One standard deviation of each number (9,10): ECEF place, velocity, ln beta, wind."""
    column[:] = 0.0
    for k in range(6):
        number = k if k < 4 else k + 3
        for row in range(3):
            column[number, row] = frame[1, row] * factor[3, k]
            column[number, row] += frame[0, row] * factor[4, k] + frame[2, row] * factor[5, k]
            for axis in range(3):
                column[number, row + 3] += frame[axis, row] * factor[axis, k]
    column[4, 6] = ln_beta_sd
    column[5, 7:] = wind_sd_mps * frame[0]
    column[6, 7:] = wind_sd_mps * frame[2]


@numba.njit(cache=True, nogil=True)
def _launch(lanes: FloatArray, centre: FloatArray, ln_beta: float) -> None:
    """The central state in every lane."""
    drag = 0.5 * np.exp(-ln_beta)
    for lane in range(LANES):
        for row in range(6):
            lanes[row * LANES + lane] = centre[row]
        for row in range(3):
            lanes[WIND + row * LANES + lane] = 0.0
        lanes[DRAG + lane] = drag


@numba.njit(cache=True, nogil=True)
def _shift(lanes: FloatArray, lane: int, offset: FloatArray, reach: float) -> None:
    """Moves this lane by `reach` times an offset (10,), and the next by the opposite."""
    for row in range(6):
        lanes[row * LANES + lane] += reach * offset[row]
        lanes[row * LANES + lane + 1] -= reach * offset[row]
    for row in range(3):
        lanes[WIND + row * LANES + lane] = reach * offset[7 + row]
        lanes[WIND + row * LANES + lane + 1] = -reach * offset[7 + row]
    lighter = np.exp(-reach * offset[6])
    lanes[DRAG + lane] *= lighter
    lanes[DRAG + lane + 1] /= lighter


@numba.njit(cache=True, nogil=True)
def _down_axes(lanes: FloatArray, axes: FloatArray, place_deg: FloatArray) -> None:
    """East, north and up where lane 0 is down, and its latitude and longitude."""
    place_deg[0], place_deg[1] = on_ground(
        lanes[DOWN], lanes[DOWN + LANES], lanes[DOWN + 2 * LANES]
    )
    lat, lon = np.radians(place_deg[0]), np.radians(place_deg[1])
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    axes[0] = np.array([-sin_lon, cos_lon, 0.0])
    axes[1] = np.array([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
    axes[2] = np.array([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat])


@numba.njit(cache=True, nogil=True)
def _pair(lanes: FloatArray, axes: FloatArray, lane: int, row: int) -> tuple[float, float]:
    """East, north (m) or time (s) of this and the next lane's impact, from that of lane 0."""
    if row == 2:
        return (
            lanes[DOWN_S + lane] - lanes[DOWN_S],
            lanes[DOWN_S + lane + 1] - lanes[DOWN_S],
        )
    ahead, behind = 0.0, 0.0
    for axis in range(3):
        at = DOWN + axis * LANES
        ahead += axes[row, axis] * (lanes[at + lane] - lanes[at])
        behind += axes[row, axis] * (lanes[at + lane + 1] - lanes[at])
    return ahead, behind


@numba.njit(cache=True, nogil=True)
def _slopes(lanes: FloatArray, axes: FloatArray, slope: FloatArray, bow: FloatArray) -> None:
    """First and second derivative of impact in each flown number, per standard deviation."""
    for k in range(_FLOWN):
        for row in range(3):
            ahead, behind = _pair(lanes, axes, 2 * k + 1, row)
            slope[k, row] = (ahead - behind) / (2.0 * _REACH)
            bow[k, row] = (ahead + behind) / _REACH**2


@numba.njit(cache=True, nogil=True)
def _shifts(lanes: FloatArray, axes: FloatArray, column: FloatArray, slope: FloatArray) -> None:
    """Slopes of the two horizontal places: the whole path is shifted, and met by the ground."""
    speed = np.zeros(3)
    for row in range(3):
        for axis in range(3):
            speed[row] += axes[row, axis] * lanes[DOWN + (axis + 3) * LANES]
    for k in range(_FLOWN, _ALL):
        local = axes @ column[k, :3]
        late_s = local[2] / -speed[2] if speed[2] < -_SINKING_MPS else 0.0
        slope[k, 0] = local[0] + late_s * speed[0]
        slope[k, 1] = local[1] + late_s * speed[1]
        slope[k, 2] = late_s


@numba.njit(cache=True, nogil=True)
def _ways(root: FloatArray, slope: FloatArray) -> FloatArray:
    """The three directions (3,9), of length 1 and square, that move the impact: root ways = slope.

    A direction in which nothing is unsure is none.
    """
    ways = np.zeros((3, _ALL))
    for row in range(3):
        if root[row, row] > 0.0:
            ways[row] = slope[:, row]
            for other in range(row):
                ways[row] -= root[row, other] * ways[other]
            ways[row] /= root[row, row]
    return ways


@numba.njit(cache=True, nogil=True)
def _bends(lanes: FloatArray, axes: FloatArray, bend: FloatArray) -> None:
    """Second derivatives from the flights of `_DESIGN`, per standard deviation."""
    bow = np.empty(_FLOWN)
    for row in range(3):
        for k in range(_FLOWN):
            ahead, behind = _pair(lanes, axes, 2 * k + 1, row)
            bow[k] = ahead + behind
        for k in range(3):
            bend[k, row] = bow[k] / _REACH**2
        # A corner's is the sum of the three and of twice each mixed one, with its signs.
        bend[3, row] = (bow[3] + bow[4] - bow[5] - bow[6]) / 8.0
        bend[4, row] = (bow[3] - bow[4] + bow[5] - bow[6]) / 8.0
        bend[5, row] = (bow[3] - bow[4] - bow[5] + bow[6]) / 8.0
