"""Blindness told in public: whole areas, soon listed, slowly unlisted."""

from tests.warn.stand_in import START_NS, Country
from tocsin.instant import ns
from tocsin.warn.blind import BlindAreas
from tocsin.words import Blindness


def word(*zones: str, threat: str = "drone", t_ns: int = START_NS) -> Blindness:
    return Blindness(t_ns=t_ns, threat=threat, zones=zones)


def test_one_blind_zone_lists_its_whole_area():
    areas = BlindAreas(Country())
    assert areas.update(START_NS, [word("ua-chuhuiv")])
    assert areas.listed() == [("ua-63", "drone")]


def test_which_zone_and_how_many_is_not_disclosed():
    one, both = BlindAreas(Country()), BlindAreas(Country())
    one.update(START_NS, [word("ua-chuhuiv")])
    both.update(START_NS, [word("ua-kharkiv", "ua-chuhuiv")])
    assert one.listed() == both.listed()
    assert not one.update(START_NS + 1, [word("ua-kharkiv")])


def test_an_area_stays_listed_for_ten_minutes_after_the_last_zone_is_watched():
    areas = BlindAreas(Country())
    areas.update(START_NS, [word("ua-sumy")])
    assert not areas.update(START_NS + ns(60), [word()])
    assert not areas.update(START_NS + ns(659), [])
    assert areas.listed() == [("ua-59", "drone")]
    assert areas.update(START_NS + ns(660), [])
    assert areas.listed() == []


def test_blind_again_within_the_hold_is_no_change():
    areas = BlindAreas(Country())
    areas.update(START_NS, [word("ua-sumy")])
    areas.update(START_NS + ns(60), [word()])
    assert not areas.update(START_NS + ns(120), [word("ua-sumy")])
    areas.update(START_NS + ns(3600), [])
    assert areas.listed() == [("ua-59", "drone")]


def test_threats_are_told_apart():
    areas = BlindAreas(Country())
    areas.update(START_NS, [word("ua-sumy"), word("ua-kharkiv", threat="ballistic")])
    areas.update(START_NS + 1, [word()])
    assert areas.listed() == [("ua-63", "ballistic"), ("ua-59", "drone")]
    assert areas.covers("ua-kharkiv", "ballistic", otherwise=False)
    assert not areas.covers("ua-sumy", "drone", otherwise=True)
    assert areas.covers("ua-sumy", "cruise", otherwise=True)
