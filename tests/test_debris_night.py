"""A drone that is no more, 1 km above a town: from the radars' bytes to the chances, and again."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests import raid
from tocsin import geo
from tocsin.edge import build
from tocsin.edge.journal import Journal
from tocsin.edge.replay import check
from tocsin.edge.run import Mind, Step, fold_recording
from tocsin.instant import NS_PER_S, ns
from tocsin.sim import plan as plans
from tocsin.sim import world as worlds
from tocsin.sim.sites import site as site_of
from tocsin.words import Frame

VANISHES_S = 160.0
SECONDS = 420.0
BATCH_NS = NS_PER_S // 5


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[float, int, float]]]:
    """Journal, and second, rows and greatest distance from the place of the debris told."""
    world = raid.world("single-drone")
    centre = world.plan.sensors[0]
    town = (centre.lat_deg - 0.03, centre.lon_deg)
    drone = msgspec.structs.replace(
        next(flight for flight in world.plan.flights if flight.kind == "drone"),
        waypoints=((town[0] - VANISHES_S * 50.0 / 111_200.0, town[1], 1000.0), (*town, 1000.0)),
        start_s=0.0, ends="leaves", speed_mps=50.0, speeds_mps=(), holds_s=(),
    )  # fmt: skip
    plan = msgspec.structs.replace(world.plan, flights=(drone,), seconds=SECONDS)
    world = worlds.load(plans.dump(plan), world.zones, raid.T_NS_START)
    path = tmp_path_factory.mktemp("night") / "journal.sqlite"
    mind = Mind.start(path, build.parts(site_of(world)), durable=False)
    told: list[tuple[float, int, float]] = []

    def on_step(step: Step) -> None:
        rows = mind.engine.forecast._debris
        if len(rows):
            zones = mind.engine.zones
            far_m = geo.ground_distance_m(
                np.array(town[0]), np.array(town[1]),
                zones.lat_deg[rows.zone], zones.lon_deg[rows.zone],
            )  # fmt: skip
            likely = rows.chance[:, -1] > 0.01
            after_s = (step.batch.t_ns - raid.T_NS_START) / NS_PER_S
            told.append((after_s, len(rows), float(far_m[likely].max(initial=0.0))))

    frames = [Frame(t_ns=e.t_ns, source=e.source, payload=e.payload) for e in world.emissions()]
    fold_recording(mind, frames, BATCH_NS, on_step, raid.T_NS_START + ns(SECONDS))
    mind.close()
    return path, told


def test_debris_is_told_soon_where_it_was_and_not_for_long(
    night: tuple[Path, list[tuple[float, int, float]]],
) -> None:
    _, told = night
    times = [after_s for after_s, _, _ in told]
    print(f"told {min(times):.1f} to {max(times):.1f} s, {max(far for *_, far in told):.0f} m")
    assert VANISHES_S < min(times) < VANISHES_S + 25.0
    assert max(times) < VANISHES_S + 180.0
    assert max(far_m for *_, far_m in told) < 12_000.0  # zones are towns with their land


def test_the_night_is_repeated_byte_for_byte(
    night: tuple[Path, list[tuple[float, int, float]]],
) -> None:
    journal = Journal.open(night[0], read_only=True)
    verdict = check(journal)
    assert (verdict.fault, verdict.batches) == ("", journal.last_number)
    journal.close()
