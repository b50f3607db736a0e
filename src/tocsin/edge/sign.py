"""Keys, signatures and their verification: the one file that holds a private key.

One ECDSA P-256 key for each realm, in two files of the key folder: ``REALM.key.pem`` (owner only)
and ``REALM.cert.pem`` (self-signed, pinned by receivers). CAP is sealed with an enveloped XML
signature (exclusive C14N, ecdsa-sha256), JSON with JWS ES256 (RFC 7515), detached and unencoded
(RFC 7797) beside the compact form for the state. Signatures are random by nature; the bytes that
are signed are not.

A realm is bound three times: its own key, the ``realm`` in every protected header and in every
published key, and the organisational unit of the certificate, which must fit the CAP status. So a
signature of an exercise never verifies as live, not even when the wrong key was pinned.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tocsin.rules.cap_tree import (
    NAMESPACE,
    SIGNATURE,
    STATUS_OF_REALM,
    XML_HEAD,
    Element,
    parse,
    text_of,
)
from tocsin.words import REALMS, Message

XML_BYTES_MAX: Final = 256 * 1024  # before parsing; ours stay below 200 kB
JSON_BYTES_MAX: Final = 16 * 1024 * 1024  # a whole country's state is below 4 MB
_C14N: Final = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0

# Trust is in the pinning: an expiry would add only the day on which genuine warnings are refused.
_NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NOT_AFTER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # "none", RFC 5280, 4.1.2.5


class Unverified(ValueError):
    """A signature that is absent, false or of another key or realm; the message says which."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What leaves. `payload` is the document, with its signature inside if it is CAP; `compact`
    and `detached` are the JWS of a JSON document, "" where there is none."""

    payload: bytes
    detached: str = ""
    compact: str = ""


class Signer:
    """The key of one realm, loaded once: re-reading it costs a hundred signatures."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        """Use `create` or `load`."""
        self.realm = _name(certificate, x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
        self.sender = _name(certificate, x509.NameOID.COMMON_NAME)
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)
        self._key = key
        self._certificate = certificate
        self._jwk = ECKey.import_key(_private_pem(key))
        self.kid = self._jwk.thumbprint()
        self._registry = _registry()
        self._xml = XMLSigner(
            signature_algorithm=SignatureMethod.ECDSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=_C14N,
        )

    @classmethod
    def create(cls, folder: Path, realm: str, sender: str) -> "Signer":
        """A new key and certificate in `folder`; ValueError where one is already."""
        if realm not in REALMS:
            raise ValueError(f"realm {realm!r} is unknown: use one of {', '.join(REALMS)}")
        key_path, certificate_path = _paths(folder, realm)
        if key_path.exists() or certificate_path.exists():
            raise ValueError(f"{key_path} exists: keep it, or move both files of {realm} away")
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(key, realm, sender)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(key_path, _private_pem(key), 0o600)
        _write(certificate_path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return cls(key, certificate)

    @classmethod
    def load(cls, folder: Path, realm: str) -> "Signer":
        """The key of `realm` from `folder`; ValueError saying how to mend what is wrong."""
        key_path, certificate_path = _paths(folder, realm)
        if not key_path.is_file() or not certificate_path.is_file():
            raise ValueError(f"no key of realm {realm} in {folder}: make one with tocsin keys new")
        if key_path.stat().st_mode & 0o077:
            raise ValueError(f"{key_path} can be read by others: chmod 600 {key_path}")
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        except (ValueError, TypeError) as error:
            raise ValueError(f"{key_path} or its certificate is damaged: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError(f"{key_path} is not a P-256 key: make one with tocsin keys new")
        signer = cls(key, certificate)
        if certificate.public_key() != key.public_key() or signer.realm != realm:
            raise ValueError(f"{certificate_path} is not of this key and realm: restore its own")
        return signer

    def seal(self, message: Message) -> Sealed:
        """`message` signed as its `seal` says; ValueError when it is of another realm."""
        if message.realm != self.realm:
            raise ValueError(
                f"a message of realm {message.realm} needs its own key, not {self.realm}"
            )
        if message.seal == "xmldsig":
            return Sealed(self._seal_xml(message.payload))
        if message.seal == "jws":
            detached = self._seal_json(message.payload, detached=True)
            wanted = detached if message.channel == "state" else ""
            return Sealed(message.payload, wanted, self._seal_json(message.payload, detached=False))
        return Sealed(message.payload)

    def public_jwks(self) -> dict[str, Any]:
        """The public key as a JWK Set (RFC 7517) that names its realm."""
        public = self._jwk.as_dict(private=False)
        named = {"kid": self.kid, "use": "sig", "alg": "ES256", "realm": self.realm}
        return {"realm": self.realm, "keys": [{**public, **named}]}

    def _seal_xml(self, payload: bytes) -> bytes:
        root = _parse(payload)
        if text_of(root, "status") != STATUS_OF_REALM[self.realm]:
            raise ValueError(f"CAP status {text_of(root, 'status')!r} is not of realm {self.realm}")
        signed = self._xml.sign(root, key=self._key, cert=[self._certificate])
        return XML_HEAD + etree.tostring(signed, encoding="UTF-8", xml_declaration=False)

    def _seal_json(self, payload: bytes, *, detached: bool) -> str:
        header: dict[str, Any] = {"alg": "ES256", "kid": self.kid, "realm": self.realm}
        if detached:
            header |= {"b64": False, "crit": ["b64"]}
        return jws.serialize_compact(header, payload, self._jwk, registry=self._registry)


# ---- verification ------------------------------------------------------------------------------


def verify_cap(data: bytes, certificate_pem: bytes) -> Element:
    """The signed ``alert`` of a CAP document, and nothing around it; Unverified otherwise.

    `certificate_pem` is the pinned certificate of the sender: the one inside the document proves
    nothing. Use only what is returned: the bytes given may hold more than was signed.
    """
    root = _parse(data)
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise Unverified(f"{root.tag} is not a CAP 1.2 alert")
    signatures = list(root.iter(SIGNATURE))
    if len(signatures) != 1 or signatures[0].getparent() is not root:
        raise Unverified(f"{len(signatures)} signatures where one, a child of alert, is wanted")
    pinned = x509.load_pem_x509_certificate(certificate_pem)
    try:
        result = XMLVerifier().verify(root, x509_cert=pinned, expect_config=_CONFIGURATION)
    except (SignXMLException, etree.LxmlError, ValueError) as error:
        raise Unverified(f"XML signature refused: {error}") from error
    signed: Element | None = getattr(result, "signed_xml", None)
    if signed is None or signed.tag != root.tag:
        raise Unverified("the signature is not over the alert")
    realm = _name(pinned, x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    if text_of(signed, "status") != STATUS_OF_REALM.get(realm):
        raise Unverified(f"status {text_of(signed, 'status')!r} is not of realm {realm!r}")
    return signed


def verify_jws(compact: str, jwks: Mapping[str, Any], realm: str) -> bytes:
    """The payload of a compact JWS signed by a key of `realm`; Unverified otherwise."""
    return _verify_json(compact, None, jwks, realm)


def verify_detached(detached: str, body: bytes, jwks: Mapping[str, Any], realm: str) -> bytes:
    """`body` itself if the detached JWS (RFC 7797) over it is by a key of `realm`."""
    return _verify_json(detached, body, jwks, realm)


def _verify_json(token: str, body: bytes | None, jwks: Mapping[str, Any], realm: str) -> bytes:
    try:
        found = jws.extract_compact(token.encode("ascii"), body, _registry())
        header = found.protected
        if header.get("realm") != realm or jwks.get("realm") != realm:
            raise Unverified(f"signed for realm {header.get('realm')!r}, not {realm!r}")
        if (header.get("b64", True) is False) != (body is not None):
            raise Unverified("detached where the whole is wanted, or the other way round")
        if body is not None and token.split(".")[1]:
            raise Unverified("a detached signature that carries a payload")
        key = _pinned(jwks, str(header.get("kid")), realm)
        if not jws.validate_compact(found, key, registry=_registry()):
            raise Unverified("the signature does not fit the payload")
    except (JoseError, UnicodeEncodeError) as error:
        raise Unverified(f"JWS refused: {error}") from error
    return found.payload if body is None else body


def _pinned(jwks: Mapping[str, Any], kid: str, realm: str) -> ECKey:
    """The key whose thumbprint (RFC 7638) is `kid`; a key inside the token is never looked at."""
    for jwk in jwks.get("keys", ()):
        if jwk.get("realm") == realm and jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            key = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
            if key.thumbprint() == kid:
                return key
    raise Unverified(f"key {kid!r} is not one of realm {realm}")


class _Registry(jws.JWSRegistry):
    """ES256 and nothing else, our one header more, and room for a country's state."""

    max_payload_length = JSON_BYTES_MAX


def _registry() -> _Registry:
    realm = HeaderParameter("The realm that the signature is good for", "str", required=True)
    return _Registry(header_registry={"realm": realm}, algorithms=["ES256"])


_CONFIGURATION: Final = SignatureConfiguration(
    require_x509=True,
    location="./",
    expect_references=1,
    signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


def _parse(data: bytes) -> Element:
    """The root of an untrusted document."""
    try:
        return parse(data, XML_BYTES_MAX)
    except ValueError as error:
        raise Unverified(str(error)) from error


# ---- files and certificates --------------------------------------------------------------------


def _paths(folder: Path, realm: str) -> tuple[Path, Path]:
    return folder / f"{realm}.key.pem", folder / f"{realm}.cert.pem"


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a new file that nobody could read in between."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificate(key: ec.EllipticCurvePrivateKey, realm: str, sender: str) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, sender),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, realm),
        ]
    )
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(key, hashes.SHA256())


def _name(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
