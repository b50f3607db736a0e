"""Doppler corrections against NumPy, drawn samples and truth."""

import numpy as np
import pytest

from tocsin.track.doppler import doppler_update
from tocsin.words import FloatArray

SENSOR = np.array([4_000_000.0, 2_000_000.0, 4_500_000.0])


def state(seed: int, position_m: float, velocity_mps: float) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    mean = np.r_[SENSOR + np.array([60e3, -30e3, 20e3]), [90.0, 150.0, -40.0]]
    root = rng.normal(size=(6, 6)) * 0.4 + np.eye(6)
    scale = np.diag(np.r_[np.full(3, position_m), np.full(3, velocity_mps)])
    return mean, scale @ root @ root.T @ scale


def recede(x: FloatArray) -> FloatArray:
    sight = x[..., :3] - SENSOR
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    return np.asarray((sight * x[..., 3:]).sum(axis=-1), dtype=np.float64)


def believed(mean: FloatArray, cov: FloatArray, sigma_mps: float) -> tuple[float, float]:
    """Mean and variance of the density that weight 0 tells, from three of its points."""
    at = np.array([-30.0, 0.0, 30.0])
    ln = [doppler_update(mean, cov, float(z), sigma_mps, SENSOR, 0.0) for z in at]
    bend, tilt, _ = np.polyfit(at, ln, 2)
    return float(-tilt / (2 * bend)), float(-1 / (2 * bend))


def test_a_sure_small_correction_is_the_extended_kalman_filter() -> None:
    mean, cov = state(1, 20.0, 2.0)
    slope = np.array(
        [
            (recede(mean + h) - recede(mean - h)) / (2 * h.max())
            for h in np.diag([1.0] * 3 + [0.1] * 3)
        ]
    )
    spread = slope @ cov @ slope + 4.0
    z = recede(mean) + 3.0
    expected = mean + cov @ slope / spread * 3.0
    expected_cov = cov - np.outer(cov @ slope, cov @ slope) / spread
    ln = doppler_update(mean, cov, float(z), 2.0, SENSOR, 1.0)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=2e-3)
    np.testing.assert_allclose(cov, expected_cov, rtol=1e-3, atol=1e-2)
    assert ln == pytest.approx(-0.5 * (9.0 / spread + np.log(2 * np.pi * spread)), abs=1e-3)


def test_the_second_order_is_that_of_drawn_states() -> None:
    """Position known to 1.7 km across (1 deg at 70 km), velocity to 150 m/s: 200,000 draws."""
    mean, cov = state(2, 1200.0, 150.0)
    rng = np.random.default_rng(7)
    drawn = recede(rng.multivariate_normal(mean, cov, 200_000))
    middle, variance = believed(mean, cov, 1.0)
    assert middle == pytest.approx(drawn.mean(), abs=1.2)  # 3 s.d. of the mean
    assert variance - 1.0 == pytest.approx(drawn.var(), rel=0.02)


def test_the_second_order_matters_where_the_first_is_blind() -> None:
    """Velocity along the sight is known, across it is not; the angle is uncertain by 2 deg."""
    mean = np.r_[SENSOR + np.array([50e3, 0.0, 0.0]), np.zeros(3)]
    cov = np.diag([50.0, 1750.0, 1750.0, 1.0, 150.0, 150.0]) ** 2
    drawn = recede(np.random.default_rng(8).multivariate_normal(mean, cov, 200_000))
    assert drawn.var() > 30.0  # of which the first order has 1
    assert believed(mean, cov, 0.1)[1] == pytest.approx(drawn.var(), rel=0.03)


def test_a_half_sure_report_matches_the_moments_of_both_worlds() -> None:
    mean, cov = state(3, 100.0, 30.0)
    z, weight = float(recede(mean)) + 40.0, 0.3
    sure, sure_cov = mean.copy(), cov.copy()
    doppler_update(sure, sure_cov, z, 2.0, SENSOR, 1.0)
    expected = weight * sure + (1 - weight) * mean
    apart = np.outer(sure - mean, sure - mean)
    expected_cov = weight * sure_cov + (1 - weight) * cov + weight * (1 - weight) * apart
    doppler_update(mean, cov, z, 2.0, SENSOR, weight)
    np.testing.assert_allclose(mean, expected, rtol=1e-12)
    np.testing.assert_allclose(cov, expected_cov, rtol=1e-9, atol=1e-9)


def test_away_is_positive() -> None:
    cov = np.diag([100.0] * 3 + [100.0] * 3) ** 2
    for rate in (80.0, -80.0):
        mean, spread = np.r_[SENSOR + np.array([40e3, 0.0, 0.0]), np.zeros(3)], cov.copy()
        doppler_update(mean, spread, rate, 1.0, SENSOR, 1.0)
        assert mean[3] == pytest.approx(rate, abs=1.0)
        assert np.abs(mean[4:]).max() < 1.0


def test_the_claimed_errors_of_new_tracks_are_the_true_ones() -> None:
    """400 draws of position then Doppler; NEES per degree of freedom, 99 %: 0.93 to 1.07."""
    rng = np.random.default_rng(12)
    sizes = []
    for _ in range(400):
        truth, cov = state(int(rng.integers(1 << 30)), 400.0, 100.0)
        mean = rng.multivariate_normal(truth, cov)
        doppler_update(mean, cov, float(recede(truth) + rng.normal()), 1.0, SENSOR, 1.0)
        miss = mean - truth
        sizes.append(miss @ np.linalg.solve(cov, miss) / 6)
    assert 0.93 < np.mean(sizes) < 1.07


def test_weight_zero_changes_nothing_and_the_sensors_own_place_is_harmless() -> None:
    mean, cov = state(4, 100.0, 30.0)
    before, spread = mean.copy(), cov.copy()
    doppler_update(mean, cov, 10.0, 2.0, SENSOR, 0.0)
    assert np.array_equal(mean, before)
    assert np.array_equal(cov, spread)
    mean[:3] = SENSOR
    assert np.isfinite(doppler_update(mean, cov, 10.0, 2.0, SENSOR, 1.0))
    assert np.isfinite(mean).all()
    assert np.linalg.eigvalsh(cov).min() > 0.0
