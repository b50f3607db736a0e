"""Each known defect, made on purpose, is found; and a clean map is clean."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from tests.zones.shapes import crazy_paving, map_of, square
from tocsin.zones.check import check


def codes(findings: Any) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in findings]


def test_a_clean_map_has_no_findings() -> None:
    assert check(map_of(crazy_paving(2, 20)[:1])) == []
    assert check(map_of([square(30, 50), square(30.1, 50)])) == []


def test_overlap_with_its_area() -> None:
    found = check(map_of([square(30, 50), square(30.09, 50)]))
    assert codes(found) == [("error", "overlap")]
    assert found[0].zones == ("xx-0", "xx-1")
    assert found[0].measure == pytest.approx(0.1 * map_of([square(30, 50)]).area_m2[0], rel=0.01)


def test_a_small_overlap_is_a_warning_and_a_hair_is_none() -> None:
    assert codes(check(map_of([square(30, 50), square(30.099, 50)]))) == [("warning", "overlap")]
    assert check(map_of([square(30, 50), square(30.0999999, 50)])) == []


RING = [square(30, 50, 0.3).difference(square(30.1, 50.1))]


def test_a_gap_is_an_error_where_the_nearest_zone_is_too_far() -> None:
    assert codes(check(map_of(RING, near_m=1000.0))) == [("error", "gap")]
    assert codes(check(map_of(RING, near_m=8000.0))) == [("warning", "gap")]


def test_an_outline_that_crosses_itself() -> None:
    bow_tie = np.array([[30, 50], [30.1, 50.1], [30.1, 50], [30, 50.1], [30, 50]])
    zone_map = replace(map_of([square(30, 50)]), ring_xy=bow_tie)
    assert ("error", "invalid_ring") in codes(check(zone_map))


def test_a_point_outside_its_zone() -> None:
    zone_map = replace(map_of([square(30, 50)]), lat_deg=np.array([51.0]))
    assert codes(check(zone_map)) == [("error", "point_outside")]


def test_missing_facts_are_told_once_for_all_zones() -> None:
    zone_map = replace(
        map_of([square(30, 50), square(30.1, 50), square(30.2, 50)]),
        people=np.array([-1, 5, -1]),
        shelter_s=np.array([np.nan, 60.0, 60.0]),
        names={"en": ("a", "", "b"), "uk": ("", "", "")},
    )
    found = {finding.code: finding for finding in check(zone_map)}
    assert found["missing_people"].zones == ("xx-0", "xx-2")
    assert found["missing_shelter"].zones == ("xx-0",)
    assert found["missing_name"].zones == ("xx-1",)
    assert found["missing_name"].severity == "error"


def test_the_same_name_twice_under_one_parent() -> None:
    zone_map = map_of([square(30, 50), square(30.1, 50)])
    twice = replace(zone_map, names={"en": ("Ham", "Ham"), "uk": ("Гам", "Гам")})
    found = check(twice)
    assert codes(found) == [("warning", "same_name")]
    assert "(en)" in found[0].text
    assert "(uk)" in found[0].text
    apart = replace(twice, parents=("xx-p", "xx-q"), parent=np.array([0, 1], np.int32))
    assert check(apart) == []


def test_a_zone_far_from_all_others() -> None:
    found = check(map_of([square(30, 50), square(30.1, 50), square(33, 50)]))
    assert codes(found) == [("warning", "isolated")]
    assert found[0].zones == ("xx-2",)


def test_ground_of_the_country_in_no_zone() -> None:
    country = shapely.box(30, 50, 30.2, 50.1)
    zone_map = map_of([square(30, 50)])
    found = check(zone_map, country)
    assert codes(found) == [("warning", "uncovered")]
    assert found[0].measure == pytest.approx(zone_map.area_m2[0], rel=0.01)
    assert check(map_of([square(30, 50), square(30.1, 50)]), country) == []
