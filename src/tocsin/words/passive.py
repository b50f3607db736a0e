"""What is not a plot: bearings, things heard, silence, friends, launches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.words.basics import BoolArray, FloatArray, Int32Array, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Bearings from known places: n reports in order of arrival.

    t_ns                 int64 (n,)    when the sensor heard or saw it
    node                 int32 (n,)    row of `Nodes`; -1 for a passer-by (then `origin_m` holds)
    origin_m             float64 (n,3) ECEF, where the observer stood
    azimuth_rad          float64 (n,)  clockwise from north at the origin
    sigma_azimuth_rad    float64 (n,)
    elevation_rad        float64 (n,)  above the horizontal; NaN absent
    sigma_elevation_rad  float64 (n,)  NaN absent
    sound                bool (n,)     heard: the bearing points to where it was when the sound left
    hint                 int8 (n,)     HINT_*
    evidence             int64 (n,)    as `Fixes.evidence`
    """

    t_ns: IntArray
    node: Int32Array
    origin_m: FloatArray
    azimuth_rad: FloatArray
    sigma_azimuth_rad: FloatArray
    elevation_rad: FloatArray
    sigma_elevation_rad: FloatArray
    sound: BoolArray
    hint: NDArray[np.int8]
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presences:
    """A node hears something, or (`heard` false: its heartbeat) says that it hears nothing.

    t_ns      int64 (n,)   end of the interval of listening, `Nodes.period_s` long
    node      int32 (n,)   row of `Nodes`
    heard     bool (n,)    false is evidence too: what is near a listening node is heard
    hint      int8 (n,)    HINT_*
    evidence  int64 (n,)
    """

    t_ns: IntArray
    node: Int32Array
    heard: BoolArray
    hint: NDArray[np.int8]
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Friends:
    """What cooperative aircraft say of themselves (ADS-B): a claim, not a measurement.

    t_ns           int64 (n,)
    mode_s         int32 (n,)      24-bit address
    position_m     float64 (n,3)   ECEF
    velocity_mps   float64 (n,3)   ECEF; NaN absent
    sigma_m        float64 (n,)    claimed accuracy of the position
    evidence       int64 (n,)
    """

    t_ns: IntArray
    mode_s: Int32Array
    position_m: FloatArray
    velocity_mps: FloatArray
    sigma_m: FloatArray
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launches:
    """A launch that somebody saw: n reports.

    t_ns               int64 (n,)
    position_m         float64 (n,3)   ECEF, on the ground
    covariance_m2      float64 (n,3,3)
    azimuth_rad        float64 (n,)    towards where, clockwise from north; NaN unknown
    sigma_azimuth_rad  float64 (n,)
    chance             float64 (n,)    that it is one, in the eyes of who reports it
    evidence           int64 (n,)
    """

    t_ns: IntArray
    position_m: FloatArray
    covariance_m2: FloatArray
    azimuth_rad: FloatArray
    sigma_azimuth_rad: FloatArray
    chance: FloatArray
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Every passive listener known now; n may be thousands.

    position_m   float64 (n,3)  ECEF
    reach_m      float64 (n,)   slant range at which half of the drones are heard
    chance       float64 (n,)   to hear, in one period, what is near
    false_ps     float64 (n,)   false reports a second (a tractor, a moped)
    period_s     float64 (n,)   length of one interval of listening, and of the heartbeat
    """

    position_m: FloatArray
    reach_m: FloatArray
    chance: FloatArray
    false_ps: FloatArray
    period_s: FloatArray

    def __len__(self) -> int:
        return len(self.reach_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Everything of one batch that is not a `Fixes`."""

    lines: Lines
    presences: Presences
    friends: Friends
    launches: Launches
    nodes: Nodes
