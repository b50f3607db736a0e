"""What ails a radar, as it shows on the wire: silence, loss, jamming, bias, a wrong clock.

Everything here acts on plots before they are encoded, or on the datagrams themselves; what flies
and what came down is never touched. A radar without faults draws no chance here, so that its bytes
do not depend on this file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S, ns
from tocsin.sim.asterix import Plot
from tocsin.sim.plan import Fault, Plan
from tocsin.words import FloatArray


@dataclass(frozen=True, slots=True)
class Ails:
    """The faults of one radar, and the chance by which they strike."""

    faults: tuple[Fault, ...]
    rng: np.random.Generator

    def sees(self, t_s: FloatArray) -> FloatArray:
        """Share (k,) of its chance of detection that is left at each of `t_s`."""
        share = np.ones(len(t_s))
        for fault in self.faults:
            held = np.array([fault.holds(float(one)) for one in t_s], dtype=np.bool_)
            share[held] *= fault.sees
        return share

    def told(self, plot: Plot, t_s: float) -> Plot:
        """`plot` of `t_s` as the radar tells it: displaced, at the time of its own clock."""
        held = [fault for fault in self.faults if fault.holds(t_s)]
        if not held:
            return plot
        return replace(
            plot,
            t_ns=plot.t_ns + ns(sum(fault.clock_s for fault in held)),
            range_m=max(plot.range_m + sum(fault.range_bias_m for fault in held), 0.0),
            azimuth_deg=(plot.azimuth_deg + sum(f.azimuth_bias_deg for f in held)) % 360.0,
        )

    def clock_s(self, t_s: float) -> float:
        """How far its clock is ahead at `t_s`."""
        return math.fsum(fault.clock_s for fault in self.faults if fault.holds(t_s))

    def lost(self, t_s: Sequence[float]) -> list[bool]:
        """Whether the datagram sent at each of `t_s` never arrives."""
        if not self.faults:
            return [False] * len(t_s)
        chance = self.rng.uniform(size=len(t_s))
        return [
            any(fault.holds(sent_s) and (fault.off or luck < fault.loss) for fault in self.faults)
            for sent_s, luck in zip(t_s, chance.tolist(), strict=True)
        ]


WELL: Final = Ails((), np.random.Generator(np.random.PCG64(0)))
"""A sound radar: nothing is drawn."""


def ails_of(plan: Plan, sensor: str, seed: Sequence[int]) -> Ails:
    """The faults of one sensor of `plan`."""
    held = tuple(fault for fault in plan.faults if fault.sensor == sensor)
    return Ails(held, np.random.Generator(np.random.PCG64(list(seed))))


def relayed(t_ns: int, plan: Plan) -> int:
    """When a datagram received at `t_ns` is passed on by the concentrator."""
    every_ns = round(plan.relay_s * NS_PER_S)
    if every_ns <= 0:
        return t_ns
    since_ns = t_ns - plan.t_ns_start
    return plan.t_ns_start - -since_ns // every_ns * every_ns
