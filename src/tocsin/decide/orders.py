"""The gate that every order passes once, before the board and the authority see it."""

from dataclasses import dataclass, field
from typing import Final

from tocsin.instant import ns
from tocsin.rules.authority import ORDER_S_MAX, authorised, nonce_key, public_key
from tocsin.words import Order, Rejected, Site

NONCES_MAX: Final = 10_000
"""Nonces remembered; chosen, because a hundred operators giving an order a second fill it just
short of the two minutes for which an order can be replayed."""


@dataclass(slots=True)
class OrderGate:
    """Admits orders that `rules.authority` allows, each nonce once. Picklable and bounded.

    When the memory is full the oldest nonces are forgotten, and from then on every order that is
    as old as a forgotten one counts as stale: no replay gets in, and new orders are still obeyed.
    A site file with a key that is none raises ValueError here.
    """

    site: Site
    _seen: dict[str, int] = field(init=False, default_factory=dict)
    _forgotten_ns: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        for operator in self.site.operators:
            public_key(operator)

    def admit(
        self, now_ns: int, orders: tuple[Order, ...]
    ) -> tuple[tuple[Order, ...], tuple[Rejected, ...]]:
        """The orders to obey and the words for the others, both in the order of arrival."""
        if not orders:
            return (), ()
        self._forget(now_ns)
        admitted, rejected = [], []
        for order in orders:
            reason = authorised(order, self.site, now_ns, self._seen)
            if not reason and order.t_ns <= self._forgotten_ns:
                reason = "stale"
            if reason:
                detail = f"{order.action[:40]!r} by {order.operator[:40]!r}"
                rejected.append(Rejected(t_ns=now_ns, source="order", reason=reason, detail=detail))
                continue
            admitted.append(order)
            self._remember(order)
        return tuple(admitted), tuple(rejected)

    def _remember(self, order: Order) -> None:
        if len(self._seen) >= NONCES_MAX:
            by_age = sorted(self._seen, key=lambda name: (self._seen[name], name))
            for name in by_age[: NONCES_MAX // 10]:
                self._forgotten_ns = max(self._forgotten_ns, self._seen.pop(name))
        self._seen[nonce_key(order)] = order.t_ns

    def _forget(self, now_ns: int) -> None:
        """Drop nonces of orders that are stale by now anyway."""
        oldest_ns = now_ns - ns(ORDER_S_MAX)
        self._seen = {name: t_ns for name, t_ns in self._seen.items() if t_ns >= oldest_ns}
