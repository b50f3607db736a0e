"""Framing: blocks, limits, and every way a datagram can be wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sense import wire
from tocsin.rules.reasons import REASONS
from tocsin.sense.asterix import RECORDS_MAX, Datagram, read_datagram
from tocsin.sense.cat034 import CAT034
from tocsin.sense.cat048 import CAT048
from tocsin.sense.cat062 import CAT062

CATEGORIES = {34: CAT034, 48: CAT048, 62: CAT062}
PLOTS = wire.block(48, wire.plot(), wire.plot(range_nm=60.0))
TRACK = wire.block(62, wire.system_track())


def read(data: bytes) -> Datagram:
    return read_datagram(data, 0, len(data), CATEGORIES)


def reasons(data: bytes) -> list[str]:
    return [fault.reason for fault in read(data).faults]


@pytest.mark.parametrize(
    ("data", "records", "expected"),
    [
        (b"", 0, ["truncated"]),
        (PLOTS, 2, []),
        (PLOTS + TRACK + wire.block(34, wire.service()), 4, []),
        (PLOTS + wire.block(65, b"\x80\x19\x64") + TRACK, 3, ["category"]),
        (b"\x30", 0, ["truncated"]),
        (b"\x30\x00", 0, ["truncated"]),
        (b"\x30\x00\x00", 0, ["length"]),
        (b"\x30\x00\x02", 0, ["length"]),
        (b"\x30\x00\x03", 0, ["length"]),
        (PLOTS + b"\x30\x00\x00" + PLOTS, 2, ["length"]),
        (PLOTS[:-1], 1, ["truncated"]),
        (PLOTS + b"\x00", 2, ["truncated"]),
        (b"\x30\xff\xff" + PLOTS[3:], 2, ["truncated"]),
        (TRACK[:-1], 0, ["truncated"]),
        (PLOTS + TRACK[:-1], 2, ["truncated"]),
        (wire.block(48, b"\xff" * 40), 0, ["fspec"]),
        (wire.block(48, wire.plot(), b"\xff" * 40), 1, ["fspec"]),
        (wire.block(34, b"\x01\x01\x00"), 0, ["fspec"]),
        (wire.block(62, b"\xff" * 40), 0, ["fspec"]),
        (wire.block(62, wire.system_track(), b"\xff" * 40), 0, ["edition"]),
        (wire.block(48, wire.plot()[:-1]), 0, ["truncated"]),
        (wire.block(62, wire.system_track()[:-1]), 0, ["edition"]),
        (wire.block(62, wire.system_track(), b"\0"), 0, ["edition"]),
        (wire.block(62, wire.system_track(lat_deg=90.1)), 0, ["edition"]),
        (wire.block(62, wire.system_track(lon_deg=-180.1)), 0, ["edition"]),
        (wire.block(62, wire.system_track(frn4=b"\xa8\xc0\x00")), 0, ["edition"]),
        (wire.block(62, wire.record({1: b"\x19\x64", 4: b"\0\0\0"})), 0, ["edition"]),
        (wire.block(48, wire.plot(frn2=b"\xa8\xc0\x00"), wire.plot()), 1, ["range"]),
        (wire.block(48, wire.record({1: b"\x19\x01"}), wire.plot()), 1, ["edition"]),
        (wire.block(34, wire.service(frn11=wire.place(90.1, 0.0, 0))), 0, ["range"]),
        (wire.block(48, wire.plot(frn28=b"\x00")), 0, ["length"]),
        (b"\xff" * 65_536, 0, ["category", "truncated"]),
        (b"\x30" + b"\xff" * 65_535, 0, ["fspec", "truncated"]),
    ],
)
def test_a_datagram(data: bytes, records: int, expected: list[str]) -> None:
    found = read(data)
    assert len(found.records) == records
    assert [fault.reason for fault in found.faults] == expected


def test_a_time_of_day_just_below_24_hours_is_one() -> None:
    assert len(read(wire.block(48, wire.plot(frn2=b"\xa8\xbf\xff"))).records) == 1


def test_no_more_than_4095_records_are_read_from_a_datagram() -> None:
    short = wire.service()
    full = wire.block(34, *[short] * RECORDS_MAX)
    assert (len(read(full).records), reasons(full)) == (RECORDS_MAX, [])
    for more in (
        wire.block(34, *[short] * (RECORDS_MAX + 1)),
        full + wire.block(34, short),
        full + TRACK,
    ):
        assert len(read(more).records) == RECORDS_MAX
        assert reasons(more) == ["overlong"]
    refused = wire.block(34, b"\0" * 65_000)
    assert reasons(refused)[-1] == "overlong"
    assert len(read(refused)) == RECORDS_MAX + 1


def test_a_block_of_system_tracks_is_taken_or_left_as_a_whole_by_its_number_too() -> None:
    tracks = wire.block(62, *[wire.system_track(lat_deg=None)] * 3)
    full = wire.block(34, *[wire.service()] * (RECORDS_MAX - 2))
    assert len(read(full + tracks).records) == RECORDS_MAX - 2
    assert reasons(full + tracks) == ["overlong"]


def test_every_cut_of_a_datagram_is_refused_once_and_keeps_whole_records() -> None:
    data = PLOTS + wire.block(34, wire.service()) + TRACK
    whole = len(read(data).records)
    boundaries = {len(PLOTS), len(PLOTS) + len(wire.block(34, wire.service()))}
    for cut in range(len(data)):
        found = read(data[:cut])
        assert len(found.records) < whole
        assert [f.reason for f in found.faults] == ([] if cut in boundaries else ["truncated"])


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_without_raising(data: bytes) -> None:
    _check(data)


@given(st.sampled_from([34, 48, 62]), st.binary(min_size=1, max_size=300))
@settings(max_examples=500, deadline=None)
def test_any_bytes_in_a_block_are_read_without_raising(category: int, body: bytes) -> None:
    _check(wire.block(category, body))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_records_are_read_without_raising(data: st.DataObject) -> None:
    octets = bytearray(PLOTS + wire.block(34, wire.service()) + TRACK)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    _check(bytes(octets))


def _check(data: bytes) -> None:
    """Records lie in the data one after another; reasons are of the closed list."""
    found = read(data)
    assert all(fault.reason in REASONS for fault in found.faults)
    at = 0
    for record in found.records:
        assert at < record.start < record.end <= len(data)
        assert all(-1 <= offset < record.end for offset in record.row)
        at = record.end - 1
    assert found.records or found.faults or not data
