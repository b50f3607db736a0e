"""What is counted of one raid, so that raids can be added up before any share is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.score.timeline import Run, Span, covered, runs, timeline, union
from tocsin.sim.truth import Impact, Truth
from tocsin.words import Alert
from tocsin.zones.map import ZoneMap

SHELTER_S_UNKNOWN: Final = 90.0
"""Time to shelter of a zone that states none: chosen, 90 s is the commonest class in Israel."""

FLAP_S: Final = 600.0
"""Warned again within this time of its end, a warning flapped; chosen, as the default stay."""

_MINUTE_NS: Final = 60 * NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One impact and one zone that it struck: `lead_s` is -1 when the zone was not in cover."""

    kind: str
    lead_s: float
    in_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One raid. `warnings` and what follows count runs of (zone, threat); see `Scorecard`."""

    scenario: str
    seed: int
    realm: str
    seconds: float
    threats: int
    impacts: int
    hits: tuple[Hit, ...]
    person_minutes: float
    person_minutes_region: float
    stand_by_person_minutes: float
    early_person_minutes: float
    warnings: int
    warned_early: int
    struck: int
    early_decided: int
    early_came: int
    ended: int
    flapped: int
    people_unknown: int
    latencies_ms: tuple[float, ...]

    @property
    def missed(self) -> int:
        """Hits whose zone was not in cover."""
        return sum(hit.lead_s < 0.0 for hit in self.hits)


def measure(
    alerts: Sequence[Alert], truth: Truth, zones: ZoneMap, latencies_ms: Sequence[float] = ()
) -> Measured:
    """Count one raid. Raises ValueError when alerts or truth name zones that the map lacks."""
    shown = timeline(alerts, zones, truth.t_ns_end)
    in_cover = {zone: covered(spans) for zone, spans in shown.items()}
    in_cover = {zone: pieces for zone, pieces in in_cover.items() if pieces}
    all_runs = runs(alerts, truth.t_ns_end)
    warnings = [run for run in all_runs if run.t_ns_cover >= 0]
    told = [run for run in all_runs if _told_early(run)]
    decided = [run for run in told if run.t_ns_cover >= 0 or not run.open]
    return Measured(
        scenario=truth.scenario,
        seed=truth.seed,
        realm=truth.realm,
        seconds=truth.seconds,
        threats=truth.threats,
        impacts=len(truth.impacts),
        hits=tuple(
            _hit(impact, zone, in_cover.get(zone, []), zones)
            for impact in truth.impacts
            for zone in impact.zones
        ),
        person_minutes=_person_minutes(in_cover, zones),
        person_minutes_region=_person_minutes_region(in_cover, zones),
        stand_by_person_minutes=_stage_minutes(shown, zones, "stand_by"),
        early_person_minutes=_stage_minutes(shown, zones, "early"),
        warnings=len(warnings),
        warned_early=sum(_told_early(run) for run in warnings),
        struck=sum(_struck(run, truth) for run in warnings),
        early_decided=len(decided),
        early_came=sum(run.t_ns_cover >= 0 for run in decided),
        ended=sum(not run.open for run in warnings),
        flapped=_flapped(warnings),
        people_unknown=sum(int(zones.people[zones.row(zone)]) < 0 for zone in in_cover),
        latencies_ms=tuple(latencies_ms),
    )


def _hit(
    impact: Impact, zone: str, pieces: Sequence[tuple[int, int]], zones: ZoneMap
) -> Hit:  # fmt: skip
    lead_s, needed_s = _lead_s(impact, pieces), _shelter_s(zones, zone)
    return Hit(
        kind=impact.kind,
        lead_s=-1.0 if lead_s is None else lead_s,
        in_time=lead_s is not None and lead_s >= needed_s,
    )


def _flapped(warnings: Sequence[Run]) -> int:
    """Of the warnings that ended, those warned again (to cover) within `FLAP_S`."""
    return sum(
        any(
            again.zone == run.zone
            and again.threat == run.threat
            and run.t_ns_end <= again.t_ns_cover <= run.t_ns_end + FLAP_S * NS_PER_S
            for again in warnings
        )
        for run in warnings
        if not run.open
    )


def _lead_s(impact: Impact, pieces: Sequence[tuple[int, int]]) -> float | None:
    """Seconds in cover before the impact; None when not in cover then."""
    for begin, end in pieces:
        if begin <= impact.t_ns < end:
            return (impact.t_ns - begin) / NS_PER_S
    return None


def _shelter_s(zones: ZoneMap, zone: str) -> float:
    """The zone's time to shelter, `SHELTER_S_UNKNOWN` when it states none."""
    try:
        stated = float(zones.shelter_s[zones.row(zone)])
    except KeyError as error:
        raise ValueError(
            f"the truth names zone {zone!r}, which map {zones.version!r} does not have:"
            " give the map that the world was made with"
        ) from error
    return SHELTER_S_UNKNOWN if np.isnan(stated) else stated


def _people(zones: ZoneMap, row: int) -> int:
    """People of a zone, unknown as 0."""
    return max(int(zones.people[row]), 0)


def _person_minutes(pieces_by_zone: dict[str, list[tuple[int, int]]], zones: ZoneMap) -> float:
    """People x minutes, summed as whole person-nanoseconds so that the order cannot matter."""
    total = sum(
        _people(zones, zones.row(zone)) * sum(end - begin for begin, end in pieces)
        for zone, pieces in pieces_by_zone.items()
    )
    return total / _MINUTE_NS


def _person_minutes_region(in_cover: dict[str, list[tuple[int, int]]], zones: ZoneMap) -> float:
    """Person-minutes had every admin-1 area been warned whole; a zone without one is its own."""
    regions: dict[int, list[tuple[int, int]]] = {}
    for zone, pieces in in_cover.items():
        row = zones.row(zone)
        parent = int(zones.parent[row])
        regions.setdefault(parent if parent >= 0 else -1 - row, []).extend(pieces)
    known = np.maximum(zones.people, 0)
    total = 0
    for region, pieces in regions.items():
        people = known[zones.parent == region].sum() if region >= 0 else known[-1 - region]
        total += int(people) * sum(end - begin for begin, end in union(pieces))
    return total / _MINUTE_NS


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
