"""Begin, confirm, end: how a track comes to be and goes, and what silence says about it."""

from typing import Final

import numpy as np
from numba import njit

from tocsin import geo
from tocsin.track import fall
from tocsin.track.associate import SAME_LOOK, Look
from tocsin.track.filter import correct, flatten
from tocsin.track.table import AGILE, FALL, PAST, STEADY, Seen, Table
from tocsin.words import BoolArray, FloatArray, IntArray

# Velocity priors of a first report, m/s s.d. (horizontal, vertical), and the hypotheses' weights.
# Steady covers everything that flies on wings; agile covers rockets. Chosen.
SPEED_SD_MPS: Final = ((130.0, 15.0), (700.0, 500.0))
START_WEIGHT: Final = (0.85, 0.15)
SYSTEM_SPEED_SD_MPS: Final = 15.0  # of a velocity that another tracker gives; chosen

CONFIRM_EXISTENCE: Final = 0.98
"""Chosen, because false confirmed tracks then stay under 1 % of track time at 200 false a scan."""
CONFIRM_LOOKS: Final = 3  # never fewer, whatever the likelihoods: no track by its own copy
CONFIRM_NS: Final = 2_000_000_000  # first to last report of a track to be confirmed

DROP_CONFIRMED: Final = 0.05  # existence; chosen: about five missed looks at pd 0.9
DROP_TENTATIVE: Final = 1e-6  # the least a birth in dense clutter can begin with is some 1e-5
TENTATIVE_SCANS: Final = (2.2, 3.5)
"""A tentative track unseen for so many scans goes: after one look, after more. Two misses in a row
happen to 1 % of targets at pd 0.9."""
TENTATIVE_S: Final = 2.2  # ... but not sooner than this
COAST_S: Final = 60.0
"""A confirmed track that no sensor looks at is kept so long: what went below the horizon still
flies. Chosen: a drone at 50 m/s is then 3 km on, one zone further."""
SPREAD_M: Final = 10_000.0  # s.d.; a track that may be anywhere is no longer one
HEARD_NEVER_FACTOR: Final = 0.3
"""A sensor that never reported the track is charged so much of its detection chance: terrain may
hide what the smooth horizon shows. Chosen."""
LATENCY_S: Final = 0.5  # a report may come so long after its look; with half a scan on top
_CATCH_UP: Final = 50  # missed looks charged at once, however far the clock has leapt
SYSTEM_SCANS: Final = 5.0  # another system's track unseen for so many of its scans has ended
MERGE: Final = 2.0
"""Squared Mahalanobis length in six dimensions under which two tracks are one; the median of
distinct estimates of one state is 5.3, so merging waits until they are really the same."""
_MERGE_BOX_M: Final = 500.0  # no two tracks so far apart are compared at all
_MERGE_BOX_MPS: Final = 50.0

FALL_WEIGHT: Final = 0.5  # of a new ballistic hypothesis: undecided
FALL_EXISTENCE: Final = 0.5  # likelier than not to be there; chosen, because it saves the work
FALL_SPEED_MPS: Final = 100.0
FALL_CLIMB: Final = 0.2
"""Part of the speed, beyond 2 s.d.: 12 degrees; airliners climb and descend at under 6."""
FALL_FAST_MPS: Final = 400.0  # faster than any airliner and most missiles: level flight too


@njit(cache=True, nogil=True)
def begin(table: Table, i: int, seen: Seen, j: int, look: Look, existence: float) -> None:
    """Write row `i` (blank or a dead track's) as a new track from report `j`, except its id."""
    up = np.empty(3)
    fall.height_and_up(seen.position_m[j], up)
    for h in (STEADY, AGILE):
        table.mean[i, h] = 0.0
        table.mean[i, h, :3] = seen.position_m[j]
        table.cov[i, h] = 0.0
        table.cov[i, h, :3, :3] = seen.covariance_m2[j]
        flat, steep = SPEED_SD_MPS[h]
        for a in range(3):
            table.cov[i, h, a + 3, a + 3] = flat * flat
            for b in range(3):
                table.cov[i, h, a + 3, b + 3] += (steep * steep - flat * flat) * up[a] * up[b]
        if not seen.has_height[j]:
            flatten(
                table.mean[i, h], table.cov[i, h], seen.position_m[j], seen.covariance_m2[j]
            )  # fmt: skip
    table.weight[i, STEADY], table.weight[i, AGILE] = START_WEIGHT
    table.weight[i, FALL] = 0.0
    table.fall_wait[i] = 0
    t_ns = seen.t_ns[j]
    table.t_ns[i], table.t_ns_seen[i], table.t_ns_born[i] = t_ns, t_ns, t_ns
    table.t_ns_friend[i] = t_ns if seen.friend[j] else 0
    table.existence[i] = existence
    table.kind_mean[i] = 0.0
    table.kind[i] = 0.0
    table.hints[i] = 0
    table.hints[i, seen.hint[j]] = 1
    table.hits[i], table.looks[i] = 1, 1
    table.confirmed[i] = False
    table.has_height[i] = seen.has_height[j]
    table.mode_3a[i], table.mode_s[i] = seen.mode_3a[j], seen.mode_s[j]
    table.system_sensor[i], table.system_number[i] = -1, -1
    table.scan_s[i] = look.scan_s
    table.evidence[i] = -1
    table.evidence[i, 0] = seen.evidence[j]
    table.changed[i] = True
    table.past_t_ns[i] = 0
    table.past_t_ns[i, 0] = t_ns
    table.past_position[i, 0] = seen.position_m[j]
    table.past_cov[i, 0] = seen.covariance_m2[j]
    table.look_ns[i] = 0
    table.look_mass[i] = 0.0
    table.look_seen[i] = False
    table.look_ns[i, look.sensor] = look.t_ns
    table.look_mass[i, look.sensor] = 1.0
    table.look_seen[i, look.sensor] = True


@njit(cache=True, nogil=True)
def begin_all(
    table: Table, first: int, seen: Seen, reports: IntArray, look: Look, existence: FloatArray
) -> None:
    """Begin a track in each row from `first` on, one for each of `reports`."""
    for k in range(len(reports)):
        begin(table, first + k, seen, reports[k], look, existence[reports[k]])


@njit(cache=True, nogil=True)
def confirm(table: Table, n: int) -> None:
    """Confirm every track that has earned it; what is confirmed stays so until it ends."""
    for i in range(n):
        lasting = table.t_ns_seen[i] - table.t_ns_born[i] >= CONFIRM_NS
        sure = table.looks[i] >= CONFIRM_LOOKS and table.existence[i] >= CONFIRM_EXISTENCE
        table.confirmed[i] |= lasting and sure


@njit(cache=True, nogil=True)
def begin_falls(table: Table, n: int) -> None:
    """Give each changed track that may be ballistic that hypothesis, from its last reports.

    The two oldest reports kept make the velocity; the filter then runs over the others. Starting
    from the straight-line state instead would hand down its lag: 20 m/s after 2 s of free fall.
    """
    up = np.empty(3)
    for i in range(n):
        ready = table.changed[i] and table.has_height[i] and table.past_t_ns[i, 2] > 0
        ready &= table.existence[i] >= FALL_EXISTENCE
        if not ready or table.fall_wait[i] > 0 or table.weight[i, FALL] > 0.0:
            continue
        last = 2
        while last + 1 < PAST and table.past_t_ns[i, last + 1] > 0:
            last += 1
        path_s = (table.past_t_ns[i, 0] - table.past_t_ns[i, last]) * 1e-9
        first_s = (table.past_t_ns[i, last - 1] - table.past_t_ns[i, last]) * 1e-9
        if first_s < 0.2 or path_s <= first_s:
            continue
        path = (table.past_position[i, 0] - table.past_position[i, last]) / path_s
        fall.height_and_up(table.past_position[i, 0], up)
        speed, climb = np.sqrt((path * path).sum()), (path * up).sum()
        if speed < FALL_SPEED_MPS:
            continue
        doubt = up @ (table.past_cov[i, 0] + table.past_cov[i, last]) @ up
        surely = max(abs(climb) - 2.0 * np.sqrt(doubt) / path_s, 0.0)
        if speed > FALL_FAST_MPS or surely > FALL_CLIMB * speed:
            _begin_fall(table, i, last, first_s)


@njit(cache=True, nogil=True)
def _begin_fall(table: Table, i: int, last: int, first_s: float) -> None:
    """Run a ballistic filter over reports ``last .. 0`` of track i and adopt it."""
    mean, cov = np.zeros(7), np.zeros((7, 7))
    old, new = table.past_cov[i, last], table.past_cov[i, last - 1]
    for a in range(3):
        mean[a] = table.past_position[i, last - 1, a]
        mean[a + 3] = (mean[a] - table.past_position[i, last, a]) / first_s
        for b in range(3):
            cov[a, b] = new[a, b]
            cov[a, b + 3] = new[a, b] / first_s
            cov[b + 3, a] = cov[a, b + 3]
            cov[a + 3, b + 3] = (new[a, b] + old[a, b]) / first_s**2
        cov[a + 3, a + 3] += (10.0 * first_s) ** 2  # gravity and drag while differencing
    mean[6], cov[6, 6] = fall.LN_BETA, fall.LN_BETA_SD**2
    chance, dt_s = np.ones(1), np.zeros(1)
    for k in range(last - 2, -1, -1):
        fall.predict(mean, cov, (table.past_t_ns[i, k] - table.past_t_ns[i, k + 1]) * 1e-9)
        position, noise = table.past_position[i, k : k + 1], table.past_cov[i, k : k + 1]
        correct(mean, cov, dt_s, 0.0, position, noise, chance)
    fall.predict(mean, cov, (table.t_ns[i] - table.past_t_ns[i, 0]) * 1e-9)
    if not fall.sane(mean, cov):
        table.fall_wait[i] = PAST
        return
    table.fall_mean[i] = mean
    table.fall_cov[i] = cov
    table.weight[i] *= 1.0 - FALL_WEIGHT
    table.weight[i, FALL] = FALL_WEIGHT


@njit(cache=True, nogil=True)
def charge_misses(
    table: Table, n: int, now_ns: int, place_m: FloatArray, range_m: FloatArray,
    scan_s: FloatArray, chance: FloatArray, heard_ns: IntArray,
) -> None:  # fmt: skip
    """Lower the existence of every track that a living sensor should have reported and did not.

    A look is missed when it is due, the sensor was heard after it, and the track lies within
    range and above the radio horizon (4/3 Earth, ITU-R P.310; as `geo.radio_horizon_m`).
    """
    up = np.empty(3)
    diameter_m = 2.0 * geo.RADIO_EARTH_FACTOR * geo.MEAN_RADIUS_M
    for s in range(len(scan_s)):
        if np.isnan(place_m[s, 0]):
            continue
        antenna_m = max(fall.height_and_up(place_m[s], up), 0.0)
        due_ns = np.int64((scan_s[s] * (1.0 + SAME_LOOK) + LATENCY_S) * 1e9)
        step_ns = np.int64(scan_s[s] * 1e9)
        for i in range(n):
            system = table.system_sensor[i]
            if system >= 0 and system != s:
                continue
            h = STEADY if table.weight[i, STEADY] >= table.weight[i, AGILE] else AGILE
            away = table.mean[i, h, :3] - place_m[s]
            target_m = max(fall.height_and_up(table.mean[i, h, :3], up), 0.0)
            horizon_m = (diameter_m * antenna_m) ** 0.5 + (diameter_m * target_m) ** 0.5
            distance_m = np.sqrt((away * away).sum())
            hidden = distance_m > min(range_m[s], horizon_m)
            if not table.has_height[i] and not table.look_seen[i, s]:
                hidden = True
            if system < 0 and hidden:
                table.look_ns[i, s] = 0
                continue
            if table.look_ns[i, s] == 0:
                table.look_ns[i, s] = now_ns
                table.look_mass[i, s] = 0.0
            pd = chance[s] if table.look_seen[i, s] else HEARD_NEVER_FACTOR * chance[s]
            oldest_ns = now_ns - due_ns - _CATCH_UP * step_ns
            table.look_ns[i, s] = max(table.look_ns[i, s], oldest_ns)
            while now_ns - table.look_ns[i, s] > due_ns:
                table.look_ns[i, s] += step_ns
                table.look_mass[i, s] = 0.0
                if heard_ns[s] > table.look_ns[i, s]:
                    r = table.existence[i]
                    table.existence[i] = r * (1.0 - pd) / (1.0 - r * pd)


@njit(cache=True, nogil=True)
def living(table: Table, n: int, now_ns: int) -> BoolArray:
    """Which rows are to be kept, by existence, silence, spread, and not being another's twin."""
    kept = np.ones(n, np.bool_)
    for i in range(n):
        unseen_s = (now_ns - table.t_ns_seen[i]) * 1e-9
        h = STEADY if table.weight[i, STEADY] >= table.weight[i, AGILE] else AGILE
        ahead_s = max(now_ns - table.t_ns[i], 0) * 1e-9
        spread = 0.0
        for a in range(3):
            c = table.cov[i, h]
            spread += c[a, a] + ahead_s * (2.0 * c[a, a + 3] + ahead_s * c[a + 3, a + 3])
        if table.confirmed[i]:
            kept[i] = table.existence[i] >= DROP_CONFIRMED and unseen_s <= COAST_S
            if table.has_height[i] and spread > 3.0 * SPREAD_M**2:
                kept[i] = False
            if table.system_sensor[i] >= 0 and unseen_s > SYSTEM_SCANS * table.scan_s[i]:
                kept[i] = False
        else:
            scans = TENTATIVE_SCANS[0] if table.looks[i] < 2 else TENTATIVE_SCANS[1]
            patience_s = max(scans * table.scan_s[i], TENTATIVE_S)
            kept[i] = table.existence[i] >= DROP_TENTATIVE and unseen_s <= patience_s
    return kept


@njit(cache=True, nogil=True)
def _apart(table: Table, i: int, j: int) -> float:
    """Squared Mahalanobis length between two tracks' likelier straight-line states."""
    one = STEADY if table.weight[i, STEADY] >= table.weight[i, AGILE] else AGILE
    two = STEADY if table.weight[j, STEADY] >= table.weight[j, AGILE] else AGILE
    dt_s = (table.t_ns[j] - table.t_ns[i]) * 1e-9
    apart = table.mean[j, two] - table.mean[i, one]
    apart[:3] -= dt_s * table.mean[i, one, 3:]
    return float(apart @ np.linalg.solve(table.cov[i, one] + table.cov[j, two], apart))


@njit(cache=True, nogil=True)
def merge(table: Table, n: int, kept: BoolArray) -> None:
    """Clear `kept` of the lesser of any two established tracks that have become one.

    The confirmed outlives the tentative, then the one with more looks, then the older.
    """
    along = table.mean[:n, STEADY, 0].copy()
    order = np.argsort(along)
    for a in range(n):
        i = order[a]
        for b in range(a + 1, n):
            j = order[b]
            if along[j] - along[i] > _MERGE_BOX_M or not kept[i]:
                break
            young = min(table.looks[i], table.looks[j]) < CONFIRM_LOOKS
            if young or not kept[j] or max(table.system_sensor[i], table.system_sensor[j]) >= 0:
                continue
            if min(table.mode_s[i], table.mode_s[j]) >= 0 and table.mode_s[i] != table.mode_s[j]:
                continue
            near = np.abs(table.mean[i, STEADY] - table.mean[j, STEADY])
            if near[:3].max() > _MERGE_BOX_M or near[3:].max() > _MERGE_BOX_MPS:
                continue
            if _apart(table, i, j) < MERGE:
                first = table.confirmed[i], table.looks[i], -table.id[i]
                second = table.confirmed[j], table.looks[j], -table.id[j]
                kept[j if first > second else i] = False
