"""A plan brought to life: its flights, its radars' datagrams and its truth."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

import msgspec
import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_S, ns
from tocsin.sim import arcs, faults, radar, rockets, routes
from tocsin.sim import plan as plans
from tocsin.sim import truth as truths
from tocsin.sim.plan import FlightPlan, Plan
from tocsin.sim.radar import Emission
from tocsin.sim.truth import Flight, Impact, Truth
from tocsin.words import THREATS, SensorSite
from tocsin.zones.map import ZoneMap

_AILING: Final = 1
"""Last part of the seed of what ails a radar, beside that of what it sees."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One scenario: what its sensors send, and what really happened. Always an exercise."""

    plan: Plan
    paths: tuple[routes.Path, ...]
    truth: Truth
    zones: ZoneMap

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.plan.name

    @property
    def seed(self) -> int:
        """All chance in this world comes from it."""
        return self.plan.seed

    @property
    def realm(self) -> str:
        """No simulated world is ever live."""
        return "exercise"

    @property
    def seconds(self) -> float:
        """How long the scenario lasts."""
        return self.plan.seconds

    @property
    def t_ns_start(self) -> int:
        """When it begins, POSIX nanoseconds."""
        return self.plan.t_ns_start

    @property
    def sensors(self) -> tuple[SensorSite, ...]:
        """The radars, as the site file must declare them."""
        return self.plan.sensors

    def emissions(self) -> Iterator[Emission]:
        """Every datagram in order of receipt; the same world gives the same bytes each time."""
        targets = [
            radar.Target(
                path=path,
                visibility=flight.visibility,
                echo_m2=flight.echo_m2,
                silent_s=flight.silent_s if flight.silent_s >= 0.0 else math.inf,
                mode_3a=flight.mode_3a,
                mode_s=flight.mode_s,
            )
            for flight, path in zip(self.plan.flights, self.paths, strict=True)
        ]
        sent: list[Emission] = []
        for number, site in enumerate(self.sensors):
            rng = np.random.Generator(np.random.PCG64([self.seed, number]))
            turning = radar.radar(site, self.seconds, self.t_ns_start, rng, self.plan.sectors)
            ails = faults.ails_of(self.plan, site.name, (self.seed, number, _AILING))
            sent += radar.datagrams(
                turning, targets, self.seconds, self.plan.clutter_per_scan, rng, ails
            )
        if self.plan.relay_s > 0.0:
            sent = [one._replace(t_ns=faults.relayed(one.t_ns, self.plan)) for one in sent]
        sent.sort(key=lambda emission: emission[:2])  # stable: one sensor's order is kept
        return iter(sent)

    def to_toml(self) -> str:
        """The text of `scenario.toml`; `load` of it gives this world again."""
        return plans.dump(self.plan)


def build(plan: Plan, zones: ZoneMap) -> World:
    """The world of `plan`. Raises ValueError when a rocket cannot reach its aim."""
    paths = _paths(plan)
    flown = list(zip(plan.flights, paths, strict=True))
    truth = Truth(
        scenario=plan.name,
        seed=plan.seed,
        realm="exercise",
        t_ns_start=plan.t_ns_start,
        seconds=plan.seconds,
        flights=tuple(_flight(plan, flight, path) for flight, path in flown),
        impacts=_impacts(plan, flown, zones),
    )
    return World(plan, paths, truth, zones)


def load(text: str, zones: ZoneMap, t_ns_start: int | None = None) -> World:
    """The world of a scenario file, begun at `t_ns_start` if given, else at the file's own start.

    Raises ValueError with one line that says what is wrong.
    """
    plan = plans.parse(text)
    if t_ns_start is not None:
        plan = msgspec.structs.replace(plan, t_ns_start=t_ns_start)
    if plan.country != zones.country:
        raise ValueError(
            f"scenario: country = {plan.country!r} but the zone map is of {zones.country!r}:"
            " give the map of the same country"
        )
    return build(plan, zones)


def write(world: World, folder: FilePath) -> None:
    """`scenario.toml`, the truth and, if it is not a shipped one, the zone map in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.toml").write_text(world.to_toml(), encoding="utf-8")
    write_map(world, folder)
    truths.write(world.truth, folder)


def write_map(world: World, folder: FilePath) -> None:
    """The zone map in `folder`, which exists, unless it is a shipped one."""
    if world.plan.zones:
        (folder / world.plan.zones).write_bytes(world.zones.to_bytes())


def _paths(plan: Plan) -> tuple[routes.Path, ...]:
    """The path of every flight, in the order of the plan."""
    ballistic = [flight for flight in plan.flights if flight.kind == "ballistic"]
    fallen = iter(rockets.fly(ballistic, plan.wind_mps))
    return tuple(
        next(fallen)
        if flight.kind == "ballistic"
        else arcs.fly(flight)
        if flight.arcs
        else routes.fly(flight, plan.seconds, plan.wind_mps)
        for flight in plan.flights
    )


def _flight(plan: Plan, flight: FlightPlan, path: routes.Path) -> Flight:
    """Truth of one flight, on whole seconds of the scenario while it is in the air."""
    last_s = min(float(path.t_s[-1]), plan.seconds)
    whole_s = np.arange(np.ceil(path.t_s[0]), np.floor(last_s) + 1.0)
    t_s = whole_s if len(whole_s) else path.t_s[:1]
    lat_deg, lon_deg, height_m = geo.geodetic(path.at(t_s))
    return Flight(
        id=flight.id,
        kind=flight.kind,
        label=flight.label,
        identity=_identity(flight),
        t_ns=plan.t_ns_start + np.round(t_s * NS_PER_S).astype(np.int64),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        height_m=height_m,
    )


def _identity(flight: FlightPlan) -> str:
    if flight.kind in THREATS:
        return "threat"
    if flight.mode_3a >= 0 or flight.mode_s >= 0:
        return "friend"
    return "nature" if flight.kind == "bird" else "unknown"


def _impacts(
    plan: Plan, flown: list[tuple[FlightPlan, routes.Path]], zones: ZoneMap
) -> tuple[Impact, ...]:
    """Where threats came down before the end of the scenario, in order of time."""
    impacts = []
    for flight, path in flown:
        end_s = float(path.t_s[-1])
        lat_deg, lon_deg, _ = (float(part) for part in geo.geodetic(path.position_m[-1]))
        if flight.kind not in THREATS or end_s > plan.seconds or not path.down:
            continue
        row = int(zones.locate(np.array([lat_deg]), np.array([lon_deg]))[0])
        struck = [int(near) for near in zones.within(lat_deg, lon_deg, truths.HARM_RADIUS_M)]
        impacts.append(
            Impact(
                flight=flight.id,
                kind=flight.kind,
                t_ns=plan.t_ns_start + ns(end_s),
                lat_deg=lat_deg,
                lon_deg=lon_deg,
                zone=zones.ids[row] if row >= 0 else "",
                zones=tuple(zones.ids[near] for near in struck),
            )
        )
    return tuple(sorted(impacts, key=lambda impact: (impact.t_ns, impact.flight)))
