"""A small country for the tests of `warn`: the columns of the zone map, made by hand."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.instant import NS_PER_S, ns
from tocsin.warn import Herald, Phrases
from tocsin.words import Alert, FloatArray, Int32Array, Message, Site

PHRASES = Path(__file__).resolve().parents[2] / "src/tocsin/warn/phrases"
LANGUAGES = ("uk", "he", "en", "ar", "ru")
START_NS = 1_795_334_400 * NS_PER_S  # 2026-11-22T08:00:00Z

KHARKIV = [(36.1, 49.9), (36.4, 49.9), (36.4, 50.1), (36.1, 50.1), (36.1, 49.9)]
CHUHUIV = [(36.5, 49.7), (36.9, 49.7), (36.9, 50.0), (36.5, 50.0), (36.5, 49.7)]
SUMY = [(34.6, 50.8), (35.0, 50.8), (35.0, 51.0), (34.8, 51.1), (34.6, 51.0), (34.6, 50.8)]


@dataclass(frozen=True)
class Country:
    """Three zones in two admin-1 areas."""

    country: str = "ua"
    version: str = "stand-in-1"
    ids: tuple[str, ...] = ("ua-kharkiv", "ua-chuhuiv", "ua-sumy")
    names: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "uk": ("Харків", "Чугуїв", "Суми"),
            "he": ("חרקיב", "", ""),
            "en": ("Kharkiv", "Chuhuiv", "Sumy"),
            "ar": ("خاركيف", "", "سومي"),
            "ru": ("Харьков", "Чугуев", "Сумы"),
        }
    )
    shelter_s: FloatArray = field(default_factory=lambda: np.array([90.0, np.nan, 60.0]))
    parent: Int32Array = field(default_factory=lambda: np.array([0, 0, 1], dtype=np.int32))
    parents: tuple[str, ...] = ("ua-63", "ua-59")
    foreign: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"katottg": ("UA63120270000028556", "", "UA59080270000054317")}
    )

    def row(self, zone_id: str) -> int:
        return self.ids.index(zone_id)

    def polygons(self, row: int) -> list[list[tuple[float, float]]]:
        return [[KHARKIV], [CHUHUIV], [SUMY]][row]


def phrases() -> Phrases:
    """The shipped ones."""
    return Phrases.parse(
        {path.stem: path.read_text(encoding="utf-8") for path in sorted(PHRASES.glob("*.toml"))}
    )


def site(**changes: Any) -> Site:
    """An exercise in five languages."""
    given: dict[str, Any] = {
        "name": "training-ground",
        "realm": "exercise",
        "mode": "automatic",
        "zones": "ua",
        "sender": "warnings@example.org",
        "sender_name": "Training Authority",
        "languages": LANGUAGES,
        "public_url": "https://warn.example.org",
    }
    return Site(**(given | changes))


def herald(**changes: Any) -> Herald:
    return Herald(site(**changes), Country(), phrases())


def alert(stage: str, serial: int = 1, **changes: Any) -> Alert:
    """What Kharkiv is told about drones, 5 min before they come."""
    t_ns = changes.get("t_ns", START_NS)
    given: dict[str, Any] = {
        "zone": "ua-kharkiv",
        "threat": "drone",
        "serial": serial,
        "t_ns": t_ns,
        "stage": stage,
        "level": "yellow",
        "blind": False,
        "reasons": (),
        "t_ns_arrival": t_ns + ns(300),
        "t_ns_expires": t_ns + ns(900),
        "realm": "exercise",
        "t_ns_begun": START_NS,
    }
    return Alert(**(given | changes))


def of(messages: list[Message], channel: str) -> list[Message]:
    return [message for message in messages if message.channel == channel]
