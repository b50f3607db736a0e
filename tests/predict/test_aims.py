"""Where weapons are taken to be going: more where people are, at named places, or anywhere."""

import numpy as np
import pytest

from tests.predict.squares import Squares, moving
from tocsin.predict import Forecast, cruise, spread
from tocsin.predict.aims import RATES, rates_per_m
from tocsin.predict.fan import DRONE, Fan, fan
from tocsin.predict.zonal import raster
from tocsin.words import AIMS, HORIZONS_S, PlaceSite, Tracks

ZONES = Squares(48.5, 30.0, 25, 25, 4_000.0)
GRID = raster(ZONES, RATES["people"])
H600 = HORIZONS_S.index(600)


def place(row: float, column: float, people: int) -> PlaceSite:
    lat_deg, lon_deg = ZONES.at(row, column)
    return PlaceSite(name="plant", lat_deg=lat_deg, lon_deg=lon_deg, people=people)


def test_every_word_of_the_site_file_has_its_rates() -> None:
    assert tuple(RATES) == AIMS


def test_more_people_draw_more_and_even_knows_no_people() -> None:
    rates = [
        [rates_per_m(RATES[aims], Squares(49.0, 30.0, 1, 1, 4_000.0, density_per_km2=d))[0]
         for d in (0.0, 50.0, 1_000.0, 9_000.0)]
        for aims in AIMS
    ]  # fmt: skip
    for aims, row in zip(AIMS, rates, strict=True):
        steps = np.diff(row)
        assert (steps == 0.0).all() if aims == "even" else (steps > 0.0).all()
    # Warier is warier, wherever one flies.
    assert (np.array(rates[AIMS.index("wary")]) > np.array(rates[AIMS.index("people")])).all()


def test_a_named_place_counts_as_people_in_its_zone() -> None:
    plain = rates_per_m(RATES["people"], ZONES)
    named = rates_per_m(RATES["people"], ZONES, (place(12.5, 12.5, 20_000),))
    zone = 12 * 25 + 12
    assert named[zone] > 1.5 * plain[zone]
    assert np.array_equal(np.delete(named, zone), np.delete(plain, zone))
    away = PlaceSite(name="far", lat_deg=0.0, lon_deg=0.0, people=20_000)
    assert np.array_equal(rates_per_m(RATES["people"], ZONES, (away,)), plain)


def test_unknown_people_are_neither_nobody_nor_everybody() -> None:
    class Uncounted(Squares):
        @property
        def people(self) -> np.ndarray:  # type: ignore[override]
            return np.full(len(self), -1)

    rate = rates_per_m(RATES["people"], Uncounted(48.5, 30.0, 2, 2, 4_000.0))
    none, many = (
        rates_per_m(RATES["people"], Squares(48.5, 30.0, 2, 2, 4_000.0, density_per_km2=d))
        for d in (0.0, 1e6)
    )
    assert (none < rate).all() and (rate < many).all()  # noqa: PT018


@pytest.mark.parametrize("aims", AIMS)
def test_the_forecast_flies_where_the_site_says(aims: str) -> None:
    """A zone ahead is likelier with a named place in it, unless aims are even."""
    zone = 15 * 25 + 12
    tracks = moving(*ZONES.at(12.5, 12.5), 500.0, np.array([0.0, 50.0, 0.0]))
    plain, named = (
        Forecast(ZONES, aims, places).arrivals(0, tracks)
        for places in ((), (place(15.5, 12.5, 40_000),))
    )
    before, after = (float(found.chance[found.zone == zone, H600][0]) for found in (plain, named))
    assert before > 0.002
    if aims == "even":
        assert after == before
    else:
        assert after > 1.3 * before


def chances(flight: Tracks, futures: Fan) -> np.ndarray:
    """Chance of every zone within ten minutes."""
    flyers = cruise.Flyers(
        position_m=flight.position_m,
        velocity_mps=flight.velocity_mps,
        covariance=flight.covariance,
        lag_s=np.zeros(1),
    )
    found = cruise.strikes(GRID, futures, flyers, np.zeros(1))
    full = np.zeros(len(ZONES))
    full[found.zone] = found.chance[:, H600]
    return full


def test_a_small_move_changes_chances_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 m on and a tenth of a degree aside: the same futures, so almost the same chances.

    Were the futures of each forecast drawn anew, chances would differ four times as much or more.
    """
    first = moving(*ZONES.at(10.0, 12.3), 500.0, np.array([0.0, 50.0, 0.0]))
    other = moving(*ZONES.at(10.0125, 12.3), 500.0, np.array([0.09, 50.0, 0.0]))
    common = fan(DRONE)
    before = chances(first, common)
    bound = 0.025 * before.max()  # twice what they do change
    assert np.abs(chances(other, common) - before).max() < bound
    rng = np.random.default_rng(3)
    monkeypatch.setattr(spread, "uniform", lambda n, k: rng.uniform(size=(n, k)))
    monkeypatch.setattr(spread, "normal", lambda n, k: rng.standard_normal((n, k)))
    one, two = (chances(flight, fan(DRONE)) for flight in (first, other))
    assert np.abs(one - two).max() > bound
