"""Events that come in parts: what belongs together is joined, what was there already is left out.

The joined event is the one that would have been had all come at once: its reports are in an order
of their own, and the first of several that are the same stays. New reports get their serials here,
so that a repetition uses none up.
"""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from tocsin.track.events import (
    Event,
    FriendEvent,
    HearEvent,
    Key,
    LaunchEvent,
    LookEvent,
    SystemEvent,
)
from tocsin.track.pairs import Look
from tocsin.track.table import Records
from tocsin.words import Fixes, Friends, IntArray, Lines, Presences

_Columns = TypeVar("_Columns", Fixes, Lines, Presences, Friends)


def joined(old: Event | None, new: Event, serial: int) -> tuple[Event | None, int, int]:
    """`new` together with what there was of it; None when it says nothing new.

    Also how many serials it took, from `serial` on, and how many of its reports were there already.
    """
    if isinstance(new, LookEvent) and (old is None or isinstance(old, LookEvent)):
        return _look(old, new, serial)
    if isinstance(new, SystemEvent) and (old is None or isinstance(old, SystemEvent)):
        return _system(old, new, serial)
    if isinstance(new, FriendEvent) and (old is None or isinstance(old, FriendEvent)):
        return _friends(old, new)
    if isinstance(new, HearEvent) and (old is None or isinstance(old, HearEvent)):
        return _heard(old, new, serial)
    if isinstance(new, LaunchEvent):
        return (replace(new, serial=serial), 1, 0) if old is None else (None, 0, 1)
    assert old is None, "no two beats have one time"
    return new, 0, 0


def _look(old: LookEvent | None, new: LookEvent, serial: int) -> tuple[LookEvent | None, int, int]:
    if old is None and new.ordered:  # as most are: the one part
        new.reports["serial"] = np.arange(serial, serial + len(new.reports))
        return new, len(new.reports), 0
    both = new.reports if old is None else _appended(old.reports, new.reports)
    place = both["position_m"]
    by = (both["t_ns"], place[:, 2], place[:, 1], place[:, 0])
    rows = _distinct(by, np.lexsort(by))
    both = both.view(f"V{both.itemsize}")[rows].view(both.dtype)
    fresh, again = _numbered(old, new, rows, both, serial)
    return (LookEvent(*_turn(old, new), both) if fresh else None), fresh, again


def _system(
    old: SystemEvent | None, new: SystemEvent, serial: int
) -> tuple[SystemEvent | None, int, int]:
    fixes = new.fixes if old is None else appended([old.fixes, new.fixes])
    both = new.reports if old is None else _appended(old.reports, new.reports)
    place = fixes.position_m
    by = (fixes.ends, place[:, 2], place[:, 1], place[:, 0], fixes.t_ns)
    rows = _distinct(by, np.lexsort(by))  # the end of a track repeats its last state, and is news
    fixes, both = picked(fixes, rows), both[rows]
    fresh, again = _numbered(old, new, rows, both, serial)
    return (SystemEvent(*_turn(old, new), fixes, both) if fresh else None), fresh, again


def _numbered(
    old: LookEvent | SystemEvent | None, new: LookEvent | SystemEvent, rows: IntArray,
    both: Records, serial: int,
) -> tuple[int, int]:  # fmt: skip
    """Number those of `both` that come of `new`: how many, and how many were there already.

    `rows` of the old reports, then the new ones, are those of `both`.
    """
    known = 0 if old is None else len(old.reports)
    fresh = np.flatnonzero(rows >= known)
    both["serial"][fresh] = serial + np.arange(len(fresh))
    return len(fresh), known + len(new.reports) - len(both)


def _turn(old: LookEvent | SystemEvent | None, new: LookEvent | SystemEvent) -> tuple[Key, Look]:
    """Key and look of the whole of which `old` and `new` are parts: it ends with the later one."""
    key = new.key if old is None else max(old.key, new.key)
    at = new.look if old is None else old.look
    return key, at._replace(t_ns=key[0])


def _friends(old: FriendEvent | None, new: FriendEvent) -> tuple[FriendEvent | None, int, int]:
    known = 0 if old is None else len(old.friends)
    both = new.friends if old is None else appended([old.friends, new.friends])
    place = both.position_m
    by = (place[:, 2], place[:, 1], place[:, 0], both.mode_s, both.t_ns)
    rows = _distinct(by, np.lexsort(by))
    again = known + len(new.friends) - len(rows)
    if len(rows) == known:
        return None, 0, again
    return FriendEvent(new.key, picked(both, rows)), 0, again


def _heard(old: HearEvent | None, new: HearEvent, serial: int) -> tuple[HearEvent | None, int, int]:
    """`Gathering` has left out what was there already."""
    lines, presences = len(new.lines), len(new.presences)
    serials = serial + np.arange(lines + presences)
    if old is None:
        return replace(new, serials=serials), len(serials), 0
    before = len(old.lines)
    whole = HearEvent(
        new.key,
        appended([old.lines, new.lines]),
        appended([old.presences, new.presences]),
        new.nodes,
        np.concatenate(
            [old.serials[:before], serials[:lines], old.serials[before:], serials[lines:]]
        ),
    )
    return whole, len(serials), 0


def _distinct(columns: tuple[Any, ...], order: IntArray) -> IntArray:
    """Of the rows in `order`, which is stable, the first of those that are equal in `columns`."""
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in columns:
        values = column[order]
        same &= values[1:] == values[:-1]
    kept: IntArray = order[np.append(True, ~same)[: len(order)]]
    return kept


def _appended(one: Records, two: Records) -> Records:
    """Records of both, as blocks of bytes: NumPy copies records field by field."""
    return np.concatenate([one.view(np.uint8), two.view(np.uint8)]).view(one.dtype)


def picked(columns: _Columns, rows: Any) -> _Columns:
    """Some rows of all columns."""
    made: Any = type(columns)
    some: _Columns = made(**{name: getattr(columns, name)[rows] for name in columns.__slots__})
    return some


def appended(parts: list[_Columns]) -> _Columns:
    """The rows of all `parts`."""
    made: Any = type(parts[0])
    names = parts[0].__slots__
    every: _Columns = made(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )
    return every
