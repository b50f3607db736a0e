"""Ballistic kernels against independent integrators, finite differences and plain algebra."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from tests.track.arcs import AXES, Arc, Wind, flight, impact, impact_spread, place, polar_noise
from tests.track.drawn import kalman
from tocsin import air, geo
from tocsin.track import boost, fall
from tocsin.track.falling import (
    advance_falls,
    correct_state,
    fall_correct,
    fall_hasten,
    fall_log_likelihood,
)
from tocsin.track.onset import begin_fall
from tocsin.track.state import mixed
from tocsin.track.table import BOOST, COAST, REPORT, TRACK, Record, Records
from tocsin.words import FloatArray, IntArray

M = 6
NOW = 1_790_000_000_000_000_000


def state(height_m: float, enu_mps: tuple[float, float, float], thrust: float = 0.0) -> FloatArray:
    velocity = AXES.T @ np.array(enu_mps)
    return np.concatenate([place(0.0, 0.0, height_m), velocity, [np.log(5000.0), thrust]])


def spread(rng: np.random.Generator, thrust: bool = True) -> FloatArray:
    """A random covariance (8,8) of plausible size, with correlations."""
    root = rng.normal(size=(8, 8)) + 2.0 * np.eye(8)
    scale = np.array([50.0] * 3 + [10.0] * 3 + [0.2, 8.0 if thrust else 0.0])
    return (root @ root.T) * np.outer(scale, scale) / 10.0


@pytest.mark.parametrize("bits", [-2, -1, 0, 1, 2])
def test_the_last_bit_of_a_new_hypothesis_decides_nothing(bits: int) -> None:
    """It is begun with half of the weight, in two shares whose sum may be rounded either way."""
    track = row(np.random.default_rng(1), 0.2, 0.3)
    for _ in range(abs(bits)):
        track["weight"][M + BOOST] = np.nextafter(track["weight"][M + BOOST], np.sign(bits))
    mean, cov = np.empty(6), np.empty((6, 6))
    assert mixed(track, mean, cov)
    assert np.array_equal(mean, track["fall_mean"][BOOST, :6])


def row(rng: np.random.Generator, coast: float = 0.3, burning: float = 0.2) -> Record:
    """A track with both hypotheses."""
    track = np.zeros(1, TRACK)[0]
    track["weight"][:M] = (1.0 - coast - burning) / M
    track["weight"][M:] = coast, burning
    for h, thrust in ((COAST, 0.0), (BOOST, 45.0)):
        track["fall_mean"][h] = state(9000.0, (300.0, 200.0, 400.0), thrust)
        track["fall_mean"][h, :7] += rng.normal(size=7) * ([30.0] * 3 + [8.0] * 3 + [0.1])
        track["fall_cov"][h] = spread(rng, h == BOOST)
    return track


def told(positions: FloatArray, noises: FloatArray) -> tuple[Records, IntArray]:
    """Reports as kernels take them, and which of them: all."""
    reports = np.zeros(len(positions), REPORT)
    reports["position_m"], reports["covariance_m2"] = positions, noises
    return reports, np.arange(len(reports))


def moments(
    weights: FloatArray, means: FloatArray, covs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    mean = np.einsum("k,ki->i", weights, means)
    off = means - mean
    return mean, np.einsum("k,kij->ij", weights, covs + np.einsum("ki,kj->kij", off, off))


# ---- physics ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height_m", "density"),
    # U.S. Standard Atmosphere 1976, table 1, geometric heights
    [(0, 1.2250), (5000, 0.73643), (11_000, 0.36480), (20_000, 0.088910), (30_000, 0.018410),
     (50_000, 0.0010269), (70_000, 8.2829e-5)],
)  # fmt: skip
def test_density_is_the_standard_atmospheres(height_m: float, density: float) -> None:
    assert air.standard(float(height_m))[0] == pytest.approx(density, rel=1e-3)


@pytest.mark.parametrize(
    ("speed", "elevation", "thrust", "burn_s"),
    [(400, 60, 0, 0), (800, 45, 0, 0), (1300, 55, 0, 0), (2000, 70, 0, 0), (100, 75, 45, 30)],
)
def test_flight_agrees_with_an_independent_integrator(
    speed: float, elevation: float, thrust: float, burn_s: float
) -> None:
    angle = np.radians(elevation)
    begin = state(1000.0, (speed * np.cos(angle), 30.0, speed * np.sin(angle)), thrust)
    arc = flight(begin[:3], begin[3:6], 5000.0, thrust_mps2=thrust, burn_s=burn_s)
    end_s = burn_s or arc.end_s
    flown = begin.copy()
    for _ in range(40):
        fall.fly(flown, end_s / 40.0)
    miss = np.linalg.norm(flown[:3] - arc.path(end_s))
    print(f"{speed} m/s: {arc.end_s:.0f} s of flight, {miss:.2f} m apart")
    assert miss < 5.0
    fall.fly(flown, -end_s)
    assert np.linalg.norm(flown[:3] - begin[:3]) < 5.0


@pytest.mark.parametrize("height_m", [0.0, 9000.0, 25_000.0, 60_000.0, 120_000.0])
@pytest.mark.parametrize("thrust", [0.0, 60.0])
def test_partial_derivatives_are_those_of_the_acceleration(height_m: float, thrust: float) -> None:
    at = state(height_m, (600.0, -200.0, 500.0), thrust)
    part, up = np.empty((3, 8)), np.empty(3)
    fall.gradient(at, part)
    for k, step in enumerate([20.0] * 3 + [0.5] * 3 + [1e-3, 0.1]):
        high, low = np.empty(3), np.empty(3)
        for out, sign in ((high, 1.0), (low, -1.0)):
            moved = at.copy()
            moved[k] += sign * step
            fall.acceleration(moved, out, up)
        measured = (high - low) / (2.0 * step)
        largest = np.abs(measured).max() + 1e-12
        # J2's own gradient, left out, is 6 J2 = 0.7 % of gravity's and shows where there is no air
        np.testing.assert_allclose(part[:, k], measured, atol=1e-2 * largest)


def test_covariance_follows_the_spread_of_sampled_flights() -> None:
    rng = np.random.default_rng(11)
    mean = state(8000.0, (500.0, 0.0, 300.0), 40.0)
    sd = np.array([50.0] * 3 + [10.0] * 3 + [0.2, 8.0])
    ends = []
    for _ in range(4000):
        sample = mean + rng.normal(size=8) * sd
        fall.fly(sample, 10.0)
        ends.append(sample)
    cov, noise = np.diag(sd**2), np.zeros((8, 8))
    fall.predict(mean.copy(), noise, 10.0, True)
    fall.predict(mean, cov, 10.0, True)
    sampled = np.cov(np.array(ends).T)
    own = cov - noise
    np.testing.assert_allclose(np.diag(own), np.diag(sampled), rtol=0.08)
    scale = np.sqrt(np.outer(np.diag(sampled), np.diag(sampled)))
    np.testing.assert_allclose(own / scale, sampled / scale, atol=0.08)


def test_no_guess_blows_up() -> None:
    mean = state(10.0, (4900.0, 0.0, 0.0))
    mean[6] = fall.LN_BETA_BOUNDS[0]
    cov = np.diag([1e4] * 6 + [0.5, 0.0])
    fall.predict(mean, cov, 5.0, False)
    assert np.isfinite(cov).all()
    assert np.linalg.norm(mean[3:6]) < 4900.0
    assert fall.sane(mean, cov)
    mean[6], mean[7] = 99.0, -3.0
    assert fall.sane(mean, cov)
    assert mean[6] == fall.LN_BETA_BOUNDS[1]
    assert mean[7] == 0.0
    mean[3] = np.nan
    assert not fall.sane(mean, cov)


def test_a_motor_on_the_pad_does_not_divide_by_zero() -> None:
    mean, cov = state(0.0, (0.0, 0.0, 0.0), 50.0), np.diag([1e4] * 6 + [0.5, 400.0])
    fall.predict(mean, cov, 1.0, True)
    assert np.isfinite(mean).all()
    assert np.isfinite(cov).all()


# ---- weighing and correcting --------------------------------------------------------------------


@pytest.mark.parametrize("h", [COAST, BOOST])
def test_likelihood_is_the_gaussian_of_the_report(h: int) -> None:
    rng = np.random.default_rng(3)
    track = row(rng)
    noise = spread(rng)[:3, :3]
    z = track["fall_mean"][h, :3] + rng.normal(size=3) * 60.0
    mean, cov = track["fall_mean"][h], track["fall_cov"][h]
    peer = multivariate_normal(mean[:3], cov[:3, :3] + noise)
    assert fall_log_likelihood(track, h, 0.0, z, noise)[0] == pytest.approx(peer.logpdf(z))


def test_an_older_report_is_met_where_the_body_was() -> None:
    rng = np.random.default_rng(4)
    track = row(rng)
    mean = track["fall_mean"][BOOST]
    back = mean.copy()
    fall.fly(back, -0.8)
    noise = np.eye(3) * 25.0
    track["fall_cov"][BOOST] = np.diag([1.0] * 8)
    top = fall_log_likelihood(track, BOOST, -0.8, back[:3], noise)[0]
    for k in range(3):
        off = back[:3] + 2.0 * np.eye(3)[k]
        assert fall_log_likelihood(track, BOOST, -0.8, off, noise)[0] < top
    assert fall_log_likelihood(track, BOOST, 0.0, back[:3], noise)[0] < top - 100.0


@pytest.mark.parametrize("weights", [[1.0], [0.7], [0.5, 0.3], [0.2, 0.5, 0.3]])
def test_correction_is_the_mixture_of_kalman_filters(weights: list[float]) -> None:
    rng = np.random.default_rng(5)
    track = row(rng)
    k = len(weights)
    mean, cov = track["fall_mean"][BOOST].copy(), track["fall_cov"][BOOST].copy()
    noises = np.array([spread(rng)[:3, :3] for _ in range(k)])
    positions = mean[:3] + rng.normal(size=(k, 3)) * 40.0
    h = np.hstack([np.eye(3), np.zeros((3, 5))])
    parts = [kalman(mean, cov, h, positions[j], noises[j]) for j in range(k)]
    left = 1.0 - sum(weights)
    if left > 1e-9:
        parts.append((mean, cov))
    shares = np.array(weights + ([left] if left > 1e-9 else []))
    wanted = moments(shares, np.array([p[0] for p in parts]), np.array([p[1] for p in parts]))
    fall_correct(track, BOOST, np.zeros(k), *told(positions, noises), np.array(weights), k)
    np.testing.assert_allclose(track["fall_mean"][BOOST], wanted[0], rtol=1e-9)
    np.testing.assert_allclose(track["fall_cov"][BOOST], wanted[1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("h", [COAST, BOOST])
@pytest.mark.parametrize("weight", [1.0, 0.4])
def test_range_rate_weighs_and_corrects_as_a_kalman_filter(h: int, weight: float) -> None:
    """From so far away that the line of sight does not depend on where the body is."""
    rng = np.random.default_rng(6)
    track = row(rng)
    mean, cov = track["fall_mean"][h].copy(), track["fall_cov"][h].copy()
    sight = np.array([0.0, 0.6, -0.8])
    row_of = np.concatenate([np.zeros(3), sight, np.zeros(2)])[None]
    z = row_of @ mean + 12.0
    part = kalman(mean, cov, row_of, z, np.array([[4.0]]))
    shares = np.array([weight, 1.0 - weight])
    wanted = moments(shares, np.array([part[0], mean]), np.array([part[1], cov]))
    radar = mean[:3] - 1e9 * sight
    own = fall_hasten(track, h, 0.0, float(z[0]), 2.0, radar, weight)
    peer = multivariate_normal(row_of @ mean, row_of @ cov @ row_of.T + 4.0)
    assert own == pytest.approx(peer.logpdf(z), rel=1e-4)
    np.testing.assert_allclose(track["fall_mean"][h], wanted[0], rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(track["fall_cov"][h], wanted[1], rtol=1e-3, atol=1e-2)


def test_a_range_rate_of_a_moment_ago_is_brought_forward() -> None:
    """The truth is flown back; what it would have shown must fit best, though 25 m/s away."""
    track = row(np.random.default_rng(7))
    mean = track["fall_mean"][COAST]
    mean[:] = state(2000.0, (1200.0, 0.0, 900.0))
    mean[6] = np.log(2500.0)
    track["fall_cov"][COAST] = np.diag([1.0] * 6 + [1e-4, 0.0])
    radar = place(-9_000.0, 4_000.0, 50.0)
    back = mean.copy()
    fall.fly(back, -0.1)

    def rate(at: FloatArray) -> float:
        sight = at[:3] - radar
        return float(sight @ at[3:6] / np.linalg.norm(sight))

    assert abs(rate(back) - rate(mean)) > 10.0
    fits = [
        fall_hasten(track, COAST, -0.1, rate(back) + off, 1.0, radar, 0.0)
        for off in (-3.0, 0.0, 3.0)
    ]
    assert fits[1] > max(fits[0], fits[2])


def test_time_keeps_the_weight_and_leaves_no_thrust_in_coast() -> None:
    track = row(np.random.default_rng(8))
    for _ in range(300):
        advance_falls(track, 1.0)
        assert track["weight"].sum() == pytest.approx(1.0)
        assert track["fall_mean"][COAST, 7] == 0.0
        assert not track["fall_cov"][COAST, 7].any()
        assert not track["fall_cov"][COAST, :, 7].any()
    assert track["weight"][M + BOOST] == 0.0  # it is coming down
    before = track["fall_mean"].copy()
    advance_falls(track, 0.0)
    np.testing.assert_array_equal(before, track["fall_mean"])


# ---- beginning ----------------------------------------------------------------------------------


class Watch:
    """One track fed by one radar, without association: what the picture does."""

    def __init__(self) -> None:
        self.track: Record = np.zeros(1, TRACK)[0]
        self.track["weight"][0], self.track["existence"] = 1.0, 1.0
        self.track["has_height"] = True
        self.falls = False

    def report(self, t_s: float, z: FloatArray, noise: FloatArray) -> None:
        track, t_ns = self.track, NOW + round(t_s * 1e9)
        if self.falls:
            advance_falls(track, (t_ns - track["t_ns"]) * 1e-9)
            score = np.array([fall_log_likelihood(track, h, 0.0, z, noise)[0] for h in (0, 1)])
            weight = track["weight"][M:] * np.exp(score - score.max())
            track["weight"][M:] = weight / weight.sum()
            for h in (COAST, BOOST):
                fall_correct(track, h, np.zeros(1), *told(z[None], noise[None]), np.ones(1), 1)
        track["t_ns"] = t_ns
        for column, new in (
            (track["past_t_ns"], t_ns), (track["past_position"], z), (track["past_cov"], noise),
        ):  # fmt: skip
            column[1:] = column[:-1].copy()
            column[0] = new
        if not self.falls:
            self.falls = begin_fall(track)
            if self.falls:
                assert track["weight"].sum() == pytest.approx(1.0)
                track["weight"] /= track["weight"][M:].sum()
                track["weight"][:M] = 0.0

    @property
    def boosting(self) -> float:
        return float(self.track["weight"][M + BOOST])

    def likelier(self) -> tuple[FloatArray, FloatArray]:
        h = BOOST if self.boosting > 0.5 else COAST
        return self.track["fall_mean"][h], self.track["fall_cov"][h]


def seen(
    radar: FloatArray, at: FloatArray, sd: tuple[float, float], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """A report and the covariance that the radar states for it (from where it saw it)."""
    z = at + np.linalg.cholesky(polar_noise(radar, at, *sd)) @ rng.normal(size=3)
    return z, polar_noise(radar, z, *sd)


@pytest.mark.parametrize(
    ("scan_s", "height_m", "enu_mps", "reports"),
    [
        (1.0, 9_000.0, (600.0, 0.0, 500.0), 3),
        (4.0, 9_000.0, (500.0, 0.0, 300.0), 2),
        (10.0, 9_000.0, (350.0, 0.0, 350.0), 2),
        (10.0, 23_000.0, (450.0, 0.0, 0.0), 2),  # level at the top of its arc
        (10.0, 100_000.0, (300.0, 0.0, 0.0), 2),
        (4.0, 60_000.0, (1500.0, 0.0, -500.0), 2),
    ],
)
def test_what_falls_begins_after_few_reports(
    scan_s: float, height_m: float, enu_mps: tuple[float, float, float], reports: int
) -> None:
    rng = np.random.default_rng(1)
    begin = state(height_m, enu_mps)
    arc = flight(begin[:3], begin[3:6], 5000.0)
    radar = place(-40_000.0, 10_000.0, 50.0)
    began = 0
    for _ in range(20):
        watch = Watch()
        for k in range(reports):
            watch.report(k * scan_s, *seen(radar, arc.path(k * scan_s), (50.0, 0.1), rng))
        if not watch.falls:
            continue
        began += 1
        mean, cov = watch.track["fall_mean"][COAST], watch.track["fall_cov"][COAST]
        off = np.concatenate([
            arc.path((reports - 1) * scan_s) - mean[:3],
            arc.velocity((reports - 1) * scan_s) - mean[3:6],
        ])  # fmt: skip
        assert off @ np.linalg.solve(cov[:6, :6], off) < 33.0  # chi-square, 6 degrees, 1e-5
    assert began == 20


def test_airliners_seldom_begin() -> None:
    rng = np.random.default_rng(2)
    radar = place(-80_000.0, 0.0, 50.0)
    began = 0
    for _ in range(300):
        watch, scan_s = Watch(), float(rng.choice([1.0, 4.0, 10.0]))
        climb = rng.uniform(-18.0, 18.0)
        for k in range(5):
            at = place(250.0 * k * scan_s, 0.0, 9000.0 + climb * k * scan_s)
            watch.report(k * scan_s, *seen(radar, at, (50.0, 0.1), rng))
        began += watch.falls
    assert began <= 6  # 2 %: each is work for nothing, Bayes then takes it back


def test_no_beginning_without_height_or_existence() -> None:
    begin = state(9000.0, (900.0, 0.0, 500.0))
    for column in ("has_height", "existence"):
        watch = Watch()
        watch.track[column] = 0
        for k in range(4):
            at = begin[:3] + begin[3:6] * k
            watch.report(float(k), at, np.eye(3) * 100.0)
        assert not watch.falls


# ---- impact -------------------------------------------------------------------------------------

AGES_S = (6, 10, 20, 30)


def steady(blow: FloatArray) -> Wind:
    """The same wind at every height."""
    return lambda _height_m: blow


def rockets(n: int, rng: np.random.Generator) -> list[tuple[Arc, FloatArray, float]]:
    """Seeded flights as in section 4 of the algorithms study: arc, radar's place, beta."""
    made = []
    for _ in range(n):
        speed, tilt = rng.uniform(500.0, 1100.0), np.radians(rng.uniform(35.0, 60.0))
        heading, beta = rng.uniform(0.0, 2 * np.pi), float(np.exp(rng.uniform(7.824, 9.105)))
        flat = np.cos(tilt) * np.array([np.sin(heading), np.cos(heading)])
        blow = AXES.T @ np.array([*rng.normal(0.0, 6.0, 2), 0.0])
        start = place(0.0, 0.0, rng.uniform(1000.0, 8000.0))
        velocity = AXES.T @ (speed * np.array([*flat, np.sin(tilt)]))
        far, side = rng.uniform(5e3, 50e3), rng.uniform(0.0, 2 * np.pi)
        radar = place(far * np.sin(side), far * np.cos(side), 50.0)
        made.append((flight(start, velocity, beta, steady(blow)), radar, beta))
    return made


def unknown_wind(mean: FloatArray) -> FloatArray:
    """Covariance (3,3) on the ground of the noise still to come on the way down from `mean`."""
    mean, cov, up = mean.copy(), np.zeros((8, 8)), np.empty(3)
    for _ in range(600):
        if fall.height_and_up(mean, up) <= 0.0:
            break
        fall.predict(mean, cov, 1.0, False)
    flat = np.eye(3) - np.outer(mean[3:6], up) / (mean[3:6] @ up)
    return flat @ cov[:3, :3] @ flat.T


def test_impacts_are_near_and_within_the_ellipse() -> None:
    """Radar of 30 m, 0.15 degrees, 1 Hz, chance 0.9, 5-50 km away; wind of 6 m/s s.d.

    Measured on these 120 flights (seeds 20, 21, 22): CEP50 at 10 s 1285, 995, 1078 m, at 20 s 445,
    415, 385 m; without wind 927 and 272 m. Section 4 of the algorithms study has 906 and 328 m with
    a narrower beta. The bounds are its figures plus half; of coverage, 0.9 less three s.d. of a
    binomial of 120.
    """
    rng = np.random.default_rng(20)
    error: dict[int, list[float]] = {age: [] for age in AGES_S}
    inside: dict[int, list[bool]] = {age: [] for age in AGES_S}
    for arc, radar, _ in rockets(120, rng):
        watch, hit = Watch(), arc.path(arc.end_s)
        lat, lon, _ = geo.geodetic(hit)
        level = geo.local_axes(lat, lon)[:2]
        for t in range(31):
            if t == 0 or t in AGES_S or rng.random() < 0.9:
                watch.report(float(t), *seen(radar, arc.path(float(t)), (30.0, 0.15), rng))
            if t not in AGES_S:
                continue
            mean, cov = watch.likelier()
            cov = impact_spread(mean, cov)[1] + unknown_wind(mean)
            off = level @ (hit - impact(mean))
            error[t].append(float(np.linalg.norm(off)))
            inside[t].append(bool(off @ np.linalg.solve(level @ cov @ level.T, off) < 4.605))
    for age in AGES_S:
        near, far = np.quantile(error[age], [0.5, 0.95])
        print(f"{age} s: CEP50 {near:.0f} m, 95 % {far:.0f} m, in 90 %: {np.mean(inside[age]):.3f}")
    assert np.median(error[10]) < 1.5 * 906.0
    assert np.median(error[20]) < 1.5 * 328.0
    for age in AGES_S:
        assert 0.82 <= np.mean(inside[age]) <= 0.98


def test_correct_state_keeps_the_covariance_positive() -> None:
    rng = np.random.default_rng(9)
    mean, cov = state(9000.0, (600.0, 0.0, 500.0), boost.THRUST_MPS2), spread(rng)
    for _ in range(200):
        fall.predict(mean, cov, 0.5, True)
        noise = np.diag([4.0, 4.0, 1e6])
        z = mean[:3] + rng.normal(size=3) * 3.0
        correct_state(mean, cov, np.zeros(1), z[None], noise[None], np.ones(1))
        assert np.linalg.eigvalsh(cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))).min() > 0.0
