"""The air picture as a whole, on a seeded sky."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.track import sky
from tests.track.sky import (
    NOTHING,
    T0,
    Radar,
    concatenate,
    fixes,
    gospa,
    nearest,
    run,
    sensors,
    straight,
    subset,
    watch,
)
from tocsin.track import Picture
from tocsin.track.clutter import ClutterMaps
from tocsin.words import Fixes, FloatArray, Tracks

S = 1_000_000_000


def bytes_of(tracks: Tracks) -> bytes:
    return b"".join(getattr(tracks, name).tobytes() for name in Tracks.__slots__)


def flights(count: int, rng: np.random.Generator, box_m: float = 40_000.0) -> list[sky.Path]:
    paths = []
    for _ in range(count):
        heading, speed = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(40.0, 240.0)
        start = (*rng.uniform(-box_m, box_m, 2), rng.uniform(500.0, 9000.0))
        paths.append(straight(start, (speed * np.cos(heading), speed * np.sin(heading), 0.0)))
    return paths


class Reference:
    """The simplest tracker that deserves the name: one Kalman filter a track, nearest report first.

    Gate 4 s.d., confirmed by 4 reports, dropped after 5 misses.
    """

    def __init__(self) -> None:
        self.rows: list[list] = []

    def step(self, batch: Fixes, dt_s: float) -> FloatArray:
        f = np.eye(6)
        f[:3, 3:] = dt_s * np.eye(3)
        q = np.kron([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]], 10.0 * np.eye(3))
        cost = []
        for i, row in enumerate(self.rows):
            row[0], row[1] = f @ row[0], f @ row[1] @ f.T + q
            for j in range(len(batch)):
                y = batch.position_m[j] - row[0][:3]
                s = row[1][:3, :3] + batch.covariance_m2[j]
                if (length := float(y @ np.linalg.solve(s, y))) < 16.0:
                    cost.append((length + np.log(np.linalg.det(s)), i, j))
        mine: set[int] = set()
        used: set[int] = set()
        for _, i, j in sorted(cost):
            if i in mine or j in used:
                continue
            mine.add(i)
            used.add(j)
            row = self.rows[i]
            gain = np.linalg.solve(row[1][:3, :3] + batch.covariance_m2[j], row[1][:3]).T
            row[0] = row[0] + gain @ (batch.position_m[j] - row[0][:3])
            row[1] = row[1] - gain @ row[1][:3]
        for i, row in enumerate(self.rows):
            row[2], row[3] = (row[2] + 1, 0) if i in mine else (row[2], row[3] + 1)
        self.rows = [row for row in self.rows if row[3] < (5 if row[2] >= 4 else 2)]
        for j in sorted(set(range(len(batch))) - used):
            cov = np.zeros((6, 6))
            cov[:3, :3] = batch.covariance_m2[j]
            cov[3:, 3:] = 150.0**2 * np.eye(3)
            self.rows.append([np.append(batch.position_m[j], np.zeros(3)), cov, 1, 0])
        return np.array([row[0][:3] for row in self.rows if row[2] >= 4]).reshape(-1, 3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_worse_than_a_simple_tracker(seed: int) -> None:
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=1.0)
    paths = flights(15, rng, 20_000.0)
    batches = watch(radar, paths, 40.0, rng, false_per_scan=15.0, box_m=30_000.0)
    reference, ours, theirs = Reference(), [], []
    for k, shown in enumerate(run(batches, [radar])):
        truth = np.array([path(float(k)) for path in paths])
        simple = reference.step(batches[k], 1.0)
        if k >= 10:
            ours.append(gospa(truth, shown.position_m[shown.confirmed]))
            theirs.append(gospa(truth, simple))
    print(f"GOSPA {np.mean(ours):.0f} m, simple tracker {np.mean(theirs):.0f} m")
    assert np.mean(ours) < 1.1 * np.mean(theirs)  # which knows that all fly straight


def test_two_hundred_targets_in_two_hundred_false_reports_a_scan() -> None:
    rng = np.random.default_rng(21)
    radar = Radar((0.0, -70_000.0, 500.0), scan_s=1.0)
    paths = flights(200, rng)
    batches = watch(radar, paths, 40.0, rng, false_per_scan=200.0, box_m=50_000.0)
    ghosts = total = 0
    wrong, sure = [], []
    for k, shown in enumerate(run(batches, [radar])):
        truth = np.array([path(float(k)) for path in paths])
        apart = np.linalg.norm(shown.position_m[:, None] - truth[None], axis=2)
        real = (apart < 1000.0).any(axis=1)
        if k >= 5:
            ghosts += int((shown.confirmed & ~real).sum())
            total += int(shown.confirmed.sum())
            wrong += list(real)
            sure += list(shown.existence)
    found = (apart[shown.confirmed] < 1000.0).any(axis=0)
    print(f"found {found.sum()}, false confirmed {ghosts} of {total}, tracks {len(shown)}")
    assert found.all()
    assert ghosts < 0.01 * total
    # Existence means what it says: of the tracks called more than 90 % sure, more than 90 % are
    # real, and of those called less than 10 %, fewer than 30 % (false reports fall near targets).
    truly, called = np.array(wrong), np.array(sure)
    assert truly[called > 0.9].mean() > 0.9
    assert truly[called < 0.1].mean() < 0.3


def test_crossing_targets_keep_their_names() -> None:
    same = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        radar = Radar((0.0, -40_000.0, 500.0), scan_s=2.0)
        paths = [
            straight((-5000.0, -1500.0, 2000.0), (100.0, 30.0, 0.0)),
            straight((-5000.0, 1500.0, 2000.0), (100.0, -30.0, 0.0)),
        ]
        shown = run(watch(radar, paths, 100.0, rng), [radar])
        before = [int(shown[15].id[nearest(shown[15], path(30.0))]) for path in paths]
        after = [int(shown[-1].id[nearest(shown[-1], path(98.0))]) for path in paths]
        same += before == after and len(set(after)) == 2
    assert same >= 8


def test_a_track_is_never_confirmed_by_its_own_copy() -> None:
    rng = np.random.default_rng(4)
    radar = Radar(scan_s=4.0, chance=0.999)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    batches = watch(radar, [path], 8.0, rng)
    assert min(map(len, batches)) == 1
    picture = Picture()
    for batch in batches:  # two looks, each repeated again and again by other networks
        for copy in range(10):
            now = int(batch.t_ns[0]) + copy * S // 5
            late = fixes(batch.t_ns + copy * S // 10, batch.position_m, batch.covariance_m2)
            picture.update(now, late if copy % 2 else batch, sensors([radar], now))
            assert not picture.tracks().confirmed.any()
    assert len(picture.tracks()) < 6


def test_a_burst_shorter_than_two_seconds_confirms_nothing() -> None:
    rng = np.random.default_rng(4)
    radar = Radar(scan_s=0.3, chance=0.99)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    for shown in run(watch(radar, [path], 2.0, rng), [radar]):
        assert not shown.confirmed.any()


def test_lost_targets_are_dropped_and_silent_radars_are_not_believed() -> None:
    rng = np.random.default_rng(6)
    radar = Radar(scan_s=4.0)
    path = straight((30_000.0, 0.0, 3000.0), (60.0, 0.0, 0.0))
    batches = watch(radar, [path], 40.0, rng)
    alive, dead = Picture(), Picture()
    run(batches, [radar], alive)
    run(batches, [radar], dead)
    last = T0 + 36 * S
    assert alive.tracks().confirmed.sum() == 1
    for step in range(80):
        now = last + step * S // 2
        alive.update(now, NOTHING, sensors([radar], now))
        dead.update(now, NOTHING, sensors([radar], last))
    assert len(alive.tracks()) == 0
    assert dead.tracks().confirmed.sum() == 1
    dead.update(last + 120 * S, NOTHING, sensors([radar], last))
    assert len(dead.tracks()) == 0


def test_late_and_disordered_reports_do_no_harm() -> None:
    rng = np.random.default_rng(8)
    near, far = (
        Radar((0.0, -30_000.0, 300.0), scan_s=2.0),
        Radar((40_000.0, 0.0, 300.0), scan_s=4.0),
    )
    path = straight((0.0, 0.0, 2000.0), (70.0, 20.0, 0.0))
    stream = watch(near, [path], 60.0, rng) + [
        subset(batch, slice(None)) for batch in watch(far, [path], 60.0, rng, sensor=1)
    ]
    order = np.argsort([b.t_ns[0] + (rng.uniform(0, 5) * S if len(b) else 0) for b in stream
                        if len(b)], kind="stable")  # fmt: skip
    stream = [b for b in stream if len(b)]
    picture, now = Picture(), T0
    for k in order:
        now = max(now, int(stream[k].t_ns[0]))
        picture.update(now, stream[k], sensors([near, far], now))
    shown = picture.tracks()
    assert shown.confirmed.sum() == 1
    i = nearest(shown, path((now - T0) / S))
    assert np.linalg.norm(shown.position_m[i] - path((now - T0) / S)) < 250.0
    assert np.linalg.eigvalsh(shown.covariance[i]).min() > 0.0
    old = subset(stream[0], slice(None))
    before = bytes_of(shown)
    picture.update(
        now, fixes(now - 16 * S, old.position_m, old.covariance_m2), sensors([near, far], now)
    )
    assert picture.late == 1
    assert shown.hits.sum() == picture.tracks().hits.sum()
    assert before != b""


def rotating(radar: Radar, paths: list[sky.Path], seconds: float, rng: np.random.Generator,
             false_per_scan: float = 0.0, sensor: int = 0) -> list[Fixes]:  # fmt: skip
    """Reports when the beam passes, cut into batches of 20 ms."""

    def passes(at: FloatArray, begun_s: float) -> float:
        east, north = sky.AXES[:2] @ (at - radar.where)
        return begun_s + (np.arctan2(east, north) / (2.0 * np.pi) % 1.0) * radar.scan_s

    parts = []
    for scan in range(int(seconds / radar.scan_s)):
        begun_s = scan * radar.scan_s
        for path in paths:
            t_s = passes(path(passes(path(begun_s), begun_s)), begun_s)
            if rng.random() < radar.chance:
                parts.append((t_s, *radar.see(path(t_s), rng)))
        for _ in range(rng.poisson(false_per_scan)):
            at = sky.place([*rng.uniform(-50e3, 50e3, 2), rng.uniform(0.0, 1e4)])
            parts.append((passes(at, begun_s), *radar.see(at, rng)))
    parts.sort(key=lambda part: part[0])
    t_ns = np.array([T0 + round(part[0] * S) for part in parts])
    whole = fixes(t_ns, [part[1] for part in parts], [part[2] for part in parts], sensor=sensor)
    number = (whole.t_ns - T0) // (S // 50)
    return [subset(whole, np.flatnonzero(number == k)) for k in np.unique(number)]


def test_two_rotating_radars_in_small_batches() -> None:
    rng = np.random.default_rng(9)
    radars = [Radar((-50_000.0, 0.0, 300.0), 4.0), Radar((50_000.0, 10_000.0, 300.0), 5.0)]
    paths = flights(30, rng, 25_000.0)
    stream = [b for k, radar in enumerate(radars)
              for b in rotating(radar, paths, 48.0, rng, 15.0, sensor=k)]  # fmt: skip
    stream.sort(key=lambda batch: int(batch.t_ns[-1]))
    shown = run(stream, radars)[-1]
    t_s = (stream[-1].t_ns[-1] - T0) / S
    rows = [nearest(shown, path(t_s)) for path in paths]
    assert min(rows) >= 0
    assert len(set(rows)) == 30
    assert shown.confirmed.sum() <= 32


def test_same_input_same_bytes_and_a_pickle_in_the_middle() -> None:
    rng = np.random.default_rng(10)
    radar = Radar((0.0, -70_000.0, 500.0), scan_s=1.0)
    paths = flights(20, rng)
    paths.append(sky.rocket((0.0, 0.0, 1000.0), (300.0, 300.0, 600.0), 5000.0)[0])
    batches = watch(radar, paths, 20.0, rng, false_per_scan=30.0)
    once = [bytes_of(shown) for shown in run(batches, [radar])]
    assert once == [bytes_of(shown) for shown in run(batches, [radar])]
    half = Picture()
    run(batches[:10], [radar], half)
    woken = pickle.loads(pickle.dumps(half))
    assert once[10:] == [bytes_of(shown) for shown in run(batches[10:], [radar], woken)]
    assert pickle.dumps(half) == pickle.dumps(half)


def test_the_picture_is_bounded() -> None:
    rng = np.random.default_rng(12)
    radar = Radar((0.0, -70_000.0, 500.0), scan_s=1.0)
    paths = flights(10, rng)
    picture = Picture(tracks_max=220)
    for shown in run(watch(radar, paths, 20.0, rng, false_per_scan=100.0), [radar], picture):
        assert len(shown) <= 220
        assert (np.diff(shown.id) > 0).all()
    assert picture.evicted > 0
    assert shown.confirmed.sum() >= 9


def test_a_system_track_is_mirrored_once_and_ends_when_told() -> None:
    rng = np.random.default_rng(13)
    radar = Radar((0.0, -50_000.0, 300.0), chance=1.0, sigma=(30.0, 0.02, 50.0))
    path = straight((0.0, 0.0, 9000.0), (220.0, 0.0, 0.0))
    velocity = (path(1.0) - path(0.0)).reshape(1, 3)
    picture = Picture()
    for batch in watch(radar, [path], 40.0, rng, system_track=True, track_number=77,
                       velocity_mps=velocity, friend=True, mode_s=0x3C6589):  # fmt: skip
        now = int(batch.t_ns[0])
        picture.update(now, batch, sensors([radar], now))
        plot = fixes(now, batch.position_m, batch.covariance_m2, sensor=0)
        assert len(picture.tracks()) == 1
    shown = picture.tracks()
    assert shown.confirmed[0]
    assert shown.friend[0]
    assert shown.mode_s[0] == 0x3C6589
    assert np.linalg.norm(shown.velocity_mps[0] - velocity[0]) < 10.0
    assert np.sqrt(np.trace(shown.covariance[0, :3, :3])) > 0.5 * np.sqrt(
        np.trace(plot.covariance_m2[0])
    )
    hits = int(shown.hits[0])
    picture.update(now + S, subset(plot, slice(None)), sensors([radar], now + S))
    assert picture.tracks().hits[0] == hits  # a plot never feeds another system's track
    end = fixes(now + 2 * S, plot.position_m, plot.covariance_m2, system_track=True,
                track_number=77, ends=True)  # fmt: skip
    picture.update(now + 2 * S, end, sensors([radar], now + 2 * S))
    assert 77 not in picture.tracks().id
    assert not picture.tracks().confirmed.any()


def test_different_transponders_are_never_one_track() -> None:
    rng = np.random.default_rng(14)
    radar = Radar((0.0, -40_000.0, 300.0), scan_s=4.0, chance=1.0)
    one = watch(radar, [straight((0.0, 0.0, 9000.0), (200.0, 0.0, 0.0))], 40.0, rng, mode_s=1)
    two = watch(radar, [straight((150.0, 0.0, 9000.0), (200.0, 0.0, 0.0))], 40.0, rng, mode_s=2)
    shown = run([concatenate([a, b]) for a, b in zip(one, two, strict=True)], [radar])[-1]
    assert sorted(shown.mode_s[shown.confirmed].tolist()) == [1, 2]


def test_evidence_is_the_last_reports_newest_first() -> None:
    rng = np.random.default_rng(15)
    radar = Radar(chance=1.0)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    shown = run(watch(radar, [path], 48.0, rng), [radar])[-1]
    assert shown.evidence[0].tolist() == [k << 24 for k in range(11, 3, -1)]
    assert shown.hits[0] == 12
    assert shown.changed[0]


def test_clutter_is_learnt_where_it_is() -> None:
    rng = np.random.default_rng(16)
    radar = Radar((0.0, 0.0, 50.0), scan_s=1.0)
    maps = ClutterMaps()
    for batch in watch(radar, [], 60.0, rng, false_per_scan=100.0, box_m=20_000.0):
        seen = sky_seen(batch)
        density, _ = maps.density(0, radar.where, radar.range_m, radar.scan_s, seen)
        maps.learn(0, seen, np.ones(len(batch)))
    assert np.median(density) == pytest.approx(100.0 / 40_000.0**2 / 10_000.0, rel=0.3)


def sky_seen(batch: Fixes):
    from tocsin.track.picture import _seen

    return _seen(batch, np.arange(len(batch)))


@pytest.mark.slow
def test_kernels_stay_within_their_arrays(root: Path) -> None:
    """The same again with bounds checked; compiled code is kept, so only the first run is slow."""
    kernels = root / ".pytest_cache" / "boundscheck"
    code = (
        "from tests.track import test_picture as t;"
        "t.test_same_input_same_bytes_and_a_pickle_in_the_middle();"
        "t.test_a_system_track_is_mirrored_once_and_ends_when_told();"
        "t.test_the_picture_is_bounded()"
    )
    env = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(kernels)}
    env["PYTHONPATH"] = f"{root / 'src'}{os.pathsep}{root}"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True,
                          timeout=280, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.shared
def test_the_neutral_benchmark(shared: Path) -> None:
    sys.path.insert(0, str(shared / "bench"))
    try:
        import scenario
        import scoring
    finally:
        sys.path.remove(str(shared / "bench"))
    from bench.track import play

    scene = scenario.generate(n=50, seed=1, noise="cart")
    shown, _ = play(scene)
    ended = 96  # no target ends before; after, the delay of deletion is all that is scored
    scene["truth"], scene["alive"] = scene["truth"][:ended], scene["alive"][:ended]
    result = scoring.score(scene, shown[:ended])
    print(result)
    assert result["gospa"] < 950.0  # 757 is the best prototype's (shared knowledge, section 3.2)
    assert result["missed_pct"] < 3.0
