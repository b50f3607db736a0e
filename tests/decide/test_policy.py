"""The policy is a table: complete, ordered by severity, printable, refused when it is wrong."""

from dataclasses import fields, replace

import numpy as np
import pytest

from tocsin.decide import POLICIES
from tocsin.decide.policy import GENERAL_WHY, WARNED_BY_CHANCE, Policy, arrival_tolerance_s, table
from tocsin.words import THREATS

DEFAULT = POLICIES["default"]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
@pytest.mark.parametrize("threat", THREATS)
def test_milder_stages_look_farther_ahead(policy: Policy, threat: str) -> None:
    rows = [policy.row(threat, stage) for stage in WARNED_BY_CHANCE]
    longest_s = [row.ahead_s + (policy.shelter_s_default if row.add_shelter else 0) for row in rows]
    assert longest_s == sorted(longest_s, reverse=True)


@pytest.mark.parametrize("threat", ["drone", "cruise"])
def test_take_cover_looks_past_the_time_to_shelter(threat: str) -> None:
    row = DEFAULT.row(threat, "take_cover")
    assert row.add_shelter
    assert 60 <= row.ahead_s <= 120
    assert row.ahead_s + row.off_ahead_s + DEFAULT.shelter_s_default == 300  # measured hysteresis


def test_ballistic_stay_is_that_of_home_front_command() -> None:
    assert DEFAULT.stay("ballistic").minimum_s == 600
    assert DEFAULT.stay("drone").minimum_s >= 180


def test_every_number_has_a_reason() -> None:
    for policy in POLICIES.values():
        for line in (*policy.rows, *policy.stays):
            assert len(line.why) > 20
    general = {item.name for item in fields(Policy)} - {"name", "rows", "stays"}
    assert set(GENERAL_WHY) == general
    assert all(len(why) > 20 for why in GENERAL_WHY.values())


def test_table_prints_every_row() -> None:
    text = table(DEFAULT)
    for row in DEFAULT.rows:
        line = next(x for x in text.splitlines() if x.startswith(f"| {row.threat} | {row.stage} |"))
        assert f"{row.chance:g}" in line
        assert f"{row.ahead_s:g} s" in line
    assert text.count("\n| ballistic |") == 4


@pytest.mark.parametrize(
    ("remaining_s", "tolerance_s"), [(-50, 20), (0, 20), (100, 20), (300, 60), (1800, 120)]
)
def test_arrival_tolerance_has_floor_slope_and_cap(remaining_s: float, tolerance_s: float) -> None:
    assert arrival_tolerance_s(DEFAULT, np.array([remaining_s]))[0] == tolerance_s


FIRST = DEFAULT.rows[0]


@pytest.mark.parametrize(
    "change",
    [
        {"rows": DEFAULT.rows[1:]},
        {"rows": (*DEFAULT.rows, FIRST)},
        {"rows": (replace(FIRST, chance=0.0), *DEFAULT.rows[1:])},
        {"rows": (replace(FIRST, chance=float("nan")), *DEFAULT.rows[1:])},
        {"rows": (replace(FIRST, off_fraction=1.0), *DEFAULT.rows[1:])},
        {"rows": (replace(FIRST, ahead_s=0.0), *DEFAULT.rows[1:])},
        {"rows": (replace(FIRST, hold_s=-1.0), *DEFAULT.rows[1:])},
        {"stays": DEFAULT.stays[1:]},
        {"renew_s": 300.0},
    ],
)
def test_wrong_policies_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="policy 'default'"):
        replace(DEFAULT, **change)
