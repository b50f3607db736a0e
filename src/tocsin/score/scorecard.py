"""The scorecard of one scenario: truth against what people were told.

It knows only alerts and truth, not how they were decided. Each key is defined in `Scorecard`, and
at more length, with the reasons, in docs/reference/scorecard.md.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from tocsin.score.measured import MISSED_S, Hit, Measured, measure
from tocsin.score.reliability import CELLS_LEAST, EDGES, Reliability, added
from tocsin.score.seen import Seen
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


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of the reliability diagram; `said` and `was` are null without cells."""

    low: float
    high: float
    cells: int
    said: float | None
    was: float | None


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
    missed                hits told take_cover less than 15 s before the impact, or never
    missed_share          missed / hits
    missed_by_kind        missed of each threat; `hits_by_kind` beside it
    missed_oracle         hits that the oracle would have missed: known less than 15 s before
    unwarned              hits whose zone was not in cover at all at the impact
    ballistic_hits        ballistic hits that count: known for more than 5 s before the impact
    ballistic_missed      of these, told later than 15 s before and later than 5 s after the threat
                          was known
    lead_possible         hits of which the oracle had the zone's time to shelter
    lead_ok_share         of these, the share in cover for that time or longer
    lead_s                seconds in cover before the impact, of hits in cover: p5 and p50
    person_minutes        people x minutes in take_cover or stay
    person_minutes_region the same with every admin-1 area under alarm while a known threat is
                          inside or within 30 km of it, held 120 s, at least 300 s
    person_minutes_raion  the same for the areas right below; null when the map has none
    person_minutes_oracle the same for whoever knows the truth
    ratio_region          person_minutes_region / person_minutes; `ratio_raion`, `ratio_oracle` (of
                          the region's to the oracle's) likewise
    ratio_region_mass     ratio_region of mass raids (30 threats or more), null without
    stand_by_person_minutes, early_person_minutes
                          people x minutes in that stage and in none more urgent
    warnings              runs of (zone, threat) that came to take_cover or stay
    vain                  warnings that no real threat to the zone followed within 20 min
    early_precision       runs told `early` that one followed within 20 min, / those decided
    early_recall          warnings told `early` before, / those of a threat known for 300 s or more
    cover_precision       warnings whose zone that kind of threat struck meanwhile, / warnings
    flap_share            ended warnings warned again within 10 min of the same threat, / ended
    again_share           the same of any threat of its kind
    ece, worst_bin        reliability of the forecast chances; null unless asked for
    reliability           its bins: chance from, to, cells, mean chance, share that came true
    latency_ms            p50 and p99, nearest rank; `steps_ms` the same of each step
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
    missed_oracle: int
    unwarned: int
    ballistic_hits: int
    ballistic_missed: int
    lead_possible: int
    lead_ok_share: float | None
    lead_s: dict[str, float | None]
    person_minutes: float
    person_minutes_region: float
    person_minutes_raion: float | None
    person_minutes_oracle: float
    ratio_region: float | None
    ratio_region_mass: float | None
    ratio_raion: float | None
    ratio_oracle: float | None
    stand_by_person_minutes: float
    early_person_minutes: float
    warnings: int
    vain: int
    early_precision: float | None
    early_recall: float | None
    cover_precision: float | None
    flap_share: float | None
    again_share: float | None
    ece: float | None
    worst_bin: float | None
    reliability: tuple[Bin, ...]
    latency_ms: Latency
    steps_ms: dict[str, Latency]
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
    seen: Seen | None = None,
    steps_ms: Mapping[str, Sequence[float]] | None = None,
    reliability: Reliability | None = None,
) -> Scorecard:
    """Judge the released `alerts` of one scenario against its truth.

    `latencies_ms` and `steps_ms` are the samples of the journal's timing table, in any order; for
    `seen` see `measure`. Raises ValueError when alerts or truth name zones that the map lacks.
    """
    one = measure(
        alerts, truth, zones, latencies_ms,
        seen=seen, steps_ms=steps_ms, reliability=reliability,
    )  # fmt: skip
    return summed([one], policy=policy)


def summed(
    raids: Sequence[Measured], *, policy: str, scenario: str = "", seed: int = -1
) -> Scorecard:
    """One card of one raid or more; `scenario` and `seed` of the run if it is one."""
    hits = [hit for raid in raids for hit in raid.hits]
    latencies_ms = [sample for raid in raids for sample in raid.latencies_ms]
    asked = [raid.reliability for raid in raids if raid.reliability is not None]
    checked = added(asked)
    return Scorecard(
        scenario=scenario or raids[0].scenario,
        seed=seed if seed >= 0 else raids[0].seed,
        policy=policy,
        realm=raids[0].realm,
        seconds=math.fsum(raid.seconds for raid in raids),
        threats=sum(raid.threats for raid in raids),
        impacts=sum(raid.impacts for raid in raids),
        **_of_hits(hits),
        **_of_minutes(raids),
        **_of_warnings(raids),
        ece=checked.ece,
        worst_bin=checked.worst_bin,
        reliability=_bins(checked) if checked.ece is not None else (),
        latency_ms=Latency(**_quantiles(latencies_ms, (50, 99)), samples=len(latencies_ms)),
        steps_ms=_steps(raids),
        people_unknown=sum(raid.people_unknown for raid in raids),
        not_measured=_not_measured(latencies_ms, raids, checked if asked else None),
        raids=len(raids),
        by_size=_by_size(raids) if scenario else {},
    )


def _of_hits(hits: Sequence[Hit]) -> dict[str, Any]:
    """What is counted of hits."""
    missed = [hit for hit in hits if hit.missed]
    counted = [hit for hit in hits if hit.counted]
    possible = [hit for hit in hits if hit.possible]
    in_time = sum(hit.lead_s >= hit.shelter_s for hit in possible)
    return {
        "hits": len(hits),
        "missed": len(missed),
        "missed_share": _share(len(missed), len(hits)),
        "missed_by_kind": _by_kind(missed),
        "hits_by_kind": _by_kind(hits),
        "missed_oracle": sum(hit.oracle_s < MISSED_S for hit in hits),
        "unwarned": sum(hit.lead_s < 0.0 for hit in hits),
        "ballistic_hits": len(counted),
        "ballistic_missed": sum(hit.too_late for hit in counted),
        "lead_possible": len(possible),
        "lead_ok_share": _share(in_time, len(possible)),
        "lead_s": _quantiles([hit.lead_s for hit in hits if hit.lead_s >= 0.0], (5, 50)),
    }


def _of_minutes(raids: Sequence[Measured]) -> dict[str, Any]:
    """What the warnings cost, and what others would have."""
    ours = math.fsum(raid.person_minutes for raid in raids)
    region = math.fsum(raid.person_minutes_region for raid in raids)
    oracle = math.fsum(raid.person_minutes_oracle for raid in raids)
    parts = [r.person_minutes_raion for r in raids if r.person_minutes_raion is not None]
    second = math.fsum(parts) if len(parts) == len(raids) else None
    return {
        "person_minutes": ours,
        "person_minutes_region": region,
        "person_minutes_raion": second,
        "person_minutes_oracle": oracle,
        "ratio_region": _ratio(raids),
        "ratio_region_mass": _ratio([raid for raid in raids if raid.threats >= MASS_THREATS]),
        "ratio_raion": second / ours if second is not None and ours > 0.0 else None,
        "ratio_oracle": region / oracle if oracle > 0.0 else None,
        "stand_by_person_minutes": math.fsum(raid.stand_by_person_minutes for raid in raids),
        "early_person_minutes": math.fsum(raid.early_person_minutes for raid in raids),
    }


def _of_warnings(raids: Sequence[Measured]) -> dict[str, Any]:
    """What is counted of runs of (zone, threat)."""
    early, asked = sum(r.early_decided for r in raids), sum(r.early_asked for r in raids)
    warnings, ended = sum(raid.warnings for raid in raids), sum(raid.ended for raid in raids)
    return {
        "warnings": warnings,
        "vain": sum(len(raid.vain) for raid in raids),
        "early_precision": _share(sum(raid.early_real for raid in raids), early),
        "early_recall": _share(sum(raid.early_before for raid in raids), asked),
        "cover_precision": _share(sum(raid.struck for raid in raids), warnings),
        "flap_share": _share(sum(raid.flapped for raid in raids), ended),
        "again_share": _share(sum(raid.came_back for raid in raids), ended),
    }


def _bins(checked: Reliability) -> tuple[Bin, ...]:
    columns = (EDGES[:-1], EDGES[1:], checked.cells, checked.said, checked.was)
    return tuple(
        Bin(low=low, high=high, cells=n, said=said / n if n else None, was=_share(was, n))
        for low, high, n, said, was in zip(*columns, strict=True)
    )


def _steps(raids: Sequence[Measured]) -> dict[str, Latency]:
    """Each step over all raids, in the order in which a warning takes them."""
    samples: dict[str, list[float]] = {}
    for raid in raids:
        for step, some in raid.steps_ms.items():
            samples.setdefault(step, []).extend(some)
    return {
        step: Latency(**_quantiles(some, (50, 99)), samples=len(some))
        for step, some in samples.items()
    }


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


def _not_measured(
    latencies_ms: Sequence[float], raids: Sequence[Measured], checked: Reliability | None
) -> dict[str, str]:
    """Why keys are null for want of data; a share without a denominator explains itself."""
    why: dict[str, str] = {}
    if checked is None:
        why |= dict.fromkeys(("ece", "worst_bin"), "asked for with --calibration: it folds again")
    elif checked.worst_bin is None:
        few = f"no bin has {CELLS_LEAST} cells: sum over more raids"
        why |= {"worst_bin": few} if checked.ece is not None else {"ece": few, "worst_bin": few}
    if any(raid.person_minutes_raion is None for raid in raids):
        why["person_minutes_raion"] = "the zone map has no areas between admin-1 and the zones"
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
