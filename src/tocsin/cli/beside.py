"""The comparison of `tocsin score --authority`: a journal beside what an authority really sent."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.instant import NS_PER_S
from tocsin.score import told, told_cap
from tocsin.score.authority import placed
from tocsin.score.beside import Beside, Setting, beside
from tocsin.score.told import Record
from tocsin.sim import truth as truths
from tocsin.zones.map import ZoneMap
from tocsin.zones.names import romanised

JOURNALS: Final = ("journal.sqlite", "tocsin-journal.sqlite")
"""What a simulation and a site without another name call their journals."""
TABLES: Final = (".csv", ".json", ".jsonl", ".gz")
DOCUMENTS: Final = (".xml", ".cap")


def has_truth(folder: Path) -> bool:
    """Whether what really happened is known, so that a scorecard can be made."""
    return (folder / "truth.json").is_file() or (folder / "run.json").is_file()


def beside_of(folder: Path, authority: Path, policy: str = "") -> tuple[Beside, ZoneMap]:
    """The comparison of a journal, or of the folder that holds it, with the files of an authority.

    Raises ValueError or BadSite saying how to mend it.
    """
    journal = Journal.open(journal_path(folder), read_only=True)
    zones, site = reading.zones_of(journal), reading.site_of(journal)
    t_ns, t_ns_end, down_ns = reading.span(journal)
    impacts = None
    if has_truth(folder):
        truth = truths.read(folder)
        t_ns, t_ns_end, impacts = truth.t_ns_start, truth.t_ns_end, truth.impacts
    record, digest = record_of(authority, site.realm)
    if policy:
        said, _ = reading.decided_again(journal, (policy,))
        alerts = said[policy]
    else:
        alerts = reading.alerts(journal)
    setting = Setting(
        site=site.name,
        realm=site.realm,
        policy=policy or site.policy,
        aims=site.aims,
        source=authority.name,
        source_sha256=digest,
        t_ns=t_ns,
        t_ns_end=t_ns_end,
        silent_s=down_ns / NS_PER_S,
    )
    return beside(
        alerts, placed(record, zones, romanised_names(zones)), zones, setting, impacts
    ), zones


def journal_path(folder: Path) -> Path:
    """The journal itself, or the one in a folder."""
    if folder.is_file():
        return folder
    found = [folder / name for name in JOURNALS if (folder / name).is_file()]
    if not found:
        raise ValueError(f"{folder} holds no {' or '.join(JOURNALS)}: give the path of the journal")
    return found[0]


def record_of(authority: Path, realm: str) -> tuple[Record, str]:
    """What a file, or every file of a folder, says, and the SHA-256 of its bytes in that order."""
    if not authority.exists():
        raise ValueError(f"{authority}: no such file: give what the authority sent")
    digest, record = hashlib.sha256(), Record(rows=0, told=(), refused=(), apart={})
    documents: list[tuple[str, bytes]] = []
    for path in _files(authority):
        data = path.read_bytes()
        digest.update(data)
        if path.suffix in DOCUMENTS or data.lstrip()[:1] == b"<":
            documents.append((path.name, data))
            continue
        try:
            record = record.and_also(told.read(data))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    record = record.and_also(told_cap.read(documents, realm))
    if not record.rows:
        raise ValueError(f"{authority}: nothing to compare with: no row and no document")
    return record, digest.hexdigest()


def _files(authority: Path) -> Iterator[Path]:
    if authority.is_file():
        yield authority
        return
    for path in sorted(authority.rglob("*")):
        if path.is_file() and path.suffix in (*DOCUMENTS, *TABLES):
            yield path


def romanised_names(zones: ZoneMap) -> dict[str, tuple[str, ...]]:
    """The Ukrainian names of units in Latin letters, as official lists write them; "Cherkaska
    oblast" is one of them."""
    found: dict[str, tuple[str, ...]] = {}
    for unit in zones.tree.units:
        if name := unit.names.get("uk"):
            latin = romanised(name)
            found[latin] = (*found.get(latin, ()), unit.id)
    return found
