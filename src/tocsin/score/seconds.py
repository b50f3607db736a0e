"""When two were in alarm: by both, by one alone, by neither, in seconds of zones and in people.

Pieces are (begin, end) in nanoseconds, half-open, joined and in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.score.authority import Authority, pieces
from tocsin.score.people import zone_person_ns, zones_person_ns
from tocsin.score.timeline import COVER, spans_by_threat, union
from tocsin.words import THREATS, Alert
from tocsin.zones.map import ZoneMap

IN_ALARM: Final = (*COVER, "standing")
"""Stages of ours that an authority's alarm compares with: some hold alarms for months."""

Pieces = list[tuple[int, int]]


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """A sum cut in four: in alarm by both, by us alone, by them alone, by neither."""

    both: float
    only_ours: float
    only_theirs: float
    neither: float


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of zones, and people times minutes."""

    zone_seconds: Shares
    person_minutes: Shares


def overlap(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> Pieces:
    """What lies in both of two lists of joined pieces in order."""
    found: Pieces = []
    i = j = 0
    while i < len(one) and j < len(other):
        begin, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if begin < end:
            found.append((begin, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def within(some: Iterable[tuple[int, int]], span: tuple[int, int]) -> Pieces:
    """What of them lies in a span."""
    return overlap(list(some), [span])


def length_ns(some: Iterable[tuple[int, int]]) -> int:
    """How long they are together."""
    return sum(end - begin for begin, end in some)


def alarmed(alerts: Iterable[Alert], t_ns_end: int, threat: str = "") -> dict[str, Pieces]:
    """When each zone was in alarm by us, of one threat if it is given."""
    found: dict[str, Pieces] = {}
    for (zone, kind), spans in spans_by_threat(alerts, t_ns_end).items():
        if threat in ("", kind):
            some = [(one.t_ns, one.t_ns_end) for one in spans if one.stage in IN_ALARM]
            found[zone] = union((*found.get(zone, []), *some))
    return found


def sums_of(
    ours: Mapping[str, Pieces],
    theirs: Mapping[str, Pieces],
    zones: ZoneMap,
    span: tuple[int, int],
) -> Sums:
    """Over every zone of the map and every instant of the span."""
    zone_ns, person_ns = [0, 0, 0], [0, 0, 0]
    everybody_ns = zones_person_ns(zones, np.arange(len(zones)), [span])
    for zone in dict.fromkeys((*ours, *theirs)):
        mine, other = ours.get(zone, []), theirs.get(zone, [])
        shared = overlap(mine, other)
        for sums, of in ((zone_ns, length_ns), (person_ns, partial(zone_person_ns, zones, zone))):
            both = of(shared)
            for row, part in enumerate((both, of(mine) - both, of(other) - both)):
                sums[row] += part
    zone_ns.append((span[1] - span[0]) * len(zones) - sum(zone_ns))
    person_ns.append(everybody_ns - sum(person_ns))
    return Sums(
        zone_seconds=_shares([seconds_of(ns) for ns in zone_ns]),
        person_minutes=_shares([seconds_of(ns) / 60.0 for ns in person_ns]),
    )


def _shares(parts: list[float]) -> Shares:
    both, ours, theirs, neither = parts
    return Shares(both=both, only_ours=ours, only_theirs=theirs, neither=neither)


def by_kind(
    alerts: Sequence[Alert], authority: Authority, zones: ZoneMap, span: tuple[int, int]
) -> dict[str, Sums]:
    """The sums of each threat, if the authority tells threats at all."""
    if not any(one.threat for some in authority.alarms.values() for one in some):
        return {}
    found = {}
    for kind in THREATS:
        ours = {z: within(p, span) for z, p in alarmed(alerts, span[1], kind).items()}
        theirs = {z: within(pieces(a, kind), span) for z, a in authority.alarms.items()}
        found[kind] = sums_of(ours, theirs, zones, span)
    return found


def seconds_of(ns: int) -> float:
    """Nanoseconds as seconds."""
    return ns / NS_PER_S
