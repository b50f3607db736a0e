"""A small real raid for tests: the demonstration's datagrams, folded by the real engine.

Run as a program it can plant a fault first, so that tests can show that replay would find it:

    python -m tests.raid make FOLDER SECONDS [PLANT]      fold a raid into FOLDER/journal.sqlite
    python -m tests.raid check FOLDER [PLANT]             tocsin replay --check
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tocsin.cli import app
from tocsin.cli.simulate import fold, open_world
from tocsin.decide import Board
from tocsin.edge import build
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.run import Mind
from tocsin.engine import Notice
from tocsin.sim.sites import site as site_of
from tocsin.sim.world import World
from tocsin.warn import Herald
from tocsin.words import Frame, Message, Rejected, Site

T_NS_START = 1_768_507_200_000_000_000  # 2026-01-15T20:00:00Z


def world(name: str = "demo-raid", seed: int = 1) -> World:
    """The raid's world."""
    return open_world(name, seed, T_NS_START)


def site(mode: str = "automatic") -> Site:
    """The site that hears it."""
    return site_of(world(), mode)


def make(folder: Path, seconds: float) -> Path:
    """Fold the first `seconds` into a journal; its path."""
    raid = world()
    path = folder / "journal.sqlite"
    mind = Mind.start(path, build.parts(site_of(raid)), durable=False)
    fold(raid, mind, seconds)
    mind.close()
    return path


def shed(journal: Journal) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By source: frames that the journal holds, those that it says were shed, those told so."""
    frames, noticed, told = Counter[str](), Counter[str](), Counter[str]()
    for entry in journal.entries():
        for given in entry.batch.inputs:
            if isinstance(given, Frame) and given.source == "shed":
                notice = msgspec.json.decode(given.payload, type=Notice)
                noticed[notice.source] += notice.count
            elif isinstance(given, Frame):
                frames[given.source] += 1
        for output in decode_outputs(entry.outputs):
            if isinstance(output, Rejected) and output.reason == "shed":
                told[output.source] += output.count
    return frames, noticed, told


def plant_clock() -> None:
    """A board that asks what time it is."""
    decide = Board.decide

    def planted(self: Board, *args: Any) -> Any:
        decided = decide(self, *args)
        late = [msgspec.structs.replace(a, t_ns_expires=time.time_ns()) for a in decided.alerts]
        return type(decided)(
            alerts=tuple(late), blindness=decided.blindness, rejected=decided.rejected
        )

    Board.decide = planted  # type: ignore[method-assign]


def plant_set() -> None:
    """A herald that hands over its messages in the order of a set."""
    render = Herald.render

    def planted(self: Herald, *args: Any) -> Sequence[Message]:
        messages = {message.subject + message.channel: message for message in render(self, *args)}
        return [messages[key] for key in set(messages)]

    Herald.render = planted  # type: ignore[method-assign,assignment]


PLANTS = {"clock": plant_clock, "set": plant_set}


def main() -> None:
    verb, folder, *rest = sys.argv[1:]
    if rest and rest[-1] in PLANTS:
        PLANTS[rest.pop()]()
    if verb == "make":
        make(Path(folder), float(rest[0]))
    else:
        app(["replay", f"{folder}/journal.sqlite", "--check"])


if __name__ == "__main__":
    main()
