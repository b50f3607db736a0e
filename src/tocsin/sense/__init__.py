"""Bytes to fixes: ASTERIX in, and orders and receipts."""

from tocsin.sense.sense import Heard, Sense

__all__ = ["Heard", "Sense"]
