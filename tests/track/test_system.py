"""Tracks of other systems: no correlation makes the fused track claim more than it knows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.drawn import kalman
from tocsin.instant import NS_PER_S
from tocsin.track.system import STRAYS, VOUCHED, Links, Told, apart, intersect, vouched
from tocsin.words import FloatArray

H = np.hstack([np.eye(3), np.zeros((3, 3))])
R = np.diag([100.0, 100.0, 100.0]) ** 2
SCAN_S = 4.0
SEEDS = st.integers(0, 2**31)


def step(dt_s: float) -> FloatArray:
    f = np.eye(6)
    f[:3, 3:] = dt_s * np.eye(3)
    return f


def shake(dt_s: float, density: float) -> FloatArray:
    block = np.array([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]])
    return np.asarray(np.kron(density * block, np.eye(3)), dtype=np.float64)


def blocks(cov: FloatArray) -> tuple[FloatArray, FloatArray]:
    return cov[:3, :3].copy(), cov[3:, 3:].copy()


def raid(
    seed: int, way: str, velocity: bool, own_radar: bool = False, deaf_from: int = 99
) -> tuple[float, float, float]:
    """NEES per degree of freedom, rms error of position m, and the sigma that we claim, m.

    One radar that both hear, one that only they hear if `own_radar`; from scan `deaf_from` on we
    hear nothing. `way`: "alone", "ci", "naive" (their track taken for a measurement).
    """
    rng = np.random.default_rng(seed)
    truth = np.r_[rng.normal(size=3) * 1e3, rng.normal(size=3) * 100.0]
    start = np.r_[truth[:3] + rng.normal(size=3) * 100.0, np.zeros(3)]
    first = np.diag([100.0] * 3 + [150.0] * 3) ** 2
    ours, theirs = (start.copy(), first.copy()), (start.copy(), first.copy())
    nees, error, claim = [], [], []
    for scan in range(50):
        f = step(SCAN_S)
        truth = f @ truth + rng.multivariate_normal(np.zeros(6), shake(SCAN_S, 1.0))
        z = truth[:3] + rng.multivariate_normal(np.zeros(3), R)
        ours = f @ ours[0], f @ ours[1] @ f.T + shake(SCAN_S, 1.0)
        theirs = f @ theirs[0], f @ theirs[1] @ f.T + shake(SCAN_S, 2.0)
        theirs = kalman(*theirs, H, z, R)
        if scan < deaf_from:
            ours = kalman(*ours, H, z, R)
        if own_radar:
            second = truth[:3] + rng.normal(size=3) * 80.0
            theirs = kalman(*theirs, H, second, np.eye(3) * 80.0**2)
        here, speed = theirs[0][:3].copy(), theirs[0][3:].copy()
        pos_cov, vel_cov = blocks(theirs[1])
        if way == "ci":
            ours = ours[0].copy(), ours[1].copy()
            intersect(*ours, Told(here, speed, pos_cov, vel_cov, velocity))
        elif way == "naive" and velocity:
            noise = np.zeros((6, 6))
            noise[:3, :3], noise[3:, 3:] = pos_cov, vel_cov
            ours = kalman(*ours, np.eye(6), theirs[0], noise)
        elif way == "naive":
            ours = kalman(*ours, H, here, pos_cov)
        if scan > 10:
            miss = ours[0] - truth
            nees.append(miss @ np.linalg.solve(ours[1], miss) / 6.0)
            error.append(miss[:3] @ miss[:3])
            claim.append(np.trace(ours[1][:3, :3]))
    return float(np.mean(nees)), float(np.sqrt(np.mean(error))), float(np.sqrt(np.mean(claim)))


def mean_of(way: str, velocity: bool, own_radar: bool = False, deaf_from: int = 99) -> FloatArray:
    runs = [raid(seed, way, velocity, own_radar, deaf_from) for seed in range(300, 315)]
    return np.asarray(np.mean(runs, axis=0), dtype=np.float64)


@pytest.mark.parametrize("velocity", [True, False])
def test_a_system_that_hears_what_we_hear_adds_nothing(velocity: bool) -> None:
    alone, fused = mean_of("alone", velocity), mean_of("ci", velocity)
    assert fused[0] <= 1.3
    assert fused[2] >= 0.99 * alone[2]  # no sharper
    assert fused[1] <= 1.01 * alone[1]  # no worse
    assert mean_of("naive", velocity)[0] > 1.8  # the fault that is avoided


@pytest.mark.parametrize("velocity", [True, False])
def test_a_radar_that_only_they_hear_never_makes_us_overconfident(velocity: bool) -> None:
    alone, fused = mean_of("alone", velocity, own_radar=True), mean_of("ci", velocity, True)
    assert fused[0] <= 1.3
    assert fused[1] <= 1.005 * alone[1]
    if velocity:
        assert fused[1] < 0.85 * alone[1]


@pytest.mark.parametrize("velocity", [True, False])
def test_where_we_have_no_plots_theirs_carry_the_track(velocity: bool) -> None:
    fused = mean_of("ci", velocity, own_radar=True, deaf_from=10)
    assert fused[0] <= 1.3
    assert fused[1] < (110.0 if velocity else 250.0)
    assert mean_of("alone", velocity, own_radar=True, deaf_from=10)[1] > 500.0


def spd(rng: np.random.Generator, n: int, scale: FloatArray) -> FloatArray:
    root = rng.normal(size=(n, n)) + np.eye(n)
    return np.diag(scale) @ (root @ root.T + 0.05 * np.eye(n)) @ np.diag(scale)


@given(seed=SEEDS, velocity=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_weight_is_the_best_of_a_grid(seed: int, velocity: bool) -> None:
    """Against Julier and Uhlmann's formulas, tried at 2001 weights with NumPy."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=6) * 100.0
    scale = 10.0 ** rng.uniform(0.5, 2.5)
    cov = spd(rng, 6, np.r_[np.full(3, scale), np.full(3, scale / 10)])
    pos_cov, vel_cov = spd(rng, 3, np.full(3, 60.0)), spd(rng, 3, np.full(3, 6.0))
    z, v = rng.normal(size=3) * 100.0, rng.normal(size=3) * 10.0
    theirs = np.zeros((6, 6))
    theirs[:3, :3] = np.linalg.inv(pos_cov)
    if velocity:
        theirs[3:, 3:] = np.linalg.inv(vel_cov)
    ours = np.linalg.inv(cov)
    grid = np.linspace(0.0, 1.0, 2001)[0 if velocity else 1 :]
    mixed = grid[:, None, None] * ours + (1.0 - grid)[:, None, None] * theirs
    best = np.linalg.slogdet(mixed)[1].max()
    fused, spread = mean.copy(), cov.copy()
    intersect(fused, spread, Told(z, v, pos_cov, vel_cov, velocity))
    assert -np.linalg.slogdet(spread)[1] == pytest.approx(best, abs=2e-4)
    information = np.linalg.inv(spread)
    part = np.abs(ours - theirs) > 1e-9 * np.abs(ours).max()
    w = np.median(((information - theirs) / (ours - theirs))[part])
    np.testing.assert_allclose(information, w * ours + (1 - w) * theirs, rtol=1e-5, atol=1e-9)
    pulled = w * ours @ mean + (1 - w) * theirs @ np.r_[z, v]
    np.testing.assert_allclose(fused, spread @ pulled, rtol=1e-5, atol=1e-4)


@given(seed=SEEDS, velocity=st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_correlation_makes_the_true_length_less(seed: int, velocity: bool) -> None:
    """`apart` against the exact length under a drawn joint covariance of both errors."""
    rng = np.random.default_rng(seed)
    n = 6 if velocity else 3
    scale = np.r_[np.full(3, 90.0), np.full(3, 9.0)]
    joint = spd(rng, 12, np.r_[scale, 10.0 ** rng.uniform(-1.0, 1.0) * scale])
    cov, report = joint[:6, :6].copy(), joint[6:, 6:].copy()
    report[:3, 3:] = report[3:, :3] = 0.0
    if velocity:  # the wire gives no covariance between position and velocity: draw none
        joint[6:9, 9:] = joint[9:, 6:9] = 0.0
        if np.linalg.eigvalsh(joint).min() <= 0.0:
            joint[:6, 6:] = joint[6:, :6] = 0.0
    mean, other = rng.normal(size=6) * scale * 3.0, rng.normal(size=6) * scale * 3.0
    tell = np.hstack([-np.eye(6), np.eye(6)])[:n]
    spread = tell @ joint @ tell.T
    miss = (other - mean)[:n]
    pos_cov, vel_cov = blocks(report)
    told = Told(other[:3].copy(), other[3:].copy(), pos_cov, vel_cov, velocity)
    length = apart(mean, cov, told)
    assert 0.0 < length <= miss @ np.linalg.solve(spread, miss) * (1.0 + 1e-9)


def test_the_same_estimate_again_changes_nothing_and_velocity_may_be_absent() -> None:
    rng = np.random.default_rng(3)
    cov = np.zeros((6, 6))
    cov[:3, :3], cov[3:, 3:] = spd(rng, 3, np.full(3, 80.0)), spd(rng, 3, np.full(3, 8.0))
    mean, before = np.arange(6.0), cov.copy()
    for _ in range(50):
        intersect(mean, cov, Told(mean[:3].copy(), mean[3:].copy(), *blocks(before), True))
    np.testing.assert_allclose(cov, before, rtol=1e-9)
    nothing = np.full(3, np.nan)
    told = Told(np.full(3, 50.0), nothing, np.eye(3), np.full((3, 3), np.nan), False)
    intersect(mean, cov, told)
    assert np.isfinite(mean).all()
    assert np.trace(cov[:3, :3]) < np.trace(before[:3, :3])


def test_a_covariance_that_is_none_changes_nothing() -> None:
    mean, cov = np.zeros(6), np.eye(6)
    news = intersect(mean, cov, Told(np.ones(3), np.ones(3), -np.eye(3) * 9, np.eye(3), True))
    assert news == 0.0
    assert np.array_equal(mean, np.zeros(6))
    assert np.array_equal(cov, np.eye(6))


def test_models_are_weighed_by_how_well_they_fit() -> None:
    """Half the ln likelihood of independent errors, against NumPy's."""
    rng = np.random.default_rng(4)
    cov, noise = spd(rng, 6, np.full(6, 30.0)), spd(rng, 3, np.full(3, 30.0))
    near, far = np.zeros(6), np.r_[300.0, np.zeros(5)]
    z, rest = np.array([10.0, 0.0, 0.0]), np.zeros(3)
    told = Told(z, rest, noise, noise, False)
    got = [intersect(m.copy(), cov.copy(), told) for m in (near, far)]
    for m, news in zip((near, far), got, strict=True):
        spread, miss = cov[:3, :3] + noise, z - m[:3]
        expected = -0.5 * (
            miss @ np.linalg.solve(spread, miss) + np.linalg.slogdet(2 * np.pi * spread)[1]
        )
        assert news == pytest.approx(0.5 * expected)
    assert got[0] > got[1]


def seconds(t_s: float) -> int:
    return int(t_s * NS_PER_S)


def test_two_systems_numbers_and_silence() -> None:
    links = Links()
    links.tie(1, 77, 5, seconds(10), 4.0)
    links.tie(2, 77, 6, seconds(10), 4.0)
    assert links.find(1, 77, seconds(12)) == 5
    assert links.find(2, 77, seconds(12)) == 6
    assert links.find(3, 77, seconds(12)) == -1
    assert links.taken(1, 5, seconds(12))
    assert not links.taken(2, 5, seconds(12))
    assert links.find(1, 77, seconds(29.9)) == 5  # five scans of 4 s after 10 s
    assert links.find(1, 77, seconds(30.1)) == -1
    assert not links.taken(1, 5, seconds(30.1))
    links.tie(1, -1, 9, seconds(31), 4.0)
    assert links.find(1, -1, seconds(31)) == -1


def test_swapped_numbers_are_found_out() -> None:
    """Two targets part after crossing; their system has swapped the numbers."""
    links = Links()
    links.tie(1, 7, 100, 0, 4.0)
    links.tie(1, 8, 200, 0, 4.0)
    for scan in range(1, STRAYS):
        assert links.heard(1, 7, seconds(4 * scan), inside=False) == 1
    assert links.heard(1, 7, seconds(4 * STRAYS), inside=True) == 2  # a dip, no swap
    for scan in range(4, 4 + STRAYS):
        assert bool(links.heard(1, 7, seconds(4 * scan), inside=False)) == (scan < 3 + STRAYS)
    assert links.find(1, 7, seconds(25)) == -1
    links.tie(1, 7, 200, seconds(25), 4.0)  # number 8 still holds it, and must let go
    assert links.find(1, 8, seconds(25)) == -1
    assert links.find(1, 7, seconds(25)) == 200
    assert len(links) == 1


def test_links_end_with_either_track_and_follow_a_merger() -> None:
    links = Links()
    for number in range(4):
        links.tie(1, number, 10 + number, 0, 4.0)
    assert links.end(1, 0) == 10
    assert links.end(1, 0) == -1
    links.moved(11, 50)
    assert links.find(1, 1, 0) == 50
    links.moved(12, 50)  # the system has two numbers for one track: the first stays
    assert links.find(1, 2, 0) == -1
    links.keep(np.array([13]), 0)
    assert links.find(1, 1, 0) == -1
    assert links.find(1, 3, 0) == 13
    assert len(links) == 1


def test_links_are_bounded_and_copies_are_apart() -> None:
    links = Links(links_max=100)
    for number in range(250):
        links.tie(3, number, number, seconds(number), 10.0)
    assert len(links) == 100
    assert links.find(3, 150, seconds(160)) == 150  # the oldest gave way
    assert links.find(3, 149, seconds(150)) == -1
    copy = links.copy()
    copy.end(3, 200)
    assert links.find(3, 200, seconds(210)) == 200
    assert copy.find(3, 200, seconds(210)) == -1
    assert not copy.taken(3, 200, seconds(210))


def test_existence_is_vouched_for_not_multiplied() -> None:
    assert vouched(0.2, 1) == 0.9
    assert vouched(0.95, 1) == 0.95
    assert [vouched(0.0, reports) for reports in (1, 2, 3, 50)] == [*VOUCHED, 0.98]
