"""The compiled flight against the same law written out path by path, and how requests are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares, moving
from tocsin.predict import cruise
from tocsin.predict.aims import RATES
from tocsin.predict.fan import CRUISE, DRONE, Fan, fan
from tocsin.predict.plane import place, plane
from tocsin.predict.zonal import Raster, cell_of, raster
from tocsin.words import HORIZONS_S, FloatArray

TILES = Squares(48.5, 30.0, 25, 25, 4_000.0)
ISLANDS = Squares(48.5, 30.0, 20, 20, 2_000.0, gap_m=2_500.0)
GRIDS = {id(zones): raster(zones, RATES["wary"]) for zones in (TILES, ISLANDS)}
FANS = {"drone": fan(DRONE), "cruise": fan(CRUISE)}


def flights(seed: int, n: int) -> cruise.Flyers:
    """Flights of all speeds over and beside the map, some of them in a dive."""
    random = np.random.default_rng(seed)
    climb_mps = np.where(random.random(n) < 0.3, -60.0, 0.0)
    half = random.normal(size=(n, 6, 6)) * np.repeat([100.0, 3.0], 3)[:, None]
    tracks = moving(
        *TILES.at(*random.uniform(-4.0, 29.0, (2, n))),
        10.0 ** random.uniform(2.0, 4.0, n),
        np.stack([*(random.normal(size=(2, n)) * 10.0 ** random.uniform(0.5, 2.3)), climb_mps], 1),
        covariance=half @ half.transpose(0, 2, 1),
    )
    return cruise.Flyers(
        position_m=tracks.position_m,
        velocity_mps=tracks.velocity_mps,
        covariance=tracks.covariance,
        lag_s=random.uniform(0.0, 2.0, n),
    )


def plainly(grid: Raster, spread: Fan, start: cruise.Start) -> tuple[FloatArray, list[list[float]]]:
    """Chance (zones, H), and for each zone its times of arrival."""
    chance = np.zeros((len(grid.hazard_per_m), len(HORIZONS_S)))
    times: list[list[float]] = [[] for _ in chance]
    around = plane(start.lat_deg, start.lon_deg)
    pace = np.maximum(1.0 + spread.speed * start.speed_sd, 0.2)
    turned = np.arctan2(start.sin_heading, start.cos_heading)
    edge_m = np.append(0.0, np.cumsum(spread.step_m))
    first_m, last_m = (share * start.dive_m for share in cruise.DIVE_SPAN)
    for i in range(len(spread.heading)):
        heading = turned - spread.heading[i] * start.heading_sd_rad
        ahead, aside = np.array([np.sin(heading), np.cos(heading)]), np.zeros(2)
        aside[:] = -ahead[1], ahead[0]
        off = spread.along[i] * start.along_sd_m * np.array([start.sin_heading, start.cos_heading])
        off += (
            spread.across[i] * start.across_sd_m * np.array([-start.cos_heading, start.sin_heading])
        )
        alive = 1.0 / len(spread.heading)
        for j, step_m in enumerate(spread.step_m):
            t_s = spread.flown_m[i, j] / (start.speed_mps * pace[i])
            if t_s > HORIZONS_S[-1]:
                break
            at = off + ahead * spread.ahead_m[i, j] + aside * spread.left_m[i, j]
            cell = cell_of(grid, *place(around, *at))
            listed = range(0)
            if cell >= 0:
                listed = range(*grid.start[grid.listing[cell] : grid.listing[cell] + 2])
            below = grid.zone[listed[0]] if listed else -1
            hazard = step_m * (grid.hazard_per_m[below] if listed else grid.unzoned_per_m)
            within_m = min(edge_m[j + 1], last_m) - max(edge_m[j], first_m)
            hazard += start.dive_hazard * max(within_m, 0.0) / (last_m - first_m)
            spared = 1.0 / (1.0 + hazard + hazard**2 / 2.0 + hazard**3 / 6.0)
            for k in listed:
                share = grid.share[grid.listing[cell]] if k == listed[0] else grid.rim
                chance[grid.zone[k]] += alive * (1.0 - spared) * share * (t_s <= HORIZONS)
                times[grid.zone[k]].append(t_s)
            alive *= spared
    return chance, times


HORIZONS = np.array(HORIZONS_S, dtype=float)


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["drone", "cruise"]),
    st.sampled_from([TILES, ISLANDS]),
)
def test_chances_and_times_are_those_of_the_plain_law(seed: int, kind: str, zones: Squares) -> None:
    grid, flight = GRIDS[id(zones)], flights(seed, 1)
    (start,) = cruise.starts(FANS[kind], flight)
    chance, times = plainly(grid, FANS[kind], start)
    found = cruise.strikes(grid, FANS[kind], flight, np.zeros(1))
    assert found.zone.tolist() == [zone for zone, some in enumerate(times) if some]
    assert np.allclose(found.chance, np.minimum(chance[found.zone], 1.0), rtol=1e-9, atol=1e-12)
    for zone, quantiles_s in zip(found.zone, found.quantiles_s, strict=True):
        assert min(times[zone]) - 1e-6 <= quantiles_s[0]
        assert quantiles_s[2] <= max(times[zone]) + 1e-6


@pytest.mark.parametrize("kind", ["drone", "cruise"])
def test_a_flight_has_the_same_rows_in_whatever_company(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Alone, among others, and when the table is full after every one or two."""
    grid, some, least = GRIDS[id(TILES)], flights(5, 40), np.full(40, 1e-4)
    together = cruise.strikes(grid, FANS[kind], some, least)
    monkeypatch.setattr(cruise, "_ROWS", 200)
    cut = cruise.strikes(grid, FANS[kind], some, least)
    for column in ("job", "zone", "chance", "quantiles_s"):
        assert np.array_equal(getattr(together, column), getattr(cut, column))
    assert len(np.unique(together.job)) > 20
    one = cruise.Flyers(
        position_m=some.position_m[7:8],
        velocity_mps=some.velocity_mps[7:8],
        covariance=some.covariance[7:8],
        lag_s=some.lag_s[7:8],
    )
    alone = cruise.strikes(grid, FANS[kind], one, least[:1])
    rows = together.job == 7
    assert np.array_equal(together.chance[rows], alone.chance)
    assert np.array_equal(together.quantiles_s[rows], alone.quantiles_s)
