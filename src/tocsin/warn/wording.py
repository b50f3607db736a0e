"""What people are told, in their languages: one TOML text per language, read into tables.

Edge reads the files and hands the texts in. A language that nobody has reviewed is never used in
the live realm: a wrong word in a warning costs lives, and a machine cannot judge its own grammar.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.words import STAGES, THREATS

TOLD_STAGES: Final = STAGES[1:]
"""The stages that are said aloud; `none` ends silently."""

LATE: Final = "late"
SAYINGS: Final = (*TOLD_STAGES, LATE)
"""What a language must be able to say of each threat: the stages, and a take_cover that comes too
late for people to reach shelter."""

NOTICED: Final = ("drone",)
"""The threats of which a neighbouring zone gets a notice: a missile is gone before it is read."""

INSTEAD: Final = {LATE: "take_cover", "standing": "stand_by", "notice": "stand_by"}
"""What is said instead by phrases that were written before there was this saying: a journal holds
its phrases, and is read for years."""

PARTS: Final = ("headline", "instruction")

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "exercise": (),
    "test": (),
    "source": ("sender",),
    "arrival_minutes": ("minutes",),
    "arrival_seconds": ("seconds",),
    "arrival_now": (),
    "arrival_unknown": (),
    "mistake": (),
    "others": (),
    "resumed": (),
    "others_standing": (),
    "unwatched": ("zone",),
    "unwatched_advice": (),
}
"""The words that every language needs besides its phrases, each with the slots that it may hold."""

SINCE: Final = ("resumed", "others_standing")
"""Words that older phrases lack; nothing, or more, is said then."""

HEADLINE_SLOTS: Final = ("zone",)


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who vouches for the texts of a language. `status`: reviewed or unreviewed."""

    reviewer: str = ""
    date: str = ""
    status: str = "unreviewed"

    @property
    def done(self) -> bool:
        """Reviewed counts only with a name and a date."""
        return self.status == "reviewed" and bool(self.reviewer) and bool(self.date)


class Saying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said at one stage of one threat."""

    headline: str = ""
    instruction: str = ""


class ThreatTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One threat: its name as an event, and what is said at each stage."""

    event: str = ""
    stand_by: Saying = Saying()
    early: Saying = Saying()
    take_cover: Saying = Saying()
    stay: Saying = Saying()
    standing: Saying = Saying()
    notice: Saying = Saying()
    all_clear: Saying = Saying()
    cancelled: Saying = Saying()
    late: Saying = Saying()


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of phrases."""

    review: Review
    words: dict[str, str]
    threat: dict[str, ThreatTexts]

    def saying(self, threat: str, name: str) -> Saying:
        """What is said of `threat`; `name` is one of `SAYINGS`."""
        assert name in SAYINGS, name
        saying: Saying = getattr(self.threat[threat], name)
        if name in INSTEAD and not (saying.headline and saying.instruction):
            return self.saying(threat, INSTEAD[name])
        return saying

    def texts(self) -> dict[str, str]:
        """Every required text by its place in the file; "" where it is missing."""
        found = {f"words.{word}": self.words.get(word, "") for word in WORDS}
        for threat in THREATS:
            told = self.threat.get(threat, ThreatTexts())
            found[f"threat.{threat}.event"] = told.event
            for name in SAYINGS:
                if name == "notice" and threat not in NOTICED:
                    continue
                for part in PARTS:
                    found[f"threat.{threat}.{name}.{part}"] = getattr(getattr(told, name), part)
        return found


class Phrases(msgspec.Struct, frozen=True):
    """The languages at hand, in the order in which they are said."""

    languages: dict[str, Language]

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> "Phrases":
        """Phrases of ``{language tag: TOML text}``; ValueError when a text has another shape.

        A missing phrase is let through, for `lint` to list; `for_realm` refuses it.
        """
        return cls({language: _language(language, text) for language, text in texts.items()})

    def for_realm(self, realm: str, languages: Sequence[str]) -> "Phrases":
        """Those of `languages` that may be used in `realm`, in that order, complete.

        Live, an unreviewed language is dropped; ValueError when none is left, when a language has
        no file or when one of its phrases is missing.
        """
        for language in languages:
            if language not in self.languages:
                known = ", ".join(self.languages) or "none"
                raise ValueError(
                    f"no phrases for language {language!r}: add phrases/{language}.toml or take it "
                    f"out of the site's languages (at hand: {known})"
                )
        used = {
            language: self.languages[language]
            for language in languages
            if realm != "live" or self.languages[language].review.done
        }
        if not used:
            raise ValueError(
                f"none of the languages {', '.join(languages) or '(no language)'} may be used in "
                f"realm {realm!r}: have a native speaker review one and fill in [review] with "
                'reviewer, date and status = "reviewed"'
            )
        for language, table in used.items():
            _refuse_gaps(language, table)
        return Phrases(used)


def slots(text: str) -> list[str]:
    """The names between braces in `text`, in order."""
    return _SLOT.findall(text)


def fill(text: str, **values: object) -> str:
    """`text` with each ``{name}`` replaced; braces that are not a slot stay as they are."""
    return _SLOT.sub(lambda match: str(values.get(match[1], match[0])), text)


_SLOT: Final = re.compile(r"\{([^{}]*)\}")


def _language(language: str, text: str) -> Language:
    try:
        return msgspec.convert(tomllib.loads(text), Language)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"phrases/{language}.toml cannot be read: {error}") from error


def _refuse_gaps(language: str, table: Language) -> None:
    for place, text in table.texts().items():
        part = place.split(".")
        if not text.strip() and not (part[1] in SINCE or (part[2:] and part[2] in INSTEAD)):
            raise ValueError(f"phrases/{language}.toml lacks {place}: write that text")
