"""The public state document and the events: what every page, phone and siren reads.

The fields, their order and their meaning are a contract with the web pages and other clients. The
order of the fields is that of the classes below, so the same state gives the same bytes.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from tocsin.instant import iso
from tocsin.rules.alerts import alert_id
from tocsin.warn.texts import Texts
from tocsin.warn.told import ENDED, Shown, Told, Zones
from tocsin.words import Site

VERSION: Final = 1
STALE_AFTER_S: Final = 15
"""Three missed documents: a client that sees an older one says that it knows nothing."""


class ThreatState(msgspec.Struct, frozen=True):
    """One threat of a zone."""

    threat: str
    level: str
    stage: str
    alert: str
    since: str
    expires: str
    arrival: str | None
    late: bool


class ZoneText(msgspec.Struct, frozen=True):
    """What the zone is told, in one language."""

    headline: str
    instruction: str


class ZoneState(msgspec.Struct, frozen=True):
    """One zone: the fold of its threats. `late`: drop where you are, shelter is too far."""

    id: str
    names: dict[str, str]
    parent: str
    stage: str
    threats: list[ThreatState]
    level: str
    arrival: str | None
    shelter_s: int | None
    blind: bool
    text: dict[str, ZoneText]
    late: bool


class BlindArea(msgspec.Struct, frozen=True):
    """An admin-1 area where some zone is not watched for a threat."""

    parent: str
    threat: str


class StateDocument(msgspec.Struct, frozen=True):
    """Everything that is shown now. `serial` grows with every state and event of this herald."""

    v: int
    realm: str
    mode: str
    site: str
    as_of: str
    t_ns: int
    serial: int
    country: str
    map_version: str
    stale_after_s: int
    zones: list[msgspec.Raw]
    blind: list[BlindArea]


class EventDocument(msgspec.Struct, frozen=True):
    """One alert, for those who wait on a stream. `kind` follows what the *zone* shows."""

    v: int
    realm: str
    serial: int
    t_ns: int
    kind: str
    alert: str
    zone: msgspec.Raw


def zone_state(
    zone: str, shown: Shown, speaker: Told | None, blind: bool, zones: Zones, texts: Texts
) -> bytes:
    """The JSON of one zone; `speaker` is the threat whose words it is told, None for silence."""
    row = zones.row(zone)
    shelter_s = float(zones.shelter_s[row])
    state = ZoneState(
        id=zone,
        names={language: texts.zone_name(language, zone) for language in texts.languages},
        parent=zones.parents[int(zones.parent[row])],
        stage=shown.stage,
        threats=[_threat(told) for told in shown.threats],
        level=shown.level,
        arrival=_instant(shown.t_ns_arrival),
        shelter_s=None if np.isnan(shelter_s) else round(shelter_s),
        blind=blind,
        text=_texts(speaker, texts),
        late=speaker is not None and speaker.late,
    )
    return msgspec.json.encode(state)


def state_document(
    now_ns: int,
    serial: int,
    site: Site,
    zones: Zones,
    entries: Sequence[bytes],
    blind: Sequence[tuple[str, str]],
) -> bytes:
    """The whole state; `entries` are `zone_state` texts in the order of the map."""
    return msgspec.json.encode(
        StateDocument(
            v=VERSION,
            realm=site.realm,
            mode=site.mode,
            site=site.name,
            as_of=iso(now_ns),
            t_ns=now_ns,
            serial=serial,
            country=zones.country,
            map_version=zones.version,
            stale_after_s=STALE_AFTER_S,
            zones=[msgspec.Raw(entry) for entry in entries],
            blind=[BlindArea(parent, threat) for parent, threat in blind],
        )
    )


def event_document(now_ns: int, serial: int, told: Told, shown: Shown, entry: bytes) -> bytes:
    """The event for the alert of `told`, in a zone that now shows `shown`."""
    return msgspec.json.encode(
        EventDocument(
            v=VERSION,
            realm=told.alert.realm,
            serial=serial,
            t_ns=now_ns,
            kind=_kind(told, shown),
            alert=alert_id(told.alert),
            zone=msgspec.Raw(entry),
        )
    )


def _kind(told: Told, shown: Shown) -> str:
    """alert, update, notice, all_clear or cancelled.

    An end is announced only if the whole zone shows it: a client that turns green on `all_clear`
    must not do so for the drones while the missiles still fly.
    """
    if told.stage in ENDED:
        return told.stage if shown.stage == told.stage else "update"
    if told.notice:
        return "notice" if shown.stage == "notice" else "update"
    return "alert" if told.active and not told.sent else "update"


def _threat(told: Told) -> ThreatState:
    alert = told.alert
    return ThreatState(
        threat=alert.threat,
        level=alert.level,
        stage=told.stage,
        alert=alert_id(alert),
        since=iso(alert.t_ns_begun or alert.t_ns),
        expires=iso(alert.t_ns_expires),
        arrival=_instant(alert.t_ns_arrival) if told.active else None,
        late=told.late,
    )


def _texts(speaker: Told | None, texts: Texts) -> dict[str, ZoneText]:
    if speaker is None:
        return {}
    found = {}
    for language in texts.languages:
        said = texts.said(language, speaker)
        found[language] = ZoneText(said.headline, said.instruction)
    return found


def _instant(t_ns: int) -> str | None:
    return iso(t_ns) if t_ns else None
