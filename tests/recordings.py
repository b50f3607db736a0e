"""Recordings of ordinary air traffic, as real-like radars and a tracker would have sent them.

Everything is made here and by others' tools: places by pyproj, ASTERIX by libasterix, the capture
by `struct`. Nothing of the package under test takes part.

The picture: airliners in cruise, turning, climbing and descending down to 1,500 m, light aircraft
and helicopters, and primary-only false plots; three radars of SAC 25, one placed by a site file
(SIC 201), two that tell their place in I034/120 (SIC 12 and 14); one tracker (SIC 100).
"""

import bisect
import importlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyproj
from numpy.typing import NDArray

Real = NDArray[np.float64]

CROATIA: Final = (44.9, 15.9)
UKRAINE: Final = (49.3, 31.3)
T_NS: Final = 1_778_576_400_000_000_000  # 2026-05-12T09:00:00Z
SAC: Final = 25
TRACKER: Final = 100
TSE: Final = 0b0100000  # second part of I062/080, the extension bit left out: the track ended
NAUTICAL_MILE_M: Final = 1852.0
EARTH_M: Final = 6_371_009.0
_ECEF: Final = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


@dataclass(frozen=True)
class Radar:
    """One radar; its place is in metres east and north of the middle of the picture."""

    sic: int
    east_m: float
    north_m: float
    height_m: float
    scan_s: float
    reach_m: float
    tells_place: bool
    north_s: float  # the antenna first passes north so long after the start
    sectors: int = 5
    clutter: float = 8.0  # false plots a scan, on average


RADARS: Final = (
    Radar(201, 20e3, 70e3, 1000.0, 10.0, 350e3, False, 0.0),
    Radar(12, -10e3, -90e3, 700.0, 10.0, 350e3, True, 6.3),
    Radar(14, -60e3, 0.0, 80.0, 4.0, 110e3, True, 2.6, sectors=2),
)
LIGHT: Final = ("light", "helicopter")


@dataclass(frozen=True)
class Aircraft:
    """One flight: its place at each second from 0 on."""

    kind: str
    number: int
    lat_deg: Real
    lon_deg: Real
    height_m: Real

    @property
    def mode_s(self) -> int:
        return 0x501C00 + self.number

    @property
    def mode_3a(self) -> int:
        return 0o4321 + 7 * self.number

    @property
    def callsign(self) -> str:
        return f"TST{self.number:03d}"

    def at(self, t_s: Real) -> tuple[Real, Real, Real]:
        seconds = np.arange(len(self.lat_deg), dtype=np.float64)
        return tuple(  # type: ignore[return-value]
            np.interp(t_s, seconds, column)
            for column in (self.lat_deg, self.lon_deg, self.height_m)
        )


@dataclass
class Recording:
    """What was sent: (time of receipt, datagram), and what is in it."""

    datagrams: list[tuple[int, bytes]] = field(default_factory=list)
    records: int = 0
    plots: int = 0
    unplaced: int = 0

    def capture(self, networks: int = 2) -> bytes:
        """A libpcap file, each datagram seen on so many networks."""
        packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
        sent = [
            (t_ns + copy * 400_000, copy, payload)
            for t_ns, payload in self.datagrams
            for copy in range(networks)
        ]
        for t_ns, network, payload in sorted(sent, key=lambda packet: packet[:2]):
            packet = _ethernet(network, payload)
            head = (t_ns // 10**9, t_ns % 10**9 // 1000, len(packet), len(packet))
            packets.append(struct.pack("<IIII", *head) + packet)
        return b"".join(packets)


def _ethernet(network: int, payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 30000, 8600 + network, 8 + len(payload), 0) + payload
    group, sender = bytes([232, 1, 1, 10 + network]), bytes([10, 17, network, 5])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 16, 17, 0) + sender + group
    return bytes.fromhex("01005e01010a001b210000010800") + ip + udp


# ---- the world ---------------------------------------------------------------------------------


def traffic(
    seed: int, seconds: int, middle: tuple[float, float], counts: dict[str, int]
) -> list[Aircraft]:
    """Flights of each kind of `counts`, kept apart as air traffic control keeps them (5 NM, or
    300 m in height)."""
    chance = np.random.default_rng(seed)
    flown: list[Aircraft] = []
    for kind, count in counts.items():
        wanted = len(flown) + count
        while len(flown) < wanted:
            candidate = _flight(chance, kind, len(flown), seconds, middle)
            if all(_apart(candidate, other) for other in flown):
                flown.append(candidate)
    return flown


def _apart(one: Aircraft, two: Aircraft) -> bool:
    north_m = (one.lat_deg - two.lat_deg) * 111_195.0
    east_m = (one.lon_deg - two.lon_deg) * 111_195.0 * np.cos(np.radians(one.lat_deg))
    beside = np.hypot(north_m, east_m) > 5 * NAUTICAL_MILE_M
    return bool((beside | (np.abs(one.height_m - two.height_m) > 300.0)).all())


def _flight(
    chance: np.random.Generator, kind: str, number: int, seconds: int, middle: tuple[float, float]
) -> Aircraft:
    """A flight whose half-way point lies in a circle about the middle."""
    t_s = np.arange(seconds + 2, dtype=np.float64)
    height_m, speed_mps, turn_dps = _profile(chance, kind, t_s)
    heading = np.radians(chance.uniform(0, 360) + np.cumsum(turn_dps))
    radius_m = (80e3 if kind in LIGHT else 150e3) * chance.uniform() ** 0.5
    bearing = chance.uniform(0, 2 * np.pi)
    east_m = np.cumsum(speed_mps * np.sin(heading))
    north_m = np.cumsum(speed_mps * np.cos(heading))
    half = len(t_s) // 2
    east_m += radius_m * np.sin(bearing) - east_m[half]
    north_m += radius_m * np.cos(bearing) - north_m[half]
    lat_deg, lon_deg = place(middle, east_m, north_m)
    return Aircraft(kind, number, lat_deg, lon_deg, height_m)


def _profile(chance: np.random.Generator, kind: str, t_s: Real) -> tuple[Real, Real, Real]:
    """Height (m), speed over ground (m/s) and turn (degrees a second) of a kind of flight."""
    ones, turn = np.ones_like(t_s), np.zeros_like(t_s)
    begun = chance.uniform(0.1, 0.6) * t_s[-1]
    if kind in ("cruise", "turning"):
        if kind == "turning":
            right = chance.choice([-1.0, 1.0]) * 1.2
            turn = np.where((t_s > begun) & (t_s < begun + chance.uniform(25, 75)), right, 0.0)
        level_m = 304.8 * chance.integers(28, 41)
        return level_m * ones, chance.uniform(200, 260) * ones, turn
    if kind == "climbing":
        rate = np.interp(t_s, [0, 250, 600], [chance.uniform(9, 13), 9.0, 6.0])
        height_m = chance.uniform(1500, 3000) + np.cumsum(rate)
    elif kind == "descending":
        rate = chance.uniform(6.5, 9.5)
        height_m = np.maximum(chance.uniform(4500, 8500) - rate * t_s, 1500.0)
        right = chance.choice([-1.0, 1.0]) * 1.5
        turn = np.where((t_s > begun) & (t_s < begun + 60), right, 0.0)
    else:
        speed_mps = chance.uniform(*{"light": (48, 70), "helicopter": (40, 65)}[kind])
        right = chance.choice([-1.0, 1.0]) * 2.0
        turn = np.where((t_s > begun) & (t_s < begun + 45), right, 0.0)
        return chance.uniform(300, 1500) * ones, speed_mps * ones, turn
    # Speed over ground of jets in climb and descent: 250 kt indicated below FL100, then faster.
    speeds = ([1500, 2500, 3000, 4500, 8000, 10500], [105, 130, 148, 175, 215, 235])
    return height_m, np.interp(height_m, *speeds) * chance.uniform(0.95, 1.05), turn


def place(middle: tuple[float, float], east_m: Any, north_m: Any) -> tuple[Any, Any]:
    """Latitude and longitude so far from the middle (small distances on a sphere)."""
    lat_deg = middle[0] + np.degrees(north_m / EARTH_M)
    lon_deg = middle[1] + np.degrees(east_m / EARTH_M / np.cos(np.radians(lat_deg)))
    return lat_deg, lon_deg


def ecef(lat_deg: Any, lon_deg: Any, height_m: Any) -> Real:
    """ECEF metres (n, 3), by PROJ."""
    return np.stack(_ECEF.transform(lon_deg, lat_deg, height_m), axis=-1)


def flight_level(height_m: Any) -> Any:
    """What a transponder tells, in quarters of a flight level: weather and geoid are in it."""
    return np.rint(((height_m - 45.0) / 1.015 + 60.0) / 7.62).astype(int)


# ---- radars ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plot:
    """One report; `aircraft` is None for a false one."""

    t_s: float
    range_m: float
    azimuth_deg: float
    aircraft: Aircraft | None
    flight_level: int = 0


def radar_place(radar: Radar, middle: tuple[float, float]) -> tuple[float, float]:
    """Where it stands."""
    lat_deg, lon_deg = place(middle, radar.east_m, radar.north_m)
    return float(lat_deg), float(lon_deg)


def plots(
    radar: Radar,
    middle: tuple[float, float],
    flights: Iterable[Aircraft],
    seconds: float,
    seed: int,
    miss: float = 0.1,
) -> list[Plot]:
    """What the radar reports within `seconds`, in order of time."""
    chance = np.random.default_rng([seed, radar.sic])
    found: list[Plot] = []
    scans = np.arange(-1, seconds // radar.scan_s + 1)
    for flight in flights:
        t_s = radar.north_s + scans * radar.scan_s
        for _ in range(4):
            range_m, azimuth_deg, seen = _polar(radar, middle, flight, t_s)
            t_s = radar.north_s + (scans + azimuth_deg / 360) * radar.scan_s
        seen &= (t_s >= 0) & (t_s < seconds) & (chance.uniform(size=len(scans)) > miss)
        level = flight_level(flight.at(t_s)[2])
        range_m = range_m + chance.normal(0, 40, len(scans))
        azimuth_deg = azimuth_deg + chance.normal(0, 0.06, len(scans))
        found += [
            Plot(float(t_s[k]), float(range_m[k]), float(azimuth_deg[k]), flight, int(level[k]))
            for k in np.flatnonzero(seen)
        ]
    for _ in range(chance.poisson(radar.clutter * seconds / radar.scan_s)):
        t = float(chance.uniform(0, seconds))
        azimuth = (t - radar.north_s) / radar.scan_s * 360 % 360
        found.append(Plot(t, float(chance.uniform(5e3, 90e3)), azimuth, None))
    return sorted(found, key=lambda plot: plot.t_s)


def _polar(
    radar: Radar, middle: tuple[float, float], flight: Aircraft, t_s: Real
) -> tuple[Real, Real, NDArray[np.bool_]]:
    """Slant range, azimuth of the flight at `t_s`, and whether it is in view."""
    lat_deg, lon_deg = radar_place(radar, middle)
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    up = np.cross(east, north)
    where = flight.at(t_s)
    away_m = ecef(*where) - ecef(lat_deg, lon_deg, radar.height_m)
    range_m = np.linalg.norm(away_m, axis=-1)
    azimuth_deg = np.degrees(np.arctan2(away_m @ east, away_m @ north)) % 360
    horizon_m = np.sqrt(2 * 4 / 3 * EARTH_M) * (radar.height_m**0.5 + where[2] ** 0.5)
    steep = away_m @ up > 0.7 * range_m  # the cone of silence
    return range_m, azimuth_deg, (range_m < np.minimum(radar.reach_m, horizon_m)) & ~steep


def radar_recording(
    flights: Iterable[Aircraft],
    middle: tuple[float, float],
    seconds: float,
    seed: int,
    identity: bool = True,
    radars: tuple[Radar, ...] = RADARS,
    miss: float = 0.1,
) -> Recording:
    """All radars' datagrams: the plots of a sector, and the service message that ends it."""
    recording = Recording()
    flights = list(flights)
    for radar in radars:
        waiting = plots(radar, middle, flights, seconds, seed, miss)
        placed, begun = not radar.tells_place, 0
        step_s = radar.scan_s / radar.sectors
        first = radar.north_s % step_s
        for n in range(int((seconds - first) / step_s) + 1):
            t_s = first + n * step_s
            sector = round((t_s - radar.north_s) / step_s) % radar.sectors
            end = bisect.bisect_left(waiting, t_s, begun, key=lambda plot: plot.t_s)
            own, begun = waiting[begun:end], end
            payload = _target_reports(radar, own, identity) if own else b""
            payload += _service(radar, middle, t_s, sector)
            recording.datagrams.append((T_NS + round((t_s + 0.06) * 1e9), payload))
            recording.records += len(own) + 1
            recording.plots += len(own)
            recording.unplaced += 0 if placed else len(own)
            placed |= sector == 0
    recording.datagrams.sort()
    return recording


def _spec(name: str) -> Any:
    return getattr(importlib.import_module("asterix.generated"), name)  # takes seconds: when needed


def _time_of_day(t_s: float) -> int:
    t_ns = T_NS + round(t_s * 1e9)
    return t_ns % 86_400_000_000_000 // 7_812_500


def _target_reports(radar: Radar, own: list[Plot], identity: bool) -> bytes:
    spec = _spec("Cat_048_1_32")
    records = []
    for plot in own:
        kind = 1 if plot.aircraft is None else 5  # primary alone, or Mode S roll-call
        items: dict[str, Any] = {
            "010": (SAC << 8) + radar.sic,
            "140": _time_of_day(plot.t_s),
            "020": (kind << 4,),
            "040": (round(plot.range_m / NAUTICAL_MILE_M * 256) << 16)
            + round(plot.azimuth_deg * 65536 / 360) % 65536,
        }
        if plot.aircraft is not None:
            items["090"] = plot.flight_level
            if identity:
                items["070"] = plot.aircraft.mode_3a
                items["220"] = plot.aircraft.mode_s
                items["240"] = plot.aircraft.callsign
                items["161"] = plot.aircraft.number + 1
        records.append(spec.cv_record.create(items))
    return bytes(spec.create(records).unparse().to_bytes())


def _service(radar: Radar, middle: tuple[float, float], t_s: float, sector: int) -> bytes:
    spec = _spec("Cat_034_1_29")
    items: dict[str, Any] = {
        "010": (SAC << 8) + radar.sic,
        "000": 1 if sector == 0 else 2,
        "030": _time_of_day(t_s),
        "020": sector * 256 // radar.sectors,
    }
    if sector == 0:
        items["041"] = round(radar.scan_s * 128)
        if radar.tells_place:
            lat_deg, lon_deg = (round(x / (180 / 2**23)) for x in radar_place(radar, middle))
            items["120"] = (round(radar.height_m) << 48) + (lat_deg << 24) + lon_deg
    return bytes(spec.create([spec.cv_record.create(items)]).unparse().to_bytes())


# ---- one tracker -------------------------------------------------------------------------------


def tracker_recording(
    flights: Iterable[Aircraft],
    seconds: float,
    seed: int,
    identity: bool = True,
    ends: dict[int, float] | None = None,
    period_s: float = 4.0,
) -> Recording:
    """The same picture as system tracks; flight number -> when its track ends (I062/080 TSE)."""
    ends = ends or {}
    recording = Recording()
    chance = np.random.default_rng([seed, TRACKER])
    flights = list(flights)
    error_m = chance.normal(0, 60, (len(flights), 2))
    for n in range(int(seconds / period_s)):
        t_s = n * period_s
        error_m = 0.8 * error_m + chance.normal(0, 36, error_m.shape)
        records = []
        for flight, error in zip(flights, error_m, strict=True):
            end_s = ends.get(flight.number, np.inf)
            if t_s < end_s + period_s:
                records.append(_system_track(flight, t_s, error, identity, t_s >= end_s))
        for part in _parts(records, 24):
            payload = _spec("Cat_062_1_20").create(part).unparse().to_bytes()
            t_ns = T_NS + round((t_s + 0.4 + 0.001 * len(recording.datagrams) % 0.01) * 1e9)
            recording.datagrams.append((t_ns, bytes(payload)))
            recording.records += len(part)
    return recording


def _parts(records: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _system_track(flight: Aircraft, t_s: float, error: Real, identity: bool, last: bool) -> Any:
    lat_deg, lon_deg, height_m = (
        column.tolist() for column in flight.at(np.array([t_s, t_s + 1.0]))
    )
    east_per_deg = 111_195.0 * np.cos(np.radians(lat_deg[0]))
    vx_mps = (lon_deg[1] - lon_deg[0]) * east_per_deg
    vy_mps = (lat_deg[1] - lat_deg[0]) * 111_195.0
    unit = 180 / 2**25
    lat = round((lat_deg[0] + error[1] / 111_195.0) / unit)
    lon = round((lon_deg[0] + error[0] / east_per_deg) / unit)
    level = int(flight_level(height_m[0]))
    climb_fpm = (height_m[1] - height_m[0]) / 0.3048 * 60
    items: dict[str, Any] = {
        "010": (SAC << 8) + TRACKER,
        "015": 1,
        "070": _time_of_day(t_s),
        "105": (lat << 32) + lon,
        "185": (round(vx_mps * 4) % 65536 << 16) + round(vy_mps * 4) % 65536,
        "040": flight.number + 1,
        "080": (0, TSE) if last else (0,),
        "136": level,
        "135": level,
        "220": round(climb_fpm / 6.25) % 65536,
        "500": {"APC": (120 << 16) + 120},
    }
    if identity:
        items["060"] = flight.mode_3a
        items["380"] = {"ADR": flight.mode_s, "ID": flight.callsign}
    return _spec("Cat_062_1_20").cv_record.create(items)


# ---- what is taken away ------------------------------------------------------------------------

SPECS: Final = {34: "Cat_034_1_29", 48: "Cat_048_1_32", 62: "Cat_062_1_20"}
IDENTITY: Final = {
    34: (),
    48: ("070", "220", "240", "250", "161", "080"),
    62: ("060", "245", "380", "120", "390"),
}


def without_identity(payload: bytes) -> bytes:
    """The datagram encoded anew without the items that say who it is.

    I062/040, the tracker's own number, is mandatory and says nothing of that: it stays. Blocks of
    other categories stay as they are.
    """
    base = importlib.import_module("asterix.base")
    blocks = base.RawDatablock.parse(base.Bits.from_bytes(payload))
    assert not isinstance(blocks, ValueError), blocks
    out = b""
    for block in blocks:
        if block.get_category() not in SPECS:
            out += block.unparse().to_bytes()
            continue
        spec = _spec(SPECS[block.get_category()])
        records = spec.cv_uap.parse(block.get_raw_records())
        assert not isinstance(records, ValueError), records
        bare = []
        for record in records:
            for item in IDENTITY[block.get_category()]:
                record = record.del_item(item)
            bare.append(record)
        out += spec.create(bare).unparse().to_bytes()
    return out
