"""The values that pass between rooms: frozen, units in their names, no logic.

Two families. *Decision words* are frozen `msgspec.Struct`s and can be written to the journal.
*Mass data* (`Fixes`, `Lines`, `Sensors`, `Tracks`, `Arrivals`, ...) are columns: NumPy arrays of
one length.

Conventions, everywhere in the mind: time is ``int`` nanoseconds POSIX UTC (``t_ns``); places are
ECEF metres (WGS-84); degrees only where a human or a wire reads them; -1 in an integer column and
NaN in a float column mean *absent*, never zero.
"""

from tocsin.words.basics import (
    HORIZONS_S,
    KINDS,
    LEVELS,
    MODES,
    REALMS,
    STAGES,
    THREATS,
    BoolArray,
    FloatArray,
    Int32Array,
    IntArray,
    Word,
)
from tocsin.words.decision import (
    Alert,
    Batch,
    Blindness,
    Counts,
    Frame,
    Input,
    Load,
    Message,
    Order,
    Output,
    Reason,
    Receipt,
    Rejected,
    Tick,
)
from tocsin.words.mass import (
    EVIDENCE_BATCH_SHIFT,
    EVIDENCE_FRAME_SHIFT,
    EVIDENCE_PART_MAX,
    HINT_AIRCRAFT,
    HINT_BIRD,
    HINT_CRUISE,
    HINT_DRONE,
    HINT_HELICOPTER,
    HINT_NONE,
    HINTS,
    Arrivals,
    Fixes,
    Sensors,
    Tracks,
)
from tocsin.words.passive import (
    Friends,
    Launches,
    Lines,
    Nodes,
    Others,
    Presences,
)
from tocsin.words.site import (
    OperatorSite,
    SensorSite,
    Site,
    SourceSite,
)

__all__ = [
    "EVIDENCE_BATCH_SHIFT",
    "EVIDENCE_FRAME_SHIFT",
    "EVIDENCE_PART_MAX",
    "HINTS",
    "HINT_AIRCRAFT",
    "HINT_BIRD",
    "HINT_CRUISE",
    "HINT_DRONE",
    "HINT_HELICOPTER",
    "HINT_NONE",
    "HORIZONS_S",
    "KINDS",
    "LEVELS",
    "MODES",
    "REALMS",
    "STAGES",
    "THREATS",
    "Alert",
    "Arrivals",
    "Batch",
    "Blindness",
    "BoolArray",
    "Counts",
    "Fixes",
    "FloatArray",
    "Frame",
    "Friends",
    "Input",
    "Int32Array",
    "IntArray",
    "Launches",
    "Lines",
    "Load",
    "Message",
    "Nodes",
    "OperatorSite",
    "Order",
    "Others",
    "Output",
    "Presences",
    "Reason",
    "Receipt",
    "Rejected",
    "SensorSite",
    "Sensors",
    "Site",
    "SourceSite",
    "Tick",
    "Tracks",
    "Word",
]
