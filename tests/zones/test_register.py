"""The register of settlements out of CSV."""

import pytest

from tocsin.zones.register import read_register

LINES = """code,l1,cat,name
UA63120270010096107,UA63000000000041885,M,Харків
UA63120270000028556,UA63000000000041885,H,Харківська
UA63140010010018345,UA63000000000041885,C,Мар'їне
UA63140010020018346,UA63000000000041885,C,Мар’їне
UA63140010020018347,UA63000000000041885,T,Південне
UA800,UA80000000000093317,K,Київ""".splitlines()


def test_settlements_by_area_and_name_whatever_the_apostrophe() -> None:
    register = read_register(LINES)
    assert [unit.code for unit in register.named("UA63", "харків")] == ["UA63120270010096107"]
    assert [unit.name for unit in register.named("UA63", "мар'їне")] == ["Мар’їне", "Мар’їне"]
    assert register.named("UA12", "харків") == ()
    assert register.named("UA63", "харківська") == ()


def test_the_short_code_of_kyiv_is_taken_from_its_area() -> None:
    assert read_register(LINES).named("UA80", "київ")[0].code == "UA80000000000093317"


def test_towns_are_found_by_sound_but_villages_are_not() -> None:
    register = read_register(LINES)
    assert [unit.name for unit in register.sounding("UA63", "Pivdenne")] == ["Південне"]
    assert register.sounding("UA63", "Maryine") == ()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["code,name", "UA1,x"], "no column 'cat'"),
        (["code,cat,name", "Kharkiv,M,Харків"], "is no code"),
        (["code,cat,name", "UA63120270000028556,H,Харківська"], "no settlement"),
        ([], "no column"),
    ],
)
def test_another_table_is_refused(lines: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_register(lines)
