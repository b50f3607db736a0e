"""Risk, arrival times and reasons against plain arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decide.stories import START_NS, Flight, arrivals, country
from tocsin.decide import POLICIES
from tocsin.decide.outlook import Outlook, arrival_times, reasons
from tocsin.decide.policy import WARNED_BY_CHANCE
from tocsin.instant import ns
from tocsin.words import HORIZONS_S, THREATS

POLICY = POLICIES["default"]


def nothing_ignored(rows: int) -> np.ndarray:
    return np.zeros(rows, dtype=bool)


@st.composite
def many_flights(draw: st.DrawFn) -> list[Flight]:
    pairs = draw(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2)), unique=True, max_size=9))
    return [
        Flight(
            zone=zone,
            track=track,
            threat=THREATS[track % 3],
            chance=draw(st.floats(0.0, 1.0)),
            arrives_s=draw(st.floats(1.0, 2500.0)),
        )
        for track, zone in pairs
    ]


@given(flights=many_flights(), shelter_s=st.sampled_from([0.0, 15.0, 90.0, float("nan")]))
@settings(max_examples=60, deadline=None)
def test_risk_is_one_minus_the_product_of_what_each_track_spares(
    flights: list[Flight], shelter_s: float
) -> None:
    zones = country(shelter_s=shelter_s)
    rows = arrivals(0.0, flights)
    risk = Outlook(POLICY, zones).risk(rows, nothing_ignored(len(rows)))
    keys = sorted({z * 3 + int(t) for z, t in zip(rows.zone.tolist(), rows.threat, strict=True)})
    assert risk.key.tolist() == keys
    known_s = 90.0 if np.isnan(shelter_s) else shelter_s
    for place, key in enumerate(keys):
        for column, stage in enumerate(WARNED_BY_CHANCE):
            row = POLICY.row(THREATS[key % 3], stage)
            ahead_s = row.ahead_s + (known_s if row.add_shelter else 0.0)
            for got, within_s in (
                (risk.on[column, place], ahead_s),
                (risk.off[column, place], ahead_s + row.off_ahead_s),
            ):
                spared = 1.0
                for i in range(len(rows)):
                    if rows.zone[i] * 3 + rows.threat[i] == key:
                        knots = np.array([0.0, *rows.chance[i]])
                        spared *= 1.0 - np.interp(within_s, [0, *HORIZONS_S], knots)
                assert got == pytest.approx(1.0 - spared, abs=1e-9)


def test_ignored_rows_count_for_nothing() -> None:
    rows = arrivals(0.0, [Flight(zone=0, arrives_s=60, track=1), Flight(0, 60, track=2)])
    outlook = Outlook(POLICY, country())
    half = outlook.risk(rows, np.array([True, False]))
    assert half.on[2, 0] == pytest.approx(0.3)
    assert len(outlook.risk(rows, np.array([True, True])).key) == 0


def test_nan_is_our_own_mistake() -> None:
    rows = arrivals(0.0, [Flight(zone=0, arrives_s=60)])
    rows = replace(rows, chance=np.full((1, 8), np.nan))
    with pytest.raises(AssertionError, match="NaN"):
        Outlook(POLICY, country()).risk(rows, nothing_ignored(1))


def test_arrival_is_the_earliest_of_the_tracks_that_matter() -> None:
    """The ghost comes first but has a hundredth of the chance; the late one comes after."""
    rows = arrivals(
        0.0,
        [
            Flight(zone=0, arrives_s=40, chance=0.001, track=1),
            Flight(zone=0, arrives_s=100, chance=0.2, track=2),
            Flight(zone=0, arrives_s=120, chance=0.1, track=3),
            Flight(zone=0, arrives_s=1000, chance=0.9, track=4),
        ],
    )
    risk = Outlook(POLICY, country()).risk(rows, nothing_ignored(4))
    likely, late, early = arrival_times(risk, rows, np.array([2]))
    assert likely[0] == START_NS + ns(100)
    assert late[0] == START_NS + ns(144)
    assert early[0] == rows.t_ns_early[1]
    _, late, _ = arrival_times(risk, rows, np.array([0]))
    assert late[0] == START_NS + ns(1200)


def test_arrival_is_unknown_when_no_track_says() -> None:
    rows = arrivals(0.0, [Flight(zone=0, arrives_s=60)])
    none = np.array([0])
    rows = replace(rows, t_ns_likely=none, t_ns_late=none, t_ns_early=none)
    risk = Outlook(POLICY, country()).risk(rows, nothing_ignored(1))
    assert [int(times[0]) for times in arrival_times(risk, rows, np.array([2]))] == [0, 0, 0]


def test_reasons_are_the_four_strongest_and_ties_go_by_track() -> None:
    flights = [Flight(0, 60, chance=0.2, track=track) for track in (5, 3, 9, 7)]
    flights += [Flight(0, 60, chance=0.4, track=8), Flight(0, 60, chance=0.0, track=1)]
    rows = arrivals(0.0, flights)
    risk = Outlook(POLICY, country()).risk(rows, nothing_ignored(6))
    found = reasons(risk, rows, 0, 2, "drone.take_cover")
    assert [reason.track for reason in found] == [8, 3, 5, 7]
    assert [reason.evidence for reason in found] == [(8000,), (3000,), (5000,), (7000,)]
    assert found[0].chance == pytest.approx(0.4)
    assert found[0].t_ns_early < found[0].t_ns_likely < found[0].t_ns_late
    assert reasons(risk, rows, 1, 2, "drone.take_cover") == ()
