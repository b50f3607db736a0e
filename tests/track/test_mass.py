"""From ten targets to three thousand with nothing tuned; batches, decoys, clutter that differs."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.track.scene import (
    S,
    Swarm,
    clutter,
    flights,
    rotating,
    scan,
    swarm,
    watching,
)
from tests.track.sky import T0, Radar, concatenate, place
from tocsin.track import Picture
from tocsin.track.clutter import cell, density_pm2
from tocsin.words import FloatArray, Tracks

FIELD_M = 130_000.0
"""Half a side of the square in which all fly: it fits into the disc of a radar of 200 km."""
FALSE = 20.0  # plots a scan
LOOKS = (5, 14)


def judged(tracks: Tracks, truth: FloatArray, cut_m: float = 1000.0) -> tuple[int, int]:
    """How many of `truth` (n,3) have a confirmed track, and how many confirmed tracks are of none.

    A second track at one target is of none.
    """
    apart, whose = cKDTree(truth).query(tracks.position_m[tracks.confirmed])
    found = len(np.unique(whose[apart < cut_m]))
    return found, len(apart) - found


@functools.cache
def confirmed(count: int, seeds: int) -> dict[int, tuple[float, float]]:
    """After so many looks, the share of `count` that is confirmed, and false ones for each."""
    found: dict[int, list[tuple[int, int]]] = {looks: [] for looks in LOOKS}
    radar = Radar((0.0, 0.0, 500.0), scan_s=4.0)
    for seed in range(501, 501 + seeds):
        rng = np.random.default_rng(seed)
        flying, picture = swarm(count, rng, FIELD_M), Picture()
        for k in range(max(LOOKS)):
            t_s, now_ns = 4.0 * k, T0 + 4 * k * S
            batch = scan(radar, flying.at(t_s), t_s, rng, clutter(FALSE, rng, FIELD_M))
            picture.update(now_ns, batch, watching([radar], now_ns))
            if k + 1 in LOOKS:
                found[k + 1].append(judged(picture.tracks(), flying.at(t_s)))
    shares = {looks: np.mean(rows, axis=0) / count for looks, rows in found.items()}
    print(f"{count} targets: " + ", ".join(
        f"after {looks} looks {share[0]:.4f}, false {share[1]:.4f}"
        for looks, share in shares.items()
    ))  # fmt: skip
    return {looks: (float(share[0]), float(share[1])) for looks, share in shares.items()}


@pytest.mark.parametrize(("count", "seeds"), [(10, 12), (100, 4), (1000, 1), (3000, 1)])
def test_ten_to_three_thousand_are_confirmed_alike(count: int, seeds: int) -> None:
    """All are there at the first look. Nine in ten reports are made: three of five, in 99 %."""
    shares = confirmed(count, seeds)
    assert shares[5][0] >= 0.9
    assert shares[14][0] >= 0.99


@pytest.mark.parametrize(("count", "seeds"), [(10, 12), (100, 4), (1000, 1), (3000, 1)])
def test_however_many_there_are_few_are_false(count: int, seeds: int) -> None:
    """A track is confirmed at existence 0.98: one in fifty may be of nothing, for a while."""
    shares = confirmed(count, seeds)
    assert shares[5][1] <= 0.02 + 1.0 / count
    assert shares[14][1] <= 0.01


def test_a_raid_through_a_rotating_radar_in_batches() -> None:
    """A thousand targets as a radar reports them: some in each twenty milliseconds.

    Who flies fast is tried with the reports of each batch in turn, so it takes some scans more than
    at one look: half a minute.
    """
    rng, radar = np.random.default_rng(511), Radar((0.0, 0.0, 500.0), scan_s=4.0)
    paths, picture = flights(1000, rng, FIELD_M), Picture()
    after = {}
    for batch in rotating(radar, paths, 4.0 * 14, rng, FALSE):
        now_ns = int(batch.t_ns.max())
        scans = (now_ns - T0) // (4 * S)  # that are whole
        if scans in (5, 7) and scans not in after:
            truth = np.array([path((now_ns - T0) / S) for path in paths])
            after[scans] = judged(picture.tracks(), truth)
        picture.update(now_ns, batch, watching([radar], now_ns))
    truth = np.array([path(56.0) for path in paths])
    after[14] = judged(picture.tracks(), truth)
    print(f"after scans: found and false {after}")
    assert after[7][0] >= 900
    assert max(false for _, false in after.values()) <= 20
    assert after[14][0] >= 990
    assert after[14][1] <= 10


def joined(*parts: Swarm) -> Swarm:
    return Swarm(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("start", "velocity", "on_s", "off_s")
        )
    )


def falling(threats: Swarm, at_s: float, rate_mps: float) -> Swarm:
    """What each of the threats drops at `at_s`: it keeps a third of the speed and sinks."""
    velocity = threats.velocity / 3.0 - [0.0, 0.0, rate_mps]
    there = threats.start + threats.velocity * at_s
    ground_s = at_s + there[:, 2] / rate_mps
    return Swarm(there - velocity * at_s, velocity, np.full(len(there), at_s), ground_s)


@pytest.mark.parametrize("seed", [521, 522])
def test_decoys_slow_and_falling_take_nothing_from_the_threats(seed: int) -> None:
    """Twenty threats, each with a slow decoy beside it; half of them drop one that falls."""
    # from the middle the ground is in sight wherever one falls: 92 km (4/3 earth, 500 m)
    rng, radar = np.random.default_rng(seed), Radar((0.0, 0.0, 500.0), scan_s=2.0)
    threats = swarm(20, rng, 40_000.0)
    threats.velocity[:] *= (200.0 / np.linalg.norm(threats.velocity, axis=1))[:, None]
    threats.start[:, 2] = rng.uniform(3000.0, 6000.0, 20)
    slow = replace(
        threats,
        start=threats.start + rng.normal(0.0, 1.0, (20, 3)) * [600.0, 600.0, 100.0],
        velocity=threats.velocity * 0.15,
    )
    half = Swarm(*(getattr(threats, name)[:10] for name in ("start", "velocity", "on_s", "off_s")))
    fallen = falling(half, 40.0, 80.0)
    flying, picture = joined(threats, slow, fallen), Picture()
    held, false = [], []
    for k in range(80):
        t_s, now_ns = 2.0 * k, T0 + 2 * k * S
        batch = scan(radar, flying.at(t_s), t_s, rng, clutter(FALSE, rng, 50_000.0))
        picture.update(now_ns, batch, watching([radar], now_ns))
        tracks = picture.tracks()
        if k >= 10:
            fast = np.linalg.norm(tracks.velocity_mps, axis=1) > 100.0
            sure = tracks.position_m[tracks.confirmed & fast]
            held.append((cKDTree(sure).query(threats.at(t_s))[0] < 1000.0).mean())
        if k >= 70:  # the last has lain on the ground for a minute
            false.append(judged(tracks, flying.at(t_s))[1])
    print(f"threats held {np.mean(held):.3f}, least {min(held):.2f}; false at the end {max(false)}")
    assert fallen.off_s.max() < 120.0
    assert np.mean(held) >= 0.98
    assert min(held) >= 0.85
    assert max(false) <= 1


def test_each_radar_learns_its_own_clutter_field_by_field() -> None:
    """One radar has 300 false plots in the east and 30 in the west, the other 100 all over."""
    rng = np.random.default_rng(531)
    radars = [Radar((0.0, 0.0, 500.0), scan_s=2.0), Radar((0.0, -1000.0, 500.0), scan_s=2.0)]
    flying, picture, half_m = swarm(20, rng, 30_000.0), Picture(), 40_000.0
    area_m2 = 2.0 * (2.0 * half_m) * half_m

    def field(mean: float, east: float) -> FloatArray:
        count = rng.poisson(mean)
        side = rng.uniform(0.0, half_m * 1.0, count) * east
        where = np.stack(
            [side, rng.uniform(-half_m, half_m, count), rng.uniform(0.0, 1e4, count)], axis=1
        )
        return place(where).reshape(-1, 3)

    for k in range(50):
        now_ns = T0 + 2 * k * S
        ghosts = [
            np.concatenate([field(300.0, 1.0), field(30.0, -1.0)]),
            np.concatenate([field(50.0, 1.0), field(50.0, -1.0)]),
        ]
        parts = [
            scan(radar, flying.at(2.0 * k), 2.0 * k, rng, ghost, sensor=s)
            for s, (radar, ghost) in enumerate(zip(radars, ghosts, strict=True))
        ]
        picture.update(now_ns, concatenate(parts), watching(radars, now_ns))
    told = {(0, 1.0): 300.0, (0, -1.0): 30.0, (1, 1.0): 50.0, (1, -1.0): 50.0}
    for (s, east), mean in told.items():
        chart = picture._sky.charts[s]
        # away from the borders of the fields: an estimate is that of three by three cells
        spots = [place((east * e, n, 3000.0)) for e in (14e3, 20e3, 26e3) for n in (-2e4, 0, 2e4)]
        learnt = np.mean([density_pm2(chart, *cell(chart, spot)) for spot in spots])
        due = mean / (area_m2 / 2.0)
        print(f"radar {s}, {'east' if east > 0 else 'west'}: {learnt / due:.2f} of the true")
        assert learnt == pytest.approx(due, rel=0.3)
    tracks = picture.tracks()
    found, false = judged(tracks, flying.at(98.0))
    assert found >= 19
    assert false <= 1
