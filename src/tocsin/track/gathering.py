"""Reports that are not plots, gathered into events.

Sound is slow (3 s a kilometre) and comes in one small report a second from each of thousands of
nodes; so what is heard is gathered for a second and folded together, half a second after its end,
each report with its own time. What comes later than that is folded where it belongs.
"""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.track.events import (
    RANK_FRIEND,
    RANK_HEAR,
    RANK_LAUNCH,
    FriendEvent,
    HearEvent,
    LaunchEvent,
)
from tocsin.words import (
    BoolArray,
    FloatArray,
    Friends,
    Int32Array,
    IntArray,
    Launches,
    Lines,
    Nodes,
    Others,
    Presences,
)

SET_NS: Final = (
    NS_PER_S  # of hearing; chosen: a drone flies 50 m, a fifth of a good bearing's error
)
WAIT_NS: Final = 500 * NS_PER_MS  # for reports of the last second; chosen: networks of phones

_Columns = TypeVar("_Columns", Lines, Presences, Friends, Launches)
OtherEvent = FriendEvent | LaunchEvent


def usable(others: Others, end_ns: int) -> tuple[Others, int]:
    """`others` without what is no report, and how many those are.

    Refused are numbers that are none, spreads that are not positive, nodes that nobody knows, and
    times later than `end_ns`: a clock that is wrong.
    """
    lines, presences = others.lines, others.presences
    friends, launches = others.friends, others.launches
    nodes = len(others.nodes)
    fit: list[tuple[Any, BoolArray]] = [
        (
            lines,
            np.isfinite(lines.azimuth_rad)
            & (lines.node >= -1) & (lines.node < nodes)
            & ((lines.node >= 0) | np.isfinite(lines.origin_m).all(axis=1))
            & _spread(lines.sigma_azimuth_rad)
            & (np.isnan(lines.elevation_rad)
               | np.isfinite(lines.elevation_rad) & _spread(lines.sigma_elevation_rad)),
        ),
        (presences, (presences.node >= 0) & (presences.node < nodes)),
        (
            friends,
            np.isfinite(friends.position_m).all(axis=1)
            & ~np.isinf(friends.velocity_mps).any(axis=1)
            & (friends.mode_s >= 0) & _spread(friends.sigma_m),
        ),
        (
            launches,
            np.isfinite(launches.position_m).all(axis=1)
            & np.isfinite(launches.covariance_m2).all(axis=(1, 2))
            & (np.isnan(launches.azimuth_rad)
               | np.isfinite(launches.azimuth_rad) & _spread(launches.sigma_azimuth_rad))
            & (launches.chance > 0.0) & (launches.chance <= 1.0),
        ),
    ]  # fmt: skip
    good = [(columns, rows & (columns.t_ns <= end_ns)) for columns, rows in fit]
    refused = sum(len(rows) - int(rows.sum()) for _, rows in good)
    if not refused:
        return others, 0
    kept = [_rows(columns, rows) for columns, rows in good]
    return Others(
        lines=kept[0], presences=kept[1], friends=kept[2], launches=kept[3], nodes=others.nodes
    ), refused


def _spread(sigma: FloatArray) -> BoolArray:
    return np.asarray(np.isfinite(sigma) & (sigma > 0.0))


class Gathering:
    """What was heard and is not ripe yet: what is `usable` waits for `WAIT_NS` and a second."""

    def __init__(self) -> None:
        self._parts: dict[int, list[tuple[Lines, Presences]]] = {}
        self._nodes: Nodes | None = None
        self._done_ns = 0
        self._told: dict[int, set[bytes]] = {}
        self.repeated = 0

    def take(self, others: Others, serial: int, oldest_ns: int) -> tuple[list[OtherEvent], int]:
        """Events of one batch that need not wait; how many reports are older than `oldest_ns`.

        Friends have serial numbers from `serial` on, launches those after them.
        """
        self._nodes = others.nodes
        events: list[OtherEvent] = []
        late = sum(
            int((column.t_ns < oldest_ns).sum())
            for column in (others.lines, others.presences, others.friends, others.launches)
        )
        fresh = others.friends.t_ns >= oldest_ns
        if fresh.any():
            friends = _rows(others.friends, fresh)
            events.append(FriendEvent((int(friends.t_ns.max()), RANK_FRIEND, 0, serial), friends))
        for row in np.flatnonzero(others.launches.t_ns >= oldest_ns).tolist():
            key = (
                int(others.launches.t_ns[row]),
                RANK_LAUNCH,
                0,
                serial + len(others.friends) + row,
            )
            events.append(LaunchEvent(key, others.launches, row))
        for end_ns in [end_ns for end_ns in self._told if end_ns < oldest_ns]:
            del self._told[end_ns]
        lines, presences = others.lines, others.presences
        lines = _rows(
            lines, self._new(lines.t_ns, lines.node, lines.origin_m, lines.azimuth_rad, oldest_ns)
        )
        presences = _rows(
            presences,
            self._new(presences.t_ns, presences.node, presences.heard, presences.hint, oldest_ns),
        )
        for end_ns in np.unique(np.concatenate([_ends(lines.t_ns), _ends(presences.t_ns)])):
            part = (
                _rows(lines, _ends(lines.t_ns) == end_ns),
                _rows(presences, _ends(presences.t_ns) == end_ns),
            )
            self._parts.setdefault(int(end_ns), []).append(part)
        return events, late

    def _new(
        self, t_ns: IntArray, node: Int32Array, one: NDArray[Any], two: NDArray[Any], oldest_ns: int
    ) -> BoolArray:
        """Which reports were not told before, by another way, and are not too old."""
        new = t_ns >= oldest_ns
        for k in np.flatnonzero(new).tolist():
            told = self._told.setdefault(int(_ends(t_ns[k])), set())
            name = t_ns[k].tobytes() + node[k].tobytes() + one[k].tobytes() + two[k].tobytes()
            if name in told:
                new[k] = False
                self.repeated += 1
            told.add(name)
        return new

    def ripe(self, now_ns: int, serial: int) -> list[HearEvent]:
        """The sets whose time has come; a set that was folded before comes again with the rest.

        Their reports have serial numbers from `serial` on: each begins one track at most.
        """
        events: list[HearEvent] = []
        for end_ns in sorted(self._parts):
            if now_ns < end_ns + WAIT_NS or self._nodes is None:
                break
            parts = self._parts.pop(end_ns)
            # A set on time is folded when it is ripe; one that comes late, where it belongs.
            on_time = end_ns > self._done_ns
            key = (end_ns + WAIT_NS, RANK_HEAR, 0 if on_time else 1, serial)
            self._done_ns = max(self._done_ns, end_ns)
            lines = _joined([part[0] for part in parts])
            presences = _joined([part[1] for part in parts])
            events.append(HearEvent(key, lines, presences, self._nodes))
            serial += len(lines) + len(presences)
        return events


def _ends(t_ns: Any) -> Any:
    """The end of the set that each time belongs to."""
    return -(-t_ns // SET_NS) * SET_NS


def _rows(columns: _Columns, rows: BoolArray) -> _Columns:
    made: Any = type(columns)
    picked: _Columns = made(**{name: getattr(columns, name)[rows] for name in columns.__slots__})
    return picked


def _joined(parts: list[_Columns]) -> _Columns:
    made: Any = type(parts[0])
    whole: _Columns = made(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in parts[0].__slots__
        }
    )
    return whole
