"""Recorded alerts through the stage machine: nothing missed, nothing ended early, all by word."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from tools import histories, history
from tools.history import Event, Span

from tocsin.decide import POLICIES
from tocsin.instant import NS_PER_S, from_iso

DEFAULT = POLICIES["default"]
T0 = from_iso("2023-10-07T03:00:00Z")
FOUR_H_NS = 4 * 3600 * NS_PER_S
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


def test_what_silence_parts_is_folded_by_itself() -> None:
    """Two raids four hours apart, and one that a long alarm of another zone holds together."""
    raid = [alarm(0.0, 300.0), alarm(200.0, 900.0, "b"), rocket(250.0)]
    later = [replace(e, t_ns=e.t_ns + FOUR_H_NS, t_ns_end=e.t_ns_end + FOUR_H_NS) for e in raid]
    assert [len(part) for part, _ in history._parts(raid + later)] == [3, 3]
    assert [len(part) for part, _ in history._parts([alarm(-1.0, 15_000.0, "c"), *raid])] == [4]
    once, twice = history.fold(raid, DEFAULT), history.fold(raid + later, DEFAULT)
    assert len(once) == 3
    assert twice == once + [
        replace(one, t_ns=one.t_ns + FOUR_H_NS, t_ns_end=one.t_ns_end + FOUR_H_NS) for one in once
    ]


def test_a_snapshot_tells_how_long_at_least(tmp_path: Path) -> None:
    """Seen in two nights: one alert, from its own beginning to the second night."""
    path = tmp_path / "seen.csv.gz"
    rows = [
        "snapshot_at,oblast,raion,hromada,level,started_at,region_id",
        "2025-01-02 01:00:00+00:00,x,,,oblast,2025-01-01 20:00:00+00:00,16",
        "2025-01-03 01:00:00+00:00,x,,,oblast,2025-01-01 20:00:00+00:00,16",
        "2025-01-03 01:00:00+00:00,x,,,oblast,2025-01-03 00:30:00+00:00,22",
    ]
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    found = [(e.zone, (e.t_ns_end - e.t_ns) / NS_PER_S) for e in history.read(path)]
    assert found == [("16", 29 * 3600.0), ("22", 1800.0)]


def test_how_long_an_alarm_was_held_on() -> None:
    """Ours ends 120 s after the last of two, whichever began first; a later one does not count."""
    events = [alarm(0.0, 600.0), alarm(100.0, 400.0), alarm(5000.0, 5600.0)]
    spans = [Span("a", "drone", T0, T0 + 720 * NS_PER_S)]
    assert history.compared(events, spans)["minutes_held_on"] == {"median": 2.0, "p90": 2.0}


def test_the_page_has_a_column_for_each_report() -> None:
    report = history.compared([alarm(0.0, 600.0)], [Span("a", "drone", T0, T0 + 720 * NS_PER_S)])
    rows = histories.table([("x", report), ("y", report)]).splitlines()
    assert rows[0] == "| | x | y |"
    assert "| minutes from the end as issued to our all-clear, median | 2.0 | 2.0 |" in rows
    assert all(row.count("|") == 4 for row in rows)


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
