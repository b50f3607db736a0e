"""The gate: each order once, bounded memory, nothing replayed even when it is full."""

import pickle

import msgspec
import pytest

from tests.decide.stories import START_NS, site
from tests.rules.test_authority import SITE, signed, unsigned
from tocsin.decide import OrderGate, orders
from tocsin.instant import ns
from tocsin.words import OperatorSite


def nonces(count: int, first: int = 0) -> list[str]:
    return [f"{number:016d}" for number in range(first, first + count)]


def test_admitted_and_rejected_in_order_of_arrival() -> None:
    good, other = signed(), signed(changes={"nonce": "fedcba9876543210"})
    forged = unsigned(nonce="f" * 16)
    admitted, rejected = OrderGate(SITE).admit(START_NS, (good, forged, other, good))
    assert admitted == (good, other)
    assert [word.reason for word in rejected] == ["signature", "replayed"]
    assert {word.source for word in rejected} == {"order"}
    assert "anna" in rejected[0].detail


def test_a_forged_order_does_not_burn_the_nonce_of_the_true_one() -> None:
    gate = OrderGate(SITE)
    assert gate.admit(START_NS, (unsigned(),))[0] == ()
    assert gate.admit(START_NS, (signed(),))[0] == (signed(),)


def test_a_replay_is_refused_after_a_checkpoint_and_later_as_stale() -> None:
    gate = OrderGate(SITE)
    gate.admit(START_NS, (signed(),))
    gate = pickle.loads(pickle.dumps(gate))
    for later_s, reason in ((1, "replayed"), (120, "replayed"), (121, "stale"), (9999, "stale")):
        _, rejected = gate.admit(START_NS + ns(later_s), (signed(),))
        assert [word.reason for word in rejected] == [reason]


def test_an_order_from_the_future_cannot_be_replayed_either() -> None:
    """Its nonce is kept until it is stale, not until we would have forgotten an older one."""
    gate = OrderGate(SITE)
    ahead = signed(changes={"t_ns": START_NS + ns(119)})
    assert gate.admit(START_NS, (ahead,))[0] == (ahead,)
    for later_s in (100, 200, 239):
        assert gate.admit(START_NS + ns(later_s), (ahead,))[0] == ()
    assert gate.admit(START_NS + ns(239), (ahead,))[1][0].reason == "replayed"


def test_a_full_memory_lets_no_replay_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "NONCES_MAX", 100)
    gate = OrderGate(site())
    given = [
        unsigned(nonce=nonce, t_ns=START_NS + number) for number, nonce in enumerate(nonces(300))
    ]
    assert len(gate.admit(START_NS + 300, tuple(given))[0]) == 300
    assert len(gate._seen) <= 100
    again, rejected = gate.admit(START_NS + 301, tuple(given))
    assert again == ()
    assert {word.reason for word in rejected} == {"stale", "replayed"}
    new = unsigned(nonce="n" * 16, t_ns=START_NS + 301)
    assert gate.admit(START_NS + 301, (new,))[0] == (new,)


def test_memory_empties_with_time() -> None:
    gate = OrderGate(site())
    gate.admit(START_NS, tuple(unsigned(nonce=nonce) for nonce in nonces(50)))
    gate.admit(START_NS + ns(200), (unsigned(t_ns=START_NS + ns(200)),))
    assert len(gate._seen) == 1


def test_a_site_with_a_broken_key_does_not_start() -> None:
    broken = msgspec.structs.replace(
        SITE, operators=(OperatorSite(name="anna", public_key="beef"),)
    )
    with pytest.raises(ValueError, match="'anna'"):
        OrderGate(broken)
