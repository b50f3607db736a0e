"""Debris: where the pieces of something brought down in flight come down, and when.

What is left of a track that ended in flight is its last state. Pieces leave it with its place and
velocity, a kick from the break-up, their own ballistic coefficient and an unknown wind: the sources
of dispersion that 14 CFR 450.121 (c)(2) lists. Beta spans two orders of magnitude, far beyond what
sigma points bear, so 256 evenly spread pieces are flown, the same for every wreck.

A chance is that of one dangerous piece: a zone within the harm radius of it. Pieces that have come
down by now, and those still falling ten minutes after the state, do not count.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from tocsin.predict import spread
from tocsin.predict.air import AIR
from tocsin.predict.fall import WIND_SD_MPS
from tocsin.predict.flight import DOWN, DOWN_S, DRAG, EARTH, LANES, ROWS, WIND, fly
from tocsin.predict.plane import on_ground, roots
from tocsin.predict.tally import Strikes, gather, tally
from tocsin.predict.zonal import Raster, cell_of
from tocsin.words import FloatArray, Int32Array

PIECES: Final = 256
LN_BETA: Final = float(np.log(80.0))
LN_BETA_SD: Final = 1.3
"""Of a dangerous piece (kg/m2). Chosen, because m / (Cd A) of 4 mm of tumbling aluminium is 10 and
of an engine or a warhead of 100 kg and 0.15 m2 700: these are the 5 % and the 95 %."""
LN_BETA_SDS_MAX: Final = 2.0
"""Chosen: nothing lighter than 6 kg/m2, which falls at 10 m/s, or heavier than 1,100."""
KICK_MPS: Final = 30.0
"""Of each axis of the velocity that the break-up gives. Chosen: pieces of a body that is shot apart
part at some tens of metres a second; fragments that fly faster are small and soon stopped."""
LONGEST_S: Final = 600.0
"""Chosen: what falls longer from 10 km falls at some 15 m/s at the end, a light sheet."""
_STEP_OF_BRAKING: Final = 0.5
"""Coarser than for missiles: light pieces are braked in a tenth of a second and then sink for
minutes; `tests/predict/test_debris` says how far off that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrecks:
    """Last states: n rows; the columns mean what they mean in `words.Tracks`."""

    position_m: FloatArray
    velocity_mps: FloatArray
    covariance: FloatArray
    lag_s: FloatArray  # from the time of the state to now

    def __len__(self) -> int:
        return len(self.position_m)


def _spread() -> FloatArray:
    """Standard numbers (PIECES,9), light pieces first: those that fly together need like steps."""
    table = spread.normal(PIECES, 9)
    table[:, 0] = np.clip(table[:, 0], -LN_BETA_SDS_MAX, LN_BETA_SDS_MAX)
    order = np.argsort(table[:, 0], kind="stable")
    return np.ascontiguousarray(table[order])


_SPREAD: Final = _spread()


def strikes(grid: Raster, wrecks: Wrecks, chance_min: FloatArray) -> Strikes:
    """Zones that a piece of each wreck may harm; rows below `chance_min` (n,) are left out."""
    covariance = wrecks.covariance.copy()
    covariance[:, 3:6, 3:6] += KICK_MPS**2 * np.eye(3)
    root = roots(covariance)
    centre = np.concatenate([wrecks.position_m, wrecks.velocity_mps], axis=1)
    zone = np.empty(PIECES * grid.longest, dtype=np.int32)
    t_s = np.empty(PIECES * grid.longest)
    parts = []
    for job in range(len(wrecks)):
        placed = pieces(AIR, centre[job], root[job], _SPREAD)
        ends = _harmed(grid, placed, wrecks.lag_s[job], zone, t_s)
        weight = np.full(ends, 1.0 / PIECES)
        found = tally(
            zone[:ends], t_s[:ends], weight, len(grid.hazard_per_m), float(chance_min[job])
        )
        parts.append((job, *found))
    return gather(parts)


@numba.njit(cache=True, nogil=True)
def pieces(air: FloatArray, centre: FloatArray, root: FloatArray, table: FloatArray) -> FloatArray:
    """ECEF place (m) and time (s) of impact (n,4) of the pieces of one wreck.

    `centre` (6,) is its place and velocity, `root` (6,6) of the covariance of both, kick included.
    The time of what still falls after LONGEST_S is infinite.
    """
    placed = np.empty((len(table), 4))
    lanes = np.zeros(ROWS * LANES)
    # Horizontal axes for the wind; the vertical of the sphere is near enough.
    east = np.array([-centre[1], centre[0], 0.0]) / max(np.hypot(centre[0], centre[1]), 1e-3)
    north = np.cross(centre[:3] / np.sqrt((centre[:3] ** 2).sum()), east)
    for first in range(0, len(table), LANES):
        for lane in range(LANES):
            z = table[min(first + lane, len(table) - 1)]
            state = centre + root @ z[1:7]
            wind = WIND_SD_MPS * (z[7] * east + z[8] * north)
            for row in range(6):
                lanes[row * LANES + lane] = state[row]
            for row in range(3):
                lanes[WIND + row * LANES + lane] = wind[row]
            lanes[DRAG + lane] = 0.5 * np.exp(-(LN_BETA + LN_BETA_SD * z[0]))
        fly(EARTH, air, lanes, _STEP_OF_BRAKING, LONGEST_S)
        for lane in range(min(LANES, len(table) - first)):
            for row in range(3):
                placed[first + lane, row] = lanes[DOWN + row * LANES + lane]
            after_s = lanes[DOWN_S + lane]
            placed[first + lane, 3] = after_s if after_s < LONGEST_S else np.inf
    return placed


@numba.njit(cache=True, nogil=True)
def _harmed(
    grid: Raster, placed: FloatArray, lag_s: float, zone: Int32Array, t_s: FloatArray
) -> int:
    """Fills `zone` and `t_s` with the zones that each piece still to fall harms, and when."""
    ends = 0
    for i in range(len(placed)):
        after_s = placed[i, 3] - lag_s
        if after_s < 0.0 or after_s == np.inf:
            continue
        lat_deg, lon_deg = on_ground(placed[i, 0], placed[i, 1], placed[i, 2])
        cell = cell_of(grid, lat_deg, lon_deg)
        if cell < 0:
            continue
        harmed = grid.listing[cell]
        for at in range(grid.start[harmed], grid.start[harmed + 1]):
            zone[ends], t_s[ends] = grid.zone[at], after_s
            ends += 1
    return ends
