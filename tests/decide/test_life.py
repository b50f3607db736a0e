"""The life of a warning: too late for shelter, resumed, two colours at once."""

import math
from dataclasses import replace

import pytest

from tests.decide.stories import START_NS, Flight, Story, country, one_drone
from tocsin.decide import POLICIES
from tocsin.instant import ns
from tocsin.rules.alerts import alert_id

# ---- too late for shelter ----------------------------------------------------------------------


def lateness(story: Story, threat: str = "drone") -> list[tuple[float, str, bool]]:
    """Second, stage and lateness of every alert to zone 0."""
    return [(t_s, alert.stage, alert.late) for t_s, alert in story.alerts(threat=threat)]


@pytest.mark.parametrize(
    ("arrives_s", "shelter_s", "late"),
    [(60.0, 90.0, True), (120.0, 90.0, False), (60.0, 30.0, False), (60.0, 0.0, False)],
)
def test_an_arrival_nearer_than_shelter_is_late(
    arrives_s: float, shelter_s: float, late: bool
) -> None:
    flight = Flight(zone=0, arrives_s=arrives_s, threat="ballistic")
    story = Story(flights=[flight], zones=country(1, shelter_s)).until(0)
    assert lateness(story, "ballistic") == [(0, "take_cover", late)]


def test_a_zone_without_a_time_to_shelter_has_that_of_the_policy() -> None:
    for default_s, late in ((90.0, True), (45.0, False)):
        policy = replace(POLICIES["default"], shelter_s_default=default_s)
        story = Story(
            flights=[Flight(zone=0, arrives_s=60.0)], zones=country(1, math.nan), policy=policy
        ).until(0)
        assert lateness(story) == [(0, "take_cover", late)]


def test_who_was_told_in_time_is_never_told_to_drop() -> None:
    story = one_drone().until(1210)
    assert "take_cover" in {stage for _, stage, _ in lateness(story)}
    assert not any(late for _, _, late in lateness(story))


def test_an_arrival_that_comes_forward_is_late_and_one_that_recedes_is_not_any_more() -> None:
    story = Story(flights=[Flight(zone=0, arrives_s=170.0)]).until(19)
    assert lateness(story) == [(0, "take_cover", False)]
    story.flights = [Flight(zone=0, arrives_s=70.0)]
    story.until(30)
    assert lateness(story)[1:] == [(20, "take_cover", True)]
    story.flights = [Flight(zone=0, arrives_s=105.0)]  # 15 s more than the way: not worth a word
    story.until(40)
    assert lateness(story)[-1][2]
    story.flights = [Flight(zone=0, arrives_s=115.0)]
    story.until(50)
    assert lateness(story)[-1] == (41, "take_cover", False)


def test_people_in_shelter_are_not_told_to_drop_by_the_next_salvo() -> None:
    story = one_drone(arrives_s=150.0)
    story.flights.append(Flight(zone=0, arrives_s=280.0, track=8, seen_s=250.0))
    story.until(290)
    assert story.stages()[:3] == [(0, "take_cover"), (162, "stay"), (250, "take_cover")]
    assert not any(late for _, _, late in lateness(story))


def test_only_a_take_cover_is_late() -> None:
    story = one_drone(arrives_s=40.0).until(300)
    told = lateness(story)
    assert told[0] == (0, "take_cover", True)
    assert not any(late for _, stage, late in told if stage != "take_cover")


# ---- spared -------------------------------------------------------------------------------------


def elsewhere(threat: str = "ballistic", **impact: float) -> Story:
    """A footprint over two zones that leaves zone 0, 60 s before anything was due there."""
    away = Flight(zone=0, arrives_s=150.0, threat=threat, gone_s=90.0, track=1)
    other = Flight(zone=1, arrives_s=150.0, threat=threat, track=1)
    before = [Flight(zone=0, threat=threat, track=2, **impact)] if impact else []
    return Story(flights=[away, other, *before])


def test_who_was_spared_while_it_fell_leaves_the_shelter_after_the_hold() -> None:
    story = elsewhere().until(800)
    story.want((0, 1, "take_cover"), (150, 152, "stay"), (210, 213, "all_clear"),
               threat="ballistic")  # fmt: skip
    story.want((0, 1, "take_cover"), (152, 184, "stay"), (752, 785, "all_clear"),
               zone=1, threat="ballistic")  # fmt: skip


def test_where_one_came_down_nobody_is_spared_by_the_next() -> None:
    story = elsewhere(arrives_s=30.0).until(900)
    assert story.stages(threat="ballistic")[-1][0] > 600.0


def stayed_s(story: Story, threat: str) -> float:
    """From the first stay of zone 0 to its all-clear."""
    at_s = {stage: second for second, stage in reversed(story.stages(threat=threat))}
    return at_s["all_clear"] - at_s["stay"]


@pytest.mark.parametrize(("in_view", "stayed"), [(True, 62.0), (False, 600.0)])
def test_what_falls_and_ended_in_view_keeps_nobody(in_view: bool, stayed: float) -> None:
    """Its pieces have rows of their own, or it was another track; out of view it may be down."""
    story = elsewhere()
    story.flights.append(Flight(zone=0, arrives_s=170.0, threat="ballistic", track=2,
                                gone_s=40.0, in_view=in_view))  # fmt: skip
    assert stayed_s(story.until(900), "ballistic") == pytest.approx(stayed, abs=5.0)


@pytest.mark.parametrize("threat", ["drone", "cruise"])
def test_where_a_drone_flew_on_people_leave_after_the_hold(threat: str) -> None:
    story = elsewhere(threat)
    story.flights[1] = replace(story.flights[1], arrives_s=900.0)
    hold_s = POLICIES["default"].stay(threat).hold_s
    assert hold_s < POLICIES["default"].stay(threat).minimum_s
    assert stayed_s(story.until(600), threat) == pytest.approx(hold_s, abs=1.0)


@pytest.mark.parametrize("threat", ["drone", "cruise"])
@pytest.mark.parametrize("lost_s", [80.0, 100.0, 140.0])
def test_where_a_drone_was_lost_people_stay(threat: str, lost_s: float) -> None:
    """It may have come down there: it is gone before the zone was calm for the hold."""
    story = elsewhere(threat)
    story.flights = [replace(flight, gone_s=min(flight.gone_s, lost_s)) for flight in story.flights]
    assert stayed_s(story.until(900), threat) >= POLICIES["default"].stay(threat).minimum_s


def test_one_that_was_lost_is_not_made_up_for_by_another_that_flies_on() -> None:
    story = elsewhere("drone")
    story.flights[1] = replace(story.flights[1], arrives_s=900.0)
    story.flights.append(Flight(zone=0, arrives_s=60.0, track=2, gone_s=60.0))
    assert stayed_s(story.until(900), "drone") >= 180.0


# ---- extend, do not issue again ----------------------------------------------------------------


def test_the_same_threat_back_after_its_all_clear_continues_its_run() -> None:
    story = one_drone(arrives_s=150.0).until(500)
    assert story.stages()[-1][1] == "all_clear"
    before = story.alerts()[-1][1]
    story.flights = [Flight(zone=0, arrives_s=620.0, track=7, seen_s=500.0)]
    story.until(520)
    again = story.alerts()[-1][1]
    assert (again.stage, again.resumed, again.t_ns_begun) == ("take_cover", True, START_NS)
    assert again.serial == before.serial + 1
    story.until(2000)
    assert story.stages()[-1][1] == "none"
    story.flights = [Flight(zone=0, arrives_s=2120.0, track=7, seen_s=2000.0)]
    story.until(2020)
    assert story.alerts()[-1][1].t_ns_begun > START_NS
    assert not story.alerts()[-1][1].resumed


def test_another_threat_after_the_all_clear_is_a_new_run() -> None:
    story = one_drone(arrives_s=150.0)
    story.flights.append(Flight(zone=0, arrives_s=700.0, track=8, seen_s=550.0))
    story.until(560)
    alert = story.alerts()[-1][1]
    assert (alert.stage, alert.resumed) == ("take_cover", False)
    assert alert.t_ns_begun == START_NS + ns(550)


def test_within_the_hold_nothing_is_said_at_all() -> None:
    """Gone for 50 s of the 60 s hold, again and again: one take_cover, renewed and never ended."""
    story = Story(zones=country(1), step_s=5.0)
    while story.now_s < 1800:
        here = story.now_s % 100 < 50
        story.flights = [Flight(zone=0, arrives_s=story.now_s + 60, chance=0.02)] if here else []
        story.tick()
    assert [stage for _, stage in story.stages()] == ["take_cover"]
    assert len({alert.t_ns_begun for _, alert in story.alerts()}) == 1
    names = [alert_id(alert) for _, alert in story.alerts()]
    assert len(set(names)) == len(names)


# ---- two colours at once -----------------------------------------------------------------------


def test_drone_yellow_and_missile_red_run_side_by_side() -> None:
    story = one_drone(arrives_s=300.0)
    story.flights.append(Flight(zone=0, arrives_s=420.0, track=9, threat="cruise", seen_s=200.0))
    story.until(1400)
    drone, cruise = story.alerts(), story.alerts(threat="cruise")
    assert {alert.level for _, alert in drone if alert.stage != "none"} == {"yellow"}
    assert {alert.level for _, alert in cruise if alert.stage != "none"} == {"red"}
    assert [stage for _, stage in story.stages()][-2:] == ["all_clear", "none"]
    cleared_s = next(t for t, stage in story.stages() if stage == "all_clear")
    shown = [alert.stage for t, alert in cruise if t <= cleared_s][-1]
    assert shown == "stay", "the all-clear of the one says nothing of the other"
    assert drone[0][1].t_ns_begun != cruise[0][1].t_ns_begun
