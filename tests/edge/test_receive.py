"""Sources: real sockets on the loopback, recordings, raw files."""

import socket
import struct
import time
from pathlib import Path

import msgspec
import pytest

from tests.edge.test_pcap import LINKS, capture, udp_over_ip
from tocsin.edge.receive import UdpSource, blocks, recorded
from tocsin.edge.site import BadSite
from tocsin.engine import Notice
from tocsin.words import Frame, SourceSite


def received(source: UdpSource, count: int) -> list[Frame]:
    frames: list[Frame] = []
    for _ in range(200):
        source.drain(frames.append)
        if sum(frame.source == source.name for frame in frames) >= count:
            break
        time.sleep(0.01)
    return frames


@pytest.mark.parametrize("host", ["127.0.0.1", "239.2.3.1"])
def test_datagrams_arrive_whole_in_order_and_stamped(host: str) -> None:
    source = UdpSource(SourceSite(name="radar", url=f"udp://{host}:0?interface=127.0.0.1"))
    payloads = [bytes([n]) * (n * 500 + 1) for n in range(20)]
    before_ns = time.time_ns()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        loopback = socket.inet_aton("127.0.0.1")
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
        for payload in payloads:
            sender.sendto(payload, (host, source.port))
    frames = received(source, 20)
    source.close()
    assert [frame.payload for frame in frames] == payloads
    assert all(before_ns <= frame.t_ns <= time.time_ns() for frame in frames)


def test_what_the_kernel_drops_is_counted() -> None:
    source = UdpSource(SourceSite(name="radar", url="udp://127.0.0.1:0"))
    source.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(b"x" * 1000, ("127.0.0.1", source.port))
        first: list[Frame] = []
        source.drain(first.append)
        sender.sendto(b"last", ("127.0.0.1", source.port))
        frames = first + received(source, 1)
    source.close()
    shed = [f for f in frames if f.source == "shed"]
    dropped = sum(msgspec.json.decode(f.payload, type=Notice).count for f in shed)
    assert dropped > 0
    assert dropped + len(frames) - len(shed) == 201


def test_an_address_of_another_machine_says_how_to_mend_it() -> None:
    with pytest.raises(BadSite, match="give an address of this machine"):
        UdpSource(SourceSite(name="radar", url="udp://192.0.2.1:8600"))


def test_a_recording_keeps_its_times_and_counts_what_is_no_datagram(tmp_path: Path) -> None:
    head = LINKS["ethernet"][1]
    path = tmp_path / "night.pcap"
    path.write_bytes(capture([head + udp_over_ip(b"abc"), b"\0" * 40], 1))
    frames = list(recorded(SourceSite(name="r", url=f"pcap://{path}")))
    assert [(f.t_ns, f.source) for f in frames] == [
        (1_000_000_007_000, "r"),
        (1_001_000_007_000, "shed"),
    ]


def test_a_raw_file_is_cut_into_blocks_at_stated_times(tmp_path: Path) -> None:
    path = tmp_path / "night.raw"
    path.write_bytes(struct.pack(">BH", 48, 5) + b"ab" + struct.pack(">BH", 34, 4) + b"c")
    url = f"file://{path}?t=2026-01-01T00:00:00Z&interval_ms=10"
    frames = list(recorded(SourceSite(name="r", url=url)))
    assert [f.payload for f in frames] == [b"\x30\x00\x05ab", b"\x22\x00\x04c"]
    assert frames[1].t_ns - frames[0].t_ns == 10_000_000


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("pcap:///nowhere.pcap", "no file"),
        ("file:///dev/null?when=1", "no file|unknown when"),
    ],
)
def test_a_bad_recording_says_how_to_mend_it(url: str, message: str) -> None:
    with pytest.raises(BadSite, match=message):
        list(recorded(SourceSite(name="r", url=url)))


def test_a_bad_length_ends_with_the_rest() -> None:
    assert list(blocks(b"\x30\x00\x00rest")) == [b"\x30\x00\x00rest"]
    assert b"".join(blocks(b"\x30\xff\xff" + b"a" * 70_000)) == b"\x30\xff\xff" + b"a" * 70_000
