"""A made-up country of square zones, so that scenarios are tested without any shipped map."""

import numpy as np

from tocsin.zones.map import ZoneMap

CENTRES = {"ua": (49.8, 35.4), "il": (31.8, 34.7)}


def grid_map(country: str = "ua", side: int = 24, step_deg: float = 0.12) -> ZoneMap:
    """`side` x `side` squares round the scenarios' centres, in four admin-1 quarters."""
    centre_lat, centre_lon = CENTRES[country]
    south, west = centre_lat - side / 2 * step_deg, centre_lon - side / 2 * step_deg
    count = side * side
    row = np.arange(count)
    lat, lon = south + row // side * step_deg, west + row % side * step_deg
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * step_deg
    rings = np.stack([lon, lat], axis=1)[:, None, :] + corners
    quarter = (row // side >= side // 2) * 2 + (row % side >= side // 2)
    lists = [
        [
            r + dy * side + dx
            for dx, dy in ((0, -1), (-1, 0), (1, 0), (0, 1))
            if 0 <= r % side + dx < side and 0 <= r // side + dy < side
        ]
        for r in range(count)
    ]
    return ZoneMap(
        country=country,
        version="grid",
        ids=tuple(f"{country}-{r}" for r in range(count)),
        names={"en": tuple(f"Square {r}" for r in range(count))},
        lat_deg=lat + step_deg / 2,
        lon_deg=lon + step_deg / 2,
        people=np.random.Generator(np.random.PCG64(5)).integers(1_000, 200_000, count),
        shelter_s=np.full(count, 90.0),
        parent=quarter.astype(np.int32),
        parents=tuple(f"{country}-q{q}" for q in range(4)),
        parent_names={"en": ("SW", "SE", "NW", "NE")},
        area_m2=np.full(count, 1e8),
        foreign={},
        ring_xy=rings.reshape(-1, 2),
        ring_start=np.arange(count + 1, dtype=np.int64) * 5,
        ring_zone=row.astype(np.int32),
        ring_hole=np.zeros(count, dtype=np.bool_),
        neighbour=np.array([n for zone in lists for n in zone], dtype=np.int32),
        neighbour_start=np.cumsum([0, *map(len, lists)]),
        near_m=300.0,
    ).sealed()
