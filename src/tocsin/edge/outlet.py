"""What the public may have now: the signed state, recent events, CAP documents, the feed.

Written by the mind's thread through the event loop, read by any number of HTTP handlers. An event
is built once into the very bytes of its Server-Sent Events frame; a subscriber who comes back with
`Last-Event-ID` gets what he missed, or is told to fetch the state if that is too long ago.
"""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

EVENTS_KEPT: Final = 2048
DOCUMENTS_KEPT: Final = 20_000
QUEUE_MAX: Final = 2 * EVENTS_KEPT
"""Frames a slow subscriber may lag before it is let go to come back and resume: all that is kept,
and as much again; the frames are shared, a place in the queue is a pointer."""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes ready to serve, with the validators that caches need."""

    body: bytes
    media_type: str
    t_ns: int
    signature: str = ""
    etag: str = ""

    @classmethod
    def of(cls, body: bytes, media_type: str, t_ns: int, signature: str = "") -> "Document":
        """A document whose entity tag is the digest of its bytes."""
        etag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
        return cls(body, media_type, t_ns, signature, etag)


@dataclass(slots=True)
class Subscriber:
    """One open stream. `lost` when it lagged too far: its connection is closed."""

    frames: asyncio.Queue[tuple[int, bytes]] = field(
        default_factory=lambda: asyncio.Queue(QUEUE_MAX)
    )
    lost: bool = False


class Outlet:
    """Lives in the event loop's thread; nothing here blocks.

    Events are numbered from `last_id` + 1. A system that was started again must go on above all
    numbers that it ever gave: else one who comes back with an old number would miss what is new.
    """

    def __init__(
        self, on_first_sent: Callable[[int], None] = lambda number: None, last_id: int = 0
    ) -> None:
        self._on_first_sent = on_first_sent
        self._first_sent = 0
        self.documents: dict[str, Document] = {}
        self.cap: OrderedDict[str, Document] = OrderedDict()
        self.events: deque[tuple[int, bytes]] = deque(maxlen=EVENTS_KEPT)
        self.subscribers: list[Subscriber] = []
        self.last_id = last_id
        self.dropped_subscribers = 0

    def publish(self, kind: str, data: str) -> int:
        """Send one event to every subscriber, keep it for those who resume; its number."""
        self.last_id += 1
        frame = sse_frame(kind, data, self.last_id)
        self.events.append((self.last_id, frame))
        for subscriber in self.subscribers:
            self._offer(subscriber, self.last_id, frame)
        return self.last_id

    def sent(self, number: int) -> None:
        """Event `number` was handed to a socket; the first time is told on."""
        if number > self._first_sent:
            self._first_sent = number
            self._on_first_sent(number)

    def beat(self) -> None:
        """A heartbeat; it has no id, for there is nothing to resume."""
        frame = sse_frame("heartbeat", "{}", None)
        for subscriber in self.subscribers:
            self._offer(subscriber, 0, frame)

    def keep_cap(self, name: str, document: Document) -> None:
        """Keep a CAP document, letting the oldest go."""
        self.cap[name] = document
        while len(self.cap) > DOCUMENTS_KEPT:
            self.cap.popitem(last=False)

    def subscribe(self, last_event_id: int | None) -> Subscriber:
        """Open a stream; with the last id seen, it begins with what was missed."""
        subscriber = Subscriber()
        subscriber.frames.put_nowait((0, b"retry: 2000\n\n"))
        oldest = self.events[0][0] if self.events else self.last_id + 1
        if last_event_id is None or last_event_id > self.last_id or last_event_id < oldest - 1:
            subscriber.frames.put_nowait((0, sse_frame("state", "{}", self.last_id)))
        else:
            for number, frame in self.events:
                if number > last_event_id:
                    self._offer(subscriber, number, frame)
        self.subscribers.append(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Close a stream."""
        self.subscribers.remove(subscriber)

    def _offer(self, subscriber: Subscriber, number: int, frame: bytes) -> None:
        if subscriber.lost:
            return
        try:
            subscriber.frames.put_nowait((number, frame))
        except asyncio.QueueFull:
            subscriber.lost = True
            self.dropped_subscribers += 1


def sse_frame(kind: str, data: str, number: int | None) -> bytes:
    """One Server-Sent Event (HTML Living Standard, 9.2.6); `data` holds no line break."""
    assert "\n" not in data, "an event is one line"
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()
