"""Frames to fixes, sensors, orders and receipts: all that this room does, in order of arrival.

For every record, the first of these that is true decides, and exactly one does:

| # | what | becomes |
|---|---|---|
| 1 | cannot be walked, or is no record of this edition | Rejected: see `asterix`, `cat062` |
| 2 | SAC/SIC not on the source's allow-list, or one system too many | Rejected "sac_sic" |
| 3 | the same octets came within 30 s (rules 4 to 8) | `Counts.duplicates`; changes nothing |
| 4 | SIM or TST in the live realm | Rejected "simulated" |
| 5 | seen more than `clock_s_max` before or after it was received | Rejected "clock" |
| 6 | a service message, or a report that measures no place | `Counts.pulses` |
| 7 | a report of a sensor whose place is not known yet | `Counts.unplaced` |
| 8 | otherwise | a fix |

Thus ``records = fixes + pulses + unplaced + duplicates + refused``, where what was refused by rule
1 as one piece (a block, or what is left of one) counts as one record. From rule 6 on the sensor is
heard. Because the rules are applied to one record after another, what becomes of a record does not
depend on how frames were put into batches.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from tocsin.instant import NS_PER_DAY, ns
from tocsin.sense import plots, service, system_tracks
from tocsin.sense.asterix import Record, read_datagram
from tocsin.sense.cat034 import CAT034
from tocsin.sense.cat048 import CAT048
from tocsin.sense.cat062 import CAT062
from tocsin.sense.columns import PADDING, Columns, columns
from tocsin.sense.desk import ORDER_SOURCE, RECEIPT_SOURCE, Desk, joined
from tocsin.sense.echoes import Echoes
from tocsin.sense.sensors import SensorTable
from tocsin.words import (
    EVIDENCE_BATCH_SHIFT,
    EVIDENCE_FRAME_SHIFT,
    EVIDENCE_PART_MAX,
    Batch,
    Counts,
    Fixes,
    Frame,
    IntArray,
    Order,
    Receipt,
    Rejected,
    Sensors,
    Site,
    SourceSite,
)

_CATEGORIES: Final = {category.number: category for category in (CAT034, CAT048, CAT062)}
_KINDS: Final = {34: service, 48: plots, 62: system_tracks}
_PREFIX: Final = {number: bytes([number]) for number in _CATEGORIES}
_NS_PER_TICK: Final = 7_812_500  # of the time of day: 1/128 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one batch said. `sensors` is the whole table now; `Fixes.sensor` are its rows."""

    fixes: Fixes
    sensors: Sensors
    orders: tuple[Order, ...]
    receipts: tuple[Receipt, ...]
    rejected: tuple[Rejected, ...]
    counts: Counts


class Sense:
    """The ears: frames in, fixes out. Remembers the sensors, and records of the last 30 s."""

    def __init__(self, site: Site) -> None:
        """ValueError when sources or sensors of `site` contradict one another."""
        self._live = site.realm == "live"
        self._clock_ns = ns(site.clock_s_max)
        self._sources = _sources(site.sources)
        self._sensors = SensorTable(site.sensors)
        self._echoes = Echoes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sense) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def read(self, batch: Batch) -> Heard:
        """Read every frame of `batch`, in order; ticks say nothing to this room."""
        desk = Desk()
        frames = [(n, item) for n, item in enumerate(batch.inputs) if isinstance(item, Frame)]
        data, arrivals, records = self._walk(batch.number, frames, desk)
        sheets = self._sheets(data, arrivals)
        for order, arrival in enumerate(arrivals):
            outcome = self._outcome(arrival, sheets[arrival.record.category], order, data)
            desk.count(arrival.t_ns, arrival.source.name, outcome)
        return Heard(
            fixes=self._fixes(sheets),
            sensors=self._sensors.table(),
            orders=tuple(desk.orders),
            receipts=tuple(desk.receipts),
            rejected=desk.rejected(),
            counts=Counts(t_ns=batch.t_ns, frames=len(frames), records=records, **desk.tally),
        )

    def _walk(
        self, batch_number: int, frames: list[tuple[int, Frame]], desk: Desk
    ) -> tuple[bytes, list["_Arrival"], int]:
        """All octets in one, the records that lie in them, and how many came (refused too)."""
        data = b"".join(frame.payload for _, frame in frames) + PADDING
        arrivals: list[_Arrival] = []
        records = at = 0
        for number, frame in frames:
            start, at = at, at + len(frame.payload)
            source = self._sources.get(frame.source)
            if source is None:
                desk.take(frame)
                continue
            datagram = read_datagram(data, start, at, _CATEGORIES)
            records += len(datagram)
            for fault in datagram.faults:
                desk.refuse(frame.t_ns, source.name, fault.reason, fault.detail)
            # frames beyond as many as there are numbers for share the last
            evidence = batch_number << EVIDENCE_BATCH_SHIFT
            evidence |= min(number, EVIDENCE_PART_MAX) << EVIDENCE_FRAME_SHIFT
            arrivals += [
                _Arrival(record, frame.t_ns, source, evidence | index)
                for index, record in enumerate(datagram.records)
            ]
        return data, arrivals, records

    def _sheets(self, data: bytes, arrivals: list["_Arrival"]) -> dict[int, "_Sheet"]:
        """The records by category, with all about them that needs no memory."""
        sheets: dict[int, _Sheet] = {}
        for number, category in _CATEGORIES.items():
            own = [a for a in arrivals if a.record.category == number]
            if not own:
                continue
            kind = _KINDS[number]
            read = columns(category, data, [a.record.row for a in own], kind.NAMES)
            received_ns = np.array([a.t_ns for a in own], dtype=np.int64)
            t_ns = _resolved(read["time_of_day_s"], received_ns)
            verdict = np.where(np.abs(t_ns - received_ns) > self._clock_ns, "clock", "")
            if self._live:
                verdict = np.where(kind.simulated(read), "simulated", verdict)
            sheets[number] = _Sheet(
                columns=read,
                t_ns=t_ns,
                verdict=verdict.tolist(),
                system=list(zip(read["sac"].tolist(), read["sic"].tolist(), strict=True)),
                measured=kind.measured(read).tolist(),
                needs_place=kind.needs_place(read).tolist(),
            )
        return sheets

    def _outcome(self, arrival: "_Arrival", sheet: "_Sheet", order: int, data: bytes) -> str:
        """What becomes of the next record of `sheet`: a name of `Counts`, or why it is refused."""
        row = sheet.next_row()
        system, allowed = sheet.system[row], arrival.source.allow
        if allowed and system not in allowed:
            return "sac_sic"
        record = arrival.record
        octets = _PREFIX[record.category] + data[record.start : record.end]
        if self._echoes.known(octets, arrival.t_ns):
            return "duplicates"
        if sheet.verdict[row]:
            return sheet.verdict[row]
        sensor = self._sensors.row(*system)
        if sensor < 0:
            return "sac_sic"
        self._sensors.hear(sensor, arrival.t_ns)
        if record.category == CAT034.number:
            service.learn(self._sensors, sensor, sheet.columns, row)
        if not sheet.measured[row]:
            return "pulses"
        if sheet.needs_place[row] and not self._sensors.placed(sensor):
            return "unplaced"
        sheet.chosen.append(_Chosen(row, sensor, arrival.evidence, order))
        return "fixes"

    def _fixes(self, sheets: dict[int, "_Sheet"]) -> Fixes:
        """The chosen records of all categories as one table in order of arrival."""
        parts: list[Fixes] = []
        order: list[int] = []
        for number, make in ((48, plots.fixes), (62, system_tracks.fixes)):
            sheet = sheets.get(number)
            if sheet is None or not sheet.chosen:
                continue
            rows = np.array([c.row for c in sheet.chosen], dtype=np.int64)
            sensor = np.array([c.sensor for c in sheet.chosen], dtype=np.int32)
            evidence = np.array([c.evidence for c in sheet.chosen], dtype=np.int64)
            places = self._sensors.radars(sensor)
            own = sheet.columns if len(rows) == len(sheet.t_ns) else sheet.columns.take(rows)
            parts.append(make(own, sheet.t_ns[rows], sensor, evidence, places))
            order += [c.order for c in sheet.chosen]
        return joined(parts, order)


class _Arrival(NamedTuple):
    """One record and the frame it came in."""

    record: Record
    t_ns: int
    source: SourceSite
    evidence: int


class _Chosen(NamedTuple):
    """A record that becomes a fix: its row in the sheet, its sensor, its number in the batch."""

    row: int
    sensor: int
    evidence: int
    order: int


@dataclass(slots=True)
class _Sheet:
    """The records of one category in order of arrival; one entry per record in every list."""

    columns: Columns
    t_ns: IntArray
    verdict: list[str]
    system: list[tuple[int, int]]
    measured: list[bool]
    needs_place: list[bool]
    chosen: list[_Chosen] = field(default_factory=list)
    _turn: int = -1

    def next_row(self) -> int:
        """The row of the next record of this category."""
        self._turn += 1
        return self._turn


def _resolved(time_of_day: IntArray, received_ns: IntArray) -> IntArray:
    """The moment with this time of day (1/128 s since UTC midnight) that is nearest to receipt.

    A report sent before midnight and received after it belongs to the day before, and a clock a
    little fast may name the day after.
    """
    same_day_ns = received_ns - received_ns % NS_PER_DAY + time_of_day * _NS_PER_TICK
    days_ahead = (same_day_ns - received_ns + NS_PER_DAY // 2) // NS_PER_DAY
    return same_day_ns - days_ahead * NS_PER_DAY


def _sources(sites: tuple[SourceSite, ...]) -> dict[str, SourceSite]:
    """Sources by name; ValueError when two share one or a format is unknown."""
    sources: dict[str, SourceSite] = {}
    for site in sites:
        if site.name in sources:
            raise ValueError(f"two sources are named {site.name!r}: give each its own name")
        if site.name in (ORDER_SOURCE, RECEIPT_SOURCE):
            raise ValueError(f"the source name {site.name!r} is taken: choose another")
        if site.format != "asterix":
            raise ValueError(f"source {site.name!r} has format {site.format!r}: write 'asterix'")
        sources[site.name] = site
    return sources
