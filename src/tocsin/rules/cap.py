"""What makes a CAP 1.2 message sound: the rule list, as data, for what we send and what we hear.

The OASIS schema accepts open polygons, an Update that refers to nothing and an empty identifier,
so being valid proves little. These rules say the rest. Sources: OASIS CAP 1.2 (1 July 2010),
section 3.2 unless another is named; the common errors that google/cap-library and the IPAWS
profile 1.0 refuse. `warn` tests every message it renders against them; `sense` judges with them.

A rule whose `must` is False is advice: a sound receiver accepts the message all the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from tocsin.rules.cap_area import AREA_RULES
from tocsin.rules.cap_tree import (
    NAMESPACE,
    SIGNATURE,
    Element,
    Known,
    Rule,
    children,
    everywhere,
    infos,
    namespace,
    text_of,
    time_of,
)

HEADLINE_CHARS_MAX: Final = 140  # google/cap-library warns above; the standard says about 160

_NAME: Final = re.compile(r"[^\s,&<]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_TRIPLE: Final = re.compile(rf"{_NAME.pattern},{_NAME.pattern},{_TIME.pattern}")
_HTML: Final = re.compile(r"</?[A-Za-z][^<>]*>|&(#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # RFC 5646, the usual part

_ORDER: Final = {
    "alert": "identifier sender sent status msgType source scope restriction addresses code note "
    "references incidents info Signature",
    "info": "language category event responseType urgency severity certainty audience eventCode "
    "effective onset expires senderName headline description instruction web contact parameter "
    "resource area",
    "resource": "resourceDesc mimeType size uri derefUri digest",
    "area": "areaDesc polygon circle geocode altitude ceiling",
}
_REQUIRED: Final = {
    "alert": "identifier sender sent status msgType scope",
    "info": "category event urgency severity certainty",
    "resource": "resourceDesc mimeType",
    "area": "areaDesc",
}
_VALUES: Final = {
    "status": "Actual Exercise System Test Draft",
    "msgType": "Alert Update Cancel Ack Error",
    "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}
_HUMAN: Final = ("event", "headline", "description", "instruction", "areaDesc", "audience")


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule and where it is broken."""

    rule: str
    detail: str
    must: bool


def findings(alert: Element, known: Known | None = None) -> list[Finding]:
    """Every broken rule of the message whose root is `alert`, in the order of `RULES`."""
    known = known or Known()
    return [
        Finding(rule.id, detail, rule.must) for rule in RULES for detail in rule.check(alert, known)
    ]


def _is_cap(alert: Element, _known: Known) -> Iterator[str]:
    if alert.tag != f"{{{NAMESPACE}}}alert":
        yield f"the root is {alert.tag}"
    for element in alert.iter(etree.Element):
        own = etree.QName(element).namespace
        if own != namespace(alert) and not _signed_part(element):
            yield f"{element.tag} is of another namespace"


def _signed_part(element: Element) -> bool:
    return element.tag == SIGNATURE or any(up.tag == SIGNATURE for up in element.iterancestors())


def _required(alert: Element, _known: Known) -> Iterator[str]:
    for part, names in _REQUIRED.items():
        for element in alert.iter(f"{{{namespace(alert)}}}{part}"):
            yield from (f"{part} lacks {n}" for n in names.split() if not text_of(element, n))


def _order(alert: Element, _known: Known) -> Iterator[str]:
    for part, names in _ORDER.items():
        places = {name: place for place, name in enumerate(names.split())}
        for element in alert.iter(f"{{{namespace(alert)}}}{part}"):
            found = [etree.QName(child).localname for child in element.iterchildren(etree.Element)]
            yield from (f"{part} may not hold {name}" for name in found if name not in places)
            ranks = [places[name] for name in found if name in places]
            if ranks != sorted(ranks):
                yield f"{part} holds its elements in another order"


def _names(alert: Element, _known: Known) -> Iterator[str]:
    for name in ("identifier", "sender"):
        text = alert.findtext(f"{{{namespace(alert)}}}{name}") or ""
        if not _NAME.fullmatch(text):
            yield f"{name} is {text!r}"


def _times(alert: Element, _known: Known) -> Iterator[str]:
    for name, text in everywhere(alert, "sent", "effective", "onset", "expires"):
        if not _TIME.fullmatch(text) or time_of(text) is None or "T24" in text:
            yield f"{name} is {text!r}"


def _values(alert: Element, _known: Known) -> Iterator[str]:
    for name, text in everywhere(alert, *_VALUES):
        if text not in _VALUES[name].split():
            yield f"{name} is {text!r}"


def _references(alert: Element, _known: Known) -> Iterator[str]:
    given = text_of(alert, "references").split()
    yield from (
        f"{entry!r} is not sender,identifier,sent"
        for entry in given
        if not _TRIPLE.fullmatch(entry)
    )
    if text_of(alert, "msgType") in ("Update", "Cancel", "Ack", "Error") and not given:
        yield f"{text_of(alert, 'msgType')} refers to nothing"


def _references_past(alert: Element, _known: Known) -> Iterator[str]:
    own = f"{text_of(alert, 'sender')},{text_of(alert, 'identifier')},"
    sent = time_of(text_of(alert, "sent"))
    for entry in text_of(alert, "references").split():
        if entry.startswith(own):
            yield "it refers to itself"
        earlier = time_of(entry.rpartition(",")[2])
        if sent is not None and earlier is not None and earlier > sent:
            yield f"{entry!r} was sent after this message"


def _references_known(alert: Element, known: Known) -> Iterator[str]:
    for entry in text_of(alert, "references").split():
        if known.messages is not None and entry not in known.messages:
            yield f"no message {entry!r} is known"


def _identifier_new(alert: Element, known: Known) -> Iterator[str]:
    own = f"{text_of(alert, 'sender')},{text_of(alert, 'identifier')}"
    if known.identifiers is not None and own in known.identifiers:
        yield f"{text_of(alert, 'identifier')!r} was used before"


def _scope(alert: Element, _known: Known) -> Iterator[str]:
    scope = text_of(alert, "scope")
    if (scope == "Restricted") != bool(text_of(alert, "restriction")):
        yield "restriction belongs to scope Restricted, and only there"
    if scope == "Private" and not text_of(alert, "addresses"):
        yield "scope Private without addresses"


def _has_info(alert: Element, _known: Known) -> Iterator[str]:
    if text_of(alert, "msgType") in ("Alert", "Update") and not infos(alert):
        yield "there is no info"


def _expires(alert: Element, _known: Known) -> Iterator[str]:
    sent = time_of(text_of(alert, "sent"))
    for info in infos(alert):
        expires = time_of(text_of(info, "expires"))
        begins = time_of(text_of(info, "effective")) or sent
        if expires is None:
            yield "an info never expires"
        elif begins is not None and expires <= begins:
            yield "an info expires before it begins"


def _languages(alert: Element, _known: Known) -> Iterator[str]:
    for _name, text in everywhere(alert, "language"):
        if not _LANGUAGE.fullmatch(text):
            yield f"language is {text!r}"


def _same_event(alert: Element, _known: Known) -> Iterator[str]:
    def kind(info: Element) -> tuple[list[str], list[str]]:
        codes = [
            f"{text_of(c, 'valueName')}={text_of(c, 'value')}" for c in children(info, "eventCode")
        ]
        return sorted(c.text or "" for c in children(info, "category")), sorted(codes)

    kinds = [kind(info) for info in infos(alert)]
    if any(one != kinds[0] for one in kinds):
        yield "category or eventCode differs between infos"


def _same_text(alert: Element, _known: Known) -> Iterator[str]:
    seen: dict[str, str] = {}
    for info in infos(alert):
        language = text_of(info, "language") or "en-US"
        for name in ("headline", "description", "instruction"):
            text = text_of(info, name)
            if text and seen.setdefault(text, language) != language:
                yield f"{name} is the same in {seen[text]} and {language}"


def _html(alert: Element, _known: Known) -> Iterator[str]:
    for name, text in everywhere(alert, *_HUMAN):
        if _HTML.search(text):
            yield f"{name} holds mark-up: {text[:60]!r}"


def _line_breaks(alert: Element, _known: Known) -> Iterator[str]:
    for name, text in everywhere(alert, "code", "polygon", "circle", "identifier", "value"):
        if "\n" in text or "\r" in text:
            yield f"{name} holds a line break"


def _headline(alert: Element, _known: Known) -> Iterator[str]:
    for _name, text in everywhere(alert, "headline"):
        if len(text) > HEADLINE_CHARS_MAX:
            yield f"a headline of {len(text)} characters"


def _web(alert: Element, _known: Known) -> Iterator[str]:
    for _name, text in everywhere(alert, "web"):
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text.strip()):
            yield f"web is {text!r}"


def _resources(alert: Element, _known: Known) -> Iterator[str]:
    for resource in alert.iter(f"{{{namespace(alert)}}}resource"):
        uri = text_of(resource, "uri")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) and not text_of(resource, "derefUri"):
            yield f"uri is {uri!r} and derefUri is absent"


def _codes(alert: Element, _known: Known) -> Iterator[str]:
    for name in ("geocode", "eventCode", "parameter"):
        for pair in alert.iter(f"{{{namespace(alert)}}}{name}"):
            if not text_of(pair, "valueName") or not text_of(pair, "value"):
                yield f"{name} {text_of(pair, 'valueName')!r} is empty"


def _signatures(alert: Element, _known: Known) -> Iterator[str]:
    if any(signature.getparent() is not alert for signature in alert.iter(SIGNATURE)):
        yield "a signature that is not a child of alert"


RULES: Final = (
    Rule("cap", "The root is alert of CAP 1.2 and all in it is of that namespace.", _is_cap),
    Rule("required", "Required elements are there and not empty.", _required),
    Rule("order", "Elements stand in the order of the schema.", _order),
    Rule("names", "identifier and sender hold no space, comma, < or &.", _names),
    Rule("times", "Times have whole seconds and a numeric offset.", _times),
    Rule("values", "Coded elements hold one of their values.", _values),
    Rule("references", "Update, Cancel, Ack and Error refer to messages.", _references),
    Rule("references_past", "References name earlier messages, never itself.", _references_past),
    Rule("references_known", "References name messages that exist.", _references_known),
    Rule("identifier_new", "An identifier is used once.", _identifier_new),
    Rule("scope", "restriction and addresses go with their scope.", _scope),
    Rule("info", "Alert and Update say something.", _has_info),
    Rule("expires", "Every info expires, after it begins.", _expires),
    Rule("language", "language is a BCP 47 tag.", _languages),
    Rule("same_event", "Every info has the same category and eventCode.", _same_event),
    Rule("same_text", "Two languages do not have the same text.", _same_text),
    Rule("html", "Texts hold no mark-up.", _html),
    Rule("line_breaks", "Codes and shapes hold no line break.", _line_breaks),
    Rule("headline", f"A headline has at most {HEADLINE_CHARS_MAX} characters.", _headline, False),
    Rule("web", "web is an absolute address.", _web),
    Rule("resource", "A resource has an absolute address or its content.", _resources),
    Rule("codes", "geocode, eventCode and parameter have a name and a value.", _codes),
    Rule("signature", "Signatures are children of alert.", _signatures),
    *AREA_RULES,
)
