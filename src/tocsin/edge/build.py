"""Site, zone map and phrases from disk, and the engine made of them.

What the engine is made of travels as `parts` (bytes by name), which the journal keeps: so a replay
is built from the very same bytes.
"""

import io
import pickle
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from tocsin.decide import POLICIES, Policy
from tocsin.edge.site import BadSite
from tocsin.engine import Engine
from tocsin.warn import Phrases
from tocsin.words import Site
from tocsin.zones.map import ZoneMap

SHIPPED_MAPS = ("ua", "il")


def zone_map_bytes(name: str, beside: Path = Path()) -> bytes:
    """The compiled zone map `name`: a shipped one, or a path (relative to `beside`)."""
    if name in SHIPPED_MAPS:
        return files("tocsin").joinpath("data", "zones", f"{name}.zones").read_bytes()
    path = beside / name
    if not path.is_file():
        raise BadSite(
            f"zones: no zone map {name!r}: give {' or '.join(map(repr, SHIPPED_MAPS))}, or the"
            " path of a map made with 'tocsin zones build' or 'tocsin zones import'"
        )
    return path.read_bytes()


def phrase_texts() -> dict[str, str]:
    """The shipped phrase files, language -> TOML text."""
    folder = files("tocsin").joinpath("warn", "phrases")
    texts = {
        item.name.removesuffix(".toml"): item.read_text(encoding="utf-8")
        for item in folder.iterdir()
        if item.name.endswith(".toml")
    }
    return dict(sorted(texts.items()))


def parts(site: Site, beside: Path = Path()) -> dict[str, bytes]:
    """Everything the engine is made of. Raises BadSite with one line that says how to mend it."""
    return {
        "site": msgspec.json.encode(site),
        "zones": zone_map_bytes(site.zones, beside),
        "phrases": msgspec.json.encode(phrase_texts()),
    }


def policy_of(name: str) -> Policy:
    """The shipped policy of that name; BadSite names those that there are."""
    if name not in POLICIES:
        raise BadSite(f"policy: no policy {name!r}: choose from {', '.join(POLICIES)}")
    return POLICIES[name]


def engine(given: dict[str, bytes]) -> Engine:
    """A new engine of these parts. Raises BadSite when they do not fit together."""
    site = msgspec.json.decode(given["site"], type=Site)
    policy = policy_of(site.policy)
    try:
        zones = _zone_map(given["zones"])
        phrases = Phrases.parse(msgspec.json.decode(given["phrases"], type=dict[str, str]))
        return Engine(site, zones, phrases, policy)
    except ValueError as error:
        raise BadSite(str(error)) from error


@lru_cache(maxsize=2)
def _zone_map(data: bytes) -> ZoneMap:
    """The map, which is frozen, read once: a start makes two engines, and this takes 0.2 s."""
    return ZoneMap.from_bytes(data)


def freeze(mind: Engine) -> bytes:
    """The state of `mind`, without the zone map (it is large, frozen, and among the parts)."""
    buffer = io.BytesIO()
    _Freezer(buffer, protocol=5).dump(mind)
    return buffer.getvalue()


def thaw(state: bytes, zones: ZoneMap) -> Engine:
    """The engine that `freeze` wrote."""
    mind = _Thawer(io.BytesIO(state), zones).load()
    assert isinstance(mind, Engine)
    return mind


class _Freezer(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        return "zones" if isinstance(obj, ZoneMap) else None


class _Thawer(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, zones: ZoneMap) -> None:
        super().__init__(buffer)
        self._zones = zones

    def persistent_load(self, pid: Any) -> ZoneMap:
        assert pid == "zones", "only the zone map is kept outside"
        return self._zones
