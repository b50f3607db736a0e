"""Existence means what it says; clutter is learnt; jams are lived through."""

import numpy as np
import pytest

from tests.track.scene import S, Swarm, clutter, flights, real, rotating, scan, swarm, watching
from tests.track.sky import T0, Radar, fixes, nearest, place, run, watch
from tocsin.track import Picture
from tocsin.track.clutter import cell, density_pm2
from tocsin.words import BoolArray, FloatArray, Tracks

BOX_M = 40_000.0


def watched(
    seed: int, targets: int, false_per_scan: float, seconds: float = 80.0, chance: float = 0.9,
    scan_s: float = 2.0, life_s: float = np.inf, picture: Picture | None = None,
) -> list[tuple[Tracks, FloatArray]]:  # fmt: skip
    """The picture and the truth (n,3) after each scan."""
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=scan_s, chance=chance)
    flying = swarm(targets, rng, 0.75 * BOX_M, life_s, seconds)
    picture, shown = picture or Picture(), []
    for k in range(int(seconds / scan_s)):
        t_s = k * scan_s
        batch = scan(radar, flying.at(t_s), t_s, rng, clutter(false_per_scan, rng, BOX_M))
        now_ns = T0 + round(t_s * S)
        picture.update(now_ns, batch, watching([radar], now_ns))
        shown.append((picture.tracks(), flying.at(t_s)))
    return shown


def calibration_error(said: FloatArray, true: BoolArray, bins: int = 10) -> float:
    """Expected calibration error (Naeini, Cooper, Hauskrecht, AAAI 2015): bins of equal width."""
    row = np.minimum((said * bins).astype(int), bins - 1)
    return sum(
        abs(float(said[row == b].mean()) - float(true[row == b].mean())) * (row == b).mean()
        for b in range(bins)
        if (row == b).any()
    )


@pytest.mark.parametrize("false_per_scan", [5.0, 200.0])
def test_existence_is_calibrated(false_per_scan: float) -> None:
    """Detection 0.7, targets come and go; all tracks at all scans, tentative ones too."""
    said, true = [], []
    for seed in (101, 102, 103):
        for tracks, truth in watched(seed, 60, false_per_scan, 120.0, 0.7, life_s=150.0)[10:]:
            said.append(tracks.existence)
            true.append(real(tracks, truth))
    sure, right = np.concatenate(said), np.concatenate(true)
    error = calibration_error(sure, right)
    for low in np.arange(0.0, 1.0, 0.1):
        here = (sure >= low) & (sure < low + 0.1 + 1e-9)
        if here.any():
            print(f"said {sure[here].mean():.3f} true {right[here].mean():.3f} of {here.sum()}")
    print(f"expected calibration error {error:.4f}")
    assert error <= 0.02


@pytest.mark.parametrize("false_per_scan", [1.0, 20.0, 100.0, 500.0])
def test_clutter_is_learnt_without_being_told(false_per_scan: float) -> None:
    picture = Picture()
    shown = watched(7, 20, false_per_scan, 80.0, picture=picture)
    ghosts = total = missed = due = 0
    for tracks, truth in shown[10:]:
        sure = real(tracks, truth)
        ghosts += int((tracks.confirmed & ~sure).sum())
        total += int(tracks.confirmed.sum())
        missed += len(truth) - int((tracks.confirmed & sure).sum())
        due += len(truth)
    rng = np.random.default_rng(8)
    chart = picture._sky.charts[0]
    learnt = np.mean(
        [density_pm2(chart, *cell(chart, at)) for at in clutter(300.0, rng, 0.8 * BOX_M)]
    )
    told = false_per_scan / (2.0 * BOX_M) ** 2
    print(f"density {learnt / told:.2f} of the true; false {ghosts} of {total}, missed {missed}")
    if false_per_scan > 10.0:  # one a scan is less than the default's doubt
        assert learnt == pytest.approx(told, rel=0.3)
    assert learnt < 20.0 * told
    assert ghosts <= 0.01 * total
    assert missed <= 0.05 * due


@pytest.mark.parametrize(("targets", "false_per_scan"), [(10, 30.0), (100, 100.0), (500, 200.0)])
def test_ten_to_five_hundred_targets_need_no_tuning(targets: int, false_per_scan: float) -> None:
    shown = watched(11, targets, false_per_scan, 50.0, scan_s=1.0)
    found, ghosts = [], []
    for tracks, truth in shown[20:]:
        sure = real(tracks, truth)
        found.append((tracks.confirmed & sure).sum() / targets)
        ghosts.append((tracks.confirmed & ~sure).sum() / targets)
    print(f"found {np.mean(found):.4f}, ghosts {np.mean(ghosts):.4f}")
    assert np.mean(found) > 0.99
    assert np.mean(ghosts) < 0.01


@pytest.mark.parametrize("seed", [21, 22])
def test_two_hundred_targets_in_two_hundred_false_reports_a_scan(seed: int) -> None:
    """All are confirmed, each once; from the fifth scan on 0.4 % at most are of nothing, or twice.

    0.1 to 0.2 % are; were a track confirmed at existence 0.3, 0.5 to 0.6 %.
    """
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -70_000.0, 500.0), scan_s=1.0)
    paths = flights(200, rng)
    batches = watch(radar, paths, 40.0, rng, false_per_scan=200.0, box_m=50_000.0)
    ghosts = total = 0
    near, called = [], []
    for k, shown in enumerate(run(batches, [radar])):
        truth = np.array([path(float(k)) for path in paths])
        apart = np.linalg.norm(shown.position_m[:, None] - truth[None], axis=2)
        if k >= 5:
            ghosts += int((shown.confirmed & ~real(shown, truth)).sum())
            total += int(shown.confirmed.sum())
            near.append((apart < 1000.0).any(axis=1))
            called.append(shown.existence)
    found = int((shown.confirmed & real(shown, truth)).sum())
    print(f"found {found}, false confirmed {ghosts} of {total}, tracks {len(shown)}")
    assert found == 200
    assert ghosts < 0.004 * total
    # Existence means what it says: of the tracks called more than 90 % sure, more than 90 % are
    # real, and of those called less than 10 %, fewer than 30 % (false reports fall near targets).
    sure, beside = np.concatenate(called), np.concatenate(near)
    assert beside[sure > 0.9].mean() > 0.9
    assert beside[sure < 0.1].mean() < 0.3


@pytest.mark.parametrize("seed", [9, 10, 11])
def test_two_rotating_radars_in_small_batches(seed: int) -> None:
    """Thirty targets under two beams, in batches of 20 ms: thirty tracks, no other one."""
    rng = np.random.default_rng(seed)
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
    assert shown.confirmed.sum() == 30


@pytest.mark.parametrize("false_per_scan", [2.0, 50.0, 300.0])
def test_nothing_is_made_of_clutter(false_per_scan: float) -> None:
    for seed in (31, 32, 33):
        shown = watched(seed, 0, false_per_scan, 120.0)
        assert sum(int(tracks.confirmed.sum()) for tracks, _ in shown) == 0


def test_clutter_that_begins_suddenly_is_learnt_in_time() -> None:
    """Rain: from 5 to 300 false reports a scan from one scan to the next."""
    rng = np.random.default_rng(41)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=2.0)
    flying, picture = swarm(15, rng, 0.75 * BOX_M), Picture()
    ghosts = 0
    for k in range(60):
        t_s, now_ns = 2.0 * k, T0 + 2 * k * S
        ghost = clutter(5.0 if k < 25 else 300.0, rng, BOX_M)
        batch = scan(radar, flying.at(t_s), t_s, rng, ghost)
        picture.update(now_ns, batch, watching([radar], now_ns))
        tracks = picture.tracks()
        ghosts += int((tracks.confirmed & ~real(tracks, flying.at(t_s))).sum())
    assert (tracks.confirmed & real(tracks, flying.at(t_s))).sum() >= 14
    print(f"false confirmed track scans {ghosts}")
    assert ghosts <= 0.01 * 60 * 15 + 20  # a burst until it is learnt


def confirmed_after(count: int, box_m: float, looks: int, seed: int) -> float:
    """Share of `count` drones, in view from the 21st scan on, that is confirmed then."""
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=4.0)
    start = np.append(
        rng.uniform(-box_m, box_m, (count, 2)), rng.uniform(200, 1500, (count, 1)), axis=1
    )
    velocity = np.stack(
        [rng.uniform(-5.0, 5.0, count), rng.uniform(45.0, 60.0, count), np.zeros(count)], axis=1
    )
    flying = Swarm(start, velocity, np.zeros(count), np.full(count, np.inf))
    picture = Picture()
    for k in range(20 + looks):
        t_s, now_ns = 4.0 * k, T0 + 4 * k * S
        truth = flying.at(t_s) if k >= 20 else np.zeros((0, 3))
        batch = scan(radar, truth, t_s, rng, clutter(20.0, rng, BOX_M))
        picture.update(now_ns, batch, watching([radar], now_ns))
    tracks = picture.tracks()
    return float((tracks.confirmed & real(tracks, truth)).sum() / count)


@pytest.mark.parametrize(("count", "box_m"), [(30, 6_000.0), (60, 6_000.0)])
def test_a_raid_that_is_there_at_once_is_no_clutter(count: int, box_m: float) -> None:
    """Drones within 12 km after a quiet time: confirmed almost as soon as those that come alone."""
    alone = np.mean([confirmed_after(6, 35_000.0, 6, seed) for seed in range(201, 207)])
    together = np.mean([confirmed_after(count, box_m, 6, seed) for seed in range(201, 204)])
    print(f"confirmed after six looks: of six {alone:.2f}, of {count} {together:.2f}")
    assert alone > 0.9
    assert together > 0.8 * alone


# ---- jamming -----------------------------------------------------------------------------------


def jam(count: int, radar: Radar, rng: np.random.Generator) -> FloatArray:
    """False places (n,3) in a sector of 40 deg to the north of a radar, up to 120 km."""
    angle = rng.uniform(np.radians(-20.0), np.radians(20.0), count)
    distance = rng.uniform(5_000.0, 120_000.0, count)
    east, north, _ = radar.enu_m
    where = np.stack(
        [
            east + distance * np.sin(angle),
            north + distance * np.cos(angle),
            rng.uniform(0.0, 1e4, count),
        ],
        axis=1,
    )
    return place(where)


def jammed(seed: int, tracks_max: int, plots: int) -> tuple[Picture, list[int], int, int]:
    """Forty flights, a third in the sector; found at each scan; most tracks, most ghosts."""
    rng = np.random.default_rng(seed)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=4.0, chance=0.95)
    flying, picture = swarm(40, rng, 35_000.0), Picture(tracks_max=tracks_max)
    found, most, ghosts = [], 0, 0
    for k in range(21):
        t_s, now_ns = 4.0 * k, T0 + 4 * k * S
        false = jam(plots, radar, rng) if 12 <= k < 18 else clutter(20.0, rng, BOX_M)
        batch = scan(radar, flying.at(t_s), t_s, rng, false)
        picture.update(now_ns, batch, watching([radar], now_ns))
        tracks = picture.tracks()
        most = max(most, len(tracks))
        sure = real(_of(tracks), flying.at(t_s))
        found.append(int((tracks.confirmed & sure).sum()))
        ghosts = max(ghosts, int((tracks.confirmed & ~sure).sum()))
    print(f"found {found}, most tracks {most}, ghosts {ghosts}, evicted {picture.evicted}")
    return picture, found, most, ghosts


def _of(tracks: Tracks) -> Tracks:
    """The same with unconfirmed tracks put far away, so that they take no target's place."""
    position = np.where(tracks.confirmed[:, None], tracks.position_m, 0.0)
    columns = {name: getattr(tracks, name) for name in Tracks.__slots__}
    return Tracks(**{**columns, "position_m": position})


def test_a_jammed_radar_loses_no_target_that_was_tracked() -> None:
    _, found, _, _ = jammed(51, 20_000, 20_000)
    assert min(found[10:12]) >= 39
    assert min(found[12:]) >= 38


def test_a_jam_makes_few_false_tracks() -> None:
    """No more than there are targets."""
    assert jammed(51, 20_000, 5000)[3] <= 40


def test_a_jam_does_not_outgrow_the_table() -> None:
    picture, _, most, _ = jammed(53, 70, 10_000)
    assert most <= 70
    assert picture.evicted > 0


def test_a_full_table_sheds_the_unconfirmed_and_counts_them() -> None:
    picture, found, most, _ = jammed(52, 80, 20_000)
    assert most <= 80
    assert picture.evicted > 0
    assert min(found[12:]) >= 38


def test_a_table_full_of_confirmed_tracks_keeps_the_surest() -> None:
    picture = Picture(tracks_max=50)
    shown = watched(61, 120, 10.0, 40.0, picture=picture)
    for tracks, _ in shown:
        assert len(tracks) <= 50
        assert (np.diff(tracks.id) > 0).all()
    assert picture.evicted > 0
    assert shown[-1][0].confirmed.sum() >= 40


def test_a_scan_of_one_place_a_thousand_times() -> None:
    """A stuck extractor: all plots on one spot; no crash, and the flight beside it stays."""
    rng = np.random.default_rng(71)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=2.0, chance=1.0)
    flying, picture = swarm(1, rng, 5_000.0), Picture()
    spot = np.repeat(place((20_000.0, 20_000.0, 3000.0))[None], 1000, axis=0)
    for k in range(20):
        t_s, now_ns = 2.0 * k, T0 + 2 * k * S
        batch = scan(radar, flying.at(t_s), t_s, rng, spot if k > 5 else spot[:0])
        picture.update(now_ns, batch, watching([radar], now_ns))
    tracks = picture.tracks()
    assert (tracks.confirmed & real(tracks, flying.at(t_s))).sum() == 1
    assert tracks.confirmed.sum() <= 3


def test_reports_that_are_no_numbers_do_no_harm() -> None:
    """NaN and infinity are refused by sense; should one slip through, the others still count."""
    rng = np.random.default_rng(81)
    radar = Radar((0.0, -60_000.0, 500.0), scan_s=2.0, chance=1.0)
    flying, picture = swarm(5, rng, 20_000.0), Picture()
    for k in range(20):
        t_s, now_ns = 2.0 * k, T0 + 2 * k * S
        good = scan(radar, flying.at(t_s), t_s, rng, np.zeros((0, 3)))
        if k > 10:
            bad = good.position_m.copy()
            bad[0] = np.nan if k % 2 else np.inf
            good = fixes(good.t_ns, bad, good.covariance_m2)
        picture.update(now_ns, good, watching([radar], now_ns))
    tracks = picture.tracks()
    assert np.isfinite(tracks.position_m).all()
    assert (tracks.confirmed & real(tracks, flying.at(t_s))).sum() == 5
    assert picture.refused == 9
