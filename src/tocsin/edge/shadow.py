"""The gate of the live realm: no centre warns by itself before it was held against an authority.

A site runs in mode shadow beside whoever warns today; `tocsin score JOURNAL --authority FILE`
compares. The gate asks that this was done, with this site's name, zone map, policy and aims, and
that there was something to compare with. Whether the figures are good enough is for people to say.
"""

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from tocsin.edge.site import BadSite
from tocsin.words import Site

BY_ITSELF: Final = ("confirm", "automatic")
"""Modes in which a warning leaves without a person's word."""


class Card(msgspec.Struct, frozen=True):
    """What the gate reads of a comparison."""

    site: str
    realm: str
    zones_digest: str
    policy: str
    aims: str
    alarms_theirs: int


class _Document(msgspec.Struct, frozen=True):
    authority: Card


def refuse_unscored(site: Site, parts: dict[str, bytes], beside: Path) -> None:
    """Raise BadSite when `site` would warn by itself in the live realm and was never compared."""
    if site.realm != "live" or site.mode not in BY_ITSELF:
        return
    mend = "run the site in mode shadow beside the authority, then 'tocsin score JOURNAL"
    mend += " --authority FILE --json > PATH'"
    if not site.shadow:
        raise BadSite(f"mode = {site.mode!r} in the live realm needs shadow = PATH: {mend}")
    try:
        card = msgspec.json.decode((beside / site.shadow).read_bytes(), type=_Document).authority
    except OSError as error:
        raise BadSite(f"shadow = {site.shadow!r}: {error.strerror}: {mend}") from error
    except msgspec.MsgspecError as error:
        raise BadSite(f"shadow = {site.shadow!r} is no comparison ({error}): {mend}") from error
    wanted = {
        "site": site.name,
        "realm": site.realm,
        "zones_digest": hashlib.sha256(parts["zones"]).hexdigest(),
        "policy": site.policy,
        "aims": site.aims,
    }
    for key, value in wanted.items():
        if (found := getattr(card, key)) != value:
            raise BadSite(f"shadow = {site.shadow!r} is of {key} {found!r}, not {value!r}: {mend}")
    if card.alarms_theirs < 1:
        raise BadSite(f"shadow = {site.shadow!r} compares with no alarm of the authority: {mend}")
