"""Recorded days as the authority: all of it is read and placed, and the sums are those of others.

What we would have said is what the board makes of the same alerts (`tools.history`): so nothing may
be missing or late, and how much longer we keep an alarm is what docs/reference/histories.md tells.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tools import history

from tests.score.stories import alert
from tests.zones.test_mapping import israel, ukraine  # noqa: F401 (fixtures)
from tocsin.decide import POLICIES
from tocsin.instant import NS_PER_DAY, from_iso
from tocsin.score import told
from tocsin.score.authority import Authority, placed
from tocsin.score.beside import Beside, Setting, beside
from tocsin.score.timeline import union
from tocsin.words import Alert
from tocsin.zones.map import ZoneMap

FILES = {
    "il": "alerts_il/alerts_il_2014_2024.csv.gz",
    "ua": "alerts_ua/official_2022-03_2024-04_en.csv.gz",
}
pytestmark = [pytest.mark.shared, pytest.mark.slow]


def record(shared: Path, name: str, day: str) -> tuple[told.Record, int]:
    """The alerts that began on one day of UTC, and when it began."""
    begin_ns = from_iso(f"{day}T00:00:00Z")
    whole = told.read((shared / "data" / FILES[name]).read_bytes())
    kept = (one for one in whole.told if begin_ns <= one.t_ns < begin_ns + NS_PER_DAY)
    return replace(whole, told=tuple(kept)), begin_ns


def ours(record: told.Record, zones: ZoneMap) -> list[Alert]:
    """What the board makes of it, in the words of the mind, for every leaf of a place."""
    one_map = {one.places[0].codes[0][1]: placed(replace(record, told=(one,)), zones).alarms
               for one in record.told}  # fmt: skip
    events = sorted(
        (
            history.Event(
                t_ns=one.t_ns,
                t_ns_end=one.t_ns_end if one.end == told.SAID else one.t_ns + history.ACTIVE_NS,
                zone=one.places[0].codes[0][1],
                threat=one.threat or "drone",
                has_end=one.end == told.SAID,
            )
            for one in record.told
        ),
        key=lambda event: (event.t_ns, event.zone, event.threat, event.t_ns_end),
    )
    held: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for span in history.fold(events, POLICIES["default"]):
        for zone in one_map[span.zone]:
            held.setdefault((zone, span.threat), []).append((span.t_ns, span.t_ns_end))
    return [
        _at(alert(zone, "take_cover", 0, serial, threat=threat), *piece)
        for (zone, threat), some in held.items()
        for serial, piece in enumerate(union(some))
    ]


def _at(one: Alert, t_ns: int, t_ns_end: int) -> Alert:
    return msgspec.structs.replace(one, t_ns=t_ns, t_ns_expires=t_ns_end)


def compare(alerts: list[Alert], given: Authority, zones: ZoneMap, begin_ns: int) -> Beside:
    """Over the day and the next morning, so that every alarm ends within."""
    setting = Setting(
        site="here", realm="live", policy="default", aims="people", source="record",
        source_sha256="", t_ns=begin_ns - 1, t_ns_end=begin_ns + NS_PER_DAY * 3 // 2, silent_s=0.0,
    )  # fmt: skip
    return beside(alerts, given, zones, setting)


def test_the_first_of_october_2024_in_israel(israel: ZoneMap, shared: Path) -> None:  # noqa: F811
    day, begin_ns = record(shared, "il", "2024-10-01")
    given = placed(day, israel)
    events = history.read(shared / "data" / FILES["il"], begin_ns, begin_ns + NS_PER_DAY)
    assert len(day.told) == len(events) == 2_133
    assert sum(given.unknown.values()) + len(given.issued) == len(day.told)
    one = compare(ours(day, israel), given, israel, begin_ns)
    assert one.alarms_met == one.alarms_theirs > 1_000
    assert (one.ahead_s["p5"], one.ahead_s["p95"]) == (0.0, 0.0)
    assert one.longer_timed == 0  # the archive tells no end
    assert one.sums.zone_seconds.only_theirs == 0.0
    known = [event for event in events if event.zone not in given.unknown]
    hours = (one.sums.zone_seconds.both + one.sums.zone_seconds.only_theirs) / 3600.0
    assert hours == pytest.approx(history.union_hours(history.issued(known)), rel=1e-9)
    assert set(one.by_kind) == {"drone", "cruise", "ballistic"}
    for kind, sums in one.by_kind.items():
        mine = [event for event in known if event.threat == kind]
        seconds = sums.zone_seconds.both + sums.zone_seconds.only_theirs
        assert seconds / 3600.0 == pytest.approx(history.union_hours(history.issued(mine)))
        assert sums.zone_seconds.only_theirs == 0.0


def test_names_of_the_archive_are_found_as_often_as_its_readme_says(
    israel: ZoneMap,  # noqa: F811
    shared: Path,
) -> None:
    """93 % since October 2023; those that are not are named, commonest first."""
    since_ns = from_iso("2023-10-07T00:00:00Z")
    whole = told.read((shared / "data" / FILES["il"]).read_bytes())
    late = tuple(one for one in whole.told if one.t_ns >= since_ns)
    given = placed(replace(whole, told=late), israel)
    assert len(given.issued) / len(late) == pytest.approx(0.93, abs=0.005)
    assert list(given.unknown.values()) == sorted(given.unknown.values(), reverse=True)
    assert sum(given.unknown.values()) == len(late) - len(given.issued)


def test_a_day_of_june_2023_in_ukraine(
    ukraine: tuple[ZoneMap, Any],  # noqa: F811
    shared: Path,
) -> None:
    """Oblasts and hromadas, each for every leaf in it; the ends are told."""
    zones = ukraine[0]
    day, begin_ns = record(shared, "ua", "2023-06-02")
    given = placed(day, zones)
    assert given.unknown == {}
    one = compare(ours(day, zones), given, zones, begin_ns)
    assert one.issued == one.issued_met == len(day.told) > 20
    assert one.alarms_met == one.alarms_theirs > 10 * one.issued
    assert (one.ahead_s["p5"], one.ahead_s["p95"]) == (0.0, 0.0)
    assert one.sums.zone_seconds.only_theirs == 0.0
    assert one.longer_s["p50"] == pytest.approx(180.0, abs=30.0)  # three minutes, as told there
    assert one.by_kind == {}
