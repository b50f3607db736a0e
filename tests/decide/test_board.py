"""Stories: flights at their times, and the alerts that people must have got."""

import math
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from tests.decide.stories import (
    START_NS,
    Flight,
    Story,
    arrivals,
    country,
    one_drone,
    sensors,
    site,
)
from tocsin.decide import POLICIES
from tocsin.instant import NS_PER_S, ns
from tocsin.words import SensorSite

# ---- the course of a run -----------------------------------------------------------------------


def test_a_drone_comes_and_it_is_over() -> None:
    story = one_drone().until(2600)
    story.want(
        (0, 0, "stand_by"),
        (450, 600, "early"),
        (960, 1020, "take_cover"),
        (1210, 1245, "stay"),
        (1390, 1430, "all_clear"),
        (1990, 2030, "none"),
    )
    assert story.stages(zone=1) == []


def test_a_cruise_missile_is_warned_of_later_and_in_red() -> None:
    story = one_drone(threat="cruise").until(2600)
    stages = [stage for _, stage in story.stages(threat="cruise")]
    assert stages == ["stand_by", "early", "take_cover", "stay", "all_clear", "none"]
    warned = [alert for _, alert in story.alerts(threat="cruise") if alert.stage != "none"]
    assert {alert.level for alert in warned} == {"red"}
    stay, clear = (next(t for t, s in story.stages(0, "cruise") if s == x) for x in stages[3:5])
    assert clear - stay >= 300


def test_a_ballistic_missile_is_take_cover_at_once_and_ten_minutes_of_stay() -> None:
    story = Story(flights=[Flight(zone=1, arrives_s=240.0, threat="ballistic", chance=0.05)])
    story.until(2000)
    story.want(
        (0, 0, "take_cover"),
        (250, 300, "stay"),
        (850, 900, "all_clear"),
        (1450, 1500, "none"),
        zone=1,
        threat="ballistic",
    )


def test_a_drone_that_turns_away_is_quiet_after_the_hold() -> None:
    """Away from 1100 s on, 100 s before arrival, and still seen: stay and all-clear after holds."""
    story = one_drone(gone_s=1100.0)
    story.flights.append(Flight(zone=2, arrives_s=4000.0, chance=0.001, track=7))  # still tracked
    story.until(1700)
    story.want(
        (0, 0, "stand_by"),
        (450, 600, "early"),
        (960, 1020, "take_cover"),
        (1160, 1170, "stay"),
        (1220, 1235, "all_clear"),
    )


def test_who_was_only_told_early_is_told_that_it_is_over() -> None:
    story = one_drone(gone_s=800.0).until(2000)
    assert [stage for _, stage in story.stages()] == ["stand_by", "early", "all_clear", "none"]


def test_early_recedes_to_stand_by_while_the_far_chance_remains() -> None:
    near = Flight(zone=0, arrives_s=400.0, track=1, gone_s=100.0)
    far = Flight(zone=0, arrives_s=2200.0, track=2, chance=0.5, gone_s=700.0)
    story = Story(flights=[near, far]).until(1600)
    assert [stage for _, stage in story.stages()] == [
        "early", "stand_by", "all_clear", "none",
    ]  # fmt: skip


def test_a_second_drone_calls_people_back_from_stay() -> None:
    story = one_drone(arrives_s=150.0)
    story.flights.append(Flight(zone=0, arrives_s=420.0, track=8, seen_s=250.0))
    story.until(1200)
    assert [stage for _, stage in story.stages()] == [
        "take_cover", "stay", "take_cover", "stay", "all_clear",
    ]  # fmt: skip
    assert len({alert.t_ns_begun for _, alert in story.alerts()}) == 1


def test_after_the_all_clear_a_new_threat_is_a_new_run() -> None:
    story = one_drone(arrives_s=150.0)
    story.flights.append(Flight(zone=0, arrives_s=700.0, track=8, seen_s=550.0))
    story.until(1600)
    assert [stage for _, stage in story.stages()] == [
        "take_cover", "stay", "all_clear", "take_cover", "stay", "all_clear", "none",
    ]  # fmt: skip
    begun = sorted({alert.t_ns_begun for _, alert in story.alerts()})
    assert begun == [START_NS, START_NS + ns(550)]


def test_stay_lasts_while_another_is_ten_minutes_away() -> None:
    """Nobody is sent out of the shelter to be called back within minutes."""
    story = one_drone(arrives_s=150.0)
    story.flights.append(Flight(zone=0, arrives_s=900.0, track=8))
    story.until(800)
    assert [stage for _, stage in story.stages()] == ["take_cover", "stay", "take_cover"]


def test_the_shelter_time_of_the_zone_sets_the_look_ahead() -> None:
    begins = {}
    for shelter_s in (0.0, 120.0, 180.0, math.nan):
        story = Story(
            flights=[Flight(zone=0, arrives_s=600.0, spread=0.05)], zones=country(1, shelter_s)
        )
        story.until(600)
        begins[shelter_s] = {stage: t for t, stage in story.stages()}["take_cover"]
    unknown_s = list(begins.values())[-1]
    assert begins[0.0] - begins[120.0] == pytest.approx(120, abs=20)
    assert begins[120.0] < unknown_s < begins[0.0]
    # 240 s ahead lie between two horizons: never later for it, and earlier by less than their gap
    assert 180.0 <= begins[0.0] - begins[180.0] <= 180.0 + (300.0 - 240.0) + 20.0


def test_the_hold_of_stay_begins_with_stay() -> None:
    """With a policy whose stay has a hold but no minimum the all-clear still waits the hold."""
    stays = tuple(replace(stay, minimum_s=0.0) for stay in POLICIES["default"].stays)
    story = one_drone(arrives_s=250.0, gone_s=100.0)
    turned_away = Flight(zone=2, arrives_s=4000.0, chance=0.001, track=story.flights[0].track)
    flights = [*story.flights, turned_away]
    story = Story(flights=flights, policy=replace(POLICIES["default"], stays=stays))
    story.until(300)
    story.want(
        (0, 100, "early"), (20, 39, "take_cover"), (160, 161, "stay"), (220, 221, "all_clear")
    )


def test_a_track_that_vanished_before_it_was_due_gives_no_all_clear() -> None:
    """Terrain hides what flies low: losing it is not its end. It is waited for until it was due."""
    hidden = one_drone(arrives_s=400.0, gone_s=240.0, spread=0.05).until(900)
    stages = {stage: t_s for t_s, stage in hidden.stages()}
    assert stages["stay"] >= 400.0
    assert stages["all_clear"] >= stages["stay"] + 60.0
    turned = one_drone(arrives_s=400.0, gone_s=240.0, spread=0.05)
    turned.flights.append(Flight(zone=2, arrives_s=5000.0, chance=0.001, track=1))
    turned.flights = [replace(flight, track=1) for flight in turned.flights]
    turned.until(900)
    assert {stage: t_s for t_s, stage in turned.stages()}["stay"] < 400.0


def test_debris_does_not_hasten_the_all_clear() -> None:
    """Whether it was brought down is only likely: what is left of it falls sooner than it was due,
    and it is waited for all the same, just as long as without debris."""
    hidden = one_drone(arrives_s=400.0, gone_s=240.0, spread=0.05).until(900)
    fallen = one_drone(arrives_s=400.0, gone_s=240.0, spread=0.05)
    fallen.flights.append(
        Flight(zone=0, arrives_s=250.0, chance=0.5, track=7, seen_s=230.0, debris=True)
    )
    assert fallen.until(900).stages() == hidden.stages()


# ---- what is said, and how often ---------------------------------------------------------------


def test_nothing_is_said_when_nothing_changes() -> None:
    story = Story().until(100)
    assert story.said == []
    assert [word.zones for _, word in story.blindness] == [(), (), ()]


def test_alerts_carry_rule_track_times_and_evidence() -> None:
    story = one_drone(arrives_s=150.0).until(1)
    alert = story.alerts()[0][1]
    assert alert.level == "yellow"
    assert (alert.serial, alert.realm, alert.blind) == (1, "exercise", False)
    assert alert.t_ns_arrival == START_NS + ns(150)
    assert alert.t_ns_begun == alert.t_ns == START_NS
    (reason,) = alert.reasons
    assert (reason.rule, reason.track, reason.evidence) == ("drone.take_cover", 7, (7000,))
    assert 0.005 < reason.chance <= 0.3
    assert reason.t_ns_early < reason.t_ns_likely == alert.t_ns_arrival < reason.t_ns_late


def test_a_warning_never_runs_out_while_the_threat_lasts() -> None:
    story = one_drone(arrives_s=1500.0).until(1500)
    told = [alert for _, alert in story.alerts()]
    for before, after in pairwise(told):
        assert after.t_ns <= before.t_ns_expires - ns(110)
    renewals = sum(a.stage == b.stage for a, b in pairwise(told))
    assert 2 <= renewals <= 1500 / 170 + 1


def told_arrivals(story: Story) -> list[int]:
    return [round((alert.t_ns_arrival - START_NS) / NS_PER_S) for _, alert in story.alerts()]


def test_a_moved_arrival_is_told_once_it_moved_a_fifth_of_what_remains() -> None:
    story = Story(flights=[Flight(zone=0, arrives_s=170.0)]).until(20)
    for second in range(21, 41):  # two seconds later every second
        story.flights = [Flight(zone=0, arrives_s=170.0 + 2 * (second - 20))]
        story.tick()
        moved_s, remaining_s = 2 * (second - 20), 170.0 + 2 * (second - 20) - second
        assert (len(story.alerts()) == 2) == (moved_s > 0.2 * remaining_s)
        if len(story.alerts()) == 2:
            break
    assert told_arrivals(story) == [170, 204]


def test_a_moved_arrival_is_told_at_most_every_five_seconds() -> None:
    story = Story(flights=[Flight(zone=0, arrives_s=170.0)]).until(2)
    for second in range(3, 20):
        story.flights = [Flight(zone=0, arrives_s=100.0 if second % 2 else 170.0)]
        story.tick()
    told = [t_s for t_s, _ in story.alerts()]
    assert len(told) >= 3
    assert all(after - before >= 5 for before, after in pairwise(told))


def test_jitter_of_ten_seconds_is_not_told() -> None:
    story = Story()
    for second in range(60):
        story.flights = [Flight(zone=0, arrives_s=150.0 + 10 * (second % 2))]
        story.tick()
    assert len(story.alerts()) == 1


def test_after_arrival_no_arrival_is_told() -> None:
    story = one_drone(arrives_s=150.0).until(1400)
    over = [a for _, a in story.alerts() if a.stage in ("stay", "all_clear", "none")]
    assert len(over) >= 3
    assert {alert.t_ns_arrival for alert in over} == {0}


def test_alerts_of_one_call_are_in_order_of_zone_and_threat() -> None:
    story = Story(
        flights=[
            Flight(zone=2, arrives_s=100.0, track=1),
            Flight(zone=0, arrives_s=100.0, track=2, threat="ballistic"),
            Flight(zone=0, arrives_s=100.0, track=3, threat="cruise"),
            Flight(zone=1, arrives_s=100.0, track=4),
            Flight(zone=0, arrives_s=100.0, track=5),
        ]
    ).until(0)
    assert [(alert.zone, alert.threat) for _, alert in story.said] == [
        ("z0", "drone"),
        ("z0", "cruise"),
        ("z0", "ballistic"),
        ("z1", "drone"),
        ("z2", "drone"),
    ]


def test_many_weak_tracks_warn_together() -> None:
    weak = [Flight(zone=0, arrives_s=100.0, chance=0.001, track=track) for track in range(1, 13)]
    assert Story(flights=weak[:4]).until(5).stages() == []
    assert Story(flights=weak).until(5).stages() == [(0, "take_cover")]


# ---- blindness ---------------------------------------------------------------------------------


def test_no_all_clear_while_nobody_looks() -> None:
    """The radar dies when the drone is near: people stay, told that nobody looks, till it lives."""
    story = one_drone(arrives_s=150.0)
    story.outages_s = [(100.0, 2000.0)]
    story.until(1990)
    assert [stage for _, stage in story.stages()] == ["take_cover", "stay"]
    assert story.alerts()[-1][1].blind
    assert story.alerts()[-1][1].reasons[0].rule == "drone.blind"
    blind_from = next(t for t, alert in story.alerts() if alert.blind)
    assert 113 < blind_from <= 116
    story.until(2010)
    assert story.stages()[-1] == (2000, "all_clear")
    assert not story.alerts()[-1][1].blind


def test_blindness_to_drones_does_not_hold_the_all_clear_of_a_missile() -> None:
    """A radar that sees missiles only: theirs ends, the drone's is held, and marked blind."""
    radar = SensorSite(name="radar", lat_deg=49.0, lon_deg=36.1, sees=("cruise", "ballistic"))
    story = Story(
        flights=[
            Flight(zone=0, arrives_s=150.0, track=1),
            Flight(zone=0, arrives_s=150.0, track=2, threat="ballistic"),
        ],
        site=msgspec.structs.replace(site(), sensors=(radar,)),
    ).until(2000)
    assert "all_clear" in [stage for _, stage in story.stages(threat="ballistic")]
    assert [stage for _, stage in story.stages()][-1] == "stay"
    assert not any(alert.blind for _, alert in story.alerts(threat="ballistic"))
    assert all(alert.blind for _, alert in story.alerts())


@pytest.mark.parametrize(("gone_s", "stage"), [(300.0, "stand_by"), (800.0, "early")])
def test_milder_warnings_are_frozen_too(gone_s: float, stage: str) -> None:
    story = one_drone(gone_s=gone_s)
    story.outages_s = [(gone_s - 20.0, 5000.0)]
    story.until(3000)
    assert story.stages()[-1][1] == stage
    assert story.alerts()[-1][1].blind


def test_an_all_clear_does_not_outlive_the_sensor() -> None:
    story = one_drone(arrives_s=150.0)
    story.until(500)
    assert story.stages()[-1][1] == "all_clear"
    story.outages_s = [(501.0, 900.0)]
    story.until(600)
    t_s, alert = story.alerts()[-1]
    assert (alert.stage, alert.blind, alert.level) == ("none", True, "none")
    assert t_s == pytest.approx(516, abs=1)


def test_a_blind_zone_is_warned_all_the_same() -> None:
    story = one_drone(arrives_s=150.0)
    story.outages_s = [(0.0, 100.0)]
    story.heard_s = -100.0
    story.tick()
    alert = story.alerts()[0][1]
    assert (alert.stage, alert.blind) == ("take_cover", True)


def test_a_sensor_table_without_rows_is_blind_everywhere() -> None:
    story = Story()
    none_heard = sensors(0)
    empty = type(none_heard)(
        names=(),
        position_m=none_heard.position_m[:0],
        range_m_max=none_heard.range_m_max[:0],
        scan_s=none_heard.scan_s[:0],
        detection_chance=none_heard.detection_chance[:0],
        t_ns_heard=none_heard.t_ns_heard[:0],
        stale_s=none_heard.stale_s[:0],
    )
    decided = story.board.decide(START_NS, arrivals(0.0, []), empty, ())
    assert [len(word.zones) for word in decided.blindness] == [3, 3, 3]
