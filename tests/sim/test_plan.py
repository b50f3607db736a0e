"""The scenario file: what is written is read back; what cannot work is refused in one line."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.sim import plan as plans
from tocsin.sim.plan import FlightPlan, Plan
from tocsin.sim.scenarios import SCENARIOS
from tocsin.words import SensorSite

BY_HAND = """
name = "mine"
seed = 7
country = "ua"
seconds = 120.0
t_ns_start = 1790000000000000000

[[sensors]]
name = "radar-1"
lat_deg = 50.0
lon_deg = 36
sac = 254
sic = 1

[[flights]]
id = "one"
kind = "drone"
ends = "impact"
waypoints = [[50.1, 36.1, 500], [50.0, 36.2, 0]]
"""

numbers = st.floats(-80.0, 80.0)
flights = st.builds(
    FlightPlan,
    id=st.text(min_size=1, max_size=8),
    kind=st.sampled_from(["drone", "aircraft", "bird"]),
    waypoints=st.lists(st.tuples(numbers, numbers, numbers), min_size=2, max_size=4).map(tuple),
    speed_mps=st.floats(0.1, 900.0),
)


def test_a_file_written_by_hand_needs_only_what_has_no_default() -> None:
    plan = plans.parse(BY_HAND)
    assert plan.flights[0].speed_mps == 50.0
    assert plan.flights[0].waypoints == ((50.1, 36.1, 500.0), (50.0, 36.2, 0.0))
    assert plan.sensors[0].detection_chance == 0.9


@settings(deadline=None)  # no speed assertions: the machine may be busy
@given(st.lists(flights, max_size=4, unique_by=lambda f: f.id), st.integers(0, 2**60))
def test_what_is_written_is_read_back_equal(many: list[FlightPlan], seed: int) -> None:
    plan = Plan(
        name='a "quoted" \\ name',
        seed=seed,
        country="ua",
        seconds=0.1 + 0.2,
        t_ns_start=1_790_000_000_123_456_789,
        sensors=(SensorSite(name="r", lat_deg=1 / 3, lon_deg=2.0, sac=1, sic=2),),
        flights=tuple(many),
        wind_mps=(-1e-9, 7.25),
    )
    assert plans.parse(plans.dump(plan)) == plan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "drone"', 'kind = "dragon"'), "kind = 'dragon': choose from drone, cruise"),
        (('ends = "impact"', 'ends = "well"'), "ends = 'well': choose from impact, leaves"),
        (("sac = 254", "sac = 300"), "sac and sic must be 0 to 255"),
        (("[50.1, 36.1, 500], ", ""), "at least two waypoints"),
        (('ends = "impact"', "speed = 5"), "unknown field `speed`"),
        (("seconds = 120.0", 'seconds = "long"'), "Expected `float`, got `str`"),
        (("seconds = 120.0", "seconds = 0.0"), "seconds must be more than 0"),
        (('ends = "impact"', "speeds_mps = [1.0]"), "speeds_mps needs one value, not negative"),
        (('ends = "impact"', "holds_s = [1.0, -1.0]"), "holds_s needs one value, not negative"),
        (('ends = "impact"', "boost_s = -1"), "boost_s and echo_m2 must not be negative"),
        (('ends = "impact"', 'ends = "impact"\nspeed_mps = 0.0'), "or 0 of what floats and leaves"),
        (('ends = "impact"', "accel_mps2 = 0.0"), "accel_mps2 must be more than 0"),
        (("seed = 7", "seed = -1"), "seed must not be negative"),
        (("seed = 7", "seed = "), "not TOML"),
        (('ends = "impact"', "start_s = 500.0"), "start_s lies after the end"),
        (('ends = "impact"', "mode_3a = 4096"), "mode_3a has 12 bits"),
        (('ends = "impact"', "dive_deg = 90.0"), "between 0 and 90"),
        (("[50.1, 36.1, 500]", "[36.1, 236.1, 500]"), "a waypoint is"),
        (('name = "mine"', 'name = "mine"\nformat = 9'), "this version reads 1"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(change: tuple[str, str], message: str) -> None:
    assert change[0] in BY_HAND
    with pytest.raises(ValueError) as refused:
        plans.parse(BY_HAND.replace(*change))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_names_are_unique() -> None:
    twice = BY_HAND + BY_HAND[BY_HAND.index("[[flights]]") :]
    with pytest.raises(ValueError, match="same name twice"):
        plans.parse(twice)


def test_the_file_in_the_manual_works_and_the_manual_lists_every_key(root: Path) -> None:
    manual = (root / "docs" / "reference" / "scenarios.md").read_text(encoding="utf-8")
    example = manual.split("```toml\n")[1].split("```")[0]
    assert plans.parse(example).name == "one drone"
    listed = set(re.findall(r"`(\w+)`", manual))
    assert set(FlightPlan.__struct_fields__) <= listed
    assert set(Plan.__struct_fields__) - {"sensors", "flights"} <= listed
    assert {f"`{name}`" for name in SCENARIOS} <= set(re.findall(r"`[\w-]+`", manual))
