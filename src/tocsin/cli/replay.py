"""`tocsin replay`: fold a journal again, or a radar recording for the first time."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.progress import Progress

from tocsin.cli.say import fail, progress_console, put_json, refuse, refusing
from tocsin.edge import build, recording, site
from tocsin.edge.journal import Journal
from tocsin.edge.replay import check as check_journal


def replay(
    journal: Path | None = None,
    /,
    *,
    check: bool = False,
    pcap: Annotated[Path | None, Parameter(name="--pcap")] = None,
    zones: str = "ua",
    site_file: Annotated[Path | None, Parameter(name="--site")] = None,
    keep: Path | None = None,
    json: bool = False,
) -> None:
    """Fold a journal again and hold it against itself, or fold a recording of radar datagrams.

    'tocsin replay JOURNAL --check' reproduces every output byte for byte, or says which differs
    (exit code 1). 'tocsin replay --pcap FILE' takes ASTERIX CAT034/048/062 datagrams.

    Parameters
    ----------
    journal
        The journal to fold again.
    check
        Exit with 1 when anything differs.
    pcap
        A libpcap recording to fold instead.
    zones
        Zone map for --pcap: a shipped one (ua, il) or the path of a compiled map.
    site_file
        Site file for --pcap: its sensors' places, policy and zone map are used.
    keep
        Keep the journal of --pcap under this path.
    json
        Print one JSON document.
    """
    if (journal is None) == (pcap is None):
        refuse("give either a JOURNAL or --pcap FILE; see 'tocsin replay --help'")
    if pcap is not None:
        _recording(pcap, zones, site_file, keep, json)
    elif journal is not None:
        _journal(journal, check, json)


def _journal(path: Path, check: bool, json: bool) -> None:
    with refusing(ValueError):
        journal = Journal.open(path, read_only=True)
    with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("replay", total=journal.last_number)
        with refusing(site.BadSite):
            verdict = check_journal(journal, lambda n: progress.update(task, completed=n))
    document: dict[str, Any] = {
        "journal": str(path),
        "batches": verdict.batches,
        "outputs": verdict.outputs,
        "equal": not verdict.fault,
        "fault": verdict.fault,
        "same_processor": verdict.same_processor,
    }
    if json:
        put_json(document)
    if verdict.fault:
        message = f"replay differs from the journal: {verdict.fault}"
        if check:
            fail(message)
        print(message, file=sys.stderr)
    elif not json:
        print(f"{verdict.batches} batches, {verdict.outputs} outputs: equal, byte for byte")


def _recording(
    path: Path, zones: str, site_file: Path | None, keep: Path | None, json: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, refusing(site.BadSite, FileExistsError):
        given = recording.site_for(path, zones, site.read(site_file) if site_file else None)
        parts = build.parts(given, site_file.parent if site_file else Path())
        journal = keep or Path(folder) / "journal.sqlite"
        with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("recording", total=None)
            summary = recording.fold(given, parts, journal, lambda: progress.advance(task))
    if json:
        put_json(summary)
        return
    for key in recording.SUMMARY_KEYS:
        print(f"{key:<12}{summary[key]}")
    for reason, count in summary["rejected_by_reason"].items():
        print(f"  {reason:<10}{count}")
