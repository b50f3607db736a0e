"""How many false and how many new reports to expect at a place: learnt for each sensor.

A fixed clutter density loses every track in a dense scene (shared bench README), so reports that
no track explains are counted in square cells around the sensor and forgotten exponentially: a
cell's estimate is the gamma-Poisson mean over its 3 x 3 neighbourhood, with a stated default as a
prior worth `PRIOR_SCANS` scans. Forgetting is done by letting new counts weigh more (`gain`), so
that a look touches only the cells that it reports in. The rate of new targets is learnt the same
way, one figure for a sensor: what it confirmed, over the area and time that it looked.
"""

from typing import Final

import numpy as np
from numba import njit

from tocsin import geo
from tocsin.track.table import Record
from tocsin.words import FloatArray

DEFAULT_PER_SCAN: Final = 50.0
"""False reports in a scan over a sensor's whole disc, until learnt. Chosen, because the traffic
recordings of the shared data show some tens of unassociated plots a scan."""
PRIOR_SCANS: Final = 1.0
MEMORY: Final = 0.95  # kept of the counts at each scan: the last 20 scans, 80 s of a 4 s radar
RECENT: Final = 0.37  # the same of the recent counts: about the last scan; chosen
SURPRISE: Final = (120.0, 3.0)
"""Reports in a cell and its neighbours that are news: more than so many, and than so many times
those expected. A jammer that begins must not be believed for the 20 scans of memory. Chosen: a raid
of a hundred that appears at once is none, a jammer gives a thousand."""
CELLS: Final = 64  # along a side: 6 km for a range of 200 km
HEIGHT_M: Final = 10_000.0  # false reports spread over this height; chosen, civil airspace
AREA_SHARE_MIN: Final = 0.05  # of the map, however little was reported yet; chosen
NEW_PRIOR_SCANS: Final = 15.0  # ... and what that guess is worth; chosen
_DEFAULT_RANGE_M: Final = 200_000.0
_GAIN_MAX: Final = 1e12


CHART: Final = np.dtype(
    [
        ("origin_m", np.float64, (3,)),
        ("axes", np.float64, (3, 3)),  # east, north, up
        ("half_m", np.float64),  # half a side
        ("counts", np.float64, (CELLS, CELLS)),  # `gain` times too large
        ("recent", np.float64, (CELLS, CELLS)),  # all reports, of about the last scan
        ("gain", np.float64),
        ("gain_recent", np.float64),
        ("cells", np.int64),  # in which anything was ever reported
        ("scans", np.float64),  # counted with forgetting
        ("births", np.float64),
        ("t_ns", np.int64),
    ],
    align=True,
)
"""The map of one sensor."""


def lay_out(chart: Record, place_m: FloatArray, range_m: float, report_m: FloatArray) -> None:
    """Lay a map around the sensor's place, or around its first report while that is unknown."""
    known = bool(np.isfinite(place_m).all())
    reach_m = range_m if np.isfinite(range_m) and range_m > 0.0 else _DEFAULT_RANGE_M
    origin_m = place_m if known else report_m
    lat_deg, lon_deg, _ = geo.geodetic(origin_m)
    chart["origin_m"] = origin_m
    chart["axes"] = geo.local_axes(lat_deg, lon_deg)
    chart["half_m"] = reach_m if known else 2.0 * reach_m
    chart["gain"], chart["gain_recent"] = 1.0, 1.0


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def cell(chart: Record, position: FloatArray) -> tuple[int, int]:
    """Row and column of an ECEF position; what lies outside goes to the border."""
    east = north = 0.0
    for a in range(3):
        away = position[a] - chart.origin_m[a]
        east += chart.axes[0, a] * away
        north += chart.axes[1, a] * away
    half = chart.half_m
    column = int(max(min((east + half) * CELLS / (2.0 * half), CELLS - 1.0), 0.0))
    row = int(max(min((north + half) * CELLS / (2.0 * half), CELLS - 1.0), 0.0))
    return row, column


@njit(cache=True, nogil=True, error_model="numpy")
def age(chart: Record, t_ns: int, scan_s: float) -> None:
    """Let time pass: what was counted before is forgotten a little."""
    passed = (t_ns - chart.t_ns) * 1e-9 / scan_s
    if chart.t_ns == 0:
        passed = 0.0
    if passed < 0.0:
        return
    kept = MEMORY**passed
    chart.scans = chart.scans * kept + min(passed, (1.0 - kept) / (1.0 - MEMORY))
    chart.births *= kept
    chart.gain /= max(kept, 1.0 / _GAIN_MAX)
    chart.t_ns = t_ns
    chart.gain_recent /= max(RECENT**passed, 1.0 / _GAIN_MAX)
    if chart.gain_recent >= _GAIN_MAX:
        for row in range(CELLS):
            for column in range(CELLS):
                chart.recent[row, column] /= chart.gain_recent
        chart.gain_recent = 1.0
    if chart.gain >= _GAIN_MAX:
        for row in range(CELLS):
            for column in range(CELLS):
                chart.counts[row, column] /= chart.gain
        chart.gain = 1.0


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def density_pm2(chart: Record, row: int, column: int) -> float:
    """False reports in a cell, 1/m2 in one scan."""
    near, cells, recent = 0.0, 0, 0.0
    for r in range(max(row - 1, 0), min(row + 2, CELLS)):
        for c in range(max(column - 1, 0), min(column + 2, CELLS)):
            near += chart.counts[r, c]
            recent += chart.recent[r, c]
            cells += 1
    cell_m2 = (2.0 * chart.half_m / CELLS) ** 2
    prior = DEFAULT_PER_SCAN / (np.pi * chart.half_m**2) * PRIOR_SCANS
    learnt = (prior + near / (cells * chart.gain * cell_m2)) / (PRIOR_SCANS + chart.scans)
    others = max(recent / chart.gain_recent - 1.0, 0.0)
    now = others / (cells * cell_m2)  # all of it, though some is of the scan before: a jam grows
    if others > SURPRISE[0] + SURPRISE[1] * learnt * cells * cell_m2:
        learnt = max(learnt, now)
    return float(learnt)


@njit(cache=True, nogil=True, error_model="numpy")
def new_pm2(chart: Record, scan_s: float, prior_pm2ps: float) -> float:
    """New targets that the sensor meets, 1/m2 in one scan, over the ground that it reports from."""
    side_m = 2.0 * chart.half_m
    area_m2 = side_m * side_m * max(chart.cells / CELLS**2, AREA_SHARE_MIN)
    known = prior_pm2ps * scan_s * NEW_PRIOR_SCANS + chart.births / area_m2
    return float(known / (NEW_PRIOR_SCANS + chart.scans))


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def notice(chart: Record, row: int, column: int) -> None:
    """Count a report among the recent ones of its cell, whatever it is of."""
    chart.recent[row, column] += chart.gain_recent


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def learn(chart: Record, row: int, column: int, unexplained: float) -> None:
    """Count a report of a cell by the probability that no track explains it."""
    if chart.counts[row, column] == 0.0:
        chart.cells += 1
    chart.counts[row, column] += unexplained * chart.gain
