"""Journal and truth in, scorecard out: how many were missed, how early, and at what cost."""

from tocsin.score.measured import Measured, measure
from tocsin.score.scorecard import Scorecard, score, summed
from tocsin.score.text import render_policies, render_text
from tocsin.score.timeline import timeline

__all__ = [
    "Measured",
    "Scorecard",
    "measure",
    "render_policies",
    "render_text",
    "score",
    "summed",
    "timeline",
]
