"""What could be known: when the sensors had shown each threat, and while which of it was in view.

The plots are those of the journal, read anew but not tracked: whoever knew which of them belong
together could have known of a flight from the third. Faults, losses and delays are in them.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.sim.truth import Flight, Truth
from tocsin.words import THREATS, BoolArray, FloatArray, IntArray, SensorSite

PLOTS: Final = 3
"""A flight is known when so many plots of it were received: the definition of the requirement."""

GATE_SIGMAS: Final = 4.0
GATE_M: Final = 100.0
"""A plot is of the nearest flight if within so many of its own standard deviations, and this: a
flight's place between two samples of the truth. Chosen; false plots are 1e5 times rarer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plots:
    """n reports: seen and received at t_ns and t_ns_received (n,), ECEF position_m (n,3), and the
    root of the trace of their covariance, sigma_m (n,). `evidence` (n,) are the numbers by which
    alerts cite them; empty: unknown."""

    t_ns: IntArray
    t_ns_received: IntArray
    position_m: FloatArray
    sigma_m: FloatArray
    evidence: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`known_ns`: flight id -> when its third plot was received; a flight without is not in it.
    `watched`: flight id -> for each of its samples whether it was known and in view, bool (k,).
    `flight_of`: the number of a plot that an alert cites -> the flight that it was of."""

    known_ns: dict[str, int]
    watched: dict[str, BoolArray]
    flight_of: dict[int, str] = field(default_factory=dict)

    def since_s(self, flight: str, t_ns: int) -> float:
        """How long before `t_ns` the flight was known; -1 when it was not."""
        known_ns = self.known_ns.get(flight)
        return -1.0 if known_ns is None or known_ns > t_ns else (t_ns - known_ns) / NS_PER_S


def everything(truth: Truth) -> Seen:
    """As if perfect sensors saw every threat from its first sample on."""
    threats = _threats(truth)
    return Seen(
        known_ns={flight.id: int(flight.t_ns[0]) for flight in threats},
        watched={flight.id: np.ones(len(flight.t_ns), np.bool_) for flight in threats},
    )


def seen(
    truth: Truth, sensors: Sequence[SensorSite], plots: Plots, cited: Set[int] = frozenset()
) -> Seen:
    """What `plots` showed of the threats of `truth`; in view is in reach of one of `sensors`.

    Of the plots that were `cited`, it tells of which flight they are.
    """
    threats = _threats(truth)
    view = [_in_view(flight, sensors) for flight in threats]
    known = _third(threats, view, plots)
    return Seen(
        known_ns={
            flight.id: known_ns
            for flight, known_ns in zip(threats, known, strict=True)
            if known_ns >= 0
        },
        watched={
            flight.id: visible & (flight.t_ns >= known_ns) & (known_ns >= 0)
            for flight, visible, known_ns in zip(threats, view, known, strict=True)
        },
        flight_of=_flights_of(threats, view, plots, cited),
    )


def _threats(truth: Truth) -> list[Flight]:
    return [flight for flight in truth.flights if flight.kind in THREATS]


def _in_view(flight: Flight, sensors: Sequence[SensorSite]) -> BoolArray:
    """Whether each sample lies within the range and above the horizon of a sensor, bool (k,)."""
    place_m = geo.ecef(flight.lat_deg, flight.lon_deg, flight.height_m)
    visible = np.zeros(len(flight.t_ns), np.bool_)
    for site in sensors:
        lat, lon, height_m = (np.array(v) for v in (site.lat_deg, site.lon_deg, site.height_m))
        away_m = np.linalg.norm(place_m - geo.ecef(lat, lon, height_m), axis=1)
        along_m = geo.ground_distance_m(lat, lon, flight.lat_deg, flight.lon_deg)
        horizon_m = geo.radio_horizon_m(height_m, flight.height_m)
        visible |= (away_m <= site.range_m_max) & (along_m <= horizon_m)
    return visible


def _third(flights: list[Flight], view: list[BoolArray], plots: Plots) -> list[int]:
    """When the third plot of each flight was received, -1 never."""
    found: list[list[int]] = [[] for _ in flights]
    places = _places(flights)
    for rows, alive in _by_second(flights, view, plots, np.arange(len(plots.t_ns))):
        if all(len(times) >= PLOTS for times in found):
            break
        if any(len(found[i]) < PLOTS for i, _ in alive):
            for row, i in _assigned(flights, places, alive, plots, rows):
                found[i].append(int(plots.t_ns_received[row]))
    return [sorted(times)[PLOTS - 1] if len(times) >= PLOTS else -1 for times in found]


def _flights_of(
    flights: list[Flight], view: list[BoolArray], plots: Plots, cited: Set[int]
) -> dict[int, str]:
    """Number of a `cited` plot -> the flight that it was of; false plots are not in it."""
    numbers = np.fromiter(cited, np.int64, len(cited))
    rows = np.flatnonzero(np.isin(plots.evidence, numbers))
    places = _places(flights)
    return {
        int(plots.evidence[row]): flights[i].id
        for some, alive in _by_second(flights, view, plots, rows)
        if alive
        for row, i in _assigned(flights, places, alive, plots, some)
    }


def _places(flights: list[Flight]) -> list[FloatArray]:
    return [geo.ecef(one.lat_deg, one.lon_deg, one.height_m) for one in flights]


def _by_second(
    flights: list[Flight], view: list[BoolArray], plots: Plots, rows: IntArray
) -> Iterator[tuple[IntArray, list[tuple[int, int]]]]:
    """Those of the `rows` that were seen in one second, second by second, and the (flight, sample)
    that were in view then."""
    second = plots.t_ns[rows] // NS_PER_S
    order = np.argsort(second, kind="stable")
    starts = np.flatnonzero(np.diff(second[order], prepend=-1))
    ends_ns = np.array([(one.t_ns[0], one.t_ns[-1]) for one in flights], np.int64).reshape(-1, 2)
    for some in np.split(order, starts[1:]) if len(order) else []:
        t_ns = int(second[some[0]]) * NS_PER_S
        there = (ends_ns[:, 0] < t_ns + NS_PER_S) & (t_ns <= ends_ns[:, 1] + NS_PER_S)
        alive = [
            (i, k)
            for i in np.flatnonzero(there).tolist()
            if view[i][k := _sample(flights[i], t_ns)]
        ]
        yield rows[some], alive


def _sample(flight: Flight, t_ns: int) -> int:
    """The last sample at or before the end of the second that begins at `t_ns`."""
    return min(max((t_ns - int(flight.t_ns[0])) // NS_PER_S, 0), len(flight.t_ns) - 1)


def _motion(flight: Flight, place_m: FloatArray, k: int) -> tuple[float, FloatArray, FloatArray]:
    """Time, place and velocity at sample `k`, by the samples beside it."""
    j = min(k, max(len(place_m) - 2, 0))
    speed = place_m[j + 1] - place_m[j] if len(place_m) > 1 else np.zeros(3)
    return float(flight.t_ns[k]), place_m[k], speed


def _assigned(
    flights: list[Flight],
    places: list[FloatArray],
    alive: list[tuple[int, int]],
    plots: Plots,
    rows: IntArray,
) -> list[tuple[int, int]]:
    """Each plot of one second and the nearest flight of the `alive`, if near enough."""
    motion = [_motion(flights[i], places[i], k) for i, k in alive]
    t_ns = np.array([one[0] for one in motion])
    place_m, speed_mps = (np.array([one[i] for one in motion]) for i in (1, 2))
    gate_m = GATE_SIGMAS * plots.sigma_m[rows] + GATE_M
    since_s = (plots.t_ns[rows][:, None] - t_ns) / NS_PER_S
    there_m = place_m + since_s[:, :, None] * speed_mps
    away_m = np.linalg.norm(plots.position_m[rows][:, None, :] - there_m, axis=2)
    nearest = np.argmin(away_m, axis=1)
    fit = away_m[np.arange(len(rows)), nearest] <= gate_m
    pairs = zip(rows[fit].tolist(), nearest[fit].tolist(), strict=True)
    return [(row, alive[near][0]) for row, near in pairs]
