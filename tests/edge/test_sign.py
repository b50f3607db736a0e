"""Signatures: judged by xmlsec1 and by `cryptography`; attacked as the field's incidents teach."""

import base64
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jws
from joserfc.jwk import OctKey
from lxml import etree

from tests.warn.judge import SCHEMA
from tests.warn.stand_in import START_NS, alert, herald, of
from tocsin.edge.sign import Signer, Unverified, verify_cap, verify_detached, verify_jws
from tocsin.rules.cap import findings
from tocsin.rules.cap_tree import NAMESPACE, SIGNATURE, text_of
from tocsin.words import Message

SENDER = "warnings@example.org"


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("keys"), "exercise", SENDER)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("other"), "exercise", SENDER)


@pytest.fixture(scope="module")
def tester(tmp_path_factory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("test"), "test", SENDER)


def message(channel: str, realm: str = "exercise") -> Message:
    words = [alert("take_cover", realm=realm)]
    return of(herald(realm=realm).render(START_NS, words, []), channel)[0]


@pytest.fixture(scope="module")
def signed(signer) -> bytes:
    return signer.seal(message("cap")).payload


# ---- CAP ---------------------------------------------------------------------------------------


def test_a_signed_document_is_still_sound_and_compact(signed):
    root = etree.fromstring(signed)
    SCHEMA.assertValid(root)
    assert findings(root) == []
    assert root[-1].tag == SIGNATURE
    assert b">\n<" not in signed.partition(b"Signature")[0]


def test_the_form_of_the_signature(signed):
    for part in (
        b'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
        b'Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"',
        b'Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"',
        b'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"',
        b'URI=""',
        b"X509Certificate>",
    ):
        assert part in signed


def test_what_is_verified_is_the_alert_without_its_signature(signed, signer):
    alert_root = verify_cap(signed, signer.certificate_pem)
    unsigned = etree.fromstring(message("cap").payload)
    assert etree.tostring(alert_root, method="c14n") == etree.tostring(unsigned, method="c14n")


def test_xmlsec1_verifies_it(signed, signer, tmp_path):
    if shutil.which("xmlsec1") is None:
        pytest.skip("xmlsec1 is not installed (apt install xmlsec1)")
    document, certificate = tmp_path / "alert.xml", tmp_path / "cert.pem"
    document.write_bytes(signed)
    certificate.write_bytes(signer.certificate_pem)
    command = ["xmlsec1", "--verify", "--trusted-pem", str(certificate), str(document)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document.write_bytes(signed.replace(b"take_cover", b"all_clear_", 1))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_tampered(signed, signer):
    for good, bad in ((b"Immediate", b"Past"), (b"ua-kharkiv", b"ua-sumy"), (b"49.9", b"49.8")):
        assert good in signed
        with pytest.raises(Unverified, match="XML signature refused"):
            verify_cap(signed.replace(good, bad, 1), signer.certificate_pem)


def test_a_foreign_key_is_refused_though_its_certificate_is_inside(signer, stranger):
    forged = stranger.seal(message("cap")).payload
    verify_cap(forged, stranger.certificate_pem)
    with pytest.raises(Unverified):
        verify_cap(forged, signer.certificate_pem)


def test_stripped(signer):
    with pytest.raises(Unverified, match="0 signatures"):
        verify_cap(message("cap").payload, signer.certificate_pem)


def test_wrapped_inside_a_forged_alert(signed, signer):
    """The whole signed alert hidden in a forged one, its signature moved to the forged root."""
    forged = etree.fromstring(message("cap").payload)
    genuine = etree.fromstring(signed)
    forged.find(f"{{{NAMESPACE}}}info/{{{NAMESPACE}}}urgency").text = "Past"
    forged.append(genuine.find(SIGNATURE))
    forged.find(f"{{{NAMESPACE}}}info").append(genuine)
    with pytest.raises(Unverified):
        verify_cap(etree.tostring(forged), signer.certificate_pem)
    outer = etree.fromstring(message("cap").payload)
    outer.find(f"{{{NAMESPACE}}}info").append(etree.fromstring(signed))
    with pytest.raises(Unverified, match="a child of alert"):
        verify_cap(etree.tostring(outer), signer.certificate_pem)


def test_doubled_signature(signed, signer):
    root = etree.fromstring(signed)
    root.append(etree.fromstring(etree.tostring(root.find(SIGNATURE))))
    with pytest.raises(Unverified, match="2 signatures"):
        verify_cap(etree.tostring(root), signer.certificate_pem)


BOMB = b'<!DOCTYPE alert [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda signed: signed.replace(b"?>", b"?>" + BOMB, 1), "document type"),
        (lambda signed: signed + b" " * 300_000, "at most"),
        (lambda signed: signed[:-20], "not XML"),
        (lambda signed: b"", "not XML"),
        (lambda signed: b"<alert/>", "not a CAP 1.2 alert"),
    ],
)
def test_hostile_documents(signed, signer, make, why):
    with pytest.raises(Unverified, match=why):
        verify_cap(make(signed), signer.certificate_pem)


def test_an_exercise_key_cannot_speak_for_the_live_realm(signer):
    exercise = message("cap")
    as_live = exercise.payload.replace(b"<status>Exercise<", b"<status>Actual<")
    with pytest.raises(ValueError, match="not of realm exercise"):
        signer.seal(Message(**{**_fields(exercise), "payload": as_live}))
    root = etree.fromstring(as_live)
    assert text_of(root, "status") == "Actual"
    forged = signer._xml.sign(root, key=signer._key, cert=[signer._certificate])
    with pytest.raises(Unverified, match="not of realm 'exercise'"):
        verify_cap(etree.tostring(forged), signer.certificate_pem)


def _fields(one: Message) -> dict:
    return {name: getattr(one, name) for name in one.__struct_fields__}


# ---- JSON --------------------------------------------------------------------------------------


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def check_by_hand(jwks: dict, signing_input: bytes, signature: bytes) -> None:
    """RFC 7518, 3.4, with `cryptography` alone."""
    (jwk,) = jwks["keys"]
    x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(utils.encode_dss_signature(r, s), signing_input, ec.ECDSA(hashes.SHA256()))


def test_an_event_is_a_compact_jws(signer):
    event = message("event")
    sealed = signer.seal(event)
    assert (sealed.payload, sealed.detached) == (event.payload, "")
    header, payload, signature = sealed.compact.split(".")
    assert json.loads(decode(header)) == {"alg": "ES256", "kid": signer.kid, "realm": "exercise"}
    assert decode(payload) == event.payload
    check_by_hand(signer.public_jwks(), f"{header}.{payload}".encode(), decode(signature))
    assert verify_jws(sealed.compact, signer.public_jwks(), "exercise") == event.payload


def test_the_state_has_a_detached_signature_over_its_exact_bytes(signer):
    sealed = signer.seal(message("state"))
    header, nothing, signature = sealed.detached.split(".")
    assert nothing == ""
    assert json.loads(decode(header))["b64"] is False
    assert json.loads(decode(header))["crit"] == ["b64"]
    signing_input = header.encode() + b"." + sealed.payload
    check_by_hand(signer.public_jwks(), signing_input, decode(signature))
    with pytest.raises(InvalidSignature):
        check_by_hand(signer.public_jwks(), signing_input + b" ", decode(signature))
    jwks = signer.public_jwks()
    assert verify_detached(sealed.detached, sealed.payload, jwks, "exercise") == sealed.payload
    assert verify_jws(sealed.compact, jwks, "exercise") == sealed.payload
    with pytest.raises(Unverified):
        verify_detached(sealed.detached, sealed.payload + b" ", jwks, "exercise")


def test_the_thumbprint_is_that_of_rfc_7638(signer):
    (jwk,) = signer.public_jwks()["keys"]
    canonical = json.dumps({k: jwk[k] for k in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    digest = hashes.Hash(hashes.SHA256())
    digest.update(canonical.encode())
    assert base64.urlsafe_b64encode(digest.finalize()).rstrip(b"=").decode() == signer.kid
    assert "d" not in jwk


def test_a_key_of_one_realm_never_verifies_another(signer, tester):
    sealed = signer.seal(message("event"))
    with pytest.raises(Unverified, match="realm"):
        verify_jws(sealed.compact, signer.public_jwks(), "test")
    with pytest.raises(Unverified, match="realm"):
        verify_jws(sealed.compact, tester.public_jwks(), "test")
    with pytest.raises(Unverified, match="realm"):
        verify_jws(sealed.compact, tester.public_jwks(), "exercise")
    renamed = {**signer.public_jwks(), "realm": "test"}
    renamed["keys"] = [{**key, "realm": "test"} for key in renamed["keys"]]
    with pytest.raises(Unverified, match="realm"):
        verify_jws(sealed.compact, renamed, "test")
    with pytest.raises(ValueError, match="needs its own key"):
        signer.seal(message("event", realm="test"))


def test_tampered_foreign_and_malformed_tokens(signer, stranger):
    token, jwks = signer.seal(message("event")).compact, signer.public_jwks()
    header, _payload, signature = token.split(".")
    other = base64.urlsafe_b64encode(b'{"v":1}').decode().rstrip("=")
    foreign = stranger.seal(message("event")).compact
    detached = signer.seal(message("state")).detached
    mixed = f"{header}.{foreign.split('.')[1]}.{foreign.split('.')[2]}"
    for bad in (
        f"{header}.{other}.{signature}",
        foreign,
        mixed,
        "",
        "..",
        "a.b",
        "é.b.c",
        detached,
    ):
        with pytest.raises(Unverified):
            verify_jws(bad, jwks, "exercise")
    with pytest.raises(Unverified):
        verify_detached(token, b"", jwks, "exercise")


def test_no_algorithm_and_the_public_key_as_a_secret_are_refused(signer):
    jwks = signer.public_jwks()
    header = {"kid": signer.kid, "realm": "exercise"}

    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    with pytest.raises(Unverified):
        verify_jws(f"{part({'alg': 'none', **header})}.{part({'v': 1})}.", jwks, "exercise")
    registry = jws.JWSRegistry(algorithms=["HS256"], strict_check_header=False)
    secret = OctKey.import_key(json.dumps(jwks["keys"][0]))
    confused = jws.serialize_compact({"alg": "HS256", **header}, b"{}", secret, registry=registry)
    with pytest.raises(Unverified):
        verify_jws(confused, jwks, "exercise")


def test_a_key_inside_the_token_is_never_believed(signer, stranger):
    own = stranger.public_jwks()["keys"][0]
    header = {"alg": "ES256", "kid": stranger.kid, "realm": "exercise", "jwk": own}
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    token = jws.serialize_compact(header, b"{}", stranger._jwk, registry=registry)
    with pytest.raises(Unverified):
        verify_jws(token, signer.public_jwks(), "exercise")


def test_a_whole_countrys_state_can_be_verified(signer):
    big = Message(**{**_fields(message("state")), "payload": b"{" + b" " * 4_000_000 + b"}"})
    sealed = signer.seal(big)
    assert verify_jws(sealed.compact, signer.public_jwks(), "exercise") == big.payload


def test_the_feed_leaves_as_it_is(signer):
    feed = message("feed")
    sealed = signer.seal(feed)
    assert (sealed.payload, sealed.compact, sealed.detached) == (feed.payload, "", "")


# ---- keys --------------------------------------------------------------------------------------


def test_keys_are_kept_for_the_owner_and_loaded_again(tmp_path):
    made = Signer.create(tmp_path / "keys", "test", SENDER)
    path = tmp_path / "keys" / "test.key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = Signer.load(tmp_path / "keys", "test")
    assert (loaded.kid, loaded.realm, loaded.sender) == (made.kid, "test", SENDER)
    assert loaded.public_jwks() == made.public_jwks()
    certificate = x509.load_pem_x509_certificate(made.certificate_pem)
    certificate.verify_directly_issued_by(certificate)
    with pytest.raises(ValueError, match="exists: keep it"):
        Signer.create(tmp_path / "keys", "test", SENDER)
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        Signer.load(tmp_path / "keys", "test")


def _swap(folder: Path, other: Path) -> None:
    (folder / "test.cert.pem").write_bytes((other / "exercise.cert.pem").read_bytes())


def test_damaged_and_foreign_keys_say_how_to_mend(tmp_path):
    with pytest.raises(ValueError, match="tocsin keys new"):
        Signer.load(tmp_path, "live")
    with pytest.raises(ValueError, match="use one of live"):
        Signer.create(tmp_path, "real", SENDER)
    Signer.create(tmp_path / "a", "test", SENDER)
    Signer.create(tmp_path / "b", "exercise", SENDER)
    _swap(tmp_path / "a", tmp_path / "b")
    with pytest.raises(ValueError, match="restore its own"):
        Signer.load(tmp_path / "a", "test")
    (tmp_path / "a" / "test.key.pem").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match="damaged"):
        Signer.load(tmp_path / "a", "test")


def test_a_live_key_cannot_be_made_of_an_exercise_key_by_renaming(tmp_path):
    Signer.create(tmp_path, "exercise", SENDER)
    for end in ("key.pem", "cert.pem"):
        (tmp_path / f"exercise.{end}").rename(tmp_path / f"live.{end}")
    with pytest.raises(ValueError, match="not of this key and realm"):
        Signer.load(tmp_path, "live")
