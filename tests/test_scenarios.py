"""The four scenarios, folded whole and scored: what the system is for.

These are promises, not tunings: nobody is warned of aircraft and birds, and nobody who is struck
was not told to take cover before.
"""

from pathlib import Path

import pytest

from tests import raid
from tocsin.cli.score import card_of
from tocsin.cli.simulate import fold, open_world
from tocsin.edge import build, reading
from tocsin.edge.journal import Journal
from tocsin.edge.run import Mind
from tocsin.score import Scorecard
from tocsin.sim.sites import site as site_of
from tocsin.sim.world import write


def scored(name: str, seed: int, folder: Path) -> Scorecard:
    world = open_world(name, seed, raid.T_NS_START)
    write(world, folder)
    mind = Mind.start(folder / "journal.sqlite", build.parts(site_of(world)), durable=False)
    fold(world, mind)
    mind.close()
    return card_of(folder)


def test_friendly_traffic_birds_and_clutter_warn_nobody(tmp_path: Path) -> None:
    card = scored("friendly-only", 1, tmp_path)
    alerts = reading.alerts(Journal.open(tmp_path / "journal.sqlite"))
    assert [(a.zone, a.threat, a.stage) for a in alerts] == []
    assert card.warnings == 0
    assert card.person_minutes == 0.0


@pytest.mark.parametrize("name", ["single-drone", "rocket-salvo", "demo-raid"])
def test_no_struck_zone_was_left_unwarned(name: str, tmp_path: Path) -> None:
    card = scored(name, 1, tmp_path)
    assert card.hits > 0
    assert card.missed == 0
    assert card.person_minutes_region >= card.person_minutes > 0.0
    assert card.latency_ms.samples > 0
    if name == "single-drone":
        assert card.lead_ok_share == 1.0
