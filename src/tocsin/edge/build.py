"""Site, zone map and phrases from disk, and the engine made of them.

What the engine is made of travels as `parts` (bytes by name), which the journal keeps: so a replay
is built from the very same bytes.
"""

import copyreg
import hashlib
import io
import pickle
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from tocsin.decide import POLICIES, Policy, Sight
from tocsin.edge import terrain
from tocsin.edge.journal import Journal
from tocsin.edge.site import BadSite
from tocsin.engine import Engine
from tocsin.warn import Phrases
from tocsin.words import Site
from tocsin.zones.map import ZoneMap

SHIPPED_MAPS = ("ua", "il")
_MIND = frozenset(
    ("air.py", "decide", "engine.py", "geo.py", "instant.py", "predict", "rules", "sense", "track",
     "warn", "words", "zones")
)  # fmt: skip
"""The rooms of which a frozen state has objects."""
PARTS = ("site", "zones", "phrases", "sight")
"""What an engine may be made of; only a site with an elevation file has a sight."""


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
    found = {
        "site": msgspec.json.encode(site),
        "zones": zone_map_bytes(site.zones, beside),
        "phrases": msgspec.json.encode(phrase_texts()),
    }
    if site.elevation:
        sight, _absent = over_ground(site, _zone_map(found["zones"]), beside)
        assert sight is not None
        found["sight"] = sight.to_bytes()
    return found


def kept_parts(journal: Journal) -> dict[str, bytes]:
    """What the engine of `journal` was made of."""
    return {name: journal.part(name) for name in PARTS if journal.has_part(name)}


def sight_of(given: dict[str, bytes]) -> Sight | None:
    """What the sensors of the site see over its ground; None without an elevation file."""
    return Sight.from_bytes(given["sight"]) if "sight" in given else None


def over_ground(
    site: Site, zones: ZoneMap, beside: Path = Path()
) -> tuple[Sight | None, tuple[str, ...]]:
    """What the sensors see over the elevation tiles of the site, if it has any, and the names of
    the tiles that were taken as sea. Raises BadSite."""
    if not site.elevation:
        return None, ()
    try:
        ground = terrain.Ground.read(beside / site.elevation)
        found = terrain.sight(site, zones, ground)
    except ValueError as error:
        raise BadSite(f"elevation: {error}") from error
    return found, tuple(sorted(ground.absent.values()))


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
        return Engine(site, zones, phrases, policy, sight_of(given))
    except ValueError as error:
        raise BadSite(str(error)) from error


@lru_cache(maxsize=2)
def _zone_map(data: bytes) -> ZoneMap:
    """The map, which is frozen, read once: a start makes two engines, and this takes 0.2 s."""
    return ZoneMap.from_bytes(data)


@cache
def _program() -> bytes:
    """Digest of the sources of the mind."""
    package = Path(__file__).resolve().parents[1]
    sources = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0]
        if room in _MIND:
            sources.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    return sources.digest()


def freeze(mind: Engine) -> bytes:
    """The state of `mind`, without zone map and sight: large, frozen, and among the parts. Before
    it stands of which program it is."""
    buffer = io.BytesIO()
    buffer.write(_program())
    _Freezer(buffer, protocol=5).dump(mind)
    return buffer.getvalue()


def thaw(state: bytes, zones: ZoneMap, sight: Sight | None = None) -> Engine:
    """The engine that `freeze` wrote. Raises BadSite when another program did: what it remembers
    has other names in it, and would fail one batch after the other."""
    program = _program()
    if not state.startswith(program):
        raise BadSite(
            "journal: its memory was written by another version of the program: start that version"
            " again, or move the journal away to begin a new one"
        )
    frozen = io.BytesIO(state[len(program) :])
    mind = _Thawer(frozen, {"zones": zones, "sight": sight}).load()
    assert isinstance(mind, Engine)
    return mind


def _outside(name: str) -> ZoneMap | Sight:
    """Stands in a frozen state for a part that lies outside it; `_Thawer` puts the part there."""
    raise AssertionError(f"{name}: a frozen state is read with `thaw`")


class _Freezer(pickle.Pickler):
    # By type, for to be asked about each of 70,000 objects would take most of the time.
    dispatch_table = copyreg.dispatch_table | {
        ZoneMap: lambda _: (_outside, ("zones",)),
        Sight: lambda _: (_outside, ("sight",)),
    }


class _Thawer(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, outside: dict[str, ZoneMap | Sight | None]) -> None:
        super().__init__(buffer)
        self._given = outside

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == (__name__, _outside.__name__):
            return self._part
        return super().find_class(module_name, global_name)

    def _part(self, name: str) -> ZoneMap | Sight:
        part = self._given[name]
        assert part is not None, "the state was frozen with other parts"
        return part
