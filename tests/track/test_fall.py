"""Ballistic flight in the picture: recognised, its impact predicted, airliners left alone.

The kernels themselves are tested in `test_falling.py` and `test_boost.py`.
"""

import functools

import numpy as np

from tests.track.arcs import impact
from tests.track.sky import T0, Radar, fixes, nearest, place, rocket, sensors, watch
from tocsin import geo
from tocsin.track import Picture
from tocsin.track.kind import BALLISTIC
from tocsin.track.onset import BOOST_SHARE

Figures = dict[int, list[float]]


@functools.cache
def followed() -> tuple[Figures, Figures]:
    """Seed 7, 30 rockets, apogee 3-50 km: at an age (s), weight of ballistic, error of impact."""
    rng = np.random.default_rng(7)
    radar = Radar((0.0, -60_000.0, 50.0), scan_s=2.0)
    errors: Figures = {10: [], 20: []}
    called: Figures = {10: [], 20: []}
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
                state = np.array(
                    [*shown.position_m[i], *shown.velocity_mps[i], shown.ln_beta[i, 0], 0.0]
                )
                errors[age_s].append(float(np.linalg.norm(impact(state) - path(end_s))))
    print(f"apogee {min(top_m):.0f}-{max(top_m):.0f} m; impact CEP50 (m):",
          {age: round(float(np.median(e))) for age, e in errors.items()})  # fmt: skip
    return called, errors


def test_a_rocket_is_confirmed_in_ten_seconds() -> None:
    assert len(followed()[0][10]) >= 27


def test_every_rocket_is_called_ballistic_in_twenty_seconds() -> None:
    assert min(followed()[0][20]) > 0.9


def test_a_rocket_is_recognised_and_its_impact_predicted() -> None:
    """The bounds are far above the figures, which are printed."""
    called, errors = followed()
    assert len(called[20]) == 30
    assert np.median(called[10]) > 0.95
    assert np.quantile(called[10], 0.1) > 0.5
    assert np.median(errors[10]) < 4000.0
    assert np.median(errors[20]) < 1000.0


def test_a_missile_is_one_track_until_it_comes_down() -> None:
    """Three radars of 10 s; over the top no model of level flight has been near it for a minute."""
    rng = np.random.default_rng(11)
    radars = [Radar((x, y, 50.0), scan_s=10.0) for x, y in ((0.0, 0.0), (8e4, 3e4), (2e4, -7e4))]
    path, end_s = rocket((-90_000.0, 0.0, 20_000.0), (760.0, 60.0, 650.0), 7_000.0)
    picture, named = Picture(), []
    for number, t_s in enumerate(np.arange(0.0, end_s, 10.0 / 3.0)):
        sensor, now = number % 3, T0 + round(t_s * 1e9)
        if rng.random() < radars[sensor].chance:
            where, covariance = radars[sensor].see(path(t_s), rng)
            seen = fixes(now, where, covariance, sensor=sensor, evidence=number)
            picture.update(now, seen, sensors(radars, now))
        i = nearest(picture.tracks(), path(t_s))
        if 30.0 < t_s < end_s - 5.0:
            named.append(int(picture.tracks().id[i]) if i >= 0 else -1)
    assert end_s > 150.0
    assert set(named) == {named[0]}
    assert named[0] >= 0


def test_what_another_system_tells_is_not_judged_by_a_fall_that_nobody_corrects() -> None:
    """A climb told by CAT062 begins ballistic hypotheses, which its fusing does not touch."""
    rng = np.random.default_rng(3)
    path, end_s = rocket((-90_000.0, 0.0, 20_000.0), (760.0, 60.0, 650.0), 7_000.0)
    picture, ids = Picture(), set()
    for t_s in np.arange(0.0, end_s - 5.0, 5.0):
        now = T0 + round(t_s * 1e9)
        where = path(t_s) + rng.normal(size=3) * 50.0
        speed = (path(t_s + 0.5) - path(t_s - 0.5 if t_s else t_s)) / (1.0 if t_s else 0.5)
        told = fixes(now, where, np.eye(3) * 1e4, sensor=0, system_track=True, track_number=7,
                     velocity_mps=speed)  # fmt: skip
        picture.update(now, told, sensors([Radar()], now))
        if t_s > 20.0:
            ids.update(picture.tracks().id[picture.tracks().confirmed].tolist())
    assert len(ids) == 1


def test_the_motor_of_what_was_never_weighed_burns_by_the_prior() -> None:
    picture, radar, rng = Picture(), Radar(scan_s=4.0), np.random.default_rng(5)
    shown = []
    for t_s in np.arange(0.0, 60.0, 4.0):
        now = T0 + round(t_s * 1e9)
        where, covariance = radar.see(place((20e3 + 60.0 * t_s, 0.0, 1_000.0)), rng)
        picture.update(now, fixes(now, where, covariance, evidence=int(t_s)), sensors([radar], now))
        if len(picture.tracks()):
            shown.append(float(picture.tracks().burning[0]))
    assert 0.1 < shown[0] <= BOOST_SHARE
    assert shown[-1] < 0.02
    assert shown == sorted(shown, reverse=True)


def test_an_airliner_never_falls() -> None:
    rng = np.random.default_rng(2)
    radar = Radar(scan_s=4.0)
    picture = Picture()
    for batch in watch(radar, [lambda t: place((20e3 + 240.0 * t, 0.0, 10_000.0))], 80.0, rng):
        now = int(batch.t_ns.max()) if len(batch) else 0
        picture.update(now, batch, sensors([radar], now))
        shown = picture.tracks()
        assert (shown.kind_weight[shown.confirmed, BALLISTIC] < 0.01).all()
