"""The straight line: inputs in, everything that follows from them out.

No clock, no chance, no I/O, one thread. Running live, replaying last night, a simulated raid and a
unit test are all this one call. The rooms meet here and nowhere else.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tocsin.decide import Authority, Board, OrderGate, Policy, Sight
from tocsin.instant import ns
from tocsin.predict import Forecast
from tocsin.sense import Heard, Sense
from tocsin.sense.desk import ORDER_SOURCE, RECEIPT_SOURCE
from tocsin.track import Picture, Unexplained
from tocsin.warn import Herald, Phrases
from tocsin.words import (
    Arrivals,
    Batch,
    Counts,
    Fixes,
    Frame,
    Input,
    Order,
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


KERNELS_SOURCE: Final = "kernels"
KERNELS_COLD: Final = "cold"
KERNELS_READY: Final = "ready"
INTERNAL_SOURCES = {
    "quarantine": "quarantined",
    "shed": "shed",
    "clock": "clock",
    KERNELS_SOURCE: "",
}
"""Frames that edge itself writes: what it set aside or dropped is an input that the mind knows. The
value is the reason of the `Rejected` that comes of it; none does of what edge says of the kernels.
"""

STALE_NS: Final = ns(15.0)
"""A picture that is further behind warns of nothing: the tracker's own bound on late reports."""
CATCH_UP_NS: Final = ns(60.0)
"""... for so long at most. Chosen: a machine too slow to catch up warns late rather than never."""
HELD: Final = "held"
"""A `quarantine` notice of this source sets aside what would be caught up with next."""
HELD_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of frames put by; chosen: some minutes of a raid that twenty radars see, and of a jammed one."""
HELD_FRAME_BYTES: Final = 256
"""What each frame put by is reckoned with besides its payload: measured, an object's size."""
CATCH_UP_BYTES: Final = 32 * 1024
"""Of frames put by, that are read with one batch; chosen: a second or two of a raid, so that an
order given meanwhile waits for a fraction of one."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of an internal frame, as JSON: what happened to which source, how often.

    Of the kernels, `detail` is `KERNELS_COLD` (from now on put the sensors' frames by) or
    `KERNELS_READY`.
    """

    source: str
    count: int = 1
    detail: str = ""


class Held:
    """Frames of sensors that wait until the kernels are compiled, oldest first, and are then read
    as they came: whole batches, so that evidence still numbers the inputs of the journal.

    While `closed` everything waits; after that the oldest are taken with each batch, and new ones
    queue up behind them, until nothing waits any more.
    """

    def __init__(self) -> None:
        self.closed = False
        self.frames = 0
        self._opened_ns = 0
        self._octets = 0
        self._waiting: deque[tuple[int, Batch]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a frame that comes now must wait."""
        return self.closed or bool(self._waiting)

    def open(self, now_ns: int) -> None:
        """From now on what waits is taken."""
        self.closed, self._opened_ns = False, now_ns

    def current(self, now_ns: int, then_ns: int) -> bool:
        """Whether the picture, told what was received until `then_ns`, speaks of now.

        Else what was known of the sky stands: nobody is warned of what was minutes ago.
        """
        behind = now_ns - then_ns > STALE_NS and now_ns - self._opened_ns < CATCH_UP_NS
        return not (self.closed or behind)

    def put(self, now_ns: int, sky: Batch) -> int:
        """Put `sky` by with the time at which it came; how many old frames it displaced."""
        if _frames(sky):
            self._waiting.append((now_ns, sky))
            self.frames += _frames(sky)
            self._octets += _octets(sky)
        shed = 0
        while self._octets > HELD_BYTES_MAX:
            shed += _frames(self._next()[1])
        return shed

    def take(self) -> list[tuple[int, Batch]]:
        """The oldest batches, some `CATCH_UP_BYTES` of them, each with its time."""
        taken: list[tuple[int, Batch]] = []
        octets = 0
        while self._waiting and octets < CATCH_UP_BYTES:
            taken.append(self._next())
            octets += _octets(taken[-1][1])
        return taken

    def _next(self) -> tuple[int, Batch]:
        t_ns, sky = self._waiting.popleft()
        self.frames -= _frames(sky)
        self._octets -= _octets(sky)
        return t_ns, sky


class Engine:
    """The mind. `handle` is the only way in; its whole state is bounded and can be pickled."""

    def __init__(
        self,
        site: Site,
        zones: ZoneMap,
        phrases: Phrases,
        policy: Policy,
        sight: Sight | None = None,
    ) -> None:
        self.site = site
        self.zones = zones
        self.now_ns = 0
        self.sense = Sense(site)
        self.picture = Picture()
        self.unexplained = Unexplained()
        self.forecast = Forecast(zones, site.aims, site.places)
        self.gate = OrderGate(site)
        self.board = Board(site, zones, policy, sight)
        self.authority = Authority(site)
        self.herald = Herald(site, zones, phrases)
        self.held = Held()
        self.sensors: Sensors | None = None
        self.orders: tuple[Order, ...] = ()
        self.fixes: tuple[Fixes, ...] = ()
        self.tracks: Tracks | None = None
        self.arrivals: Arrivals | None = None

    def handle(self, batch: Batch, probe: Probe = _unprobed) -> list[Output]:
        """Take one batch and return everything that follows from it, in a fixed order.

        While the kernels are cold, sensors' frames are put by, no kernel is run, and what was known
        of the sky stands; operators are obeyed and people told all the same.
        """
        self.now_ns = max(self.now_ns, batch.t_ns, *(given.t_ns for given in batch.inputs))
        now_ns = self.now_ns
        said = _said_of_kernels(batch.inputs)
        self.held.closed |= KERNELS_COLD in said
        outside, rejected = self._notices(batch)

        before = self.picture.totals()
        heard, skies = self._hear(now_ns, outside)
        probe("sense")
        for then_ns, sky in skies:
            self.picture.update(then_ns, sky.fixes, sky.sensors)
        known = self.held.current(now_ns, skies[-1][0] if skies else 0)
        tracks = self.picture.tracks() if known else self.tracks
        probe("track")
        if tracks is None or not known:
            arrivals = self.forecast.standing
        else:
            arrivals = self.forecast.arrivals(now_ns, tracks, heard.sensors)
        probe("predict")
        orders, refused = self.gate.admit(now_ns, heard.orders)
        flying, vanished = self.forecast.flying, self.forecast.vanished
        decided = self.board.decide(now_ns, arrivals, heard.sensors, orders, flying, vanished)
        released = self.authority.release(now_ns, decided.alerts, orders)
        probe("decide")
        messages = self.herald.render(now_ns, released, decided.blindness)
        probe("warn")

        self.sensors, self.tracks, self.arrivals = heard.sensors, tracks, arrivals
        self.orders = orders
        if self.held.closed and KERNELS_READY in said:
            self.held.open(now_ns)  # the next batch takes: a bad frame must not undo this one
        self.fixes = tuple(sky.fixes for _, sky in skies if len(sky.fixes))
        if tracks is not None:
            self.unexplained.see(now_ns, tracks, self.fixes)
        return [
            *rejected,
            *heard.rejected,
            *refused,
            *decided.rejected,
            *decided.blindness,
            *decided.alerts,
            *messages,
            self._counted(heard.counts, tracks, before),
        ]

    def needs_kernels(self, inputs: Sequence[Input]) -> bool:
        """Whether a batch of `inputs` that is handled next runs kernels."""
        return not self.held.closed and KERNELS_COLD not in _said_of_kernels(inputs)

    def _notices(self, batch: Batch) -> tuple[Batch, list[Rejected]]:
        """Take edge's own frames out of `batch`; each becomes a counted `Rejected`, except
        what it says of the kernels.

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
            count = notice.count
            if given.source == KERNELS_SOURCE:
                continue
            if given.source == "quarantine" and notice.source == HELD:
                count = sum(_frames(sky) for _, sky in self.held.take())
            word = _refusal(given.t_ns, notice.source, reason, count, notice.detail)
            rejected.append(word)
        return msgspec.structs.replace(batch, inputs=tuple(outside)), rejected

    def _counted(self, counts: Counts, tracks: Tracks | None, before: dict[str, int]) -> Counts:
        """`counts` of the senses completed with those of the air picture."""
        if tracks is None:
            return counts
        confirmed = int(tracks.confirmed.sum())
        return msgspec.structs.replace(
            counts,
            tracks_confirmed=confirmed,
            tracks_tentative=len(tracks) - confirmed,
            seeds=self.picture.seeds,
            **{name: total - before[name] for name, total in self.picture.totals().items()},
        )

    def _hear(self, now_ns: int, outside: Batch) -> tuple[Heard, list[tuple[int, Heard]]]:
        """Read what may be read now: all that was heard, and what of it the sky is to be told, each
        part with its time."""
        if not self.held.busy:
            heard = self.sense.read(outside)
            return heard, [(now_ns, heard)]
        desk, sky = _parted(outside)
        heard = self.sense.read(desk)  # orders, first of all and whatever waits
        before = self.held.frames
        shed = self.held.put(now_ns, sky)
        held = self.held.frames + shed - before
        if shed:
            detail = "more frames than may wait for the kernels"
            refusal = _refusal(now_ns, HELD, "shed", shed, detail)
            heard = dataclasses.replace(heard, rejected=(*heard.rejected, refusal))
        skies = []
        if not self.held.closed:
            skies = [(then_ns, self.sense.read(older)) for then_ns, older in self.held.take()]
        for _, older in skies:
            heard = dataclasses.replace(
                heard,
                sensors=older.sensors,
                rejected=(*heard.rejected, *older.rejected),
                counts=_summed(heard.counts, older.counts),
            )
        counts = msgspec.structs.replace(heard.counts, held=held)
        return dataclasses.replace(heard, counts=counts), skies


def _said_of_kernels(inputs: Sequence[Input]) -> list[str]:
    return [
        msgspec.json.decode(given.payload, type=Notice).detail
        for given in inputs
        if isinstance(given, Frame) and given.source == KERNELS_SOURCE
    ]


def _refusal(t_ns: int, source: str, reason: str, count: int, detail: str) -> Rejected:
    return Rejected(t_ns=t_ns, source=source, reason=reason, count=count, detail=detail)


def _parted(outside: Batch) -> tuple[Batch, Batch]:
    """`outside` with only the orders and receipts, and with only the sensors' frames.

    A tick stands in for what is left out, so that evidence still numbers the journal's inputs.
    """
    desk: list[Input] = []
    sky: list[Input] = []
    for given in outside.inputs:
        tick = Tick(t_ns=given.t_ns)
        told = isinstance(given, Frame) and given.source in (ORDER_SOURCE, RECEIPT_SOURCE)
        desk.append(given if told else tick)
        sky.append(tick if told else given)
    return (
        msgspec.structs.replace(outside, inputs=tuple(desk)),
        msgspec.structs.replace(outside, inputs=tuple(sky)),
    )


def _frames(batch: Batch) -> int:
    return sum(isinstance(given, Frame) for given in batch.inputs)


def _octets(batch: Batch) -> int:
    frames = [given for given in batch.inputs if isinstance(given, Frame)]
    return sum(HELD_FRAME_BYTES + len(frame.payload) for frame in frames)


def _summed(one: Counts, other: Counts) -> Counts:
    """The counts of the senses of both, at the time of `one`."""
    names = ("frames", "records", "duplicates", "unplaced", "fixes", "pulses")
    sums = {name: getattr(one, name) + getattr(other, name) for name in names}
    return msgspec.structs.replace(one, **sums)
