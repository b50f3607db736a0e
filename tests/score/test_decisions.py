"""The table of decisions: what counts as one, how it is kept, what a reviewer is shown."""

import pytest

from tests.score.stories import T0, alert, story
from tocsin.score.decisions import Change, changes, decisions, dump, load, render

BEFORE = decisions(
    [*story("a", ("early", 10.9), ("take_cover", 60), ("all_clear", 300), ("early", 900)),
     *story("b", ("take_cover", 40))], T0,
)  # fmt: skip


def test_renewals_are_no_decisions_and_seconds_are_whole() -> None:
    renewed = [
        alert("a", "early", 10.9, 1),
        alert("a", "early", 130, 2),
        alert("a", "stay", 200, 3),
    ]
    assert decisions(renewed, T0) == {
        ("a", "drone", "early"): (10,),
        ("a", "drone", "stay"): (200,),
    }


def test_a_table_is_read_as_it_was_written() -> None:
    assert dump(BEFORE).splitlines()[:2] == ["zone,threat,stage,second", "a,drone,all_clear,300"]
    assert load(dump(BEFORE)) == BEFORE
    for text in ("", "zone,threat\n", "zone,threat,stage,second\na,drone\n"):
        with pytest.raises(ValueError, match="first line"):
            load(text)


def test_what_is_new_gone_earlier_and_later() -> None:
    """a: cover 5 s later, the second early gone; b: 2 s earlier; c: new."""
    after = decisions(
        [*story("a", ("early", 10), ("take_cover", 65), ("all_clear", 300)),
         *story("b", ("take_cover", 38)), *story("c", ("early", 7), threat="cruise")], T0,
    )  # fmt: skip
    assert [(*one, one.what) for one in changes(BEFORE, after)] == [
        ("a", "drone", "take_cover", 60, 65, "later"), ("a", "drone", "early", 900, -1, "gone"),
        ("b", "drone", "take_cover", 40, 38, "earlier"), ("c", "cruise", "early", -1, 7, "new"),
    ]  # fmt: skip
    shown = render("night", BEFORE, after)
    assert "night: 5 decisions, 4 differ in 3 zones (1 new, 1 gone, 1 earlier, 1 later)" in shown
    assert "60 s    65 s  later" in shown
    assert max(map(len, shown.splitlines())) <= 90


def test_the_same_night_is_one_line() -> None:
    assert render("night", BEFORE, BEFORE) == "night: 5 decisions, none differs\n"
    assert changes(BEFORE, BEFORE) == []
    assert changes({}, {}) == []
    assert Change("a", "drone", "early", -1, 0).what == "new"
