"""The scorecard of one scenario: truth against what people were told.

It knows only alerts and truth, not how they were decided. Each key is defined in `Scorecard`, and
at more length, with the reasons, in docs/reference/scorecard.md.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.score.timeline import Run, Span, covered, runs, timeline, union
from tocsin.sim.truth import Impact, Truth
from tocsin.words import THREATS, Alert
from tocsin.zones.map import ZoneMap

SHELTER_S_UNKNOWN: Final = 90.0
"""Time to shelter of a zone that states none: chosen, 90 s is the commonest class in Israel."""

MASS_THREATS: Final = 30
"""A raid with at least this many threats is a mass raid, as in the policy study."""

FLAP_S: Final = 600.0
"""Warned again within this time of its end, a warning flapped; chosen, as the default stay."""

_MINUTE_NS: Final = 60 * NS_PER_S


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from receipt of the deciding report to the signed message; null: no samples."""

    p50: float | None
    p99: float | None
    samples: int = 0


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario, judged. A share whose denominator is 0 is null, never 0 or 1.

    impacts               threats that came down before the end
    hits                  (impact, zone) pairs: every zone within 500 m of the impact
    missed                hits whose zone was in neither take_cover nor stay at the impact
    missed_share          missed / hits
    missed_by_kind        missed of each threat; `hits_by_kind` beside it
    lead_ok_share         hits in cover for at least the zone's time to shelter before, / hits
    lead_s                seconds in cover before the impact, of hits not missed: p5 and p50
    person_minutes        people x minutes in take_cover or stay
    person_minutes_region the same, had every admin-1 area been warned whole for as long as any
                          of its zones was
    ratio_region          person_minutes_region / person_minutes
    ratio_region_mass     ratio_region of a mass raid (30 threats or more), else null
    stand_by_person_minutes, early_person_minutes
                          people x minutes in that stage and in none more urgent
    warnings              runs of (zone, threat) that came to take_cover or stay
    early_precision       runs told `early` that came to cover, / those that came or that ended
    early_recall          warnings told `early` before cover, / warnings
    cover_precision       warnings whose zone that kind of threat struck meanwhile, / warnings
    flap_share            ended warnings warned again within 10 min, / ended warnings
    ece, worst_bin        reliability of the forecast chances; null, see `not_measured`
    latency_ms            p50 and p99, nearest rank
    people_unknown        zones put in cover whose people are unknown and count as 0
    not_measured          key -> why it is null
    """

    scenario: str
    seed: int
    policy: str
    realm: str
    seconds: float
    threats: int
    impacts: int
    hits: int
    missed: int
    missed_share: float | None
    missed_by_kind: dict[str, int]
    hits_by_kind: dict[str, int]
    lead_ok_share: float | None
    lead_s: dict[str, float | None]
    person_minutes: float
    person_minutes_region: float
    ratio_region: float | None
    ratio_region_mass: float | None
    stand_by_person_minutes: float
    early_person_minutes: float
    warnings: int
    early_precision: float | None
    early_recall: float | None
    cover_precision: float | None
    flap_share: float | None
    ece: float | None
    worst_bin: float | None
    latency_ms: Latency
    people_unknown: int
    not_measured: dict[str, str]


def score(
    alerts: Sequence[Alert],
    truth: Truth,
    zones: ZoneMap,
    *,
    policy: str = "default",
    latencies_ms: Sequence[float] = (),
) -> Scorecard:
    """Judge the released `alerts` of one scenario against its truth.

    `latencies_ms` are the samples of the journal's timing table, in any order. Raises ValueError
    when alerts or truth name zones that the map does not have.
    """
    shown = timeline(alerts, zones, truth.t_ns_end)
    in_cover = {zone: covered(spans) for zone, spans in shown.items()}
    in_cover = {zone: pieces for zone, pieces in in_cover.items() if pieces}
    hits = [(impact, zone) for impact in truth.impacts for zone in impact.zones]
    leads = [_lead_s(impact, in_cover.get(zone, [])) for impact, zone in hits]
    shelter_s = [_shelter_s(zones, zone) for _, zone in hits]
    in_time = [
        lead is not None and lead >= needed for lead, needed in zip(leads, shelter_s, strict=True)
    ]
    missed = [hit for hit, lead in zip(hits, leads, strict=True) if lead is None]
    minutes, regional = _person_minutes(in_cover, zones), _person_minutes_region(in_cover, zones)
    ratio = regional / minutes if minutes > 0.0 else None
    all_runs = runs(alerts, truth.t_ns_end)
    warnings = [run for run in all_runs if run.t_ns_cover >= 0]
    return Scorecard(
        scenario=truth.scenario,
        seed=truth.seed,
        policy=policy,
        realm=truth.realm,
        seconds=truth.seconds,
        threats=truth.threats,
        impacts=len(truth.impacts),
        hits=len(hits),
        missed=len(missed),
        missed_share=_share(len(missed), len(hits)),
        missed_by_kind=_by_kind(missed),
        hits_by_kind=_by_kind(hits),
        lead_ok_share=_share(sum(in_time), len(hits)),
        lead_s=_quantiles([lead for lead in leads if lead is not None], (5, 50)),
        person_minutes=minutes,
        person_minutes_region=regional,
        ratio_region=ratio,
        ratio_region_mass=ratio if truth.threats >= MASS_THREATS else None,
        stand_by_person_minutes=_stage_minutes(shown, zones, "stand_by"),
        early_person_minutes=_stage_minutes(shown, zones, "early"),
        warnings=len(warnings),
        early_precision=_early_precision(all_runs),
        early_recall=_share(sum(_told_early(run) for run in warnings), len(warnings)),
        cover_precision=_share(sum(_struck(run, truth) for run in warnings), len(warnings)),
        flap_share=_flap_share(warnings),
        ece=None,
        worst_bin=None,
        latency_ms=Latency(**_quantiles(latencies_ms, (50, 99)), samples=len(latencies_ms)),
        people_unknown=sum(int(zones.people[zones.row(zone)]) < 0 for zone in in_cover),
        not_measured=_not_measured(latencies_ms),
    )


def _not_measured(latencies_ms: Sequence[float]) -> dict[str, str]:
    """Why keys are null for want of data; a share without a denominator explains itself."""
    why = dict.fromkeys(("ece", "worst_bin"), "the journal does not keep the forecast arrivals")
    return why if latencies_ms else {**why, "latency_ms": "no timing samples were given"}


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


def _early_precision(all_runs: Sequence[Run]) -> float | None:
    """Of the runs told `early`, those that came to cover; undecided ones at the end left out."""
    told = [run for run in all_runs if _told_early(run)]
    decided = [run for run in told if run.t_ns_cover >= 0 or not run.open]
    return _share(sum(run.t_ns_cover >= 0 for run in decided), len(decided))


def _struck(run: Run, truth: Truth) -> bool:
    """Whether the run's kind of threat struck its zone while people were in cover or after."""
    return any(
        impact.kind == run.threat
        and run.zone in impact.zones
        and run.t_ns_cover <= impact.t_ns < run.t_ns_end
        for impact in truth.impacts
    )


def _flap_share(warnings: Sequence[Run]) -> float | None:
    """Of the warnings that ended, those warned again (to cover) within `FLAP_S`."""
    ended = [run for run in warnings if not run.open]
    flapped = [
        run
        for run in ended
        if any(
            again.zone == run.zone
            and again.threat == run.threat
            and run.t_ns_end <= again.t_ns_cover <= run.t_ns_end + FLAP_S * NS_PER_S
            for again in warnings
        )
    ]
    return _share(len(flapped), len(ended))


def _by_kind(hits: Sequence[tuple[Impact, str]]) -> dict[str, int]:
    return {kind: sum(impact.kind == kind for impact, _ in hits) for kind in THREATS}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _quantiles(samples: Sequence[float], percents: tuple[int, ...]) -> dict[str, float | None]:
    """Nearest-rank percentiles (a value that occurred), None without samples."""
    if not samples:
        return {f"p{percent}": None for percent in percents}
    values = np.percentile(np.asarray(samples), percents, method="inverted_cdf")
    return {f"p{percent}": float(value) for percent, value in zip(percents, values, strict=True)}
