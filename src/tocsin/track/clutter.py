"""How many false reports to expect at a place: a map for each sensor, learnt as it goes.

A fixed clutter density loses every track in a dense scene (shared bench README), so reports that
no track explains are counted in square cells around the sensor, with exponential forgetting. The
estimate of a cell is the gamma-Poisson mean over its 3 x 3 neighbourhood with the stated default
as a prior worth `PRIOR_SCANS` scans.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin import geo
from tocsin.instant import NS_PER_S
from tocsin.track.table import Seen
from tocsin.words import FloatArray, Int32Array

DEFAULT_PER_SCAN: Final = 50.0
"""False reports in a scan over a sensor's whole disc, until learnt. Chosen, because the traffic
recordings of the shared data show some tens of unassociated plots a scan."""
PRIOR_SCANS: Final = 1.0
MEMORY: Final = 0.95  # kept of the counts at each scan: the last 20 scans, 80 s of a 4 s radar
CELLS: Final = 64  # along a side: 6 km for a range of 200 km
HEIGHT_M: Final = 10_000.0  # false reports spread over this height; chosen, civil airspace
NEW_PM2PS: Final = 1e-12
"""Density of new targets, 1/(m2 s): one in 100 km x 100 km every 100 s. Chosen between quiet
nights and mass raids (200 within 20 min over 500 km x 500 km are 7e-13)."""
_DEFAULT_RANGE_M: Final = 200_000.0


@dataclass(slots=True)
class _Map:
    """Counts of one sensor on a plane through its place (or its first report)."""

    origin_m: FloatArray
    axes: FloatArray
    half_m: float
    density: FloatArray  # 1/m2 in one scan
    counts: FloatArray
    scans: float
    t_ns: int  # when the current scan of counting began


class ClutterMaps:
    """The maps of all sensors; state is bounded by the number of sensors."""

    def __init__(self) -> None:
        self._maps: dict[int, _Map] = {}

    def density(
        self, sensor: int, place_m: FloatArray, range_m: float, scan_s: float, seen: Seen
    ) -> tuple[FloatArray, FloatArray]:
        """Clutter and new-target density (1/m3) at each report of one look of `sensor`."""
        chart = self._maps.get(sensor)
        if chart is None:
            chart = _blank(place_m, range_m, seen)
            self._maps[sensor] = chart
        _turn(chart, int(seen.t_ns[-1]), scan_s)
        row, column = _cell(chart, seen.position_m)
        height_m = np.full(len(seen.t_ns), HEIGHT_M)
        flat = ~seen.has_height
        if flat.any():
            # A report without height is spread over its own vertical guess, whose Gaussian has
            # the peak of a uniform spread of sqrt(2 pi) s.d.
            up = chart.axes[2]
            variance = np.einsum("a,kab,b->k", up, seen.covariance_m2[flat], up)
            height_m[flat] = np.sqrt(2.0 * np.pi * variance)
        return chart.density[row, column] / height_m, NEW_PM2PS * scan_s / height_m

    def learn(self, sensor: int, seen: Seen, unexplained: FloatArray) -> None:
        """Count each report by the probability that no track explains it."""
        chart = self._maps[sensor]
        np.add.at(chart.counts, _cell(chart, seen.position_m), unexplained)


def _blank(place_m: FloatArray, range_m: float, seen: Seen) -> _Map:
    known = bool(np.isfinite(place_m).all())
    origin_m = (place_m if known else seen.position_m[0]).copy()
    reach_m = range_m if np.isfinite(range_m) and range_m > 0.0 else _DEFAULT_RANGE_M
    half_m = reach_m if known else 2.0 * reach_m
    lat_deg, lon_deg, _ = geo.geodetic(origin_m)
    uniform = DEFAULT_PER_SCAN / (np.pi * reach_m**2)
    return _Map(
        origin_m=origin_m,
        axes=geo.local_axes(lat_deg, lon_deg),
        half_m=half_m,
        density=np.full((CELLS, CELLS), uniform),
        counts=np.zeros((CELLS, CELLS)),
        scans=0.0,
        t_ns=int(seen.t_ns[0]),
    )


def _turn(chart: _Map, t_ns: int, scan_s: float) -> None:
    """Close the scan of counting when one has passed: estimate, then forget a little."""
    passed = (t_ns - chart.t_ns) / NS_PER_S / scan_s
    if passed < 1.0:
        return
    chart.scans += passed
    cell_m2 = (2.0 * chart.half_m / CELLS) ** 2
    wide = np.pad(chart.counts, 1, mode="edge")
    near = (wide[:-2] + wide[1:-1] + wide[2:])[:, :]
    near = (near[:, :-2] + near[:, 1:-1] + near[:, 2:]) / 9.0
    prior = DEFAULT_PER_SCAN / (np.pi * chart.half_m**2) * cell_m2
    chart.density = (PRIOR_SCANS * prior + near) / (PRIOR_SCANS + chart.scans) / cell_m2
    kept = MEMORY**passed
    chart.counts = chart.counts * kept
    chart.scans *= kept
    chart.t_ns = t_ns


def _cell(chart: _Map, position_m: FloatArray) -> tuple[Int32Array, Int32Array]:
    """Row and column of each position; what lies outside goes to the border."""
    plane = (position_m - chart.origin_m) @ chart.axes[:2].T
    cell = np.floor((plane + chart.half_m) * (CELLS / (2.0 * chart.half_m)))
    index = np.clip(cell, 0, CELLS - 1).astype(np.int32)
    return index[:, 1], index[:, 0]
