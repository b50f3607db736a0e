"""Reading a CAP message: what a rule is, and the few ways in which rules look at the tree.

A rule never needs more than the elements of one name, their texts and their times. Elements are
found in the namespace of the root, so that the rules read CAP 1.1 as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree
from lxml.etree import _Element

from tocsin.instant import from_iso

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
XML_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
STATUS_OF_REALM: Final = {"live": "Actual", "exercise": "Exercise", "test": "Test"}

Element = _Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one document cannot tell by itself; None means unknown, and the rule is then silent.

    `messages` holds ``sender,identifier,sent`` of every message known before this one and
    `identifiers` its ``sender,identifier``; `box_deg` is south, west, north, east of the country
    served.
    """

    messages: frozenset[str] | None = None
    identifiers: frozenset[str] | None = None
    box_deg: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must be so. `check` yields a sentence for each place where it is not."""

    id: str
    says: str
    check: Callable[[Element, Known], Iterator[str]]
    must: bool = True


def parse(data: bytes, bytes_max: int) -> Element:
    """The root of an untrusted document: bounded, without DTD, entity, network or huge tree.

    Raises ValueError that says what is wrong with it.
    """
    if len(data) > bytes_max:
        raise ValueError(f"{len(data)} bytes of XML, at most {bytes_max} are read")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a document type is not accepted")
    return root


def namespace(alert: Element) -> str:
    """The namespace of `alert`, "" if it has none."""
    return etree.QName(alert).namespace or ""


def children(parent: Element, name: str) -> list[Element]:
    """The children called `name`, in the namespace of `parent`."""
    return parent.findall(f"{{{namespace(parent)}}}{name}")


def infos(alert: Element) -> list[Element]:
    """Every ``info``."""
    return children(alert, "info")


def areas(alert: Element) -> list[Element]:
    """Every ``area`` of every ``info``."""
    return [area for info in infos(alert) for area in children(info, "area")]


def text_of(parent: Element, name: str) -> str:
    """The text of the first child called `name`, stripped; "" if absent."""
    return (parent.findtext(f"{{{namespace(parent)}}}{name}") or "").strip()


def everywhere(alert: Element, *names: str) -> Iterator[tuple[str, str]]:
    """Name and text, as written, of every element so named, in document order."""
    for element in alert.iter(*(f"{{{namespace(alert)}}}{name}" for name in names)):
        yield etree.QName(element).localname, element.text or ""


def time_of(text: str) -> int | None:
    """Nanoseconds of an ISO 8601 text, None if it is none."""
    try:
        return from_iso(text)
    except ValueError:
        return None
