"""What happens in the sky, in order of when it happened: the unit that is folded and folded again.

Reports are cut into looks by their own time: all that one sensor reports within a tenth of a second
(`LOOK_S`), counted from whole seconds, is one look, in however many batches it comes. Every event
has a key that orders it by its own time, and what it holds does not depend on the order of arrival
(`parts` joins what comes later).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tocsin.instant import NS_PER_S
from tocsin.track.pairs import CHANCE, LOOK_S, SCAN_S_MIN, Look
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
"""Time (ns), rank among the events of one time, sensor, which launch of that time."""

RANK_FRIEND: Final = 0
RANK_BEAT: Final = 1
RANK_LOOK: Final = 2
RANK_SYSTEM: Final = 3
RANK_HEAR: Final = 4
RANK_LAUNCH: Final = 5
CELL_NS: Final = round(LOOK_S * NS_PER_S)
"""Events of one rank and sensor whose times lie in the same cell are one event."""


@dataclass(frozen=True, slots=True)
class LookEvent:
    """One sensor's look at the sky; `reports` in order of place, if not, `ordered` is false."""

    key: Key
    look: Look
    reports: Records
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """Another system's tracks of one time; `fixes` and `reports` in order of time."""

    key: Key
    look: Look
    fixes: Fixes
    reports: Records


@dataclass(frozen=True, slots=True)
class Beat:
    """Time to ask who was silent. `sensors` as they were then; `spoke_ns` (S,) when each was last
    heard otherwise than by reports, which tell their own time."""

    key: Key
    sensors: Sensors
    spoke_ns: IntArray


@dataclass(frozen=True, slots=True)
class FriendEvent:
    """What cooperative aircraft said of themselves in one second."""

    key: Key
    friends: Friends


@dataclass(frozen=True, slots=True)
class LaunchEvent:
    """A launch that somebody saw: row `row` of `launches`."""

    key: Key
    launches: Launches
    row: int
    serial: int


@dataclass(frozen=True, slots=True)
class HearEvent:
    """Bearings and presences of one second, and who listens; `serials` first of the bearings."""

    key: Key
    lines: Lines
    presences: Presences
    nodes: Nodes
    serials: IntArray


Event = LookEvent | SystemEvent | FriendEvent | LaunchEvent | HearEvent | Beat


@njit(cache=True, nogil=True, error_model="numpy")
def _whole(
    made: Records, order: IntArray, sensors: int, oldest_ns: int, end_ns: int, sensor: Int32Array,
    system: BoolArray, ends: BoolArray, t_ns: IntArray, position: FloatArray,
    covariance: FloatArray, range_rate: FloatArray, evidence: IntArray, mode_3a: Int32Array,
    mode_s: Int32Array, hint: NDArray[np.int8], has_height: BoolArray, friend: BoolArray,
) -> int:  # fmt: skip
    """Pack all rows, if they are good plots of one look, each at an easting of its own; its last
    time, or -1."""
    first, last, one = t_ns[0], t_ns[0], sensor[0] < sensors
    for k in range(len(t_ns)):
        first, last = min(first, t_ns[k]), max(last, t_ns[k])
        one &= sensor[k] == sensor[0] and not system[k] and not ends[k]
        one &= np.isfinite(position[k, 0] + position[k, 1] + position[k, 2])
    one &= oldest_ns <= first and last <= end_ns and first // CELL_NS == last // CELL_NS
    for k in range(1, len(t_ns)):
        one &= position[order[k], 0] > position[order[k - 1], 0]
    if not one:
        return int(np.int64(-1))
    pack(
        made, order, t_ns, position, covariance, range_rate, evidence, mode_3a, mode_s, hint,
        has_height, friend,
    )  # fmt: skip
    return int(last)


def whole(fixes: Fixes, sensors: Sensors, oldest_ns: int, end_ns: int) -> LookEvent | None:
    """The one look of `fixes`, as most batches of one radar are, if there is nothing to refuse.

    What `usable` and `cut` find, in one go; None leaves it to them.
    """
    sensor = fixes.sensor.item(0)
    if fixes.sensor.item(-1) != sensor:  # at a glance: it is not one look
        return None
    made = np.empty(len(fixes), dtype=REPORT)
    order = fixes.position_m[:, 0].argsort()
    columns = plain(fixes.sensor, fixes.system_track, fixes.ends, *told(fixes))
    last_ns = _whole(made, order, len(sensors), oldest_ns, end_ns, *columns)
    if last_ns < 0:
        return None
    return LookEvent((last_ns, RANK_LOOK, sensor, 0), look_of(sensors, sensor, last_ns), made)


@njit(cache=True, nogil=True, error_model="numpy")
def hushed(heard_ns: IntArray, t_ns_heard: IntArray, sensor: Int32Array) -> IntArray:
    """Rows of the sensors that were heard since `heard_ns` (S,), which is brought up to date, but
    not by a report: `sensor` (n,) are those of the reports that came."""
    told = np.zeros(len(t_ns_heard), np.bool_)
    for s in range(len(t_ns_heard)):
        told[s] = t_ns_heard[s] > heard_ns[s]
        heard_ns[s] = max(heard_ns[s], t_ns_heard[s])
    for k in range(len(sensor)):
        if sensor[k] < len(told):
            told[sensor[k]] = False
    return np.flatnonzero(told)


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


def cut(fixes: Fixes, rows: IntArray, sensors: Sensors) -> list[LookEvent | SystemEvent]:
    """The looks of the `rows` of `fixes`, in order of time.

    The reports of a look are in order of place, unless some lie at one easting; those of another
    system in order of time.
    """
    if not len(rows):
        return []
    system, sensor, t_ns = fixes.system_track[rows], fixes.sensor[rows], fixes.t_ns[rows]
    cell, x = t_ns // CELL_NS, fixes.position_m[rows, 0]
    by = np.where(system, 0.0, x), np.where(system, t_ns, 0)
    order = np.lexsort((*by, system, sensor, cell))
    rows, system, sensor, cell = rows[order], system[order], sensor[order], cell[order]
    parts = (cell[1:] != cell[:-1]) | (sensor[1:] != sensor[:-1]) | (system[1:] != system[:-1])
    begin = [0, *(1 + np.flatnonzero(parts)).tolist()]
    last_ns = np.maximum.reduceat(t_ns[order], begin).tolist()
    tied = np.append(False, ~parts & (np.diff(x[order]) == 0.0))
    made, ties = reports(fixes, rows), np.logical_or.reduceat(tied, begin).tolist()
    events: list[LookEvent | SystemEvent] = []
    for k, (at, end) in enumerate(zip(begin, [*begin[1:], len(rows)], strict=True)):
        whose, look = sensor.item(at), look_of(sensors, sensor.item(at), last_ns[k])
        own = made[at:end]
        if system[at]:
            part = Fixes(**{name: getattr(fixes, name)[rows[at:end]] for name in Fixes.__slots__})
            events.append(SystemEvent((last_ns[k], RANK_SYSTEM, whose, 0), look, part, own))
        else:
            events.append(LookEvent((last_ns[k], RANK_LOOK, whose, 0), look, own, not ties[k]))
    events.sort(key=lambda event: event.key)
    return events
