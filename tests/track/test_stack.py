"""Arrays on a kernel's stack: they hold what is put there, and each is one's own."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from tocsin.track.stack import matrix, vector
from tocsin.words import FloatArray


@njit
def _filled(out: FloatArray) -> None:
    """Two vectors and a matrix, written in turns, then read: out (3,4)."""
    one, two, both = vector(4), vector(4), matrix(3, 4)
    for b in range(4):
        one[b], two[b] = 10.0 + b, 20.0 + b
        for a in range(3):
            both[a, b] = 100.0 * a + b
    for a in range(3):
        for b in range(4):
            out[a, b] = one[b] + two[b] + both[a, b]


@njit
def _sum(values: FloatArray) -> float:
    return float(values.sum())


@njit
def _handed_down(times: int) -> float:
    """The sum of arrays that are asked for in a loop and handed to another kernel."""
    total = 0.0
    for k in range(times):
        some = matrix(2, 3)
        some[:] = k
        total += _sum(some)
    return total


@njit
def _shapes() -> tuple[int, int, int]:
    return len(vector(5)), matrix(6, 8).shape[0], matrix(6, 8).shape[1]


@njit
def _of_any_size(size: int) -> float:
    return float(vector(size)[0])


def test_each_array_holds_its_own() -> None:
    out = np.zeros((3, 4))
    _filled(out)
    expected = 30.0 + 3.0 * np.arange(4) + 100.0 * np.arange(3)[:, None]
    assert np.array_equal(out, expected)


def test_shapes_are_those_that_were_asked_for() -> None:
    assert _shapes() == (5, 6, 8)


def test_they_may_be_handed_down_and_do_not_grow_the_stack() -> None:
    """A million frames' worth of 48 bytes each would not fit on it."""
    assert _handed_down(1_000_000) == 6.0 * (1_000_000 * 999_999 / 2)


def test_a_size_that_is_no_constant_is_refused() -> None:
    with pytest.raises(TypingError, match="is a constant"):
        _of_any_size(3)
