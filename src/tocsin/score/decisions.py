"""Which zone would have been told what and when, before a change and after: a table to review."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tocsin.instant import NS_PER_S
from tocsin.words import Alert

HEAD: Final = ("zone", "threat", "stage", "second")

Told = dict[tuple[str, str, str], tuple[int, ...]]
"""(zone, threat, stage) -> the seconds of the scenario at which it began, in order."""


class Change(NamedTuple):
    """One stage that is told now and was not, or the other way, or at another second; -1 not."""

    zone: str
    threat: str
    stage: str
    before_s: int
    after_s: int

    @property
    def what(self) -> str:
        """The change in a word."""
        if self.before_s < 0:
            return "new"
        if self.after_s < 0:
            return "gone"
        return "earlier" if self.after_s < self.before_s else "later"


def decisions(alerts: Iterable[Alert], t_ns_start: int) -> Told:
    """What was told: each change of stage of a (zone, threat), to the second. Renewals are none."""
    stage_of: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, str], list[int]] = {}
    for alert in sorted(alerts, key=lambda one: (one.zone, one.threat, one.serial)):
        key = (alert.zone, alert.threat)
        if stage_of.get(key) == alert.stage:
            continue
        stage_of[key] = alert.stage
        second = (alert.t_ns - t_ns_start) // NS_PER_S
        found.setdefault((*key, alert.stage), []).append(second)
    return {key: tuple(seconds) for key, seconds in sorted(found.items())}


def dump(told: Told) -> str:
    """One line for each change of stage, in order."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((*key, second) for key, seconds in told.items() for second in seconds)
    return sink.getvalue()


def load(text: str) -> Told:
    """What `dump` wrote. Raises ValueError when it is something else."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != HEAD or any(len(row) != len(HEAD) for row in rows):
        raise ValueError(f"no table of decisions: its first line is {','.join(HEAD)}")
    found: dict[tuple[str, str, str], list[int]] = {}
    for zone, threat, stage, second in rows[1:]:
        found.setdefault((zone, threat, stage), []).append(int(second))
    return {key: tuple(seconds) for key, seconds in sorted(found.items())}


def changes(before: Told, after: Told) -> list[Change]:
    """What differs, by zone and second: the first of a stage is held against the first."""
    found = []
    for key in sorted({**before, **after}):
        then, now = before.get(key, ()), after.get(key, ())
        for i in range(max(len(then), len(now))):
            old = then[i] if i < len(then) else -1
            new = now[i] if i < len(now) else -1
            if old != new:
                found.append(Change(*key, old, new))
    return sorted(found, key=lambda one: (one.zone, max(one.before_s, one.after_s), one))


def render(night: str, before: Told, after: Told) -> str:
    """The difference as a table for people; a single line when there is none."""
    differ = changes(before, after)
    total = sum(len(seconds) for seconds in after.values())
    if not differ:
        return f"{night}: {total} decisions, none differs\n"
    zones = len({one.zone for one in differ})
    lines = [
        f"{night}: {total} decisions, {len(differ)} differ in {zones} zones ({_tally(differ)})",
        f"  {'zone':<28}{'threat':<11}{'stage':<12}{'before':>8}{'after':>8}  what",
    ]
    lines += [
        f"  {one.zone:<28}{one.threat:<11}{one.stage:<12}{_second(one.before_s):>8}"
        f"{_second(one.after_s):>8}  {one.what}"
        for one in differ
    ]
    return "\n".join(lines) + "\n"


def _tally(differ: Sequence[Change]) -> str:
    counts = {what: sum(one.what == what for one in differ)
              for what in ("new", "gone", "earlier", "later")}  # fmt: skip
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _second(second: int) -> str:
    return "-" if second < 0 else f"{second} s"
