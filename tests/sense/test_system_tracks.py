"""Another system's tracks: place, height, velocity and covariance, with PROJ as the judge."""

import struct

import numpy as np
import pyproj
import pytest

from tests.sense import wire
from tocsin import geo
from tocsin.sense import Sense
from tocsin.words import Fixes, SensorSite

SYSTEM = SensorSite(name="centre", lat_deg=50.4, lon_deg=30.5, sac=25, sic=100)


def track(sensors: tuple[SensorSite, ...] = (), **items: object) -> Fixes:
    payload = wire.block(62, wire.system_track(**items))  # type: ignore[arg-type]
    return Sense(wire.site(sensors=sensors)).read(wire.batch(payload)).fixes


def local(fixes: Fixes) -> np.ndarray:
    """The covariance of the first fix, east-north-up."""
    axes = geo.local_axes(*geo.geodetic(fixes.position_m)[:2])[0]
    return np.asarray(axes @ fixes.covariance_m2[0] @ axes.T)


def test_a_system_track_needs_no_sensor_place() -> None:
    fixes = track(frn7=struct.pack(">hh", 400, -80), frn20=struct.pack(">h", 160))
    lat, lon, height = geo.geodetic(fixes.position_m)
    assert (lat[0], lon[0], height[0]) == pytest.approx((49.5, 31.0, 3000.0), abs=1e-5)
    assert fixes.system_track.tolist() == [True]
    assert fixes.track_number.tolist() == [7]
    enu = geo.local_axes(lat, lon)[0] @ fixes.velocity_mps[0]
    assert enu == pytest.approx([100.0, -20.0, 1000 * 0.3048 / 60])
    assert np.isnan(track().velocity_mps).all()


def test_the_plane_is_used_when_nothing_else_is_given() -> None:
    x_m, y_m = 120_000.0, -80_000.0
    plane = struct.pack(">i", int(x_m * 2))[1:] + struct.pack(">i", int(y_m * 2))[1:]
    fixes = track((SYSTEM,), lat_deg=None, frn6=plane)
    sphere = f"+proj=stere +lat_0=50.4 +lon_0=30.5 +k=1 +R={geo.MEAN_RADIUS_M}"
    lon, lat = pyproj.Proj(sphere)(x_m, y_m, inverse=True)
    found = geo.geodetic(fixes.position_m)
    assert (found[0][0], found[1][0]) == pytest.approx((lat, lon), abs=1e-6)
    assert len(track((), lat_deg=None, frn6=plane)) == 0


FEET = 0.3048
LEVEL = {"frn17": struct.pack(">h", 4 * 200)}
GEOMETRIC = {"frn18": struct.pack(">h", 1600)}
BAROMETRIC = {"frn19": struct.pack(">H", 0x8000 | 4 * 250)}


@pytest.mark.parametrize(
    ("items", "src", "height_m", "known"),
    [
        (LEVEL | GEOMETRIC | BAROMETRIC, 2, 10_000 * FEET, True),
        (LEVEL | GEOMETRIC | BAROMETRIC, 6, 20_000 * FEET, True),
        (GEOMETRIC | BAROMETRIC, 6, 25_000 * FEET, True),
        (GEOMETRIC, 6, 3000.0, False),
        (GEOMETRIC, 1, 10_000 * FEET, True),
        ({}, 0, 3000.0, False),
    ],
)
def test_height_is_what_was_measured(
    items: dict[str, bytes], src: int, height_m: float, known: bool
) -> None:
    fixes = track(status=bytes([src << 2]), **items)
    assert geo.geodetic(fixes.position_m)[2][0] == pytest.approx(height_m, abs=0.01)
    assert fixes.has_height.tolist() == [known]


def test_covariance_is_what_the_system_claims() -> None:
    claim = struct.pack(">HH", 200, 100)
    assert np.diag(local(track(frn27=b"\x80" + claim)))[:2] == pytest.approx([1e4, 2.5e3])
    covariance = local(track(frn27=b"\xc0" + claim + struct.pack(">h", -80)))
    assert covariance[0, 1] == pytest.approx(-(40.0**2))
    impossible = b"\xc0" + claim + struct.pack(">h", 32_000)
    assert np.linalg.eigvalsh(local(track(frn27=impossible))).min() > 0
    boast = b"\x80" + struct.pack(">HH", 0, 0)
    assert np.diag(local(track(frn27=boast)))[:2] == pytest.approx([100.0, 100.0])
    degrees = b"\x20" + struct.pack(">HH", 100, 200)
    unit_m = 180 / 2**25 * 111_195.08
    east_m = 200 * unit_m * np.cos(np.radians(49.5))
    assert np.sqrt(np.diag(local(track(frn27=degrees)))[:2]) == pytest.approx(
        [east_m, 100 * unit_m], rel=1e-4
    )
    assert np.sqrt(np.diag(local(track()))) == pytest.approx([500.0, 500.0, 3000.0])


def test_status_and_identity() -> None:
    assert track(status=b"\x01\x40").ends.tolist() == [True]
    assert track(status=b"\x01\x00").ends.tolist() == [False]
    assert track(frn9=b"\x02\x00").friend.tolist() == [True]
    assert track(frn9=b"\x82\x00").friend.tolist() == [False]
    aircraft = track(frn11=b"\x80\x4c\xa7\xa8")
    assert (aircraft.mode_s.tolist(), aircraft.friend.tolist()) == ([0x4CA7A8], [True])
