"""Prediction against matrix exponentials, the mixing of models against the textbook's IMM."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from tests.track.drawn import state, work
from tests.track.sky import ORIGIN
from tocsin import geo
from tocsin.track import bank as banks
from tocsin.track import motion
from tocsin.track.output import blend
from tocsin.track.table import MODELS, TRACK, Record
from tocsin.words import FloatArray

SEEDS = st.integers(0, 2**31)
S = 1_000_000_000
STRAIGHT, AGILE, LEFT, RIGHT, HOVER, BIRD = (
    banks.NAMES.index(name) for name in ("straight", "agile", "left", "right", "hover", "bird")
)


def rates(bank: Record, m: int, up: FloatArray) -> FloatArray:
    """The generator A (6,6) of model m: dp = v, dv = (w x v) - decay v."""
    x, y, z = bank["turn_rps"][m] * up
    a = np.zeros((6, 6))
    a[:3, 3:] = np.eye(3)
    a[3:, 3:] = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) - bank["decay_ps"][m] * np.eye(3)
    return a


def shaken(bank: Record, m: int, up: FloatArray, dt_s: float) -> FloatArray:
    """Exact covariance (6,6) of the noise of `dt_s` (van Loan, IEEE TAC 23 (1978) 395-404)."""
    density = np.zeros((6, 6))
    flat, steep = bank["noise_m2ps3"][m]
    density[3:, 3:] = flat * (np.eye(3) - np.outer(up, up)) + steep * np.outer(up, up)
    a = rates(bank, m, up)
    big = expm(np.block([[-a, density], [np.zeros((6, 6)), a.T]]) * dt_s)
    return big[6:, 6:].T @ big[:6, 6:]


def upward(position: FloatArray) -> FloatArray:
    lat, lon, _ = geo.geodetic(position)
    return geo.local_axes(lat, lon)[2]


@given(seed=SEEDS, dt_s=st.floats(0.001, 100.0), m=st.integers(0, MODELS - 1))
@settings(max_examples=120, deadline=None)
def test_the_state_moves_by_the_matrix_exponential(seed: int, dt_s: float, m: int) -> None:
    rng = np.random.default_rng(seed)
    bank = banks.full()
    bank["noise_m2ps3"] = 0.0
    mean, cov = state(rng)
    up = upward(mean[:3])
    f = expm(rates(bank[0], m, up) * dt_s)
    expected, spread = f @ mean, f @ cov @ f.T
    motion.predict(mean, cov, dt_s, bank[0], m, up, work())
    np.testing.assert_allclose(mean, expected, rtol=1e-11, atol=1e-5)
    np.testing.assert_allclose(cov, spread, rtol=1e-8, atol=1e-9 * np.abs(spread).max())
    np.testing.assert_allclose(cov, cov.T, rtol=1e-12, atol=1e-12 * np.abs(cov).max())


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 4.0, 12.0, 60.0])
@pytest.mark.parametrize("m", range(MODELS))
def test_the_noise_is_van_loans(m: int, dt_s: float) -> None:
    """The noise of turning and decaying flight turns and decays too: s.d. along each axis."""
    bank = banks.full()
    mean = state(np.random.default_rng(m))[0]
    up = upward(mean[:3])
    expected = shaken(bank[0], m, up, dt_s)
    cov = np.zeros((6, 6))
    motion.predict(mean, cov, dt_s, bank[0], m, up, work())
    lat, lon, _ = geo.geodetic(mean[:3])
    axes = np.kron(np.eye(2), geo.local_axes(lat, lon))
    mine, true = axes @ cov @ axes.T, axes @ expected @ axes.T
    np.testing.assert_allclose(np.sqrt(np.diag(mine)), np.sqrt(np.diag(true)), rtol=1e-3)
    scale = np.sqrt(np.outer(np.diag(true), np.diag(true)))
    np.testing.assert_allclose(mine / scale, true / scale, atol=1e-3)


def test_left_is_left_and_right_is_right() -> None:
    """Flying north over the Equator, a turn to the left leads west."""
    bank = banks.full()
    mean = np.concatenate([geo.ecef(np.array(0.0), np.array(0.0), np.array(5e3)), [0, 0, 100.0]])
    other, cov = mean.copy(), np.eye(6)
    motion.predict(mean, cov, 10.0, bank[0], LEFT, upward(mean[:3]), work())
    motion.predict(other, cov, 10.0, bank[0], RIGHT, upward(other[:3]), work())
    aside = 100.0 * np.sin(10.0 * bank["turn_rps"][0, LEFT])
    assert 40.0 < aside < 70.0
    assert mean[4] == pytest.approx(-aside)
    assert other[4] == pytest.approx(aside)


@given(lat=st.floats(-89.9, 89.9), lon=st.floats(-180.0, 180.0), height=st.floats(-100.0, 100e3))
@settings(max_examples=60, deadline=None)
def test_vertical_is_the_normal_of_the_ellipsoid(lat: float, lon: float, height: float) -> None:
    up = np.empty(3)
    motion.vertical(geo.ecef(np.array(lat), np.array(lon), np.array(height)), up)
    np.testing.assert_allclose(up, geo.local_axes(np.array(lat), np.array(lon))[2], atol=6e-5)
    assert np.linalg.norm(up) == pytest.approx(1.0)


# ---- mixing ------------------------------------------------------------------------------------


def track(rng: np.random.Generator, weight: FloatArray, speed_mps: float) -> Record:
    """A track whose models differ a little; its speed is well on one side of 40 m/s."""
    made = np.zeros(1, dtype=TRACK)
    heading = rng.normal(size=3)
    heading *= speed_mps / np.linalg.norm(heading)
    for m in range(MODELS):
        _, cov = state(rng)
        made["mean"][0, m] = np.append(ORIGIN + rng.normal(size=3) * 60.0, heading)
        made["mean"][0, m, 3:] += rng.normal(size=3) * 2.0
        made["cov"][0, m] = cov
    made["t_ns"], made["weight"][0, :MODELS] = S, weight
    return made[0]


def chain(bank: Record, dt_s: float, slow: bool) -> FloatArray:
    """Transition chances (M,M) in `dt_s`: the exponential of the generator."""
    rate = bank["leave"].copy()
    if not slow:
        rate[:, np.isfinite(bank["speed_max_mps"])] = 0.0
    return expm((rate - np.diag(rate.sum(axis=1))) * dt_s)


def observed(dt_s: float, slow: bool) -> FloatArray:
    """Transition chances as the code has them: from each model alone."""
    rows = []
    for m in range(MODELS):
        one = track(np.random.default_rng(m), np.eye(MODELS)[m], 20.0 if slow else 200.0)
        motion.advance(one, S + round(dt_s * S), banks.full()[0], work())
        rows.append(one["weight"][:MODELS].copy())
    return np.array(rows)


@pytest.mark.parametrize(
    ("slow", "dt_s"),
    [
        *[(True, dt_s) for dt_s in (0.5, 4.0, 12.0, 60.0)],
        *[(False, dt_s) for dt_s in (0.5, 4.0)],
        (False, 12.0),
        (False, 60.0),
    ],
)
def test_models_change_as_a_chain_in_continuous_time(dt_s: float, slow: bool) -> None:
    """So that any scan rate gives the same chain: rows of expm(G dt)."""
    np.testing.assert_allclose(observed(dt_s, slow), chain(banks.full()[0], dt_s, slow), atol=0.02)


def textbook(
    weight: FloatArray, mean: FloatArray, cov: FloatArray, p: FloatArray, dt_s: float,
    up: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """One interaction and prediction (Bar-Shalom, Li, Kirubarajan 2001, 11.6.6, steps 1 to 3)."""
    bank = banks.full()[0]
    ahead = weight @ p
    share = weight[:, None] * p / np.maximum(ahead, 1e-300)
    new_mean, new_cov = np.empty_like(mean), np.empty_like(cov)
    for k in range(MODELS):
        centre = share[:, k] @ mean
        off = mean - centre
        spread = np.einsum("j,jab->ab", share[:, k], cov + np.einsum("ja,jb->jab", off, off))
        f = expm(rates(bank, k, up) * dt_s)
        new_mean[k], new_cov[k] = f @ centre, f @ spread @ f.T
    return ahead, new_mean, new_cov


@given(seed=SEEDS, dt_s=st.floats(0.2, 12.0), slow=st.booleans())
@settings(max_examples=30, deadline=None)
def test_models_mix_as_in_the_textbook(seed: int, dt_s: float, slow: bool) -> None:
    """Moments of each mixture; what the code leaves out weighs less than a thousandth."""
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.full(MODELS, 3.0))
    if not slow:
        weight[[HOVER, BIRD]] = 0.0
        weight /= weight.sum()
    bank = banks.full()
    bank["noise_m2ps3"] = 0.0
    one = track(rng, weight, 20.0 if slow else 200.0)
    up = upward(one["mean"][int(weight.argmax()), :3])
    p = observed(dt_s, slow)
    ahead, mean, cov = textbook(weight, one["mean"].copy(), one["cov"].copy(), p, dt_s, up)
    motion.advance(one, S + round(dt_s * S), bank[0], work())
    np.testing.assert_allclose(one["weight"][:MODELS], ahead, atol=2e-5)
    for m in np.flatnonzero(ahead > 1e-3):
        sd = np.sqrt(np.diag(cov[m]))
        np.testing.assert_allclose((one["mean"][m] - mean[m]) / sd, 0.0, atol=0.02)
        np.testing.assert_allclose(
            one["cov"][m] / np.outer(sd, sd), cov[m] / np.outer(sd, sd), atol=0.03
        )


def test_one_model_is_not_mixed() -> None:
    bank = banks.kalman()
    one = track(np.random.default_rng(1), np.eye(MODELS)[0], 100.0)
    mean, cov = one["mean"][0].copy(), one["cov"][0].copy()
    motion.advance(one, 5 * S, bank[0], work())
    motion.predict(mean, cov, 4.0, bank[0], 0, upward(mean[:3]), work())
    assert one["weight"].tolist() == [1.0] + [0.0] * (len(one["weight"]) - 1)
    np.testing.assert_allclose(one["mean"][0], mean, rtol=1e-12)
    np.testing.assert_allclose(one["cov"][0], cov, rtol=1e-6)


def test_a_later_state_stays() -> None:
    one = track(np.random.default_rng(1), np.full(MODELS, 1.0 / MODELS), 100.0)
    before = one.tobytes()
    motion.advance(one, S, banks.full()[0], work())
    motion.advance(one, S // 2, banks.full()[0], work())
    assert one.tobytes() == before


@pytest.mark.parametrize("seed", range(3))
def test_long_random_runs_stay_positive_definite(seed: int) -> None:
    """A thousand predictions of a hundredth to a hundred seconds with corrections between."""
    rng = np.random.default_rng(seed)
    bank, scratch = banks.full()[0], work()
    one = track(rng, np.full(MODELS, 1.0 / MODELS), 30.0)
    h = np.hstack([np.eye(3), np.zeros((3, 3))])
    mean, cov = np.empty(6), np.empty((6, 6))
    t_ns = S
    for step in range(1000):
        t_ns += round(10.0 ** rng.uniform(-2.0, 2.0) * S)
        motion.advance(one, t_ns, bank, scratch)
        assert one["weight"][:MODELS].sum() == pytest.approx(1.0, abs=1e-4)
        for m in np.flatnonzero(one["weight"][:MODELS]):
            p = one["cov"][m]
            if step % 3 == 0:  # a sharp report, by the plain formula
                k = p @ h.T @ np.linalg.inv(h @ p @ h.T + 25.0 * np.eye(3))
                one["cov"][m] = p - k @ h @ p
                one["cov"][m] = 0.5 * (one["cov"][m] + one["cov"][m].T)
                one["mean"][m] += k @ rng.normal(size=3) * 5.0
            assert np.isfinite(one["mean"][m]).all()
            sd = np.sqrt(np.diag(one["cov"][m]))
            even = one["cov"][m] / np.outer(sd, sd)
            np.testing.assert_allclose(even, even.T, atol=1e-12)
            assert np.linalg.eigvalsh(even).min() > 1e-10
        blend(one, mean, cov)
        assert np.linalg.eigvalsh(cov).min() > 0.0
