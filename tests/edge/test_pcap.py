"""The capture reader against hand-made packets of every link layer and against tshark."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge import pcap

PAYLOAD = bytes.fromhex("30000b") + b"\xf0tocsin\x00"


def udp_over_ip(payload: bytes, *, version: int = 4, fragment: int = 0) -> bytes:
    udp = struct.pack(">HHHH", 8600, 8600, 8 + len(payload), 0) + payload
    if version == 4:
        fields = (0x45, 0, 20 + len(udp), 1, fragment, 64, 17, 0, b"abcd", b"efgh")
        return struct.pack(">BBHHHBBH4s4s", *fields) + udp
    return struct.pack(">IHBB16s16s", 6 << 28, len(udp), 17, 64, b"a" * 16, b"b" * 16) + udp


def capture(packets: list[bytes], link: int, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, packet in enumerate(packets):
        data += struct.pack(order + "IIII", 1000 + number, 7, len(packet), len(packet)) + packet
    return data


LINKS = {
    "ethernet": (1, b"\x00" * 12 + b"\x08\x00"),
    "vlan": (1, b"\x00" * 12 + b"\x81\x00\x00\x05\x08\x00"),
    "vlan in vlan": (1, b"\x00" * 12 + b"\x88\xa8\x00\x01\x81\x00\x00\x05\x08\x00"),
    "raw": (101, b""),
    "cooked": (113, b"\x00" * 14 + b"\x08\x00"),
    "null": (0, b"\x02\x00\x00\x00"),
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize(("order", "magic", "ns"), [("<", 0xA1B2C3D4, 1000), (">", 0xA1B23C4D, 1)])
def test_every_link_layer(name: str, order: str, magic: int, ns: int) -> None:
    link, head = LINKS[name]
    data = capture([head + udp_over_ip(PAYLOAD)], link, order, magic)
    (found,) = pcap.datagrams(data)
    assert found == pcap.Datagram(1_000_000_000_000 + 7 * ns, PAYLOAD)


def test_ipv6() -> None:
    data = capture([b"\x00" * 12 + b"\x86\xdd" + udp_over_ip(PAYLOAD, version=6)], 1)
    assert [d.payload for d in pcap.datagrams(data)] == [PAYLOAD]


def test_fragments_and_other_packets_are_none_not_guessed() -> None:
    ethernet = LINKS["ethernet"][1]
    tcp = bytearray(udp_over_ip(PAYLOAD))
    tcp[9] = 6
    arp = b"\x00" * 12 + b"\x08\x06" + b"\x00" * 28
    packets = [ethernet + udp_over_ip(PAYLOAD, fragment=0x2000), ethernet + bytes(tcp), arp, b""]
    assert [d.payload for d in pcap.datagrams(capture(packets, 1))] == [None] * 4


def test_a_packet_cut_short_is_none() -> None:
    data = capture([LINKS["ethernet"][1] + udp_over_ip(PAYLOAD)], 1)
    assert [d.payload for d in pcap.datagrams(data[:-3])] == [None]


@pytest.mark.parametrize("data", [b"", b"nope" * 20, b"\x0a\x0d\x0d\x0a" + b"\0" * 40])
def test_what_is_no_capture_says_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="libpcap"):
        list(pcap.datagrams(data))


@given(st.binary(max_size=300))
def test_garbage_after_the_header_never_raises(garbage: bytes) -> None:
    for found in pcap.datagrams(capture([], 1) + garbage):
        assert found.payload is None or len(found.payload) <= len(garbage)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_payloads_equal_tsharks(tmp_path: Path, shared: Path) -> None:
    folder = shared / "data" / "sensor_protocols" / "asterix" / "croatia_gpl"
    for name in ("cat_034_048.pcap", "cat_062_065.pcap", "asterix.pcap"):
        output = subprocess.run(
            ["tshark", "-r", folder / name, "-T", "fields", "-e", "udp.payload"],
            check=True, capture_output=True, text=True, cwd=tmp_path,
        ).stdout.split()  # fmt: skip
        ours = [d.payload.hex() for d in pcap.datagrams((folder / name).read_bytes()) if d.payload]
        assert ours == output, name
