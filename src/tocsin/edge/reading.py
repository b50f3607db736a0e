"""What a finished journal tells: its alerts, what another policy would have said, its latency."""

from collections.abc import Callable

import msgspec

from tocsin.edge import build
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.words import Alert, Output, Site
from tocsin.zones.map import ZoneMap

LATENCY_STEPS = ("handed", "journaled")
"""The last step of a warning's way: handed to a socket when live, journaled when simulated."""


def site_of(journal: Journal) -> Site:
    """The site that the journal was written under."""
    return msgspec.json.decode(journal.part("site"), type=Site)


def zones_of(journal: Journal) -> ZoneMap:
    """The zone map that the journal was written under."""
    return ZoneMap.from_bytes(journal.part("zones"))


def alerts(journal: Journal) -> list[Alert]:
    """Every alert decided, in order."""
    return [
        output
        for entry in journal.entries()
        for output in decode_outputs(entry.outputs)
        if isinstance(output, Alert)
    ]


def alerts_under(
    journal: Journal, policy: str, on_batch: Callable[[int], None] = lambda number: None
) -> list[Alert]:
    """What another policy would have decided upon the same inputs. Raises BadSite if unknown."""
    parts = {name: journal.part(name) for name in ("site", "zones", "phrases")}
    site = msgspec.structs.replace(site_of(journal), policy=policy)
    mind = build.engine({**parts, "site": msgspec.json.encode(site)})
    outputs: list[Output] = []
    for entry in journal.entries():
        outputs += [o for o in mind.handle(entry.batch) if isinstance(o, Alert)]
        on_batch(entry.number)
    return [output for output in outputs if isinstance(output, Alert)]


def latencies_ms(journal: Journal) -> list[float]:
    """Milliseconds from receipt to the last timed step, one for each warning that was timed."""
    found = []
    for _subject, steps in journal.timings():
        last = next((steps[step] for step in LATENCY_STEPS if step in steps), None)
        if last is not None:
            found.append(last / 1e6)
    return found
