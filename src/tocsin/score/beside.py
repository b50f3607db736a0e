"""What we said beside what an authority told: zone by zone and second by second.

*In alarm* is a zone of ours in take_cover or stay, or under a standing alert, and a zone of theirs
from the beginning of an alarm to its end; alarms of a zone that touch are one. Spans are half-open.
Each key is defined in docs/reference/scorecard.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from tocsin.instant import iso
from tocsin.score.authority import Alarm, Authority, pieces
from tocsin.score.measured import MISSED_S
from tocsin.score.people import person_minutes, zone_person_ns
from tocsin.score.seconds import (
    IN_ALARM,
    Pieces,
    Sums,
    alarmed,
    by_kind,
    length_ns,
    overlap,
    seconds_of,
    sums_of,
    within,
)
from tocsin.score.timeline import Span, spans_by_threat, timeline
from tocsin.sim.truth import Impact
from tocsin.words import Alert
from tocsin.zones.map import ZoneMap

WORST: Final = 10
NAMED: Final = 20
"""Unknown places and refused rows that are named; all are counted."""


class Lone(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of one zone that the other did not give. `shown`: the most urgent stage that we
    showed meanwhile, "none" without; `threats` as told."""

    zone: str
    t_begin: str
    t_end: str
    seconds: float
    people: int
    person_minutes: float
    threats: tuple[str, ...]
    shown: str


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """Hits by who warned in time: in alarm for 15 s or more when it came. Leads of those warned."""

    hits: int
    both: int
    only_ours: int
    only_theirs: int
    neither: int
    lead_s: dict[str, float | None]
    lead_s_theirs: dict[str, float | None]


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """One zone that either alarmed; `ours` and `theirs` are (from, until), seconds after begin."""

    zone: str
    both_s: float
    only_ours_s: float
    only_theirs_s: float
    ours: tuple[tuple[float, float], ...]
    theirs: tuple[tuple[float, float], ...]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison over one span; see docs/reference/scorecard.md for every key."""

    site: str
    realm: str
    zones_digest: str
    zone_map: str
    policy: str
    aims: str
    source: str
    source_sha256: str
    t_begin: str
    t_end: str
    seconds: float
    silent_s: float
    rows: int
    rows_refused: int
    refused: tuple[tuple[str, str], ...]
    rows_apart: dict[str, int]
    places_unknown: int
    unknown: dict[str, int]
    ends_unsaid: int
    sums: Sums
    by_kind: dict[str, Sums]
    kind_unsaid: int
    alarms_theirs: int
    alarms_met: int
    ahead_s: dict[str, float | None]
    ahead_timed: int
    longer_s: dict[str, float | None]
    longer_timed: int
    alarms_ours: int
    alarms_ours_alone: int
    issued: int
    issued_met: int
    issued_ahead_s: dict[str, float | None]
    worst_theirs: tuple[Lone, ...]
    worst_ours: tuple[Lone, ...]
    hits: Hits | None
    people_unknown: int
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is compared: whose journal, whose record, from when to when."""

    site: str
    realm: str
    policy: str
    aims: str
    source: str
    source_sha256: str
    t_ns: int
    t_ns_end: int
    silent_s: float


def beside(
    alerts: Sequence[Alert],
    authority: Authority,
    zones: ZoneMap,
    setting: Setting,
    impacts: Sequence[Impact] | None = None,
) -> Beside:
    """Compare over the span of `setting`; `impacts` where the truth is known.

    Raises ValueError when an alert names a zone that the map lacks.
    """
    span = (setting.t_ns, setting.t_ns_end)
    said = alarmed(alerts, setting.t_ns_end)
    ours = {zone: within(some, span) for zone, some in said.items()}
    theirs = {zone: within(pieces(some), span) for zone, some in authority.alarms.items()}
    ours = {zone: some for zone, some in ours.items() if some}
    theirs = {zone: some for zone, some in theirs.items() if some}
    concerned = sorted(dict.fromkeys((*ours, *theirs)), key=zones.row)
    ahead, longer, met = _timed(said, authority.alarms, theirs, span)
    meant = [one for some in authority.alarms.values() for one in some if _meets(one, span)]
    alone = [(zone, one) for zone in ours for one in ours[zone] if not _cut(theirs, zone, one)]
    unmet = [(zone, one) for zone in theirs for one in theirs[zone] if not _cut(ours, zone, one)]
    shown = timeline(alerts, zones, span[1])
    return Beside(
        site=setting.site,
        realm=setting.realm,
        zones_digest=zones.digest,
        zone_map=zones.version,
        policy=setting.policy,
        aims=setting.aims,
        source=setting.source,
        source_sha256=setting.source_sha256,
        t_begin=iso(setting.t_ns),
        t_end=iso(setting.t_ns_end),
        seconds=seconds_of(setting.t_ns_end - setting.t_ns),
        silent_s=setting.silent_s,
        **_of_record(authority),
        ends_unsaid=sum(not one.said for one in meant),
        sums=sums_of(ours, theirs, zones, span),
        by_kind=by_kind(alerts, authority, zones, span),
        kind_unsaid=sum(one.threat == "" for one in meant),
        alarms_theirs=sum(map(len, theirs.values())),
        alarms_met=met,
        ahead_s=_quantiles(ahead),
        ahead_timed=len(ahead),
        longer_s=_quantiles(longer),
        longer_timed=len(longer),
        alarms_ours=sum(map(len, ours.values())),
        alarms_ours_alone=len(alone),
        **_issued(authority, said, span),
        worst_theirs=_worst(unmet, _told_threats(authority), shown, zones),
        worst_ours=_worst(alone, _our_threats(alerts, span[1]), shown, zones),
        hits=None if impacts is None else _hits(impacts, ours, theirs, span),
        people_unknown=sum(int(zones.people[zones.row(zone)]) < 0 for zone in concerned),
        zones=tuple(_zone(zone, ours.get(zone, []), theirs.get(zone, []), span[0])
                    for zone in concerned),
    )  # fmt: skip


def _of_record(authority: Authority) -> dict[str, Any]:
    """What of the record could be used, and what could not."""
    return {
        "rows": authority.rows,
        "rows_refused": len(authority.refused),
        "refused": tuple((one.where, one.why) for one in authority.refused[:NAMED]),
        "rows_apart": dict(authority.apart),
        "places_unknown": sum(authority.unknown.values()),
        "unknown": dict(list(authority.unknown.items())[:NAMED]),
    }


def _zone(zone: str, ours: Pieces, theirs: Pieces, t_ns: int) -> Zone:
    both = length_ns(overlap(ours, theirs))
    return Zone(
        zone=zone,
        both_s=seconds_of(both),
        only_ours_s=seconds_of(length_ns(ours) - both),
        only_theirs_s=seconds_of(length_ns(theirs) - both),
        ours=tuple((seconds_of(begin - t_ns), seconds_of(end - t_ns)) for begin, end in ours),
        theirs=tuple((seconds_of(begin - t_ns), seconds_of(end - t_ns)) for begin, end in theirs),
    )


def _cut(some: Mapping[str, Pieces], zone: str, piece: tuple[int, int]) -> Pieces:
    return overlap(some.get(zone, []), [piece])


def _meets(alarm: Alarm, span: tuple[int, int]) -> bool:
    return alarm.t_ns < span[1] and alarm.t_ns_end > span[0]


# ---- earlier and later -------------------------------------------------------------------------


def _timed(
    said: Mapping[str, Pieces],
    alarms: Mapping[str, Sequence[Alarm]],
    theirs: Mapping[str, Pieces],
    span: tuple[int, int],
) -> tuple[list[float], list[float], int]:
    """Of alarms of theirs that we met: seconds by which we began before them and ended after them,
    and how many there were.

    A beginning is timed where both began within the span and ours after their last one ended: an
    alarm of ours that goes on over two of theirs was not early for the second. An end likewise,
    where they told it.
    """
    ahead: list[float] = []
    longer: list[float] = []
    met = 0
    for zone in theirs:
        whole, mine = pieces(alarms[zone]), said.get(zone, [])
        told_ends = {one.t_ns_end for one in alarms[zone] if one.said}
        for row, (begin, end) in enumerate(whole):
            close = [one for one in mine if overlap([one], within([(begin, end)], span))]
            if not close:
                continue
            met += 1
            first, last = close[0][0], close[-1][1]
            fresh = not row or first >= whole[row - 1][1]
            alone = row + 1 == len(whole) or last <= whole[row + 1][0]
            if fresh and span[0] < min(begin, first):
                ahead.append(seconds_of(begin - first))
            if alone and max(end, last) < span[1] and end in told_ends:
                longer.append(seconds_of(last - end))
    return ahead, longer, met


def _issued(
    authority: Authority, said: Mapping[str, Pieces], span: tuple[int, int]
) -> dict[str, Any]:
    """Alarms as they were issued, for however many zones: whether we warned any of these."""
    count = met = 0
    ahead: list[float] = []
    for one in authority.issued:
        piece = within([(one.t_ns, one.t_ns_end)], span)
        if not piece:
            continue
        count += 1
        firsts = [
            ours[0] for zone in one.zones for ours in said.get(zone, []) if overlap([ours], piece)
        ]
        met += bool(firsts)
        if firsts and span[0] < one.t_ns and span[0] < min(firsts):
            ahead.append(seconds_of(one.t_ns - min(firsts)))
    return {"issued": count, "issued_met": met, "issued_ahead_s": _quantiles(ahead)}


# ---- the worst, and the hits -------------------------------------------------------------------


def _worst(
    lone: Sequence[tuple[str, tuple[int, int]]],
    threats: Mapping[str, Sequence[tuple[int, int, str]]],
    shown: Mapping[str, Sequence[Span]],
    zones: ZoneMap,
) -> tuple[Lone, ...]:
    """The ten alarms that cost most person-minutes; of equals the longest, the earliest.

    `threats` are the spans of whoever gave them, `shown` what we showed.
    """

    def cost(item: tuple[str, tuple[int, int]]) -> tuple[int, int, int, str]:
        zone, (begin, end) = item
        return -zone_person_ns(zones, zone, [(begin, end)]), begin - end, begin, zone

    found = []
    for zone, (begin, end) in sorted(lone, key=cost)[:WORST]:
        told = (kind for t_ns, t_ns_end, kind in threats.get(zone, ()) if t_ns < end
                and t_ns_end > begin and kind)  # fmt: skip
        stages = (one.stage for one in shown.get(zone, ()) if one.t_ns < end
                  and one.t_ns_end > begin)  # fmt: skip
        found.append(
            Lone(
                zone=zone,
                t_begin=iso(begin),
                t_end=iso(end),
                seconds=seconds_of(end - begin),
                people=int(zones.people[zones.row(zone)]),
                person_minutes=person_minutes(zone_person_ns(zones, zone, [(begin, end)])),
                threats=tuple(dict.fromkeys(told)),
                shown=max(stages, key=_URGENT.index, default="none"),
            )
        )
    return tuple(found)


def _told_threats(authority: Authority) -> dict[str, list[tuple[int, int, str]]]:
    return {
        zone: [(one.t_ns, one.t_ns_end, one.threat) for one in some]
        for zone, some in authority.alarms.items()
    }


def _our_threats(alerts: Sequence[Alert], t_ns_end: int) -> dict[str, list[tuple[int, int, str]]]:
    found: dict[str, list[tuple[int, int, str]]] = {}
    for (zone, kind), spans in spans_by_threat(alerts, t_ns_end).items():
        some = [(one.t_ns, one.t_ns_end, kind) for one in spans if one.stage in IN_ALARM]
        found.setdefault(zone, []).extend(some)
    return found


_URGENT: Final = ("stand_by", "early", "standing", "stay", "take_cover")


def _hits(
    impacts: Sequence[Impact],
    ours: Mapping[str, Pieces],
    theirs: Mapping[str, Pieces],
    span: tuple[int, int],
) -> Hits:
    counts: Counter[tuple[bool, bool]] = Counter()
    leads: tuple[list[float], list[float]] = ([], [])
    for one in impacts:
        for zone in one.zones if span[0] <= one.t_ns < span[1] else ():
            lead_s = [_lead_s(some.get(zone, []), one.t_ns) for some in (ours, theirs)]
            counts[lead_s[0] >= MISSED_S, lead_s[1] >= MISSED_S] += 1
            for row, lead in enumerate(lead_s):
                leads[row].extend([lead] if lead >= 0.0 else [])
    return Hits(
        hits=sum(counts.values()),
        both=counts[True, True],
        only_ours=counts[True, False],
        only_theirs=counts[False, True],
        neither=counts[False, False],
        lead_s=_quantiles(leads[0]),
        lead_s_theirs=_quantiles(leads[1]),
    )


def _lead_s(some: Pieces, t_ns: int) -> float:
    """Seconds in alarm without a break at an instant, -1 when not."""
    return next((seconds_of(t_ns - begin) for begin, end in some if begin <= t_ns < end), -1.0)


def _quantiles(samples: Sequence[float]) -> dict[str, float | None]:
    """p5, median and p95 by nearest rank; None without samples."""
    if not samples:
        return {"p5": None, "p50": None, "p95": None}
    values = np.percentile(np.asarray(samples), (5, 50, 95), method="inverted_cdf")
    return {name: float(value) for name, value in zip(("p5", "p50", "p95"), values, strict=True)}
