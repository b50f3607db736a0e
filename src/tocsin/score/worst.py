"""The ten cases that a person should look at first, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.score.measured import Hit, Measured, Vain

CASES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hit or one warning in vain of raid number `raid`; `alert` is "" when nothing was said."""

    raid: int
    what: str
    zone: str
    threat: str
    t_ns: int
    facts: str
    alert: str


def worst(raids: Sequence[Measured]) -> list[Case]:
    """Ten at most: what was missed though it was known, then what was told too late, by the lead
    that the oracle had and we had not; then the costliest warnings that nothing followed.
    """
    hits = [(number, hit) for number, raid in enumerate(raids) for hit in raid.hits]
    short = [(number, hit) for number, hit in hits if hit.missed or hit.short_s > 0.0]
    short.sort(key=lambda item: (
        not item[1].missed, -item[1].short_s, item[0], item[1].t_ns, item[1].zone
    ))  # fmt: skip
    vain = [(number, one) for number, raid in enumerate(raids) for one in raid.vain]
    vain.sort(key=lambda item: (-item[1].person_minutes, item[0], item[1].t_ns, item[1].zone))
    cases = [_of_hit(number, hit) for number, hit in short[:CASES]]
    return cases + [_of_vain(number, one) for number, one in vain[: CASES - len(cases)]]


def _of_hit(raid: int, hit: Hit) -> Case:
    lead = "never in cover" if hit.lead_s < 0.0 else f"in cover {hit.lead_s:.0f} s before"
    known = "never known" if hit.oracle_s < 0.0 else f"known {hit.oracle_s:.0f} s before"
    return Case(
        raid=raid,
        what="missed" if hit.missed else "late",
        zone=hit.zone,
        threat=hit.kind,
        t_ns=hit.t_ns,
        facts=f"{lead}, {hit.shelter_s:.0f} s to shelter; {hit.flight} {known}",
        alert=hit.alert,
    )


def _of_vain(raid: int, vain: Vain) -> Case:
    return Case(
        raid=raid,
        what="in vain",
        zone=vain.zone,
        threat=vain.threat,
        t_ns=vain.t_ns,
        facts=f"no threat came within 20 min; {vain.person_minutes:,.0f} person-minutes",
        alert=vain.alert,
    )
