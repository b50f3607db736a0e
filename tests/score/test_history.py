"""Recorded alerts through the stage machine: nothing missed, nothing ended early, all by word."""

from pathlib import Path

import pytest
from tools import history
from tools.history import Event, Span

from tocsin.decide import POLICIES
from tocsin.instant import NS_PER_S, from_iso

DEFAULT = POLICIES["default"]
T0 = from_iso("2023-10-07T03:00:00Z")
FILES = {
    "il": "alerts_il/alerts_il_2014_2024.csv.gz",
    "ua": "alerts_ua/official_2022-03_2024-04_en.csv.gz",
}


def rocket(t_s: float, zone: str = "a") -> Event:
    t_ns = T0 + round(t_s * NS_PER_S)
    return Event(t_ns, t_ns + history.ACTIVE_NS, zone, "ballistic", has_end=False)


def alarm(begin_s: float, end_s: float, zone: str = "a") -> Event:
    return Event(T0 + round(begin_s * NS_PER_S), T0 + round(end_s * NS_PER_S), zone, "drone",
                 has_end=True)  # fmt: skip


def seconds(spans: list[Span]) -> list[tuple[str, float, float]]:
    return sorted(
        (one.zone, (one.t_ns - T0) / NS_PER_S, (one.t_ns_end - T0) / NS_PER_S) for one in spans
    )


# ---- stories -----------------------------------------------------------------------------------


def test_an_alarm_that_is_listed_again_is_extended() -> None:
    """Five alerts in eight minutes are one alarm; an hour later there is another."""
    events = [rocket(t_s) for t_s in (0.0, 20.0, 100.0, 300.0, 480.0)] + [rocket(4000.0)]
    first, second = seconds(history.fold(events, DEFAULT))
    assert first[1] == 0.0
    assert 480.0 + 600.0 <= first[2] <= 480.0 + 900.0  # the usual stay, and the way to it
    assert second[1] == 4000.0


def test_an_alarm_lasts_as_long_as_the_authority_says_and_ends_after_it() -> None:
    events = [alarm(0.0, 3000.0), alarm(60.0, 90.0, "b")]
    a, b = seconds(history.fold(events, DEFAULT))
    assert (a[0], a[1], b[0], b[1]) == ("a", 0.0, "b", 60.0)
    assert 3000.0 <= a[2] < 3000.0 + 900.0
    assert b[2] < 1500.0


def test_figures_by_hand() -> None:
    spans = [Span("a", "drone", *(round(T0 + t_s * NS_PER_S) for t_s in some)) for some in
             ((0, 600), (900, 1500), (2200, 2800), (2300, 2400))]  # fmt: skip
    found = history.figures(spans)
    assert found["alarms"] == 4
    assert found["again_within_10_min"] == 0.25  # the last, 100 s after the one before it
    assert found["within_10_min_of_the_end"] == 0.25  # the second, 300 s after the first
    assert found["minutes_median"] == 10.0
    assert found["zone_hours"] == 0.5


def test_what_is_missed_or_ended_early_is_counted() -> None:
    events = [alarm(0.0, 600.0), alarm(0.0, 600.0, "b")]
    late = [Span("a", "drone", T0 + 10 * NS_PER_S, T0 + 300 * NS_PER_S)]
    found = history.compared(events, late)
    assert (found["not_in_alarm"], found["ended_while_issued"]) == (2, 1)


# ---- the record --------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("il", "2023-10-09T00:00:00Z", "2023-10-10T00:00:00Z"),
        ("il", "2024-10-01T00:00:00Z", "2024-10-02T00:00:00Z"),
        ("ua", "2023-06-01T00:00:00Z", "2023-06-02T12:00:00Z"),
    ],
)
def test_recorded_days(shared: Path, name: str, since: str, until: str) -> None:
    events = history.read(shared / "data" / FILES[name], from_iso(since), from_iso(until))
    assert len(events) > 20
    found = history.compared(events, history.fold(events, DEFAULT))
    print(found)
    ours, issued = found["ours"], found["issued"]
    assert found["not_in_alarm"] == 0  # from the very second of the alert
    assert found["ended_while_issued"] == 0
    assert ours["again_within_10_min"] <= 0.2 * issued["again_within_10_min"]
    assert ours["alarms"] <= issued["alarms"]
    assert ours["zone_hours"] < 1.5 * issued["zone_hours"] + 1.0


@pytest.mark.shared
def test_names_with_commas_are_one_zone(shared: Path) -> None:
    """Ashdod's quarters are listed by letters: "אשדוד - א,ב,ד,ה"."""
    events = history.read(shared / "data" / FILES["il"], from_iso("2023-10-07T00:00:00Z"))
    zones = {event.zone for event in events}
    assert any("," in zone for zone in zones)
    assert min(len(zone) for zone in zones) > 1
