"""Chances and arrival quantiles against NumPy on the same ends."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.predict.tally import QUANTILES, gather, tally
from tocsin.words import HORIZONS_S


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2_000))
def test_tally_is_numpys(seed: int, ends: int) -> None:
    random = np.random.default_rng(seed)
    zone = random.integers(0, 5, ends).astype(np.int32)
    t_s = random.gamma(2.0, 300.0, ends)
    weight = random.uniform(0.0, 1.0 / ends, ends)
    rows, chance, quantiles_s = tally(zone, t_s, weight, 6, 0.0)
    in_time = t_s <= HORIZONS_S[-1]
    assert np.array_equal(rows, np.unique(zone[in_time]))
    for row, chances, quantile_s in zip(rows, chance, quantiles_s, strict=True):
        mine = zone == row
        expected = [weight[mine & (t_s <= h)].sum() for h in HORIZONS_S]
        assert np.allclose(chances, expected, atol=1e-12)
        assert (np.diff(chances) >= 0.0).all()
        assert (np.diff(quantile_s) >= 0.0).all()
        order = np.argsort(t_s[mine & in_time])
        times = t_s[mine & in_time][order]
        share = np.cumsum(weight[mine & in_time][order])
        span = np.log((times[-1] + 10.0) / (times[0] + 10.0)) / 128
        for q, found_s in zip(QUANTILES, quantile_s, strict=True):
            at = np.searchsorted(share, q * share[-1] * (1.0 - 1e-9))
            width_s = span * (times[at] + 10.0) + 1e-6  # the answer lies in the exact one's bin
            assert abs(found_s - times[at]) <= 1.05 * width_s


def test_leaves_out_what_is_too_unlikely() -> None:
    zone = np.array([0, 1, 2], dtype=np.int32)
    t_s, weight = np.array([10.0, 20.0, 1_800.1]), np.array([0.5, 0.01, 0.4])
    assert tally(zone, t_s, weight, 3, 0.0)[0].tolist() == [0, 1]
    assert tally(zone, t_s, weight, 3, 0.02)[0].tolist() == [0]
    assert len(gather([])) == 0
    assert tally(zone[:0], t_s[:0], weight[:0], 3, 0.0)[1].shape == (0, len(HORIZONS_S))
