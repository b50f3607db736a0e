"""The Atom feed (RFC 4287) of the CAP messages that are in force.

Written by hand: the usual library loses the media type of the link, and with it the one thing by
which an aggregator knows that CAP is behind it. A message that another has replaced leaves the
feed; who follows the feed sees for each run the newest word, and its references say the rest.
"""

import hashlib
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec
from lxml import etree

from tocsin.instant import NS_PER_DAY, atom_time
from tocsin.rules.alerts import alert_id
from tocsin.rules.cap_tree import MEDIA_TYPE, XML_HEAD, Element
from tocsin.warn.cap import CapMessage
from tocsin.warn.texts import Texts
from tocsin.warn.told import Told
from tocsin.words import Site

ATOM: Final = "http://www.w3.org/2005/Atom"
AGE_NS_MAX: Final = NS_PER_DAY
ENTRIES_MAX: Final = 200
"""At most so many entries, but never fewer than there are warnings in force."""

_IN: Final = f"{{{ATOM}}}"
_T_NS: Final = attrgetter("t_ns")
_URL_NAMESPACE: Final = bytes.fromhex("6ba7b8119dad11d180b400c04fd430c8")  # RFC 9562, table 3


class Entry(msgspec.Struct, frozen=True):
    """One message of the feed, rendered once. `active`: it asks people to do something now."""

    t_ns: int
    t_ns_expires: int
    active: bool
    xml: bytes


def cap_url(site: Site, identifier: str) -> str:
    """Where the outlet serves the CAP document."""
    return f"{site.public_url.rstrip('/')}/v1/cap/{identifier}.xml"


def feed_url(site: Site) -> str:
    """Where the outlet serves the feed."""
    return f"{site.public_url.rstrip('/')}/v1/feed.atom"


def entry(site: Site, told: Told, message: CapMessage, texts: Texts) -> Entry:
    """The feed's entry for `message`, in the first language of the site."""
    url = cap_url(site, alert_id(told.alert))
    language = texts.languages[0]
    said = texts.said(language, told)
    root = _element("entry", language)
    _add(root, "id", urn(url))
    _add(root, "title", said.headline)
    _add(root, "updated", atom_time(message.sent.t_ns))
    link = {"rel": "alternate", "type": MEDIA_TYPE, "href": url}
    etree.SubElement(root, f"{_IN}link", link)
    for term in (told.alert.threat, told.stage):
        etree.SubElement(root, f"{_IN}category", {"term": term})
    _add(root, "summary", f"{said.headline} {said.instruction}")
    return Entry(message.sent.t_ns, message.sent.t_ns_expires, told.active, _bytes(root))


def in_feed(now_ns: int, entries: Sequence[Entry]) -> list[Entry]:
    """Those of `entries` that are shown now: in force, newest first; ended ones last to fit."""
    living = [
        e for e in entries if e.t_ns_expires > now_ns and (e.active or e.t_ns > now_ns - AGE_NS_MAX)
    ]
    active = [e for e in living if e.active]
    ended = sorted((e for e in living if not e.active), key=_T_NS, reverse=True)
    shown = active + ended[: max(0, ENTRIES_MAX - len(active))]
    return sorted(shown, key=_T_NS, reverse=True)  # of two alike, the order is kept


def feed_document(now_ns: int, site: Site, entries: Sequence[Entry], texts: Texts) -> bytes:
    """The whole feed with `entries`, as `in_feed` gives them."""
    language = texts.languages[0]
    root = _element("feed", language)
    _add(root, "id", urn(feed_url(site)))
    _add(root, "title", texts.mark(language, site.sender_name))
    _add(root, "updated", atom_time(now_ns))
    etree.SubElement(root, f"{_IN}link", {"rel": "self", "href": feed_url(site)})
    author = etree.SubElement(root, f"{_IN}author")
    _add(author, "name", site.sender_name)
    whole = _bytes(root)
    end = b"</feed>"
    return XML_HEAD + whole.removesuffix(end) + b"".join(e.xml for e in entries) + end


def urn(url: str) -> str:
    """A permanent name for `url`: ``urn:uuid`` of version 5 (RFC 9562, 5.5)."""
    octets = bytearray(hashlib.sha1(_URL_NAMESPACE + url.encode(), usedforsecurity=False).digest())
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    digits = bytes(octets[:16]).hex()
    return "urn:uuid:" + "-".join(
        (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    )


def _element(name: str, language: str) -> Element:
    root = etree.fromstring(f'<{name} xmlns="{ATOM}"/>')
    root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    return root


def _add(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{_IN}{name}").text = text


def _bytes(root: Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)
