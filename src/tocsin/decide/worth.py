"""What a warning costs and what it averts: the chance from which on it pays to warn.

Cost-loss theory: whoever can avert a loss L at a cost C, against an event of chance p, has the
least expense in the long run by acting when p > C / L and not otherwise (Thompson, 1952; Murphy,
1977). Here both grow with the people in the zone, so one chance per head serves every zone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WORTH_MIN: Final = 4000.0
"""Minutes in cover that one person would spend to be in cover when a drone strikes the zone: the
one number in which safety and daily life are weighed. Chosen, because by night, when minutes are
dearer, it warns of a drone at 0.0042, under the 0.005 at which the policy study began to miss
(0.8 % of 871 hits). An authority that weighs otherwise changes this number, and nothing else."""

NIGHT_FACTOR: Final = 1.5
"""By night a minute in cover costs so many. Chosen, because whoever is called out of bed loses the
sleep before and after it, too."""

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


_MINUTES_WHY: Final = (
    "Minutes: the mean from the start of cover to its end under `threshold`, in `ua-mixed`, seed "
    "101, raid 1. "
)
_HARM_WHY: Final = (
    "Harm: the ground under a given blast grows with charge to the power 2/3 (Hopkinson and "
    "Cranz), and 450 to 480 kg against the drone's 50 to 90 kg make three to four. "
)

STAKES: Final[Mapping[str, Stake]] = {
    "drone": Stake(
        minutes=10.0,
        harm=1.0,
        lead_s=180.0,
        why=_MINUTES_WHY + "Harm: the measure of the others. Lead: the look-ahead of take_cover.",
    ),
    "cruise": Stake(
        minutes=8.0,
        harm=3.0,
        lead_s=150.0,
        why=_MINUTES_WHY + _HARM_WHY + "Lead: the look-ahead of take_cover.",
    ),
    "ballistic": Stake(
        minutes=13.0,
        harm=3.0,
        lead_s=120.0,
        why=_MINUTES_WHY + _HARM_WHY + "Lead: what is left of a flight of some 150 km.",
    ),
}
"""What a warning costs and averts, by threat; see `Stake`."""
