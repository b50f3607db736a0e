"""Time to and from text, against the standard library and published examples."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import instant

T_NS = 1_795_334_400_250_999_999  # 2026-11-22T08:00:00.250999999Z


def test_iso_truncates_to_milliseconds() -> None:
    assert instant.iso(T_NS) == "2026-11-22T08:00:00.250Z"


def test_cap_time_has_an_offset_and_no_fraction() -> None:
    assert instant.cap_time(T_NS) == "2026-11-22T08:00:00+00:00"


def test_atom_time() -> None:
    assert instant.atom_time(T_NS) == "2026-11-22T08:00:00Z"


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_iso_and_back(t_ms: int) -> None:
    t_ns = t_ms * instant.NS_PER_MS
    assert instant.from_iso(instant.iso(t_ns)) == t_ns
    assert datetime.fromisoformat(instant.iso(t_ns)) == datetime.fromtimestamp(t_ms / 1000, UTC)


def test_text_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant.from_iso("2026-11-22T08:00:00")
