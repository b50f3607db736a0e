"""Mutes end, are lifted, and never grow without bound."""

import numpy as np
import pytest

from tests.decide.stories import Flight, arrivals
from tocsin.decide import POLICIES, memory
from tocsin.decide.memory import Mutes, limits
from tocsin.words import STAGES, THREATS

FLIGHTS = [Flight(zone=0, arrives_s=90, track=1), Flight(zone=1, arrives_s=90, track=1)]
FLIGHTS += [Flight(zone=0, arrives_s=90, track=2)]


def test_a_mute_is_of_one_track_at_one_key_and_ends() -> None:
    rows = arrivals(0.0, FLIGHTS)
    mutes = Mutes()
    mutes.add(0, np.array([1]), until_ns=100)
    assert list(zip(rows.zone, rows.track, strict=True)) == [(0, 1), (1, 1), (0, 2)]
    assert mutes.ignored(99, rows).tolist() == [True, False, False]
    assert mutes.ignored(100, rows).tolist() == [False, False, False]
    assert mutes.until_ns == {}


def test_lifting_forgets_one_key_only() -> None:
    mutes = Mutes()
    mutes.add(0, np.array([1, 2]), until_ns=100)
    mutes.add(3, np.array([1]), until_ns=100)
    mutes.lift(0)
    assert list(mutes.until_ns) == [(3, 1)]


def test_when_full_the_soonest_to_end_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MUTES_MAX", 3)
    mutes = Mutes()
    mutes.add(0, np.array([1, 2]), until_ns=50)
    mutes.add(0, np.array([3, 4]), until_ns=100)
    assert sorted(mutes.until_ns) == [(0, 2), (0, 3), (0, 4)]


def test_limits_are_the_rows_of_the_policy() -> None:
    policy = POLICIES["default"]
    laid = limits(policy)
    row = policy.row("cruise", "early")
    assert laid.on[1, 1] == row.chance
    assert laid.off[1, 1] == pytest.approx(0.004)  # as when it began at 0.01
    cover = policy.row("cruise", "take_cover")
    assert laid.on[1, 2] == cover.chance
    assert laid.off[1, 2] == pytest.approx(0.4 * cover.chance)
    assert laid.hold_ns[1, STAGES.index("early")] == row.hold_s * 1e9
    assert laid.minimum_ns[2, STAGES.index("stay")] == 600e9
    assert laid.minimum_ns.shape == (len(THREATS), len(STAGES))
