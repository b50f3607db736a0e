"""What every zone was told, and when: alerts folded into spans of time.

An alert holds from its `t_ns` until the next serial of the same (zone, threat), its expiry, or the
end of the scenario, whichever comes first: this is what a siren or a phone would have shown.
Spans are half-open: an instant at which a span ends is no longer in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from tocsin.words import Alert
from tocsin.zones.map import ZoneMap

COVER: Final = ("take_cover", "stay")
"""The stages in which people are asked to be in shelter."""

_RANK: Final = {"stand_by": 1, "standing": 2, "early": 3, "stay": 4, "take_cover": 5}
"""What a zone shows of several threats: the highest; the other stages ask nothing of anybody. A
standing alert is not cover, and goes on with its run."""


class Span(NamedTuple):
    """One stage for a while: ``t_ns <= now < t_ns_end``."""

    t_ns: int
    t_ns_end: int
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One warning of one (zone, threat), from leaving `none` until it asks nothing any more.

    `t_ns_early` and `t_ns_cover` are when it was first told `early` and `take_cover` or `stay`, -1
    never. `open`: the scenario ended first.
    """

    zone: str
    threat: str
    t_ns: int
    t_ns_end: int
    t_ns_early: int
    t_ns_cover: int
    open: bool


def timeline(alerts: Iterable[Alert], zones: ZoneMap, t_ns_end: int) -> dict[str, list[Span]]:
    """What each zone showed over all threats: zone id -> spans in order of time, in map order.

    Only spans that ask something of people (the stages of `_RANK`); zones without any
    are left out. ValueError when an alert names a zone that the map does not have.
    """
    by_zone: dict[str, list[Span]] = {}
    for (zone, _), spans in spans_by_threat(alerts, t_ns_end).items():
        by_zone.setdefault(zone, []).extend(spans)
    try:
        order = sorted(by_zone, key=zones.row)
    except KeyError as error:
        raise ValueError(
            f"an alert names zone {error.args[0]!r}, which map {zones.version!r} does not have:"
            " give the map that the journal was made with"
        ) from error
    return {zone: _highest(by_zone[zone]) for zone in order if by_zone[zone]}


def spans_by_threat(alerts: Iterable[Alert], t_ns_end: int) -> dict[tuple[str, str], list[Span]]:
    """The spans of each (zone, threat), in order of (zone, threat), renewals joined."""
    said: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        said.setdefault((alert.zone, alert.threat), []).append(alert)
    return {key: _spans(said[key], t_ns_end) for key in sorted(said)}


def runs(alerts: Iterable[Alert], t_ns_end: int) -> list[Run]:
    """Every run, in order of (zone, threat, time)."""
    return [
        _run(zone, threat, group, t_ns_end)
        for (zone, threat), spans in spans_by_threat(alerts, t_ns_end).items()
        for group in _touching(spans)
    ]


def covered(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """When the zone of these spans was in take_cover or stay: (begin, end), joined, in order."""
    return union((span.t_ns, span.t_ns_end) for span in spans if span.stage in COVER)


def union(pieces: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of half-open pieces of time, in order; pieces that touch are joined."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(pieces):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _spans(alerts: list[Alert], t_ns_end: int) -> list[Span]:
    """The spans of one (zone, threat)."""
    spans: list[Span] = []
    ordered = sorted(alerts, key=lambda alert: alert.serial)
    nexts = [alert.t_ns for alert in ordered[1:]] + [t_ns_end]
    for alert, t_ns_next in zip(ordered, nexts, strict=True):
        until = min(t_ns_next, t_ns_end)
        if alert.t_ns_expires > 0:
            until = min(until, alert.t_ns_expires)
        if alert.stage not in _RANK or until <= alert.t_ns:
            continue
        if spans and spans[-1].t_ns_end == alert.t_ns and spans[-1].stage == alert.stage:
            spans[-1] = spans[-1]._replace(t_ns_end=until)
        else:
            spans.append(Span(alert.t_ns, until, alert.stage))
    return spans


def _highest(spans: list[Span]) -> list[Span]:
    """Overlapping spans of several threats as one line of the highest stage at each instant."""
    edges = sorted(dict.fromkeys(t for span in spans for t in (span.t_ns, span.t_ns_end)))
    line: list[Span] = []
    for begin, end in pairwise(edges):
        stages = [span.stage for span in spans if span.t_ns <= begin and end <= span.t_ns_end]
        if not stages:
            continue
        stage = max(stages, key=lambda one: _RANK[one])
        if line and line[-1].t_ns_end == begin and line[-1].stage == stage:
            line[-1] = line[-1]._replace(t_ns_end=end)
        else:
            line.append(Span(begin, end, stage))
    return line


def _touching(spans: list[Span]) -> list[list[Span]]:
    """Spans in groups without a gap."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups and groups[-1][-1].t_ns_end == span.t_ns:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _run(zone: str, threat: str, group: list[Span], t_ns_end: int) -> Run:
    early = [span.t_ns for span in group if span.stage == "early"]
    cover = [span.t_ns for span in group if span.stage in COVER]
    return Run(
        zone=zone,
        threat=threat,
        t_ns=group[0].t_ns,
        t_ns_end=group[-1].t_ns_end,
        t_ns_early=early[0] if early else -1,
        t_ns_cover=cover[0] if cover else -1,
        open=group[-1].t_ns_end >= t_ns_end,
    )
