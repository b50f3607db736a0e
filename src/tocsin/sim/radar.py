"""One rotating 3-D radar: what it sees in each turn, and the datagrams that it sends.

The antenna turns evenly. A target is looked at when the beam meets its azimuth; it can be seen
within the instrumented range and above the radio horizon of a 4/3 Earth. Plots leave in one
datagram for each sector (usually of 11.25 deg) as the beam leaves it, after a sector crossing
message; a north marker opens each turn. What ails a radar is in `faults`. Not modelled: resolution
of close targets, multipath, weather, the cone of silence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_MS, ns
from tocsin.sim import asterix
from tocsin.sim.faults import WELL, Ails
from tocsin.sim.routes import Path
from tocsin.words import FloatArray, IntArray, SensorSite

SAC: Final = 254
"""Chosen: not the code of any country; the simulated radars are SAC 254, SIC 1, 2, ..."""
SECTORS: Final = 32  # sectors of 11.25 deg: 32 messages a turn, as CAT034 radars commonly send
TRANSPONDER_CHANCE: Final = 0.97  # of an answer in one look; chosen, secondary radar at its usual
LATENCY_NS: Final = (20 * NS_PER_MS, 150 * NS_PER_MS)  # chosen: extraction and a regional network
CLUTTER_HEIGHT_M: Final = 3_000.0  # false plots lie between the ground and here; chosen

FALSE_ALARM: Final = 1e-6  # chance in one resolution cell; the usual design figure
EDGE_SNR: Final = 20.0
"""13 dB from 1 m2 at the edge of the instrumented range: there half of its looks are detected.
Chosen, so that a flock of 0.02 m2 is seen in three looks of four at 60 km, one of six at 100."""
NOTCH_MPS: Final = 5.0  # radial speed at which the Doppler filter has let 63 % through; chosen
STILL_SHARE: Final = 0.2
"""Share of looks at what has no radial speed that are detected all the same: rotor blades, gusts,
cells with no ground echo. Chosen."""

_ROUNDS: Final = 5
_MET_S: Final = 0.02
"""The beam met the target if time and azimuth agree this well; rounds that jump over north fail."""


class Emission(NamedTuple):
    """A datagram: when it is received, from which source, its bytes."""

    t_ns: int
    source: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One flight as a radar meets it; `mode_3a` and `mode_s` are -1 without.

    `echo_m2` is its radar cross-section (0: as visible as can be, whatever its range and speed);
    its transponder does not answer from `silent_s` on.
    """

    path: Path
    visibility: float = 1.0
    echo_m2: float = 0.0
    silent_s: float = math.inf
    mode_3a: int = -1
    mode_s: int = -1


class Looks(NamedTuple):
    """What the beam met of one target: float64 (k,) each, no noise yet, only what can be seen."""

    t_s: FloatArray
    range_m: FloatArray
    azimuth_deg: FloatArray
    height_m: FloatArray


@dataclass(frozen=True, slots=True)
class Radar:
    """`site` with its phase: `north_s` float64 (k,), the times at which the beam points north."""

    site: SensorSite
    north_s: FloatArray
    t_ns_start: int
    sectors: int = SECTORS

    @property
    def sector_s(self) -> float:
        """How long the beam takes through one sector."""
        return self.site.scan_s / self.sectors

    def t_ns(self, t_s: float) -> int:
        """Seconds of the scenario as POSIX nanoseconds."""
        return self.t_ns_start + ns(t_s)


def radar(
    site: SensorSite,
    seconds: float,
    t_ns_start: int,
    rng: np.random.Generator,
    sectors: int = SECTORS,
) -> Radar:
    """`site` turning through the scenario, at a random phase."""
    turns = int(np.ceil(seconds / site.scan_s)) + 1
    north_s = (np.arange(turns, dtype=np.float64) - rng.uniform()) * site.scan_s
    return Radar(site, np.asarray(north_s, np.float64), t_ns_start, sectors)


def datagrams(
    source: Radar,
    targets: Sequence[Target],
    seconds: float,
    clutter_per_scan: float,
    rng: np.random.Generator,
    ails: Ails = WELL,
) -> list[Emission]:
    """All datagrams of one radar received within the scenario, in order."""
    plots: dict[int, list[asterix.Plot]] = {}
    for plot in _plots(source, targets, clutter_per_scan, rng, ails):
        since_s = (plot.t_ns - source.t_ns(float(source.north_s[0]))) / 1e9
        told = ails.told(plot, (plot.t_ns - source.t_ns_start) / 1e9) if ails.faults else plot
        plots.setdefault(int(since_s // source.sector_s), []).append(told)
    sends: list[tuple[float, bytes]] = []
    site = source.site
    for number in range(source.sectors * len(source.north_s)):
        t_s = float(source.north_s[0]) + number * source.sector_s
        sends.append((t_s, _service(source, t_s + ails.clock_s(t_s), number % source.sectors)))
        if number in plots:
            block = asterix.target_reports(site.sac, site.sic, plots[number])
            sends.append((t_s + source.sector_s, block))
    sends.sort(key=lambda send: send[0])
    delays = rng.integers(*LATENCY_NS, size=len(sends))
    received = np.array([source.t_ns(t_s) for t_s, _ in sends]) + delays
    received = np.maximum.accumulate(received)  # one link does not re-order
    lost = ails.lost([t_s for t_s, _ in sends])
    end_ns = source.t_ns(seconds)
    return [
        Emission(t_ns, site.name, payload)
        for t_ns, (t_s, payload), gone in zip(received.tolist(), sends, lost, strict=True)
        if t_s >= 0.0 and t_ns <= end_ns and not gone
    ]


def looks(source: Radar, path: Path) -> Looks:
    """Every meeting of beam and target in which the target is within range and horizon.

    When the beam meets a moving target: fixed point of ``t = north + azimuth(t) / 360 * scan``;
    a target moves by a small part of a degree in one turn, so a few rounds suffice.
    """
    site = source.site
    t_s = source.north_s + site.scan_s / 2.0
    for _ in range(_ROUNDS):
        azimuth_deg = _azimuth_deg(site, path.at(t_s))
        t_s = source.north_s + azimuth_deg / 360.0 * site.scan_s
    position_m = path.at(t_s)
    azimuth_deg = _azimuth_deg(site, position_m)
    met = np.abs(source.north_s + azimuth_deg / 360.0 * site.scan_s - t_s) < _MET_S
    range_m = np.linalg.norm(position_m - _antenna_m(site), axis=1)
    lat, lon, height_m = geo.geodetic(position_m)
    along_m = geo.ground_distance_m(np.array(site.lat_deg), np.array(site.lon_deg), lat, lon)
    horizon_m = geo.radio_horizon_m(np.array(site.height_m), height_m)
    seen = met & path.flying(t_s) & (range_m <= site.range_m_max) & (along_m <= horizon_m)
    return Looks(t_s[seen], range_m[seen], azimuth_deg[seen], height_m[seen])


def _plots(
    source: Radar,
    targets: Sequence[Target],
    clutter_per_scan: float,
    rng: np.random.Generator,
    ails: Ails,
) -> list[asterix.Plot]:
    """True and false plots in the order in which the beam made them."""
    made = _false_plots(source, clutter_per_scan, rng)
    for fault in ails.faults:
        added = _false_plots(source, fault.clutter_per_scan, ails.rng, fault.clutter_deg)
        made += [plot for plot in added if fault.holds((plot.t_ns - source.t_ns_start) / 1e9)]
    for target in targets:
        made += _target_plots(source, target, rng, ails)
    return sorted(made, key=lambda plot: (plot.t_ns, plot.azimuth_deg, plot.range_m))


def _target_plots(
    source: Radar, target: Target, rng: np.random.Generator, ails: Ails = WELL
) -> list[asterix.Plot]:
    """Detections of one target: by echo, by transponder, or both; with noise."""
    site, seen = source.site, looks(source, target.path)
    n = len(seen.t_s)
    share = _echo_share(site, target, seen)
    if ails.faults:
        share = share * ails.sees(seen.t_s)
    echo = rng.uniform(size=n) < site.detection_chance * share
    answer = rng.uniform(size=n) < TRANSPONDER_CHANCE
    answer &= (target.mode_3a >= 0 or target.mode_s >= 0) & (seen.t_s < target.silent_s)
    range_m = seen.range_m + rng.normal(0.0, site.sigma_range_m, n)
    azimuth_deg = (seen.azimuth_deg + rng.normal(0.0, site.sigma_azimuth_deg, n)) % 360.0
    height_m = seen.height_m + rng.normal(0.0, site.sigma_height_m, n)
    plots = []
    for i in np.flatnonzero(echo | answer):
        level = round(float(seen.height_m[i]) / geo.FOOT_M / 100.0)
        plots.append(
            asterix.Plot(
                t_ns=source.t_ns(float(seen.t_s[i])),
                report_type=_report_type(bool(echo[i]), bool(answer[i]), target.mode_s >= 0),
                range_m=max(float(range_m[i]), 0.0),
                azimuth_deg=float(azimuth_deg[i]),
                mode_3a=target.mode_3a if answer[i] else -1,
                mode_s=target.mode_s if answer[i] else -1,
                flight_level=float(level) if answer[i] else float("nan"),
                height_m=float(height_m[i]) if echo[i] else float("nan"),
            )
        )
    return plots


def _echo_share(site: SensorSite, target: Target, seen: Looks) -> FloatArray:
    """Share (k,) of the site's detection chance that is left for this target at each look.

    One pulse from a target that fluctuates from look to look is detected with chance
    ``FALSE_ALARM ** (1 / (1 + SNR))`` (Swerling, *Probability of Detection for Fluctuating
    Targets*, RAND RM-1217, 1954, case 1); SNR goes as cross-section over range to the fourth. The
    Doppler filter takes most of what has no radial speed.
    """
    share = np.full(len(seen.t_s), target.visibility)
    if target.echo_m2 <= 0.0:
        return share
    reach = site.range_m_max / np.maximum(seen.range_m, 1.0)
    chance = FALSE_ALARM ** (1.0 / (1.0 + EDGE_SNR * target.echo_m2 * reach**4))
    antenna_m = _antenna_m(site)
    before_m, after_m = (
        np.linalg.norm(target.path.at(seen.t_s + half_s) - antenna_m, axis=1)
        for half_s in (-0.5, 0.5)
    )
    still = np.exp(-(((after_m - before_m) / NOTCH_MPS) ** 2))
    return np.asarray(share * chance * (1.0 - (1.0 - STILL_SHARE) * still))


def _false_plots(
    source: Radar,
    clutter_per_scan: float,
    rng: np.random.Generator,
    between_deg: tuple[float, float] = (0.0, 360.0),
) -> list[asterix.Plot]:
    """False plots: a Poisson number each turn, even over the disc, or over a sector of it."""
    site = source.site
    turn: IntArray = np.repeat(
        np.arange(len(source.north_s)), rng.poisson(clutter_per_scan, len(source.north_s))
    )
    first_deg, last_deg = between_deg
    if last_deg <= first_deg:
        last_deg += 360.0
    azimuth_deg = rng.uniform(first_deg, last_deg, len(turn)) % 360.0
    range_m = site.range_m_max * np.sqrt(rng.uniform(size=len(turn)))
    height_m = rng.uniform(0.0, CLUTTER_HEIGHT_M, len(turn))
    t_s = source.north_s[turn] + azimuth_deg / 360.0 * site.scan_s
    return [
        asterix.Plot(
            t_ns=source.t_ns(float(t_s[i])),
            report_type=asterix.PRIMARY,
            range_m=float(range_m[i]),
            azimuth_deg=float(azimuth_deg[i]),
            height_m=float(height_m[i]),
        )
        for i in range(len(turn))
    ]


def _report_type(echo: bool, answer: bool, mode_s: bool) -> int:
    """I048/020 TYP of what was received."""
    if not answer:
        return asterix.PRIMARY
    if mode_s:
        return asterix.ROLL_CALL_PRIMARY if echo else asterix.ROLL_CALL
    return asterix.SECONDARY_PRIMARY if echo else asterix.SECONDARY


def _service(source: Radar, told_s: float, sector: int) -> bytes:
    """The CAT034 message at the start of `sector`; that of sector 0 is the north marker."""
    site, t_ns = source.site, source.t_ns(told_s)
    if sector == 0:
        place = (site.lat_deg, site.lon_deg, site.height_m)
        return asterix.north_marker(site.sac, site.sic, t_ns, site.scan_s, place)
    azimuth_deg = sector * 360.0 / source.sectors
    return asterix.sector_crossing(site.sac, site.sic, t_ns, site.scan_s, azimuth_deg)


def _antenna_m(site: SensorSite) -> FloatArray:
    return geo.ecef(np.array(site.lat_deg), np.array(site.lon_deg), np.array(site.height_m))


def _azimuth_deg(site: SensorSite, position_m: FloatArray) -> FloatArray:
    """Azimuth (k,) from true north in the horizontal plane of the antenna, 0 to 360."""
    axes = geo.local_axes(np.array(site.lat_deg), np.array(site.lon_deg))
    enu = (position_m - _antenna_m(site)) @ axes.T
    return np.asarray(np.degrees(np.arctan2(enu[:, 0], enu[:, 1])) % 360.0)
