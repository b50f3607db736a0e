"""When people are warned: a table of chances, look-aheads and hysteresis, per threat and stage.

A policy is data: it can be printed (`table`), tested row by row and compared on recorded nights
(`tocsin score --policy NAME`). The shipped ones are in `policies`. Nothing else in the room holds a
number that decides whom to warn.

Cost-loss theory (act when the chance exceeds cost over loss) gives the shape: cost and loss both
scale with the people in the zone, so one threshold per head serves every zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.words import THREATS, FloatArray

WARNED_BY_CHANCE: Final = ("stand_by", "early", "take_cover")
"""The stages that a chance can start; a prefix of the warned stages of `words.STAGES`."""

UNITS: Final = ("zone", "district", "region")
"""Who is told together, smallest first; a region is an admin-1 area, a district is right below it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """When `stage` starts and ends for `threat`.

    It starts when the chance of harm within the look-ahead reaches `chance`. The look-ahead is
    `ahead_s`, plus the zone's time to shelter when `add_shelter`. It may end when the chance
    within the look-ahead plus `off_ahead_s` has been under `off_fraction` of `chance` for
    `hold_s`, and no sooner than `minimum_s` after the stage began. `why` says where the numbers
    come from. With a `unit` above the zone, the greatest chance of any zone in the area is that of
    all. A row `at_night` stands in for the other one of its threat and stage by night.
    """

    threat: str
    stage: str
    chance: float
    ahead_s: float
    hold_s: float
    minimum_s: float
    why: str
    add_shelter: bool = False
    off_fraction: float = 0.4
    off_ahead_s: float = 0.0
    unit: str = "zone"
    at_night: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long people remain in shelter after the arrival: at least `minimum_s`, and until the
    chance has been under the ending chances of take_cover and early for `hold_s`.

    `spared_s` is the least where nothing can have come down: what was feared flies on after the
    hold, or its chance went down well before it was due, for what falls cannot turn back; a track
    of it that ended in view has pieces with chances of their own, or went on under another number.
    """

    threat: str
    minimum_s: float
    hold_s: float
    why: str
    spared_s: float


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
    standing_factor: float = 5.0
    standing_hold_s: float = 1800.0
    standing_validity_s: float = 3600.0
    notice_m: float = 10_000.0
    notice_chance: float = 0.05
    notice_s: float = 300.0

    def __post_init__(self) -> None:
        _check(self)

    def row(self, threat: str, stage: str, *, night: bool = False) -> Row:
        """The row of `threat` and `stage`: there is one, and perhaps another that is for nights."""
        found = [row for row in self.rows if (row.threat, row.stage) == (threat, stage)]
        return next((row for row in found if row.at_night == night), found[0])

    @property
    def sleeps(self) -> bool:
        """Whether anything differs by night."""
        return any(row.at_night for row in self.rows)

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
    "standing_factor": "Chosen, because five times a take_cover of 0.01 is 1 in 20: people who "
    "live under fire for months are called by what may well be theirs, not by all that passes; "
    "never more than an even chance.",
    "standing_hold_s": "Chosen, because it is the longest look-ahead: nothing that is known now "
    "may bring the next alarm.",
    "standing_validity_s": "Chosen, because it outlives a fault of half an hour, and half-hourly "
    "renewals flood nothing.",
    "notice_m": "Chosen, because a drone at 50 m/s flies 10 km in 200 s, about the look-ahead of "
    "take_cover: from farther away it is nobody's business yet.",
    "notice_chance": "Chosen, as `standing_factor`: five times the chance of a take_cover, so that "
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
    lines = [rows_table([row for row in policy.rows if not row.at_night]).rstrip("\n")]
    if policy.sleeps:
        lines += ["", "By night instead:", ""]
        lines += [rows_table([row for row in policy.rows if row.at_night]).rstrip("\n")]
    lines += ["", "| threat | stay at least | if spared | and quiet for | why |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {stay.threat} | {stay.minimum_s:g} s | {stay.spared_s:g} s | {stay.hold_s:g} s "
        f"| {stay.why} |"
        for stay in policy.stays
    ]
    lines += ["", "| number | value | why |", "|---|---|---|"]
    lines += [
        f"| {field} | {getattr(policy, field):g} | {why} |" for field, why in GENERAL_WHY.items()
    ]
    return "\n".join(lines) + "\n"


def rows_table(rows: Sequence[Row]) -> str:
    """Rows of a policy as a Markdown table; who is told together only where it is not the zone."""
    head = "threat | stage | starts at a chance of | within | ends under | within | held for"
    lines = [f"| {head} | lasts at least | why |", "|---|---|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_row_text, rows)]) + "\n"


def _row_text(row: Row) -> str:
    shelter = " + time to shelter" if row.add_shelter else ""
    where = "" if row.unit == "zone" else f", whole {row.unit}"
    stage = ("night, " if row.at_night else "") + row.stage + where
    return (
        f"| {row.threat} | {stage} | {row.chance:.4g} | {row.ahead_s:g} s{shelter} "
        f"| {row.off_fraction * row.chance:.4g} | {row.ahead_s + row.off_ahead_s:g} s{shelter} "
        f"| {row.hold_s:g} s | {row.minimum_s:g} s | {row.why} |"
    )


def _check(policy: Policy) -> None:
    wanted = [(threat, stage) for threat in THREATS for stage in WARNED_BY_CHANCE]
    by_day = sorted((row.threat, row.stage) for row in policy.rows if not row.at_night)
    by_night = sorted((row.threat, row.stage) for row in policy.rows if row.at_night)
    if by_day != sorted(wanted):
        raise ValueError(
            f"policy {policy.name!r}: write exactly one row for each threat of "
            f"{', '.join(THREATS)} and each stage of {', '.join(WARNED_BY_CHANCE)}"
        )
    if by_night != [pair for pair in sorted(wanted) if pair in by_night]:
        raise ValueError(f"policy {policy.name!r}: at most one row of a threat and stage at night")
    if sorted(stay.threat for stay in policy.stays) != sorted(THREATS):
        raise ValueError(f"policy {policy.name!r}: write exactly one stay for each threat")
    for row in policy.rows:
        where = f"policy {policy.name!r}, {row.threat} {row.stage}"
        if not 0.0 < row.chance < 1.0 or not 0.0 < row.off_fraction < 1.0:
            raise ValueError(f"{where}: chance and off_fraction must lie between 0 and 1")
        if row.unit not in UNITS:
            raise ValueError(f"{where}: unit {row.unit!r} is none of {', '.join(UNITS)}")
        if row.ahead_s <= 0.0 or min(row.off_ahead_s, row.hold_s, row.minimum_s) < 0.0:
            raise ValueError(f"{where}: ahead_s must be positive, the other seconds not negative")
    if policy.standing_factor < 1.0 or not 0.0 < policy.notice_chance <= 1.0:
        raise ValueError(
            f"policy {policy.name!r}: standing_factor must be at least 1, notice_chance a chance"
        )
    if not 0.0 < policy.renew_s < policy.validity_s:
        raise ValueError(f"policy {policy.name!r}: renew_s must lie between 0 and validity_s")
