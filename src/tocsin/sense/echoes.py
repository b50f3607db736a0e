"""What was heard before: a radar seen on two networks must not be counted twice."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tocsin.instant import NS_PER_S

ECHO_NS: Final = 30 * NS_PER_S
"""A record with the same octets within this time is a copy (contract of this room)."""

ECHOES_MAX: Final = 131_072
"""Most records remembered: 30 s of 4,369 records/s, at most about 30 MB (chosen).

Above that rate the memory reaches less far back; copies come within a second of one another.
"""


@dataclass(slots=True)
class Echoes:
    """The octets of the records of the last 30 s from systems that may speak.

    They hold the time of day to 1/128 s: two looks of a radar are practically never equal.
    """

    _known: dict[bytes, int] = field(default_factory=dict)
    _order: deque[tuple[int, bytes]] = field(default_factory=deque)

    def known(self, key: bytes, t_ns: int) -> bool:
        """Was `key` heard within `ECHO_NS` before `t_ns`? It is remembered from now on if not."""
        order = self._order
        while order and (t_ns - order[0][0] > ECHO_NS or len(order) >= ECHOES_MAX):
            del self._known[order.popleft()[1]]
        if key in self._known:
            return True
        self._known[key] = t_ns
        order.append((t_ns, key))
        return False
