"""The forecast as the engine sees it: rows, chances, times, when it is redone, repeatability."""

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.squares import Squares, moving
from tocsin.predict import Forecast
from tocsin.predict.arrival import CHANCE_MIN
from tocsin.words import HORIZONS_S, KINDS, THREATS, Arrivals, BoolArray, Tracks

ZONES = Squares(48.5, 30.0, 25, 25, 4_000.0)
S = 1_000_000_000
H180 = HORIZONS_S.index(180)


@pytest.fixture(scope="module")
def prepared() -> Forecast:
    return Forecast(ZONES)


@pytest.fixture
def forecast(prepared: Forecast) -> Forecast:
    """As new: without tracks it forgets all (`test_only_what_is_due...` shows that it does)."""
    return cleared(prepared)


def cleared(forecast: Forecast) -> Forecast:
    assert len(forecast.arrivals(0, chosen(drones(), np.zeros(1, dtype=bool)))) == 0
    return forecast


def drones(n: int = 1, **columns: object) -> Tracks:
    lat_deg, lon_deg = ZONES.at(8.0, 12.5)
    east = np.linspace(-0.2, 0.2, n) if n > 1 else 0.0
    return moving(np.full(n, lat_deg), lon_deg + east, 400.0, np.array([0.0, 50.0, 0.0]), **columns)


def chosen(tracks: Tracks, keep: BoolArray) -> Tracks:
    return Tracks(**{f.name: getattr(tracks, f.name)[keep] for f in fields(Tracks)})


def same(one: Arrivals, other: Arrivals) -> bool:
    return all(
        np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(Arrivals)
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
def test_rows_are_sound_whatever_the_tracks(prepared: Forecast, seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(len(KINDS), 0.5), n)
    half = random.normal(size=(n, 6, 6)) * np.repeat([300.0, 15.0], 3)[:, None]
    tracks = moving(
        random.uniform(48.3, 49.6, n),
        random.uniform(29.8, 31.6, n),
        10.0 ** random.uniform(0.0, 5.0, n),
        random.normal(size=(n, 3)) * 10.0 ** random.uniform(0.0, 3.2),
        kind_weight=weights,
        covariance=half @ half.transpose(0, 2, 1),
        existence=random.uniform(0.0, 1.0, n),
        id=np.cumsum(random.integers(1, 9, n)),
        evidence=random.integers(0, 1 << 40, (n, 8)),
        t_ns_born=np.full(n, -int(random.uniform(0.0, 200.0) * S)),
    )
    found = cleared(prepared).arrivals(0, tracks)
    assert (np.diff(found.chance, axis=1) >= 0.0).all()
    assert ((found.chance >= 0.0) & (found.chance <= 1.0)).all()
    assert (found.chance[:, -1] >= CHANCE_MIN * (1.0 - 1e-9)).all()
    assert (found.t_ns <= found.t_ns_early).all()
    assert (found.t_ns_early <= found.t_ns_likely).all()
    assert (found.t_ns_likely <= found.t_ns_late).all()
    assert (found.t_ns_late <= HORIZONS_S[-1] * S).all()
    key = list(zip(found.track, found.zone, found.threat, strict=True))
    assert key == sorted(set(key))
    at = np.searchsorted(tracks.id, found.track)
    assert np.array_equal(found.evidence, tracks.evidence[at])
    share = tracks.existence[at] * tracks.kind_weight[at, found.threat]
    assert (found.chance[:, -1] <= share * (1.0 + 1e-9)).all()


def test_chance_is_existence_times_kind_times_geometry(forecast: Forecast) -> None:
    sure = forecast.arrivals(0, drones())
    half = forecast.arrivals(2 * S, drones(existence=np.array([0.5]), t_ns=2 * S))
    assert np.isin(half.zone, sure.zone).all()
    at = np.searchsorted(sure.zone, half.zone)
    assert np.allclose(half.chance, 0.5 * sure.chance[at])


def test_each_likely_kind_is_forecast(forecast: Forecast) -> None:
    tracks = drones(kind_weight=np.array([[0.5, 0.3, 0.015, 0.1, 0.05, 0.025, 0.01]]))
    found = forecast.arrivals(0, tracks)
    threats = [THREATS[t] for t in np.unique(found.threat)]
    assert threats == ["drone", "cruise"]  # ballistic is below 0.02


def test_birds_and_unconfirmed_tracks_are_not_forecast(forecast: Forecast) -> None:
    assert len(forecast.arrivals(0, drones(kind="bird"))) == 0
    assert len(forecast.arrivals(2 * S, drones(confirmed=np.zeros(1, dtype=bool)))) == 0


@pytest.mark.parametrize(
    ("existence", "hits", "weight", "expected"),
    [(0.95, 4, 0.9, True), (0.85, 4, 0.9, False), (0.95, 3, 0.9, False), (0.95, 4, 0.4, False)],
)
def test_ballistic_need_not_wait_for_confirmation(
    forecast: Forecast, existence: float, hits: int, weight: float, expected: bool
) -> None:
    tracks = moving(
        *ZONES.at(10.0, 10.0),
        20e3,
        np.array([200.0, 300.0, -100.0]),
        kind="ballistic",
        weight=weight,
        existence=np.array([existence]),
        hits=np.full(1, hits, dtype=np.int32),
        confirmed=np.zeros(1, dtype=bool),
    )
    found = forecast.arrivals(0, tracks)
    assert (len(found) > 0) == expected
    assert (found.threat == THREATS.index("ballistic")).all()


def diver(t_s: float, weight: float, speed_mps: float = 250.0, age_s: float = 0.0) -> Tracks:
    """A fighter in a dive, or a rocket: a look at `t_s` of what was `age_s` old at zero."""
    now_ns = round(t_s * S)
    return moving(
        *ZONES.at(10.0, 10.0),
        4e3,
        np.array([0.0, 0.8, -0.6]) * speed_mps,
        kind="ballistic",
        weight=weight,
        t_ns=now_ns,
        t_ns_born=np.full(1, -round(age_s * S)),
    )


@pytest.mark.parametrize(
    ("age_s", "looks", "speed_mps", "expected"),
    [
        pytest.param(0.0, [(0, 0.9), (1.9, 0.9)], 250.0, False, id="too short"),
        pytest.param(0.0, [(0, 0.9), (2.0, 0.9)], 250.0, True, id="held"),
        pytest.param(0.0, [(0, 0.9), (1, 0.4), (2, 0.9)], 250.0, False, id="wavers"),
        pytest.param(0.0, [(0, 0.4), (9, 0.4)], 250.0, False, id="less than even"),
        pytest.param(16.0, [(0, 0.9), (7.9, 0.9)], 250.0, False, id="flew before"),
        pytest.param(16.0, [(0, 0.9), (8.0, 0.9)], 250.0, True, id="falls as long"),
        pytest.param(300.0, [(0, 0.9), (15.0, 0.9)], 250.0, True, id="long enough for all"),
        pytest.param(0.0, [(0, 0.6)], 401.0, True, id="faster than a dive"),
    ],
)
def test_a_slow_dive_is_a_fall_only_when_it_lasts(
    forecast: Forecast,
    age_s: float,
    looks: list[tuple[float, float]],
    speed_mps: float,
    expected: bool,
) -> None:
    for t_s, weight in looks:
        tracks = diver(t_s, weight, speed_mps, age_s)
        found = forecast.arrivals(int(tracks.t_ns[0]), tracks)
    assert (THREATS.index("ballistic") in found.threat) == expected


def test_silence_does_not_make_a_dive_last(forecast: Forecast) -> None:
    """Time counts from look to look: one look that errs must not warn because none followed."""
    tracks = diver(0.0, 0.9)
    for t_s in (0.0, 1.0, 3.0):
        found = forecast.arrivals(round(t_s * S), replace(tracks, t_ns=np.full(1, round(t_s * S))))
    assert len(found) == 0


def test_a_fall_stays_when_it_grows_slow_and_less_likely(forecast: Forecast) -> None:
    """A rocket near its top is as slow as an airliner; it was seen to rise."""
    assert len(forecast.arrivals(0, diver(0.0, 0.9, 600.0)))
    assert len(forecast.arrivals(2 * S, diver(2.0, 0.15, 200.0)))


def test_identity_does_not_delay_a_fall(forecast: Forecast) -> None:
    """A missile may be taken for the aircraft beside it: identity changes nothing here."""
    for friend in (False, True):
        cleared(forecast)
        told = {"friend": np.full(1, friend)}
        forecast.arrivals(0, replace(diver(0.0, 0.6), **told))
        assert len(forecast.arrivals(2 * S, replace(diver(2.0, 0.6), **told)))


def spread(sd_mps: float) -> np.ndarray:
    """Covariance of one track: 100 m each way, `sd_mps` each way."""
    return np.diag([1e4] * 3 + [sd_mps**2] * 3)[None]


@pytest.mark.parametrize(
    ("speed_mps", "sd_mps", "hits", "expected"),
    [
        (50.0, 5.0, 6, True),
        (50.0, 9.0, 6, False),  # might still be a bird
        (50.0, 5.0, 5, False),
        (130.0, 4.0, 4, True),
        (130.0, 7.0, 4, False),  # might be an airliner whose climb is not known yet
        (235.0, 20.0, 4, True),
        (235.0, 20.0, 3, False),
    ],
)
def test_a_level_track_is_forecast_when_its_motion_is_settled(
    forecast: Forecast, speed_mps: float, sd_mps: float, hits: int, expected: bool
) -> None:
    tracks = drones(
        velocity_mps=drones().velocity_mps / 50.0 * speed_mps,
        covariance=spread(sd_mps),
        hits=np.full(1, hits, dtype=np.int32),
    )
    assert (len(forecast.arrivals(0, tracks)) > 0) == expected


@pytest.mark.parametrize(
    ("speed_mps", "weights", "expected"),
    [
        pytest.param(50.0, [0.44], False, id="as likely something slow and harmless"),
        pytest.param(50.0, [0.46], True, id="a drone rather than any other kind"),
        pytest.param(50.0, [0.46, 0.25], True, id="one that wavers stays"),
        pytest.param(50.0, [0.46, 0.15, 0.25], False, id="one that was given up begins anew"),
        pytest.param(130.0, [0.25], True, id="a jet is told from airliners less surely"),
    ],
)
def test_a_slow_drone_is_forecast_from_nearly_even_odds_on(
    forecast: Forecast, speed_mps: float, weights: list[float], expected: bool
) -> None:
    for k, weight in enumerate(weights):
        tracks = moving(
            *ZONES.at(8.0, 12.5), 400.0, np.array([0.0, speed_mps, 0.0]),
            weight=weight, t_ns=2 * k * S,
        )  # fmt: skip
        found = forecast.arrivals(2 * k * S, tracks)
    assert (THREATS.index("drone") in found.threat) == expected


def test_what_was_forecast_stays_when_it_grows_vague(forecast: Forecast) -> None:
    """A drone that went below the radar is not gone: its chances must not vanish."""
    assert len(forecast.arrivals(0, drones(covariance=spread(4.0))))
    later = drones(t_ns=2 * S, covariance=spread(30.0))
    assert len(forecast.arrivals(2 * S, later))


def test_ballistic_comes_down_where_its_fall_says(forecast: Forecast) -> None:
    tracks = moving(
        *ZONES.at(5.5, 5.5), 30e3, np.array([250.0, 350.0, -200.0]), kind="ballistic", sd_mps=2.0
    )
    found = forecast.arrivals(0, tracks)
    likely = found.zone[np.argmax(found.chance[:, -1])]
    row, column = divmod(int(likely), ZONES.columns)
    fall_s = found.t_ns_likely[np.argmax(found.chance[:, -1])] / S
    assert 55.0 < fall_s < 80.0  # vacuum: 60.5 s; drag slows it
    assert 5.5 < column < 5.5 + 250.0 * fall_s / 4_000.0 + 1.0
    assert (row - 5) / (column - 5) == pytest.approx(350.0 / 250.0, abs=0.5)
    assert found.chance[:, H180].max() > 0.9


def times_made(forecast: Forecast, changes: list[tuple[float, bool]]) -> list[float]:
    """When the forecast of one track was made, after each call (time in s, changed)."""
    made = []
    for t_s, changed in changes:
        now_ns = round(t_s * S)
        tracks = drones(t_ns=now_ns, changed=np.array([changed]))
        found = forecast.arrivals(now_ns, tracks)
        assert len(np.unique(found.t_ns)) == 1
        made.append(float(found.t_ns[0] / S))
    return made


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([(0, True), (0.5, False), (0.99, False)], [0, 0, 0], id="kept"),
        pytest.param([(0, True), (1.0, False)], [0, 1.0], id="old"),
        pytest.param([(0, True), (0.3, True)], [0, 0.3], id="changed"),
        pytest.param([(0, True), (0.1, True)], [0, 0], id="too soon"),
        pytest.param([(0, True), (0.1, True), (0.2, False)], [0, 0, 0.2], id="change not lost"),
        pytest.param([(5, False)], [5], id="new"),
    ],
)
def test_redone_when_changed_or_old(
    forecast: Forecast, changes: list[tuple[float, bool]], expected: list[float]
) -> None:
    assert times_made(forecast, changes) == expected


def test_only_what_is_due_is_redone_and_the_lost_is_dropped(forecast: Forecast) -> None:
    tracks = drones(3)
    first = forecast.arrivals(0, tracks)
    assert np.array_equal(np.unique(first.track), [1, 2, 3])
    changed = replace(tracks, changed=np.array([False, True, False]))
    second = forecast.arrivals(S // 2, changed)
    assert np.unique(second.t_ns[second.track == 2]).tolist() == [S // 2]
    assert np.unique(second.t_ns[second.track != 2]).tolist() == [0]
    left = chosen(changed, np.array([True, False, True]))
    third = forecast.arrivals(S // 2, replace(left, changed=np.zeros(2, dtype=bool)))
    assert np.array_equal(np.unique(third.track), [1, 3])
    none = forecast.arrivals(S // 2, chosen(left, np.zeros(2, dtype=bool)))
    assert len(none) == 0
    assert len(pickle.dumps(forecast)) < len(pickle.dumps(Forecast(ZONES))) + 500


def test_tracks_do_not_change_one_another(forecast: Forecast) -> None:
    tracks = drones(3)
    together = forecast.arrivals(0, tracks)
    alone = cleared(forecast).arrivals(0, chosen(tracks, np.array([False, True, False])))
    rows = together.track == 2
    assert np.array_equal(together.zone[rows], alone.zone)
    assert np.array_equal(together.chance[rows], alone.chance)


def test_one_spoilt_track_does_not_stop_the_others(forecast: Forecast) -> None:
    tracks = drones(3)
    tracks.position_m[1, 0] = np.nan
    tracks.covariance[0, 2, 2] = np.inf
    assert np.unique(forecast.arrivals(0, tracks).track).tolist() == [3]


def test_same_input_same_bytes_also_after_a_checkpoint(forecast: Forecast) -> None:
    other = Forecast(ZONES)
    for step in range(4):
        now_ns = step * S // 4
        tracks = drones(4, t_ns=now_ns, changed=np.array([True, False, step == 2, True]))
        assert same(forecast.arrivals(now_ns, tracks), other.arrivals(now_ns, tracks))
        if step == 1:
            other = pickle.loads(pickle.dumps(other))


def test_input_is_left_alone(forecast: Forecast) -> None:
    tracks, untouched = drones(2), drones(2)
    forecast.arrivals(0, tracks)
    for field in fields(Tracks):
        assert np.array_equal(getattr(tracks, field.name), getattr(untouched, field.name))
