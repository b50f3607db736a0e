"""What must hold whatever flies: random raids, random outages, one board."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decide.stories import START_NS, Flight, Story, allowed, arrivals, country
from tocsin.decide import POLICIES
from tocsin.instant import NS_PER_S, ns
from tocsin.words import HORIZONS_S, THREATS, Alert

POLICY = POLICIES["default"]
RAID_S = 1200.0  # flights begin before this
TAIL_S = 1900.0  # then nothing flies: longer than every hold, stay and showing together
STEP_S = 8.0


@st.composite
def raids(draw: st.DrawFn) -> list[Flight]:
    """Up to five tracks over three zones; any may vanish early, or claim almost nothing."""
    flights = []
    for track in range(1, draw(st.integers(1, 5)) + 1):
        seen_s = draw(st.floats(0.0, RAID_S * 0.8))
        arrives_s = seen_s + draw(st.floats(10.0, 1200.0))
        gone_s = min(draw(st.floats(seen_s, arrives_s + 10.0)), RAID_S)
        threat = draw(st.sampled_from(THREATS))
        for zone in draw(st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True)):
            chance = draw(st.sampled_from([0.003, 0.006, 0.02, 0.1, 0.9]))
            spread = draw(st.sampled_from([0.05, 0.3, 1.0]))
            flights.append(Flight(zone, arrives_s, chance, track, threat, seen_s, gone_s, spread))
    return flights


outages = st.lists(
    st.tuples(st.floats(0.0, RAID_S), st.floats(10.0, 400.0)).map(lambda x: (x[0], x[0] + x[1])),
    max_size=2,
)


def chance(story: Story, alert: Alert, stage: str) -> float:
    """The combined chance of `alert`'s zone and threat for `stage`, computed the plain way."""
    row = POLICY.row(alert.threat, stage)
    ahead_s = row.ahead_s + (90.0 if row.add_shelter else 0.0)
    now = arrivals((alert.t_ns - START_NS) / NS_PER_S, story.flights)
    spared = 1.0
    for i in range(len(now)):
        here = story.zones.ids[now.zone[i]] == alert.zone
        if here and THREATS[now.threat[i]] == alert.threat:
            spared *= 1.0 - np.interp(ahead_s, [0, *HORIZONS_S], [0, *now.chance[i]])
    return 1.0 - spared


def minimum_s(alert: Alert) -> float:
    """How long the stage of `alert` must last before a milder one."""
    if alert.stage == "stay":
        return POLICY.stay(alert.threat).minimum_s
    return POLICY.row(alert.threat, alert.stage).minimum_s


SEVERITY = ("stand_by", "early", "stay", "take_cover")


def check_run_of_one(story: Story, zone: str, threat: str) -> None:
    """Serials, transitions, minimum durations and clear skies of one zone and threat."""
    told = [a for _, a in story.said if (a.zone, a.threat) == (zone, threat)]
    assert [alert.serial for alert in told] == list(range(1, len(told) + 1))
    stage, entered = "none", None
    for alert in told:
        assert allowed(stage, alert.stage), (stage, alert.stage)
        if alert.stage == stage:
            continue
        if entered is not None and stage in SEVERITY:
            milder = alert.stage not in SEVERITY or SEVERITY.index(alert.stage) < SEVERITY.index(
                stage
            )
            lasted_s = (alert.t_ns - entered.t_ns) / NS_PER_S
            assert not milder or lasted_s >= minimum_s(entered), (stage, alert.stage, lasted_s)
        if alert.stage == "all_clear":
            assert not alert.blind
            for sounding in ("early", "take_cover"):
                assert chance(story, alert, sounding) < POLICY.row(threat, sounding).chance
        stage, entered = alert.stage, alert
    assert stage == "none", "the sky is empty and the sensor lives: it must end"


@given(flights=raids(), outages_s=outages)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_raid_is_told_in_order_and_comes_to_an_end(
    flights: list[Flight], outages_s: list[tuple[float, float]]
) -> None:
    story = Story(flights=flights, outages_s=outages_s, step_s=STEP_S)
    story.until(RAID_S + 400.0 + TAIL_S)
    for zone in story.zones.ids:
        for threat in THREATS:
            check_run_of_one(story, zone, threat)


@given(flights=raids(), outages_s=outages)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_who_should_take_cover_is_told_at_once_and_until_then_nothing_expires(
    flights: list[Flight], outages_s: list[tuple[float, float]]
) -> None:
    story = Story(flights=flights, outages_s=outages_s, step_s=STEP_S)
    last: dict[tuple[str, str], Alert] = {}
    while story.now_s <= RAID_S:
        before = len(story.said)
        t_ns = START_NS + ns(story.now_s)
        story.tick()
        last |= {(alert.zone, alert.threat): alert for _, alert in story.said[before:]}
        for (zone, threat), alert in last.items():
            if alert.stage in SEVERITY:
                assert alert.t_ns_expires > t_ns
            now = Alert(**{**fields(alert), "t_ns": t_ns})
            if chance(story, now, "take_cover") >= POLICY.row(threat, "take_cover").chance + 1e-9:
                assert alert.stage == "take_cover", (zone, threat)


def fields(alert: Alert) -> dict[str, object]:
    return {name: getattr(alert, name) for name in alert.__struct_fields__}


@given(flights=raids(), outages_s=outages)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_board_from_a_checkpoint_says_the_same(
    flights: list[Flight], outages_s: list[tuple[float, float]]
) -> None:
    told = []
    for repickle in (False, True):
        story = Story(flights=flights, outages_s=outages_s, step_s=20.0, repickle=repickle)
        story.until(RAID_S + 1000)
        told.append((story.said, story.blindness))
    assert told[0] == told[1]


@pytest.mark.parametrize("period_s", [10.0, 20.0, 45.0])
def test_a_chance_that_flickers_does_not_make_the_siren_flicker(period_s: float) -> None:
    """On and off round the threshold for an hour: one warning while it flickers."""
    story = Story(zones=country(1), step_s=5.0)
    while story.now_s < 3600:
        on = story.now_s % (2 * period_s) < period_s
        story.flights = [Flight(zone=0, arrives_s=story.now_s + 60, chance=0.02)] if on else []
        story.tick()
    assert [stage for _, stage in story.stages()] == ["take_cover"]
