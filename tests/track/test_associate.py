"""Marginals of association against enumeration of every assignment."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.track.associate import Pairs, marginals
from tocsin.words import FloatArray


def exact(weight: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By enumeration: p (n,m) track i caused report j; q (m,) no track caused it."""
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
    n, m = weight.shape
    track, report = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    flat = weight.ravel().copy()
    pairs = Pairs(track, report, np.zeros((n * m, 3)), np.zeros(n * m), flat)
    down, free = marginals(pairs, other)
    ratio = (flat * down).reshape(n, m)
    return ratio / (1.0 + ratio.sum(axis=1, keepdims=True)), free


@given(seed=st.integers(0, 2**31), m=st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_one_track_is_exact(seed: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    weight, other = rng.lognormal(0.0, 2.0, (1, m)), rng.lognormal(0.0, 1.0, m)
    for mine, true in zip(by_messages(weight, other), exact(weight, other), strict=True):
        np.testing.assert_allclose(mine, true, rtol=1e-6)


@given(seed=st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_several_tracks_are_close(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, other = rng.lognormal(0.0, 1.5, (3, 3)), np.ones(3)
    p, q = by_messages(weight, other)
    true_p, true_q = exact(weight, other)
    assert np.abs(p - true_p).max() < 0.2  # loopy: approximate, never absurd
    assert np.abs(p - true_p).mean() < 0.05
    assert np.abs(q - true_q).max() < 0.2
    assert (p.sum(axis=0) + q).max() < 1.0 + 1e-6
