"""Whether an order may be obeyed: one pure function, for the mind and for a mind that is dead.

An order is signed with Ed25519 (RFC 8032) by one operator of the site file over `canonical`. One
person suffices to end or to cancel a warning.

The signed bytes name the realm and the site besides the order's own fields: an order recorded in
an exercise, or at another site where the same person serves, is worth nothing here.

A site without operators obeys unsigned orders, except in the live realm, where nobody may give
any: convenient in an exercise, and nothing else could check them.
"""

import string
from collections.abc import Collection
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.instant import ns
from tocsin.words import OperatorSite, Order, Site

ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "release": ("alert",),
    "stop": ("alert",),
    "cancel": ("alert",),
    "all_clear": ("alert",),
    "raise": ("zone", "threat", "stage"),
}
"""What may be ordered, and which fields that order must fill in."""

ORDER_S_MAX: Final = 120.0
"""An order older, or further ahead, is stale. Chosen, because an operator's clock may be a minute
wrong, while an hour-old "cancel" must not silence a new attack."""

TEXT_MAX: Final = 500  # characters in any field; chosen, because a note is a sentence or two
NONCE_MIN: Final = 16  # chosen, because 16 hexadecimal digits are 64 random bits
NONCE_MAX: Final = 64
_NONCE_LETTERS: Final = frozenset(string.ascii_letters + string.digits + "-_")


def authorised(order: Order, site: Site, now_ns: int, seen_nonces: Collection[str]) -> str:
    """Empty when `order` may be obeyed, else the reason of `rules.reasons` why not.

    `seen_nonces` holds the `nonce_key` of every order that was obeyed in the last `ORDER_S_MAX`.
    The signature is checked before age and nonce, so that a stranger learns nothing from them.
    """
    if not _well_formed(order):
        return "order"
    if not _signed(order, site):
        return "signature"
    if abs(now_ns - order.t_ns) > ns(ORDER_S_MAX):
        return "stale"
    return "replayed" if nonce_key(order) in seen_nonces else ""


def canonical(order: Order, realm: str, site_name: str) -> bytes:
    """The bytes that are signed: compact UTF-8 JSON, keys sorted, of every field but `signature`.

    Besides the fields of `Order` it holds ``"type": "Order"``, ``"realm"`` and ``"site"`` (its
    name). Text is escaped no further than JSON demands.
    """
    fields = msgspec.to_builtins(order)
    del fields["signature"]
    fields |= {"realm": realm, "site": site_name}
    return msgspec.json.encode(fields, order="sorted")


def nonce_key(order: Order) -> str:
    """What is remembered of an obeyed order; nonces of two operators never collide.

    A nonce holds no slash (see `_well_formed`), so the last slash parts the two.
    """
    return f"{order.operator}/{order.nonce}"


def public_key(operator: OperatorSite) -> Ed25519PublicKey:
    """The key of `operator`; ValueError when it is not 64 hexadecimal digits."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(operator.public_key))
    except ValueError as wrong:
        raise ValueError(
            f"operator {operator.name!r}: public_key must be an Ed25519 key of 64 hexadecimal "
            "digits, as `tocsin keys operator` prints it"
        ) from wrong


def _well_formed(order: Order) -> bool:
    """Known action, its fields filled in and no others, plain nonce, no endless text."""
    if order.action not in ACTIONS:
        return False
    texts = (order.operator, order.alert, order.zone, order.threat, order.stage, order.note)
    if any(len(text) > TEXT_MAX for text in texts):
        return False
    if not NONCE_MIN <= len(order.nonce) <= NONCE_MAX or not set(order.nonce) <= _NONCE_LETTERS:
        return False
    needed = ACTIONS[order.action]
    return all(
        bool(getattr(order, name)) == (name in needed)
        for name in ("alert", "zone", "threat", "stage")
    )


def _signed(order: Order, site: Site) -> bool:
    """Whether an operator who may give this order signed it (or none is needed)."""
    if not site.operators:
        return site.realm != "live" and order.signature == ""
    for operator in site.operators:
        if operator.name == order.operator and order.action in operator.actions:
            return _verifies(order, site, operator)
    return False


def _verifies(order: Order, site: Site, operator: OperatorSite) -> bool:
    try:
        signature = bytes.fromhex(order.signature)
        public_key(operator).verify(signature, canonical(order, site.realm, site.name))
    except (ValueError, InvalidSignature):
        return False
    return True
