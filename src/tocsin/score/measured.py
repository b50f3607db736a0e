"""What is counted of one raid, so that raids can be added up before any share is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.rules.alerts import alert_id
from tocsin.score import baseline, people
from tocsin.score.coming import FOLLOWS_NS, Visit, first_after, visits
from tocsin.score.flaps import came_back
from tocsin.score.reliability import Reliability
from tocsin.score.seen import Seen, everything
from tocsin.score.timeline import COVER, Run, Span, covered, runs, timeline
from tocsin.sim.truth import Impact, Truth
from tocsin.words import Alert, FloatArray
from tocsin.zones.map import ZoneMap

MISSED_S: Final = 15.0
"""In cover for less than this before the impact is missed: the definition of the requirement."""

BALLISTIC_S: Final = 5.0
"""A ballistic flight counts if it lasts longer than this after its third plot: the requirement."""

SHELTER_S_UNKNOWN: Final = 90.0
"""Time to shelter of a zone that states none: chosen, 90 s is the commonest class in Israel."""

EARLY_FLIGHT_S: Final = 300.0
"""A threat known for so long before it comes leaves time for an early stage. Chosen: what is nearer
when it is first known is within the look-ahead of take_cover (time to shelter and 90 s) or nearly.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One impact and one zone that it struck.

    `lead_s`: seconds in cover before it, -1 when not in cover. `oracle_s`: seconds for which the
    threat was known before it, -1 when it never was. `alert`: the id of the alert that began the
    cover, else of the last one that the zone was told of; "" when it was told nothing.
    """

    kind: str
    zone: str
    flight: str
    t_ns: int
    lead_s: float
    shelter_s: float
    oracle_s: float
    alert: str

    @property
    def missed(self) -> bool:
        """Take cover came less than `MISSED_S` before, or never."""
        return self.lead_s < MISSED_S

    @property
    def counted(self) -> bool:
        """Ballistic, and known long enough for a miss to be ours."""
        return self.kind == "ballistic" and self.oracle_s > BALLISTIC_S

    @property
    def too_late(self) -> bool:
        """Of a counted one: later than `MISSED_S` before the impact and than `BALLISTIC_S` after
        the third plot. What flies for 12 s cannot be told 15 s before, only 7."""
        return self.lead_s < min(MISSED_S, self.oracle_s - BALLISTIC_S)

    @property
    def possible(self) -> bool:
        """Known for at least the zone's time to shelter: the oracle had it."""
        return self.oracle_s >= self.shelter_s

    @property
    def short_s(self) -> float:
        """Seconds of the lead that the oracle would have had, up to the time to shelter."""
        return max(min(self.oracle_s, self.shelter_s) - max(self.lead_s, 0.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vain:
    """A warning to take cover that no real threat followed, and what it cost."""

    zone: str
    threat: str
    t_ns: int
    person_minutes: float
    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One raid. `warnings` and what follows count runs of (zone, threat); see `Scorecard`."""

    scenario: str
    seed: int
    realm: str
    seconds: float
    threats: int
    impacts: int
    places: tuple[tuple[str, float, float], ...]
    hits: tuple[Hit, ...]
    vain: tuple[Vain, ...]
    covered: tuple[str, ...]
    person_minutes: float
    person_minutes_region: float
    person_minutes_raion: float | None
    person_minutes_oracle: float
    stand_by_person_minutes: float
    early_person_minutes: float
    warnings: int
    struck: int
    early_decided: int
    early_real: int
    early_asked: int
    early_before: int
    ended: int
    flapped: int
    came_back: int
    people_unknown: int
    latencies_ms: tuple[float, ...]
    steps_ms: dict[str, tuple[float, ...]]
    reliability: Reliability | None

    @property
    def missed(self) -> int:
        """Hits told less than `MISSED_S` before, or never."""
        return sum(hit.missed for hit in self.hits)


def measure(
    alerts: Sequence[Alert],
    truth: Truth,
    zones: ZoneMap,
    latencies_ms: Sequence[float] = (),
    *,
    seen: Seen | None = None,
    steps_ms: Mapping[str, Sequence[float]] | None = None,
    reliability: Reliability | None = None,
) -> Measured:
    """Count one raid; without `seen` as if every threat had been known from its first second on.

    Raises ValueError when alerts or truth name zones that the map lacks.
    """
    seen = seen or everything(truth)
    shelter_s = np.where(np.isnan(zones.shelter_s), SHELTER_S_UNKNOWN, zones.shelter_s)
    _refuse_strangers(truth, zones)
    shown = timeline(alerts, zones, truth.t_ns_end)
    in_cover = {zone: covered(spans) for zone, spans in shown.items()}
    in_cover = {zone: pieces for zone, pieces in in_cover.items() if pieces}
    all_runs = runs(alerts, truth.t_ns_end)
    warnings = [run for run in all_runs if run.t_ns_cover >= 0]
    came = visits(truth, zones)
    said = _by_zone(alerts)
    region = baseline.admin_1(zones)
    back = came_back(warnings, said, seen.flight_of)
    return Measured(
        scenario=truth.scenario,
        seed=truth.seed,
        realm=truth.realm,
        seconds=truth.seconds,
        threats=truth.threats,
        impacts=len(truth.impacts),
        places=tuple((one.kind, one.lat_deg, one.lon_deg) for one in truth.impacts),
        hits=_hits(truth, in_cover, said, seen, shelter_s, zones),
        vain=_vain(warnings, came, said, zones),
        covered=tuple(in_cover),
        person_minutes=_person_minutes(in_cover, zones),
        person_minutes_region=baseline.area_person_minutes(
            region, baseline.area_alarms(region, truth, seen, zones), zones
        ),
        person_minutes_raion=_second(truth, seen, zones),
        person_minutes_oracle=_person_minutes(
            baseline.oracle(truth, seen, shelter_s.tolist(), zones), zones
        ),
        stand_by_person_minutes=_stage_minutes(shown, zones, "stand_by"),
        early_person_minutes=_stage_minutes(shown, zones, "early"),
        warnings=len(warnings),
        struck=sum(_struck(run, truth) for run in warnings),
        **_early(all_runs, came, seen, truth.t_ns_end),
        ended=sum(not run.open for run in warnings),
        flapped=back.same,
        came_back=back.any,
        people_unknown=sum(int(zones.people[zones.row(zone)]) < 0 for zone in in_cover),
        latencies_ms=tuple(latencies_ms),
        steps_ms={step: tuple(samples) for step, samples in (steps_ms or {}).items()},
        reliability=reliability,
    )


def _refuse_strangers(truth: Truth, zones: ZoneMap) -> None:
    known = dict.fromkeys(zones.ids)
    for zone in (zone for impact in truth.impacts for zone in impact.zones):
        if zone not in known:
            raise ValueError(
                f"the truth names zone {zone!r}, which map {zones.version!r} does not have:"
                " give the map that the world was made with"
            )


def _by_zone(alerts: Sequence[Alert]) -> dict[str, list[Alert]]:
    """The alerts of each zone in order of time."""
    found: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: (one.t_ns, one.threat, one.serial)):
        found.setdefault(alert.zone, []).append(alert)
    return found


def _hits(
    truth: Truth,
    in_cover: dict[str, list[tuple[int, int]]],
    said: dict[str, list[Alert]],
    seen: Seen,
    shelter_s: FloatArray,
    zones: ZoneMap,
) -> tuple[Hit, ...]:
    found = []
    for impact in truth.impacts:
        for zone in impact.zones:
            lead_s = _lead_s(impact, in_cover.get(zone, []))
            found.append(
                Hit(
                    kind=impact.kind,
                    zone=zone,
                    flight=impact.flight,
                    t_ns=impact.t_ns,
                    lead_s=lead_s,
                    shelter_s=float(shelter_s[zones.row(zone)]),
                    oracle_s=seen.since_s(impact.flight, impact.t_ns),
                    alert=_behind(said.get(zone, []), impact.t_ns, lead_s),
                )
            )
    return tuple(found)


def _behind(said: Sequence[Alert], t_ns: int, lead_s: float) -> str:
    """The alert that began the cover of a hit at `t_ns`; the last one told when there was none."""
    before = [alert for alert in said if alert.t_ns <= t_ns]
    if lead_s >= 0.0:
        begun_ns = t_ns - round(lead_s * NS_PER_S)
        began = [a for a in before if a.stage in COVER and a.t_ns >= begun_ns - 1]
        return alert_id(began[0]) if began else ""
    return alert_id(before[-1]) if before else ""


def _vain(
    warnings: Sequence[Run],
    came: dict[str, list[Visit]],
    said: dict[str, list[Alert]],
    zones: ZoneMap,
) -> tuple[Vain, ...]:
    """Warnings to take cover without a real threat within 20 min of their beginning."""
    found = []
    for run in warnings:
        if first_after(came.get(run.zone, []), run.t_ns_cover) is not None:
            continue
        began = next(
            one for one in said[run.zone] if (one.threat, one.t_ns) == (run.threat, run.t_ns_cover)
            and one.stage in COVER
        )  # fmt: skip
        found.append(
            Vain(
                zone=run.zone,
                threat=run.threat,
                t_ns=run.t_ns_cover,
                person_minutes=people.person_minutes(
                    people.zone_person_ns(zones, run.zone, [(run.t_ns_cover, run.t_ns_end)])
                ),
                alert=alert_id(began),
            )
        )
    return tuple(found)


def _early(
    all_runs: Sequence[Run], came: dict[str, list[Visit]], seen: Seen, t_ns_end: int
) -> dict[str, int]:
    """How often `early` was followed by a real threat, and how often a real one was told early."""
    decided = real = asked = before = 0
    for run in all_runs:
        there = came.get(run.zone, [])
        if _told_early(run):
            follows = first_after(there, run.t_ns_early) is not None
            over = not run.open or run.t_ns_early + FOLLOWS_NS <= t_ns_end
            decided, real = decided + (follows or over), real + follows
        if run.t_ns_cover < 0:
            continue
        first = first_after(there, run.t_ns_cover)
        if first is not None and seen.since_s(first.flight, first.t_ns) >= EARLY_FLIGHT_S:
            asked, before = asked + 1, before + _told_early(run)
    return {
        "early_decided": decided, "early_real": real, "early_asked": asked, "early_before": before,
    }  # fmt: skip


def _lead_s(impact: Impact, pieces: Sequence[tuple[int, int]]) -> float:
    """Seconds in cover before the impact; -1 when not in cover then."""
    for begin, end in pieces:
        if begin <= impact.t_ns < end:
            return (impact.t_ns - begin) / NS_PER_S
    return -1.0


def _person_minutes(pieces_by_zone: dict[str, list[tuple[int, int]]], zones: ZoneMap) -> float:
    """People x minutes, summed as whole person-nanoseconds so that the order cannot matter."""
    return people.person_minutes(
        sum(people.zone_person_ns(zones, zone, some) for zone, some in pieces_by_zone.items())
    )


def _second(truth: Truth, seen: Seen, zones: ZoneMap) -> float | None:
    """Person-minutes by the rule of the region, for the areas below it; None without such."""
    areas = baseline.second_level(zones)
    if areas is None:
        return None
    return baseline.area_person_minutes(
        areas, baseline.area_alarms(areas, truth, seen, zones), zones
    )


def _stage_minutes(shown: dict[str, list[Span]], zones: ZoneMap, stage: str) -> float:
    """People x minutes in which `stage` was the most urgent thing the zone was told."""
    pieces = {
        zone: [(span.t_ns, span.t_ns_end) for span in spans if span.stage == stage]
        for zone, spans in shown.items()
    }
    return _person_minutes(pieces, zones)


def _told_early(run: Run) -> bool:
    """Told `early` before cover, or told it without coming to cover."""
    return run.t_ns_early >= 0 and (run.t_ns_cover < 0 or run.t_ns_early < run.t_ns_cover)


def _struck(run: Run, truth: Truth) -> bool:
    """Whether the run's kind of threat struck its zone while people were in cover or after."""
    return any(
        impact.kind == run.threat
        and run.zone in impact.zones
        and run.t_ns_cover <= impact.t_ns < run.t_ns_end
        for impact in truth.impacts
    )
