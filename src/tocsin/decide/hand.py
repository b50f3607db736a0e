"""What orders do: an operator warns by hand, ends a warning, and mutes what was behind it."""

from typing import Final

import numpy as np

from tocsin.decide import stages
from tocsin.decide.memory import Memory, Mutes
from tocsin.decide.policy import WARNED_BY_CHANCE, Policy
from tocsin.instant import ns
from tocsin.words import HORIZONS_S, STAGES, THREATS, Arrivals, Order, Rejected

MUTE_HORIZON: Final = HORIZONS_S.index(600)
MUTE_CHANCE: Final = 0.005
"""A cancel mutes the tracks that were behind the alert and those with such a chance for the zone
within ten minutes: the threshold of take_cover. Not the real drone that is still far away."""


RAISED: Final = (*WARNED_BY_CHANCE, "standing")
"""The stages that an operator may raise; a standing one lasts until an operator ends it."""


class Hand:
    """Writes orders into the board's memory. They have passed `orders.OrderGate`: here only their
    sense is checked, not their signature."""

    def __init__(self, realm: str, ids: tuple[str, ...], policy: Policy, memory: Memory) -> None:
        self._realm = realm
        self._row = {zone: row for row, zone in enumerate(ids)}
        self._policy = policy
        self._memory = memory
        self.mutes = Mutes()

    def obey(
        self, now_ns: int, arrivals: Arrivals, orders: tuple[Order, ...]
    ) -> tuple[dict[int, str], tuple[Rejected, ...]]:
        """Take the operators' orders: the keys they end (and how), and the orders without sense."""
        ended: dict[int, str] = {}
        rejected = []
        for order in orders:
            key = self._key(order)
            if key is None:
                detail = f"{order.action} by {order.operator}: no such alert, zone, threat or stage"
                rejected.append(
                    Rejected(t_ns=now_ns, source="order", reason="order", detail=detail)
                )
            elif order.action == "raise" and order.stage == "standing":
                self._memory.standing[key] = self._memory.declared[key] = True
            elif order.action == "raise":
                self._memory.raised[key] = STAGES.index(order.stage)
                self._memory.t_ns_raised[key] = now_ns + ns(self._policy.raise_s)
                self.mutes.lift(key)
            elif order.action in ("cancel", "all_clear"):
                ended[key] = order.action
                self._mute(now_ns, key, arrivals, order.action)
                self._memory.t_ns_raised[key] = 0
                self._memory.standing[key] = self._memory.declared[key] = False
        return ended, tuple(rejected)

    def _key(self, order: Order) -> int | None:
        """The key that `order` speaks of, None when it makes no sense.

        An alert may be named by any serial of its present run, for it may have been renewed
        while the operator read it.
        """
        if order.action == "raise":
            known = order.zone in self._row and order.threat in THREATS
            if not known or order.stage not in RAISED:
                return None
            return self._row[order.zone] * len(THREATS) + THREATS.index(order.threat)
        realm, zone, threat, serial = (*order.alert.split(":"), "", "", "", "")[:4]
        if order.alert.count(":") != 3 or realm != self._realm or threat not in THREATS:
            return None
        if zone not in self._row or not (serial.isascii() and serial.isdigit()):
            return None
        key = self._row[zone] * len(THREATS) + THREATS.index(threat)
        memory = self._memory
        named = len(serial) < 19 and memory.serial_begun[key] <= int(serial) <= memory.serial[key]
        return key if named and stages.WARNED[memory.stage[key]] else None

    def _mute(self, now_ns: int, key: int, arrivals: Arrivals, action: str) -> None:
        """Keep the tracks behind an ended alert from raising it again at once."""
        zone, threat = divmod(key, len(THREATS))
        near = arrivals.chance[:, MUTE_HORIZON] >= MUTE_CHANCE
        near &= (arrivals.zone == zone) & (arrivals.threat == threat)
        present = arrivals.track[near]
        told = np.array(self._memory.behind.get(key, ()), dtype=np.int64)
        span_s = self._policy.mute_cancel_s
        if action == "all_clear":
            span_s = self._policy.mute_all_clear_s
        self.mutes.add(key, np.union1d(present, told), now_ns + ns(span_s))
