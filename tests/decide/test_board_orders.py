"""Stories with operators: what they end stays ended, what they raise is told and ends in order."""

import pytest

from tests.decide.stories import Flight, Story, one_drone, order
from tocsin.rules.alerts import alert_id
from tocsin.words import Alert


def last_id(story: Story) -> str:
    return alert_id(story.said[-1][1])


def cancelled_story() -> Story:
    story = one_drone(arrives_s=600.0).until(400)
    story.tick(order("cancel", 401, alert=last_id(story)))
    return story


def test_cancel_says_that_it_was_a_mistake() -> None:
    story = cancelled_story()
    alert = story.said[-1][1]
    assert (alert.stage, alert.reasons[0].rule) == ("cancelled", "order.cancel")
    assert story.rejected == []
    story.until(1100)
    assert [stage for _, stage in story.stages()][-2:] == ["cancelled", "none"]


def test_a_cancelled_track_does_not_warn_that_zone_again_but_another_does() -> None:
    story = cancelled_story()
    story.until(450)
    assert story.stages()[-1][1] == "cancelled"
    story.flights.append(Flight(zone=1, arrives_s=600.0, track=7))
    story.tick()
    assert story.stages(zone=1)[-1][1] == "take_cover"
    story.flights.append(Flight(zone=0, arrives_s=600.0, track=9))
    story.tick()
    assert story.stages()[-1][1] == "take_cover"
    assert [reason.track for reason in story.alerts()[-1][1].reasons] == [9]


def test_a_cancel_does_not_mute_the_real_drone_that_is_still_far() -> None:
    story = one_drone(arrives_s=300.0)
    story.flights.append(Flight(zone=0, arrives_s=2500.0, track=9))
    story.until(200)
    story.tick(order("cancel", 201, alert=last_id(story)))
    story.until(2480)
    assert story.stages()[-1][1] == "take_cover"
    assert {reason.track for reason in story.alerts()[-1][1].reasons} == {9}


def test_a_track_that_was_lost_when_it_was_cancelled_is_muted_too() -> None:
    story = one_drone(arrives_s=600.0).until(400)
    drone, story.flights = story.flights, []
    story.tick(order("cancel", 401, alert=last_id(story)))
    story.flights = drone
    story.until(500)
    assert story.stages()[-1][1] == "cancelled"


def test_what_an_operator_raised_an_operator_cancels() -> None:
    story = Story().until(0)
    story.tick(order("raise", 1, zone="z0", threat="drone", stage="take_cover"))
    story.tick(order("cancel", 2, alert=last_id(story)))
    story.until(20)
    assert [stage for _, stage in story.stages()] == ["take_cover", "cancelled"]


def test_an_ordered_all_clear_holds_five_minutes_against_the_same_track() -> None:
    story = one_drone(arrives_s=2000.0, gone_s=3000)
    story.flights = [Flight(zone=0, arrives_s=170.0 + 10_000, spread=1.0, track=7)]
    story.until(10)
    assert story.stages() == [(0, "stand_by")]
    story.tick(order("all_clear", 11, alert=last_id(story)))
    assert story.said[-1][1].stage == "all_clear"
    assert story.said[-1][1].reasons[0].rule == "order.all_clear"
    story.flights = [Flight(zone=0, arrives_s=450.0, track=7)]
    story.until(280)
    assert story.stages()[-1][1] == "all_clear"
    story.until(330)
    assert story.stages()[-1] == (312, "take_cover")


def test_an_operator_may_end_what_nobody_sees() -> None:
    story = one_drone(arrives_s=150.0)
    story.outages_s = [(100.0, 5000.0)]
    story.until(1000)
    story.tick(order("all_clear", 1001, alert=last_id(story)))
    assert (story.said[-1][1].stage, story.said[-1][1].blind) == ("all_clear", True)
    story.until(1500)
    assert story.stages()[-1][1] == "all_clear"
    story.until(1700)
    assert story.stages()[-1][1] == "none"


def test_any_serial_of_the_run_names_it() -> None:
    story = one_drone(arrives_s=1200.0).until(700)
    first, last = story.said[0][1], story.said[-1][1]
    assert first.serial < last.serial
    story.tick(order("cancel", 701, alert=alert_id(first)))
    assert story.said[-1][1].stage == "cancelled"


def test_a_raised_warning_lasts_fifteen_minutes_and_ends_in_order() -> None:
    story = Story().until(10)
    story.tick(order("raise", 11, zone="z2", threat="cruise", stage="take_cover"))
    alert: Alert = story.said[-1][1]
    assert (alert.stage, alert.level, alert.t_ns_arrival) == ("take_cover", "red", 0)
    assert alert.reasons[0].rule == "order.raise"
    story.until(2500)
    story.want(
        (11, 11, "take_cover"),
        (970, 975, "stay"),
        (1270, 1280, "all_clear"),
        (1870, 1880, "none"),
        zone=2,
        threat="cruise",
    )


def test_raising_again_prolongs_and_tracks_add_to_it() -> None:
    story = Story(step_s=4.0).until(0)
    story.tick(order("raise", 1, zone="z0", threat="drone", stage="early"))
    story.until(800)
    story.tick(order("raise", 801, zone="z0", threat="drone", stage="early"))
    story.until(1500)
    assert story.stages() == [(4, "early")]
    story.flights = [Flight(zone=0, arrives_s=1600.0, track=3)]
    story.tick()
    assert story.stages()[-1][1] == "take_cover"
    assert story.said[-1][1].reasons[0].rule == "drone.take_cover"


def test_a_raise_lifts_the_mute() -> None:
    story = cancelled_story()
    story.tick(order("raise", 402, zone="z0", threat="drone", stage="take_cover"))
    assert story.stages()[-1][1] == "take_cover"
    assert [reason.track for reason in story.said[-1][1].reasons] == [-1, 7]


@pytest.mark.parametrize(
    "fields",
    [
        {"alert": "exercise:z0:drone:99"},
        {"alert": "exercise:z0:drone:0"},
        {"alert": "exercise:z0:drone:-1"},
        {"alert": "exercise:z0:drone:²"},
        {"alert": "exercise:z0:drone:" + "9" * 400},
        {"alert": "exercise:z0:cruise:1"},
        {"alert": "exercise:z1:drone:1"},
        {"alert": "live:z0:drone:1"},
        {"alert": "exercise:nowhere:drone:1"},
        {"alert": "exercise:z0:bird:1"},
        {"alert": "exercise:z0:drone"},
        {"alert": "exercise:z0:drone:1:1"},
        {"alert": ""},
    ],
    ids=lambda fields: fields["alert"][:30],
)
@pytest.mark.parametrize("action", ["cancel", "all_clear", "release", "stop"])
def test_orders_without_sense_are_rejected(action: str, fields: dict[str, str]) -> None:
    story = one_drone(arrives_s=150.0).until(1)
    story.tick(order(action, 2, **fields))
    assert [(word.reason, word.source) for word in story.rejected] == [("order", "order")]
    assert story.stages() == [(0, "take_cover")]


@pytest.mark.parametrize(
    "fields",
    [
        {"zone": "z9", "threat": "drone", "stage": "early"},
        {"zone": "z0", "threat": "bird", "stage": "early"},
        {"zone": "z0", "threat": "drone", "stage": "all_clear"},
        {"zone": "z0", "threat": "drone", "stage": "cancelled"},
        {"zone": "z0", "threat": "drone", "stage": "stay"},
        {"zone": "z0", "threat": "drone", "stage": "none"},
    ],
)
def test_raises_without_sense_are_rejected(fields: dict[str, str]) -> None:
    story = Story().until(1)
    story.tick(order("raise", 2, **fields))
    assert [word.reason for word in story.rejected] == ["order"]
    assert story.said == []


def test_what_is_over_cannot_be_cancelled() -> None:
    story = one_drone(arrives_s=150.0).until(500)
    assert story.stages()[-1][1] == "all_clear"
    story.tick(order("cancel", 501, alert=last_id(story)))
    assert [word.reason for word in story.rejected] == ["order"]


def test_release_and_stop_of_a_known_alert_are_left_to_the_authority() -> None:
    story = one_drone(arrives_s=150.0).until(1)
    story.tick(order("release", 2, alert=last_id(story)), order("stop", 2, alert=last_id(story)))
    assert story.rejected == []
    assert len(story.said) == 1
