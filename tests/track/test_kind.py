"""What a flight is called, from its motion alone and with identity."""

import numpy as np
import pytest

from tests.track.sky import NOTHING, Radar, nearest, run, straight, watch
from tocsin.track.kind import AIRCRAFT, BALLISTIC, BIRD, CRUISE, DRONE, MODES, PRIOR
from tocsin.words import HINT_BIRD, KINDS, FloatArray

LOOKS = 12
"""Enough for a settled opinion: 44 s of a 4 s radar."""


def opinions(
    speed: float, height: float, climb: float = 0.0, seeds: int = 6, three_d: bool = True, **columns
) -> FloatArray:
    """Kind weights (seeds, K) of confirmed tracks after `LOOKS` scans."""
    radar = Radar((0.0, -40_000.0, 50.0), chance=0.95, three_d=three_d)
    told = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        heading = rng.uniform(0.0, 2.0 * np.pi)
        path = straight(
            (0.0, 0.0, height), (speed * np.cos(heading), speed * np.sin(heading), climb)
        )
        batches = watch(radar, [path], LOOKS * radar.scan_s, rng, **columns)
        shown = run(batches, [radar])[-1]
        assert shown.confirmed.any()
        told.append(shown.kind_weight[np.argmax(shown.hits)])
    return np.array(told)


@pytest.mark.parametrize(("speed", "height"), [(200, 8000), (235, 10_000), (270, 12_000)])
def test_an_airliner_without_identity_is_an_aircraft(speed: float, height: float) -> None:
    assert opinions(speed, height)[:, AIRCRAFT].min() > 0.95


@pytest.mark.parametrize(("speed", "height"), [(180, 300), (230, 100), (280, 800), (230, 1500)])
def test_low_and_fast_is_a_cruise_missile(speed: float, height: float) -> None:
    told = opinions(speed, height)
    assert (told.argmax(axis=1) == CRUISE).all()
    assert np.median(told[:, CRUISE]) > 0.5


@pytest.mark.parametrize(
    ("speed", "height"), [(35, 150), (50, 50), (50, 1000), (50, 3000), (70, 1500)]
)
def test_low_and_slow_is_a_drone(speed: float, height: float) -> None:
    assert np.median(opinions(speed, height)[:, DRONE]) > 0.7


@pytest.mark.parametrize(
    ("speed", "height", "climb"),
    [(50, 500, 0), (230, 300, 0), (230, 10_000, 0), (100, 1500, 12), (290, 200, 0)],
)
def test_an_identity_makes_an_aircraft_of_any_motion(
    speed: float, height: float, climb: float
) -> None:
    told = opinions(speed, height, climb, friend=True, mode_s=0x4B1805)
    assert told[:, AIRCRAFT].min() > 0.99


@pytest.mark.parametrize("speed", [9, 14, 19])
def test_a_bird_is_a_bird(speed: float) -> None:
    assert np.median(opinions(speed, 300.0)[:, BIRD]) > 0.5
    assert opinions(speed, 300.0, hint=HINT_BIRD)[:, BIRD].min() > 0.8


@pytest.mark.parametrize(
    ("speed", "height", "climb"), [(80, 400, 9), (100, 1200, 12), (140, 2500, 14)]
)
def test_climbing_out_leans_to_aircraft(speed: float, height: float, climb: float) -> None:
    told = opinions(speed, height, climb)
    assert np.median(told[:, AIRCRAFT]) > 0.6


@pytest.mark.parametrize("speed", [120, 180, 235, 280])
def test_fast_without_height_is_no_confident_threat(speed: float) -> None:
    told = opinions(speed, 10_000.0, three_d=False)
    assert told[:, AIRCRAFT].min() > 0.5
    assert told[:, [CRUISE, BALLISTIC]].sum(axis=1).max() < 0.4


def test_the_table_is_whole() -> None:
    assert sum(PRIOR) == pytest.approx(1.0)
    for kind in range(len(KINDS)):
        assert MODES[MODES[:, 0] == kind, 1].sum() == pytest.approx(1.0)


def test_weights_always_sum_to_one() -> None:
    radar = Radar()
    rng = np.random.default_rng(3)
    path = straight((30_000.0, 0.0, 900.0), (50.0, 10.0, 0.0))
    for shown in run(watch(radar, [path], 40.0, rng, false_per_scan=5.0), [radar]):
        assert np.allclose(shown.kind_weight.sum(axis=1), 1.0)
    assert nearest(shown, path(36.0)) >= 0
    assert len(NOTHING) == 0
