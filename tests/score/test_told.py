"""What authorities wrote, read: each form, each bad row, local time, and the real archives."""

import gzip
import json
from pathlib import Path

import pytest

from tests.score.stories import ZONES, six_zones
from tocsin.instant import NS_PER_S, from_iso, iso
from tocsin.score import told
from tocsin.score.authority import placed
from tocsin.score.told import ASSUMED, OPEN, SAID, Record, Told
from tocsin.zones.units import Unit

DAY = "2026-01-15T20:00:00Z"


def read(text: str) -> Record:
    return told.read(text.encode())


def spans(record: Record) -> list[tuple[str, str, str, str, str]]:
    """Place, threat, from, until, and whence the end, in order of time."""
    return [
        (one.places[0].said, one.threat, iso(one.t_ns)[:19], _until(one), one.end)
        for one in sorted(record.told, key=lambda one: (one.t_ns, one.places[0].said))
    ]


def _until(one: Told) -> str:
    return "" if one.end == OPEN else iso(one.t_ns_end)[:19]


# ---- our own form ------------------------------------------------------------------------------

OWN = f"""zone,threat,t_begin,t_end
a,drone,{DAY},2026-01-15T22:30:00+02:00
west,,{DAY},
"""


def test_our_own_form_in_every_dress() -> None:
    wanted = [
        ("a", "drone", "2026-01-15T20:00:00", "2026-01-15T20:30:00", SAID),
        ("west", "", "2026-01-15T20:00:00", "", OPEN),
    ]
    rows = [
        {"zone": "a", "threat": "drone", "t_begin": DAY, "t_end": "2026-01-15T22:30:00+02:00"},
        {"zone": "west", "t_begin": DAY, "t_end": None},
    ]
    lines = "\n\n".join(map(json.dumps, rows))
    for text in (OWN, "\ufeff" + OWN, json.dumps(rows), lines):
        assert spans(read(text)) == wanted
    assert told.read(gzip.compress(OWN.encode())) == read(OWN)
    assert told.read(OWN.encode("utf-16")) == read(OWN)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f",drone,{DAY},", "it lacks zone"),
        ("a,drone,,", "it lacks t_begin"),
        (f"a,rain,{DAY},", "threat 'rain': write drone, cruise, ballistic or nothing"),
        ("a,,2026-01-15T20:00:00,", "has no time zone"),
        ("a,,yesterday,", "Invalid isoformat"),
        (f"a,,{DAY},{DAY}", "it ends before it begins"),
        ("a", "it lacks t_begin"),
    ],
)
def test_a_bad_row_is_refused_by_itself_with_its_line(line: str, why: str) -> None:
    found = read(f"{OWN}{line}\n")
    (refused,) = found.refused
    assert refused.where == "line 4"
    assert why in refused.why
    assert (found.rows, spans(found)) == (3, spans(read(OWN)))


def test_a_broken_line_of_json_is_refused_by_itself() -> None:
    found = read('{"zone": "a", "t_begin": "' + DAY + '"}\n{"zone": \n[]\n')
    assert [one.where for one in found.refused] == ["line 2", "line 3"]
    assert len(found.told) == 1


@pytest.mark.parametrize(
    "data",
    [b"[1", b"colour,size\nred,3\n", b"\xff\xfe\x00", b"\x1f\x8bnot gzip", b'{"a": 1}'],
)
def test_what_is_no_record_is_refused_whole(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|form|UTF-|gzip"):
        told.read(data)


def test_repeated_rows_are_one_and_counted() -> None:
    found = read(OWN + OWN.splitlines()[1] + "\n")
    assert (len(found.told), found.apart) == (2, {"repeated": 1})


# ---- Israel ------------------------------------------------------------------------------------


def hfc(*rows: tuple[str, str, int]) -> str:
    keys = ("alertDate", "data", "category")
    return json.dumps([dict(zip(keys, row, strict=True)) for row in rows])


def test_the_history_of_the_home_front_command() -> None:
    """Local time in summer, three hours before UTC; ten minutes where no word ends an alarm; what
    is no alarm from the air stands apart."""
    found = read(
        hfc(
            ("2023-10-07 06:30:00", "בארי", 1), ("2023-10-07 08:30:00", "בארי", 13),
            ("2023-10-07 06:28:00", "נחל עוז", 2), ("2023-10-07 06:20:00", "נחל עוז", 14),
            ("2023-10-07 06:00:00", "סעד", 7), ("2023-10-07 06:00:00", "סעד", 15),
        )
    )  # fmt: skip
    assert spans(found) == [
        ("נחל עוז", "drone", "2023-10-07T03:28:00", "2023-10-07T03:38:00", ASSUMED),
        ("בארי", "ballistic", "2023-10-07T03:30:00", "2023-10-07T05:30:00", SAID),
    ]
    assert found.apart == {"another hazard": 1, "drill": 1, "pre-alert": 1}


def test_a_word_of_the_end_is_for_its_own_zone_and_for_three_hours() -> None:
    found = read(
        hfc(
            ("2026-05-01 10:00:00", "א", 1), ("2026-05-01 10:05:00", "א", 1),
            ("2026-05-01 10:20:00", "א", 13), ("2026-05-01 10:20:00", "ב", 13),
            ("2026-05-01 14:00:00", "ב", 1), ("2026-05-01 17:00:01", "ב", 13),
        )
    )  # fmt: skip
    assert [(row[2][11:16], row[3][11:16], row[4]) for row in spans(found)] == [
        ("07:00", "07:20", SAID), ("07:05", "07:20", SAID), ("11:00", "11:10", ASSUMED),
    ]  # fmt: skip


def test_the_seconds_stand_beside_the_rounded_minute() -> None:
    row = {"data": "Shamir", "date": "11.05.2024", "time": "19:18:34", "category": 2,
           "alertDate": "2024-05-11T19:19:00"}  # fmt: skip
    assert spans(read(json.dumps([row])))[0][2] == "2024-05-11T16:18:34"


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2024-03-29 01:59:59", "2024-03-28T23:59:59"),  # two hours until the clocks go forward
        ("2024-03-29 03:00:00", "2024-03-29T00:00:00"),  # three from then on
        ("2024-10-27 00:59:59", "2024-10-26T21:59:59"),
        ("2024-10-27 02:00:00", "2024-10-27T00:00:00"),  # two again
        ("2024-10-27T01:30:00+03:00", "2024-10-26T22:30:00"),  # an offset settles it
    ],
)
def test_israeli_clocks(local: str, utc: str) -> None:
    assert told.israeli(local) == from_iso(f"{utc}Z")


@pytest.mark.parametrize(
    ("local", "why"),
    [("2024-03-29 02:30:00", "does not exist"), ("2024-10-27 01:30:00", "comes twice")],
)
def test_hours_that_do_not_exist_or_come_twice_are_refused(local: str, why: str) -> None:
    found = read(hfc((local, "בארי", 1), ("2024-10-27 06:30:00", "בארי", 1)))
    assert (len(found.told), len(found.refused)) == (1, 1)
    assert found.refused[0].where == "row 1"
    assert why in found.refused[0].why


@pytest.mark.shared
def test_payloads_as_they_were_recorded(shared: Path) -> None:
    folder = shared / "data/api_payloads"
    names = ("single_alert_history", "multi_alerts_history", "single_alert_history_update")
    many = [told.read((folder / f"oref_alert_fixtures/{name}.json").read_bytes()) for name in names]
    assert [(len(one.told), one.refused) for one in many] == [(1, ()), (2, ()), (1, ())]
    days = told.read((folder / "pyckle/testHistory.json").read_bytes())
    rows = json.loads((folder / "pyckle/testHistory.json").read_text(encoding="utf-8-sig"))
    assert days.rows == len(rows) == len(days.told) + sum(days.apart.values())
    shamir = next(one for one in days.told if one.places[0].said == "Shamir")
    assert iso(shamir.t_ns) == "2024-05-11T16:18:34.000Z"


@pytest.mark.shared
def test_the_whole_archive_of_israel(shared: Path) -> None:
    """Its README: 42,002 rows, 45,669 alerts of zones. Times in UTC beside the local ones: read
    from the latter they are the same."""
    data = (shared / "data/alerts_il/alerts_il_2014_2024.csv.gz").read_bytes()
    found = told.read(data)
    assert (found.rows, found.refused) == (42_002, ())
    assert len(found.told) + sum(found.apart.values()) == 45_669
    assert {one.threat for one in found.told} == {"ballistic", "drone"}
    rows = gzip.decompress(data).decode().splitlines()[1:]
    for row in rows[::500]:
        utc, local = row.split(",")[1:3]
        assert told.israeli(local) == from_iso(utc)


# ---- Ukraine -----------------------------------------------------------------------------------


def test_the_forms_of_ukraine() -> None:
    official = (
        "oblast,raion,hromada,level,started_at,finished_at,source,oblast_id,region_id\n"
        "Vinnytska oblast,,,oblast,2022-03-15 16:10:34+00:00,2022-03-15 16:50:07+00:00,official,4,4"
    )
    wanted = ("Vinnytska oblast", "", "2022-03-15T16:10:34", "2022-03-15T16:50:07", SAID)
    assert spans(read(official)) == [wanted]
    assert read(official).told[0].places[0].codes == (
        ("ukrainealarm", "4"), ("name", "Vinnytska oblast"),
    )  # fmt: skip
    volunteer = (
        "region,started_at,finished_at,naive\n"
        "Kyiv City,2022-02-25 16:36:22+00:00,2022-02-25 17:06:22+00:00,True\n"
    )
    assert spans(read(volunteer))[0][4] == ASSUMED
    alarms = [
        {"regionId": "31", "regionName": "м. Київ", "startDate": "2026-09-25T08:57:49Z",
         "endDate": "2026-09-25T09:30:00Z", "alertType": "AIR", "isContinue": False},
        {"regionId": "31", "startDate": "2026-09-25T10:00:00Z", "alertType": "AIR"},
        {"regionId": "31", "startDate": "2026-09-25T10:00:00Z", "alertType": "CHEMICAL"},
    ]  # fmt: skip
    history = read(json.dumps([{"regionId": "31", "regionName": "м. Київ", "alarms": alarms}]))
    assert [(row[3], row[4]) for row in spans(history)] == [
        ("2026-09-25T09:30:00", SAID), ("", OPEN),
    ]  # fmt: skip
    assert history.apart == {"no air alarm (CHEMICAL)": 1}
    month = {"alerts": [
        {"location_uid": "351", "location_title": "Нікопольська територіальна громада",
         "started_at": "2024-05-05T15:48:31.000Z", "finished_at": "2024-05-05T16:00:00.000Z",
         "alert_type": kind, "calculated": None}
        for kind in ("air_raid", "artillery_shelling")
    ]}  # fmt: skip
    assert len(read(json.dumps(month)).told) == 1


@pytest.mark.shared
def test_the_whole_official_record_of_ukraine(shared: Path) -> None:
    data = shared / "data/alerts_ua/official_2022-03_2024-04_en.csv.gz"
    found = told.read(data.read_bytes())
    assert (found.rows, len(found.told), found.refused) == (43_031, 43_031, ())
    volunteer = shared / "data/alerts_ua/volunteer_2022-02_2024-10_en.csv.gz"
    other = told.read(volunteer.read_bytes())
    assert other.rows == 54_514
    assert sum(one.end == ASSUMED for one in other.told) + other.apart.get("repeated", 0) >= 2_395


# ---- on the map --------------------------------------------------------------------------------

UNITS = (
    Unit(id="ua", level="country"),
    Unit(id="west", level="oblast", parent="ua", names={"uk": "Захід", "en": "The West"},
         ids=(("ukrainealarm", "5"),)),
    Unit(id="east", level="oblast", parent="ua", ids=(("ukrainealarm", "6"), ("tzevaadom", "7"))),
    *(Unit(id=zone, level="zone", parent=parent, names={"en": name}, ids=ids)
      for zone, parent, name, ids in (
          ("a", "west", "Same", (("hfc_name", "ג'ת"), ("tzevaadom", "5"))),
          ("b", "west", "Same", ()),
          ("c", "west", "Tsentr", (("katottg", "UA12345678901234567"),)),
          ("d", "east", "Dee", (("ukrainealarm", "9"), ("alerts_in_ua", "9"))),
          ("e", "east", "", ()),
          ("f", "ua", "", ()))),
)  # fmt: skip
MAP = six_zones(UNITS)


def zones_of(*codes: tuple[str, str]) -> str:
    place = told.Place(codes=codes)
    one = Told(where="", places=(place,), threat="", t_ns=0, t_ns_end=NS_PER_S)
    found = placed(Record(rows=1, told=(one,), refused=(), apart={}), MAP)
    return "".join(found.alarms) or f"unknown: {next(iter(found.unknown))}"


@pytest.mark.parametrize(
    ("codes", "zones"),
    [
        ([("", "a")], "a"),  # our id
        ([("", "west")], "abc"),  # a parent holds for every leaf
        ([("", "ua")], "abcdef"),
        ([("", "ukrainealarm:5")], "abc"),  # a foreign id by its scheme
        ([("", "tzevaadom:5")], "a"),
        ([("", "5")], "unknown: 5"),  # two schemes call two units so
        ([("", "9")], "d"),  # two schemes call one unit so
        ([("", "ג׳ת")], "a"),  # a geresh in another writing
        ([("", "tsentr")], "c"),
        ([("", "Захід")], "abc"),
        ([("name", "Same")], "unknown: Same (borne by a, b: give the id)"),
        ([("ukrainealarm", "6"), ("name", "The West")], "de"),  # the surest scheme holds
        ([("ukrainealarm", "77"), ("name", "The West")], "abc"),  # else the next
        ([("katottg", "UA12345678901234567"), ("katottg", "UA0"), ("name", "Dee")], "c"),
        ([("", "nowhere")], "unknown: nowhere"),
    ],
)
def test_places_find_their_zones(codes: list[tuple[str, str]], zones: str) -> None:
    assert zones_of(*codes) == zones


def test_unknown_zones_are_counted_and_named() -> None:
    found = placed(read(OWN + f"x,,{DAY},\ny,drone,{DAY},\nx,drone,{DAY},\n"), ZONES)
    assert found.unknown == {"x": 2, "y": 1}
    assert list(found.alarms) == ["a", "b", "c"]
