"""Hand-written truths and alerts on a map of six zones, for sums that fit on paper."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tocsin.instant import NS_PER_S
from tocsin.sim.truth import Flight, Impact, Truth
from tocsin.words import Alert
from tocsin.zones.map import ZoneMap

T0 = 1_790_000_000 * NS_PER_S
SECONDS = 1_200.0


@dataclass
class SixZones:
    """What a scorecard asks of a map. Region 0: a, b, c; region 1: d, e; f is in none."""

    version: str = "six"
    ids: tuple[str, ...] = ("a", "b", "c", "d", "e", "f")
    people: NDArray[np.int64] = field(
        default_factory=lambda: np.array([1_000, 2_000, 7_000, 500, -1, 300])
    )
    shelter_s: NDArray[np.float64] = field(
        default_factory=lambda: np.array([60.0, 60.0, np.nan, 15.0, 30.0, 0.0])
    )
    parent: NDArray[np.int32] = field(
        default_factory=lambda: np.array([0, 0, 0, 1, 1, -1], dtype=np.int32)
    )

    def row(self, zone_id: str) -> int:
        if zone_id not in self.ids:
            raise KeyError(zone_id)
        return self.ids.index(zone_id)


ZONES = cast(ZoneMap, SixZones())


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_S)


def alert(
    zone: str, stage: str, seconds: float, serial: int, threat: str = "drone", lasts_s: float = 1e6
) -> Alert:
    return Alert(
        zone=zone,
        threat=threat,
        serial=serial,
        t_ns=at(seconds),
        stage=stage,
        level="yellow",
        blind=False,
        reasons=(),
        t_ns_arrival=0,
        t_ns_expires=at(seconds + lasts_s),
        realm="exercise",
    )


def story(zone: str, *told: tuple[str, float], threat: str = "drone") -> list[Alert]:
    """The alerts of one (zone, threat): (stage, seconds) in order."""
    return [
        alert(zone, stage, seconds, serial, threat)
        for serial, (stage, seconds) in enumerate(told, start=1)
    ]


def impact(seconds: float, *zones: str, kind: str = "drone") -> Impact:
    return Impact(
        flight=f"{kind}-{seconds}",
        kind=kind,
        t_ns=at(seconds),
        lat_deg=50.0,
        lon_deg=36.0,
        zone=zones[0] if zones else "",
        zones=zones,
    )


def truth(*impacts: Impact, threats: int = 1) -> Truth:
    flights = tuple(
        Flight(
            id=f"f{i}",
            kind="drone",
            label="",
            identity="threat",
            t_ns=np.array([T0]),
            lat_deg=np.zeros(1),
            lon_deg=np.zeros(1),
            height_m=np.zeros(1),
        )
        for i in range(threats)
    )
    return Truth(
        scenario="story",
        seed=3,
        realm="exercise",
        t_ns_start=T0,
        seconds=SECONDS,
        flights=flights,
        impacts=impacts,
    )
