"""One look of one sensor, from reports to corrected tracks: the heart of the picture.

Poisson multi-Bernoulli filter, track-oriented with marginal association (TOMB/P: Williams, IEEE
TAES 51 (2015) 1664-1687): gather the pairs, make marginals, correct rows, let seeds become rows,
sow what nobody explains, learn what is clutter here.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin.track import clutter as ground
from tocsin.track.belief import marginals
from tocsin.track.clutter import HEIGHT_M
from tocsin.track.meet import gather
from tocsin.track.motion import advance
from tocsin.track.pairs import SAME_LOOK, Look, Pairs, likelihoods, seed_left
from tocsin.track.rows import plant
from tocsin.track.seeds import sow
from tocsin.track.settle import EXISTENCE_MAX, SURE, absorb, account, grow_up
from tocsin.track.silence import sweep, unseen_in, weed
from tocsin.track.table import HYPOTHESES, Record, Records
from tocsin.track.upward import vertical
from tocsin.words import BoolArray, FloatArray, IntArray

START_UNEXPLAINED: Final = 0.3  # a report likelier than this to be no track's is sown; chosen
PROMOTE: Final = 1e-5  # least existence at which a seed becomes a track; chosen
LIKELY: Final = 3e-3
"""A seed at least so sure to be a target at its second look becomes a track whatever else happens.
Chosen, because it parts a raid from a jam: of 3,000 targets that are there at once nine in ten are
surer at their second look, of 20,000 false plots a scan fewer than one in ten."""
PROMOTED_MOST: Final = 4096
"""... but no more of them at one look: they bound its work and its memory. Chosen: above the 3,000
targets of the largest raid asked for."""
PROMOTED_MIN: Final = 64
PROMOTED_PART: Final = 16
"""Of doubtful seeds at most so many, or one for so many reports, become tracks at a look: in dense
clutter every seed finds some second look, and a filter for each would cost more than it tells.
Chosen: 20,000 false plots a scan then cost 0.3 s."""
YOUNG_LOOKS: Final = 3
"""Until so many looks a track follows its likeliest report alone: the mean of several starting
velocities is none of them, and its spread would only grow. Chosen."""


def begun_most(reports: int) -> int:
    """How many tracks a look of so many reports begins at most."""
    return max(PROMOTED_MIN + reports // PROMOTED_PART, min(reports, PROMOTED_MOST))


@njit(cache=True, nogil=True, error_model="numpy")
def take(
    tracks: Records, book: Records, n: int, seeds: Records, ns: int, reports: Records,
    banks: Records, charts: Records, numbers: Records, scratch: Records, whose: IntArray,
    sensor: int, scan_s: float, chance: float, t_ns: int, place: FloatArray, range_m: float,
) -> tuple[int, int]:  # fmt: skip
    """Fold one look in; how many tracks and seeds there are then.

    The look comes field by field: to take a tuple apart costs Numba a microsecond. `whose` (m,)
    gets the row of the track that a report surely (`SURE`) is of, or -1.

    There must be room for as many more tracks as there are seeds or reports, whichever is less
    (when there is not, seeds stay seeds), and for as many more seeds as there are reports.
    """
    bank, chart, work = banks[0], charts[sensor], scratch[0]
    for a in range(3):
        work.site[a] = place[a]
    look = Look(sensor, scan_s, chance, t_ns, work.site, range_m)
    m = len(reports)
    whose[:] = -1
    ground.age(chart, look.t_ns, look.scan_s)
    false, new, cells = np.empty(m), np.empty(m), np.empty((m, 2), np.int64)
    for j in range(m):
        cells[j, 0], cells[j, 1] = ground.cell(chart, reports[j].position_m)
        ground.notice(chart, cells[j, 0], cells[j, 1])
    _expect(chart, reports, cells, look, bank.new_pm2ps, false, new, work)
    other = false + new
    pairs = gather(tracks, book, n, seeds, ns, reports, look, bank, other, work)
    down, unexplained = marginals(pairs.owner, pairs.report, pairs.weight, other)
    met = np.zeros(n, np.bool_)
    first = _settle_all(
        tracks, book, n, reports, look, bank, chart, numbers[0], pairs, down, met, whose, work
    )
    sweep(reports, look.place, work)
    unseen_in(tracks, book, n, met, look, bank, work)
    n = _promote(
        tracks, book, n, seeds, reports, look, bank, chart, numbers[0], pairs, down, first, work
    )
    for j in range(m):
        ground.learn(chart, cells[j, 0], cells[j, 1], unexplained[j])
        if unexplained[j] > START_UNEXPLAINED and not pairs.echo[j]:
            there = unexplained[j] * new[j] / (new[j] + false[j])
            sow(seeds[ns], reports[j], there, look.sensor, look.scan_s)
            ns += 1
    return n, weed(seeds, ns, look, work)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _expect(
    chart: Record, reports: Records, cells: IntArray, look: Look, prior_pm2ps: float,
    false: FloatArray, new: FloatArray, work: Record,
) -> None:  # fmt: skip
    """Density (1/m3) of false and of new targets' reports at each report, in its cell (m,2)."""
    fresh_pm2 = ground.new_pm2(chart, look.scan_s, prior_pm2ps)
    up = work.up
    for j in range(len(false)):
        height_m, report = HEIGHT_M, reports[j]
        if not report.has_height:
            # A report without height is spread over its own vertical guess, whose Gaussian has
            # the peak of a uniform spread of sqrt(2 pi) s.d.
            vertical(report.position_m, up)
            variance = 0.0
            for a in range(3):
                for b in range(3):
                    variance += up[a] * report.covariance_m2[a, b] * up[b]
            height_m = math.sqrt(2.0 * math.pi * variance)
        false[j] = ground.density_pm2(chart, cells[j, 0], cells[j, 1]) / height_m
        new[j] = fresh_pm2 / height_m


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _settle_all(
    tracks: Records, book: Records, n: int, reports: Records, look: Look, bank: Record,
    chart: Record, numbers: Record, pairs: Pairs, down: FloatArray, met: BoolArray,
    whose: IntArray, work: Record,
) -> int:  # fmt: skip
    """Settle every track that has pairs; where those of seeds begin. `met` and `whose` are told.

    What one track needs of the pairs goes by way of `work`: each array that is handed to a kernel
    is counted, atomically, and for one track that takes longer than the copy.
    """
    owner, report_of, log_like, weight = pairs.owner, pairs.report, pairs.log_like, pairs.weight
    first, size = int(np.int64(0)), len(owner)  # a literal 0 is a type of its own
    while first < size and owner[first] < n:
        i, count, total = owner[first], 0, 1.0
        while first + count < size and owner[first + count] == i:
            p = first + count
            work.found[count] = report_of[p]
            work.chance[count] = weight[p] * down[p]
            total += work.chance[count]
            for h in range(HYPOTHESES):
                work.like[count, h] = log_like[p, h]
            count += 1
        for k in range(count):
            work.chance[k] /= total
        met[i] = True
        _settle(tracks[i], book[i, look.sensor], reports, look, bank, count, total, work)
        if work.surety > SURE:
            whose[work.leader] = i
        grow_up(tracks[i], chart, numbers, work)
        first += count
    return first


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _settle(
    track: Record, mine: Record, reports: Records, look: Look, bank: Record, size: int,
    total: float, work: Record,
) -> None:  # fmt: skip
    """Existence and state of a track by the marginals of its `size` pairs, which are in `work`.

    Bernoulli update of TOMB/P (Williams 2015, equations 33-36). A look in which the track was
    already dealt with charges no second miss, and one older than the last proves nothing.
    """
    chance, existence = work.chance, track.existence
    unseen = existence
    if (look.t_ns - mine.ns) * 1e-9 > SAME_LOOK * look.scan_s:
        unseen = existence * (1.0 - look.chance) / (1.0 - existence * look.chance)
    hit, best = 0.0, 0
    for k in range(size):
        hit += chance[k]
        if chance[k] > chance[best]:
            best = k
    there = unseen / total + hit
    mass = hit / there
    if account(track, mine, look, mass):
        track.existence = min(there, EXISTENCE_MAX)
    if mass >= 0.5:
        track.scan_s = look.scan_s
    if track.looks <= YOUNG_LOOKS:
        chance[0], work.found[0], size = mass, work.found[best], 1
        for h in range(HYPOTHESES):
            work.like[0, h] = work.like[best, h]
    else:
        for k in range(size):
            chance[k] /= there
    absorb(track, reports, work.found[:size], work.like[:size], bank, look.place, work)


@njit(cache=True, nogil=True, error_model="numpy")
def _second_looks(
    seeds: Records, n: int, look: Look, pairs: Pairs, down: FloatArray, first: int,
    there: FloatArray, mass: FloatArray, best: IntArray,
) -> int:  # fmt: skip
    """Seeds that probably found their second look; how many.

    Of each, existence to `there`, the share of it that is reported here to `mass`, its likeliest
    pair to `best`.
    """
    count, size = 0, len(pairs.owner)
    while first < size:
        owner, lead, total, stop = pairs.owner[first], first, 1.0, first
        while stop < size and pairs.owner[stop] == owner:
            total += pairs.weight[stop] * down[stop]
            if pairs.weight[stop] * down[stop] > pairs.weight[lead] * down[lead]:
                lead = stop
            stop += 1
        first = stop
        existence = seed_left(seeds[owner - n], look)
        hit = (total - 1.0) / total
        unseen = existence * (1.0 - look.chance) / (1.0 - existence * look.chance)
        exists = unseen / total + hit
        if exists >= PROMOTE and hit >= 0.5 * exists:
            there[count], mass[count], best[count] = exists, hit / exists, lead
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _promote(
    tracks: Records, book: Records, n: int, seeds: Records, reports: Records, look: Look,
    bank: Record, chart: Record, numbers: Record, pairs: Pairs, down: FloatArray, first: int,
    work: Record,
) -> int:  # fmt: skip
    """Make tracks of the surest seeds that found their second look; how many tracks there are.

    All that are likely, and of the doubtful the surest few. The others' reports are seeds too.
    """
    most = len(pairs.owner) - first
    there, mass, best = np.empty(most), np.empty(most), np.empty(most, np.int64)
    count = _second_looks(seeds, n, look, pairs, down, first, there, mass, best)
    likely = 0
    for c in range(count):
        likely += there[c] >= LIKELY
    room = PROMOTED_MIN + len(reports) // PROMOTED_PART
    room = min(len(tracks) - n, max(room, min(likely, PROMOTED_MOST)))
    least = 0.0
    if count > room:
        least = np.sort(there[:count])[count - room] if room > 0 else np.inf
    to = n
    for c in range(count):
        if there[c] < least or to == n + room:
            continue
        seed, track = seeds[pairs.owner[best[c]] - n], tracks[to]
        plant(track, book[to], seed, bank, work)
        advance(track, look.t_ns, bank, work)
        work.found[0], work.chance[0] = pairs.report[best[c]], mass[c]
        likelihoods(track, reports[work.found[0]], bank, work.log_like, work)
        for h in range(HYPOTHESES):
            work.like[0, h] = work.log_like[h]
        account(track, book[to, look.sensor], look, mass[c])
        track.existence = min(there[c], EXISTENCE_MAX)
        absorb(track, reports, work.found[:1], work.like[:1], bank, look.place, work)
        grow_up(track, chart, numbers, work)
        seed.existence = 0.0
        to += 1
    return to
