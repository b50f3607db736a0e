"""Journal and truth in, scorecard out: how many were missed, how early, and at what cost."""

from tocsin.score.scorecard import Scorecard, score
from tocsin.score.text import render_text
from tocsin.score.timeline import timeline

__all__ = ["Scorecard", "render_text", "score", "timeline"]
