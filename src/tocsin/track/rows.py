"""Tracks as kernels write them: plant a seed, note a report, close the gaps."""

from numba import njit

from tocsin.track.correct import flatten
from tocsin.track.sound import NOISY_FIRST
from tocsin.track.table import EVIDENCE, MODELS, PAST, Record, Records
from tocsin.track.upward import vertical
from tocsin.words import BoolArray, FloatArray


@njit(cache=True, nogil=True, error_model="numpy")
def blank(track: Record, book: Records) -> None:
    """Reset a record, which may be a dead track's, and its book (S,)."""
    track.fall_wait, track.fall_given = 0, 0
    track.weight[:] = 0.0
    track.t_ns_friend, track.t_ns_kind, track.t_ns_fall, track.t_ns_slow = 0, 0, 0, 0
    track.kind_mean[:] = 0.0
    track.kind[:] = 0.0
    track.hints[:] = 0.0
    track.confirmed = False
    track.noisy = NOISY_FIRST
    track.mode_3a, track.mode_s = -1, -1
    track.friend_doubt = 0.0
    track.evidence[:] = -1
    track.changed = True
    track.past_t_ns[:] = 0
    for s in range(len(book)):
        book[s].ns = 0
        book[s].mass = 0.0
        book[s].seen = False


@njit(cache=True, nogil=True, error_model="numpy")
def guess(
    track: Record, position: FloatArray, noise: FloatArray, has_height: bool, bank: Record,
    work: Record,
) -> None:  # fmt: skip
    """State from one position: every model at rest, with its own doubt about speed."""
    up = work.up
    vertical(position, up)
    for m in range(MODELS):
        track.weight[m] = bank.start[m]
        if bank.start[m] <= 0.0:
            continue
        mean, cov = track.mean[m], track.cov[m]
        flat, steep = bank.speed_sd_mps[m, 0] ** 2, bank.speed_sd_mps[m, 1] ** 2
        for a in range(3):
            mean[a] = position[a]
            mean[a + 3] = 0.0
            for b in range(3):
                cov[a, b] = noise[a, b]
                cov[a, b + 3] = 0.0
                cov[a + 3, b] = 0.0
                cov[a + 3, b + 3] = (steep - flat) * up[a] * up[b]
            cov[a + 3, a + 3] += flat
        if not has_height:
            flatten(mean, cov, position, noise)


@njit(cache=True, nogil=True, error_model="numpy")
def plant(track: Record, book: Records, seed: Record, bank: Record, work: Record) -> None:
    """Write the track that a seed begins, at the seed's own time."""
    blank(track, book)
    guess(track, seed.position_m, seed.covariance_m2, seed.has_height, bank, work)
    track.id = seed.serial
    t_ns = seed.t_ns
    track.t_ns, track.t_ns_seen, track.t_ns_born = t_ns, t_ns, t_ns
    if seed.friend:
        track.t_ns_friend = t_ns
    track.existence = seed.existence
    track.hints[seed.hint] = 1.0
    track.hits, track.looks = 1, 1
    track.has_height = seed.has_height
    track.mode_3a, track.mode_s = seed.mode_3a, seed.mode_s
    track.scan_s = seed.scan_s
    track.evidence[0] = seed.evidence
    track.past_t_ns[0] = t_ns
    for a in range(3):
        track.past_position[0, a] = seed.position_m[a]
        for b in range(3):
            track.past_cov[0, a, b] = seed.covariance_m2[a, b]
    mine = book[seed.sensor]
    mine.ns, mine.mass, mine.seen = t_ns, 1.0, True


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def credit(track: Record, t_ns: int, evidence: int) -> None:
    """Enter one report more of a track: its time, and its number as the latest evidence."""
    track.hits += 1
    track.t_ns_seen = max(track.t_ns_seen, t_ns)
    for k in range(EVIDENCE - 1, 0, -1):
        track.evidence[k] = track.evidence[k - 1]
    track.evidence[0] = evidence


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def note(track: Record, report: Record) -> None:
    """Record a report as the latest behind a track: times, identity, evidence, the last few."""
    late = report.t_ns < track.t_ns_seen
    credit(track, report.t_ns, report.evidence)
    track.has_height |= report.has_height
    track.hints[report.hint] += 1.0
    if report.friend:
        track.t_ns_friend = max(track.t_ns_friend, report.t_ns)
    if report.mode_s >= 0:
        track.mode_s = report.mode_s
    if report.mode_3a >= 0:
        track.mode_3a = report.mode_3a
    if late:
        return
    for k in range(PAST - 1, 0, -1):
        track.past_t_ns[k] = track.past_t_ns[k - 1]
        if track.past_t_ns[k] == 0:
            continue
        for a in range(3):
            track.past_position[k, a] = track.past_position[k - 1, a]
            for b in range(3):
                track.past_cov[k, a, b] = track.past_cov[k - 1, a, b]
    track.past_t_ns[0] = report.t_ns
    for a in range(3):
        track.past_position[0, a] = report.position_m[a]
        for b in range(3):
            track.past_cov[0, a, b] = report.covariance_m2[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def close_gaps(tracks: Records, book: Records, n: int, kept: BoolArray) -> int:
    """Move the first `n` tracks that are `kept` to the front; how many they are."""
    to = 0
    for k in range(n):
        if kept[k]:
            if to != k:
                tracks[to] = tracks[k]
                for s in range(book.shape[1]):
                    book[to, s] = book[k, s]
            to += 1
    return to
