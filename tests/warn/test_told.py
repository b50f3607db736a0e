"""The fold: what a zone shows when its threats differ."""

from itertools import permutations

import pytest

from tests.warn.stand_in import START_NS, alert
from tocsin.instant import ns
from tocsin.warn.told import FOLDING, Told, fold
from tocsin.words import STAGES


def told(stage: str, **changes) -> Told:
    return Told(alert(stage, **changes), START_NS, stage)


def test_every_stage_has_a_place():
    assert sorted(FOLDING) == sorted(STAGES)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("stay", "take_cover"),
        ("early", "stay"),
        ("stand_by", "early"),
        ("standing", "early"),
        ("stand_by", "standing"),
        ("notice", "all_clear"),
        ("notice", "cancelled"),
        ("all_clear", "stand_by"),
        ("cancelled", "all_clear"),
    ],
)
def test_the_graver_stage_wins_in_any_order(weaker, stronger):
    pair = [told(weaker, threat="ballistic"), told(stronger, threat="drone")]
    for order in permutations(pair):
        shown = fold(START_NS, order)
        assert shown.stage == stronger
        assert shown.lead is pair[1]
        assert [one.alert.threat for one in shown.threats] == ["drone", "ballistic"]


def test_level_and_arrival_come_from_active_threats_only():
    ended = told("all_clear", threat="ballistic", level="red", t_ns_arrival=START_NS + ns(1))
    active = told("early", level="yellow", t_ns_arrival=START_NS + ns(60))
    shown = fold(START_NS, [ended, active])
    assert (shown.level, shown.t_ns_arrival) == ("yellow", START_NS + ns(60))
    assert fold(START_NS, [ended]).level == "none"


def test_the_highest_level_and_the_soonest_arrival():
    drone = told("take_cover", t_ns_arrival=START_NS + ns(60))
    missile = told("early", threat="cruise", level="red", t_ns_arrival=START_NS + ns(30))
    shown = fold(START_NS, [drone, missile])
    assert (shown.stage, shown.level) == ("take_cover", "red")
    assert shown.t_ns_arrival == START_NS + ns(30)


def test_between_equals_the_sooner_speaks_and_an_unknown_arrival_is_soonest():
    soon = told("take_cover", threat="cruise", level="red", t_ns_arrival=START_NS + ns(30))
    late = told("take_cover", threat="ballistic", level="red", t_ns_arrival=START_NS + ns(90))
    unknown = told("take_cover", threat="drone", level="red", t_ns_arrival=0)
    assert fold(START_NS, [late, soon]).lead is soon
    assert fold(START_NS, [late, unknown, soon]).lead is unknown


def test_of_a_drone_and_a_missile_at_once_the_missile_is_shown_first_and_both_are_there():
    drone = told("take_cover", level="yellow", t_ns_arrival=START_NS + ns(30))
    missile = told("take_cover", threat="cruise", level="red", t_ns_arrival=START_NS + ns(60))
    for order in permutations([drone, missile]):
        shown = fold(START_NS, order)
        assert shown.lead is missile
        assert (shown.level, shown.t_ns_arrival) == ("red", START_NS + ns(30))
        assert [one.alert.level for one in shown.threats] == ["yellow", "red"]


def test_an_expired_warning_leaves_without_an_all_clear():
    one = told("take_cover", t_ns_expires=START_NS + ns(60))
    assert fold(START_NS + ns(59), [one]).stage == "take_cover"
    assert fold(START_NS + ns(60), [one]).stage == "none"


def test_an_end_is_shown_for_ten_minutes():
    one = told("all_clear")
    assert fold(START_NS + ns(599), [one]).stage == "all_clear"
    assert fold(START_NS + ns(600), [one]).stage == "none"


def test_a_run_is_known_by_its_beginning():
    one = told("take_cover")
    assert one.continues(alert("stay", 2))
    assert not one.continues(alert("early", 2, t_ns_begun=START_NS + 1))
    assert one.continues(alert("stay", 2, t_ns_begun=0))
    assert not told("all_clear").continues(alert("early", 2, t_ns_begun=0))
    assert told("all_clear").continues(alert("cancelled", 2))
