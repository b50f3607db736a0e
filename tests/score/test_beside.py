"""Ours beside theirs: sums by hand, and second by second against the arithmetic of spans."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.score.stories import PEOPLE, SECONDS, ZONES, alert, at, impact, story
from tocsin.score.authority import Alarm, Authority, Issued, placed
from tocsin.score.beside import Beside, Setting, beside
from tocsin.score.told import ASSUMED, OPEN, SAID, Place, Record, Told
from tocsin.sim.truth import Impact
from tocsin.words import Alert

IDS = ZONES.ids


def setting(seconds: float = SECONDS) -> Setting:
    return Setting(
        site="here", realm="exercise", policy="default", aims="people", source="x.csv",
        source_sha256="", t_ns=at(0), t_ns_end=at(seconds), silent_s=0.0,
    )  # fmt: skip


def told(
    zone: str, begin_s: float, end_s: float, threat: str = "", end: str = SAID
) -> Told:  # fmt: skip
    place = Place(codes=(("", zone),), said=zone)
    return Told(
        where="", places=(place,), threat=threat, t_ns=at(begin_s), t_ns_end=at(end_s), end=end
    )


def authority(*some: Told) -> Authority:
    return placed(Record(rows=len(some), told=some, refused=(), apart={}), ZONES)


def compare(
    alerts: Sequence[Alert],
    *some: Told,
    impacts: Sequence[Impact] | None = None,
    seconds: float = SECONDS,
) -> Beside:
    return beside(alerts, authority(*some), ZONES, setting(seconds), impacts)


def quarters(shares: Any) -> tuple[float, float, float, float]:
    return shares.both, shares.only_ours, shares.only_theirs, shares.neither


# ---- by hand -----------------------------------------------------------------------------------


def test_one_zone_by_hand() -> None:
    """We 100 to 400, they 160 to 520: 240 s both, 60 s we, 120 s they, of a thousand people."""
    one = compare(story("a", ("take_cover", 100), ("all_clear", 400)), told("a", 160, 520))
    assert quarters(one.sums.zone_seconds) == (240, 60, 120, 6 * SECONDS - 420)
    people = sum(max(some, 0) for some in PEOPLE)
    assert quarters(one.sums.person_minutes) == (4_000, 1_000, 2_000, people * 20 - 7_000)
    assert (one.alarms_theirs, one.alarms_met, one.alarms_ours_alone) == (1, 1, 0)
    assert one.ahead_s == {"p5": 60.0, "p50": 60.0, "p95": 60.0}
    assert one.longer_s == {"p5": -120.0, "p50": -120.0, "p95": -120.0}
    (zone,) = one.zones
    assert (zone.zone, zone.ours, zone.theirs) == ("a", ((100.0, 400.0),), ((160.0, 520.0),))


def test_an_alarm_on_a_parent_holds_for_every_zone_in_it() -> None:
    """They alarm the region of a, b and c; we tell b 30 s before them, and f, which is in none."""
    ours = story("b", ("take_cover", 70), ("all_clear", 300))
    ours += story("f", ("stay", 50), ("all_clear", 110))
    one = compare(ours, told("west", 100, 400))
    found = {row.zone: (row.both_s, row.only_ours_s, row.only_theirs_s) for row in one.zones}
    assert found == {"a": (0, 0, 300), "b": (200, 30, 100), "c": (0, 0, 300), "f": (0, 60, 0)}
    assert (one.alarms_theirs, one.alarms_met) == (3, 1)
    assert (one.alarms_ours, one.alarms_ours_alone) == (2, 1)
    assert (one.issued, one.issued_met) == (1, 1)
    assert one.issued_ahead_s["p50"] == 30.0
    assert [(lone.zone, lone.person_minutes) for lone in one.worst_theirs] == [
        ("c", 35_000.0), ("a", 5_000.0),
    ]  # fmt: skip
    assert [(lone.zone, lone.threats, lone.shown) for lone in one.worst_ours] == [
        ("f", ("drone",), "stay")
    ]


def test_early_is_no_alarm_but_is_shown_and_a_standing_alert_is_one() -> None:
    ours = story("a", ("early", 100), ("all_clear", 300)) + story("b", ("standing", 100))
    one = compare(ours, told("a", 150, 250), told("b", 100, SECONDS))
    assert one.alarms_met == 1
    assert one.sums.zone_seconds.both == SECONDS - 100
    assert [(lone.zone, lone.shown) for lone in one.worst_theirs] == [("a", "early")]


def test_of_one_long_alarm_only_its_own_beginning_and_end_are_timed() -> None:
    """Ours goes on over two of theirs: 20 s before the first, 50 s after the last."""
    ours = story("a", ("take_cover", 80), ("all_clear", 450))
    one = compare(ours, told("a", 100, 200), told("a", 300, 400))
    assert (one.alarms_met, one.ahead_timed, one.longer_timed) == (2, 1, 1)
    assert (one.ahead_s["p50"], one.longer_s["p50"]) == (20.0, 50.0)


def test_two_of_ours_in_one_of_theirs() -> None:
    ours = [
        alert("a", "take_cover", 120, 1, lasts_s=30),
        alert("a", "take_cover", 200, 2, lasts_s=70),
    ]
    one = compare(ours, told("a", 100, 300))
    assert (one.alarms_theirs, one.alarms_met, one.alarms_ours, one.alarms_ours_alone) == (
        1,
        1,
        2,
        0,
    )
    assert (one.ahead_s["p50"], one.longer_s["p50"]) == (-20.0, -30.0)


def test_what_began_before_or_goes_on_is_not_timed() -> None:
    """a began before the span; b goes on after it; c's end is assumed, d's was not known yet."""
    ours = [one for zone in "abcd" for one in story(zone, ("take_cover", 50), ("all_clear", 300))]
    one = compare(
        ours,
        told("a", -100, 200), told("b", 100, SECONDS + 5),
        told("c", 100, 200, end=ASSUMED), told("d", 100, 1e9, end=OPEN),
    )  # fmt: skip
    assert (one.alarms_met, one.ahead_timed, one.longer_timed) == (4, 3, 1)
    assert one.longer_s["p50"] == 100.0  # that of a
    assert one.ends_unsaid == 2
    assert next(zone for zone in one.zones if zone.zone == "a").only_theirs_s == 50.0


def test_alarms_outside_the_span_play_no_part() -> None:
    one = compare([], told("a", -50, 0), told("b", SECONDS, SECONDS + 50))
    assert (one.alarms_theirs, one.issued, one.zones) == (0, 0, ())
    assert one.sums.zone_seconds.neither == 6 * SECONDS
    assert one.ahead_s == {"p5": None, "p50": None, "p95": None}


def test_touching_alarms_are_one_and_repetitions_count_once() -> None:
    one = compare([], told("a", 0, 100), told("a", 100, 200), told("west", 50, 150))
    assert {zone.zone: zone.theirs for zone in one.zones}["a"] == ((0.0, 200.0),)
    assert (one.alarms_theirs, one.issued) == (3, 3)


def test_kinds_are_compared_where_they_are_told() -> None:
    ours = story("a", ("take_cover", 0), ("all_clear", 100), threat="ballistic")
    ours += story("a", ("take_cover", 50), ("all_clear", 200), threat="drone")
    assert compare(ours, told("a", 0, 100)).by_kind == {}
    one = compare(ours, told("a", 0, 80, "ballistic"), told("a", 60, 100))
    assert quarters(one.by_kind["ballistic"].zone_seconds)[:3] == (80, 20, 0)
    assert quarters(one.by_kind["drone"].zone_seconds)[:3] == (0, 150, 0)
    assert one.kind_unsaid == 1
    assert quarters(one.sums.zone_seconds)[:3] == (100, 100, 0)  # over kinds, once


def test_who_warned_in_time() -> None:
    """a: both. b: they 14 s before. c: only they. d: neither, theirs ended a second before."""
    ours = story("a", ("take_cover", 285), ("all_clear", 400))
    ours += story("b", ("take_cover", 100), ("all_clear", 400))
    one = compare(
        ours,
        told("a", 200, 400), told("b", 286, 400), told("c", 285, 400), told("d", 100, 299),
        impacts=[impact(300, "a", "b", "c", "d"), impact(2_000, "a")],
    )  # fmt: skip
    assert one.hits is not None
    hits = one.hits
    assert (hits.hits, hits.both, hits.only_ours, hits.only_theirs, hits.neither) == (4, 1, 1, 1, 1)
    assert (hits.lead_s["p5"], hits.lead_s["p95"]) == (15.0, 200.0)
    assert (hits.lead_s_theirs["p5"], hits.lead_s_theirs["p95"]) == (14.0, 100.0)
    assert compare(ours).hits is None


def test_worst_are_ten_and_ties_have_a_rule() -> None:
    some = [told("d", 10 * row, 10 * row + 5) for row in range(12)] + [told("e", 0, 999)]
    one = compare([], *some)
    assert len(one.worst_theirs) == 10
    assert [lone.zone for lone in one.worst_theirs] == ["d"] * 10  # e's people are unknown: 0
    assert [lone.t_begin for lone in one.worst_theirs] == sorted(
        lone.t_begin for lone in one.worst_theirs
    )
    assert one.people_unknown == 1


# ---- second by second --------------------------------------------------------------------------

LAST_S = 40
spans = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "west", "e"]), st.integers(-5, 45), st.integers(1, 12),
        st.sampled_from(["", "drone", "ballistic"]),
    ),
    max_size=8,
)  # fmt: skip
LEAVES = {"a": "a", "b": "b", "e": "e", "west": "abc"}


def runs_of(held: list[bool]) -> list[tuple[int, int]]:
    """(from, until) of every unbroken run of seconds."""
    found, second = [], 0
    for on, some in groupby(held):
        many = len(list(some))
        found += [(second, second + many)] if on else []
        second += many
    return found


@settings(max_examples=200, deadline=None)
@given(ours=spans, theirs=spans)
def test_second_by_second(
    ours: list[tuple[str, int, int, str]], theirs: list[tuple[str, int, int, str]]
) -> None:
    """Each second of each zone is asked by itself, from the alarms as they were given."""
    said = [
        alert(zone, "take_cover", begin, 1, threat=f"k{row}", lasts_s=long)
        for row, (place, begin, long, _) in enumerate(ours)
        for zone in LEAVES[place]
    ]
    one = compare(
        said, *(told(z, begin, begin + long, kind) for z, begin, long, kind in theirs),
        seconds=LAST_S,
    )  # fmt: skip

    def held(some: list[tuple[str, int, int, str]], zone: str, kind: str = "") -> list[bool]:
        return [
            any(
                zone in LEAVES[place] and begin <= second < begin + long and kind in ("", threat)
                for place, begin, long, threat in some
            )
            for second in range(LAST_S)
        ]

    counts = {(a, b): [0, 0] for a in (False, True) for b in (False, True)}
    met = alone = 0
    for zone, people in zip(IDS, PEOPLE, strict=True):
        mine, other = held(ours, zone), held(theirs, zone)
        for pair in zip(mine, other, strict=True):
            counts[pair][0] += 1
            counts[pair][1] += max(people, 0)
        met += sum(any(mine[begin:end]) for begin, end in runs_of(other))
        alone += sum(not any(other[begin:end]) for begin, end in runs_of(mine))
    wanted = [counts[pair] for pair in ((True, True), (True, False), (False, True), (False, False))]
    assert quarters(one.sums.zone_seconds) == tuple(float(seconds) for seconds, _ in wanted)
    assert quarters(one.sums.person_minutes) == pytest.approx([p / 60.0 for _, p in wanted])
    assert (one.alarms_met, one.alarms_ours_alone) == (met, alone)
    assert one.alarms_theirs == sum(len(runs_of(held(theirs, zone))) for zone in IDS)
    assert one.alarms_ours == sum(len(runs_of(held(ours, zone))) for zone in IDS)
    for row in one.zones:
        assert [tuple(map(int, span)) for span in row.theirs] == runs_of(held(theirs, row.zone))
    for kind, sums in one.by_kind.items():
        seconds = sum(sum(held(theirs, zone, kind)) for zone in IDS) if kind != "cruise" else 0
        assert sums.zone_seconds.both + sums.zone_seconds.only_theirs == seconds


@settings(max_examples=60, deadline=None)
@given(some=spans)
def test_beside_itself_nothing_differs(some: list[tuple[str, int, int, str]]) -> None:
    said = [
        alert(zone, "stay", begin, 1, threat=f"k{row}", lasts_s=long)
        for row, (place, begin, long, _) in enumerate(some)
        for zone in LEAVES[place]
    ]
    one = compare(said, *(told(z, begin, begin + long) for z, begin, long, _ in some))
    assert one.sums.zone_seconds.only_ours == one.sums.zone_seconds.only_theirs == 0.0
    assert (one.alarms_met, one.alarms_ours_alone) == (one.alarms_theirs, 0)
    assert set(one.ahead_s.values()) <= {0.0, None}
    assert set(one.longer_s.values()) <= {0.0, None}


def test_issued_and_alarms_are_what_they_say() -> None:
    found = authority(told("west", 0, 10, "drone"))
    assert found.issued == (Issued(t_ns=at(0), t_ns_end=at(10), zones=("a", "b", "c")),)
    assert found.alarms["c"] == (Alarm(t_ns=at(0), t_ns_end=at(10), threat="drone", said=True),)
