"""What a warning costs and what it averts: the chance from which on it pays to warn.

Cost-loss theory: whoever can avert a loss L at a cost C, against an event of chance p, has the
least expense in the long run by acting when p > C / L and not otherwise (Thompson, 1952; Murphy,
1977). Here both grow with the people in the zone, so one chance per head serves every zone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WORTH_MIN: Final = 2400.0
"""Minutes in cover that it is worth to be in cover when a drone strikes the zone that one is in:
the one number in which safety and daily life are weighed. Chosen: in the policy study 800 missed
0.3 % of 871 hits and 1,600 none, and twice as much only cost more. An authority that wants it
otherwise changes this number, and nothing else."""

NIGHT_FACTOR: Final = 1.5
"""A minute in cover by night costs as many by day."""

DELIVERY_S: Final = 20.0
LEAD_S: Final = 70.0
"""Of the harm to people in the zone a lead of t s averts 1 - exp(-(t - DELIVERY_S) / LEAD_S): the
curve of the policy study, by which 90 s bring two of three into shelter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What one warning means to one person of the zone.

    minutes  in cover that it costs
    harm     of one strike, as a multiple of that of a drone
    lead_s   between the warning and the strike
    why      where the three come from
    """

    minutes: float
    harm: float
    lead_s: float
    why: str


def averted(lead_s: float) -> float:
    """The share of the harm that so long a lead averts."""
    return -math.expm1(-max(lead_s - DELIVERY_S, 0.0) / LEAD_S)


def break_even(cost: float, loss: float) -> float:
    """The chance above which it pays to spend `cost` on averting `loss`."""
    if not 0.0 < cost < loss:
        raise ValueError("a warning must cost something, and less than what it averts")
    return cost / loss


def chance(stake: Stake, *, night: bool = False) -> float:
    """The chance of a strike from which on a warning pays."""
    cost_min = stake.minutes * (NIGHT_FACTOR if night else 1.0)
    return break_even(cost_min, WORTH_MIN * stake.harm * averted(stake.lead_s))


STAKES: Final[Mapping[str, Stake]] = {
    "drone": Stake(
        minutes=6.0,
        harm=1.0,
        lead_s=180.0,
        why="x",
    ),
    "cruise": Stake(
        minutes=8.0,
        harm=4.0,
        lead_s=150.0,
        why="x",
    ),
    "ballistic": Stake(
        minutes=12.0,
        harm=4.0,
        lead_s=120.0,
        why="x",
    ),
}
