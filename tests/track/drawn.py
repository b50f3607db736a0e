"""States and covariances drawn at random, and the textbook filter: kernels against NumPy."""

import numpy as np

from tests.track.sky import ORIGIN
from tocsin.track.table import SCRATCH, Record
from tocsin.words import FloatArray


def work() -> Record:
    return np.zeros(1, dtype=SCRATCH)[0]


def spd(rng: np.random.Generator, n: int, scale: FloatArray) -> FloatArray:
    root = rng.normal(size=(n, n)) + 2.0 * np.eye(n)
    return np.diag(scale) @ root @ root.T @ np.diag(scale)


def state(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    mean = np.concatenate([ORIGIN + rng.normal(size=3) * 1e4, rng.normal(size=3) * 100.0])
    return mean, spd(rng, 6, np.array([50.0] * 3 + [5.0] * 3))


def kalman(
    mean: FloatArray, cov: FloatArray, h: FloatArray, z: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Textbook update, Joseph form."""
    gain = cov @ h.T @ np.linalg.inv(h @ cov @ h.T + noise)
    rest = np.eye(len(mean)) - gain @ h
    return mean + gain @ (z - h @ mean), rest @ cov @ rest.T + gain @ noise @ gain.T
