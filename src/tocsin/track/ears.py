"""What passive listeners said and nobody has explained yet.

`Ears.hear` folds one set of reports (a second, say) into the tracks (`listen`), keeps
what no track explains for `MEMORY_S` and proposes births from it (`births`). Everything kept is
arrays of bounded size, so `copy()` is cheap and the fold can be replayed.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.track.births import OPINION_M, SEEDS_MAX, Born, Ground, propose
from tocsin.track.earshot import Book, Heard, lay_out
from tocsin.track.listen import MEMORY_S, hear_all
from tocsin.track.sound import SOUND_MPS
from tocsin.track.table import Records
from tocsin.words import FloatArray, IntArray, Lines, Nodes, Presences

KEPT_MAX: Final = 16_384  # unexplained reports; chosen: of 10,000 nodes, two seconds of a raid
CROWD_MAX: Final = 512  # passers-by remembered for their neighbours' sake; chosen
CROWD_S: Final = 30.0  # they share one opinion for so long (with `OPINION_M`); chosen
PASSER_REACH_M: Final = 3_000.0  # half of the people outdoors hear a drone from here; chosen
PASSER_CHANCE: Final = 0.5  # and half of them report it; chosen, only ratios count
OPINION_MIN: Final = 0.01  # less is not counted: the crowd has spoken; chosen


def _nothing() -> Heard:
    return _columns(0)


def _blank() -> Book:
    never = np.zeros(0, np.int64)
    return Book(np.zeros(0), never, never, never)


def _columns(k: int) -> Heard:
    return Heard(
        t_ns=np.zeros(k, np.int64),
        node=np.full(k, -1, np.int32),
        line=np.zeros(k, np.bool_),
        heard=np.ones(k, np.bool_),
        origin_m=np.zeros((k, 3)),
        axes=np.zeros((k, 3, 3)),
        azimuth=np.zeros(k),
        sigma_az=np.ones(k),
        elevation=np.full(k, np.nan),
        sigma_el=np.full(k, np.nan),
        sound_mps=np.full(k, SOUND_MPS),
        reach_m=np.full(k, PASSER_REACH_M),
        chance=np.full(k, PASSER_CHANCE),
        false=np.zeros(k),
        period_s=np.ones(k),
        opinion=np.ones(k),
        hint=np.zeros(k, np.int64),
        evidence=np.zeros(k, np.int64),
        serial=np.full(k, -1),
    )


def _axes(position_m: FloatArray) -> FloatArray:
    lat_deg, lon_deg, _ = geo.geodetic(position_m)
    return geo.local_axes(lat_deg, lon_deg)


def _subset(heard: Heard, rows: IntArray) -> Heard:
    columns: Any = heard
    return Heard(*(column[rows] for column in columns))


@dataclass(slots=True)
class Ears:
    """State between sets; counters of what had to give way.

    `dropped`: unexplained reports that did not fit; `untried`: new ones that began no birth because
    too many did; `crowded`: of passers-by who only repeated what others at the place had said.
    """

    book: Book = field(default_factory=_blank)
    kept: Heard = field(default_factory=_nothing)
    loud: FloatArray = field(default_factory=lambda: np.zeros(0))
    crowd_ns: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    crowd_m: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    dropped: int = 0
    untried: int = 0
    crowded: int = 0

    def copy(self) -> "Ears":
        """One that shares nothing with this one that either changes."""
        columns: Any = self.book
        return replace(self, book=Book(*(column.copy() for column in columns)))

    def hear(
        self,
        tracks: Records,
        n: int,
        lines: Lines,
        presences: Presences,
        nodes: Nodes,
        banks: Records,
        scratch: Records,
        serials: IntArray | None = None,
    ) -> Born:
        """Fold one set into the first n tracks; the births that it and the last 20 s hold.

        `serials` are of the lines, then of the presences. Reports of unknown nodes are ignored. The
        set is put in order here, so that the order of arrival does not matter.
        """
        self._grow(len(nodes))
        axes = _axes(nodes.position_m) if len(nodes) else np.zeros((0, 3, 3))
        heard = self._ordered(lines, presences, nodes, axes, serials)
        explained, loud = np.zeros(len(heard.t_ns)), np.zeros(len(heard.t_ns))
        if len(heard.t_ns):
            near = lay_out(tracks, n, int(heard.t_ns[len(heard.t_ns) // 2]))
            hear_all(tracks, n, near, heard, self.book, banks, scratch, explained, loud)
        rows = np.flatnonzero(heard.heard & (explained < 0.5) & (heard.opinion > OPINION_MIN))
        now_ns = int(heard.t_ns[-1]) if len(heard.t_ns) else 0
        fresh = self._keep(_subset(heard, rows), loud[rows], now_ns)
        along = np.argsort(nodes.position_m[:, 0], kind="stable")
        ground = Ground(
            nodes.position_m, axes, nodes.reach_m, nodes.chance, nodes.period_s, along, self.book
        )
        used = np.zeros(len(self.kept.t_ns), np.bool_)
        self.untried += max(len(used) - fresh - SEEDS_MAX, 0)
        born = propose(self.kept, self.loud, fresh, used, ground)
        left = np.flatnonzero(~used)
        self.kept, self.loud = _subset(self.kept, left), self.loud[left]
        return born

    def _grow(self, nodes: int) -> None:
        more = nodes - len(self.book.loud)
        columns: Any = self.book
        if more > 0:
            self.book = Book(*(np.append(c, np.zeros(more, c.dtype)) for c in columns))

    def _ordered(
        self, lines: Lines, presences: Presences, nodes: Nodes, axes: FloatArray,
        serials: IntArray | None,
    ) -> Heard:  # fmt: skip
        """Both kinds as one, in order; of known nodes only."""
        a, b = len(lines), len(presences)
        both = _columns(a + b)
        both.line[:a] = True
        if serials is not None:
            both.serial[:] = serials
        for column, first, second in (
            (both.t_ns, lines.t_ns, presences.t_ns),
            (both.node, lines.node, presences.node),
            (both.hint, lines.hint, presences.hint),
            (both.evidence, lines.evidence, presences.evidence),
        ):
            column[:a], column[a:] = first, second
        both.heard[a:] = presences.heard
        both.origin_m[:a], both.azimuth[:a] = lines.origin_m, lines.azimuth_rad
        both.sigma_az[:a], both.elevation[:a] = lines.sigma_azimuth_rad, lines.elevation_rad
        both.sigma_el[:a] = lines.sigma_elevation_rad
        both.sound_mps[:a] = np.where(lines.sound, SOUND_MPS, np.inf)
        at = np.flatnonzero((both.node >= 0) & (both.node < len(nodes)))
        node = both.node[at]
        both.axes[at], both.reach_m[at] = axes[node], nodes.reach_m[node]
        both.chance[at], both.period_s[at] = nodes.chance[node], nodes.period_s[node]
        both.false[at] = nodes.false_ps[node] * nodes.period_s[node]
        late = at[at >= a]
        both.origin_m[late] = nodes.position_m[both.node[late]]
        both.t_ns[late] -= np.round(nodes.period_s[both.node[late]] * NS_PER_S / 2).astype(np.int64)
        passers = np.flatnonzero(both.line & (both.node < 0))
        if len(passers):
            both.axes[passers] = _axes(both.origin_m[passers])
        known = (both.node < len(nodes)) & (both.line | (both.node >= 0))
        order = np.lexsort(
            (both.evidence, both.origin_m[:, 0], both.hint, both.heard, both.azimuth, both.line,
             both.node, both.t_ns)
        )  # fmt: skip
        heard = _subset(both, order[known[order]])
        self._weigh(heard)
        return heard

    def _weigh(self, heard: Heard) -> None:
        """Halve the opinion of a passer-by for each of the last 30 s within 1 km: two in all."""
        for j in np.flatnonzero(heard.node < 0):
            recent = heard.t_ns[j] - self.crowd_ns < CROWD_S * NS_PER_S
            self.crowd_ns, self.crowd_m = self.crowd_ns[recent], self.crowd_m[recent]
            apart_m = np.linalg.norm(self.crowd_m - heard.origin_m[j], axis=1)
            heard.opinion[j] = 0.5 ** float(np.count_nonzero(apart_m < OPINION_M))
            self.crowded += int(heard.opinion[j] <= OPINION_MIN)
            if heard.opinion[j] > OPINION_MIN and len(self.crowd_ns) < CROWD_MAX:
                self.crowd_ns = np.append(self.crowd_ns, heard.t_ns[j])
                self.crowd_m = np.vstack([self.crowd_m, heard.origin_m[j]])

    def _keep(self, new: Heard, loud: FloatArray, now_ns: int) -> int:
        """Add to what is kept, forget what is old; the row at which the new reports begin."""
        young = np.flatnonzero(now_ns - self.kept.t_ns < MEMORY_S * NS_PER_S)
        over = max(len(young) + len(new.t_ns) - KEPT_MAX, 0)
        self.dropped += over
        young = young[over:]
        room = np.arange(max(len(new.t_ns) - KEPT_MAX, 0), len(new.t_ns))
        old: Any = _subset(self.kept, young)
        added: Any = _subset(new, room)
        self.kept = Heard(*(np.concatenate(pair) for pair in zip(old, added, strict=True)))
        self.loud = np.concatenate([self.loud[young], loud[room]])
        return len(young)
