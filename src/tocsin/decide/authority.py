"""Who lets an alert out: nobody (shadow), an operator (advise), time (confirm) or nothing at all.

What is released is a *run*: the alerts of one (zone, threat) from the moment it left none until
it is over. Once people were told, they are told everything that follows at once: the next stage,
the renewed time, the all-clear. Of a run that was never released they are told nothing.
"""

from dataclasses import dataclass, field
from typing import Final

from tocsin.instant import ns
from tocsin.words import MODES, Alert, Order, Site

_ENDED: Final = ("none", "all_clear", "cancelled")
_HELD: Final = "held"
_STOPPED: Final = "stopped"
_RELEASED: Final = "released"


@dataclass(slots=True)
class _Run:
    """One run: `latest` is its last alert, `due_ns` when time releases it (0: never)."""

    latest: Alert
    serial_first: int
    due_ns: int
    state: str = _HELD


@dataclass(slots=True)
class Authority:
    """Holds alerts back or lets them pass, by the mode of the site. Picklable; bounded by zones.

    automatic   everything passes at once
    confirm     a run passes `site.confirm_s` after it began, unless an operator stops it
    advise      a run passes when an operator releases it
    shadow      nothing passes, ever

    In confirm and advise a warning that an operator raised passes at once: a person decided it.
    """

    site: Site
    _runs: dict[tuple[str, str], _Run] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.site.mode not in MODES:
            raise ValueError(
                f"mode {self.site.mode!r} is unknown: choose one of {', '.join(MODES)}"
            )
        if not self.site.confirm_s >= 0.0:
            raise ValueError("confirm_s must not be negative")

    def release(
        self, now_ns: int, alerts: tuple[Alert, ...], orders: tuple[Order, ...]
    ) -> tuple[Alert, ...]:
        """The alerts that people may be told now: what the board said, then what was waiting.

        `orders` passed the gate; those that name no run here change nothing (the board rejects
        what makes no sense).
        """
        if self.site.mode == "automatic":
            return alerts
        passing = [alert for alert in alerts if self._passes(now_ns, alert)]
        for order in orders:
            passing += self._obey(order)
        passing += self._time(now_ns)
        return tuple(passing)

    def pending(self) -> tuple[tuple[Alert, int], ...]:
        """What waits, by zone and threat, each with the time that releases it, 0 for never."""
        return tuple(
            (run.latest, run.due_ns if run.state == _HELD else 0)
            for _, run in sorted(self._runs.items())
            if run.state != _RELEASED
        )

    def _passes(self, now_ns: int, alert: Alert) -> bool:
        """Enter `alert` into its run; whether it may be told at once."""
        place = (alert.zone, alert.threat)
        run = self._runs.get(place)
        if alert.stage in _ENDED:
            released = run is not None and run.state == _RELEASED
            if run is not None and (alert.stage == "none" or not released):
                del self._runs[place]
            return released
        if run is None or run.latest.t_ns_begun != alert.t_ns_begun:
            due_ns = now_ns + ns(self.site.confirm_s) if self.site.mode == "confirm" else 0
            run = _Run(latest=alert, serial_first=alert.serial, due_ns=due_ns)
            self._runs[place] = run
        run.latest = alert
        raised = any(reason.rule == "order.raise" for reason in alert.reasons)
        if raised and self.site.mode != "shadow":
            run.state = _RELEASED
        return run.state == _RELEASED

    def _obey(self, order: Order) -> tuple[Alert, ...]:
        """Release or stop the run that `order` names, by any serial that it has had."""
        if order.action not in ("release", "stop") or self.site.mode == "shadow":
            return ()
        for run in self._runs.values():
            if run.state != _RELEASED and _names(order.alert, run):
                run.state = _STOPPED if order.action == "stop" else _RELEASED
                return (run.latest,) if order.action == "release" else ()
        return ()

    def _time(self, now_ns: int) -> list[Alert]:
        """The runs whose time has come, oldest first, then by zone and threat."""
        due = sorted(
            (run.due_ns, place)
            for place, run in self._runs.items()
            if run.state == _HELD and 0 < run.due_ns <= now_ns
        )
        for _, place in due:
            self._runs[place].state = _RELEASED
        return [self._runs[place].latest for _, place in due]


def _names(alert: str, run: _Run) -> bool:
    """Whether the alert id `alert` is one that `run` has had."""
    head, _, serial = alert.rpartition(":")
    latest = run.latest
    if head != f"{latest.realm}:{latest.zone}:{latest.threat}":
        return False
    plain = serial.isascii() and serial.isdigit() and len(serial) < 19
    return plain and run.serial_first <= int(serial) <= latest.serial
