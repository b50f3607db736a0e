"""Motors: mixing with coasting, burnout seen by a radar, a reported launch."""

import numpy as np
import pytest

from tests.track.arcs import AXES, flight, place
from tests.track.test_falling import M, Watch, moments, row, seen
from tocsin.track import boost, fall
from tocsin.track.table import BOOST, COAST
from tocsin.words import FloatArray


def test_mixing_is_the_textbooks_with_thrust_left_behind() -> None:
    track = row(np.random.default_rng(1), coast=0.4, burning=0.5)
    means, covs = track["fall_mean"].copy(), track["fall_cov"].copy()
    dt_s = 3.0
    out, back = 1.0 - np.exp(-dt_s / boost.BURN_LEFT_S), 1.0 - np.exp(-dt_s / boost.RELIGHT_S)

    def with_thrust(h: int, thrust: float, variance: float) -> tuple[FloatArray, FloatArray]:
        mean, cov = means[h].copy(), covs[h].copy()
        cov[7] = cov[:, 7] = 0.0
        mean[7], cov[7, 7] = thrust, variance
        return mean, cov

    burnt = with_thrust(BOOST, 0.0, 0.0)
    lit = with_thrust(COAST, boost.THRUST_MPS2, boost.THRUST_SD_MPS2**2)
    boost.mix(track, dt_s)
    for h, stay, come, come_weight in (
        (COAST, 0.4 * (1.0 - back), burnt, 0.5 * out),
        (BOOST, 0.5 * (1.0 - out), lit, 0.4 * back),
    ):
        weight = stay + come_weight
        shares = np.array([stay, come_weight]) / weight
        mean, cov = moments(shares, np.array([means[h], come[0]]), np.array([covs[h], come[1]]))
        assert track["weight"][M + h] == pytest.approx(weight)
        np.testing.assert_allclose(track["fall_mean"][h], mean, rtol=1e-12)
        np.testing.assert_allclose(track["fall_cov"][h], cov, rtol=1e-9, atol=1e-9)


def test_a_hypothesis_without_weight_may_hold_anything() -> None:
    track = row(np.random.default_rng(2), coast=0.5, burning=0.0)
    track["fall_mean"][BOOST], track["fall_cov"][BOOST] = np.nan, np.inf
    boost.mix(track, 1.0)
    assert np.isfinite(track["fall_mean"]).all()
    assert np.isfinite(track["fall_cov"]).all()
    assert track["fall_mean"][BOOST, 7] == boost.THRUST_MPS2


@pytest.mark.parametrize(("scan_s", "late_s"), [(1.0, 5.0), (4.0, 12.0)])
def test_burnout_is_seen_and_thrust_and_beta_kept_apart(scan_s: float, late_s: float) -> None:
    """A rocket that burns 30 s at 35-70 m/s2, radar of 50 m and 0.1 degrees 30 km away."""
    rng = np.random.default_rng(3)
    radar = place(-30_000.0, 5_000.0, 50.0)
    during, after, thrust_off, speed_off = [], [], [], []
    for _ in range(12):
        thrust, tilt = rng.uniform(35.0, 70.0), np.radians(rng.uniform(50.0, 80.0))
        velocity = AXES.T @ (100.0 * np.array([np.cos(tilt), 0.0, np.sin(tilt)]))
        arc = flight(place(0.0, 0.0, 300.0), velocity, 5000.0, thrust_mps2=thrust, burn_s=30.0)
        watch = Watch()
        for t in np.arange(4.0, 30.0 + late_s + scan_s, scan_s):
            watch.report(t, *seen(radar, arc.path(t), (50.0, 0.1), rng))
            if 30.0 - scan_s < t <= 30.0:
                during.append(watch.boosting)
                mean, cov = watch.likelier()
                thrust_off.append(mean[7] - thrust)
                speed_off.append(np.linalg.norm(mean[3:6] - arc.velocity(t)))
                assert abs(mean[6] - fall.LN_BETA) < 2.0 * fall.LN_BETA_SD
                assert cov[7, 7] < boost.THRUST_SD_MPS2**2
        after.append(watch.boosting)
    print(f"scan {scan_s} s: boosting {np.round(during, 3)} then {np.round(after, 3)};"
          f" thrust {np.round(thrust_off, 1)}; speed {np.round(speed_off, 1)}")  # fmt: skip
    assert np.median(during) > 0.9
    assert np.median(after) < 0.1
    assert np.median(np.abs(thrust_off)) < 10.0


@pytest.mark.parametrize("scan_s", [1.0, 4.0, 10.0])
def test_a_boosting_body_begins_and_is_called_so(scan_s: float) -> None:
    rng = np.random.default_rng(4)
    radar = place(-30_000.0, 5_000.0, 50.0)
    called = []
    for _ in range(12):
        velocity = AXES.T @ np.array([30.0, 20.0, 90.0])
        arc = flight(place(0.0, 0.0, 300.0), velocity, 5000.0, thrust_mps2=45.0, burn_s=60.0)
        watch = Watch()
        for t in np.arange(5.0, 36.0, scan_s):
            watch.report(t, *seen(radar, arc.path(t), (50.0, 0.1), rng))
        called.append(watch.boosting)
    assert np.median(called) > 0.9


def test_a_coasting_body_is_not_called_boosting() -> None:
    rng = np.random.default_rng(5)
    radar = place(-30_000.0, 5_000.0, 50.0)
    called = []
    for _ in range(12):
        velocity = AXES.T @ np.array([500.0, 100.0, 700.0])
        arc = flight(place(0.0, 0.0, 8000.0), velocity, 5000.0)
        watch = Watch()
        for t in range(16):
            watch.report(float(t), *seen(radar, arc.path(float(t)), (50.0, 0.1), rng))
        called.append(watch.boosting)
    assert np.median(called) < 0.02


def test_a_launch_of_known_azimuth_holds_the_launches_it_stands_for() -> None:
    rng = np.random.default_rng(6)
    place_m, mean, cov = place(0.0, 0.0, 100.0), np.empty(8), np.empty((8, 8))
    for azimuth in (0.3, 2.0, 4.4, float("nan")):
        boost.begin_launch(place_m, np.eye(3) * 500.0**2, azimuth, 0.2, mean, cov)
        np.testing.assert_allclose(mean[:3], place_m)
        assert np.linalg.eigvalsh(cov)[0] > 0.0
        enu = AXES @ mean[3:6]
        assert enu[2] > 0.0
        if np.isfinite(azimuth):
            assert np.arctan2(enu[0], enu[1]) % (2 * np.pi) == pytest.approx(azimuth, abs=1e-3)
        samples = []
        for _ in range(4000):
            tilt = np.radians(rng.uniform(30.0, 85.0))
            heading = rng.uniform(0.0, 2 * np.pi)
            if np.isfinite(azimuth):
                heading = azimuth + rng.normal(0.0, 0.2)
            flat = np.cos(tilt) * np.array([np.sin(heading), np.cos(heading)])
            samples.append(rng.uniform(5.0, 150.0) * np.array([*flat, np.sin(tilt)]))
        off = np.array(samples) - enu
        length = np.einsum("ki,ij,kj->k", off, np.linalg.inv(AXES @ cov[3:6, 3:6] @ AXES.T), off)
        assert np.mean(length < 11.34) > 0.95  # chi-square, 3 degrees, 99 %
        assert 1.0 < np.mean(length) < 4.0  # and is not wider than it need be; 3 when Gaussian
    fall.predict(mean, cov, 5.0, True)
    assert fall.sane(mean, cov)
