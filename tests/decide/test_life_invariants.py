"""Random stories with raids, outages and operators: what every life of a warning must obey."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.decide.stories import START_NS, Story, allowed, country, order
from tests.decide.test_board_invariants import RAID_S, TAIL_S, chance, outages, raids
from tocsin.decide import POLICIES
from tocsin.decide.stages import TRANSITIONS, WARNED
from tocsin.instant import NS_PER_S, ns
from tocsin.rules.alerts import alert_id
from tocsin.words import STAGES, THREATS, Alert

POLICY = replace(POLICIES["default"], standing_after_s=400.0, standing_hold_s=300.0)
STEP_S = 10.0
WARNS = frozenset(stage for stage, warned in zip(STAGES, WARNED, strict=True) if warned)


@dataclass
class Told:
    """What was said of one zone and threat, and the orders that were given about it."""

    alerts: list[Alert] = field(default_factory=list)
    ended_ns: dict[int, str] = field(default_factory=dict)
    declared: bool = False


acts = st.lists(
    st.tuples(
        st.integers(1, 150),
        st.sampled_from(["cancel", "all_clear", "raise", "declare"]),
        st.integers(0, 2),
        st.sampled_from(THREATS),
    ),
    max_size=6,
)


def tell(story: Story, deeds: list[tuple[int, str, int, str]]) -> dict[tuple[str, str], Told]:
    """Run `story` with its operators; what each zone and threat was told."""
    told: dict[tuple[str, str], Told] = defaultdict(Told)
    seen = 0
    while story.now_s <= RAID_S + 400.0 + TAIL_S:
        now_ns, orders = START_NS + ns(story.now_s), []
        for number, (step, act, row, threat) in enumerate(deeds):
            if step * STEP_S != story.now_s:
                continue
            one = told[story.zones.ids[row], threat]
            nonce = f"nonce-of-order-{number}"
            if act in ("raise", "declare"):
                stage = "standing" if act == "declare" else "early"
                one.declared |= act == "declare"
                orders.append(
                    order("raise", story.now_s, zone=story.zones.ids[row], threat=threat,
                          stage=stage, nonce=nonce)
                )  # fmt: skip
            elif one.alerts and one.alerts[-1].stage in WARNS:
                one.ended_ns[now_ns] = act
                orders.append(order(act, story.now_s, alert=alert_id(one.alerts[-1]), nonce=nonce))
        story.tick(*orders)
        for _, alert in story.said[seen:]:
            told[alert.zone, alert.threat].alerts.append(alert)
        seen = len(story.said)
    return told


def check(story: Story, one: Told) -> None:
    """The life of one zone and threat."""
    stage, begun_ns, serial = "none", 0, 0
    for alert in one.alerts:
        assert alert.serial == serial + 1
        assert allowed(stage, alert.stage), (stage, alert.stage)
        whens = {row.when for row in TRANSITIONS if (row.before, row.after) == (stage, alert.stage)}
        if alert.stage != stage and alert.stage in ("cancelled", "all_clear"):
            check_end(story, one, alert, whens)
        if stage in WARNS and alert.stage in WARNS:
            assert alert.t_ns_begun == begun_ns, "a run goes on under its name"
        if stage not in WARNS and alert.stage in WARNS:
            assert alert.resumed == (alert.t_ns_begun < alert.t_ns)
            assert not alert.resumed or stage == "all_clear"
        if alert.stage == "notice":
            assert alert.threat == "drone"
            assert alert.level == "none"
        assert not alert.late or alert.stage == "take_cover"
        assert (alert.t_ns_expires > alert.t_ns) or alert.stage == "none"
        stage, begun_ns, serial = alert.stage, alert.t_ns_begun, alert.serial
    if not (one.declared and stage == "standing"):
        assert stage == "none", "the sky is empty and a sensor watches: it must end"


def check_end(story: Story, one: Told, alert: Alert, whens: set[str]) -> None:
    """An end is an operator's, or the sky's under a sensor; never that of a timer or of silence."""
    act = one.ended_ns.get(alert.t_ns)
    if alert.stage == "cancelled":
        assert act == "cancel"
    elif alert.reasons[0].rule == "order.all_clear":
        assert act == "all_clear"
    else:
        assert "over" in whens
        assert not alert.blind
        t_s = (alert.t_ns - START_NS) / NS_PER_S
        assert not any(begin + 15.0 < t_s < end for begin, end in story.outages_s), "blind"
        for sounding in ("early", "take_cover"):
            row = POLICY.row(alert.threat, sounding)
            muted = bool(one.ended_ns)  # what an operator ended cannot hold the zone for a while
            assert muted or chance(story, alert, sounding) < row.chance


@given(flights=raids(), outages_s=outages, deeds=acts)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_life_is_lawful(flights, outages_s, deeds) -> None:
    zones = country(3, apart_deg=0.1)
    story = Story(flights=flights, outages_s=outages_s, zones=zones, policy=POLICY, step_s=STEP_S)
    told = tell(story, deeds)
    assert story.rejected == []
    for one in told.values():
        check(story, one)


def test_quiet_alone_ends_nothing_while_nobody_watches() -> None:
    """A day of an empty, unwatched sky after each kind of warning: no all-clear, ever."""
    for stage in ("stand_by", "early", "take_cover", "standing"):
        story = Story(zones=country(1), step_s=600.0, outages_s=[(600.0, 1e9)], policy=POLICY)
        story.tick(order("raise", 0, zone="z0", threat="drone", stage=stage))
        story.until(86_400.0)
        left = [said for _, said in story.stages()]
        assert left in ([stage], ["take_cover", "stay"])
        assert story.alerts()[-1][1].blind
