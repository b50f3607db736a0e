"""Reports -> the air picture: associate, start, filter, kind, picture."""

from tocsin.track.picture import Picture
from tocsin.track.unexplained import Unexplained

__all__ = ["Picture", "Unexplained"]
