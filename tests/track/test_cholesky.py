"""Cholesky against NumPy."""

import numpy as np
import pytest

from tocsin.track.cholesky import factor, invert


@pytest.mark.parametrize("n", [1, 3, 6, 24])
def test_inverse_and_determinant_are_numpys(n: int) -> None:
    rng = np.random.default_rng(n)
    scale = np.diag(10.0 ** rng.uniform(-3, 3, n))  # metres beside radians
    root = rng.normal(size=(n, n)) + 2.0 * np.eye(n)
    matrix = scale @ root @ root.T @ scale
    out, lower = np.empty((n, n)), matrix.copy()
    assert invert(matrix, out)
    np.testing.assert_allclose(out, out.T, rtol=0, atol=0)
    np.testing.assert_allclose(scale @ out @ scale, np.linalg.inv(root @ root.T), rtol=1e-8)
    assert factor(lower) == pytest.approx(np.linalg.slogdet(matrix)[1])


def test_what_is_not_positive_definite_is_refused() -> None:
    out = np.full((2, 2), 7.0)
    assert not invert(np.array([[1.0, 2.0], [2.0, 1.0]]), out)
    assert not invert(np.array([[np.nan, 0.0], [0.0, 1.0]]), out)
    assert (out == 7.0).all()
