"""`tocsin keys`: the keys that sign warnings, and those of the operators."""

from pathlib import Path

import cyclopts
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tocsin.cli.say import put_json, refuse, refusing
from tocsin.edge.sign import Signer

app = cyclopts.App(name="keys", help="The keys that sign warnings, and those of the operators.")


@app.command
def new(folder: Path, /, *, realm: str, sender: str) -> None:
    """Make the signing key of a realm. Each realm has its own; nothing of one passes as another.

    Parameters
    ----------
    folder
        Where the keys lie; keep it private.
    realm
        live, exercise or test.
    sender
        The CAP sender, such as warn@example.org.
    """
    with refusing(ValueError, FileExistsError):
        signer = Signer.create(folder, realm, sender)
    put_json(signer.public_jwks())


@app.command
def show(folder: Path, /, *, realm: str) -> None:
    """Show the public key of a realm, to be pinned by whoever verifies.

    Parameters
    ----------
    folder
        Where the keys lie.
    realm
        live, exercise or test.
    """
    with refusing(ValueError, OSError):
        put_json(Signer.load(folder, realm).public_jwks())


@app.command
def operator(file: Path, /) -> None:
    """Make an operator's key. The printed line goes into [[operators]] of the site file.

    Parameters
    ----------
    file
        Where the private key is written (PEM); it must not exist.
    """
    if file.exists():
        refuse(f"{file} exists: give another name")
    key = Ed25519PrivateKey.generate()
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    print(f'public_key = "{public.hex()}"')
