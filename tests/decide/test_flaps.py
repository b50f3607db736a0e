"""Flaps on seeded stories: a chance that wanders about the threshold of take_cover, then is gone.

Harsher than the sky: all the time is spent where a flap can happen. Run as a module for the table
of what a longer stay costs.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tests.decide.stories import Flight, Story, country
from tocsin.decide import POLICIES, Policy

STEP_S = 5.0
FLAP_S = 600.0
QUIET_S = 1500.0  # longer than every hold, stay and showing together
DEFAULT = POLICIES["default"]


@dataclass(frozen=True)
class Outcome:
    """Of one story: all-clears, those followed by take_cover within `FLAP_S`, of these the ones
    said as a run that goes on, and seconds in cover."""

    ends: int
    flaps: int
    resumed: int
    cover_s: float


def wandering(seed: int) -> list[float]:
    """A chance whose logarithm is an Ornstein-Uhlenbeck process round that of 0.005, some 5 to 40
    minutes long, with a memory of half a minute to seven."""
    rng = np.random.default_rng(seed)
    steps = int(rng.uniform(300.0, 2400.0) / STEP_S)
    memory_s, spread = rng.uniform(30.0, 400.0), rng.uniform(0.5, 1.5)
    middle = np.log(0.005) + rng.uniform(-1.5, 1.0)
    found, log = [], middle
    for shock in rng.standard_normal(steps):
        log += (middle - log) * STEP_S / memory_s + spread * np.sqrt(2 * STEP_S / memory_s) * shock
        found.append(min(float(np.exp(log)), 0.9))
    return found


def outcome(seed: int, policy: Policy) -> Outcome:
    """What a zone is told of one drone that wanders about it."""
    story, path = Story(zones=country(1), policy=policy, step_s=STEP_S), wandering(seed)
    while story.now_s < len(path) * STEP_S + QUIET_S:
        here = path[int(story.now_s / STEP_S) :][:1]
        story.flights = [Flight(zone=0, arrives_s=story.now_s + 60.0, chance=p) for p in here]
        story.tick()
    stages = [*story.stages(), (story.now_s, "none")]
    ends = [t_s for t_s, stage in stages if stage == "all_clear"]
    again = [t_s for t_s, stage in stages if stage == "take_cover"]
    back = [next((t for t in again if end < t <= end + FLAP_S), None) for end in ends]
    told = dict(story.alerts())
    return Outcome(
        ends=len(ends),
        flaps=sum(t_s is not None for t_s in back),
        resumed=sum(t_s is not None and told[t_s].resumed for t_s in back),
        cover_s=sum(
            after - t_s for (t_s, stage), (after, _) in pairwise(stages) if stage in _COVER
        ),
    )


_COVER = ("take_cover", "stay")


def staying(minimum_s: float, hold_s: float) -> Policy:
    """The default policy with another stay for drones."""
    stays = tuple(
        replace(stay, minimum_s=minimum_s, hold_s=hold_s) if stay.threat == "drone" else stay
        for stay in DEFAULT.stays
    )
    return replace(DEFAULT, stays=stays)


def summed(outcomes: list[Outcome]) -> Outcome:
    return Outcome(*(sum(getattr(o, name) for o in outcomes) for name in Outcome.__match_args__))


def test_what_flaps_goes_on_as_the_same_run() -> None:
    found = summed([outcome(seed, DEFAULT) for seed in range(1, 13)])
    assert found.flaps > 0
    assert found.resumed == found.flaps


def test_a_longer_stay_flaps_less_and_holds_longer() -> None:
    short = summed([outcome(seed, staying(60.0, 0.0)) for seed in range(1, 13)])
    long = summed([outcome(seed, staying(420.0, 420.0)) for seed in range(1, 13)])
    assert long.flaps < short.flaps
    assert long.cover_s > short.cover_s


if __name__ == "__main__":
    for minimum_s, hold_s in ((180, 60), (300, 60), (300, 120), (300, 300), (420, 420)):
        total = summed([outcome(seed, staying(minimum_s, hold_s)) for seed in range(1, 61)])
        print(minimum_s, hold_s, total, f"{total.flaps / total.ends:.3f}")
