"""Alert to CAP 1.2: one document per alert, one info per language, compact and unsigned.

Compact means no white space between elements: some verifiers strip it before they check the
signature, and then genuine messages fail. What each stage says in CAP's coded words is the table
`STAGE_CODES`. A run begins with Alert; every later message is an Update that refers to all that
are still in force; a mistake ends with Cancel, which an all-clear never is.

Never a track, a chance or a sensor: certainty follows from the stage alone, by the table.
"""

from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
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
CODED_KEPT: Final = 256
"""Sets of coded words whose elements are kept; chosen: each threat at each stage, and some more."""
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


class CapMessage(msgspec.Struct, frozen=True):
    """A rendered document with what the feed and later references need."""

    sent: Sent
    payload: bytes


def cap_message(
    now_ns: int, site: Site, told: Told, others: str, area: Element, texts: Texts
) -> CapMessage | None:
    """The document for the alert of `told`, None when CAP has nothing to say.

    `told.sent` are the earlier messages to refer to; `others` is the stage that the zone shows
    because of its other threats (``none`` without any): while one is in force, the end of this
    one is no all-clear, for a siren reads only the code. `area` is that of `area_element`.
    """
    sent = sent_of(now_ns, told)
    if sent is None:
        return None
    job = _Job(now_ns, sent.t_ns_expires, site, told, others, texts)
    root = _root("alert")
    _head(root, job)
    for language in texts.languages:
        info = _info(language, job)
        named = deepcopy(area)
        named[0].text = texts.zone_name(language, told.alert.zone)
        info.append(named)
        root.append(info)
    payload = XML_HEAD + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return CapMessage(sent, payload)


def area_element(polygons: Sequence[str], codes: Sequence[tuple[str, str]]) -> Element:
    """A zone as CAP shows it, but for its name: its polygons (lat,lon text) and its codes."""
    area = _root("area")
    _add(area, "areaDesc", "")
    for polygon in polygons:
        _add(area, "polygon", polygon)
    for value_name, value in codes:
        _pair(area, "geocode", value_name, value)
    return area


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


def _info(language: str, job: _Job) -> Element:
    """The info of `job` in `language`, without its area."""
    told, alert = job.told, job.told.alert
    grave = told.active and not told.notice
    severity = SEVERITY[alert.threat] if grave else "Minor"
    code, sender_name = codes(told, job.others), job.site.sender_name
    coded = _coded(code, severity, alert.threat, told.stage, alert.level, sender_name)
    info = deepcopy(coded)  # much quicker than to make it anew
    said = job.texts.said(language, told, job.others if _in_danger(job.others) else "none")
    info[_LANGUAGE].text = language
    info[_EVENT].text = said.event
    info[_EXPIRES].text = cap_time(job.expires_ns)
    info[_HEADLINE].text = said.headline
    info[_DESCRIPTION].text = job.texts.description(language, job.now_ns, told, said.headline)
    info[_INSTRUCTION].text = said.instruction
    if told.active and alert.t_ns_arrival:
        _pair(info, "parameter", "EWS:arrival", cap_time(alert.t_ns_arrival))
    if told.late:
        _pair(info, "parameter", "EWS:late", "true")
    return info


_LANGUAGE, _EVENT, _EXPIRES, _HEADLINE, _DESCRIPTION, _INSTRUCTION = 0, 3, 9, 11, 12, 13
"""Where in the info of `_coded` the elements stand that `_info` fills."""


@lru_cache(CODED_KEPT)
def _coded(
    code: Codes, severity: str, threat: str, stage: str, level: str, sender_name: str
) -> Element:
    """An info with all but times and texts, whose elements are empty: to be copied and filled."""
    info = _root("info")
    _add(info, "language", "")
    _add(info, "category", "Safety")
    _add(info, "category", "Security")
    _add(info, "event", "")
    _add(info, "responseType", code.response)
    _add(info, "urgency", code.urgency)
    _add(info, "severity", severity)
    _add(info, "certainty", code.certainty)
    _pair(info, "eventCode", "EWS:threat", threat)
    _add(info, "expires", "")
    _add(info, "senderName", sender_name)
    _add(info, "headline", "")
    _add(info, "description", "")
    _add(info, "instruction", "")
    _pair(info, "parameter", "EWS:stage", stage)
    _pair(info, "parameter", "EWS:level", level)
    return info


def _in_danger(stage: str) -> bool:
    return stage not in ("none", "notice", *ENDED)


def _add(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{_IN}{name}").text = text


def _root(name: str) -> Element:
    return etree.fromstring(f'<{name} xmlns="{NAMESPACE}"/>')


def _pair(parent: Element, name: str, value_name: str, value: str) -> None:
    pair = etree.SubElement(parent, f"{_IN}{name}")
    _add(pair, "valueName", value_name)
    _add(pair, "value", value)
