"""What was received and waits for the mind: bounded, fair to every source, orders first.

A jammed radar sends twenty thousand false plots a scan. It must not push out what the others see,
nor what an operator orders. So every source has a line of its own; the mind is given an equal share
of each line, and when all lines together grow too long, the longest one loses its oldest frame.
What is lost so is counted, and the count is an input of the mind.
"""

import threading
from collections import Counter, deque
from typing import Final

from tocsin.edge.receive import shed_frame
from tocsin.instant import NS_PER_S
from tocsin.words import Frame

FRAMES_MAX: Final = 16_000
BYTES_MAX: Final = 64 * 1024 * 1024
"""In all lines together; chosen: minutes of a raid, and what a small machine can spare."""
BATCH_FRAMES_MAX: Final = 4000
"""Frames of one batch; evidence numbers hold 4,096 (see `words.Fixes.evidence`)."""
BATCH_BYTES_MAX: Final = 32 * 1024
"""Payload of one batch, or one frame; chosen: a thousand plots, so that one batch does not keep the
next, with an order in it, waiting for long."""
AGE_NS_MAX: Final = 15 * NS_PER_S
"""What waited longer is of no use: the tracker takes no report that is older (architecture, 4)."""

_FULL: Final = "more arrived than could be handled"
_OLD: Final = "waited too long for the mind"


class Waiting:
    """The lines. `put` and `put_order` belong to the event loop's thread, `take` to the mind's."""

    def __init__(self, frames_max: int = FRAMES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._limits = (frames_max, bytes_max)
        self._changed = threading.Condition()
        self._orders: deque[Frame] = deque()
        self._lines: dict[str, deque[Frame]] = {}
        self._frames = 0
        self._bytes: Counter[str] = Counter()
        self._shed: Counter[tuple[str, str]] = Counter()

    def put(self, frame: Frame) -> None:
        """Line up `frame`; when there is no room the longest line, it may be this one, is cut."""
        with self._changed:
            self._lines.setdefault(frame.source, deque()).append(frame)
            self._frames += 1
            self._bytes[frame.source] += len(frame.payload)
            while self._frames > self._limits[0] or self._bytes.total() > self._limits[1]:
                self._cut(self._longest(), _FULL)
            self._changed.notify()

    def put_order(self, frame: Frame) -> None:
        """Line up an order: it is never shed, and it goes first."""
        with self._changed:
            self._orders.append(frame)
            self._changed.notify()

    def take(self, now_ns: int, timeout_s: float) -> list[Frame]:
        """The next batch, waiting up to `timeout_s` for a frame: orders, what was shed, then a fair
        share of each line in order of receipt."""
        with self._changed:
            if not (self._orders or self._frames or self._shed):
                self._changed.wait(timeout_s)
            orders = [self._orders.popleft() for _ in range(min(len(self._orders), 100))]
            for source, line in self._lines.items():
                while line and now_ns - line[0].t_ns > AGE_NS_MAX:
                    self._cut(source, _OLD)
            frames = self._share(BATCH_FRAMES_MAX - len(orders) - 2 * len(self._lines))
            shed, self._shed = self._shed, Counter()
        notices = [shed_frame(source, n, why) for (source, why), n in sorted(shed.items())]
        return [*orders, *notices, *sorted(frames, key=lambda frame: frame.t_ns)]

    def waiting(self) -> dict[str, int]:
        """Frames in each line, now."""
        with self._changed:
            return {source: len(line) for source, line in sorted(self._lines.items())}

    def _share(self, frames_left: int) -> list[Frame]:
        """The heads of all lines: the shortest line first, each at most an equal share of what is
        left, so that what a short one leaves goes to the long ones (max-min fairness)."""
        taken: list[Frame] = []
        bytes_left = BATCH_BYTES_MAX
        lines = sorted(
            (self._bytes[source], source) for source, line in self._lines.items() if line
        )
        for turn, (_, source) in enumerate(lines):
            line, others = self._lines[source], len(lines) - turn
            frames, octets = max(1, frames_left // others), max(1, bytes_left // others)
            while line and frames > 0 and octets > 0:
                frame = line.popleft()
                size = len(frame.payload)
                self._left(source, size)
                frames, octets = frames - 1, octets - size
                frames_left, bytes_left = frames_left - 1, bytes_left - size
                taken.append(frame)
        return taken

    def _longest(self) -> str:
        """The line with the largest part of what is bounded; ties go to the first name."""
        frames_max, bytes_max = self._limits
        parts = {
            source: max(len(line) / frames_max, self._bytes[source] / bytes_max)
            for source, line in self._lines.items()
        }
        return min(parts, key=lambda source: (-parts[source], source))

    def _cut(self, source: str, why: str) -> None:
        frame = self._lines[source].popleft()
        self._left(source, len(frame.payload))
        self._shed[source, why] += 1

    def _left(self, source: str, size: int) -> None:
        self._frames -= 1
        self._bytes[source] -= size
