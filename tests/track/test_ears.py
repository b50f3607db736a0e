"""Tracks that only sound makes: found, true, not invented, and the same however reports arrive."""

import numpy as np
import pytest

from tests.track import sounds
from tests.track.sounds import House, Net, at, lines, passers, path, place, presences
from tocsin.track import ears
from tocsin.track.table import Records
from tocsin.words import HINT_HELICOPTER, Lines, Presences

BEARING, DETECT = Net(), Net(sigma_deg=0.0)


def night(
    net: Net, seed: int, length_s: int = 60, silence: bool = True, hint: int = 0
) -> tuple[House, list[float]]:
    """One drone that begins near the middle; the error each second from the tenth on."""
    rng, house, errors = np.random.default_rng(seed), House(), []
    start = [*rng.uniform(-3000, 3000, 2), rng.uniform(300, 1000)]
    track = path(rng, start, rng.uniform(-np.pi, np.pi), length_s + 5.0)
    for t in range(1, length_s + 1):
        said, heard = net.listen([track], float(t), rng, hint)
        if not silence:
            heard = presences(heard.node[heard.heard], heard.heard[heard.heard], float(t))
        house.step(float(t), said, heard, net.nodes)
        sure = house.sure()
        if t >= 10:
            assert sure, f"no track at {t} s"
            here = at(track, float(t))[:2]
            errors.append(float(np.linalg.norm(house.enu(sure[0])[:2] - here)))
    return house, errors


def test_bearings_find_a_drone_and_the_lag_of_sound_matters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeds = range(100, 106)
    found = [np.median(night(BEARING, seed)[1]) for seed in seeds]
    monkeypatch.setattr(ears, "SOUND_MPS", 1e9)
    instant = [np.median(night(BEARING, seed)[1]) for seed in seeds]
    assert np.median(found) < 250.0  # a particle filter had 160-168 m: algorithms.md 3.5
    assert np.median(instant) > 1.7 * np.median(found)  # there: 2.1


def test_hearing_alone_finds_a_drone_and_silence_is_news() -> None:
    seeds = range(100, 108)
    found = [np.median(night(DETECT, seed)[1]) for seed in seeds]
    deaf = [np.median(night(DETECT, seed, silence=False)[1]) for seed in seeds]
    assert np.median(found) < 900.0  # there: 1010 m at 10 s, 513 m at 60 s
    assert np.median(deaf) > 1.1 * np.median(found)


@pytest.mark.parametrize("net", [BEARING, DETECT], ids=["bearing", "detect"])
def test_false_reports_alone_make_nothing_sure(net: Net) -> None:
    rng, house, surest = np.random.default_rng(1100), House(), 0.0
    for t in range(1, 601):
        house.step(float(t), *net.listen([], float(t), rng), net.nodes)
        surest = max(surest, house.tracks["existence"][: house.n].max(initial=0.0))
    assert surest < 0.9
    assert not [chance for chance in house.born if chance > 0.9]


def test_a_moped_beside_one_node_is_not_a_drone() -> None:
    net, house = BEARING, House()
    rng = np.random.default_rng(5)
    g = len(net.nodes)
    for t in range(1, 61):
        origin = net.nodes.position_m[[40]]
        said = lines([40], origin, [0.5 + 0.02 * t + 0.05 * rng.normal()], t - 0.5)
        quiet = np.delete(np.arange(g), 40)
        house.step(float(t), said, presences(quiet, np.zeros(g - 1, bool), float(t)), net.nodes)
        assert not house.sure(0.5)


def test_what_the_nodes_think_it_is_is_counted() -> None:
    house, _ = night(BEARING, 3, 20, hint=HINT_HELICOPTER)
    hints = house.tracks["hints"][house.sure()[0]]
    assert hints[HINT_HELICOPTER] > 0.9 * hints.sum() > 10.0


def test_two_drones_three_kilometres_apart_are_two() -> None:
    rng, house = np.random.default_rng(8), House()
    still = np.random.default_rng(0)
    pair = [path(still, [x, -2000.0, 500.0], 0.3, 5.0)[:1] for x in (-1500.0, 1500.0)]
    steps = np.arange(round((sounds.BEFORE_S + 65) / sounds.STEP_S))[:, None] * sounds.STEP_S
    ahead = np.array([[50 * np.sin(0.3), 50 * np.cos(0.3), 0.0]])
    pair = [np.array([[x, -2000.0, 500.0]]) + (steps - sounds.BEFORE_S) * ahead
            for x in (-1500.0, 1500.0)]  # fmt: skip
    for t in range(1, 61):
        house.step(float(t), *BEARING.listen(pair, float(t), rng), BEARING.nodes)
    assert len(house.sure(0.5)) == 2
    for track in pair:
        near = [np.linalg.norm(house.enu(i)[:2] - at(track, 60.0)[:2]) for i in house.sure()]
        assert min(near) < 700.0


def test_fifteen_drones_in_one_net_are_fifteen_tracks() -> None:
    """Each node hears several at once: one bearing each, no track from the bearings of two."""
    net, rng, house = Net(half_m=15_000.0), np.random.default_rng(3), House()
    swarm = [
        path(rng, [*rng.uniform(-12_000, 12_000, 2), 500.0], rng.uniform(-3, 3), 70.0)
        for _ in range(15)
    ]
    for t in range(1, 41):
        house.step(float(t), *net.listen(swarm, float(t), rng), net.nodes)
    assert len(house.sure(0.5)) == 15
    for track in swarm:
        here = at(track, 40.0)[:2]
        assert sum(np.linalg.norm(house.enu(i)[:2] - here) < 700.0 for i in house.sure()) == 1


def test_two_passers_by_are_not_enough() -> None:
    track = path(np.random.default_rng(1), [0.0, 0.0, 500.0], 0.5, 60.0)
    rng, house = np.random.default_rng(2), House()
    nothing = presences([], np.zeros(0, bool), 1.0)
    for t in (1.0, 4.0):
        house.step(t, passers(track, t, rng, 1, 5000.0), nothing, BEARING.nodes)
        assert not house.sure(0.5)


def test_a_crowd_at_one_place_has_one_opinion() -> None:
    rng, house = np.random.default_rng(4), House()
    for t in range(1, 21):
        where = place(np.column_stack([rng.uniform(-400, 400, (10, 2)), np.full(10, 100.0)]))
        aim = np.array([0.0, 3000.0])
        enu = (where - sounds.ORIGIN) @ sounds.AXES.T
        azimuth = np.arctan2(aim[0] - enu[:, 0], aim[1] - enu[:, 1])
        said = lines(np.full(10, -1), where, azimuth, float(t), 20.0)
        house.step(float(t), said, presences([], np.zeros(0, bool), float(t)), BEARING.nodes)
        assert not house.sure(0.5)
    assert house.ears.crowded > 150


def test_ghosts_fade_where_nodes_are_silent() -> None:
    house, _ = night(BEARING, 6, 20)
    assert house.tracks["existence"][0] > 0.99
    rng = np.random.default_rng(0)
    for t in range(21, 61):
        house.step(float(t), *BEARING.listen([], float(t), rng), BEARING.nodes)
    assert not house.sure(0.5)


def test_ballistic_rows_are_left_alone() -> None:
    house, _ = night(BEARING, 6, 15)
    house.tracks["weight"][0] *= 0.2 / house.tracks["weight"][0].sum()
    house.tracks["weight"][0, -2] = 0.8
    before = house.tracks[0].copy()
    said, heard = BEARING.listen([], 15.5, np.random.default_rng(0))
    house.hear(said, heard, BEARING.nodes)
    np.testing.assert_array_equal(before, house.tracks[0])


def _shuffled(said: Lines, heard: Presences, rng: np.random.Generator) -> tuple[Lines, Presences]:
    a, b = rng.permutation(len(said)), rng.permutation(len(heard))
    return (
        Lines(**{name: getattr(said, name)[a] for name in Lines.__slots__}),
        Presences(**{name: getattr(heard, name)[b] for name in Presences.__slots__}),
    )


@pytest.mark.parametrize("net", [BEARING, DETECT], ids=["bearing", "detect"])
def test_arrival_order_does_not_matter_and_a_copy_repeats(net: Net) -> None:
    rng, mixer = np.random.default_rng(9), np.random.default_rng(10)
    track = path(rng, [0.0, 1000.0, 500.0], 1.0, 40.0)
    one, two = House(), House()
    kept: tuple[ears.Ears, Records, int] | None = None
    heard_since = []
    for t in range(1, 16):
        said, heard = net.listen([track], float(t), rng)
        if t == 5:
            kept = (one.ears.copy(), one.tracks.copy(), one.n)
        if t >= 5:
            heard_since.append((float(t), said, heard))
        one.step(float(t), said, heard, net.nodes)
        two.step(float(t), *_shuffled(said, heard, mixer), net.nodes)
    assert kept
    again = House(ears=kept[0])
    again.tracks[:] = kept[1]
    again.n = kept[2]
    for t_s, said, heard in heard_since:
        again.step(t_s, said, heard, net.nodes)
    assert one.n == two.n == again.n > 0
    np.testing.assert_array_equal(one.tracks[: one.n], two.tracks[: one.n])
    np.testing.assert_array_equal(one.tracks[: one.n], again.tracks[: one.n])


def test_memory_is_bounded_and_strangers_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ears, "KEPT_MAX", 50)
    house, rng = House(), np.random.default_rng(1)
    for t in range(1, 6):
        node = rng.integers(0, 81, 40)
        origin, azimuth = BEARING.nodes.position_m[node], rng.uniform(-3, 3, 40)
        said = lines(node, origin, azimuth, t - 0.5, 1.0)
        house.step(float(t), said, presences([], np.zeros(0, bool), float(t)), BEARING.nodes)
        assert len(house.ears.kept.t_ns) <= 50
    assert house.ears.dropped > 0
    before = len(house.ears.kept.t_ns)
    stranger = lines([5000], BEARING.nodes.position_m[:1], [0.0], 5.5)
    heard = presences([-1, 5000], [True, True], 5.5)
    house.hear(stranger, heard, BEARING.nodes)
    assert len(house.ears.kept.t_ns) <= before
