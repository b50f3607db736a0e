"""Mass data: columns of one length that kernels run over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.words.basics import BoolArray, FloatArray, Int32Array, IntArray

HINT_NONE: Final = 0
HINT_BIRD: Final = 1
HINT_AIRCRAFT: Final = 2
HINT_DRONE: Final = 3
HINT_HELICOPTER: Final = 4
HINT_CRUISE: Final = 5
HINTS: Final = 6
"""What a sensor itself thinks that it saw or heard: values of `hint`, and how many there are."""
EVIDENCE_BATCH_SHIFT: Final = 24
EVIDENCE_FRAME_SHIFT: Final = 12
EVIDENCE_PART_MAX: Final = 0xFFF
"""An evidence number names a batch, a frame of it and a record of that, which have twelve bits
each; chosen, because edge hands over at most 4000 frames at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """Where something was seen, with covariance: n reports in order of arrival.

    t_ns           int64 (n,)      when the sensor saw it
    sensor         int32 (n,)      row of `Sensors`
    position_m     float64 (n,3)   ECEF
    covariance_m2  float64 (n,3,3) ECEF; a report without height has a large vertical variance
    has_height     bool (n,)       the vertical was measured
    velocity_mps   float64 (n,3)   ECEF; NaN unless a system track gave it
    range_rate_mps float64 (n,)    Doppler: speed away from the sensor; NaN absent
    system_track   bool (n,)       this is another system's track (CAT062), not a plot
    track_number   int32 (n,)      the sensor's own track number, -1 absent
    mode_3a        int32 (n,)      twelve bits, -1 absent
    mode_s         int32 (n,)      24-bit address, -1 absent
    friend         bool (n,)       cooperative identity (Mode S address or valid Mode 3/A)
    hint           int8 (n,)       HINT_*: what the sensor itself thinks it is
    ends           bool (n,)       the sensor says its track ended
    evidence       int64 (n,)      batch << 24 | frame in batch << 12 | record in frame
    """

    t_ns: IntArray
    sensor: Int32Array
    position_m: FloatArray
    covariance_m2: FloatArray
    has_height: BoolArray
    velocity_mps: FloatArray
    range_rate_mps: FloatArray
    system_track: BoolArray
    track_number: Int32Array
    mode_3a: Int32Array
    mode_s: Int32Array
    friend: BoolArray
    hint: NDArray[np.int8]
    ends: BoolArray
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.t_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensors:
    """Every sensor known now, from the site file or learned from its own service messages.

    names             list of n str, unique
    position_m        float64 (n,3)  ECEF, NaN while its place is unknown
    range_m_max       float64 (n,)
    scan_s            float64 (n,)   seconds between two looks at the same place
    detection_chance  float64 (n,)   of a target in view, one look
    t_ns_heard        int64 (n,)     last valid record of any kind, 0 never
    stale_s           float64 (n,)   silent for longer: it does not watch
    """

    names: tuple[str, ...]
    position_m: FloatArray
    range_m_max: FloatArray
    scan_s: FloatArray
    detection_chance: FloatArray
    t_ns_heard: IntArray
    stale_s: FloatArray

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """The air picture at `now`: n tracks in order of id.

    id             int64 (n,)      a counter, never re-used
    t_ns           int64 (n,)      time of the state
    t_ns_seen      int64 (n,)      last report
    t_ns_born      int64 (n,)      first report
    position_m     float64 (n,3)   ECEF
    velocity_mps   float64 (n,3)   ECEF (Earth-fixed)
    covariance     float64 (n,6,6) position then velocity, m2, m2/s, m2/s2
    existence      float64 (n,)    probability that something is there
    kind_weight    float64 (n,K)   probability of each of `KINDS`, rows sum to 1
    ln_beta        float64 (n,2)   natural log of the ballistic coefficient (kg/m2): mean, s.d.
    burning        float64 (n,)    probability that its motor burns, if it is ballistic; of what
                                   was never weighed so, the prior at its age
    confirmed      bool (n,)
    friend         bool (n,)       carries a cooperative identity
    hits           int32 (n,)      reports that updated it
    mode_3a        int32 (n,)      -1 absent
    mode_s         int32 (n,)      -1 absent
    evidence       int64 (n,8)     the last reports behind it, newest first, -1 padded
    changed        bool (n,)       updated by a report in this batch
    """

    id: IntArray
    t_ns: IntArray
    t_ns_seen: IntArray
    t_ns_born: IntArray
    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    existence: FloatArray
    kind_weight: FloatArray
    ln_beta: FloatArray
    burning: FloatArray
    confirmed: BoolArray
    friend: BoolArray
    hits: Int32Array
    mode_3a: Int32Array
    mode_s: Int32Array
    evidence: IntArray
    changed: BoolArray

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Which track may harm which zone, how surely, and when: n rows, sorted by (track, zone).

    track        int64 (n,)    id of the track
    zone         int32 (n,)    row of the zone map
    threat       int8 (n,)     index into THREATS
    chance       float64 (n,H) that it harms the zone within HORIZONS_S[h] seconds of `t_ns`:
                               existence x kind x geometry, never falling with h
    t_ns         int64 (n,)    when the forecast was made
    t_ns_early   int64 (n,)    5 % of the arrival-time distribution, given that it arrives
    t_ns_likely  int64 (n,)    50 %
    t_ns_late    int64 (n,)    95 %
    evidence     int64 (n,8)   copied from the track
    """

    track: IntArray
    zone: Int32Array
    threat: NDArray[np.int8]
    chance: FloatArray
    t_ns: IntArray
    t_ns_early: IntArray
    t_ns_likely: IntArray
    t_ns_late: IntArray
    evidence: IntArray

    def __len__(self) -> int:
        return len(self.track)
