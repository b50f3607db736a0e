"""Tracks that another system sends (ASTERIX CAT062): each mirrors into a track of its own.

Successive states of a tracker are correlated, and so are those of two trackers that hear the same
radar. So a system track is keyed by (sensor, number), never competes for plots, and its reports
count with `INFLATION` times their covariance.
"""

from typing import Final

import numpy as np
from numba import njit

from tocsin.track.associate import EXISTENCE_MAX, Look, absorb, account, likelihood
from tocsin.track.filter import predict_rows
from tocsin.track.start import SYSTEM_SPEED_SD_MPS, begin
from tocsin.track.table import AGILE, STEADY, Seen, Table
from tocsin.words import FloatArray

INFLATION: Final = 4.0
"""Chosen: a tracker that remembers about four looks repeats each in four of its states."""
FIRST_EXISTENCE: Final = 0.9  # the other system has confirmed it by its own rules; chosen
ODDS_A_REPORT: Final = 3.0  # chosen: confirmed existence (0.98) with the third report


@njit(cache=True, nogil=True)
def follow(
    table: Table, i: int, seen: Seen, j: int, look: Look, velocity: FloatArray, number: int,
    first: bool,
) -> None:  # fmt: skip
    """Begin (`first`) or update row `i` by report `j` of system track `number`."""
    if first:
        begin(table, i, seen, j, look, FIRST_EXISTENCE)
        table.system_sensor[i], table.system_number[i] = look.sensor, number
        for h in (STEADY, AGILE):
            table.cov[i, h, :3, :3] *= INFLATION
            if np.isnan(velocity).any():
                continue
            table.cov[i, h, 3:, 3:] = np.eye(3) * SYSTEM_SPEED_SD_MPS**2
            table.mean[i, h, 3:] = velocity
        return
    rows = np.empty(1, np.int64)
    rows[0] = i
    predict_rows(table, rows, seen.t_ns[j])
    log_like = np.empty((1, 3))
    likelihood(table, i, seen, j, INFLATION, log_like[0])
    mine = Look(look.sensor, look.scan_s, look.detection_chance, seen.t_ns[j])
    if account(table, i, mine, 1.0):
        r = table.existence[i]
        table.existence[i] = min(EXISTENCE_MAX, r * ODDS_A_REPORT / (1.0 + r * (ODDS_A_REPORT - 1)))
    table.scan_s[i] = look.scan_s
    rows[0] = j
    absorb(table, i, seen, rows, np.ones(1), log_like, INFLATION)
