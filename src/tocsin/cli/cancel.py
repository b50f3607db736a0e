"""`tocsin cancel`: take an alert back, to exactly the people who got it."""

import http.client
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cyclopts import Parameter

from tocsin.cli.say import refuse
from tocsin.edge import clock
from tocsin.rules.authority import ACTIONS, canonical
from tocsin.words import Order


def cancel(
    alert: str,
    /,
    *,
    to: Annotated[str, Parameter(name="--to")] = "http://127.0.0.1:8081",
    operator: str = "operator",
    key: Path | None = None,
    action: str = "cancel",
    note: str = "",
) -> None:
    """Order the running system to cancel an alert: it was a mistake (not an all-clear).

    Parameters
    ----------
    alert
        The alert's id, realm:zone:threat:serial.
    to
        The private listener of the running system.
    operator
        Your name, as in [[operators]] of the site file.
    key
        Your Ed25519 private key (PEM). The live realm accepts no order without.
    action
        cancel, or all_clear, release, stop.
    note
        Why, in one sentence; it goes into the journal and the CAP note.
    """
    to = to.rstrip("/")
    if not to.startswith(("http://", "https://")):
        refuse(f"--to {to!r}: write http://host:port")
    if action not in ACTIONS or "alert" not in ACTIONS[action]:
        known = ", ".join(name for name, needed in ACTIONS.items() if "alert" in needed)
        refuse(f"--action {action!r}: choose from {known}")
    order = Order(
        t_ns=clock.now_ns(),
        action=action,
        operator=operator,
        nonce=secrets.token_hex(16),
        alert=alert,
        note=note,
    )
    if key is not None:
        order = signed(order, key, msgspec.json.decode(_asked(f"{to}/console.json")))
    print(_asked(f"{to}/orders", msgspec.json.encode(order)).decode())


def _asked(url: str, body: bytes | None = None) -> bytes:
    """The answer of the running system; refuses, saying how to mend it, when there is none."""
    request = urllib.request.Request(  # noqa: S310  the caller looked at the scheme
        url, data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        refuse(f"{url} refused the order: {error.read().decode().strip()}")
    except (OSError, http.client.HTTPException) as error:
        refuse(f"no system answers at {url} ({str(error).strip()}): is it running, is --to right?")


def signed(order: Order, key: Path, console: dict[str, Any]) -> Order:
    """`order` signed for the system that `console` describes, with the private key in `key`."""
    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        refuse(f"--key {key}: {error}: give an Ed25519 private key in PEM")
    if not isinstance(private, Ed25519PrivateKey):
        refuse(f"--key {key}: not an Ed25519 key: make one with 'tocsin keys operator'")
    if not console:
        refuse("the system has just started: try again in a second")
    realm, site_name = console["realm"], console["site"]
    signature = private.sign(canonical(order, realm, site_name)).hex()
    return msgspec.structs.replace(order, signature=signature)
