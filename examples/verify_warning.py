"""Verify a CAP warning with the certificate that you pinned.

    python examples/verify_warning.py ALERT.xml CERTIFICATE.pem
    python examples/verify_warning.py              makes a key and a warning, and attacks it

Exit code 1 when the warning is not genuine.
"""

import sys
import tempfile
from pathlib import Path

from tocsin.edge.sign import Signer, Unverified, verify_cap
from tocsin.words import Message

CAP = b"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">\
<identifier>exercise:ua-kharkiv:drone:1</identifier>\
<sender>warn@example.org</sender><sent>2026-01-15T20:00:00+00:00</sent>\
<status>Exercise</status><msgType>Alert</msgType><scope>Public</scope></alert>"""


def verified(document: bytes, certificate: bytes) -> bool:
    """Print what was signed, or why nothing of it may be used."""
    try:
        alert = verify_cap(document, certificate)
    except Unverified as error:
        print(f"NOT GENUINE: {error}")
        return False
    # Read from what verify_cap returns, never from the document: it may hold more than was signed.
    names = ("sender", "status", "identifier")
    print("genuine:", *(alert.findtext(f"{{*}}{name}") for name in names))
    return True


def demonstration() -> bool:
    """Sign a warning with a fresh key; change it; hold it against another key."""
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer.create(Path(folder) / "ours", "exercise", "warn@example.org")
        stranger = Signer.create(Path(folder) / "theirs", "exercise", "warn@example.org")
    message = Message(
        t_ns=0, channel="cap", subject="exercise:ua-kharkiv:drone:1", realm="exercise",
        media_type="application/cap+xml", seal="xmldsig", t_ns_deadline=0, payload=CAP,
    )  # fmt: skip
    document = signer.seal(message).payload
    changed = document.replace(b"ua-kharkiv", b"ua-poltava")
    return (
        verified(document, signer.certificate_pem)
        and not verified(changed, signer.certificate_pem)
        and not verified(document, stranger.certificate_pem)
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        good = verified(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes())
    elif len(sys.argv) == 1:
        good = demonstration()
    else:
        sys.exit(__doc__)
    sys.exit(0 if good else 1)
