"""Places counted once: doubles, sections of towns, unknown people."""

from typing import Any

from tocsin.zones.gazetteer import read_places, sort_places
from tocsin.zones.register import read_register

REGISTER = read_register(
    [
        "code,l1,cat,name",
        "UA63120270010096107,UA63,M,Харків",
        "UA63120270010096108,UA63,C,Олексіївка",
        "UA63120270010096109,UA63,T,Мала Данилівка",
        "UA63120270010096110,UA63,C,Веселе",
        "UA63120270010096111,UA63,C,Веселе",
    ]
)


def city(key: int, name: str, lat: float, lon: float, people: int, *other: str) -> dict[str, Any]:
    return {
        "geonameid": key,
        "name": name,
        "latitude": lat,
        "longitude": lon,
        "countrycode": "UA",
        "population": people,
        "admin1code": "07",
        "alternatenames": list(other),
    }


def sort(*cities: dict[str, Any], register: Any = REGISTER) -> Any:
    places = read_places({str(c["geonameid"]): c for c in cities}, "ua", register)
    return sort_places(places, "ua", register is not None)


KHARKIV = city(1, "Kharkiv", 49.98, 36.25, 1_421_125, "Харків", "Харьков")


def test_a_district_is_joined_to_its_town_and_its_people_are_not_counted_again() -> None:
    found = sort(KHARKIV, city(2, "Saltivka", 50.03, 36.33, 409_300, "Салтівка"))
    assert [(place.key, place.people) for place in found.places] == [(1, 1_421_125)]
    assert [part.key for part in found.sections[1]] == [2]
    assert found.joined == ((2, 1, "section, not a settlement of the register"),)


def test_a_district_that_bears_a_villages_name_is_still_a_district() -> None:
    found = sort(KHARKIV, city(2, "Oleksiyivka", 50.05, 36.21, 100_500, "Олексіївка"))
    assert [place.key for place in found.places] == [1]


def test_a_suburb_of_the_register_and_a_far_unknown_place_stay() -> None:
    suburb = city(2, "Mala Danylivka", 50.07, 36.17, 7_211, "Мала Данилівка")
    far = city(3, "Nowhere", 49.2, 36.9, 4_000, "Ніде")
    found = sort(KHARKIV, suburb, far)
    assert [place.key for place in found.places] == [1, 2, 3]
    assert found.places[1].unit is not None


def test_among_villages_of_one_name_no_code_is_given() -> None:
    place = sort(city(5, "Vesele", 49.5, 36.0, 900, "Веселе")).places[0]
    assert place.unit is None
    assert [unit.name for unit in place.units] == ["Веселе", "Веселе"]


def test_the_same_place_twice_counts_once_and_keeps_both_entries_names() -> None:
    one = city(2, "Binyamina-Giv‘at ‘Ada", 32.519, 34.945, 15_847)
    two = city(3, "Binyamina-Giv'at Ada", 32.520, 34.955, 15_847, "בנימינה")
    found = sort(one, two, register=None)
    assert [place.key for place in found.places] == [2]
    assert "בנימינה" in found.places[0].other_names
    assert found.joined == ((3, 2, "same name"),)


def test_the_upper_town_is_not_the_old_one() -> None:
    old = city(2, "Yoqneam", 32.64, 35.10, 1_398)
    upper = city(3, "Yoqne‘am ‘Illit", 32.65, 35.10, 23_796)
    assert len(sort(old, upper, register=None).places) == 2


def test_zero_people_is_unknown() -> None:
    assert sort(city(9, "Somewhere", 49.5, 36.0, 0), register=None).places[0].people == -1


def test_sections_of_a_section_go_to_the_town() -> None:
    found = sort(
        KHARKIV,
        city(2, "Saltivka", 50.03, 36.33, 409_300, "Салтівка"),
        city(3, "Saltivka-II", 50.035, 36.335, 10_000, "Салтівка-2"),
    )
    assert [part.key for part in found.sections[1]] == [2, 3]
