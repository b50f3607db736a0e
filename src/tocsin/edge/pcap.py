"""Recorded network traffic: UDP payloads of a libpcap file, with their time of capture.

Format: libpcap file format (draft-ietf-opsawg-pcap), both byte orders, microsecond and nanosecond
resolution. Link layers: Ethernet with any number of 802.1Q tags, raw IP, Linux cooked (v1), BSD
null. IPv4 (first fragments are refused, not guessed) and IPv6 without extension headers.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
_LINK_NULL, _LINK_ETHERNET, _LINK_RAW, _LINK_COOKED = 0, 1, 101, 113
_ETHERTYPE_IPV4, _ETHERTYPE_IPV6 = 0x0800, 0x86DD
_ETHERTYPE_TAGS: Final = (0x8100, 0x88A8, 0x9100)
_PROTOCOL_UDP: Final = 17


@dataclass(frozen=True, slots=True)
class Datagram:
    """One captured UDP datagram; `payload` is None when the packet carries no whole datagram."""

    t_ns: int
    payload: bytes | None


def datagrams(data: bytes) -> Iterator[Datagram]:
    """Every packet of a capture, in the order of the file.

    Raises ValueError when `data` is not a libpcap file; a packet cut short at the end is left out
    as None.
    """
    if data[:4] not in _MAGIC:
        raise ValueError("not a libpcap file: save it as .pcap (pcapng: editcap -F pcap IN OUT)")
    order, ns_per_tick = _MAGIC[data[:4]]
    link = struct.unpack_from(order + "I", data, 20)[0] & 0x0FFFFFFF
    at = 24
    while at + 16 <= len(data):
        seconds, ticks, kept, _whole = struct.unpack_from(order + "IIII", data, at)
        at += 16
        packet = data[at : at + kept]
        at += kept
        t_ns = seconds * 1_000_000_000 + ticks * ns_per_tick
        yield Datagram(t_ns, _udp_payload(packet, link) if len(packet) == kept else None)


def _udp_payload(packet: bytes, link: int) -> bytes | None:
    ip = _ip_packet(packet, link)
    if len(ip) < 20:
        return None
    if ip[0] >> 4 == 4:
        header, protocol = (ip[0] & 0x0F) * 4, ip[9]
        if int.from_bytes(ip[6:8]) & 0x3FFF:  # more fragments, or not the first
            return None
    else:
        header, protocol = 40, ip[6]
    udp = ip[header:]
    if protocol != _PROTOCOL_UDP or len(udp) < 8:
        return None
    length = int.from_bytes(udp[4:6])
    return udp[8:length] if 8 <= length <= len(udp) else None


def _ip_packet(packet: bytes, link: int) -> bytes:
    if link == _LINK_RAW:
        return packet
    if link == _LINK_NULL:
        return packet[4:]
    at = 14 if link == _LINK_COOKED else 12
    if link not in (_LINK_COOKED, _LINK_ETHERNET) or len(packet) < at + 2:
        return b""
    ethertype = int.from_bytes(packet[at : at + 2])
    while ethertype in _ETHERTYPE_TAGS and len(packet) >= at + 6:
        at += 4
        ethertype = int.from_bytes(packet[at : at + 2])
    return packet[at + 2 :] if ethertype in (_ETHERTYPE_IPV4, _ETHERTYPE_IPV6) else b""
