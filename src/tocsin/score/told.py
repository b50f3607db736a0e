"""What an authority really told, read from its files: alarms with a beginning and an end.

Bytes in, words out: `read` tells the form of a file by its content. A bad row is refused by itself,
with its line and the reason; a row that is no alarm from the air (a drill, an earthquake) is
counted apart. docs/reference/scorecard.md lists the forms.
"""

import csv
import gzip
import io
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.instant import NS_PER_S, from_iso
from tocsin.words import THREATS

BYTES_MAX: Final = 1 << 28
"""Of one file, unpacked. Chosen: ten years of Israel's alerts are 5 MB."""

STAY_NS: Final = 600 * NS_PER_S
"""How long an alarm without an end holds: people were told to stay for ten minutes (Home Front
Command's default)."""
ENDED_WITHIN_NS: Final = 10_800 * NS_PER_S
"""A word that it is over ends an alarm no older than this: three hours, after which clients of the
Home Front Command's feed let an alert expire (amitfin/oref_alert)."""

ISRAEL: Final = "Asia/Jerusalem"
WHOLE_COUNTRY: Final = "ברחבי הארץ"
HFC_THREATS: Final = {1: "ballistic", 2: "drone"}
"""Category of the Home Front Command's history (its live feed numbers otherwise) -> threat."""
HFC_ENDED, HFC_PRE_ALERT, HFC_DRILLS = 13, 14, range(15, 29)

SAID, ASSUMED, OPEN = "said", "assumed", "open"
"""Where the end of an alarm comes from: the file says it, we assume it, or it still held."""
FOREVER_NS: Final = 1 << 62

NO_FORM: Final = "its keys are those of no known form"

Codes = tuple[tuple[str, str], ...]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an alarm is for: (scheme, identifier) pairs, the surest scheme first, and shapes.

    Scheme "" is any, "name" a name in any language. `polygons` are rings of (lat, lon), `circles`
    (lat, lon, metres); `said` is how to speak of it.
    """

    codes: Codes = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alarm: ``t_ns <= now < t_ns_end``. `threat` is "" where the file does not tell it."""

    where: str
    places: tuple[Place, ...]
    threat: str
    t_ns: int
    t_ns_end: int
    end: str = SAID


class Ended(NamedTuple):
    """A word that what was alarmed at a place is over."""

    codes: Codes
    t_ns: int


class Refused(NamedTuple):
    """A row that could not be read."""

    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What files held: `rows` in all, and of each what became of it."""

    rows: int
    told: tuple[Told, ...]
    refused: tuple[Refused, ...]
    apart: dict[str, int]

    def and_also(self, other: "Record") -> "Record":
        """Both."""
        return Record(
            rows=self.rows + other.rows,
            told=self.told + other.told,
            refused=self.refused + other.refused,
            apart=dict(sorted((Counter(self.apart) + Counter(other.apart)).items())),
        )


def unpacked(data: bytes) -> bytes:
    """The bytes of a file, gunzipped if need be; ValueError when there are too many."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(BYTES_MAX + 1)
        except (OSError, EOFError) as error:
            raise ValueError(f"a broken gzip file ({error})") from error
    if len(data) > BYTES_MAX:
        raise ValueError(f"more than {BYTES_MAX >> 20} MiB: give the days that are compared")
    return data


def read(data: bytes) -> Record:
    """The alarms of one table, CSV or JSON; ValueError when its form is not known."""
    data = unpacked(data)
    # The Home Front Command serves either, with a mark at the beginning.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"not {encoding.upper()} ({error.reason})") from error
    rows = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    return _record(rows)


# ---- tables ------------------------------------------------------------------------------------


def _csv(text: str) -> Iterator[tuple[str, Row | str]]:
    reader = csv.DictReader(io.StringIO(text))
    try:
        for row in reader:
            yield f"line {reader.line_num}", row
    except csv.Error as error:
        yield f"line {reader.line_num}", f"no CSV from here on: {error}"


def _json(text: str) -> Iterator[tuple[str, Row | str]]:
    """The rows of one document, or of one document a line."""
    try:
        document = json.loads(text)
    except ValueError as error:
        if text.lstrip().startswith("["):
            raise ValueError(f"not JSON: {error}") from error
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield f"line {number}", _parsed(line)
        return
    for number, row in enumerate(_rows(document), start=1):
        yield f"row {number}", row if isinstance(row, dict) else "not an object"


def _parsed(line: str) -> Row | str:
    try:
        row = json.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    return row if isinstance(row, dict) else "not an object"


def _rows(document: Any) -> list[Any]:
    """The objects of a document: a list; alerts.in.ua's; ukrainealarm's, regions with alarms."""
    if isinstance(document, dict):
        document = document["alerts"] if isinstance(document.get("alerts"), list) else [document]
    found: list[Any] = []
    for one in document:
        inner = one.get("alarms") if isinstance(one, dict) else None
        found += inner if isinstance(inner, list) else [one]
    return found


def _record(rows: Iterable[tuple[str, Row | str]]) -> Record:
    told: dict[tuple[tuple[Place, ...], str, int, int], Told] = {}
    ended: list[Ended] = []
    refused: list[Refused] = []
    apart: Counter[str] = Counter()
    number = 0
    for where, row in rows:
        number += 1
        try:
            for one in _read_row(row):
                if isinstance(one, str):
                    apart[one] += 1
                elif isinstance(one, Ended):
                    ended.append(one)
                elif _key(one) in told:
                    apart["repeated"] += 1
                else:
                    told[_key(one)] = replace(one, where=where)
        except ValueError as error:
            refused.append(Refused(where, str(error)))
    if number and all(one.why == NO_FORM for one in refused) and len(refused) == number:
        raise ValueError(f"{NO_FORM}; known are: {'; '.join(', '.join(f.keys) for f in FORMS)}")
    return Record(
        rows=number,
        told=_closed(tuple(told.values()), ended),
        refused=tuple(refused),
        apart=dict(sorted(apart.items())),
    )


def _read_row(row: Row | str) -> Iterator["Told | Ended | str"]:
    if isinstance(row, str):
        raise ValueError(row)
    form = next((form for form in FORMS if all(key in row for key in form.keys)), None)
    if form is None:
        raise ValueError(NO_FORM)
    for one in form.read(row):
        if isinstance(one, Told) and one.t_ns_end <= one.t_ns:
            raise ValueError("it ends before it begins")
        yield one


def _key(one: Told) -> tuple[tuple[Place, ...], str, int, int]:
    return one.places, one.threat, one.t_ns, one.t_ns_end


def _closed(told: Sequence[Told], ended: Sequence[Ended]) -> tuple[Told, ...]:
    """Alarms without an end, ended by the first word for their place that it is over."""
    over: dict[Codes, list[int]] = {}
    for codes, t_ns in sorted(ended):
        over.setdefault(codes, []).append(t_ns)

    def closed(one: Told) -> Told:
        times = over.get(one.places[0].codes, [])
        row = bisect_right(times, one.t_ns)
        if one.end != ASSUMED or row == len(times) or times[row] - one.t_ns > ENDED_WITHIN_NS:
            return one
        return replace(one, t_ns_end=times[row], end=SAID)

    return tuple(closed(one) for one in told)


# ---- the forms ---------------------------------------------------------------------------------


class Form(NamedTuple):
    """How the rows of one source are told and read; a `str` is why a row is no alarm of ours."""

    keys: tuple[str, ...]
    read: Callable[[Row], Iterator[Told | Ended | str]]


def _own(row: Row) -> Iterator[Told]:
    threat = _text(row, "threat", "")
    if threat and threat not in THREATS:
        raise ValueError(f"threat {threat!r}: write {', '.join(THREATS)} or nothing")
    zone = _text(row, "zone")
    yield _told(_place(("", zone)), threat, row, "t_begin", "t_end")


def _official(row: Row) -> Iterator[Told | str]:
    """Ukraine's official sirens as Vadimkin/ukrainian-air-raid-sirens-dataset lists them."""
    names = [_text(row, key, "") for key in ("hromada", "raion", "oblast")]
    name = next((name for name in names if name), "")
    codes = [("ukrainealarm", _text(row, "region_id", "")), ("name", name)]
    if not any(identifier for _, identifier in codes):
        raise ValueError("it names no region")
    place = _place(*((scheme, identifier) for scheme, identifier in codes if identifier))
    yield _told(place, "", row, "started_at", "finished_at")


def _volunteer(row: Row) -> Iterator[Told]:
    """The same data set's volunteers: whole oblasts; a `naive` end is the beginning and 30 min."""
    one = _told(_place(("name", _text(row, "region"))), "", row, "started_at", "finished_at")
    yield replace(one, end=ASSUMED) if _text(row, "naive", "") == "True" else one


def _region_history(row: Row) -> Iterator[Told | str]:
    """api.ukrainealarm.com, `alerts/regionHistory`."""
    if (kind := _text(row, "alertType", "AIR")) != "AIR":
        yield f"no air alarm ({kind})"
        return
    codes = [("ukrainealarm", _text(row, "regionId")), ("name", _text(row, "regionName", ""))]
    yield _told(_place(*codes), "", row, "startDate", "endDate")


def _alerts_in_ua(row: Row) -> Iterator[Told | str]:
    """api.alerts.in.ua, `regions/UID/alerts/month_ago`."""
    if (kind := _text(row, "alert_type", "air_raid")) != "air_raid":
        yield f"no air alarm ({kind})"
        return
    codes = [("alerts_in_ua", _text(row, "location_uid")), ("name", _text(row, "location_title"))]
    one = _told(_place(*codes), "", row, "started_at", "finished_at")
    yield replace(one, end=ASSUMED) if row.get("calculated") else one


def _hfc_archive(row: Row) -> Iterator[Told | Ended | str]:
    """dleshem/israel-alerts-data with times in UTC beside the local ones."""
    yield from _hfc(row, from_iso(_text(row, "ts_utc")), _text(row, "zones"))


def _hfc_history(row: Row) -> Iterator[Told | Ended | str]:
    """Home Front Command, AlertsHistory.json and GetAlarmsHistory.aspx: local time, no zone.

    `alertDate` is rounded to the minute where `date` and `time` stand beside it.
    """
    if "date" in row and "time" in row:
        day = "-".join(reversed(_text(row, "date").split(".")))
        local = f"{day}T{_text(row, 'time')}"
    else:
        local = _text(row, "alertDate")
    yield from _hfc(row, israeli(local), _text(row, "data"))


def _hfc(row: Row, t_ns: int, zones: str) -> Iterator[Told | Ended | str]:
    text = _text(row, "category")
    if not text.isdecimal():
        raise ValueError(f"category {text!r} is no number")
    category = int(text)
    for name in zones.split(", "):  # a comma without a space is part of a name
        codes: Codes = (("hfc_name", name.strip()), ("name", name.strip()))
        if name.strip() == WHOLE_COUNTRY:
            codes = (("", "il"),)
        if category in HFC_DRILLS or "בדיקה" in name:
            yield "drill"
        elif category == HFC_ENDED:
            yield Ended(codes, t_ns)
        elif category == HFC_PRE_ALERT:
            yield "pre-alert"
        elif category not in HFC_THREATS:
            yield "another hazard"
        else:
            place, threat = _place(*codes), HFC_THREATS[category]
            yield Told(where="", places=(place,), threat=threat, t_ns=t_ns,
                       t_ns_end=t_ns + STAY_NS, end=ASSUMED)  # fmt: skip


FORMS: Final = (
    Form(("zone", "t_begin"), _own),
    Form(("ts_utc", "category", "zones"), _hfc_archive),
    Form(("alertDate", "category", "data"), _hfc_history),
    Form(("region", "started_at", "finished_at", "naive"), _volunteer),
    Form(("region_id", "started_at", "finished_at"), _official),
    Form(("regionId", "startDate"), _region_history),
    Form(("location_uid", "started_at"), _alerts_in_ua),
)


def israeli(text: str) -> int:
    """Nanoseconds of a local Israeli time; an offset in it holds. ValueError for the hour that is
    left out in spring, and for the one that comes twice in autumn: which was meant, nobody can say.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return from_iso(text)
    try:
        zone = ZoneInfo(ISRAEL)
    except ZoneInfoNotFoundError as error:
        raise ValueError("this machine knows no time zones: install tzdata") from error
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        there = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
        how = "comes twice that night" if there else "does not exist that night"
        raise ValueError(f"{text!r} {how} in Israel: give it with an offset")
    return from_iso(first.isoformat())


def _told(place: Place, threat: str, row: Row, begin: str, end: str) -> Told:
    until = _text(row, end, "")
    return Told(
        where="",
        places=(place,),
        threat=threat,
        t_ns=from_iso(_text(row, begin)),
        t_ns_end=from_iso(until) if until else FOREVER_NS,
        end=SAID if until else OPEN,
    )


def _place(*codes: tuple[str, str]) -> Place:
    return Place(codes=tuple(code for code in codes if code[1]), said=codes[-1][1] or codes[0][1])


def _text(row: Row, key: str, absent: str | None = None) -> str:
    """The text of a key; ValueError when it has none and `absent` says nothing."""
    value = row.get(key)
    text = "" if value is None else str(value).strip()
    if text or absent is not None:
        return text or str(absent)
    raise ValueError(f"it lacks {key}")
