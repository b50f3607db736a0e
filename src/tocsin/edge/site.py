"""One TOML file -> one frozen `Site`. An unknown key or a value that cannot work: refuse to start.

Every message is one line: where, what is wrong, how to mend it. Secrets are not in the site file.
"""

import difflib
import math
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import tomli_w

from tocsin.engine import HELD, INTERNAL_SOURCES
from tocsin.words import (
    AIMS,
    MODES,
    REALMS,
    THREATS,
    OperatorSite,
    PlaceSite,
    SensorSite,
    Site,
    SourceSite,
)

TABLES: dict[str, type[msgspec.Struct]] = {
    "sensors": SensorSite,
    "sources": SourceSite,
    "operators": OperatorSite,
    "places": PlaceSite,
}
POSITIVE = (
    "range_m_max",
    "scan_s",
    "detection_chance",
    "stale_s",
    "sigma_range_m",
    "sigma_azimuth_deg",
    "sigma_height_m",
)
"""Keys of a sensor that mean nothing at zero or below."""

SCHEMES = ("udp", "pcap", "file")
FORMATS = ("asterix",)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class BadSite(ValueError):
    """The configuration cannot work; the message says what is wrong and how to mend it."""


def read(path: Path) -> Site:
    """The site of the file at `path`. Raises BadSite."""
    if not path.is_file():
        raise BadSite(f"{path}: no such file: write one, starting from docs/howto/site.md")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except BadSite as error:
        raise BadSite(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise BadSite(f"{path}: not UTF-8 ({error.reason}): save it as UTF-8") from error
    except OSError as error:
        raise BadSite(f"{path}: {error.strerror}: let this user read it") from error


def parse(text: str) -> Site:
    """The site of a TOML text. Raises BadSite."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSite(f"not TOML: {error}") from error
    _refuse_unknown_keys(document)
    try:
        site = msgspec.convert(document, type=Site)
    except msgspec.ValidationError as error:
        raise BadSite(str(error).replace("`$.", "`").replace("Object", "the site file")) from error
    for problem in _problems(site):
        raise BadSite(problem)
    return site


def write(site: Site) -> str:
    """The TOML text of `site`: `parse` of it gives an equal site.

    Tables that it has none of are left out: after ``operators = []`` nobody can add one by hand.
    """
    document: dict[str, Any] = msgspec.to_builtins(site)
    return tomli_w.dumps(
        {key: value for key, value in document.items() if key not in TABLES or value}
    )


def _refuse_unknown_keys(document: dict[str, Any]) -> None:
    _refuse_unknown(document, Site, "")
    for table, word in TABLES.items():
        rows = document.get(table, ())
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                _refuse_unknown(row, word, f" in [[{table}]]")


def _refuse_unknown(row: dict[str, Any], word: type[msgspec.Struct], where: str) -> None:
    known = word.__struct_fields__
    for key in row:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
            raise BadSite(f"unknown key {key!r}{where}: {hint}")


def _problems(site: Site) -> list[str]:
    """What cannot work in a site whose types are right, worst first."""
    found: list[str] = []
    if site.realm not in REALMS:
        found.append(f"realm = {site.realm!r}: choose from {', '.join(REALMS)}")
    if site.mode not in MODES:
        found.append(f"mode = {site.mode!r}: choose from {', '.join(MODES)}")
    if site.aims not in AIMS:
        found.append(f"aims = {site.aims!r}: choose from {', '.join(AIMS)}")
    if not site.languages:
        found.append('languages is empty: name at least one, such as languages = ["en"]')
    if re.search(r"[\s,<&]", site.sender) or not site.sender:
        found.append(
            f"sender = {site.sender!r}: CAP 1.2 wants a name without space, comma, '<' or '&',"
            " such as warn@example.org"
        )
    if site.realm == "live" and not site.operators and site.mode in ("advise", "confirm"):
        found.append(f"mode = {site.mode!r} needs [[operators]]: name at least one, with its key")
    if site.realm == "live":
        found += [
            f"source {source.name!r}: the live realm needs allow = [[SAC, SIC], ...]: name the"
            " systems that may speak there"
            for source in site.sources
            if source.url.startswith("udp:") and not source.allow
        ]
    found += [
        f"{listen} = {getattr(site, listen)!r}: write host:port"
        for listen in ("public_listen", "private_listen")
        if not _names_port(getattr(site, listen))
    ]
    if not 0.0 < site.clock_s_max < math.inf:
        found.append(f"clock_s_max = {site.clock_s_max!r}: give seconds above 0, such as 15.0")
    if not 0.0 <= site.confirm_s < math.inf:
        found.append(f"confirm_s = {site.confirm_s!r}: give seconds, such as 15.0")
    if site.public_listen == site.private_listen:
        found.append("public_listen and private_listen are the same: give each its own port")
    return found + _table_problems(site)


def _table_problems(site: Site) -> list[str]:
    found: list[str] = []
    for table in TABLES:
        names = [row.name for row in getattr(site, table)]
        found += [
            f"[[{table}]] {name!r} stands twice: names are unique"
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        found += [
            f"[[{table}]] name = {name!r}: use letters, digits, '.', '_' and '-'"
            for name in names
            if not _NAME.fullmatch(name)
        ]
    for source in site.sources:
        if source.name in (*INTERNAL_SOURCES, HELD):
            found.append(f"source {source.name!r}: this name is our own: choose another")
        url = urlsplit(source.url)
        if url.scheme not in SCHEMES:
            found.append(
                f"source {source.name!r}: url = {source.url!r}: begin it with "
                + " or ".join(f"{scheme}://" for scheme in SCHEMES)
            )
        elif url.scheme == "udp" and not (url.hostname and _names_port(url.netloc)):
            found.append(f"source {source.name!r}: url = {source.url!r}: write udp://host:port")
        if source.format not in FORMATS:
            found.append(f"source {source.name!r}: format: choose from {', '.join(FORMATS)}")
    for place in site.places:
        if not (-90 <= place.lat_deg <= 90 and -180 <= place.lon_deg <= 180):
            found.append(f"place {place.name!r}: lat_deg, lon_deg are not a place on Earth")
        if place.people <= 0:
            found.append(f"place {place.name!r}: people = {place.people}: give a number above 0")
    for sensor in site.sensors:
        if not (-90 <= sensor.lat_deg <= 90 and -180 <= sensor.lon_deg <= 180):
            found.append(f"sensor {sensor.name!r}: lat_deg, lon_deg are not a place on Earth")
        found += [
            f"sensor {sensor.name!r}: {key} = {getattr(sensor, key)!r}: give a number above 0"
            for key in POSITIVE
            if not 0.0 < getattr(sensor, key) < math.inf
        ]
        if not sensor.detection_chance <= 1.0:
            found.append(f"sensor {sensor.name!r}: detection_chance is a chance: at most 1.0")
        found += [
            f"sensor {sensor.name!r}: sees {threat!r}: choose from {', '.join(THREATS)}"
            for threat in sensor.sees
            if threat not in THREATS
        ]
        if not (sensor.mast_m == -1.0 or 0.0 <= sensor.mast_m < math.inf):
            found.append(f"sensor {sensor.name!r}: mast_m: metres above the ground, or -1")
        if not (-1 <= sensor.sac <= 255 and -1 <= sensor.sic <= 255):
            found.append(f"sensor {sensor.name!r}: sac and sic are 0 to 255, or -1 for none")
    return found


def _names_port(address: str) -> bool:
    """Whether `address` ends with a port that can be asked for (0: any that is free)."""
    host, _, port = address.rpartition(":")
    return bool(host) and re.fullmatch(r"\d{1,5}", port, re.ASCII) is not None and int(port) < 65536
