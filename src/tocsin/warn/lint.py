"""What is wrong with a set of phrases, in words that say where to mend it.

Run on the shipped files by the tests and on a site's own by ``tocsin check``. It finds what a
machine can find; whether the words are right is for the reviewer whom each file names.
"""

import re
from typing import Final

from tocsin.warn.wording import HEADLINE_SLOTS, WORDS, Language, Phrases, slots

HEADLINE_CHARS: Final = 85  # leaves 55 of the 140 for the mark of the realm and the zone's name
INSTRUCTION_CHARS: Final = 320  # chosen: read aloud in 20 s, and four screens of a cell broadcast
WORD_CHARS: Final = 120
_MARKUP: Final = re.compile(r"<[^>]*>|&[#\w]+;|\*\*|`|\\[nt]|https?:|TODO|FIXME|\s\s|^\s|\s$|\n")


def lint(phrases: Phrases) -> list[str]:
    """One sentence for each fault, in the order of the languages and of their texts."""
    faults: list[str] = []
    for language, table in phrases.languages.items():
        faults += _of_one(language, table)
    return faults + _shared_texts(phrases)


def _of_one(language: str, table: Language) -> list[str]:
    faults = [f"{language}: unknown words.{word}" for word in table.words if word not in WORDS]
    faults += _review(language, table)
    for place, text in table.texts().items():
        if not text.strip():
            faults.append(f"{language}: {place} is missing")
            continue
        if len(text) > _chars_max(place):
            faults.append(f"{language}: {place} has {len(text)} of {_chars_max(place)} characters")
        if _MARKUP.search(text):
            faults.append(f"{language}: {place} holds mark-up, a link or stray white space")
        allowed = _slots_of(place)
        faults += [
            f"{language}: {place} has no slot {{{s}}}" for s in slots(text) if s not in allowed
        ]
        faults += [f"{language}: {place} lacks {{{s}}}" for s in allowed if s not in slots(text)]
        if any(brace in re.sub(r"\{\w+\}", "", text) for brace in "{}"):
            faults.append(f"{language}: {place} has a lone brace")
    return faults


def _review(language: str, table: Language) -> list[str]:
    review = table.review
    if review.status not in ("reviewed", "unreviewed"):
        return [f"{language}: review.status must be reviewed or unreviewed"]
    if review.status == "reviewed" and not review.done:
        return [f"{language}: reviewed, but review.reviewer or review.date is empty"]
    return []


def _shared_texts(phrases: Phrases) -> list[str]:
    """Texts that are the same in two languages: one of them was forgotten."""
    faults = []
    seen: dict[str, str] = {}
    for language, table in phrases.languages.items():
        for place, text in table.texts().items():
            key = f"{place}\n{text}"
            if text and seen.setdefault(key, language) != language:
                faults.append(f"{language}: {place} is the same as in {seen[key]}")
    return faults


def _chars_max(place: str) -> int:
    if place.endswith(".instruction"):
        return INSTRUCTION_CHARS
    return HEADLINE_CHARS if place.endswith(".headline") else WORD_CHARS


def _slots_of(place: str) -> tuple[str, ...]:
    if place.endswith(".headline"):
        return HEADLINE_SLOTS
    return WORDS.get(place.removeprefix("words."), ())
