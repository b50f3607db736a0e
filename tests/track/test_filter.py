"""Prediction and correction against the textbook's matrices, written out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.sky import ORIGIN
from tocsin import geo
from tocsin.track import filter as kalman
from tocsin.track.fall import height_and_up
from tocsin.words import FloatArray

SEEDS = st.integers(0, 2**31)


def spd(rng: np.random.Generator, n: int, scale: FloatArray) -> FloatArray:
    root = rng.normal(size=(n, n)) + 2.0 * np.eye(n)
    return np.diag(scale) @ root @ root.T @ np.diag(scale)


def state(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    mean = np.concatenate([ORIGIN + rng.normal(size=3) * 1e4, rng.normal(size=3) * 100.0])
    return mean, spd(rng, 6, np.array([50.0] * 3 + [5.0] * 3))


@given(seed=SEEDS, dt_s=st.floats(0.01, 20.0))
@settings(max_examples=40, deadline=None)
def test_drift_is_the_textbook_prediction(seed: int, dt_s: float) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    noise = np.array([7.0, 0.5])
    up = mean[:3] / np.linalg.norm(mean[:3])
    f = np.eye(6)
    f[:3, 3:] = dt_s * np.eye(3)
    density = 7.0 * (np.eye(3) - np.outer(up, up)) + 0.5 * np.outer(up, up)
    q = np.kron([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]], density)
    expected, spread = f @ mean, f @ cov @ f.T + q
    kalman.drift(mean, cov, dt_s, noise, up)
    np.testing.assert_allclose(mean, expected, rtol=1e-13)
    np.testing.assert_allclose(cov, spread, rtol=1e-9, atol=1e-9)


@given(seed=SEEDS, late_s=st.floats(-10.0, 0.0))
@settings(max_examples=40, deadline=None)
def test_one_sure_report_is_the_kalman_filter(seed: int, late_s: float) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    z, r = mean[:3] + rng.normal(size=3) * 80.0, spd(rng, 3, np.full(3, 60.0))
    h = np.hstack([np.eye(3), late_s * np.eye(3)])
    extra = 50.0 * abs(late_s) ** 3 / 3.0
    s = h @ cov @ h.T + r + extra * np.eye(3)
    k = cov @ h.T @ np.linalg.inv(s)
    expected, spread = mean + k @ (z - h @ mean), cov - k @ s @ k.T
    kalman.correct(mean, cov, np.array([late_s]), 50.0, z[None], r[None], np.ones(1))
    np.testing.assert_allclose(mean, expected, atol=1e-5)
    np.testing.assert_allclose(cov, spread, atol=1e-6 * np.abs(spread).max())


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_weighted_reports_match_the_moments_of_their_mixture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    chance = rng.dirichlet(np.ones(4))
    z = mean[:3] + rng.normal(size=(3, 3)) * 200.0
    r = np.array([spd(rng, 3, np.full(3, 60.0)) for _ in range(3)])
    parts = [(mean.copy(), cov.copy())]
    for j in range(3):
        h = np.hstack([np.eye(3), np.zeros((3, 3))])
        k = cov @ h.T @ np.linalg.inv(h @ cov @ h.T + r[j])
        parts.append((mean + k @ (z[j] - mean[:3]), cov - k @ h @ cov))
    weights = np.concatenate([[chance[3]], chance[:3]])
    centre = sum(w * m for w, (m, _) in zip(weights, parts, strict=True))
    spread = sum(
        w * (p + np.outer(m - centre, m - centre)) for w, (m, p) in zip(weights, parts, strict=True)
    )
    kalman.correct(mean, cov, np.zeros(3), 0.0, z, r, chance[:3].copy())
    np.testing.assert_allclose(mean, centre, atol=1e-5)
    np.testing.assert_allclose(cov, spread, atol=1e-6 * np.abs(spread).max())
    assert np.linalg.eigvalsh(cov).min() > 0.0


def test_the_inverse_refuses_what_is_not_positive() -> None:
    out = np.empty((3, 3))
    matrix = spd(np.random.default_rng(1), 3, np.array([1.0, 10.0, 100.0]))
    assert np.isclose(kalman.invert(matrix, out), np.linalg.det(matrix))
    np.testing.assert_allclose(out, np.linalg.inv(matrix), rtol=1e-9)
    assert kalman.invert(np.zeros((3, 3)), out) == 0.0
    assert kalman.invert(np.diag([-2.0, -3.0, 4.0]), out) == 0.0  # its determinant is positive


@given(
    lat=st.floats(-89.0, 89.0), lon=st.floats(-180.0, 180.0), height=st.floats(-100.0, 200_000.0)
)
@settings(max_examples=60, deadline=None)
def test_height_and_up_agree_with_geo(lat: float, lon: float, height: float) -> None:
    at = geo.ecef(np.array(lat), np.array(lon), np.array(height))
    up = np.empty(3)
    assert abs(height_and_up(at, up) - height) < 1e-3
    np.testing.assert_allclose(up, geo.local_axes(np.array(lat), np.array(lon))[2], atol=1e-9)


def test_a_track_without_height_learns_nothing_about_it() -> None:
    rng = np.random.default_rng(5)
    mean, cov = state(rng)
    up = np.empty(3)
    at = mean[:3] + 30.0
    height_and_up(at, up)
    noise = 400.0 * np.eye(3) + 5000.0**2 * np.outer(up, up)
    for _ in range(50):
        kalman.correct(mean, cov, np.zeros(1), 0.0, at[None], noise[None], np.ones(1))
        kalman.flatten(mean, cov, at, noise)
    assert np.isclose(np.sqrt(up @ cov[:3, :3] @ up), 5000.0, rtol=1e-3)
    assert abs(up @ mean[3:]) < 1e-6
