"""Looks that come in parts: any pieces in any order give the picture of the order of events."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scene import Arrival, S, bytes_of, flights, play, rotating, watching
from tests.track.sky import NOTHING, T0, Radar, concatenate, subset, watch
from tests.track.test_rollback import ONE, THREE, same_but_ids
from tocsin.track import Picture
from tocsin.words import Fixes, Sensors, Tracks

END_S = 32.0
SCANNING = [
    Radar((0.0, -60_000.0, 300.0), 1.0),
    Radar((20_000.0, -60_000.0, 300.0), 2.0, sigma=(80.0, 0.15, 200.0)),
]
"""Radars that show all they see at one instant."""


def scans(seed: int, radars: list[Radar]) -> list[Fixes]:
    rng = np.random.default_rng(seed)
    paths = flights(6, rng, 20_000.0)
    return [
        batch
        for k, radar in enumerate(radars)
        for batch in watch(radar, paths, END_S, rng, false_per_scan=8.0, sensor=k)
        if len(batch)
    ]


def turns(seed: int, radars: list[Radar]) -> list[Fixes]:
    rng = np.random.default_rng(seed)
    paths = flights(6, rng, 25_000.0)
    return [
        batch
        for k, radar in enumerate(radars)
        for batch in rotating(radar, paths, END_S, rng, 6.0, sensor=k)
    ]


def in_order(batches: list[Fixes]) -> list[Arrival]:
    """Each batch when its last report was made."""
    whole = [Arrival(int(batch.t_ns.max()), batch) for batch in batches]
    return sorted(whole, key=lambda one: (one.t_ns, int(one.batch.sensor[0])))


def in_pieces(batches: list[Fixes], rng: np.random.Generator, most_s: float) -> list[Arrival]:
    """Every report late by a time of its own, up to `most_s`; those that meet come together.

    The order within each piece is anybody's; reports of the last fifteen seconds come at the end at
    the latest.
    """
    whole = concatenate(batches)
    step_ns = S // 4
    at_ns = whole.t_ns + np.round(rng.uniform(0.0, most_s * S, len(whole))).astype(np.int64)
    at_ns = np.minimum(-(-at_ns // step_ns) * step_ns, T0 + round(END_S * S))
    at_ns = np.maximum(at_ns, whole.t_ns)
    return [
        Arrival(int(now_ns), subset(whole, rng.permutation(np.flatnonzero(at_ns == now_ns))))
        for now_ns in np.unique(at_ns)
    ]


def ended(arrivals: list[Arrival], radars: list[Radar]) -> Picture:
    return play(arrivals, radars, T0 + round((END_S + 1.0) * S))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most_s", [0.5, 14.0])
@pytest.mark.parametrize(
    ("radars", "seen"),
    [(SCANNING, scans), (ONE, turns), (THREE, turns)],
    ids=["scans", "one turning", "three turning"],
)
def test_reports_one_by_one_in_any_order(
    radars: list[Radar], seen: object, most_s: float, seed: int
) -> None:
    assert callable(seen)
    batches = seen(seed, radars)
    told = ended(in_order(batches), radars)
    late = ended(in_pieces(batches, np.random.default_rng(seed), most_s), radars)
    assert late.late == told.late == late.repeated == told.repeated == 0
    assert told.tracks().confirmed.sum() >= 4
    same_but_ids(told.tracks(), late.tracks())


@settings(max_examples=15, deadline=None)
@given(
    order=st.permutations(range(12)),
    cuts=st.lists(st.integers(0, 3), min_size=30, max_size=30),
    wait_s=st.integers(0, 12),
)
def test_a_scan_in_any_pieces(order: list[int], cuts: list[int], wait_s: int) -> None:
    """Three scans in four pieces each, in any order, up to twelve seconds late."""
    radar = [SCANNING[0]]
    batches = scans(4, radar)
    cut = [
        subset(batches[10 + k], np.resize(cuts, len(batches[10 + k])) == part)
        for k in range(3) for part in range(4)
    ]  # fmt: skip
    now_ns = T0 + (12 + wait_s) * S
    before, since = in_order(batches[:10]), in_order(batches[10:13])
    ticks = [Arrival(T0 + k * S + S // 2, NOTHING) for k in range(9, 12 + wait_s)]
    told = play(before + sorted(since + ticks, key=lambda one: one.t_ns), radar, now_ns)
    pieces = [Arrival(now_ns, cut[k]) for k in order if len(cut[k])]
    late = play(before + ticks + pieces, radar, now_ns)
    same_but_ids(told.tracks(), late.tracks())


def test_in_time_but_in_parts_costs_one_look_at_a_time() -> None:
    """Of a scan in pieces, one after the other, those before are folded again, and no more."""
    batches = scans(0, SCANNING[:1])
    pieces = [
        Arrival(int(batch.t_ns.max()), subset(batch, np.arange(len(batch)) % 3 == part))
        for batch in batches for part in range(3)
    ]  # fmt: skip
    told = ended(in_order(batches), SCANNING[:1])
    cut = ended([one for one in pieces if len(one.batch)], SCANNING[:1])
    same_but_ids(told.tracks(), cut.tracks())
    assert cut.replayed < 2 * 16 + len(pieces) // 10


@pytest.mark.parametrize("seed", range(2))
def test_tracks_of_another_system_one_by_one_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    paths = flights(4, rng, 20_000.0)
    batches = watch(SCANNING[0], paths, END_S, rng, false_per_scan=4.0)
    for number, path in enumerate(paths):
        batches += watch(
            Radar((20_000.0, -60_000.0, 300.0), 4.0, chance=1.0), [path], END_S, rng, sensor=1,
            system_track=True, track_number=number,
            velocity_mps=(path(1.0) - path(0.0)).reshape(1, 3),
        )  # fmt: skip
    batches = [batch for batch in batches if len(batch)]
    told = ended(in_order(batches), SCANNING)
    late = ended(in_pieces(batches, rng, 14.0), SCANNING)
    assert told.tracks().confirmed.sum() == 4
    assert late.late == told.late == late.repeated == told.repeated == 0
    same_but_ids(told.tracks(), late.tracks())


# ---- when sensors were heard -------------------------------------------------------------------


def heard(arrivals: list[Arrival], radars: list[Radar]) -> Picture:
    """Every sensor was heard when a report of its own was received, and never else."""
    picture, told_ns = Picture(), np.zeros(len(radars), dtype=np.int64)

    def sensors(now_ns: int) -> Sensors:
        return dataclasses.replace(watching(radars, now_ns), t_ns_heard=told_ns.copy())

    picture.update(T0 - S, NOTHING, sensors(T0 - S))
    for one in arrivals:
        told_ns[one.batch.sensor] = one.t_ns
        picture.update(one.t_ns, one.batch, sensors(one.t_ns))
    end_ns = T0 + round((END_S + 1.0) * S)
    picture.update(end_ns, NOTHING, sensors(end_ns))
    return picture


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", ["by radar", "one by one"])
def test_when_each_radar_was_received_is_no_evidence(way: str, seed: int) -> None:
    batches = turns(seed, THREE)
    told = heard(in_order(batches), THREE)
    delay_ns = np.array([S // 10, 5 * S // 2, 9 * S])
    late = in_pieces(batches, np.random.default_rng(seed), 14.0)
    if way == "by radar":
        end_ns = T0 + round(END_S * S)
        late = [
            Arrival(max(min(one.t_ns + int(delay_ns[one.batch.sensor[0]]), end_ns), one.t_ns),
                    one.batch)
            for one in in_order(batches)
        ]  # fmt: skip
        late.sort(key=lambda one: one.t_ns)
    same_but_ids(told.tracks(), heard(late, THREE).tracks())


def test_a_radar_that_is_learnt_by_a_late_report() -> None:
    """The table of sensors grows when it is first heard; what it saw belongs to before."""
    batches = turns(1, THREE)
    end_ns = T0 + round((END_S + 1.0) * S)

    def run(delay_s: int) -> Tracks:
        picture, known = Picture(), 2
        picture.update(T0 - S, NOTHING, watching(THREE[:2], T0 - S))
        sent = [
            Arrival(one.t_ns + delay_s * S * int(one.batch.sensor[0] == 2), one.batch)
            for one in in_order(batches) if one.t_ns >= T0 + 6 * S or one.batch.sensor[0] < 2
        ]  # fmt: skip
        for one in sorted(sent, key=lambda one: one.t_ns):
            known = max(known, int(one.batch.sensor[0]) + 1)
            if one.t_ns <= end_ns:
                picture.update(one.t_ns, one.batch, watching(THREE[:known], one.t_ns))
        for one in sent:
            if one.t_ns > end_ns:
                picture.update(end_ns, one.batch, watching(THREE[:known], end_ns))
        picture.update(end_ns, NOTHING, watching(THREE[:known], end_ns))
        return picture.tracks()

    same_but_ids(run(0), run(9))


# ---- repetitions -------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", ["whole", "one by one", "with the next"])
@pytest.mark.parametrize("later_s", [0.0, 0.5, 9.0])
def test_a_repetition_leaves_every_byte_as_it_was(cut: str, later_s: float) -> None:
    """The ids too: what was there already uses no serial up."""
    batches = scans(2, SCANNING)
    rng = np.random.default_rng(2)
    first = in_order(batches)
    told = ended(first, SCANNING)
    twice: list[Arrival] = []
    joined = cut == "with the next"
    for k, one in enumerate(first):
        again_ns = min(one.t_ns + round(later_s * S), T0 + round(END_S * S))
        twice.append(one)
        if joined and k and one.t_ns - first[k - 1].t_ns <= 15 * S:
            mixed = concatenate([first[k - 1].batch, one.batch])
            twice[-1] = Arrival(one.t_ns, subset(mixed, rng.permutation(len(mixed))))
        elif cut == "whole":
            twice.append(Arrival(again_ns, one.batch))
        elif not joined:
            rows = rng.permutation(len(one.batch))
            twice += [
                Arrival(again_ns, subset(one.batch, rows[j : j + 1])) for j in range(len(rows))
            ]
    other = ended(sorted(twice, key=lambda one: one.t_ns), SCANNING)
    assert other.repeated == sum(len(one.batch) for one in twice) - sum(map(len, batches)) > 100
    assert bytes_of(told.tracks()) == bytes_of(other.tracks())
    assert (told.waiting() == other.waiting()).all()


def test_a_repetition_folds_nothing_again() -> None:
    batches = in_order(scans(3, SCANNING))
    picture = ended(batches, SCANNING)
    before = picture.replayed
    recent = concatenate([one.batch for one in batches[-12:]])
    now_ns = T0 + round((END_S + 1.0) * S)
    picture.update(now_ns, recent, watching(SCANNING, now_ns))
    assert picture.repeated == len(recent) > 0
    assert picture.replayed == before


# ---- what is counted ---------------------------------------------------------------------------


def test_counts_only_grow() -> None:
    """A full table, and reports that set the sky back to before tracks gave way."""
    rng = np.random.default_rng(5)
    batches = watch(SCANNING[0], flights(60, rng, 20_000.0), END_S, rng, false_per_scan=60.0)
    picture = Picture(tracks_max=50)
    last = picture.totals()
    for one in in_pieces(batches, rng, 14.0):
        picture.update(one.t_ns, one.batch, watching(SCANNING[:1], one.t_ns))
        counts = picture.totals()
        assert all(counts[name] >= before for name, before in last.items())
        last = counts
    assert picture.evicted > 10
    assert picture.replayed > 100


def test_in_pieces_through_a_pickle() -> None:
    batches = turns(2, THREE)
    arrivals = in_pieces(batches, np.random.default_rng(6), 14.0)
    whole = ended(arrivals, THREE)
    half = Picture()
    half.update(T0 - S, NOTHING, watching(THREE, T0 - S))
    for k, one in enumerate(arrivals):
        if k % 9 == 5:
            half = pickle.loads(pickle.dumps(half))
        half.update(one.t_ns, one.batch, watching(THREE, one.t_ns))
    end_ns = T0 + round((END_S + 1.0) * S)
    half.update(end_ns, NOTHING, watching(THREE, end_ns))
    assert bytes_of(whole.tracks()) == bytes_of(half.tracks())
    assert whole.replayed == half.replayed


def test_time_may_begin_at_zero() -> None:
    """Simulated and recorded time may: the first second is no reason for the same beat twice."""
    picture = Picture()
    for t_ns in (0, S // 10, S // 5, S, S + 1):
        picture.update(t_ns, NOTHING, watching(THREE, t_ns))
    assert len(picture.tracks().id) == 0
