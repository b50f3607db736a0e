"""What cooperative aircraft say of themselves, believed only while it agrees with what is seen.

An ADS-B message claims both who and where; anybody can send one (Costin and Francillon, *Ghost in
the air(traffic)*, Black Hat USA 2012). So a claim never makes a track and never moves one. It
counts for a track while its position, height and velocity agree with that track's own, gated by
both uncertainties, over several looks; and it is withdrawn when it moves away, stops or jumps.

`friend_doubt` is ln odds against a track's identity: high for ADS-B alone, higher when a
radar that gets replies from others gets none from this track, when two addresses claim one track,
when a radar's own reply gives another address, or when sensors say drone. `kind` takes it off.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track.claims import DOUBT_MAX, MEMORY_NS, SIGMA_M, STOP_NS, Claims, blank, compare
from tocsin.track.table import Records
from tocsin.words import BoolArray, FloatArray, Friends, IntArray

CLAIMS_MAX: Final = 4096  # addresses remembered; chosen: ten times the traffic of a large country
JUMP_M: Final = 300.0  # between two messages of one address beyond its own velocity; chosen
JUMP_MPS2: Final = 15.0
SILENT_DOUBT: Final = 0.8
"""Most for one look without reply from a radar that gets replies: ln 1/(1 - chance) would be 2 to
4, but an antenna in the shadow of a wing is in it at the next look too. Chosen."""
REPLY_DOUBT: Final = 1.5  # taken off by each reply
DOUBT_LASTS_S: Final = 120.0  # doubt fades at this rate while nothing renews it; chosen
SPEAKS_NS: Final = 3_000_000_000
"""A claim not repeated for longer counts as silent too: a transponder that fails falls silent both
ways, and is no contradiction. Chosen: six messages."""
REPLIES_MIN: Final = 10.0  # from others, before a radar counts as one that interrogates
REPLY_CHANCE: Final = (0.6, 0.98)
"""Below the first, a radar's silence says nothing: it may not interrogate at all."""
COUNT_MAX: Final = 400.0  # of the looks by which that is learnt; older ones are halved away
_NONE: Final = blank(np.zeros(0, dtype=np.int64))


class Identity:
    """Claims of cooperative aircraft and which radars get replies: bounded, copied for a snapshot.

    For each look: `looked`, then `agree`, then `kind.classify`.
    """

    def __init__(self) -> None:
        self._claims = _NONE
        self._asked = np.zeros(0)
        self._replied = np.zeros(0)
        self._t_ns = 0
        self.shed = 0
        """Addresses forgotten because there were too many: a count of messages, for the record."""

    def __len__(self) -> int:
        return len(self._claims.address)

    def copy(self) -> "Identity":
        """An independent copy."""
        other = Identity()
        if len(self):
            other._claims = _picked(self._claims, np.arange(len(self)))
        other._asked, other._replied = self._asked.copy(), self._replied.copy()
        other._t_ns, other.shed = self._t_ns, self.shed
        return other

    def take(self, friends: Friends) -> None:
        """Take claims in; of one address only newer ones than the last, in order of time."""
        if not len(friends):
            return
        good = np.isfinite(friends.position_m).all(axis=1) & (friends.mode_s >= 0)
        order = np.flatnonzero(good)
        order = order[np.lexsort((friends.evidence[order], friends.mode_s[order],
                                  friends.t_ns[order]))]  # fmt: skip
        fresh = np.setdiff1d(friends.mode_s[order].astype(np.int64), self._claims.address)
        if len(fresh):
            joined = _joined(self._claims, blank(fresh))
            self._claims = _picked(joined, np.argsort(joined.address, kind="stable"))
        rows = np.searchsorted(self._claims.address, friends.mode_s[order])
        _hear(
            self._claims, rows, friends.t_ns[order], friends.position_m[order],
            friends.velocity_mps[order], friends.sigma_m[order],
        )  # fmt: skip
        excess = len(self) - CLAIMS_MAX
        if excess > 0:
            claims = self._claims
            worst = np.lexsort((claims.address, claims.t_ns, claims.streak, claims.agreed))
            kept = np.ones(len(self), dtype=np.bool_)
            kept[worst[:excess]] = False
            self.shed += excess
            self._claims = _picked(claims, np.flatnonzero(kept))

    def looked(
        self, tracks: Records, rows: IntArray, replied: BoolArray, sensor: int, t_ns: int
    ) -> None:
        """Account for one radar look that reported the tracks `rows` (k,), each once.

        `replied` (k,): the report carried a reply to the radar's own interrogation. Call it after
        the look has updated the rows (their codes and `t_ns_friend`). Not for other reports.
        """
        if sensor >= len(self._asked):
            more = np.zeros(max(2 * len(self._asked), sensor + 1) - len(self._asked))
            self._asked = np.concatenate([self._asked, more])
            self._replied = np.concatenate([self._replied, more])
        paired = np.flatnonzero(self._claims.track >= 0)
        paired = paired[np.argsort(self._claims.track[paired], kind="stable")]
        _account(
            tracks, rows, replied, sensor, t_ns, self._claims, paired, self._claims.track[paired],
            self._asked, self._replied,
        )  # fmt: skip

    def agree(self, tracks: Records, n: int, now_ns: int) -> None:
        """Compare every claim with the tracks in rows ``[0, n)`` that were seen since.

        Writes `t_ns_friend` and `friend_doubt`.
        """
        if 0 < self._t_ns < now_ns:
            fade = math.exp(-(now_ns - self._t_ns) * 1e-9 / DOUBT_LASTS_S)
            tracks["friend_doubt"][:n] *= fade
        self._t_ns = max(self._t_ns, now_ns)
        by_id = np.argsort(tracks["id"][:n], kind="stable")
        by_x = np.argsort(tracks["mean"][:n, 0, 0], kind="stable")
        compare(
            tracks, n, now_ns, self._claims, by_id, tracks["id"][:n][by_id], by_x,
            tracks["mean"][:n, 0, 0][by_x],
        )  # fmt: skip
        old = now_ns - self._claims.t_ns > MEMORY_NS
        if old.any():
            self._claims = _picked(self._claims, np.flatnonzero(~old))


def _picked(claims: Claims, rows: IntArray) -> Claims:
    """Copies of `rows`."""
    return Claims(**{name: column[rows] for name, column in claims._asdict().items()})


def _joined(one: Claims, other: Claims) -> Claims:
    """The rows of `one`, then those of `other`."""
    more = other._asdict()
    columns = {name: np.concatenate([old, more[name]]) for name, old in one._asdict().items()}
    return Claims(**columns)


@njit(cache=True, nogil=True, error_model="numpy")
def _hear(
    claims: Claims, rows: IntArray, t_ns: IntArray, position: FloatArray, velocity: FloatArray,
    sigma: FloatArray,
) -> None:  # fmt: skip
    """Write messages to their rows, note jumps, and work out a velocity that was not given."""
    for k in range(len(rows)):
        c = rows[k]
        dt_s = (t_ns[k] - claims.t_ns[c]) * 1e-9
        if dt_s <= 0.0 and claims.t_ns[c] >= 0:
            continue
        recent = claims.t_ns[c] >= 0 and t_ns[k] - claims.t_ns[c] <= STOP_NS
        if recent and np.isfinite(claims.velocity_mps[c, 0]):
            off = 0.0
            for a in range(3):
                ahead = claims.position_m[c, a] + dt_s * claims.velocity_mps[c, a]
                off += (position[k, a] - ahead) ** 2
            limit = JUMP_M + 0.5 * JUMP_MPS2 * dt_s * dt_s
            limit += 3.0 * (min(sigma[k], SIGMA_M[1]) + min(claims.sigma_m[c], SIGMA_M[1]))
            if off > limit * limit:
                claims.jumped[c] = True
        for a in range(3):
            given = velocity[k, a]
            if not np.isfinite(velocity[k]).all():
                apart = (position[k, a] - claims.position_m[c, a]) / max(dt_s, 1e-3)
                given = apart if recent and dt_s >= 0.5 else claims.velocity_mps[c, a]
            claims.velocity_mps[c, a] = given
            claims.position_m[c, a] = position[k, a]
        claims.sigma_m[c] = sigma[k]
        claims.t_ns[c] = t_ns[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _account(
    tracks: Records, rows: IntArray, replied: BoolArray, sensor: int, t_ns: int, claims: Claims,
    paired: IntArray, paired_track: IntArray, asked: FloatArray, answers: FloatArray,
) -> None:  # fmt: skip
    """Learn how often `sensor` gets replies, and doubt claimed tracks that give it none."""
    chance = (answers[sensor] + 1.0) / (asked[sensor] + 2.0)
    interrogates = answers[sensor] >= REPLIES_MIN and chance >= REPLY_CHANCE[0]
    silence = min(SILENT_DOUBT, -math.log(1.0 - min(chance, REPLY_CHANCE[1])))
    for k in range(len(rows)):
        i = rows[k]
        if tracks[i].mode_s >= 0 or tracks[i].mode_3a >= 0:
            asked[sensor] += 1.0
            answers[sensor] += 1.0 if replied[k] else 0.0
        first = np.searchsorted(paired_track, tracks[i].id)
        claimed = False
        while first < len(paired_track) and paired_track[first] == tracks[i].id:
            c = paired[first]
            claimed |= t_ns - claims.t_ns[c] <= SPEAKS_NS
            if replied[k]:
                claims.t_ns_reply[c] = max(claims.t_ns_reply[c], t_ns)
            first += 1
        doubt = tracks[i].friend_doubt
        if replied[k]:
            doubt -= REPLY_DOUBT
        elif claimed and interrogates:
            doubt += silence
        tracks[i].friend_doubt = min(max(doubt, 0.0), DOUBT_MAX)
    if asked[sensor] > COUNT_MAX:
        asked[sensor] *= 0.5
        answers[sensor] *= 0.5
