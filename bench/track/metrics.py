"""What the figures mean: GOSPA, which tracks are real, calibration, growth. No tracker is here."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CUT_M: Final = 1000.0  # GOSPA's c, as in the shared scoring
POWER: Final = 2
SHOWN: Final = 0.5
"""A track counts for GOSPA when its existence is at least this: likelier there than not. Chosen,
because a false one costs c^2 / 2 and a missed one the same, so that this costs least on average."""
NEAR_M: Final = 500.0
"""A real track is no farther than this from its target, and no farther than `NEAR_SIGMA`."""
NEAR_SIGMA: Final = 4.0
BINS: Final = 15  # of equal width, as in Guo and others 2017 (there: 15)


def gospa(truth_m: Floats, estimate_m: Floats, cut_m: float = CUT_M, power: int = POWER) -> float:
    """Generalised optimal sub-pattern assignment with alpha = 2, metres.

    Rahmathullah, Garcia-Fernandez, Svensson, *Generalized optimal sub-pattern assignment metric*,
    Fusion 2017, proposition 1: the least, over one-to-one pairs, of the sum of distance^p over the
    pairs and cut^p / 2 for every target and estimate in no pair; then the p-th root.
    """
    n, m = len(truth_m), len(estimate_m)
    paired, pairs = 0.0, 0
    if n and m:
        cost = np.minimum(cdist(truth_m, estimate_m), cut_m) ** power
        row, column = linear_sum_assignment(cost)
        best = cost[row, column]
        close = best < cut_m**power
        paired, pairs = float(best[close].sum()), int(close.sum())
    return float((paired + cut_m**power / 2 * (n + m - 2 * pairs)) ** (1 / power))


def real(truth_m: Floats, place_m: Floats, covariance_m2: Floats) -> Bools:
    """(m,) whether each of m tracks is a target: one-to-one, the nearest pairs in total.

    A track and a target may pair within `NEAR_M` and within `NEAR_SIGMA` standard deviations of
    the track's own position covariance. What stays single is not real: a second track on a target
    is one too many.
    """
    answer = np.zeros(len(place_m), np.bool_)
    if not len(truth_m) or not len(place_m):
        return answer
    away = cdist(place_m, truth_m)
    offset = place_m[:, None] - truth_m[None]
    sigmas2 = np.einsum("mti,mij,mtj->mt", offset, np.linalg.inv(covariance_m2), offset)
    may = (away <= NEAR_M) & (sigmas2 <= NEAR_SIGMA**2)
    # A forbidden pair costs more than all permitted ones together, so no permitted one is given up.
    forbidden = NEAR_M * (min(away.shape) + 1)
    row, column = linear_sum_assignment(np.where(may, away, forbidden))
    answer[row] = may[row, column]
    return answer


def calibration(
    existence: Floats, is_real: Bools, bins: int = BINS
) -> tuple[float, list[dict[str, Any]]]:
    """Expected calibration error, and the reliability diagram as rows low, high, count, said, was.

    Guo, Pleiss, Sun, Weinberger, *On calibration of modern neural networks*, ICML 2017, eq. 3:
    bins of equal width, and the mean over all of |mean probability - share that was real|. An
    existence of exactly 1 belongs to the last bin.
    """
    which = np.minimum((existence * bins).astype(np.int64), bins - 1)
    error, rows = 0.0, []
    for b in range(bins):
        mine = which == b
        count = int(mine.sum())
        said = float(existence[mine].mean()) if count else None
        was = float(is_real[mine].mean()) if count else None
        if said is not None and was is not None:
            error += count / len(existence) * abs(said - was)
        edge = {"low": b / bins, "high": (b + 1) / bins}
        rows.append({**edge, "count": count, "said": said, "was": was})
    return error, rows


def brier(existence: Floats, is_real: Bools) -> float:
    """Mean squared difference between what was said and what was (Brier 1950)."""
    return float(np.mean((existence - is_real) ** 2))


def growth(sizes: Floats, times: Floats) -> float:
    """The exponent e of time = constant * size^e, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
