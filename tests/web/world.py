"""A small made-up country for the page: hexagonal zones in four areas, some of them warned."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Json = dict[str, Any]

LANGUAGES: Final = ("uk", "he", "en", "ar", "ru")
AREAS: Final = {
    "xx-1": {"uk": "Північ", "he": "צפון", "en": "North", "ar": "الشمال", "ru": "Север"},
    "xx-2": {"uk": "Схід", "he": "מזרח", "en": "East", "ar": "الشرق", "ru": "Восток"},
    "xx-3": {"uk": "Південь", "he": "דרום", "en": "South", "ar": "الجنوب", "ru": "Юг"},
    "xx-4": {"uk": "Захід", "he": "מערב", "en": "West", "ar": "الغرب", "ru": "Запад"},
}
ROWS: Final = 12
COLUMNS: Final = 16
SIZE_DEG: Final = 0.3
SHELTER_S: Final = 90
STALE_AFTER_S: Final = 15
WORDS: Final = {
    "uk": ("Загроза з повітря", "Ідіть в укриття."),
    "he": ("איום מהאוויר", "היכנסו למרחב המוגן."),
    "en": ("Danger from the air", "Go to shelter."),
}


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def after(seconds: float) -> str:
    """ISO time so many seconds from now."""
    return iso(datetime.now(UTC) + timedelta(seconds=seconds))


def outlines() -> Json:
    """`/v1/zones.geojson`: hexagons in rows, each row shifted by half a hexagon."""
    cells = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    features = [hexagon(row, column) for row, column in cells]
    return {"type": "FeatureCollection", "features": features, "parents": AREAS}


def zone_id(row: int, column: int) -> str:
    return f"xx-{row:02d}-{column:02d}"


def zone_names(zone: str) -> dict[str, str]:
    number = zone.removeprefix("xx-")
    return {"uk": f"Зона {number}", "he": f"אזור {number}", "en": f"Zone {number}"}


def hexagon(row: int, column: int) -> Json:
    """One zone; its area is the quarter of the country in which it lies."""
    lon = 30 + 1.75 * SIZE_DEG * (column + row % 2 / 2)
    lat = 50 - 1.0 * SIZE_DEG * row
    corners = [math.radians(60 * k + 30) for k in range(7)]
    ring = [[lon + SIZE_DEG * math.cos(a), lat + SIZE_DEG * 0.66 * math.sin(a)] for a in corners]
    properties = {
        "id": zone_id(row, column),
        "names": zone_names(zone_id(row, column)),
        "parent": f"xx-{1 + 2 * (row // 6) + column // 8}",
        "shelter_s": SHELTER_S,
    }
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {
        "type": "Feature",
        "id": properties["id"],
        "properties": properties,
        "geometry": geometry,
    }


def zone(
    zone_id: str,
    stage: str,
    *,
    threat: str = "drone",
    level: str = "yellow",
    arrival_s: float | None = None,
    serial: int = 1,
    realm: str = "exercise",
) -> Json:
    """One element of `zones[]` in the state document."""
    arrival = None if arrival_s is None else after(arrival_s)
    one = {
        "threat": threat,
        "level": level,
        "stage": stage,
        "alert": f"{realm}:{zone_id}:{threat}:{serial}",
        "since": after(-30),
        "expires": after(600),
        "arrival": arrival,
    }
    texts = {lang: {"headline": h, "instruction": i} for lang, (h, i) in WORDS.items()}
    return {
        "id": zone_id,
        "names": zone_names(zone_id),
        "parent": "xx-1",
        "stage": stage,
        "threats": [one],
        "level": level,
        "arrival": arrival,
        "shelter_s": SHELTER_S,
        "blind": False,
        "text": texts,
    }


def raid() -> list[Json]:
    """Every stage at once, least urgent first, so that the page has something to sort."""
    return [
        zone("xx-05-05", "all_clear", level="none"),
        zone("xx-05-01", "cancelled", level="none"),
        zone("xx-03-07", "stand_by", arrival_s=900),
        zone("xx-03-06", "early", arrival_s=420),
        zone("xx-02-05", "stay", arrival_s=-20),
        zone("xx-02-04", "take_cover", arrival_s=140),
        zone("xx-01-04", "take_cover", threat="ballistic", level="red", arrival_s=75),
    ]


def state(zones: list[Json], *, realm: str, mode: str, serial: int) -> Json:
    """The state document as of now."""
    now = datetime.now(UTC)
    return {
        "v": 1,
        "realm": realm,
        "mode": mode,
        "site": "Stand-in",
        "as_of": iso(now),
        "t_ns": int(now.timestamp() * 1e9),
        "serial": serial,
        "country": "xx",
        "map_version": "1",
        "stale_after_s": STALE_AFTER_S,
        "zones": zones,
        "blind": [{"parent": "xx-4", "threat": "drone"}],
    }
