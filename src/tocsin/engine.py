"""The straight line: inputs in, everything that follows from them out.

No clock, no chance, no I/O, one thread. Running live, replaying last night, a simulated raid and a
unit test are all this one call. The rooms meet here and nowhere else.
"""

from collections.abc import Callable

import msgspec

from tocsin.decide import Authority, Board, OrderGate, Policy
from tocsin.predict import Forecast
from tocsin.sense import Sense
from tocsin.track import Picture
from tocsin.warn import Herald, Phrases
from tocsin.words import (
    Arrivals,
    Batch,
    Counts,
    Frame,
    Input,
    Output,
    Rejected,
    Sensors,
    Site,
    Tick,
    Tracks,
)
from tocsin.zones.map import ZoneMap

Probe = Callable[[str], None]
"""Called by name after each step, so that edge can time the steps without the mind knowing time."""


def _unprobed(_step: str) -> None:
    """Nobody measures."""


INTERNAL_SOURCES = {"quarantine": "quarantined", "shed": "shed", "clock": "clock"}
"""Frames that edge itself writes: what it set aside or dropped is an input that the mind knows."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of an internal frame, as JSON: what happened to which source, how often."""

    source: str
    count: int = 1
    detail: str = ""


class Engine:
    """The mind. `handle` is the only way in; its whole state is bounded and can be pickled."""

    def __init__(self, site: Site, zones: ZoneMap, phrases: Phrases, policy: Policy) -> None:
        self.site = site
        self.zones = zones
        self.now_ns = 0
        self.sense = Sense(site)
        self.picture = Picture()
        self.forecast = Forecast(zones)
        self.gate = OrderGate(site)
        self.board = Board(site, zones, policy)
        self.authority = Authority(site)
        self.herald = Herald(site, zones, phrases)
        self.sensors: Sensors | None = None
        self.tracks: Tracks | None = None
        self.arrivals: Arrivals | None = None

    def handle(self, batch: Batch, probe: Probe = _unprobed) -> list[Output]:
        """Take one batch and return everything that follows from it, in a fixed order."""
        self.now_ns = max(self.now_ns, batch.t_ns, *(given.t_ns for given in batch.inputs))
        now_ns = self.now_ns
        outside, rejected = _notices(batch)

        heard = self.sense.read(outside)
        probe("sense")
        self.picture.update(now_ns, heard.fixes, heard.sensors)
        tracks = self.picture.tracks()
        probe("track")
        arrivals = self.forecast.arrivals(now_ns, tracks)
        probe("predict")
        orders, refused = self.gate.admit(now_ns, heard.orders)
        decided = self.board.decide(now_ns, arrivals, heard.sensors, orders)
        released = self.authority.release(now_ns, decided.alerts, orders)
        probe("decide")
        messages = self.herald.render(now_ns, released, decided.blindness)
        probe("warn")

        self.sensors, self.tracks, self.arrivals = heard.sensors, tracks, arrivals
        return [
            *rejected,
            *heard.rejected,
            *refused,
            *decided.rejected,
            *decided.blindness,
            *decided.alerts,
            *messages,
            _counted(heard.counts, tracks),
        ]


def _notices(batch: Batch) -> tuple[Batch, list[Rejected]]:
    """Take edge's own frames out of `batch`; each becomes a counted `Rejected`.

    A tick takes the place of each, so that evidence still numbers the inputs of the journal.
    """
    rejected: list[Rejected] = []
    outside: list[Input] = []
    for given in batch.inputs:
        reason = INTERNAL_SOURCES.get(given.source) if isinstance(given, Frame) else None
        if reason is None or not isinstance(given, Frame):
            outside.append(given)
            continue
        outside.append(Tick(t_ns=given.t_ns))
        notice = msgspec.json.decode(given.payload, type=Notice)
        rejected.append(
            Rejected(
                t_ns=given.t_ns,
                source=notice.source,
                reason=reason,
                count=notice.count,
                detail=notice.detail,
            )
        )
    return msgspec.structs.replace(batch, inputs=tuple(outside)), rejected


def _counted(counts: Counts, tracks: Tracks) -> Counts:
    """`counts` of the senses completed with those of the air picture."""
    confirmed = int(tracks.confirmed.sum())
    return msgspec.structs.replace(
        counts, tracks_confirmed=confirmed, tracks_tentative=len(tracks) - confirmed
    )
