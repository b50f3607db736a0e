"""Which zones were really threatened, and when: struck, or flown over by what could have dived."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.sim.truth import Flight, Truth
from tocsin.zones.map import ZoneMap

FOLLOWS_NS: Final = 1_200 * NS_PER_S
"""A warning is followed by what comes within 20 min: the definition of the requirement."""

LOW_KINDS: Final = ("drone", "cruise")
"""Whoever is flown over by these is threatened; a rocket overhead is on its way to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One threat at one zone: over it, or coming down within the harm radius of it."""

    flight: str
    t_ns: int
    t_ns_end: int


def visits(truth: Truth, zones: ZoneMap) -> dict[str, list[Visit]]:
    """Zone id -> its visits in order of time. Decoys are threats: nobody could know."""
    found: dict[str, list[Visit]] = {}
    for flight in truth.flights:
        if flight.kind in LOW_KINDS:
            for zone, visit in _overflown(flight, zones):
                found.setdefault(zone, []).append(visit)
    for impact in truth.impacts:
        for zone in impact.zones:
            visit = Visit(flight=impact.flight, t_ns=impact.t_ns, t_ns_end=impact.t_ns)
            found.setdefault(zone, []).append(visit)
    return {
        zone: sorted(some, key=lambda visit: (visit.t_ns, visit.flight))
        for zone, some in found.items()
    }


def first_after(some: list[Visit], t_ns: int) -> Visit | None:
    """The first visit that is going on at `t_ns` or begins within `FOLLOWS_NS`; None without."""
    return next(
        (one for one in some if one.t_ns_end >= t_ns and one.t_ns <= t_ns + FOLLOWS_NS), None
    )


def _overflown(flight: Flight, zones: ZoneMap) -> list[tuple[str, Visit]]:
    """The zones below a flight, sample by sample."""
    row = zones.locate(flight.lat_deg, flight.lon_deg)
    pieces = np.split(np.arange(len(row)), np.flatnonzero(np.diff(row)) + 1)
    return [
        (
            zones.ids[int(row[piece[0]])],
            Visit(
                flight=flight.id,
                t_ns=int(flight.t_ns[piece[0]]),
                t_ns_end=int(flight.t_ns[piece[-1]]),
            ),
        )
        for piece in pieces
        if row[piece[0]] >= 0
    ]
