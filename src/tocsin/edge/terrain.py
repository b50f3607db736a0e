"""Elevation tiles, and how low each sensor of a site sees over them: computed before the mind runs.

A tile is an SRTM `.hgt` file, as NASA's *SRTM Topography* (SRTM_Topo.pdf, section 2.1) describes
it: one degree square, named after its south-west corner (`N49E036.hgt`), posts in rows from north
to south, each a signed 16-bit big-endian number of metres above the geoid; the size of the file
tells how many (1201 or 3601 a side). -32768 is a void: such a tile is refused, for a void-filled
edition exists (SRTMGL3 version 3, SRTMGL1 version 3).

Rays leave each antenna in all directions, and along each the steepest line of sight so far is kept,
over an Earth of 4/3 radius (`geo.RADIO_EARTH_FACTOR`). What is above it is seen. Diffraction,
trees and houses are not known. Heights of antennas are above the ground (`mast_m`), so that tiles
above the geoid and places above the ellipsoid need not be brought together.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.decide import UNSEEN, Sight
from tocsin.words import FloatArray, IntArray, SensorSite, Site
from tocsin.zones.map import ZoneMap

RAYS: Final = 1440
"""Chosen: at 50 km neighbours are 218 m apart, and a point takes the worse of the two beside it."""
STEP_M: Final = 100.0
"""Between samples of the ground along a ray. Chosen: posts of the usual tiles are 93 m apart."""
_RAYS_AT_ONCE: Final = 90  # bounds the memory; chosen
GRID: Final = 4
"""Points a side, over the box of a zone; those inside the zone count, and its own place. Chosen: 17
at most tell a tenth of a zone, and a country of 5,500 zones takes a second or two a sensor."""
_VOID: Final = -32768
_TILE: Final = re.compile(r"([NS])(\d\d)([EW])(\d{3})\.hgt", re.IGNORECASE)

Tile = NDArray[np.int16]


@dataclass(slots=True)
class Ground:
    """Tiles by the degrees of their south-west corner; `absent` are those asked for in vain."""

    tiles: dict[tuple[int, int], Tile]
    absent: dict[tuple[int, int], str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Ground":
        """The tiles of a folder. Raises ValueError that says how to mend it."""
        if not folder.is_dir():
            raise ValueError(f"no folder {folder}: give the folder of the .hgt tiles")
        tiles = {}
        for path in sorted(folder.iterdir()):
            named = _TILE.fullmatch(path.name)
            if named is None:
                continue
            lat = int(named[2]) * (1 if named[1] in "Nn" else -1)
            lon = int(named[4]) * (1 if named[3] in "Ee" else -1)
            tiles[lat, lon] = _tile(path)
        if not tiles:
            raise ValueError(f"no tile in {folder}: its files must be named as N49E036.hgt")
        return cls(tiles)

    def height_m(self, lat_deg: FloatArray, lon_deg: FloatArray) -> FloatArray:
        """Height of the post nearest to each point; NaN where there is no tile."""
        south, west = np.floor(lat_deg).astype(np.int64), np.floor(lon_deg).astype(np.int64)
        height_m = np.full(lat_deg.shape, np.nan)
        for code in np.unique(south * 1000 + west + 500).tolist():
            corner = (code // 1000, code % 1000 - 500)
            tile = self.tiles.get(corner)
            if tile is None:
                self.absent[corner] = _name(corner)
                continue
            here = (south == corner[0]) & (west == corner[1])
            last = len(tile) - 1
            row = np.rint((corner[0] + 1 - lat_deg[here]) * last).astype(np.int64)
            column = np.rint((lon_deg[here] - corner[1]) * last).astype(np.int64)
            height_m[here] = tile[row, column]
        return height_m


def _tile(path: Path) -> Tile:
    posts = round((path.stat().st_size / 2) ** 0.5)
    if posts < 2 or posts * posts * 2 != path.stat().st_size:
        raise ValueError(f"{path} is no tile of square size: fetch it again")
    tile: Tile = np.memmap(path, dtype=">i2", mode="r", shape=(posts, posts))
    voids = int((tile == _VOID).sum())
    if voids:
        raise ValueError(f"{path} has {voids} voids: use a void-filled edition (SRTM version 3)")
    return tile


def _name(corner: tuple[int, int]) -> str:
    lat, lon = corner
    return f"{'N' if lat >= 0 else 'S'}{abs(lat):02d}{'E' if lon >= 0 else 'W'}{abs(lon):03d}.hgt"


def sight(site: Site, zones: ZoneMap, ground: Ground) -> Sight:
    """How low each sensor sees at points of each zone.

    A point without a tile is seen by nobody. Where a ray leaves the tiles it runs over sea: tiles
    of the open sea are not published. Raises ValueError when a sensor stands where there is none.
    """
    lat_deg, lon_deg, start = points(zones)
    ground_m = ground.height_m(lat_deg, lon_deg)
    lowest_m = np.full((len(site.sensors), len(lat_deg)), UNSEEN, dtype=np.uint16)
    for row, sensor in enumerate(site.sensors):
        seen_m = _lowest_m(ground, sensor, lat_deg, lon_deg, ground_m)
        known = np.isfinite(seen_m)
        lowest_m[row, known] = np.minimum(np.ceil(seen_m[known]), UNSEEN - 1)
    names = tuple(sensor.name for sensor in site.sensors)
    return Sight(sensors=names, start=start, lowest_m=lowest_m)


def points(zones: ZoneMap) -> tuple[FloatArray, FloatArray, IntArray]:
    """Latitude and longitude of points of each zone, its own place first; where each begins."""
    ring = np.diff(zones.ring_start)
    zone = np.repeat(zones.ring_zone, ring)
    low, high = np.full((2, len(zones), 2), np.nan)
    low[:], high[:] = np.inf, -np.inf
    np.minimum.at(low, zone, zones.ring_xy)
    np.maximum.at(high, zone, zones.ring_xy)
    share = (np.arange(GRID) + 0.5) / GRID
    x, y = (axis.reshape(-1) for axis in np.meshgrid(share, share))
    lon_deg = low[:, 0, None] + (high - low)[:, 0, None] * x
    lat_deg = low[:, 1, None] + (high - low)[:, 1, None] * y
    row = np.repeat(np.arange(len(zones)), GRID * GRID)
    inside = zones.locate(lat_deg.reshape(-1), lon_deg.reshape(-1)) == row
    inside = np.concatenate([np.ones((len(zones), 1), np.bool_), inside.reshape(-1, GRID**2)], 1)
    lat_deg = np.concatenate([zones.lat_deg[:, None], lat_deg], axis=1)[inside]
    lon_deg = np.concatenate([zones.lon_deg[:, None], lon_deg], axis=1)[inside]
    start = np.concatenate([[0], np.cumsum(inside.sum(axis=1))]).astype(np.int64)
    return lat_deg, lon_deg, start


def _lowest_m(
    ground: Ground,
    sensor: SensorSite,
    lat_deg: FloatArray,
    lon_deg: FloatArray,
    ground_m: FloatArray,
) -> FloatArray:
    """Height above the ground from which on `sensor` sees each point; NaN where it sees nothing."""
    own_lat, own_lon = np.array([sensor.lat_deg]), np.array([sensor.lon_deg])
    foot_m = float(ground.height_m(own_lat, own_lon)[0])
    if np.isnan(foot_m):
        corner = (int(np.floor(sensor.lat_deg)), int(np.floor(sensor.lon_deg)))
        raise ValueError(f"sensor {sensor.name!r} stands where no tile is: add {_name(corner)}")
    mast_m = sensor.mast_m if sensor.mast_m >= 0.0 else geo.ANTENNA_M_MIN
    distance_m = geo.ground_distance_m(own_lat, own_lon, lat_deg, lon_deg)
    near = (distance_m <= sensor.range_m_max) & np.isfinite(ground_m)
    lowest_m = np.full(len(lat_deg), np.nan)
    if not near.any():
        return lowest_m
    steps = int(np.ceil(distance_m[near].max() / STEP_M)) + 1
    line_m = _lines_m(ground, sensor, foot_m + mast_m, steps)
    along = np.minimum((distance_m[near] / STEP_M).astype(np.int64), steps - 2)
    turn = _bearing_rad(own_lat, own_lon, lat_deg[near], lon_deg[near]) / (2.0 * np.pi) * RAYS
    ray = np.floor(turn).astype(np.int64) % RAYS
    worst_m = np.max([line_m[(ray + i) % RAYS, along + j] for i in (0, 1) for j in (0, 1)], axis=0)
    lowest_m[near] = np.maximum(worst_m - ground_m[near], 0.0)
    return lowest_m


def _lines_m(ground: Ground, sensor: SensorSite, antenna_m: float, steps: int) -> FloatArray:
    """Height above the sea of the line of sight over what stands before it: (RAYS, steps).

    Column i is at i steps from the antenna, whose height above the sea is `antenna_m`.
    """
    along_m = STEP_M * np.arange(steps, dtype=np.float64)
    drop_m = along_m**2 / (2.0 * geo.RADIO_EARTH_FACTOR * geo.MEAN_RADIUS_M)
    found = np.full((RAYS, steps), -np.inf)
    for first in range(0, RAYS, _RAYS_AT_ONCE):
        ray = np.arange(first, min(first + _RAYS_AT_ONCE, RAYS))
        bearing: FloatArray = 2.0 * np.pi * ray[:, None].astype(np.float64) / RAYS
        lat_deg, lon_deg = _from(sensor.lat_deg, sensor.lon_deg, bearing, along_m[None, 1:])
        height_m = np.nan_to_num(ground.height_m(lat_deg, lon_deg), nan=0.0)
        slope = (height_m - drop_m[1:] - antenna_m) / along_m[1:]
        steepest = np.maximum.accumulate(slope, axis=1)
        found[ray, 2:] = antenna_m + steepest[:, :-1] * along_m[2:] + drop_m[2:]
    return found


def _bearing_rad(
    lat_deg: FloatArray, lon_deg: FloatArray, lat2_deg: FloatArray, lon2_deg: FloatArray
) -> FloatArray:
    """Direction of the great circle from the first place to the second, 0 to 2 pi from north."""
    lat, lat2, turn = np.radians(lat_deg), np.radians(lat2_deg), np.radians(lon2_deg - lon_deg)
    east = np.sin(turn) * np.cos(lat2)
    north = np.cos(lat) * np.sin(lat2) - np.sin(lat) * np.cos(lat2) * np.cos(turn)
    bearing: FloatArray = np.arctan2(east, north) % (2.0 * np.pi)
    return bearing


def _from(
    lat_deg: float, lon_deg: float, bearing: FloatArray, distance_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where great circles on the mean sphere lead."""
    lat, arc = np.radians(lat_deg), distance_m / geo.MEAN_RADIUS_M
    sin_lat2 = np.sin(lat) * np.cos(arc) + np.cos(lat) * np.sin(arc) * np.cos(bearing)
    east = np.sin(bearing) * np.sin(arc) * np.cos(lat)
    turn = np.arctan2(east, np.cos(arc) - np.sin(lat) * sin_lat2)
    return np.degrees(np.arcsin(sin_lat2)), lon_deg + np.degrees(turn)
