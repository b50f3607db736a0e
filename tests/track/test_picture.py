"""The air picture as a whole, on a seeded sky: names, identity, evidence."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import HUNG_S
from tests.track.scene import S, bytes_of, flights
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
    watch,
)
from tocsin.track import Picture
from tocsin.track.kind import BALLISTIC
from tocsin.track.table import COAST, MODELS
from tocsin.words import Fixes, FloatArray, Sensors, Tracks


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


def test_an_empty_picture() -> None:
    picture = Picture()
    assert len(picture.tracks()) == 0
    none = Sensors(
        names=(), position_m=np.zeros((0, 3)), range_m_max=np.zeros(0), scan_s=np.zeros(0),
        detection_chance=np.zeros(0), t_ns_heard=np.zeros(0, dtype=np.int64), stale_s=np.zeros(0),
    )  # fmt: skip
    picture.update(T0, NOTHING, none)
    picture.update(T0 + 30 * S, NOTHING, none)
    assert len(picture.tracks()) == 0
    assert len(picture.biases()) == 0


# ---- names -------------------------------------------------------------------------------------


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


def test_a_group_in_formation_stays_as_many_as_it_is() -> None:
    """Five drones abreast, 600 m apart (5 s.d. of the radar), for two minutes."""
    radar = Radar((0.0, -40_000.0, 500.0), scan_s=2.0, chance=0.97)  # four misses in a row end one
    paths = [straight((600.0 * k, 0.0, 1000.0), (10.0, 55.0, 0.0)) for k in range(5)]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        shown = run(watch(radar, paths, 120.0, rng, false_per_scan=5.0), [radar])
        names = []
        for k in (20, 40, 59):
            rows = [nearest(shown[k], path(2.0 * k)) for path in paths]
            assert len(set(rows)) == 5
            assert shown[k].confirmed.sum() == 5
            names.append([int(shown[k].id[row]) for row in rows])
        assert names[0] == names[-1]


def test_closer_than_the_radar_resolves_they_are_never_none() -> None:
    """Three 60 m apart: how many there are cannot be told; that there are some can."""
    radar = Radar((0.0, -40_000.0, 500.0), scan_s=2.0)
    paths = [straight((60.0 * k, 0.0, 1000.0), (10.0, 55.0, 0.0)) for k in range(3)]
    for seed in range(5):
        shown = run(watch(radar, paths, 90.0, np.random.default_rng(seed)), [radar])
        for k in range(10, 45):
            assert 1 <= shown[k].confirmed.sum() <= 4
            assert nearest(shown[k], paths[1](2.0 * k)) >= 0


# ---- what does not make a track ----------------------------------------------------------------


def test_a_track_is_never_confirmed_by_its_own_copy() -> None:
    rng = np.random.default_rng(4)
    radar = Radar(scan_s=4.0, chance=0.999)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    batches = watch(radar, [path], 20.0, rng)
    assert min(map(len, batches)) == 1
    picture = Picture()
    for k, batch in enumerate(batches):  # each repeated again and again by other networks
        for copy in range(10):
            now = int(batch.t_ns[0]) + copy * S // 5
            late = fixes(batch.t_ns + copy * S // 10, batch.position_m, batch.covariance_m2)
            picture.update(now, late if copy % 2 else batch, sensors([radar], now))
            assert picture.tracks().confirmed.sum() <= (k >= 2)
    assert len(picture.tracks()) == picture.tracks().confirmed.sum() == 1


def test_a_burst_shorter_than_two_seconds_confirms_nothing() -> None:
    rng = np.random.default_rng(4)
    radar = Radar(scan_s=0.3, chance=0.99)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    for shown in run(watch(radar, [path], 2.0, rng), [radar]):
        assert not shown.confirmed.any()


@pytest.mark.parametrize("later_ms", [0, 8, 60])
def test_echoes_and_split_plots_are_no_second_target(later_ms: int) -> None:
    """A quarter of the plots come twice, the second a little beside and some milliseconds later."""
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=4.0, chance=0.95)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        paths = flights(6, rng, 25_000.0)
        batches = []
        for batch in watch(radar, paths, 80.0, rng):
            split = rng.random(len(batch)) < 0.25
            beside = batch.position_m[split] + rng.normal(size=(split.sum(), 3)) * 40.0
            echo = fixes(batch.t_ns[split] + later_ms * 1_000_000, beside,
                         batch.covariance_m2[split])  # fmt: skip
            batches.append(concatenate([batch, echo]))
        shown = run(batches, [radar])
        assert shown[-1].confirmed.sum() == 6
        assert max(int(s.confirmed.sum()) for s in shown) <= 7


# ---- identity, evidence ------------------------------------------------------------------------


def test_different_transponders_are_never_one_track() -> None:
    rng = np.random.default_rng(14)
    radar = Radar((0.0, -40_000.0, 300.0), scan_s=4.0, chance=1.0)
    one = watch(radar, [straight((0.0, 0.0, 9000.0), (200.0, 0.0, 0.0))], 40.0, rng, mode_s=1)
    two = watch(radar, [straight((150.0, 0.0, 9000.0), (200.0, 0.0, 0.0))], 40.0, rng, mode_s=2)
    shown = run([concatenate([a, b]) for a, b in zip(one, two, strict=True)], [radar])[-1]
    assert sorted(shown.mode_s[shown.confirmed].tolist()) == [1, 2]


def test_transponders_keep_crossing_aircraft_apart() -> None:
    """With addresses names never swap, however close they pass."""
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=4.0, chance=0.9)
    paths = [
        straight((-8000.0, -800.0, 9000.0), (200.0, 20.0, 0.0)),
        straight((-8000.0, 800.0, 9000.0), (200.0, -20.0, 0.0)),
    ]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        parts = [watch(radar, [path], 90.0, rng, mode_s=100 + k) for k, path in enumerate(paths)]
        shown = run([concatenate([a, b]) for a, b in zip(*parts, strict=True)], [radar])
        assert shown[-1].confirmed.sum() == 2
        for k, path in enumerate(paths):
            assert shown[-1].mode_s[nearest(shown[-1], path(88.0))] == 100 + k


def test_evidence_is_the_last_reports_newest_first() -> None:
    rng = np.random.default_rng(15)
    radar = Radar(chance=1.0)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    shown = run(watch(radar, [path], 48.0, rng), [radar])[-1]
    assert shown.evidence[0].tolist() == [k << 24 for k in range(11, 3, -1)]
    assert shown.hits[0] == 12
    assert shown.changed[0]
    assert shown.t_ns_born[0] == T0
    assert shown.t_ns_seen[0] == T0 + 44 * S


def test_what_is_told_ends_is_no_evidence() -> None:
    """An end-of-track plot is extrapolated: counted, not used."""
    rng = np.random.default_rng(16)
    radar = Radar(chance=1.0)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    batches = watch(radar, [path], 24.0, rng)
    batches[-1] = fixes(batches[-1].t_ns, batches[-1].position_m, batches[-1].covariance_m2,
                        ends=True)  # fmt: skip
    picture = Picture()
    assert run(batches, [radar], picture)[-1].hits.tolist() == [5]
    assert picture.ended == 1


def test_what_is_shown_is_a_copy() -> None:
    rng = np.random.default_rng(17)
    radar = Radar(chance=1.0)
    picture = Picture()
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    shown = run(watch(radar, [path], 24.0, rng), [radar], picture)[-1]
    before = bytes_of(picture.tracks())
    for name in Tracks.__slots__:
        getattr(shown, name)[...] = 0
    assert bytes_of(picture.tracks()) == before


@pytest.mark.parametrize(
    ("falls", "ballistic", "expected"),
    [
        pytest.param(0.5, 0.09, False, id="begun by false plots about a drone"),
        pytest.param(0.9, 0.09, False, id="fits, but everything else speaks against it"),
        pytest.param(0.5, 0.11, True, id="may be a rocket"),
        pytest.param(0.4, 0.90, False, id="rather flies than falls"),
        pytest.param(0.995, 0.01, True, id="nothing else follows it any more"),
    ],
)
def test_a_fall_is_shown_only_where_it_may_be_one(
    falls: float, ballistic: float, expected: bool
) -> None:
    picture, radar = Picture(), Radar(chance=1.0)
    path = straight((20_000.0, 0.0, 1000.0), (50.0, 0.0, 0.0))
    run(watch(radar, [path], 24.0, np.random.default_rng(17)), [radar], picture)
    track = picture._sky.tracks[0]
    track["weight"][:MODELS] *= (1.0 - falls) / track["weight"].sum()
    track["weight"][MODELS + COAST] = falls
    track["fall_mean"][COAST, :6] = track["mean"][0]
    track["fall_mean"][COAST, 3:6] = 430.0 / np.sqrt(3.0)
    track["kind"][BALLISTIC] = ballistic
    speed_mps = np.linalg.norm(picture.tracks().velocity_mps[0])
    assert (speed_mps > 300.0) == expected
    assert expected or speed_mps == pytest.approx(50.0, abs=15.0)


def test_doppler_settles_the_velocity_sooner() -> None:
    """Error of velocity after the third look, radial flight; the range rate is good to 2 m/s."""
    error: dict[bool, list[float]] = {False: [], True: []}
    radar = Radar((0.0, -60_000.0, 300.0), scan_s=4.0, chance=1.0)
    path = straight((0.0, 0.0, 3000.0), (0.0, 180.0, 0.0))
    sight = (path(0.0) - radar.where) / np.linalg.norm(path(0.0) - radar.where)
    velocity = path(0.5) - path(-0.5)
    for seed in range(12):
        for told in (False, True):
            rng = np.random.default_rng(seed)
            rate = velocity @ sight + rng.normal() * 2.0 if told else np.nan
            shown = run(watch(radar, [path], 12.0, rng, range_rate_mps=rate), [radar])[-1]
            row = int(np.argmax(shown.hits))
            error[told].append(float(abs((shown.velocity_mps[row] - velocity) @ sight)))
    print(f"radial {np.mean(error[True]):.1f} m/s with, {np.mean(error[False]):.1f} m/s without")
    assert np.mean(error[True]) < 0.5 * np.mean(error[False])


# ---- determinism, bounds -----------------------------------------------------------------------

_TOLD = """
import hashlib, sys
from tests.track.busy import busy
sys.stdout.write(hashlib.sha256(busy()).hexdigest())
"""


def test_two_processes_show_the_same_bytes(root: Path) -> None:
    told = []
    for seed in ("0", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        env["PYTHONPATH"] = f"{root / 'src'}{os.pathsep}{root}"
        done = subprocess.run([sys.executable, "-c", _TOLD], env=env, capture_output=True,
                              text=True, timeout=HUNG_S, check=False, cwd=root)  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        told.append(done.stdout)
    assert told[0] == told[1]


def test_ids_are_in_order_and_never_used_again() -> None:
    rng = np.random.default_rng(18)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=2.0)
    gone: set[int] = set()
    before: set[int] = set()
    for shown in run(watch(radar, flights(5, rng), 80.0, rng, 40.0), [radar]):
        assert (np.diff(shown.id) > 0).all()
        now = set(shown.id.tolist())
        assert not now & gone
        gone |= before - now
        before = now


@pytest.mark.slow
def test_kernels_stay_within_their_arrays(root: Path) -> None:
    """The same again with bounds checked; compiled code is kept, so only the first run is slow."""
    kernels = root / ".pytest_cache" / "boundscheck"
    code = (
        "from tests.track import busy, test_existence;"
        "busy.busy();"
        "test_existence.jammed(1, 20_000, 2000);"
        "test_existence.jammed(1, 100, 500)"
    )
    env = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(kernels)}
    env["PYTHONPATH"] = f"{root / 'src'}{os.pathsep}{root}"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True,
                          timeout=HUNG_S, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.shared
def test_the_neutral_benchmark(shared: Path) -> None:
    sys.path.insert(0, str(shared / "bench"))
    try:
        import scenario
        import scoring
    finally:
        sys.path.remove(str(shared / "bench"))
    from bench.track import ours
    from bench.track.scene import scene as of_the_bench

    scans = 96  # no target ends before; after, the delay of deletion is all that is scored
    scene = scenario.generate(n=50, seed=1, noise="cart")
    mine = of_the_bench(50, len(scene["truth"]), 1)
    assert mine.shared
    shown = ours.play(mine, scans=scans).shown_m
    scene["truth"], scene["alive"] = scene["truth"][:scans], scene["alive"][:scans]
    result = scoring.score(scene, [(np.arange(len(places)), places) for places in shown])
    print(result)
    assert result["gospa"] < 950.0  # 757 is the best prototype's (shared knowledge, section 3.2)
    assert result["missed_pct"] < 3.0
