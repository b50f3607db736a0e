"""The kernels of sound against bisection, differences and a million random states."""

import math

import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.track.sounds import AXES, ORIGIN
from tocsin.track.hear import Ear, line_update, presence_chance, presence_update
from tocsin.track.listen import HEIGHT_M, HEIGHT_SD_M, level
from tocsin.track.sound import SOUND_MPS, SOUND_SD, hearing, retarded
from tocsin.track.state import join
from tocsin.words import FloatArray

TURN = np.kron(np.eye(2), AXES)
EAR = Ear(ORIGIN, AXES, 2500.0, 0.9, SOUND_MPS)


def state(enu: ArrayLike) -> FloatArray:
    """ECEF mean of a local place and velocity."""
    return np.asarray(TURN.T @ np.array(enu, float) + np.append(ORIGIN, np.zeros(3)))


def local(mean: FloatArray) -> FloatArray:
    return TURN @ (mean - np.append(ORIGIN, np.zeros(3)))


def spread(sd: ArrayLike) -> FloatArray:
    return TURN.T @ np.diag(np.array(sd) ** 2) @ TURN


@pytest.mark.parametrize("seed", range(8))
def test_the_retarded_place_is_where_the_sound_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    enu = np.append(rng.uniform(-9e3, 9e3, 3), rng.uniform(-180, 180, 3))
    mean, dt_s = state(enu), float(rng.uniform(-20, 20))
    place, slope = np.empty(3), np.empty((3, 6))
    lag_s = retarded(mean, dt_s, ORIGIN, SOUND_MPS, place, slope)
    low, high = dt_s - 200.0, dt_s  # of the time of emission: bisection on its arrival
    for _ in range(80):
        left = 0.5 * (low + high)
        arrival = left + np.linalg.norm(mean[:3] + left * mean[3:] - ORIGIN) / SOUND_MPS
        low, high = (left, high) if arrival < dt_s else (low, left)
    assert lag_s == pytest.approx(dt_s - low, abs=1e-8)
    np.testing.assert_allclose(place, mean[:3] + low * mean[3:], atol=1e-5)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 0.5
        ahead, behind, unused = np.empty(3), np.empty(3), np.empty((3, 6))
        retarded(mean + step, dt_s, ORIGIN, SOUND_MPS, ahead, unused)
        retarded(mean - step, dt_s, ORIGIN, SOUND_MPS, behind, unused)
        np.testing.assert_allclose(slope[:, k], ahead - behind, rtol=2e-3, atol=2e-3)


def test_light_does_not_lag_and_a_supersonic_source_is_heard_only_behind_its_cone() -> None:
    place, slope = np.empty(3), np.empty((3, 6))
    mean = state([8e3, 100, 500, -500, 0, 0])
    assert retarded(mean, 2.0, ORIGIN, np.inf, place, slope) == 0.0
    np.testing.assert_allclose(place, mean[:3] + 2.0 * mean[3:])
    assert retarded(mean, 0.0, ORIGIN, SOUND_MPS, place, slope) == -1.0
    mean = state([8e3, 100, 500, 500, 0, 0])
    lag_s = retarded(mean, 0.0, ORIGIN, SOUND_MPS, place, slope)
    assert np.linalg.norm(place - ORIGIN) == pytest.approx(SOUND_MPS * lag_s, abs=1e-6)
    before, cov = mean.copy(), np.eye(6)
    mean = state([8e3, 100, 500, -500, 0, 0])
    before = mean.copy()
    args = (0.0, ORIGIN, AXES, 1.5, 0.1, np.nan, np.nan, SOUND_MPS, 0.0)
    assert line_update(mean, cov, *args) == -np.inf
    np.testing.assert_array_equal(mean, before)


CASES: dict[str, tuple[list[float], list[float]]] = {  # local mean, s.d.
    "the node in the middle of it": ([0, 0, 500, 0, 0, 0], [3000, 3000, 300, 40, 40, 5]),
    "as wide as it is far": ([1500, 500, 500, 20, 0, 0], [800, 800, 300, 40, 40, 5]),
    "just wide": ([2500, 1500, 500, 20, 10, 0], [620, 620, 300, 40, 40, 5]),
    "just narrow": ([2500, 1500, 500, 20, 10, 0], [560, 560, 300, 40, 40, 5]),
    "narrow": ([1500, 500, 500, 20, 0, 0], [100, 100, 100, 20, 20, 5]),
    # Its speed is known: else the spread across the sight is mostly that of lag times speed, which
    # grows with range, and no Gaussian holds it (`line_update` says so).
    "along the sight": ([2500, 300, 500, 20, 0, 0], [800, 60, 300, 10, 10, 5]),
}
REPORTS = ("bearing 5 deg", "bearing 20 deg", "heard", "silent")


def sampled(
    mean: list[float], sd: list[float], report: str
) -> tuple[FloatArray, FloatArray, float, float]:
    """Posterior mean, s.d., ln likelihood and effective samples by importance weights."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400_000, 6)) * sd + mean
    r, v = x[:, :3], x[:, 3:]
    closing = (r * v).sum(axis=1)
    inside = closing**2 + (SOUND_MPS**2 - (v**2).sum(axis=1)) * (r**2).sum(axis=1)
    y = r - v * ((r**2).sum(axis=1) / (closing + np.sqrt(inside)))[:, None]
    if report.startswith("bearing"):
        speed = float(np.linalg.norm(mean[3:]))
        noise = math.radians(float(report.split()[1])) ** 2 + (SOUND_SD * speed / SOUND_MPS) ** 2
        miss = (np.arctan2(y[:, 0], y[:, 1]) - 1.2 + np.pi) % (2 * np.pi) - np.pi
        like = np.exp(-0.5 * miss**2 / noise) / np.sqrt(2 * np.pi * noise)
    else:
        near = 0.9 / (1.0 + (np.linalg.norm(y, axis=1) / 2500.0) ** 4)
        like = 0.98 * (1.0 - near)
        like = 1.0 - like if report == "heard" else like
    w = like / like.sum()
    centre = w @ x
    return centre, np.sqrt(w @ (x - centre) ** 2), math.log(like.mean()), 1.0 / float(w @ w)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("case", CASES)
def test_an_update_has_the_moments_of_random_states(case: str, report: str) -> None:
    enu, sd = CASES[case]
    mean, cov = state(enu), spread(sd)
    if report.startswith("bearing"):
        sigma = math.radians(float(report.split()[1]))
        args = (0.0, ORIGIN, AXES, 1.2, sigma, np.nan, np.nan, SOUND_MPS, 0.0)
        log_like = line_update(mean, cov, *args)
    else:
        told = (0.0, EAR, 0.02, report == "heard")
        log_like = presence_update(mean, cov, *told)
    centre, deviation, expected, size = sampled(enu, sd, report)
    assert size > 3_000
    assert log_like == pytest.approx(expected, abs=0.06)
    # A tenth of the prior's s.d.: moment matching by regression is not exact, only close.
    np.testing.assert_array_less(np.abs(local(mean) - centre), 0.1 * np.array(sd))
    found = np.sqrt(np.diag(TURN @ cov @ TURN.T))
    np.testing.assert_allclose(found, deviation, rtol=0.1)
    assert np.linalg.eigvalsh(cov).min() > 0.0


def test_heard_and_silent_are_all_there_is() -> None:
    enu, sd = CASES["as wide as it is far"]
    total = 0.0
    for heard in (True, False):
        total += math.exp(presence_update(state(enu), spread(sd), 0.0, EAR, 0.02, heard))
    assert total == pytest.approx(1.0)
    alone = presence_chance(state(enu), spread(sd), 0.0, EAR)
    assert 0.98 * (1.0 - alone) == pytest.approx(1.0 - total + math.exp(
        presence_update(state(enu), spread(sd), 0.0, EAR, 0.02, False)
    ))  # fmt: skip


def test_half_are_heard_at_the_reach() -> None:
    assert hearing(4500.0, 4500.0, 0.9) == pytest.approx(0.45)
    assert hearing(0.0, 4500.0, 0.9) == 0.9
    assert hearing(13_500.0, 4500.0, 0.9) < 0.012


def test_two_sights_with_elevation_give_the_height() -> None:
    true = state([2000, 1500, 900, 0, 0, 0])
    mean, cov = state([1800, 1700, 600, 0, 0, 0]), spread([400, 400, 400, 10, 10, 5])
    for east in (0.0, 4000.0):
        origin = ORIGIN + np.array([east, 0, 0]) @ AXES
        e, n, u = AXES @ (true[:3] - origin)
        sight = (math.atan2(e, n), 0.005, math.atan2(u, math.hypot(e, n)), 0.005)
        line_update(mean, cov, 0.0, origin, AXES, *sight, np.inf, 0.0)
    assert np.linalg.norm(local(mean)[:3] - [2000, 1500, 900]) < 40.0
    assert TURN[2] @ cov @ TURN[2] < 30.0**2


def test_joined_states_have_the_moments_of_the_mixture() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 6))
    p, q = (m @ m.T for m in rng.normal(size=(2, 6, 6)))
    mean, cov = a.copy(), p.copy()
    join(mean, cov, b, q, 0.3)
    np.testing.assert_allclose(mean, 0.7 * a + 0.3 * b)
    raw = 0.7 * (p + np.outer(a, a)) + 0.3 * (q + np.outer(b, b))
    np.testing.assert_allclose(cov, raw - np.outer(mean, mean))


def test_unmeasured_height_comes_back_and_the_rest_stays() -> None:
    mean, cov = state([2000, 1500, 4000, 30, 5, 40]), spread([300, 200, 2000, 10, 10, 50])
    level(mean, cov, 0.0)
    now = local(mean)
    assert abs(now[2] - HEIGHT_M) < 0.25 * (4000 - HEIGHT_M)
    assert abs(now[5]) < 5.0
    np.testing.assert_allclose(now[[0, 1, 3, 4]], [2000, 1500, 30, 5], atol=2.0)
    sd = np.sqrt(np.diag(TURN @ cov @ TURN.T))
    np.testing.assert_allclose(sd, [300, 200, HEIGHT_SD_M, 10, 10, 5], rtol=0.01)
