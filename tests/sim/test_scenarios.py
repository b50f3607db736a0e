"""Each named scenario is what its description says, on several seeds and on a made-up map."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from tests.sim.grid_map import grid_map
from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.sim import radar
from tocsin.sim.scenarios import SCENARIOS, scenario
from tocsin.sim.world import World
from tocsin.words import KINDS
from tocsin.zones.map import ZoneMap

SHIPPED = Path(__file__).resolve().parents[2] / "src" / "tocsin" / "data" / "zones"
T0 = 1_790_000_000 * NS_PER_S
SEEDS = (1, 2, 3)


@lru_cache
def zones(country: str) -> ZoneMap:
    return grid_map(country)


@lru_cache
def world(name: str, seed: int) -> World:
    return scenario(name, seed, T0, zones(SCENARIOS[name].country))


def impacts_s(of: World) -> list[float]:
    return [(impact.t_ns - T0) / NS_PER_S for impact in of.truth.impacts]


each_seed = pytest.mark.parametrize("seed", SEEDS)
each_name = pytest.mark.parametrize("name", SCENARIOS)


@each_seed
def test_demo_raid_strikes_within_a_minute_and_goes_on(seed: int) -> None:
    raid = world("demo-raid", seed)
    times_s = impacts_s(raid)
    assert raid.seconds == 180.0
    assert 45.0 <= times_s[0] <= 60.0
    assert sum(t < 150.0 for t in times_s) >= 7
    kinds = [flight.kind for flight in raid.truth.flights]
    assert 8 <= kinds.count("drone") <= 15
    assert kinds.count("cruise") == 2
    assert kinds.count("aircraft") >= 5
    assert len({impact.zone for impact in raid.truth.impacts}) >= 6


@each_seed
def test_friendly_only_has_no_threat_and_no_impact(seed: int) -> None:
    calm = world("friendly-only", seed)
    assert calm.truth.threats == 0
    assert calm.truth.impacts == ()
    labels = {flight.label for flight in calm.truth.flights}
    assert {"airliner", "light aircraft", "helicopter", "flock of birds"} <= labels
    assert "light aircraft, Mode C only" in labels


@each_seed
def test_single_drone_crosses_60_to_100_km_and_strikes_a_zone(seed: int) -> None:
    lone = world("single-drone", seed)
    [impact] = lone.truth.impacts
    assert impact.zone
    [drone] = [flight for flight in lone.truth.flights if flight.kind == "drone"]
    way_m = geo.ground_distance_m(
        drone.lat_deg[:-1], drone.lon_deg[:-1], drone.lat_deg[1:], drone.lon_deg[1:]
    ).sum()
    assert 50_000.0 < way_m < 100_000.0
    assert 20 * 60 < impacts_s(lone)[0] < 25 * 60


@each_seed
def test_rocket_salvo_is_a_dozen_or_more_short_flights(seed: int) -> None:
    salvo = world("rocket-salvo", seed)
    rockets = [flight for flight in salvo.truth.flights if flight.kind == "ballistic"]
    assert 12 <= len(rockets) <= 20
    assert len(salvo.truth.impacts) == len(rockets)
    for flight in rockets:
        way_m = geo.ground_distance_m(
            flight.lat_deg[:1], flight.lon_deg[:1], flight.lat_deg[-1:], flight.lon_deg[-1:]
        )[0]
        assert 8_000.0 < way_m < 70_000.0
        assert flight.height_m.max() < 60_000.0
    assert any(flight.identity == "friend" for flight in salvo.truth.flights)


def test_mass_raid_has_thirty_threats_or_more() -> None:
    assert world("mass-raid", 1).truth.threats >= 30


@each_name
def test_every_flight_keeps_to_the_speeds_and_heights_of_its_kind(name: str) -> None:
    """Ground speeds (m/s) and heights (m): the domain study's figures, and common sense."""
    limits = {
        "one-way drone": (25.0, 61.0, 2_600.0), "decoy": (25.0, 61.0, 2_600.0),
        "cruise missile": (150.0, 252.0, 160.0), "airliner": (205.0, 252.0, 12_100.0),
        "light aircraft": (44.0, 76.0, 2_100.0), "helicopter": (34.0, 66.0, 700.0),
        "light aircraft, Mode C only": (44.0, 76.0, 2_100.0), "flock of birds": (9.0, 19.0, 900.0),
        "short-range rocket": (50.0, 2_000.0, 60_000.0),
    }  # fmt: skip
    for flight in world(name, 1).truth.flights:
        low, high, ceiling_m = limits[flight.label]
        speed = geo.ground_distance_m(
            flight.lat_deg[:-1], flight.lon_deg[:-1], flight.lat_deg[1:], flight.lon_deg[1:]
        )
        assert low <= speed.min(), flight.id
        assert speed.max() <= high, flight.id
        assert flight.height_m.min() >= -1.0, flight.id
        assert flight.height_m.max() <= ceiling_m, flight.id
        assert flight.kind in KINDS


@each_name
def test_a_threat_is_in_view_of_a_radar_most_of_its_last_minutes(name: str) -> None:
    """The radars stand where the threats are: of the last 3 min, 70 % in somebody's view."""
    shown = world(name, 2)
    sources = [
        radar.radar(site, shown.seconds, T0, np.random.Generator(np.random.PCG64(1)))
        for site in shown.sensors
    ]
    for flight, path in zip(shown.plan.flights, shown.paths, strict=True):
        if flight.kind not in ("drone", "cruise", "ballistic"):
            continue
        end_s = min(path.t_s[-1], shown.seconds)
        begin_s = max(path.t_s[0], end_s - 180.0)
        scans = np.arange(begin_s, end_s, shown.sensors[0].scan_s)
        looks_s = np.concatenate([radar.looks(source, path).t_s for source in sources])
        seen = np.histogram(looks_s, np.append(scans, end_s))[0] > 0
        assert seen.mean() >= 0.7, flight.id


@each_name
def test_every_scenario_runs_on_another_country(name: str) -> None:
    other = "il" if SCENARIOS[name].country == "ua" else "ua"
    assert scenario(name, 1, T0, zones(other)).plan.country == other


@each_name
def test_on_the_shipped_map_the_threats_strike_populated_zones(name: str) -> None:
    country = SCENARIOS[name].country
    shipped = ZoneMap.from_bytes((SHIPPED / f"{country}.zones").read_bytes())
    shown = scenario(name, 1, T0, shipped)
    people = [int(shipped.people[shipped.row(i.zone)]) for i in shown.truth.impacts if i.zone]
    assert all(count > 0 for count in people)
    aimed = [f for f in shown.truth.flights if f.kind != "aircraft" and f.label != "decoy"]
    strikes = len([flight for flight in aimed if flight.identity == "threat"])
    assert len(people) >= 0.6 * strikes


def test_one_zone_is_enough() -> None:
    lone = scenario("demo-raid", 1, T0, grid_map("ua", side=1))
    assert lone.truth.threats == world("demo-raid", 1).truth.threats


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no scenario 'x': choose from demo-raid"):
        scenario("x", 1, T0, zones("ua"))
