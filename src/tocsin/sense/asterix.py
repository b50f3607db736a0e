"""ASTERIX framing: a datagram is a row of data blocks, a data block is a row of records.

Source: EUROCONTROL-SPEC-0149 Part 1 (ASTERIX), edition 3.0, chapter 5: a block is ``CAT (1 octet),
LEN (2 octets, big-endian, of the whole block), records``. Whatever arrives, nothing is raised: what
cannot be read is a fault with one of the reasons of `rules.reasons`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from tocsin.sense.layout import Category, WalkError
from tocsin.words import EVIDENCE_PART_MAX

RECORDS_MAX: Final = EVIDENCE_PART_MAX
"""Records read from one datagram; the evidence number of a fix has twelve bits for them."""

_HEADER_OCTETS: Final = 3  # CAT and LEN


class Record(NamedTuple):
    """One complete record: its category, its octets ``data[start:end]``, its row of offsets."""

    category: int
    start: int
    end: int
    row: list[int]


@dataclass(frozen=True, slots=True)
class Datagram:
    """What one datagram held: complete records in order, and what was refused and why."""

    records: list[Record]
    faults: list[WalkError]

    def __len__(self) -> int:
        return len(self.records) + len(self.faults)


def read_datagram(data: bytes, start: int, end: int, categories: dict[int, Category]) -> Datagram:
    """Walk ``data[start:end]``. Each fault stands for one record, remainder or block refused.

    A fault inside a record loses the rest of its block, because nothing says where the next
    record begins; the complete records before it are kept (except in a `whole` category), and so
    are the other blocks of the datagram. A LEN that cannot be believed ("length") loses the rest
    of the datagram, and so does the 4096th record ("overlong"). A LEN that says more than was
    received is "truncated".
    """
    found = Datagram([], [])
    at = start
    if at == end:
        found.faults.append(WalkError("truncated", "an empty datagram"))
    while at < end:
        if len(found.records) + len(found.faults) >= RECORDS_MAX:
            if len(found) == RECORDS_MAX:
                found.faults.append(_overlong())
            break
        if end - at < _HEADER_OCTETS:
            found.faults.append(WalkError("truncated", "ends inside a block header"))
            break
        number, octets = data[at], int.from_bytes(data[at + 1 : at + _HEADER_OCTETS], "big")
        if octets <= _HEADER_OCTETS:
            found.faults.append(WalkError("length", f"CAT{number:03d} block of {octets} octets"))
            break
        category = categories.get(number)
        if category is None:
            found.faults.append(WalkError("category", f"CAT{number:03d}"))
        elif category.whole:
            _read_whole_block(data, at, at + octets, end, category, found)
        else:
            _read_block(data, at + _HEADER_OCTETS, min(at + octets, end), category, found)
        at += octets
    if at > end and not found.faults:
        found.faults.append(WalkError("truncated", "ends before its last block does"))
    return found


def _read_block(data: bytes, at: int, end: int, category: Category, found: Datagram) -> None:
    """Add the records between `at` and `end` to `found`, up to the first that cannot be walked."""
    records, faults = found.records, found.faults
    while at < end:
        if len(records) + len(faults) >= RECORDS_MAX:
            faults.append(_overlong())
            return
        row = [-1] * category.columns
        try:
            after = category.walk(data, at, end, row)
        except WalkError as fault:
            faults.append(fault)
            return
        fault_found = category.unfit(data, row)
        if fault_found is None:
            records.append(Record(category.number, at, after, row))
        else:
            faults.append(fault_found)
        at = after


def _read_whole_block(
    data: bytes, at: int, block_end: int, end: int, category: Category, found: Datagram
) -> None:
    """Add the records of one block, or one fault when not all of it fits the edition.

    Only the first field specification can be found without walking, so a fault in that one is
    "fspec"; whatever does not fit after it says that the walk lost its way, which is "edition".
    """
    if block_end > end:
        found.faults.append(WalkError("truncated", f"CAT{category.number:03d} block is cut"))
        return
    at += _HEADER_OCTETS
    block = Datagram([], [])
    _read_block(data, at, block_end, category, block)
    if not block.faults and len(found) + len(block) > RECORDS_MAX:
        found.faults.append(_overlong())
    elif not block.faults:
        found.records.extend(block.records)
    elif block.faults[0].reason == "overlong" or (
        block.faults[0].reason == "fspec" and not block.records
    ):
        found.faults.append(block.faults[0])
    else:
        detail = f"CAT{category.number:03d} is not edition {category.edition}: "
        found.faults.append(WalkError("edition", detail + block.faults[0].detail))


def _overlong() -> WalkError:
    return WalkError("overlong", f"more than {RECORDS_MAX} records")
