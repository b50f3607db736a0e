"""Put recorded alerts of an authority through the stage machine, and compare with what it issued.

    python -m tools.history FILE [--since DATE] [--until DATE] [--policy NAME] [--json]

FILE is `alerts_il_2014_2024.csv.gz` (starts only: the file has no end of an alert),
`official_2022-03_2024-04_en.csv.gz` (starts and ends) or
`active_at_snapshot_2024-06_2026-08_uk.csv.gz` (what was active at one moment of each night, since
when). Each alert is input as an upstream authority gives it: harm is certain in that zone, within
a minute and a half of an Israeli alert, and all the time between start and end of a Ukrainian one.
`tools/histories.py` writes docs/reference/histories.md from what this prints with `--json`.
"""

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tocsin.decide import POLICIES, Board, Policy, Sight
from tocsin.decide.coverage import Places
from tocsin.instant import NS_PER_S, from_iso
from tocsin.score import told
from tocsin.words import HORIZONS_S, THREATS, Alert, Arrivals, Sensors, Site

FLAP_NS: Final = 600 * NS_PER_S
"""An alarm so soon after the end of the last one is a flap: the definition of the requirement."""
ACTIVE_NS: Final = 90 * NS_PER_S
"""How long an alert without an end threatens. Chosen: the longest usual time to shelter."""
STAY_NS: Final = 600 * NS_PER_S
"""How long people were told to stay after an alert without an end: Home Front Command's default."""
STEP_NS: Final = 10 * NS_PER_S
SLOW_NS: Final = 600 * NS_PER_S  # where nothing can change but by an event
QUIET_NS: Final = 3600 * NS_PER_S
"""So long after the last alert's end every zone has been told that it is over, and what comes next
is folded by itself: the record of years takes no more memory than its longest raid."""
ALARM: Final = ("take_cover", "stay", "standing")


@dataclass(frozen=True, slots=True)
class Event:
    """One alert of the record; `has_end`: the record says when it ended."""

    t_ns: int
    t_ns_end: int
    zone: str
    threat: str
    has_end: bool


@dataclass(frozen=True, slots=True)
class Span:
    """One alarm of a zone, until it was told that it is over."""

    zone: str
    threat: str
    t_ns: int
    t_ns_end: int


# ---- the record --------------------------------------------------------------------------------


def read(path: Path, since_ns: int = 0, until_ns: int = 1 << 62) -> list[Event]:
    """The alerts of a record between two instants, in order of time; repeated rows once."""
    found = _seen(path) or {
        _event(one) for one in told.read(path.read_bytes()).told if one.end != told.OPEN
    }
    chosen = [event for event in found if since_ns <= event.t_ns < until_ns]
    return sorted(chosen, key=lambda event: (event.t_ns, event.zone, event.threat, event.t_ns_end))


def _event(one: told.Told) -> Event:
    """As input: where the record tells no threat, a drone; where it tells no end, a short one."""
    has_end = one.end == told.SAID
    return Event(
        t_ns=one.t_ns,
        t_ns_end=one.t_ns_end if has_end else one.t_ns + ACTIVE_NS,
        zone=one.places[0].codes[0][1],
        threat=one.threat or "drone",
        has_end=has_end,
    )


def _seen(path: Path) -> set[Event]:
    """Alerts of a record of snapshots: each ends, for want of better, when it was last seen."""
    until = dict[tuple[str, int], int]()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        for row in rows if "snapshot_at" in (rows.fieldnames or ()) else ():
            key = (row["region_id"], _instant(row["started_at"]))
            until[key] = max(until.get(key, 0), _instant(row["snapshot_at"]))
    return {
        Event(begin, end, zone, "drone", has_end=True)
        for (zone, begin), end in until.items()
        if end > begin
    }


def _instant(text: str) -> int:
    return from_iso(text.replace(" ", "T").replace("+00:00", "Z"))


def issued(events: Sequence[Event]) -> list[Span]:
    """The alarms as they were issued: each alert by itself, with its end or the usual stay."""
    return [
        Span(e.zone, e.threat, e.t_ns, e.t_ns_end if e.has_end else e.t_ns + told.STAY_NS)
        for e in events
    ]


# ---- the stage machine -------------------------------------------------------------------------


def fold(events: Sequence[Event], policy: Policy) -> list[Span]:
    """The alarms that the board makes of `events`, told all clear by word."""
    spans: list[Span] = []
    for part, next_ns in _parts(events):
        ended_ns = _folded(part, policy, spans)
        assert ended_ns < next_ns, "a raid reached into the next"
    return spans


def _parts(events: Sequence[Event]) -> Iterator[tuple[Sequence[Event], int]]:
    """The events between two long silences, and when the next begin."""
    first, until_ns = 0, 0
    for number, event in enumerate(events):
        if number > first and event.t_ns >= until_ns + QUIET_NS:
            yield events[first:number], event.t_ns
            first = number
        until_ns = max(until_ns, event.t_ns_end)
    if first < len(events):
        yield events[first:], 1 << 62


def _folded(events: Sequence[Event], policy: Policy, spans: list[Span]) -> int:
    """Adds the alarms of one part; when the last zone had nothing to say any more."""
    names = tuple(sorted({event.zone for event in events}))
    board, row_of = _board(names, policy), {name: row for row, name in enumerate(names)}
    waiting, active, stage = list(reversed(events)), list[tuple[int, Event]](), dict[Any, str]()
    begun: dict[tuple[str, str], int] = {}
    now_ns = events[0].t_ns
    number = 0
    while waiting or active or stage:
        while waiting and waiting[-1].t_ns <= now_ns:
            number += 1
            active.append((number, waiting.pop()))
        active = [one for one in active if one[1].t_ns_end > now_ns]
        decided = board.decide(now_ns, _arrivals(now_ns, active, row_of), _sensors(now_ns), ())
        for alert in decided.alerts:
            _note(alert, stage, begun, spans)
        now_ns = _following(now_ns, waiting, active, stage)
    return now_ns


def _note(
    alert: Alert, stage: dict[Any, str], begun: dict[tuple[str, str], int], spans: list[Span]
) -> None:
    key = (alert.zone, alert.threat)
    if alert.stage in ALARM:
        begun.setdefault(key, alert.t_ns)
    elif key in begun:
        assert alert.stage == "all_clear", f"an alarm ended by {alert.stage}"
        spans.append(Span(*key, begun.pop(key), alert.t_ns))
    stage[key] = alert.stage
    if alert.stage == "none":
        del stage[key]


def _following(
    now_ns: int, waiting: list[Event], active: list[tuple[int, Event]], stage: dict[Any, str]
) -> int:
    """When to ask next: soon while something ends, else at the next event or in ten minutes."""
    threatened = {(event.zone, event.threat) for _, event in active}
    ending = any(key not in threatened and how in ALARM for key, how in stage.items())
    events = [waiting[-1].t_ns] if waiting else []
    events += [event.t_ns_end for _, event in active]
    if not active and not stage:
        return events[0] if events else now_ns
    return min([now_ns + (STEP_NS if ending else SLOW_NS), *events])


def _arrivals(now_ns: int, active: list[tuple[int, Event]], row_of: dict[str, int]) -> Arrivals:
    rows = [(number, row_of[e.zone], THREATS.index(e.threat), e) for number, e in active]
    # An alert with an end says that harm may come at any time; one without, that it comes soon.
    likely = [now_ns if e.has_end else e.t_ns_end for *_, e in rows]
    t_ns = np.full(len(rows), now_ns, dtype=np.int64)
    likely_ns = np.array(likely, dtype=np.int64)
    return Arrivals(
        track=np.array([row[0] for row in rows], dtype=np.int64),
        zone=np.array([row[1] for row in rows], dtype=np.int32),
        threat=np.array([row[2] for row in rows], dtype=np.int8),
        chance=np.ones((len(rows), len(HORIZONS_S))),
        t_ns=t_ns,
        t_ns_early=t_ns,
        t_ns_likely=likely_ns,
        t_ns_late=likely_ns,
        evidence=np.full((len(rows), 8), -1, dtype=np.int64),
    )


def _board(names: tuple[str, ...], policy: Policy) -> Board:
    """A board to whom the record is the one sensor, which sees everything."""
    many = len(names)
    zones = Places(
        ids=names,
        lat_deg=np.linspace(-60.0, 60.0, many),
        lon_deg=np.arange(many, dtype=np.float64) * 7.0 % 360.0 - 180.0,
        shelter_s=np.full(many, np.nan),
    )
    sight = Sight(
        sensors=("record",),
        start=np.arange(many + 1, dtype=np.int64),
        lowest_m=np.zeros((1, many), dtype=np.uint16),
    )
    site = Site(
        name="history", realm="test", mode="shadow", zones="", sender="history",
        sender_name="history", languages=("en",),
    )  # fmt: skip
    return Board(site, zones, policy, sight)


def _sensors(now_ns: int) -> Sensors:
    return Sensors(
        names=("record",),
        position_m=np.zeros((1, 3)),
        range_m_max=np.ones(1),
        scan_s=np.ones(1),
        detection_chance=np.ones(1),
        t_ns_heard=np.array([now_ns], dtype=np.int64),
        stale_s=np.ones(1),
    )


# ---- the comparison ----------------------------------------------------------------------------


def compared(events: Sequence[Event], spans: Sequence[Span]) -> dict[str, Any]:
    """What the authority issued and what the board made of it, by the same definitions."""
    return {
        "events": len(events),
        "zones": len({event.zone for event in events}),
        "issued": figures(issued(events)),
        "ours": figures(spans),
        "not_in_alarm": sum(not covered for covered in _covered(events, spans)),
        "ended_while_issued": _ended_early(events, spans),
        "ends_issued": sum(event.has_end for event in events),
        "all_clears": len(spans),  # `_note` takes no other end
        "minutes_held_on": _held_on(events, spans),
    }


def figures(spans: Sequence[Span]) -> dict[str, Any]:
    """Alarms, how often one followed within ten minutes of the beginning and of the end of the last
    of its zone and threat, how long they were, and hours of zones in alarm."""
    last: dict[tuple[str, str], Span] = {}
    again = flaps = 0
    for span in sorted(spans, key=lambda one: (one.t_ns, one.t_ns_end, one.zone)):
        before = last.get((span.zone, span.threat))
        if before is not None:
            again += span.t_ns < before.t_ns + FLAP_NS
            flaps += before.t_ns_end <= span.t_ns < before.t_ns_end + FLAP_NS
        last[span.zone, span.threat] = span
    minutes = [(span.t_ns_end - span.t_ns) / NS_PER_S / 60.0 for span in spans] or [0.0]
    return {
        "alarms": len(spans),
        "again_within_10_min": round(again / max(len(spans), 1), 4),
        "within_10_min_of_the_end": round(flaps / max(len(spans), 1), 4),
        "minutes_median": round(float(np.median(minutes)), 1),
        "minutes_p90": round(float(np.quantile(minutes, 0.9)), 1),
        "zone_hours": round(union_hours(spans), 1),
    }


def union_hours(spans: Sequence[Span]) -> float:
    """Hours in which zones were in alarm; what overlaps in one zone counts once."""
    total_ns, until_ns = 0, dict[str, int]()
    for span in sorted(spans, key=lambda one: (one.t_ns, one.t_ns_end)):
        begin_ns = max(span.t_ns, until_ns.get(span.zone, 0))
        total_ns += max(span.t_ns_end - begin_ns, 0)
        until_ns[span.zone] = max(until_ns.get(span.zone, 0), span.t_ns_end)
    return total_ns / NS_PER_S / 3600.0


def _covered(events: Sequence[Event], spans: Sequence[Span]) -> Iterator[bool]:
    """Whether each alert of the record found its zone in alarm at once."""
    of: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        of.setdefault((span.zone, span.threat), []).append(span)
    for event in events:
        mine = of.get((event.zone, event.threat), [])
        yield any(one.t_ns <= event.t_ns < one.t_ns_end for one in mine)


def _ended_early(events: Sequence[Event], spans: Sequence[Span]) -> int:
    """All-clears while an alert of the record still held there."""
    of: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        of.setdefault((event.zone, event.threat), []).append(event)
    return sum(
        any(event.t_ns <= span.t_ns_end < event.t_ns_end for event in of[span.zone, span.threat])
        for span in spans
    )


def _held_on(events: Sequence[Event], spans: Sequence[Span]) -> dict[str, float]:
    """Minutes from the end of an alarm as it was issued to ours, median and ninth decile."""
    last: dict[tuple[str, str], list[Span]] = {}
    for one in issued(events):
        last.setdefault((one.zone, one.threat), []).append(one)
    minutes = [
        (span.t_ns_end - max(one.t_ns_end for one in of if one.t_ns < span.t_ns_end))
        / (60.0 * NS_PER_S)
        for span in spans
        for of in [last[span.zone, span.threat]]
    ] or [0.0]
    return {
        "median": round(float(np.median(minutes)), 1),
        "p90": round(float(np.quantile(minutes, 0.9)), 1),
    }


def main(words: list[str]) -> None:
    """Fold, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--since", default="2000-01-01")
    parser.add_argument("--until", default="2100-01-01")
    parser.add_argument("--policy", default="default", choices=sorted(POLICIES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    since_ns, until_ns = (from_iso(f"{day}T00:00:00Z") for day in (given.since, given.until))
    events = read(given.file, since_ns, until_ns)
    found = compared(events, fold(events, POLICIES[given.policy]))
    found |= {"file": given.file.name, "since": given.since, "until": given.until}
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
