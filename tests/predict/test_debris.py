"""Debris against a Monte Carlo of pieces flown by another integrator in small steps."""

import numpy as np
import pytest
from bench.predict import truth

from tests.predict.squares import Squares, moving
from tocsin.geo import geodetic, local_axes
from tocsin.predict import debris
from tocsin.predict.fall import WIND_SD_MPS
from tocsin.predict.zonal import HARM_RADIUS_M, raster
from tocsin.words import FloatArray

ZONES = Squares(48.0, 34.0, 30, 30, 1_500.0)
GRID = raster(ZONES)
FLIGHTS = 3_000

# height (m), velocity east, north, up (m/s): a drone, a cruise missile, a rocket on its way down
CASES = [
    pytest.param(400.0, (50.0, 0.0, 0.0), id="drone"),
    pytest.param(1_500.0, (0.0, 230.0, 0.0), id="cruise"),
    pytest.param(12e3, (300.0, 200.0, -500.0), id="rocket"),
]


def wreck(
    height_m: float, enu_mps: tuple[float, float, float], lag_s: float = 0.0
) -> debris.Wrecks:
    tracks = moving(*ZONES.at(10.0, 10.0), height_m, np.array(enu_mps), sd_m=60.0, sd_mps=5.0)
    return debris.Wrecks(
        position_m=tracks.position_m,
        velocity_mps=tracks.velocity_mps,
        covariance=tracks.covariance,
        lag_s=np.array([lag_s]),
    )


def flown(wrecks: debris.Wrecks, seed: int) -> FloatArray:
    """Latitude, longitude (deg) and time (s) of the impacts of random pieces of the first."""
    random = np.random.default_rng(seed)
    centre = np.concatenate([wrecks.position_m[0], wrecks.velocity_mps[0]])
    states = np.empty((FLIGHTS, 10))
    states[:, :6] = random.multivariate_normal(centre, wrecks.covariance[0], FLIGHTS)
    states[:, 3:6] += random.normal(0.0, debris.KICK_MPS, (FLIGHTS, 3))
    heavier = np.clip(random.standard_normal(FLIGHTS), -2.0, 2.0)
    states[:, 6] = debris.LN_BETA + debris.LN_BETA_SD * heavier
    lat_deg, lon_deg, _ = geodetic(wrecks.position_m)
    axes = local_axes(lat_deg, lon_deg)[0, :2]
    states[:, 7:] = random.normal(0.0, WIND_SD_MPS, (FLIGHTS, 2)) @ axes
    return truth.impacts(states, 0.05)


@pytest.mark.parametrize(("height_m", "enu_mps"), CASES)
def test_zone_chances_are_those_of_monte_carlo(
    height_m: float, enu_mps: tuple[float, float, float]
) -> None:
    wrecks = wreck(height_m, enu_mps)
    places = flown(wrecks, seed=1)
    places = places[places[:, 2] < debris.LONGEST_S]
    found = debris.strikes(GRID, wrecks, np.zeros(1))
    ours = np.zeros(len(ZONES))
    ours[found.zone] = found.chance[:, -1]
    counted = len(places) / FLIGHTS
    least = counted * ZONES.harmed(places[:, 0], places[:, 1], HARM_RADIUS_M)
    most = counted * ZONES.harmed(places[:, 0], places[:, 1], HARM_RADIUS_M + 480.0)
    print(f"below {(least - ours).max():.3f}, above {(ours - most).max():.3f}")
    assert (ours > least - 0.04).all()
    assert (ours < most + 0.04).all()
    assert counted > 0.8


@pytest.mark.parametrize(("height_m", "enu_mps"), CASES)
def test_times_are_those_of_monte_carlo(
    height_m: float, enu_mps: tuple[float, float, float]
) -> None:
    wrecks = wreck(height_m, enu_mps)
    true_s = np.minimum(flown(wrecks, seed=2)[:, 2], debris.LONGEST_S)
    root = np.linalg.cholesky(wrecks.covariance[0] + np.diag([0.0] * 3 + [debris.KICK_MPS**2] * 3))
    centre = np.concatenate([wrecks.position_m[0], wrecks.velocity_mps[0]])
    ours_s = debris.pieces(debris.AIR, centre, root, debris._SPREAD)[:, 3]
    ours_s = np.minimum(ours_s, debris.LONGEST_S)
    for part in (0.1, 0.25, 0.5, 0.75):
        assert np.quantile(ours_s, part) == pytest.approx(np.quantile(true_s, part), rel=0.05)


def test_coarse_steps_are_good_enough() -> None:
    """The same pieces by the other integrator, one by one."""
    for case in CASES:
        wrecks = wreck(*case.values)
        centre = np.concatenate([wrecks.position_m[0], wrecks.velocity_mps[0]])
        placed = debris.pieces(debris.AIR, centre, np.zeros((6, 6)), debris._SPREAD)
        down = placed[:, 3] < np.inf
        states = np.tile(np.concatenate([centre, np.zeros(4)]), (debris.PIECES, 1))
        states[:, 6] = debris.LN_BETA + debris.LN_BETA_SD * debris._SPREAD[:, 0]
        upward = centre[:3] / np.linalg.norm(centre[:3])
        east = np.array([-centre[1], centre[0], 0.0]) / np.hypot(centre[0], centre[1])
        axes = np.array([east, np.cross(upward, east)])
        states[:, 7:] = WIND_SD_MPS * debris._SPREAD[:, 7:] @ axes
        true = truth.impacts(states, 0.05)
        lat_deg, lon_deg, _ = geodetic(placed[down, :3])
        north_m = (lat_deg - true[down, 0]) * 111_200.0
        east_m = (lon_deg - true[down, 1]) * 111_200.0 * np.cos(np.radians(lat_deg))
        off_m = np.hypot(north_m, east_m)
        late_s = np.abs(placed[down, 3] - true[down, 2]).max()
        print(f"{case.id}: {off_m.max():.2f} m, {late_s:.3f} s")
        assert off_m.max() < 5.0


def test_what_has_fallen_does_not_fall_again() -> None:
    """Rows fade as the pieces come down, and end."""
    sums = []
    for lag_s in (0.0, 10.0, 20.0, 60.0):
        found = debris.strikes(GRID, wreck(400.0, (50.0, 0.0, 0.0), lag_s), np.zeros(1))
        sums.append(found.chance[:, -1].sum())
        assert (found.quantiles_s >= 0.0).all()
    assert sums[0] > sums[1] > sums[2] > sums[3]
    assert sums[3] == 0.0  # the lightest sinks 400 m in 40 s


def test_light_pieces_drift_and_heavy_ones_fly_on() -> None:
    """A wreck of a fast rocket leaves debris along its path, not under its last place."""
    wrecks = wreck(12e3, (300.0, 0.0, 0.0))
    centre = np.concatenate([wrecks.position_m[0], wrecks.velocity_mps[0]])
    placed = debris.pieces(debris.AIR, centre, np.zeros((6, 6)), debris._SPREAD)
    lat_deg, lon_deg, _ = geodetic(wrecks.position_m)
    ahead_m = (placed[:, :3] - wrecks.position_m[0]) @ local_axes(lat_deg, lon_deg)[0, 0]
    down = placed[:, 3] < np.inf
    assert down[-32:].all()
    assert not down[:8].any()  # sheets: still in the air after ten minutes
    assert np.median(ahead_m[-32:]) > 5_000.0 > np.median(ahead_m[down][:32]) + 2_000.0
