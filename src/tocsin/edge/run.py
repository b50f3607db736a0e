"""The mind with its memory: batch in, journal, handle, journal, out; and what happens on a crash.

The inputs of the batch in hand also lie in a small side file that is not synchronised (it survives
a crash of the process, and a crash of the power does not crash the mind). So a frame that kills the
process is found again at the next start, tried alone, and set aside if it kills once more.
"""

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tocsin.edge import build, clock
from tocsin.edge.journal import Journal, encode_outputs
from tocsin.edge.outlet import DOCUMENTS_KEPT
from tocsin.edge.site import BadSite
from tocsin.edge.writer import Writer
from tocsin.engine import HELD, KERNELS_SOURCE, Engine, Notice
from tocsin.words import Alert, Batch, Frame, Input, Message, Output, Tick

CHECKPOINT_S: Final = 5.0
TICK_NS: Final = 250_000_000
"""Time passes for the mind at least this often; the architecture asks for once a second."""

log = structlog.get_logger()


SILENCE_NS_MAX: Final = 600_000_000_000
"""Of a pause in a recording only the last so much is ticked through; chosen: every track has ended
and every all-clear been given by then, and a packet of 1970 must not cost a year of ticks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch done: what went in, what came out, and when each step was reached (wall clock)."""

    batch: Batch
    outputs: list[Output]
    reached_ns: dict[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What people were last told, as the journal has it: a restarted system shows it at once.

    `state` is the last state, `feed` and `caps` are (subject, signed bytes, time) of what was
    sent; `unsent` are messages that may not have left before the process died.
    """

    state: Message | None
    feed: list[tuple[str, bytes, int]]
    caps: list[tuple[str, bytes, int]]
    unsent: list[Message]

    @classmethod
    def of(cls, journal: Journal) -> "Standing":
        """Read it from `journal`."""
        return cls(
            state=journal.last_state(),
            feed=journal.kept("feed", 1),
            caps=journal.kept("cap", DOCUMENTS_KEPT),
            unsent=journal.unsent(),
        )


def _at_once() -> None:
    """The kernels are here, or the first use compiles them."""


class Mind:
    """Owns the engine and the journal; `step` is the fold.

    `before_tracking` is called before a batch of the past is folded that runs kernels: it may wait
    for them.
    """

    def __init__(
        self,
        journal: Journal,
        parts: dict[str, bytes],
        before_tracking: Callable[[], None] = _at_once,
    ) -> None:
        self._parts = parts
        self._before_tracking = before_tracking
        self._journal_path = journal.path
        self._pending = _Pending(journal.path.with_suffix(".pending"))
        self.engine = recovered(journal, parts, before_tracking)
        self.standing = Standing.of(journal)
        self.writer = Writer(journal)
        self.number = journal.last_number
        self.quarantined = 0
        self.dropped = 0
        self._trusted = True
        self._t_ns_checkpoint = 0
        self.standing.unsent.extend(
            output for output in self._take_up_pending() if isinstance(output, Message)
        )

    @classmethod
    def start(
        cls,
        path: Path,
        parts: dict[str, bytes],
        before_tracking: Callable[[], None] = _at_once,
        *,
        durable: bool = True,
    ) -> "Mind":
        """Begin the journal at `path`, or continue it when it was begun with the same parts."""
        if not path.exists():
            return cls(Journal.create(path, parts, durable=durable), parts, before_tracking)
        journal = Journal.open(path)
        kept = build.kept_parts(journal)
        names = [name for name in build.PARTS if name in parts or name in kept]
        changed = [name for name in names if parts.get(name) != kept.get(name)]
        if changed:
            journal.close()
            raise BadSite(
                f"journal {path} was begun with another {', '.join(changed)}: move it away, or"
                " give another journal in the site file"
            )
        return cls(journal, parts, before_tracking)

    def step(self, inputs: Sequence[Input]) -> Step:
        """Fold one batch. A frame that crashes the mind is set aside; the others are handled."""
        self._pending.write(self.number + 1, 1, inputs)
        try:
            step = self._fold(inputs)
        except Exception:
            log.exception("the mind crashed; trying its frames one by one", frames=len(inputs))
            self._rebuild()
            step = self._joined(inputs, [*self._skip_held(inputs), *self._one_by_one(inputs)])
        self._pending.clear()
        return step

    @property
    def unguarded(self) -> int:
        """Batches whose inputs a full disk kept from the side file."""
        return self._pending.unwritten

    def close(self) -> None:
        """Leave a checkpoint, unless the mind crashed; write what waits; close the journal."""
        if self._trusted:
            self.writer.note_checkpoint(self.number, build.freeze(self.engine))
        self.writer.close()
        self._pending.close()

    def _joined(self, inputs: Sequence[Input], steps: Sequence[Step]) -> Step:
        """The steps of a batch that was taken apart, as one; nothing comes of what was dropped."""
        given = tuple(each for step in steps for each in step.batch.inputs)
        outputs = [output for step in steps for output in step.outputs]
        batch = Batch(number=self.number, t_ns=inputs[-1].t_ns, inputs=given)
        return Step(batch, outputs, steps[-1].reached_ns if steps else {})

    def _fold(self, inputs: Sequence[Input]) -> Step:
        now_ns = clock.now_ns()
        reached = {"batched": now_ns}
        batch = Batch(number=self.number + 1, t_ns=inputs[-1].t_ns, inputs=tuple(inputs))

        def probe(step: str) -> None:
            reached[step] = clock.now_ns()

        self._trusted = False  # until it is through
        outputs = self.engine.handle(batch, probe)
        self._trusted = True
        alerts = [output for output in outputs if isinstance(output, Alert)]
        self.writer.append(batch, encode_outputs(outputs), alerts)
        probe("journaled")
        self.number = batch.number
        checkpoint_due = now_ns - self._t_ns_checkpoint > CHECKPOINT_S * 1e9
        if checkpoint_due and not self.engine.held.busy:  # what waits is in the journal already
            self._t_ns_checkpoint = now_ns
            self.writer.note_checkpoint(self.number, build.freeze(self.engine))
        return Step(batch, outputs, reached)

    def _skip_held(self, inputs: Sequence[Input]) -> list[Step]:
        """Try what waited for the kernels apart from `inputs`; if it crashes the mind, it is set
        aside: else a bad frame among it would do so with every batch to come."""
        t_ns = inputs[0].t_ns
        if self.engine.held.closed or not self.engine.held.busy:
            return []
        try:
            return [self._fold([Tick(t_ns=t_ns)])]
        except Exception:
            log.exception("frames that waited for the kernels crashed the mind: set aside")
            self._rebuild()
        return self._set_aside_held(t_ns)

    def _one_by_one(self, inputs: Sequence[Input]) -> list[Step]:
        """Fold each input as a batch of its own; what crashes the mind again is set aside."""
        steps = []
        for at, given in enumerate(inputs):
            self._pending.write(self.number + 1, 2, inputs[at:])
            try:
                steps.append(self._fold([given]))
            except Exception:
                log.exception("this frame crashed the mind twice: set aside", t_ns=given.t_ns)
                self._rebuild()
                steps += self._set_aside_input(given)
        return steps

    def _set_aside(self, t_ns: int, source: str, detail: str) -> list[Step]:
        """Put a notice in the place of what crashes the mind.

        If the notice crashes it too, the fault is not the frame's: it is dropped and counted, and
        the next one tried. No state leaves meanwhile, so everybody sees that we do not know.
        """
        self.quarantined += 1
        notice = msgspec.json.encode(Notice(source=source, detail=detail))
        try:
            return [self._fold([Frame(t_ns=t_ns, source="quarantine", payload=notice)])]
        except Exception:
            log.exception("the mind crashes whatever it is given: dropped", t_ns=t_ns)
        self.dropped += 1
        self._rebuild()
        return []

    def _set_aside_held(self, t_ns: int) -> list[Step]:
        """Put a notice in the place of all that waits for the kernels."""
        return self._set_aside(t_ns, HELD, "crashed the mind when read")

    def _set_aside_input(self, given: Input) -> list[Step]:
        """Put a notice that holds its bytes in the place of an input."""
        if isinstance(given, Frame):
            return self._set_aside(given.t_ns, given.source, given.payload.hex())
        return self._set_aside(given.t_ns, "tick", "")

    def _rebuild(self) -> None:
        """A mind that crashed half-way is not trusted: fold the journal again."""
        self.writer.close()
        journal = Journal.open(self._journal_path)
        self.engine = recovered(journal, self._parts, self._before_tracking)
        self.writer = Writer(journal)
        self._trusted = True

    def _take_up_pending(self) -> list[Output]:
        """Finish the batch during which the process died; its killer is the first of attempt 2."""
        number, attempt, inputs = self._pending.read()
        done = self.number >= number
        steps: list[Step] = []
        if inputs and self.engine.needs_kernels(inputs):
            self._before_tracking()
        if attempt == 1 and not done:
            steps = self._one_by_one(inputs)
        elif attempt == 2:
            if not done and not self.engine.held.closed and self.engine.held.busy:
                steps += self._set_aside_held(inputs[0].t_ns)  # or it was one of those that wait
            if not done:
                steps += self._set_aside_input(inputs[0])
            steps += self._one_by_one(inputs[1:])
        self._pending.clear()
        return [output for step in steps for output in step.outputs]


def recovered(
    journal: Journal, parts: dict[str, bytes], before_tracking: Callable[[], None] = _at_once
) -> Engine:
    """The engine as it stood after the last batch of `journal`."""
    mind = build.engine(parts)
    after = 0
    kept = journal.last_checkpoint()
    if kept is not None and kept[0] <= journal.last_number:
        after, state = kept
        mind = build.thaw(state, mind.zones, mind.board.coverage.sight)
    for entry in journal.entries(after):
        if mind.needs_kernels(entry.batch.inputs):
            before_tracking()
        mind.handle(entry.batch)
    return mind


def kernels_frame(t_ns: int, state: str) -> Frame:
    """The notice that the kernels are `KERNELS_COLD`, so that nothing is tracked, or ready."""
    notice = Notice(source=KERNELS_SOURCE, detail=state)
    return Frame(t_ns=t_ns, source=KERNELS_SOURCE, payload=msgspec.json.encode(notice))


def fold_recording(
    mind: Mind,
    frames: Sequence[Frame],
    batch_ns: int,
    on_step: Callable[[Step], None],
    end_ns: int = 0,
    tick_ns: int = TICK_NS,
) -> None:
    """Fold recorded frames as if they arrived now: batches of at most `batch_ns`, ticks between.

    Time is that of the frames, so a night is folded as fast as the machine can. Ticks go on until
    `end_ns`; frames that come at the instant of a tick tell the time in its place.
    """
    waiting: list[Input] = []

    def flush() -> None:
        if waiting:
            on_step(mind.step(tuple(waiting)))
            waiting.clear()

    t_ns_tick = frames[0].t_ns if frames else end_ns
    for frame in frames:
        if frame.t_ns - t_ns_tick > SILENCE_NS_MAX:  # a pause, or a packet with a false time
            t_ns_tick = frame.t_ns - SILENCE_NS_MAX
        while frame.t_ns - t_ns_tick >= tick_ns:
            flush()
            t_ns_tick += tick_ns
            if t_ns_tick < frame.t_ns:
                on_step(mind.step((Tick(t_ns=t_ns_tick),)))
        if waiting and frame.t_ns - waiting[0].t_ns > batch_ns:
            flush()
        waiting.append(frame)
    flush()
    while end_ns - t_ns_tick >= tick_ns:
        t_ns_tick += tick_ns
        on_step(mind.step((Tick(t_ns=t_ns_tick),)))


class _Pending:
    """The inputs in hand, written in place without synchronising: (batch number, attempt, inputs).

    Attempt 1 is a whole batch; attempt 2 is what remains of one that crashed the mind, the one
    being tried first. The file is locked while the process lives: two minds on one journal would
    tear its chain. `unwritten` counts the batches that a full disk left without this net.
    """

    def __init__(self, path: Path) -> None:
        self.unwritten = 0
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise BadSite(
                f"journal {path.with_suffix('.sqlite')} is in use by another process: stop that"
                " one, or give another journal in the site file"
            ) from error

    def write(self, number: int, attempt: int, inputs: Sequence[Input]) -> None:
        body = msgspec.msgpack.encode((number, attempt, tuple(inputs)))
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, body, 0)
        except OSError:  # a full disk: go on without the net rather than fall silent
            self.unwritten += 1

    def clear(self) -> None:
        os.ftruncate(self._descriptor, 0)

    def read(self) -> tuple[int, int, tuple[Input, ...]]:
        """What was in hand when the process died; (0, 0, ()) when nothing was."""
        body = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
        if not body:
            return 0, 0, ()
        try:
            return msgspec.msgpack.decode(body, type=tuple[int, int, tuple[Input, ...]])
        except msgspec.DecodeError:  # died while writing it: the batch never reached the mind
            return 0, 0, ()

    def close(self) -> None:
        os.close(self._descriptor)
