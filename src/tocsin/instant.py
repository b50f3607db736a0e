"""Time as integer nanoseconds POSIX UTC, to and from text. There is no ``now()`` here.

POSIX UTC has no leap seconds; ISO 8601 text is always written in UTC.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
NS_PER_DAY: Final = 86_400 * NS_PER_S

_TIMES_KEPT: Final = 4096
"""Texts of times; chosen, because a raid's messages name the times of some minutes' batches."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ns(seconds: float) -> int:
    """`seconds` as whole nanoseconds, rounded to nearest."""
    return round(seconds * NS_PER_S)


def iso(t_ns: int) -> str:
    """ISO 8601, milliseconds, ``Z``: ``2026-11-22T08:00:00.250Z`` (truncated, not rounded)."""
    return _text(t_ns, "milliseconds").replace("+00:00", "Z")


def cap_time(t_ns: int) -> str:
    """CAP 1.2 DateTime: whole seconds and a numeric offset, never ``Z`` (OASIS CAP 1.2, 3.3.2)."""
    return _text(t_ns, "seconds")


def atom_time(t_ns: int) -> str:
    """RFC 3339 date-time with whole seconds, as Atom wants it (RFC 4287, 3.3)."""
    return _text(t_ns, "seconds").replace("+00:00", "Z")


@lru_cache(_TIMES_KEPT)
def _text(t_ns: int, timespec: str) -> str:
    """ISO 8601 with the offset ``+00:00``, truncated to `timespec`."""
    return (_EPOCH + timedelta(microseconds=t_ns // 1000)).isoformat(timespec=timespec)


def from_iso(text: str) -> int:
    """Nanoseconds of an ISO 8601 text with an offset or ``Z``; ValueError when it has neither."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write an offset such as +00:00, or Z")
    delta = moment - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1000
