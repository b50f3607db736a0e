"""The transition table, row by row and as a whole."""

import numpy as np
import pytest

from tests.decide.stories import allowed
from tocsin.decide.stages import (
    CONDITIONS,
    TRANSITIONS,
    WARNED,
    Transition,
    diagram,
    step,
    table,
)
from tocsin.words import STAGES


def conditions(*true: str) -> dict[str, np.ndarray]:
    """One key; only the named conditions hold."""
    return {name: np.array([name in true]) for name in CONDITIONS}


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.before}-{row.when}")
def test_each_row_is_taken_when_its_condition_alone_holds(row: Transition) -> None:
    stage = np.array([STAGES.index(row.before)], dtype=np.int8)
    assert STAGES[step(stage, conditions(row.when))[0]] == row.after


@pytest.mark.parametrize("stage", STAGES)
def test_without_a_condition_nothing_moves(stage: str) -> None:
    before = np.array([STAGES.index(stage)], dtype=np.int8)
    assert step(before, conditions())[0] == before[0]


@pytest.mark.parametrize(
    ("before", "true", "after"),
    [
        ("none", ("likely_stand_by", "likely_early", "likely_take_cover"), "take_cover"),
        ("none", ("likely_stand_by", "likely_early"), "early"),
        ("early", ("likely_early", "likely_stand_by"), "early"),
        ("early", ("likely_take_cover", "over", "receded"), "take_cover"),
        ("early", ("over", "receded"), "stand_by"),
        ("take_cover", ("likely_early", "likely_stand_by"), "take_cover"),
        ("stay", ("likely_early", "likely_stand_by"), "stay"),
        ("stay", ("likely_take_cover", "over"), "take_cover"),
        ("stay", ("ordered_cancel", "likely_take_cover"), "cancelled"),
        ("all_clear", ("likely_stand_by",), "all_clear"),
        ("all_clear", ("likely_early", "shown", "unwatched"), "early"),
    ],
)
def test_precedence(before: str, true: tuple[str, ...], after: str) -> None:
    stage = np.array([STAGES.index(before)], dtype=np.int8)
    assert STAGES[step(stage, conditions(*true))[0]] == after


def test_take_cover_never_falls_back() -> None:
    for milder in ("none", "stand_by", "early"):
        assert not allowed("take_cover", milder)
        assert not allowed("stay", milder)
    assert {row.before for row in TRANSITIONS if row.after == "stay"} == {"take_cover"}


def test_only_an_operator_cancels() -> None:
    into = [row for row in TRANSITIONS if row.after == "cancelled"]
    assert {row.when for row in into} == {"ordered_cancel"}
    assert {row.before for row in into} == {"stand_by", "early", "take_cover", "stay", "standing"}
    assert {row.before for row in into} == set(np.array(STAGES)[WARNED])


def test_nobody_warned_is_left_without_an_end() -> None:
    before_none = {row.before for row in TRANSITIONS if row.after == "none"}
    assert before_none == {"all_clear", "cancelled", "notice"}
    assert not any(WARNED[STAGES.index(stage)] for stage in before_none)


def test_a_notice_is_never_what_is_left_of_a_warning() -> None:
    assert {row.before for row in TRANSITIONS if row.after == "notice"} == {"none"}


def test_a_standing_alert_is_declared_or_outlasted_and_ends_aloud() -> None:
    into = {row.when for row in TRANSITIONS if row.after == "standing"}
    assert into == {"declared", "outlasted", "stands"}
    out = {(row.after, row.when) for row in TRANSITIONS if row.before == "standing"}
    assert out == {
        ("take_cover", "likely_take_cover"),
        ("all_clear", "over"),
        ("all_clear", "ordered_all_clear"),
        ("cancelled", "ordered_cancel"),
    }


def test_every_stage_can_be_reached_and_left() -> None:
    assert {row.before for row in TRANSITIONS} == set(STAGES)
    assert {row.after for row in TRANSITIONS} == set(STAGES)
    assert {row.when for row in TRANSITIONS} == set(CONDITIONS)


def test_diagram_and_table_say_every_row() -> None:
    assert diagram().startswith("stateDiagram-v2\n")
    for row in TRANSITIONS:
        assert f"    {row.before} --> {row.after} : {row.when}\n" in diagram()
        assert f"| {row.before} | {row.after} | {row.when} |\n" in table()
