"""A stand-in for the zone map (square zones), and tracks to be forecast, for this room's tests."""

from dataclasses import dataclass

import numpy as np

from tocsin.geo import ecef, local_axes
from tocsin.words import KINDS, FloatArray, Int32Array, IntArray, Tracks

M_PER_DEG = 6_371_008.8 * np.pi / 180.0


@dataclass(frozen=True)
class Squares:
    """rows x columns square zones of `side_m`, `gap_m` apart, row by row from the south-west."""

    south_deg: float
    west_deg: float
    rows: int
    columns: int
    side_m: float
    gap_m: float = 0.0
    density_per_km2: float = 50.0

    @property
    def step_lat_deg(self) -> float:
        return (self.side_m + self.gap_m) / M_PER_DEG

    @property
    def step_lon_deg(self) -> float:
        middle_deg = self.south_deg + self.rows * self.step_lat_deg / 2.0
        return self.step_lat_deg / np.cos(np.radians(middle_deg))

    def __len__(self) -> int:
        return self.rows * self.columns

    @property
    def people(self) -> IntArray:
        return np.full(len(self), round(self.density_per_km2 * self.side_m**2 / 1e6))

    @property
    def area_m2(self) -> FloatArray:
        return np.full(len(self), self.side_m**2)

    @property
    def ring_zone(self) -> Int32Array:
        return np.arange(len(self), dtype=np.int32)

    @property
    def ring_start(self) -> IntArray:
        return 5 * np.arange(len(self) + 1)

    @property
    def ring_xy(self) -> FloatArray:
        row, column = np.divmod(np.arange(len(self)), self.columns)
        share = self.side_m / (self.side_m + self.gap_m)
        x = column[:, None] + share * np.array([0.0, 1.0, 1.0, 0.0, 0.0])
        y = row[:, None] + share * np.array([0.0, 0.0, 1.0, 1.0, 0.0])
        lon_deg = self.west_deg + x * self.step_lon_deg
        lat_deg = self.south_deg + y * self.step_lat_deg
        return np.stack([lon_deg.ravel(), lat_deg.ravel()], axis=1)

    def locate(self, lat_deg: FloatArray, lon_deg: FloatArray) -> Int32Array:
        y = (np.asarray(lat_deg) - self.south_deg) / self.step_lat_deg
        x = (np.asarray(lon_deg) - self.west_deg) / self.step_lon_deg
        row, column = np.floor(y), np.floor(x)
        share = self.side_m / (self.side_m + self.gap_m)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        inside &= (y - row < share) & (x - column < share)
        return np.where(inside, row * self.columns + column, -1).astype(np.int32)

    def harmed(self, lat_deg: FloatArray, lon_deg: FloatArray, radius_m: float) -> FloatArray:
        """Share of the points within `radius_m` of each zone: exact for squares."""
        share = self.side_m / (self.side_m + self.gap_m)
        counts = np.zeros(len(self))
        y = (np.asarray(lat_deg) - self.south_deg) / self.step_lat_deg
        x = (np.asarray(lon_deg) - self.west_deg) / self.step_lon_deg
        lon_m = M_PER_DEG * self.step_lon_deg * np.cos(np.radians(lat_deg))
        lat_m = M_PER_DEG * self.step_lat_deg
        for row in range(self.rows):
            north_m = np.maximum(np.maximum(row - y, y - row - share), 0.0) * lat_m
            close = north_m <= radius_m
            for column in range(self.columns) if close.any() else ():
                east = np.maximum(np.maximum(column - x[close], x[close] - column - share), 0.0)
                near = np.hypot(north_m[close], east * lon_m[close]) <= radius_m
                counts[row * self.columns + column] = near.sum() / len(y)
        return counts

    def at(self, row: float, column: float) -> tuple[float, float]:
        """Latitude and longitude `row` and `column` steps from the south-west corner."""
        return (
            self.south_deg + row * self.step_lat_deg,
            self.west_deg + column * self.step_lon_deg,
        )


def moving(
    lat_deg: FloatArray,
    lon_deg: FloatArray,
    height_m: FloatArray,
    enu_mps: FloatArray,
    *,
    kind: str = "drone",
    weight: float = 1.0,
    sd_m: float = 50.0,
    sd_mps: float = 1.0,
    t_ns: int = 0,
    **columns: object,
) -> Tracks:
    """Confirmed tracks (n,) of one kind, uncertain alike in all axes; `columns` replace columns."""
    lat_deg, lon_deg, height_m = np.broadcast_arrays(
        np.atleast_1d(np.asarray(lat_deg, dtype=float)), lon_deg, height_m
    )
    n = len(lat_deg)
    velocity = np.einsum(
        "nji,nj->ni", local_axes(lat_deg, lon_deg), np.broadcast_to(enu_mps, (n, 3))
    )
    weights = np.full((n, len(KINDS)), (1.0 - weight) / (len(KINDS) - 1))
    weights[:, KINDS.index(kind)] = weight
    covariance = np.diag([sd_m**2] * 3 + [sd_mps**2] * 3)
    made: dict[str, object] = {
        "id": np.arange(1, n + 1),
        "t_ns": np.full(n, t_ns),
        "t_ns_seen": np.full(n, t_ns),
        "t_ns_born": np.full(n, t_ns - 120_000_000_000),
        "position_m": ecef(lat_deg, lon_deg, height_m),
        "velocity_mps": velocity,
        "covariance": np.broadcast_to(covariance, (n, 6, 6)).copy(),
        "existence": np.ones(n),
        "kind_weight": weights,
        "ln_beta": np.tile([np.log(5000.0), 0.15], (n, 1)),
        "burning": np.zeros(n),
        "confirmed": np.ones(n, dtype=bool),
        "friend": np.zeros(n, dtype=bool),
        "hits": np.full(n, 10, dtype=np.int32),
        "mode_3a": np.full(n, -1, dtype=np.int32),
        "mode_s": np.full(n, -1, dtype=np.int32),
        "evidence": np.full((n, 8), -1),
        "changed": np.ones(n, dtype=bool),
    }
    return Tracks(**(made | columns))  # type: ignore[arg-type]
