"""libasterix reads what the simulated radars sent: the outside judge of our encoder."""

from typing import Any

import asterix.generated as gen
from asterix.base import Bits, RawDatablock

CATEGORIES = {34: gen.Cat_034_1_29, 48: gen.Cat_048_1_32, 62: gen.Cat_062_1_21}


def records(payload: bytes) -> list[tuple[int, Any]]:
    """(category, record) of every record in the datagram; fails on anything left over."""
    blocks = RawDatablock.parse(Bits.from_bytes(payload))
    assert not isinstance(blocks, ValueError), blocks
    found = []
    for block in blocks:
        parsed = CATEGORIES[block.get_category()].cv_uap.parse(block.get_raw_records())
        assert not isinstance(parsed, ValueError), parsed
        found += [(block.get_category(), record) for record in parsed]
    return found


def raw(record: Any, item: str) -> int | None:
    """The bits of an item as an unsigned number, None when absent."""
    found = record.get_item(item)
    return None if found is None else found.as_uint()


def quantity(record: Any, item: str, unit: str, sub: str = "") -> float:
    """An item, or its subitem, as a physical quantity."""
    variation = record.get_item(item).variation
    if sub:
        variation = variation.get_item(sub).variation
    return float(variation.content.as_quantity(unit))


def sub(record: Any, item: str, name: str) -> int:
    """A subitem as an unsigned number."""
    return int(record.get_item(item).variation.get_item(name).as_uint())
