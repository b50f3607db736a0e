"""The table for the terminal: every figure in it, narrow enough, and '-' where there is none."""

from tests.score.stories import ZONES, impact, story, truth
from tocsin.score.scorecard import score
from tocsin.score.text import render_policies, render_text


def test_the_table_holds_the_figures() -> None:
    alerts = story("a", ("early", 0), ("take_cover", 10), ("all_clear", 310))
    card = score(alerts, truth(impact(100, "a", "b")), ZONES, latencies_ms=[12.0])
    text = render_text(card)
    for figure in ("story, seed 3", "drone 1/2", "50.0 %", "5,000", "50,000", "10.0 x", "12 / 12"):
        assert figure in text, text
    assert max(map(len, text.splitlines())) <= 90
    assert text.endswith("\n")


def test_what_was_not_measured_is_a_dash() -> None:
    text = render_text(score([], truth(), ZONES))
    assert "- / -" in text
    assert "None" not in text
    assert "nan" not in text


def test_policies_stand_one_below_the_other() -> None:
    """Told 5 s and 50 s before: 1 and 0 missed of one hit, for as many person-minutes."""
    came = truth(impact(100, "a"))
    cards = [
        score(
            story("a", ("take_cover", begun), ("all_clear", begun + 300)), came, ZONES, policy=name
        )
        for name, begun in (("brave", 95), ("drones-by-district-missiles-by-region", 50))
    ]
    head, empty, titles, *lines = render_policies(cards).splitlines()
    assert "1 hits" in head
    assert empty == ""
    assert titles.split()[:2] == ["policy", "missed"]
    assert [line.split()[:2] for line in lines] == [
        ["brave", "1/1"],
        ["drones-by-district-missiles-by-region", "0/1"],
    ]
    assert all("5,000" in line for line in lines)
    assert max(map(len, (head, titles, *lines))) <= 140
