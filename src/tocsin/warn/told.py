"""What each zone was last told: the memory of the herald and the fold over a zone's threats.

An alert replaces the one before it of the same zone and threat. What a zone shows is folded from
its threats: the gravest stage wins, and a threat that ended never hides one that goes on.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from tocsin.instant import NS_PER_S
from tocsin.words import LEVELS, THREATS, Alert, FloatArray, Int32Array

FOLDING: Final = (
    "none",
    "notice",
    "cancelled",
    "all_clear",
    "stand_by",
    "standing",
    "early",
    "stay",
    "take_cover",
)
"""Stages by what a zone shows when several threats differ, weakest first. A notice is no danger to
the zone, so it does not hide that something is over; what is new hides what has stood for hours."""

ENDED: Final = ("all_clear", "cancelled")
SHOWN_AFTER_END_NS: Final = 600 * NS_PER_S
"""How long an all-clear or a cancellation stays on display (the public state contract)."""

REFERENCES_MAX: Final = 64
"""Chosen: an Update supersedes those before it, so older ones are superseded many times over."""


class Zones(Protocol):
    """The columns of the zone map that warnings need (see `tocsin.zones.map.ZoneMap`)."""

    @property
    def country(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def names(self) -> dict[str, tuple[str, ...]]: ...
    @property
    def shelter_s(self) -> FloatArray: ...
    @property
    def parent(self) -> Int32Array: ...
    @property
    def parents(self) -> tuple[str, ...]: ...
    @property
    def foreign(self) -> dict[str, tuple[str, ...]]: ...
    def row(self, zone_id: str) -> int: ...
    def polygons(self, row: int) -> Sequence[Sequence[tuple[float, float]]]: ...


class Sent(msgspec.Struct, frozen=True):
    """One CAP message of a run, as later messages refer to it."""

    identifier: str
    t_ns: int
    t_ns_expires: int


class Told(msgspec.Struct, frozen=True):
    """The last alert of a (zone, threat), when it was told, and the messages of its run.

    `stage` is that of the alert, save that a blind zone is never told that it is clear: then it
    is ``none``.
    """

    alert: Alert
    t_ns: int
    stage: str
    sent: tuple[Sent, ...] = ()

    @property
    def active(self) -> bool:
        """Whether this warning asks people to do something now."""
        return self.stage not in ("none", *ENDED)

    @property
    def notice(self) -> bool:
        """Whether this only informs: no alarm, and no danger that outlasts another's end."""
        return self.stage == "notice"

    @property
    def late(self) -> bool:
        """Whether people are told to drop where they are, for shelter is too far."""
        return self.stage == "take_cover" and self.alert.late

    def t_ns_lapse(self) -> int:
        """When it leaves the display: at its expiry, or some time after its end."""
        if self.active:
            return self.alert.t_ns_expires
        return self.t_ns + SHOWN_AFTER_END_NS

    def continues(self, alert: Alert) -> bool:
        """Whether `alert` belongs to the same run: it begun when we did or, untold, we go on."""
        if alert.t_ns_begun and self.alert.t_ns_begun:
            return alert.t_ns_begun == self.alert.t_ns_begun
        return self.alert.stage not in ENDED


class Shown(msgspec.Struct, frozen=True):
    """What a zone shows now: the fold of its threats. `lead` is the threat that speaks for it."""

    stage: str
    level: str
    t_ns_arrival: int
    lead: Told | None
    threats: tuple[Told, ...]


def fold(now_ns: int, threats: Iterable[Told]) -> Shown:
    """One stage, level and arrival of a zone's threats; level and arrival of active ones only.

    What has lapsed is not shown: it leaves the display, which is no all-clear.
    """
    shown = tuple(
        sorted(
            (told for told in threats if told.stage != "none" and told.t_ns_lapse() > now_ns),
            key=lambda told: THREATS.index(told.alert.threat),
        )
    )
    active = [told for told in shown if told.active]
    lead = max(shown, key=_gravity, default=None)
    level = max((told.alert.level for told in active), key=LEVELS.index, default="none")
    arrivals = [told.alert.t_ns_arrival for told in active if told.alert.t_ns_arrival]
    stage = lead.stage if lead else "none"
    return Shown(stage, level, min(arrivals, default=0), lead, shown)


def _gravity(told: Told) -> tuple[int, int, int, int]:
    """Totally ordered: stage, then level, then the sooner arrival (unknown is now), then threat."""
    alert = told.alert
    return (
        FOLDING.index(told.stage),
        LEVELS.index(alert.level),
        -alert.t_ns_arrival,
        THREATS.index(alert.threat),
    )
