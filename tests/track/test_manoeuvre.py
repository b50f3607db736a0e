"""Targets that turn, weave, stop and go; and whether the covariance admits it."""

import numpy as np
import pytest

from tests.track.scene import flights
from tests.track.sky import Path, Radar, nearest, place, run, watch
from tocsin.words import FloatArray


def flown(speed: float, legs: list[tuple[float, float]], height: float = 2000.0) -> Path:
    """A flight of legs (seconds, turn in deg/s, left positive) at one speed, by fine steps."""
    step_s, heading, at, track = 0.05, 0.0, np.zeros(2), [np.zeros(2)]
    for seconds, turn in legs:
        for _ in range(round(seconds / step_s)):
            heading += np.radians(turn) * step_s
            at = at + speed * step_s * np.array([np.sin(-heading), np.cos(heading)])
            track.append(at)
    line = np.array(track)
    return lambda t: place([*line[min(round(t / step_s), len(line) - 1)], height])


@pytest.mark.parametrize(
    ("speed", "legs"),
    [
        (200.0, [(40.0, 0.0), (60.0, 3.0), (40.0, 0.0)]),  # the standard turn
        (250.0, [(40.0, 0.0), (20.0, -4.0), (20.0, 4.0), (40.0, 0.0)]),  # weaves, 1.8 g
        (250.0, [(40.0, 0.0), (20.0, -6.0), (20.0, 6.0), (40.0, 0.0)]),  # evades, 2.7 g
        (50.0, [(30.0, 0.0), (15.0, 6.0), (30.0, 0.0), (15.0, -6.0), (30.0, 0.0)]),  # a drone
    ],
)
def test_what_turns_is_followed(speed: float, legs: list[tuple[float, float]]) -> None:
    """One track, one name; nearer to the truth than the reports are."""
    radar = Radar((0.0, -40_000.0, 500.0), scan_s=2.0)
    path, seconds = flown(speed, legs), sum(leg[0] for leg in legs)
    miss, plots = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        batches = watch(radar, [path], seconds, rng, false_per_scan=3.0)
        shown = run(batches, [radar])
        names = set()
        for k in range(8, len(shown)):
            row = nearest(shown[k], path(2.0 * k))
            assert row >= 0
            names.add(int(shown[k].id[row]))
            assert shown[k].confirmed.sum() == 1
            miss.append(np.linalg.norm(shown[k].position_m[row] - path(2.0 * k)))
            plots.append(np.linalg.norm(radar.see(path(2.0 * k), rng)[0] - path(2.0 * k)))
        assert len(names) == 1
    rms, raw = np.sqrt(np.mean(np.square(miss))), np.sqrt(np.mean(np.square(plots)))
    print(f"rms {rms:.0f} m, reports {raw:.0f} m")
    assert rms < 0.8 * raw
    assert max(miss) < 1000.0


def test_what_stops_and_goes_is_one_track_and_seen_to_stand() -> None:
    """A helicopter: 60 m/s, a minute's hover, 60 m/s."""
    radar = Radar((0.0, -40_000.0, 500.0), scan_s=2.0)

    def path(t: float) -> FloatArray:
        return place([60.0 * (min(t, 60.0) + max(t - 120.0, 0.0)), 0.0, 500.0])

    standing = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        shown = run(watch(radar, [path], 180.0, rng, false_per_scan=3.0), [radar])
        names = set()
        for k in range(8, 90):
            row = nearest(shown[k], path(2.0 * k))
            assert row >= 0
            names.add(int(shown[k].id[row]))
        assert len(names) == 1
        assert shown[-1].confirmed.sum() == 1
        standing.append(np.linalg.norm(shown[58].velocity_mps[nearest(shown[58], path(116.0))]))
    print(f"speed while standing {np.mean(standing):.1f} m/s")
    assert np.mean(standing) < 12.0


def test_the_covariance_means_what_it_says() -> None:
    """Squared errors over covariances of straight flights: chi-square with 6 degrees, NEES."""
    lengths = []
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=4.0)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        paths = flights(6, rng, 25_000.0)
        shown = run(watch(radar, paths, 100.0, rng), [radar])
        for k in range(12, 25):
            for path in paths:
                row = nearest(shown[k], path(4.0 * k))
                if row < 0:
                    continue
                at = path(4.0 * k)
                truth = np.append(at, (path(4.0 * k + 0.5) - path(4.0 * k - 0.5)))
                state = np.append(shown[k].position_m[row], shown[k].velocity_mps[row])
                miss = state - truth
                lengths.append(miss @ np.linalg.solve(shown[k].covariance[row], miss))
    beyond = np.mean(np.array(lengths) > 22.46)
    print(f"NEES {np.mean(lengths):.2f} of 6, {beyond:.4f} beyond 99.9 %")
    assert 2.0 < np.mean(lengths) < 7.0
    assert beyond < 0.01
