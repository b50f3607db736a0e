"""The forecast: every live threat track's chances of harming each zone, kept up to date.

chance = existence x weight of the kind x geometric chance, for each kind of threat the track may
be. A track is forecast again when a report changed it or its forecast is a second old, and never
more than five times a second; what is not redone is kept as it was, with its own time.
"""

from dataclasses import fields
from typing import Final

import numpy as np

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.predict import cruise, fall
from tocsin.predict.fan import CRUISE, DRONE, fan
from tocsin.predict.tally import Strikes
from tocsin.predict.zonal import Zones, raster
from tocsin.words import (
    HORIZONS_S,
    KINDS,
    THREATS,
    Arrivals,
    BoolArray,
    FloatArray,
    IntArray,
    Tracks,
)

CHANCE_MIN: Final = 1e-4
"""Rows with less at the longest horizon are left out: a hundredth of any warning threshold."""
WEIGHT_MIN: Final = np.array([0.20, 0.20, 0.10])
"""Of a kind, to be forecast as that kind, in the order of `THREATS`. Chosen: a settled drone has
0.5 and more, a flock of birds with the wind behind it or a turboprop without identity 0.10 to 0.15;
a rocket just born has little time to be surer."""
AGE_NS_MAX: Final = NS_PER_S  # architecture, section 4: at least once a second for all
AGE_NS_MIN: Final = 200 * NS_PER_MS  # bounds the load however often reports arrive
EARLY_EXISTENCE: Final = 0.9
EARLY_HITS: Final = 4  # of any track, confirmed or not
EARLY_WEIGHT: Final = 0.5
"""A tentative track is forecast only as ballistic, and only if that is the likeliest kind, it very
likely exists and it has four reports: for the others there is time to wait for confirmation. With
0.5 and three, chance alignments of false plots warned twice in ten minutes of `friendly-only`."""
SLOW_MPS: Final = 80.0
SLOW_HITS: Final = 6  # of a track no faster than that: it may be a bird, and there is time
SETTLED_MPS: Final = (6.0, 25.0)
SETTLED_SHARE: Final = 0.10
"""A track that is not ballistic is first forecast when its horizontal velocity is known to this
s.d., or this part of its speed but no worse than the second. Chosen: a bird (14 m/s) and a drone
(50 m/s) are then more than three s.d. apart, and a fan of paths with an unknown heading points
everywhere. With several radars it takes 10 to 20 s of looks."""
SURE_NS: Final = 30 * NS_PER_S
SURE_HITS: Final = 8
SURE_WEIGHT: Final = 0.5
"""... or when it has been seen so long and so often and is a drone or a cruise missile by more than
even odds. Chosen: one noisy or far radar alone never settles a velocity, and a threat must not go
unwarned for that; a flock of birds has lost its first guesses by then."""
SETTLED_NS: Final = 6 * NS_PER_S
"""... and has been seen over this time. Chosen: a scan and a half, so that false plots of several
radars about a flock of birds, which line up once in half an hour, must do so a second time."""
CLIMBER_MPS: Final = (SLOW_MPS, 180.0)
CLIMB_SETTLED_MPS: Final = 5.0
"""Between these speeds, faster than a propeller and slower than a missile, airliners climb and
descend below 3 km: there the climb must be known to this s.d. too. Chosen: they climb at 10 m/s
and descend at 7; with less, each one just acquired without identity warned a zone."""

_BALLISTIC: Final = KINDS.index("ballistic")


class Forecast:
    """Which track may harm which zone, how surely, and when.

    The state is the current rows and when each track was last forecast: bounded by the tracks given
    last. Pickling leaves out the grid of zones and the fans, which are made again from the map when
    they are first needed: neither a new forecast nor a thawed one runs a kernel.
    """

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._track = np.zeros(0, dtype=np.int64)
        self._t_ns_made = np.zeros(0, dtype=np.int64)
        self._pending = np.zeros(0, dtype=np.bool_)
        self._rows = _no_rows()
        self._ready = False

    @property
    def standing(self) -> Arrivals:
        """The rows given last; none at the beginning."""
        return self._rows

    def arrivals(self, now_ns: int, tracks: Tracks) -> Arrivals:
        """Current rows of all live threat tracks, sorted by (track, zone, threat).

        A track whose state is not finite is not forecast: one spoilt track must not stop the
        others.
        """
        self.prepare()
        live = _live(tracks, np.isin(tracks.id, self._track))
        made_ns, pending = self._remembered(tracks)
        pending |= tracks.changed
        age_ns = now_ns - made_ns
        due = live & ((age_ns >= AGE_NS_MAX) | (pending & (age_ns >= AGE_NS_MIN)))
        gone = not np.isin(self._track, tracks.id[live]).all()
        self._track = tracks.id[live]
        self._t_ns_made = np.where(due, now_ns, made_ns)[live]
        self._pending = (pending & ~due)[live]
        if gone or due.any():
            keep = np.isin(self._rows.track, tracks.id[live & ~due])
            self._rows = _merged(self._rows, keep, self._forecast(now_ns, tracks, due))
        return self._rows

    def __getstate__(self) -> dict[str, object]:
        made_again = ("_grid", "_fans")
        kept = {name: value for name, value in vars(self).items() if name not in made_again}
        return {**kept, "_ready": False}

    def prepare(self) -> None:
        """Make grid and fans and run each kernel once, unless that was done."""
        if self._ready:
            return
        self._ready = True
        self._grid = raster(self._zones)
        self._fans = {"drone": fan(DRONE), "cruise": fan(CRUISE)}
        self._forecast(0, _practice(), np.ones(1, dtype=np.bool_))

    def _remembered(self, tracks: Tracks) -> tuple[IntArray, BoolArray]:
        """When each track was last forecast (long ago if never) and whether it changed since."""
        at = np.searchsorted(self._track, tracks.id)
        at = np.minimum(at, max(len(self._track) - 1, 0))
        if len(self._track) == 0:
            return np.full(len(tracks), -AGE_NS_MAX), np.zeros(len(tracks), dtype=np.bool_)
        known = self._track[at] == tracks.id
        return np.where(known, self._t_ns_made[at], -AGE_NS_MAX), known & self._pending[at]

    def _forecast(self, now_ns: int, tracks: Tracks, due: BoolArray) -> list[Arrivals]:
        """Fresh rows of the tracks that are due, one table per kind of threat."""
        tables = []
        for threat, name in enumerate(THREATS):
            share = tracks.existence * tracks.kind_weight[:, threat]
            asked = due & (share > CHANCE_MIN)
            asked &= tracks.kind_weight[:, threat] > WEIGHT_MIN[threat]
            asked &= tracks.confirmed | (threat == _BALLISTIC)
            rows = np.flatnonzero(asked)
            if len(rows):
                found = self._strikes(name, now_ns, tracks, rows, CHANCE_MIN / share[rows])
                tables.append(_arrivals(now_ns, tracks, threat, rows[found.job], share, found))
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
                age_s=(now_ns - tracks.t_ns_born[rows]) / NS_PER_S,
                lag_s=lag_s,
            )
            return fall.strikes(self._grid, bodies, chance_min)
        flyers = cruise.Flyers(
            position_m=position_m, velocity_mps=velocity_mps, covariance=covariance, lag_s=lag_s
        )
        return cruise.strikes(self._grid, self._fans[threat], flyers, chance_min)


def _live(tracks: Tracks, known: BoolArray) -> BoolArray:
    """Tracks to be forecast: confirmed and settled ones, and early ballistic ones.

    What is `known`, forecast before, stays: silence makes a state vaguer, not a threat less.
    """
    early = (tracks.existence > EARLY_EXISTENCE) & (tracks.hits >= EARLY_HITS)
    early &= tracks.kind_weight[:, _BALLISTIC] > EARLY_WEIGHT
    threat = (tracks.kind_weight[:, : len(THREATS)] > WEIGHT_MIN).any(axis=1)
    finite = np.isfinite(tracks.position_m).all(axis=1) & np.isfinite(tracks.velocity_mps).all(
        axis=1
    )
    finite &= np.isfinite(tracks.covariance).all(axis=(1, 2))
    finite &= np.isfinite(tracks.ln_beta).all(axis=1)
    late = tracks.confirmed & (known | _settled(tracks))
    live: BoolArray = (late | early) & threat & finite
    return live


def _settled(tracks: Tracks) -> BoolArray:
    """Whether the horizontal velocity is known well enough (see `SETTLED_MPS`), or the track falls.

    The vertical is that of the sphere: within 0.2 degrees of the ellipsoid's.
    """
    up = tracks.position_m / np.linalg.norm(tracks.position_m, axis=1, keepdims=True)
    spread = tracks.covariance[:, 3:, 3:]
    whole = np.trace(spread, axis1=1, axis2=2)
    vertical = np.einsum("na,nab,nb->n", up, spread, up)
    deviation_mps = np.sqrt(np.maximum(whole - vertical, 0.0) / 2.0)
    speed_mps = np.linalg.norm(tracks.velocity_mps, axis=1)
    falls = tracks.kind_weight[:, _BALLISTIC] > EARLY_WEIGHT
    climber = (speed_mps > CLIMBER_MPS[0]) & (speed_mps < CLIMBER_MPS[1])
    settled: BoolArray = deviation_mps <= np.clip(SETTLED_SHARE * speed_mps, *SETTLED_MPS)
    settled &= ~climber | (vertical <= CLIMB_SETTLED_MPS**2)
    seen_ns = tracks.t_ns_seen - tracks.t_ns_born
    settled &= seen_ns >= SETTLED_NS
    settled |= falls
    flies = tracks.kind_weight[:, : len(THREATS)].sum(axis=1) > SURE_WEIGHT
    settled |= flies & (seen_ns >= SURE_NS) & (tracks.hits >= SURE_HITS)
    settled &= tracks.hits >= np.where(speed_mps < SLOW_MPS, SLOW_HITS, EARLY_HITS)
    return settled


def _arrivals(
    now_ns: int, tracks: Tracks, threat: int, rows: IntArray, share: FloatArray, found: Strikes
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


def _merged(kept: Arrivals, keep: BoolArray, fresh: list[Arrivals]) -> Arrivals:
    """The kept rows and the fresh ones, sorted by (track, zone, threat)."""
    columns = {
        field.name: np.concatenate(
            [getattr(kept, field.name)[keep], *(getattr(table, field.name) for table in fresh)]
        )
        for field in fields(Arrivals)
    }
    order = np.lexsort((columns["threat"], columns["zone"], columns["track"]))
    return Arrivals(**{name: column[order] for name, column in columns.items()})


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
        confirmed=np.ones(1, dtype=np.bool_),
        friend=np.zeros(1, dtype=np.bool_),
        hits=np.full(1, 9, dtype=np.int32),
        mode_3a=absent,
        mode_s=absent,
        evidence=np.full((1, 8), -1, dtype=np.int64),
        changed=np.ones(1, dtype=np.bool_),
    )
