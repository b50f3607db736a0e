"""A small encoder for these tests: items by their number in the user application profile."""

import struct

from tocsin.words import Batch, Frame, SensorSite, Site, SourceSite

MIDNIGHT_NS = 1_795_305_600_000_000_000  # 2026-11-22T00:00:00Z
NOON_NS = MIDNIGHT_NS + 43_200_000_000_000
RADAR = SensorSite(name="hill", lat_deg=49.0, lon_deg=32.0, height_m=200.0, sac=25, sic=1)
SOURCE = SourceSite(name="radars", url="udp://127.0.0.1:1")


def record(items: dict[int, bytes]) -> bytes:
    """FSPEC and the items, by FRN."""
    octets = bytearray(-(-max(items, default=1) // 7))
    for number in items:
        octets[(number - 1) // 7] |= 0x80 >> (number - 1) % 7
    for index in range(len(octets) - 1):
        octets[index] |= 1
    return bytes(octets) + b"".join(items[number] for number in sorted(items))


def block(category: int, *records: bytes) -> bytes:
    body = b"".join(records)
    return bytes([category]) + struct.pack(">H", len(body) + 3) + body


def time_of_day(t_ns: int) -> bytes:
    return (t_ns % 86_400_000_000_000 // 7_812_500).to_bytes(3, "big")


def plot(
    t_ns: int = NOON_NS,
    sac: int = 25,
    sic: int = 1,
    descriptor: bytes = b"\x20",
    range_nm: float = 50.0,
    azimuth_deg: float = 90.0,
    **items: bytes,
) -> bytes:
    """A CAT 048 record, a primary plot by default; further items as ``frn5=b".."``."""
    place = struct.pack(">HH", round(range_nm * 256), round(azimuth_deg * 65536 / 360) % 65536)
    known = {1: bytes([sac, sic]), 2: time_of_day(t_ns), 3: descriptor, 4: place}
    return record(known | _numbered(items))


def service(
    t_ns: int = NOON_NS, sac: int = 25, sic: int = 1, kind: int = 1, **items: bytes
) -> bytes:
    """A CAT 034 record, a north marker by default."""
    known = {1: bytes([sac, sic]), 2: bytes([kind]), 3: time_of_day(t_ns)}
    return record(known | _numbered(items))


def place(lat_deg: float, lon_deg: float, height_m: int) -> bytes:
    """I034/120."""
    unit = 180 / 2**23
    return struct.pack(">h", height_m) + b"".join(
        round(angle / unit).to_bytes(3, "big", signed=True) for angle in (lat_deg, lon_deg)
    )


def system_track(
    t_ns: int = NOON_NS,
    lat_deg: float | None = 49.5,
    lon_deg: float = 31.0,
    number: int = 7,
    status: bytes = b"\x00",
    **items: bytes,
) -> bytes:
    """A CAT 062 record of system 25/100."""
    known = {1: bytes([25, 100]), 4: time_of_day(t_ns), 12: struct.pack(">H", number), 13: status}
    if lat_deg is not None:
        unit = 180 / 2**25
        known[5] = struct.pack(">ii", round(lat_deg / unit), round(lon_deg / unit))
    return record(known | _numbered(items))


def site(realm: str = "live", **changes: object) -> Site:
    settings: dict[str, object] = {
        "name": "test",
        "realm": realm,
        "mode": "shadow",
        "zones": "ua",
        "sender": "t",
        "sender_name": "t",
        "languages": ("en",),
        "sensors": (RADAR,),
        "sources": (SOURCE,),
    }
    return Site(**(settings | changes))  # type: ignore[arg-type]


def batch(*payloads: bytes, t_ns: int = NOON_NS, number: int = 1, source: str = "radars") -> Batch:
    frames = tuple(Frame(t_ns=t_ns, source=source, payload=payload) for payload in payloads)
    return Batch(number=number, t_ns=t_ns, inputs=frames)


def _numbered(items: dict[str, bytes]) -> dict[int, bytes]:
    return {int(name.removeprefix("frn")): octets for name, octets in items.items()}
