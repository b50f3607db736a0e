"""Attacks on orders, with keys and signatures from `cryptography`."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.decide.stories import START_NS, site
from tocsin.instant import ns
from tocsin.rules.authority import ACTIONS, authorised, canonical, nonce_key, public_key
from tocsin.rules.reasons import REASONS
from tocsin.words import OperatorSite, Order, Site

ANNA = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOHDAN = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def operator(name: str, key: Ed25519PrivateKey, *actions: str) -> OperatorSite:
    digits = key.public_key().public_bytes_raw().hex()
    return OperatorSite(name=name, public_key=digits, actions=actions or tuple(ACTIONS))


SITE = site(
    realm="live",
    operators=(operator("anna", ANNA), operator("bohdan", BOHDAN, "cancel", "stop")),
)


def unsigned(**changes: object) -> Order:
    fields: dict[str, object] = {
        "t_ns": START_NS,
        "action": "cancel",
        "operator": "anna",
        "nonce": "0123456789abcdef",
        "alert": "live:z0:drone:1",
        "note": "птахи",
    }
    return Order(**(fields | changes))


def signed(
    key: Ed25519PrivateKey = ANNA, at: Site = SITE, changes: dict[str, object] | None = None
) -> Order:
    plain = unsigned(**(changes or {}))
    signature = key.sign(canonical(plain, at.realm, at.name)).hex()
    return msgspec.structs.replace(plain, signature=signature)


RAISE = {"action": "raise", "alert": "", "zone": "z0", "threat": "drone", "stage": "early"}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_signed_by_its_operator_is_obeyed(action: str) -> None:
    changes = RAISE if action == "raise" else {"action": action}
    assert authorised(signed(changes=changes), SITE, START_NS, ()) == ""


def test_canonical_bytes_are_these() -> None:
    """Other programs sign too: these bytes are a contract."""
    assert canonical(unsigned(), SITE.realm, SITE.name).decode() == (
        '{"action":"cancel","alert":"live:z0:drone:1","nonce":"0123456789abcdef","note":"птахи",'
        '"operator":"anna","realm":"live","site":"here","stage":"",'
        f'"t_ns":{START_NS},"threat":"","type":"Order","zone":""}}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"t_ns": START_NS + 1},
        {"action": "all_clear"},
        {"operator": "bohdan"},
        {"nonce": "0123456789abcdeX"},
        {"alert": "live:z0:drone:2"},
        {"note": "ptakhy"},
    ],
)
def test_a_changed_field_breaks_the_signature(changes: dict[str, object]) -> None:
    forged = msgspec.structs.replace(signed(), **changes)
    assert authorised(forged, SITE, START_NS, ()) == "signature"


@pytest.mark.parametrize(
    "signature", ["", "00", "zz" * 64, "00" * 64, "é" * 128, "0" * 127, "00" * 65]
)
def test_rubbish_is_no_signature(signature: str) -> None:
    assert authorised(unsigned(signature=signature), SITE, START_NS, ()) == "signature"


@given(position=st.integers(0, 127), digit=st.sampled_from("0123456789abcdef"))
def test_no_digit_of_a_signature_may_change(position: int, digit: str) -> None:
    good = signed()
    text = good.signature[:position] + digit + good.signature[position + 1 :]
    wanted = "" if text == good.signature else "signature"
    changed = msgspec.structs.replace(good, signature=text)
    assert authorised(changed, SITE, START_NS, ()) == wanted


def test_another_operators_key_does_not_sign_for_anna() -> None:
    assert authorised(signed(key=BOHDAN), SITE, START_NS, ()) == "signature"


def test_an_operator_may_do_only_what_the_site_says() -> None:
    cancel = signed(BOHDAN, changes={"operator": "bohdan"})
    raising = signed(BOHDAN, changes={**RAISE, "operator": "bohdan"})
    assert authorised(cancel, SITE, START_NS, ()) == ""
    assert authorised(raising, SITE, START_NS, ()) == "signature"


def test_a_stranger_is_refused() -> None:
    stranger = signed(changes={"operator": "mallory"})
    assert authorised(stranger, SITE, START_NS, ()) == "signature"


@pytest.mark.parametrize("other", [{"realm": "exercise"}, {"name": "there"}])
def test_an_order_for_another_realm_or_site_is_worth_nothing_here(other: dict[str, str]) -> None:
    elsewhere = msgspec.structs.replace(SITE, **other)
    recorded = signed(at=elsewhere, changes=RAISE)
    assert authorised(recorded, elsewhere, START_NS, ()) == ""
    assert authorised(recorded, SITE, START_NS, ()) == "signature"


def test_a_replay_is_refused_and_only_for_the_same_operator() -> None:
    given_order = signed()
    assert authorised(given_order, SITE, START_NS, {nonce_key(given_order)}) == "replayed"
    assert authorised(given_order, SITE, START_NS, {"bohdan/0123456789abcdef"}) == ""


@pytest.mark.parametrize(
    ("age_s", "reason"),
    [(120, ""), (120.1, "stale"), (-120, ""), (-120.1, "stale"), (1e6, "stale")],
)
def test_age_is_limited_both_ways(age_s: float, reason: str) -> None:
    assert authorised(signed(), SITE, START_NS + ns(age_s), ()) == reason


def test_a_stranger_learns_nothing_of_nonces_and_age() -> None:
    forged = unsigned(signature="00" * 64)
    late_ns = START_NS + ns(1e6)
    assert authorised(forged, SITE, late_ns, {nonce_key(forged)}) == "signature"


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "launch"},
        {"action": ""},
        {"nonce": "short"},
        {"nonce": "x" * 65},
        {"nonce": "anna/0123456789abcdef"},
        {"alert": ""},
        {"zone": "z0"},
        {**RAISE, "alert": "live:z0:drone:1"},
        {**RAISE, "stage": ""},
        {"note": "x" * 501},
        {"operator": "x" * 501},
    ],
)
def test_an_order_of_the_wrong_form_is_refused_even_if_signed(changes: dict[str, object]) -> None:
    assert authorised(signed(changes=changes), SITE, START_NS, ()) == "order"


@pytest.mark.parametrize(
    ("realm", "signature", "reason"),
    [
        ("exercise", "", ""),
        ("test", "", ""),
        ("live", "", "signature"),
        ("exercise", "00" * 64, "signature"),
    ],
)
def test_a_site_without_operators(realm: str, signature: str, reason: str) -> None:
    here = site(realm=realm)
    assert authorised(unsigned(signature=signature), here, START_NS, ()) == reason


def test_a_site_with_operators_takes_no_unsigned_order_in_any_realm() -> None:
    here = msgspec.structs.replace(SITE, realm="exercise")
    assert authorised(unsigned(), here, START_NS, ()) == "signature"


def test_reasons_are_of_the_closed_list() -> None:
    assert {"order", "signature", "stale", "replayed"} <= set(REASONS)


@pytest.mark.parametrize("digits", ["", "zz" * 32, "00" * 31, "00" * 33])
def test_a_key_that_is_none_is_bad_configuration(digits: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        public_key(OperatorSite(name="anna", public_key=digits))
