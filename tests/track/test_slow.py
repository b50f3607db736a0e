"""What was once too slow for wings is no drone that has some; all others keep their weight."""

import numpy as np
import pytest

from tests.track.rows import SCAN_S, S
from tests.track.rows import Sky as Rows
from tests.track.scene import arriving, bytes_of, play, rotating
from tests.track.sky import T0, Path, Radar, nearest, place, run, sensors, straight, watch
from tests.track.test_rollback import same_but_ids
from tocsin.predict.admission import WEIGHT_MIN
from tocsin.track import Picture
from tocsin.track.kind import BALLISTIC, CRUISE, DRONE, SLOW_FADE_NS
from tocsin.track.rests import PLACES, REST, leave, rise
from tocsin.track.table import TRACK
from tocsin.words import FloatArray

RESTS_S, END_S = 48.0, 132.0
NEAR = Radar((0.0, -30_000.0, 50.0), SCAN_S)
HEIGHT_M = 200.0


def rises(t_s: float) -> FloatArray:
    """A helicopter that hovers in the middle, then goes east: 2 m/s2 up to 50 m/s."""
    gone_s = max(t_s - RESTS_S, 0.0)
    east_m = 25.0 * gone_s * gone_s / 25.0 if gone_s < 25.0 else 50.0 * gone_s - 625.0
    return place((east_m, 0.0, HEIGHT_M))


def flown(t_s: float) -> FloatArray:
    """The same way when it was never at rest: at 50 m/s all along."""
    return place((50.0 * (t_s - RESTS_S) - 625.0, 0.0, HEIGHT_M))


def told(path: Path, others: list[Path], seed: int, seconds: float = END_S) -> FloatArray:
    """Kind weights (K,) at the end of the track nearest to `path`."""
    rng = np.random.default_rng(seed)
    tracks = run(watch(NEAR, [path, *others], seconds, rng), [NEAR])[-1]
    row = nearest(tracks, path(seconds - SCAN_S))
    assert row >= 0
    return np.asarray(tracks.kind_weight[row])


SEEDS = range(9)


def test_a_helicopter_that_hovered_and_flies_on_is_not_forecast() -> None:
    """What flies the same way and never rested is: their last minute tells nothing apart."""
    rested = np.median([told(rises, [], seed) for seed in SEEDS], axis=0)
    passing = np.median([told(flown, [], seed) for seed in SEEDS], axis=0)
    assert rested[DRONE] < 0.75 * WEIGHT_MIN[DRONE]
    assert passing[DRONE] > 0.7


@pytest.mark.parametrize("above_m", [0.0, 100.0, 400.0])
def test_a_drone_that_flies_over_what_hovers_keeps_its_weight(above_m: float) -> None:
    """It passes the middle after 44 s, where the helicopter hovers, on its own height and above."""
    over = straight((0.0, -2200.0, HEIGHT_M + above_m), (0.0, 50.0, 0.0))
    weights = [told(over, [rises], seed)[DRONE] for seed in SEEDS]
    assert np.median(weights) > 0.7
    assert np.min(weights) > WEIGHT_MIN[DRONE]


def lands(t_s: float) -> FloatArray:
    """It comes from the south at 50 m/s and brakes by 2 m/s2 until it rests in the middle."""
    left_s = max(RESTS_S - t_s, 0.0)
    south_m = left_s * left_s if left_s < 25.0 else 625.0 + 50.0 * (left_s - 25.0)
    return place((0.0, -south_m, HEIGHT_M))


LANDED_S = 60.0
AGAIN_S = 88.0
UNTIL_S = 188.0


def after(before: list[Path], next_one: Path, seed: int) -> FloatArray:
    """Kind weights (K,) of what is seen from `AGAIN_S` on, when `before` are until `LANDED_S`."""
    rng = np.random.default_rng(seed)
    later = watch(NEAR, [next_one], UNTIL_S, rng)[round(AGAIN_S / SCAN_S) :]
    gone = watch(NEAR, [], AGAIN_S - LANDED_S, rng)
    batches = watch(NEAR, before, LANDED_S, rng) + gone + later
    picture = Picture()
    for k, batch in enumerate(batches):
        now_ns = T0 + round(k * SCAN_S * S)
        picture.update(now_ns, batch, sensors([NEAR], now_ns))
    tracks = picture.tracks()
    row = nearest(tracks, next_one(UNTIL_S - SCAN_S))
    assert row >= 0
    return np.asarray(tracks.kind_weight[row])


def rises_again(t_s: float) -> FloatArray:
    """As `rises`, 4 s after it is seen again: too short a rest to be sure that it is slow."""
    return rises(t_s - AGAIN_S - 4.0 + RESTS_S)


def test_what_rises_where_something_landed_is_the_same() -> None:
    """Against the very same reports without those of the landing before."""
    fresh = [after([], rises_again, seed)[DRONE] for seed in SEEDS]
    known = [after([lands], rises_again, seed)[DRONE] for seed in SEEDS]
    assert np.median(fresh) > 0.5
    assert np.median(known) < WEIGHT_MIN[DRONE]


@pytest.mark.parametrize("speed_mps", [50.0, 36.0])
@pytest.mark.parametrize("from_m", [(100.0, 0.0), (0.0, -150.0), (-400.0, 100.0)])
def test_a_drone_that_begins_where_something_landed_keeps_its_weight(
    from_m: tuple[float, float], speed_mps: float
) -> None:
    """At its cruising speed the very same as if nothing had landed there; in wind against it, at
    36 m/s, up to a third are taken for what rises, but are forecast all the same."""
    begun_m = (from_m[0] - AGAIN_S * speed_mps, from_m[1], HEIGHT_M)
    path = straight(begun_m, (speed_mps, 0.0, 0.0))
    fresh = [after([], path, seed)[DRONE] for seed in SEEDS]
    known = [after([lands], path, seed)[DRONE] for seed in SEEDS]
    assert np.median(known) > 0.7
    assert np.min(known) > 2.0 * WEIGHT_MIN[DRONE]
    if speed_mps == 50.0:
        assert known == pytest.approx(fresh, abs=0.01)


def test_places_are_bounded_and_forgotten() -> None:
    rests = np.zeros(PLACES, dtype=REST)
    sky = Rows(1)
    tracks = np.zeros(1, TRACK)
    for k in range(3 * PLACES):
        for look in range(3):
            t_s = 100.0 + 10.0 * k + look
            sky.look(0, t_s, np.array([1e3 * k, 0.0, 100.0]), np.array([3.0, 0.0, 0.0]))
        tracks[0] = sky.tracks[0]
        tracks["confirmed"] = True
        leave(tracks, 1, np.array([False]), rests, sky.scratch[0])
    kept = np.sort(rests["t_ns"])
    assert len(np.unique(kept)) == PLACES
    assert kept[0] == round((102.0 + 10.0 * 2 * PLACES) * S)
    for later_s, marks in ((60.0, True), (400.0, False)):
        t_s = 102.0 + 10.0 * (3 * PLACES - 1) + later_s
        young = Rows(1)
        for look in range(3):
            here = np.array([1e3 * (3 * PLACES - 1), 0.0, 100.0])
            young.look(0, t_s + look, here, np.array([5.0, 0.0, 0.0]))
        rise(young.tracks, 1, int((t_s + 3.0) * S), rests, young.scratch[0])
        assert (young.tracks["t_ns_slow"][0] > 0) == marks


def marked(since_s: float, moving: tuple[float, float, float], height_m: float) -> FloatArray:
    """Kind weights after twelve looks of what was too slow so long ago; NaN: it never was."""
    sky = Rows(1)
    for look in range(12):
        enu = np.array([0.0, 0.0, height_m]) + np.array(moving) * look * SCAN_S
        t_s = 5000.0 + look * SCAN_S
        sky.look(0, t_s, enu, np.array(moving))
        sky.tracks["t_ns_slow"][0] = 0 if np.isnan(since_s) else int((t_s - since_s) * S)
        sky.classify()
    return np.asarray(sky.tracks["kind"][0])


NEVER = np.nan


@pytest.mark.parametrize(
    ("moving", "height_m"),
    [((50, 0, 0), 300), ((65, 0, 0), 1500), ((130, 0, 0), 500), ((230, 0, 0), 200),
     ((600, 0, -300), 15_000), ((700, 0, 0), 4000), ((20, 0, 0), 200)],
)  # fmt: skip
def test_no_cruise_nor_ballistic_weight_is_lowered(
    moving: tuple[float, float, float], height_m: float
) -> None:
    plain, rested = marked(NEVER, moving, height_m), marked(1.0, moving, height_m)
    assert rested[CRUISE] >= plain[CRUISE]
    assert rested[BALLISTIC] >= plain[BALLISTIC]
    assert rested[DRONE] <= plain[DRONE]
    assert rested.sum() == pytest.approx(1.0)


def test_it_is_forgotten_by_and_by() -> None:
    fade_s = SLOW_FADE_NS / S
    told = [marked(share * fade_s, (50, 0, 0), 300.0)[DRONE] for share in (0.0, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(told) > 0.0)
    assert told[-1] == marked(NEVER, (50, 0, 0), 300.0)[DRONE]


def test_a_small_drone_that_hovers_keeps_its_weight() -> None:
    """It can, so hovering says nothing against it, where only it flies so."""
    plain, rested = marked(NEVER, (22, 0, 0), 200.0), marked(1.0, (22, 0, 0), 200.0)
    assert rested[DRONE] > 0.95 * plain[DRONE] > 0.1
    assert marked(1.0, (28, 0, 0), 200.0)[DRONE] > WEIGHT_MIN[DRONE]


@pytest.mark.parametrize("against_mps", [0.0, 10.0, 15.0])
def test_a_head_wind_does_not_make_a_drone_hover(against_mps: float) -> None:
    """The slowest drones, 39 m/s through the air, in wind against them that then blows no more."""
    slow, fast = 39.0 - against_mps, 45.0
    sky = Rows(1)
    for look in range(24):
        speed = slow if look < 12 else fast
        t_s = look * SCAN_S
        sky.look(0, t_s, np.array([speed * t_s, 0.0, 600.0]), np.array([speed, 0.0, 0.0]), sd_mps=3)
        sky.classify()
    assert sky.tracks["t_ns_slow"][0] == 0
    assert sky.tracks["kind"][0, DRONE] > 0.5


@pytest.mark.parametrize("delay_s", [0.3, 9.0])
def test_late_reports_tell_the_same_of_what_hovered(delay_s: float) -> None:
    """What is remembered is set back with the track: order of arrival changes nothing."""
    rng = np.random.default_rng(4)
    batches = rotating(NEAR, [rises, straight((4e3, 2e3, 900.0), (-60.0, 0.0, 0.0))], END_S, rng)
    end_ns = T0 + round(END_S * S)
    late = np.where(rng.random(len(batches)) < 0.3, delay_s, 0.0)
    t_ns = np.array([int(batch.t_ns.max()) for batch in batches])
    late = np.where(t_ns < end_ns - 15 * S, late, 0.0)
    one = play(arriving(batches, 0.0), [NEAR], end_ns).tracks()
    two = play(arriving(batches, late), [NEAR], end_ns).tracks()
    same_but_ids(one, two)
    assert one.kind_weight[nearest(one, rises(END_S)), DRONE] < 0.75 * WEIGHT_MIN[DRONE]
    again = play(arriving(batches, late), [NEAR], end_ns).tracks()
    assert bytes_of(again) == bytes_of(two)


def test_only_what_is_surely_slow_is_marked() -> None:
    for sd_mps, marks in ((3.0, True), (12.0, False)):
        sky = Rows(1)
        for look in range(4):
            sky.look(0, 10.0 + look * SCAN_S, np.zeros(3), np.array([5.0, 0.0, 0.0]), sd_mps=sd_mps)
            sky.classify()
        assert (sky.tracks["t_ns_slow"][0] > 0) == marks
