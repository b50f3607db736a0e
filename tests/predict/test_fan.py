"""The shipped fans: symmetric, no faster than flown, and as wide as declared."""

import numpy as np
import pytest

from tests.predict.squares import Squares, moving
from tocsin.predict import cruise
from tocsin.predict.aims import RATES
from tocsin.predict.fan import CRUISE, DRONE, Habits, fan
from tocsin.predict.tally import Strikes
from tocsin.predict.zonal import raster
from tocsin.words import HORIZONS_S, FloatArray

KINDS = [pytest.param(DRONE, id="drone"), pytest.param(CRUISE, id="cruise")]


@pytest.mark.parametrize("habits", KINDS)
def test_second_half_mirrors_the_first(habits: Habits) -> None:
    made = fan(habits)
    half = len(made.heading) // 2
    assert np.array_equal(made.ahead_m[:half], made.ahead_m[half:])
    assert np.array_equal(made.left_m[:half], -made.left_m[half:])
    assert np.array_equal(made.heading[:half], -made.heading[half:])
    assert np.array_equal(made.across[:half], -made.across[half:])
    assert np.array_equal(made.flown_m[:half], made.flown_m[half:])


@pytest.mark.parametrize("habits", KINDS)
def test_paths_are_long_enough_and_flown_once(habits: Habits) -> None:
    made = fan(habits)
    assert made.step_m.sum() >= habits.speed_mps[1] * HORIZONS_S[-1]
    assert (np.diff(made.flown_m, axis=1) > 0.0).all()
    away_m = np.hypot(made.ahead_m, made.left_m)
    assert (away_m <= made.flown_m * (1.0 + 1e-9)).all()
    moved_m = np.hypot(np.diff(made.ahead_m, axis=1), np.diff(made.left_m, axis=1))
    assert (moved_m <= np.diff(made.flown_m, axis=1) * (1.0 + 1e-9)).all()


def test_each_metre_is_sampled_by_some_path() -> None:
    """Far closer together than the cells of the grid, as far as a drone flies in a quarter hour."""
    sampled_m = np.sort(fan(DRONE).flown_m.ravel())
    assert np.diff(sampled_m[sampled_m < 25_000.0]).max() < 50.0
    assert np.diff(sampled_m[sampled_m < 48_000.0]).max() < 100.0


@pytest.mark.parametrize(
    ("habits", "speed_mps", "most"),
    [
        pytest.param(DRONE, 50.0, (0.035, 0.09), id="drone"),
        pytest.param(CRUISE, 240.0, (0.11, 0.17), id="cruise"),
    ],
)
def test_chances_are_those_of_a_dense_fan(
    monkeypatch: pytest.MonkeyPatch, habits: Habits, speed_mps: float, most: tuple[float, float]
) -> None:
    """Relative error (root mean square) of chances above 1/500, within 180 and 600 s."""
    zones = Squares(48.0, 30.0, 40, 50, 4_000.0)
    grid = raster(zones, RATES["people"])
    flights = _flights(zones, speed_mps)
    ours = _chances(zones, cruise.strikes(grid, fan(habits), flights, np.zeros(len(flights))))
    monkeypatch.setattr("tocsin.predict.fan.PATHS", 2_048)
    monkeypatch.setattr("tocsin.predict.fan._STEP_M", 150.0)
    monkeypatch.setattr("tocsin.predict.fan._STEP_GROWTH", 0.02)
    dense = _chances(zones, cruise.strikes(grid, fan(habits), flights, np.zeros(len(flights))))
    for horizon_s, bound in zip((180, 600), most, strict=True):
        h = HORIZONS_S.index(horizon_s)
        likely = dense[:, :, h] > 0.002
        assert likely.sum() > 60
        error = ours[:, :, h][likely] / dense[:, :, h][likely] - 1.0
        assert np.sqrt(np.mean(error**2)) < bound


def _flights(zones: Squares, speed_mps: float) -> cruise.Flyers:
    """Twelve flights from about the middle of the map in all directions."""
    rng = np.random.default_rng(1)
    heading = np.arange(12) * np.pi / 6.0 + 0.1
    velocity = speed_mps * np.stack([np.sin(heading), np.cos(heading), 0.0 * heading], axis=1)
    tracks = moving(*zones.at(*rng.uniform(18.0, 26.0, (2, 12))), 500.0, velocity, sd_m=30.0)
    return cruise.Flyers(
        position_m=tracks.position_m,
        velocity_mps=tracks.velocity_mps,
        covariance=tracks.covariance,
        lag_s=np.zeros(12),
    )


def _chances(zones: Squares, found: Strikes) -> FloatArray:
    """Chance of each zone for each flight within each horizon."""
    table = np.zeros((12, len(zones), len(HORIZONS_S)))
    table[found.job, found.zone] = found.chance
    return table


@pytest.mark.parametrize("habits", KINDS)
def test_share_of_paths_with_a_waypoint_is_the_declared_one(habits: Habits) -> None:
    straight = habits._replace(waves=((1e9, 0.0), (1e9, 0.0)))
    made = fan(straight)
    for distance_m in (0.25 * habits.leg_m, habits.leg_m):
        step = int(np.searchsorted(np.cumsum(made.step_m), distance_m))
        turned = np.abs(made.left_m[:, step]) > 1.0
        expected = -np.expm1(-made.flown_m[:, step].mean() / habits.leg_m)
        assert turned.mean() == pytest.approx(expected, abs=0.05)


def test_no_habits_no_spread() -> None:
    made = fan(DRONE._replace(leg_m=1e12, waves=((1e4, 0.0), (1e5, 0.0))))
    assert np.abs(made.left_m).max() == 0.0
    assert np.allclose(made.ahead_m, made.flown_m)
