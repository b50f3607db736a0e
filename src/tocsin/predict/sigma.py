"""From an uncertain state to an uncertain impact: sigma points, their flights, the moments.

Nine numbers are uncertain: place (3), velocity (3), ln beta, wind (2, horizontal). They are taken
in an order in which the horizontal place comes last: it shifts the impact and changes nothing else,
so it needs no flights, and the other seven need 15. Each of the seven gives a slope (half the
difference of its two flights) and a bend (their mean beside the central flight): from both come
mean and covariance of the unscented transform (Julier, Uhlmann and Durrant-Whyte, IEEE TAC 45
(2000) 477-482, with n + kappa = 3), and the bends also say how the footprint is curved and skew,
which a Gaussian is not.
"""

from typing import Final

import numba
import numpy as np

from tocsin.geo import ECCENTRICITY_SQUARED, SEMI_MAJOR_M, SEMI_MINOR_M
from tocsin.predict.flight import DOWN, DOWN_S, DRAG, EARTH, LANES, ROWS, WIND, fly
from tocsin.predict.plane import roots
from tocsin.words import FloatArray

_REACH: Final = np.sqrt(3.0)  # of a sigma point, in standard deviations: meets the fourth moments
_FLOWN: Final = 7  # numbers that need flights: velocity (3), height, ln beta, wind (2)
_ALL: Final = 9
_SINKING_MPS: Final = 1.0  # slower than that the ground is met too shallowly to shift along a line


@numba.njit(cache=True, nogil=True)
def moments(
    air: FloatArray,
    centre: FloatArray,
    covariance: FloatArray,
    ln_beta: FloatArray,
    wind_sd_mps: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Of n bodies: place of the central impact, mean, covariance and bend around it.

    `centre` (n,6) is ECEF place (m) and velocity (m/s), `covariance` (n,6,6) theirs, `ln_beta`
    (n,2) mean and standard deviation. Returned are latitude and longitude (n,2) in degrees, and
    of (east m, north m, time s): mean (n,3), covariance (n,3,3), bend (n,3,3) as in `curved`.
    """
    n = len(centre)
    place_deg, mean, spread = np.empty((n, 2)), np.empty((n, 3)), np.empty((n, 3, 3))
    frame, turned = np.empty((n, 3, 3)), np.empty((n, 6, 6))
    for i in range(n):
        _frame(centre[i], frame[i])
        _turned(frame[i], covariance[i], turned[i])
    root = roots(turned)
    slope, bow = np.zeros((n, _ALL, 3)), np.zeros((n, _ALL, 3))
    lanes, axes = np.zeros(ROWS * LANES), np.empty((3, 3))
    for i in range(n):
        _points(lanes, centre[i], frame[i], root[i], ln_beta[i], wind_sd_mps)
        fly(EARTH, air, lanes)
        _down_axes(lanes, axes, place_deg[i])
        _slopes(lanes, axes, slope[i], bow[i])
        _shifts(lanes, axes, frame[i], root[i], slope[i])
        for row in range(3):
            mean[i, row] = 0.5 * bow[i, :, row].sum()
            for column in range(3):
                spread[i, row, column] = 0.0
                for k in range(_ALL):
                    spread[i, row, column] += slope[i, k, row] * slope[i, k, column]
                    spread[i, row, column] += 0.5 * bow[i, k, row] * bow[i, k, column]
        mean[i, 2] += lanes[DOWN_S]
    return place_deg, mean, spread, _bends(roots(spread), slope, bow)


@numba.njit(cache=True, nogil=True)
def curved(covariance: FloatArray, bend: FloatArray) -> FloatArray:
    """Roots (n,3,3) of what is left of the covariance when the bends have had their part.

    With z standard normal (3,), impact is mean + root z + (bend[0] (z0^2 - 1) + 2 bend[1] z0 z1 +
    bend[2] (z1^2 - 1)) / 2: it has this mean and this covariance.
    """
    left = covariance.copy()
    for i in range(len(bend)):
        for row in range(3):
            for column in range(3):
                left[i, row, column] -= bend[i, 1, row] * bend[i, 1, column] + 0.5 * (
                    bend[i, 0, row] * bend[i, 0, column] + bend[i, 2, row] * bend[i, 2, column]
                )
    return roots(left)


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
def _points(
    lanes: FloatArray,
    centre: FloatArray,
    frame: FloatArray,
    root: FloatArray,
    ln_beta: FloatArray,
    wind_sd_mps: float,
) -> None:
    """The central state in lane 0 (and the last), the two points of number k in 2k+1 and 2k+2."""
    for lane in range(LANES):
        for row in range(6):
            lanes[row * LANES + lane] = centre[row]
        for row in range(3):
            lanes[WIND + row * LANES + lane] = 0.0
        lanes[DRAG + lane] = 0.5 * np.exp(-ln_beta[0])
    for k in range(_FLOWN):
        for side in range(2):
            lane, reach = 2 * k + 1 + side, _REACH * (1.0 - 2.0 * side)
            if k < 4:
                for row in range(3):
                    speed, place = 0.0, frame[1, row] * root[3, k]
                    place += frame[0, row] * root[4, k] + frame[2, row] * root[5, k]
                    for axis in range(3):
                        speed += frame[axis, row] * root[axis, k]
                    lanes[row * LANES + lane] += reach * place
                    lanes[(row + 3) * LANES + lane] += reach * speed
            elif k == 4:
                lanes[DRAG + lane] *= np.exp(-reach * ln_beta[1])
            else:
                for row in range(3):
                    blown = reach * wind_sd_mps * frame[0 if k == 5 else 2, row]
                    lanes[WIND + row * LANES + lane] = blown


@numba.njit(cache=True, nogil=True)
def _down_axes(lanes: FloatArray, axes: FloatArray, place_deg: FloatArray) -> None:
    """East, north and up where lane 0 is down, and its latitude and longitude."""
    x, y, z = lanes[DOWN], lanes[DOWN + LANES], lanes[DOWN + 2 * LANES]
    lat = np.arctan2(z, (1.0 - ECCENTRICITY_SQUARED) * np.hypot(x, y))
    lon = np.arctan2(y, x)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    axes[0] = np.array([-sin_lon, cos_lon, 0.0])
    axes[1] = np.array([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
    axes[2] = np.array([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat])
    place_deg[0], place_deg[1] = np.degrees(lat), np.degrees(lon)


@numba.njit(cache=True, nogil=True)
def _slopes(lanes: FloatArray, axes: FloatArray, slope: FloatArray, bow: FloatArray) -> None:
    """Slope and bend of (east, north, time) in each of the flown numbers, per standard deviation.

    The bend is the second derivative; its mean is half of it.
    """
    for k in range(_FLOWN):
        plus, minus = 2 * k + 1, 2 * k + 2
        for row in range(2):
            ahead, behind = 0.0, 0.0
            for axis in range(3):
                at = DOWN + axis * LANES
                ahead += axes[row, axis] * (lanes[at + plus] - lanes[at])
                behind += axes[row, axis] * (lanes[at + minus] - lanes[at])
            slope[k, row] = (ahead - behind) / (2.0 * _REACH)
            bow[k, row] = (ahead + behind) / _REACH**2
        ahead, behind = lanes[DOWN_S + plus] - lanes[DOWN_S], lanes[DOWN_S + minus] - lanes[DOWN_S]
        slope[k, 2] = (ahead - behind) / (2.0 * _REACH)
        bow[k, 2] = (ahead + behind) / _REACH**2


@numba.njit(cache=True, nogil=True)
def _shifts(
    lanes: FloatArray, axes: FloatArray, frame: FloatArray, root: FloatArray, slope: FloatArray
) -> None:
    """Slopes of the two horizontal places: the whole path is shifted, and met by the ground."""
    speed = np.zeros(3)
    for row in range(3):
        for axis in range(3):
            speed[row] += axes[row, axis] * lanes[DOWN + (axis + 3) * LANES]
    for k in range(_FLOWN, _ALL):
        column = k - 3
        shift = frame[0] * root[4, column] + frame[2] * root[5, column]
        local = axes @ shift
        late_s = local[2] / -speed[2] if speed[2] < -_SINKING_MPS else 0.0
        slope[k, 0] = local[0] + late_s * speed[0]
        slope[k, 1] = local[1] + late_s * speed[1]
        slope[k, 2] = late_s


@numba.njit(cache=True, nogil=True)
def _bends(root: FloatArray, slope: FloatArray, bow: FloatArray) -> FloatArray:
    """Bends of the impact (n,3,3) in the first two of its own standard numbers.

    The nine numbers, as far as they move the place of impact, are two: z = inverse root x slope.
    What the nine bends are on the average, given these two, is kept; the rest is in the covariance.
    """
    bend = np.zeros((len(root), 3, 3))
    for i in range(len(root)):
        east_m, north_m = root[i, 0, 0], root[i, 1, 1]
        for k in range(_ALL):
            first = slope[i, k, 0] / east_m if east_m > 0.0 else 0.0
            second = slope[i, k, 1] - root[i, 1, 0] * first
            second = second / north_m if north_m > 0.0 else 0.0
            for row in range(3):
                bend[i, 0, row] += bow[i, k, row] * first * first
                bend[i, 1, row] += bow[i, k, row] * first * second
                bend[i, 2, row] += bow[i, k, row] * second * second
    return bend
