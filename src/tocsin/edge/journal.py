"""The one journal: every input before it is handled, every output before it is sent.

One SQLite file (WAL, synchronous=FULL), one commit a batch, order of arrival, hash chain over the
batches. The file holds the site, the zone map and the phrases too, so that it can be replayed and
scored anywhere. Timings, signed bytes and checkpoints lie beside the chain, not in it: they are
measurements or random by nature.

    digest(n) = SHA-256(digest(n - 1) || number || inputs || outputs), digest(0) = SHA-256(meta)

Outputs are compressed on the disk; the chain is over what they were before.
"""

import hashlib
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import zstandard

from tocsin import __version__
from tocsin.rules.alerts import alert_id
from tocsin.words import Alert, Batch, Input, Message, Output

FORMAT: Final = 2
_COMPRESSION: Final = 1
"""Level of Zstandard at which outputs are kept; chosen, because it is the fastest. An hour's raid
is a gigabyte, for the whole state is said anew whenever it changes."""
STATE_LOOK_BACK: Final = 5000
"""Batches in which a state is looked for; chosen: one comes every 5 s, and a batch every 10 ms is
the most that was seen."""

UNHURRIED_PAGE_OCTETS: Final = 65_536
"""Of a journal that need not be durable, the most that SQLite has: a simulated hour is a gigabyte,
and takes half of the time in pages of this size. Where each batch is synchronised small ones are
better: a batch writes at least three."""

_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE batch (number INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, inputs BLOB NOT NULL,
                    outputs BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE alert (id TEXT PRIMARY KEY, batch INTEGER NOT NULL);
CREATE TABLE sealed (batch INTEGER NOT NULL, subject TEXT NOT NULL, channel TEXT NOT NULL,
                     body BLOB NOT NULL);
CREATE TABLE timing (batch INTEGER NOT NULL, subject TEXT NOT NULL, steps BLOB NOT NULL);
CREATE TABLE checkpoint (batch INTEGER PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE gap (batch INTEGER NOT NULL, t_ns INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX sealed_subject ON sealed (subject);
"""

_inputs_decoder = msgspec.msgpack.Decoder(tuple[Input, ...])
_outputs_decoder = msgspec.msgpack.Decoder(list[Output])
_passed_over: Any = Alert
for _word in get_args(Output):
    if _word is not Alert:
        _passed_over |= msgspec.defstruct(_word.__name__, [], tag=True)
_alerts_decoder = msgspec.msgpack.Decoder(list[_passed_over])


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch as it stands in the journal; `outputs` are the bytes that replay must reproduce.

    The bytes come first: they may have been changed, and then `batch` raises msgspec.DecodeError.
    """

    number: int
    t_ns: int
    inputs: bytes
    outputs: bytes
    digest: bytes

    @property
    def batch(self) -> Batch:
        """The inputs as words."""
        inputs = _inputs_decoder.decode(self.inputs)
        return Batch(number=self.number, t_ns=self.t_ns, inputs=inputs)

    def follows(self, previous: bytes) -> bool:
        """Whether the chain holds: this digest is made of these bytes and of `previous`."""
        return self.digest == chain(previous, self.number, self.inputs, self.outputs)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What left the house: signed bytes of `channel` for `subject`."""

    subject: str
    channel: str
    body: bytes


def encode_outputs(outputs: Sequence[Output]) -> bytes:
    """The canonical bytes of a batch's outputs: MessagePack in field order."""
    return msgspec.msgpack.encode(list(outputs))


def decode_outputs(data: bytes) -> list[Output]:
    """The words of a batch's outputs."""
    return _outputs_decoder.decode(data)


def decode_alerts(data: bytes) -> list[Alert]:
    """The alerts among a batch's outputs; of the others no more than the name is read."""
    return [word for word in _alerts_decoder.decode(data) if isinstance(word, Alert)]


def processor() -> str:
    """The build and processor type on which byte-for-byte replay is promised."""
    return f"{platform.machine()} {platform.python_implementation()} {platform.python_version()}"


class Journal:
    """One journal file. Not thread-safe: one thread owns it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection
        self._aside: list[tuple[str, tuple[object, ...]]] = []
        self._squeeze = zstandard.ZstdCompressor(level=_COMPRESSION)
        self._expand = zstandard.ZstdDecompressor()
        row = connection.execute(
            "SELECT number, digest FROM batch ORDER BY number DESC LIMIT 1"
        ).fetchone()
        self.last_number: int = row[0] if row else 0
        self._digest: bytes = row[1] if row else self._first_digest()

    @classmethod
    def create(cls, path: Path, parts: dict[str, bytes], *, durable: bool = True) -> "Journal":
        """Begin a journal; `parts` (site, zones, phrases ...) are what replay needs beside inputs.

        Not `durable` is for simulations and recordings only, which can be run again: it leaves
        the moment of writing to the operating system. Raises FileExistsError when there is one
        already.
        """
        if path.exists():
            raise FileExistsError(f"{path} exists: move it away or continue it")
        connection = _connect(path, page_octets=0 if durable else UNHURRIED_PAGE_OCTETS)
        if not durable:
            connection.execute("PRAGMA synchronous = OFF")
        meta = {
            "format": str(FORMAT).encode(),
            "version": __version__.encode(),
            "processor": processor().encode(),
            **parts,
        }
        with connection:
            connection.executescript(_TABLES)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Journal":
        """Continue or read a journal. Raises ValueError when `path` is not one."""
        if not path.is_file():
            raise ValueError(f"{path} is not a file: give the path of a journal")
        try:
            connection = _connect(path, read_only=read_only)
            row = connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} is not a Tocsin journal ({error})") from error
        if row is None or int(row[0]) != FORMAT:
            raise ValueError(f"{path} has another format than {FORMAT}: use the version it names")
        return cls(path, connection)

    def close(self) -> None:
        """Write what was noted and give the file back."""
        if self._aside:
            self.flush()
        self._db.close()

    # ---- writing -------------------------------------------------------------------------------

    def append(self, batch: Batch, outputs: bytes, alerts: Sequence[Alert]) -> None:
        """Write one batch durably, and with it, in the same commit, all that was noted before."""
        assert batch.number > self.last_number, "batches are numbered upwards"
        inputs = msgspec.msgpack.encode(batch.inputs)
        digest = chain(self._digest, batch.number, inputs, outputs)
        with self._db:
            self._db.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?, ?)",
                (batch.number, batch.t_ns, inputs, self._squeeze.compress(outputs), digest),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO alert VALUES (?, ?)",
                [(alert_id(alert), batch.number) for alert in alerts],
            )
            self._write_aside()
        self._aside.clear()
        self.last_number, self._digest = batch.number, digest

    def note_sealed(self, number: int, sealed: Sequence[Sealed]) -> None:
        """Keep what was sent; the next commit carries it."""
        if any(s.channel == "feed" for s in sealed):  # only the last one is of use
            self._aside.append(("DELETE FROM sealed WHERE channel = 'feed'", ()))
        self._aside.extend(
            ("INSERT INTO sealed VALUES (?, ?, ?, ?)", (number, s.subject, s.channel, s.body))
            for s in sealed
        )

    def note_timing(self, number: int, subject: str, steps_ns: dict[str, int]) -> None:
        """Keep when a warning reached each step, in nanoseconds since its batch's first frame."""
        row = (number, subject, msgspec.json.encode(steps_ns))
        self._aside.append(("INSERT INTO timing VALUES (?, ?, ?)", row))

    def note_gap(self, number: int, t_ns: int, reason: str) -> None:
        """Record that outputs of a batch were sent before they were durable, and why."""
        self._aside.append(("INSERT INTO gap VALUES (?, ?, ?)", (number, t_ns, reason)))

    def note_checkpoint(self, number: int, state: bytes) -> None:
        """Replace the checkpoint by the mind's state after batch `number`."""
        self._aside.append(("DELETE FROM checkpoint", ()))
        self._aside.append(("INSERT INTO checkpoint VALUES (?, ?)", (number, state)))

    def flush(self) -> None:
        """Commit what was noted since the last batch."""
        with self._db:
            self._write_aside()
        self._aside.clear()

    def _write_aside(self) -> None:
        for statement, values in self._aside:
            self._db.execute(statement, values)

    # ---- reading -------------------------------------------------------------------------------

    def part(self, name: str) -> bytes:
        """A part given at creation. Raises KeyError when there is none of this name."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return bytes(row[0])

    def has_part(self, name: str) -> bool:
        """Whether a part of this name was given at creation."""
        found = self._db.execute("SELECT 1 FROM meta WHERE name = ?", (name,)).fetchone()
        return found is not None

    def entries(self, after: int = 0, until: int | None = None) -> Iterator[Entry]:
        """Batches with after < number <= until, in order of arrival."""
        last = self.last_number if until is None else until
        rows = self._db.execute(
            "SELECT number, t_ns, inputs, outputs, digest FROM batch"
            " WHERE number > ? AND number <= ? ORDER BY number",
            (after, last),
        )
        for number, t_ns, inputs, outputs, digest in rows:
            yield Entry(number, t_ns, inputs, self._unsqueezed(outputs), digest)

    def _unsqueezed(self, data: bytes) -> bytes:
        """The outputs of a batch; bytes that were changed come as they are, and the chain tells."""
        try:
            return self._expand.decompress(data)
        except zstandard.ZstdError:
            return data

    def inputs(self) -> Iterator[tuple[int, int, tuple[Input, ...]]]:
        """Number, time and inputs of every batch, in order of arrival.

        Of an hour's raid the outputs are a gigabyte; here they are not read.
        """
        rows = self._db.execute(
            "SELECT number, t_ns, inputs FROM batch WHERE number <= ? ORDER BY number",
            (self.last_number,),
        )
        for number, t_ns, inputs in rows:
            yield number, t_ns, _inputs_decoder.decode(inputs)

    def first_digest(self) -> bytes:
        """Where the chain begins: the digest of everything that was given at creation."""
        return self._first_digest()

    def batch_of_alert(self, name: str) -> int | None:
        """The number of the batch that decided the alert `name`."""
        row = self._db.execute("SELECT batch FROM alert WHERE id = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def alert_ids(self) -> list[str]:
        """Every alert id, in order of decision."""
        return [row[0] for row in self._db.execute("SELECT id FROM alert ORDER BY batch, id")]

    def timings(self) -> Iterator[tuple[str, dict[str, int]]]:
        """(alert id, step -> nanoseconds since receipt) of every warning that was sent."""
        for subject, steps in self._db.execute("SELECT subject, steps FROM timing ORDER BY rowid"):
            yield subject, msgspec.json.decode(steps, type=dict[str, int])

    def sealed(self, subject: str) -> list[tuple[str, bytes]]:
        """(channel, signed bytes) of everything sent for `subject`."""
        return list(
            self._db.execute("SELECT channel, body FROM sealed WHERE subject = ?", (subject,))
        )

    def kept(self, channel: str, number_max: int) -> list[tuple[str, bytes, int]]:
        """(subject, signed bytes, time) of the last `number_max` sent on `channel`, in order."""
        rows = self._db.execute(
            "SELECT subject, body, t_ns FROM sealed JOIN batch ON batch.number = sealed.batch"
            " WHERE channel = ? ORDER BY sealed.rowid DESC LIMIT ?",
            (channel, number_max),
        )
        return list(rows)[::-1]

    def unsent(self) -> list[Message]:
        """Messages of the last batch that may not have left: no signed bytes of it were kept.

        Those of earlier batches were kept in the commit of the batch after them.
        """
        if (
            not self.last_number
            or self._db.execute(
                "SELECT 1 FROM sealed WHERE batch = ?", (self.last_number,)
            ).fetchone()
        ):
            return []
        return _messages(next(self.entries(self.last_number - 1)))

    def last_state(self) -> Message | None:
        """The last state that was written, if that is not long ago."""
        for number in range(self.last_number, max(0, self.last_number - STATE_LOOK_BACK), -1):
            for message in _messages(next(self.entries(number - 1, number))):
                if message.channel == "state":
                    return message
        return None

    def last_checkpoint(self) -> tuple[int, bytes] | None:
        """(batch number, state) of the last checkpoint."""
        row = self._db.execute("SELECT batch, state FROM checkpoint").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def _first_digest(self) -> bytes:
        digest = hashlib.sha256()
        for name, value in self._db.execute("SELECT name, value FROM meta ORDER BY name"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(value).digest())
        return digest.digest()


def _messages(entry: Entry) -> list[Message]:
    return [output for output in decode_outputs(entry.outputs) if isinstance(output, Message)]


def chain(previous: bytes, number: int, inputs: bytes, outputs: bytes) -> bytes:
    """The digest of a batch: it holds all earlier ones."""
    digest = hashlib.sha256(previous + number.to_bytes(8))
    digest.update(len(inputs).to_bytes(8) + inputs)
    digest.update(outputs)  # up to a megabyte: not joined to anything
    return digest.digest()


def _connect(path: Path, *, read_only: bool = False, page_octets: int = 0) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=5.0, check_same_thread=False
    )
    if page_octets:  # before the first table; else SQLite's own choice
        connection.execute(f"PRAGMA page_size = {page_octets}")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    return connection
