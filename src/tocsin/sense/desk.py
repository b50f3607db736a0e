"""What is collected while one batch is read, before it is handed over."""

from dataclasses import fields
from typing import Final, TypeVar

import msgspec
import numpy as np

from tocsin.words import Fixes, Frame, Order, Receipt, Rejected

ORDER_SOURCE: Final = "order"
RECEIPT_SOURCE: Final = "receipt"
_JSON_OCTETS_MAX: Final = 65_536  # chosen: an order is a few hundred octets

_Word = TypeVar("_Word", Order, Receipt)


class Desk:
    """Orders, receipts, refusals and the tally of one batch."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.receipts: list[Receipt] = []
        self.tally = {"duplicates": 0, "pulses": 0, "unplaced": 0, "fixes": 0}
        self._refused: dict[tuple[int, str, str], tuple[int, str]] = {}

    def take(self, frame: Frame) -> None:
        """Read a frame that is not from a sensor of the site file."""
        if frame.source == ORDER_SOURCE:
            order = _json(frame.payload, Order)
            if order is not None:
                self.orders.append(order)
                return
        elif frame.source == RECEIPT_SOURCE:
            receipt = _json(frame.payload, Receipt)
            if receipt is not None:
                self.receipts.append(receipt)
                return
        else:
            self.refuse(frame.t_ns, frame.source, "unknown_source")
            return
        self.refuse(frame.t_ns, frame.source, "json")

    def refuse(self, t_ns: int, source: str, reason: str, detail: str = "") -> None:
        """Count one refusal; those of one source, time and reason are told together."""
        count, first = self._refused.get((t_ns, source, reason), (0, detail))
        self._refused[t_ns, source, reason] = (count + 1, first)

    def count(self, t_ns: int, source: str, outcome: str) -> None:
        """Count what became of one record: a name of the tally, or the reason of its refusal."""
        if outcome in self.tally:
            self.tally[outcome] += 1
        else:
            self.refuse(t_ns, source, outcome)

    def rejected(self) -> tuple[Rejected, ...]:
        """In the order of the first of each kind."""
        return tuple(
            Rejected(t_ns=t_ns, source=source, reason=reason, count=count, detail=detail)
            for (t_ns, source, reason), (count, detail) in self._refused.items()
        )


def joined(parts: list[Fixes], order: list[int]) -> Fixes:
    """The rows of all `parts` as one table, sorted by `order` (one number per row)."""
    if not parts:
        return _NO_FIXES
    if len(parts) == 1:  # in order already
        return parts[0]
    rank = np.argsort(np.array(order, dtype=np.int64), kind="stable")
    columns = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts])[rank]
        for f in fields(Fixes)
    }
    return Fixes(**columns)


def _json(payload: bytes, word: type[_Word]) -> _Word | None:
    """The word that `payload` is the JSON of; None when it is not."""
    if len(payload) > _JSON_OCTETS_MAX:
        return None
    try:
        return msgspec.json.decode(payload, type=word)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


_NO_FIXES: Final = Fixes(
    t_ns=np.empty(0, dtype=np.int64),
    sensor=np.empty(0, dtype=np.int32),
    position_m=np.empty((0, 3)),
    covariance_m2=np.empty((0, 3, 3)),
    has_height=np.empty(0, dtype=np.bool_),
    velocity_mps=np.empty((0, 3)),
    range_rate_mps=np.empty(0),
    system_track=np.empty(0, dtype=np.bool_),
    track_number=np.empty(0, dtype=np.int32),
    mode_3a=np.empty(0, dtype=np.int32),
    mode_s=np.empty(0, dtype=np.int32),
    friend=np.empty(0, dtype=np.bool_),
    hint=np.empty(0, dtype=np.int8),
    ends=np.empty(0, dtype=np.bool_),
    evidence=np.empty(0, dtype=np.int64),
)
