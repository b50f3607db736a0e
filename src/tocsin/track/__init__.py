"""Reports -> the air picture: associate, start, filter, kind, picture."""

from tocsin.track.picture import Picture

__all__ = ["Picture"]
