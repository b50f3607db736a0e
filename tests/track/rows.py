"""A tiny table of tracks written by hand, for tests of what reads it."""

import numpy as np

from tocsin import geo
from tocsin.track.bank import NAMES
from tocsin.track.kind import TABLE, classify
from tocsin.track.table import COAST, MODELS, SCRATCH, TRACK, Records
from tocsin.words import FloatArray, Friends

S = 1_000_000_000
LAT, LON = 49.0, 31.0
SCAN_S = 4.0


def at(enu_m: FloatArray) -> FloatArray:
    """ECEF of a place `enu_m` (3,) from the middle; up is height above the ellipsoid there.

    East and north are laid on the ellipsoid, so that the height stays what it says.
    """
    lat = LAT + np.degrees(enu_m[1] / geo.MEAN_RADIUS_M)
    lon = LON + np.degrees(enu_m[0] / geo.MEAN_RADIUS_M / np.cos(np.radians(LAT)))
    found = geo.ecef(np.array([lat]), np.array([lon]), np.array([enu_m[2]]))
    return np.asarray(found.reshape(3))


def along(enu_mps: FloatArray) -> FloatArray:
    """ECEF of a velocity east, north, up (near the middle)."""
    axes = geo.local_axes(np.array([LAT]), np.array([LON])).reshape(3, 3)
    return np.asarray(axes.T @ enu_mps)


class Sky:
    """A table with `n` rows whose looks are written by hand."""

    def __init__(self, n: int = 1, has_height: bool = True) -> None:
        self.tracks: Records = np.zeros(n + 2, TRACK)
        self.scratch: Records = np.zeros(1, SCRATCH)
        self.n = n
        for i in range(n):
            self.tracks["id"][i] = 10 + i
            self.tracks["mode_3a"][i] = self.tracks["mode_s"][i] = -1
            self.tracks["has_height"][i] = has_height
            self.tracks["existence"][i] = 0.99
            self.tracks["scan_s"][i] = SCAN_S

    def look(
        self, i: int, t_s: float, enu_m: FloatArray, enu_mps: FloatArray,
        sd_m: float = 60.0, sd_mps: float = 4.0, falls: float = 0.0,
    ) -> None:  # fmt: skip
        """Row `i` as it stands after a report at `t_s`."""
        tracks, t_ns = self.tracks, int(t_s * S)
        if tracks["hits"][i] == 0:
            tracks["t_ns_born"][i] = t_ns
        tracks["t_ns"][i] = tracks["t_ns_seen"][i] = t_ns
        tracks["hits"][i] += 1
        tracks["looks"][i] += 1
        tracks["changed"][i] = True
        state = np.concatenate([at(enu_m), along(enu_mps)])
        spread = np.diag([sd_m**2] * 3 + [sd_mps**2] * 3)
        tracks["mean"][i], tracks["cov"][i] = state, spread
        tracks["fall_mean"][i, :, :6], tracks["fall_cov"][i, :, :6, :6] = state, spread
        tracks["weight"][i] = 0.0
        habits = {"straight": 0.85, "agile": 0.03, "left": 0.04, "right": 0.04}
        slow = np.linalg.norm(enu_mps) < 25.0
        habits |= {"straight": 0.1, "bird": 0.6, "hover": 0.19} if slow else {}
        for name, share in habits.items():
            tracks["weight"][i, NAMES.index(name)] = share
        tracks["weight"][i] *= (1.0 - falls) / tracks["weight"][i].sum()
        tracks["weight"][i, MODELS + COAST] = falls

    def classify(self, n: int | None = None) -> None:
        """What the picture does after a look, for the rows that it changed."""
        for i in range(self.n if n is None else n):
            if self.tracks["changed"][i]:
                classify(self.tracks[i], TABLE[0], self.scratch[0])


def claim(
    t_s: float, address: int, enu_m: FloatArray, enu_mps: FloatArray, sigma_m: float = 30.0
) -> Friends:
    """One ADS-B message."""
    return Friends(
        t_ns=np.array([int(t_s * S)]),
        mode_s=np.array([address], dtype=np.int32),
        position_m=at(enu_m)[None],
        velocity_mps=along(enu_mps)[None],
        sigma_m=np.array([sigma_m]),
        evidence=np.array([0]),
    )
