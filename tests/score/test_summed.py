"""The raids of a run as one card: counts are added, shares taken last."""

from pathlib import Path

import pytest

from tests.score.stories import ZONES, impact, story, truth
from tocsin.score import measure, summed
from tocsin.sim import runs
from tocsin.sim.runs import Raid, Run


def test_two_raids_are_added_before_shares_are_taken() -> None:
    """Raid 1: zone a (1,000 people) struck at 100 s in cover since 40 s, told for 60 s more; 5
    threats. Raid 2: zones a and b struck, nobody told; 40 threats."""
    one = measure(
        story("a", ("take_cover", 40), ("all_clear", 160)),
        truth(impact(100, "a"), threats=5),
        ZONES,
    )
    other = measure([], truth(impact(100, "a", "b"), threats=40), ZONES)
    card = summed([one, other], policy="default", scenario="set", seed=9)
    assert (card.scenario, card.seed, card.raids, card.threats) == ("set", 9, 2, 45)
    assert (card.hits, card.missed, card.missed_share) == (3, 2, pytest.approx(2 / 3))
    assert card.person_minutes == pytest.approx(2_000.0)
    assert card.person_minutes_region == pytest.approx(100_000.0)  # 10,000 people, 5 min, twice
    assert card.ratio_region == pytest.approx(50.0)
    assert card.ratio_region_mass is None, "the mass raid warned nobody"
    sizes = {name: (size.raids, size.hits, size.missed) for name, size in card.by_size.items()}
    assert sizes == {"small": (1, 1, 0), "mass": (1, 2, 2)}


@pytest.mark.parametrize(
    ("threats", "size"), [(6, "small"), (7, "medium"), (30, "medium"), (31, "mass")]
)
def test_sizes_begin_where_the_published_study_has_them(threats: int, size: str) -> None:
    card = summed([measure([], truth(threats=threats), ZONES)], policy="p", scenario="s", seed=1)
    assert list(card.by_size) == [size]


def test_a_run_is_read_as_it_was_written_and_a_torn_one_says_what_to_do(tmp_path: Path) -> None:
    run = Run(
        scenario="s", seed=3, raids=(Raid(folder="raid-001", seed=5, seconds=9.0, threats=2),)
    )
    assert runs.read(tmp_path) is None
    runs.write(run, tmp_path)
    assert runs.read(tmp_path) == run
    (tmp_path / runs.FILE).write_text("{")
    with pytest.raises(ValueError, match="simulate the run again"):
        runs.read(tmp_path)
