"""Alerts folded into spans: next serial, expiry and the end of the scenario close a span."""

import pytest

from tests.score.stories import SECONDS, ZONES, alert, at, story
from tocsin.score.timeline import covered, runs, spans_by_threat, timeline, union
from tocsin.words import Alert

END = at(SECONDS)


def seconds(alerts: list[Alert], zone: str) -> list[tuple[float, float, str]]:
    spans = timeline(alerts, ZONES, END).get(zone, [])
    return [((s.t_ns - at(0)) / 1e9, (s.t_ns_end - at(0)) / 1e9, s.stage) for s in spans]


def test_each_serial_ends_the_one_before() -> None:
    alerts = story("a", ("stand_by", 10), ("early", 20), ("take_cover", 50), ("all_clear", 90))
    assert seconds(alerts, "a") == [
        (10, 20, "stand_by"),
        (20, 50, "early"),
        (50, 90, "take_cover"),
    ]


def test_order_of_arrival_does_not_matter() -> None:
    alerts = story("a", ("early", 20), ("take_cover", 50), ("all_clear", 90))
    assert timeline(alerts[::-1], ZONES, END) == timeline(alerts, ZONES, END)


def test_a_renewal_is_one_span_and_an_expiry_ends_it() -> None:
    renewed = [alert("a", "take_cover", s, n, lasts_s=100) for n, s in ((1, 10), (2, 100))]
    assert seconds(renewed, "a") == [(10, 200, "take_cover")]
    late = [alert("a", "take_cover", 10, 1, lasts_s=50), alert("a", "take_cover", 100, 2)]
    assert seconds(late, "a") == [(10, 60, "take_cover"), (100, SECONDS, "take_cover")]


def test_the_end_of_the_scenario_ends_what_is_open() -> None:
    assert seconds(story("a", ("stay", 1_100)), "a") == [(1_100, SECONDS, "stay")]
    assert seconds(story("a", ("stay", SECONDS + 5)), "a") == []


def test_over_threats_the_highest_stage_shows() -> None:
    alerts = story("a", ("stand_by", 0), ("early", 100), ("all_clear", 300))
    alerts += story("a", ("take_cover", 150), ("stay", 200), ("cancelled", 250), threat="cruise")
    assert seconds(alerts, "a") == [
        (0, 100, "stand_by"),
        (100, 150, "early"),
        (150, 200, "take_cover"),
        (200, 250, "stay"),
        (250, 300, "early"),
    ]


def test_cover_is_take_cover_and_stay_joined() -> None:
    alerts = story("a", ("take_cover", 10), ("stay", 20), ("take_cover", 30), ("all_clear", 40))
    spans = spans_by_threat(alerts, END)[("a", "drone")]
    assert covered(spans) == [(at(10), at(40))]


def test_runs_end_with_what_asks_nothing() -> None:
    alerts = story(
        "a", ("early", 10), ("take_cover", 20), ("all_clear", 30), ("none", 40), ("early", 60)
    )
    first, second = runs(alerts, END)
    assert (first.t_ns, first.t_ns_early, first.t_ns_cover, first.t_ns_end, first.open) == (
        at(10), at(10), at(20), at(30), False,
    )  # fmt: skip
    assert (second.t_ns, second.t_ns_cover, second.open) == (at(60), -1, True)


def test_union_joins_what_touches() -> None:
    assert union([(5, 6), (1, 3), (3, 4), (2, 3)]) == [(1, 4), (5, 6)]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="'x', which map 'six' does not have"):
        timeline(story("x", ("stay", 1)), ZONES, END)


def test_a_standing_alert_goes_on_with_its_run_and_is_not_cover() -> None:
    alerts = story("a", ("take_cover", 10), ("standing", 50), ("take_cover", 90), ("all_clear", 99))
    assert seconds(alerts, "a") == [
        (10, 50, "take_cover"),
        (50, 90, "standing"),
        (90, 99, "take_cover"),
    ]
    [run] = runs(alerts, END)
    assert (run.t_ns, run.t_ns_end, run.t_ns_cover) == (at(10), at(99), at(10))
    spans = spans_by_threat(alerts, END)[("a", "drone")]
    assert covered(spans) == [(at(10), at(50)), (at(90), at(99))]


def test_a_notice_asks_nothing() -> None:
    assert seconds(story("a", ("notice", 10), ("none", 50)), "a") == []
