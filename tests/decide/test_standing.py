"""Standing alerts, and notices to the neighbours of a drone's zone."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.decide.stories import Flight, Story, country, one_drone, order
from tocsin.decide import POLICIES, Policy
from tocsin.decide.neighbours import Neighbours
from tocsin.instant import ns
from tocsin.rules.alerts import alert_id

POLICY = POLICIES["default"]


def soon(after_s: float = 900.0) -> Policy:
    """The default policy, with a shorter way to a standing alert."""
    return replace(POLICY, standing_after_s=after_s)


def front(chance: float = 0.015, **changes: object) -> Story:
    """A zone at the front: something always comes within minutes, nothing of it is sure."""
    story = Story(zones=country(1), policy=soon(), step_s=5.0, **changes)
    return endure(story, 1200.0, chance)


def endure(story: Story, until_s: float, chance: float = 0.015) -> Story:
    while story.now_s <= until_s:
        story.flights = [Flight(zone=0, arrives_s=story.now_s + 60.0, chance=chance)]
        story.tick()
    return story


# ---- standing alerts ---------------------------------------------------------------------------


def test_an_alarm_of_many_hours_becomes_a_standing_alert_in_the_same_run() -> None:
    story = front()
    story.want((0, 0, "take_cover"), (900, 900, "standing"))
    alert = story.alerts()[-1][1]
    assert (alert.level, alert.t_ns_arrival, alert.reasons[0].rule) == (
        "yellow", 0, "drone.standing",
    )  # fmt: skip
    assert len({one.t_ns_begun for _, one in story.alerts()}) == 1


def test_six_hours_are_the_default() -> None:
    story = Story(zones=country(1), step_s=60.0)
    endure(story, 6 * 3600.0 - 60.0)
    assert [stage for _, stage in story.stages()] == ["take_cover"]
    endure(story, 6 * 3600.0 + 60.0)
    assert story.stages()[-1] == (21600, "standing")


def test_it_is_not_said_at_every_change_and_never_runs_out() -> None:
    story = front()
    said = len(story.said)
    endure(story, 900.0 + 2 * 3600.0, chance=0.03)
    told = [alert for _, alert in story.said[said:]]
    assert {alert.stage for alert in told} == {"standing"}
    assert len(told) == 4  # each half hour
    last = story.said[said - 1][1]
    for alert in told:
        assert alert.t_ns < last.t_ns_expires
        last = alert


def test_what_is_grave_is_take_cover_and_then_the_standing_alert_stands_again() -> None:
    story = endure(front(), 1400.0, chance=0.06)
    assert story.stages()[-1] == (1205, "take_cover")
    endure(story, 2000.0)
    assert [stage for _, stage in story.stages()] == [
        "take_cover", "standing", "take_cover", "stay", "standing",
    ]  # fmt: skip
    assert len({alert.t_ns_begun for _, alert in story.alerts()}) == 1


def test_a_missile_is_told_at_once_beside_it() -> None:
    story = front()
    story.flights.append(
        Flight(zone=0, arrives_s=story.now_s + 60.0, threat="cruise", track=9, chance=0.02)
    )
    story.tick()
    assert story.stages(threat="cruise")[-1][1] == "take_cover"
    assert story.stages()[-1][1] == "standing"


def test_it_ends_with_an_all_clear_after_its_own_hold_and_not_while_blind() -> None:
    story = front()
    story.flights = [Flight(zone=0, arrives_s=99_000.0, chance=0.0001)]
    story.outages_s = [(2000.0, 4000.0)]
    story.until(3990)
    assert story.stages()[-1][1] == "standing"
    assert story.alerts()[-1][1].blind
    story.until(4010)
    assert story.stages()[-1] == (4000, "all_clear")


def test_nobody_is_left_standing_while_blind() -> None:
    story = Story(zones=country(1), policy=soon(), step_s=5.0, outages_s=[(600.0, 1100.0)])
    endure(story, 1080.0)
    assert [stage for _, stage in story.stages()] == ["take_cover"]
    endure(story, 1110.0)
    assert story.stages()[-1] == (1100, "standing")


def test_an_operator_declares_it_and_only_an_operator_ends_it() -> None:
    story = Story(zones=country(1), step_s=10.0)
    story.tick(order("raise", 0, zone="z0", threat="drone", stage="standing"))
    alert = story.said[-1][1]
    assert (alert.stage, alert.reasons[0].rule) == ("standing", "order.raise")
    story.until(7200)
    assert [stage for _, stage in story.stages()] == ["standing"]
    story.tick(order("all_clear", story.now_s, alert=alert_id(story.said[-1][1])))
    assert story.stages()[-1][1] == "all_clear"
    story.until(story.now_s + 700)
    assert story.stages()[-1][1] == "none"


@pytest.mark.parametrize("action", ["cancel", "all_clear"])
def test_what_an_operator_ended_does_not_stand_again(action: str) -> None:
    story = Story(zones=country(1), step_s=5.0)
    story.tick(order("raise", 0, zone="z0", threat="drone", stage="standing"))
    story.tick(order(action, story.now_s, alert=alert_id(story.said[-1][1])))
    endure(story, 900.0)
    assert "standing" not in [stage for _, stage in story.stages()[1:]]


def test_declared_during_a_take_cover_it_waits_for_the_end_of_it() -> None:
    story = one_drone(arrives_s=150.0).until(20)
    story.tick(order("raise", 21, zone="z0", threat="drone", stage="standing"))
    story.until(1000)
    assert [stage for _, stage in story.stages()] == ["take_cover", "stay", "standing"]


# ---- notices -----------------------------------------------------------------------------------


def near_by(**changes: object) -> Story:
    """A drone that comes to zone 0; zone 1 is 7 km away, zone 2 is 15 km away."""
    flight = Flight(**({"zone": 0, "arrives_s": 150.0, "chance": 0.3, "track": 7} | changes))
    return Story(flights=[flight], zones=country(3, apart_deg=0.1), step_s=2.0)


def test_the_zone_next_to_a_drones_gets_a_notice_and_no_alarm() -> None:
    story = near_by().until(1500)
    story.want((0, 0, "notice"), (300, 300, "none"), zone=1)
    assert story.stages(zone=2) == []
    alert = story.alerts(zone=1)[0][1]
    assert (alert.level, alert.t_ns_arrival) == ("none", 0)
    (reason,) = alert.reasons
    assert (reason.rule, reason.track) == ("drone.notice", 7)
    assert alert.t_ns_expires - alert.t_ns == ns(POLICY.notice_s)


def test_a_notice_needs_a_drone_that_is_likely_there() -> None:
    assert near_by(chance=0.04).until(20).stages(zone=1) == []


@pytest.mark.parametrize("threat", ["cruise", "ballistic"])
def test_a_missile_gives_no_notice(threat: str) -> None:
    story = near_by(threat=threat).until(200)
    assert [story.stages(1, one) for one in ("drone", "cruise", "ballistic")] == [[], [], []]


def test_a_notice_goes_on_while_the_drone_is_near_and_ends_by_itself_without_an_all_clear() -> None:
    story = near_by(arrives_s=150.0)
    while story.now_s < 1000:
        story.flights = [Flight(zone=0, arrives_s=story.now_s + 60, track=7)]
        story.tick()
    assert story.stages(zone=1) == [(0, "notice")]
    told = [alert for _, alert in story.alerts(zone=1)]
    assert all(b.t_ns < a.t_ns_expires for a, b in pairwise(told))
    story.flights = []
    story.until(1400)
    assert [stage for _, stage in story.stages(zone=1)] == ["notice", "none"]


def test_an_alarm_after_a_notice_is_a_run_of_its_own() -> None:
    story = near_by(arrives_s=180.0)
    story.flights.append(Flight(zone=1, arrives_s=270.0, track=7, seen_s=100.0))
    story.until(110)
    story.want((0, 0, "notice"), (100, 102, "take_cover"), zone=1)
    notice, alarm = (alert for _, alert in story.alerts(zone=1)[:2])
    assert notice.t_ns_begun < alarm.t_ns_begun == alarm.t_ns


def test_after_an_alarm_there_is_no_notice_before_it_is_over() -> None:
    story = near_by(arrives_s=150.0, chance=0.3)
    story.flights.append(Flight(zone=1, arrives_s=150.0, track=8))
    while story.now_s < 1100:
        story.flights[0] = Flight(zone=0, arrives_s=story.now_s + 60, track=7)
        story.tick()
    stages = [stage for _, stage in story.stages(zone=1)]
    assert stages[:4] == ["take_cover", "stay", "all_clear", "none"]
    assert stages[4:] in ([], ["notice"])


def test_neighbours_are_those_within_the_distance_over_the_ground() -> None:
    """A degree of latitude is 111.2 km at 49 N (WGS-84), one of longitude 73.2 km."""
    zones = country(4, apart_deg=0.1)
    rows, source = Neighbours(zones, 10_000.0).beside(np.array([1]), np.array([1.0]))
    assert (rows.tolist(), source.tolist()) == ([0, 2], [1, 1])
    both = Neighbours(zones, 10_000.0).beside(np.array([0, 2]), np.array([0.1, 0.2]))
    assert [part.tolist() for part in both] == [[1, 3], [2, 2]]
    none = Neighbours(zones, 5_000.0).beside(np.array([1]), np.array([1.0]))
    assert [len(part) for part in none] == [0, 0]
    tall = replace(
        zones, lat_deg=49.0 + np.array([0.0, 0.089, 0.0, 0.091]), lon_deg=np.full(4, 36.0)
    )
    rows, _ = Neighbours(tall, 10_000.0).beside(np.array([0]), np.array([1.0]))
    assert rows.tolist() == [1, 2]
