"""Recorded traffic of real radars and trackers against what another decoder made of it.

The recordings and the expectations belong to others and are read where they lie; nothing of them
is kept here.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.sense import wire
from tocsin import geo
from tocsin.edge import pcap
from tocsin.sense import Heard, Sense
from tocsin.sense.asterix import read_datagram
from tocsin.sense.cat034 import CAT034
from tocsin.sense.cat048 import CAT048
from tocsin.sense.cat062 import CAT062
from tocsin.sense.columns import PADDING, Columns, columns
from tocsin.sense.layout import ABSENT, Category
from tocsin.words import Batch, Frame, SensorSite

pytestmark = pytest.mark.shared

FOOT_M = 0.3048


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "sensor_protocols" / "asterix" / "croatia_gpl"


def frames(path: Path) -> tuple[Frame, ...]:
    return tuple(
        Frame(t_ns=found.t_ns, source="radars", payload=found.payload)
        for found in pcap.datagrams(path.read_bytes())
        if found.payload is not None
    )


def replay(path: Path, sensors: tuple[SensorSite, ...] = (), together: int = 1000) -> Heard:
    """Everything in the capture, `together` datagrams a batch; what the last batch heard."""
    sense = Sense(wire.site(sensors=sensors))
    inputs = frames(path)
    assert len(inputs) <= together
    return sense.read(Batch(number=1, t_ns=inputs[-1].t_ns, inputs=inputs))


def decoded(path: Path, category: Category) -> Columns:
    data = b"".join(frame.payload for frame in frames(path)) + PADDING
    found = read_datagram(data, 0, len(data) - len(PADDING), {category.number: category})
    return columns(category, data, [record.row for record in found.records])


# ---- CAT 034 and CAT 048 -----------------------------------------------------------------------

Label = tuple[str, str]


def octal(text: str) -> int:
    return int(text, 8)


def hexadecimal(text: str) -> int:
    return int(text, 16)


LABELS: dict[int, dict[str, tuple[Label, Callable[[str], int]]]] = {
    34: {
        "sac": (("010", "System Area Code"), int),
        "sic": (("010", "System Identification Code"), int),
        "message_type": (("000", "Message Type"), int),
        "time_of_day_s": (("030", "Time of day"), int),
        "sector_deg": (("020", "Antenna azimuth"), int),
        "rotation_period_s": (("041", "Antenna rotation speed"), int),
        "com_nogo": (("050", "Operational Release Status of the System"), int),
        "source_lat_deg": (("120", "Latitude in WGS-84"), int),
        "source_lon_deg": (("120", "Longitude in WGS-84"), int),
    },
    48: {
        "sac": (("010", "System Area Code"), int),
        "sic": (("010", "System Identification Code"), int),
        "time_of_day_s": (("140", "Time Of Day"), int),
        "typ": (("020", "TYP"), int),
        "sim": (("020", "SIM"), int),
        "rdp": (("020", "RDP"), int),
        "spi": (("020", "SPI"), int),
        "rab": (("020", "RAB"), int),
        "rho_m": (("040", "RHO"), int),
        "theta_deg": (("040", "THETA"), int),
        "mode_3a_v": (("070", "V"), int),
        "mode_3a_g": (("070", "G"), int),
        "mode_3a_l": (("070", "L"), int),
        "mode_3a": (("070", "Mode-3/A reply code"), octal),
        "level_v": (("090", "V"), int),
        "level_g": (("090", "G"), int),
        "pressure_altitude_m": (("090", "FlightLevel"), int),
        "height_3d_m": (("110", "3D_Height"), int),
        "mode_s": (("220", "AircraftAddress"), hexadecimal),
        "track_number": (("161", "Track Number"), int),
        "x_m": (("042", "X component"), int),
        "y_m": (("042", "Y component"), int),
        "speed_mps": (("200", "Calculated groundspeed"), int),
        "heading_deg": (("200", "Calculated heading"), int),
        "cnf": (("170", "CNF"), int),
        "rad": (("170", "RAD"), int),
        "tre": (("170", "TRE"), int),
        "gho": (("170", "GHO"), int),
        "replies_ssr": (("130", "SSR-Number of received reply"), int),
        "amplitude_ssr_dbm": (("130", "SSR-Reply amplitude"), int),
    },
}


def told_records(text: str) -> dict[int, list[dict[Label, str]]]:
    """The expected records by category: (item, label) -> the first word of what is told."""
    records: dict[int, list[dict[Label, str]]] = {34: [], 48: []}
    category, item = 0, ""
    for line in text.splitlines():
        if line.startswith("Category: "):
            category = int(line.split()[1])
        elif line.startswith("Data Record "):
            records[category].append({})
        elif line.startswith("Item "):
            item = line.split()[1]
        elif found := re.match(r"\t(.+?): (\S+)", line):
            records[category][-1].setdefault((item, found[1]), found[2])
    return records


@pytest.mark.parametrize("category", [CAT034, CAT048])
def test_radar_records_are_read_as_another_decoder_reads_them(
    category: Category, folder: Path
) -> None:
    text = gzip.decompress((folder / "expected_cat_034_048.txt.gz").read_bytes()).decode()
    told = told_records(text)
    assert sum(map(len, told.values())) == 162
    read = decoded(folder / "cat_034_048.pcap", category)
    for name, (label, number) in LABELS[category.number].items():
        expected = [
            number(record[label]) if label in record else ABSENT for record in told[category.number]
        ]
        assert set(expected) != {ABSENT}, name
        assert read[name].tolist() == expected, name


def fates(heard: Heard) -> Counter[str]:
    counts = heard.counts
    names = ("fixes", "pulses", "duplicates", "unplaced")
    known = Counter({name: getattr(counts, name) for name in names})
    known.update({rejected.reason: 0 for rejected in heard.rejected})
    for rejected in heard.rejected:
        known[rejected.reason] += rejected.count
    return known


def test_half_of_the_radar_traffic_is_copies_and_most_radars_are_unplaced(folder: Path) -> None:
    """64 reports and 17 service messages, each twice. One report (the end of a track, without a
    place) tells a time 20 s before it was received."""
    heard = replay(folder / "cat_034_048.pcap")
    assert heard.counts.records == 162
    assert fates(heard) == {
        "duplicates": 81, "pulses": 17, "unplaced": 54, "fixes": 9, "clock": 1
    }  # fmt: skip
    assert len(heard.sensors) == 7
    placed = np.isfinite(heard.sensors.position_m[:, 0])
    assert [heard.sensors.names[row] for row in np.flatnonzero(placed)] == ["025/012"]
    assert set(heard.fixes.sensor.tolist()) == {int(np.flatnonzero(placed)[0])}


def test_fixes_of_real_radars_lie_where_their_polar_reports_say(folder: Path) -> None:
    """PROJ's geodesic from the radar, along the azimuth, meets the fix within its accuracy."""
    pyproj = pytest.importorskip("pyproj")
    heard = replay(folder / "cat_034_048.pcap")
    lat, lon, height = geo.geodetic(heard.fixes.position_m)
    origin_m = heard.sensors.position_m[heard.fixes.sensor]
    lat0, lon0, _ = geo.geodetic(origin_m)
    azimuth, _, ground_m = pyproj.Geod(ellps="WGS84").inv(lon0, lat0, lon, lat)
    slant_m = np.linalg.norm(heard.fixes.position_m - origin_m, axis=1)
    assert (slant_m > ground_m * 0.999).all()
    assert (slant_m < 256 * 1852).all()
    read = decoded(folder / "cat_034_048.pcap", CAT048)
    reported = {
        (round(float(r), 2), round(float(t), 1))
        for r, t in zip(read.real("rho_m"), read.real("theta_deg"), strict=True)
        if np.isfinite(r)
    }
    for distance, bearing in zip(slant_m, azimuth % 360, strict=True):
        near = [t for r, t in reported if abs(r - distance) < 0.02]
        assert any(abs(t - bearing) < 0.2 for t in near)
    assert ((height > -100) & (height < 14_000)).all()


def test_radars_of_the_site_file_place_all_reports(folder: Path) -> None:
    known = tuple(
        SensorSite(name=f"radar {sic}", lat_deg=45.0, lon_deg=15.0, sac=25, sic=sic)
        for sic in (11, 12, 13, 14, 201, 204, 205)
    )
    found = fates(replay(folder / "cat_034_048.pcap", known))
    assert (found["unplaced"], found["fixes"]) == (0, 63)


# ---- CAT 062 -----------------------------------------------------------------------------------

TRACK_VALUES: dict[str, tuple[str, float]] = {
    "sac": ("I010.SAC", 1),
    "sic": ("I010.SIC", 1),
    "service": ("I015.SID", 1),
    "time_of_day_s": ("I070.ToT", 1),
    "lat_deg": ("I105.Lat", 1),
    "lon_deg": ("I105.Lon", 1),
    "x_m": ("I100.X", 1),
    "y_m": ("I100.Y", 1),
    "vx_mps": ("I185.Vx", 1),
    "vy_mps": ("I185.Vy", 1),
    "ax_mps2": ("I210.Ax", 1),
    "ay_mps2": ("I210.Ay", 1),
    "track_number": ("I040.TrkN", 1),
    "mon": ("I080.MON", 1),
    "src": ("I080.SRC", 1),
    "sim": ("I080.SIM", 1),
    "tse": ("I080.TSE", 1),
    "kos": ("I080.KOS", 1),
    "ads_old": ("I080.ADS", 1),
    "age_psr_s": ("I290.PSR.PSR", 1),
    "age_ssr_s": ("I290.SSR.SSR", 1),
    "age_mds_s": ("I290.MDS.MDS", 1),
    "trans": ("I200.TRANSA", 1),
    "measured_level_m": ("I136.MFL", FOOT_M),
    "geometric_altitude_m": ("I130.Alt", FOOT_M),
    "qnh": ("I135.QNH", 1),
    "barometric_altitude_m": ("I135.CTBA", FOOT_M),
    "climb_mps": ("I220.RoC", FOOT_M / 60),
    "measured_typ": ("I340.TYP.TYP", 1),
    "measured_tst": ("I340.TYP.TST", 1),
}


def test_system_tracks_are_read_as_another_decoder_reads_them(folder: Path) -> None:
    lines = (folder / "expected_cat_062_065_json.txt").read_text().splitlines()
    told = [record["CAT062"] for record in map(json.loads, lines) if record["cat"] == 62]
    read = decoded(folder / "cat_062_065.pcap", CAT062)
    for name, (path, unit) in TRACK_VALUES.items():
        expected = []
        for record in told:
            value = record
            for step in path.split("."):
                value = value[step]
            expected.append(value * unit)
        assert read.real(name) == pytest.approx(expected, abs=6e-8), name
    assert read["mode_3a"].tolist() == [int(record["I060"]["Mode3A"], 8) for record in told]
    assert read["mode_s"].tolist() == [int(record["I380"]["ADR"]["ADR"], 16) for record in told]


def test_system_tracks_are_fixes_and_their_other_block_is_refused_alone(folder: Path) -> None:
    heard = replay(folder / "cat_062_065.pcap")
    assert fates(heard) == {"fixes": 2, "category": 1, "pulses": 0, "duplicates": 0, "unplaced": 0}
    assert heard.fixes.system_track.all()
    assert heard.fixes.friend.all()


def test_an_obsolete_edition_gives_no_fix(folder: Path) -> None:
    """100 datagrams of 2008, each one block of a CAT 062 that was laid out otherwise."""
    heard = replay(folder / "asterix.pcap")
    assert len(heard.fixes) == len(heard.sensors) == 0
    assert +fates(heard) == {"edition": 100}
