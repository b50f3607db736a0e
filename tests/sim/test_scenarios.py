"""Each named scenario is what its description says, on several seeds and on a made-up map."""

from collections import Counter
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.sim.grid_map import grid_map
from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.sim import plan as plans
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
    assert len(calm.truth.flights) >= 200
    labels = Counter(flight.label for flight in calm.truth.flights)
    assert all(labels[label] >= 10 for label in (
        "airliner", "airliner, arriving", "airliner, departing", "turboprop", "business jet",
        "light aircraft", "light aircraft in the circuit", "helicopter",
        "helicopter, hovering and landing", "glider", "flock of birds", "migrating birds",
    ))  # fmt: skip
    balloons = ("hot-air balloon", "weather balloon", "toy balloons")
    assert sum(labels[label] for label in balloons) >= 10
    kinds = {flight.label: flight.kind for flight in calm.truth.flights}
    assert {kinds[label] for label in balloons} == {"unknown"}
    assert kinds["glider"] == "aircraft"
    assert kinds["helicopter"] == kinds["helicopter, hovering and landing"] == "helicopter"


@each_seed
def test_of_the_friendly_craft_a_tenth_never_answers_and_some_fall_silent(seed: int) -> None:
    calm = world("friendly-only", seed)
    piloted = [f for f in calm.plan.flights if f.kind in ("aircraft", "helicopter")]
    silent = [f for f in piloted if f.mode_3a < 0 and f.mode_s < 0]
    assert len(silent) == pytest.approx(0.1 * len(piloted), abs=1.0)
    failing = [f for f in piloted if f.silent_s >= 0.0]
    assert len(failing) >= 5
    assert all(0.2 * calm.seconds < f.silent_s < 0.8 * calm.seconds for f in failing)
    assert all(f.mode_3a >= 0 for f in failing)
    assert any(f.mode_3a == 0o7000 and f.mode_s < 0 for f in piloted)
    addresses = [f.mode_s for f in piloted if f.mode_s >= 0]
    assert len(set(addresses)) == len(addresses)


@each_seed
def test_the_twin_night_is_the_same_to_the_last_byte_but_for_one_drone(seed: int) -> None:
    calm, twin = world("friendly-only", seed), world("friendly-and-one", seed)
    *friends, drone = twin.plan.flights
    assert drone.kind == "drone"
    alike = msgspec.structs.replace(twin.plan, name=calm.name, flights=tuple(friends))
    assert plans.dump(alike) == plans.dump(calm.plan)
    for one, other in zip(calm.paths, twin.paths, strict=False):
        np.testing.assert_array_equal(one.position_m, other.position_m)
    [impact] = twin.truth.impacts
    assert impact.flight == drone.id
    assert impact.zone
    assert 400.0 < impacts_s(twin)[0] < twin.seconds - 10.0


@each_seed
def test_missiles_are_boosted_and_one_passes_100_km(seed: int) -> None:
    raid = world("missiles", seed)
    missiles = [f for f in raid.truth.flights if f.kind == "ballistic"]
    tops_km = sorted(float(f.height_m.max()) / 1e3 for f in missiles)
    assert len(missiles) >= 10
    assert all(23.0 <= top <= 50.0 for top in tops_km[:-1])
    assert 100.0 < tops_km[-1] < 200.0
    assert len(raid.truth.impacts) == len(missiles)
    planned = [f for f in raid.plan.flights if f.kind == "ballistic"]
    assert all(5 <= f.boost_s <= 40 and 5_000 <= f.beta_kgpm2 <= 9_000 for f in planned)
    sources = [
        radar.radar(site, raid.seconds, T0, np.random.Generator(np.random.PCG64(1)))
        for site in raid.sensors
    ]
    for flight, path in zip(raid.plan.flights, raid.paths, strict=True):
        if flight.kind == "ballistic":
            looks_s = np.concatenate([radar.looks(source, path).t_s for source in sources])
            assert (looks_s <= flight.start_s + flight.boost_s).any(), flight.id


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
        "ballistic missile": (5.0, 2_000.0, 200_000.0),
        "airliner, arriving": (65.0, 202.0, 6_500.0), "turboprop": (110.0, 152.0, 7_600.0),
        "airliner, departing": (70.0, 236.0, 11_100.0), "business jet": (195.0, 252.0, 13_800.0),
        "airliner, holding": (75.0, 145.0, 3_000.0), "glider": (0.0, 65.0, 1_900.0),
        "light aircraft in the circuit": (28.0, 47.0, 310.0),
        "helicopter, hovering and landing": (0.0, 62.0, 410.0),
        "fighter in training": (135.0, 302.0, 8_100.0), "migrating birds": (13.0, 26.0, 2_100.0),
        "soaring birds": (0.0, 40.0, 1_100.0), "hot-air balloon": (0.0, 40.0, 1_600.0),
        "weather balloon": (0.0, 60.0, 30_100.0), "toy balloons": (0.0, 45.0, 6_100.0),
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
    aimed = [f for f in shown.truth.flights if f.label != "decoy"]
    strikes = len([flight for flight in aimed if flight.identity == "threat"])
    assert len(people) >= 0.6 * strikes


def test_one_zone_is_enough() -> None:
    lone = scenario("demo-raid", 1, T0, grid_map("ua", side=1))
    assert lone.truth.threats == world("demo-raid", 1).truth.threats


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no scenario 'x': choose from demo-raid"):
        scenario("x", 1, T0, zones("ua"))
