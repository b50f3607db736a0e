"""What silence says: a look that should have shown a track and did not, and what ends one."""

import math
from typing import Final

import numpy as np
from numba import njit

from tocsin import geo
from tocsin.track import rests
from tocsin.track.cholesky import factor
from tocsin.track.fall import height_and_up
from tocsin.track.motion import advance, leading
from tocsin.track.pairs import CHANCE, SAME_LOOK, SCAN_S_MIN, Look
from tocsin.track.rows import close_gaps
from tocsin.track.seeds import LIFE_SCANS, forget
from tocsin.track.state import FALLS, falling
from tocsin.track.table import BOOST, COAST, MODELS, Record, Records
from tocsin.words import BoolArray, FloatArray, IntArray

DROP_CONFIRMED: Final = 5e-3
"""Existence. Chosen: four missed looks in a row at pd 0.9 (`bank.LIFE_S` takes its part); at 0.05
three were enough, and one look in a thousand ended a track that was there."""
DROP_TENTATIVE: Final = 0.02  # existence; below, one missed look ends a tentative track; chosen
DROP_FALLING: Final = 1e-4
"""The same of a tentative track with a ballistic hypothesis. Chosen: two looks give a rocket 0.01
to 0.1, and two misses at pd 0.9, which one in fifty meets within its first five looks, leave a
hundredth of that; one that is then dropped begins anew where nothing tells it from an aircraft."""
TENTATIVE_SCANS: Final = 3.5  # a tentative track unseen for so many scans goes; chosen
MISSED_SCANS: Final = 1.5  # unseen for so long, a doubtful one has missed a look; chosen
TENTATIVE_S: Final = 2.2  # ... but not sooner than this
COAST_S: Final = 60.0
"""A confirmed track that no sensor looks at is kept so long: what went below the horizon still
flies. Chosen: a drone at 50 m/s is then 3 km on, one zone further."""
SPREAD_M: Final = 10_000.0  # s.d.; a track that may be anywhere is no longer one
HEARD_NEVER_FACTOR: Final = 0.3
"""A sensor that never reported the track is charged so much of its detection chance: terrain may
hide what the smooth horizon shows. Chosen."""
LATENCY_S: Final = 0.5  # a report may come so long after its look; with half a scan on top
LAST_SCANS: Final = 1.8  # a seed so old that lay in the sector just swept had its chances; chosen
DUE: Final = 0.75  # part of a scan after which a track in the swept sector was due; chosen
_CATCH_UP: Final = 50  # missed looks charged at once, however far the clock has leapt
MERGE: Final = 2.0
"""Squared Mahalanobis length in six dimensions under which two tracks are one; the median of
distinct estimates of one state is 5.3, so merging waits until they are really the same."""
_MERGE_BOX_M: Final = 500.0  # no two tracks so far apart are compared at all
_MERGE_BOX_MPS: Final = 50.0
_MERGE_LOOKS: Final = 3  # younger ones are left to association
_DIAMETER_M: Final = 2.0 * geo.RADIO_EARTH_FACTOR * geo.MEAN_RADIUS_M


@njit(cache=True, nogil=True, error_model="numpy")
def _hidden(
    track: Record, mine: Record, place: FloatArray, range_m: float, antenna_m: float
) -> bool:
    """Beyond range or below the radio horizon (4/3 Earth, ITU-R P.310) of a sensor.

    A track without height of which this sensor never spoke may be anywhere below the horizon.
    """
    up = np.empty(3)
    mean = track.mean[leading(track)]
    distance2 = 0.0
    for a in range(3):
        distance2 += (mean[a] - place[a]) ** 2
    if distance2 > range_m * range_m:
        return True
    if not track.has_height and not mine.seen:
        return True
    target_m = max(height_and_up(mean, up), 0.0)
    horizon_m = math.sqrt(_DIAMETER_M * antenna_m) + math.sqrt(_DIAMETER_M * target_m)
    return distance2 > horizon_m * horizon_m


@njit(cache=True, nogil=True, error_model="numpy")
def _miss(track: Record, mine: Record, chance: float) -> None:
    """Charge one missed look of the sensor whose entry in the track's book is `mine`."""
    pd = chance if mine.seen else HEARD_NEVER_FACTOR * chance
    r = track.existence
    track.existence = r * (1.0 - pd) / (1.0 - r * pd)
    mine.mass = 0.0


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _flat(position: FloatArray, place: FloatArray, up: FloatArray) -> tuple[float, float, float]:
    """Horizontal unit vector from `place` towards `position`."""
    x, y, z = position[0] - place[0], position[1] - place[1], position[2] - place[2]
    rise = x * up[0] + y * up[1] + z * up[2]
    x, y, z = x - rise * up[0], y - rise * up[1], z - rise * up[2]
    length = max(math.sqrt(x * x + y * y + z * z), 1e-3)
    return x / length, y / length, z / length


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(reports: Records, place: FloatArray, work: Record) -> None:
    """The sector that a look swept: what the reports themselves span in azimuth.

    Between its first and last report the antenna did look; a sensor that shows its whole field at
    once sweeps all of it at each look. Middle direction and least cosine to `work`; 2 for none.
    """
    work.edge = 2.0
    if np.isnan(place[0]) or len(reports) < 2:
        return
    up, middle, sight = work.lift, work.sector, np.empty((len(reports), 3))
    work.antenna_m = max(height_and_up(place, up), 0.0)
    for a in range(3):
        middle[a] = 0.0
    for j in range(len(reports)):
        sight[j, 0], sight[j, 1], sight[j, 2] = _flat(reports[j].position_m, place, up)
        for a in range(3):
            middle[a] += sight[j, a]
    length = math.sqrt(middle[0] ** 2 + middle[1] ** 2 + middle[2] ** 2)
    if length < 1e-6 * len(reports):
        return
    for a in range(3):
        middle[a] /= length
    edge = 1.0
    for j in range(len(reports)):
        cosine = sight[j, 0] * middle[0] + sight[j, 1] * middle[1] + sight[j, 2] * middle[2]
        edge = min(edge, cosine)
    work.edge = edge


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def swept(position: FloatArray, place: FloatArray, work: Record) -> bool:
    """Whether a place lies in the sector that `sweep` found."""
    middle = work.sector
    x, y, z = _flat(position, place, work.lift)
    return bool(x * middle[0] + y * middle[1] + z * middle[2] >= work.edge)


@njit(cache=True, nogil=True, error_model="numpy")
def unseen_in(
    tracks: Records, book: Records, n: int, met: BoolArray, look: Look, bank: Record, work: Record
) -> None:
    """Charge the look to every track inside the sector that it swept and of which it was silent."""
    if work.edge > 1.0:
        return
    due_ns = np.int64(DUE * look.scan_s * 1e9)
    for i in range(n):
        track, mine = tracks[i], book[i, look.sensor]
        if met[i] or mine.ns == 0 or look.t_ns - mine.ns < due_ns:
            continue
        if not swept(track.mean[leading(track)], look.place, work):
            continue
        if _hidden(track, mine, look.place, look.range_m, work.antenna_m):
            continue
        track.existence *= math.exp(-max((look.t_ns - track.t_ns) * 1e-9, 0.0) / bank.life_s)
        advance(track, look.t_ns, bank, work)
        _miss(track, mine, look.chance)
        mine.ns = look.t_ns


@njit(cache=True, nogil=True, error_model="numpy")
def weed(seeds: Records, n: int, look: Look, work: Record) -> int:
    """Drop the seeds that were taken up (existence 0), are too old, or had their chances.

    A seed's chances are the next two sweeps of its sensor over its place.
    """
    kept = 0
    for k in range(n):
        seed = seeds[k]
        scans = (look.t_ns - seed.t_ns) * 1e-9 / seed.scan_s
        gone = seed.existence <= 0.0 or scans > LIFE_SCANS
        if not gone and scans > LAST_SCANS and seed.sensor == look.sensor and work.edge <= 1.0:
            gone = swept(seed.position_m, look.place, work)
        if not gone:
            if kept != k:
                seeds[kept] = seeds[k]
            kept += 1
    return kept


@njit(cache=True, nogil=True, error_model="numpy")
def charge_misses(
    tracks: Records, book: Records, n: int, now_ns: int, place_m: FloatArray, range_m: FloatArray,
    scan_s: FloatArray, chance: FloatArray, heard_ns: IntArray, systems: BoolArray,
) -> None:  # fmt: skip
    """Lower the existence of every track that a living sensor should have reported and did not.

    A look is missed when it is due, the sensor was heard within half a scan before it or since, and
    the track lies within range and above the radio horizon. Another system (`systems` (S,)) is
    missed only by the tracks that it did report: what it does not tell, it may not want to tell.

    Half a scan, because a sensor that turns and reports anything was then heard by its looks alone:
    their times are exact, and when messages came is not.
    """
    up = np.empty(3)
    for s in range(len(scan_s)):
        if np.isnan(place_m[s, 0]) or heard_ns[s] == 0:
            continue
        antenna_m = max(height_and_up(place_m[s], up), 0.0)
        one_scan_s = max(scan_s[s], SCAN_S_MIN)
        pd = min(max(chance[s], CHANCE[0]), CHANCE[1])
        due_ns = np.int64((one_scan_s * (1.0 + SAME_LOOK) + LATENCY_S) * 1e9)
        step_ns = np.int64(one_scan_s * 1e9)
        half_ns = np.int64(one_scan_s * SAME_LOOK * 1e9)
        for i in range(n):
            mine = book[i, s]
            if systems[s] and not mine.seen:
                continue
            if mine.ns != 0 and now_ns - mine.ns <= due_ns:
                continue
            if _hidden(tracks[i], mine, place_m[s], range_m[s], antenna_m):
                mine.ns = 0
                continue
            if mine.ns == 0:
                mine.ns = now_ns
                mine.mass = 0.0
            mine.ns = max(mine.ns, now_ns - due_ns - _CATCH_UP * step_ns)
            while now_ns - mine.ns > due_ns:
                mine.ns += step_ns
                if heard_ns[s] > mine.ns - half_ns:
                    _miss(tracks[i], mine, pd)


@njit(cache=True, nogil=True, error_model="numpy")
def _spread_m2(track: Record, ahead_s: float) -> float:
    """Variance of place of the leading model, or of the likelier fall if that is less.

    Either side may have lost its target while the other follows it: level flight that of a missile
    over the top, the fall that of a track which another system tells.
    """
    m = leading(track)
    h = BOOST if track.weight[MODELS + BOOST] > track.weight[MODELS + COAST] else COAST
    level = fallen = 0.0
    for a in range(3):
        cov = track.cov[m]
        level += cov[a, a] + ahead_s * (2.0 * cov[a, a + 3] + ahead_s * cov[a + 3, a + 3])
        fall = track.fall_cov[h]
        fallen += fall[a, a] + ahead_s * (2.0 * fall[a, a + 3] + ahead_s * fall[a + 3, a + 3])
    return float(min(level, fallen)) if falling(track) >= FALLS else float(level)


@njit(cache=True, nogil=True, error_model="numpy")
def living(tracks: Records, n: int, now_ns: int) -> BoolArray:
    """Which tracks are to be kept, by existence, silence and the spread of what they are."""
    kept = np.ones(n, np.bool_)
    for i in range(n):
        track = tracks[i]
        unseen_s = (now_ns - track.t_ns_seen) * 1e-9
        if not track.confirmed:
            patience_s = max(TENTATIVE_SCANS * track.scan_s, TENTATIVE_S)
            least = DROP_FALLING if falling(track) > 0.0 else DROP_TENTATIVE
            doubtful = track.existence < least
            kept[i] = unseen_s <= (MISSED_SCANS * track.scan_s if doubtful else patience_s)
            continue
        ahead_s = max(now_ns - track.t_ns, 0) * 1e-9
        kept[i] = track.existence >= DROP_CONFIRMED and unseen_s <= COAST_S
        if track.has_height and _spread_m2(track, ahead_s) > 3.0 * SPREAD_M**2:
            kept[i] = False
    return kept


@njit(cache=True, nogil=True, error_model="numpy")
def _apart(one: Record, two: Record) -> float:
    """Squared Mahalanobis length between two tracks' likelier straight-line states."""
    first, second = leading(one), leading(two)
    dt_s = (two.t_ns - one.t_ns) * 1e-9
    for a in range(3):
        slower = two.mean[second, a + 3] - one.mean[first, a + 3]
        off = two.mean[second, a] - one.mean[first, a] - dt_s * one.mean[first, a + 3]
        if abs(off) > _MERGE_BOX_M or abs(slower) > _MERGE_BOX_MPS:
            return np.inf
    both = one.cov[first] + two.cov[second]
    if factor(both) == -math.inf:
        return np.inf
    length, step = 0.0, np.empty(6)
    for a in range(6):  # the step solved by the lower factor: its square is the length
        step[a] = two.mean[second, a] - one.mean[first, a]
        if a < 3:
            step[a] -= dt_s * one.mean[first, a + 3]
        for b in range(a):
            step[a] -= both[a, b] * step[b]
        step[a] /= both[a, a]
        length += step[a] * step[a]
    return float(length)


@njit(cache=True, nogil=True, error_model="numpy")
def merge(tracks: Records, n: int, kept: BoolArray) -> None:
    """Clear `kept` of the lesser of any two established tracks that have become one.

    The confirmed outlives the tentative, then the one with more looks, then the older; at last the
    row decides, and not the id, which tells the order of arrival.
    """
    along, old = np.empty(n), np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if tracks[i].looks >= _MERGE_LOOKS and kept[i]:
            along[count] = tracks[i].mean[leading(tracks[i]), 0]
            old[count] = i
            count += 1
    order = np.argsort(along[:count], kind="mergesort")
    for a in range(count):
        one = tracks[old[order[a]]]
        for b in range(a + 1, count):
            two = tracks[old[order[b]]]
            if along[order[b]] - along[order[a]] > 4.0 * _MERGE_BOX_M or not kept[old[order[a]]]:
                break
            named = min(one.mode_s, two.mode_s) >= 0 and one.mode_s != two.mode_s
            if kept[old[order[b]]] and not named and _apart(one, two) < MERGE:
                first = one.confirmed, one.looks, -one.t_ns_born, one.existence, -old[order[a]]
                second = two.confirmed, two.looks, -two.t_ns_born, two.existence, -old[order[b]]
                kept[old[order[b if first > second else a]]] = False


@njit(cache=True, nogil=True, error_model="numpy")
def close(
    tracks: Records, book: Records, n: int, seeds: Records, ns: int, now_ns: int,
    place_m: FloatArray, range_m: FloatArray, scan_s: FloatArray, chance: FloatArray,
    spoke_ns: IntArray, heard_ns: IntArray, systems: BoolArray, places: Records, scratch: Records,
) -> tuple[int, int]:  # fmt: skip
    """One beat: charge misses, end what has ended, merge; how many tracks and seeds stay.

    `spoke_ns` is when each sensor was last heard otherwise than by reports; `heard_ns`, kept by the
    caller, is that or its last look, whichever is later, but never later than now. `places` are
    those of `rests`.
    """
    for s in range(len(scan_s)):
        heard_ns[s] = max(heard_ns[s], min(spoke_ns[s], now_ns))
    charge_misses(tracks, book, n, now_ns, place_m, range_m, scan_s, chance, heard_ns, systems)
    kept = living(tracks, n, now_ns)
    rests.leave(tracks, n, kept, places, scratch[0])
    rests.rise(tracks, n, now_ns, places, scratch[0])
    merge(tracks, n, kept)
    return close_gaps(tracks, book, n, kept), forget(seeds, ns, now_ns)
