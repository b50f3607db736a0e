"""CAP documents of an authority: what each alarms, what ends it, and which zones it covers."""

from pathlib import Path

import pytest

from tests.score.stories import T0, ZONES, at
from tocsin.instant import cap_time
from tocsin.score import told_cap
from tocsin.score.authority import Authority, pieces, placed
from tocsin.score.told import OPEN, Record

SENDER = "warn@example.org"


def sent(seconds: float) -> str:
    return cap_time(at(seconds))


def area(*codes: tuple[str, str], polygon: str = "", circle: str = "", said: str = "there") -> str:
    inner = f"<areaDesc>{said}</areaDesc>"
    inner += f"<polygon>{polygon}</polygon>" if polygon else ""
    inner += f"<circle>{circle}</circle>" if circle else ""
    for name, value in codes:
        inner += f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"
    return f"<area>{inner}</area>"


def info(
    where: str, asks: str = "Shelter", expires_s: float | None = 600, more: str = "",
    category: str = "Safety", urgency: str = "Immediate",
) -> str:  # fmt: skip
    until = "" if expires_s is None else f"<expires>{sent(expires_s)}</expires>"
    asked = f"<responseType>{asks}</responseType>" if asks else ""
    return (
        f"<info><category>{category}</category><event>alarm</event>{asked}"
        f"<urgency>{urgency}</urgency><severity>Extreme</severity><certainty>Observed</certainty>"
        f"{more}{until}{where}</info>"
    )


def document(
    name: str, seconds: float, *infos: str, kind: str = "Alert",
    refers: tuple[str, float] | None = None, status: str = "Actual",
) -> tuple[str, bytes]:  # fmt: skip
    references = (
        f"<references>{SENDER},{refers[0]},{sent(refers[1])}</references>" if refers else ""
    )
    text = (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{name}</identifier><sender>{SENDER}</sender><sent>{sent(seconds)}</sent>"
        f"<status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{references}"
        f"{''.join(infos)}</alert>"
    )
    return f"{name}.xml", text.encode()


def on_the_map(record: Record) -> dict[str, list[tuple[float, float]]]:
    """Zone -> from, until in seconds."""
    found: Authority = placed(record, ZONES)
    return {
        zone: [((begin - T0) / 1e9, (end - T0) / 1e9) for begin, end in pieces(some)]
        for zone, some in found.alarms.items()
    }


def read(*documents: tuple[str, bytes], realm: str = "live") -> Record:
    return told_cap.read(documents, realm)


A = area(("TOCSIN_ZONE", "a"))
WEST = area(("TOCSIN_ZONE", "west"))


def test_an_alert_holds_until_it_expires() -> None:
    found = read(document("1", 10, info(WEST)))
    assert on_the_map(found) == {zone: [(10, 600)] for zone in "abc"}


def test_an_update_goes_on_and_another_ends_it_whatever_the_order_of_the_files() -> None:
    first = document("1", 10, info(A, expires_s=100))
    renewed = document("2", 90, info(A, expires_s=400), kind="Update", refers=("1", 10))
    over = document("3", 250, info(A, "AllClear", urgency="Past"), kind="Update", refers=("2", 90))
    for documents in ([first, renewed, over], [over, renewed, first]):
        found = read(*documents)
        assert on_the_map(found) == {"a": [(10, 250)]}
        assert (found.refused, found.apart) == ((), {"an end": 1})


def test_an_update_that_names_fewer_zones_releases_the_others() -> None:
    first = document("1", 10, info(WEST))
    fewer = document("2", 60, info(A), kind="Update", refers=("1", 10))
    assert on_the_map(read(first, fewer)) == {"a": [(10, 600)], "b": [(10, 60)], "c": [(10, 60)]}


def test_a_cancel_ends_only_what_it_refers_to() -> None:
    one, other = document("1", 10, info(A)), document("2", 20, info(area(("TOCSIN_ZONE", "d"))))
    cancel = document("3", 50, kind="Cancel", refers=("1", 10))
    assert on_the_map(read(one, other, cancel)) == {"a": [(10, 50)], "d": [(20, 600)]}


def test_effective_later_than_sent_begins_it_and_without_expires_it_is_open() -> None:
    later = info(A, expires_s=None, more=f"<effective>{sent(40)}</effective>")
    (one,) = read(document("1", 10, later)).told
    assert (one.t_ns, one.end) == (at(40), OPEN)
    early = info(A, more=f"<effective>{sent(-40)}</effective>")
    (one,) = read(document("1", 10, early)).told
    assert one.t_ns == at(10)  # nobody was told before it was sent


@pytest.mark.parametrize(
    ("asks", "category", "urgency", "alarms"),
    [
        ("Shelter", "Safety", "Immediate", 1), ("Evacuate", "Security", "Immediate", 1),
        ("", "Safety", "Immediate", 1), ("Prepare", "Safety", "Expected", 0),
        ("Monitor", "Safety", "Expected", 0), ("AllClear", "Safety", "Past", 0),
        ("Shelter", "Met", "Immediate", 0), ("", "Safety", "Past", 0),
    ],
)  # fmt: skip
def test_what_is_an_alarm(asks: str, category: str, urgency: str, alarms: int) -> None:
    found = read(document("1", 10, info(A, asks, category=category, urgency=urgency)))
    assert len(found.told) == alarms
    assert sum(found.apart.values()) == 1 - alarms


def test_languages_are_one_alarm_and_the_kind_is_read() -> None:
    code = "<eventCode><valueName>EWS:threat</valueName><value>ballistic</value></eventCode>"
    found = read(document("1", 10, info(A, more=code), info(A, more=code)))
    assert [one.threat for one in found.told] == ["ballistic"]


def test_status_counts_by_realm() -> None:
    drill = document("1", 10, info(A), status="Exercise")
    assert (read(drill).told, read(drill).apart) == ((), {"status Exercise": 1})
    assert len(read(drill, realm="exercise").told) == 1
    assert len(read(document("1", 10, info(A)), realm="exercise").told) == 1


def test_shapes_cover_the_zones_whose_people_are_inside() -> None:
    """Squares of a tenth of a degree from 36.0 on. The middles of a and b are in the polygon; the
    small one lies within c; a circle of 3 km reaches the middle of d, one of 0 km
    lies in it."""
    wide = "50.0,36.0 50.0,36.19 50.1,36.19 50.1,36.0 50.0,36.0"
    small = "50.01,36.21 50.01,36.22 50.02,36.22 50.01,36.21"
    for shape, zones in ((area(polygon=wide), "ab"), (area(polygon=small), "c"),
                         (area(circle="50.05,39.02 3"), "d"), (area(circle="50.05,39.02 0"), "d"),
                         (area(("SAME", "006109"), polygon=wide), "ab"),
                         (area(("TOCSIN_ZONE", "f"), polygon=wide), "f")):  # fmt: skip
        assert "".join(on_the_map(read(document("1", 10, info(shape))))) == zones
    far = placed(read(document("1", 10, info(area(circle="10,10 5", said="Atlantis")))), ZONES)
    assert (far.alarms, far.unknown) == ({}, {"Atlantis": 1})


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (("x.xml", b"<alert>"), "not XML"),
        (("x.xml", b"<rss><channel/></rss>"), "not a CAP alert"),
        (("x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><alert>&b;</alert>'), "document type"),
        (document("1", 10, info("")), "no area"),
        (document("1", 10, info(A, expires_s=5)), "expires before it begins"),
        (document("1", 10, info(area(polygon="1,2 x,y"))), "polygon"),
        (document("1", 10, info(area(circle="1,2"))), "circle"),
        (("x.xml", document("1", 10, info(A))[1].replace(b"<sent>", b"<sent>not ")), "sent is"),
        (("x.xml", document("", 10, info(A))[1]), "lacks identifier"),
    ],
)
def test_bad_documents_are_refused_by_name(document: tuple[str, bytes], why: str) -> None:
    found = read(document, ("sound.xml", globals()["document"]("9", 10, info(A))[1]))
    (refused,) = found.refused
    assert refused.where == document[0]
    assert why in refused.why
    assert (found.rows, len(found.told)) == (2, 1)


@pytest.mark.shared
def test_real_documents_are_read_or_refused_with_a_reason(shared: Path) -> None:
    """The weather, water and notices of the collection: none alarms from the air; the attacks with
    entities and what is no CAP are refused."""
    files = [p for p in sorted((shared / "data/cap").rglob("*")) if p.suffix in (".xml", ".cap")]
    found = told_cap.read([(path.name, path.read_bytes()) for path in files], "live")
    assert found.rows == len(files) > 25
    assert {one.where for one in found.refused} == {"xee.cap", "au-bom-en.rss.xml"}
    assert len(found.told) + sum(found.apart.values()) + len(found.refused) == found.rows
    assert {one.threat for one in found.told} <= {""}
