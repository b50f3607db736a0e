"""Texts: marked with the realm, in every language, with the time rounded down."""

import pytest

from tests.warn.stand_in import LANGUAGES, START_NS, Country, alert, phrases, site
from tests.warn.test_wording import REVIEWED
from tocsin.instant import ns
from tocsin.warn import Phrases
from tocsin.warn.texts import Texts
from tocsin.warn.told import Told
from tocsin.warn.wording import TOLD_STAGES
from tocsin.words import THREATS

MARKS = {
    "exercise": {"uk": "НАВЧАННЯ", "he": "תרגיל", "en": "EXERCISE", "ar": "تمرين", "ru": "УЧЕНИЯ"},
    "test": {"uk": "ПЕРЕВІРКА", "he": "בדיקה", "en": "TEST", "ar": "اختبار", "ru": "ПРОВЕРКА"},
}


def texts(realm: str = "exercise") -> Texts:
    return Texts(site(realm=realm), Country(), phrases())


def told(stage: str, **changes) -> Told:
    return Told(alert(stage, **changes), START_NS, stage)


@pytest.mark.parametrize("realm", ["exercise", "test"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_first_that_it_is_not_real(realm, language):
    for threat in THREATS:
        for stage in TOLD_STAGES:
            one = told(stage, threat=threat)
            for others in ("none", "standing", "take_cover"):
                said = texts(realm).said(language, one, others)
                for text in said:
                    assert text.startswith(MARKS[realm][language] + ". ")
            whole = texts(realm).description(language, START_NS, one, said.headline)
            assert whole.startswith(MARKS[realm][language] + ". ")
    assert texts(realm).note(cancelled=True).startswith(MARKS[realm]["uk"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("threat", THREATS)
def test_too_late_for_shelter_is_told_to_drop_and_not_to_run(language, threat):
    drop = {"en": "drop where you are", "uk": "лягайте там", "ru": "лягте там",
            "he": "שכבו במקומכם", "ar": "انبطحوا حيث أنتم"}  # fmt: skip
    windows = {"en": "window", "uk": "вікон", "ru": "окон", "he": "חלונות", "ar": "النوافذ"}
    said = texts().said(language, told("take_cover", threat=threat, late=True))
    assert drop[language] in said.headline
    assert windows[language] in said.instruction
    in_time = texts().said(language, told("take_cover", threat=threat))
    assert drop[language] not in in_time.headline
    assert texts().said(language, told("stay", threat=threat, late=True)) == texts().said(
        language, told("stay", threat=threat)
    )


def test_phrases_from_before_there_was_a_late_say_take_cover():
    kept = [part for part in REVIEWED.split("\n\n") if ".late]" not in part]
    old = "\n\n".join(kept).replace('resumed = "', 'forgotten = "')
    live = Texts(site(realm="live", languages=("en",)), Country(), Phrases.parse({"en": old}))
    late = told("take_cover", late=True, resumed=True)
    assert live.said("en", late) == live.said("en", told("take_cover"))
    assert live.description("en", START_NS, late, "A.") == live.description(
        "en", START_NS, told("take_cover"), "A."
    )


def test_a_run_that_goes_on_after_its_all_clear_says_so():
    on = texts().description("en", START_NS, told("take_cover", resumed=True), "")
    assert on.endswith("The earlier warning was ended and now goes on.")
    assert "goes on" not in texts().description("en", START_NS, told("take_cover"), "")
    assert "goes on" not in texts().description("en", START_NS, told("all_clear", resumed=True), "")


def test_live_texts_are_bare():
    live = Texts(site(realm="live", languages=("en",)), Country(), Phrases.parse({"en": REVIEWED}))
    said = live.said("en", told("take_cover"))
    assert said.event == "Drone attack"
    assert said.headline == "Kharkiv: drone attack. Take cover now."
    assert live.note(cancelled=False) == ""
    assert live.note(cancelled=True) == "Cancelled: this was a mistake."
    assert live.description("en", START_NS, told("take_cover"), said.headline) == (
        "Kharkiv: drone attack. Take cover now. Issued by Training Authority. "
        "Expected about 5 min after this message was sent."
    )


@pytest.mark.parametrize(
    ("left_s", "end"),
    [
        (0, "The time of arrival is not known."),
        (5, "It may arrive at any moment."),
        (-60, "It may arrive at any moment."),
        (59, "Expected about 50 seconds after this message was sent."),
        (119, "Expected about 110 seconds after this message was sent."),
        (179, "Expected about 2 min after this message was sent."),
        (600, "Expected about 10 min after this message was sent."),
    ],
)
def test_the_time_is_rounded_down(left_s, end):
    one = told("early", t_ns_arrival=START_NS + ns(left_s) if left_s else 0)
    assert texts().description("en", START_NS, one, "").endswith(end)


def test_an_end_has_no_time_of_arrival():
    assert (
        texts().description("en", START_NS, told("all_clear"), "").endswith("Training Authority.")
    )


def test_an_end_beside_another_warning_keeps_people_inside():
    said = texts().said("en", told("all_clear"), "take_cover")
    assert "Another warning is still in force" in said.instruction
    assert "may leave" not in said.instruction


def test_an_unwatched_end_is_no_all_clear():
    one = Told(alert("all_clear"), START_NS, "none")
    said = texts().said("en", one)
    assert said.headline == "EXERCISE. Kharkiv: the warning has ended. This is not an all clear."


def test_names_fall_back_to_english_then_to_the_map_then_to_the_id():
    assert texts().zone_name("he", "ua-chuhuiv") == "Chuhuiv"
    country = Country(names={"uk": ("", "", ""), "und": ("Kharkiv (und)", "", "")})
    bare = Texts(site(), country, phrases())
    assert bare.zone_name("uk", "ua-kharkiv") == "Kharkiv (und)"
    assert bare.zone_name("uk", "ua-sumy") == "ua-sumy"


def test_a_long_name_is_cut_and_the_guidance_is_not():
    country = Country(names={"uk": ("Територіальна громада " * 9, "", "")})
    headline = Texts(site(), country, phrases()).said("uk", told("take_cover"), False).headline
    assert len(headline) <= 140
    assert headline.endswith("…: атака дронів. Негайно в укриття!")
