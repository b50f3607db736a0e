"""People by day and by night: who is counted when, from the map's file to the person-minutes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.score.stories import PEOPLE, ZONES, at, centre, flight, six_zones, story, truth
from tests.zones.atlases import atlas
from tocsin.instant import NS_PER_DAY, NS_PER_S, from_iso, is_night, night_ns, ns
from tocsin.score import people
from tocsin.score.scorecard import score
from tocsin.score.seconds import sums_of
from tocsin.words import Alert
from tocsin.zones import document
from tocsin.zones.atlas import atlas_of, compiled
from tocsin.zones.map import ZoneMap
from tocsin.zones.units import Unit

DUSK_NS = from_iso("2026-09-21T19:35:48Z")  # 22:00 by the sun at zone a, 36.05 degrees east
DAY = {"a": 4_000, "b": -1, "c": 0, "d": 700, "e": -1, "f": 300}


def at_work() -> ZoneMap:
    """The six zones: 4,000 by day in a, nobody in c, 700 in d; in b and e it is not known."""
    above = ("west", "west", "west", "east", "east", "ua")
    units = [Unit(id="ua", level="country")]
    units += [Unit(id=one, level="admin-1", parent="ua") for one in ("west", "east")]
    units += [
        Unit(id=zone, level="zone", parent=parent, people_day=day, people_night=night)
        for (zone, day), parent, night in zip(DAY.items(), above, PEOPLE, strict=True)
    ]
    return six_zones(tuple(units))


def moved(alerts: list[Alert], to_ns: int) -> list[Alert]:
    """The same alerts, begun at another time."""
    by_ns = to_ns - at(0)
    return [
        Alert(**{**{f: getattr(a, f) for f in a.__struct_fields__},
                 "t_ns": a.t_ns + by_ns, "t_ns_expires": a.t_ns_expires + by_ns})
        for a in alerts
    ]  # fmt: skip


def test_one_number_stands_for_both_and_none_for_none() -> None:
    zones = at_work()
    assert zones.people_day.tolist() == [4_000, 2_000, 0, 700, -1, 300]
    assert zones.people_night.tolist() == list(PEOPLE)
    for plain in (ZONES.people_day, ZONES.people_night):
        assert plain.tolist() == list(PEOPLE)


def test_both_go_through_the_map_file_and_geojson() -> None:
    """xx-1: 9,000 and 5,000; xx-2: 70 by day, no more is known; xx-3: nothing."""
    zones = compiled(atlas()).sealed()
    again = compiled(document.read(json.loads(document.write(atlas_of(zones))))).sealed()
    for one in (zones, again):
        assert one.people_day.tolist() == [9_000, 70, -1]
        assert one.people_night.tolist() == [5_000, 70, -1]
        assert one.people.tolist() == [5_000, 70, -1]


@pytest.mark.parametrize(
    ("begin_s", "minutes_day", "minutes_night"),
    [(-3_600, 5, 0), (-180, 3, 2), (0, 0, 5), (8 * 3_600 - 60, 4, 1), (8 * 3_600, 5, 0)],
)
def test_person_minutes_over_dusk_and_dawn(
    begin_s: int, minutes_day: int, minutes_night: int
) -> None:
    """Five minutes in a, where 4,000 are by day and 1,000 by night: 22 to 6 o'clock by the sun."""
    begin_ns = DUSK_NS + begin_s * NS_PER_S
    alerts = moved(story("a", ("take_cover", 0), ("all_clear", 300)), begin_ns)
    came = replace(truth(), t_ns_start=begin_ns)
    wanted = 4_000.0 * minutes_day + 1_000.0 * minutes_night
    card = score(alerts, came, at_work())
    assert card.person_minutes == pytest.approx(wanted, abs=1.0)
    assert score(alerts, came, ZONES).person_minutes == 5_000.0


def test_regions_and_milder_stages_count_at_their_hours_too() -> None:
    """By day region 0 has 6,000, by night 10,000; early and vain minutes of a by day at 4,000."""
    over_a = flight("one", 60, 360, centre("a"), centre("a"))
    alerts = story("a", ("early", 0), ("take_cover", 60), ("all_clear", 120))
    hour = (at(0) / NS_PER_S / 3600.0 + 36.05 / 15.0) % 24.0
    assert 6.0 < hour < 21.0
    card = score(alerts, truth(flights=(over_a,)), at_work())
    assert card.person_minutes_region == 6_000.0 * 7
    assert (card.early_person_minutes, card.person_minutes) == (4_000.0, 4_000.0)
    assert score(alerts, truth(flights=(over_a,)), ZONES).person_minutes_region == 10_000.0 * 7


def test_beside_an_authority_the_hour_counts() -> None:
    """We 10 min before dusk to 10 min after it, they from dusk on for 20 min: all in a."""
    ten_ns = ns(600.0)
    ours = {"a": [(DUSK_NS - ten_ns, DUSK_NS + ten_ns)]}
    theirs = {"a": [(DUSK_NS, DUSK_NS + 2 * ten_ns)]}
    zones = at_work()
    sums = sums_of(ours, theirs, zones, (DUSK_NS - 3 * ten_ns, DUSK_NS + 3 * ten_ns)).person_minutes
    assert sums.only_ours == pytest.approx(40_000.0, abs=5.0)
    assert sums.both == pytest.approx(10_000.0, abs=5.0)
    assert sums.only_theirs == pytest.approx(10_000.0, abs=5.0)
    span = [(DUSK_NS - 3 * ten_ns, DUSK_NS + 3 * ten_ns)]
    everybody = people.zones_person_ns(zones, np.arange(6), span)
    assert sums.neither == pytest.approx(people.person_minutes(everybody) - 60_000.0, abs=10.0)


@given(
    t_ns=st.integers(0, 3 * NS_PER_DAY),
    steps=st.integers(0, 4_000),
    lon_deg=st.floats(-180.0, 180.0),
)
def test_the_night_of_a_span_is_the_sum_of_its_minutes(
    t_ns: int, steps: int, lon_deg: float
) -> None:
    """Minute by minute what `is_night` says; a border lies within one minute each."""
    minute_ns = 60 * NS_PER_S
    counted = sum(is_night(t_ns + k * minute_ns, lon_deg) for k in range(steps))
    found = night_ns(t_ns, t_ns + steps * minute_ns, lon_deg) / minute_ns
    borders = 2 * (steps / 1440.0 + 1.0)
    assert found == pytest.approx(counted, abs=borders)
