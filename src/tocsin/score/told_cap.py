"""CAP 1.2 documents of an authority as alarms: what each asked, from when, until what ended it.

A document that asks people to shelter is an alarm from its `sent` (or `effective`, if that is
later) until its `expires`, or until an Update or Cancel that refers to it was sent.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tocsin.rules.cap_tree import (
    STATUS_OF_REALM,
    Element,
    children,
    infos,
    parse,
    text_of,
    time_of,
)
from tocsin.score.told import FOREVER_NS, OPEN, SAID, Place, Record, Refused, Told
from tocsin.words import THREATS

BYTES_MAX: Final = 16 << 20
"""Of one document. Chosen: the largest real one at hand, of 93,040 points, has 2 MB."""

SCHEMES: Final = {
    "TOCSIN_ZONE": "",
    "EMMA_ID": "emma_id",
    "NUTS3": "nuts3",
    "KATOTTG": "katottg",
    "ISO3166-2": "iso3166_2",
}
"""valueName of a geocode -> scheme of the zone map; others are taken in lower case."""

_ASKS: Final = ("Shelter", "Evacuate", "Execute")
_OTHER: Final = ("Geo", "Met", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE")
"""Categories of other hazards; Safety, Security and Other may be alarms from the air."""

Key = tuple[str, str]


def read(documents: Iterable[tuple[str, bytes]], realm: str) -> Record:
    """The alarms of documents, each with the name of its file; `realm` is that of the journal: its
    own status counts, and Actual."""
    sound: list[tuple[int, str, Element]] = []
    refused: list[Refused] = []
    apart: Counter[str] = Counter()
    rows = 0
    for name, data in documents:
        rows += 1
        try:
            root = parse(data, BYTES_MAX)
            sound.append((_sent(root), name, root))
        except ValueError as error:
            refused.append(Refused(name, str(error)))
    alarms: dict[Key, list[Told]] = {}
    for t_ns, name, root in sorted(sound, key=lambda item: item[:2]):
        try:
            _enter(alarms, apart, t_ns, name, root, (STATUS_OF_REALM[realm], "Actual"))
        except ValueError as error:
            refused.append(Refused(name, str(error)))
    return Record(
        rows=rows,
        told=tuple(one for some in alarms.values() for one in some if one.t_ns_end > one.t_ns),
        refused=tuple(refused),
        apart=dict(sorted(apart.items())),
    )


def _sent(root: Element) -> int:
    """When it was sent; ValueError when that, or who sent it, cannot be told."""
    if not root.tag.endswith("}alert"):
        raise ValueError(f"the root is {root.tag}, not a CAP alert")
    for name in ("identifier", "sender", "status", "msgType"):
        if not text_of(root, name):
            raise ValueError(f"it lacks {name}")
    t_ns = time_of(text_of(root, "sent"))
    if t_ns is None:
        raise ValueError(f"sent is {text_of(root, 'sent')!r}")
    return t_ns


def _enter(
    alarms: dict[Key, list[Told]],
    apart: Counter[str],
    t_ns: int,
    name: str,
    root: Element,
    statuses: tuple[str, ...],
) -> None:
    """End what it refers to, and add what it alarms."""
    key = (text_of(root, "sender"), text_of(root, "identifier"))
    kind = text_of(root, "msgType")
    if text_of(root, "status") not in statuses:
        apart[f"status {text_of(root, 'status')}"] += 1
    elif kind not in ("Alert", "Update", "Cancel"):
        apart[f"msgType {kind}"] += 1
    elif key in alarms:
        apart["repeated"] += 1
    else:
        alarms[key] = [] if kind == "Cancel" else _told(t_ns, name, root)
        for entry in text_of(root, "references").split():
            sender, _, rest = entry.partition(",")
            referred = (sender, rest.rpartition(",")[0])
            if referred != key:
                alarms[referred] = [_cut(one, t_ns) for one in alarms.get(referred, [])]
        if not alarms[key]:
            apart["an end" if kind == "Cancel" or _over(root) else "no alarm"] += 1


def _cut(one: Told, t_ns: int) -> Told:
    return one if one.t_ns_end <= t_ns else replace(one, t_ns_end=t_ns, end=SAID)


def _over(root: Element) -> bool:
    return any("AllClear" in _texts(info, "responseType") for info in infos(root))


def _told(t_ns: int, name: str, root: Element) -> list[Told]:
    """The alarms of a document; the same in several languages once."""
    found: dict[Told, None] = {}
    for info in infos(root):
        if not _is_alarm(info):
            continue
        begin_ns = max(t_ns, time_of(text_of(info, "effective")) or t_ns)
        expires_ns = time_of(text_of(info, "expires"))
        if expires_ns is not None and expires_ns <= begin_ns:
            raise ValueError("it expires before it begins")
        areas = children(info, "area")
        if not areas:
            raise ValueError("it names no area")
        found[
            Told(
                where=name,
                places=tuple(_place(area) for area in areas),
                threat=_threat(info),
                t_ns=begin_ns,
                t_ns_end=FOREVER_NS if expires_ns is None else expires_ns,
                end=OPEN if expires_ns is None else SAID,
            )
        ] = None
    return list(found)


def _is_alarm(info: Element) -> bool:
    """Whether it asks people to shelter, or does not say what it asks; of no other hazard."""
    categories, asked = _texts(info, "category"), _texts(info, "responseType")
    if categories and all(one in _OTHER for one in categories):
        return False
    if text_of(info, "urgency") == "Past":
        return False
    return not asked or any(one in _ASKS for one in asked)


def _threat(info: Element) -> str:
    codes = {text_of(c, "valueName"): text_of(c, "value") for c in children(info, "eventCode")}
    threat = codes.get("EWS:threat", "")
    return threat if threat in THREATS else ""


def _place(area: Element) -> Place:
    pairs = ((text_of(c, "valueName"), text_of(c, "value")) for c in children(area, "geocode"))
    return Place(
        codes=tuple((SCHEMES.get(name, name.lower()), value) for name, value in pairs),
        polygons=tuple(_points(text) for text in _texts(area, "polygon")),
        circles=tuple(_circle(text) for text in _texts(area, "circle")),
        said=text_of(area, "areaDesc"),
    )


def _points(text: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [tuple(map(float, pair.split(","))) for pair in text.split()]
        return tuple((lat, lon) for lat, lon in pairs)
    except ValueError:
        raise ValueError(f"a polygon is not pairs of numbers: {text[:40]!r}") from None


def _circle(text: str) -> tuple[float, float, float]:
    try:
        centre, radius_km = text.split()
        lat, lon = centre.split(",")
        return float(lat), float(lon), 1000.0 * float(radius_km)
    except ValueError:
        raise ValueError(f"a circle is not lat,lon and a radius: {text[:40]!r}") from None


def _texts(parent: Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in children(parent, name)]
