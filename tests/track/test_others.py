"""The picture with what is not a plot: sound, friends, launches; late and in any order."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.track import sounds
from tests.track.arcs import AXES, Arc, flight
from tests.track.arcs import place as ground
from tests.track.sky import (
    NOTHING,
    T0,
    Radar,
    concatenate,
    fixes,
    sensors,
    straight,
    watch,
)
from tests.track.sky import place as over
from tests.track.sounds import Net, at, lines, path, presences
from tocsin import geo
from tocsin.track import Picture
from tocsin.track.kind import AIRCRAFT, BALLISTIC, DRONE, HELICOPTER
from tocsin.words import (
    HINT_DRONE,
    Fixes,
    FloatArray,
    Friends,
    Launches,
    Lines,
    Nodes,
    Others,
    Presences,
    Tracks,
)

S = 1_000_000_000
BEARING, DETECT = Net(), Net(sigma_deg=0.0)
ADDRESS = 0x4B1805
HEARD = {"bearing": (BEARING, 300.0), "detect": (DETECT, 1000.0)}
"""Nets, and how far from the truth the median position may be: `test_ears` has 250 and 900."""


def friends(
    t_s: Any, address: Any = (), position_m: Any = (), velocity_mps: Any = (), sigma_m: float = 30.0
) -> Friends:
    address = np.atleast_1d(np.asarray(address, np.int32))
    n = len(address)
    return Friends(
        t_ns=np.full(n, T0 + round(t_s * 1e9), np.int64),
        mode_s=address,
        position_m=np.asarray(position_m, float).reshape(n, 3),
        velocity_mps=np.asarray(velocity_mps, float).reshape(n, 3),
        sigma_m=np.full(n, sigma_m),
        evidence=np.arange(n, dtype=np.int64),
    )


def launches(
    t_s: float, position_m: Any = (), azimuth: float = np.nan, chance: float = 0.9
) -> Launches:
    places = np.asarray(position_m, float).reshape(-1, 3)
    n = len(places)
    return Launches(
        t_ns=np.full(n, T0 + round(t_s * 1e9), np.int64),
        position_m=places,
        covariance_m2=np.tile(np.eye(3) * 500.0**2, (n, 1, 1)),
        azimuth_rad=np.full(n, azimuth),
        sigma_azimuth_rad=np.full(n, 0.2),
        chance=np.full(n, chance),
        evidence=np.arange(n, dtype=np.int64),
    )


NOBODY = lines([], [], [], 0.0), presences([], [], 0.0)


def others(
    said: Lines = NOBODY[0], heard: Presences = NOBODY[1], nodes: Nodes = BEARING.nodes,
    claims: Friends | None = None, fired: Launches | None = None,
) -> Others:  # fmt: skip
    return Others(
        lines=said, presences=heard, nodes=nodes, friends=claims or friends(0.0),
        launches=fired or launches(0.0),
    )  # fmt: skip


def picked(columns: Any, rows: Any) -> Any:
    """Rows of any of the words that are columns."""
    return type(columns)(**{name: getattr(columns, name)[rows] for name in columns.__slots__})


def update(
    picture: Picture, t_s: float, radars: list[Radar], plots: Fixes = NOTHING,
    other: Others | None = None,
) -> Tracks:  # fmt: skip
    """The picture at `t_s`, all radars alive."""
    now_ns = T0 + round(t_s * 1e9)
    # a net alone is the usual case: no rows at all
    known = sensors(radars or [Radar()], now_ns)
    picture.update(now_ns, plots, known if radars else picked_sensors(known), other)
    return picture.tracks()


def picked_sensors(known: Any) -> Any:
    """No sensor."""
    columns = {name: getattr(known, name)[:0] for name in type(known).__slots__}
    return type(known)(**columns)


def drone(seed: int, length_s: float = 70.0) -> tuple[np.random.Generator, FloatArray]:
    """A drone that begins near the middle of the net; its path is that of `sounds`."""
    rng = np.random.default_rng(seed)
    start = [*rng.uniform(-3000, 3000, 2), rng.uniform(300, 1000)]
    return rng, path(rng, start, rng.uniform(-np.pi, np.pi), length_s)


def level(position_m: FloatArray, truth: FloatArray) -> Any:
    """Horizontal distances (n,) of ECEF places from a local one."""
    return np.linalg.norm(
        ((position_m - sounds.ORIGIN) @ sounds.AXES.T)[..., :2] - truth[:2], axis=-1
    )


def confirmed(shown: Tracks) -> Any:
    return np.flatnonzero(shown.confirmed)


@pytest.mark.parametrize("net", HEARD)
@pytest.mark.parametrize("seed", range(4))
def test_a_drone_that_is_only_heard_is_confirmed_and_called_a_drone(net: str, seed: int) -> None:
    """It is heard from the first second on."""
    listeners, bound_m = HEARD[net]
    rng, track = drone(100 + seed)
    picture, errors, inside, called = Picture(), [], [], []
    for t in range(1, 61):
        said, heard = listeners.listen([track], float(t), rng, HINT_DRONE)
        shown = update(picture, t + 0.6, [], other=others(said, heard, listeners.nodes))
        rows, truth = confirmed(shown), at(track, t + 0.6)
        if t >= 30:
            assert len(rows) == 1, f"{len(rows)} confirmed tracks at {t} s"
            errors.append(float(level(shown.position_m[rows], truth)[0]))
            cov = sounds.AXES @ shown.covariance[rows[0], :3, :3] @ sounds.AXES.T
            inside.append(errors[-1] < 3.0 * np.sqrt(np.trace(cov[:2, :2])))
            called.append(shown.kind_weight[rows[0], DRONE])
    assert np.median(errors) < bound_m
    assert np.mean(inside) > 0.9
    assert np.median(called) > 0.5


def test_false_reports_of_a_net_confirm_nothing() -> None:
    rng, picture = np.random.default_rng(1), Picture()
    for t in range(1, 301):
        said, heard = BEARING.listen([], float(t), rng)
        shown = update(picture, t + 0.6, [], other=others(said, heard))
        assert not shown.confirmed.any()


@pytest.mark.parametrize(
    ("net", "radar_s", "sound_s"),
    [
        ("bearing", 0, 0),
        ("bearing", 0, 20),
        ("bearing", 20, 0),
        ("detect", 0, 0),
        ("detect", 0, 20),
        ("detect", 20, 0),
    ],
)
def test_what_is_heard_and_seen_is_one_track(net: str, radar_s: int, sound_s: int) -> None:
    """Whichever comes first; and with a radar the error is the radar's."""
    listeners = HEARD[net][0]
    radar = Radar((-40_000.0, 10_000.0, 300.0), scan_s=4.0)
    for seed in range(3):
        rng, track = drone(200 + seed)
        picture, errors = Picture(), []
        scans = watch(radar, [lambda t: sounds.place(at(track, t))], 64.0, rng)  # noqa: B023
        for t in range(1, 61):
            said, heard = listeners.listen([track] if t > sound_s else [], float(t), rng, 3)
            plots = scans[t // 4] if t % 4 == 0 and t > radar_s else NOTHING
            shown = update(picture, t + 0.6, [radar], plots, others(said, heard, listeners.nodes))
            if t >= 45:
                rows = confirmed(shown)
                assert len(rows) == 1, f"seed {seed}: {len(rows)} confirmed tracks at {t} s"
                errors.append(float(level(shown.position_m[rows], at(track, t + 0.6))[0]))
        assert np.median(errors) < 200.0


def beside(track: FloatArray, right_m: float) -> FloatArray:
    """A parallel path, so far to the right of where the first one heads at 0 (negative: left)."""
    way = at(track, 0.1) - at(track, -0.1)
    return track + right_m * np.array([way[1], -way[0], 0.0]) / np.hypot(way[0], way[1])


def loudest(said: Lines, pair: list[FloatArray], t_s: float) -> Lines:
    """Of each node only the bearing of the nearer of two drones: one bearing at a time."""
    apart = [at(track, t_s) - BEARING.enu_m[said.node] for track in pair]
    nearer = np.argmin([np.linalg.norm(a, axis=1) for a in apart], axis=0)
    towards = [np.arctan2(a[:, 0], a[:, 1]) for a in apart]
    off = [np.abs(np.angle(np.exp(1j * (said.azimuth_rad - angle)))) for angle in towards]
    own = np.argmin(off, axis=0) == nearer
    return picked(said, np.flatnonzero(own))


@pytest.mark.parametrize(
    ("right_m", "one_bearing"),
    [
        pytest.param(1000.0, False, id="1 km"),
        pytest.param(-2000.0, False, id="2 km"),
        pytest.param(-2000.0, True, id="2 km, nodes say the loudest"),
    ],
)
@pytest.mark.parametrize("seed", range(12))
def test_a_second_drone_that_only_sound_knows_is_not_swallowed(
    seed: int, right_m: float, one_bearing: bool
) -> None:
    """The radar sees the first alone; both are heard, from the start or after 20 s."""
    radar = Radar((-40_000.0, 10_000.0, 300.0), scan_s=4.0)
    rng, track = drone(300 + seed)
    pair, sound_s = [track, beside(track, right_m)], 20 * (seed % 2)
    picture, errors = Picture(), []
    scans = watch(radar, [lambda t: sounds.place(at(track, t))], 64.0, rng)
    for t in range(1, 61):
        said, heard = BEARING.listen(pair if t > sound_s else [], float(t), rng, HINT_DRONE)
        if one_bearing:
            said = loudest(said, pair, float(t))
        plots = scans[t // 4] if t % 4 == 0 else NOTHING
        shown = update(picture, t + 0.6, [radar], plots, others(said, heard))
        if t >= 45:
            rows = confirmed(shown)
            assert len(rows) == 2, f"{len(rows)} confirmed tracks at {t} s"
            errors += [level(shown.position_m[rows], at(way, t + 0.6)).min() for way in pair]
    assert np.median(errors) < 400.0  # the pair may be 6 km off the middle of the net


@pytest.mark.parametrize("seed", range(3))
def test_what_a_radar_sees_is_not_ended_by_silence(seed: int) -> None:
    """A glider above a whole net: nodes say for a minute that they hear nothing."""
    radar = Radar((-40_000.0, 10_000.0, 300.0), scan_s=4.0)
    rng, track = drone(400 + seed)
    picture, names = Picture(), set()
    scans = watch(radar, [lambda t: sounds.place(at(track, t))], 64.0, rng)
    for t in range(1, 61):
        said, heard = BEARING.listen([], float(t), rng)
        plots = scans[t // 4] if t % 4 == 0 else NOTHING
        shown = update(picture, t + 0.6, [radar], plots, others(said, heard))
        if t >= 24:
            rows = confirmed(shown)
            assert len(rows) == 1
            names.add(int(shown.id[rows[0]]))
    assert len(names) == 1


# ---- friends ------------------------------------------------------------------------------------

SLOW = (50.0, 0.0, 0.0)
Claim = Callable[[float], tuple[FloatArray, FloatArray] | None]


def escorted(
    claim: Claim, replies: bool = False, seed: int = 3, length_s: int = 80
) -> tuple[Tracks, FloatArray]:
    """One low and slow flight among eight aircraft whose transponders answer the radar.

    `claim` gives the offset (local) and velocity that ADS-B says of it, or None. The last picture,
    and the kind weights of the flight over the last 20 s.
    """
    rng, picture, told = np.random.default_rng(seed), Picture(), []
    radar = Radar((0.0, -30_000.0, 300.0), scan_s=4.0, sigma=(50.0, 0.1, 100.0))
    own = straight((-2000.0, 0.0, 900.0), SLOW)
    crowd = [straight((12e3 * k - 45e3, 25e3, 9e3), (0.0, 210.0, 0.0)) for k in range(8)]
    for t in range(1, length_s + 1):
        plots = []
        if t % 4 == 0:
            known = [(own, replies, ADDRESS if replies else -1)]
            known += [(way, True, 0x500000 + k) for k, way in enumerate(crowd)]
            for way, answers, code in known:
                seen = radar.see(way(t), rng)
                plots.append(fixes(T0 + t * S, seen[0], seen[1], mode_s=code, friend=answers))
        said = claim(float(t))
        claims = None
        if said is not None:
            offset, velocity = said
            claims = friends(t, ADDRESS, own(t) + offset @ AXES, velocity @ AXES)
        shown = update(
            picture, t + 0.1, [radar], concatenate(plots) if plots else NOTHING,
            others(claims=claims),
        )  # fmt: skip
        i = int(np.linalg.norm(shown.position_m - own(t + 0.1), axis=1).argmin()) if t > 8 else -1
        if t > length_s - 20:
            assert shown.confirmed[i]
            told.append(shown.kind_weight[i])
    return picked(shown, [i]), np.array(told)


def exactly(_t_s: float) -> tuple[FloatArray, FloatArray]:
    return np.zeros(3), np.array(SLOW)


def test_an_identity_attaches_to_the_track_that_it_fits() -> None:
    plain, alone = escorted(lambda t: None)
    assert not plain.friend[0]
    assert alone[:, DRONE].min() > 0.3
    shown, told = escorted(exactly, replies=True)
    assert shown.friend[0]
    assert shown.mode_s[0] == ADDRESS
    assert told[:, DRONE].max() < 0.1
    assert told[-1, [AIRCRAFT, HELICOPTER]].sum() > 0.85


@pytest.mark.parametrize(
    "offset",
    [
        pytest.param((0.0, 2000.0, 0.0), id="parallel, 2 km off"),
        pytest.param((0.0, 0.0, 1500.0), id="wrong height"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_claim_beside_a_drone_is_not_its_own(offset: tuple[float, ...], seed: int) -> None:
    shown, told = escorted(lambda t: (np.array(offset), np.array(SLOW)), seed=seed)
    assert not shown.friend[0]
    assert told[:, DRONE].min() > 0.3


@pytest.mark.parametrize("seed", range(3))
def test_a_perfect_spoof_is_given_away_by_silence(seed: int) -> None:
    """The radar interrogates, all others answer, this one does not."""
    _, told = escorted(exactly, seed=seed)
    assert told[:, DRONE].min() > 0.3


def test_claims_alone_make_no_track() -> None:
    picture = Picture()
    for t in range(1, 31):
        here = sounds.place([50.0 * t, 0.0, 900.0])
        claims = friends(t, ADDRESS, here, np.array(SLOW) @ AXES)
        assert len(update(picture, float(t), [Radar()], other=others(claims=claims)).id) == 0


# ---- launches -----------------------------------------------------------------------------------


def climb(seed: int, reports: int) -> Iterator[tuple[int, Arc, Tracks]]:
    """A rocket that climbs: each second, the arc and the picture."""
    rng, picture = np.random.default_rng(seed), Picture()
    radar = Radar((-50_000.0, 0.0, 100.0), scan_s=4.0)
    tilt, heading = np.radians(rng.uniform(55.0, 75.0)), rng.uniform(0.0, 2.0 * np.pi)
    flat = np.cos(tilt) * np.array([np.sin(heading), np.cos(heading)])
    velocity = AXES.T @ (40.0 * np.array([*flat, np.sin(tilt)]))
    pad = ground(0.0, 0.0, 150.0)
    arc = flight(pad, velocity, 5000.0, thrust_mps2=rng.uniform(35.0, 60.0), burn_s=30.0)
    scans = watch(radar, [arc.path], 64.0, rng)
    for t in range(1, 61):
        fired = None
        if reports and t == 1:
            fired = launches(0.5, pad + rng.normal(size=(reports, 3)) * 300.0, heading)
        seen_m = float(geo.geodetic(arc.path(t))[2])
        plots = scans[t // 4] if t % 4 == 0 and seen_m > 500.0 else NOTHING
        yield t, arc, update(picture, t + 0.1, [radar], plots, others(fired=fired))


def risen(reported: bool, seed: int) -> float:
    """Seconds from launch until a confirmed track is called ballistic; 99 when never."""
    for t, arc, shown in climb(seed, int(reported)):
        rows = confirmed(shown)
        near = rows[np.linalg.norm(shown.position_m[rows] - arc.path(t + 0.1), axis=1) < 3000.0]
        if len(near) and shown.kind_weight[near, BALLISTIC].max() > 0.5:
            return float(t)
    return 99.0


def climbed(seed: int, reports: int) -> Tracks:
    """The picture 40 s after the launch."""
    return next(shown for t, _, shown in climb(seed, reports) if t == 40)


def test_a_reported_launch_is_known_for_ballistic_earlier() -> None:
    seeds = range(10)
    with_report = np.array([risen(True, seed) for seed in seeds])
    without = np.array([risen(False, seed) for seed in seeds])
    print(f"confirmed ballistic after: {with_report} s with a report, {without} s without")
    assert (with_report <= without).all()
    assert np.mean(without - with_report) >= 4.0  # a look


@pytest.mark.parametrize("radars", [[], [Radar((-50_000.0, 0.0, 100.0))]], ids=["none", "one"])
@pytest.mark.parametrize("chance", [0.1, 0.9])
def test_a_launch_that_nobody_sees_dies_away(radars: list[Radar], chance: float) -> None:
    picture, existence = Picture(), []
    rng = np.random.default_rng(5)
    aside = straight((20_000.0, 30_000.0, 8000.0), (200.0, 0.0, 0.0))  # the radar does look
    for t in range(1, 301):
        fired = launches(0.5, ground(0.0, 0.0, 150.0), 1.0, chance) if t == 1 else None
        plots = NOTHING
        if radars and t % 4 == 0:
            seen = radars[0].see(aside(t), rng)
            plots = fixes(T0 + t * S, seen[0], seen[1])
        shown = update(picture, t + 0.1, radars, plots, others(fired=fired))
        launched = shown.t_ns_born == T0 + S // 2
        assert not shown.confirmed[launched].any()
        existence.append(float(shown.existence[launched].max(initial=0.0)))
    assert existence[0] == pytest.approx(chance, abs=0.02)
    assert (np.diff(existence) <= 1e-9).all()
    gone = int(np.argmin(np.array(existence) > 0.0))
    print(f"chance {chance}, {len(radars)} radars: gone after {gone} s")
    assert existence[-1] == 0.0
    assert gone < (60 if radars and chance < 0.5 else 300)


# ---- when reports come --------------------------------------------------------------------------


def test_a_name_is_the_number_of_a_report() -> None:
    """Plots, sound, a friend and a launch: no name is above the reports that came, none twice."""
    rng, radar = np.random.default_rng(6), Radar((-50_000.0, 0.0, 100.0))
    track = path(rng, [0.0, 0.0, 800.0], 0.5, 40.0)
    flight = straight((20_000.0, 30_000.0, 8000.0), (200.0, 0.0, 0.0))
    picture, came, born = Picture(), 0, {}
    for t in range(1, 31):
        said, heard = BEARING.listen([track], float(t), rng, HINT_DRONE)
        claims = friends(t - 0.5, ADDRESS, flight(t - 0.5), np.zeros(3))
        fired = launches(t - 0.5, ground(0.0, 9e4, 150.0)) if t == 20 else launches(0.0)
        plots = fixes(T0 + t * S, *radar.see(flight(float(t)), rng)) if t % 4 == 0 else NOTHING
        other = others(said, heard, claims=claims, fired=fired)
        came += len(plots) + sum(map(len, (said, heard, claims, fired)))
        shown = update(picture, t + 0.6, [radar], plots, other)
        assert len(np.unique(shown.id)) == len(shown.id)
        assert shown.id.max(initial=0) <= came
        for name, born_ns in zip(shown.id.tolist(), shown.t_ns_born.tolist(), strict=True):
            assert born.setdefault(name, born_ns) == born_ns
    assert len(born) >= 3


def assert_same(one: Tracks, two: Tracks) -> None:
    """Everything but names, which say in which order reports came."""
    assert len(one.id) == len(two.id) > 0
    for name in ("t_ns_seen", "position_m", "velocity_mps", "covariance", "existence",
                 "kind_weight", "hits", "confirmed"):  # fmt: skip
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def told(net: Net, seed: int, length_s: int = 30) -> list[tuple[float, Others]]:
    """What a net says of one drone: each second's reports, at its end."""
    rng, track = drone(seed)
    return [
        (float(t), others(*net.listen([track], float(t), rng), net.nodes))
        for t in range(1, length_s + 1)
    ]


def played(batches: list[tuple[float, Others]], end_s: float, step_s: float = 0.25) -> Picture:
    """A picture that got each batch at its time, and was asked every quarter of a second."""
    picture, left = Picture(), sorted(batches, key=lambda batch: batch[0])
    for t in np.arange(0.0, end_s + 1e-9, step_s):
        due = [batch for batch in left if batch[0] <= t]
        left = left[len(due) :]
        for _, other in due:
            update(picture, t, [], other=other)
        update(picture, t, [])
    return picture


@pytest.mark.parametrize("net", HEARD)
@pytest.mark.parametrize("late_s", [0.4, 5.0, 13.0])
def test_late_sounds_are_used(net: str, late_s: float) -> None:
    """A whole net that is late by a few seconds leaves the same picture in the end."""
    listeners = HEARD[net][0]
    batches = told(listeners, 7)
    prompt = played(batches, 50.0)
    late = played([(t + late_s, other) for t, other in batches], 50.0)
    assert late.late == prompt.late == 0
    assert_same(prompt.tracks(), late.tracks())


def test_sounds_older_than_15_s_are_counted_and_change_nothing() -> None:
    batches = told(BEARING, 8)
    prompt = played(batches, 50.0)
    rng = np.random.default_rng(0)
    said, heard = BEARING.listen([drone(9)[1]], 12.0, rng)
    claims = friends(12.0, ADDRESS, sounds.ORIGIN, np.zeros(3))
    old = others(said, heard, claims=claims, fired=launches(12.0, sounds.ORIGIN))
    late = played([*batches, (28.0, old)], 50.0)
    assert late.late == len(said) + len(heard) + 2
    assert_same(prompt.tracks(), late.tracks())


def parts(other: Others, count: int, rng: np.random.Generator) -> list[Others]:
    """One batch as `count`, each with some of the rows in some order."""
    whose = [rng.integers(0, count, len(c)) for c in (other.lines, other.presences)]
    split = []
    for k in range(count):
        said, heard = (rng.permutation(np.flatnonzero(w == k)) for w in whose)
        split.append(others(picked(other.lines, said), picked(other.presences, heard), other.nodes))
    return split


@pytest.mark.parametrize("net", HEARD)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_within_a_set_changes_nothing(net: str, seed: int) -> None:
    """Three parts of each second, shuffled, each up to 0.4 s late: before the set is folded."""
    rng, listeners = np.random.default_rng(seed), HEARD[net][0]
    batches = told(listeners, 7)
    mixed = [
        (t + float(rng.choice([0.0, 0.25])), part)
        for t, other in batches for part in parts(other, 3, rng)
    ]  # fmt: skip
    assert_same(played(batches, 40.0).tracks(), played(mixed, 40.0).tracks())


@pytest.mark.parametrize("seed", range(3))
def test_nodes_that_are_late_by_many_seconds_still_help(seed: int) -> None:
    """Each second in three parts, each late by up to 14 s: the same track."""
    rng = np.random.default_rng(seed)
    batches = told(BEARING, 7)
    mixed = [
        (t + float(rng.uniform(0.0, 14.0)), part)
        for t, other in batches for part in parts(other, 3, rng)
    ]  # fmt: skip
    prompt, late = played(batches, 46.0).tracks(), played(mixed, 46.0)
    shown = late.tracks()
    assert late.late == 0
    assert late.replayed > 0
    one, two = confirmed(prompt), confirmed(shown)
    assert len(one) == len(two) == 1
    apart = shown.position_m[two[0]] - prompt.position_m[one[0]]
    assert np.linalg.norm(apart) < np.sqrt(np.trace(prompt.covariance[one[0], :3, :3]))
    assert_same(prompt, shown)


@pytest.mark.parametrize("later_s", [0.0, 3.0], ids=["at once", "after it was folded"])
def test_what_is_told_twice_counts_once(later_s: float) -> None:
    """The same reports by another way: the track must not grow surer of itself."""
    batches = told(BEARING, 7)
    again = [(t + later_s, other) for t, other in batches]
    assert_same(played(batches, 40.0).tracks(), played([*batches, *again], 40.0).tracks())


@pytest.mark.parametrize("late_s", [0.3, 6.0, 13.0])
def test_friends_and_launches_may_be_late(late_s: float) -> None:
    """The radar's plots are prompt; claims and a launch come later, in any order."""
    rng = np.random.default_rng(4)
    radar = Radar((0.0, -30_000.0, 300.0), scan_s=4.0, sigma=(50.0, 0.1, 100.0))
    way = straight((-2000.0, 0.0, 900.0), SLOW)
    scans = watch(radar, [way, lambda t: ground(30e3, 200.0 * t, 9e3)], 64.0, rng)
    claims = [others(claims=friends(t, ADDRESS, way(t), np.array(SLOW) @ AXES))
              for t in range(1, 50)]  # fmt: skip
    fired = others(fired=launches(30.5, ground(20e3, 20e3, 150.0), chance=0.9))

    def play(delays_s: Any) -> Picture:
        picture = Picture()
        sent = [(t + 1 + delay, other)
                for (t, other), delay in zip(enumerate(claims), delays_s, strict=True)]  # fmt: skip
        sent = sorted([*sent, (31.0 + late_s * bool(delays_s.any()), fired)], key=lambda x: x[0])
        for t in range(1, 65):
            while sent and sent[0][0] <= t:
                update(picture, float(t), [radar], other=sent.pop(0)[1])
            plots = scans[t // 4] if t % 4 == 0 and t < 49 else NOTHING
            update(picture, float(t), [radar], plots)
        assert picture.late == len(sent) == 0
        return picture

    prompt = play(np.zeros(len(claims))).tracks()
    assert prompt.friend.any()
    assert_same(prompt, play(rng.permutation(np.linspace(0.0, late_s, len(claims)))).tracks())


@pytest.mark.parametrize("reports", [2, 3])
def test_a_launch_reported_by_several_is_one_track_in_the_end(reports: int) -> None:
    for seed in range(3):
        shown = climbed(seed, reports)
        assert len(shown.id) == len(confirmed(shown)) == 1
        assert shown.kind_weight[0, BALLISTIC] > 0.9


def test_a_launch_that_finds_a_full_table_is_counted() -> None:
    """Confirmed tracks do not give way to it."""
    rng, radar, picture = np.random.default_rng(97), Radar(chance=1.0), Picture(tracks_max=2)
    paths = [straight((20_000.0, 5000.0 * k, 3000.0), (150.0, 0.0, 0.0)) for k in range(2)]
    for k, batch in enumerate(watch(radar, paths, 24.0, rng)):
        assert picture.turned_away == 0
        update(picture, 4.0 * k, [radar], batch)
    fired = launches(24.0, over((-20_000.0, 0.0, 0.0)))
    tracks = update(picture, 24.0, [radar], other=others(fired=fired))
    assert (len(tracks), int(tracks.confirmed.sum())) == (2, 2)
    assert (picture.turned_away, picture.evicted) == (1, 0)


def test_what_is_heard_and_finds_a_full_table_is_counted() -> None:
    """As many as an empty table would have begun."""
    begun = []
    for full in (False, True):
        rng, track = drone(3)
        picture = Picture(tracks_max=1 if full else 20_000)
        if full:
            radar = Radar(chance=1.0)
            path_ = straight((60_000.0, 60_000.0, 9000.0), (150.0, 0.0, 0.0))
            for k, batch in enumerate(watch(radar, [path_], 24.0, rng)):
                earlier = dataclasses.replace(batch, t_ns=batch.t_ns - 24 * S)
                update(picture, 4.0 * k - 24.0, [radar], earlier)
            assert picture.tracks().confirmed.tolist() == [True]
        for second in range(1, 20):
            said, heard = BEARING.listen([track], float(second), rng)
            update(picture, float(second) + 1.0, [], other=others(said, heard))
        begun.append((len(picture.tracks()), picture.turned_away))
    (alone, none), (_, away) = begun
    assert alone >= 1
    assert none == 0
    assert away >= 1
