"""When people are warned: a table of chances, look-aheads and hysteresis, per threat and stage.

A policy is data: it can be printed (`table`), tested row by row and compared on recorded nights
(`tocsin score --policy NAME`). Nothing else in the room holds a number that decides whom to warn.

Cost-loss theory (act when the chance exceeds cost over loss) gives the shape: cost and loss both
scale with the people in the zone, so one threshold per head serves every zone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.words import THREATS, FloatArray

WARNED_BY_CHANCE: Final = ("stand_by", "early", "take_cover")
"""The stages that a chance can start; a prefix of the warned stages of `words.STAGES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """When `stage` starts and ends for `threat`.

    It starts when the chance of harm within the look-ahead reaches `chance`. The look-ahead is
    `ahead_s`, plus the zone's time to shelter when `add_shelter`. It may end when the chance
    within the look-ahead plus `off_ahead_s` has been under `off_fraction` of `chance` for
    `hold_s`, and no sooner than `minimum_s` after the stage began. `why` says where the numbers
    come from.
    """

    threat: str
    stage: str
    chance: float
    ahead_s: float
    add_shelter: bool
    off_fraction: float
    off_ahead_s: float
    hold_s: float
    minimum_s: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long people remain in shelter after the arrival: at least `minimum_s`, and until the
    chance has been under the ending chances of take_cover and early for `hold_s`."""

    threat: str
    minimum_s: float
    hold_s: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All the numbers of one way to warn; a bad one raises ValueError when it is made.

    shelter_s_default    time to shelter of a zone that states none
    validity_s           an alert expires so long after it was said, unless renewed
    renew_s              it is renewed when less than this is left
    shown_s              an all-clear or a cancellation is shown so long, then the run ends
    raise_s              an operator's own warning lasts so long, unless raised again or ended
    mute_cancel_s        tracks behind a cancelled alert cannot warn that zone again for so long
    mute_all_clear_s     the same after an operator's all-clear
    moved_s_min, moved_fraction, moved_s_max   see `arrival_tolerance_s`
    repeat_s             two messages that differ only in the arrival are at least this far apart
    standing_after_s     early or graver for so long without a break becomes a standing alert
    standing_factor      under one, the chances of the rows count only when so many times as high
    standing_hold_s      the policy ends its own standing alert when it has been calm for so long
    standing_validity_s  a standing alert is renewed, silently, twice in so long
    notice_m             neighbours are zones whose middles are at most so far apart
    notice_chance        they get a notice when a drone's chance at the zone within the look-ahead
                         of take_cover reaches this
    notice_s             a notice ends by itself so long after it was said, unless a drone is still
                         near when it must be renewed
    """

    name: str
    rows: tuple[Row, ...]
    stays: tuple[Stay, ...]
    shelter_s_default: float = 90.0
    validity_s: float = 300.0
    renew_s: float = 120.0
    shown_s: float = 600.0
    raise_s: float = 900.0
    mute_cancel_s: float = 1800.0
    mute_all_clear_s: float = 300.0
    moved_s_min: float = 20.0
    moved_fraction: float = 0.2
    moved_s_max: float = 120.0
    repeat_s: float = 5.0
    standing_after_s: float = 21600.0
    standing_factor: float = 10.0
    standing_hold_s: float = 1800.0
    standing_validity_s: float = 3600.0
    notice_m: float = 10_000.0
    notice_chance: float = 0.05
    notice_s: float = 300.0

    def __post_init__(self) -> None:
        _check(self)

    def row(self, threat: str, stage: str) -> Row:
        """The row of `threat` and `stage`; there is exactly one of each."""
        return next(row for row in self.rows if row.threat == threat and row.stage == stage)

    def stay(self, threat: str) -> Stay:
        """How long to stay in shelter from `threat`."""
        return next(stay for stay in self.stays if stay.threat == threat)


GENERAL_WHY: Final[dict[str, str]] = {
    "shelter_s_default": "Chosen, because 875 of Israel's 1,451 zones have 90 s (Home Front "
    "Command list, June 2026) and Ukraine publishes none.",
    "validity_s": "Chosen, because if the mind dies its warnings must outlive a restart (seconds) "
    "and a change to the standby, yet not become hours-old truth.",
    "renew_s": "Chosen, because 120 s leave a channel time to try several times before expiry.",
    "shown_s": "Chosen, because those who looked away should still find it; the public archives "
    "of Israel's alerts show an event's end for about ten minutes.",
    "raise_s": "Chosen, because it spans a short attack and yet a forgotten one ends by itself "
    "(through stay and all_clear).",
    "mute_cancel_s": "Chosen, because it is the longest look-ahead; whoever cancelled a flock of "
    "birds is asked again if it is still there after that.",
    "mute_all_clear_s": "Chosen, because a real drone that passed may turn back: five minutes are "
    "twice the look-ahead of take_cover.",
    "moved_s_min": "Chosen, because nobody acts differently for less than 20 s.",
    "moved_fraction": "Chosen, because a far arrival is uncertain by about as much.",
    "moved_s_max": "Chosen, because two minutes matter to whoever plans a way, however far ahead.",
    "repeat_s": "Chosen, because faster numbers cannot be read and would flood the channels.",
    "standing_after_s": "Chosen, because six hours are three times the 123 min that nine of ten "
    "alarms of Ukraine's oblasts stay under (official data to December 2023), while hromadas at "
    "the front have a tenth of theirs over 502 min: whom an alarm has held so long, it no longer "
    "warns.",
    "standing_factor": "Chosen, because ten times a take_cover of 0.005 is 1 in 20: people who "
    "live under fire for months are called by what may well be theirs, not by all that passes; "
    "never more than an even chance.",
    "standing_hold_s": "Chosen, because it is the longest look-ahead: nothing that is known now "
    "may bring the next alarm.",
    "standing_validity_s": "Chosen, because it outlives a fault of half an hour, and half-hourly "
    "renewals flood nothing.",
    "notice_m": "Chosen, because a drone at 50 m/s flies 10 km in 200 s, about the look-ahead of "
    "take_cover: from farther away it is nobody's business yet.",
    "notice_chance": "Chosen, as `standing_factor`: ten times the chance of a take_cover, so that "
    "a drone is probably there and not merely possible.",
    "notice_s": "Chosen, as `validity_s`; in that time a drone at 50 m/s is 15 km on.",
}
"""Where each general number comes from, by field name."""


def shelter_times_s(policy: Policy, stated_s: FloatArray) -> FloatArray:
    """Times to shelter: those that zones state, and the policy's where they state none (NaN)."""
    shelter_s: FloatArray = np.where(np.isnan(stated_s), policy.shelter_s_default, stated_s)
    return shelter_s


def arrival_tolerance_s(policy: Policy, remaining_s: FloatArray) -> FloatArray:
    """How far the likely arrival may move before people are told.

    Floor: `moved_s_min`, under which nobody would act differently. Slope: `moved_fraction` of the
    time that remains, for a forecast is about so uncertain. Cap: `moved_s_max`.
    """
    return np.clip(policy.moved_fraction * remaining_s, policy.moved_s_min, policy.moved_s_max)


def table(policy: Policy) -> str:
    """The whole policy as Markdown tables, every number with its reason."""
    head = "threat | stage | starts at a chance of | within | ends under | within | held for"
    lines = [f"| {head} | lasts at least | why |", "|---|---|---|---|---|---|---|---|---|"]
    lines += [_row_text(row) for row in policy.rows]
    lines += ["", "| threat | stay at least | and quiet for | why |", "|---|---|---|---|"]
    lines += [
        f"| {stay.threat} | {stay.minimum_s:g} s | {stay.hold_s:g} s | {stay.why} |"
        for stay in policy.stays
    ]
    lines += ["", "| number | value | why |", "|---|---|---|"]
    lines += [
        f"| {field} | {getattr(policy, field):g} | {why} |" for field, why in GENERAL_WHY.items()
    ]
    return "\n".join(lines) + "\n"


def _row_text(row: Row) -> str:
    shelter = " + time to shelter" if row.add_shelter else ""
    return (
        f"| {row.threat} | {row.stage} | {row.chance:g} | {row.ahead_s:g} s{shelter} "
        f"| {row.off_fraction * row.chance:.4g} | {row.ahead_s + row.off_ahead_s:g} s{shelter} "
        f"| {row.hold_s:g} s | {row.minimum_s:g} s | {row.why} |"
    )


def _check(policy: Policy) -> None:
    wanted = [(threat, stage) for threat in THREATS for stage in WARNED_BY_CHANCE]
    if sorted((row.threat, row.stage) for row in policy.rows) != sorted(wanted):
        raise ValueError(
            f"policy {policy.name!r}: write exactly one row for each threat of "
            f"{', '.join(THREATS)} and each stage of {', '.join(WARNED_BY_CHANCE)}"
        )
    if sorted(stay.threat for stay in policy.stays) != sorted(THREATS):
        raise ValueError(f"policy {policy.name!r}: write exactly one stay for each threat")
    for row in policy.rows:
        where = f"policy {policy.name!r}, {row.threat} {row.stage}"
        if not 0.0 < row.chance < 1.0 or not 0.0 < row.off_fraction < 1.0:
            raise ValueError(f"{where}: chance and off_fraction must lie between 0 and 1")
        if row.ahead_s <= 0.0 or min(row.off_ahead_s, row.hold_s, row.minimum_s) < 0.0:
            raise ValueError(f"{where}: ahead_s must be positive, the other seconds not negative")
    if policy.standing_factor < 1.0 or not 0.0 < policy.notice_chance <= 1.0:
        raise ValueError(
            f"policy {policy.name!r}: standing_factor must be at least 1, notice_chance a chance"
        )
    if not 0.0 < policy.renew_s < policy.validity_s:
        raise ValueError(f"policy {policy.name!r}: renew_s must lie between 0 and validity_s")


_SIMULATED: Final = (
    "Measured in a simulation of 60 raids on 4 km zones: a raw chance of 0.002 within 180 s (0.004 "
    "after calibration) missed none of 871 hits, 0.005 (0.01) missed 0.8 %, 0.01 missed 13.5 %; "
    "0.005 keeps a factor 2 to that edge. "
)
_HYSTERESIS: Final = (
    "Ends under 0.4 of it within 300 s for 60 s: the hysteresis of the same simulation."
)

_ANY_S: Final = 1800.0  # the last of words.HORIZONS_S: the whole forecast

DEFAULT: Final = Policy(
    name="default",
    rows=(
        Row(
            threat="drone",
            stage="stand_by",
            chance=0.02,
            ahead_s=1800.0,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=120.0,
            minimum_s=300.0,
            why="Chosen, because it is silent and wide: half an hour is the longest forecast and "
            "the longest span of Israel's first message (15 to 30 min).",
        ),
        Row(
            threat="drone",
            stage="early",
            chance=0.02,
            ahead_s=600.0,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=60.0,
            minimum_s=180.0,
            why="Ten minutes: the span of Israel's pre-alert. 0.02: chosen, because about one "
            "in two pre-alerted zones should go on to take_cover (53 % on 16 Sep 2025).",
        ),
        Row(
            threat="drone",
            stage="take_cover",
            chance=0.005,
            ahead_s=90.0,
            add_shelter=True,
            off_fraction=0.4,
            off_ahead_s=120.0,
            hold_s=60.0,
            minimum_s=60.0,
            why=_SIMULATED + "90 s beyond the time to shelter: 15 s delivery, 20 s to "
            "understand, the rest for a drone that turns. " + _HYSTERESIS,
        ),
        Row(
            threat="cruise",
            stage="stand_by",
            chance=0.02,
            ahead_s=1800.0,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=120.0,
            minimum_s=300.0,
            why="As for drones: silent and wide.",
        ),
        Row(
            threat="cruise",
            stage="early",
            chance=0.01,
            ahead_s=450.0,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=60.0,
            minimum_s=180.0,
            why="Chosen, because at 240 m/s 450 s are 108 km: the zone is then one of many on its "
            "way, each with a smaller chance than from a drone, and the warhead is larger.",
        ),
        Row(
            threat="cruise",
            stage="take_cover",
            chance=0.005,
            ahead_s=60.0,
            add_shelter=True,
            off_fraction=0.4,
            off_ahead_s=150.0,
            hold_s=60.0,
            minimum_s=60.0,
            why="The chance as for drones. 60 s beyond the time to shelter: 15 s delivery, 20 s to "
            "understand; less than for a drone, for it is in and gone faster. " + _HYSTERESIS,
        ),
        Row(
            threat="ballistic",
            stage="stand_by",
            chance=0.001,
            ahead_s=_ANY_S,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=60.0,
            minimum_s=180.0,
            why="Chosen, because the first footprint after a launch spreads over hundreds of "
            "zones; a fifth of the take_cover chance marks its rim.",
        ),
        Row(
            threat="ballistic",
            stage="early",
            chance=0.002,
            ahead_s=_ANY_S,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
            hold_s=60.0,
            minimum_s=180.0,
            why="Chosen, because about half of the zones that are told early should go on to "
            "take_cover; the footprint shrinks as it is tracked.",
        ),
        Row(
            threat="ballistic",
            stage="take_cover",
            chance=0.005,
            ahead_s=_ANY_S,
            add_shelter=False,
            off_fraction=0.4,
            off_ahead_s=0.0,
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
            hold_s=60.0,
            why="Quiet for 60 s and 3 min in all: the hysteresis of the simulation; a drone "
            "is seen or heard while it is there.",
        ),
        Stay(
            threat="cruise",
            minimum_s=300.0,
            hold_s=60.0,
            why="Chosen, because missiles of one salvo come minutes apart and interceptors' "
            "debris falls for minutes.",
        ),
        Stay(
            threat="ballistic",
            minimum_s=600.0,
            hold_s=60.0,
            why="Home Front Command's default stay of 10 min, for the debris of interceptions.",
        ),
    ),
)

POLICIES: Final[dict[str, Policy]] = {DEFAULT.name: DEFAULT}
"""The policies that a site file may name."""
