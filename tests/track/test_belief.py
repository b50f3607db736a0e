"""Marginals of association against enumeration of every association event."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.track.belief import marginals
from tocsin.words import FloatArray

SEEDS = st.integers(0, 2**31)


def exact(weight: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By enumeration: p (n,m) owner i caused report j; q (m,) nobody did."""
    n, m = weight.shape
    p, q, total = np.zeros((n, m)), np.zeros(m), 0.0
    for choice in itertools.product(range(-1, m), repeat=n):
        used = [j for j in choice if j >= 0]
        if len(used) != len(set(used)):
            continue
        chance = float(np.prod([weight[i, j] / other[j] for i, j in enumerate(choice) if j >= 0]))
        total += chance
        for i, j in enumerate(choice):
            if j >= 0:
                p[i, j] += chance
        for j in set(range(m)) - set(used):
            q[j] += chance
    return p / total, q / total


def by_messages(weight: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same from `belief.marginals`; a weight of 0 is a pair outside the gate: not told."""
    owner, report = np.nonzero(weight)
    flat = weight[owner, report]
    down, free = marginals(owner, report, flat, other)
    ratio = np.zeros(weight.shape)
    ratio[owner, report] = flat * down
    return ratio / (1.0 + ratio.sum(axis=1, keepdims=True)), free


def forest(rng: np.random.Generator, n: int, m: int) -> FloatArray:
    """Random weights (n,m) whose pairs form a graph without a cycle."""
    root = list(range(n + m))

    def find(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    weight = np.zeros((n, m))
    for cell in rng.permutation(n * m):
        i, j = divmod(int(cell), m)
        if find(i) != find(n + j):
            root[find(i)] = find(n + j)
            if rng.random() < 0.9:
                weight[i, j] = rng.lognormal(0.0, 3.0)
    return weight


@given(seed=SEEDS, n=st.integers(1, 4), m=st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_without_cycles_it_is_exact(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    weight, other = forest(rng, n, m), rng.lognormal(0.0, 1.5, m)
    for mine, true in zip(by_messages(weight, other), exact(weight, other), strict=True):
        np.testing.assert_allclose(mine, true, rtol=1e-5, atol=1e-7)


def radar_scene(rng: np.random.Generator, n: int, m: int) -> tuple[FloatArray, FloatArray]:
    """Weights as a look makes them: targets on a line, detected with 0.9, false reports between."""
    at = rng.uniform(0.0, 6.0, n)
    seen = np.concatenate([at + rng.normal(size=n), rng.uniform(-1.0, 7.0, m)])[:m]
    gauss = np.exp(-0.5 * (at[:, None] - seen[None]) ** 2) / np.sqrt(2.0 * np.pi)
    return 0.9 * gauss / 0.1, np.full(m, rng.uniform(0.2, 2.0))


def test_in_scenes_of_a_radar_the_error_is_small() -> None:
    """Williams and Lau (2014), section VI: errors of some hundredths, except where detection is
    near certain and clutter near nothing."""
    worst, mean = [], []
    for seed in range(200):
        weight, other = radar_scene(np.random.default_rng(seed), 4, 5)
        (p, q), (true_p, true_q) = by_messages(weight, other), exact(weight, other)
        worst.append(max(np.abs(p - true_p).max(), np.abs(q - true_q).max()))
        mean.append(np.abs(p - true_p).mean())
    print(f"largest error: median {np.median(worst):.4f}, most {max(worst):.4f}; "
          f"mean {np.mean(mean):.4f}")  # fmt: skip
    assert np.median(worst) < 0.05
    assert max(worst) < 0.2
    assert np.mean(mean) < 0.02


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_owners_and_reports_agree(seed: int) -> None:
    """At a fixed point every report is somebody's or nobody's: the sums are one, not about one."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 7, 2)
    weight = rng.lognormal(0.0, 2.0, (n, m)) * (rng.random((n, m)) < 0.7)
    p, q = by_messages(weight, rng.lognormal(0.0, 1.0, m))
    np.testing.assert_allclose(p.sum(axis=0) + q, 1.0, atol=1e-4)
    assert (p >= 0.0).all()
    assert (q >= 0.0).all()
    assert (p.sum(axis=1) <= 1.0).all()


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_no_order_of_owners_or_reports_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, other = rng.lognormal(0.0, 2.0, (5, 6)), rng.lognormal(0.0, 1.0, 6)
    weight *= rng.random((5, 6)) < 0.6
    rows, columns = rng.permutation(5), rng.permutation(6)
    p, q = by_messages(weight, other)
    p2, q2 = by_messages(weight[rows][:, columns].copy(), other[columns])
    np.testing.assert_allclose(p2, p[rows][:, columns], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(q2, q[columns], rtol=1e-9, atol=1e-12)


@given(seed=SEEDS, scale=st.sampled_from([1e-15, 1e-9, 1e6]))
@settings(max_examples=30, deadline=None)
def test_the_unit_of_density_is_free(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    weight, other = rng.lognormal(0.0, 2.0, (3, 4)), rng.lognormal(0.0, 1.0, 4)
    for mine, same in zip(
        by_messages(weight * scale, other * scale), by_messages(weight, other), strict=True
    ):
        np.testing.assert_allclose(mine, same, rtol=1e-8, atol=1e-12)


def test_no_pair_and_one_pair() -> None:
    none = np.zeros(0, dtype=np.int64)
    down, free = marginals(none, none, np.zeros(0), np.array([0.5, 2.0]))
    assert len(down) == 0
    assert free.tolist() == [1.0, 1.0]
    down, free = marginals(none, none, np.zeros(0), np.zeros(0))
    assert len(down) == len(free) == 0
    one = np.zeros(1, dtype=np.int64)
    down, free = marginals(one, one, np.array([3.0]), np.array([0.5]))
    assert 3.0 * down[0] / (1.0 + 3.0 * down[0]) == pytest.approx(6.0 / 7.0)
    assert free[0] == pytest.approx(1.0 / 7.0)


@pytest.mark.parametrize("likely", [1.0, 1e2, 1e4, 1e8])
def test_sure_and_separate_pairs_beside_twins(likely: float) -> None:
    """Two that cannot be told apart share two reports; a third pair far off is not disturbed.

    By symmetry all four messages upwards of algorithm 1 are one number: u = L / (1 + L / (1 + u)),
    so u^2 + u = L; that of enumeration differs from it by at most 0.05.
    """
    weight = np.zeros((3, 3))
    weight[:2, :2], weight[2, 2] = likely, likely
    p, q = by_messages(weight, np.ones(3))
    assert p[2, 2] == pytest.approx(likely / (1.0 + likely))
    up = (np.sqrt(1.0 + 4.0 * likely) - 1.0) / 2.0
    each = likely / (1.0 + up) / (1.0 + 2.0 * likely / (1.0 + up))
    np.testing.assert_allclose(p[:2, :2], each, atol=1e-3)  # 100 rounds are not enough for more
    assert np.abs(p - exact(weight, np.ones(3))[0]).max() < 0.05
    np.testing.assert_allclose(p.sum(axis=0) + q, 1.0, atol=0.02)
