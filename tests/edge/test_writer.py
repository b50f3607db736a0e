"""A disk that is slow or full must not silence a siren; what is late is recorded."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.edge.test_journal import PARTS, batch
from tocsin.edge.journal import Journal
from tocsin.edge.writer import Writer
from tocsin.words import Alert, Batch


class SickDisk(Journal):
    """A journal on a disk that refuses until it is mended."""

    mended = threading.Event()

    def append(self, batch: Batch, outputs: bytes, alerts: Sequence[Alert]) -> None:
        if not self.mended.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        super().append(batch, outputs, alerts)


def gaps(path: Path) -> list[tuple[int, str]]:
    with sqlite3.connect(path) as database:
        return list(database.execute("SELECT batch, reason FROM gap ORDER BY batch"))


def test_a_healthy_disk_is_durable_in_time_and_leaves_no_gap(tmp_path: Path) -> None:
    writer = Writer(Journal.create(tmp_path / "j.sqlite", PARTS))
    assert [writer.append(batch(n), b"\x90", []) for n in (1, 2, 3)].count(True) >= 1
    writer.close()
    assert Journal.open(tmp_path / "j.sqlite").last_number == 3


def test_a_full_disk_delays_nothing_loses_nothing_and_is_told(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j.sqlite", PARTS).close()
    journal = SickDisk.open(tmp_path / "j.sqlite")
    SickDisk.mended.clear()
    writer = Writer(journal)
    assert [writer.append(batch(n), b"\x90", []) for n in (1, 2)] == [False, False]
    assert writer.late == 2
    assert "disk is full" in writer.trouble
    SickDisk.mended.set()
    writer.close()
    assert [entry.batch.number for entry in Journal.open(tmp_path / "j.sqlite").entries()] == [1, 2]
    assert [number for number, _ in gaps(tmp_path / "j.sqlite")] == [1, 2]
