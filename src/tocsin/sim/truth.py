"""What really happened, for `score` alone: it never enters the engine.

On disk: `truth.json` (what flew, what came down, which zones it struck) beside `truth.npz` (where
every flight was, once a second). The two are read together by `read`.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from tocsin.words import THREATS, FloatArray, IntArray

FORMAT: Final = 1

HARM_RADIUS_M: Final = 500.0
"""A zone is struck when any of it lies this near an impact; that of the policy study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One thing that flew, sampled once a second.

    `identity` is threat, friend (answers a transponder), nature or unknown. t_ns int64 (n,),
    lat_deg, lon_deg, height_m (above the ellipsoid) float64 (n,).
    """

    id: str
    kind: str
    label: str
    identity: str
    t_ns: IntArray
    lat_deg: FloatArray
    lon_deg: FloatArray
    height_m: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Where and when one threat came down. `zone` is "" outside every zone.

    `zones` are the ids of all zones within `HARM_RADIUS_M`, in the order of the map.
    """

    flight: str
    kind: str
    t_ns: int
    lat_deg: float
    lon_deg: float
    zone: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A finished scenario. Only impacts before its end are in it."""

    scenario: str
    seed: int
    realm: str
    t_ns_start: int
    seconds: float
    flights: tuple[Flight, ...]
    impacts: tuple[Impact, ...]

    @property
    def t_ns_end(self) -> int:
        """When the scenario ends."""
        return self.t_ns_start + round(self.seconds * 1e9)

    @property
    def threats(self) -> int:
        """How many flights endanger people."""
        return sum(flight.kind in THREATS for flight in self.flights)

    def until(self, seconds: float) -> "Truth":
        """The truth of a run that was stopped after `seconds`: nothing later has happened."""
        end_ns = self.t_ns_start + round(min(seconds, self.seconds) * 1e9)
        return replace(
            self,
            seconds=min(seconds, self.seconds),
            flights=tuple(
                _cut(flight, end_ns) for flight in self.flights if flight.t_ns[0] <= end_ns
            ),
            impacts=tuple(impact for impact in self.impacts if impact.t_ns <= end_ns),
        )


def write(truth: Truth, folder: Path) -> None:
    """`truth.json` and `truth.npz` in `folder`, which exists. The same truth, the same JSON."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "scenario": truth.scenario,
        "seed": truth.seed,
        "realm": truth.realm,
        "t_ns_start": truth.t_ns_start,
        "seconds": truth.seconds,
        "flights": [_summary(flight) for flight in truth.flights],
        "impacts": [asdict(impact) for impact in truth.impacts],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    flights = truth.flights
    np.savez_compressed(
        folder / "truth.npz",
        flight_start=np.cumsum([0, *(len(flight.t_ns) for flight in flights)]),
        t_ns=np.concatenate([np.empty(0, np.int64), *(flight.t_ns for flight in flights)]),
        lat_deg=np.concatenate([np.empty(0), *(flight.lat_deg for flight in flights)]),
        lon_deg=np.concatenate([np.empty(0), *(flight.lon_deg for flight in flights)]),
        height_m=np.concatenate([np.empty(0), *(flight.height_m for flight in flights)]),
    )


def read(folder: Path) -> Truth:
    """The truth that `write` left in `folder`. Raises ValueError saying what is missing."""
    try:
        document = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        with np.load(folder / "truth.npz") as columns:
            flights = _flights(document["flights"], dict(columns))
        if document["format"] != FORMAT:
            raise ValueError(f"{folder}: truth.json of another version: simulate again")
        return Truth(
            scenario=document["scenario"],
            seed=document["seed"],
            realm=document["realm"],
            t_ns_start=document["t_ns_start"],
            seconds=document["seconds"],
            flights=flights,
            impacts=tuple(
                Impact(**{**impact, "zones": tuple(impact["zones"])})
                for impact in document["impacts"]
            ),
        )
    except (FileNotFoundError, KeyError, TypeError) as error:
        raise ValueError(f"{folder}: no readable truth.json and truth.npz: {error}") from error


def _cut(flight: Flight, end_ns: int) -> Flight:
    kept = flight.t_ns <= end_ns
    return replace(
        flight,
        t_ns=flight.t_ns[kept],
        lat_deg=flight.lat_deg[kept],
        lon_deg=flight.lon_deg[kept],
        height_m=flight.height_m[kept],
    )


def _summary(flight: Flight) -> dict[str, Any]:
    return {
        "id": flight.id,
        "kind": flight.kind,
        "label": flight.label,
        "identity": flight.identity,
        "t_ns_first": int(flight.t_ns[0]),
        "t_ns_last": int(flight.t_ns[-1]),
    }


def _flights(summaries: list[dict[str, Any]], columns: dict[str, Any]) -> tuple[Flight, ...]:
    start = columns["flight_start"]
    flights = []
    for i, summary in enumerate(summaries):
        rows = slice(int(start[i]), int(start[i + 1]))
        flights.append(
            Flight(
                **{key: summary[key] for key in ("id", "kind", "label", "identity")},
                **{key: columns[key][rows] for key in ("t_ns", "lat_deg", "lon_deg", "height_m")},
            )
        )
    return tuple(flights)
