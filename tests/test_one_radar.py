"""One radar alone, good or poor: a threat must not go unwarned because nothing else sees it."""

from pathlib import Path

import pytest

from tests import raid
from tocsin.cli.score import card_of
from tocsin.cli.simulate import fold
from tocsin.edge import build
from tocsin.edge.run import Mind
from tocsin.sim import world as worlds
from tocsin.sim.plan import FlightPlan, Plan
from tocsin.sim.sites import site as site_of
from tocsin.words import SensorSite
from tocsin.zones.map import ZoneMap

POLTAVA = (49.588, 34.551)
"""The largest zone far round; the radar stands 30 km to its east, on a mast of 150 m."""


def plan(sigma_azimuth_deg: float, scan_s: float, kind: str, speed_mps: float) -> Plan:
    """One threat from 70 km east, level, over the radar's reach and down upon the town."""
    radar = SensorSite(
        name="alone", lat_deg=49.6, lon_deg=34.95, height_m=150.0, sac=254, sic=1, scan_s=scan_s,
        sigma_azimuth_deg=sigma_azimuth_deg, stale_s=3.0 * scan_s,
    )  # fmt: skip
    threat = FlightPlan(
        id="one", kind=kind, ends="impact", speed_mps=speed_mps,
        waypoints=((49.62, 35.5, 400.0), (*POLTAVA, 400.0), (*POLTAVA, 0.0)),
    )  # fmt: skip
    return Plan(
        name="one-radar", seed=5, country="ua", seconds=75_000.0 / speed_mps,
        t_ns_start=raid.T_NS_START, sensors=(radar,), flights=(threat,), clutter_per_scan=2.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sigma_azimuth_deg", "scan_s", "kind", "speed_mps"),
    [
        (0.1, 4.0, "drone", 50.0),
        (0.5, 4.0, "drone", 50.0),
        (0.5, 10.0, "drone", 50.0),
        (0.1, 4.0, "cruise", 235.0),
        (0.5, 10.0, "cruise", 235.0),
    ],
)
def test_it_is_warned_of_in_time(
    tmp_path: Path, sigma_azimuth_deg: float, scan_s: float, kind: str, speed_mps: float
) -> None:
    zones = ZoneMap.from_bytes(build.zone_map_bytes("ua"))
    world = worlds.build(plan(sigma_azimuth_deg, scan_s, kind, speed_mps), zones)
    worlds.write(world, tmp_path)
    mind = Mind.start(tmp_path / "journal.sqlite", build.parts(site_of(world)), durable=False)
    fold(world, mind)
    mind.close()
    card = card_of(tmp_path)
    print(sigma_azimuth_deg, scan_s, kind, card.lead_s, card.warnings)
    assert card.hits >= 1
    assert card.missed == 0
    assert card.lead_ok_share == 1.0
