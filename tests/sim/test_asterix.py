"""Our bytes, read by libasterix, say what was meant; and match bytes worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.decode import quantity, raw, records, sub
from tocsin.geo import FOOT_M, NAUTICAL_MILE_M
from tocsin.instant import NS_PER_DAY, NS_PER_S
from tocsin.sim import asterix

DAY_NS = 1_790_035_200 * NS_PER_S  # 2026-09-22T00:00:00Z
NAN = float("nan")

plots = st.builds(
    asterix.Plot,
    t_ns=st.integers(DAY_NS, DAY_NS + NS_PER_DAY - 10_000_000),
    report_type=st.sampled_from([1, 2, 3, 5, 7]),
    range_m=st.floats(0.0, 255.9 * NAUTICAL_MILE_M),
    azimuth_deg=st.floats(0.0, 359.99),
    mode_3a=st.one_of(st.just(-1), st.integers(0, 0o7777)),
    mode_s=st.one_of(st.just(-1), st.integers(0, 0xFFFFFF)),
    flight_level=st.one_of(st.just(NAN), st.floats(-10.0, 600.0)),
    height_m=st.one_of(st.just(NAN), st.floats(-500.0, 62_000.0)),
)


@settings(deadline=None)  # no speed assertions: the machine may be busy
@given(st.integers(0, 255), st.integers(0, 255), st.lists(plots, min_size=1, max_size=5))
def test_libasterix_reads_each_plot_back(sac: int, sic: int, sent: list[asterix.Plot]) -> None:
    got = records(asterix.target_reports(sac, sic, sent))
    assert [category for category, _ in got] == [48] * len(sent)
    for (_, record), plot in zip(got, sent, strict=True):
        assert (sub(record, "010", "SAC"), sub(record, "010", "SIC")) == (sac, sic)
        assert quantity(record, "140", "s") == pytest.approx(
            (plot.t_ns - DAY_NS) / NS_PER_S, abs=1 / 256 + 1e-9
        )
        assert sub(record, "020", "TYP") == plot.report_type
        assert sub(record, "020", "SIM") == 1
        rho = quantity(record, "040", "NM", "RHO")
        assert rho * NAUTICAL_MILE_M == pytest.approx(plot.range_m, abs=1852 / 512 + 1e-6)
        theta = quantity(record, "040", "°", "THETA")
        turn = (theta - plot.azimuth_deg + 180.0) % 360.0 - 180.0
        assert abs(turn) <= 180 / 65536 + 1e-9
        expect_optional(record, plot)


def expect_optional(record: object, plot: asterix.Plot) -> None:
    if plot.mode_3a < 0:
        assert raw(record, "070") is None
    else:
        assert sub(record, "070", "MODE3A") == plot.mode_3a
        assert (sub(record, "070", "V"), sub(record, "070", "G")) == (0, 0)
    assert raw(record, "220") == (None if plot.mode_s < 0 else plot.mode_s)
    if math.isnan(plot.flight_level):
        assert raw(record, "090") is None
    else:
        assert quantity(record, "090", "FL", "FL") == pytest.approx(plot.flight_level, abs=0.126)
    if math.isnan(plot.height_m):
        assert raw(record, "110") is None
    else:
        height_m = quantity(record, "110", "ft", "3DH") * FOOT_M
        assert height_m == pytest.approx(plot.height_m, abs=12.5 * FOOT_M + 1e-6)


def test_a_plot_by_hand() -> None:
    """SAC 25 SIC 201, 08:00:00, PSR simulated, 50 NM, 90 deg, 1000 ft: worked out on paper."""
    plot = asterix.Plot(
        t_ns=DAY_NS + 8 * 3600 * NS_PER_S,
        report_type=asterix.PRIMARY,
        range_m=50 * NAUTICAL_MILE_M,
        azimuth_deg=90.0,
        height_m=1000 * FOOT_M,
    )
    # CAT, LEN | FSPEC f1 01 08 | 010 | 140: 28800 s * 128 | 020 | 040: 50 * 256, 2^14 | 110: 40
    want = "300012" + "f10108" + "19c9" + "384000" + "30" + "32004000" + "0028"
    assert asterix.target_reports(25, 201, [plot]).hex() == want


@settings(deadline=None)
@given(
    st.floats(-89.0, 89.0),
    st.floats(-179.9, 179.9),
    st.floats(-100.0, 4000.0),
    st.floats(1.0, 60.0),
)
def test_libasterix_reads_the_north_marker(
    lat_deg: float, lon_deg: float, height_m: float, scan_s: float
) -> None:
    t_ns = DAY_NS + 12_345 * NS_PER_S
    [(category, record)] = records(
        asterix.north_marker(254, 3, t_ns, scan_s, (lat_deg, lon_deg, height_m))
    )
    assert category == 34
    assert raw(record, "000") == 1
    assert quantity(record, "030", "s") == 12_345.0
    assert quantity(record, "041", "s") == pytest.approx(scan_s, abs=1 / 256)
    assert quantity(record, "120", "°", "LAT") == pytest.approx(lat_deg, abs=1.1e-5)
    assert quantity(record, "120", "°", "LON") == pytest.approx(lon_deg, abs=1.1e-5)
    assert quantity(record, "120", "m", "HGT") == pytest.approx(height_m, abs=0.5)


system_tracks = st.builds(
    asterix.SystemTrack,
    t_ns=st.integers(DAY_NS, DAY_NS + NS_PER_DAY - 10_000_000),
    number=st.integers(0, 0xFFFF),
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-180.0, 179.999),
    flight_level=st.floats(-10.0, 1500.0),
    east_mps=st.floats(-8000.0, 8000.0),
    north_mps=st.floats(-8000.0, 8000.0),
)


@settings(deadline=None)
@given(st.lists(system_tracks, min_size=1, max_size=5))
def test_libasterix_reads_each_system_track_back(sent: list[asterix.SystemTrack]) -> None:
    got = records(asterix.system_tracks(25, 100, sent))
    assert [category for category, _ in got] == [62] * len(sent)
    for (_, record), track in zip(got, sent, strict=True):
        assert (sub(record, "010", "SAC"), sub(record, "010", "SIC")) == (25, 100)
        assert quantity(record, "070", "s") == pytest.approx(
            (track.t_ns - DAY_NS) / NS_PER_S, abs=1 / 256 + 1e-9
        )
        assert quantity(record, "105", "°", "LAT") == pytest.approx(track.lat_deg, abs=3e-6)
        assert quantity(record, "105", "°", "LON") == pytest.approx(track.lon_deg, abs=3e-6)
        assert quantity(record, "185", "m/s", "VX") == pytest.approx(track.east_mps, abs=0.126)
        assert quantity(record, "185", "m/s", "VY") == pytest.approx(track.north_mps, abs=0.126)
        assert raw(record, "040") == track.number
        assert quantity(record, "136", "FL") == pytest.approx(track.flight_level, abs=0.126)


@settings(deadline=None)
@given(st.integers(0, 31))
def test_libasterix_reads_the_sector_crossing(sector: int) -> None:
    message = asterix.sector_crossing(254, 3, DAY_NS, 4.0, sector * 11.25)
    [(_, record)] = records(message)
    assert raw(record, "000") == 2
    assert quantity(record, "020", "°") == sector * 11.25
    assert raw(record, "120") is None


def test_time_of_day_is_zero_again_at_midnight() -> None:
    for early_ns, want in ((0, 0), (3_000_000, 0), (NS_PER_S // 128, 1), (100 * NS_PER_S, 12_800)):
        [(_, record)] = records(asterix.sector_crossing(1, 1, DAY_NS - early_ns, 4.0, 0.0))
        ticks = 86_400 * 128
        assert raw(record, "030") == (ticks - want) % ticks


def test_heights_beyond_the_field_are_held_at_its_end() -> None:
    plot = asterix.Plot(t_ns=DAY_NS, report_type=1, range_m=1e5, azimuth_deg=0.0, height_m=90_000.0)
    [(_, record)] = records(asterix.target_reports(1, 1, [plot]))
    assert quantity(record, "110", "ft", "3DH") == 0x1FFF * 25
