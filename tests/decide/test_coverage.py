"""Coverage against the rule of thumb of the radar textbooks and geodesics of PROJ."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from pyproj import Geod

from tests.decide.stories import START_NS, Country, country, sensors, site
from tocsin import geo
from tocsin.decide import uncovered
from tocsin.decide.coverage import Coverage, places, reach
from tocsin.instant import ns
from tocsin.words import THREATS, SensorSite


def line_of_zones(step_deg: float = 0.01, zones: int = 400) -> Country:
    """Zones due north of 49 N 36 E."""
    return Country(
        ids=tuple(f"n{row}" for row in range(zones)),
        lat_deg=49.0 + step_deg * np.arange(zones),
        lon_deg=np.full(zones, 36.0),
        shelter_s=np.full(zones, 90.0),
    )


def farthest_km(antenna_m: float, range_m: float = 1e6) -> dict[str, float]:
    """The farthest watched zone by PROJ's geodesic, per threat."""
    zones = line_of_zones()
    place = geo.ecef(np.array([49.0]), np.array([36.0]), np.array([antenna_m]))
    watched = reach(place, np.array([range_m]), zones)[0]
    geod = Geod(ellps="WGS84")
    distance_km = (
        np.array([geod.inv(36.0, 49.0, 36.0, lat)[2] for lat in zones.lat_deg.tolist()]) / 1000
    )
    return {threat: float(distance_km[watched[:, i]].max()) for i, threat in enumerate(THREATS)}


@pytest.mark.parametrize("antenna_m", [10.0, 30.0, 200.0])
def test_reach_is_the_textbook_radio_horizon(antenna_m: float) -> None:
    """d = 4.12 (sqrt h1 + sqrt h2) km (Skolnik, Radar Handbook; ITU-R P.453 with k = 4/3)."""
    far_km = farthest_km(antenna_m)
    for threat, height_m in {"drone": 150.0, "cruise": 100.0, "ballistic": 5000.0}.items():
        textbook_km = 4.12 * (antenna_m**0.5 + height_m**0.5)
        assert far_km[threat] == pytest.approx(textbook_km, abs=1.2 + 0.006 * textbook_km)


def test_an_antenna_is_never_lower_than_a_mast() -> None:
    assert farthest_km(-40.0) == farthest_km(10.0)


def test_range_limits_what_the_horizon_allows() -> None:
    far_km = farthest_km(200.0, range_m=60_000.0)
    assert all(58.0 < km <= 60.4 for km in far_km.values())


def test_at_the_start_every_zone_is_blind_and_all_threats_are_told() -> None:
    zones = country()
    coverage = Coverage(places(zones))
    assert coverage.blind.all()
    words = coverage.look(START_NS, sensors(0))
    assert [(word.threat, word.zones) for word in words] == [(t, zones.ids) for t in THREATS]
    assert coverage.look(START_NS + 1, sensors(0)) == ()


def test_words_come_only_when_the_set_changes() -> None:
    coverage = Coverage(places(country()))
    assert len(coverage.look(START_NS, sensors(START_NS))) == 3
    assert not coverage.blind.any()
    assert coverage.look(START_NS + ns(15), sensors(START_NS)) == ()
    gone = coverage.look(START_NS + ns(15.1), sensors(START_NS))
    assert [(word.threat, len(word.zones)) for word in gone] == [(t, 3) for t in THREATS]
    back = coverage.look(START_NS + ns(16), sensors(START_NS + ns(16)))
    assert [word.zones for word in back] == [(), (), ()]


def test_only_the_threat_that_changed_is_told() -> None:
    coverage = Coverage(places(country()))
    coverage.look(START_NS, sensors(START_NS))
    moved = sensors(START_NS, lat_deg=50.5)  # 167 km: above 5 km is seen, 150 m is not
    assert [word.threat for word in coverage.look(START_NS, moved)] == ["drone", "cruise"]


def test_a_sensor_of_unknown_place_watches_nothing() -> None:
    coverage = Coverage(places(country()))
    lost = replace(sensors(START_NS), position_m=np.full((1, 3), np.nan))
    coverage.look(START_NS, lost)
    assert coverage.blind.all()
    coverage.look(START_NS, lost)
    coverage.look(START_NS, sensors(START_NS))
    assert not coverage.blind.any()


def test_a_sensor_may_be_added_and_the_state_pickled() -> None:
    one = sensors(START_NS, lat_deg=50.5)
    other = sensors(START_NS)
    both = replace(
        one,
        names=("far", "near"),
        position_m=np.concatenate([one.position_m, other.position_m]),
        range_m_max=np.full(2, 200_000.0),
        t_ns_heard=np.full(2, START_NS),
        stale_s=np.full(2, 15.0),
    )
    coverage = Coverage(places(country()))
    coverage.look(START_NS, one)
    assert coverage.blind.any()
    coverage = pickle.loads(pickle.dumps(coverage))
    assert [word.threat for word in coverage.look(START_NS, both)] == ["drone", "cruise"]
    assert not coverage.blind.any()


def test_uncovered_tells_what_the_site_file_leaves_open() -> None:
    zones = line_of_zones(step_deg=0.1, zones=30)
    radar = SensorSite(name="r", lat_deg=49.0, lon_deg=36.0, height_m=10.0)
    here = site()
    open_to = uncovered(type(here)(**{**_fields(here), "sensors": (radar,)}), zones)
    assert list(open_to) == list(THREATS)
    assert open_to["drone"][0] * 0.1 * 111.2 == pytest.approx(63.5, abs=11.2)
    assert len(open_to["ballistic"]) < len(open_to["drone"]) < len(open_to["cruise"]) + 1
    assert len(uncovered(here, zones)["ballistic"]) == 30


def _fields(word: object) -> dict[str, object]:
    return {name: getattr(word, name) for name in word.__struct_fields__}
