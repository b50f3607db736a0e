"""What sensors see over elevation tiles, against the sphere, a ridge, and paths walked by PROJ."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from pyproj import Geod

from tests.decide.stories import START_NS
from tocsin import geo
from tocsin.decide import UNSEEN, Coverage, Sight, uncovered
from tocsin.decide.coverage import places
from tocsin.decide.sight import of_zones, watched
from tocsin.edge import build, terrain
from tocsin.edge.run import Mind
from tocsin.edge.site import BadSite
from tocsin.instant import ns
from tocsin.sim.gridmap import grid_map
from tocsin.sim.script import Box, Grid
from tocsin.words import THREATS, Sensors, SensorSite, Site, Tick
from tocsin.zones.map import ZoneMap

GEOD = Geod(ellps="sphere", a=geo.MEAN_RADIUS_M, b=geo.MEAN_RADIUS_M)
POSTS = 1201
DIAMETER_M = 2.0 * geo.RADIO_EARTH_FACTOR * geo.MEAN_RADIUS_M
RADAR = SensorSite(name="radar", lat_deg=49.5, lon_deg=36.5, range_m_max=90_000.0, mast_m=30.0)


def tile(folder: Path, name: str, height_m: np.ndarray) -> None:
    """Write rows from north to south, as SRTM does."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(height_m.astype(">i2").tobytes())


def flat(height_m: float = 0.0) -> np.ndarray:
    return np.full((POSTS, POSTS), height_m)


def ridge_at(lon_deg: float, height_m: float) -> np.ndarray:
    """A wall from north to south, three posts wide, in a tile that begins at 36 E."""
    ground = flat()
    middle = round((lon_deg - 36.0) * (POSTS - 1))
    ground[:, middle - 1 : middle + 2] = height_m
    return ground


@pytest.fixture(scope="module")
def zones() -> ZoneMap:
    """60 x 60 km of cells of 4 km round the radar."""
    box = Box(lat_deg=49.5, lon_deg=36.5, wide_m=60_000.0, high_m=60_000.0)
    grid = Grid(cell_m=4000.0, people=100_000, towns=3, town_m=5000.0, seed=1)
    return grid_map("ua", box, grid)


def site(*sensors: SensorSite, elevation: str = "tiles") -> Site:
    return Site(
        name="here", realm="exercise", mode="shadow", zones="map.zones", sender="s",
        sender_name="s", languages=("en",), sensors=sensors, elevation=elevation,
    )  # fmt: skip


def heard(sensors: tuple[SensorSite, ...], *t_ns: int) -> Sensors:
    lat, lon = (np.array([getattr(s, name) for s in sensors]) for name in ("lat_deg", "lon_deg"))
    return Sensors(
        names=tuple(s.name for s in sensors),
        position_m=geo.ecef(lat, lon, np.full(len(sensors), 200.0)),
        range_m_max=np.array([s.range_m_max for s in sensors]),
        scan_s=np.full(len(sensors), 4.0),
        detection_chance=np.full(len(sensors), 0.9),
        t_ns_heard=np.array(t_ns, dtype=np.int64),
        stale_s=np.full(len(sensors), 15.0),
    )


# ---- lines of sight ----------------------------------------------------------------------------


@pytest.mark.parametrize("height_m", [0.0, 700.0])
def test_over_flat_ground_it_is_the_smooth_earth(
    tmp_path: Path, zones: ZoneMap, height_m: float
) -> None:
    """Whatever the height of the plain: only the mast counts (Skolnik: d = sqrt(2 k R h))."""
    tile(tmp_path, "N49E036.hgt", flat(height_m))
    lat, lon, _ = terrain.points(zones)
    seen = terrain.sight(site(RADAR), zones, terrain.Ground.read(tmp_path))
    _, _, distance_m = GEOD.inv(np.full_like(lon, 36.5), np.full_like(lat, 49.5), lon, lat)
    beyond_m = np.maximum(np.array(distance_m) - np.sqrt(DIAMETER_M * 30.0), 0.0)
    smooth_m = beyond_m**2 / DIAMETER_M
    assert distance_m.max() > 35_000.0  # some lie well beyond the horizon at 22.6 km
    assert np.abs(seen.lowest_m[0] - smooth_m).max() < 2.0


def test_behind_a_ridge_it_is_the_line_over_its_top(tmp_path: Path, zones: ZoneMap) -> None:
    """250 m of wall 14.5 km east: 28 km out the line over it is some 440 m up."""
    tile(tmp_path, "N49E036.hgt", ridge_at(36.7, 250.0))
    lat, lon, start = terrain.points(zones)
    seen = terrain.sight(site(RADAR), zones, terrain.Ground.read(tmp_path))
    place = start[:-1]
    behind = np.flatnonzero((np.abs(lat[place] - 49.5) < 0.04) & (lon[place] > 36.75))
    assert len(behind) >= 8
    for row in behind:
        point = place[row]
        along_m = GEOD.inv(36.5, 49.5, lon[point], lat[point])[2]
        share = (36.7 - 36.5) / (lon[point] - 36.5)
        ridge_m = along_m * share
        slope = (250.0 - 30.0 - ridge_m**2 / DIAMETER_M) / ridge_m
        line_m = 30.0 + slope * along_m + along_m**2 / DIAMETER_M
        assert seen.lowest_m[0, point] == pytest.approx(line_m, rel=0.03)
    before = np.flatnonzero((np.abs(lat[place] - 49.5) < 0.04) & (np.abs(lon[place] - 36.5) < 0.15))
    assert (seen.lowest_m[0, place[before]] <= 2).all()


def test_over_rough_ground_it_is_what_walking_the_path_gives(
    tmp_path: Path, zones: ZoneMap
) -> None:
    """Seeded hills; each path is walked alone on PROJ's great circle. Never much lower than that,
    for what is not seen must not count as seen; and seldom much higher."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:POSTS, 0:POSTS] / (POSTS - 1)
    hills = sum(
        120.0 / k * np.sin(2 * np.pi * k * 4 * (x * np.cos(a) + y * np.sin(a)) + p)
        for k, a, p in zip(range(1, 7), rng.uniform(0, 6, 6), rng.uniform(0, 6, 6), strict=True)
    )
    hills = np.rint(hills + 300.0)
    tile(tmp_path, "N49E036.hgt", hills)
    lat, lon, _ = terrain.points(zones)
    seen = terrain.sight(site(RADAR), zones, terrain.Ground.read(tmp_path)).lowest_m[0]
    chosen = rng.choice(len(lat), 200, replace=False)
    walked_m = np.array([walk(hills, lat[i], lon[i]) for i in chosen])
    off_m = seen[chosen] - walked_m
    assert (walked_m > 60.0).sum() > 40  # there is something to hide behind
    assert np.quantile(off_m, 0.05) > -8.0
    assert np.median(off_m) < 25.0


def walk(ground: np.ndarray, lat: float, lon: float) -> float:
    """The lowest height seen at a place: every 30 m of the way, posts in between interpolated."""
    azimuth, _, far_m = GEOD.inv(RADAR.lon_deg, RADAR.lat_deg, lon, lat)
    along_m = np.append(np.arange(30.0, far_m - 100.0, 30.0), far_m)
    many = np.ones_like(along_m)
    x, y, _ = GEOD.fwd(RADAR.lon_deg * many, RADAR.lat_deg * many, azimuth * many, along_m)
    height_m = bilinear(ground, np.array(y), np.array(x))
    eye_m = bilinear(ground, np.array([RADAR.lat_deg]), np.array([RADAR.lon_deg]))[0] + 30.0
    drop_m = along_m**2 / DIAMETER_M
    steepest = ((height_m - drop_m - eye_m) / along_m)[:-1].max()
    return max(0.0, eye_m + steepest * far_m + drop_m[-1] - height_m[-1])


def bilinear(ground: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    row, column = (50.0 - lat) * (POSTS - 1), (lon - 36.0) * (POSTS - 1)
    r, c = row.astype(int), column.astype(int)
    u, v = row - r, column - c
    upper = ground[r, c] * (1 - v) + ground[r, c + 1] * v
    lower = ground[r + 1, c] * (1 - v) + ground[r + 1, c + 1] * v
    return upper * (1 - u) + lower * u


# ---- tiles -------------------------------------------------------------------------------------


def test_a_post_is_where_srtm_says(tmp_path: Path) -> None:
    """Rows from the north; the corners belong to the corners of the degree (SRTM_Topo 2.1)."""
    ground = flat()
    ground[0, 0], ground[-1, 0], ground[0, -1], ground[600, 300] = 1.0, 2.0, 3.0, 4.0
    tile(tmp_path, "s02w071.hgt", ground)
    read = terrain.Ground.read(tmp_path)
    lat = np.array([-1.00001, -2.0, -1.00001, -1.5])
    lon = np.array([-71.0, -71.0, -70.00001, -70.75])
    assert read.height_m(lat, lon).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert np.isnan(read.height_m(np.array([5.5]), np.array([-3.5]))).all()
    assert list(read.absent.values()) == ["N05W004.hgt"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("N49E036.hgt", np.array([[1, -32768], [0, 0]]), "1 voids"),
        ("N49E036.hgt", np.array([[1, 2, 3]]), "square"),
        ("readme.txt", flat(), "no tile"),
        ("N48E036.hgt", flat(), "add N49E036.hgt"),
    ],
)
def test_what_is_wrong_with_tiles_is_said_in_one_line(
    tmp_path: Path, zones: ZoneMap, name: str, content: np.ndarray, said: str
) -> None:
    tile(tmp_path / "tiles", name, content)
    with pytest.raises(BadSite, match=said) as error:
        build.over_ground(site(RADAR), zones, tmp_path)
    assert "\n" not in str(error.value)


def test_no_folder_is_said(tmp_path: Path, zones: ZoneMap) -> None:
    with pytest.raises(BadSite, match="no folder"):
        build.over_ground(site(RADAR), zones, tmp_path)


def test_a_zone_without_a_tile_is_seen_by_nobody_and_named(tmp_path: Path, zones: ZoneMap) -> None:
    """The map reaches past 36 E, where there is no tile."""
    tile(tmp_path / "tiles", "N49E036.hgt", flat())
    west = RADAR.lon_deg - 0.45
    there = msgspec.structs.replace(RADAR, lon_deg=west)
    moved = grid_map(
        "ua", Box(lat_deg=49.5, lon_deg=west, wide_m=90_000.0, high_m=20_000.0),
        Grid(cell_m=4000.0, people=1000, towns=1, town_m=5000.0, seed=1),
    )  # fmt: skip
    sight, absent = build.over_ground(site(there), moved, tmp_path)
    assert sight is not None
    assert absent == ("N49E035.hgt",)
    outside = terrain.points(moved)[1] < 36.0
    assert outside.any()
    assert (sight.lowest_m[0, outside] == UNSEEN).all()
    assert (sight.lowest_m[0, ~outside] < UNSEEN).any()


# ---- blindness ---------------------------------------------------------------------------------


def walled(folder: Path, zones: ZoneMap, *sensors: SensorSite) -> Sight:
    tile(folder / "tiles", "N49E036.hgt", ridge_at(36.7, 250.0))
    sight, _ = build.over_ground(site(*sensors), zones, folder)
    assert sight is not None
    return sight


def test_behind_the_ridge_drones_are_not_watched_and_missiles_are(
    tmp_path: Path, zones: ZoneMap
) -> None:
    sight = walled(tmp_path, zones, RADAR)
    coverage = Coverage(places(zones), (RADAR,), sight)
    coverage.look(START_NS, heard((RADAR,), START_NS))
    behind = zones.lon_deg > 36.75
    drone, cruise, ballistic = (coverage.blind[:, i] for i in range(3))
    assert drone[behind].all()
    assert cruise[behind].all()
    assert not drone[zones.lon_deg < 36.65].any()
    assert not ballistic.any()
    missing = uncovered(site(RADAR), zones, sight)
    assert missing["drone"].tolist() == np.flatnonzero(drone).tolist()
    assert len(missing["ballistic"]) == 0


def test_a_zone_is_blind_to_drones_when_all_that_could_see_one_are_stale(
    tmp_path: Path, zones: ZoneMap
) -> None:
    """A radar on each side of the wall; one falls silent, and what only it saw is dated."""
    other = msgspec.structs.replace(RADAR, name="other", lon_deg=36.85)
    both = (RADAR, other)
    coverage = Coverage(places(zones), both, walled(tmp_path, zones, *both))
    coverage.look(START_NS, heard(both, START_NS, START_NS))
    assert not coverage.blind.any()
    later = START_NS + ns(20)
    words = coverage.look(later, heard(both, later, START_NS))
    assert [word.threat for word in words] == ["drone", "cruise"]
    drone = THREATS.index("drone")
    assert coverage.blind[zones.lon_deg > 36.75, drone].all()
    assert not coverage.blind[zones.lon_deg < 36.65, drone].any()
    assert set(coverage.t_ns_watched[coverage.blind]) == {START_NS}


def test_what_hides_from_a_sensor_that_nobody_named_is_unknown(
    tmp_path: Path, zones: ZoneMap
) -> None:
    sight = walled(tmp_path, zones, RADAR)
    stranger = msgspec.structs.replace(RADAR, name="025/007")
    coverage = Coverage(places(zones), (RADAR,), sight)
    coverage.look(START_NS, heard((RADAR, stranger), 0, START_NS))
    assert coverage.blind.all()


def test_a_tenth_of_a_zone_may_hide() -> None:
    start = np.array([0, 10, 20, 23])
    seen = np.ones((23, 1), dtype=np.bool_)
    seen[[0, 10, 11, 20]] = False
    assert watched(seen, start)[:, 0].tolist() == [True, False, False]
    height_m = np.where(seen[:, 0], 50.0, 900.0)
    assert of_zones(height_m, start).tolist() == [50.0, 900.0, 900.0]


def test_a_sight_is_read_back(tmp_path: Path, zones: ZoneMap) -> None:
    sight = walled(tmp_path, zones, RADAR)
    again = Sight.from_bytes(sight.to_bytes())
    assert again.sensors == sight.sensors
    assert np.array_equal(again.start, sight.start)
    assert np.array_equal(again.lowest_m, sight.lowest_m)
    assert again.to_bytes() == sight.to_bytes()


def test_the_mind_goes_on_with_its_sight_from_a_journal(tmp_path: Path, zones: ZoneMap) -> None:
    """It lies in the journal; other ground is another journal; a checkpoint leaves it out."""
    (tmp_path / "map.zones").write_bytes(zones.to_bytes())
    tile(tmp_path / "tiles", "N49E036.hgt", ridge_at(36.7, 250.0))
    parts = build.parts(site(RADAR), tmp_path)
    mind = Mind.start(tmp_path / "j.sqlite", parts, durable=False)
    mind.step((Tick(t_ns=START_NS),))
    state = build.freeze(mind.engine)
    mind.close()
    held = Sight.from_bytes(parts["sight"]).lowest_m.tobytes()
    assert held[1000:1200] in parts["sight"]
    assert held[1000:1200] not in state
    again = Mind.start(tmp_path / "j.sqlite", parts, durable=False)
    assert again.engine.board.coverage.sight is not None
    again.close()
    with pytest.raises(BadSite, match="sight"):
        Mind.start(tmp_path / "j.sqlite", {k: v for k, v in parts.items() if k != "sight"})
    with pytest.raises(BadSite, match="another version"):
        build.thaw(b"\0" * 32 + state[32:], zones)
    thawed = build.thaw(state, zones, Sight.from_bytes(parts["sight"]))
    assert thawed.board.coverage.sight is not None
