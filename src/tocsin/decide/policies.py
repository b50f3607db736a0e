"""The shipped policies. A site file names one of `POLICIES`; docs/reference/policies.md compares.

Each differs from `THRESHOLD` in what it says here, and in nothing else.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tocsin.decide import worth
from tocsin.decide.policy import WARNED_BY_CHANCE, Policy, Row, Stay
from tocsin.words import THREATS

_CLIFF: Final = (
    "0.01: chosen on `ua-mixed`, seed 101, where 0.02 missed 1 of 28 hits and left a quarter less "
    "than the time to shelter, 0.015 missed none but was late for more, and 0.005 cost a quarter "
    "more person-minutes; a published simulation of calibrated chances has its edge there too "
    "(0.01: 0.8 % missed; 0.02: 13.5 %). "
)
_HYSTERESIS: Final = (
    "Ends under 0.4 of it within 300 s for 60 s: the hysteresis of the same simulation."
)

_EARLY_OFF_DRONE: Final = 0.008
_EARLY_OFF_CRUISE: Final = 0.004
_EARLY_OFF: Final = (
    "It ends under the same chance as when it began at 0.02 (drone) or 0.01 (cruise missile), so "
    "that stays, which end with it, remain what they were."
)

_ANY_S: Final = 1800.0  # the last of words.HORIZONS_S: the whole forecast

THRESHOLD: Final = Policy(
    name="threshold",
    rows=(
        Row(
            threat="drone",
            stage="stand_by",
            chance=0.02,
            ahead_s=1800.0,
            hold_s=120.0,
            minimum_s=300.0,
            why="Chosen, because it is silent and wide: half an hour is the longest forecast and "
            "the longest span of Israel's first message (15 to 30 min).",
        ),
        Row(
            threat="drone",
            stage="early",
            chance=0.018,
            ahead_s=600.0,
            off_fraction=_EARLY_OFF_DRONE / 0.018,
            hold_s=60.0,
            minimum_s=180.0,
            why="Ten minutes: the span of Israel's pre-alert. 0.018: chosen of ten pairs on "
            "`ua-mixed`, seed 101 (why/decisions). " + _EARLY_OFF,
        ),
        Row(
            threat="drone",
            stage="take_cover",
            chance=0.01,
            ahead_s=60.0,
            add_shelter=True,
            off_ahead_s=150.0,
            hold_s=60.0,
            minimum_s=60.0,
            why=_CLIFF + "60 s beyond the time to shelter: 15 s delivery, 20 s to understand, the "
            "rest for a drone that turns. " + _HYSTERESIS,
        ),
        Row(
            threat="cruise",
            stage="stand_by",
            chance=0.02,
            ahead_s=1800.0,
            hold_s=120.0,
            minimum_s=300.0,
            why="As for drones: silent and wide.",
        ),
        Row(
            threat="cruise",
            stage="early",
            chance=0.015,
            ahead_s=450.0,
            off_fraction=_EARLY_OFF_CRUISE / 0.015,
            hold_s=60.0,
            minimum_s=180.0,
            why="At 240 m/s 450 s are 108 km. 0.015: chosen on the same raids; at 0.01 a third of "
            "those told early was flown over, at 0.015 half. " + _EARLY_OFF,
        ),
        Row(
            threat="cruise",
            stage="take_cover",
            chance=0.015,
            ahead_s=60.0,
            add_shelter=True,
            off_ahead_s=150.0,
            hold_s=60.0,
            minimum_s=60.0,
            why="0.015: chosen on four raids of `ua-mixed`, seed 101, with 28 hits by cruise "
            "missiles: it missed none, as 0.01, was late for one more, and spared a tenth of all "
            "person-minutes; 0.02 was late for two to five more. 60 s beyond the time to "
            "shelter: as for drones. " + _HYSTERESIS,
        ),
        Row(
            threat="ballistic",
            stage="stand_by",
            chance=0.001,
            ahead_s=_ANY_S,
            hold_s=60.0,
            minimum_s=180.0,
            why="Chosen, because the first footprint after a launch spreads over hundreds of "
            "zones; a fifth of the take_cover chance marks its rim.",
        ),
        Row(
            threat="ballistic",
            stage="early",
            chance=0.005,
            ahead_s=_ANY_S,
            hold_s=60.0,
            minimum_s=180.0,
            why="That of take_cover, which looks as far: nobody is told early. At 0.002 the rim of "
            "the footprint was: of 124 zones in `rocket-salvo` (seed 1), half of them under 1 "
            "in 370, none was struck. Such a chance is what stand_by is for, which is silent.",
        ),
        Row(
            threat="ballistic",
            stage="take_cover",
            chance=0.005,
            ahead_s=_ANY_S,
            hold_s=60.0,
            minimum_s=60.0,
            why="Any look-ahead, because the whole flight is short (500 km in five minutes): the "
            "first footprint is the only time there is. The chance as for drones.",
        ),
    ),
    stays=(
        Stay(
            threat="drone",
            minimum_s=180.0,
            spared_s=0.0,
            hold_s=60.0,
            why="Quiet for 60 s, and 3 min in all where one was lost, which may have come down: "
            "the hysteresis of a published simulation. One that flies on is seen or heard, and "
            "raises its chance if it turns back: of the warnings of 60 raids (`ua-mixed`, seed 1) "
            "1.4 % came back within 10 min by the same threat; in a raid of 21 threats it spared "
            "a quarter of the person-minutes.",
        ),
        Stay(
            threat="cruise",
            minimum_s=300.0,
            spared_s=0.0,
            hold_s=90.0,
            why="Chosen, because missiles of one salvo come minutes apart and interceptors' "
            "debris falls for minutes. Where they fly on, half a minute more of quiet than for "
            "drones: they turn back more. Chosen between 60 s and 120 s, which in a raid with 3 "
            "of them (`ua-mixed`, seed 101) spared one in three of the warnings that came back and "
            "cost 7 % more person-minutes.",
        ),
        Stay(
            threat="ballistic",
            minimum_s=600.0,
            spared_s=0.0,
            hold_s=60.0,
            why="Home Front Command's default stay of 10 min, for the debris of interceptions. "
            "What falls cannot turn back: a zone that the footprint left while it shrank is as "
            "safe as one that it never touched, and debris has chances of its own. Held for 60 s "
            "here and under take_cover: with 30 and 30 a salvo of rockets (`rocket-salvo`, seed 1) "
            "warned 283 zones anew within ten minutes instead of 9.",
        ),
    ),
)


def _changed(policy: Policy, name: str, *changed: Row) -> Policy:
    """`policy` under another name with `changed` in place of the rows that they are of."""
    key = [(row.threat, row.stage, row.at_night) for row in changed]
    kept = [row for row in policy.rows if (row.threat, row.stage, row.at_night) not in key]
    return replace(policy, name=name, rows=(*kept, *changed))


def _at_night(threat: str, chance: float, ahead_s: float, off_chance: float, why: str) -> Row:
    """The early stage by night."""
    row = THRESHOLD.row(threat, "early")
    return replace(
        row, chance=chance, ahead_s=ahead_s, off_fraction=off_chance / chance, at_night=True,
        why=why,
    )  # fmt: skip


_NIGHT_WHY: Final = (
    "Two thirds as far ahead and surer than by day: whoever is woken should have a reason, and a "
    "bed is near a shelter. "
)
_NIGHT_DRONE_WHY: Final = (
    _NIGHT_WHY + "Chosen of three on `ua-mixed`, seed 101, raid 3: 44 % of early stages were "
    "followed by a threat instead of 25 %. Half as far ahead, take_cover always came first."
)

NIGHT: Final = _changed(
    THRESHOLD,
    "night",
    _at_night("drone", 0.025, 400.0, 0.01, _NIGHT_DRONE_WHY),
    _at_night("cruise", 0.01875, 300.0, 0.005, _NIGHT_WHY + "A quarter surer."),
)


def _worth(threat: str, *, night: bool) -> Row:
    """take_cover from the chance on from which it pays."""
    row, stake = THRESHOLD.row(threat, "take_cover"), worth.STAKES[threat]
    return replace(
        row,
        chance=worth.chance(stake, night=night),
        at_night=night,
        why="A warning pays from this chance on: " + stake.why,
    )


COST_LOSS: Final = _changed(
    THRESHOLD,
    "cost-loss",
    *(_worth(threat, night=night) for threat in THREATS for night in (False, True)),
)

_REACH_S: Final = {"drone": 600.0, "cruise": 125.0, "ballistic": 1800.0}
_REACH_CHANCE: Final = {"drone": 0.00125, "cruise": 0.00125, "ballistic": 0.005}
_AREA_WHY: Final = (
    "30 km at 50 m/s (drone) and 240 m/s (cruise missile), a ballistic missile from its first "
    "footprint on: the region baseline of the scorecard, as far as forecasts can say it. One stage "
    "for all, because these rules have no other. The rule asks for no chance, only for nearness: a "
    "few in a thousand, and of drones and cruise missiles a quarter of that, as their chances were "
    "found to be four times too high when it was chosen."
)


def _area_row(threat: str, stage: str, unit: str) -> Row:
    """An area is under alarm while a threat may reach any zone of it; 300 s at least."""
    return Row(
        threat=threat, stage=stage, chance=_REACH_CHANCE[threat], ahead_s=_REACH_S[threat],
        hold_s=0.0, minimum_s=300.0, unit=unit, why=_AREA_WHY,
    )  # fmt: skip


def _in_areas(name: str, unit_of: Mapping[str, str]) -> Policy:
    """Whole areas under alarm, by threat, while one is inside or comes within 30 km of them."""
    return Policy(
        name=name,
        rows=tuple(
            _area_row(threat, stage, unit_of[threat])
            for threat in THREATS
            for stage in WARNED_BY_CHANCE
        ),
        stays=tuple(
            Stay(threat=threat, minimum_s=0.0, spared_s=0.0, hold_s=120.0,
                 why="Held for 120 s: the definition of the region baseline.")
            for threat in THREATS
        ),
    )  # fmt: skip


REGION: Final = _in_areas("region", dict.fromkeys(THREATS, "region"))
UKRAINE_2025: Final = _in_areas(
    "drones-by-district-missiles-by-region",
    {"drone": "district", "cruise": "region", "ballistic": "region"},
)

DEFAULT: Final = replace(THRESHOLD, name="default")

POLICIES: Final[dict[str, Policy]] = {
    policy.name: policy for policy in (DEFAULT, THRESHOLD, COST_LOSS, NIGHT, REGION, UKRAINE_2025)
}
"""The policies that a site file may name."""
