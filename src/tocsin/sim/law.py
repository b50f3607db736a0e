"""Numbers of a scenario file: plain, or a law from which each is drawn.

A law is one table with one key, the form, and its numbers; `least` and `most` beside it cut off
what lies outside (clipped, not drawn again).

    speed_mps = 50.0
    speed_mps = {normal = [50.0, 4.0], least = 35.0}
"""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

Law = float | dict[str, Any]
"""A number, or the table of a law."""

FORMS: Final[dict[str, tuple[str, str]]] = {
    "uniform": ("[low, high]", "Even between two numbers."),
    "normal": ("[mean, sd]", "Gaussian."),
    "lognormal": ("[median, sd of the logarithm]", "Never negative, with a long tail."),
    "exponential": ("[mean]", "Gaps and distances without memory."),
    "whole": ("[low, high]", "Whole numbers, both ends included, all alike."),
    "poisson": ("[mean]", "How often something rare happens."),
    "choice": ("[a, b, ...]", "One of the numbers, all alike."),
    "weighted": ("[[weight, law], ...]", "First which law, by weight, then a number from it."),
}
"""Form -> what its numbers are, and what it is for."""

_TWO: Final = ("uniform", "normal", "lognormal", "whole")
_ONE: Final = ("exponential", "poisson")
_EDGES: Final = ("least", "most")

Draw = Callable[[list[Any], np.random.Generator], float]

_DRAWS: Final[dict[str, Draw]] = {
    "uniform": lambda given, rng: rng.uniform(given[0], given[1]),
    "normal": lambda given, rng: rng.normal(given[0], given[1]),
    "lognormal": lambda given, rng: given[0] * math.exp(rng.normal(0.0, given[1])),
    "exponential": lambda given, rng: rng.exponential(given[0]),
    "whole": lambda given, rng: float(rng.integers(given[0], given[1], endpoint=True)),
    "poisson": lambda given, rng: float(rng.poisson(given[0])),
    "choice": lambda given, rng: float(given[int(rng.integers(len(given)))]),
    "weighted": lambda given, rng: draw(given[_heavy(given, rng)][1], rng),
}


def draw(law: Law, rng: np.random.Generator) -> float:
    """One number of a law that `complaint` finds nothing wrong with."""
    if not isinstance(law, dict):
        return float(law)
    [form] = [key for key in law if key not in _EDGES]
    value = float(_DRAWS[form](law[form], rng))
    return float(min(max(value, law.get("least", -math.inf)), law.get("most", math.inf)))


def draw_whole(law: Law, rng: np.random.Generator) -> int:
    """A number of a law, rounded, never negative: for counts."""
    return max(round(draw(law, rng)), 0)


def complaint(law: Any, least: float = -math.inf, most: float = math.inf) -> str:
    """What is wrong with a law whose numbers must lie in `least` to `most`; "" when nothing.

    An unbounded form that could leave the range must be cut off with `least` or `most`.
    """
    if not isinstance(law, dict):
        return _outside(float(law), least, most)
    forms = [key for key in law if key not in _EDGES]
    if len(forms) != 1 or forms[0] not in FORMS:
        return f"a law has one form: choose from {', '.join(FORMS)}, such as {{uniform = [1, 2]}}"
    [form] = forms
    if not all(_is_number(law[edge]) for edge in _EDGES if edge in law):
        return "least and most are numbers"
    low, high = law.get("least", -math.inf), law.get("most", math.inf)
    wrong = _form_complaint(form, law[form])
    if wrong or low > high:
        return wrong or "least is more than most"
    ends = [min(max(end, low), high) for end in _reach(form, law[form])]
    return next((wrong for end in ends if (wrong := _outside(end, least, most))), "")


def _form_complaint(form: str, given: Any) -> str:
    """What is wrong with the numbers of one form."""
    shape = f"{form} = {FORMS[form][0]}"
    if not isinstance(given, list) or not given:
        return f"give {shape}"
    if form == "weighted":
        rows = [row for row in given if isinstance(row, list) and len(row) == 2]
        if len(rows) < len(given) or not all(_is_number(row[0]) and row[0] > 0 for row in rows):
            return f"give {shape}, weights more than 0"
        laws = [row[1] for row in rows]
        if not all(_is_number(law) or isinstance(law, dict) for law in laws):
            return f"give {shape}"
        return next((wrong for law in laws if (wrong := complaint(law))), "")
    wanted = {**dict.fromkeys(_TWO, 2), **dict.fromkeys(_ONE, 1)}.get(form, len(given))
    if len(given) != wanted or not all(_is_number(number) for number in given):
        return f"give {shape}"
    if form in ("uniform", "whole") and given[0] > given[1]:
        return f"{form}: the first number is the smaller one"
    if form == "whole" and any(number != int(number) for number in given):
        return "whole: give whole numbers"
    if (form in ("normal", "lognormal") and given[1] < 0) or (
        form in (*_ONE, "lognormal") and given[0] < 0
    ):
        return f"{form}: {FORMS[form][0]} must not be negative"
    return ""


def _reach(form: str, given: list[Any]) -> tuple[float, float]:
    """The smallest and the largest number that a form can give."""
    if form in ("uniform", "whole", "choice"):
        return float(min(given)), float(max(given))
    if form == "weighted":
        ends = [end for _, law in given for end in _ends(law)]
        return min(ends), max(ends)
    return (-math.inf if form == "normal" else 0.0), math.inf


def _ends(law: Law) -> tuple[float, float]:
    if not isinstance(law, dict):
        return float(law), float(law)
    [form] = [key for key in law if key not in _EDGES]
    low, high = _reach(form, law[form])
    least, most = law.get("least", -math.inf), law.get("most", math.inf)
    return min(max(low, least), most), min(max(high, least), most)


def _outside(value: float, least: float, most: float) -> str:
    if math.isnan(value):
        return "must be a number"
    if value < least:
        reach = "can be as low as any number: add least" if value == -math.inf else f"{value:g}"
        return f"{reach}: must not be less than {least:g}"
    if value > most:
        reach = "can be as high as any number: add most" if value == math.inf else f"{value:g}"
        return f"{reach}: must not be more than {most:g}"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _heavy(rows: list[Any], rng: np.random.Generator) -> int:
    """The row that a weight chose."""
    weights = np.array([row[0] for row in rows], dtype=np.float64)
    return int(np.searchsorted(np.cumsum(weights) / weights.sum(), rng.uniform(), side="right"))
