"""Other systems' tracks (CAT062, SAPIENT) beside plots: one target is one track."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.track.scene import S, flights, watching
from tests.track.sky import (
    NOTHING,
    T0,
    Path,
    Radar,
    concatenate,
    fixes,
    nearest,
    place,
    straight,
    subset,
    watch,
)
from tocsin.track import Picture
from tocsin.words import Fixes, FloatArray, Tracks

OURS = Radar((0.0, -60_000.0, 300.0), scan_s=4.0)
THEIRS = Radar((0.0, -60_000.0, 300.0), scan_s=4.0)
H = np.hstack([np.eye(3), np.zeros((3, 3))])


@dataclass
class System:
    """Another tracker: a Kalman filter for each flight, fed with plots of a radar of its own or
    with ours, told every `scan_s` under a number. Perfectly associated, as good as it can be."""

    scan_s: float = 4.0
    velocity: bool = True

    def track(self, path: Path, number: int, seconds: float, rng: np.random.Generator,
              plots: list[Fixes] | None = None, from_s: float = 0.0,
              **columns: Any) -> list[Fixes]:  # fmt: skip
        told, mean, cov = [], np.zeros(6), np.zeros((6, 6))
        f = np.eye(6)
        f[:3, 3:] = self.scan_s * np.eye(3)
        dt = self.scan_s
        q = np.kron([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], 1.0 * np.eye(3))
        for k in range(int(seconds / self.scan_s)):
            t_s = k * self.scan_s
            if plots is None:
                z, noise = THEIRS.see(path(t_s), rng)
            else:
                apart = np.linalg.norm(plots[k].position_m - path(t_s), axis=1)
                if not len(apart) or apart.min() > 1500.0:
                    z, noise = None, None
                else:
                    z = plots[k].position_m[apart.argmin()]
                    noise = plots[k].covariance_m2[apart.argmin()]
            if not cov.any():
                if z is None:
                    continue
                mean, cov = np.append(z, np.zeros(3)), np.zeros((6, 6))
                cov[:3, :3], cov[3:, 3:] = noise, 150.0**2 * np.eye(3)
            else:
                mean, cov = f @ mean, f @ cov @ f.T + q
                if z is not None:
                    gain = cov @ H.T @ np.linalg.inv(H @ cov @ H.T + noise)
                    mean, cov = mean + gain @ (z - H @ mean), cov - gain @ H @ cov
            if t_s < max(from_s, 3 * self.scan_s):
                continue
            speed = mean[3:] if self.velocity else np.full(3, np.nan)
            told.append(fixes(T0 + round(t_s * S), mean[:3], cov[:3, :3], sensor=1,
                              system_track=True, track_number=number,
                              velocity_mps=speed.reshape(1, 3), **columns))  # fmt: skip
        return told


def fed(batches: list[Fixes], picture: Picture | None = None) -> tuple[Picture, list[Tracks]]:
    """The picture after each batch that leaves any track; in order of time, plots before tracks."""
    picture, shown = picture or Picture(), []
    batches = [batch for batch in batches if len(batch)]
    for batch in sorted(batches, key=lambda b: (int(b.t_ns[-1]), bool(b.system_track[0]))):
        now_ns = int(batch.t_ns[-1])
        picture.update(now_ns, batch, watching([OURS, THEIRS], now_ns))
        if len(picture.tracks()):
            shown.append(picture.tracks())
    return picture, shown


@pytest.mark.parametrize("velocity", [True, False])
@pytest.mark.parametrize("same_radar", [True, False])
def test_a_target_that_both_see_is_one_track(velocity: bool, same_radar: bool) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        paths = flights(6, rng, 25_000.0)
        plots = watch(OURS, paths, 120.0, rng, false_per_scan=5.0)
        system = System(velocity=velocity)
        theirs = [
            batch
            for number, path in enumerate(paths)
            for batch in system.track(path, number, 120.0, rng, plots if same_radar else None)
        ]
        _, shown = fed(plots + theirs)
        assert shown[-1].confirmed.sum() == 6
        late = [int(s.confirmed.sum()) for s in shown if s.t_ns[0] > T0 + 60 * S]
        assert max(late) <= 7
        for path in paths:
            assert nearest(shown[-1], path(116.0)) >= 0


def test_their_number_stays_with_its_target_when_two_cross() -> None:
    """Ours are told apart by the number, even where plots alone might swap them."""
    kept = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        paths = [
            straight((-8000.0, -1600.0, 3000.0), (130.0, 26.0, 0.0)),
            straight((-8000.0, 1600.0, 3000.0), (130.0, -26.0, 0.0)),
        ]
        plots = watch(OURS, paths, 120.0, rng, false_per_scan=3.0)
        theirs = [b for k, path in enumerate(paths) for b in System().track(path, k, 120.0, rng)]
        _, shown = fed(plots + theirs)
        half = next(s for s in shown if s.t_ns[0] >= T0 + 36 * S)
        before = [int(half.id[nearest(half, path(36.0))]) for path in paths]
        after = [int(shown[-1].id[nearest(shown[-1], path(116.0))]) for path in paths]
        assert shown[-1].confirmed.sum() == 2
        kept += before == after and len(set(after)) == 2
    assert kept == 6


def test_where_we_have_no_plots_theirs_make_the_track() -> None:
    rng = np.random.default_rng(1)
    paths = flights(4, rng, 25_000.0)
    theirs = [b for k, path in enumerate(paths)
              for b in System().track(path, k, 60.0, rng, mode_s=100 + k, friend=True)]  # fmt: skip
    _, shown = fed(theirs)
    assert shown[-1].confirmed.sum() == len(shown[-1]) == 4
    for k, path in enumerate(paths):
        row = nearest(shown[-1], path(56.0))
        assert np.linalg.norm(shown[-1].position_m[row] - path(56.0)) < 400.0
        assert shown[-1].mode_s[row] == 100 + k
        assert shown[-1].friend[row]
    confirmed = [int(s.confirmed.sum()) for s in shown]
    assert confirmed[3] == 0  # nothing by its first telling
    assert confirmed[-1] == 4


def test_a_single_telling_confirms_nothing() -> None:
    at = place((0.0, 0.0, 3000.0))
    one = fixes(T0, at, np.eye(3) * 1e4, sensor=1, system_track=True, track_number=5)
    _, shown = fed([one])
    assert len(shown[-1]) == 1
    assert not shown[-1].confirmed.any()


def test_one_telling_repeated_confirms_nothing() -> None:
    """The same track at the same time, in batches of its own."""
    at = place((0.0, 0.0, 3000.0))
    one = fixes(T0, at, np.eye(3) * 1e4, sensor=1, system_track=True, track_number=5)
    picture, shown = fed([one] * 6)
    assert picture.repeated == 5
    assert not shown[-1].confirmed.any()


def test_what_ends_there_does_not_end_here_while_we_see_it() -> None:
    rng = np.random.default_rng(2)
    path = flights(1, rng, 25_000.0)[0]
    plots = watch(OURS, [path], 100.0, rng)
    theirs = System().track(path, 7, 60.0, rng)
    last = theirs[-1]
    end = fixes(last.t_ns + S, last.position_m, last.covariance_m2, sensor=1, system_track=True,
                track_number=7, ends=True)  # fmt: skip
    _, shown = fed([*plots, *theirs, end])
    assert shown[-1].confirmed.sum() == 1
    names = {int(s.id[s.confirmed][0]) for s in shown[8:]}
    assert len(names) == 1


def test_an_end_told_at_the_time_and_place_of_the_last_report_is_heard() -> None:
    """The end repeats the last state: no repetition of it. The number is free at once."""
    rng = np.random.default_rng(9)
    one = straight((-30_000.0, 0.0, 3000.0), (100.0, 0.0, 0.0))
    first = System().track(one, 7, 60.0, rng)
    last = first[-1]
    end = fixes(last.t_ns, last.position_m, last.covariance_m2, sensor=1, system_track=True,
                track_number=7, ends=True)  # fmt: skip
    picture, _ = fed(first)
    now_ns = int(last.t_ns[0])
    picture.update(now_ns, end, watching([OURS, THEIRS], now_ns))
    assert picture.repeated == 0
    assert len(picture._sky.links) == 0


def test_what_ends_there_ends_here_if_only_they_saw_it() -> None:
    rng = np.random.default_rng(3)
    path = flights(1, rng, 25_000.0)[0]
    theirs = System().track(path, 7, 60.0, rng)
    last = theirs[-1]
    end = fixes(last.t_ns + S, last.position_m, last.covariance_m2, sensor=1, system_track=True,
                track_number=7, ends=True)  # fmt: skip
    picture, shown = fed([*theirs, end])
    assert shown[0].t_ns_born[0] == theirs[0].t_ns[0]
    now_ns = int(last.t_ns[0])
    for k in range(1, 40):
        now = now_ns + k * S
        picture.update(now, NOTHING, watching([OURS, THEIRS], now))
    assert not picture.tracks().confirmed.any()


def test_a_number_used_again_elsewhere_is_another_target() -> None:
    rng = np.random.default_rng(4)
    one = straight((-30_000.0, 0.0, 3000.0), (100.0, 0.0, 0.0))
    two = straight((30_000.0, 20_000.0, 5000.0), (-100.0, 0.0, 0.0))
    first = System().track(one, 7, 60.0, rng)
    second = System().track(two, 7, 140.0, rng, from_s=80.0)
    plots = watch(OURS, [one, two], 140.0, rng)
    _, shown = fed([*plots, *first, *second])
    assert shown[-1].confirmed.sum() == 2
    rows = [nearest(shown[-1], path(136.0)) for path in (one, two)]
    assert min(rows) >= 0
    assert len(set(rows)) == 2
    misses = [np.linalg.norm(shown[-1].position_m[row] - path(136.0))
              for row, path in zip(rows, (one, two), strict=True)]  # fmt: skip
    assert max(misses) < 500.0


def test_a_number_that_jumps_without_a_pause_is_another_target_soon() -> None:
    """Systems swap numbers when they lose a target: the old track must not be dragged along."""
    rng = np.random.default_rng(5)
    one = straight((-30_000.0, 0.0, 3000.0), (100.0, 0.0, 0.0))
    two = straight((30_000.0, 20_000.0, 5000.0), (-100.0, 0.0, 0.0))
    first = System().track(one, 7, 60.0, rng)
    second = System().track(two, 7, 120.0, rng, from_s=60.0)
    plots = watch(OURS, [one], 120.0, rng)
    _, shown = fed([*plots, *first, *second])
    assert shown[-1].confirmed.sum() == 2
    for path in (one, two):
        row = nearest(shown[-1], path(116.0))
        assert np.linalg.norm(shown[-1].position_m[row] - path(116.0)) < 500.0


def many(count: int, t_s: float, numbers: int = 0, ends: Any = False) -> Fixes:
    """Another system's reports of `count` targets that stand 3 km apart, numbered."""
    at = place(np.array([(3000.0 * k, 20_000.0, 3000.0) for k in range(count)]))
    return fixes(
        T0 + round(t_s * S), at, np.tile(np.eye(3) * 60.0**2, (count, 1, 1)), sensor=1,
        system_track=True, track_number=numbers + np.arange(count), ends=ends,
        velocity_mps=np.zeros((count, 3)),
    )  # fmt: skip


def test_what_a_full_table_turns_away_is_counted() -> None:
    """Five of eight have room: of the others one drives out a tentative track."""
    picture, shown = fed([many(8, 0.0)], Picture(tracks_max=5))
    assert len(shown[-1]) == 5
    assert picture.evicted == 1  # a small table too lets what is tentative give way
    assert len(shown[-1]) + picture.evicted + picture.turned_away == 8
    fed([many(8, 4.0 * k) for k in range(1, 4)], picture)
    assert picture.tracks().confirmed.sum() == 5
    before = picture.evicted, picture.turned_away
    fed([many(8, 16.0)], picture)
    assert (picture.evicted, picture.turned_away) == (before[0], before[1] + 3)


def test_what_ends_and_begins_in_one_update_is_another_track() -> None:
    """Nor does the end of one disturb the others of the same update."""
    picture, shown = fed([many(6, 4.0 * k) for k in range(4)])
    ended = many(6, 16.0, ends=np.arange(6) == 2)
    anew = subset(many(6, 16.0, numbers=50), np.array([2]))
    anew.position_m[:] += 30.0  # the very same place and time would be a repetition
    _, after = fed([concatenate([ended, anew])], picture)
    old, new = set(shown[-1].id.tolist()), set(after[-1].id.tolist())
    assert len(new) == 6
    assert len(old & new) == 5


def nees(shown: list[Tracks], path: Path, from_s: float) -> list[float]:
    """Squared length of the error of the confirmed track nearest to the truth."""
    lengths = []
    for tracks in shown:
        t_s = (int(tracks.t_ns[0]) - T0) / S
        row = nearest(tracks, path(t_s)) if t_s >= from_s else -1
        if row >= 0:
            truth = np.append(path(t_s), path(t_s + 0.5) - path(t_s - 0.5))
            miss = np.append(tracks.position_m[row], tracks.velocity_mps[row]) - truth
            lengths.append(float(miss @ np.linalg.solve(tracks.covariance[row], miss)))
    return lengths


@pytest.mark.parametrize("velocity", [True, False])
def test_hearing_the_same_radar_twice_makes_us_no_surer(velocity: bool) -> None:
    """Their tracks are made of our plots: the covariance stays honest, and is hardly smaller."""
    twice, spread = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        path = flights(1, rng, 25_000.0)[0]
        plots = watch(OURS, [path], 160.0, rng)
        theirs = System(velocity=velocity).track(path, 1, 160.0, rng, plots)
        _, alone = fed(plots)
        _, shown = fed(plots + theirs)
        twice += nees(shown, path, 40.0)
        sharp = [np.trace(s[-1].covariance[0, :3, :3]) for s in (shown, alone)]
        spread.append(np.sqrt(sharp[0] / sharp[1]))
    print(f"NEES {np.mean(twice):.2f} of 6; s.d. {np.mean(spread):.2f} of that of plots alone")
    assert np.mean(twice) < 7.0
    assert np.mean(np.array(twice) > 22.46) < 0.02


def test_theirs_alone_claims_no_more_than_they_do() -> None:
    lengths: list[float] = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        path = flights(1, rng, 25_000.0)[0]
        theirs = System().track(path, 1, 160.0, rng)
        _, shown = fed(theirs)
        lengths += nees(shown, path, 40.0)
    print(f"NEES {np.mean(lengths):.2f} of 6")
    assert np.mean(lengths) < 7.0


def test_theirs_without_a_number_still_make_one_track() -> None:
    rng = np.random.default_rng(6)
    paths = flights(3, rng, 25_000.0)
    theirs = [b for path in paths for b in System().track(path, -1, 80.0, rng)]
    together: dict[int, list[Fixes]] = {}
    for batch in theirs:
        together.setdefault(int(batch.t_ns[0]), []).append(batch)
    _, shown = fed([concatenate(parts) for parts in together.values()])
    assert shown[-1].confirmed.sum() == len(shown[-1]) == 3


def test_other_identities_are_never_tied_together() -> None:
    """Our plots say Mode S 1, theirs 300 m beside say Mode S 2."""
    rng = np.random.default_rng(7)
    one = straight((0.0, 0.0, 9000.0), (200.0, 0.0, 0.0))
    two = straight((0.0, 300.0, 9000.0), (200.0, 0.0, 0.0))
    plots = watch(OURS, [one], 80.0, rng, mode_s=1)
    _, shown = fed(plots + System().track(two, 9, 80.0, rng, mode_s=2))
    assert sorted(shown[-1].mode_s[shown[-1].confirmed].tolist()) == [1, 2]


def errors_of(shown: list[Tracks], path: Path, from_s: float) -> FloatArray:
    found = []
    for tracks in shown:
        t_s = (int(tracks.t_ns[0]) - T0) / S
        if t_s >= from_s:
            found.append(np.linalg.norm(tracks.position_m - path(t_s), axis=1).min())
    return np.array(found)


def test_a_wild_system_does_not_spoil_our_track() -> None:
    """Theirs is 3 km off and claims 20 m: ours follows its plots."""
    rng = np.random.default_rng(8)
    path = flights(1, rng, 20_000.0)[0]
    plots = watch(OURS, [path], 120.0, rng)
    theirs = []
    for k in range(3, 30):
        at = path(4.0 * k) + np.array([0.0, 0.0, 3000.0])
        theirs.append(fixes(T0 + 4 * k * S, at, np.eye(3) * 400.0, sensor=1, system_track=True,
                            track_number=3))  # fmt: skip
    _, alone = fed(plots)
    _, shown = fed(plots + theirs)
    mine, other = (np.sqrt(np.mean(errors_of(s, path, 40.0) ** 2)) for s in (shown, alone))
    print(f"rms {mine:.0f} m, alone {other:.0f} m")
    assert mine < 1.2 * other
