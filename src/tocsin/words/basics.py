"""What all words share: array types, the closed lists, the base of the decision words."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Int32Array = NDArray[np.int32]
BoolArray = NDArray[np.bool_]

KINDS: Final = ("drone", "cruise", "ballistic", "aircraft", "helicopter", "bird", "unknown")
"""What a track may be; the order is that of the columns of `Tracks.kind_weight`. `unknown` is what
none of the others explains: a balloon, a cloud of chaff, a thing never seen before."""

THREATS: Final = ("drone", "cruise", "ballistic")
"""The kinds that endanger people; the order is that of `Arrivals.threat`. A prefix of `KINDS`."""

STAGES: Final = (
    "none",
    "stand_by",
    "early",
    "take_cover",
    "stay",
    "standing",
    "notice",
    "all_clear",
    "cancelled",
)
"""What a zone may be told. `standing`: under alarm for so long that people live with it. `notice`:
a drone is near a neighbouring zone, no alarm. `cancelled` (it was a mistake) is not `all_clear`
(it is over)."""

LEVELS: Final = ("none", "yellow", "red")
"""How bad: yellow for drones, red for missiles; independent of the stage."""

REALMS: Final = ("live", "exercise", "test")
MODES: Final = ("shadow", "advise", "confirm", "automatic")

AIMS: Final = ("people", "even", "wary")
"""What the forecast of drones and cruise missiles believes of where they are going; `people` is the
default. The site file says which."""

HORIZONS_S: Final = (30, 60, 120, 180, 300, 600, 900, 1800)
"""Seconds ahead at which `Arrivals.chance` is given, cumulatively."""


class Word(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every decision word: frozen, keyword-only, tagged with its name on the wire."""
