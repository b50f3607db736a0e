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

NIGHT_H: Final = (22.0, 6.0)
"""Night begins and ends at these hours of mean solar time. Chosen: most sleep then, and the sun's
time needs no table of time zones and summer times."""

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


def is_night(now_ns: int, lon_deg: float) -> bool:
    """Whether most people at that longitude sleep, by `NIGHT_H`."""
    hour = (now_ns / NS_PER_S / 3600.0 + lon_deg / 15.0) % 24.0
    begins, ends = NIGHT_H
    return hour >= begins or hour < ends


def night_ns(t_ns: int, t_ns_end: int, lon_deg: float) -> int:
    """How much of the time between two instants is night at that longitude."""
    begins, ends = NIGHT_H
    long_ns = ns((ends - begins) % 24.0 * 3600.0)
    shift_ns = ns((lon_deg / 15.0 - begins) * 3600.0)

    def before(instant_ns: int) -> int:
        days, rest_ns = divmod(instant_ns + shift_ns, NS_PER_DAY)
        return days * long_ns + min(rest_ns, long_ns)

    return before(t_ns_end) - before(t_ns)
