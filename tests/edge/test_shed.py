"""More arrives than the lines hold: what is lost is an input of the journal, and replays."""

from collections import Counter
from pathlib import Path

from tests import raid
from tocsin.edge import build
from tocsin.edge.journal import Journal
from tocsin.edge.replay import check
from tocsin.edge.run import Mind
from tocsin.edge.waiting import Waiting
from tocsin.words import Frame

ROOM = 60  # frames in all lines together
BURST = 40  # frames of the jammed radar for each turn of the mind: it is given all it can hold
TURNS = 12


def flooded(path: Path) -> Counter[str]:
    """Fold a raid in which the first radar's frames come forty times over; what was sent."""
    emissions = list(raid.world().emissions())[:200]
    jammed = emissions[0].source
    mind = Mind.start(path, build.parts(raid.site()), durable=False)
    waiting, sent = Waiting(frames_max=ROOM), Counter[str]()
    each = len(emissions) // TURNS
    for turn in range(TURNS):
        part = emissions[turn * each : (turn + 1) * each]
        for emission in part:
            copies = BURST if emission.source == jammed else 1
            for _ in range(copies):
                waiting.put(
                    Frame(t_ns=emission.t_ns, source=emission.source, payload=emission.payload)
                )
                sent[emission.source] += 1
        mind.step(waiting.take(part[-1].t_ns, 0.0))
    while left := waiting.take(emissions[-1].t_ns, 0.0):
        mind.step(left)
    mind.close()
    return sent


def test_what_is_shed_is_a_counted_input_of_the_journal_and_replays(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    sent = flooded(path)
    journal = Journal.open(path, read_only=True)
    frames, noticed, told = raid.shed(journal)
    print(f"sent {dict(sent)}, handled {dict(frames)}, shed {dict(noticed)}")
    (jammed,) = noticed
    assert noticed[jammed] > 0.5 * sent[jammed]
    assert frames + noticed == sent, "nothing is lost without being counted"
    assert told == noticed
    assert len(frames) > 1, "the others are heard"
    verdict = check(journal)  # folds all of it again and compares byte for byte
    assert verdict.fault == ""
    assert verdict.batches >= TURNS
