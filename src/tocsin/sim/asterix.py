"""ASTERIX as simulated sensors send it (CAT034 edition 1.29, CAT048 edition 1.32), and as a tracker
beside ours would (CAT062 edition 1.21).

EUROCONTROL-SPEC-0149-2b, -4 and -9. One datagram is one data block: category, two octets of length,
records. Each record is its field specification followed by the items in UAP order.

| item      | octets | content                                             | unit             |
|-----------|--------|-----------------------------------------------------|------------------|
| I034/010  | 2      | SAC, SIC                                            |                  |
| I034/000  | 1      | 1 north marker, 2 sector crossing                   |                  |
| I034/030  | 3      | time of day                                         | 1/128 s          |
| I034/020  | 1      | sector number                                       | 360/256 deg      |
| I034/041  | 2      | antenna rotation period                             | 1/128 s          |
| I034/120  | 8      | height, latitude, longitude of the antenna (WGS-84) | 1 m, 180/2^23 deg|
| I048/010  | 2      | SAC, SIC                                            |                  |
| I048/140  | 3      | time of day                                         | 1/128 s          |
| I048/020  | 1      | TYP (3 bits), SIM, RDP, SPI, RAB, FX                |                  |
| I048/040  | 4      | slant range, azimuth                                | 1/256 NM, 2^-16 turn |
| I048/070  | 2      | V, G, L, spare, Mode 3/A                            |                  |
| I048/090  | 2      | V, G, flight level (14 bits)                        | 1/4 FL           |
| I048/220  | 3      | Mode S address                                      |                  |
| I048/110  | 2      | height above mean sea level by a 3-D radar (14 bits)| 25 ft            |
| I062/010  | 2      | SAC, SIC                                            |                  |
| I062/070  | 3      | time of day                                         | 1/128 s          |
| I062/105  | 8      | latitude, longitude (WGS-84)                        | 180/2^25 deg     |
| I062/185  | 4      | velocity east, north                                | 0.25 m/s         |
| I062/040  | 2      | track number                                        |                  |
| I062/080  | 2      | track status: SIM                                   |                  |
| I062/136  | 2      | measured flight level                               | 1/4 FL           |

The simulated world has no geoid: mean sea level is the ellipsoid.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.geo import FOOT_M, NAUTICAL_MILE_M
from tocsin.instant import NS_PER_DAY, NS_PER_S

PRIMARY: Final = 1  # I048/020 TYP: single PSR detection
SECONDARY: Final = 2  # single SSR detection
SECONDARY_PRIMARY: Final = 3  # SSR and PSR
ROLL_CALL: Final = 5  # single Mode S roll-call
ROLL_CALL_PRIMARY: Final = 7  # Mode S roll-call and PSR

_SIM_BIT: Final = 0x10  # I048/020 bit 5: simulated target report
_TICKS_PER_S: Final = 128
_TICKS_PER_DAY: Final = 86_400 * _TICKS_PER_S
_POSITION_LSB_DEG: Final = 180.0 / 2**23
_TRACK_LSB_DEG: Final = 180.0 / 2**25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One target report; -1 and NaN mean that the item is not sent.

    `flight_level` is in hundreds of feet, `height_m` above mean sea level, `azimuth_deg` from
    true north at the antenna, `mode_3a` the twelve bits of the code.
    """

    t_ns: int
    report_type: int
    range_m: float
    azimuth_deg: float
    mode_3a: int = -1
    mode_s: int = -1
    flight_level: float = math.nan
    height_m: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTrack:
    """One track of another system; `flight_level` is in hundreds of feet."""

    t_ns: int
    number: int
    lat_deg: float
    lon_deg: float
    flight_level: float
    east_mps: float
    north_mps: float


def system_tracks(sac: int, sic: int, tracks: Sequence[SystemTrack]) -> bytes:
    """One CAT062 data block with a record for each of `tracks`, all marked as simulated."""
    return _block(62, b"".join(_system_track(sac, sic, track) for track in tracks))


def target_reports(sac: int, sic: int, plots: Sequence[Plot]) -> bytes:
    """One CAT048 data block with a record for each of `plots`, all marked as simulated."""
    return _block(48, b"".join(_target_report(sac, sic, plot) for plot in plots))


def north_marker(
    sac: int, sic: int, t_ns: int, scan_s: float, place: tuple[float, float, float]
) -> bytes:
    """CAT034 north marker; `place` is latitude, longitude (deg) and height (m) of the antenna."""
    lat_deg, lon_deg, height_m = place
    record = struct.pack(">BBBBB", 0b1110_1001, 0b0001_0000, sac, sic, 1)
    record += _time_of_day(t_ns) + _period(scan_s)
    record += struct.pack(">h", round(height_m))
    record += _signed_24(round(lat_deg / _POSITION_LSB_DEG))
    record += _signed_24(round(lon_deg / _POSITION_LSB_DEG))
    return _block(34, record)


def sector_crossing(sac: int, sic: int, t_ns: int, scan_s: float, azimuth_deg: float) -> bytes:
    """CAT034 sector crossing: the antenna passes `azimuth_deg`."""
    sector = round(azimuth_deg * 256.0 / 360.0) % 256
    record = struct.pack(">BBBB", 0b1111_1000, sac, sic, 2)
    return _block(34, record + _time_of_day(t_ns) + bytes([sector]) + _period(scan_s))


def _target_report(sac: int, sic: int, plot: Plot) -> bytes:
    """One CAT048 record: the three octets of FSPEC in UAP order, then the items."""
    first, second, third = 0b1111_0000, 0, 0  # 010, 140, 020, 040
    items = [
        bytes([sac, sic]),
        _time_of_day(plot.t_ns),
        bytes([plot.report_type << 5 | _SIM_BIT]),
        _polar(plot.range_m, plot.azimuth_deg),
    ]
    if plot.mode_3a >= 0:
        first |= 0b0000_1000
        items.append(struct.pack(">H", plot.mode_3a))
    if not math.isnan(plot.flight_level):
        first |= 0b0000_0100
        items.append(struct.pack(">H", round(plot.flight_level * 4.0) & 0x3FFF))
    if plot.mode_s >= 0:
        second |= 0b1000_0000
        items.append(plot.mode_s.to_bytes(3, "big"))
    if not math.isnan(plot.height_m):
        third |= 0b0000_1000
        items.append(_height(plot.height_m))
    return _fspec(first, second, third) + b"".join(items)


def _system_track(sac: int, sic: int, track: SystemTrack) -> bytes:
    """I062/010, 070, 105, 185, 040, 080 and 136."""
    return b"".join(
        (
            _fspec(0b1001_1010, 0b0000_1100, 0b0010_0000),
            bytes([sac, sic]),
            _time_of_day(track.t_ns),
            struct.pack(
                ">iihh",
                round(track.lat_deg / _TRACK_LSB_DEG),
                round(track.lon_deg / _TRACK_LSB_DEG),
                round(track.east_mps * 4.0),
                round(track.north_mps * 4.0),
            ),
            struct.pack(">H", track.number),
            bytes([0b0000_0001, 0b1000_0000]),  # the first extent, empty, and SIM in the second
            struct.pack(">h", round(track.flight_level * 4.0)),
        )
    )


def _fspec(*octets: int) -> bytes:
    """Field specification without trailing empty octets; bit 1 (FX) says that one more follows."""
    used = max(i for i, octet in enumerate(octets) if octet) + 1
    return bytes(octet | (i < used - 1) for i, octet in enumerate(octets[:used]))


def _polar(range_m: float, azimuth_deg: float) -> bytes:
    """I048/040."""
    rho = min(max(round(range_m / NAUTICAL_MILE_M * 256.0), 0), 0xFFFF)
    theta = round(azimuth_deg * 65536.0 / 360.0) & 0xFFFF
    return struct.pack(">HH", rho, theta)


def _height(height_m: float) -> bytes:
    """I048/110: 14 bits, two's complement, held within the field's +-62 km."""
    steps = min(max(round(height_m / (25.0 * FOOT_M)), -0x2000), 0x1FFF)
    return struct.pack(">H", steps & 0x3FFF)


def _time_of_day(t_ns: int) -> bytes:
    """Time since UTC midnight in 1/128 s, 0 again at midnight."""
    ticks = round(t_ns % NS_PER_DAY * _TICKS_PER_S / NS_PER_S) % _TICKS_PER_DAY
    return ticks.to_bytes(3, "big")


def _period(scan_s: float) -> bytes:
    """I034/041."""
    return struct.pack(">H", round(scan_s * _TICKS_PER_S))


def _signed_24(value: int) -> bytes:
    """Three octets, two's complement."""
    return (value & 0xFFFFFF).to_bytes(3, "big")


def _block(category: int, records: bytes) -> bytes:
    """One data block: category, length of the whole, records."""
    assert len(records) + 3 <= 0xFFFF, "more plots in one sector than a data block can carry"
    return struct.pack(">BH", category, len(records) + 3) + records
