"""What becomes of every record, and what the room remembers."""

import itertools
import pickle
from dataclasses import fields
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sense import wire
from tocsin import geo
from tocsin.rules.reasons import REASONS
from tocsin.sense import Heard, Sense
from tocsin.words import (
    HINT_AIRCRAFT,
    HINT_BIRD,
    HINT_NONE,
    Fixes,
    Order,
    Receipt,
    SensorSite,
    SourceSite,
    Tick,
)

SECOND = 1_000_000_000


def one(payload: bytes, realm: str = "live", t_ns: int = wire.NOON_NS, **changes: object) -> Heard:
    return Sense(wire.site(realm, **changes)).read(wire.batch(payload, t_ns=t_ns))


def plot(**changes: object) -> Fixes:
    return one(wire.block(48, wire.plot(**changes))).fixes  # type: ignore[arg-type]


def outcome(heard: Heard) -> dict[str, int]:
    """Everything that was counted, by name."""
    counts = heard.counts
    known = {name: getattr(counts, name) for name in ("fixes", "pulses", "duplicates", "unplaced")}
    for rejected in heard.rejected:
        known[rejected.reason] = known.get(rejected.reason, 0) + rejected.count
    return {name: count for name, count in known.items() if count}


# ---- a plot ------------------------------------------------------------------------------------


def test_a_primary_plot_is_a_fix_without_height_or_identity() -> None:
    heard = one(wire.block(48, wire.plot()), t_ns=wire.NOON_NS + SECOND)
    fixes = heard.fixes
    assert fixes.t_ns.tolist() == [wire.NOON_NS]
    assert heard.sensors.names[fixes.sensor[0]] == "hill"
    assert heard.sensors.t_ns_heard.tolist() == [wire.NOON_NS + SECOND]
    origin = geo.ecef(np.array(49.0), np.array(32.0), np.array(200.0))
    assert np.linalg.norm(fixes.position_m[0] - origin) == pytest.approx(50 * 1852, abs=0.01)
    assert geo.geodetic(fixes.position_m)[2][0] == pytest.approx(3000, abs=0.1)
    up = geo.local_axes(*geo.geodetic(fixes.position_m)[:2])[0, 2]
    assert np.sqrt(up @ fixes.covariance_m2[0] @ up) == pytest.approx(3000, rel=0.02)
    assert np.isnan(fixes.velocity_mps).all()
    flags = (fixes.has_height, fixes.friend, fixes.ends, fixes.system_track)
    assert [flag.tolist() for flag in flags] == [[False]] * 4
    absent = (fixes.track_number, fixes.mode_3a, fixes.mode_s)
    assert [column.tolist() for column in absent] == [[-1]] * 3
    assert fixes.hint.tolist() == [HINT_NONE]


def test_columns_have_the_types_of_the_contract() -> None:
    for fixes in (plot(), one(b"").fixes, one(wire.block(62, wire.system_track())).fixes):
        types = {f.name: getattr(fixes, f.name).dtype.name for f in fields(Fixes)}
        assert types == {
            "t_ns": "int64",
            "sensor": "int32",
            "position_m": "float64",
            "covariance_m2": "float64",
            "has_height": "bool",
            "velocity_mps": "float64",
            "range_rate_mps": "float64",
            "system_track": "bool",
            "track_number": "int32",
            "mode_3a": "int32",
            "mode_s": "int32",
            "friend": "bool",
            "hint": "int8",
            "ends": "bool",
            "evidence": "int64",
        }
        assert {getattr(fixes, f.name).shape[0] for f in fields(Fixes)} == {len(fixes)}


@pytest.mark.parametrize(
    ("items", "height_m", "sigma_m"),
    [
        ({"frn6": b"\x05\x28"}, 10_058.4, np.hypot(100, 0.04 * 10_058.4)),
        ({"frn19": b"\x00\x64"}, 762.0, 150.0),
        ({"frn6": b"\x05\x28", "frn19": b"\x00\x64"}, 762.0, 150.0),
        ({"frn6": b"\x3f\xfc"}, -30.48, 100.0),
    ],
)
def test_height_is_of_the_3d_radar_then_mode_c(
    items: dict[str, bytes], height_m: float, sigma_m: float
) -> None:
    fixes = plot(**items)
    assert fixes.has_height.tolist() == [True]
    lat, lon, height = geo.geodetic(fixes.position_m)
    assert height[0] == pytest.approx(height_m, abs=0.1)
    up = geo.local_axes(lat, lon)[0, 2]
    assert np.sqrt(up @ fixes.covariance_m2[0] @ up) == pytest.approx(sigma_m, rel=0.02)


def test_the_highest_3d_height_means_that_or_more() -> None:
    """Of 14 bits by 25 ft: 62.4 km, up to what 80 NM of slant range can reach above the radar."""
    fixes = plot(range_nm=80.0, frn19=b"\x1f\xff")
    assert fixes.has_height.tolist() == [False]
    lat, lon, height = geo.geodetic(fixes.position_m)
    least_m, most_m = 8191 * 25 * 0.3048, 200.0 + 80 * 1852.0
    assert height[0] == pytest.approx((least_m + most_m) / 2, abs=0.1)
    up = geo.local_axes(lat, lon)[0, 2]
    sigma_m = np.sqrt(up @ fixes.covariance_m2[0] @ up)
    assert 0.6 * (most_m - least_m) / 2 < sigma_m <= (most_m - least_m) / 2


def test_an_end_of_the_3d_height_does_not_outweigh_mode_c() -> None:
    for end in (b"\x1f\xff", b"\x20\x00"):
        fixes = plot(frn6=b"\x05\x28", frn19=end)
        assert fixes.has_height.tolist() == [True]
        assert geo.geodetic(fixes.position_m)[2][0] == pytest.approx(10_058.4, abs=0.1)
    assert plot(frn19=b"\x20\x00").has_height.tolist() == [False]


@pytest.mark.parametrize("level", [b"\x85\x28", b"\x45\x28"])
def test_a_mode_c_that_is_invalid_or_garbled_is_no_height(level: bytes) -> None:
    assert plot(frn6=level).has_height.tolist() == [False]


@pytest.mark.parametrize(
    ("descriptor", "items", "mode_3a", "mode_s", "friend"),
    [
        (b"\x40", {"frn5": b"\x0e\x43"}, 0o7103, -1, True),
        (b"\x40", {"frn5": b"\x8e\x43"}, -1, -1, False),
        (b"\x40", {"frn5": b"\x4e\x43"}, -1, -1, False),
        (b"\x40", {"frn5": b"\x2e\x43"}, 0o7103, -1, False),
        (b"\x40", {"frn5": b"\x00\x00"}, 0, -1, False),
        (b"\x20", {"frn5": b"\x0e\x43"}, 0o7103, -1, False),
        (b"\xa0", {"frn8": b"\x3c\x66\x0c"}, -1, 0x3C660C, True),
        (b"\xa0", {"frn8": b"\x00\x00\x00"}, -1, 0, False),
    ],
)
def test_a_friend_answers_for_itself(
    descriptor: bytes, items: dict[str, bytes], mode_3a: int, mode_s: int, friend: bool
) -> None:
    fixes = plot(descriptor=descriptor, **items)
    assert (fixes.mode_3a[0], fixes.mode_s[0], fixes.friend[0]) == (mode_3a, mode_s, friend)


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        (b"\x26", HINT_BIRD),
        (b"\x28", HINT_BIRD),
        (b"\x11\x28", HINT_BIRD),
        (b"\x30", HINT_AIRCRAFT),
        (b"\x10", HINT_NONE),
    ],
)
def test_what_the_radar_thinks_it_is(codes: bytes, hint: int) -> None:
    assert plot(frn16=codes).hint.tolist() == [hint]


def test_the_last_report_of_a_track_says_so() -> None:
    assert plot(frn14=b"\x01\x80", frn11=b"\x0d\xeb").ends.tolist() == [True]
    assert plot(frn14=b"\x01\x00", frn11=b"\x0d\xeb").track_number.tolist() == [0xDEB]


@pytest.mark.parametrize(
    ("category", "record"),
    [
        (48, wire.plot(descriptor=b"\x00")),
        (48, wire.plot(descriptor=b"\x42")),
        (48, wire.plot(frn4=b"\xff\xff\x40\x00")),
        (48, wire.record({1: b"\x19\x01", 2: wire.time_of_day(wire.NOON_NS)})),
        (62, wire.system_track(lat_deg=None)),
    ],
    ids=["extrapolated", "field monitor", "overflow", "no place", "track without place"],
)
def test_a_report_that_measures_no_place_is_a_sign_of_life(category: int, record: bytes) -> None:
    heard = one(wire.block(category, record))
    assert outcome(heard) == {"pulses": 1}
    assert heard.sensors.t_ns_heard.max() == wire.NOON_NS


# ---- sensors -----------------------------------------------------------------------------------


def test_a_radar_is_placed_by_its_own_word_from_then_on() -> None:
    sense = Sense(wire.site(sensors=()))
    seen = [wire.block(48, wire.plot(range_nm=r)) for r in (50.0, 51.0)]
    told = wire.service(frn11=wire.place(49.0, 32.0, 200), frn5=b"\x02\x80")
    heard = sense.read(wire.batch(seen[0], wire.block(34, told), seen[1]))
    assert outcome(heard) == {"unplaced": 1, "pulses": 1, "fixes": 1}
    assert heard.sensors.names == ("025/001",)
    assert heard.sensors.scan_s.tolist() == [5.0]
    lat, lon, height = geo.geodetic(heard.sensors.position_m)
    assert (lat[0], lon[0], height[0]) == pytest.approx((49.0, 32.0, 200.0), abs=2e-5)
    assert np.isnan(one(seen[0], sensors=()).sensors.position_m).all()


def test_the_site_file_wins_over_what_a_radar_says_of_its_place() -> None:
    heard = one(wire.block(34, wire.service(frn11=wire.place(10.0, 10.0, 0), frn5=b"\x05\x00")))
    assert geo.geodetic(heard.sensors.position_m)[0][0] == pytest.approx(49.0)
    assert heard.sensors.scan_s.tolist() == [10.0]


def test_a_rotation_period_that_cannot_be_is_not_believed() -> None:
    """One false I034/041 of 1/128 s would charge every track a hundred misses a second."""
    for period in (b"\x00\x01", b"\x40\x00"):
        heard = one(wire.block(34, wire.service(frn5=period)))
        assert heard.sensors.scan_s.tolist() == [wire.site().sensors[0].scan_s]


def test_rows_of_sensors_are_only_appended() -> None:
    sense = Sense(wire.site())
    for sic in (9, 4, 7):
        sense.read(wire.batch(wire.block(34, wire.service(sic=sic))))
    heard = sense.read(wire.batch(wire.block(34, wire.service(sic=4, kind=2))))
    assert heard.sensors.names == ("hill", "025/009", "025/004", "025/007")


def test_a_name_that_is_taken_is_not_given_twice() -> None:
    sensors = (SensorSite(name="025/002", lat_deg=0, lon_deg=0),)
    heard = one(wire.block(34, wire.service(sic=2)), sensors=sensors)
    assert len(set(heard.sensors.names)) == 2


def test_the_table_of_learned_sensors_has_an_end() -> None:
    sense = Sense(wire.site(sensors=()))
    total: dict[str, int] = {}
    for sac in range(5):
        records = [wire.service(sac=sac, sic=sic) for sic in range(256)]
        heard = sense.read(wire.batch(wire.block(34, *records)))
        for name, count in outcome(heard).items():
            total[name] = total.get(name, 0) + count
    assert total == {"pulses": 1024, "sac_sic": 256}


# ---- rules -------------------------------------------------------------------------------------


def test_only_systems_on_the_allow_list_are_heard() -> None:
    source = SourceSite(name="radars", url="udp://x:1", allow=((25, 1),))
    payload = wire.block(48, wire.plot(), wire.plot(sic=2), wire.plot(sac=1))
    heard = one(payload, sources=(source,))
    assert outcome(heard) == {"fixes": 1, "sac_sic": 2}
    assert heard.sensors.names == ("hill",)


@pytest.mark.parametrize("realm", ["live", "exercise", "test"])
@pytest.mark.parametrize(
    ("category", "record"),
    [
        (48, wire.plot(descriptor=b"\x30")),
        (48, wire.plot(descriptor=b"\x21\x80")),
        (62, wire.system_track(status=b"\x01\x80")),
        (62, wire.system_track(frn28=b"\x04\x10")),
        (62, wire.system_track(frn28=b"\x04\x04")),
    ],
)
def test_simulated_targets_stay_out_of_the_live_realm(
    realm: str, category: int, record: bytes
) -> None:
    expected = {"simulated": 1} if realm == "live" else {"fixes": 1}
    heard = one(wire.block(category, record), realm)
    assert outcome(heard) == expected
    assert (heard.sensors.t_ns_heard.max() == 0) == (realm == "live")


@pytest.mark.parametrize(
    ("late_s", "accepted"), [(15, True), (-15, True), (16, False), (-16, False)]
)
@pytest.mark.parametrize("make", [wire.plot, wire.service, wire.system_track])
def test_a_clock_that_is_wrong_is_not_believed(late_s: int, accepted: bool, make: object) -> None:
    category = {wire.plot: 48, wire.service: 34, wire.system_track: 62}[make]  # type: ignore[index]
    payload = wire.block(category, make(t_ns=wire.NOON_NS - late_s * SECOND))  # type: ignore[operator]
    heard = one(payload)
    assert ("clock" not in outcome(heard)) == accepted
    assert (heard.sensors.t_ns_heard.max() > 0) == accepted


@pytest.mark.parametrize("ahead_s", [-10, 10])
@pytest.mark.parametrize("from_midnight_s", [-3, 3])
def test_midnight_belongs_to_the_right_day(ahead_s: int, from_midnight_s: int) -> None:
    received_ns = wire.MIDNIGHT_NS + from_midnight_s * SECOND
    measured_ns = received_ns + ahead_s * SECOND
    fixes = one(wire.block(48, wire.plot(t_ns=measured_ns)), t_ns=received_ns).fixes
    assert fixes.t_ns.tolist() == [measured_ns]


def test_a_copy_changes_nothing() -> None:
    """The same radar on two networks, 3 s apart; after 30 s the same octets are news again."""
    source = (wire.SOURCE, SourceSite(name="second", url="udp://x:2"))
    sense = Sense(wire.site(sources=source, clock_s_max=3600.0))
    payload = wire.block(48, wire.plot()) + wire.block(34, wire.service())
    first = sense.read(wire.batch(payload))
    copy = sense.read(wire.batch(payload, t_ns=wire.NOON_NS + 3 * SECOND, source="second"))
    assert outcome(first) == {"fixes": 1, "pulses": 1}
    assert outcome(copy) == {"duplicates": 2}
    assert copy.sensors.t_ns_heard.tolist() == [wire.NOON_NS]
    last = sense.read(wire.batch(payload, t_ns=wire.NOON_NS + 30 * SECOND))
    assert outcome(last) == {"duplicates": 2}
    later = sense.read(wire.batch(payload, t_ns=wire.NOON_NS + 30 * SECOND + 1))
    assert outcome(later) == {"fixes": 1, "pulses": 1}


def test_a_copy_from_a_stranger_does_not_silence_the_radar() -> None:
    sources = (wire.SOURCE, SourceSite(name="other", url="udp://x:2", allow=((1, 1),)))
    sense = Sense(wire.site(sources=sources))
    payload = wire.block(48, wire.plot())
    assert outcome(sense.read(wire.batch(payload, source="other"))) == {"sac_sic": 1}
    assert outcome(sense.read(wire.batch(payload))) == {"fixes": 1}


def test_a_frame_from_nowhere_is_refused() -> None:
    heard = Sense(wire.site()).read(wire.batch(wire.block(48, wire.plot()), source="stranger"))
    assert outcome(heard) == {"unknown_source": 1}
    assert heard.counts.records == 0


def test_evidence_names_batch_frame_and_record() -> None:
    sense = Sense(wire.site())
    frames = wire.batch(
        wire.block(34, wire.service()),
        wire.block(48, wire.plot(), wire.plot(range_nm=60.0))
        + wire.block(62, wire.system_track())
        + wire.block(48, wire.plot(range_nm=70.0)),
        wire.block(62, wire.system_track(number=8)),
        number=77,
    )
    inputs = (Tick(t_ns=wire.NOON_NS), *frames.inputs)
    fixes = sense.read(msgspec.structs.replace(frames, inputs=inputs)).fixes
    expected = [77 << 24 | frame << 12 | index for frame, index in
                ((2, 0), (2, 1), (2, 2), (2, 3), (3, 0))]  # fmt: skip
    assert fixes.evidence.tolist() == expected
    assert fixes.system_track.tolist() == [False, False, True, False, True]


def test_orders_and_receipts_are_read_and_bad_ones_refused() -> None:
    order = Order(t_ns=5, action="cancel", operator="duty", nonce="1", alert="live:ua-x:drone:1")
    receipt = Receipt(t_ns=6, channel="cap", subject="live:ua-x:drone:1", outcome="sent")
    sense = Sense(wire.site())
    heard = sense.read(wire.batch(msgspec.json.encode(order), source="order"))
    assert heard.orders == (order,)
    heard = sense.read(wire.batch(msgspec.json.encode(receipt), source="receipt"))
    assert heard.receipts == (receipt,)
    bad = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"type":"Order"}',
        msgspec.json.encode(receipt),
        b'{"type":"Order","x":' + b"[" * 60_000,
        b" " * 70_000 + msgspec.json.encode(order),
    ]
    heard = sense.read(wire.batch(*bad, source="order"))
    assert heard.orders == ()
    assert outcome(heard) == {"json": len(bad)}


# ---- the whole ---------------------------------------------------------------------------------

PAYLOADS = st.one_of(
    st.binary(max_size=120),
    st.builds(wire.block, st.sampled_from([34, 48, 62, 65]), st.binary(min_size=1, max_size=120)),
    st.builds(
        lambda sic, distance, typ: wire.block(
            48, wire.plot(sic=sic, range_nm=distance, descriptor=bytes([typ << 5]))
        ),
        st.integers(0, 3),
        st.floats(0, 255),
        st.integers(0, 7),
    ),
    st.builds(
        lambda sic, height: wire.block(
            34, wire.service(sic=sic, frn11=wire.place(49.0, 32.0, height))
        ),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    st.builds(
        lambda lat, number: wire.block(62, wire.system_track(lat_deg=lat, number=number)),
        st.none() | st.floats(-90, 90),
        st.integers(0, 3),
    ),
)


@given(payloads=st.lists(PAYLOADS, max_size=25), cuts=st.sets(st.integers(1, 24)))
@settings(max_examples=150, deadline=None)
def test_every_record_has_one_fate_that_does_not_depend_on_batches(
    payloads: list[bytes], cuts: set[int]
) -> None:
    whole = Sense(wire.site())
    heard = whole.read(wire.batch(*payloads))
    fates = outcome(heard)
    assert heard.counts.records == sum(fates.values())
    assert heard.counts.fixes == len(heard.fixes)
    assert all(rejected.reason in REASONS for rejected in heard.rejected)
    assert np.isfinite(heard.fixes.position_m).all()
    assert np.isfinite(heard.fixes.covariance_m2).all()

    parted = Sense(wire.site())
    edges = [0, *sorted(c for c in cuts if c < len(payloads)), len(payloads)]
    total: dict[str, int] = {}
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        part = parted.read(wire.batch(*payloads[start:end], number=number))
        for name, count in outcome(part).items():
            total[name] = total.get(name, 0) + count
        parted = pickle.loads(pickle.dumps(parted))
    assert total == fates
    assert parted == whole


def test_what_is_remembered_survives_a_checkpoint() -> None:
    sense = Sense(wire.site(sensors=()))
    sense.read(wire.batch(wire.block(34, wire.service(frn11=wire.place(49.0, 32.0, 200)))))
    again = pickle.loads(pickle.dumps(sense))
    assert again == sense
    payload = wire.batch(wire.block(48, wire.plot(), wire.plot()), number=2)
    left, right = sense.read(payload), again.read(payload)
    assert left.counts == right.counts
    for column in fields(Fixes):
        before, after = (getattr(heard.fixes, column.name) for heard in (left, right))
        assert np.array_equal(before, after, equal_nan=True), column.name
    assert again == sense
    assert again != Sense(wire.site())


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": (wire.SOURCE, wire.SOURCE)},
        {"sources": (SourceSite(name="order", url="udp://x:1"),)},
        {"sources": (SourceSite(name="a", url="udp://x:1", format="sapient"),)},
        {"sensors": (wire.RADAR, wire.RADAR)},
        {"sensors": (wire.RADAR, msgspec.structs.replace(wire.RADAR, name="other"))},
    ],
)
def test_a_site_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r": \w+"):
        Sense(wire.site(**changes))
