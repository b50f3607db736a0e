"""Which zones lie next to a drone's: who gets a notice without being warned."""

from typing import Final

import numpy as np

from tocsin import geo
from tocsin.decide.coverage import Zones
from tocsin.words import FloatArray, Int32Array, IntArray

_METRES_PER_DEGREE_MIN: Final = 110_500.0  # of latitude, at the equator of WGS-84


class Neighbours:
    """For each zone the others whose middles are within `distance_m`, found once.

    Middles and not borders: the ground between is what a drone must fly over, and a border can be
    shared over tens of kilometres.
    """

    def __init__(self, zones: Zones, distance_m: float) -> None:
        lat_deg, lon_deg = np.asarray(zones.lat_deg), np.asarray(zones.lon_deg)
        order = np.argsort(lat_deg, kind="stable")
        band_deg = distance_m / _METRES_PER_DEGREE_MIN
        low = np.searchsorted(lat_deg[order], lat_deg - band_deg)
        high = np.searchsorted(lat_deg[order], lat_deg + band_deg, side="right")
        found: list[Int32Array] = []
        for row in range(len(lat_deg)):
            near = order[low[row] : high[row]]
            away_m = geo.ground_distance_m(lat_deg[row], lon_deg[row], lat_deg[near], lon_deg[near])
            near = near[(away_m <= distance_m) & (near != row)]
            found.append(np.sort(near).astype(np.int32))
        counts = [len(rows) for rows in found]
        self._start = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._rows = np.concatenate([np.zeros(0, dtype=np.int32), *found])

    def beside(self, rows: IntArray, chance: FloatArray) -> tuple[IntArray, IntArray]:
        """The rows next to any of `rows`, sorted, and beside each of them that of `rows` which has
        the highest `chance` (ties: the first)."""
        ranked = rows[np.argsort(-chance, kind="stable")]
        parts = [self._rows[self._start[row] : self._start[row + 1]] for row in ranked]
        near = np.concatenate([np.zeros(0, dtype=np.int32), *parts]).astype(np.int64)
        source = np.repeat(ranked, [len(part) for part in parts])
        unique, first = np.unique(near, return_index=True)
        return unique, source[first]
