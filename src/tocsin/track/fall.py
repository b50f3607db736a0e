"""Ballistic flight with drag and thrust: an 8-state extended Kalman filter in Earth-fixed axes.

State: ECEF position (m), velocity (m/s), natural logarithm of the ballistic coefficient
beta = m / (Cd A) in kg/m2, thrust acceleration (m/s2) along the velocity. Forces: gravity with J2,
Coriolis and centrifugal acceleration, drag ``-rho |v| v / (2 beta)`` in air that turns with the
Earth, thrust. The logarithm keeps beta positive. A body that coasts has thrust 0, variance 0.
"""

import math
from typing import Final

from numba import njit

from tocsin import air, geo
from tocsin.track.stack import matrix, vector
from tocsin.words import FloatArray

_A: Final = geo.SEMI_MAJOR_M
_B: Final = geo.SEMI_MINOR_M
_E2: Final = geo.ECCENTRICITY_SQUARED
_EP2: Final = geo.ECCENTRICITY_SQUARED / (1.0 - geo.ECCENTRICITY_SQUARED)
_GM: Final = geo.GM_M3PS2
_J2: Final = geo.J2
_RATE: Final = geo.EARTH_RATE_RPS

LN_BETA: Final = math.log(5_000.0)
"""Prior mean: rockets and short-range missiles lie in 2.5-9 t/m2 (shared knowledge, section 4)."""
LN_BETA_SD: Final = 0.5  # chosen, because two s.d. then cover 1.8 to 14 t/m2; twice that range
LN_BETA_BOUNDS: Final = (math.log(100.0), math.log(200_000.0))
"""Chosen: a falling sheet of metal to a slender bar; keeps a diverging filter finite."""
THRUST_MAX_MPS2: Final = 400.0  # chosen: 40 g, beyond any rocket that flies a minute
SPEED_MAX_MPS: Final = 5_000.0
"""Chosen: re-entry from 2000 km range is at 4 km/s; faster is two reports of different things."""

GUST_MPS: Final = 8.0
GUST_S: Final = 20.0
"""Wind that the model does not know, and how long it blows the same way while the body passes:
it accelerates by drag times wind, so the noise dies out where the air does. Chosen so that true
impacts lie in the 90 % ellipse that often, in a wind of 6 m/s s.d. (`tests/track/test_falling`);
with half the time 73 % did after 20 s of track."""
NOISE_M2PS3: Final = 0.02  # chosen: what is left without air; 1 m/s after 50 s
NOISE_BOOST_M2PS3: Final = 10.0
"""Chosen: thrust of 50 m/s2 that points 3 degrees beside the velocity for 2 s, again and again."""
NOISE_THRUST_M2PS5: Final = 4.0
"""Chosen: 2 m/s2 a root second; from 40 to 70 m/s2 in 20 s as the tanks empty is 1.5 a second."""
NOISE_LN_BETA_PS: Final = 4e-4  # chosen: 2 % per root second, drag varies with Mach number
DRAG_MAX_PS: Final = 1.0
"""Rate of losing speed; chosen: ten times a rocket's at its fastest near the ground, and well
inside the stability of Runge-Kutta 4 at this step (2.78), so that no guess can blow up."""
_SLOW_MPS: Final = 20.0  # below it the direction of thrust is held softly: no division by zero
_STEPS: Final = ((0.01, 4.0), (0.05, 2.0), (0.2, 1.0))
"""Rate at which forces turn or brake the velocity (1/s) and the longest step (s) up to it, 0.5 s
beyond. RK4 errs 0.5 m per flight with 2 s, 0.1 m with 1 s (shared knowledge, section 4)."""


@njit(cache=True, nogil=True, error_model="numpy")
def height_and_up(position: FloatArray, up: FloatArray) -> float:
    """Ellipsoidal height (m) of ECEF `position` (3,); writes the upward unit vector to `up`.

    Bowring's formula of `tocsin.geo.geodetic`, here for compiled code.
    """
    x, y, z = position[0], position[1], position[2]
    ring = max(math.hypot(x, y), 1e-3)
    radius = math.hypot(ring, z)
    tan_u = (_B * z / (_A * ring)) * (1.0 + _EP2 * _B / radius)
    cos_u = 1.0 / math.sqrt(1.0 + tan_u * tan_u)
    sin_u = tan_u * cos_u
    north, out = z + _EP2 * _B * sin_u**3, ring - _E2 * _A * cos_u**3
    length = math.hypot(north, out)
    sin_lat, cos_lat = north / length, out / length
    up[0], up[1], up[2] = cos_lat * x / ring, cos_lat * y / ring, sin_lat
    height_m = ring * cos_lat + z * sin_lat - _A * math.sqrt(1.0 - _E2 * sin_lat * sin_lat)
    return float(height_m)


@njit(cache=True, nogil=True, error_model="numpy")
def acceleration(state: FloatArray, out: FloatArray, up: FloatArray) -> tuple[float, float, float]:
    """Write the Earth-fixed acceleration (m/s2) of an 8-state to `out` (3,), upward to `up` (3,).

    Gives the rates of drag and thrust (1/s: acceleration over speed) and the slope of ln density.
    """
    x, y, z = state[0], state[1], state[2]
    vx, vy, vz = state[3], state[4], state[5]
    r2 = x * x + y * y + z * z
    pull = -_GM / (r2 * math.sqrt(r2))
    flat = 1.5 * _J2 * _A * _A / r2
    z2 = 5.0 * z * z / r2
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    density, slope = air.standard(height_and_up(state, up))
    drag = 0.0
    if density > 0.0:
        drag = 0.5 * density * speed * math.exp(-state[6])
        if drag > DRAG_MAX_PS:
            drag, slope = DRAG_MAX_PS, 0.0
    push = state[7] / max(speed, _SLOW_MPS)
    ring = pull * (1.0 + flat * (1.0 - z2)) + _RATE * _RATE
    out[0] = ring * x + 2.0 * _RATE * vy + (push - drag) * vx
    out[1] = ring * y - 2.0 * _RATE * vx + (push - drag) * vy
    out[2] = pull * (1.0 + flat * (3.0 - z2)) * z + (push - drag) * vz
    return drag, push, slope


@njit(cache=True, nogil=True, error_model="numpy")
def step_s(state: FloatArray, dt_s: float) -> float:
    """Length of the equal steps in which to cover `dt_s`, by how much air and thrust do here."""
    speed = max(math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2), _SLOW_MPS)
    height_m = math.sqrt(state[0] ** 2 + state[1] ** 2 + state[2] ** 2) - _A  # or up to 21 km more
    density = air.standard(height_m)[0]
    rate = 0.5 * density * speed * math.exp(-state[6]) + abs(state[7]) / speed
    longest = 0.5
    for k in range(len(_STEPS) - 1, -1, -1):
        if rate <= _STEPS[k][0]:
            longest = _STEPS[k][1]
    return dt_s / max(1, math.ceil(abs(dt_s) / longest))


@njit(cache=True, nogil=True, error_model="numpy")
def _advance(state: FloatArray, h: float, probe: FloatArray, middle: FloatArray) -> None:
    """One Runge-Kutta 4 step of an 8-state by `h` seconds, in place.

    `probe` (8,) is scratch; `middle` (8,) becomes the third stage: the state half a step on.
    """
    up, acc, total = vector(3), vector(3), vector(6)
    total[:] = 0.0
    probe[:] = state
    for stage in range(4):
        if stage == 2:
            middle[:] = probe
        acceleration(probe, acc, up)
        share = 1.0 if stage in (0, 3) else 2.0
        reach = h if stage == 2 else 0.5 * h
        for k in range(3):
            velocity = probe[3 + k]
            total[k] += share * velocity
            total[3 + k] += share * acc[k]
            probe[k] = state[k] + reach * velocity
            probe[3 + k] = state[3 + k] + reach * acc[k]
    for k in range(6):
        state[k] += h * total[k] / 6.0


@njit(cache=True, nogil=True, error_model="numpy")
def fly(state: FloatArray, dt_s: float) -> None:
    """Move an 8-state by `dt_s` (either sign) in place: Runge-Kutta 4, steps of 0.5 to 4 s."""
    probe, middle = vector(8), vector(8)
    left_s = dt_s
    while left_s != 0.0:
        h = step_s(state, left_s)
        _advance(state, h, probe, middle)
        left_s = 0.0 if h == left_s else left_s - h


@njit(cache=True, nogil=True, error_model="numpy")
def sane(mean: FloatArray, cov: FloatArray) -> bool:
    """Clip ln beta and thrust into their bounds; whether a filter may go on from this 8-state."""
    mean[6] = min(max(mean[6], LN_BETA_BOUNDS[0]), LN_BETA_BOUNDS[1])
    mean[7] = min(max(mean[7], 0.0), THRUST_MAX_MPS2)
    speed2 = mean[3] ** 2 + mean[4] ** 2 + mean[5] ** 2
    good = speed2 < SPEED_MAX_MPS**2
    for k in range(8):
        spread = cov[k, k]
        good &= math.isfinite(mean[k]) and math.isfinite(spread)
        good &= spread > 0.0 or (k == 7 and spread == 0.0)
    return bool(good)


@njit(cache=True, nogil=True, error_model="numpy")
def gradient(state: FloatArray, out: FloatArray) -> float:
    """Partial derivatives of the acceleration of an 8-state to `out` (3,8); the drag rate (1/s).

    Of gravity the spherical part only: J2 changes its gradient by under 6 J2, 0.7 percent.
    """
    up, acc = vector(3), vector(3)
    drag, push, slope = acceleration(state, acc, up)
    r2 = state[0] ** 2 + state[1] ** 2 + state[2] ** 2
    pull = -_GM / (r2 * math.sqrt(r2))
    speed2 = state[3] ** 2 + state[4] ** 2 + state[5] ** 2
    speed = math.sqrt(speed2)
    fast = speed > _SLOW_MPS
    along = (drag if drag < DRAG_MAX_PS else 0.0) + (push if fast else 0.0)
    along /= max(speed2, 1.0)
    stiff = slope != 0.0
    for a in range(3):
        va = state[3 + a]
        for b in range(3):
            out[a, b] = -3.0 * pull * state[a] * state[b] / r2 - drag * slope * va * up[b]
            out[a, 3 + b] = -along * va * state[3 + b]
        out[a, a] += pull
        out[a, 3 + a] += push - drag
        out[a, 6] = drag * va if stiff else 0.0
        out[a, 7] = va / max(speed, _SLOW_MPS)
    out[0, 0] += _RATE * _RATE
    out[1, 1] += _RATE * _RATE
    out[0, 4] += 2.0 * _RATE
    out[1, 3] -= 2.0 * _RATE
    return drag


@njit(cache=True, nogil=True, error_model="numpy")
def _transition(
    part: FloatArray, h: float, once: FloatArray, twice: FloatArray, out: FloatArray
) -> None:
    """Rows 0-5 of the transition matrix over `h` s to `out` (6,8); the other two are identity.

    ``exp(A h)`` to third order with ``A = [0 I 0; part; 0]``, `part` (3,8) taken half a step on,
    which makes the whole of second order in the change of `part`. `once` and `twice` (3,8) are
    scratch.
    """
    for a in range(3):
        for b in range(8):
            total = part[a, b - 3] if 3 <= b < 6 else 0.0
            for k in range(3):
                total += part[a, 3 + k] * part[k, b]
            once[a, b] = total
    for a in range(3):
        for b in range(8):
            total = once[a, b - 3] if 3 <= b < 6 else 0.0
            for k in range(3):
                total += once[a, 3 + k] * part[k, b]
            twice[a, b] = total
    h2, h3 = h * h / 2.0, h * h * h / 6.0
    for a in range(3):
        for b in range(8):
            out[a, b] = h2 * part[a, b] + h3 * once[a, b]
            out[a + 3, b] = h * part[a, b] + h2 * once[a, b] + h3 * twice[a, b]
        out[a, a] += 1.0
        out[a, a + 3] += h
        out[a + 3, a + 3] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _carry(cov: FloatArray, turn: FloatArray, back: FloatArray, half: FloatArray) -> None:
    """``cov`` (8,8) becomes ``F cov F'``, F being `turn` (6,8) over identity.

    `back` (8,6) and `half` (6,8) are scratch. Sums grow a row at a time: that goes eight abreast.
    """
    half[:] = 0.0
    for a in range(6):
        for k in range(8):
            back[k, a] = turn[a, k]
            for b in range(8):
                half[a, b] += turn[a, k] * cov[k, b]
    for a in range(6):
        row = vector(6)
        row[:] = 0.0
        for k in range(8):
            for b in range(6):
                row[b] += half[a, k] * back[k, b]
        for b in range(a, 6):
            cov[a, b] = row[b]
            cov[b, a] = row[b]
        for b in range(6, 8):
            cov[a, b] = half[a, b]
            cov[b, a] = half[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def predict(mean: FloatArray, cov: FloatArray, dt_s: float, boosting: bool) -> None:
    """Predict a mean (8,) and covariance (8,8) by `dt_s` (either sign) in place.

    White acceleration as in Bar-Shalom, Li, Kirubarajan (2001), equation 6.2.2-4.
    """
    probe, middle = vector(8), vector(8)
    part, once, twice = matrix(3, 8), matrix(3, 8), matrix(3, 8)
    turn, back, half = matrix(6, 8), matrix(8, 6), matrix(6, 8)
    left_s = dt_s
    while left_s != 0.0:
        h = step_s(mean, left_s)
        _advance(mean, h, probe, middle)
        drag = gradient(middle, part)
        _transition(part, h, once, twice, turn)
        _carry(cov, turn, back, half)
        size_s = abs(h)
        noise = NOISE_M2PS3 + (drag * GUST_MPS) ** 2 * GUST_S
        if boosting:
            noise += NOISE_BOOST_M2PS3
            cov[7, 7] += NOISE_THRUST_M2PS5 * size_s
        for k in range(3):
            cov[k, k] += noise * size_s**3 / 3.0
            cov[k, k + 3] += noise * size_s * h / 2.0
            cov[k + 3, k] += noise * size_s * h / 2.0
            cov[k + 3, k + 3] += noise * size_s
        cov[6, 6] += NOISE_LN_BETA_PS * size_s
        left_s = 0.0 if h == left_s else left_s - h
