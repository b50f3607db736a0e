"""A tiny country and the means to tell a story about it: flights go in, alerts come out."""

import pickle
from dataclasses import dataclass, field

import numpy as np

from tocsin import geo
from tocsin.decide import POLICIES, Board, Policy
from tocsin.decide.stages import TRANSITIONS
from tocsin.instant import NS_PER_S, ns
from tocsin.words import (
    HORIZONS_S,
    THREATS,
    Alert,
    Arrivals,
    Blindness,
    OperatorSite,
    Order,
    Rejected,
    Sensors,
    Site,
)

START_NS = 1_790_000_000 * NS_PER_S


@dataclass(frozen=True)
class Country:
    """The columns of a zone map that this room reads."""

    ids: tuple[str, ...]
    lat_deg: np.ndarray
    lon_deg: np.ndarray
    shelter_s: np.ndarray
    regions: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    districts: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def __len__(self) -> int:
        return len(self.ids)


def allowed(before: str, after: str) -> bool:
    """Whether the table lets `after` follow `before` (a stage may always be said again)."""
    return before == after or any(
        row.before == before and row.after == after for row in TRANSITIONS
    )


def country(zones: int = 3, shelter_s: float = 90.0, apart_deg: float = 0.2) -> Country:
    """Zones in a row round 49 N 36 E, about 15 km apart: too far for a notice of the next one."""
    return Country(
        ids=tuple(f"z{row}" for row in range(zones)),
        lat_deg=np.full(zones, 49.0),
        lon_deg=36.0 + apart_deg * np.arange(zones),
        shelter_s=np.full(zones, shelter_s),
        regions=np.arange(zones) // 4,
        districts=np.arange(zones) // 2,
    )


def site(
    mode: str = "automatic",
    realm: str = "exercise",
    operators: tuple[OperatorSite, ...] = (),
    confirm_s: float = 15.0,
) -> Site:
    """A site of that mode; the fields that this room does not read are filled with anything."""
    return Site(
        name="here",
        realm=realm,
        mode=mode,
        zones="ua",
        sender="s",
        sender_name="s",
        languages=("en",),
        operators=operators,
        confirm_s=confirm_s,
    )


def sensors(t_ns_heard: int, lat_deg: float = 49.0, lon_deg: float = 36.1) -> Sensors:
    """One radar 50 m above the ellipsoid in the middle of `country`, last heard then."""
    place = geo.ecef(np.array([lat_deg]), np.array([lon_deg]), np.array([50.0]))
    return Sensors(
        names=("radar",),
        position_m=place,
        range_m_max=np.array([200_000.0]),
        scan_s=np.array([4.0]),
        detection_chance=np.array([0.9]),
        t_ns_heard=np.array([t_ns_heard], dtype=np.int64),
        stale_s=np.array([15.0]),
    )


@dataclass(frozen=True)
class Flight:
    """A track that may harm one zone at about `arrives_s`, tracked from `seen_s` to `gone_s`.

    The chance that it harms within h seconds grows evenly over `spread` of the time that remains,
    at least over 10 s, on both sides of the arrival, up to `chance`.
    """

    zone: int
    arrives_s: float
    chance: float = 0.3
    track: int = 1
    threat: str = "drone"
    seen_s: float = 0.0
    gone_s: float = 1e9
    spread: float = 0.2
    in_view: bool = False  # where it ended
    debris: bool = False  # of the track, which is no longer taken to fly

    def row(self, now_s: float) -> tuple[float, float, np.ndarray] | None:
        """Half-width, arrival (both s) and the chances at the horizons, None when not tracked."""
        if not self.seen_s <= now_s < min(self.gone_s, self.arrives_s + 10.0):
            return None
        half_s = max(10.0, self.spread * (self.arrives_s - now_s))
        begins_s = self.arrives_s - now_s - half_s
        share = np.clip((np.array(HORIZONS_S) - begins_s) / (2.0 * half_s), 0.0, 1.0)
        return half_s, self.arrives_s, self.chance * share


def arrivals(now_s: float, flights: list[Flight]) -> Arrivals:
    """The arrivals of `flights` at `now_s` seconds after START_NS."""
    flown = sorted(flights, key=lambda flight: (flight.track, flight.zone))
    rows = [(flight, row) for flight in flown if (row := flight.row(now_s)) is not None]
    times = np.array([(ns(a - h), ns(a), ns(a + h)) for _, (h, a, _) in rows], dtype=np.int64)
    times = START_NS + times.reshape(-1, 3)
    evidence = np.full((len(rows), 8), -1, dtype=np.int64)
    evidence[:, 0] = [flight.track * 1000 for flight, _ in rows]
    return Arrivals(
        track=np.array([flight.track for flight, _ in rows], dtype=np.int64),
        zone=np.array([flight.zone for flight, _ in rows], dtype=np.int32),
        threat=np.array([THREATS.index(flight.threat) for flight, _ in rows], dtype=np.int8),
        chance=np.array([c for _, (_, _, c) in rows], dtype=np.float64).reshape(-1, 8),
        t_ns=np.full(len(rows), START_NS + ns(now_s), dtype=np.int64),
        t_ns_early=times[:, 0],
        t_ns_likely=times[:, 1],
        t_ns_late=times[:, 2],
        evidence=evidence,
    )


@dataclass
class Story:
    """Runs a board second by second and keeps everything that it said, with the second."""

    flights: list[Flight] = field(default_factory=list)
    zones: Country = field(default_factory=country)
    site: Site = field(default_factory=site)
    policy: Policy = POLICIES["default"]
    outages_s: list[tuple[float, float]] = field(default_factory=list)
    step_s: float = 1.0
    now_s: float = 0.0
    said: list[tuple[float, Alert]] = field(default_factory=list)
    blindness: list[tuple[float, Blindness]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    repickle: bool = False

    def __post_init__(self) -> None:
        self.board = Board(self.site, self.zones, self.policy)
        self.heard_s = 0.0

    def tick(self, *orders: Order) -> None:
        """One call of the board at `now_s`, then time goes on."""
        if not any(begin <= self.now_s < end for begin, end in self.outages_s):
            self.heard_s = self.now_s
        if self.repickle:
            self.board = pickle.loads(pickle.dumps(self.board))
        now_ns = START_NS + ns(self.now_s)
        told = [flight for flight in self.flights if flight.row(self.now_s) is not None]
        falling = frozenset(flight.track for flight in told if flight.debris)
        decided = self.board.decide(
            now_ns,
            arrivals(self.now_s, self.flights),
            sensors(START_NS + ns(self.heard_s)),
            orders,
            frozenset(flight.track for flight in told) - falling,
            frozenset(f.track for f in self.flights if f.in_view and f.gone_s <= self.now_s),
        )
        self.said += [(self.now_s, alert) for alert in decided.alerts]
        self.blindness += [(self.now_s, word) for word in decided.blindness]
        self.rejected += decided.rejected
        self.now_s += self.step_s

    def until(self, end_s: float) -> "Story":
        """Let time pass up to and with `end_s`."""
        while self.now_s <= end_s:
            self.tick()
        return self

    def alerts(self, zone: int = 0, threat: str = "drone") -> list[tuple[float, Alert]]:
        """Everything said to that zone about that threat."""
        name = self.zones.ids[zone]
        return [(t, a) for t, a in self.said if a.zone == name and a.threat == threat]

    def stages(self, zone: int = 0, threat: str = "drone") -> list[tuple[float, str]]:
        """When each stage began; what only renews or corrects is left out."""
        changes: list[tuple[float, str]] = []
        for t_s, alert in self.alerts(zone, threat):
            if not changes or changes[-1][1] != alert.stage:
                changes.append((t_s, alert.stage))
        return changes

    def want(self, *expected: tuple[float, float, str], zone: int = 0, threat: str = "drone"):
        """Assert that exactly these stages came, each between its two seconds."""
        got = self.stages(zone, threat)
        assert [stage for _, stage in got] == [stage for _, _, stage in expected], got
        for (t_s, stage), (begin, end, _) in zip(got, expected, strict=True):
            assert begin <= t_s <= end, f"{stage} at {t_s}, wanted {begin} to {end}"


def one_drone(**changes: object) -> Story:
    """A drone that reaches zone 0 after 20 min, seen all the way and gone on arrival."""
    flight = {"zone": 0, "arrives_s": 1200.0, "chance": 0.3, "track": 7} | changes
    return Story(flights=[Flight(**flight)], step_s=2.0)


def order(action: str, t_s: float = 0.0, **fields: str) -> Order:
    """An order as the gate lets it through."""
    nonce = fields.pop("nonce", f"{action}-{t_s:016.3f}")
    return Order(
        t_ns=START_NS + ns(t_s),
        action=action,
        operator=fields.pop("operator", "anna"),
        nonce=nonce.replace(".", "-"),
        **fields,
    )
