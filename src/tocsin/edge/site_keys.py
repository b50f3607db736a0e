"""What every key of the site file means, in one sentence and one unit, for people who write one.

The reference page is printed from this table; a test holds it against the fields of the words.
"""

from typing import Final

import msgspec

from tocsin.edge.site import TABLES
from tocsin.words import Site

WORDS: Final[dict[str, type[msgspec.Struct]]] = {"site": Site, **TABLES}
"""Table of the site file -> the word it becomes; "site" are the keys above the first table."""

DESCRIPTIONS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "site": {
        "name": ("", "Names the installation; signed orders are good for this name only."),
        "realm": (
            "live, exercise or test",
            "Which world the warnings belong to; each realm has its own key and its own words.",
        ),
        "mode": (
            "shadow, advise, confirm or automatic",
            (
                "Who lets a warning out: nobody, an operator, time unless an operator stops it, or "
                "the policy alone."
            ),
        ),
        "zones": (
            "name or path",
            (
                "The zone map: a shipped one (ua, il), or the path of a compiled map, relative to "
                "the site file."
            ),
        ),
        "sender": (
            "",
            (
                "The sender of every CAP document; without space, comma, '<' or '&', such as "
                "warn@example.org."
            ),
        ),
        "sender_name": ("", "Who warns, in words that people know."),
        "languages": (
            "list of language codes",
            "The languages of the texts; the first one stands where there is room for only one.",
        ),
        "sensors": (
            "table",
            "The sensors whose place and quality are known, one [[sensors]] each.",
        ),
        "sources": ("table", "Where frames come from, one [[sources]] each."),
        "operators": ("table", "Who may give orders, one [[operators]] each."),
        "elevation": (
            "path",
            (
                "A folder of SRTM tiles (N49E036.hgt), relative to the site file: who is watched "
                "is then reckoned over this ground; empty: over a smooth Earth."
            ),
        ),
        "places": (
            "table",
            "Places that draw threats as many people would, one [[places]] each.",
        ),
        "policy": (
            "name",
            "Which shipped policy decides whom to warn, and when; the policies page compares them.",
        ),
        "aims": (
            "people, even or wary",
            (
                "Where drones and cruise missiles are taken to be going: to people and [[places]], "
                "anywhere, or three times as surely to wherever they fly."
            ),
        ),
        "confirm_s": (
            "s",
            "In mode confirm, how long a warning waits for an operator to stop it.",
        ),
        "clock_s_max": (
            "s",
            "A report whose time of measurement is further than this from its receipt is refused.",
        ),
        "require_coverage": (
            "true or false",
            "Whether the system refuses to start while some zone has no sensor.",
        ),
        "shadow": (
            "path",
            (
                "What 'tocsin score JOURNAL --authority FILE --json' printed, relative to the site "
                "file; in the live realm, confirm and automatic do not start without it."
            ),
        ),
        "public_url": ("URL", "How others reach the public listener; stands in CAP and the feed."),
        "public_listen": ("host:port", "Where the page and the public documents are served."),
        "private_listen": (
            "host:port",
            "Where metrics, console and orders are served; keep it off every public network.",
        ),
        "journal": ("path", "The journal's file, relative to the site file; it grows."),
        "keys": ("path", "The folder of the signing keys, relative to the site file."),
    },
    "sensors": {
        "name": ("", "Names the sensor; letters, digits, '.', '_' and '-'; unique."),
        "lat_deg": ("deg", "Latitude of the antenna, WGS-84."),
        "lon_deg": ("deg", "Longitude of the antenna, WGS-84, east positive."),
        "height_m": ("m", "Height of the antenna above the ellipsoid."),
        "sac": ("0 to 255", "System Area Code of its ASTERIX records; -1 when it has none."),
        "sic": ("0 to 255", "System Identification Code of its ASTERIX records; -1 for none."),
        "range_m_max": ("m", "As far as this it sees at all; nothing beyond counts as watched."),
        "scan_s": ("s", "Time between two looks at the same place."),
        "detection_chance": (
            "0 to 1",
            "Chance that one look sees a target that is in view.",
        ),
        "stale_s": ("s", "Silent for longer than this, it does not watch and its zones are blind."),
        "sigma_range_m": ("m", "Standard deviation of a measured range."),
        "sigma_azimuth_deg": ("deg", "Standard deviation of a measured azimuth."),
        "sigma_height_m": ("m", "Standard deviation of a height that the sensor itself measures."),
        "mast_m": (
            "m",
            (
                "Height of the antenna above the ground around it, for what it sees of low flyers; "
                "-1: over tiles 10 m, over a smooth Earth height_m, at least 10 m."
            ),
        ),
        "sees": (
            "list",
            (
                "The threats, of drone, cruise and ballistic, that it can see at all: a civil "
                "secondary radar sees none, and its zones are no less blind for it."
            ),
        ),
    },
    "sources": {
        "name": ("", "Names the source in counts and in the journal; unique."),
        "url": (
            "URL",
            (
                "udp://host:port (a multicast group is joined, on ?interface=ADDRESS if given), "
                "pcap://path, or file://path with ?t=TIME&interval_ms=N."
            ),
        ),
        "format": ("asterix", "What the frames hold."),
        "allow": (
            "list of [SAC, SIC]",
            "The systems accepted from this source; empty accepts any, for replay and tests only.",
        ),
    },
    "operators": {
        "name": ("", "Names the person; the orders that they sign carry it."),
        "public_key": (
            "64 hexadecimal digits",
            "Their Ed25519 public key, as 'tocsin keys operator' prints it.",
        ),
        "actions": (
            "list",
            "What they may order, of release, stop, cancel, all_clear and raise.",
        ),
    },
    "places": {
        "name": ("", "Names the place; letters, digits, '.', '_' and '-'; unique."),
        "lat_deg": ("deg", "Latitude, WGS-84."),
        "lon_deg": ("deg", "Longitude, WGS-84, east positive."),
        "people": ("", "It draws threats as so many more people in its zone would."),
    },
}
"""Table -> key -> (unit or form, sentence)."""
