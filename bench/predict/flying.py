"""Drones and cruise missiles of simulated raids, forecast without a tracker: are chances right?

The flights are those of the scenario files: routes round what is defended, along rivers, zigzags,
programmed turns, targets by people or hidden, decoys, what is brought down. The forecast is given
each flight's true place and velocity once a minute; whatever is wrong then is wrong with what it
believes of flights, not with a track.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from tocsin.cli.worlds import map_of, opened
from tocsin.predict.cruise import Flyers
from tocsin.sim import arcs, expand, routes
from tocsin.sim import truth as truths
from tocsin.sim.plan import FlightPlan
from tocsin.sim.routes import Path as Way
from tocsin.sim.script import Script
from tocsin.words import FloatArray, IntArray
from tocsin.zones.map import ZoneMap

EVERY_S: Final = 60.0  # as `score.reliability`
SD_M: Final = 10.0
SD_MPS: Final = 0.3
"""Standard deviations told with a perfect state: what no tracker reaches, and above nothing."""
_STEP_S: Final = 1.0  # over which a velocity is taken


@dataclass(frozen=True, slots=True)
class Flown:
    """One flight: its path, and the rows of the zones that it harmed at the end (maybe none)."""

    plan: FlightPlan
    path: Way
    harmed: IntArray

    @property
    def end_s(self) -> float:
        """When it came down, or left."""
        return float(self.path.t_s[-1])


@dataclass(frozen=True, slots=True)
class Raid:
    """The flights of one raid that are drones or cruise missiles."""

    seed: int
    flights: tuple[Flown, ...]


@lru_cache(maxsize=4)
def world(name: str) -> tuple[Script, ZoneMap]:
    """The script of a shipped scenario and its zone map."""
    found = opened(name)
    assert found is not None, "a scenario file of laws"
    return found[0], map_of(*found)


def raids(name: str, seed: int, count: int) -> Iterator[Raid]:
    """The first raids of a run of the scenario `name`."""
    script, zones = world(name)
    for number in range(count):
        own = expand.raid_seed(seed, number)
        plan = expand.expand(script, zones, own, 0)
        some = [flight for flight in plan.flights if flight.kind in ("drone", "cruise")]
        yield Raid(own, tuple(_flown(flight, zones) for flight in some))


def _flown(flight: FlightPlan, zones: ZoneMap) -> Flown:
    path = arcs.fly(flight) if flight.arcs else routes.fly(flight, 1e5)
    harmed = np.zeros(0, dtype=np.int64)
    if path.down:
        lat, lon = flight.waypoints[-1][:2]
        harmed = np.asarray(zones.within(lat, lon, truths.HARM_RADIUS_M), dtype=np.int64)
    return Flown(flight, path, harmed)


@dataclass(frozen=True, slots=True)
class Moments:
    """Flights of one kind at moments of their raid: n rows.

    raid     which raid
    t_s      time of the raid
    wait_s   until the flight harms `harmed`; infinite when it never does
    """

    flyers: Flyers
    raid: IntArray
    t_s: FloatArray
    wait_s: FloatArray
    harmed: list[IntArray]


def moments(some: list[Raid], kind: str) -> Moments:
    """Every flight of a kind, once a minute from the first full minute of its raid."""
    places, velocities, waits, harmed, number, times = [], [], [], [], [], []
    for k, raid in enumerate(some):
        for flown in raid.flights:
            if flown.plan.kind != kind:
                continue
            begin_s = float(flown.path.t_s[0]) + _STEP_S
            t_s = np.arange(np.ceil(begin_s / EVERY_S) * EVERY_S, flown.end_s - _STEP_S, EVERY_S)
            before, after = flown.path.at(t_s - _STEP_S / 2.0), flown.path.at(t_s + _STEP_S / 2.0)
            places.append(flown.path.at(t_s))
            velocities.append((after - before) / _STEP_S)
            waits.append(flown.end_s - t_s if len(flown.harmed) else np.full(len(t_s), np.inf))
            harmed += [flown.harmed] * len(t_s)
            number.append(np.full(len(t_s), k))
            times.append(t_s)
    count = len(harmed)
    covariance = np.diag([SD_M**2] * 3 + [SD_MPS**2] * 3)
    return Moments(
        flyers=Flyers(
            position_m=np.concatenate(places),
            velocity_mps=np.concatenate(velocities),
            covariance=np.broadcast_to(covariance, (count, 6, 6)),
            lag_s=np.zeros(count),
        ),
        raid=np.concatenate(number),
        t_s=np.concatenate(times),
        wait_s=np.concatenate(waits),
        harmed=harmed,
    )
