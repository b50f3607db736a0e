"""Cholesky in plain loops: the same bits whatever library NumPy was built with.

Golub and Van Loan, *Matrix Computations*, 4th edition (2013), 4.2.
"""

import math

import numpy as np
from numba import njit

from tocsin.words import FloatArray


@njit(cache=True, nogil=True, error_model="numpy")
def factor(matrix: FloatArray) -> float:
    """Cholesky factor of (n,n) in place (lower); ln determinant, else -inf."""
    total_ln = 0.0
    for a in range(len(matrix)):
        for b in range(a + 1):
            total = matrix[a, b]
            for c in range(b):
                total -= matrix[a, c] * matrix[b, c]
            if a > b:
                matrix[a, b] = total / matrix[b, b]
            elif total > 0.0:
                matrix[a, a] = math.sqrt(total)
                total_ln += math.log(total)
            else:
                return -math.inf
    return total_ln


@njit(cache=True, nogil=True, error_model="numpy")
def inverse(lower: FloatArray, out: FloatArray) -> None:
    """Inverse of L L' from the factor of `factor`, which is overwritten."""
    n = len(lower)
    for b in range(n):
        lower[b, b] = 1.0 / lower[b, b]
        for a in range(b + 1, n):
            total = 0.0
            for c in range(b, a):
                total -= lower[a, c] * lower[c, b]
            lower[a, b] = total / lower[a, a]
    for a in range(n):
        for b in range(a + 1):
            total = 0.0
            for c in range(a, n):
                total += lower[c, a] * lower[c, b]
            out[a, b] = total
            out[b, a] = total


@njit(cache=True, nogil=True, error_model="numpy")
def invert(matrix: FloatArray, out: FloatArray) -> bool:
    """Inverse of a symmetric positive definite (n,n) to `out`; false, and nothing, if it is not."""
    lower = np.empty(matrix.shape)
    lower[:] = matrix
    if factor(lower) == -math.inf:
        return False
    inverse(lower, out)
    return True
