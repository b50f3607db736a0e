"""Turns against a plain reading of the rule, and that nobody is left out for ever."""

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares, moving
from tocsin.predict import Forecast
from tocsin.predict.arrival import _merged
from tocsin.predict.turns import WORK, WORK_MAX, taken
from tocsin.words import HORIZONS_S, THREATS, Arrivals, IntArray, Tracks

ZONES = Squares(48.5, 30.0, 25, 25, 4_000.0)
S = 1_000_000_000
FALLS = THREATS.index("ballistic")


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(0, 300))
def test_the_most_pressing_up_to_the_bound(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    due, asked = random.random(n) < 0.7, random.random((n, len(THREATS))) < 0.4
    made_ns, number = random.integers(-3, 3, n), random.permutation(n)
    expected, work = [], 0.0
    for i in sorted(range(n), key=lambda i: (not asked[i, FALLS], made_ns[i], number[i])):
        if not due[i]:
            continue
        work += float(WORK[asked[i]].sum())
        if expected and work > WORK_MAX:
            break
        expected.append(i)
    now = taken(due, asked, made_ns, number)
    assert sorted(expected) == np.flatnonzero(now).tolist()


def crowd(n: int, t_s: float) -> Tracks:
    """Drones abreast, of which every third changed."""
    lat_deg, lon_deg = ZONES.at(8.0, 12.5)
    return moving(
        np.full(n, lat_deg), lon_deg + np.linspace(-0.1, 0.1, n), 400.0, np.array([0.0, 50.0, 0.0]),
        t_ns=round(t_s * S), changed=np.arange(n) % 3 == 0,
    )  # fmt: skip


def test_everybody_has_a_turn_within_a_second_or_soon_after() -> None:
    """300 drones and ten batches a second: nobody's forecast is older than 1.5 s once begun, and no
    batch makes more than its share."""
    forecast = Forecast(ZONES)
    most = int(WORK_MAX / WORK[0])
    for k in range(40):
        now_ns = k * S // 10
        found = forecast.arrivals(now_ns, crowd(300, k / 10))
        assert len(np.unique(found.track[found.t_ns == now_ns])) <= most
        if k >= 15:
            assert len(np.unique(found.track)) == 300
            assert now_ns - found.t_ns.min() <= 1.5 * S


def test_a_fall_does_not_wait_for_the_drones() -> None:
    forecast = Forecast(ZONES)
    drones = crowd(200, 0.0)
    rocket = moving(
        *ZONES.at(5.5, 5.5), 30e3, np.array([250.0, 350.0, -200.0]), kind="ballistic",
        id=np.array([500]),
    )  # fmt: skip
    both = Tracks(
        **{
            name: np.concatenate([getattr(drones, name), getattr(rocket, name)])
            for name in Tracks.__dataclass_fields__
        }
    )
    found = forecast.arrivals(0, both)
    assert 500 in found.track
    assert 0 < forecast.waiting < 200


def test_slices_make_the_same_rows_as_one_call_for_each() -> None:
    forecast, tracks = Forecast(ZONES), crowd(150, 0.0)
    found = forecast.arrivals(0, tracks)
    while forecast.waiting:
        found = forecast.arrivals(0, tracks)
    for at in (0, 77, 149):
        alone = Forecast(ZONES).arrivals(
            0, Tracks(**{k: getattr(tracks, k)[at : at + 1] for k in Tracks.__dataclass_fields__})
        )
        rows = found.track == tracks.id[at]
        assert np.array_equal(found.zone[rows], alone.zone)
        assert np.array_equal(found.chance[rows], alone.chance)
        assert np.array_equal(found.t_ns_likely[rows], alone.t_ns_likely)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_rows_are_merged_as_by_sorting_them_all(seed: int) -> None:
    """Some tracks anew, some kept, some of them with rows on both sides, as debris has."""
    random = np.random.default_rng(seed)
    kept = _rows(random, 30, 0)
    keep = random.random(len(kept)) < random.choice([0.0, 0.5, 1.0])
    if random.random() < 0.7:  # whole tracks, as a forecast leaves them
        keep = ~np.isin(kept.track, random.integers(0, 12, 5))
    fresh = [_rows(random, n, threat) for threat, n in ((1, 20), (2, 0), (2, 9))]
    if random.random() < 0.5:
        fresh = []
    tables = [_picked(kept, np.flatnonzero(keep)), *fresh]
    whole = {f.name: np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(Arrivals)}
    order = np.lexsort((whole["threat"], whole["zone"], whole["track"]))
    runs = np.flatnonzero(np.diff(keep, prepend=False, append=False)).reshape(-1, 2)
    found = _merged(kept, [(first, last) for first, last in runs.tolist()], fresh)
    for name, column in whole.items():
        assert np.array_equal(getattr(found, name), column[order]), name


def _rows(random: np.random.Generator, n: int, threat: int) -> Arrivals:
    """Rows of up to twelve tracks and five zones as one threat, in order."""
    cell = np.sort(random.choice(60, n, replace=False))
    return Arrivals(
        track=cell // 5,
        zone=(cell % 5).astype(np.int32),
        threat=np.full(n, threat, dtype=np.int8),
        chance=random.random((n, len(HORIZONS_S))),
        t_ns=random.integers(0, 9, n),
        t_ns_early=random.integers(0, 9, n),
        t_ns_likely=random.integers(0, 9, n),
        t_ns_late=random.integers(0, 9, n),
        evidence=random.integers(0, 9, (n, 8)),
    )


def _picked(some: Arrivals, rows: IntArray) -> Arrivals:
    return Arrivals(**{f.name: getattr(some, f.name)[rows] for f in fields(Arrivals)})
