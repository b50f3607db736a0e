"""What happens in the sky, in order of when it happened: the unit that is folded and folded again.

A batch of reports is cut into looks (one sensor, less than `LOOK_S` long). Every event has a key
that orders it by its own time, whenever it arrived.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tocsin.instant import NS_PER_S
from tocsin.track.pairs import CHANCE, LOOK_S, SCAN_S_MIN, Look
from tocsin.track.survey import survey
from tocsin.track.table import REPORT, Records, pack, plain, reports, told
from tocsin.words import (
    BoolArray,
    Fixes,
    FloatArray,
    Friends,
    Int32Array,
    IntArray,
    Launches,
    Lines,
    Nodes,
    Presences,
    Sensors,
)

Key = tuple[int, int, int, int]
"""Time (ns), rank among the events of one time, sensor, serial of the first report."""

RANK_BEAT: Final = 0
RANK_LOOK: Final = 1
RANK_SYSTEM: Final = 2
RANK_HEAR: Final = 3
RANK_FRIEND: Final = 4
RANK_LAUNCH: Final = 5
_LOOK_NS: Final = round(LOOK_S * NS_PER_S)


@dataclass(frozen=True, slots=True)
class LookEvent:
    """One sensor's look at the sky."""

    key: Key
    look: Look
    reports: Records


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """Another system's tracks, told at one time."""

    key: Key
    look: Look
    fixes: Fixes
    reports: Records


@dataclass(frozen=True, slots=True)
class Beat:
    """Time to ask who was silent. `sensors` as they were then."""

    key: Key
    sensors: Sensors


@dataclass(frozen=True, slots=True)
class FriendEvent:
    """What cooperative aircraft said of themselves in one batch."""

    key: Key
    friends: Friends


@dataclass(frozen=True, slots=True)
class LaunchEvent:
    """A launch that somebody saw: row `row` of `launches`."""

    key: Key
    launches: Launches
    row: int


@dataclass(frozen=True, slots=True)
class HearEvent:
    """Bearings and presences of a second or less, and who listens."""

    key: Key
    lines: Lines
    presences: Presences
    nodes: Nodes


Event = LookEvent | SystemEvent | FriendEvent | LaunchEvent | HearEvent | Beat


@njit(cache=True, nogil=True, error_model="numpy")
def _survey(
    t_ns: IntArray, sensor: Int32Array, system: BoolArray, ends: BoolArray, sensors: int
) -> tuple[bool, int, int]:
    """Whether all rows are plots of one look; their first and last time."""
    first, last, one = t_ns[0], t_ns[0], sensor[0] < sensors
    for k in range(len(t_ns)):
        first, last = min(first, t_ns[k]), max(last, t_ns[k])
        one &= sensor[k] == sensor[0] and not system[k] and not ends[k]
    return bool(one and last - first < _LOOK_NS), first, last


@njit(cache=True, nogil=True, error_model="numpy")
def _whole(
    made: Records, sensors: int, latest_ns: IntArray, serial: int, oldest_ns: int, end_ns: int,
    sensor: Int32Array, system: BoolArray, ends: BoolArray, t_ns: IntArray, position: FloatArray,
    covariance: FloatArray, range_rate: FloatArray, evidence: IntArray, mode_3a: Int32Array,
    mode_s: Int32Array, hint: NDArray[np.int8], has_height: BoolArray, friend: BoolArray,
) -> int:  # fmt: skip
    """Pack all rows, if they are good plots of one look; its last time, or -1 and nothing done."""
    one, first_ns, last_ns = _survey(t_ns, sensor, system, ends, sensors)
    if not one or first_ns < oldest_ns:
        return int(np.int64(-1))
    before_ns = latest_ns.copy()
    if len(survey(t_ns, sensor, position, latest_ns, end_ns)) > 0:
        latest_ns[:] = before_ns
        return int(np.int64(-1))
    pack(
        made, np.arange(len(t_ns)), serial, t_ns, position, covariance, range_rate, evidence,
        mode_3a, mode_s, hint, has_height, friend,
    )  # fmt: skip
    return int(last_ns)


def whole(
    fixes: Fixes, sensors: Sensors, latest_ns: IntArray, serial: int, oldest_ns: int, end_ns: int
) -> LookEvent | None:
    """The one look of `fixes`, as most batches of one radar are, if there is nothing to refuse.

    What `survey` and `cut` find, in one go; None leaves it, and `latest_ns`, to them.
    """
    sensor = fixes.sensor.item(0)
    if fixes.sensor.item(-1) != sensor:  # at a glance: it is not one look
        return None
    made = np.empty(len(fixes), dtype=REPORT)
    columns = plain(fixes.sensor, fixes.system_track, fixes.ends, *told(fixes))
    last_ns = _whole(made, len(sensors), latest_ns, serial, oldest_ns, end_ns, *columns)
    if last_ns < 0:
        return None
    return LookEvent((last_ns, RANK_LOOK, sensor, serial), look_of(sensors, sensor, last_ns), made)


def look_of(sensors: Sensors, sensor: int, t_ns: int) -> Look:
    """The look of one sensor that ends at `t_ns`."""
    return Look(
        sensor,
        max(sensors.scan_s.item(sensor), SCAN_S_MIN),
        min(max(sensors.detection_chance.item(sensor), CHANCE[0]), CHANCE[1]),
        t_ns,
        sensors.position_m[sensor],
        sensors.range_m_max.item(sensor),
    )


def cut(
    fixes: Fixes, sensors: Sensors, serial: int, oldest_ns: int
) -> tuple[list[LookEvent | SystemEvent], int, int]:
    """Looks of `fixes`, in order of time; how many rows are older than `oldest_ns`; how many end.

    Row k has serial number ``serial + k``. End-of-track plots are extrapolated: no evidence.
    """
    one, first_ns, last_ns = _survey(
        fixes.t_ns, fixes.sensor, fixes.system_track, fixes.ends, len(sensors)
    )
    if one and first_ns >= oldest_ns:
        return [_look(fixes, np.arange(len(fixes)), serial, sensors, last_ns)], 0, 0
    late = fixes.t_ns < oldest_ns
    ended = fixes.ends & ~fixes.system_track
    rows = np.flatnonzero(~late & ~ended & (fixes.sensor < len(sensors)))
    order = np.lexsort((rows, fixes.t_ns[rows], fixes.system_track[rows], fixes.sensor[rows]))
    rows = rows[order]
    events: list[LookEvent | SystemEvent] = []
    begun = 0
    for k in range(1, len(rows) + 1):
        if k < len(rows):
            first, here = rows[begun], rows[k]
            same = fixes.sensor[here] == fixes.sensor[first]
            same &= fixes.system_track[here] == fixes.system_track[first]
            if same and fixes.t_ns[here] - fixes.t_ns[first] < _LOOK_NS:
                continue
        part = rows[begun:k]
        make = _system if fixes.system_track[part[0]] else _look
        events.append(make(fixes, part, serial, sensors, int(fixes.t_ns[part[-1]])))
        begun = k
    events.sort(key=lambda event: event.key)
    return events, int(late.sum()), int((ended & ~late).sum())


def _look(fixes: Fixes, rows: IntArray, serial: int, sensors: Sensors, t_ns: int) -> LookEvent:
    first = rows.item(0)
    sensor = fixes.sensor.item(first)
    key = (t_ns, RANK_LOOK, sensor, serial + first)
    return LookEvent(key, look_of(sensors, sensor, t_ns), reports(fixes, rows, serial))


def _system(fixes: Fixes, rows: IntArray, serial: int, sensors: Sensors, t_ns: int) -> SystemEvent:
    sensor = int(fixes.sensor[rows[0]])
    key = (t_ns, RANK_SYSTEM, sensor, serial + int(rows[0]))
    whole = Fixes(**{name: getattr(fixes, name)[rows] for name in Fixes.__slots__})
    return SystemEvent(key, look_of(sensors, sensor, t_ns), whole, reports(fixes, rows, serial))
