"""What was brought down: tracks that were forecast and vanished where they would have been seen.

Of each the state at its last sight is kept. What its existence has lost since, times the chance
that the next look would have shown it, is the chance that it was brought down there; times the
weight of a kind that of each threat. Silence that the tracker does not charge to a track takes
nothing: what went below the horizon still exists. The pieces are down after ten minutes at the
latest (`debris.LONGEST_S`), those of a drone at 1 km after less than two.
"""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from scipy.special import ndtr

from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.predict import debris
from tocsin.predict.admission import AGE_NS_MAX, AGE_NS_MIN, found
from tocsin.predict.tally import Strikes
from tocsin.predict.zonal import Raster
from tocsin.words import THREATS, BoolArray, FloatArray, IntArray, Sensors, Tracks

LOST_SHARE_MIN: Final = 0.4
"""Share of its existence that a track must have lost to count. Chosen: at a detection chance of 0.9
a settled track is at 0.91 after three missed looks, which one in a thousand meets at each look, and
at 0.5 after four; and a minute out of sight takes a third at most (`track.bank.LIFE_S`)."""
DETECTION_MIN: Final = 0.5
"""Chance of detection in view, of a sensor whose silence says enough. Chosen: even odds."""
LOOKS: Final = 2.0  # ahead, at which it must be in view still: one is missed by chance
IN_VIEW_MIN: Final = 0.95
"""Chance that it would be in view then, below which it may as well have gone below the horizon.
Chosen: with 0.5, and one look ahead, a drone that sank out of view 60 km away left debris on three
seeds of five, for its height is known to 70 m. What flies lower than this asks is down before its
silence is noticed: four looks of 4 s, and pieces fall 150 m in 5 to 15 s."""
LATENCY_S: Final = 5.0
"""A look is told so much later, at most; chosen, above the 2 s of a slow concentrator."""
SINK_SD_MPS: Final = 10.0
"""Of the change of height until then, over the time. Chosen: cruise missiles follow the
ground, and a drone goes down to attack; what sinks faster was seen to sink before."""
WRECKS_MAX: Final = 1024
"""At once, of the latest last sights. Chosen: more than ever flew in one night."""
_LONGEST_NS: Final = int(debris.LONGEST_S * NS_PER_S)

WORK: Final = np.array([3.0, 4.0, 12.0])
"""Of the pieces of one wreck, as each of `THREATS`, in units of about 0.1 ms of one core. Measured
from 1 km as a drone, 1.5 km as a missile and 12 km as a rocket, zones of 4 km, on an AMD EPYC."""
WORK_MAX: Final = 24.0
"""In one batch: 8 drones or 2 rockets. Chosen: 2.6 ms there, on top of the 13 to 18 ms of a batch
full of forecasts (`turns.WORK_MAX`); at ten batches a second 80 drones have a turn each second, and
what was brought down is noticed 4 to 20 s late anyway."""
_NEVER_NS: Final = -(1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Last sights of n tracks that were forecast, in order of id. As `words.Tracks`, but for

    kind       float64 (n,T)  weight of each threat as which it was forecast, 0 of others
    in_view    float64 (n,)   chance that it would be in view at the next looks of some good sensor;
                              0 if that is no more than likely
    existence  float64 (n,)   at that sight
    existence_now float64 (n,) as told last; 0 of what is gone
    """

    id: IntArray
    t_ns: IntArray
    t_ns_seen: IntArray
    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    evidence: IntArray
    kind: FloatArray
    in_view: FloatArray
    existence: FloatArray
    existence_now: FloatArray

    def __len__(self) -> int:
        return len(self.id)

    def of(self, rows: IntArray | BoolArray) -> "Sights":
        """Those rows."""
        return Sights(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def brought_down(self) -> FloatArray:
        """Chance, as each threat, that it was brought down where it was seen last: (n, T)."""
        lost = self.existence - self.existence_now
        lost = np.where(lost >= LOST_SHARE_MIN * self.existence, lost, 0.0)
        chance: FloatArray = (lost * self.in_view)[:, None] * self.kind
        return chance


class Wreckage:
    """Last sights, and which of them are falling. Bounded by the tracks given and `WRECKS_MAX`."""

    def __init__(self) -> None:
        none = np.zeros(0, dtype=np.int64)
        self._sights = Sights(
            id=none,
            t_ns=none,
            t_ns_seen=none,
            position_m=np.zeros((0, 3)),
            velocity_mps=np.zeros((0, 3)),
            covariance=np.zeros((0, 6, 6)),
            evidence=np.zeros((0, 8), dtype=np.int64),
            kind=np.zeros((0, len(THREATS))),
            in_view=np.zeros(0),
            existence=np.zeros(0),
            existence_now=np.zeros(0),
        )
        self._ended: dict[int, int] = {}  # track -> when
        self._told = none
        self._t_ns_made = none
        self._waits = np.zeros(0, dtype=np.bool_)
        self._t_ns_told = 0

    @property
    def waiting(self) -> int:
        """How many were to be told and are left to the next batches."""
        return int(np.count_nonzero(self._waits))

    def see(
        self, now_ns: int, tracks: Tracks, admitted: BoolArray, sensors: Sensors | None
    ) -> None:
        """Take in the picture: who is seen, who is missed, who is no longer there.

        `admitted` (n, T) is as which threats each track is forecast. Without `sensors` nobody is
        known to look, and nothing is brought down.
        """
        old, live = self._sights, admitted.any(axis=1)
        self._forget(now_ns)
        if not len(old) and not live.any():
            return
        known, at = found(tracks.id, old.id)
        at = at[known]
        old.existence_now[known] = tracks.existence[at]
        again = np.zeros(len(old), dtype=np.bool_)
        again[known] = tracks.t_ns_seen[at] > old.t_ns_seen[known]
        # Gone without having been missed: merged into another, ended by its system, or out of view.
        lost = old.existence_now <= (1.0 - LOST_SHARE_MIN) * old.existence
        self._end(now_ns, old.of(~known), sensors)
        old.existence_now[~known] = 0.0
        kept = old.of(~again & (known | lost) & (now_ns - old.t_ns < _LONGEST_NS))
        rows = np.flatnonzero(live & ~found(kept.id, tracks.id)[0])
        self._sights = _bounded(_joined(kept, _seen(now_ns, tracks, rows, admitted, sensors)))

    def _end(self, now_ns: int, gone: Sights, sensors: Sensors | None) -> None:
        """Take in the tracks that are gone from where a good sensor looks now, and were missed
        there or seen just before. One that nobody looked for any more is not among them."""
        if sensors is None or not len(gone):
            return
        missed = gone.existence_now <= (1.0 - LOST_SHARE_MIN) * gone.existence
        recent_s = LOOKS * float(np.max(sensors.scan_s, initial=0.0)) + LATENCY_S
        missed |= now_ns - gone.t_ns_seen <= recent_s * NS_PER_S
        place = gone.position_m, gone.velocity_mps, gone.covariance
        ended = missed & (gone.in_view > 0.0) & (_in_view(now_ns, *place, sensors) > 0.0)
        self._ended |= {int(one): self._ended.get(int(one), now_ns) for one in gone.id[ended]}
        self._forget(now_ns)

    def _forget(self, now_ns: int) -> None:
        """Forget the tracks that ended long ago, and the oldest of too many."""
        while self._ended:
            track = next(iter(self._ended))  # the first to end
            if len(self._ended) <= WRECKS_MAX and now_ns - self._ended[track] < _LONGEST_NS:
                return
            del self._ended[track]

    @property
    def vanished(self) -> frozenset[int]:
        """Tracks missed in view, or ended there in the last ten minutes, as under another's number.

        Of those that ended elsewhere, or unwatched, nobody knows where they went on. What another
        system ends in our view counts as ended there: nothing in a track tells who follows it.
        """
        return frozenset(self._ended).union(self._told.tolist())

    def all_down(self) -> Sights:
        """Everything as if brought down, to practise with."""
        return replace(
            self._sights,
            in_view=np.ones(len(self._sights)),
            existence_now=np.zeros(len(self._sights)),
        )

    def falling(self, now_ns: int, chance_min: float) -> tuple[Sights, IntArray] | None:
        """Those likelier than `chance_min` to be falling that are to be told anew now, and the ids
        of those that stay as told before; None: all stay.

        They are told when they are others than those told last, and at least once a second. A
        batch tells `WORK_MAX` of them and no more: who was never told comes first, then who waits
        longest; the rest follow in the next batches.
        """
        likely = self._sights.of(self._sights.brought_down().max(axis=1, initial=0.0) > chance_min)
        age_ns = now_ns - self._t_ns_told
        least_ns = AGE_NS_MAX if np.array_equal(likely.id, self._told) else AGE_NS_MIN
        if age_ns >= least_ns and not len(likely) == len(self._told) == 0:
            made_ns, waits = self._made_ns(likely.id), np.ones(len(likely), dtype=np.bool_)
            self._told, self._t_ns_made, self._waits = likely.id, made_ns, waits
            self._t_ns_told = now_ns
        elif self._waits.any():
            self._waits &= np.isin(self._told, likely.id)
        else:
            return None
        now = self._turn(likely)
        self._waits &= ~now
        self._t_ns_made = np.where(now, now_ns, self._t_ns_made)
        kept = self._told[~now]
        return likely.of(np.isin(likely.id, self._told[now])), kept

    def _made_ns(self, number: IntArray) -> IntArray:
        """When each was last told, if it was among those told last."""
        made_ns = np.full(len(number), _NEVER_NS)
        _, now, then = np.intersect1d(number, self._told, assume_unique=True, return_indices=True)
        made_ns[now] = self._t_ns_made[then]
        return made_ns

    def _turn(self, likely: Sights) -> BoolArray:
        """Whose turn it is of those that wait, at least one's."""
        rows = np.flatnonzero(self._waits)
        rows = rows[np.lexsort((self._told[rows], self._t_ns_made[rows]))]
        at = np.searchsorted(likely.id, self._told[rows])
        work: FloatArray = np.cumsum(np.where(likely.kind[at] > 0.0, WORK, 0.0).max(axis=1))
        now = np.zeros(len(self._told), dtype=np.bool_)
        now[rows[: max(1, int(np.searchsorted(work, WORK_MAX, side="right")))]] = True
        return now


def strikes(grid: Raster, now_ns: int, sights: Sights, chance_min: float) -> Strikes:
    """Zones that pieces of each of `sights` may harm, if it was brought down, and when."""
    wrecks = debris.Wrecks(
        position_m=sights.position_m,
        velocity_mps=sights.velocity_mps,
        covariance=sights.covariance,
        lag_s=(now_ns - sights.t_ns) / NS_PER_S,
    )
    return debris.strikes(grid, wrecks, chance_min / sights.brought_down().max(axis=1))


def _seen(
    now_ns: int, tracks: Tracks, rows: IntArray, admitted: BoolArray, sensors: Sensors | None
) -> Sights:
    """The tracks in `rows` as they are now."""
    position_m, velocity_mps = tracks.position_m[rows], tracks.velocity_mps[rows]
    covariance = tracks.covariance[rows]
    in_view = np.zeros(len(rows))
    if sensors is not None and len(rows):
        in_view = _in_view(now_ns, position_m, velocity_mps, covariance, sensors)
    return Sights(
        id=tracks.id[rows],
        t_ns=tracks.t_ns[rows],
        t_ns_seen=tracks.t_ns_seen[rows],
        position_m=position_m,
        velocity_mps=velocity_mps,
        covariance=covariance,
        evidence=tracks.evidence[rows],
        kind=tracks.kind_weight[rows, : len(THREATS)] * admitted[rows],
        in_view=in_view,
        existence=tracks.existence[rows],
        existence_now=tracks.existence[rows],
    )


def _in_view(
    now_ns: int,
    position_m: FloatArray,
    velocity_mps: FloatArray,
    covariance: FloatArray,
    sensors: Sensors,
) -> FloatArray:
    """Chance that each is in view after `LOOKS` looks of the good sensor that would best show it.

    In view: within range, and above the lowest height that the sensor sees there over a smooth
    Earth, given how well the height is known and how far it may sink meanwhile.
    """
    alive = (sensors.t_ns_heard > 0) & np.isfinite(sensors.position_m[:, 0])
    alive &= now_ns - sensors.t_ns_heard <= sensors.stale_s * NS_PER_S
    if not alive.any():
        return np.zeros(len(position_m))
    place_m, ahead_s = sensors.position_m[alive], LOOKS * sensors.scan_s[alive]
    up = position_m / np.linalg.norm(position_m, axis=1, keepdims=True)
    climb_mps = np.sum(velocity_mps * up, axis=1)
    height_var = np.einsum("na,nab,nb->n", up, covariance[:, :3, :3], up)
    _, _, height_m = geo.geodetic(position_m)
    _, _, antenna_m = geo.geodetic(place_m)
    ahead_m = position_m[:, None] + velocity_mps[:, None] * ahead_s[None, :, None] - place_m[None]
    distance_m = np.linalg.norm(ahead_m, axis=2)
    lowest_m = geo.hidden_below_m(np.maximum(antenna_m, geo.ANTENNA_M_MIN)[None], distance_m)
    above_m = height_m[:, None] + climb_mps[:, None] * ahead_s - np.maximum(lowest_m, 0.0)
    spread_m = np.sqrt(np.maximum(height_var, 1.0)[:, None] + (SINK_SD_MPS * ahead_s) ** 2)
    view = np.where(distance_m <= sensors.range_m_max[alive], ndtr(above_m / spread_m), 0.0)
    view = np.where(sensors.detection_chance[alive] >= DETECTION_MIN, view, 0.0)
    best: FloatArray = np.max(view, axis=1)
    return np.where(best >= IN_VIEW_MIN, best, 0.0)


def _joined(some: Sights, others: Sights) -> Sights:
    """Both, in order of id, as each is."""
    if not len(some) or not len(others):
        return some if len(some) else others
    both = {
        field.name: np.concatenate([getattr(some, field.name), getattr(others, field.name)])
        for field in fields(Sights)
    }
    return Sights(**both).of(np.argsort(both["id"], kind="stable"))


def _bounded(sights: Sights) -> Sights:
    """At most `WRECKS_MAX` of those that were missed, seen last; all that still exist."""
    missed = np.flatnonzero(sights.existence_now <= 0.0)
    if len(missed) <= WRECKS_MAX:
        return sights
    order = missed[np.argsort(-sights.t_ns_seen[missed], kind="stable")]
    kept = np.ones(len(sights), dtype=np.bool_)
    kept[order[WRECKS_MAX:]] = False
    return sights.of(kept)
