"""New tracks from what no track explains: fit one straight flight to each new report.

A birth is a hypothesis with odds: expected new targets there, times the likelihood ratio of every
unexplained report nearby (its own or false), times the silence of the nodes that should hear it
(Blackman and Popoli, *Design and Analysis of Modern Tracking Systems*, 1999, 6.2, track score).
Nothing is triangulated apart: the prior is a wide disc about the node, and each further bearing or
hearing cuts it down (`hear`), at its own retarded place.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin.track.earshot import AUDIBLE, Book, Heard, ear
from tocsin.track.fall import height_and_up
from tocsin.track.hear import Ear, line_update, presence_chance, presence_update
from tocsin.track.listen import (
    CLIMB_SD_MPS,
    HEIGHT_M,
    HEIGHT_SD_M,
    MEMORY_S,
    SILENCE,
    elsewhere,
    noise_chance,
)
from tocsin.track.sound import SOUND_MPS
from tocsin.track.state import join
from tocsin.words import BoolArray, FloatArray, IntArray

NEW_PM2PS: Final = 1e-13
"""Density of targets that appear inside a net, 1/(m2 s). Chosen: a tenth of what radar assumes
(`bank.NEW_PM2PS`), because what flies into a net is heard at its edge first."""
DISC: Final = 0.75  # prior s.d. of the place, in reaches: half of all hearings are inside
SPEED_SD_MPS: Final = 45.0  # of each horizontal component: 95 % below 110 m/s
SLACK_M2PS3: Final = 5.0  # chosen: a fit of 20 s is then off by 115 m, as a gentle turn makes it
BIRTH_MIN: Final = 0.1  # less likely ones are left in memory for more reports to come; chosen
ODDS_PASSERS: Final = 1.0
"""Passers-by alone never make a birth likelier than evens: a false first report was followed for
8-10 km in the prototype (shared knowledge 3.5). Chosen."""
SEEDS_MAX: Final = 256
"""New reports tried in one set, evenly from all; the others stay as company. Chosen: 0.1 s."""
COMPANY_MAX: Final = 96  # reports in one fit, the latest; chosen: 5 nodes for 20 s
OPINION_M: Final = 1_000.0  # passers-by nearer than this share one opinion; chosen


class Ground(NamedTuple):
    """The listeners as births see them; g nodes."""

    position_m: FloatArray  # (g,3) ECEF
    axes: FloatArray  # (g,3,3)
    reach_m: FloatArray
    chance: FloatArray
    period_s: FloatArray
    along: IntArray  # (g,) nodes in order of ECEF x
    book: Book


class Born(NamedTuple):
    """Proposed tracks, b rows."""

    t_ns: IntArray
    mean: FloatArray  # (b,6)
    cov: FloatArray  # (b,6,6)
    existence: FloatArray
    evidence: IntArray  # (b,) serial of the report that began it
    hint: IntArray
    seed: IntArray  # (b,) its row among the reports
    serial: IntArray  # (b,) ... and its own


@njit(cache=True, nogil=True, error_model="numpy")
def _start(heard: Heard, j: int, mean: FloatArray, cov: FloatArray) -> float:
    """The prior about the place of report j, written; new targets expected there in a period."""
    up, axes = np.empty(3), heard.axes[j]
    height_and_up(heard.origin_m[j], up)
    sd_m = DISC * heard.reach_m[j]
    for a in range(3):
        mean[a] = heard.origin_m[j, a] + HEIGHT_M * up[a]
        mean[a + 3] = 0.0
        for b in range(3):
            level = 0.0
            for c in range(2):
                level += axes[c, a] * axes[c, b]
            upright = up[a] * up[b]
            cov[a, b] = sd_m**2 * level + HEIGHT_SD_M**2 * upright
            cov[a + 3, b + 3] = SPEED_SD_MPS**2 * level + CLIMB_SD_MPS**2 * upright
            cov[a, b + 3] = 0.0
            cov[a + 3, b] = 0.0
    return float(NEW_PM2PS * 2.0 * math.pi * sd_m**2 * heard.period_s[j])


@njit(cache=True, nogil=True, error_model="numpy")
def _apply(
    heard: Heard, j: int, t_ns: int, loud: FloatArray, mean: FloatArray, cov: FloatArray,
    sure: bool,
) -> tuple[float, float]:  # fmt: skip
    """Correct the fit by report j as far as it is its own; ln likelihood ratio, that chance."""
    dt_s = (heard.t_ns[j] - t_ns) * 1e-9
    other, other_cov = mean.copy(), cov.copy()
    slack_m2 = SLACK_M2PS3 * abs(dt_s) ** 3 / 3.0
    here = ear(heard, j, 1.0)
    pd = presence_chance(mean, cov, dt_s, here)
    if heard.line[j]:
        # The place where it is heard matters too: first that it is audible, then whence.
        presence_update(other, other_cov, dt_s, here, 0.0, True)
        like = pd * math.exp(line_update(
            other, other_cov, dt_s, heard.origin_m[j], heard.axes[j], heard.azimuth[j],
            heard.sigma_az[j], heard.elevation[j], heard.sigma_el[j], heard.sound_mps[j], slack_m2,
        ))  # fmt: skip
        nothing = elsewhere(heard, j, loud[j])
        ratio = (nothing + like) / nothing
        own = like / (nothing + like)
    else:
        noise = max(noise_chance(heard, j, loud[j]), 1e-9)
        presence_update(other, other_cov, dt_s, here, 0.0, True)
        ratio = (noise + (1.0 - noise) * pd) / noise
        own = (1.0 - noise) * pd / (noise + (1.0 - noise) * pd)
    if sure:
        own = 1.0
    join(mean, cov, other, other_cov, own * heard.opinion[j])
    return math.log(ratio) * heard.opinion[j], own


@njit(cache=True, nogil=True, error_model="numpy")
def _silence(
    ground: Ground, t_ns: int, since_ns: int, mean: FloatArray, cov: FloatArray, reach_m: float
) -> float:
    """Correct the fit by the nodes near it that are silent now; ln likelihood ratio.

    Each counts for its periods of silence since `since_ns`, the first report of the fit, the
    first fully and the others as `SILENCE` says.
    """
    far, score = AUDIBLE * reach_m, 0.0
    x, book = ground.position_m[ground.along, 0], ground.book
    for k in range(np.searchsorted(x, mean[0] - far), len(x)):
        if x[k] > mean[0] + far:
            break
        g = ground.along[k]
        dt_s = (book.silent_ns[g] - t_ns) * 1e-9
        if book.heard_ns[g] > book.silent_ns[g] or abs(dt_s) > 0.25 * MEMORY_S:
            continue
        size2 = 0.0
        for a in range(3):
            size2 += (ground.position_m[g, a] - mean[a]) ** 2
        if size2 < far * far:
            quiet_s = (book.silent_ns[g] - max(book.quiet_ns[g], since_ns)) * 1e-9
            more = min(max(quiet_s, 0.0), MEMORY_S) / ground.period_s[g]
            here = Ear(
                ground.position_m[g], ground.axes[g], ground.reach_m[g], ground.chance[g], SOUND_MPS
            )
            like = presence_update(mean, cov, dt_s, here, 0.0, False)
            score += like * (1.0 + SILENCE * more)
    return score


@njit(cache=True, nogil=True, error_model="numpy")
def _company(heard: Heard, j: int, used: BoolArray, rows: IntArray) -> tuple[int, int, int]:
    """Unused reports that may be of one source with j, latest first: rows.

    Their number, the number of distinct observers, and of those that are nodes.
    """
    count, observers, nodes = 0, 1, 1 if heard.node[j] >= 0 else 0
    for k in range(len(heard.t_ns) - 1, -1, -1):
        if k == j or used[k] or count == len(rows):
            continue
        if abs(heard.t_ns[k] - heard.t_ns[j]) > MEMORY_S * 1e9:
            continue
        far = 1.5 * (heard.reach_m[j] + heard.reach_m[k])
        size2 = 0.0
        for a in range(3):
            size2 += (heard.origin_m[k, a] - heard.origin_m[j, a]) ** 2
        if size2 > far * far:
            continue
        fresh = size2 > OPINION_M**2 or (heard.node[k] >= 0 and heard.node[k] != heard.node[j])
        for f in range(count):
            if heard.node[k] >= 0:
                fresh &= heard.node[rows[f]] != heard.node[k]
            else:
                apart2 = 0.0
                for a in range(3):
                    apart2 += (heard.origin_m[k, a] - heard.origin_m[rows[f], a]) ** 2
                fresh &= apart2 > OPINION_M**2
        if fresh:
            observers += 1
            nodes += 1 if heard.node[k] >= 0 else 0
        rows[count] = k
        count += 1
    return count, observers, nodes


@njit(cache=True, nogil=True, error_model="numpy")
def propose(heard: Heard, loud: FloatArray, fresh: int, used: BoolArray, ground: Ground) -> Born:
    """Births among unexplained reports in order of time, begun by those from row `fresh` on.

    `loud` (k,) for each report: the chance that its node heard the unexplained just before.
    `used` (k,) marks reports that a birth explains; they serve no other.
    """
    k = len(heard.t_ns)
    most = min(SEEDS_MAX, max(k - fresh, 0))
    t_ns, evidence = np.empty(most, np.int64), np.empty(most, np.int64)
    hint, seed = np.empty(most, np.int64), np.empty(most, np.int64)
    serial = np.empty(most, np.int64)
    means, covs, existence = np.empty((most, 6)), np.empty((most, 6, 6)), np.empty(most)
    rows, own = np.empty(COMPANY_MAX, np.int64), np.empty(COMPANY_MAX)
    count = 0
    for pick in range(most):
        j = fresh + pick * (k - fresh) // most
        if used[j]:
            continue
        near, observers, nodes = _company(heard, j, used, rows)
        if observers < 2 and near < 2:
            continue
        mean, cov = means[count], covs[count]
        score = math.log(_start(heard, j, mean, cov))
        score += _apply(heard, j, heard.t_ns[j], loud, mean, cov, True)[0]
        since_ns = heard.t_ns[j]
        for f in range(near):
            more, own[f] = _apply(heard, rows[f], heard.t_ns[j], loud, mean, cov, False)
            score += more
            if own[f] >= 0.5:
                since_ns = min(since_ns, heard.t_ns[rows[f]])
        score += _silence(ground, heard.t_ns[j], since_ns, mean, cov, heard.reach_m[j])
        if nodes == 0:
            score = min(score, math.log(ODDS_PASSERS))
        chance = 1.0 / (1.0 + math.exp(-score))
        if chance < BIRTH_MIN:
            continue
        used[j] = True
        for f in range(near):
            if own[f] >= 0.5:
                used[rows[f]] = True
        t_ns[count], evidence[count] = heard.t_ns[j], heard.evidence[j]
        hint[count], seed[count], existence[count] = heard.hint[j], j, chance
        serial[count] = heard.serial[j]
        count += 1
    return Born(
        t_ns[:count], means[:count], covs[:count], existence[:count], evidence[:count],
        hint[:count], seed[:count], serial[:count],
    )  # fmt: skip
