"""How low the sensors of the site file see at points of each zone: computed once, handed in.

With an elevation file `edge.terrain` computes this before the mind starts, and the journal keeps
it beside the zone map. The mind only compares: a drone at 150 m above the ground is seen where a
live sensor sees down to 150 m or lower.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.words import BoolArray, FloatArray, IntArray

UNSEEN: Final = 65_535
"""In `Sight.lowest_m`: out of range, or hidden however high it flies."""
HIDDEN_SHARE_MAX: Final = 0.1
"""Share of a zone's points that may be hidden while the zone counts as watched. Chosen: what flies
through a tenth of a zone is out again before a threat that left the view is taken for gone; and
without any slack every zone with a ravine would be blind for ever, which nobody would read."""


class _Packed(msgspec.Struct, frozen=True):
    sensors: tuple[str, ...]
    zones: int
    start: bytes
    lowest_m: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """s sensors, z zones, p points in all, those of one zone side by side.

    sensors   their names, as in the site file
    start     int64 (z+1,)   zone i has the points start[i] to start[i + 1], at least one
    lowest_m  uint16 (s, p)  height above the ground from which on a flyer is seen, rounded up
    """

    sensors: tuple[str, ...]
    start: IntArray
    lowest_m: NDArray[np.uint16]

    def to_bytes(self) -> bytes:
        """The same sight gives the same bytes."""
        return msgspec.msgpack.encode(
            _Packed(
                sensors=self.sensors,
                zones=len(self.start) - 1,
                start=self.start.astype("<i8").tobytes(),
                lowest_m=self.lowest_m.astype("<u2").tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Sight":
        """What `to_bytes` wrote."""
        packed = msgspec.msgpack.decode(data, type=_Packed)
        start = np.frombuffer(packed.start, dtype="<i8").astype(np.int64)
        assert len(start) == packed.zones + 1, "a damaged sight"
        lowest_m = np.frombuffer(packed.lowest_m, dtype="<u2").astype(np.uint16)
        return cls(
            sensors=packed.sensors,
            start=start,
            lowest_m=lowest_m.reshape(len(packed.sensors), int(start[-1])),
        )


def needed(start: IntArray) -> IntArray:
    """How many points of each zone must be seen for it to count as watched: int64 (z,)."""
    points = np.diff(start)
    hidden: IntArray = np.floor(points * HIDDEN_SHARE_MAX + 1e-9).astype(np.int64)
    return points - hidden


def watched(seen: BoolArray, start: IntArray) -> BoolArray:
    """Which zones count as watched, of which points are seen: (p, t) to bool (z, t)."""
    total = np.concatenate([np.zeros((1, seen.shape[1]), np.int64), np.cumsum(seen, axis=0)])
    enough: BoolArray = total[start[1:]] - total[start[:-1]] >= needed(start)[:, None]
    return enough


def of_zones(height_m: FloatArray, start: IntArray) -> FloatArray:
    """The height from which on each zone is watched, of those of its points: (p,) to (z,)."""
    zone = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.lexsort((height_m, zone))
    zones_m: FloatArray = height_m[order][start[:-1] + needed(start) - 1]
    return zones_m
