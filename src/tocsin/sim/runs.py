"""A run: a set of raids in one folder, told by its `run.json`."""

from pathlib import Path
from typing import Final

import msgspec

FORMAT: Final = 1
FILE: Final = "run.json"


class Raid(msgspec.Struct, frozen=True, kw_only=True):
    """One raid of a run: a folder such as a single simulation leaves."""

    folder: str
    seed: int
    seconds: float
    threats: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """All raids of a run, in order."""

    scenario: str
    seed: int
    raids: tuple[Raid, ...]
    format: int = FORMAT


def write(run: Run, folder: Path) -> None:
    """`run.json` in `folder`, which exists. The same run, the same bytes."""
    document = msgspec.json.format(msgspec.json.encode(run), indent=1)
    (folder / FILE).write_bytes(document + b"\n")


def read(folder: Path) -> Run | None:
    """The run in `folder`, None if it holds none. Raises ValueError when it cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        run = msgspec.json.decode(path.read_bytes(), type=Run)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: {error}: simulate the run again") from error
    if run.format != FORMAT:
        raise ValueError(f"{path}: of another version: simulate the run again")
    return run
