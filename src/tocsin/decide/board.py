"""What every zone was last told, and what it must be told now.

One call of `Board.decide` per batch: arrivals become risk (`outlook`), risk, time and coverage
become conditions, the table of `stages` takes the step, and an alert is said only where something
changed that people should know. Only keys that are warned or threatened are touched, so a quiet
country costs almost nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.decide import stages
from tocsin.decide.areas import Areas
from tocsin.decide.conditions import Scene, conditions
from tocsin.decide.coverage import AreaZones, Coverage, places
from tocsin.decide.hand import Hand
from tocsin.decide.memory import Int8Array, Limits, Memory, limits
from tocsin.decide.neighbours import Neighbours
from tocsin.decide.outlook import Outlook, Risk, arrival_times, leading, reasons
from tocsin.decide.policy import (
    WARNED_BY_CHANCE,
    Policy,
    arrival_tolerance_s,
    shelter_times_s,
)
from tocsin.decide.sight import Sight
from tocsin.instant import NS_PER_S, is_night, ns
from tocsin.words import (
    STAGES,
    THREATS,
    Alert,
    Arrivals,
    Blindness,
    BoolArray,
    IntArray,
    Order,
    Reason,
    Rejected,
    Sensors,
    Site,
)

LEVEL: Final[dict[str, str]] = {"drone": "yellow", "cruise": "red", "ballistic": "red"}
"""Ukraine's two colours since 2026: yellow for drones, red for missiles."""

DRONE: Final = THREATS.index("drone")
_SILENT_LEVEL: Final = ("none", "notice")

_AS_WARNED: Final = np.array([0, 1, 2, 3, 3, 3, 0, 0, 0])
"""The stage whose look-ahead explains each stage: stay is explained by take_cover."""

_ENDS_BY_ALL_CLEAR: Final = stages.WARNED & (np.arange(len(STAGES)) != stages.TAKE_COVER)
"""The stages that wait for an all-clear, which a blind zone does not get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one call decided, in order of zone row and threat; `blindness` only where it changed."""

    alerts: tuple[Alert, ...]
    blindness: tuple[Blindness, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """A policy laid out for the zones, by day or by night."""

    limits: Limits
    outlook: Outlook
    areas: Areas


class Board:
    """Folds arrivals, sensors and orders into alerts. Picklable; memory bounded by the zone map.

    `policy` is one of `policies.POLICIES` or any other valid one. Orders must have passed
    `orders.OrderGate`: here only their sense is checked, not their signature. `sight` is what an
    elevation file gave.
    """

    def __init__(
        self, site: Site, zones: AreaZones, policy: Policy, sight: Sight | None = None
    ) -> None:
        self._realm = site.realm
        self._places = places(zones)
        self._policy = policy
        self._rules = rules = [
            _Rules(
                limits=limits(policy, night=night),
                outlook=Outlook(policy, self._places, night=night),
                areas=Areas(policy, zones, night=night),
            )
            for night in ((False, True) if policy.sleeps else (False,))
        ]
        self._now = rules[0]
        self._lon_deg = float(np.median(self._places.lon_deg)) if len(self._places) else 0.0
        self._coverage = Coverage(self._places, site.sensors, sight)
        self._memory = Memory(len(self._places) * len(THREATS))
        self._hand = Hand(site.realm, self._places.ids, policy, self._memory)
        shelter_s = shelter_times_s(policy, self._places.shelter_s)
        self._neighbours = Neighbours(self._places, policy.notice_m)
        self._shelter_ns = (shelter_s * NS_PER_S).astype(np.int64)

    @property
    def coverage(self) -> Coverage:
        """Who is watched, for those who are signed in."""
        return self._coverage

    def decide(
        self,
        now_ns: int,
        arrivals: Arrivals,
        sensors: Sensors,
        orders: tuple[Order, ...],
        flying: frozenset[int] | None = None,
        vanished: frozenset[int] = frozenset(),
    ) -> Decided:
        """What is to be said now; `now_ns` never falls from one call to the next.

        `flying` are the tracks that still fly (None: all do), `vanished` those that ended in view.
        """
        blindness = self._coverage.look(now_ns, sensors)
        ended, rejected = self._hand.obey(now_ns, arrivals, orders)
        night = self._policy.sleeps and is_night(now_ns, self._lon_deg)
        self._now = self._rules[int(night)]
        risk = self._now.outlook.risk(arrivals, self._hand.mutes.ignored(now_ns, arrivals))
        alerts: tuple[Alert, ...] = ()
        if flying is None:
            flying = frozenset(arrivals.track.tolist())
        scene = self._scene(now_ns, risk, arrivals, ended, flying, vanished)
        if len(scene.key):
            alerts = self._say(scene, self._step(scene, risk, arrivals), risk, arrivals)
        return Decided(alerts=alerts, blindness=blindness, rejected=rejected)

    def _scene(
        self,
        now_ns: int,
        risk: Risk,
        arrivals: Arrivals,
        ended: dict[int, str],
        flying: frozenset[int],
        vanished: frozenset[int],
    ) -> Scene:
        memory = self._memory
        raised = memory.t_ns_raised > now_ns
        limits, areas = self._now.limits, self._now.areas
        beside, next_to = self._beside(risk)
        touched = (memory.stage != stages.NONE) | raised | memory.declared
        starts = risk.key[(risk.on >= limits.on[risk.key % len(THREATS)].T).any(axis=0)]
        touched[starts] = touched[beside] = True  # what cannot start a stage changes nothing
        if areas.wide.any():
            touched[risk.key] = touched[areas.along(starts)] = True
        key, risky = np.flatnonzero(touched), touched[risk.key]
        near = np.full(len(key), -1, dtype=np.int64)
        near[np.searchsorted(key, beside)] = next_to
        place = np.searchsorted(key, risk.key[risky])
        on, off = np.zeros((2, len(WARNED_BY_CHANCE), len(key)))
        on[:, place], off[:, place] = risk.on[:, risky], risk.off[:, risky]
        told_apart = self._hand.mutes.keys(now_ns)
        source = areas.source(key, on, told_apart)
        on, off = areas.spread(key, on, told_apart), areas.spread(key, off, told_apart)
        threat = key % len(THREATS)
        likely = on >= limits.on_now(threat, memory.standing[key])
        wanted = np.max(likely * np.array([[1], [2], [3]]), axis=0)
        wanted = np.maximum(wanted, np.where(raised[key], memory.raised[key], 0))
        column = np.maximum(np.maximum(wanted, _AS_WARNED[memory.stage[key]]), 1) - 1
        times_ns = np.zeros((3, len(key)), dtype=np.int64)
        asked = np.zeros(len(risk.key), dtype=np.int64)
        asked[risky] = column[place]
        times_ns[:, place] = np.stack(arrival_times(risk, arrivals, asked))[:, risky]
        return Scene(
            now_ns=now_ns,
            key=key,
            stage=memory.stage[key],
            on=on,
            off=off,
            blind=self._coverage.blind.reshape(-1)[key],
            wanted=wanted,
            t_ns_arrival=times_ns[0],
            t_ns_late=times_ns[1],
            t_ns_early=times_ns[2],
            near=near,
            source=source,
            present=flying,
            vanished=vanished,
            cancel=_marked(key, [line for line, how in ended.items() if how == "cancel"]),
            all_clear=_marked(key, [line for line, how in ended.items() if how == "all_clear"]),
        )

    def _step(self, scene: Scene, risk: Risk, arrivals: Arrivals) -> BoolArray:
        """Step every key in `scene` by the table; whether its rest is held by blindness alone."""
        holding = conditions(scene, self._memory, self._now.limits, self._policy)
        following = stages.step(scene.stage, holding)
        self._enter(scene, following, risk, arrivals)
        held: BoolArray = holding["calm"] & scene.blind & _ENDS_BY_ALL_CLEAR[following]
        return held

    def _beside(self, risk: Risk) -> tuple[IntArray, IntArray]:
        """The drone keys next to which a drone is likely, sorted, and the key it is likely at."""
        likely = risk.on[stages.TAKE_COVER - 1] >= self._policy.notice_chance
        here = np.flatnonzero(likely & (risk.key % len(THREATS) == DRONE))
        chance = risk.on[stages.TAKE_COVER - 1, here]
        rows, source = self._neighbours.beside(risk.key[here] // len(THREATS), chance)
        return rows * len(THREATS) + DRONE, source * len(THREATS) + DRONE

    def _enter(self, scene: Scene, following: Int8Array, risk: Risk, arrivals: Arrivals) -> None:
        """Write the stages that changed, and begin a run where one begins.

        A threat that comes back while its own all-clear is still shown goes on with its run: people
        are told that the warning continues, not that there is another one.
        """
        memory, key, now_ns = self._memory, scene.key, scene.now_ns
        changed = following != scene.stage
        entered = key[changed]
        memory.stage[key] = following
        memory.t_ns_entered[entered] = now_ns
        memory.t_ns_calm[entered] = 0
        memory.ordered[entered] = (scene.cancel | scene.all_clear)[changed]
        memory.standing[entered[following[changed] == stages.STANDING]] = True
        over = entered[stages.ENDED[following[changed]] & ~memory.ordered[entered]]
        memory.standing[over] = memory.declared[over] = False
        asks = stages.WARNED[following]
        begins = changed & ~stages.WARNED[scene.stage] & (asks | (following == stages.NOTICE))
        back = begins & asks & (scene.stage == stages.ALL_CLEAR)
        for place in np.flatnonzero(back):
            line, column = int(key[place]), int(_AS_WARNED[following[place]]) - 1
            tracks = leading(risk, arrivals, int(scene.source[place]), column)
            back[place] = np.isin(tracks, memory.behind.get(line, ())).any()
        memory.resumed[key[back]] = True
        begun = key[begins & ~back]
        memory.resumed[begun] = False
        memory.t_ns_begun[begun] = now_ns
        memory.serial_begun[begun] = memory.serial[begun] + 1
        covers = stages.COVERED[following] & ~stages.COVERED[scene.stage]
        memory.t_ns_cover[key[covers]] = now_ns
        alarms = stages.ALARMED[following] & ~stages.ALARMED[scene.stage]
        memory.t_ns_alarm[key[alarms]] = now_ns

    def _say(
        self, scene: Scene, held: BoolArray, risk: Risk, arrivals: Arrivals
    ) -> tuple[Alert, ...]:
        """The alerts of every key of which people should know something new."""
        memory, policy, key, now_ns = self._memory, self._policy, scene.key, scene.now_ns
        stage = memory.stage[key]
        coming = stages.COMING[stage]
        told_ns = memory.t_ns_arrival[key]
        arrival_ns = np.where(scene.t_ns_arrival > 0, scene.t_ns_arrival, told_ns)
        arrival_ns = np.where(coming, arrival_ns, 0)
        tolerance_s = arrival_tolerance_s(policy, (arrival_ns - now_ns) / NS_PER_S)
        moved = coming & (np.abs(arrival_ns - told_ns) > tolerance_s * NS_PER_S)
        moved &= now_ns - memory.t_ns_told[key] >= ns(policy.repeat_s)
        late = self._late(key, arrival_ns)
        moved |= (late != memory.late[key]) & (
            now_ns - memory.t_ns_told[key] >= ns(policy.repeat_s)
        )
        lasting = stages.WARNED[stage] | ((stage == stages.NOTICE) & (scene.near >= 0))
        renew_s = np.where(
            stage == stages.STANDING, policy.standing_validity_s / 2.0, policy.renew_s
        )
        expiring = lasting & (memory.t_ns_expires[key] - now_ns <= renew_s * NS_PER_S)
        turned = (stage != stages.NONE) & (memory.told_blind[key] != scene.blind)
        news = (stage != scene.stage) | moved | expiring | turned
        said = key[news]
        memory.serial[said] += 1
        memory.t_ns_told[said] = now_ns
        memory.t_ns_arrival[said] = arrival_ns[news]
        memory.told_blind[said] = scene.blind[news]
        memory.late[said] = late[news]
        memory.t_ns_expires[said] = self._expiry_ns(now_ns, said, scene.near[news])
        return tuple(
            self._alert(scene, int(place), bool(held[place]), risk, arrivals)
            for place in np.flatnonzero(news)
        )

    def _late(self, key: IntArray, arrival_ns: IntArray) -> BoolArray:
        """Whether the likely arrival is nearer than the way to shelter, from when people were told.

        The median: by the early quantile nearly every drone would be late, and people would lie in
        the street who could have been behind walls. Whoever was told in time is on the way and is
        not told to drop when the arrival comes near. It takes `moved_s_min` more to unsay it.
        """
        memory = self._memory
        reached_ns = memory.t_ns_cover[key] + self._shelter_ns[key // len(THREATS)]
        margin_ns = np.where(memory.late[key], ns(self._policy.moved_s_min), 0)
        late: BoolArray = (memory.stage[key] == stages.TAKE_COVER) & (arrival_ns > 0)
        return late & (arrival_ns - reached_ns < margin_ns)

    def _expiry_ns(self, now_ns: int, key: IntArray, near: IntArray) -> IntArray:
        """Warnings expire unless renewed; what ended is shown for a while; none ends at once."""
        memory, policy = self._memory, self._policy
        stage = memory.stage[key]
        validity_s = np.where(
            stage == stages.STANDING, policy.standing_validity_s, policy.validity_s
        )
        shown_ns = memory.t_ns_entered[key] + ns(policy.shown_s)
        expires_ns = np.where(
            stages.WARNED[stage], now_ns + (validity_s * NS_PER_S).astype(np.int64), shown_ns
        )
        notice_ns = np.where(near >= 0, now_ns + ns(policy.notice_s), memory.t_ns_expires[key])
        expires_ns = np.where(stage == stages.NOTICE, notice_ns, expires_ns)
        return np.where(stage == stages.NONE, now_ns, expires_ns)

    def _alert(self, scene: Scene, place: int, held: bool, risk: Risk, arrivals: Arrivals) -> Alert:
        memory, key = self._memory, int(scene.key[place])
        zone, threat = self._places.ids[key // len(THREATS)], THREATS[key % len(THREATS)]
        stage = STAGES[memory.stage[key]]
        why = self._why(scene, place, held, risk, arrivals)
        behind = tuple(reason.track for reason in why if reason.track >= 0)
        if behind:  # a renewal after the track was lost names none: the last known ones stand
            memory.behind[key] = behind
        if stage == "none":
            memory.behind.pop(key, None)
        return Alert(
            zone=zone,
            threat=threat,
            serial=int(memory.serial[key]),
            t_ns=scene.now_ns,
            stage=stage,
            level="none" if stage in _SILENT_LEVEL else LEVEL[threat],
            blind=bool(scene.blind[place]),
            reasons=why,
            t_ns_arrival=int(memory.t_ns_arrival[key]),
            t_ns_expires=int(memory.t_ns_expires[key]),
            realm=self._realm,
            t_ns_begun=int(memory.t_ns_begun[key]),
            late=bool(memory.late[key]),
            resumed=bool(memory.resumed[key] & stages.WARNED[memory.stage[key]]),
        )

    def _why(
        self, scene: Scene, place: int, held: bool, risk: Risk, arrivals: Arrivals
    ) -> tuple[Reason, ...]:
        """The rule, then the tracks: ``order.cancel``, ``drone.take_cover``, ``drone.blind``."""
        memory, key = self._memory, int(scene.key[place])
        number, threat = int(memory.stage[key]), THREATS[key % len(THREATS)]
        if memory.ordered[key] and number in (stages.CANCELLED, stages.ALL_CLEAR):
            return (
                Reason(rule="order.cancel" if number == stages.CANCELLED else "order.all_clear"),
            )
        rule = f"{threat}.blind" if held else f"{threat}.{STAGES[number]}"
        if number == stages.NOTICE:
            cover = stages.TAKE_COVER - 1
            return reasons(risk, arrivals, int(scene.near[place]), cover, rule) or (
                Reason(rule=rule),
            )
        if not stages.WARNED[number]:
            return (Reason(rule=rule),)
        column = int(_AS_WARNED[number]) - 1
        tracks = reasons(risk, arrivals, int(scene.source[place]), column, rule)
        raised = memory.t_ns_raised[key] > scene.now_ns and memory.raised[key] >= number
        if raised or (number == stages.STANDING and memory.declared[key]):
            return (Reason(rule="order.raise"), *tracks)
        return tracks or (Reason(rule=rule, chance=float(scene.on[column, place])),)


def _marked(key: IntArray, some: list[int]) -> BoolArray:
    """Which of the sorted `key` are `some`, all of which are among them."""
    marked = np.zeros(len(key), dtype=np.bool_)
    marked[np.searchsorted(key, np.array(some, dtype=np.int64))] = True
    return marked
