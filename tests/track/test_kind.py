"""What a flight is called from its motion, from sensors' hints and with identity."""

import numpy as np
import pytest
from scipy.stats import norm

from tests.track.rows import SCAN_S, S, Sky
from tocsin import geo
from tocsin.predict.admission import WEIGHT_MIN
from tocsin.track import kind, state
from tocsin.track.bank import NAMES
from tocsin.track.kind import (
    AIRCRAFT,
    BALLISTIC,
    BIRD,
    COUNT,
    CRUISE,
    DRONE,
    HABITS,
    HELICOPTER,
    TABLE,
    UNKNOWN,
)
from tocsin.track.kind_table import HABIT_SHARE, MODES, PRIOR
from tocsin.track.table import BOOST, COAST, MODELS
from tocsin.words import (
    HINT_AIRCRAFT,
    HINT_BIRD,
    HINT_CRUISE,
    HINT_DRONE,
    HINT_HELICOPTER,
    KINDS,
    THREATS,
    FloatArray,
)

LOOKS = 12
"""Enough for a settled opinion: 44 s of a 4 s radar."""


def opinions(
    speed: float, height: float, climb: float = 0.0, *, seeds: int = 8, has_height: bool = True,
    hint: int = 0, share: float = 1.0, falls: float = 0.0, looks: int = LOOKS, reply: bool = False,
) -> FloatArray:  # fmt: skip
    """Kind weights (seeds, K) after `looks` looks, each off by the stated uncertainty."""
    told = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        heading = rng.uniform(0.0, 2.0 * np.pi)
        velocity = np.array([speed * np.cos(heading), speed * np.sin(heading), climb])
        sky = Sky(1, has_height)
        for look in range(looks):
            t_s = look * SCAN_S
            sd_mps = max(3.0, 40.0 / (1 + look))
            place = np.array([0.0, 0.0, height]) + velocity * t_s + rng.normal(0.0, 60.0, 3)
            moving = velocity + rng.normal(0.0, sd_mps, 3) * (1.0, 1.0, 0.5)
            sky.look(0, t_s, place, moving, sd_mps=sd_mps, falls=falls)
            sky.tracks["hints"][0, hint] += rng.uniform() < share
            if reply:
                sky.tracks["t_ns_friend"][0] = int(t_s * S)
            sky.classify()
            assert sky.tracks["kind"][0].sum() == pytest.approx(1.0)
            assert (sky.tracks["kind"][0] >= 0.0).all()
        told.append(sky.tracks["kind"][0].copy())
    return np.array(told)


@pytest.mark.parametrize(
    ("speed", "height"), [(205, 9000), (235, 10_000), (260, 12_000), (200, 8000), (270, 12_000)]
)
def test_an_airliner_without_identity_is_an_aircraft(speed: float, height: float) -> None:
    assert opinions(speed, height)[:, AIRCRAFT].min() > 0.95


@pytest.mark.parametrize(
    ("speed", "height"),
    [(210, 300), (230, 100), (265, 250), (240, 800), (180, 300), (280, 800), (230, 1500)],
)
def test_low_and_fast_is_a_cruise_missile(speed: float, height: float) -> None:
    told = opinions(speed, height)
    assert (told.argmax(axis=1) == CRUISE).all()
    assert np.median(told[:, CRUISE]) > 0.7


@pytest.mark.parametrize(
    ("speed", "height", "climb"),
    [
        (35, 150, 0),
        (50, 300, 0),
        (50, 1000, 0),
        (48, 2500, 0),
        (50, 1200, 3),
        (50, 50, 0),
        (50, 3000, 0),
        (70, 1500, 0),
    ],
)
def test_low_and_slow_is_a_drone(speed: float, height: float, climb: float) -> None:
    assert np.median(opinions(speed, height, climb)[:, DRONE]) > 0.7


@pytest.mark.parametrize(
    ("speed", "height"), [(110, 300), (125, 150), (125, 500), (140, 1000), (150, 2000)]
)
def test_a_jet_drone_is_forecast(speed: float, height: float) -> None:
    """370-600 km/h: as one kind it must outweigh what `predict` asks to take a track up."""
    told = np.median(opinions(speed, height), axis=0)
    assert told[DRONE] > WEIGHT_MIN[DRONE]


@pytest.mark.parametrize("speed", [9, 14, 17, 19])
def test_a_bird_is_a_bird(speed: float) -> None:
    assert np.median(opinions(speed, 400.0)[:, BIRD]) > 0.5
    assert opinions(speed, 400.0, hint=HINT_BIRD)[:, BIRD].min() > 0.8


@pytest.mark.parametrize(
    ("speed", "height", "climb"),
    [
        (85, 500, 9),
        (150, 3500, 10),
        (190, 5000, 11),
        (80, 400, 9),
        (100, 1200, 12),
        (140, 2500, 14),
    ],
)
def test_climbing_out_is_an_aircraft(speed: float, height: float, climb: float) -> None:
    assert np.median(opinions(speed, height, climb)[:, AIRCRAFT]) > 0.8


@pytest.mark.parametrize("speed", [120, 180, 235, 280])
def test_fast_without_height_is_no_confident_threat(speed: float) -> None:
    told = opinions(speed, 10_000.0, has_height=False)
    assert told[:, AIRCRAFT].min() > 0.5
    assert told[:, : len(THREATS)].sum(axis=1).max() < 0.4


def test_a_balloon_is_unknown() -> None:
    assert np.median(opinions(25.0, 15_000.0, 5.0)[:, UNKNOWN]) > 0.9


def resting(model: str, speed: float) -> FloatArray:
    """Kind weights of a low and slow track that fits one model of the bank."""
    sky = Sky(1)
    for look in range(LOOKS):
        sky.look(0, look * SCAN_S, np.array([0.0, 0.0, 400.0]), np.array([speed, 0.0, 0.0]))
        sky.tracks["weight"][0] = 0.0
        sky.tracks["weight"][0, NAMES.index(model)] = 1.0
        sky.classify()
    return np.array(sky.tracks["kind"][0])


def test_hovering_speaks_for_a_helicopter_and_against_a_drone() -> None:
    """Birds that circle look much the same and are many more: only the odds can be asked for."""
    still, passing = resting("hover", 3.0), resting("bird", 13.0)
    assert still[HELICOPTER] / still[BIRD] > 10.0 * passing[HELICOPTER] / passing[BIRD]
    assert still[HELICOPTER] > 3.0 * PRIOR[HELICOPTER]
    assert still[DRONE] < 0.2 * PRIOR[DRONE]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [(HINT_DRONE, DRONE), (HINT_AIRCRAFT, AIRCRAFT), (HINT_HELICOPTER, HELICOPTER)],
)
def test_a_hint_decides_where_motion_cannot(hint: int, expected: int) -> None:
    plain, said = opinions(52.0, 600.0), opinions(52.0, 600.0, hint=hint)
    assert (said[:, expected] > plain[:, expected]).all()
    assert np.median(said[:, expected]) > (0.9 if expected == DRONE else 0.35)


def test_one_hint_among_many_looks_is_weak() -> None:
    plain = opinions(52.0, 900.0, looks=20)
    once = opinions(52.0, 900.0, looks=20, hint=HINT_BIRD, share=0.05)
    assert np.abs(once - plain).max() < 0.25


def test_a_hint_never_makes_an_airliner_of_it_a_missile_alone() -> None:
    assert opinions(235.0, 10_500.0, hint=HINT_CRUISE)[:, CRUISE].max() < 0.1


@pytest.mark.parametrize(
    ("speed", "height", "climb"),
    [(50, 500, 0), (230, 300, 0), (230, 10_000, 0), (100, 1500, 9), (100, 1500, 12), (290, 200, 0)],
)
def test_a_reply_makes_an_aircraft_of_subsonic_motion(
    speed: float, height: float, climb: float
) -> None:
    told = opinions(speed, height, climb, reply=True)
    assert told[:, [AIRCRAFT, HELICOPTER]].sum(axis=1).min() > 0.85


def test_nothing_so_fast_carries_an_identity() -> None:
    args = (800.0, 9000.0, -300.0)
    assert np.array_equal(opinions(*args, reply=True), opinions(*args))


def test_a_falling_track_is_ballistic() -> None:
    assert opinions(600.0, 15_000.0, -400.0, falls=0.99)[:, BALLISTIC].min() > 0.9


def test_a_lone_report_says_nothing() -> None:
    assert np.allclose(opinions(50.0, 500.0, looks=1), PRIOR)


def test_only_changed_rows_are_renewed() -> None:
    sky = Sky(2)
    for i in range(2):
        for look in range(3):
            sky.look(i, look * SCAN_S, np.array([0.0, 0.0, 900.0]), np.array([50.0, 0.0, 0.0]))
    sky.tracks["changed"][0] = False
    sky.classify()
    assert not sky.tracks["kind"][0].any()
    assert sky.tracks["kind"][1].sum() == pytest.approx(1.0)


def test_the_table_is_whole() -> None:
    assert sum(PRIOR) == pytest.approx(1.0)
    assert sum(HABIT_SHARE) == pytest.approx(1.0, abs=1e-3)
    assert tuple(KINDS[: len(THREATS)]) == THREATS
    for name in KINDS:
        shares = [row[1] for row in MODES if row[0] == name]
        assert sum(shares) == pytest.approx(1.0, abs=2e-3)
        assert min(shares) > 0.0
    modes = np.array([row[1:] for row in MODES])
    assert (modes[:, [2, 4, 6]] > 0.0).all()
    shares = modes[:, 7:] @ np.array(HABIT_SHARE)  # P(habit | mode) sums to 1
    assert np.allclose(shares, 1.0, atol=0.06)


@pytest.mark.parametrize("has_height", [True, False])
def test_the_likelihood_is_that_of_the_mixture(has_height: bool) -> None:
    """Oracle: normal densities of SciPy, summed without any short cut."""
    rng = np.random.default_rng(5)
    out = np.empty(COUNT)
    for _ in range(200):
        seen = np.array([
            rng.uniform(0, 900), rng.uniform(0, 20_000), rng.normal(0, 30),
            rng.uniform(1, 900), rng.uniform(100, 1e6), rng.uniform(0.1, 400),
        ])  # fmt: skip
        habit, wings = rng.dirichlet(np.ones(len(HABITS))), rng.uniform()
        kind.log_likelihood(TABLE[0], seen, has_height, habit, wings, out)
        for k in range(COUNT):
            outliers = kind.OUTLIER_UNKNOWN if k == UNKNOWN else kind.OUTLIER
            total = outliers / 1500.0 / (30_000.0 * 1000.0 if has_height else 1.0)
            for mode in (np.array(row[1:]) for row in MODES if row[0] == KINDS[k]):
                density = mode[0] * (mode[7:] @ habit)
                density *= wings if k == DRONE and mode[1] > 40.0 else 1.0  # those of small drones
                for a in range(3 if has_height else 1):
                    spread = np.hypot(mode[2 + 2 * a], np.sqrt(seen[3 + a]))
                    density *= norm.pdf(seen[a], mode[1 + 2 * a], spread)
                total += density
            assert out[k] == pytest.approx(np.log(total), abs=1e-3)


def some_track(rng: np.random.Generator, falls: float) -> Sky:
    """A row whose models all differ."""
    sky = Sky(1)
    sky.look(0, 0.0, np.array([3e3, -8e3, 2e3]), np.array([90.0, 40.0, 5.0]))
    tracks = sky.tracks
    tracks["mean"][0] += rng.normal(size=(MODELS, 6)) * ([200.0] * 3 + [20.0] * 3)
    for m in range(MODELS):
        half = rng.normal(size=(6, 6)) * np.array([60.0] * 3 + [6.0] * 3)[:, None]
        tracks["cov"][0, m] = half @ half.T
    tracks["weight"][0, :MODELS] = rng.dirichlet(np.ones(MODELS)) * (1.0 - falls)
    tracks["weight"][0, [MODELS + COAST, MODELS + BOOST]] = 0.3 * falls, 0.7 * falls
    tracks["fall_mean"][0, BOOST, :6] += 1.0
    return sky


@pytest.mark.parametrize("falls", [0.0, 0.49, 0.51, 1.0])
def test_the_mixed_state_has_the_moments_of_the_mixture(falls: float) -> None:
    """Oracle: NumPy's weighted mean and covariance, and their projections."""
    for seed in range(5):
        sky = some_track(np.random.default_rng(seed), falls)
        tracks, mean, cov = sky.tracks, np.empty(6), np.empty((6, 6))
        fell = state.mixed(tracks[0], mean, cov)
        assert fell == (falls >= 0.5)
        if fell:
            whole, spread = tracks["fall_mean"][0, BOOST, :6], tracks["fall_cov"][0, BOOST, :6, :6]
        else:
            share = tracks["weight"][0, :MODELS] / tracks["weight"][0, :MODELS].sum()
            whole = share @ tracks["mean"][0]
            off = tracks["mean"][0] - whole
            spread = np.einsum("m,mij->ij", share, tracks["cov"][0])
            spread += np.einsum("m,mi,mj->ij", share, off, off)
        assert np.allclose(mean, whole, rtol=1e-12)
        assert np.allclose(cov, spread, rtol=1e-9, atol=1e-6)
        seen, up, heading = np.empty(6), np.empty(3), np.empty(3)
        assert state.motion(tracks[0], np.empty(6), up, heading, seen) == fell
        height = geo.geodetic(whole[None, :3])[2][0]
        ahead = whole[3:] / np.linalg.norm(whole[3:])
        expected = [np.linalg.norm(whole[3:]), height, up @ whole[3:]]
        expected += [ahead @ spread[3:, 3:] @ ahead]
        expected += [up @ spread[:3, :3] @ up, up @ spread[3:, 3:] @ up]
        assert np.allclose(seen, expected, rtol=2e-2)  # models below a thousandth are left out


@pytest.mark.parametrize("seed", range(40))
def test_no_identity_ever_lowers_a_ballistic_weight_by_a_bit(seed: int) -> None:
    """Two tracks, the same but for replies, codes and an agreed claim: at any speed, age, doubt."""
    rng = np.random.default_rng(seed)
    plain, named = Sky(1, seed % 4 > 0), Sky(1, seed % 4 > 0)
    place, moving = rng.uniform(500.0, 30_000.0), rng.normal(0.0, 1.0, 3) * (1.0, 1.0, 0.5)
    moving *= rng.choice([5.0, 50.0, 200.0, 500.0, 1500.0])
    age_ns = int(rng.choice([0, 30, 600, 7200])) * S
    for look in range(10):
        falls = float(rng.choice([0.0, 1e-3, 0.3, 0.6, 0.97, 1.0 - 1e-9]))
        t_s = 100.0 + look * SCAN_S
        for sky in (plain, named):
            sky.look(0, t_s, np.array([0.0, 0.0, place]), moving, falls=falls)
            sky.tracks["t_ns_born"][0] = int(100.0 * S) - age_ns
            sky.tracks["fall_given"][0] = seed % 3
        named.tracks["t_ns_friend"][0] = int(t_s * S)
        named.tracks["friend_doubt"][0] = rng.choice([0.0, 1.0, 6.0])
        named.tracks["mode_s"][0], named.tracks["mode_3a"][0] = 0x4B1805, 0o1234
        plain.classify()
        named.classify()
        told, said = plain.tracks["kind"][0], named.tracks["kind"][0]
        assert said[BALLISTIC] == told[BALLISTIC]
        assert said.sum() == pytest.approx(1.0)
        if np.linalg.norm(moving) < 500.0 and told[BALLISTIC] < 0.99:
            assert said[AIRCRAFT] > told[AIRCRAFT]  # or nothing was put to the test


def given_up(times: int, moving: FloatArray, falls: float, late_s: float = 0.0) -> float:
    """Weight of ballistic of a track that flies so, after `times` hypotheses were given up.

    The last was tried when the track was `late_s` old.
    """
    sky = Sky(1)
    for look in range(LOOKS):
        place = np.array([0.0, 0.0, 15_000.0]) + moving * look * SCAN_S
        sky.look(0, look * SCAN_S, place, moving, falls=falls)
        sky.tracks["fall_given"][0] = times
        sky.tracks["t_ns_born"][0] = S
        sky.tracks["t_ns_fall"][0] = S + int(late_s * S)
        sky.classify()
    return float(sky.tracks["kind"][0, BALLISTIC])


def test_each_ballistic_hypothesis_given_up_makes_the_next_less_likely() -> None:
    dive = np.array([220.0, 0.0, -75.0])
    told = [given_up(times, dive, 0.6) for times in range(4)]
    assert told[0] > 2.0 * told[1] > 4.0 * told[2] == 4.0 * told[3]


def test_a_fall_that_begins_after_half_a_minute_of_flight_is_rather_a_dive() -> None:
    dive = np.array([220.0, 0.0, -75.0])
    told = [given_up(0, dive, 0.97, late_s) for late_s in (0.0, 9.0, 33.0, 60.0, 600.0)]
    assert told[0] == told[1] > 0.5
    assert told[2] < 0.5
    assert 0.2 > told[3] == told[4]


def test_a_rocket_that_took_over_the_track_of_a_fighter_is_ballistic() -> None:
    for moving in ([600.0, 0.0, -300.0], [400.0, 0.0, 300.0], [350.0, 0.0, -250.0]):
        assert given_up(9, np.array(moving), 0.999, late_s=300.0) > 0.9


def test_identify_keeps_what_is_ballistic_and_is_bounded() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        weight = rng.dirichlet(np.full(COUNT, 0.2))
        before, worth = weight.copy(), float(rng.uniform(0.0, 7.0))
        kind.identify(weight, worth)
        assert weight[BALLISTIC] == before[BALLISTIC]
        assert weight.sum() == pytest.approx(1.0)
        friendly = [AIRCRAFT, HELICOPTER]
        assert weight[friendly].sum() >= before[friendly].sum() - 1e-12
        others = [k for k in range(COUNT) if k not in (*friendly, BALLISTIC)]
        kept = weight[others] / before[others]
        assert np.allclose(kept[before[others] > 1e-12], kept[before[others] > 1e-12][0])
        behind = np.log(before[others].max() / before[friendly].max())
        gain = np.log(weight[friendly].sum() / before[friendly].sum()) - np.log(kept.max())
        most = worth + max(0.0, behind - kind.FRIEND_BEHIND)
        assert gain <= most + 1e-9
        if behind <= kind.FRIEND_BEHIND:
            assert gain == pytest.approx(worth)
