"""A recording through the same door as live datagrams, as fast as the machine can."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.edge.receive import recorded
from tocsin.edge.run import Mind, Step, fold_recording
from tocsin.instant import NS_PER_MS
from tocsin.words import Alert, Counts, Frame, Rejected, Site, SourceSite

BATCH_NS = 20 * NS_PER_MS
RAW_SUFFIXES = (".raw", ".ast")
SUMMARY_KEYS = (
    "datagrams",
    "records",
    "duplicates",
    "unplaced",
    "rejected",
    "tentative",
    "confirmed",
    "warnings",
)
WARNING_STAGES = ("stand_by", "early", "take_cover", "stay", "standing")


def site_for(path: Path, zones: str, given: Site | None) -> Site:
    """The site that replays the recording at `path`: `given` with its sources replaced, or a plain
    live site without known sensors (radars that state their place are placed).

    Only a name that says so is raw blocks: a capture under any other name is read as one or refused
    with a reason, never mistaken for blocks."""
    scheme = "file" if path.suffix in RAW_SUFFIXES else "pcap"
    source = SourceSite(name="recording", url=f"{scheme}://{quote(str(path.absolute()))}")
    if given is not None:
        allow = tuple(pair for old in given.sources for pair in old.allow)
        return msgspec.structs.replace(
            given, sources=(msgspec.structs.replace(source, allow=allow),)
        )
    return Site(
        name="recording",
        realm="live",
        mode="shadow",
        zones=zones,
        sender="replay@localhost",
        sender_name="Replay of a recording",
        languages=("en",),
        sources=(source,),
    )


class Tally:
    """What a folded recording came to."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.by_reason: Counter[str] = Counter()
        self.tentative: set[int] = set()
        self.confirmed: set[int] = set()
        self.warnings: list[str] = []

    def see(self, step: Step, mind: Mind) -> None:
        """Count one batch."""
        for given in step.batch.inputs:
            self.counts["datagrams"] += isinstance(given, Frame)
        for output in step.outputs:
            match output:
                case Counts():
                    for key in ("records", "duplicates", "unplaced", "fixes", "pulses"):
                        self.counts[key] += getattr(output, key)
                case Rejected():
                    self.by_reason[output.reason] += output.count
                case Alert() if output.stage in WARNING_STAGES:
                    self.warnings.append(f"{output.zone} {output.threat} {output.stage}")
        self.tentative.update(mind.engine.picture.waiting().tolist())
        tracks = mind.engine.tracks
        if tracks is not None:
            self.confirmed.update(tracks.id[tracks.confirmed].tolist())
            self.tentative.update(tracks.id[~tracks.confirmed].tolist())

    def summary(self) -> dict[str, Any]:
        """The document of ``tocsin replay --pcap --json``."""
        return {
            **{key: self.counts[key] for key in ("datagrams", "records", "duplicates", "unplaced")},
            "fixes": self.counts["fixes"],
            "pulses": self.counts["pulses"],
            "rejected": sum(self.by_reason.values()),
            "rejected_by_reason": dict(sorted(self.by_reason.items())),
            "tentative": len(self.tentative),
            "confirmed": len(self.confirmed),
            "warnings": len(self.warnings),
        }


def fold(
    site: Site, parts: dict[str, bytes], journal: Path, on_batch: Callable[[], None]
) -> dict[str, Any]:
    """Fold the recordings of `site` into a new `journal`; the summary of what came of it."""
    frames = sorted(
        (frame for source in site.sources for frame in recorded(source)),
        key=lambda frame: frame.t_ns,
    )
    mind = Mind.start(journal, parts, durable=False)
    tally = Tally()

    def on_step(step: Step) -> None:
        tally.see(step, mind)
        on_batch()

    fold_recording(mind, frames, BATCH_NS, on_step)
    mind.close()
    return tally.summary()
