"""The values that pass between rooms: frozen, units in their names, no logic.

Two families. *Decision words* are frozen `msgspec.Struct`s and can be written to the journal.
*Mass data* (`Fixes`, `Sensors`, `Tracks`, `Arrivals`) are columns: NumPy arrays of one length.

Conventions, everywhere in the mind: time is ``int`` nanoseconds POSIX UTC (``t_ns``); places are
ECEF metres (WGS-84); degrees only where a human or a wire reads them; -1 in an integer column and
NaN in a float column mean *absent*, never zero.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Int32Array = NDArray[np.int32]
BoolArray = NDArray[np.bool_]

KINDS: Final = ("drone", "cruise", "ballistic", "aircraft", "bird")
"""What a track may be; the order is that of the columns of `Tracks.kind_weight`."""

THREATS: Final = ("drone", "cruise", "ballistic")
"""The kinds that endanger people; the order is that of `Arrivals.threat`. A prefix of `KINDS`."""

STAGES: Final = ("none", "stand_by", "early", "take_cover", "stay", "all_clear", "cancelled")
"""What a zone may be told. `cancelled` (it was a mistake) is not `all_clear` (it is over)."""

LEVELS: Final = ("none", "yellow", "red")
"""How bad: yellow for drones, red for missiles; independent of the stage."""

REALMS: Final = ("live", "exercise", "test")
MODES: Final = ("shadow", "advise", "confirm", "automatic")

HORIZONS_S: Final = (30, 60, 120, 180, 300, 600, 900, 1800)
"""Seconds ahead at which `Arrivals.chance` is given, cumulatively."""


class Word(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every decision word: frozen, keyword-only, tagged with its name on the wire."""


class Frame(Word, frozen=True, kw_only=True, tag=True):
    """Bytes from a named source. `t_ns` is when *we* received them."""

    t_ns: int
    source: str
    payload: bytes


class Tick(Word, frozen=True, kw_only=True, tag=True):
    """Time passed."""

    t_ns: int


Input = Frame | Tick


class Batch(Word, frozen=True, kw_only=True, tag=True):
    """What edge collected in at most 20 ms: the unit of journal write, decoding and tracking."""

    number: int
    t_ns: int
    inputs: tuple[Input, ...]


class Rejected(Word, frozen=True, kw_only=True, tag=True):
    """Bad input is an output: counted and shown. `reason` is one of `rules.reasons.REASONS`."""

    t_ns: int
    source: str
    reason: str
    count: int = 1
    detail: str = ""


class Order(Word, frozen=True, kw_only=True, tag=True):
    """What an operator asked for. `action`: release, stop, cancel, all_clear, raise.

    `alert` is an alert id (release, stop, cancel, all_clear); `zone`, `threat` and `stage` are
    for `raise`. `nonce` makes each order unique; `signature` is Ed25519, hexadecimal, over
    `rules.authority.canonical`: all the other fields, the realm and the site's name.
    """

    t_ns: int
    action: str
    operator: str
    nonce: str
    alert: str = ""
    zone: str = ""
    threat: str = ""
    stage: str = ""
    note: str = ""
    signature: str = ""


class Receipt(Word, frozen=True, kw_only=True, tag=True):
    """What became of a message. `outcome`: sent, acknowledged, refused, timed_out."""

    t_ns: int
    channel: str
    subject: str
    outcome: str
    detail: str = ""


class Reason(Word, frozen=True, kw_only=True, tag=True):
    """Why an alert was decided: the rule, the arrival behind it, the track behind that.

    `track` is -1 when no track is behind the alert (an operator's order, an expiry).
    """

    rule: str
    track: int = -1
    chance: float = 0.0
    t_ns_early: int = 0
    t_ns_likely: int = 0
    t_ns_late: int = 0
    evidence: tuple[int, ...] = ()


class Alert(Word, frozen=True, kw_only=True, tag=True):
    """What one zone is to be told about one threat. Never edited: the next `serial` replaces it.

    Its id is ``realm:zone:threat:serial``. `t_ns_arrival` is the likely (50 %) arrival, 0 when
    unknown. `t_ns_begun` is when this run of (zone, threat) left `none`.
    """

    zone: str
    threat: str
    serial: int
    t_ns: int
    stage: str
    level: str
    blind: bool
    reasons: tuple[Reason, ...]
    t_ns_arrival: int
    t_ns_expires: int
    realm: str
    t_ns_begun: int = 0


class Blindness(Word, frozen=True, kw_only=True, tag=True):
    """Which zones no sensor watches now for `threat`. Replaces the previous one of that threat."""

    t_ns: int
    threat: str
    zones: tuple[str, ...]


class Message(Word, frozen=True, kw_only=True, tag=True):
    """Unsigned bytes for one channel; `edge.sign` signs them as `seal` says.

    `channel`: cap, state, event, feed. `subject`: the alert id, or "state". `seal`: xmldsig, jws
    or none. `t_ns_deadline`: after this it is worthless.
    """

    t_ns: int
    channel: str
    subject: str
    realm: str
    media_type: str
    seal: str
    t_ns_deadline: int
    payload: bytes


class Counts(Word, frozen=True, kw_only=True, tag=True):
    """What one batch did, for the console and the metrics; all are numbers of this batch."""

    t_ns: int
    frames: int = 0
    records: int = 0
    duplicates: int = 0
    unplaced: int = 0
    fixes: int = 0
    pulses: int = 0
    tracks_tentative: int = 0
    tracks_confirmed: int = 0


Output = Alert | Blindness | Counts | Message | Rejected


HINT_NONE: Final = 0
HINT_BIRD: Final = 1
HINT_AIRCRAFT: Final = 2
HINT_DRONE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """Where something was seen, with covariance: n reports in order of arrival.

    t_ns           int64 (n,)      when the sensor saw it
    sensor         int32 (n,)      row of `Sensors`
    position_m     float64 (n,3)   ECEF
    covariance_m2  float64 (n,3,3) ECEF; a report without height has a large vertical variance
    has_height     bool (n,)       the vertical was measured
    velocity_mps   float64 (n,3)   ECEF; NaN unless a system track gave it
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


class SensorSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One sensor of the site file. `height_m` is of the antenna above the ellipsoid.

    `sac`, `sic` are its ASTERIX address (-1 when it has none). `name` is unique.
    """

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float = 0.0
    sac: int = -1
    sic: int = -1
    range_m_max: float = 200_000.0
    scan_s: float = 4.0
    detection_chance: float = 0.9
    stale_s: float = 15.0
    sigma_range_m: float = 50.0
    sigma_azimuth_deg: float = 0.1
    sigma_height_m: float = 150.0


class SourceSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One input. `url`: udp://host:port, pcap://path, file://path. `format`: asterix.

    `allow` lists the SAC/SIC pairs accepted from it; empty means any (replay and tests only).
    """

    name: str
    url: str
    format: str = "asterix"
    allow: tuple[tuple[int, int], ...] = ()


class OperatorSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One person who may give orders; `public_key` is Ed25519, 64 hexadecimal digits."""

    name: str
    public_key: str
    actions: tuple[str, ...] = ("release", "stop", "cancel", "all_clear", "raise")


class Site(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One installation, as read from its TOML file by `edge.site`. Frozen; hashed into the journal.

    `zones` is the path of the compiled zone map or the name of a shipped one ("ua", "il").
    """

    name: str
    realm: str
    mode: str
    zones: str
    sender: str
    sender_name: str
    languages: tuple[str, ...]
    sensors: tuple[SensorSite, ...] = ()
    sources: tuple[SourceSite, ...] = ()
    operators: tuple[OperatorSite, ...] = ()
    policy: str = "default"
    confirm_s: float = 15.0
    clock_s_max: float = 15.0
    require_coverage: bool = False
    public_url: str = "http://127.0.0.1:8080"
    public_listen: str = "127.0.0.1:8080"
    private_listen: str = "127.0.0.1:8081"
    journal: str = "tocsin-journal.sqlite"
    keys: str = "tocsin-keys"
