"""Alert to CAP 1.2: one document per alert, one info per language, compact and unsigned.

Compact means no white space between elements: some verifiers strip it before they check the
signature, and then genuine messages fail. What each stage says in CAP's coded words is the table
`STAGE_CODES`. A run begins with Alert; every later message is an Update that refers to all that
are still in force; a mistake ends with Cancel, which an all-clear never is.

Never a track, a chance or a sensor: certainty follows from the stage alone, by the table.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from lxml import etree

from tocsin.instant import NS_PER_S, cap_time
from tocsin.rules.alerts import alert_id
from tocsin.rules.cap_tree import NAMESPACE, STATUS_OF_REALM, XML_HEAD, Element
from tocsin.warn.texts import Texts
from tocsin.warn.told import ENDED, REFERENCES_MAX, Sent, Told
from tocsin.words import Site

EXPIRES_NS_MIN: Final = 60 * NS_PER_S  # chosen: no message is void before it was read
ENDED_EXPIRES_NS_MIN: Final = 600 * NS_PER_S  # as long as the end stays on display
ZONE_CODE: Final = "TOCSIN_ZONE"
GEOCODES: Final = {
    "katottg": "KATOTTG",
    "hfc_segment": "HFC_SEGMENT",
    "geonames": "GEONAMES",
    "nuts3": "NUTS3",
    "emma_id": "EMMA_ID",
}
"""Foreign ids of the zone map that name exactly the zone, and how CAP calls them. Codes of larger
areas stay out: receivers warn the union of all that an area names."""
_EMPTY: Final = f'<alert xmlns="{NAMESPACE}"/>'
_IN: Final = f"{{{NAMESPACE}}}"


class Codes(NamedTuple):
    """CAP's coded words for one stage."""

    response: str
    urgency: str
    certainty: str


STAGE_CODES: Final = {
    "stand_by": Codes("Monitor", "Expected", "Possible"),
    "early": Codes("Prepare", "Expected", "Likely"),
    "take_cover": Codes("Shelter", "Immediate", "Observed"),
    "stay": Codes("Shelter", "Immediate", "Observed"),
    "standing": Codes("Prepare", "Expected", "Likely"),
    "notice": Codes("Monitor", "Unknown", "Possible"),
    "all_clear": Codes("AllClear", "Past", "Observed"),
    "cancelled": Codes("None", "Past", "Unlikely"),
}
SEVERITY: Final = {"drone": "Severe", "cruise": "Extreme", "ballistic": "Extreme"}


class Area(msgspec.Struct, frozen=True):
    """A zone as CAP names it: its polygons (lat,lon text) and its codes."""

    polygons: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]


class CapMessage(msgspec.Struct, frozen=True):
    """A rendered document with what the feed and later references need."""

    sent: Sent
    payload: bytes


def cap_message(
    now_ns: int, site: Site, told: Told, others: str, area: Area, texts: Texts
) -> CapMessage | None:
    """The document for the alert of `told`, None when CAP has nothing to say.

    `told.sent` are the earlier messages to refer to; `others` is the stage that the zone shows
    because of its other threats (``none`` without any): while one is in force, the end of this
    one is no all-clear, for a siren reads only the code.
    """
    sent = sent_of(now_ns, told)
    if sent is None:
        return None
    job = _Job(now_ns, sent.t_ns_expires, site, told, others, texts)
    root = etree.fromstring(_EMPTY)
    _head(root, job)
    for language in texts.languages:
        info = etree.SubElement(root, f"{_IN}info")
        _info(info, language, job)
        _area(info, area, texts.zone_name(language, told.alert.zone))
    payload = XML_HEAD + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return CapMessage(sent, payload)


class _Job(NamedTuple):
    """What every part of one document needs."""

    now_ns: int
    expires_ns: int
    site: Site
    told: Told
    others: str
    texts: Texts


def sent_of(now_ns: int, told: Told) -> Sent | None:
    """How later messages will refer to the document for `told`; None if there is none.

    Nothing is said when a run ends silently, nor to cancel what CAP receivers never heard.
    """
    stage = told.alert.stage
    if stage == "none" or (stage == "cancelled" and not told.sent):
        return None
    floor_ns = ENDED_EXPIRES_NS_MIN if stage in ENDED else EXPIRES_NS_MIN
    expires_ns = max(told.alert.t_ns_expires, now_ns + floor_ns)
    return Sent(alert_id(told.alert), now_ns, expires_ns)


def in_force(now_ns: int, sent: Sequence[Sent]) -> tuple[Sent, ...]:
    """The messages to refer to: those not yet expired, or the last one if all are."""
    living = [message for message in sent if message.t_ns_expires > now_ns]
    return tuple(living[-REFERENCES_MAX:]) or tuple(sent[-1:])


def codes(told: Told, others: str) -> Codes:
    """CAP's coded words for `told` while the zone's other threats show `others`.

    A warning that is too late for the way to shelter is Shelter too: CAP 1.2 (3.2.2) means by it
    "take shelter in place or per instruction", and a siren that knows only this word must sound.
    """
    own = STAGE_CODES[told.alert.stage]
    if told.active:
        return own
    if _in_danger(others):
        return own._replace(response=STAGE_CODES[others].response)
    if told.stage == "none":
        return own._replace(response="Monitor")
    return own


def _head(root: Element, job: _Job) -> None:
    site, told = job.site, job.told
    cancelled = told.alert.stage == "cancelled"
    _add(root, "identifier", alert_id(told.alert))
    _add(root, "sender", site.sender)
    _add(root, "sent", cap_time(job.now_ns))
    _add(root, "status", STATUS_OF_REALM[site.realm])
    _add(root, "msgType", "Cancel" if cancelled else "Update" if told.sent else "Alert")
    _add(root, "scope", "Public")
    note = job.texts.note(cancelled)
    if note:
        _add(root, "note", note)
    if told.sent:
        triples = (f"{site.sender},{r.identifier},{cap_time(r.t_ns)}" for r in told.sent)
        _add(root, "references", " ".join(triples))


def _info(info: Element, language: str, job: _Job) -> None:
    told, alert, code = job.told, job.told.alert, codes(job.told, job.others)
    said = job.texts.said(language, told, job.others if _in_danger(job.others) else "none")
    description = job.texts.description(language, job.now_ns, told, said.headline)
    _add(info, "language", language)
    _add(info, "category", "Safety")
    _add(info, "category", "Security")
    _add(info, "event", said.event)
    _add(info, "responseType", code.response)
    _add(info, "urgency", code.urgency)
    grave = told.active and not told.notice
    _add(info, "severity", SEVERITY[alert.threat] if grave else "Minor")
    _add(info, "certainty", code.certainty)
    _pair(info, "eventCode", "EWS:threat", alert.threat)
    _add(info, "expires", cap_time(job.expires_ns))
    _add(info, "senderName", job.site.sender_name)
    _add(info, "headline", said.headline)
    _add(info, "description", description)
    _add(info, "instruction", said.instruction)
    _pair(info, "parameter", "EWS:stage", told.stage)
    _pair(info, "parameter", "EWS:level", alert.level)
    if told.active and alert.t_ns_arrival:
        _pair(info, "parameter", "EWS:arrival", cap_time(alert.t_ns_arrival))
    if told.late:
        _pair(info, "parameter", "EWS:late", "true")


def _in_danger(stage: str) -> bool:
    return stage not in ("none", "notice", *ENDED)


def _area(info: Element, area: Area, name: str) -> None:
    element = etree.SubElement(info, f"{_IN}area")
    _add(element, "areaDesc", name)
    for polygon in area.polygons:
        _add(element, "polygon", polygon)
    for value_name, value in area.codes:
        _pair(element, "geocode", value_name, value)


def _add(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{_IN}{name}").text = text


def _pair(parent: Element, name: str, value_name: str, value: str) -> None:
    pair = etree.SubElement(parent, f"{_IN}{name}")
    _add(pair, "valueName", value_name)
    _add(pair, "value", value)
