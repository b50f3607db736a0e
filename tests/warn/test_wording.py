"""The shipped phrases: complete, lint-free, honest about their review; broken ones are refused."""

import pytest

from tests.warn.stand_in import LANGUAGES, PHRASES, phrases
from tocsin.warn import Phrases, lint
from tocsin.warn.wording import NOTICED, TOLD_STAGES, Language, fill, slots
from tocsin.words import THREATS

ENGLISH = (PHRASES / "en.toml").read_text(encoding="utf-8")
REVIEWED = ENGLISH.replace(
    'reviewer = ""\ndate = ""\nstatus = "unreviewed"',
    'reviewer = "A. Tester"\ndate = "2026-11-22"\nstatus = "reviewed"',
)
SCRIPTS = {
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "he": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "en": "abcdefghijklmnopqrstuvwxyz",
}


def test_the_five_languages_are_shipped_and_clean():
    assert set(phrases().languages) == set(LANGUAGES)
    assert lint(phrases()) == []


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_texts_are_written_in_the_letters_of_their_language(language):
    """Catches a text pasted into the wrong file, and Latin look-alikes in Cyrillic words."""
    for place, text in phrases().languages[language].texts().items():
        bare = fill(text, zone="", sender="", minutes="", seconds="").lower()
        strange = sorted({c for c in bare if c.isalpha() and c not in SCRIPTS[language]})
        assert not strange, (place, text, strange)


def test_arabic_is_written_in_arabic_letters():
    for place, text in phrases().languages["ar"].texts().items():
        bare = fill(text, zone="", sender="", minutes="", seconds="")
        assert all("\u0600" <= c <= "\u06ff" for c in bare if c.isalpha()), (place, text)


def test_all_clear_and_cancelled_never_say_the_same():
    for language in phrases().languages.values():
        for threat in THREATS:
            stages = [s for s in TOLD_STAGES if s != "notice" or threat in NOTICED]
            said = [language.saying(threat, stage) for stage in stages]
            assert len({saying.headline for saying in said}) == len(said)
            assert len({saying.instruction for saying in said}) == len(said)


def test_nobody_is_said_to_have_reviewed_what_nobody_reviewed():
    for table in phrases().languages.values():
        assert table.review.status == "unreviewed"
        assert table.review.reviewer == table.review.date == ""


def test_an_unreviewed_language_is_off_in_the_live_realm():
    both = Phrases.parse({"en": REVIEWED, "uk": (PHRASES / "uk.toml").read_text("utf-8")})
    assert list(both.for_realm("live", ("uk", "en")).languages) == ["en"]
    assert list(both.for_realm("exercise", ("uk", "en")).languages) == ["uk", "en"]
    with pytest.raises(ValueError, match=r"uk may not|review one and fill in \[review\]"):
        both.for_realm("live", ("uk",))


@pytest.mark.parametrize("field", ['reviewer = "A. Tester"', 'date = "2026-11-22"'])
def test_a_review_without_name_or_date_is_none(field):
    text = REVIEWED.replace(field, field.split("=")[0] + '= ""')
    with pytest.raises(ValueError, match="native speaker"):
        Phrases.parse({"en": text}).for_realm("live", ("en",))
    assert any("review" in fault for fault in lint(Phrases.parse({"en": text})))


def test_a_missing_language_or_phrase_says_how_to_mend():
    with pytest.raises(ValueError, match=r"add phrases/fr.toml") as caught:
        phrases().for_realm("test", ("en", "fr"))
    assert "\n" not in str(caught.value)
    line = next(line for line in ENGLISH.splitlines() if "drone attack. Take cover now" in line)
    gap = Phrases.parse({"en": ENGLISH.replace(line, "")})
    with pytest.raises(ValueError, match=r"phrases/en.toml lacks threat.drone.take_cover.headline"):
        gap.for_realm("test", ("en",))
    assert lint(gap) == ["en: threat.drone.take_cover.headline is missing"]


@pytest.mark.parametrize("text", ["[review", "", ENGLISH + "\n[threat.drone.duck]\nheadline='x'"])
def test_what_is_no_file_of_phrases_is_refused(text):
    with pytest.raises(ValueError, match=r"phrases/en.toml cannot be read"):
        Phrases.parse({"en": text})


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("{zone}: drone attack. Take cover now.", "{place}: go.", "no slot {place}"),
        ("{zone}: drone attack. Take cover now.", "Take cover now.", "lacks {zone}"),
        ("{zone}: drone attack. Take cover now.", "{zone}: {go.", "lone brace"),
        ("{zone}: drone attack. Take cover now.", "{zone}: <b>go</b>", "mark-up"),
        ("{zone}: drone attack. Take cover now.", "{zone}: " + "go " * 40, "characters"),
        ("It may arrive at any moment.", "See https://example.org", "mark-up, a link"),
        ('test = "TEST"', 'test = "TEST"\nsorry = "x"', "unknown words.sorry"),
        ('status = "unreviewed"', 'status = "fine"', "review.status"),
    ],
)
def test_lint_finds(good, bad, fault):
    assert good in ENGLISH
    found = lint(Phrases.parse({"en": ENGLISH.replace(good, bad, 1)}))
    assert any(fault in sentence for sentence in found), found


def test_lint_finds_a_text_shared_by_two_languages():
    found = lint(Phrases.parse({"en": ENGLISH, "uk": ENGLISH}))
    assert "uk: words.test is the same as in en" in found


def test_fill_leaves_what_is_no_slot():
    assert fill("{zone} {other} {", zone="Kyiv") == "Kyiv {other} {"
    assert slots("{zone} in {minutes}") == ["zone", "minutes"]


def test_a_language_gives_the_text_of_each_stage():
    table: Language = phrases().languages["en"]
    assert table.saying("ballistic", "all_clear").headline.startswith("{zone}: all clear")
