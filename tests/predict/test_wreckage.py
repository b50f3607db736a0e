"""What counts as brought down: the tracker's own picture of drones that end, and how they end."""

import pickle
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from tests.predict.squares import Squares, moving
from tests.track.scene import S, scan, watching
from tests.track.sky import T0, Radar, place, sensors
from tocsin import geo
from tocsin.predict import Forecast, wreckage
from tocsin.predict.wreckage import WORK, WORK_MAX, Wreckage
from tocsin.track import Picture
from tocsin.words import KINDS, THREATS, Arrivals, FloatArray, Sensors, Tracks

ZONES = Squares(47.4, 31.4, 40, 40, 3_000.0)
RADAR = Radar((0.0, 0.0, 50.0), scan_s=4.0)
NOTHING = np.zeros((0, 3))
Path = Callable[[float], FloatArray | None]
"""East, north, height (m) at a time in seconds; None: there is nothing any more."""


@pytest.fixture(scope="module")
def prepared() -> Forecast:
    forecast = Forecast(ZONES)
    forecast.prepare()
    return forecast


def fresh(prepared: Forecast) -> Forecast:
    forecast: Forecast = pickle.loads(pickle.dumps(prepared))
    forecast.__dict__.update({name: getattr(prepared, name) for name in ("_grid", "_fans")})
    forecast._ready = True
    return forecast


def debris_of(forecast: Forecast) -> Arrivals:
    return forecast._debris


# ---- with the tracker --------------------------------------------------------------------------


def watched(forecast: Forecast, path: Path, seconds: float, seed: int) -> dict[float, Arrivals]:
    """Second by second what a radar, the tracker and the forecast make of a flight: its debris."""
    rng, picture, told = np.random.default_rng(seed), Picture(), {}
    picture.update(T0 - S, scan(RADAR, NOTHING, -1.0, rng, NOTHING), watching([RADAR], T0 - S))
    for second in range(int(seconds)):
        now_ns = T0 + second * S
        enu_m = path(float(second))
        truth = NOTHING if enu_m is None or hidden(enu_m) else place(enu_m)[None]
        if second % 4 == 0:
            batch = scan(RADAR, truth, float(second), rng, NOTHING)
            picture.update(now_ns, batch, watching([RADAR], now_ns))
        tracks = picture.tracks()
        forecast.arrivals(now_ns, tracks, watching([RADAR], now_ns))
        told[float(second)] = debris_of(forecast)
    return told


def hidden(enu_m: FloatArray) -> bool:
    distance_m = np.array(np.hypot(enu_m[0], enu_m[1]))
    return bool(enu_m[2] < geo.hidden_below_m(np.array(RADAR.enu_m[2]), distance_m))


def far_m(zones: np.ndarray, enu_m: FloatArray) -> FloatArray:
    """From a place to the middle of each zone."""
    lat, lon, _ = geo.geodetic(place(enu_m))
    row, column = np.divmod(zones, ZONES.columns)
    lat2, lon2 = ZONES.at(row + 0.5, column + 0.5)
    return geo.ground_distance_m(lat, lon, lat2, lon2)


def shot_down(t_s: float) -> FloatArray | None:
    """A drone at 1 km, 25 km from the radar, that is there no more after 90 s."""
    return np.array([25_000.0, -6_000.0 + 50.0 * t_s, 1_000.0]) if t_s < 90.0 else None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drone_shot_down_in_view_is_debris_where_it_was(prepared: Forecast, seed: int) -> None:
    told = watched(fresh(prepared), shot_down, 300.0, seed)
    assert all(len(rows) == 0 for t_s, rows in told.items() if t_s < 88.0)
    begins = min(t_s for t_s, rows in told.items() if len(rows))
    assert begins <= 110.0  # three looks missed
    rows = told[begins]
    wreck = shot_down(89.0)
    assert wreck is not None
    ahead = wreck + np.array([0.0, 400.0, 0.0])  # heavy pieces fly 14 s on
    likeliest = rows.chance[:, -1].argmax()
    print(f"begins {begins}, {rows.chance[:, -1].max():.2f}, until",
          max(t_s for t_s, rows in told.items() if len(rows)))  # fmt: skip
    assert rows.chance[likeliest, -1] > 0.2  # half of it is lost, and half of the pieces are down
    assert far_m(rows.zone[likeliest], ahead) < 1_500.0 * 2**0.5 + 500.0
    likely = rows.chance[:, -1] > 0.02
    assert (far_m(rows.zone[likely], ahead) < 4_500.0).all()
    last_s = max(t_s for t_s, rows in told.items() if len(rows))
    assert last_s < 89.0 + 180.0  # the lightest sinks 1 km in 150 s


def sinking(t_s: float) -> FloatArray:
    """A drone 60 km out that goes down from 600 m at 6 m/s to 30 m: below 56 m it is not seen."""
    return np.array(
        [60_000.0, -6_000.0 + 50.0 * t_s, max(600.0 - 6.0 * max(t_s - 40.0, 0.0), 30.0)]
    )


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_drone_that_goes_below_the_horizon_is_no_debris(prepared: Forecast, seed: int) -> None:
    assert not hidden(sinking(120.0))
    assert hidden(sinking(135.0))
    told = watched(fresh(prepared), sinking, 260.0, seed)
    worst = max((rows.chance.max() for rows in told.values() if len(rows)), default=0.0)
    assert worst == 0.0


# ---- row by row --------------------------------------------------------------------------------


def drone(t_s: float, seen_s: float, existence: float = 1.0, **columns: object) -> Tracks:
    return moving(
        48.0, 32.2, columns.pop("height_m", 1_000.0), np.array([0.0, 50.0, 0.0]), t_ns=at(t_s),
        t_ns_seen=np.array([at(seen_s)]), existence=np.array([existence]), **columns,
    )  # fmt: skip


def at(t_s: float) -> int:
    return T0 + round(t_s * S)


def none_of(tracks: Tracks) -> Tracks:
    return Tracks(**{f.name: getattr(tracks, f.name)[:0] for f in fields(Tracks)})


def down(*seen: Tracks, alive: bool = True, told: Sensors | None = None) -> float:
    """The chance that the track of a story was brought down, at its end as a drone."""
    wreckage = Wreckage()
    for tracks in seen:
        now_ns = int(tracks.t_ns[0]) if len(tracks) else at(20.0)
        heard_ns = now_ns if alive else T0 - 60 * S
        admitted = np.ones((len(tracks), len(THREATS)), dtype=bool)
        wreckage.see(now_ns, tracks, admitted, told or sensors([RADAR], heard_ns))
    chance = wreckage._sights.brought_down()
    return float(chance[:, THREATS.index("drone")].sum())


def test_what_it_lost_times_the_kind_was_brought_down() -> None:
    begun, missed = drone(0.0, 0.0, 0.95, weight=0.8), drone(12.0, 0.0, 0.1, weight=0.8)
    assert down(begun) == 0.0
    assert down(begun, missed) == pytest.approx(0.85 * 0.8, rel=0.01)
    assert down(begun, missed, none_of(begun)) == pytest.approx(0.95 * 0.8, rel=0.01)


@pytest.mark.parametrize(
    ("why", "story"),
    [
        ("one look missed", (drone(0.0, 0.0, 0.99), drone(6.0, 0.0, 0.9))),
        ("seen again", (drone(0.0, 0.0), drone(12.0, 0.0, 0.1), drone(13.0, 13.0, 0.8))),
        ("merged into another", (drone(0.0, 0.0), none_of(drone(0.0, 0.0)))),
        ("was never likely to be shown", (drone(0.0, 0.0, height_m=5.0, sd_m=1.0),
                                          drone(12.0, 0.0, 0.1))),
        ("its height is not known", (drone(0.0, 0.0, sd_m=20_000.0), drone(12.0, 0.0, 0.1))),
    ],
)  # fmt: skip
def test_what_was_not_brought_down(why: str, story: tuple[Tracks, ...]) -> None:
    far = Radar((0.0, -75_000.0, 50.0)) if why.startswith("was never") else RADAR
    told = sensors([far], at(12.0))
    assert down(*story, told=told) == 0.0, why


def test_nobody_looked() -> None:
    story = (drone(0.0, 0.0), drone(12.0, 0.0, 0.1))
    assert down(*story) > 0.8
    assert down(*story, alive=False) == 0.0
    weak = replace(sensors([RADAR], at(12.0)), detection_chance=np.array([0.3]))
    assert down(*story, told=weak) == 0.0


@pytest.mark.parametrize(
    ("why", "gone_s", "seen_s", "heard_s", "ended"),
    [
        ("merged just after it was seen", 6.0, 4.0, 6.0, True),
        ("its radar fell silent, and it was kept for a minute", 62.0, 2.0, 2.0, False),
        ("nothing had looked for it for a minute", 62.0, 2.0, 62.0, False),
    ],
)
def test_only_what_was_watched_ended_in_view(
    why: str, gone_s: float, seen_s: float, heard_s: float, ended: bool
) -> None:
    wreckage, everything = Wreckage(), np.ones((1, len(THREATS)), dtype=bool)
    wreckage.see(at(seen_s), drone(seen_s, seen_s), everything, sensors([RADAR], at(seen_s)))
    wreckage.see(at(gone_s), none_of(drone(0.0, 0.0)), everything[:0],
                 sensors([RADAR], at(heard_s)))  # fmt: skip
    assert (len(wreckage.vanished) == 1) == ended, why
    wreckage.see(at(gone_s + 601.0), none_of(drone(0.0, 0.0)), everything[:0], None)
    assert not wreckage.vanished


def test_only_what_was_forecast_leaves_debris() -> None:
    wreckage, told = Wreckage(), sensors([RADAR], at(12.0))
    bird = drone(0.0, 0.0, kind="bird")
    nothing = np.zeros((1, len(THREATS)), dtype=bool)
    wreckage.see(at(0.0), bird, nothing, told)
    wreckage.see(at(12.0), drone(12.0, 0.0, 0.1, kind="bird"), nothing, told)
    assert len(wreckage._sights) == 0
    assert KINDS[: len(THREATS)] == THREATS


def test_a_pickled_forecast_goes_on_alike(prepared: Forecast) -> None:
    one = fresh(prepared)
    told = sensors([RADAR], at(16.0))
    for t_s, existence in ((0.0, 1.0), (8.0, 0.4), (12.0, 0.05)):
        one.arrivals(at(t_s), drone(t_s, 0.0, existence), told)
    other = fresh(one)
    for t_s in (13.0, 14.5, 16.0):
        rows = [f.arrivals(at(t_s), none_of(drone(0.0, 0.0)), told) for f in (one, other)]
        assert len(rows[0])
        for field in fields(Arrivals):
            same = np.array_equal(getattr(rows[0], field.name), getattr(rows[1], field.name))
            assert same, field.name
        order = np.lexsort((rows[0].threat, rows[0].zone, rows[0].track))
        assert (order == np.arange(len(order))).all()
        assert (np.diff(rows[0].chance, axis=1) >= 0.0).all()


# ---- many at once ------------------------------------------------------------------------------

SHARE = int(WORK_MAX / WORK[THREATS.index("drone")])  # of one batch, in drones


def fleet(t_s: float, falling: int, flying: int = 0) -> Tracks:
    """Drones abreast: the first `falling` of them not seen since 0 s, the others as told then."""
    n = falling + flying
    lost = np.arange(n) < falling
    return moving(
        np.full(n, 48.0), 32.2 + np.linspace(-0.1, 0.1, n), 1_000.0, np.array([0.0, 50.0, 0.0]),
        t_ns=at(t_s), t_ns_seen=np.where(lost, at(0.0), at(t_s)),
        existence=np.where(lost & (t_s > 0.0), 0.05, 1.0),
    )  # fmt: skip


def test_a_batch_makes_its_share_of_debris_and_the_rest_follow(
    prepared: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """28 at once: the first batch makes eight of them, the fourth the last four, each as one alone
    at that time would have been made; then each again within a second and its turn."""
    forecast, told = fresh(prepared), sensors([RADAR], at(12.0))
    forecast.arrivals(at(0.0), fleet(0.0, 28), told)
    waited, seen = [], set[int]()
    for k in range(40):
        now_s = 12.0 + k / 10.0
        if k == 2:
            forecast = fresh(forecast)  # a checkpoint between two turns
        forecast.arrivals(at(now_s), fleet(now_s, 28), told)
        rows = debris_of(forecast)
        made = np.unique(rows.track[rows.t_ns == at(now_s)])
        assert len(made) <= SHARE
        waited.append(forecast.debris_waiting)
        seen.update(made.tolist())
        assert len(np.unique(rows.track)) == len(seen)
        if k >= 3:
            assert at(now_s) - rows.t_ns.min() <= 1.4 * S
        if k < 4:
            monkeypatch.setattr(wreckage, "WORK_MAX", np.inf)
            whole = fresh(prepared)
            whole.arrivals(at(0.0), fleet(0.0, 28), told)
            whole.arrivals(at(now_s), fleet(now_s, 28), told)
            monkeypatch.undo()
            assert whole.debris_waiting == 0
            for field in fields(Arrivals):
                now, alone = (
                    getattr(some, field.name)[(some.t_ns == at(now_s)) & np.isin(some.track, made)]
                    for some in (rows, debris_of(whole))
                )
                assert np.array_equal(now, alone), field.name
    assert waited[:5] == [20, 12, 4, 0, 0]
    assert seen == set(range(1, 29))


def test_those_who_come_first_do_not_starve_nor_keep_others_waiting(prepared: Forecast) -> None:
    """Six more fall each fifth of a second, so that all are due time and again: who is new has a
    turn at once, and nobody's debris grows old."""
    forecast, told = fresh(prepared), sensors([RADAR], at(12.0))
    forecast.arrivals(at(0.0), fleet(0.0, 80), told)
    for k in range(40):
        now_s, falling = 12.0 + k / 10.0, min(6 + 6 * (k // 2), 80)
        forecast.arrivals(at(now_s), fleet(now_s, falling, 80 - falling), told)
        rows = debris_of(forecast)
        assert set(rows.track.tolist()) == set(range(1, falling + 1))
        assert at(now_s) - rows.t_ns.min() <= 1.4 * S
