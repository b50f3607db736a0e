"""Correction against the textbook's matrices, a mixture's moments, and Stone Soup."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.drawn import kalman, spd, state, work
from tocsin import geo
from tocsin.track import correct as kernels
from tocsin.track.table import REPORT, Records
from tocsin.words import FloatArray

SEEDS = st.integers(0, 2**31)
H = np.hstack([np.eye(3), np.zeros((3, 3))])


def told(position: FloatArray, noise: FloatArray) -> Records:
    records = np.zeros(len(position), dtype=REPORT)
    records["position_m"], records["covariance_m2"] = position, noise
    return records


def corrected(
    mean: FloatArray, cov: FloatArray, z: FloatArray, r: FloatArray, chance: FloatArray,
    dt_s: FloatArray, late_m2ps3: float = 0.0,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """By the kernel: reports in reverse order in the table, so that `rows` matters."""
    mean, cov, k = mean.copy(), cov.copy(), len(z)
    rows = np.arange(k)[::-1].copy()
    kernels.correct(
        mean, cov, dt_s, late_m2ps3, told(z[::-1], r[::-1]), rows, chance.copy(), k, work()
    )
    return mean, cov


@given(seed=SEEDS, late_s=st.floats(-10.0, 10.0))
@settings(max_examples=40, deadline=None)
def test_one_sure_report_is_the_kalman_filter(seed: int, late_s: float) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    z, r = mean[:3] + rng.normal(size=3) * 80.0, spd(rng, 3, np.full(3, 60.0))
    h = np.hstack([np.eye(3), late_s * np.eye(3)])
    extra = 50.0 * abs(late_s) ** 3 / 3.0 * np.eye(3)
    expected, spread = kalman(mean, cov, h, z, r + extra)
    got, p = corrected(mean, cov, z[None], r[None], np.ones(1), np.array([late_s]), 50.0)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_allclose(p, spread, atol=1e-9 * np.abs(spread).max())
    assert np.linalg.eigvalsh(p).min() > 0.0


@given(seed=SEEDS, n=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_weighted_reports_match_the_moments_of_their_mixture(seed: int, n: int) -> None:
    """Each report has its own time and noise; one of them has no chance at all."""
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    chance = rng.dirichlet(np.ones(n + 1))
    chance[n - 1] = 0.0 if n > 1 else chance[n - 1]
    chance /= chance.sum()
    dt_s = rng.uniform(-0.1, 0.0, n) * (rng.random(n) < 0.7)
    z = mean[:3] + rng.normal(size=(n, 3)) * 200.0
    r = np.array([spd(rng, 3, np.full(3, 60.0)) for _ in range(n)])
    parts = [(mean, cov)]
    parts += [
        kalman(mean, cov, np.hstack([np.eye(3), dt_s[j] * np.eye(3)]), z[j], r[j]) for j in range(n)
    ]
    weights = np.concatenate([[chance[n]], chance[:n]])
    centre = sum(w * m for w, (m, _) in zip(weights, parts, strict=True))
    spread = sum(
        w * (p + np.outer(m - centre, m - centre)) for w, (m, p) in zip(weights, parts, strict=True)
    )
    got, p = corrected(mean, cov, z, r, chance[:n], dt_s)
    np.testing.assert_allclose(got, centre, atol=1e-5)
    np.testing.assert_allclose(p, spread, atol=1e-8 * np.abs(spread).max())
    assert (p == p.T).all()
    assert np.linalg.eigvalsh(p).min() > 0.0


@given(seed=SEEDS, late_s=st.floats(-10.0, 0.0))
@settings(max_examples=40, deadline=None)
def test_the_likelihood_is_the_gaussian_density(seed: int, late_s: float) -> None:
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    z, r = mean[:3] + rng.normal(size=3) * 80.0, spd(rng, 3, np.full(3, 60.0))
    miss, inverse, spread = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    det = kernels.innovate(mean, cov, late_s, 0.0, z, r, miss, inverse, spread)
    log_like, length = kernels.log_likelihood(det, miss, inverse)
    h = np.hstack([np.eye(3), late_s * np.eye(3)])
    s, y = h @ cov @ h.T + r, z - h @ mean
    assert det == pytest.approx(np.linalg.det(s), rel=1e-6)
    assert length == pytest.approx(y @ np.linalg.solve(s, y), rel=1e-6, abs=1e-9)
    expected = -0.5 * (length + math.log((2.0 * math.pi) ** 3 * np.linalg.det(s)))
    assert log_like == pytest.approx(expected, abs=1e-6)


def test_the_inverse_refuses_what_is_not_positive() -> None:
    out = np.empty((3, 3))
    matrix = spd(np.random.default_rng(1), 3, np.array([1.0, 10.0, 100.0]))
    assert np.isclose(kernels.invert(matrix, out), np.linalg.det(matrix))
    np.testing.assert_allclose(out, np.linalg.inv(matrix), rtol=1e-9)
    for bad in (
        np.zeros((3, 3)), np.diag([-2.0, -3.0, 4.0]), np.diag([1.0, -1.0, -1.0]),
        np.ones((3, 3)), np.full((3, 3), np.nan), np.diag([np.inf, 1.0, 1.0]),
    ):  # fmt: skip
        assert kernels.invert(bad, out) == 0.0


def test_a_report_with_impossible_noise_changes_nothing() -> None:
    mean, cov = state(np.random.default_rng(2))
    for noise in (np.full((3, 3), np.nan), -1e9 * np.eye(3)):
        got, p = corrected(mean, cov, mean[None, :3] + 5.0, noise[None], np.ones(1), np.zeros(1))
        assert got.tolist() == mean.tolist()
        np.testing.assert_allclose(p, cov, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_corrections_stay_positive_definite(seed: int) -> None:
    """Sharp and blunt reports in turn, the state barely shaken."""
    rng = np.random.default_rng(seed)
    mean, cov = state(rng)
    f = np.eye(6)
    f[:3, 3:] = np.eye(3)
    scratch, dt_s, one = work(), np.zeros(2), np.arange(2)
    for _ in range(5000):
        mean, cov = f @ mean, f @ cov @ f.T
        cov[3:, 3:] += 1e-3 * np.eye(3)
        r = np.array([spd(rng, 3, 10.0 ** rng.uniform(-1.0, 3.5, 3)) for _ in range(2)])
        z = mean[:3] + rng.normal(size=(2, 3)) * 30.0
        chance = rng.dirichlet(np.ones(3))[:2]
        kernels.correct(mean, cov, dt_s, 0.0, told(z, r), one, chance, 2, scratch)
        sd = np.sqrt(np.diag(cov))
        assert np.linalg.eigvalsh(cov / np.outer(sd, sd)).min() > 1e-12


def test_a_track_without_height_learns_nothing_about_it() -> None:
    mean, cov = state(np.random.default_rng(5))
    at = mean[:3] + 30.0
    lat, lon, _ = geo.geodetic(at)
    east, _, up = geo.local_axes(lat, lon)
    noise = 400.0 * np.eye(3) + 5000.0**2 * np.outer(up, up)
    for _ in range(50):
        mean, cov = corrected(mean, cov, at[None], noise[None], np.ones(1), np.zeros(1))
        kernels.flatten(mean, cov, at, noise)
    assert np.isclose(np.sqrt(up @ cov[:3, :3] @ up), 5000.0, rtol=1e-3)
    assert np.sqrt(east @ cov[:3, :3] @ east) < 20.0
    assert abs(up @ mean[3:]) < 6e-5 * np.linalg.norm(mean[3:])  # what `vertical` is off by


def test_twenty_steps_are_stone_soups() -> None:
    """The same reports through `stonesoup`'s Kalman predictor and updater."""
    models = pytest.importorskip("stonesoup.models.transition.linear")
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.types.detection import Detection
    from stonesoup.types.hypothesis import SingleHypothesis
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    from tocsin.track import bank as banks
    from tocsin.track import motion

    rng = np.random.default_rng(7)
    velocity = models.ConstantVelocity(10.0)
    predictor = KalmanPredictor(models.CombinedLinearGaussianTransitionModel([velocity] * 3))
    mean, cov = state(rng)
    order = [0, 3, 1, 4, 2, 5]  # theirs: x, vx, y, vy, z, vz
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    theirs = GaussianState(mean[order], cov[np.ix_(order, order)], timestamp=start)
    bank, scratch, up = banks.kalman(), work(), np.array([0.0, 0.0, 1.0])
    bank["noise_m2ps3"] = 10.0
    for step in range(1, 21):
        z = mean[:3] + rng.normal(size=3) * 60.0
        r = spd(rng, 3, np.full(3, 40.0))
        when = start + datetime.timedelta(seconds=4 * step)
        measure = LinearGaussian(6, [0, 2, 4], r)
        ahead = predictor.predict(theirs, timestamp=when)
        seen = Detection(z.reshape(-1, 1), timestamp=when, measurement_model=measure)
        theirs = KalmanUpdater(measure).update(SingleHypothesis(ahead, seen))
        motion.predict(mean, cov, 4.0, bank[0], 0, up, scratch)
        mean, cov = corrected(mean, cov, z[None], r[None], np.ones(1), np.zeros(1))
        np.testing.assert_allclose(np.ravel(theirs.state_vector), mean[order], atol=1e-5)
        np.testing.assert_allclose(theirs.covar, cov[np.ix_(order, order)], rtol=1e-6, atol=1e-6)
