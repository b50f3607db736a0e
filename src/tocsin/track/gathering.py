"""Reports that are not plots, gathered into events.

Sound is slow (3 s a kilometre) and comes in one small report a second from each of thousands of
nodes; so what is heard is gathered for a second and folded together, half a second after its end,
each report with its own time. What cooperative aircraft say is gathered for a second too, and
folded at its end. What comes later than that is another part of the same event.
"""

import zlib
from typing import Any, Final

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
from tocsin.track.parts import appended, picked
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

OtherEvent = FriendEvent | LaunchEvent | HearEvent


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
    kept: list[Any] = [picked(columns, np.flatnonzero(rows)) for columns, rows in good]
    return Others(
        lines=kept[0], presences=kept[1], friends=kept[2], launches=kept[3], nodes=others.nodes
    ), refused


def _spread(sigma: FloatArray) -> BoolArray:
    return np.asarray(np.isfinite(sigma) & (sigma > 0.0))


class Gathering:
    """What was told and is not ripe yet: what is `usable` waits for a second and `WAIT_NS`."""

    def __init__(self) -> None:
        self._heard: dict[int, list[tuple[Lines, Presences]]] = {}
        self._claims: dict[int, list[Friends]] = {}
        self._nodes: Nodes | None = None
        self._told: dict[int, set[bytes]] = {}
        self.repeated = 0

    def take(self, others: Others, oldest_ns: int) -> tuple[list[LaunchEvent], int]:
        """Launches, which need not wait; how many reports are older than `oldest_ns`."""
        self._nodes = others.nodes
        late = sum(
            int((column.t_ns < oldest_ns).sum())
            for column in (others.lines, others.presences, others.friends, others.launches)
        )
        for end_ns in [end_ns for end_ns in self._told if end_ns < oldest_ns]:
            del self._told[end_ns]
        lines, presences, friends = others.lines, others.presences, others.friends
        lines = picked(
            lines, self._new(lines.t_ns, lines.node, lines.origin_m, lines.azimuth_rad, oldest_ns)
        )
        presences = picked(
            presences,
            self._new(presences.t_ns, presences.node, presences.heard, presences.hint, oldest_ns),
        )
        friends = picked(friends, friends.t_ns >= oldest_ns)
        for end_ns in np.unique(np.concatenate([_ends(lines.t_ns), _ends(presences.t_ns)])):
            part = (
                picked(lines, _ends(lines.t_ns) == end_ns),
                picked(presences, _ends(presences.t_ns) == end_ns),
            )
            self._heard.setdefault(int(end_ns), []).append(part)
        for end_ns in np.unique(_ends(friends.t_ns)):
            some = picked(friends, _ends(friends.t_ns) == end_ns)
            self._claims.setdefault(int(end_ns), []).append(some)
        return _launches(others.launches, oldest_ns), late

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

    def ripe(self, now_ns: int) -> list[OtherEvent]:
        """The seconds whose time has come, and what came since of those that were ripe before."""
        events: list[OtherEvent] = []
        for end_ns in sorted(self._claims):
            if now_ns < end_ns:
                break
            friends = appended(self._claims.pop(end_ns))
            events.append(FriendEvent((end_ns, RANK_FRIEND, 0, 0), friends))
        for end_ns in sorted(self._heard):
            if now_ns < end_ns + WAIT_NS or self._nodes is None:
                break
            parts = self._heard.pop(end_ns)
            lines = appended([part[0] for part in parts])
            presences = appended([part[1] for part in parts])
            key = (end_ns + WAIT_NS, RANK_HEAR, 0, 0)
            none = np.zeros(0, dtype=np.int64)
            events.append(HearEvent(key, lines, presences, self._nodes, none))
        return events


def _launches(launches: Launches, oldest_ns: int) -> list[LaunchEvent]:
    """One event each; several of one instant are told apart by where they were and whither."""
    events = []
    for row in np.flatnonzero(launches.t_ns >= oldest_ns).tolist():
        t_ns = launches.t_ns.item(row)
        told = launches.position_m[row].tobytes() + launches.azimuth_rad[row].tobytes()
        key = (t_ns, RANK_LAUNCH, 0, zlib.crc32(told + t_ns.to_bytes(8)))
        events.append(LaunchEvent(key, launches, row, -1))
    return events


def _ends(t_ns: Any) -> Any:
    """The end of the set that each time belongs to."""
    return -(-t_ns // SET_NS) * SET_NS
