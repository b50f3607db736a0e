"""Late and disordered reports, up to 15 s: as if they had come in order."""

import pickle
import tracemalloc

import numpy as np
import pytest

from tests.track.scene import (
    Arrival,
    S,
    arriving,
    bytes_of,
    flights,
    play,
    rotating,
    watching,
)
from tests.track.sky import T0, Radar, concatenate, fixes, place, straight, subset, watch
from tocsin.track import Picture
from tocsin.words import Fixes, FloatArray, Tracks

IDS = ("id", "changed")
"""Ids are serials of arrival; `changed` speaks of the last batch alone."""


def same_but_ids(one: Tracks, two: Tracks) -> None:
    """Bit for bit, the tracks in order of birth and place instead of id."""
    assert len(one) == len(two)
    orders = [np.lexsort((t.position_m[:, 0], t.t_ns_born)) for t in (one, two)]
    for name in Tracks.__slots__:
        if name not in IDS:
            mine, other = getattr(one, name)[orders[0]], getattr(two, name)[orders[1]]
            np.testing.assert_array_equal(mine, other, err_msg=name)


def raid(seed: int, radars: list[Radar], count: int = 8, seconds: float = 48.0,
         false_per_scan: float = 8.0) -> list[Fixes]:  # fmt: skip
    """Batches of 20 ms of rotating radars."""
    rng = np.random.default_rng(seed)
    paths = flights(count, rng, 25_000.0)
    return [
        batch
        for k, radar in enumerate(radars)
        for batch in rotating(radar, paths, seconds, rng, false_per_scan, sensor=k)
    ]


ONE = [Radar((0.0, -60_000.0, 300.0), 4.0)]
THREE = [
    Radar((-50_000.0, 0.0, 300.0), 4.0),
    Radar((50_000.0, 10_000.0, 300.0), 5.0, sigma=(80.0, 0.15, 200.0)),
    Radar((0.0, 60_000.0, 400.0), 10.0, three_d=False),
]


def orders(batches: list[Fixes], seed: int) -> dict[str, list[Arrival]]:
    """Ways in which the same batches come: in time, shuffled, by radar, one far behind.

    Those of the last fifteen seconds come in time, so that all is there at the end.
    """
    rng = np.random.default_rng(seed)
    sensor = np.array([int(batch.sensor[0]) for batch in batches])
    delays = {
        "in time": np.zeros(len(batches)),
        "a little": rng.uniform(0.0, 0.3, len(batches)),
        "much": rng.uniform(0.0, 14.0, len(batches)),
        "some": np.where(rng.random(len(batches)) < 0.1, 13.0, 0.1),
        "by radar": np.array([0.1, 2.5, 9.0])[sensor],
    }
    return {way: arriving(batches, early(batches, delay)) for way, delay in delays.items()}


def early(batches: list[Fixes], delay_s: FloatArray) -> FloatArray:
    """The same delays, none for batches of the last fifteen seconds."""
    t_ns = np.array([batch.t_ns.max() if len(batch) else 0 for batch in batches])
    return np.where(t_ns < t_ns.max() - 15 * S, delay_s, 0.0)


WAYS = ["a little", "much", "some", "by radar"]


@pytest.mark.parametrize(
    ("radars", "way"),
    [
        *[(ONE, way) for way in WAYS],
        (THREE, "a little"),
        *[(THREE, way) for way in WAYS[1:]],
    ],
)
def test_any_order_of_arrival_gives_the_tracks_of_the_order_of_events(
    radars: list[Radar], way: str
) -> None:
    batches = raid(1, radars)
    end_ns = T0 + 50 * S
    ways = orders(batches, 5)
    told = play(ways["in time"], radars, end_ns)
    late = play(ways[way], radars, end_ns)
    assert late.late == told.late == 0
    assert late.repeated == 0
    assert told.tracks().confirmed.sum() >= 6
    same_but_ids(told.tracks(), late.tracks())


@pytest.mark.parametrize("seed", range(5))
def test_a_batch_backwards(seed: int) -> None:
    """Fifteen seconds of one radar's whole scans come last first."""
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=1.0)
    batches = watch(radar, flights(10, rng, 20_000.0), 40.0, rng, false_per_scan=20.0)
    first = arriving(batches[:26], 0.0)
    told = play(first + arriving(batches[26:], 0.0), [radar], T0 + 40 * S)
    now_ns = T0 + 39 * S
    back = [Arrival(now_ns, batch) for batch in reversed(batches[26:])]
    late = play(first + back, [radar], T0 + 40 * S)
    assert late.late == 0
    same_but_ids(told.tracks(), late.tracks())


@pytest.mark.parametrize("seed", range(3))
def test_system_tracks_too_may_come_late(seed: int) -> None:
    rng = np.random.default_rng(seed)
    radars = [Radar((0.0, -60_000.0, 300.0), 2.0), Radar((20_000.0, -60_000.0, 300.0), 4.0)]
    paths = flights(5, rng, 20_000.0)
    plots = watch(radars[0], paths, 40.0, rng, false_per_scan=3.0)
    theirs = []
    for number, path in enumerate(paths):
        theirs += watch(Radar((20_000.0, -60_000.0, 300.0), 4.0, chance=1.0), [path], 40.0, rng,
                        sensor=1, system_track=True, track_number=number,
                        velocity_mps=(path(1.0) - path(0.0)).reshape(1, 3))  # fmt: skip
    both = plots + [concatenate(theirs[k::10]) for k in range(10)]
    delay_s = early(both, rng.uniform(0.0, 12.0, len(both)))
    told = play(arriving(both, 0.0), radars, T0 + 40 * S)
    late = play(arriving(both, delay_s), radars, T0 + 40 * S)
    assert told.tracks().confirmed.sum() == 5
    same_but_ids(told.tracks(), late.tracks())


def test_what_is_older_than_fifteen_seconds_is_counted_and_changes_nothing() -> None:
    batches = raid(2, ONE)
    told = play(arriving(batches, 0.0), ONE, T0 + 49 * S)
    other = pickle.loads(pickle.dumps(told))
    now_ns = T0 + 50 * S
    old = concatenate(raid(3, ONE)[:40])
    old = subset(old, np.flatnonzero(old.t_ns < now_ns - 15 * S))
    told.update(now_ns, subset(old, slice(0, 0)), watching(ONE, now_ns))
    other.update(now_ns, old, watching(ONE, now_ns))
    assert other.late == len(old) > 30
    assert bytes_of(told.tracks()) == bytes_of(other.tracks())


def test_fifteen_seconds_to_the_nanosecond() -> None:
    now_ns = T0 + 100 * S
    at, noise = place((10_000.0, 0.0, 3000.0)), np.eye(3) * 1e4
    for age_ns, late in ((15 * S, 0), (15 * S + 1, 1)):
        slow = [Radar(scan_s=12.0)]  # so that what is late is not too old to be a seed
        picture = play([], slow, now_ns)
        picture.update(now_ns, fixes(now_ns - age_ns, at, noise), watching(slow, now_ns))
        assert picture.late == late
        assert picture.seeds == 1 - late


def test_one_old_report_in_a_batch_does_not_spoil_the_others() -> None:
    batches = raid(2, ONE)
    arrivals = arriving(batches, 0.0)
    told = play(arrivals, ONE, T0 + 49 * S)
    old = fixes(arrivals[-1].t_ns - 16 * S, place((1e4, 0.0, 3000.0)), np.eye(3) * 1e4)
    spoilt = Arrival(arrivals[-1].t_ns, concatenate([old, arrivals[-1].batch]))
    other = play([*arrivals[:-1], spoilt], ONE, T0 + 49 * S)
    assert other.late == 1
    same_but_ids(told.tracks(), other.tracks())


# ---- duplicates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("radars", "delay_s"),
    [
        *[(ONE, delay_s) for delay_s in (0.0, 0.05, 1.0, 9.0)],
        *[(THREE, delay_s) for delay_s in (0.0, 1.0)],
        *[(THREE, delay_s) for delay_s in (0.05, 9.0)],
    ],
)
def test_a_repeated_batch_changes_nothing_and_is_counted(
    radars: list[Radar], delay_s: float
) -> None:
    batches = raid(4, radars)
    n = len(batches)
    end_ns = T0 + 50 * S
    told = play(arriving(batches, 0.1), radars, end_ns)
    twice = arriving(batches, 0.1) + arriving(batches, 0.1 + early(batches, np.full(n, delay_s)))
    other = play(sorted(twice, key=lambda one: one.t_ns), radars, end_ns)
    assert other.repeated == sum(map(len, batches))
    same_but_ids(told.tracks(), other.tracks())


@pytest.mark.parametrize("cut", ["one by one", "half", "joined"])
def test_repeated_reports_in_other_batches_change_nothing(cut: str) -> None:
    """Two networks cut the same radar's plots differently."""
    rng = np.random.default_rng(6)
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=2.0)
    batches = watch(radar, flights(6, rng, 20_000.0), 30.0, rng, false_per_scan=5.0)
    told = play(arriving(batches, 0.0), [radar], T0 + 31 * S)
    again: list[Fixes] = []
    for k, batch in enumerate(batches):
        rows = np.arange(len(batch))
        if cut == "one by one":
            again += [subset(batch, rows[j : j + 1]) for j in rows]
        elif cut == "half":
            again.append(subset(batch, rows[::2]))
        elif k % 2:
            again.append(concatenate([batches[k - 1], batch]))
    twice = arriving(batches, 0.0) + arriving(again, 0.4)
    other = play(sorted(twice, key=lambda one: one.t_ns), [radar], T0 + 31 * S)
    assert other.repeated == sum(map(len, again))
    same_but_ids(told.tracks(), other.tracks())


def test_a_report_twice_in_one_batch_counts_once() -> None:
    rng = np.random.default_rng(7)
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=2.0, chance=1.0)
    batches = watch(radar, flights(3, rng, 20_000.0), 30.0, rng)
    told = play(arriving(batches, 0.0), [radar], T0 + 31 * S)
    double = [concatenate([batch, batch]) for batch in batches]
    other = play(arriving(double, 0.0), [radar], T0 + 31 * S)
    assert other.repeated == sum(map(len, batches))
    same_but_ids(told.tracks(), other.tracks())


def test_two_sensors_may_say_the_same() -> None:
    """The same place at the same time from another radar is news, not a repetition."""
    radars = [Radar((0.0, -60_000.0, 300.0), 4.0), Radar((1.0, -60_000.0, 300.0), 4.0)]
    picture = play([], radars, T0)
    for k in range(8):
        now_ns = T0 + k * 4 * S
        at = straight((0.0, 0.0, 5000.0), (100.0, 0.0, 0.0))(4.0 * k)
        for sensor in (0, 1):
            one = fixes(now_ns, at, np.eye(3) * 2500.0, sensor=sensor)
            picture.update(now_ns, one, watching(radars, now_ns))
    assert picture.repeated == 0
    assert picture.tracks().confirmed.sum() == 1
    assert picture.tracks().hits[picture.tracks().confirmed][0] >= 14


# ---- pickling, memory --------------------------------------------------------------------------


def test_a_pickle_in_mid_stream_goes_on_the_same() -> None:
    batches = raid(8, THREE)
    rng = np.random.default_rng(8)
    arrivals = arriving(batches, rng.uniform(0.0, 10.0, len(batches)))
    whole = play(arrivals, THREE, T0 + 60 * S)
    half = Picture()
    half.update(T0 - S, subset(batches[0], slice(0, 0)), watching(THREE, T0 - S))
    for k, one in enumerate(arrivals):
        if k % (len(arrivals) // 4) == 5:
            half = pickle.loads(pickle.dumps(half))
        half.update(one.t_ns, one.batch, watching(THREE, one.t_ns))
    end_ns = T0 + 60 * S
    half.update(end_ns, subset(batches[0], slice(0, 0)), watching(THREE, end_ns))
    assert bytes_of(whole.tracks()) == bytes_of(half.tracks())
    counts = ("late", "ended", "repeated", "replayed", "evicted")
    assert [getattr(whole, n) for n in counts] == [getattr(half, n) for n in counts]


def test_an_hour_leaves_no_more_behind_than_a_minute() -> None:
    """Ring, log and everything else, by what a pickle holds and what Python has allocated."""
    rng = np.random.default_rng(9)
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=4.0)
    path = straight((-30_000.0, 0.0, 3000.0), (15.0, 0.0, 0.0))
    batches = watch(radar, [path], 3600.0, rng, false_per_scan=3.0)
    picture, size, held = Picture(), [], []
    tracemalloc.start()
    try:
        for k, one in enumerate(arriving(batches, rng.uniform(0.0, 5.0, len(batches)))):
            picture.update(one.t_ns, one.batch, watching([radar], one.t_ns))
            if k % 50 == 49:
                size.append(len(pickle.dumps(picture)))
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(size) >= 16
    assert max(size[8:]) < 1.2 * max(size[:4])
    assert max(held[8:]) < 1.2 * max(held[:4])
    assert picture.tracks().confirmed.sum() == 1


def test_a_clock_that_runs_ahead_is_not_paid_for_by_the_others() -> None:
    """One radar's clock is an hour fast: what it says waits, and the log does not grow with it."""
    rng = np.random.default_rng(10)
    radars = [Radar((0.0, -60_000.0, 300.0), 2.0), Radar((30_000.0, -60_000.0, 300.0), 2.0)]
    path = straight((0.0, 0.0, 3000.0), (60.0, 0.0, 0.0))
    good = watch(radars[0], [path], 120.0, rng)
    fast = watch(radars[1], [path], 120.0, rng, sensor=1)
    picture, replayed = Picture(), []
    for one, two in zip(good, fast, strict=True):
        if not len(one) or not len(two):
            continue
        now_ns = int(one.t_ns[0])
        ahead = fixes(two.t_ns + 3600 * S, two.position_m, two.covariance_m2, sensor=1)
        picture.update(now_ns, ahead, watching(radars, now_ns))
        picture.update(now_ns, one, watching(radars, now_ns))
        replayed.append(picture.replayed)
    shown = picture.tracks()
    assert picture.refused > 40
    assert shown.confirmed.sum() == 1
    assert (shown.t_ns_seen <= now_ns).all()
    steps = np.diff(replayed)
    assert steps[-10:].mean() < 3.0 * max(steps[5:15].mean(), 10.0)
