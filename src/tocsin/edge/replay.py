"""Fold a journal again: does it come out the same, and why was this alert given?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.edge import build
from tocsin.edge.journal import Entry, Journal, decode_outputs, encode_outputs, processor
from tocsin.edge.reading import folded
from tocsin.edge.watch import track_rows
from tocsin.engine import Engine
from tocsin.instant import iso
from tocsin.rules.alerts import alert_id
from tocsin.words import (
    EVIDENCE_BATCH_SHIFT,
    EVIDENCE_FRAME_SHIFT,
    EVIDENCE_PART_MAX,
    Alert,
    Frame,
    Message,
    Output,
    Word,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What replay found. `fault` is empty when every byte came out the same."""

    batches: int
    outputs: int
    fault: str
    same_processor: bool


def check(journal: Journal, on_batch: Callable[[int], None] = lambda number: None) -> Verdict:
    """Fold every batch anew; outputs must be the journal's, byte for byte, and the chain whole.

    On another processor type only the decisions (`Alert`) must be equal (architecture, 4.3).
    """
    same = journal.part("processor").decode() == processor()
    mind = build.engine(build.kept_parts(journal))
    digest = journal.first_digest()
    batches = outputs = 0
    for entry in journal.entries():
        number = entry.number
        if number != batches + 1:
            return Verdict(batches, outputs, f"batch {batches + 1} is missing", same)
        if not entry.follows(digest):
            fault = f"batch {number}: the hash chain is broken: its bytes were changed"
            return Verdict(batches, outputs, fault, same)
        digest = entry.digest
        fault = _difference(entry, mind.handle(entry.batch), same)
        if fault:
            return Verdict(batches, outputs, f"batch {number}: {fault}", same)
        batches, outputs = number, outputs + len(decode_outputs(entry.outputs))
        on_batch(number)
    return Verdict(batches, outputs, "", same)


def _difference(entry: Entry, now: list[Output], same_processor: bool) -> str:
    """The first output that differs from the journal's, in words; empty when none does."""
    if encode_outputs(now) == entry.outputs:
        return ""
    then = decode_outputs(entry.outputs)
    if not same_processor:
        if _decisions(then) == _decisions(now):
            return ""
        return "the decisions differ (replayed on another processor type)"
    for index, (old, new) in enumerate(zip(then, now, strict=False)):
        if old != new:
            return f"output {index} differs: {_field_difference(old, new)}"
    return f"{len(then)} outputs in the journal, {len(now)} on replay"


def _decisions(outputs: list[Output]) -> list[tuple[str, str]]:
    return [(alert_id(o), o.stage) for o in outputs if isinstance(o, Alert)]


def _field_difference(old: Word, new: Word) -> str:
    if type(old) is not type(new):
        return f"{type(old).__name__} then, {type(new).__name__} now"
    for name in old.__struct_fields__:
        then, now = getattr(old, name), getattr(new, name)
        if then != now:
            return f"{type(old).__name__}.{name}: {_short(then)} then, {_short(now)} now"
    return type(old).__name__


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


@dataclass(frozen=True, slots=True)
class Report:
    """One raw frame behind an alert."""

    batch: int
    frame: int
    record: int
    t_ns: int
    source: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way back from an alert to the bytes; `engine` stands as it stood then."""

    alert: Alert
    batch: int
    reports: dict[int, list[Report]]
    messages: list[Message]
    steps_ns: dict[str, int]
    engine: Engine


def explain(journal: Journal, name: str) -> Explanation:
    """Walk back from the alert `name`. Raises ValueError when the journal holds no such alert."""
    if journal.batch_of_alert(name) is None:
        known = journal.alert_ids()
        example = f"; the first is {known[0]}" if known else ""
        raise ValueError(f"no alert {name!r} among the {len(known)} of this journal{example}")
    return next(explanations(journal, [name]))


def explanations(
    journal: Journal,
    names: Sequence[str],
    policy: str = "",
    on_batch: Callable[[int], None] = lambda number: None,
) -> Iterator[Explanation]:
    """Walk back from each of `names` in one fold, under another policy if given, as they come.

    The engine of one is that of the next: tell its story before going on. Unknown names are left
    out.
    """
    wanted = dict.fromkeys(names)
    timed = dict(journal.timings()) if not policy else {}
    for entry, mind, outputs in folded(journal, policy):
        if not wanted:
            return
        on_batch(entry.number)
        for alert in [output for output in outputs if isinstance(output, Alert)]:
            name = alert_id(alert)
            if name not in wanted:
                continue
            del wanted[name]
            yield Explanation(
                alert=alert,
                batch=entry.number,
                reports={
                    reason.track: [
                        report
                        for mark in reason.evidence
                        if (report := evidence(journal, mark)) is not None
                    ]
                    for reason in alert.reasons
                },
                messages=[o for o in outputs if isinstance(o, Message) and o.subject == name],
                steps_ns=timed.get(name, {}),
                engine=mind,
            )


def evidence(journal: Journal, mark: int) -> Report | None:
    """The raw frame that an evidence number names (see `words.Fixes.evidence`)."""
    if mark < 0:
        return None
    batch = mark >> EVIDENCE_BATCH_SHIFT
    frame = (mark >> EVIDENCE_FRAME_SHIFT) & EVIDENCE_PART_MAX
    entry = next(journal.entries(batch - 1, batch), None)
    if entry is None or frame >= len(entry.batch.inputs):
        return None
    given = entry.batch.inputs[frame]
    if not isinstance(given, Frame):
        return None
    return Report(batch, frame, mark & EVIDENCE_PART_MAX, given.t_ns, given.source, given.payload)


def story(explanation: Explanation) -> list[str]:
    """The explanation as lines of text, newest cause first."""
    alert = explanation.alert
    lines = [
        f"{alert_id(alert)}: {alert.stage} ({alert.level}) at {iso(alert.t_ns)}"
        + (" BLIND" if alert.blind else "")
    ]
    for reason in alert.reasons:
        lines.append(f"  rule     {reason.rule}")
        if reason.track < 0:
            continue
        lines.append(
            f"  arrival  chance {reason.chance:.3f}; {iso(reason.t_ns_early)} (5 %),"
            f" {iso(reason.t_ns_likely)} (50 %), {iso(reason.t_ns_late)} (95 %)"
        )
        lines.append(f"  track    {reason.track}: {_track_line(explanation.engine, reason.track)}")
        for report in explanation.reports[reason.track]:
            lines.append(
                f"  report   {iso(report.t_ns)} {report.source} batch {report.batch} frame"
                f" {report.frame} record {report.record}"
            )
            lines.append(f"  bytes    {report.payload.hex()}")
    lines += [f"  message  {m.channel}: {len(m.payload)} bytes" for m in explanation.messages]
    lines += [
        f"  {step:<9}{t_ns / 1e6:9.2f} ms after receipt"
        for step, t_ns in sorted(explanation.steps_ns.items(), key=lambda item: item[1])
    ]
    return lines


def story_document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain JSON values."""
    return {
        "alert": alert_id(explanation.alert),
        "stage": explanation.alert.stage,
        "level": explanation.alert.level,
        "t": iso(explanation.alert.t_ns),
        "batch": explanation.batch,
        "reasons": [
            {
                "rule": reason.rule,
                "track": reason.track,
                "chance": reason.chance,
                "early": iso(reason.t_ns_early),
                "likely": iso(reason.t_ns_likely),
                "late": iso(reason.t_ns_late),
                "reports": [
                    {
                        "t": iso(report.t_ns),
                        "source": report.source,
                        "batch": report.batch,
                        "frame": report.frame,
                        "record": report.record,
                        "bytes": report.payload.hex(),
                    }
                    for report in explanation.reports[reason.track]
                ],
            }
            for reason in explanation.alert.reasons
        ],
        "messages": {m.channel: len(m.payload) for m in explanation.messages},
        "steps_ms": {step: t_ns / 1e6 for step, t_ns in explanation.steps_ns.items()},
    }


def _track_line(engine: Engine, track: int) -> str:
    row = next((t for t in track_rows(engine) if t["id"] == track), None)
    if row is None:
        return "ended since"
    return ", ".join(f"{key} {value}" for key, value in row.items() if key != "id")
