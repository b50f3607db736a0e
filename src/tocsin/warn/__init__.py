"""Alerts to bytes: CAP documents, events, the public state and the feed, unsigned."""

from tocsin.warn.herald import Herald
from tocsin.warn.lint import lint
from tocsin.warn.wording import Phrases

__all__ = ["Herald", "Phrases", "lint"]
