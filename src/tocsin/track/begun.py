"""Tracks that begin otherwise than by two plots: from what was heard, from a reported launch."""

from typing import Final

import numpy as np
from numba import njit

from tocsin.track.births import Born
from tocsin.track.boost import begin_launch
from tocsin.track.kind import BALLISTIC, classify
from tocsin.track.rows import blank, guess
from tocsin.track.settle import CONFIRM_EXISTENCE
from tocsin.track.sound import NOISY_MOST
from tocsin.track.table import BOOST, FALL_STATE, MODELS, Record, Records
from tocsin.words import FloatArray, IntArray, Launches

CONFIRM_HITS: Final = 5  # of several nodes, or one node again and again; chosen
HEARD_SCAN_S: Final = 6.0
"""A track that is only heard is silent between nodes for so long before it counts as unseen: 300 m
of flight. Chosen."""
LAUNCH_WEIGHT: Final = 0.95  # of boosting in a launch that is one; chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _state(track: Record, mean: FloatArray, cov: FloatArray, bank: Record) -> None:
    """The same state for every model."""
    for m in range(MODELS):
        track.weight[m] = bank.start[m]
        for a in range(6):
            track.mean[m, a] = mean[a]
            for b in range(6):
                track.cov[m, a, b] = cov[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def begin_heard(
    tracks: Records, book: Records, n: int, count: int, born: Born, serials: IntArray,
    banks: Records,
) -> None:  # fmt: skip
    """Write the first `count` tracks that hearing begins to rows n, n + 1, ..."""
    for k in range(count):
        track = tracks[n + k]
        blank(track, book[n + k])
        _state(track, born.mean[k], born.cov[k], banks[0])
        track.id, track.t_ns = serials[k], born.t_ns[k]
        track.t_ns_seen, track.t_ns_born = born.t_ns[k], born.t_ns[k]
        track.existence, track.noisy = born.existence[k], NOISY_MOST
        track.hits, track.looks, track.has_height = 1, 1, False
        track.scan_s = HEARD_SCAN_S
        track.hints[born.hint[k]] += 1.0
        track.evidence[0] = born.evidence[k]


@njit(cache=True, nogil=True, error_model="numpy")
def classify_heard(tracks: Records, n: int, t_ns: int, numbers: Records, scratch: Records) -> None:
    """Confirm and classify what was heard in the last second and a half before `t_ns`."""
    for i in range(n):
        track = tracks[i]
        if not track.changed or t_ns - track.t_ns_seen > 1_500_000_000:
            continue
        sure = track.existence >= CONFIRM_EXISTENCE and track.hits >= CONFIRM_HITS
        track.confirmed |= sure
        classify(track, numbers[0], scratch[0])


@njit(cache=True, nogil=True, error_model="numpy")
def _launched(
    tracks: Records, book: Records, i: int, t_ns: int, position: FloatArray, noise: FloatArray,
    azimuth: float, sigma: float, chance: float, evidence: int, serial: int, banks: Records,
    scratch: Records,
) -> None:  # fmt: skip
    track = tracks[i]
    blank(track, book[i])
    guess(track, position, noise, True, banks[0], scratch[0])
    mean, cov = np.empty(FALL_STATE), np.empty((FALL_STATE, FALL_STATE))
    begin_launch(position, noise, azimuth, sigma, mean, cov)
    for m in range(MODELS):
        track.weight[m] *= 1.0 - LAUNCH_WEIGHT
    track.weight[MODELS + BOOST] = LAUNCH_WEIGHT
    for a in range(FALL_STATE):
        track.fall_mean[BOOST, a] = mean[a]
        for b in range(FALL_STATE):
            track.fall_cov[BOOST, a, b] = cov[a, b]
    track.id, track.t_ns, track.t_ns_seen, track.t_ns_born = serial, t_ns, t_ns, t_ns
    track.existence = chance
    track.hits, track.looks, track.has_height = 1, 1, True
    track.scan_s = HEARD_SCAN_S
    track.evidence[0] = evidence
    for k in range(len(track.kind)):
        track.kind[k] = (1.0 - LAUNCH_WEIGHT) / (len(track.kind) - 1.0)
    track.kind[BALLISTIC] = LAUNCH_WEIGHT


def begin_launched(
    tracks: Records, book: Records, i: int, launches: Launches, row: int, serial: int,
    banks: Records, scratch: Records,
) -> None:  # fmt: skip
    """Write the track that row `row` of `launches` begins to row `i`."""
    _launched(
        tracks, book, i, int(launches.t_ns[row]), launches.position_m[row],
        launches.covariance_m2[row], float(launches.azimuth_rad[row]),
        float(launches.sigma_azimuth_rad[row]), float(launches.chance[row]),
        int(launches.evidence[row]), serial, banks, scratch,
    )  # fmt: skip
