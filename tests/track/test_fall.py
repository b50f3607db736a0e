"""Ballistic flight against an independent integrator, and what it is good for: the impact."""

import numpy as np
import pytest

from tests.track.sky import AXES, T0, Radar, nearest, place, rocket, sensors, watch
from tocsin import geo
from tocsin.track import Picture, fall
from tocsin.track.kind import BALLISTIC
from tocsin.words import FloatArray


@pytest.mark.parametrize(
    ("height_m", "density"),
    # U.S. Standard Atmosphere 1976, table 1, geometric heights
    [(0, 1.2250), (5000, 0.73643), (11_000, 0.36480), (20_000, 0.088910), (30_000, 0.018410),
     (50_000, 0.0010269), (70_000, 8.2829e-5)],
)  # fmt: skip
def test_density_is_the_standard_atmospheres(height_m: float, density: float) -> None:
    assert fall.density_kgpm3(float(height_m)) == pytest.approx(density, rel=1e-3)


@pytest.mark.parametrize(("speed", "elevation"), [(400, 60), (800, 45), (1300, 55)])
def test_flight_agrees_with_an_independent_integrator(speed: float, elevation: float) -> None:
    angle = np.radians(elevation)
    velocity = (speed * np.cos(angle), 30.0, speed * np.sin(angle))
    path, end_s = rocket((0.0, 0.0, 1000.0), velocity, 4000.0)
    state = np.concatenate([path(0.0), AXES.T @ np.array(velocity), [np.log(4000.0)]])
    fall.fly(state, end_s)
    assert np.linalg.norm(state[:3] - path(end_s)) < 30.0
    fall.fly(state, -end_s)
    assert np.linalg.norm(state[:3] - path(0.0)) < 30.0


def test_covariance_follows_the_spread_of_sampled_flights() -> None:
    rng = np.random.default_rng(11)
    mean = np.concatenate([
        place((0.0, 0.0, 8000.0)), AXES.T @ np.array([500.0, 0.0, 300.0]), [np.log(5000.0)],
    ])  # fmt: skip
    sd = np.array([50.0] * 3 + [10.0] * 3 + [0.2])
    ends = []
    for _ in range(2000):
        state = mean + rng.normal(size=7) * sd
        fall.fly(state, 10.0)
        ends.append(state)
    cov = np.diag(sd**2)
    fall.predict(mean, cov, 10.0)
    sampled = np.cov(np.array(ends).T)
    noise = fall.NOISE_M2PS3 * np.array([1000.0 / 3.0] * 3 + [10.0] * 3)
    np.testing.assert_allclose(np.diag(cov)[:6] - noise, np.diag(sampled)[:6], rtol=0.12)


def impact(position: FloatArray, velocity: FloatArray, ln_beta: float) -> FloatArray:
    """Where a state reaches the ellipsoid, flying on without uncertainty."""
    state = np.concatenate([position, velocity, [ln_beta]])
    for _ in range(2000):
        before = state.copy()
        fall.fly(state, 0.5)
        high, low = (float(geo.geodetic(s[:3])[2]) for s in (before, state))
        if low < 0.0 and low < high:
            return before[:3] + (state[:3] - before[:3]) * high / (high - low)
    return state[:3]


def test_a_rocket_is_recognised_and_its_impact_predicted() -> None:
    """Figures (seed 7, 30 rockets, apogee 3-50 km): printed; the bounds are far above them."""
    rng = np.random.default_rng(7)
    radar = Radar((0.0, -60_000.0, 50.0), scan_s=2.0)
    errors: dict[int, list[float]] = {10: [], 20: []}
    called: dict[int, list[float]] = {10: [], 20: []}
    top_m = []
    for _ in range(30):
        speed, angle = rng.uniform(450.0, 1700.0), np.radians(rng.uniform(35.0, 60.0))
        east, north = np.array([np.cos(h := rng.uniform(0.0, 6.28)), np.sin(h)]) * np.cos(angle)
        where = (*rng.uniform(-20e3, 20e3, 2), 1500.0)
        beta = np.exp(rng.uniform(np.log(2500.0), np.log(9000.0)))
        path, end_s = rocket(where, (speed * east, speed * north, speed * np.sin(angle)), beta)
        top_m.append(max(float(geo.geodetic(path(t))[2]) for t in np.arange(0.0, end_s, 2.0)))
        picture, born_s = Picture(), None
        for batch in watch(radar, [path], 26.0, rng):
            if not len(batch):
                continue
            now = int(batch.t_ns[0])
            picture.update(now, batch, sensors([radar], now))
            t_s = (now - T0) / 1e9
            born_s = t_s if born_s is None else born_s
            age_s = round(t_s - born_s)
            if age_s in errors:
                shown = picture.tracks()
                i = nearest(shown, path(t_s))
                if i < 0:
                    continue
                called[age_s].append(shown.kind_weight[i, BALLISTIC])
                state = (shown.position_m[i], shown.velocity_mps[i], shown.ln_beta[i, 0])
                errors[age_s].append(float(np.linalg.norm(impact(*state) - path(end_s))))
    print(f"apogee {min(top_m):.0f}-{max(top_m):.0f} m; impact CEP50 (m):",
          {age: round(float(np.median(e))) for age, e in errors.items()})  # fmt: skip
    assert len(called[10]) >= 27  # two missed looks in the first five cost a confirmation
    assert len(called[20]) == 30
    assert np.median(called[10]) > 0.95
    assert np.quantile(called[10], 0.1) > 0.5
    assert min(called[20]) > 0.9
    assert np.median(errors[10]) < 4000.0
    assert np.median(errors[20]) < 1000.0


def test_no_guess_blows_up() -> None:
    low = place((0.0, 0.0, 10.0))
    mean = np.concatenate([low, AXES.T @ np.array([4900.0, 0.0, 0.0]), [fall.LN_BETA_BOUNDS[0]]])
    cov = np.diag([1e4] * 3 + [1e4] * 3 + [0.5])
    fall.predict(mean, cov, 5.0)
    assert np.isfinite(cov).all()
    assert np.linalg.norm(mean[3:6]) < 4900.0
    assert fall.sane(mean, cov)
    mean[6] = 99.0
    assert fall.sane(mean, cov)
    assert mean[6] == fall.LN_BETA_BOUNDS[1]
    mean[3] = np.nan
    assert not fall.sane(mean, cov)


def test_an_airliner_never_falls() -> None:
    rng = np.random.default_rng(2)
    radar = Radar(scan_s=4.0)
    picture = Picture()
    for batch in watch(radar, [lambda t: place((20e3 + 240.0 * t, 0.0, 10_000.0))], 80.0, rng):
        now = int(batch.t_ns.max()) if len(batch) else 0
        picture.update(now, batch, sensors([radar], now))
        shown = picture.tracks()
        assert (shown.kind_weight[shown.confirmed, BALLISTIC] < 0.01).all()
