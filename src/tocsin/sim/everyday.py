"""What flies over the area of a script every day: `[[traffic]]`."""

from typing import Final

import msgspec
import numpy as np

from tocsin.sim import airways, low
from tocsin.sim.law import draw_whole
from tocsin.sim.plan import FlightPlan
from tocsin.sim.script import Traffic
from tocsin.sim.traffic import Area, Maker, address, code

_LOW: Final[dict[str, Maker]] = {
    "light": low.light,
    "helicopter": low.helicopter,
    "hovering": low.working_helicopter,
    "glider": low.glider,
    "fighter": low.fighter,
    "flock": low.flock,
    "migrants": low.migrants,
    "soarers": low.soarers,
}
_ON_ARCS: Final = ("light", "helicopter", "fighter", "flock", "migrants")
_CROSSING: Final = ("airliner", "turboprop", "business jet")


def flights(
    entry: Traffic, area: Area, seconds: float, rng: np.random.Generator
) -> list[FlightPlan]:
    """Flights of one craft that outlast the scenario; birds and balloons answer nobody."""
    made = []
    for k in range(draw_whole(entry.count, rng)):
        flight = _one(entry.craft, f"{entry.craft.replace(' ', '-')}-{k + 1}", area, seconds, rng)
        if flight.kind in ("aircraft", "helicopter") and rng.uniform() < entry.answers:
            fails = rng.uniform() < entry.fails
            flight = msgspec.structs.replace(
                flight,
                mode_3a=code(rng),
                mode_s=address(rng),
                silent_s=float(rng.uniform(0.25, 0.75)) * seconds if fails else -1.0,
            )
        made.append(flight)
    return made


def _one(
    craft: str, name: str, area: Area, seconds: float, rng: np.random.Generator
) -> FlightPlan:  # fmt: skip
    if craft in _CROSSING:
        flight = airways.crossing(name, craft, area, seconds, rng)
        return msgspec.structs.replace(flight, arcs=True)
    if craft in _LOW:
        flight = _LOW[craft](name, area, seconds, rng)
        return msgspec.structs.replace(flight, arcs=craft in _ON_ARCS)
    return low.balloon(name, craft, area, rng)
