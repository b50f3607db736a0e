"""The judges of a CAP document: the official schema and our rule list, with its history."""

from pathlib import Path

from lxml import etree

from tocsin.rules.cap import findings
from tocsin.rules.cap_tree import NAMESPACE, Known

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cap"
SCHEMA = etree.XMLSchema(etree.parse(str(FIXTURES / "CAP-v1.2.xsd")))
UKRAINE_DEG = (44.0, 22.0, 53.0, 41.0)


class Judge:
    """Reads a stream of documents as a strict receiver would, and keeps what it has seen."""

    def __init__(self, box_deg: tuple[float, float, float, float] | None = UKRAINE_DEG) -> None:
        self.box_deg = box_deg
        self.seen: list[str] = []

    def hear(self, payload: bytes) -> etree._Element:
        root = etree.fromstring(payload)
        SCHEMA.assertValid(root)
        known = Known(
            messages=frozenset(self.seen),
            identifiers=frozenset(key.rpartition(",")[0] for key in self.seen),
            box_deg=self.box_deg,
        )
        assert findings(root, known) == []
        assert b"> <" not in payload
        assert b">\n" not in payload
        self.seen.append(",".join(value(root, name) for name in ("sender", "identifier", "sent")))
        return root


def value(root: etree._Element, path: str) -> str:
    """Text at ``a/b`` below `root`, "" if absent."""
    return root.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))) or ""


def values(root: etree._Element, path: str) -> list[str]:
    return [
        element.text or ""
        for element in root.findall("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))
    ]
