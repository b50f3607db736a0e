"""The forecast: every live threat track's chances of harming each zone, kept up to date.

chance = existence x weight of the kind x geometric chance, for each kind of threat the track may
be. A track is forecast again when a report changed it or its forecast is a second old, and never
more than five times a second; a batch redoes only so many of them (`turns`), and what is not redone
is kept as it was, with its own time. The debris of what vanished in view (`wreckage`) has rows of
its own, under the track and threat that it was.
"""

from dataclasses import fields
from typing import Final, Protocol

import numpy as np

from tocsin.instant import NS_PER_S
from tocsin.predict import cruise, fall, wreckage
from tocsin.predict.admission import AGE_NS_MAX, AGE_NS_MIN, Admission, found
from tocsin.predict.aims import RATES
from tocsin.predict.fan import CRUISE, DRONE, fan
from tocsin.predict.tally import Strikes
from tocsin.predict.turns import WORK_MAX, taken
from tocsin.predict.wreckage import Wreckage
from tocsin.predict.zonal import Zones, raster
from tocsin.words import (
    AIMS,
    HORIZONS_S,
    KINDS,
    THREATS,
    Arrivals,
    BoolArray,
    FloatArray,
    IntArray,
    PlaceSite,
    Sensors,
    Tracks,
)

CHANCE_MIN: Final = 1e-4
"""Rows with less at the longest horizon are left out: a hundredth of any warning threshold."""

_Run = tuple[Arrivals, int, int]  # a table, the first of its rows, and the one after the last


class _Told(Protocol):
    """Of whom rows are made; `words.Tracks` and `wreckage.Sights` are such."""

    @property
    def id(self) -> IntArray: ...
    @property
    def evidence(self) -> IntArray: ...


class Forecast:
    """Which track may harm which zone, how surely, and when.

    The state is the current rows and when each track was last forecast: bounded by the tracks given
    last. Pickling leaves out the grid of zones and the fans, which are made again from the map when
    they are first needed: neither a new forecast nor a thawed one runs a kernel.
    """

    def __init__(
        self,
        zones: Zones,
        aims: str = AIMS[0],
        places: tuple[PlaceSite, ...] = (),
        work_max: float = WORK_MAX,
    ) -> None:
        self._zones, self._aims, self._places = zones, aims, places
        self._admission = Admission()
        self._track = np.zeros(0, dtype=np.int64)
        self._t_ns_made = np.zeros(0, dtype=np.int64)
        self._pending = np.zeros(0, dtype=np.bool_)
        self._rows = _no_rows()
        self._wreckage = Wreckage()
        self._debris = _no_rows()
        self._standing = self._rows
        self._work_max, self._waiting = work_max, 0
        self._ready = False

    @property
    def standing(self) -> Arrivals:
        """The rows given last; none at the beginning."""
        return self._standing

    @property
    def flying(self) -> frozenset[int]:
        """The tracks that `standing` speaks of, save those that may have been brought down."""
        return frozenset(_tracks(self._rows)) - frozenset(_tracks(self._debris))

    @property
    def vanished(self) -> frozenset[int]:
        """The tracks that ended in view lately: their pieces have rows, or they were others'."""
        return self._wreckage.vanished

    @property
    def waiting(self) -> int:
        """How many tracks were due and left to the next batches."""
        return self._waiting

    @property
    def debris_waiting(self) -> int:
        """How many of what was brought down were left to the next batches."""
        return self._wreckage.waiting

    def arrivals(self, now_ns: int, tracks: Tracks, sensors: Sensors | None = None) -> Arrivals:
        """Current rows of all live threat tracks, sorted by (track, zone, threat), and of debris.

        A track whose state is not finite is not forecast: one spoilt track must not stop the
        others.
        """
        self.prepare()
        admitted = self._admission.admit(tracks)
        self._wreckage.see(now_ns, tracks, admitted, sensors)
        live = admitted.any(axis=1)
        made_ns, pending = self._remembered(tracks)
        pending |= tracks.changed
        age_ns = now_ns - made_ns
        due = live & ((age_ns >= AGE_NS_MAX) | (pending & (age_ns >= AGE_NS_MIN)))
        now = taken(due, admitted, made_ns, tracks.id, self._work_max)
        self._waiting = int(np.count_nonzero(due & ~now))
        due = now
        gone = not found(tracks.id[live], self._track)[0].all()
        self._track = tracks.id[live]
        self._t_ns_made = np.where(due, now_ns, made_ns)[live]
        self._pending = (pending & ~due)[live]
        if gone or due.any():
            kept = _runs(self._rows, tracks.id[live & ~due])
            self._rows = _merged(
                self._rows, kept, self._forecast(now_ns, tracks, admitted & due[:, None])
            )
        fallen = self._wreckage.falling(now_ns, CHANCE_MIN)
        if fallen is not None:
            anew, others = fallen
            stays = _runs(self._debris, others)
            self._debris = _merged(self._debris, stays, self._fallen(now_ns, anew))
        if gone or due.any() or fallen is not None:
            every = [(0, len(self._rows))] if len(self._rows) else []
            debris = [self._debris] if len(self._debris) else []
            self._standing = _merged(self._rows, every, debris) if debris else self._rows
        return self._standing

    def __getstate__(self) -> dict[str, object]:
        made_again = ("_grid", "_fans")
        kept = {name: value for name, value in vars(self).items() if name not in made_again}
        return {**kept, "_ready": False}

    def prepare(self) -> None:
        """Make grid and fans and run each kernel once, unless that was done."""
        if self._ready:
            return
        self._ready = True
        self._grid = raster(self._zones, RATES[self._aims], self._places)
        self._fans = {"drone": fan(DRONE), "cruise": fan(CRUISE)}
        practice, any_threat = _practice(), np.ones((1, len(THREATS)), dtype=np.bool_)
        self._forecast(0, practice, any_threat)
        wreck = Wreckage()
        wreck.see(0, practice, any_threat, None)
        wreckage.strikes(self._grid, 0, wreck.all_down(), CHANCE_MIN)

    def _remembered(self, tracks: Tracks) -> tuple[IntArray, BoolArray]:
        """When each track was last forecast (long ago if never) and whether it changed since."""
        known, at = found(self._track, tracks.id)
        if not known.any():
            return np.full(len(tracks), -AGE_NS_MAX), known
        return np.where(known, self._t_ns_made[at], -AGE_NS_MAX), known & self._pending[at]

    def _forecast(self, now_ns: int, tracks: Tracks, asked: BoolArray) -> list[Arrivals]:
        """Fresh rows of the tracks as which they are `asked` (n, T), one table per threat."""
        tables = []
        for threat, name in enumerate(THREATS):
            share = tracks.existence * tracks.kind_weight[:, threat]
            rows = np.flatnonzero(asked[:, threat] & (share > CHANCE_MIN))
            if len(rows):
                found = self._strikes(name, now_ns, tracks, rows, CHANCE_MIN / share[rows])
                tables.append(_arrivals(now_ns, tracks, threat, rows[found.job], share, found))
        return tables

    def _fallen(self, now_ns: int, sights: wreckage.Sights) -> list[Arrivals]:
        """Rows of the debris of `sights`, one table per threat."""
        found = wreckage.strikes(self._grid, now_ns, sights, CHANCE_MIN)
        share, tables = sights.brought_down(), []
        for threat in range(len(THREATS)):
            kept = found.chance[:, -1] * share[found.job, threat] > CHANCE_MIN
            part = Strikes(**{f.name: getattr(found, f.name)[kept] for f in fields(Strikes)})
            tables.append(_arrivals(now_ns, sights, threat, part.job, share[:, threat], part))
        return tables

    def _strikes(
        self, threat: str, now_ns: int, tracks: Tracks, rows: IntArray, chance_min: FloatArray
    ) -> Strikes:
        """Chances of zones for the tracks in `rows`, taken as this kind of threat."""
        lag_s = np.maximum(now_ns - tracks.t_ns[rows], 0) / NS_PER_S
        position_m, velocity_mps = tracks.position_m[rows], tracks.velocity_mps[rows]
        covariance = tracks.covariance[rows]
        if threat == "ballistic":
            bodies = fall.Bodies(
                position_m=position_m,
                velocity_mps=velocity_mps,
                covariance=covariance,
                ln_beta=tracks.ln_beta[rows],
                burning=tracks.burning[rows],
                lag_s=lag_s,
            )
            return fall.strikes(self._grid, bodies, chance_min)
        flyers = cruise.Flyers(
            position_m=position_m, velocity_mps=velocity_mps, covariance=covariance, lag_s=lag_s
        )
        return cruise.strikes(self._grid, self._fans[threat], flyers, chance_min)


def _arrivals(
    now_ns: int, tracks: _Told, threat: int, rows: IntArray, share: FloatArray, found: Strikes
) -> Arrivals:
    """`found` as arrivals: chances times existence and kind, times from now."""
    at_ns = now_ns + np.rint(found.quantiles_s * NS_PER_S).astype(np.int64)
    return Arrivals(
        track=tracks.id[rows],
        zone=found.zone,
        threat=np.full(len(found), threat, dtype=np.int8),
        chance=found.chance * share[rows, None],
        t_ns=np.full(len(found), now_ns, dtype=np.int64),
        t_ns_early=at_ns[:, 0],
        t_ns_likely=at_ns[:, 1],
        t_ns_late=at_ns[:, 2],
        evidence=tracks.evidence[rows],
    )


def _tracks(rows: Arrivals) -> list[int]:
    """The tracks that have rows, each once."""
    ids: list[int] = rows.track[np.flatnonzero(np.diff(rows.track, prepend=-1))].tolist()
    return ids


def _runs(rows: Arrivals, ids: IntArray) -> list[tuple[int, int]]:
    """Where the rows of these tracks, which are in order, lie: the first and the one after the
    last of each run."""
    left = np.searchsorted(rows.track, ids, side="left").tolist()
    right = np.searchsorted(rows.track, ids, side="right").tolist()
    runs: list[tuple[int, int]] = []
    for first, last in zip(left, right, strict=True):
        if runs and runs[-1][1] == first:
            runs[-1] = runs[-1][0], last
        elif last > first:
            runs.append((first, last))
    return runs


def _merged(kept: Arrivals, keep: list[tuple[int, int]], fresh: list[Arrivals]) -> Arrivals:
    """The rows of `kept` in the runs `keep` and the fresh ones, sorted by (track, zone, threat).

    A raid has half a million rows, so they are moved but once, in runs: what is kept lies in order,
    and rarely has a track rows on both sides.
    """
    new = _sorted(fresh)
    if not keep:
        return new
    if len(new) == 0:
        return _taken([(kept, first, last) for first, last in keep])
    begin = np.flatnonzero(np.diff(new.track, prepend=-1))
    before = np.searchsorted(kept.track, new.track[begin], side="left")
    after = np.searchsorted(kept.track, new.track[begin], side="right")
    firsts, lasts = np.array(keep).T
    run = np.searchsorted(lasts, before, side="right")  # the first that ends beyond
    beyond = np.append(firsts, len(kept))[run] >= after
    if not (beyond | (before == after)).all():
        return _sorted([_taken([(kept, first, last) for first, last in keep]), new])
    runs: list[_Run] = []
    left = before.tolist()
    at = 0
    for first, last in keep:
        while at < len(begin) and left[at] <= first:
            at = _put(runs, new, begin, at)
        while at < len(begin) and left[at] < last:
            runs.append((kept, first, left[at]))
            first = left[at]
            at = _put(runs, new, begin, at)
        runs.append((kept, first, last))
    while at < len(begin):
        at = _put(runs, new, begin, at)
    return _taken(runs)


def _put(runs: list[_Run], new: Arrivals, begin: IntArray, at: int) -> int:
    """Adds the run of the track that begins there; the next."""
    last = int(begin[at + 1]) if at + 1 < len(begin) else len(new)
    runs.append((new, int(begin[at]), last))
    return at + 1


def _taken(runs: list[_Run]) -> Arrivals:
    """These runs of rows, one after the other."""
    return Arrivals(
        **{
            field.name: np.concatenate(
                [getattr(table, field.name)[first:last] for table, first, last in runs]
            )
            for field in fields(Arrivals)
        }
    )


def _sorted(tables: list[Arrivals]) -> Arrivals:
    """The rows of all, sorted by (track, zone, threat)."""
    tables = [table for table in tables if len(table)]
    if not tables:
        return _no_rows()
    whole = _taken([(table, 0, len(table)) for table in tables])
    begins = np.ones(len(whole), dtype=np.bool_)
    begins[1:] = whole.track[1:] != whole.track[:-1]
    number = np.unique(whole.track[begins], return_inverse=True)[1][np.cumsum(begins) - 1]
    # One key in place of three: what is put together is sorted in itself, and a stable sort of
    # one column takes such runs as they are.
    key = (number << 34) | (whole.zone.astype(np.int64) << 2) | whole.threat
    if (np.diff(key) > 0).all():
        return whole
    order = np.argsort(key, kind="stable")
    return Arrivals(
        **{f.name: np.take(getattr(whole, f.name), order, axis=0) for f in fields(whole)}
    )


def _no_rows() -> Arrivals:
    none = np.zeros(0, dtype=np.int64)
    return Arrivals(
        track=none,
        zone=none.astype(np.int32),
        threat=none.astype(np.int8),
        chance=np.zeros((0, len(HORIZONS_S))),
        t_ns=none,
        t_ns_early=none,
        t_ns_likely=none,
        t_ns_late=none,
        evidence=np.zeros((0, 8), dtype=np.int64),
    )


def _practice() -> Tracks:
    """One track that may be anything, far from every zone map, to compile the kernels with."""
    one, absent = np.ones(1), np.full(1, -1, dtype=np.int32)
    return Tracks(
        id=np.zeros(1, dtype=np.int64),
        t_ns=np.zeros(1, dtype=np.int64),
        t_ns_seen=np.zeros(1, dtype=np.int64),
        t_ns_born=np.zeros(1, dtype=np.int64),
        position_m=np.array([[-6_379_137.0, 0.0, 0.0]]),
        velocity_mps=np.array([[0.0, 100.0, 0.0]]),
        covariance=np.eye(6)[None],
        existence=one,
        kind_weight=np.full((1, len(KINDS)), 1.0 / len(KINDS)),
        ln_beta=np.array([[8.0, 0.1]]),
        burning=np.zeros(1),
        confirmed=np.ones(1, dtype=np.bool_),
        friend=np.zeros(1, dtype=np.bool_),
        hits=np.full(1, 9, dtype=np.int32),
        mode_3a=absent,
        mode_s=absent,
        evidence=np.full((1, 8), -1, dtype=np.int64),
        changed=np.ones(1, dtype=np.bool_),
    )
