"""Sources: a URL says where frames come from; the rest of the house cannot tell them apart.

    udp://host:port     a socket; a multicast group is joined on ?interface=ADDRESS (default: the
                        system's choice)
    pcap://path         the UDP datagrams of a recording, at the pace of the recording
    file://path?t=2026-11-22T08:00:00Z&interval_ms=10
                        raw bytes: ASTERIX data blocks, one after another; a raw file holds no
                        times, so the first block came at `t` (default: now), each other one
                        `interval_ms` (default: 0) after the one before

Sockets are drained by `recvmsg_into` from a readiness callback (measured: asyncio's datagram
protocol loses 74 % at 400,000 datagrams a second, this none), and the kernel's own count of what it
had to drop (SO_RXQ_OVFL, socket(7)) becomes a `shed` notice: nothing is lost without being counted.
"""

import ipaddress
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tocsin.edge import clock, pcap
from tocsin.edge.site import BadSite
from tocsin.engine import Notice
from tocsin.instant import NS_PER_MS, from_iso
from tocsin.words import Frame, SourceSite

DATAGRAM_BYTES_MAX: Final = 65_536
DRAIN_MAX: Final = 1024
"""Datagrams taken in one go before other sockets have their turn; chosen."""
RECEIVE_BUFFER_BYTES: Final = 16 * 1024 * 1024
_SO_RXQ_OVFL: Final = 40
FILE_BLOCK_BYTES_MAX: Final = 65_535


def shed_frame(source: str, count: int, detail: str) -> Frame:
    """The notice that `count` frames of `source` were lost before they could be journaled."""
    notice = Notice(source=source, count=count, detail=detail)
    return Frame(t_ns=clock.now_ns(), source="shed", payload=msgspec.json.encode(notice))


class UdpSource:
    """One bound socket. `drain` hands every waiting datagram to `take`, stamped on receipt."""

    def __init__(self, source: SourceSite) -> None:
        self.name = source.name
        self.socket = _bound(source)
        self._buffer = bytearray(DATAGRAM_BYTES_MAX)
        self._dropped = 0

    @property
    def port(self) -> int:
        """The port in use (the site may have asked for any)."""
        return int(self.socket.getsockname()[1])

    def fileno(self) -> int:
        """For the readiness callback."""
        return self.socket.fileno()

    def drain(self, take: Callable[[Frame], None]) -> None:
        """Read until the socket is empty or `DRAIN_MAX` were read."""
        for _ in range(DRAIN_MAX):
            try:
                size, aside, _flags, _address = self.socket.recvmsg_into([self._buffer], 64)
            except BlockingIOError:
                return
            self._count_dropped(aside, take)
            payload = bytes(memoryview(self._buffer)[:size])
            take(Frame(t_ns=clock.now_ns(), source=self.name, payload=payload))

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()

    def _count_dropped(
        self, aside: list[tuple[int, int, bytes]], take: Callable[[Frame], None]
    ) -> None:
        for level, kind, data in aside:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                (dropped,) = struct.unpack("I", data[:4])
                new, self._dropped = (dropped - self._dropped) & 0xFFFFFFFF, dropped
                if new:
                    take(shed_frame(self.name, new, "the socket's receive buffer was full"))


def _bound(source: SourceSite) -> socket.socket:
    url = urlsplit(source.url)
    host, port = url.hostname or "0.0.0.0", url.port or 0  # noqa: S104  the site file asked for it
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    bound.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    try:
        if ipaddress.ip_address(host).is_multicast:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _join(bound, host, family, dict(parse_qsl(url.query)).get("interface", "0.0.0.0"))  # noqa: S104
        bound.bind((host, port))
    except (OSError, ValueError) as error:
        bound.close()
        raise BadSite(
            f"source {source.name!r}: cannot listen on {source.url}: {error};"
            " give an address of this machine and a free port"
        ) from error
    return bound


def _join(bound: socket.socket, group: str, family: socket.AddressFamily, interface: str) -> None:
    packed = socket.inet_pton(family, group)
    if family == socket.AF_INET:
        membership = packed + socket.inet_aton(interface)
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    else:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("I", 0))


def recorded(source: SourceSite) -> Iterator[Frame]:
    """The frames of a ``pcap://`` or ``file://`` source, with their recorded times.

    Packets that hold no whole UDP datagram become a `shed` notice. Raises BadSite when the file is
    missing or is not a recording.
    """
    url = urlsplit(source.url)
    path = Path(unquote(url.netloc + url.path))
    if not path.is_file():
        raise BadSite(f"source {source.name!r}: no file {path}: give the path of a recording")
    data = path.read_bytes()
    if url.scheme == "file":
        t_ns, interval_ns = _raw_times(source)
        for number, block in enumerate(blocks(data)):
            yield Frame(t_ns=t_ns + number * interval_ns, source=source.name, payload=block)
        return
    try:
        for datagram in pcap.datagrams(data):
            if datagram.payload is None:
                notice = Notice(source=source.name, detail="a packet without a whole UDP datagram")
                yield Frame(t_ns=datagram.t_ns, source="shed", payload=msgspec.json.encode(notice))
            else:
                yield Frame(t_ns=datagram.t_ns, source=source.name, payload=datagram.payload)
    except ValueError as error:
        raise BadSite(f"source {source.name!r}: {path}: {error}") from error


def _raw_times(source: SourceSite) -> tuple[int, int]:
    """(time of the first block, nanoseconds between blocks) as the URL of a raw file says."""
    query = dict(parse_qsl(urlsplit(source.url).query))
    try:
        t_ns = from_iso(query.pop("t")) if "t" in query else clock.now_ns()
        interval_ns = round(float(query.pop("interval_ms", "0")) * NS_PER_MS)
    except ValueError as error:
        raise BadSite(f"source {source.name!r}: {source.url}: {error}") from error
    if query:
        raise BadSite(f"source {source.name!r}: unknown {', '.join(query)}: use t and interval_ms")
    return t_ns, interval_ns


def blocks(data: bytes) -> Iterator[bytes]:
    """Split raw bytes into data blocks by their length field; a bad length ends with the rest."""
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at + 1 : at + 3])
        if length < 3 or at + length > len(data):
            length = min(len(data) - at, FILE_BLOCK_BYTES_MAX)
        yield data[at : at + length]
        at += length
