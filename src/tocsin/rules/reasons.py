"""Why input is rejected: the closed list, shown in the metrics, on the console and in the docs."""

from typing import Final

REASONS: Final[dict[str, str]] = {
    "truncated": "The datagram or record ends before its own length says.",
    "length": "A length field is zero, smaller than its header or larger than the datagram.",
    "fspec": "The field specification has no end or names more items than the category has.",
    "category": "A category that this source does not carry or that we do not read.",
    "edition": "The bytes do not fit the edition of the category that this source declares.",
    "sac_sic": "A system that is not on the allow-list of this source.",
    "clock": "The time of measurement differs from the time of receipt by more than the limit.",
    "simulated": "Marked as simulated or test target by its sender, and this is the live realm.",
    "range": "A value outside what the item can mean (for example a place off the Earth).",
    "overlong": "More records or bytes than one datagram may carry.",
    "json": "Not the JSON document that this source carries.",
    "unknown_source": "A frame from a source that the site file does not name.",
    "signature": "An order without a valid signature of an operator who may give it.",
    "replayed": "An order that was given before.",
    "stale": "An order that is too old.",
    "order": "An order that names no such alert, zone, threat or action.",
    "quarantined": "This frame crashed the mind and was set aside.",
    "shed": "Dropped because more arrived than can be handled; counted here.",
}
