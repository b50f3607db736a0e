"""The scorecard of one scenario: truth against what people were told.

It knows only alerts and truth, not how they were decided. Each key is defined in `Scorecard`, and
at more length, with the reasons, in docs/reference/scorecard.md.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from tocsin.score.measured import Hit, Measured, measure
from tocsin.sim.truth import Truth
from tocsin.words import THREATS, Alert
from tocsin.zones.map import ZoneMap

MASS_THREATS: Final = 30
"""A raid with at least this many threats is a mass raid, as in the policy study."""

SIZES: Final = (("small", 6), ("medium", 30))
"""Classes of raids by their threats at most, the rest "mass": those of `ua-mixed`."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from receipt of the deciding report to the signed message; null: no samples."""

    p50: float | None
    p99: float | None
    samples: int = 0


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The raids of one size in a run; keys as in `Scorecard`."""

    raids: int
    threats: int
    hits: int
    missed: int
    person_minutes: float
    person_minutes_region: float
    ratio_region: float | None


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario, judged; of a run of raids, the sum over all, shares taken last.

    A share whose denominator is 0 is null, never 0 or 1.

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
    ratio_region_mass     ratio_region of mass raids (30 threats or more), null without
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
    raids                 how many; 1 but for a run
    by_size               small (up to 6 threats), medium (up to 30) and mass raids of a run apart
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
    raids: int = 1
    by_size: dict[str, Size] = {}


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
    return summed([measure(alerts, truth, zones, latencies_ms)], policy=policy)


def summed(
    raids: Sequence[Measured], *, policy: str, scenario: str = "", seed: int = -1
) -> Scorecard:
    """One card of one raid or more; `scenario` and `seed` of the run if it is one."""
    hits = [hit for raid in raids for hit in raid.hits]
    missed = [hit for hit in hits if hit.lead_s < 0.0]
    leads_s = [hit.lead_s for hit in hits if hit.lead_s >= 0.0]
    latencies_ms = [sample for raid in raids for sample in raid.latencies_ms]
    warnings = sum(raid.warnings for raid in raids)
    mass = [raid for raid in raids if raid.threats >= MASS_THREATS]
    return Scorecard(
        scenario=scenario or raids[0].scenario,
        seed=seed if seed >= 0 else raids[0].seed,
        policy=policy,
        realm=raids[0].realm,
        seconds=math.fsum(raid.seconds for raid in raids),
        threats=sum(raid.threats for raid in raids),
        impacts=sum(raid.impacts for raid in raids),
        hits=len(hits),
        missed=len(missed),
        missed_share=_share(len(missed), len(hits)),
        missed_by_kind=_by_kind(missed),
        hits_by_kind=_by_kind(hits),
        lead_ok_share=_share(sum(hit.in_time for hit in hits), len(hits)),
        lead_s=_quantiles(leads_s, (5, 50)),
        person_minutes=math.fsum(raid.person_minutes for raid in raids),
        person_minutes_region=math.fsum(raid.person_minutes_region for raid in raids),
        ratio_region=_ratio(raids),
        ratio_region_mass=_ratio(mass),
        stand_by_person_minutes=math.fsum(raid.stand_by_person_minutes for raid in raids),
        early_person_minutes=math.fsum(raid.early_person_minutes for raid in raids),
        warnings=warnings,
        early_precision=_share(
            sum(raid.early_came for raid in raids), sum(raid.early_decided for raid in raids)
        ),
        early_recall=_share(sum(raid.warned_early for raid in raids), warnings),
        cover_precision=_share(sum(raid.struck for raid in raids), warnings),
        flap_share=_share(sum(raid.flapped for raid in raids), sum(raid.ended for raid in raids)),
        ece=None,
        worst_bin=None,
        latency_ms=Latency(**_quantiles(latencies_ms, (50, 99)), samples=len(latencies_ms)),
        people_unknown=sum(raid.people_unknown for raid in raids),
        not_measured=_not_measured(latencies_ms),
        raids=len(raids),
        by_size=_by_size(raids) if scenario else {},
    )


def _by_size(raids: Sequence[Measured]) -> dict[str, Size]:
    """The raids of each size, those that occurred."""
    classes: dict[str, list[Measured]] = {name: [] for name, _ in (*SIZES, ("mass", 0))}
    for raid in raids:
        name = next((name for name, most in SIZES if raid.threats <= most), "mass")
        classes[name].append(raid)
    return {
        name: Size(
            raids=len(some),
            threats=sum(raid.threats for raid in some),
            hits=sum(len(raid.hits) for raid in some),
            missed=sum(raid.missed for raid in some),
            person_minutes=math.fsum(raid.person_minutes for raid in some),
            person_minutes_region=math.fsum(raid.person_minutes_region for raid in some),
            ratio_region=_ratio(some),
        )
        for name, some in classes.items()
        if some
    }


def _ratio(raids: Sequence[Measured]) -> float | None:
    """Person-minutes by whole regions over ours; None when nobody was in cover."""
    minutes = math.fsum(raid.person_minutes for raid in raids)
    regional = math.fsum(raid.person_minutes_region for raid in raids)
    return regional / minutes if minutes > 0.0 else None


def _not_measured(latencies_ms: Sequence[float]) -> dict[str, str]:
    """Why keys are null for want of data; a share without a denominator explains itself."""
    why = dict.fromkeys(("ece", "worst_bin"), "the journal does not keep the forecast arrivals")
    return why if latencies_ms else {**why, "latency_ms": "no timing samples were given"}


def _by_kind(hits: Sequence[Hit]) -> dict[str, int]:
    return {kind: sum(hit.kind == kind for hit in hits) for kind in THREATS}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _quantiles(samples: Sequence[float], percents: tuple[int, ...]) -> dict[str, float | None]:
    """Nearest-rank percentiles (a value that occurred), None without samples."""
    if not samples:
        return {f"p{percent}": None for percent in percents}
    values = np.percentile(np.asarray(samples), percents, method="inverted_cdf")
    return {f"p{percent}": float(value) for percent, value in zip(percents, values, strict=True)}
