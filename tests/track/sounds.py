"""A small seeded world of sound: drones that turn, nets of listeners, passers-by, and a score.

The truth is made without the code under test: the path is a table of places, the emission time is
found by bisection, and a node hears by a law steeper than the one the tracker assumes.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tocsin import geo
from tocsin.track import bank as models
from tocsin.track.begun import begin_heard
from tocsin.track.births import Born
from tocsin.track.ears import Ears
from tocsin.track.motion import advance
from tocsin.track.table import BOOK, MODELS, SCRATCH, TRACK, Records
from tocsin.words import BoolArray, FloatArray, Lines, Nodes, Presences

T0 = 1_790_000_000_000_000_000
AXES = geo.local_axes(np.array(48.0), np.array(32.0))
ORIGIN = geo.ecef(np.array(48.0), np.array(32.0), np.array(0.0))
SOUND_MPS = 335.0  # of this world (6 C), not of the tracker
STEEP = 6.0
BANK = models.full()
STEP_S = 0.1
BEFORE_S = 60.0


def place(enu_m: Any) -> FloatArray:
    """ECEF of local east, north, height above the ellipsoid."""
    enu = np.asarray(enu_m, dtype=float)
    drop = (enu[..., 0] ** 2 + enu[..., 1] ** 2) / (2.0 * 6_371_000.0)
    return ORIGIN + np.stack([enu[..., 0], enu[..., 1], enu[..., 2] - drop], axis=-1) @ AXES


def path(
    rng: np.random.Generator, start: Any, heading_rad: float, length_s: float, speed_mps: float = 50
) -> FloatArray:
    """Places (k,3), local, each 0.1 s from `BEFORE_S` before 0: legs of about 40 s, then turns
    of up to 90 degrees at 3 degrees a second."""
    steps = round((BEFORE_S + length_s) / STEP_S)
    heading = np.full(steps, heading_rad)
    at_s = BEFORE_S + rng.exponential(40.0)
    while at_s < BEFORE_S + length_s:
        turn = rng.uniform(-np.pi / 2, np.pi / 2)
        k = np.arange(steps) * STEP_S - at_s
        heading += np.sign(turn) * np.clip(k * np.radians(3.0), 0.0, abs(turn))
        at_s += abs(turn) / np.radians(3.0) + rng.exponential(40.0)
    moves = speed_mps * STEP_S * np.stack([np.sin(heading), np.cos(heading)], axis=-1)
    flat = np.cumsum(moves, axis=0)
    flat += np.asarray(start)[:2] - flat[round(BEFORE_S / STEP_S)]
    return np.column_stack([flat, np.full(steps, np.asarray(start)[2])])


def at(track: FloatArray, t_s: Any) -> FloatArray:
    """The place at times `t_s` (...): linear between the entries of the table."""
    k = (np.asarray(t_s) + BEFORE_S) / STEP_S
    return np.stack([np.interp(k, np.arange(len(track)), track[:, a]) for a in range(3)], axis=-1)


def emitted_s(track: FloatArray, t_s: float, where: FloatArray) -> FloatArray:
    """When what is heard at places `where` (g,3) at `t_s` left the source, by bisection."""
    low, high = np.full(len(where), t_s - BEFORE_S), np.full(len(where), t_s)
    for _ in range(40):
        middle = 0.5 * (low + high)
        flight_s = np.linalg.norm(at(track, middle) - where, axis=1) / SOUND_MPS
        early = middle + flight_s < t_s
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.asarray(0.5 * (low + high))


@dataclass
class Net:
    """Listeners on a square grid; `sigma_deg` 0 means that they only say that they hear."""

    grid_m: float = 3_000.0
    half_m: float = 12_000.0
    sigma_deg: float = 5.0
    reach_m: float = 4_500.0
    chance: float = 0.9
    false_ps: float = 1.0 / 600.0
    enu_m: FloatArray = field(init=False)
    nodes: Nodes = field(init=False)

    def __post_init__(self) -> None:
        side = np.arange(-self.half_m, self.half_m + 1.0, self.grid_m)
        east, north = np.meshgrid(side, side)
        g = east.size
        self.enu_m = np.column_stack([east.ravel(), north.ravel(), np.full(g, 100.0)])
        self.nodes = Nodes(
            position_m=place(self.enu_m),
            reach_m=np.full(g, self.reach_m),
            chance=np.full(g, self.chance),
            false_ps=np.full(g, self.false_ps),
            period_s=np.ones(g),
        )

    def listen(
        self, tracks: list[FloatArray], t_s: float, rng: np.random.Generator, hint: int = 0
    ) -> tuple[Lines, Presences]:
        """What all nodes report for the second that ends at `t_s`."""
        g = len(self.enu_m)
        node, azimuth = [], []
        for track in tracks:
            apart_m = np.linalg.norm(self.enu_m[:, :2] - at(track, t_s)[:2], axis=1)
            near = np.flatnonzero(apart_m < 5.0 * self.reach_m)
            places = self.enu_m[near]
            seen = at(track, emitted_s(track, t_s - 0.5, places)) - places
            range_m = np.linalg.norm(seen, axis=1)
            chance = self.chance / (1.0 + (range_m / self.reach_m) ** STEEP)
            heard = rng.random(len(near)) < chance
            node.append(near[heard])
            azimuth.append(np.arctan2(seen[heard, 0], seen[heard, 1]))
        wrong = np.flatnonzero(rng.random(g) < 1.0 - np.exp(-self.false_ps))
        hints = np.repeat([hint, 0], [sum(map(len, node)), len(wrong)])
        node.append(wrong)
        azimuth.append(rng.uniform(-np.pi, np.pi, len(wrong)))
        who, angle = np.concatenate(node), np.concatenate(azimuth)
        quiet = np.setdiff1d(np.arange(g), who)
        if self.sigma_deg == 0.0:
            told, first = np.unique(who, return_index=True)
            return lines([], [], [], 0.0), presences(
                np.append(told, quiet), np.repeat([True, False], [len(told), len(quiet)]), t_s,
                np.append(hints[first], np.zeros(len(quiet))),
            )  # fmt: skip
        angle = angle + np.radians(self.sigma_deg) * rng.normal(size=len(angle))
        origin = place(self.enu_m[who]) if len(who) else np.zeros((0, 3))
        said = lines(who, origin, angle, t_s - 0.5, self.sigma_deg, hints)
        return said, presences(quiet, np.zeros(len(quiet), bool), t_s)


def lines(
    node: Any, origin_m: Any, azimuth: Any, t_s: Any, sigma_deg: Any = 5.0, hint: Any = 0
) -> Lines:
    """Bearings without elevation, heard."""
    n = len(node)
    return Lines(
        t_ns=np.broadcast_to(np.asarray(T0 + np.asarray(t_s) * 1e9).astype(np.int64), (n,)).copy(),
        node=np.asarray(node, np.int32),
        origin_m=np.asarray(origin_m, float).reshape(n, 3),
        azimuth_rad=np.asarray(azimuth, float),
        sigma_azimuth_rad=np.broadcast_to(np.radians(sigma_deg), (n,)).copy(),
        elevation_rad=np.full(n, np.nan),
        sigma_elevation_rad=np.full(n, np.nan),
        sound=np.ones(n, bool),
        hint=np.broadcast_to(np.asarray(hint, np.int8), (n,)).copy(),
        evidence=np.arange(n) + np.int64(float(np.max(t_s, initial=0.0)) * 1000) * 1_000,
    )


def presences(node: Any, heard: Any, t_s: float, hint: Any = 0) -> Presences:
    n = len(node)
    return Presences(
        t_ns=np.full(n, T0 + round(t_s * 1e9), np.int64),
        node=np.asarray(node, np.int32),
        heard=np.asarray(heard, bool),
        hint=np.broadcast_to(np.asarray(hint, np.int8), (n,)).copy(),
        evidence=np.arange(n) + round(t_s) * 1_000_000 + 500_000,
    )


def passers(
    track: FloatArray | None, t_s: float, rng: np.random.Generator, count: int, half_m: float
) -> Lines:
    """Bearings of passers-by: 20 degrees, one in ten false, from within 3 km of the drone."""
    origin, angle = [], []
    for _ in range(count):
        where = np.append(rng.uniform(-half_m, half_m, 2), 100.0)
        false = track is None or rng.random() < 0.1
        azimuth = rng.uniform(-np.pi, np.pi)
        if not false:
            assert track is not None
            here = at(track, t_s)
            bearing, range_m = rng.uniform(-np.pi, np.pi), 3_000.0 * np.sqrt(rng.random())
            where[:2] = here[:2] + range_m * np.array([np.sin(bearing), np.cos(bearing)])
            seen = at(track, emitted_s(track, t_s, where[None])[0]) - where
            azimuth = np.arctan2(seen[0], seen[1]) + np.radians(20.0) * rng.normal()
        origin.append(place(where))
        angle.append(azimuth)
    return lines(np.full(count, -1), np.array(origin).reshape(count, 3), angle, t_s, 20.0)


@dataclass
class House:
    """The least of a picture: tracks, ears, births appended, the dead removed."""

    bank: Records = field(default_factory=lambda: BANK)
    ears: Ears = field(default_factory=Ears)
    rows: int = 256
    tracks: Records = field(init=False)
    n: int = 0
    born: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracks = np.zeros(self.rows, TRACK)
        self.book: Records = np.zeros((self.rows, 1), BOOK)
        self.scratch: Records = np.zeros(1, SCRATCH)

    def hear(self, said: Lines, heard: Presences, nodes: Nodes) -> Born:
        """One set of reports into the tracks there are."""
        return self.ears.hear(self.tracks, self.n, said, heard, nodes, self.bank, self.scratch)

    def step(self, t_s: float, said: Lines, heard: Presences, nodes: Nodes) -> None:
        self.append(self.hear(said, heard, nodes))
        self.forward(t_s)

    def forward(self, t_s: float) -> None:
        """All rows to `t_s`; those that hardly exist any more go."""
        for i in range(self.n):
            advance(self.tracks[i], T0 + round(t_s * 1e9), self.bank[0], self.scratch[0])
        self.keep(self.tracks["existence"][: self.n] > 0.01)

    def append(self, born: Born) -> None:
        count = len(born.t_ns)
        begin_heard(self.tracks, self.book, self.n, count, born, born.evidence, self.bank)
        self.n += count
        self.born.extend(born.existence.tolist())

    def keep(self, alive: BoolArray) -> None:
        rows = np.flatnonzero(alive)
        self.tracks[: len(rows)] = self.tracks[rows]
        self.n = len(rows)

    def enu(self, i: int) -> FloatArray:
        """East, north, up of track i, mixed over its models."""
        mean: FloatArray = self.tracks["weight"][i, :MODELS] @ self.tracks["mean"][i]
        return AXES @ (mean[:3] - ORIGIN)

    def sure(self, existence: float = 0.5) -> list[int]:
        """Rows that exist with more than this, surest first."""
        chance = self.tracks["existence"][: self.n]
        return [int(i) for i in np.argsort(-chance, kind="stable") if chance[i] > existence]
