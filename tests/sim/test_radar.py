"""What a radar sees and sends, judged against PROJ, the horizon formula and statistics."""

import msgspec
import numpy as np
import pytest
from pyproj import Transformer

from tests.sim.decode import quantity, raw, records, sub
from tocsin import geo
from tocsin.geo import NAUTICAL_MILE_M
from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.sim import radar, routes
from tocsin.sim.plan import FlightPlan
from tocsin.words import SensorSite

T0 = 1_790_000_000 * NS_PER_S
SITE = SensorSite(
    name="radar-1", lat_deg=50.0, lon_deg=36.0, height_m=100.0, sac=254, sic=1, scan_s=4.0
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def straight(height_m: float, distance_m: float, seconds: float = 600.0) -> routes.Path:
    """A flight away from the radar to the east, from `distance_m` on, at 100 m/s."""
    start = routes.destination(50.0, 36.0, 90.0, distance_m)
    end = routes.destination(50.0, 36.0, 90.0, distance_m + 100.0 * seconds + 1_000.0)
    plan = FlightPlan(
        id="x",
        kind="aircraft",
        speed_mps=100.0,
        waypoints=((*start, height_m), (*end, height_m)),
    )
    return routes.fly(plan, seconds)


def turning(seconds: float = 600.0) -> radar.Radar:
    return radar.radar(SITE, seconds, T0, rng())


def test_looks_agree_with_proj_topocentric() -> None:
    """Range and azimuth of every look, against PROJ's own topocentric coordinates."""
    path = straight(3_000.0, 20_000.0)
    seen = radar.looks(turning(), path)
    to_enu = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=topocentric +ellps=WGS84 +lat_0=50 +lon_0=36 +h_0=100"
    )
    east, north, up = to_enu.transform(*path.at(seen.t_s).T)
    np.testing.assert_allclose(seen.range_m, np.sqrt(east**2 + north**2 + up**2), atol=1e-3)
    turn = np.degrees(np.arctan2(east, north)) - seen.azimuth_deg
    np.testing.assert_allclose((turn + 180.0) % 360.0 - 180.0, 0.0, atol=0.01)


def test_every_look_is_when_the_beam_points_there() -> None:
    source = turning()
    seen = radar.looks(source, straight(3_000.0, 20_000.0))
    beam_deg = (seen.t_s - source.north_s[0]) / SITE.scan_s * 360.0 % 360.0
    np.testing.assert_allclose((beam_deg - seen.azimuth_deg + 180) % 360 - 180, 0.0, atol=2.0)
    assert np.diff(seen.t_s) == pytest.approx(SITE.scan_s, abs=0.05)


@pytest.mark.parametrize("height_m", [50.0, 100.0, 500.0, 2_000.0])
def test_nothing_is_seen_below_the_horizon_and_everything_above_it(height_m: float) -> None:
    """Horizon of a 4/3 Earth: 4.12 (sqrt(h1) + sqrt(h2)) km, heights in m (ITU-R handbooks)."""
    horizon_m = 4_120.0 * (np.sqrt(SITE.height_m) + np.sqrt(height_m))
    start_m = horizon_m - 20_000.0
    far = msgspec.structs.replace(SITE, range_m_max=400_000.0)
    source = radar.radar(far, 400.0, T0, rng())
    path = straight(height_m, start_m, 400.0)
    seen = radar.looks(source, path)
    away_m = start_m + 100.0 * seen.t_s
    assert away_m.max() <= horizon_m * 1.004
    assert away_m.max() >= horizon_m * 0.996 - 100.0 * SITE.scan_s
    assert len(seen.t_s) == pytest.approx(20_000.0 / 100.0 / SITE.scan_s, abs=2)


def test_nothing_is_seen_beyond_the_instrumented_range() -> None:
    seen = radar.looks(turning(400.0), straight(11_000.0, 180_000.0, 400.0))
    assert len(seen.t_s) > 0
    assert seen.range_m.max() <= SITE.range_m_max


def test_nothing_is_seen_before_take_off_or_after_the_end() -> None:
    plan = FlightPlan(
        id="x", kind="drone", start_s=100.0, speed_mps=50.0,
        waypoints=((50.0, 36.2, 900.0), (50.0, 36.25, 900.0)),
    )  # fmt: skip
    path = routes.fly(plan, 600.0)
    seen = radar.looks(turning(), path)
    assert seen.t_s.min() >= 100.0
    assert seen.t_s.max() <= path.t_s[-1]


def plots(target: radar.Target, seconds: float = 2_000.0) -> list[object]:
    source = turning(seconds)
    sent = radar.datagrams(source, [target], seconds, 0.0, rng(7))
    return [r for e in sent for category, r in records(e.payload) if category == 48]


def test_share_detected_and_noise_are_those_of_the_site() -> None:
    """500 looks: three standard errors round each figure."""
    path = straight(9_000.0, 5_000.0, 1_800.0)
    got = plots(radar.Target(path=path), 1_800.0)
    seen = radar.looks(turning(1_800.0), path)
    assert len(got) / len(seen.t_s) == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / len(seen.t_s)))
    times = np.array([quantity(r, "140", "s") for r in got]) + (T0 // NS_PER_S // 86_400) * 86_400
    at = path.at(times - T0 / NS_PER_S)
    origin = geo.ecef(np.array(50.0), np.array(36.0), np.array(100.0))
    range_m = np.array([quantity(r, "040", "NM", "RHO") for r in got]) * NAUTICAL_MILE_M
    height_m = np.array([quantity(r, "110", "ft", "3DH") for r in got]) * geo.FOOT_M
    off_m = range_m - np.linalg.norm(at - origin, axis=1)
    n = len(got)
    assert off_m.mean() == pytest.approx(0.0, abs=3 * 50 / np.sqrt(n))
    assert off_m.std() == pytest.approx(50.0, rel=3 / np.sqrt(2 * n))
    off_m = height_m - geo.geodetic(at)[2]
    assert off_m.std() == pytest.approx(150.0, rel=3 / np.sqrt(2 * n))


def test_only_what_answers_has_codes_and_only_an_echo_has_3d_height() -> None:
    path = straight(9_000.0, 5_000.0, 1_000.0)
    friend = plots(radar.Target(path=path, mode_3a=0o4321, mode_s=0xABCDEF), 1_000.0)
    types = {sub(r, "020", "TYP") for r in friend}
    assert types == {1, 5, 7}
    for r in friend:
        kind = sub(r, "020", "TYP")
        assert (raw(r, "220") == 0xABCDEF) == (kind in (5, 7))
        assert (raw(r, "070") == 0o4321) == (kind in (5, 7))
        assert (raw(r, "110") is not None) == (kind in (1, 7))
    only_c = plots(radar.Target(path=path, mode_3a=0o7000), 1_000.0)
    assert {sub(r, "020", "TYP") for r in only_c} == {1, 2, 3}
    assert all(raw(r, "220") is None for r in only_c)
    levels = [quantity(r, "090", "FL", "FL") for r in only_c if raw(r, "090") is not None]
    assert set(levels) == {round(9_000.0 / geo.FOOT_M / 100.0)}


def test_false_plots_are_as_many_as_declared() -> None:
    seconds = 2_000.0
    sent = radar.datagrams(turning(seconds), [], seconds, 3.0, rng(3))
    false = [r for e in sent for category, r in records(e.payload) if category == 48]
    turns = seconds / SITE.scan_s
    assert len(false) == pytest.approx(3.0 * turns, abs=3.5 * np.sqrt(3.0 * turns))
    assert {sub(r, "020", "TYP") for r in false} == {1}


def test_service_messages_open_every_turn_and_every_sector() -> None:
    seconds = 40.0
    sent = radar.datagrams(turning(seconds), [], seconds, 0.0, rng())
    messages = [records(e.payload)[0][1] for e in sent]
    north = [m for m in messages if raw(m, "000") == 1]
    assert len(north) == 10
    assert len(messages) == pytest.approx(10 * radar.SECTORS, abs=2)
    gaps = np.diff([quantity(m, "030", "s") for m in messages])
    assert gaps == pytest.approx(SITE.scan_s / radar.SECTORS, abs=1.01 / 128)


def test_a_datagram_comes_20_to_150_ms_after_the_sector_and_in_order() -> None:
    seconds = 200.0
    path = straight(9_000.0, 5_000.0, seconds)
    sent = radar.datagrams(turning(seconds), [radar.Target(path=path)], seconds, 5.0, rng())
    assert [e.t_ns for e in sent] == sorted(e.t_ns for e in sent)
    midnight_ns = T0 // (86_400 * NS_PER_S) * 86_400 * NS_PER_S
    for emission in sent:
        for category, record in records(emission.payload):
            age_ms = (emission.t_ns - midnight_ns) / NS_PER_MS - quantity(record, "140" if (
                category == 48) else "030", "s") * 1e3  # fmt: skip
            sector_ms = SITE.scan_s / radar.SECTORS * 1e3 if category == 48 else 0.0
            assert 16.0 <= age_ms <= 154.0 + sector_ms


def share_seen(echo_m2: float, distance_m: float, course_deg: float, speed_mps: float) -> float:
    """Of the looks of 200 runs at a target that starts due east and flies 60 s, those detected."""
    start = routes.destination(50.0, 36.0, 90.0, distance_m)
    end = routes.destination(*start, course_deg, speed_mps * 70.0)
    plan = FlightPlan(
        id="x", kind="bird", speed_mps=speed_mps, waypoints=((*start, 3_000.0), (*end, 3_000.0))
    )
    target = radar.Target(path=routes.fly(plan, 60.0), echo_m2=echo_m2)
    chance, source = rng(3), radar.radar(SITE, 60.0, T0, rng())
    met = len(radar.looks(source, target.path).t_s)
    found = sum(len(radar._target_plots(source, target, chance)) for _ in range(200))
    return found / (200 * met)


@pytest.mark.parametrize(
    ("echo_m2", "distance_m"), [(30.0, 60e3), (0.3, 100e3), (0.05, 80e3), (0.02, 100e3)]
)
def test_a_small_echo_fades_with_range_as_swerling_says(echo_m2: float, distance_m: float) -> None:
    """Detected if an exponential echo plus unit noise passes the threshold: by simulation."""
    chance = rng(5)
    snr = radar.EDGE_SNR * echo_m2 * (SITE.range_m_max / (distance_m + 1_200.0)) ** 4
    signal = chance.normal(0.0, np.sqrt(snr / 2.0), (2, 400_000))
    noise = chance.normal(0.0, np.sqrt(0.5), (2, 400_000))
    power = ((signal + noise) ** 2).sum(axis=0)
    want = SITE.detection_chance * np.mean(power > -np.log(radar.FALSE_ALARM))
    assert share_seen(echo_m2, distance_m, 90.0, 40.0) == pytest.approx(want, abs=0.03)


def test_what_has_no_radial_speed_is_mostly_filtered_out() -> None:
    """The same bird: straight away from the radar, and round it."""
    away, around = share_seen(1.0, 40e3, 90.0, 15.0), share_seen(1.0, 40e3, 0.0, 15.0)
    assert away > 0.85
    assert around == pytest.approx(radar.STILL_SHARE * 0.9, abs=0.05)


def test_a_transponder_that_fails_answers_no_more_but_the_echo_stays() -> None:
    path, source = straight(5_000.0, 20_000.0), turning()
    target = radar.Target(path=path, mode_3a=0o1234, mode_s=0xABCDEF, silent_s=200.0)
    plots = radar._target_plots(source, target, rng(2))
    before = [plot for plot in plots if plot.t_ns < T0 + 200 * NS_PER_S]
    after = [plot for plot in plots if plot.t_ns >= T0 + 200 * NS_PER_S]
    assert np.mean([plot.mode_s >= 0 for plot in before]) > 0.9
    assert len(after) > 70
    assert all(plot.mode_s < 0 and plot.mode_3a < 0 for plot in after)
    assert all(np.isnan(plot.flight_level) for plot in after)
