"""Names of alerts: ``realm:zone:threat:serial``, the one key used from the board to the siren."""

from tocsin.words import Alert


def alert_id(alert: Alert) -> str:
    """The id of `alert`; unique, because serials of a (zone, threat) only ever grow."""
    return f"{alert.realm}:{alert.zone}:{alert.threat}:{alert.serial}"
