"""The whole friendly sky of one night: who flies, who answers, and whose transponder fails."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from tocsin.sim import airways, low, traffic
from tocsin.sim.airways import Airport
from tocsin.sim.plan import FlightPlan, Place
from tocsin.sim.routes import destination
from tocsin.sim.traffic import Area, Maker

AIRPORTS: Final = 4

CROSSING: Final = (("airliner", 30), ("turboprop", 16), ("business jet", 12))
ARRIVING: Final = 16
DEPARTING: Final = 14
HOLDING: Final = 4

LOW: Final[tuple[tuple[str, Maker, int], ...]] = (
    ("light", low.light, 26),
    ("helicopter", low.helicopter, 18),
    ("heliwork", low.working_helicopter, 12),
    ("glider", low.glider, 12),
    ("fighter", low.fighter, 4),
)
CIRCUITS: Final = 10

NATURE: Final[tuple[tuple[str, Maker, int], ...]] = (
    ("birds", low.flock, 24),
    ("migrants", low.migrants, 10),
    ("soarers", low.soarers, 6),
)
BALLOONS: Final = (("hot-air balloon", 4), ("weather balloon", 3), ("toy balloons", 4))

SILENT_SHARE: Final = 0.1
"""Of the piloted craft, so many have no transponder or left it off; chosen."""
FAILING: Final = 8
"""So many transponders fail for good, in the middle half of the night; chosen."""
MODE_C_ONLY: Final = 6
"""So many light aircraft answer Mode 3/A and C with the VFR code, and no Mode S; chosen."""


def sky(
    area: Area, seconds: float, towns: Sequence[Place], rng: np.random.Generator
) -> list[FlightPlan]:
    """Some two hundred flights none of which may warn anybody; `towns` have the airports."""
    airports = [
        Airport(
            destination(*town, float(rng.uniform(0.0, 360.0)), 8_000.0),
            float(rng.uniform(0.0, 360.0)),
        )
        for town in towns
    ]
    piloted = _airliners(airports, area, seconds, rng)
    for word, make, count in LOW:
        piloted += [make(f"{word}-{i + 1}", area, seconds, rng) for i in range(count)]
    for i in range(CIRCUITS):
        airport = airports[i % len(airports)]
        piloted.append(low.circuits(f"circuit-{i + 1}", airport, seconds, rng))
    flights = _identified(piloted, seconds, rng)
    for word, make, count in NATURE:
        flights += [make(f"{word}-{i + 1}", area, seconds, rng) for i in range(count)]
    for label, count in BALLOONS:
        word = label.split()[0]
        flights += [low.balloon(f"{word}-{i + 1}", label, area, rng) for i in range(count)]
    return flights


def _airliners(
    airports: Sequence[Airport], area: Area, seconds: float, rng: np.random.Generator
) -> list[FlightPlan]:
    """En route, arriving, departing and holding; those of one airport well apart in time."""
    flights = []
    for label, count in CROSSING:
        word = label.replace(" ", "-")
        flights += [
            airways.crossing(f"{word}-{i + 1}", label, area, seconds, rng) for i in range(count)
        ]
    for i in range(ARRIVING):
        turn = i // len(airports)
        out_m = 6_000.0 + 22_000.0 * (turn + float(rng.uniform(0.0, 0.6)))
        airport = airports[i % len(airports)]
        flights.append(airways.arrival(f"arrival-{i + 1}", airport, out_m, 0.0, rng))
    turns = math.ceil(DEPARTING / len(airports))
    for i in range(DEPARTING):
        turn = i // len(airports)
        start_s = 0.85 * seconds * (turn + float(rng.uniform(0.0, 0.6))) / turns
        airport = airports[i % len(airports)]
        flights.append(airways.departure(f"departure-{i + 1}", airport, start_s, rng))
    for i in range(HOLDING):
        airport = airports[i % len(airports)]
        flights.append(airways.holding(f"holding-{i + 1}", airport, 2_000.0 + 300.0 * i, rng))
    return flights


def _identified(
    piloted: Sequence[FlightPlan], seconds: float, rng: np.random.Generator
) -> list[FlightPlan]:
    """The same flights with their transponders, drawn over all of them alike."""
    order = [int(i) for i in rng.permutation(len(piloted))]
    silent = order[: math.ceil(SILENT_SHARE * len(piloted))]
    answering = order[len(silent) :]
    failing = dict.fromkeys(answering[:FAILING], 0.0)
    for i in failing:
        failing[i] = float(rng.uniform(0.25, 0.75)) * seconds
    plain = [i for i in answering if piloted[i].label == "light aircraft"][-MODE_C_ONLY:]
    flights = []
    for i, flight in enumerate(piloted):
        mode_3a, mode_s = traffic.code(rng), traffic.address(rng)
        if i in silent:
            mode_3a, mode_s = -1, -1
        elif i in plain:
            mode_3a, mode_s = traffic.VFR_CODE, -1
        flights.append(
            msgspec.structs.replace(
                flight, mode_3a=mode_3a, mode_s=mode_s, silent_s=failing.get(i, -1.0)
            )
        )
    return flights
