"""Tracks that another system sends (ASTERIX CAT062, SAPIENT): used, and never counted twice.

Another tracker may hear the radars that we hear, so its errors and ours are correlated, and nobody
can say how much. Such a report is fused by covariance intersection (Julier and Uhlmann, *A
non-divergent estimation algorithm in the presence of unknown correlations*, Proc. ACC 1997,
2369-2373): the fused information is ``w`` of ours and ``1 - w`` of theirs, which is consistent
whatever the correlation is. A report that says nothing new leaves our track as it was (w = 1);
where we have no plots our covariance grows until theirs is the better one, and it takes over.

`w` minimises the determinant: it alone weighs metres and metres a second without choosing a unit.
ln det of the fused information is concave in w, so a golden section finds the one optimum; 12
steps of a 6 x 6 Cholesky cost some microseconds. The closed formulas that avoid the search
(Niehsen, Proc. FUSION 2002, 734-739; Franken and Hupper, Proc. FUSION 2005) do not end at w = 1
when theirs is the worse in all directions, and would blunt our track with every report
(`docs/reference/measurement.md` has the figures).
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.instant import NS_PER_S
from tocsin.track.cholesky import factor, inverse, invert
from tocsin.track.correct import LN_2PI, SURELY_3
from tocsin.words import FloatArray, IntArray

GATE: Final = SURELY_3
"""Squared length from `apart` beyond which a report is not of this track. `apart` never exceeds the
true length, so fewer than 0.1 % are lost."""
GATE_VELOCITY: Final = 22.46  # the same for six degrees of freedom
LINKS_MAX: Final = 20_000  # as many as tracks
STRAYS: Final = (
    3  # consecutive reports outside the gate that break a link; chosen: one swap, one dip
)
SILENT_SCANS: Final = 5.0  # of the other system, after which a link ends; chosen
VOUCHED: Final = (0.9, 0.964, 0.98)
"""Least existence after the first, second, third report of a linked system track: odds 9, 27, 49.
Chosen: the other system confirmed it by rules of its own; the third confirms it here."""


class Told(NamedTuple):
    """A report of another system: ECEF, m, m/s; the velocity is ignored unless `has_velocity`."""

    position: FloatArray  # (3,)
    velocity: FloatArray  # (3,)
    pos_cov: FloatArray  # (3,3)
    vel_cov: FloatArray  # (3,3)
    has_velocity: bool


_GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
_STEPS: Final = 12  # leaves w within 0.004, and the determinant within some 1e-5 of the best


@njit(cache=True, nogil=True, error_model="numpy")
def _mixed(w: float, ours: FloatArray, theirs: FloatArray, out: FloatArray) -> float:
    """Factor of ``w ours + (1 - w) theirs`` (6,6) to `out`; ln determinant."""
    for a in range(6):
        for b in range(a + 1):
            out[a, b] = w * ours[a, b] + (1.0 - w) * theirs[a, b]
    return float(factor(out))


@njit(cache=True, nogil=True, error_model="numpy")
def _best_weight(cov: FloatArray, ours: FloatArray, theirs: FloatArray, work: FloatArray) -> float:
    """The weight of our information (6,6) that makes the fused determinant greatest.

    The slope of ln det at w = 1 is ``6 - tr(P theirs)``: where it rises to the very end, all that
    they know is known, and nothing needs to be searched.
    """
    known = 0.0
    for a in range(6):
        for b in range(6):
            known += cov[a, b] * theirs[a, b]
    if known <= 6.0:
        return 1.0
    low, high = 0.0, 1.0
    left, right = 1.0 - _GOLDEN, _GOLDEN
    at_left, at_right = _mixed(left, ours, theirs, work), _mixed(right, ours, theirs, work)
    for _ in range(_STEPS):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = _mixed(left, ours, theirs, work)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = _mixed(right, ours, theirs, work)
    best = left if at_left > at_right else right
    return 0.0 if _mixed(0.0, ours, theirs, work) > max(at_left, at_right) else best


@njit(cache=True, nogil=True, error_model="numpy")
def _distance(
    mean: FloatArray, cov: FloatArray, told: Told, ours: float, theirs: float
) -> tuple[float, float]:
    """Squared length of the difference under ``ours P + theirs R``, and ln of its determinant."""
    n = 6 if told.has_velocity else 3
    spread, miss = np.zeros((n, n)), np.empty(n)
    for a in range(n):
        for b in range(n):
            spread[a, b] = ours * cov[a, b]
    for a in range(3):
        miss[a] = told.position[a] - mean[a]
        for b in range(3):
            spread[a, b] += theirs * told.pos_cov[a, b]
    if told.has_velocity:
        for a in range(3):
            miss[a + 3] = told.velocity[a] - mean[a + 3]
            for b in range(3):
                spread[a + 3, b + 3] += theirs * told.vel_cov[a, b]
    log_det = factor(spread)
    if log_det == -math.inf:
        return math.inf, log_det
    length = 0.0
    for a in range(n):
        for b in range(a):
            miss[a] -= spread[a, b] * miss[b]
        miss[a] /= spread[a, a]
        length += miss[a] * miss[a]
    return length, log_det


@njit(cache=True, nogil=True, error_model="numpy")
def apart(mean: FloatArray, cov: FloatArray, told: Told) -> float:
    """Squared Mahalanobis length of report from track, the least that any correlation allows.

    The covariance of the difference is at most ``P / w + R / (1 - w)`` for every w; w is the share
    of our standard deviation in the sum of both, which is the tightest for equal shapes: the
    length is ``(distance / (s1 + s2))^2``.
    """
    ours, theirs = 0.0, 0.0
    for a in range(3):
        ours += cov[a, a]
        theirs += told.pos_cov[a, a]
    ours, theirs = math.sqrt(ours), math.sqrt(theirs)
    both = ours + theirs
    return float(_distance(mean, cov, told, both / ours, both / theirs)[0])


@njit(cache=True, nogil=True, error_model="numpy")
def intersect(mean: FloatArray, cov: FloatArray, told: Told) -> float:
    """Fuse a report into `mean` (6,), `cov` (6,6), in place, at one time; half a ln likelihood.

    What is returned weighs models against each other: half of what the ln likelihood would be were
    the errors independent. Chosen: of two estimates from the same plots at most half is news, and a
    half keeps models comparable, as each has its own w. A covariance that is not positive definite
    changes nothing and returns 0.
    """
    length, log_det = _distance(mean, cov, told, 1.0, 1.0)
    ours, theirs, work = np.empty((6, 6)), np.zeros((6, 6)), cov.copy()
    if length == math.inf or factor(work) == -math.inf:
        return 0.0
    inverse(work, ours)
    block, inverted = np.empty((3, 3)), np.empty((3, 3))
    block[:] = told.pos_cov  # a field of a record is another type than an array
    if not invert(block, inverted):
        return 0.0
    theirs[:3, :3] = inverted
    if told.has_velocity:
        block[:] = told.vel_cov
        if not invert(block, inverted):
            return 0.0
        theirs[3:, 3:] = inverted
    size = 6.0 if told.has_velocity else 3.0
    news = -0.25 * (length + log_det + size * LN_2PI)
    w = _best_weight(cov, ours, theirs, work)
    if w == 1.0 or _mixed(w, ours, theirs, work) == -math.inf:
        return news
    inverse(work, cov)
    pull = np.zeros(6)
    for a in range(3):
        for b in range(3):
            pull[a] += (1.0 - w) * theirs[a, b] * (told.position[b] - mean[b])
            if told.has_velocity:
                pull[a + 3] += (1.0 - w) * theirs[a + 3, b + 3] * (told.velocity[b] - mean[b + 3])
    for a in range(6):
        for b in range(6):
            mean[a] += cov[a, b] * pull[b]
    return news


def vouched(existence: float, reports: int) -> float:
    """Existence after the `reports`-th report of a linked system track: raised, never multiplied.

    Two who may have heard one radar are one witness: the odds of the surer of the two hold.
    """
    return max(existence, VOUCHED[min(max(reports, 1), len(VOUCHED)) - 1])


class Links:
    """Which track of ours a system's track number means. Bounded; no order but that of events."""

    def __init__(self, links_max: int = LINKS_MAX) -> None:
        self._most = links_max
        # key: sensor << 32 | number -> track, t_ns last heard, strays in a row, scan ns, reports
        self._link: dict[int, tuple[int, int, int, int, int]] = {}
        self._owner: dict[tuple[int, int], int] = {}  # (sensor, track) -> key

    def __len__(self) -> int:
        return len(self._link)

    def copy(self) -> "Links":
        """An independent copy, for the ring of snapshots."""
        other = Links(self._most)
        other._link = dict(self._link)
        other._owner = dict(self._owner)
        return other

    def find(self, sensor: int, number: int, t_ns: int) -> int:
        """The track that `number` of `sensor` means at `t_ns`; -1 none, or silent for too long."""
        link = self._link.get(_key(sensor, number))
        if link is None:
            return -1
        if t_ns - link[1] > SILENT_SCANS * link[3]:
            self.end(sensor, number)
            return -1
        return link[0]

    def told(self, sensor: int, numbers: list[int]) -> IntArray:
        """The tracks that `numbers` of `sensor` were last tied to, however long ago."""
        links = (self._link.get(_key(sensor, number)) for number in numbers)
        return np.array([link[0] for link in links if link is not None], dtype=np.int64)

    def taken(self, sensor: int, track: int, t_ns: int) -> bool:
        """Whether `sensor` already has a number for `track`: one system sees one target once."""
        key = self._owner.get((sensor, track))
        if key is None:
            return False
        return self.find(sensor, key & 0xFFFFFFFF, t_ns) == track

    def tie(self, sensor: int, number: int, track: int, t_ns: int, scan_s: float) -> None:
        """Begin a link; what either end was tied to in this system is untied. -1 is no number."""
        if number < 0:
            return
        self.end(sensor, number)
        other = self._owner.get((sensor, track))
        if other is not None:
            self.end(sensor, other & 0xFFFFFFFF)
        if len(self._link) >= self._most:
            oldest = min(self._link, key=lambda key: (self._link[key][1], key))
            self.end(oldest >> 32, oldest & 0xFFFFFFFF)
        key = _key(sensor, number)
        self._link[key] = (track, t_ns, 0, int(scan_s * NS_PER_S), 1)
        self._owner[sensor, track] = key

    def heard(self, sensor: int, number: int, t_ns: int, inside: bool) -> int:
        """Count a report of a link; how many inside reports it has had, 0 if the link just broke.

        Systems swap numbers when targets cross: after `STRAYS` reports in a row outside the gate
        the number means another target. A stray should not be fused.
        """
        key = _key(sensor, number)
        track, last_ns, strays, scan_ns, reports = self._link[key]
        strays = 0 if inside else strays + 1
        if strays >= STRAYS:
            self.end(sensor, number)
            return 0
        self._link[key] = (track, max(last_ns, t_ns), strays, scan_ns, reports + int(inside))
        return reports + int(inside)

    def end(self, sensor: int, number: int) -> int:
        """Undo a link, if there is one: the other system ended its track; the track, -1 none."""
        key = _key(sensor, number)
        link = self._link.pop(key, None)
        if link is None:
            return -1
        del self._owner[sensor, link[0]]
        return link[0]

    def keep(self, alive: IntArray, t_ns: int) -> None:
        """Undo links to tracks that are not in `alive` (n,), and those silent for too long."""
        held = dict.fromkeys(alive.tolist())
        for key, link in list(self._link.items()):
            if link[0] not in held or t_ns - link[1] > SILENT_SCANS * link[3]:
                self.end(key >> 32, key & 0xFFFFFFFF)

    def moved(self, old: int, new: int) -> None:
        """Our track `old` was joined to `new`: links follow, unless the system has one to `new`."""
        for key, link in list(self._link.items()):
            if link[0] != old:
                continue
            sensor = key >> 32
            self.end(sensor, key & 0xFFFFFFFF)
            if (sensor, new) not in self._owner:
                self._link[key] = (new, *link[1:])
                self._owner[sensor, new] = key


def _key(sensor: int, number: int) -> int:
    return sensor << 32 | number
