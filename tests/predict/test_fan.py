"""The shipped fans: symmetric, no faster than flown, and as wide as declared."""

import numpy as np
import pytest

from tocsin.predict.fan import CRUISE, DRONE, Habits, fan
from tocsin.words import HORIZONS_S

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
    made = fan(DRONE)
    sampled_m = np.sort(made.flown_m[:, :40].ravel())
    assert np.diff(sampled_m).max() < 50.0


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
