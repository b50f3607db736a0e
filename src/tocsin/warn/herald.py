"""The herald: alerts to bytes for every channel, remembering only what each zone was last told.

For each alert one CAP document and one event; the state document when what is shown changes and
at least every five seconds, so that a client knows a silent system from a quiet sky; the feed
when it changes. State and feed are held back for a moment after the last one: in a raid an alert
comes with every batch, and the whole country's state need not be written fifty times a second.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.rules.alerts import alert_id
from tocsin.rules.cap_tree import MEDIA_TYPE, Element
from tocsin.warn.blind import BlindAreas
from tocsin.warn.cap import GEOCODES, ZONE_CODE, area_element, cap_message, in_force, sent_of
from tocsin.warn.feed import AGE_NS_MAX, Entry, entry, feed_document, in_feed
from tocsin.warn.outline import cap_polygons
from tocsin.warn.state import STALE_AFTER_S, event_document, state_document, zone_state
from tocsin.warn.texts import Texts
from tocsin.warn.told import Shown, Told, Zones, fold
from tocsin.warn.wording import Phrases
from tocsin.words import REALMS, Alert, Blindness, Message, Site

STATE_EVERY_NS: Final = 5 * NS_PER_S
STATE_GAP_NS: Final = 500 * NS_PER_MS  # chosen: clients poll every second, events are at once
FEED_GAP_NS: Final = NS_PER_S  # chosen: aggregators poll every ten seconds at best
EVENT_DEADLINE_NS_MIN: Final = 60 * NS_PER_S
_NEVER: Final = 1 << 63


class Herald:
    """Renders what was decided. Bounded by the map: zones x threats, and 64 messages of each."""

    def __init__(self, site: Site, zones: Zones, phrases: Phrases) -> None:
        """ValueError when the site's names cannot stand in a message or no language is usable."""
        _check(site)
        self._site = site
        self._zones = zones
        self._texts = Texts(site, zones, phrases)
        self._blind = BlindAreas(zones)
        self._told: dict[str, dict[str, Told]] = {}  # zone -> threat
        self._entries: dict[str, bytes] = {}  # zone -> its JSON in the state, if it shows anything
        self._row: dict[str, int] = {}  # zone -> its row, of those that show or showed something
        self._lapse_ns: dict[str, int] = {}  # zone -> no entry of it changes by itself before this
        self._serial = 0
        self._state_stale = True
        self._state_ns = -_NEVER
        self._feed: dict[tuple[str, str], Entry] = {}
        self._feed_stale = True
        self._feed_ns = -_NEVER
        self._areas: dict[str, Element] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the outlines, which are found again from the map."""
        return {**self.__dict__, "_areas": {}}

    def render(
        self, now_ns: int, alerts: Sequence[Alert], blindness: Sequence[Blindness]
    ) -> list[Message]:
        """The messages that `alerts` and changed `blindness` call for at `now_ns`."""
        areas_changed = self._blind.update(now_ns, blindness)
        self._state_stale |= areas_changed
        told = [self._take(now_ns, alert) for alert in alerts]
        touched = dict.fromkeys(alert.zone for alert in alerts)
        if blindness or areas_changed:
            touched |= dict.fromkeys(self._entries)
        else:
            touched |= {zone: None for zone, t_ns in self._lapse_ns.items() if now_ns >= t_ns}
        shown = {zone: self._refresh(now_ns, zone) for zone in touched}
        messages = [
            message for one in told for message in self._tell(now_ns, one, shown[one.alert.zone])
        ]
        messages += self._state(now_ns)
        messages += self._atom(now_ns)
        if not alerts:
            self._prepare_outline()
        return messages

    # ---- memory --------------------------------------------------------------------------------

    def _take(self, now_ns: int, alert: Alert) -> Told:
        """Remember `alert`; returned with the messages of its run that it must refer to."""
        assert alert.realm == self._site.realm, alert
        of_zone = self._told.setdefault(alert.zone, {})
        before = of_zone.get(alert.threat)
        earlier = in_force(now_ns, before.sent) if before and before.continues(alert) else ()
        told = Told(alert, now_ns, self._stage(alert), earlier)
        own = sent_of(now_ns, told)
        of_zone[alert.threat] = Told(alert, now_ns, told.stage, (*earlier, own) if own else earlier)
        if alert.stage == "none":
            del of_zone[alert.threat]
        return told

    def _stage(self, alert: Alert) -> str:
        """The stage as told: a zone that nobody watches is never told that it is clear."""
        blind = alert.blind or self._blind.covers(alert.zone, alert.threat, otherwise=False)
        return "none" if blind and alert.stage == "all_clear" else alert.stage

    def _shown(self, now_ns: int, zone: str) -> Shown:
        """What the zone shows; an all-clear goes when the zone is no longer watched."""
        threats = self._told.get(zone, {})
        return fold(
            now_ns,
            (
                told
                for threat, told in threats.items()
                if told.stage != "all_clear"
                or not self._blind.covers(zone, threat, otherwise=False)
            ),
        )

    def _refresh(self, now_ns: int, zone: str) -> Shown:
        """Bring the zone's entry of the state up to date; what it shows."""
        shown = self._shown(now_ns, zone)
        entry_now = self._zone_entry(zone, shown, shown.lead) if shown.lead else b""
        if entry_now != self._entries.get(zone, b""):
            self._state_stale = True
        if entry_now:
            self._entries[zone] = entry_now
            self._row[zone] = self._zones.row(zone)
            self._lapse_ns[zone] = min(told.t_ns_lapse() for told in shown.threats)
        else:
            self._entries.pop(zone, None)
            self._lapse_ns.pop(zone, None)
        return shown

    def _zone_entry(self, zone: str, shown: Shown, speaker: Told | None) -> bytes:
        blind = any(
            self._blind.area_listed(zone, told.alert.threat, otherwise=told.alert.blind)
            for told in shown.threats
        )
        return zone_state(zone, shown, speaker, blind, self._zones, self._texts)

    # ---- channels ------------------------------------------------------------------------------

    def _tell(self, now_ns: int, told: Told, shown: Shown) -> list[Message]:
        """The CAP document and the event of one alert, in a zone that now shows `shown`."""
        alert = told.alert
        name = alert_id(alert)
        messages = []
        others = fold(
            now_ns, (t for key, t in self._told[alert.zone].items() if key != alert.threat)
        )
        area = self._area(alert.zone)
        cap = cap_message(now_ns, self._site, told, others.stage, area, self._texts)
        self._feed_stale |= self._feed.pop((alert.zone, alert.threat), None) is not None
        if cap:
            self._feed[alert.zone, alert.threat] = entry(self._site, told, cap, self._texts)
            self._feed_stale = True
            until_ns = cap.sent.t_ns_expires
            messages.append(
                self._message(now_ns, "cap", name, MEDIA_TYPE, "xmldsig", until_ns, cap.payload)
            )
        until_ns = max(alert.t_ns_expires, now_ns + EVENT_DEADLINE_NS_MIN)
        event = self._event(now_ns, told, shown)
        messages.append(
            self._message(now_ns, "event", name, "application/json", "jws", until_ns, event)
        )
        return messages

    def _event(self, now_ns: int, told: Told, shown: Shown) -> bytes:
        zone = told.alert.zone
        zone_entry = self._entries.get(zone)
        if zone_entry is None:  # nothing is shown any more; how it ended may still be said
            speaker = told if told.alert.stage != "none" else None
            zone_entry = self._zone_entry(zone, shown, speaker)
        return event_document(now_ns, self._next_serial(), told, shown, zone_entry)

    def _state(self, now_ns: int) -> list[Message]:
        gap_ns = STATE_GAP_NS if self._state_stale else STATE_EVERY_NS
        if now_ns - self._state_ns < gap_ns:
            return []
        self._state_stale, self._state_ns = False, now_ns
        entries = [self._entries[zone] for zone in sorted(self._entries, key=self._row.__getitem__)]
        payload = state_document(
            now_ns, self._next_serial(), self._site, self._zones, entries, self._blind.listed()
        )
        until_ns = now_ns + STALE_AFTER_S * NS_PER_S
        return [
            self._message(now_ns, "state", "state", "application/json", "jws", until_ns, payload)
        ]

    def _atom(self, now_ns: int) -> list[Message]:
        if now_ns - self._feed_ns < FEED_GAP_NS:
            return []
        expired = [key for key, one in self._feed.items() if one.t_ns_expires <= now_ns]
        if not expired and not self._feed_stale:
            return []
        for key in expired:
            del self._feed[key]
        self._feed_stale, self._feed_ns = False, now_ns
        entries = in_feed(now_ns, tuple(self._feed.values()))
        payload = feed_document(now_ns, self._site, entries, self._texts)
        until_ns = now_ns + AGE_NS_MAX
        media_type = "application/atom+xml"
        return [self._message(now_ns, "feed", "feed", media_type, "none", until_ns, payload)]

    def _message(
        self,
        now_ns: int,
        channel: str,
        subject: str,
        media_type: str,
        seal: str,
        until_ns: int,
        payload: bytes,
    ) -> Message:
        return Message(
            t_ns=now_ns,
            channel=channel,
            subject=subject,
            realm=self._site.realm,
            media_type=media_type,
            seal=seal,
            t_ns_deadline=until_ns,
            payload=payload,
        )

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial

    # ---- outlines ------------------------------------------------------------------------------

    def _area(self, zone: str) -> Element:
        """The zone's polygons and codes, found once: they depend on the map alone."""
        if zone not in self._areas:
            row = self._zones.row(zone)
            foreign = ((name, self._zones.foreign.get(key)) for key, name in GEOCODES.items())
            known = [(name, codes[row]) for name, codes in foreign if codes and codes[row]]
            polygons = cap_polygons(self._zones.polygons(row))
            self._areas[zone] = area_element(polygons, [(ZONE_CODE, zone), *known])
        return self._areas[zone]

    def _prepare_outline(self) -> None:
        """In quiet moments find one more outline, so that a raid finds them all ready."""
        if len(self._areas) < len(self._zones.ids):
            self._area(next(zone for zone in self._zones.ids if zone not in self._areas))


def _check(site: Site) -> None:
    if site.realm not in REALMS:
        raise ValueError(f"realm {site.realm!r} is unknown: use one of {', '.join(REALMS)}")
    if not re.fullmatch(r"[^\s,&<]+", site.sender):
        raise ValueError(
            f"sender {site.sender!r} cannot stand in a CAP message: use a name such as "
            "warnings@example.org, without space, comma, < or &"
        )
    if not site.sender_name.isprintable() or not site.sender_name.strip():
        raise ValueError(
            f"sender_name {site.sender_name!r} cannot be shown: write the authority's name"
        )
    if not re.match(r"https?://[^\s]+$", site.public_url):
        raise ValueError(
            f"public_url {site.public_url!r} is no address: write one such as https://example.org"
        )
