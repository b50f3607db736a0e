"""What the board remembers of every zone and threat: columns of one length, bounded for ever."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.decide.policy import WARNED_BY_CHANCE, Policy
from tocsin.instant import ns
from tocsin.words import STAGES, THREATS, Arrivals, BoolArray, FloatArray, Int32Array, IntArray

Int8Array = NDArray[np.int8]

MUTES_MAX: Final = 4096
"""Tracks muted at once; chosen, because a hand cannot cancel more than that in half an hour."""


GRAVE_MAX: Final = 0.5
"""No standing alert asks for more than an even chance before people are called."""


class Memory:
    """One entry per key (``zone row x 3 + threat``); times are 0 while there is none.

    stage           int8   index of `STAGES`
    serial          int64  of the last alert said
    serial_begun    int64  of the first alert of this run
    t_ns_begun      int64  when this run left none
    t_ns_entered    int64  when the present stage began
    t_ns_calm       int64  since when the chance has been under what ends the present stage
    t_ns_late       int64  the latest arrival that was likely when take_cover was last justified
    t_ns_early      int64  the earliest arrival that was likely then
    spared          bool   take_cover was no longer justified well before that, and not `struck`
    struck          bool   something was due before, while people have been in cover
    lost            bool   in cover, and a track behind it is gone that may have come down there
    t_ns_told       int64  when the last alert was said
    t_ns_arrival    int64  the arrival it gave
    t_ns_expires    int64  its expiry
    told_blind      bool   its blindness
    ordered         bool   the present stage was ordered by an operator
    raised          int8   the stage that an operator raised
    t_ns_raised     int64  until when
    t_ns_cover      int64  since when people have been told to be in cover, without a break
    late            bool   the last alert said that there is no time to reach shelter
    resumed         bool   this run was all clear, and the same threat came back
    t_ns_alarm      int64  since when early or graver has been told, without a break
    standing        bool   under a standing alert: only what is grave is told as take_cover
    declared        bool   an operator declared it, so that only an operator ends it

    `behind` are the tracks behind the last alert of a key that had any, until its run ends.
    """

    def __init__(self, keys: int) -> None:
        self.stage: Int8Array = np.zeros(keys, dtype=np.int8)
        self.serial: IntArray = np.zeros(keys, dtype=np.int64)
        self.serial_begun: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_begun: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_entered: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_calm: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_late: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_early: IntArray = np.zeros(keys, dtype=np.int64)
        self.spared: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.struck: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.lost: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.t_ns_told: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_arrival: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_expires: IntArray = np.zeros(keys, dtype=np.int64)
        self.told_blind: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.ordered: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.raised: Int8Array = np.zeros(keys, dtype=np.int8)
        self.t_ns_raised: IntArray = np.zeros(keys, dtype=np.int64)
        self.t_ns_cover: IntArray = np.zeros(keys, dtype=np.int64)
        self.late: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.resumed: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.t_ns_alarm: IntArray = np.zeros(keys, dtype=np.int64)
        self.standing: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.declared: BoolArray = np.zeros(keys, dtype=np.bool_)
        self.behind: dict[int, tuple[int, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The policy's numbers as arrays: chances (threats, 3), spans (threats, stages).

    `spared_ns` (threats,) stands in for that of stay. `factor` is by how much the chances rise
    under a standing alert.
    """

    on: FloatArray
    off: FloatArray
    hold_ns: IntArray
    minimum_ns: IntArray
    spared_ns: IntArray
    factor: float

    def on_now(self, threat: IntArray, standing: BoolArray) -> FloatArray:
        """The chances at which the stages begin at n keys: float64 (3, n)."""
        return self._raised(self.on[threat].T, standing)

    def off_now(self, threat: IntArray, standing: BoolArray) -> FloatArray:
        """The chances under which the stages end at n keys: float64 (3, n)."""
        return self._raised(self.off[threat].T, standing)

    def _raised(self, chance: FloatArray, standing: BoolArray) -> FloatArray:
        if not standing.any():
            return chance
        raised = np.maximum(chance, np.minimum(chance * self.factor, GRAVE_MAX))
        return np.where(standing, raised, chance)


def limits(policy: Policy, *, night: bool = False) -> Limits:
    """`policy` laid out for the board, by day or night; stages without a row have spans of 0."""
    on = np.zeros((len(THREATS), len(WARNED_BY_CHANCE)))
    off = np.zeros_like(on)
    hold_ns = np.zeros((len(THREATS), len(STAGES)), dtype=np.int64)
    minimum_ns = np.zeros_like(hold_ns)
    spared_ns = np.array([ns(policy.stay(threat).spared_s) for threat in THREATS])
    for line, threat in enumerate(THREATS):
        for column, stage in enumerate(WARNED_BY_CHANCE):
            row = policy.row(threat, stage, night=night)
            on[line, column] = row.chance
            off[line, column] = row.chance * row.off_fraction
            hold_ns[line, STAGES.index(stage)] = ns(row.hold_s)
            minimum_ns[line, STAGES.index(stage)] = ns(row.minimum_s)
        stay = policy.stay(threat)
        hold_ns[line, STAGES.index("stay")] = ns(stay.hold_s)
        minimum_ns[line, STAGES.index("stay")] = ns(stay.minimum_s)
        hold_ns[line, STAGES.index("standing")] = ns(policy.standing_hold_s)
    factor = policy.standing_factor
    return Limits(
        on=on, off=off, hold_ns=hold_ns, minimum_ns=minimum_ns, spared_ns=spared_ns, factor=factor
    )


@dataclass(slots=True)
class Mutes:
    """Tracks that may not warn a zone for a while, because an operator ended what they caused."""

    until_ns: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, key: int, tracks: Int32Array | IntArray, until_ns: int) -> None:
        """Mute `tracks` for `key`. When full, the mutes that end soonest go: rather warn again."""
        for track in tracks:
            self.until_ns[key, int(track)] = until_ns
        surplus = len(self.until_ns) - MUTES_MAX
        if surplus > 0:
            soonest = sorted(self.until_ns, key=lambda pair: (self.until_ns[pair], pair))
            for pair in soonest[:surplus]:
                del self.until_ns[pair]

    def lift(self, key: int) -> None:
        """Forget every mute of `key`."""
        self.until_ns = {pair: t_ns for pair, t_ns in self.until_ns.items() if pair[0] != key}

    def keys(self, now_ns: int) -> IntArray:
        """The keys whose warning an operator ended, for as long as that mutes anything."""
        found = [key for (key, _), t_ns in self.until_ns.items() if t_ns > now_ns]
        return np.unique(np.array(found, dtype=np.int64))

    def ignored(self, now_ns: int, arrivals: Arrivals) -> BoolArray:
        """Which arrivals are muted now: bool (n,)."""
        ignored = np.zeros(len(arrivals), dtype=np.bool_)
        if not self.until_ns:
            return ignored
        self.until_ns = {pair: t_ns for pair, t_ns in self.until_ns.items() if t_ns > now_ns}
        tracks = np.array([track for _, track in self.until_ns], dtype=np.int64)
        for row in np.flatnonzero(np.isin(arrivals.track, tracks)):
            key = int(arrivals.zone[row]) * len(THREATS) + int(arrivals.threat[row])
            ignored[row] = (key, int(arrivals.track[row])) in self.until_ns
        return ignored
