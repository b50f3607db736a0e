"""A world is its plan and seed, whole: the same bytes again, from TOML too; truth is what flew."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from tests.sim.decode import records, sub
from tests.sim.grid_map import grid_map
from tests.sim.test_plan import BY_HAND
from tocsin.instant import NS_PER_S
from tocsin.sim import truth as truths
from tocsin.sim import world as worlds
from tocsin.sim.scenarios import scenario

T0 = 1_790_000_000 * NS_PER_S
ZONES = grid_map()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, same, other = (scenario("demo-raid", seed, T0, ZONES) for seed in (4, 4, 5))
    first = list(one.emissions())
    assert first == list(one.emissions())
    assert first == list(same.emissions())
    assert first != list(other.emissions())
    assert one.to_toml() == same.to_toml()


@pytest.mark.parametrize("name", ["demo-raid", "rocket-salvo"])
def test_scenario_toml_gives_the_world_again(name: str) -> None:
    zones = grid_map("il", side=8) if name == "rocket-salvo" else ZONES
    world = scenario(name, 9, T0, zones)
    again = worlds.load(world.to_toml(), zones)
    assert again.plan == world.plan
    assert again.truth.impacts == world.truth.impacts
    if name == "demo-raid":
        assert list(again.emissions()) == list(world.emissions())


def test_emissions_are_in_order_within_the_scenario_and_all_marked_simulated() -> None:
    world = scenario("demo-raid", 1, T0, ZONES)
    sent = list(world.emissions())
    assert [e.t_ns for e in sent] == sorted(e.t_ns for e in sent)
    assert sent[0].t_ns >= T0
    assert sent[-1].t_ns <= T0 + 180 * NS_PER_S
    assert {e.source for e in sent} == {sensor.name for sensor in world.sensors}
    seen: Counter[int] = Counter()
    for emission in sent[::7]:
        for category, record in records(emission.payload):
            seen[category] += 1
            assert category == 34 or sub(record, "020", "SIM") == 1
    assert seen[34] > 100
    assert seen[48] > 100
    assert world.realm == "exercise"


def test_the_hand_written_file_flies_to_its_target() -> None:
    """13 km of drone flight at 50 m/s: not yet over after 120 s, though near the ground."""
    assert worlds.load(BY_HAND, ZONES).truth.impacts == ()
    world = worlds.load(BY_HAND.replace("120.0", "400.0"), ZONES)
    [impact] = world.truth.impacts
    length_m = Geod(ellps="WGS84").inv(36.1, 50.1, 36.2, 50.0)[2]
    assert (impact.t_ns - T0) / NS_PER_S == pytest.approx(length_m / 50.0, rel=0.02)
    assert (impact.lat_deg, impact.lon_deg) == (pytest.approx(50.0), pytest.approx(36.2))
    assert impact.zone == ZONES.ids[int(ZONES.locate(np.array([50.0]), np.array([36.2]))[0])]


def test_zones_within_500_m_of_an_impact_are_struck() -> None:
    """A corner of four squares: all four within 500 m; 600 m inside: one."""
    lon, lat = ZONES.ring_xy[ZONES.ring_start[300]]
    for off_m, struck in ((0.0, 4), (600.0, 1)):
        to_lat = lat + off_m / 111_000.0
        to_lon = lon + off_m / (111_000.0 * np.cos(np.radians(lat)))
        text = BY_HAND.replace("120.0", "900.0").replace(
            "[[50.1, 36.1, 500], [50.0, 36.2, 0]]",
            f"[[{lat + 0.1}, {lon}, 500], [{to_lat}, {to_lon}, 0]]",
        )
        [impact] = worlds.load(text, ZONES).truth.impacts
        assert len(impact.zones) == struck
        assert impact.zone in impact.zones


def test_a_map_of_another_country_is_refused() -> None:
    with pytest.raises(ValueError, match="country = 'ua' but the zone map is of 'il'"):
        worlds.load(BY_HAND, grid_map("il", 4))


def test_truth_is_written_and_read_back(tmp_path: Path) -> None:
    world = scenario("demo-raid", 2, T0, ZONES)
    worlds.write(world, tmp_path / "new" / "folder")
    got = truths.read(tmp_path / "new" / "folder")
    assert got.impacts == world.truth.impacts
    assert (got.scenario, got.seed, got.t_ns_end) == ("demo-raid", 2, T0 + 180 * NS_PER_S)
    for one, other in zip(got.flights, world.truth.flights, strict=True):
        assert (one.id, one.kind, one.label, one.identity) == (
            other.id, other.kind, other.label, other.identity,
        )  # fmt: skip
        np.testing.assert_array_equal(one.t_ns, other.t_ns)
        np.testing.assert_array_equal(one.lat_deg, other.lat_deg)
        np.testing.assert_array_equal(one.height_m, other.height_m)


def test_truth_of_a_run_that_was_stopped_early_knows_nothing_later() -> None:
    whole = scenario("demo-raid", 2, T0, ZONES).truth
    half = whole.until(90.0)
    assert 0 < len(half.impacts) < len(whole.impacts)
    assert all(impact.t_ns <= T0 + 90 * NS_PER_S for impact in half.impacts)
    assert max(flight.t_ns[-1] for flight in half.flights) == T0 + 90 * NS_PER_S
    assert half.t_ns_end == T0 + 90 * NS_PER_S
    assert whole.until(1e9).impacts == whole.impacts


def test_a_file_may_be_begun_at_another_time() -> None:
    world = worlds.load(BY_HAND, ZONES, T0 + 77)
    assert world.t_ns_start == T0 + 77
    assert world.truth.flights[0].t_ns[0] == T0 + 77


def test_truth_of_no_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no readable truth\.json"):
        truths.read(tmp_path)


def test_truth_is_sampled_on_every_second_in_the_air() -> None:
    world = scenario("demo-raid", 2, T0, ZONES)
    ends = {impact.flight: impact.t_ns for impact in world.truth.impacts}
    for flight in world.truth.flights:
        assert (np.diff(flight.t_ns) == NS_PER_S).all()
        assert flight.t_ns[0] == T0
        last = ends.get(flight.id, T0 + 180 * NS_PER_S)
        assert last - flight.t_ns[-1] < NS_PER_S
