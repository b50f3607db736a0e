"""Phrases made into the texts of one alert, marked with the realm: what leaves in human words.

A complete warning says its source, the danger, the place, what to do and when (Mileti and
Sorensen, *Communication of Emergency Public Warnings*, 1990). The arrival is told from the moment
of sending, rounded down, because a message is read later than it was written.
"""

from typing import Any, Final, NamedTuple

from tocsin.instant import NS_PER_S
from tocsin.rules.cap import HEADLINE_CHARS_MAX
from tocsin.warn.told import ENDED, Told, Zones
from tocsin.warn.wording import LATE, Language, Phrases, fill
from tocsin.words import Site

IMMINENT_S: Final = 10  # chosen: nobody acts on a number this small
SECONDS_BELOW_S: Final = 120  # below two minutes people think in seconds
_HEADLINES_MAX: Final = 20_000  # kept: chosen, a few megabytes


class Said(NamedTuple):
    """The texts of one alert in one language."""

    event: str
    headline: str
    instruction: str


class Texts:
    """Everything that is said in words: languages of the site, names of its zones, its realm."""

    def __init__(self, site: Site, zones: Zones, phrases: Phrases) -> None:
        self._site = site
        self._zones = zones
        # In shadow mode nothing leaves: a site may run beside its sensors before a review.
        reviewed_for = "test" if site.mode == "shadow" else site.realm
        self._tables = phrases.for_realm(reviewed_for, site.languages).languages
        self.languages = tuple(self._tables)
        self._headlines: dict[tuple[str, str, str], str] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the headlines, which are written again when they are asked for."""
        return {**self.__dict__, "_headlines": {}}

    def zone_name(self, language: str, zone: str) -> str:
        """The zone's name in `language`, else in English, else as GeoNames has it, else its id."""
        row = self._zones.row(zone)
        for key in (language, "en", "und"):
            names = self._zones.names.get(key, ())
            if names and names[row]:
                return names[row]
        return zone

    def said(self, language: str, told: Told, others: str = "none") -> Said:
        """What `told` says; `others` is the stage in which other threats still endanger its zone,
        ``none`` when none does."""
        table = self._tables[language]
        alert = told.alert
        event = self.mark(language, table.threat[alert.threat].event)
        if told.stage == "none":
            headline, advice = table.words["unwatched"], table.words["unwatched_advice"]
        else:
            saying = table.saying(alert.threat, LATE if told.late else told.stage)
            headline, advice = saying.headline, saying.instruction
        if others != "none" and told.stage in ENDED:
            advice = table.words["others"]
            if others == "standing":  # it lasts for months: nobody stays in shelter for all of it
                advice = table.words.get("others_standing") or advice
        return Said(
            event, self._headline(language, headline, alert.zone), self.mark(language, advice)
        )

    def description(self, language: str, now_ns: int, told: Told, headline: str) -> str:
        """The whole warning in one paragraph: danger, place and guidance, source, time."""
        table = self._tables[language]
        source = fill(table.words["source"], sender=self._site.sender_name)
        parts = [headline, source]
        if told.active and told.stage not in ("standing", "notice"):
            parts.append(_arrival(table, told.alert.t_ns_arrival, now_ns))
        if told.active and told.alert.resumed:
            parts.append(table.words.get("resumed", ""))
        return " ".join(part for part in parts if part)

    def note(self, cancelled: bool) -> str:
        """CAP's note: why a message was cancelled, which exercise this is; "" otherwise."""
        first = self.languages[0]
        if cancelled:
            return self.mark(first, self._tables[first].words["mistake"])
        return "" if self._site.realm == "live" else self.mark(first, self._site.name)

    def mark(self, language: str, text: str) -> str:
        """`text` that says, first of all, that this is an exercise or a test; unchanged live."""
        if self._site.realm == "live":
            return text
        return f"{self._tables[language].words[self._site.realm]}. {text}"

    def _headline(self, language: str, text: str, zone: str) -> str:
        """The marked headline; a zone's name too long for it is cut, never the guidance.

        In a raid the same is said of a zone again and again: it is written once.
        """
        key = (language, text, zone)
        if key not in self._headlines:
            if len(self._headlines) >= _HEADLINES_MAX:
                self._headlines.clear()
            self._headlines[key] = self._written(language, text, zone)
        return self._headlines[key]

    def _written(self, language: str, text: str, zone: str) -> str:
        name = self.zone_name(language, zone)
        over = len(self.mark(language, fill(text, zone=name))) - HEADLINE_CHARS_MAX
        if over > 0:
            name = name[: max(1, len(name) - over - 1)].rstrip() + "…"
        return self.mark(language, fill(text, zone=name))


def _arrival(table: Language, t_ns_arrival: int, now_ns: int) -> str:
    if not t_ns_arrival:
        return table.words["arrival_unknown"]
    left_s = (t_ns_arrival - now_ns) // NS_PER_S
    if left_s < IMMINENT_S:
        return table.words["arrival_now"]
    if left_s < SECONDS_BELOW_S:
        return fill(table.words["arrival_seconds"], seconds=left_s - left_s % 10)
    return fill(table.words["arrival_minutes"], minutes=left_s // 60)
