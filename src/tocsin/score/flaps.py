"""Warnings that came back soon after their end: by the same threat, which is a flap, or by another.

Whose a warning was is told by the reports that its alerts cite, held against the truth: a track
that was lost and found again has a new number and is still the same flight.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tocsin.instant import NS_PER_S
from tocsin.score.timeline import COVER, Run
from tocsin.words import Alert, Reason

FLAP_S: Final = 600.0
"""Warned again within this time of its end, a warning came back: the definition."""


class Back(NamedTuple):
    """Of the warnings that ended: to which the same threat came back, and to which any of its
    kind did."""

    same: int
    any: int


def cited(alerts: Sequence[Alert]) -> frozenset[int]:
    """The numbers of the reports behind the `alerts` that ask people to be in cover."""
    return frozenset(
        number
        for alert in alerts
        if alert.stage in COVER
        for reason in alert.reasons
        for number in reason.evidence
    )


def came_back(
    warnings: Sequence[Run], said: Mapping[str, Sequence[Alert]], flight_of: Mapping[int, str]
) -> Back:
    """Of the `warnings` that ended, those warned again (to cover) within `FLAP_S`.

    `said` are the alerts of each zone in order of time; `flight_of` gives the flight of a report.
    """
    by_key: dict[tuple[str, str], list[Run]] = {}
    for run in warnings:
        by_key.setdefault((run.zone, run.threat), []).append(run)
    same = again = 0
    for run in warnings:
        if run.open:
            continue
        following = [
            other
            for other in by_key[run.zone, run.threat]
            if 0 <= other.t_ns_cover - run.t_ns_end <= FLAP_S * NS_PER_S
        ]
        told = said.get(run.zone, ())
        again += bool(following)
        same += any(_same(run, other, told, flight_of) for other in following)
    return Back(same=same, any=again)


def _same(run: Run, other: Run, told: Sequence[Alert], flight_of: Mapping[int, str]) -> bool:
    """Whether what led to the `other` warning was among what was behind `run`.

    What leads is the strongest reason of the first alert: without it there would be none. Where
    an alert names no track, nobody can tell them apart, and they count as the same.
    """
    before = [reason for alert in _covering(run, told) for reason in _tracked(alert)]
    leads = _tracked(_covering(other, told)[0])
    if not before or not leads:
        return True
    known = {name for reason in before for name in _names(reason, flight_of)}
    return not known.isdisjoint(_names(leads[0], flight_of))


def _covering(run: Run, told: Sequence[Alert]) -> list[Alert]:
    """The alerts of a warning that ask people to be in cover; at least one."""
    return [
        alert
        for alert in told
        if alert.threat == run.threat
        and alert.stage in COVER
        and run.t_ns_cover <= alert.t_ns < run.t_ns_end
    ]


def _tracked(alert: Alert) -> list[Reason]:
    """Its reasons that name a track, strongest first as they were given."""
    return [reason for reason in alert.reasons if reason.track >= 0]


def _names(reason: Reason, flight_of: Mapping[int, str]) -> list[str | int]:
    """By what a threat is known: the number of its track, and the flight that most of its reports
    were of (ties: the newest) if any was."""
    flights = [flight_of[number] for number in reason.evidence if number in flight_of]
    return [reason.track, *(flight for flight, _ in Counter(flights).most_common(1))]
