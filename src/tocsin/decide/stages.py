"""Which stage may follow which: one table, from which the board steps and the diagram is drawn.

The table is the program: `step` tries its rows from the top, for thousands of zones at once, and
the first row whose condition holds is taken. What is not in the table cannot happen.

Three decisions in it: a take_cover ends only through stay, never by falling back to a milder
warning, for people in a shelter need "stay" or "it is over", save that an alarm of many hours
becomes a standing alert, which is said; whoever was asked anything is told that it is over; and no
all-clear comes from silence, for `over` asks that a sensor watches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.words import STAGES, BoolArray

NONE, STAND_BY, EARLY, TAKE_COVER, STAY, STANDING, NOTICE, ALL_CLEAR, CANCELLED = range(len(STAGES))


def _those(*stages: int) -> BoolArray:
    """Which of `STAGES` are among `stages`: bool (stages,)."""
    return np.isin(np.arange(len(STAGES)), stages)


WARNED: Final = _those(STAND_BY, EARLY, TAKE_COVER, STAY, STANDING)
"""Whether people are asked to do something, by stage."""

ALARMED: Final = _those(EARLY, TAKE_COVER, STAY)
"""Whether people are kept from what they do, by stage; too long of it becomes `standing`."""

COVERED: Final = _those(TAKE_COVER, STAY)
"""Whether people are asked to be in cover, by stage."""

COMING: Final = _those(STAND_BY, EARLY, TAKE_COVER)
"""Whether the arrival lies ahead, by stage."""

ENDED: Final = _those(ALL_CLEAR, CANCELLED)
"""Whether people are told that nothing is asked of them any more, by stage."""

CONDITIONS: Final[dict[str, str]] = {
    "ordered_cancel": "an operator says it was a mistake",
    "ordered_all_clear": "an operator says it is over",
    "likely_take_cover": "the chance reaches that of take_cover, or an operator raises it",
    "likely_early": "the chance reaches that of early, or an operator raises it",
    "likely_stand_by": "the chance reaches that of stand_by, or an operator raises it",
    "declared": "an operator declares a standing alert",
    "outlasted": "early or graver for the standing time without a break, the chance is not grave, "
    "and a sensor watches",
    "stands": "calm and a sensor watches, in a zone under a standing alert that has not ended",
    "near": "a drone is likely at a neighbouring zone, and the zone's own chance is too small",
    "passed": "the notice has run out, and no drone is near any more",
    "arrived": "the latest likely arrival is past, and the chance is under that of take_cover",
    "calm": "the chance has been under the ending chance for the hold, and the minimum is over",
    "receded": "as calm and a sensor watches, but the chance of stand_by has not ended",
    "over": "calm for all sounding stages (and for stand_by, before shelter), and a sensor watches",
    "unwatched": "no sensor watches any more, and no operator gave this all-clear",
    "shown": "it has been shown long enough",
}
"""What each condition means, in words; the board computes them."""


@dataclass(frozen=True, slots=True)
class Transition:
    """From `before` to `after` when the condition `when` holds."""

    before: str
    after: str
    when: str


TRANSITIONS: Final = (
    Transition("none", "take_cover", "likely_take_cover"),
    Transition("none", "standing", "declared"),
    Transition("none", "early", "likely_early"),
    Transition("none", "stand_by", "likely_stand_by"),
    Transition("none", "notice", "near"),
    Transition("notice", "take_cover", "likely_take_cover"),
    Transition("notice", "standing", "declared"),
    Transition("notice", "early", "likely_early"),
    Transition("notice", "stand_by", "likely_stand_by"),
    Transition("notice", "none", "passed"),
    Transition("stand_by", "cancelled", "ordered_cancel"),
    Transition("stand_by", "all_clear", "ordered_all_clear"),
    Transition("stand_by", "take_cover", "likely_take_cover"),
    Transition("stand_by", "standing", "declared"),
    Transition("stand_by", "early", "likely_early"),
    Transition("stand_by", "all_clear", "over"),
    Transition("early", "cancelled", "ordered_cancel"),
    Transition("early", "all_clear", "ordered_all_clear"),
    Transition("early", "take_cover", "likely_take_cover"),
    Transition("early", "standing", "declared"),
    Transition("early", "standing", "outlasted"),
    Transition("early", "stand_by", "receded"),
    Transition("early", "all_clear", "over"),
    Transition("take_cover", "cancelled", "ordered_cancel"),
    Transition("take_cover", "all_clear", "ordered_all_clear"),
    Transition("take_cover", "standing", "outlasted"),
    Transition("take_cover", "stay", "arrived"),
    Transition("take_cover", "stay", "calm"),
    Transition("stay", "cancelled", "ordered_cancel"),
    Transition("stay", "all_clear", "ordered_all_clear"),
    Transition("stay", "take_cover", "likely_take_cover"),
    Transition("stay", "standing", "stands"),
    Transition("stay", "all_clear", "over"),
    Transition("standing", "cancelled", "ordered_cancel"),
    Transition("standing", "all_clear", "ordered_all_clear"),
    Transition("standing", "take_cover", "likely_take_cover"),
    Transition("standing", "all_clear", "over"),
    Transition("all_clear", "take_cover", "likely_take_cover"),
    Transition("all_clear", "standing", "declared"),
    Transition("all_clear", "early", "likely_early"),
    Transition("all_clear", "none", "unwatched"),
    Transition("all_clear", "none", "shown"),
    Transition("cancelled", "take_cover", "likely_take_cover"),
    Transition("cancelled", "standing", "declared"),
    Transition("cancelled", "early", "likely_early"),
    Transition("cancelled", "stand_by", "likely_stand_by"),
    Transition("cancelled", "none", "shown"),
)
"""In order: of the rows with the same `before`, the first whose condition holds is taken.

A notice only ever follows none: it is no warning that has grown mild.

From all_clear a stand_by waits until the all-clear was shown: it is silent, so nothing is lost,
and nobody is told "over" and "be ready" in one breath.
"""

_ROWS_BY_STAGE: Final = {
    name: tuple(row for row in TRANSITIONS if row.before == name) for name in STAGES
}


def step(stage: NDArray[np.int8], conditions: Mapping[str, BoolArray]) -> NDArray[np.int8]:
    """The next stage of each of n zones and threats.

    `stage` is int8 (n,), indices of `STAGES`; `conditions` has a bool (n,) for each of
    `CONDITIONS`. A stage that no row leaves remains.
    """
    following = stage.copy()
    for name, rows in _ROWS_BY_STAGE.items():
        undecided = np.flatnonzero(stage == STAGES.index(name))
        for row in rows:
            if len(undecided) == 0:
                break
            taken = conditions[row.when][undecided]
            following[undecided[taken]] = STAGES.index(row.after)
            undecided = undecided[~taken]
    return following


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> none"]
    lines += [f"    {row.before} --> {row.after} : {row.when}" for row in TRANSITIONS]
    return "\n".join(lines) + "\n"


def table() -> str:
    """Transitions and conditions as Markdown tables."""
    lines = ["| from | to | when |", "|---|---|---|"]
    lines += [f"| {row.before} | {row.after} | {row.when} |" for row in TRANSITIONS]
    lines += ["", "| condition | meaning |", "|---|---|"]
    lines += [f"| {name} | {meaning} |" for name, meaning in CONDITIONS.items()]
    return "\n".join(lines) + "\n"
