"""A night of friends only, folded whole and scored. A file of its own, so that it runs beside the
other scenarios: it takes minutes."""

from pathlib import Path

import pytest

from tests.test_scenarios import asking, scored


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_aircraft_that_answer_are_hardly_a_reason_to_take_cover(tmp_path: Path) -> None:
    """Of 225 flights 19 have no transponder and 8 lose theirs: those may look like drones. Of
    what answers and of the others few tracks are the reason (`FRIENDS_MOST`, `OTHERS_MOST`)."""
    card = scored("friendly-only", 1, tmp_path)
    friends, others = set[int](), set[int]()
    for _, tracks, rows in asking(tmp_path, "take_cover"):
        friends.update(tracks.id[rows & tracks.friend].tolist())
        others.update(tracks.id[rows & ~tracks.friend].tolist())
    assert len(friends) <= FRIENDS_MOST
    assert len(others) <= OTHERS_MOST
    assert card.warnings <= WARNINGS_MOST


FRIENDS_MOST = 0
OTHERS_MOST = 11
"""Tracks behind a take-cover in ten minutes of friendly-only: measured once (9) and rounded up. A
helicopter that lands and rises again is a new track."""
WARNINGS_MOST = 22  # zones that are warned there, as scored: measured once (19) and rounded up
