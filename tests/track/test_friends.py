"""A cooperative identity is believed while it agrees with what is seen, and no longer."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.track.rows import SCAN_S, S, Sky, claim
from tocsin.predict.admission import WEIGHT_MIN
from tocsin.track import claims, friends
from tocsin.track.friends import Identity
from tocsin.track.kind import (
    AIRCRAFT,
    BALLISTIC,
    DRONE,
    FRIEND_FADE_NS,
    FRIEND_NS,
    FRIEND_TRUST,
    HELICOPTER,
    friend_worth,
)
from tocsin.words import HINT_DRONE, FloatArray

INTERROGATOR, DEAF = 0, 1
ADDRESS = 0x4B1805
DRONE_MPS = np.array([50.0, 0.0, 0.0])
LOW = np.array([0.0, 0.0, 900.0])
AIRLINER_MPS = np.array([230.0, 0.0, 0.0])
HIGH = np.array([0.0, 0.0, 10_500.0])
NOTHING = np.zeros(3)


def night(
    scans: int = 30,
    start: FloatArray = LOW,
    speed: FloatArray = DRONE_MPS,
    claimed: Callable[[float], tuple[int, FloatArray, FloatArray] | None] = lambda t: None,
    replies: Callable[[float], bool] = lambda t: False,
    sensor: int = DEAF,
    hint: int = 0,
    falls: float = 0.0,
    has_height: bool = True,
) -> tuple[FloatArray, Sky, Identity]:
    """Kind weights (scans, K) of one track; `claimed` gives (address, offset, velocity) or None.

    Sensor 0 has had thirty replies from other aircraft, sensor 1 none.
    """
    sky, identity = Sky(2, has_height), Identity()
    sky.look(1, 0.0, np.array([60e3, 60e3, 9e3]), NOTHING)
    sky.tracks["mode_s"][1] = 0x123456
    for _ in range(30):
        identity.looked(sky.tracks, np.array([1]), np.array([True]), INTERROGATOR, 0)
    told = []
    for scan in range(scans):
        t_s = scan * SCAN_S
        place = start + speed * t_s
        for part in range(8):
            late = t_s - SCAN_S + 0.5 * (part + 1)
            message = claimed(late) if late >= 0.0 else None
            if message is not None:
                address, offset, velocity = message
                identity.take(claim(late, address, start + speed * late + offset, velocity))
        sky.look(0, t_s, place, speed, falls=falls)
        if replies(t_s):
            sky.tracks["t_ns_friend"][0] = int(t_s * S)
            sky.tracks["mode_s"][0] = ADDRESS
        if hint:
            sky.tracks["hints"][0, hint] += 1.0
        rows = np.array([0])
        identity.looked(sky.tracks, rows, np.array([replies(t_s)]), sensor, int(t_s * S))
        identity.agree(sky.tracks, sky.n, int(t_s * S))
        sky.classify()
        told.append(sky.tracks["kind"][0].copy())
    return np.array(told), sky, identity


def exact(speed: FloatArray) -> Callable[[float], tuple[int, FloatArray, FloatArray]]:
    return lambda t: (ADDRESS, NOTHING, speed)


def test_motion_alone_calls_it_a_drone() -> None:
    told, sky, _ = night()
    assert told[-1, DRONE] > 0.5
    assert sky.tracks["t_ns_friend"][0] == 0


@pytest.mark.parametrize(
    ("offset", "velocity"),
    [
        pytest.param((0.0, 2000.0, 0.0), DRONE_MPS, id="parallel, 2 km off"),
        pytest.param((0.0, 0.0, 1500.0), DRONE_MPS, id="another height"),
        pytest.param((0.0, 0.0, 0.0), DRONE_MPS * 1.8, id="another speed"),
        pytest.param((0.0, 0.0, 0.0), -DRONE_MPS, id="another way"),
    ],
)
def test_a_claim_that_differs_never_counts(offset: tuple[float, ...], velocity: FloatArray) -> None:
    told, sky, _ = night(claimed=lambda t: (ADDRESS, np.array(offset), velocity))
    alone, _, _ = night()
    assert sky.tracks["t_ns_friend"][0] == 0
    assert np.allclose(told, alone)


def test_a_vague_accuracy_is_no_way_in() -> None:
    sky, identity = Sky(1), Identity()
    for scan in range(10):
        t_s, place = scan * SCAN_S, LOW + DRONE_MPS * scan * SCAN_S
        identity.take(claim(t_s, ADDRESS, place, DRONE_MPS, sigma_m=5000.0))
        sky.look(0, t_s, place, DRONE_MPS)
        identity.agree(sky.tracks, 1, int(t_s * S))
    assert sky.tracks["t_ns_friend"][0] == 0


def test_exactly_over_a_drone_that_gives_an_interrogating_radar_no_reply() -> None:
    told, sky, _ = night(claimed=exact(DRONE_MPS), sensor=INTERROGATOR)
    assert sky.tracks["t_ns_friend"][0] > 0
    assert sky.tracks["friend_doubt"][0] > claims.ADSB_DOUBT + 2.0
    assert told[-1, DRONE] > 0.4
    assert told[:, DRONE].min() > 0.05  # at the third look, before the silence has told


def test_sound_of_a_drone_outweighs_a_perfect_spoof() -> None:
    told, _, _ = night(claimed=exact(DRONE_MPS), hint=HINT_DRONE)
    assert told[10:, DRONE].min() > 0.3


def test_sound_of_a_drone_outweighs_even_a_radar_reply() -> None:
    told, _, _ = night(replies=lambda t: True, sensor=INTERROGATOR, hint=HINT_DRONE)
    assert told[10:, DRONE].min() > 0.3


def test_changing_addresses_raise_doubt() -> None:
    def switching(t: float) -> tuple[int, FloatArray, FloatArray]:
        return ADDRESS + int(t // 20.0), NOTHING, DRONE_MPS

    told, sky, _ = night(claimed=switching)
    steady, still, _ = night(claimed=exact(DRONE_MPS))
    assert sky.tracks["friend_doubt"][0] >= still.tracks["friend_doubt"][0] + claims.RIVAL_DOUBT
    assert told[15:, DRONE].min() > 0.3
    assert steady[-1, DRONE] < told[-1, DRONE]


def test_two_addresses_on_one_track_raise_doubt() -> None:
    sky, identity = Sky(1), Identity()
    for scan in range(10):
        t_s, place = scan * SCAN_S, LOW + DRONE_MPS * scan * SCAN_S
        for address in (ADDRESS, ADDRESS + 1):
            identity.take(claim(t_s, address, place, DRONE_MPS))
        sky.look(0, t_s, place, DRONE_MPS)
        identity.agree(sky.tracks, 1, int(t_s * S))
    assert sky.tracks["friend_doubt"][0] == pytest.approx(claims.ADSB_DOUBT + claims.RIVAL_DOUBT)


@pytest.mark.parametrize(
    ("change", "looks"),
    [
        pytest.param(lambda t: (ADDRESS, np.array([0.0, 5000.0, 0.0]), DRONE_MPS), 1, id="jumps"),
        pytest.param(lambda t: (ADDRESS, -DRONE_MPS * (t - 60.0), NOTHING), 8, id="stands still"),
        pytest.param(lambda t: (ADDRESS, np.array([0, 40 * (t - 60), 0]), DRONE_MPS), 9, id="away"),
        pytest.param(lambda t: None, 6, id="falls silent"),
    ],
)
def test_an_agreement_is_withdrawn(
    change: Callable[[float], tuple[int, FloatArray, FloatArray] | None], looks: int
) -> None:
    def claimed(t: float) -> tuple[int, FloatArray, FloatArray] | None:
        return exact(DRONE_MPS)(t) if t <= 60.0 else change(t)

    _, before, _ = night(scans=16, claimed=claimed)
    told, after, _ = night(scans=16 + looks, claimed=claimed)
    assert before.tracks["t_ns_friend"][0] > 0
    assert after.tracks["t_ns_friend"][0] == 0
    assert told[-1, DRONE] > 0.4


def test_a_drone_crossing_an_airway_takes_no_identity() -> None:
    """Its own looks lie near the claim of an aircraft that passes above for one scan only."""
    told, sky, _ = night(
        claimed=lambda t: (ADDRESS, (AIRLINER_MPS - DRONE_MPS) * (t - 60.0), AIRLINER_MPS)
    )
    assert sky.tracks["t_ns_friend"][0] == 0
    assert told[-1, DRONE] > 0.5


@pytest.mark.parametrize(
    ("start", "speed", "reply"),
    [
        pytest.param(HIGH, AIRLINER_MPS, False, id="airliner, ADS-B alone"),
        pytest.param(HIGH, AIRLINER_MPS, True, id="airliner, ADS-B and reply"),
        pytest.param(LOW, DRONE_MPS * 1.1, True, id="light, ADS-B and reply"),
    ],
)
def test_a_real_aircraft_is_believed(start: FloatArray, speed: FloatArray, reply: bool) -> None:
    told, sky, _ = night(
        start=start, speed=speed, claimed=exact(speed), replies=lambda t: reply,
        sensor=INTERROGATOR if reply else DEAF,
    )  # fmt: skip
    assert sky.tracks["t_ns_friend"][0] > 0
    threat = told[-1, : BALLISTIC + 1].sum()
    assert told[-1, [AIRCRAFT, HELICOPTER]].sum() > (0.95 if reply else 0.85)
    assert threat < (0.02 if reply else 0.1)


@pytest.mark.parametrize("faster", [0.8, 0.9, 1.0, 1.1])
def test_a_bare_claim_over_a_drone_leaves_it_a_threat(faster: float) -> None:
    """Perfect in place, height and speed, and no radar or ear can contradict it. It halves the odds
    of what motion says, so a real light aircraft that only sends ADS-B stays a threat as well."""
    speed = DRONE_MPS * faster
    told, sky, _ = night(speed=speed, claimed=exact(speed))
    alone, _, _ = night(speed=speed)
    assert sky.tracks["t_ns_friend"][0] > 0
    said, plain = (one[-1, : BALLISTIC + 1].sum() for one in (told, alone))
    assert plain > 0.5
    assert said / (1.0 - said) >= 0.49 * plain / (1.0 - plain)
    assert told[1:, DRONE].min() > WEIGHT_MIN[DRONE]


def test_three_looks_are_needed_and_three_radars_in_a_second_are_not_three() -> None:
    told, _, _ = night(scans=6, claimed=exact(DRONE_MPS))
    alone, _, _ = night(scans=6)
    assert np.allclose(told[:2], alone[:2])
    odds, before = (one[4, DRONE] / (1.0 - one[4, DRONE]) for one in (told, alone))
    assert odds < 0.6 * before
    sky, identity = Sky(1), Identity()
    for k in range(6):
        t_s, place = 0.2 * k, LOW + DRONE_MPS * 0.2 * k
        identity.take(claim(t_s, ADDRESS, place, DRONE_MPS))
        sky.look(0, t_s, place, DRONE_MPS)
        identity.agree(sky.tracks, 1, int(t_s * S))
    assert sky.tracks["t_ns_friend"][0] == 0


def test_a_transponder_that_fails_fades_and_is_not_a_threat_at_once() -> None:
    fails_s = 80.0
    told, sky, _ = night(
        scans=130, claimed=lambda t: exact(DRONE_MPS)(t) if t < fails_s else None,
        replies=lambda t: t < fails_s, sensor=INTERROGATOR,
    )  # fmt: skip
    alone, _, _ = night(scans=130)
    after = np.arange(130) * SCAN_S - fails_s
    assert told[(after > -20.0) & (after < FRIEND_NS / S), DRONE].max() < 0.05
    assert (np.diff(told[after > 10.0, DRONE]) > -0.01).all()  # the last look's doubt fades too
    assert np.abs(np.diff(told[after > 10.0, DRONE])).max() < 0.2
    gone = after > FRIEND_NS / S + max(FRIEND_FADE_NS / S, FRIEND_TRUST * fails_s)
    assert gone.sum() > 4
    assert np.allclose(told[gone], alone[gone])
    assert friend_worth(sky.tracks[0], 50.0) == 0.0


@pytest.mark.parametrize("falls", [0.2, 0.6, 0.99])
def test_identity_never_lowers_a_ballistic_weight(falls: float) -> None:
    start, speed = np.array([0.0, 0.0, 18_000.0]), np.array([400.0, 0.0, -300.0])
    options = {"start": start, "speed": speed, "falls": falls, "scans": 12}
    plain, _, _ = night(**options)  # type: ignore[arg-type]
    said, sky, _ = night(**options, claimed=exact(speed), replies=lambda t: True)  # type: ignore[arg-type]
    assert sky.tracks["t_ns_friend"][0] > 0
    assert (said[:, BALLISTIC] >= plain[:, BALLISTIC] * (1.0 - 1e-12)).all()
    assert plain[-1, BALLISTIC] > 0.3  # there is something to lower


def test_a_radar_that_gets_no_replies_from_anybody_raises_no_doubt() -> None:
    _, sky, _ = night(claimed=exact(DRONE_MPS), sensor=DEAF)
    assert sky.tracks["friend_doubt"][0] == pytest.approx(claims.ADSB_DOUBT)


def test_another_address_in_the_radars_reply_ends_the_claim() -> None:
    sky, identity = Sky(1), Identity()
    for scan in range(10):
        t_s, place = scan * SCAN_S, LOW + DRONE_MPS * scan * SCAN_S
        identity.take(claim(t_s, ADDRESS, place, DRONE_MPS))
        sky.look(0, t_s, place, DRONE_MPS)
        if scan == 7:
            assert sky.tracks["t_ns_friend"][0] > 0
            sky.tracks["mode_s"][0] = ADDRESS + 5
        identity.agree(sky.tracks, 1, int(t_s * S))
    assert sky.tracks["t_ns_friend"][0] == 0


def test_without_height_a_claim_is_held_against_place_and_speed_only() -> None:
    _, near, _ = night(
        claimed=lambda t: (ADDRESS, np.array([0.0, 0.0, 800.0]), DRONE_MPS), has_height=False
    )
    _, far, _ = night(
        claimed=lambda t: (ADDRESS, np.array([0.0, 2000.0, 800.0]), DRONE_MPS), has_height=False
    )
    assert near.tracks["t_ns_friend"][0] > 0
    assert far.tracks["t_ns_friend"][0] == 0


def test_claims_without_velocity_are_carried_by_their_own_way() -> None:
    _, sky, _ = night(claimed=lambda t: (ADDRESS, NOTHING, np.full(3, np.nan)))
    assert sky.tracks["t_ns_friend"][0] > 0


def test_memory_is_bounded_and_prefers_what_agrees() -> None:
    _, sky, identity = night(claimed=exact(DRONE_MPS))
    now_s = 29 * SCAN_S
    for k in range(5):
        flood = 3000
        base = claim(now_s + 0.1, 0, np.array([90e3, 0.0, 5e3]), DRONE_MPS)
        many = {name: np.repeat(getattr(base, name), flood, axis=0) for name in base.__slots__}
        many["mode_s"] = (0x800000 + flood * k + np.arange(flood)).astype(np.int32)
        identity.take(type(base)(**many))
        assert len(identity) <= friends.CLAIMS_MAX
    assert identity.shed > 0
    identity.agree(sky.tracks, sky.n, int(now_s * S))
    assert sky.tracks["t_ns_friend"][0] > 0
    identity.agree(sky.tracks, sky.n, int((now_s + 61.0) * S))
    assert len(identity) == 0


def test_a_copy_goes_its_own_way() -> None:
    _, sky, identity = night(scans=10, claimed=exact(DRONE_MPS))
    other, t_s = identity.copy(), 10 * SCAN_S
    place = LOW + DRONE_MPS * t_s
    sky.look(0, t_s, place, DRONE_MPS)
    twin = sky.tracks.copy()
    message = claim(t_s, ADDRESS, place + np.array([0.0, 6000.0, 0.0]), DRONE_MPS)
    identity.take(message)
    identity.agree(sky.tracks, sky.n, int(t_s * S))
    assert sky.tracks["t_ns_friend"][0] == 0
    other.agree(twin, sky.n, int(t_s * S))
    assert twin["t_ns_friend"][0] > 0
    other.take(message)
    sky.look(0, t_s + 0.01, place, DRONE_MPS)
    other.agree(twin, sky.n, int(t_s * S))
    assert twin["t_ns_friend"][0] == 0


def test_a_claim_alone_makes_nothing() -> None:
    sky, identity = Sky(1), Identity()
    sky.look(0, 0.0, LOW, DRONE_MPS)
    before = sky.tracks.copy()
    for k in range(20):
        identity.take(claim(float(k), ADDRESS, LOW + np.array([30e3, 0.0, 0.0]), DRONE_MPS))
        identity.agree(sky.tracks, 1, k * S)
    assert np.array_equal(before, sky.tracks)
