"""The shipped policies: what each of them promises, told as stories; and what none of them may."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decide.stories import Flight, Story, country, order
from tests.decide.test_board_invariants import RAID_S, outages, raids
from tocsin.decide import POLICIES, Policy, worth
from tocsin.decide.areas import area_of
from tocsin.instant import from_iso, is_night
from tocsin.rules.alerts import alert_id
from tocsin.words import THREATS

UKRAINE = "drones-by-district-missiles-by-region"
NIGHT_S = 8 * 3600.0
"""From the start of the stories, an afternoon in September, to about half past midnight there."""

SEVERITY = ("none", "notice", "stand_by", "early", "stay", "take_cover", "standing")


def story(policy: str, *flights: Flight, zones: int = 8, at_s: float = 0.0) -> Story:
    """A story of eight zones: regions of four, districts of two."""
    return Story(
        flights=list(flights), zones=country(zones), policy=POLICIES[policy], now_s=at_s
    )  # fmt: skip


def in_cover(told: Story, threat: str) -> list[int]:
    """The zones whose last stage of that threat is take_cover or stay."""
    return [
        row
        for row in range(len(told.zones))
        if (stages := told.stages(row, threat)) and stages[-1][1] in ("take_cover", "stay")
    ]


def test_all_that_are_asked_for_are_shipped() -> None:
    assert list(POLICIES) == ["default", "threshold", "cost-loss", "night", "region", UKRAINE]
    assert all(policy.name == name for name, policy in POLICIES.items())


# cost-loss


@given(
    cost=st.floats(0.5, 20.0),
    loss=st.floats(30.0, 10_000.0),
    other=st.floats(0.0, 1.0),
    seed=st.integers(0, 99),
)
def test_no_other_chance_costs_less_in_the_long_run(
    cost: float, loss: float, other: float, seed: int
) -> None:
    """Murphy (1977): with calibrated chances, acting above C/L has the least expected expense."""
    chance = np.random.default_rng(seed).beta(0.3, 3.0, 500)

    def expense(least: float) -> float:
        return float(np.where(chance > least, cost, chance * loss).sum())

    assert expense(worth.break_even(cost, loss)) <= expense(other) * (1.0 + 1e-12)


def test_the_published_example_of_frost_in_an_orchard() -> None:
    """Murphy's cost-loss ratio: 1 unit to protect what would lose 10 pays above one in ten."""
    assert worth.break_even(1.0, 10.0) == pytest.approx(0.1)
    for cost, loss in ((0.0, 10.0), (10.0, 10.0), (20.0, 10.0), (float("nan"), 10.0)):
        with pytest.raises(ValueError, match="less than what it averts"):
            worth.break_even(cost, loss)


def test_a_lead_averts_as_much_as_the_policy_study_says() -> None:
    """Nothing within the 20 s of delivery, 1 - 1/e at 90 s, and nearly all at five minutes."""
    assert worth.averted(10.0) == 0.0
    assert worth.averted(90.0) == pytest.approx(0.632, abs=0.001)
    assert worth.averted(300.0) > 0.98


@pytest.mark.parametrize("at_s", [0.0, NIGHT_S])
@pytest.mark.parametrize("threat", THREATS)
def test_cost_loss_warns_above_the_break_even_and_not_below(threat: str, at_s: float) -> None:
    stake = worth.STAKES[threat]
    cost_min = stake.minutes * (worth.NIGHT_FACTOR if at_s else 1.0)
    pays = cost_min / (worth.WORTH_MIN * stake.harm * worth.averted(stake.lead_s))
    for share, zones in ((1.02, [0]), (0.98, [])):
        flight = Flight(0, at_s + 40.0, pays * share, threat=threat, spread=0.01)
        told = story("cost-loss", flight, at_s=at_s)
        told.until(at_s + 4.0)
        assert in_cover(told, threat) == zones


def test_what_strikes_harder_is_warned_of_sooner_and_sleep_is_dearer() -> None:
    by_day = {threat: worth.chance(worth.STAKES[threat]) for threat in THREATS}
    assert by_day["cruise"] < by_day["drone"]
    assert by_day["ballistic"] < by_day["drone"]
    for threat, stake in worth.STAKES.items():
        assert worth.chance(stake, night=True) > by_day[threat]


# areas


def test_a_region_is_told_as_one_and_the_next_not_at_all() -> None:
    told = story("region", Flight(zone=1, arrives_s=300.0)).until(100.0)
    assert in_cover(told, "drone") == [0, 1, 2, 3]
    assert len({tuple(told.stages(row)) for row in range(4)}) == 1
    assert [told.stages(row) for row in range(4, 8)] == [[]] * 4
    assert told.alerts(3)[0][1].reasons[0].track == 1
    assert told.alerts(3)[0][1].t_ns_arrival == 0  # it is not that zone's
    assert told.alerts(1)[0][1].t_ns_arrival > 0


def test_drones_by_district_and_missiles_by_region() -> None:
    drone = story(UKRAINE, Flight(zone=1, arrives_s=300.0)).until(100.0)
    assert in_cover(drone, "drone") == [0, 1]
    for threat in ("cruise", "ballistic"):
        missile = story(UKRAINE, Flight(zone=1, arrives_s=120.0, threat=threat)).until(60.0)
        assert in_cover(missile, threat) == [0, 1, 2, 3]
        assert in_cover(missile, "drone") == []


def test_an_area_is_held_120_s_and_alarmed_300_s_at_least() -> None:
    """As the baseline of the scorecard: a threat that is gone at once holds for 300 s, one that
    is there for long for 120 s after it."""
    short = story("region", Flight(zone=1, arrives_s=300.0, gone_s=5.0)).until(1500.0)
    long = story("region", Flight(zone=1, arrives_s=900.0, chance=0.5)).until(2500.0)
    for row in range(4):
        begun, _, ended = (t_s for t_s, _ in short.stages(row)[:3])
        assert [stage for _, stage in short.stages(row)][:3] == ["take_cover", "stay", "all_clear"]
        assert ended - begun >= 300.0
        cleared = [t_s for t_s, stage in long.stages(row) if stage == "all_clear"]
        assert 1000.0 <= cleared[0] <= 1000.0 + 130.0


def test_without_a_district_the_region_stands_in() -> None:
    zones = replace(country(8), districts=np.array([0, 0, -1, -1, 1, 1, 1, 1]))
    assert area_of(zones)[1].tolist() == [0, 0, 2, 2, 1, 1, 1, 1]
    bare = replace(country(8), districts=np.full(8, -1))
    told = Story(flights=[Flight(1, 300.0)], zones=bare, policy=POLICIES[UKRAINE]).until(100.0)
    assert in_cover(told, "drone") == [0, 1, 2, 3]


@given(flights=raids(), outages_s=outages)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_stages_of_a_region_never_part(
    flights: list[Flight], outages_s: list[tuple[float, float]]
) -> None:
    """All zones of an area under the rule of areas stand in the same stage of cover, always; and
    nobody is left out who would have been warned for his own zone alone."""
    whole = Story(
        flights=flights, zones=country(4), policy=POLICIES["region"], outages_s=outages_s, step_s=9
    )
    rows = tuple(replace(row, unit="zone") for row in POLICIES["region"].rows)
    apart = replace(whole, policy=replace(POLICIES["region"], rows=rows), said=[], blindness=[])
    for one in (whole, apart):
        one.until(RAID_S)
    for threat in THREATS:
        begun = {
            tuple(t_s for t_s, stage in whole.stages(row, threat) if stage == "take_cover")[:1]
            for row in range(4)
        }
        assert len(begun) == 1, "told at one and the same time"
        alone = [apart.stages(row, threat)[0][0] for row in range(4) if apart.stages(row, threat)]
        if alone:
            assert begun == {(min(alone),)}


def test_who_was_told_that_it_is_over_is_not_called_back_by_a_threat_to_others() -> None:
    told = story("region", Flight(zone=1, arrives_s=3000.0, chance=0.9, spread=1.0))
    told.until(10.0)
    told.tick(order("cancel", told.now_s, alert=alert_id(told.alerts(3)[-1][1])))
    told.until(600.0)
    assert [stage for _, stage in told.stages(3)][-1] != "take_cover"
    assert "cancelled" in [stage for _, stage in told.stages(3)]
    assert in_cover(told, "drone") == [0, 1, 2]
    told.flights.append(Flight(zone=3, arrives_s=700.0, track=2))
    told.until(650.0)
    assert 3 in in_cover(told, "drone"), "his own is another matter"


# night


@pytest.mark.parametrize(
    ("instant", "lon_deg", "asleep"),
    [
        ("2026-01-15T19:57:00Z", 30.5, False),  # 21:59 by the sun in Kyiv
        ("2026-01-15T20:00:00Z", 30.5, True),
        ("2026-01-16T03:57:00Z", 30.5, True),
        ("2026-01-16T03:59:00Z", 30.5, False),
        ("2026-07-01T12:00:00Z", 0.0, False),
        ("2026-07-01T12:00:00Z", 179.9, True),
        ("2026-07-01T12:00:00Z", -120.0, True),
    ],
)
def test_night_is_by_the_sun(instant: str, lon_deg: float, asleep: bool) -> None:
    assert is_night(from_iso(instant), lon_deg) == asleep


def test_by_night_early_is_later_and_surer_and_take_cover_the_same() -> None:
    begun: dict[float, dict[str, float]] = {}
    for at_s in (0.0, NIGHT_S):
        told = story("night", Flight(zone=0, arrives_s=at_s + 1200.0), zones=1, at_s=at_s)
        told.until(at_s + 1190.0)
        begun[at_s] = {stage: t_s - at_s for t_s, stage in told.stages()}
    day, night = begun[0.0], begun[NIGHT_S]
    assert night["early"] > day["early"] + 50.0
    assert night["take_cover"] == day["take_cover"]
    assert day["early"] < day["take_cover"]
    assert night["early"] < night["take_cover"]
    for threat in ("drone", "cruise"):
        by_day, by_night = (POLICIES["night"].row(threat, "early", night=n) for n in (False, True))
        assert by_night.ahead_s < by_day.ahead_s
        assert by_night.chance > by_day.chance


@pytest.mark.parametrize(
    ("threat", "begins", "ends", "within", "before"),
    [("drone", 0.018, 0.008, 1.0, "none"), ("cruise", 0.015, 0.004, 0.5, "stand_by")],
)
def test_early_begins_surer_than_it_ends(
    threat: str, begins: float, ends: float, within: float, before: str
) -> None:
    """A threat always 400 s away: beyond all that take_cover looks at, and at its full chance from
    600 s on; half of it lies within the 450 s of cruise missiles. Early is told from its chance on,
    for as long as that is over the chance of the end, and a minute longer."""
    told = story("default", zones=1)
    for chance, until_s, stage in (
        (0.99 * begins, 10.0, before),
        (1.01 * begins, 20.0, "early"),
        (1.05 * ends, 400.0, "early"),
        (0.95 * ends, 470.0, "all_clear"),
    ):
        while told.now_s < until_s:
            away_s = told.now_s + 400.0
            told.flights = [Flight(0, away_s, chance / within, threat=threat, spread=0.01)]
            told.tick()
        assert [(0.0, "none"), *told.stages(threat=threat)][-1][1] == stage


# whatever the policy


def test_two_rows_for_one_night_and_unknown_units_are_refused() -> None:
    rows = POLICIES["night"].rows
    with pytest.raises(ValueError, match="at most one row"):
        replace(POLICIES["night"], rows=(*rows, rows[-1]))
    with pytest.raises(ValueError, match="none of zone, district, region"):
        replace(POLICIES["night"], rows=(replace(rows[0], unit="street"), *rows[1:]))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
@given(
    flights=raids(),
    outages_s=outages,
    raised=st.tuples(
        st.integers(0, 60),
        st.integers(0, 2),
        st.sampled_from(THREATS),
        st.sampled_from(["stand_by", "early", "take_cover"]),
    ),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_policy_lowers_what_an_operator_or_blindness_holds(
    policy: Policy,
    flights: list[Flight],
    outages_s: list[tuple[float, float]],
    raised: tuple[int, int, str, str],
) -> None:
    """A raised stage is the least for as long as it holds, and nothing ends while nobody watches.

    The one fall that the table has is from take_cover to stay, which keeps people in cover."""
    step, row, threat, stage = raised
    told = Story(flights=flights, zones=country(3), policy=policy, outages_s=outages_s, step_s=10.0)
    until_s, now = -1.0, dict.fromkeys(range(3 * len(THREATS)), "none")
    while told.now_s <= RAID_S:
        at_s, before = told.now_s, len(told.said)
        if at_s == step * 10.0:
            told.tick(order("raise", at_s, zone=f"z{row}", threat=threat, stage=stage))
            until_s = at_s + policy.raise_s
        else:
            told.tick()
        for _, alert in told.said[before:]:
            key = int(alert.zone[1:]) * len(THREATS) + THREATS.index(alert.threat)
            was, now[key] = now[key], alert.stage
            sheltered = (was, alert.stage) == ("take_cover", "stay")
            if alert.blind and SEVERITY.index(was if was in SEVERITY else "none") >= 2:
                fell = alert.stage not in SEVERITY
                fell = fell or SEVERITY.index(alert.stage) < SEVERITY.index(was)
                assert sheltered or not fell, (was, alert.stage)
        if step * 10.0 <= at_s < until_s:
            held = now[row * len(THREATS) + THREATS.index(threat)]
            if (held, stage) == ("all_clear", "stand_by"):
                continue  # silent, it waits until the all-clear was shown (`stages.TRANSITIONS`)
            assert SEVERITY.index(held) >= SEVERITY.index(stage), (held, stage)


def test_a_region_that_nobody_watches_keeps_its_alarm() -> None:
    told = story("region", Flight(zone=1, arrives_s=200.0, gone_s=20.0))
    told.outages_s = [(30.0, 1e9)]
    told.step_s = 5.0
    told.until(3000.0)
    for row in range(4):
        assert [stage for _, stage in told.stages(row)] == ["take_cover", "stay"]
        assert told.alerts(row)[-1][1].blind
