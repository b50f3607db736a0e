"""A thread that owns the journal, so that a slow or full disk cannot silence a siren.

The mind waits for its batch to be durable, but at most 50 ms: then what must leave leaves, and the
gap is recorded (architecture, section 4.5). While the disk refuses, batches wait here in order.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.edge import clock
from tocsin.edge.journal import Journal, Sealed
from tocsin.words import Alert, Batch

DURABLE_S_MAX: Final = 0.050
RETRY_S: Final = 0.1
BACKLOG_MAX: Final = 10_000
"""Batches that wait for a disk that refuses: at 20 ms each, 200 s of a raid."""


class Writer:
    """Writes batches in order. `late` and `lost` count what was sent before it was durable, and
    what never became durable."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.late = 0
        self.lost = 0
        self.trouble = ""
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(BACKLOG_MAX)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, batch: Batch, outputs: bytes, alerts: Sequence[Alert]) -> bool:
        """Write one batch; True when it was durable within `DURABLE_S_MAX`."""
        durable = threading.Event()

        def write() -> None:
            self.journal.append(batch, outputs, alerts)
            durable.set()

        if not self._put(write):
            return False
        if durable.wait(DURABLE_S_MAX):
            return True
        self.late += 1
        reason = self.trouble or f"not durable within {DURABLE_S_MAX * 1000:.0f} ms"
        self._put(lambda: self.journal.note_gap(batch.number, batch.t_ns, reason))
        return False

    def note_sealed(self, number: int, sealed: Sequence[Sealed]) -> None:
        """See `Journal.note_sealed`."""
        self._put(lambda: self.journal.note_sealed(number, sealed))

    def note_timing(self, number: int, subject: str, steps_ns: dict[str, int]) -> None:
        """See `Journal.note_timing`."""
        self._put(lambda: self.journal.note_timing(number, subject, steps_ns))

    def note_checkpoint(self, number: int, state: bytes) -> None:
        """See `Journal.note_checkpoint`."""
        self._put(lambda: self.journal.note_checkpoint(number, state))

    def close(self) -> None:
        """Write what waits (once, if the disk still refuses) and close the journal."""
        self._stopping.set()
        self._work.put(None)
        self._thread.join()
        self.journal.close()

    def _put(self, work: Callable[[], None]) -> bool:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            self.lost += 1
            return False
        return True

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            while not self._done(work) and not self._stopping.is_set():
                clock.wait_s(RETRY_S)

    def _done(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except sqlite3.Error as error:
            self.trouble = f"the journal cannot be written: {error}"
            return False
        self.trouble = ""
        return True
