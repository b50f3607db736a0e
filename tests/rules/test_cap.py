"""The CAP rule list: each rule on a message that keeps it and one that breaks it; real messages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry import Polygon

from tocsin.rules.cap import RULES, findings
from tocsin.rules.cap_area import crosses_itself
from tocsin.rules.cap_tree import NAMESPACE, Known

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "cap"

SOUND = f"""<alert xmlns="{NAMESPACE}"><identifier>a:2</identifier><sender>w@example.org</sender>\
<sent>2026-11-22T08:00:00+00:00</sent><status>Actual</status><msgType>Update</msgType>\
<scope>Public</scope><references>w@example.org,a:1,2026-11-22T07:59:00+00:00</references>\
<info><language>en</language><category>Safety</category><event>Drones</event>\
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>\
<eventCode><valueName>c</valueName><value>drone</value></eventCode>\
<expires>2026-11-22T09:00:00+00:00</expires><headline>Take cover</headline>\
<web>https://example.org/</web><area><areaDesc>Kharkiv</areaDesc>\
<polygon>50,36 50,37 51,37 50,36</polygon><circle>50,36 2.5</circle>\
<geocode><valueName>g</valueName><value>1</value></geocode></area></info>\
<info><language>uk</language><category>Safety</category><event>Дрони</event>\
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>\
<eventCode><valueName>c</valueName><value>drone</value></eventCode>\
<expires>2026-11-22T09:00:00+00:00</expires><headline>В укриття</headline>\
<area><areaDesc>Харків</areaDesc><circle>50,36 2.5</circle><altitude>10</altitude>\
<ceiling>20</ceiling></area></info></alert>"""

KNOWN = Known(
    messages=frozenset({"w@example.org,a:1,2026-11-22T07:59:00+00:00"}),
    identifiers=frozenset({"w@example.org,a:1"}),
    box_deg=(44.0, 22.0, 53.0, 41.0),
)

RESOURCE = """<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType>\
<uri>siren.mp3</uri></resource>"""

BROKEN = [
    ("cap", NAMESPACE, "urn:oasis:names:tc:emergency:cap:1.1"),
    ("cap", "<scope>", '<x:y xmlns:x="http://example.org/x"/><scope>'),
    ("required", "<identifier>a:2</identifier>", "<identifier/>"),
    ("required", "<areaDesc>Kharkiv</areaDesc>", "<areaDesc> </areaDesc>"),
    ("required", "<scope>Public</scope>", ""),
    ("order", "<status>Actual</status><msgType>Update</msgType>",
     "<msgType>Update</msgType><status>Actual</status>"),
    ("names", "w@example.org</sender>", "w, and &lt;others></sender>"),
    ("times", "08:00:00+00:00</sent>", "08:00:00Z</sent>"),
    ("times", "09:00:00+00:00</expires>", "09:00:00.5+00:00</expires>"),
    ("times", "2026-11-22T08:00:00+00:00</sent>", "2026-11-22T24:00:00+00:00</sent>"),
    ("values", "Actual", "actual"),
    ("references", "w@example.org,a:1,2026-11-22T07:59:00+00:00", "a:1"),
    ("references", "<references>w@example.org,a:1,2026-11-22T07:59:00+00:00</references>", ""),
    ("references_past", "a:1,2026-11-22T07:59", "a:1,2026-11-22T08:01"),
    ("references_past", "w@example.org,a:1,", "w@example.org,a:2,"),
    ("references_known", "org,a:1,", "org,a:0,"),
    ("identifier_new", "<identifier>a:2", "<identifier>a:1"),
    ("scope", "<scope>Public</scope>", "<scope>Restricted</scope>"),
    ("scope", "<scope>Public</scope>", "<scope>Private</scope>"),
    ("expires", "<expires>2026-11-22T09:00:00+00:00</expires>", ""),
    ("expires", "2026-11-22T09:00:00", "2026-11-22T08:00:00"),
    ("language", "<language>uk", "<language>Ukrainian language"),
    ("same_event", "<value>drone</value>", "<value>rocket</value>"),
    ("same_event", "<category>Safety", "<category>Met"),
    ("same_text", "В укриття", "Take cover"),
    ("html", "В укриття", "&lt;b&gt;В укриття&lt;/b&gt;"),
    ("html", "Drones", "Drones &amp;amp; rockets"),
    ("line_breaks", "50,37 51,37", "50,37\n51,37"),
    ("headline", "Take cover", "Take cover " * 14),
    ("web", "https://example.org/", "/warnings"),
    ("resource", "<area>", RESOURCE + "<area>"),
    ("codes", "<value>1</value>", "<value/>"),
    ("signature", "<geocode>",
     '<geocode><s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>'),
    ("area_given", "<circle>50,36 2.5</circle><altitude>10</altitude><ceiling>20</ceiling>", ""),
    ("polygon_closed", "51,37 50,36<", "51,37 50,35<"),
    ("polygon_closed", "50,36 50,37 51,37 50,36", "50,36 50,37 x 50,36"),
    ("polygon_on_earth", "51,37", "51,237"),
    ("polygon_simple", "50,36 50,37 51,37 50,36", "50,36 51,37 51,36 50,37 50,36"),
    ("polygon_small", "50,37 51,37",
     " ".join(f"50,{36 + i / 2000}" for i in range(1100)) + " 51,37"),
    ("polygon_lat_lon", "50,36 50,37 51,37 50,36", "36,50 37,50 37,51 36,50"),
    ("circle", "50,36 2.5", "50;36 2.5"),
    ("heights", "<altitude>10</altitude>", ""),
    ("heights", "<ceiling>20", "<ceiling>5"),
]  # fmt: skip


def tree(text: str) -> etree._Element:
    return etree.fromstring(text)


def rules_broken(text: str, known: Known | None = KNOWN) -> set[str]:
    return {finding.rule for finding in findings(tree(text), known)}


def test_a_sound_message_keeps_every_rule():
    assert findings(tree(SOUND), KNOWN) == []


@pytest.mark.parametrize(("rule", "good", "bad"), BROKEN)
def test_a_broken_message_is_found(rule, good, bad):
    assert good in SOUND
    assert rule in rules_broken(SOUND.replace(good, bad, 1))


def test_without_info_and_without_area():
    root = tree(SOUND)
    for info in root.findall(f"{{{NAMESPACE}}}info"):
        for area in info.findall(f"{{{NAMESPACE}}}area"):
            info.remove(area)
    assert {finding.rule for finding in findings(root)} == {"area"}
    for info in root.findall(f"{{{NAMESPACE}}}info"):
        root.remove(info)
    assert {finding.rule for finding in findings(root)} == {"info"}


def test_every_rule_is_broken_by_some_test():
    assert {rule for rule, _good, _bad in BROKEN} | {"info", "area"} == {r.id for r in RULES}


def test_what_is_not_known_is_not_found_wrong():
    text = SOUND.replace("org,a:1,", "org,a:0,")
    text = text.replace("50,36 50,37 51,37 50,36", "36,50 37,50 37,51 36,50")
    assert rules_broken(text, None) == set()


def test_any_prefix_of_the_namespace_is_the_same():
    text = SOUND.replace("<alert xmlns=", "<alert xmlns:c=").replace("</", "\0").replace("<", "<c:")
    assert findings(tree(text.replace("\0", "</c:").replace("<c:c:", "<c:")), KNOWN) == []


# What each real message breaks; read by eye and agreed with google/cap-library where it judges.
CORPUS = {
    "google-canada.cap": set(),
    "google-canada_signed.cap": set(),
    "google-canada_errors.cap": {"references"},
    "google-australia.cap": {"html", "codes"},
    "google-thunderstorm.cap": set(),
    "google-wcatwc-warning.cap": {"headline"},
    "google-invalid.cap": {"required", "expires", "area_given"},
    "google-noaa_errors.cap": {
        "cap", "required", "values", "line_breaks", "codes", "polygon_closed",
    },
    "google-xee.cap": {"cap", "order"},
    "kde-ie.xml": set(),
    "kde-il.xml": {"polygon_closed"},
    "kde-kz.xml": {"polygon_simple"},
    "kde-mo.xml": {"references_past", "expires", "line_breaks"},
    "kde-gdacs.xml": {"expires", "codes", "polygon_closed"},
    "kde-alertswiss-test.xml": {"required", "order", "references_past", "expires", "area"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_real_messages(name):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.parse(str(FIXTURES / name), parser).getroot()
    assert {finding.rule for finding in findings(root)} == CORPUS[name]


coordinates = st.integers(0, 12)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=9))
def test_crossing_agrees_with_shapely(points):
    ring = [(float(x), float(y)) for x, y in [*points, points[0]]]
    assert crosses_itself(ring) == (not Polygon(ring).is_valid or Polygon(ring).area == 0.0)


@given(st.data())
def test_no_message_makes_a_rule_raise(data):
    """Invariant: whatever the texts are, the rules answer."""
    root = tree(SOUND)
    elements = [element for element in root.iter() if len(element) == 0]
    texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
        ["1e999", "nan", "0001-01-01T00:00:00-23:59", "9,9 9,9 9,9 9,9", "²,²", "50,36 inf"]
    )
    for element in data.draw(st.lists(st.sampled_from(elements), max_size=6)):
        element.text = data.draw(texts)
    for finding in findings(root, KNOWN):
        assert finding.detail


def test_the_reference_lists_every_rule(root):
    page = (root / "docs" / "reference" / "cap.md").read_text(encoding="utf-8")
    for rule in RULES:
        weight = "must" if rule.must else "advice"
        assert f"| `{rule.id}` | {rule.says} | {weight} |" in page
