"""Level flight: mass, symmetry, arrival times, and chances that a policy can act on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares, moving
from tocsin.predict import cruise
from tocsin.predict.fan import CRUISE, DRONE, Fan, Habits, fan
from tocsin.predict.tally import Strikes
from tocsin.predict.zonal import Raster, raster
from tocsin.words import HORIZONS_S, THREATS, FloatArray

TILES = Squares(48.5, 30.0, 25, 25, 4_000.0)
WIDE = Squares(48.0, 30.0, 10, 10, 20_000.0)
ISLANDS = Squares(48.5, 30.0, 20, 20, 2_000.0, gap_m=2_500.0)
GRIDS = {id(zones): raster(zones) for zones in (TILES, WIDE, ISLANDS)}
FANS = {"drone": fan(DRONE), "cruise": fan(CRUISE)}
H180 = HORIZONS_S.index(180)
THRESHOLD = 0.02  # what a policy would warn at


def flyers(
    zones: Squares, row: float, column: float, enu_mps: FloatArray, **uncertainty: float
) -> cruise.Flyers:
    tracks = moving(*zones.at(row, column), 500.0, enu_mps, **uncertainty)
    return cruise.Flyers(
        position_m=tracks.position_m,
        velocity_mps=tracks.velocity_mps,
        covariance=tracks.covariance,
        lag_s=np.zeros(1),
    )


def chances(
    zones: Squares,
    row: float,
    column: float,
    enu_mps: tuple[float, float, float],
    kind: str = "drone",
) -> FloatArray:
    """Chance of each zone within each horizon, shape (zones, H)."""
    flight = flyers(zones, row, column, np.array(enu_mps))
    return table(zones, cruise.strikes(GRIDS[id(zones)], FANS[kind], flight, np.zeros(1)))


def table(zones: Squares, found: Strikes) -> FloatArray:
    full = np.zeros((len(zones), len(HORIZONS_S)))
    full[found.zone] = found.chance
    return full


def total(grid: Raster, spread: Fan, flight: cruise.Flyers) -> float:
    size = spread.flown_m.size * grid.longest
    columns = np.empty(size, dtype=np.int32), np.empty(size), np.empty(size)
    (start,) = cruise.starts(spread, flight)
    return float(cruise.fly(grid, start, spread, *columns)[1])


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-3.0, 23.0),
    st.floats(-3.0, 23.0),
    st.floats(0.0, 2.0 * np.pi),
    st.floats(1.0, 400.0),
    st.floats(-30.0, 10.0),
    st.sampled_from(THREATS[:2]),
)
def test_ends_never_add_up_to_more_than_one(
    row: float, column: float, heading: float, speed_mps: float, climb_mps: float, kind: str
) -> None:
    """Islands lie so far apart that no end harms two of them: then the chances add up."""
    grid = GRIDS[id(ISLANDS)]
    velocity = np.array([speed_mps * np.sin(heading), speed_mps * np.cos(heading), climb_mps])
    flight = flyers(ISLANDS, row, column, velocity, sd_mps=3.0)
    found = cruise.strikes(grid, FANS[kind], flight, np.zeros(1))
    ended = total(grid, FANS[kind], flight)
    assert found.chance[:, -1].sum() <= ended + 1e-9
    assert ended <= 1.0 + 1e-9
    assert (np.diff(found.chance, axis=1) >= 0.0).all()
    assert (np.diff(found.quantiles_s, axis=1) >= 0.0).all()


def test_islands_are_apart_as_the_test_above_needs() -> None:
    assert GRIDS[id(ISLANDS)].longest == 1


@pytest.mark.parametrize("kind", ["drone", "cruise"])
def test_left_and_right_are_alike(kind: str) -> None:
    """Flying north along a column's middle: the columns on both sides mirror one another."""
    found = chances(TILES, 5.0, 12.5, (0.0, 60.0, 0.0), kind)[:, -1].reshape(25, 25)
    near = found[:, 8:17]
    assert near.max() > 0.05
    # The map narrows towards north and cells are not centred on the line: 3 % of the largest.
    assert np.abs(near - near[:, ::-1]).max() < 0.03 * near.max()


def straight(habits: Habits) -> Fan:
    return fan(habits._replace(leg_m=1e12, speed_change=0.0, waves=((1e4, 0.0), (1e5, 0.0))))


@pytest.mark.parametrize(("kind", "habits", "speed_mps"), [(0, DRONE, 50.0), (1, CRUISE, 240.0)])
@pytest.mark.parametrize("away", [2, 4, 8])
def test_straight_flight_arrives_after_distance_by_speed(
    kind: int, habits: Habits, speed_mps: float, away: int
) -> None:
    """Known exactly and never turning: half of the arrivals come at the middle of the zone."""
    zones = Squares(0.0, 30.0, 1, 10, 1_000.0, gap_m=9_000.0, density_per_km2=0.0)
    grid = raster(zones)
    flight = flyers(zones, 0.05, 0.05, np.array([speed_mps, 0.0, 0.0]), sd_m=0.0, sd_mps=0.0)
    found = cruise.strikes(grid, straight(habits), flight, np.zeros(1))
    at = int(np.flatnonzero(found.zone == away)[0])
    inside = _reach_m(grid, zones, away)
    flown_m = (inside[0] + inside[1]) / 2.0
    assert found.quantiles_s[at, 1] == pytest.approx(flown_m / speed_mps, abs=1.0)
    assert abs(flown_m - away * 10_000.0) < 500.0  # the equator is 0.1 % longer than the sphere's
    assert found.quantiles_s[at, 0] == pytest.approx(inside[0] / speed_mps, abs=2.0)
    assert found.quantiles_s[at, 2] == pytest.approx(inside[1] / speed_mps, abs=2.0)


def _reach_m(grid: Raster, zones: Squares, zone: int) -> tuple[float, float]:
    """Distances along the equator at 5 % and 95 % of the cells that list `zone`."""
    lat_deg, lon_deg = zones.at(0.05, 0.05)
    row = int((lat_deg - grid.south_deg) * grid.rows_per_deg)
    cells = row * grid.columns + np.arange(grid.columns)
    lists = grid.listing[cells]
    hits = [i for i, k in enumerate(lists) if zone in grid.zone[grid.start[k] : grid.start[k + 1]]]
    m_per_deg = 6_378_137.0 * np.pi / 180.0
    west_m, east_m = (
        (grid.west_deg + edge / grid.columns_per_deg - lon_deg) * m_per_deg
        for edge in (min(hits), max(hits) + 1)
    )
    return west_m + 0.05 * (east_m - west_m), east_m - 0.05 * (east_m - west_m)


def test_speed_uncertainty_widens_arrivals() -> None:
    slow = flyers(WIDE, 5.5, 0.5, np.array([50.0, 0.0, 0.0]), sd_mps=0.1)
    unsure = flyers(WIDE, 5.5, 0.5, np.array([50.0, 0.0, 0.0]), sd_mps=8.0)
    spans = []
    for flight in (slow, unsure):
        found = cruise.strikes(GRIDS[id(WIDE)], FANS["drone"], flight, np.zeros(1))
        at = int(np.flatnonzero(found.zone == 53)[0])
        spans.append(found.quantiles_s[at, 2] - found.quantiles_s[at, 0])
    assert spans[1] > 1.15 * spans[0]


@pytest.mark.parametrize("zones", [pytest.param(TILES, id="4km"), pytest.param(WIDE, id="20km")])
@pytest.mark.parametrize(
    ("kind", "speed_mps", "ahead_s"), [("drone", 50.0, 150.0), ("cruise", 240.0, 100.0)]
)
def test_zone_ahead_is_warned_and_zones_aside_and_behind_are_not(
    zones: Squares, kind: str, speed_mps: float, ahead_s: float
) -> None:
    """The middle of the zone is `ahead_s` ahead; half of the weight is on another kind.

    A cruise missile passes eleven 4 km zones in 180 s and can end in only one of them: what is
    left for each is less than for a drone, and passes the threshold later.
    """
    side_m, middle = zones.side_m, zones.rows // 2 + 0.5
    row = middle - ahead_s * speed_mps / side_m
    found = chances(zones, row, middle, (0.0, speed_mps, 0.0), kind)[:, H180]
    found = found.reshape(zones.rows, zones.columns)
    at = zones.rows // 2
    assert 0.5 * found[at, at] > THRESHOLD
    flown_rows = 180.0 * speed_mps / side_m
    behind = int(np.floor(row - 1_500.0 / side_m)) - 1
    if behind >= 0:
        assert found[: behind + 1].max() < THRESHOLD / 10.0
    aside = int(np.ceil(0.75 * flown_rows)) + 1
    if aside <= at:
        assert found[:, : at - aside].max(initial=0.0) < THRESHOLD / 2.0
        assert found[:, at + aside + 1 :].max(initial=0.0) < THRESHOLD / 2.0


def test_impacted_zones_pass_the_threshold_in_time() -> None:
    """A drone that weaves towards its target: every zone harmed was above it 100 s before."""
    for seed in range(12):
        random = np.random.default_rng(seed)
        target = random.uniform(8.0, 17.0, 2)
        bearing = random.uniform(0.0, 2.0 * np.pi)
        weave = np.radians(10.0) * np.sin(random.uniform(0.0, 6.0))
        away_m = 100.0 * 50.0
        start = target - away_m / TILES.side_m * np.array([np.cos(bearing), np.sin(bearing)])
        velocity = (50.0 * np.sin(bearing + weave), 50.0 * np.cos(bearing + weave), 0.0)
        found = chances(TILES, start[0], start[1], velocity)[:, H180]
        hit = int(TILES.locate(*(np.array([x]) for x in TILES.at(*target)))[0])
        assert found[hit] > 1.5 * THRESHOLD, seed


def test_chances_do_not_flicker() -> None:
    """Second by second along a straight line, no chance jumps: new ones rise from little."""
    series = np.array(
        [
            chances(TILES, 2.0 + t * 50.0 / TILES.side_m, 12.3, (0.0, 50.0, 0.0))
            for t in np.arange(0.0, 240.0, 1.0)
        ]
    )
    steps = np.abs(np.diff(series, axis=0))
    print(f"largest step in a second {steps.max():.4f}, at 180 s {steps[:, :, H180].max():.4f}")
    assert steps.max() < 0.012
    # And a rise is a rise: what goes up and down again within three seconds is far less.
    flicker = np.abs(series[2:] - 2.0 * series[1:-1] + series[:-2])
    print(f"largest second difference {flicker.max():.4f}")
    assert flicker.max() < 0.012


def test_chance_rises_as_the_drone_comes_closer() -> None:
    zone = 15 * 25 + 12
    rising = [
        chances(TILES, row, 12.5, (0.0, 50.0, 0.0))[zone, H180]
        for row in np.arange(12.0, 15.0, 0.2)
    ]
    assert rising[0] < THRESHOLD
    assert max(rising) > 5.0 * THRESHOLD
    assert (np.diff(rising) > -0.005).all()


def test_more_people_more_chance() -> None:
    found = []
    for density in (5.0, 3_000.0):
        zones = Squares(48.5, 30.0, 25, 25, 4_000.0, density_per_km2=density)
        flight = flyers(zones, 8.0, 12.5, np.array([0.0, 50.0, 0.0]))
        strikes = cruise.strikes(raster(zones), FANS["drone"], flight, np.zeros(1))
        found.append(table(zones, strikes)[9 * 25 + 12, H180])
    assert found[1] > 2.0 * found[0] > 2.0 * THRESHOLD


def test_a_dive_ends_near() -> None:
    level = chances(TILES, 12.5, 12.5, (0.0, 50.0, 0.0))
    diving = chances(TILES, 12.5, 12.5, (0.0, 50.0, -15.0))
    here = 12 * 25 + 12
    assert diving[here, 1] > 2.5 * level[here, 1]
    assert diving[15 * 25 + 12, -1] < level[15 * 25 + 12, -1]


def test_state_is_moved_on_by_its_lag() -> None:
    early = flyers(TILES, 10.0, 12.5, np.array([0.0, 50.0, 0.0]))
    later = flyers(TILES, 10.0 + 20 * 50.0 / 4_000.0, 12.5, np.array([0.0, 50.0, 0.0]))
    lagging = replace(early, lag_s=np.array([20.0]))
    grid = GRIDS[id(TILES)]
    ours = table(TILES, cruise.strikes(grid, FANS["drone"], lagging, np.zeros(1)))
    theirs = table(TILES, cruise.strikes(grid, FANS["drone"], later, np.zeros(1)))
    assert np.abs(ours - theirs).max() < 0.002


def test_speeds_outside_the_kind_are_brought_into_it() -> None:
    slow = flyers(TILES, 10.0, 12.5, np.array([0.0, 1.0, 0.0]))
    (start,) = cruise.starts(FANS["drone"], slow)
    assert start.speed_mps == DRONE.speed_mps[0]
    assert start.heading_sd_rad == cruise.HEADING_SD_MAX_RAD
    assert start.speed_sd <= cruise.SPEED_SD_MAX
