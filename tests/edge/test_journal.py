"""The journal: durable order of arrival, one commit a batch, a chain that shows every change."""

import sqlite3
from pathlib import Path
from typing import get_args

import pytest
import zstandard

from tocsin.edge.journal import (
    Journal,
    Sealed,
    decode_alerts,
    decode_outputs,
    encode_outputs,
)
from tocsin.words import (
    Alert,
    Batch,
    Blindness,
    Counts,
    Frame,
    Message,
    Output,
    Reason,
    Rejected,
    Tick,
)

PARTS = {"site": b"{}", "zones": b"map", "phrases": b"{}"}


def batch(number: int, *payloads: bytes) -> Batch:
    t_ns = number * 10
    frames = (Frame(t_ns=t_ns + n, source="r", payload=p) for n, p in enumerate(payloads))
    return Batch(number=number, t_ns=t_ns, inputs=(*frames, Tick(t_ns=t_ns + 9)))


def alert(serial: int) -> Alert:
    return Alert(
        zone="z", threat="drone", serial=serial, t_ns=1, stage="early", level="yellow", blind=False,
        reasons=(Reason(rule="drone.early", track=3, chance=0.5, evidence=(1, 2)),),
        t_ns_arrival=5, t_ns_expires=9, realm="test",
    )  # fmt: skip


def filled(path: Path, count: int = 5) -> Journal:
    journal = Journal.create(path, PARTS)
    for number in range(1, count + 1):
        outputs = [Rejected(t_ns=number, source="r", reason="fspec"), alert(number)]
        journal.append(batch(number, b"a", b"b"), encode_outputs(outputs), [alert(number)])
    return journal


def test_what_was_written_is_read_in_order_of_arrival(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j.sqlite")
    journal.close()
    again = Journal.open(tmp_path / "j.sqlite")
    entries = list(again.entries())
    assert [entry.batch for entry in entries] == [batch(n, b"a", b"b") for n in range(1, 6)]
    assert decode_outputs(entries[2].outputs)[1] == alert(3)
    assert again.last_number == 5
    assert again.batch_of_alert("test:z:drone:4") == 4
    assert again.batch_of_alert("test:z:drone:9") is None
    assert [e.batch.number for e in again.entries(after=1, until=3)] == [2, 3]


def test_inputs_alone_are_those_of_the_batches(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j.sqlite")
    entries = list(journal.entries())
    assert list(journal.inputs()) == [(e.number, e.t_ns, e.batch.inputs) for e in entries]


def test_alerts_are_found_among_all_other_words() -> None:
    words: list[Output] = [
        Rejected(t_ns=1, source="r", reason="fspec"),
        alert(1),
        Blindness(t_ns=1, threat="drone", zones=("z",)),
        Message(
            t_ns=1, channel="state", subject="state", realm="test", media_type="application/json",
            seal="jws", t_ns_deadline=9, payload=b"{}" * 999,
        ),
        alert(2),
        Counts(t_ns=1),
    ]  # fmt: skip
    assert {type(word) for word in words} == set(get_args(Output))
    assert decode_alerts(encode_outputs(words)) == [alert(1), alert(2)]
    assert decode_alerts(encode_outputs([])) == []


def test_large_pages_where_nothing_must_be_durable(tmp_path: Path) -> None:
    for durable, octets in ((True, 4_096), (False, 65_536)):
        Journal.create(tmp_path / f"{durable}.sqlite", PARTS, durable=durable).close()
        written = sqlite3.connect(tmp_path / f"{durable}.sqlite")
        assert written.execute("PRAGMA page_size").fetchone() == (octets,)
        assert written.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        written.close()


def test_it_is_continued_where_it_ended(tmp_path: Path) -> None:
    filled(tmp_path / "j.sqlite").close()
    again = Journal.open(tmp_path / "j.sqlite")
    again.append(batch(6), b"\x90", [])
    assert broken(again) == []


def broken(journal: Journal) -> list[int]:
    """The numbers of the batches at which the chain does not hold."""
    digest, found = journal.first_digest(), []
    for entry in journal.entries():
        if not entry.follows(digest):
            found.append(entry.number)
        digest = entry.digest
    return found


def test_power_failure_settings_are_on(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j.sqlite", 1)
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_one_commit_a_batch_carries_what_was_noted(tmp_path: Path) -> None:
    journal = filled(tmp_path / "j.sqlite", 1)
    commits: list[str] = []
    journal._db.set_trace_callback(lambda statement: commits.append(statement))
    journal.note_sealed(1, [Sealed("test:z:drone:1", "cap", b"<alert/>")])
    journal.note_timing(1, "test:z:drone:1", {"sense": 5})
    journal.note_gap(1, 10, "slow")
    journal.note_checkpoint(1, b"state")
    journal.append(batch(2), b"\x90", [])
    assert [c for c in commits if c.startswith(("BEGIN", "COMMIT"))] == ["BEGIN ", "COMMIT"]
    assert journal.sealed("test:z:drone:1") == [("cap", b"<alert/>")]
    assert list(journal.timings()) == [("test:z:drone:1", {"sense": 5})]
    assert journal.last_checkpoint() == (1, b"state")


def test_a_second_begin_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    filled(tmp_path / "j.sqlite", 1).close()
    with pytest.raises(FileExistsError, match="move it away"):
        Journal.create(tmp_path / "j.sqlite", PARTS)
    (tmp_path / "text").write_text("no journal at all, really not" * 100)
    with pytest.raises(ValueError, match="not a Tocsin journal"):
        Journal.open(tmp_path / "text")
    with pytest.raises(ValueError, match="not a file"):
        Journal.open(tmp_path / "nowhere")


@pytest.mark.parametrize("column", ["inputs", "outputs"])
def test_a_changed_byte_breaks_the_chain(tmp_path: Path, column: str) -> None:
    filled(tmp_path / "j.sqlite").close()
    database = sqlite3.connect(tmp_path / "j.sqlite")
    (data,) = database.execute(f"SELECT {column} FROM batch WHERE number = 3").fetchone()
    if column == "inputs":
        at = data.index(b"a")
        changed = data[:at] + b"A" + data[at + 1 :]
    else:
        said = zstandard.decompress(data)
        assert b"early" in said
        changed = zstandard.compress(said.replace(b"early", b"Early"))
    with database:
        database.execute(f"UPDATE batch SET {column} = ? WHERE number = 3", (changed,))
    database.close()
    assert broken(Journal.open(tmp_path / "j.sqlite")) == [3]


def test_outputs_are_small_on_the_disk_and_whole_when_read(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j.sqlite", PARTS)
    outputs = b"the same state again, " * 5000
    journal.append(Batch(number=1, t_ns=1, inputs=()), outputs, [])
    journal.close()
    with sqlite3.connect(tmp_path / "j.sqlite") as database:
        assert database.execute("SELECT length(outputs) FROM batch").fetchone()[0] < 2000
        database.execute("UPDATE batch SET outputs = x'00'")
    assert broken(Journal.open(tmp_path / "j.sqlite")) == [1]


def test_a_dropped_batch_and_a_changed_part_break_the_chain(tmp_path: Path) -> None:
    filled(tmp_path / "j.sqlite").close()
    for statement, found in (
        ("DELETE FROM batch WHERE number = 2", [3]),
        ("UPDATE meta SET value = x'00' WHERE name = 'zones'", [1, 3]),
    ):
        with sqlite3.connect(tmp_path / "j.sqlite") as database:
            database.execute(statement)
        assert broken(Journal.open(tmp_path / "j.sqlite")) == found
