"""Evenly spread numbers in place of random ones: the Sobol sequence, made by formula.

The same table serves every track at every moment ("common random numbers"), so a chance changes
only because the track changed, and replay repeats it. Direction numbers: Joe and Kuo, "Constructing
Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635-2654,
file new-joe-kuo-6, first thirteen dimensions.
"""

from statistics import NormalDist
from typing import Final

import numpy as np

from tocsin.words import FloatArray, IntArray

_POLYNOMIALS: Final = (  # degree, coefficients, initial direction numbers of dimensions 2 to 13
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
)
_GOLDEN: Final = (np.sqrt(5.0) - 1.0) / 2.0
_OUT_OF_STEP: Final = np.sqrt(3.0) - 1.0
DIMENSIONS_MAX: Final = len(_POLYNOMIALS) + 1


def uniform(count: int, dimensions: int) -> FloatArray:
    """`count` (a power of two) points of the open unit cube, shape (count, dimensions).

    Each is moved by half a cell, so that no coordinate is 0 and every one-dimensional margin is
    exactly even and symmetric about one half.
    """
    bits = count.bit_length() - 1
    assert count == 1 << bits, "a Sobol net is balanced only for a power of two"
    assert dimensions <= DIMENSIONS_MAX
    index = np.arange(count)
    points = np.empty((count, dimensions))
    for dimension in range(dimensions):
        numbers = np.zeros(count, dtype=np.int64)
        for bit, direction in enumerate(_directions(dimension, bits)):
            numbers ^= np.where(index >> bit & 1, direction, 0)
        points[:, dimension] = (numbers + 0.5) / count
    return points


def normal(count: int, dimensions: int) -> FloatArray:
    """The same points as standard normal deviates, shape (count, dimensions).

    The inverse is algorithm AS 241 (Wichura 1988), which the standard library has: SciPy's takes
    0.3 s of every start to import. Every margin takes the same `count` values, so few are computed.
    """
    inverse = NormalDist().inv_cdf
    levels = np.array([inverse((n + 0.5) / count) for n in range(count)])
    deviates: FloatArray = levels[np.rint(uniform(count, dimensions) * count - 0.5).astype(int)]
    return deviates


def spiral(count: int) -> FloatArray:
    """Standard normal deviates in three dimensions, even above all in the first two: (count, 3).

    Where something falls is a matter of two numbers, so those lie on Vogel's spiral ("A better way
    to construct the sunflower head", Math. Biosciences 44 (1979) 179-189): turned by the golden
    section of a circle from one to the next, as far out as makes every ring as likely as the next.
    The third takes `count` even levels in the order of a sequence that does not keep step with it.
    Measured on wide footprints (seed 101, 4096 points): total variation in zones of 2.5 km 0.0034,
    at worst 0.0070; of the Sobol sequence 0.0040 and 0.0099. Of a dozen sequences of the third the
    one by the square root of 3 is best; it leaves a correlation of 0.011 with the second.
    """
    number = np.arange(count)
    out = np.sqrt(-2.0 * np.log1p(-(number + 0.5) / count))
    turn = 2.0 * np.pi * (_GOLDEN * number % 1.0)
    inverse = NormalDist().inv_cdf
    levels = np.array([inverse((n + 0.5) / count) for n in range(count)])
    third = np.empty(count)
    third[np.argsort(_OUT_OF_STEP * number % 1.0, kind="stable")] = levels
    return np.stack([out * np.cos(turn), out * np.sin(turn), third], axis=1)


def _directions(dimension: int, bits: int) -> IntArray:
    """The `bits` direction numbers of one dimension, scaled to integers below ``2**bits``."""
    if dimension == 0:
        return np.array([1 << (bits - 1 - k) for k in range(bits)], dtype=np.int64)
    degree, coefficients, initial = _POLYNOMIALS[dimension - 1]
    odd = list(initial)
    for k in range(degree, bits):
        number = odd[k - degree] ^ odd[k - degree] << degree
        for i in range(1, degree):
            if coefficients >> (degree - 1 - i) & 1:
                number ^= odd[k - i] << i
        odd.append(number)
    return np.array([odd[k] << (bits - 1 - k) for k in range(bits)], dtype=np.int64)
