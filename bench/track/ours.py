"""Tocsin's `Picture` on a scene. Reports are made, and results taken apart, outside the clock."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.track.metrics import SHOWN, Bools, Floats, gospa, real
from bench.track.scene import DETECTED, RADAR_M, Scene
from tocsin import geo
from tocsin.track import Picture, bank
from tocsin.words import Fixes, Sensors, Tracks

T0_NS: Final = 1_790_000_000_000_000_000
NS_PER_S: Final = 1_000_000_000
AXES: Final = geo.local_axes(np.array(48.0), np.array(32.0))
ORIGIN_M: Final = geo.ecef(np.array(48.0), np.array(32.0), np.array(0.0))
FULL: Final = "full"  # every model of flight
KALMAN: Final = "kalman"  # one constant-velocity model, as the peers have


@dataclass(slots=True, kw_only=True)
class Run:
    """What a tracker showed after each scan, and the seconds of processor time of each.

    `update_s` is the part of `spent_s` without taking the result out; empty for the peers.
    """

    shown_m: list[Floats]
    spent_s: list[float]
    update_s: list[float]

    def gospa_m(self, scene: Scene, first: int, end: int) -> float:
        """Mean over scans [first, end), or as far as the run came."""
        scans = range(first, min(end, len(self.shown_m)))
        return float(np.mean([gospa(scene.there_m(k), self.shown_m[k]) for k in scans]))

    def detections_ps(self, scene: Scene) -> float:
        return float(scene.first[len(self.spent_s)] / sum(self.spent_s))


def picture(models: str) -> Picture:
    return Picture(bank=bank.kalman()) if models == KALMAN else Picture()


def reports(scene: Scene, k: int) -> Fixes:
    """Scan `k` as the tracker takes it."""
    rows = scene.rows(k)
    return fixes(scene.report_m[rows], scene.noise_m2[rows], t_ns(scene, k), rows.start)


def t_ns(scene: Scene, k: int) -> int:
    return T0_NS + round(k * scene.scan_s * NS_PER_S)


def fixes(place_m: Floats, noise_m2: Floats, at_ns: int, serial: int) -> Fixes:
    """Plots of one look with three measured coordinates, from local places."""
    n = len(place_m)
    absent = np.full(n, -1, np.int32)
    return Fixes(
        t_ns=np.full(n, at_ns, np.int64),
        sensor=np.zeros(n, np.int32),
        position_m=ORIGIN_M + place_m @ AXES,
        covariance_m2=AXES.T @ noise_m2 @ AXES,
        has_height=np.ones(n, np.bool_),
        velocity_mps=np.full((n, 3), np.nan),
        range_rate_mps=np.full(n, np.nan),
        system_track=np.zeros(n, np.bool_),
        track_number=absent,
        mode_3a=absent,
        mode_s=absent,
        friend=np.zeros(n, np.bool_),
        hint=np.zeros(n, np.int8),
        ends=np.zeros(n, np.bool_),
        evidence=np.arange(serial, serial + n, dtype=np.int64),
    )


def radar(heard_ns: int, scan_s: float = 1.0) -> Sensors:
    """The scenario's radar: what its site file would say of it."""
    return Sensors(
        names=("radar",),
        position_m=(ORIGIN_M + np.array(RADAR_M) @ AXES)[None],
        range_m_max=np.array([200_000.0]),
        scan_s=np.array([scan_s]),
        detection_chance=np.array([DETECTED]),
        t_ns_heard=np.array([heard_ns], np.int64),
        stale_s=np.array([15.0]),
    )


def local_m(tracks: Tracks, rows: Bools) -> Floats:
    return np.asarray((tracks.position_m[rows] - ORIGIN_M) @ AXES.T)


def play(scene: Scene, models: str = FULL, scans: int = 1_000_000) -> Run:
    """The first `scans` scans; the clock runs for `update` and `tracks` only."""
    run = Run(shown_m=[], spent_s=[], update_s=[])
    for tracks in steps(scene, models, run, scans):
        run.shown_m.append(local_m(tracks, tracks.existence >= SHOWN))
    return run


def steps(scene: Scene, models: str, run: Run, scans: int = 1_000_000) -> Iterator[Tracks]:
    """Yield the tracks after each scan; the time goes into `run`."""
    mine = picture(models)
    for k in range(min(scans, scene.scans)):
        at_ns = t_ns(scene, k)
        batch, sensors = reports(scene, k), radar(at_ns, scene.scan_s)
        began = time.thread_time()
        mine.update(at_ns, batch, sensors)
        updated = time.thread_time()
        tracks = mine.tracks()
        run.spent_s.append(time.thread_time() - began)
        run.update_s.append(updated - began)
        yield tracks


def judged(scene: Scene, first: int, models: str = FULL) -> tuple[Floats, Bools]:
    """(existence, whether it was real) of every track of every scan from `first` on."""
    said, was = [], []
    run = Run(shown_m=[], spent_s=[], update_s=[])
    for k, tracks in enumerate(steps(scene, models, run)):
        if k < first:
            continue
        covariance = AXES @ tracks.covariance[:, :3, :3] @ AXES.T
        everyone = np.ones(len(tracks), np.bool_)
        said.append(tracks.existence)
        was.append(real(scene.there_m(k), local_m(tracks, everyone), covariance))
    return np.concatenate(said), np.concatenate(was)
