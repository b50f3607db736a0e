"""Scenario files by law: the shipped ones keep their numbers, faults act on the wire."""

import math
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy import stats

from tests.sim.decode import quantity, raw, records
from tocsin import geo
from tocsin.cli.worlds import map_of, opened, shipped
from tocsin.instant import NS_PER_S
from tocsin.sim import arcs, expand, law, routes, script, ways
from tocsin.sim import plan as plans
from tocsin.sim.plan import Plan
from tocsin.sim.script_keys import KEYS, TABLES
from tocsin.sim.script_rules import LIMITS
from tocsin.sim.world import World, build
from tocsin.words import THREATS
from tocsin.zones.map import ZoneMap

T0 = 1_790_000_000 * NS_PER_S
NAMES = (
    "decoys", "il-ballistic-wave", "il-salvo", "sensor-loss", "ua-mixed", "ua-record-night",
)  # fmt: skip
each_name = pytest.mark.parametrize("name", NAMES)

TINY = """
name = "tiny"
country = "ua"
after_s = 30.0

[area]
lat_deg = 50.0
lon_deg = 36.0
wide_m = 40_000.0
high_m = 30_000.0

[zones.grid]
cell_m = 5_000.0
people = 100_000
towns = 3

[[sensors]]
name = "radar"
places = [[50.0, 36.0], [50.1, 36.2]]
height_m = 100.0

[[groups]]
name = "drone"
kind = "drone"
count = 2
start_s = 0.0
height_m = 300.0

[groups.origin]
law = "edge"

[groups.target]
law = "people"
"""


@lru_cache
def given(name: str) -> tuple[script.Script, ZoneMap]:
    found = opened(name)
    assert found is not None
    return found[0], map_of(*found)


@lru_cache
def plan(name: str, seed: int = 1) -> Plan:
    return expand.expand(*given(name), seed, T0)


def tiny(*extra: str) -> World:
    text = script.parse(TINY + "\n".join(extra))
    zones = map_of(text, Path())
    return build(expand.expand(text, zones, 3, T0), zones)


# ---- what is shipped -----------------------------------------------------------------------------


def test_every_scenario_of_the_list_is_shipped_with_a_line() -> None:
    said = shipped()
    assert {*NAMES, "single-drone", "friendly-only"} <= set(said)
    assert all(20 < len(line) <= 100 and line.endswith(".") for line in said.values())


@each_name
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(name: str) -> None:
    once, again, other = (expand.expand(*given(name), seed, T0) for seed in (1, 1, 2))
    assert plans.dump(once) == plans.dump(again)
    assert plans.dump(once) != plans.dump(other)
    assert plans.parse(plans.dump(once)) == once


@each_name
def test_a_new_group_at_the_end_changes_no_flight_before_it(name: str) -> None:
    text, zones = given(name)
    longer = script.Script(
        **{key: getattr(text, key) for key in text.__struct_fields__ if key != "traffic"},
        traffic=(*text.traffic, script.Traffic(craft="soarers", count=2)),
    )
    before, after = plan(name).flights, expand.expand(longer, zones, 1, T0).flights
    assert after[: len(before)] == before
    assert [flight.label for flight in after[len(before) :]] == ["soaring birds"] * 2


def test_the_record_night_has_the_numbers_of_the_record() -> None:
    """810 drones, 9 cruise, 4 ballistic missiles: the Air Force's figures of 7 September 2025."""
    for seed in (1, 2):
        kinds = Counter(flight.kind for flight in plan("ua-record-night", seed).flights)
        assert (kinds["drone"], kinds["cruise"], kinds["ballistic"]) == (810, 9, 4)


def test_the_oblast_of_ua_mixed_has_its_size() -> None:
    _, zones = given("ua-mixed")
    assert len(zones) == 1850
    assert zones.people.sum() == pytest.approx(3_000_000, abs=len(zones))
    assert 15.9e6 <= zones.area_m2.min() <= zones.area_m2.max() <= 16.1e6
    wide_m, high_m = (
        float(geo.ground_distance_m(*(np.array(part) for part in ends)))
        for ends in (
            (49.6, zones.ring_xy[:, 0].min(), 49.6, zones.ring_xy[:, 0].max()),
            (zones.ring_xy[:, 1].min(), 34.5, zones.ring_xy[:, 1].max(), 34.5),
        )
    )
    assert wide_m == pytest.approx(200_000.0, rel=0.01)
    assert high_m == pytest.approx(150_000.0, rel=0.02)
    assert given("ua-mixed")[0].raids == 60


def test_raids_of_ua_mixed_keep_the_shares_of_sizes_and_kinds() -> None:
    """1,500 raids, chi-square against 65/28/7 % and 80/12/8 %; the bound is the 99.9 % point."""
    text, _ = given("ua-mixed")
    sizes, kinds = Counter[str](), Counter[str]()
    names = [group.kind for group in text.groups]
    for raid in range(1_500):
        rng = np.random.Generator(np.random.PCG64([expand.raid_seed(1, raid), 21]))
        counts = expand.counts(text, rng)
        total = sum(counts)
        sizes["small" if total <= 6 else "medium" if total <= 30 else "mass"] += 1
        for kind, count in zip(names, counts, strict=True):
            kinds[kind] += count
    assert chi_square(sizes, {"small": 0.65, "medium": 0.28, "mass": 0.07}) < bound(2)
    assert chi_square(kinds, {"drone": 0.80, "cruise": 0.12, "ballistic": 0.08}) < bound(2)
    biased = {"small": 0.60, "medium": 0.33, "mass": 0.07}
    assert chi_square(sizes, biased) > bound(2), "the test could not tell"


def chi_square(counts: Counter[str], shares: dict[str, float]) -> float:
    total = counts.total()
    return sum((counts[key] - total * part) ** 2 / (total * part) for key, part in shares.items())


def bound(freedom: int) -> float:
    return float(stats.chi2.ppf(0.999, freedom))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_salvo_is_300_rockets_within_three_minutes(seed: int) -> None:
    launches_s = [f.start_s for f in plan("il-salvo", seed).flights if f.kind == "ballistic"]
    assert len(launches_s) == 300
    assert max(launches_s) - min(launches_s) <= 180.0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_wave_reaches_600_zones_within_two_minutes(seed: int) -> None:
    """Every zone within 3 km of an impact; all impacts within two minutes."""
    raid = build(plan("il-ballistic-wave", seed), given("il-ballistic-wave")[1])
    times_s = [(impact.t_ns - T0) / NS_PER_S for impact in raid.truth.impacts]
    assert len(times_s) == 240
    assert times_s[-1] - times_s[0] <= 120.0
    near = {
        int(row)
        for impact in raid.truth.impacts
        for row in raid.zones.within(impact.lat_deg, impact.lon_deg, 3_000.0)
    }
    assert len(near) >= 600


def test_a_raid_ends_some_minutes_after_its_last_threat() -> None:
    for name in ("ua-mixed", "decoys"):
        text, zones = given(name)
        raid = build(plan(name), zones)
        down_s = max(
            (flight.t_ns[-1] - T0) / NS_PER_S
            for flight in raid.truth.flights
            if flight.kind in THREATS
        )
        assert text.after_s - 5.0 <= raid.seconds - down_s <= text.after_s + 120.0


def test_most_decoys_fall_where_nobody_is_and_some_are_brought_down_before() -> None:
    raid = build(plan("decoys"), given("decoys")[1])
    ends = {impact.flight: impact for impact in raid.truth.impacts}
    open_falls = [
        ends[flight.id] for flight in raid.truth.flights if flight.label.endswith(", decoy")
    ]
    assert len(open_falls) >= 5
    struck = [impact for impact in open_falls if impact.zones]
    people = [max(int(raid.zones.people[raid.zones.row(i.zones[0])]), 0) for i in struck]
    assert np.median([0.0, *people]) < 50_000
    labels = " ".join(flight.label for flight in raid.truth.flights)
    assert "brought down" in labels
    assert "crossing" in labels


# ---- the laws of truth ---------------------------------------------------------------------------


def test_routes_round_defended_places_keep_off_them() -> None:
    """Every corner lies outside the circle round which it leads."""
    text, zones = given("ua-mixed")
    at = ways.Stage(text, zones, np.argsort(-zones.people))
    group = next(group for group in text.groups if group.route.law == "around")
    centre = at.zone_place(int(at.rows[0]))
    begin, aim = (centre[0] + 0.6, centre[1] + 0.02), (centre[0] - 0.6, centre[1] - 0.02)
    for seed in range(20):
        rng = np.random.Generator(np.random.PCG64(seed))
        route = ways._around(at, group.route, begin, aim, rng)
        nearest_m = min(ways.length_m([centre, corner]) for corner in route)
        assert nearest_m >= 9_000.0


def test_routes_along_a_river_are_its_vertices() -> None:
    text, zones = given("ua-mixed")
    at = ways.Stage(text, zones, np.argsort(-zones.people))
    group = next(group for group in text.groups if group.route.law == "along")
    route = ways._along(at, group.route, (50.6, 34.3), (49.0, 34.5))
    river = at.line("river").points
    assert len(route) >= 3
    assert set(route) <= set(river)


def test_a_flight_on_arcs_is_where_the_stepped_one_is() -> None:
    """Two ways to fly the same plan: by quarter seconds, and whole. They agree within 400 m where
    turns differ, and in time within 1 %."""
    text, zones = given("sensor-loss")
    drones = [f for f in expand.expand(text, zones, 5, T0).flights if f.kind == "drone"][:6]
    for drone in drones:
        curved, _ = pair(drone)
        stepped = pair(drone)[1]
        assert curved.t_s[-1] - drone.start_s == pytest.approx(
            stepped.t_s[-1] - drone.start_s, rel=0.01
        )
        t_s = np.arange(drone.start_s, stepped.t_s[-1] - 60.0, 5.0)
        away_m = np.linalg.norm(curved.at(t_s) - stepped.at(t_s), axis=1)
        assert np.median(away_m) < 400.0


def pair(drone: plans.FlightPlan) -> tuple[routes.Path, routes.Path]:
    return arcs.fly(drone), routes.fly(msgspec.structs.replace(drone, arcs=False), 20_000.0)


# ---- faults on the wire --------------------------------------------------------------------------


def fault(**keys: object) -> str:
    rows = [f"{key} = {str(value).lower()}" for key, value in keys.items()]
    return "\n".join(["", "[[faults]]", 'sensor = "radar-1"', *rows])


def sent(world: World, source: str = "radar-1") -> list[tuple[float, bytes]]:
    return [((e.t_ns - T0) / 1e9, e.payload) for e in world.emissions() if e.source == source]


def plots(world: World, from_s: float, to_s: float) -> int:
    """Target reports received from radar-1 between two times, counted by libasterix."""
    return sum(
        sum(category == 48 for category, _ in records(payload))
        for t_s, payload in sent(world)
        if from_s <= t_s < to_s
    )


def test_a_sensor_that_is_off_sends_nothing_and_the_other_all() -> None:
    well, ill = tiny(), tiny(fault(from_s=60.0, lasts_s=100.0, off=True))
    silent = [t_s for t_s, _ in sent(ill) if 61.0 <= t_s < 159.0]
    assert silent == []
    assert len([t_s for t_s, _ in sent(well) if 61.0 <= t_s < 159.0]) > 500
    assert [t for t, _ in sent(ill) if t > 162.0] == [t for t, _ in sent(well) if t > 162.0]
    assert sent(ill, "radar-2") == sent(well, "radar-2")


def test_a_jammed_sensor_sends_so_many_more_plots_a_turn_in_its_sector() -> None:
    """100 more a turn for 100 s of turns of 4 s: 2,500, Poisson: four sigma are 200."""
    well = tiny()
    ill = tiny(fault(from_s=40.0, lasts_s=100.0, clutter_per_scan=100.0, clutter_deg=[20, 60]))
    added = plots(ill, 0.0, 300.0) - plots(well, 0.0, 300.0)
    assert abs(added - 2_500) < 200
    assert plots(ill, 0.0, 39.0) == plots(well, 0.0, 39.0)
    azimuths = [
        quantity(record, "040", "°", "THETA")
        for t_s, payload in sent(ill)
        if 45.0 <= t_s < 135.0
        for category, record in records(payload)
        if category == 48
    ]
    within = np.mean([19.9 <= azimuth <= 60.1 for azimuth in azimuths])
    assert within > 0.9


def test_a_clock_that_is_ahead_says_so_in_every_time_and_arrives_as_before() -> None:
    well, ill = tiny(), tiny(fault(clock_s=1.5))
    ticks = {
        name: [
            raw(r, "030") or raw(r, "140") for _, payload in sent(w) for _, r in records(payload)
        ]
        for name, w in (("well", well), ("ill", ill))
    }
    ahead = np.array(ticks["ill"], dtype=float) - np.array(ticks["well"], dtype=float)
    assert np.abs(ahead / 128.0 - 1.5).max() <= 1.0 / 128.0
    assert [t for t, _ in sent(ill)] == [t for t, _ in sent(well)]


def test_bias_turns_every_plot_and_loss_takes_its_share() -> None:
    well, ill = tiny(), tiny(fault(azimuth_bias_deg=2.0, range_bias_m=500.0))
    shift = []
    for (_, one), (_, other) in zip(sent(well), sent(ill), strict=True):
        for (category, a), (_, b) in zip(records(one), records(other), strict=True):
            if category == 48:
                change = quantity(b, "040", "°", "THETA") - quantity(a, "040", "°", "THETA")
                shift.append((change + 180.0) % 360.0 - 180.0)
    assert np.allclose(shift, 2.0, atol=0.02)
    whole, less = len(sent(well)), len(sent(tiny(fault(loss=0.2))))
    assert abs(less - 0.8 * whole) < 4.0 * math.sqrt(whole * 0.16)


def test_a_concentrator_passes_on_in_bursts() -> None:
    times_ns = {e.t_ns for e in tiny_with("relay_s = 2.0").emissions()}
    assert all((t_ns - T0) % (2 * NS_PER_S) == 0 for t_ns in times_ns)


def tiny_with(line: str) -> World:
    text = script.parse(TINY.replace("after_s = 30.0", f"after_s = 30.0\n{line}"))
    zones = map_of(text, Path())
    return build(expand.expand(text, zones, 3, T0), zones)


# ---- what cannot work ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "drone"', 'kind = "dragon"'), "group 'drone': kind = 'dragon': choose from"),
        (("count = 2", "cuont = 2"), "unknown field `cuont`"),
        (("count = 2", "count = {normal = [3, 1]}"), "count: can be as low as any number: add le"),
        (("count = 2", "count = {gauss = [3, 1]}"), "count: a law has one form: choose from unif"),
        (("count = 2", "count = {uniform = [3]}"), "count: give uniform = [low, high]"),
        (("count = 2", "count = {uniform = [3, 1]}"), "the first number is the smaller one"),
        (("count = 2", "share = 1.0"), "share: of what? Give threats"),
        (("count = 2\n", ""), "give count (how many) or share"),
        (("start_s = 0.0\n", ""), "give start_s or arrive_s"),
        (('law = "edge"', 'law = "wedge"'), "origin: law = 'wedge': choose from places, line"),
        (('law = "edge"', 'law = "places"'), "origin: places: give one [latitude, longitude]"),
        (('law = "edge"', 'law = "line"'), "origin: line = '': give a name of [[lines]]"),
        (("height_m = 300.0", "height_m = -5.0"), "group 'drone': height_m: -5: must not be less"),
        (("height_m = 100.0", "scan_s = 0.0"), "sensors 'radar': scan_s: 0: must not be less"),
        (('country = "ua"\n', ""), "missing required field `country`"),
        (("lat_deg = 50.0", "lat_deg = 500.0"), "area: lat_deg: 500: must not be more than 80"),
        (("places = [[50.0, 36.0], [50.1, 36.2]]", "places = []"), "sensors 'radar': places: give"),
        (("[50.1, 36.2]", "[136.2, 50.1]"), "places: [136.2, 50.1]: give the latitude"),
        (("[50.1, 36.2]", "[50.1, inf]"), "sensors 'radar': places: [50.1, inf]: give"),
        (('law = "edge"', 'law = "places"\nplaces = [[91, 0]]'), "origin: places: [91, 0]: give"),
        (("[area]", '[[lines]]\nname = "x"\npoints = [[50, 181]]\n[area]'), "line 'x': points:"),
        (("after_s = 30.0", "after_s = inf"), "after_s: can be as high as any number: add most"),
        (("after_s = 30.0", "seconds = "), "not TOML"),
        (("after_s = 30.0", "format = 2"), "this version reads 1"),
    ],
)
def test_errors_name_the_field_and_the_mend(change: tuple[str, str], message: str) -> None:
    assert change[0] in TINY
    with pytest.raises(ValueError) as refused:
        script.parse(TINY.replace(*change, 1))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_errors_that_only_the_map_or_chance_can_find() -> None:
    with pytest.raises(ValueError, match="no such sensor: there are radar-1, radar-2"):
        tiny(fault(off=True).replace("radar-1", "radar-9"))
    with pytest.raises(ValueError, match=r"starts at .* after the end: raise seconds"):
        tiny_late()
    text = script.parse(TINY + "people_least = 90_000_000\n")
    zones = map_of(text, Path())
    with pytest.raises(ValueError, match="target: no zone has so many people"):
        expand.expand(text, zones, 1, T0)


def tiny_late() -> Plan:
    late = TINY.replace("start_s = 0.0", "start_s = 20.0")
    late = late.replace("after_s", "seconds = 10.0\nafter_s")
    text = script.parse(late)
    return expand.expand(text, map_of(text, Path()), 1, T0)


@pytest.mark.parametrize(
    ("form", "mean", "sd"),
    [
        ({"uniform": [2.0, 4.0]}, 3.0, 2.0 / math.sqrt(12.0)),
        ({"normal": [5.0, 2.0]}, 5.0, 2.0),
        ({"lognormal": [3.0, 0.5]}, 3.0 * math.exp(0.125), 3.0 * math.exp(0.125) * 0.5329),
        ({"exponential": [7.0]}, 7.0, 7.0),
        ({"whole": [1, 6]}, 3.5, math.sqrt(35.0 / 12.0)),
        ({"poisson": [4.0]}, 4.0, 2.0),
        ({"choice": [1.0, 5.0]}, 3.0, 2.0),
        ({"weighted": [[1.0, 0.0], [3.0, {"uniform": [4.0, 4.0]}]]}, 3.0, math.sqrt(3.0)),
    ],
)
def test_laws_have_the_moments_of_their_textbook(
    form: dict[str, list[float]], mean: float, sd: float
) -> None:
    """20,000 draws; four standard errors of the mean, 5 % of the deviation."""
    assert law.complaint(form) == ""
    rng = np.random.Generator(np.random.PCG64(1))
    drawn = np.array([law.draw(form, rng) for _ in range(20_000)])
    assert abs(drawn.mean() - mean) < 4.0 * sd / math.sqrt(len(drawn))
    assert drawn.std() == pytest.approx(sd, rel=0.05)


def test_the_page_tells_every_key_and_its_example_runs(root: Path) -> None:
    page = (root / "docs" / "reference" / "scenario-files.md").read_text(encoding="utf-8")
    example = next(
        block
        for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
        if "[[groups]]" in block
    )
    text = script.parse(example)
    zones = map_of(text, Path())
    raid = build(expand.expand(text, zones, 1, T0), zones)
    assert raid.truth.threats >= 1
    assert len(raid.truth.impacts) >= 1
    assert any(True for _ in raid.emissions())


def test_every_key_is_told_and_no_other() -> None:
    assert list(KEYS) == list(TABLES)
    for table, keys in KEYS.items():
        assert list(keys) == list(TABLES[table].__struct_fields__), table
        assert set(LIMITS.get(table, {})) <= set(keys), table
