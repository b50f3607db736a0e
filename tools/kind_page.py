"""The page docs/reference/kinds.md: measured on seeds that neither fitted nor tuned."""

from typing import Final

import numpy as np

from tocsin.words import KINDS, THREATS, FloatArray, IntArray

AGE: Final = 20  # reports of the confusion matrix: 80 s of a 4 s radar at 90 % detection
BINS: Final = 15

Told = dict[int, tuple[IntArray, FloatArray]]


def brier(told: FloatArray, truth: IntArray, mix: FloatArray) -> float:
    """Brier score: squared error summed over kinds (0 perfect, 2 worst), flights weighted."""
    right = np.eye(len(KINDS))[truth]
    return float(np.average(((told - right) ** 2).sum(axis=1), weights=mix))


def calibration_error(chance: FloatArray, right: FloatArray, mix: FloatArray) -> float:
    """Expected calibration error over `BINS` even bins."""
    box = np.minimum((chance * BINS).astype(int), BINS - 1)
    error = 0.0
    for b in range(BINS):
        here = box == b
        if here.any():
            gap = np.average(chance[here], weights=mix[here]) - np.average(
                right[here], weights=mix[here]
            )
            error += abs(gap) * mix[here].sum() / mix.sum()
    return float(error)


def confusion(told: FloatArray, truth: IntArray) -> FloatArray:
    """Mean weight of each kind (columns) for each true kind (rows)."""
    return np.array([told[truth == k].mean(axis=0) for k in range(len(KINDS))])


def page(
    truth: IntArray, which: IntArray, tall: FloatArray, told: Told, names: list[str],
    prior: FloatArray, seeds: tuple[int, int, int],
) -> tuple[str, FloatArray]:  # fmt: skip
    """The page as Markdown, and the confusion matrix that its picture shows."""
    mix = prior[truth] / np.bincount(truth)[truth]
    rows, weight = told[AGE]
    matrix = confusion(weight, truth[rows])
    lines = [_HEAD.format(fit=seeds[0], tune=seeds[1], report=seeds[2], flights=len(truth))]
    lines += ["## How good it is", "", *_scores(truth, tall, told, mix), ""]
    lines += ["## Who is taken for whom", "", _MATRIX.format(age=AGE), ""]
    lines += _table(["true kind", *KINDS], [
        [name, *(f"{x:.2f}" for x in matrix[k])] for k, name in enumerate(KINDS)
    ])  # fmt: skip
    called = weight.argmax(axis=1)
    lines += ["", _SORTS, ""]
    body = []
    for number, name in enumerate(names):
        here = which[rows] == number
        share = [f"{np.mean(called[here] == k):.2f}" for k in range(len(KINDS))]
        threat = weight[here][:, : len(THREATS)].sum(axis=1).mean()
        body.append([name, *share, f"{threat:.2f}"])
    lines += _table(["true sort", *KINDS, "threat weight"], body)
    lines += ["", _UNKNOWN.format(*_unknown(weight, truth[rows], mix[rows])), _TAIL]
    return "\n".join(lines), matrix


def _unknown(weight: FloatArray, truth: IntArray, mix: FloatArray) -> tuple[float, float, float]:
    """Share of tracks called unknown, and how many of them are threats: seen and told."""
    here = weight.argmax(axis=1) == KINDS.index("unknown")
    threat = truth < len(THREATS)
    told = weight[:, : len(THREATS)].sum(axis=1)
    return (
        float(np.average(here, weights=mix)),
        float(np.average(threat[here], weights=mix[here])),
        float(np.average(told[here], weights=mix[here])),
    )


def _scores(truth: IntArray, tall: FloatArray, told: Told, mix: FloatArray) -> list[str]:
    body = []
    for age, (rows, weight) in told.items():
        for name, here in (("yes", tall[rows] > 0.0), ("no", tall[rows] <= 0.0)):
            own, said, part = truth[rows][here], weight[here], mix[rows][here]
            top = said.argmax(axis=1)
            right = (top == own).astype(float)
            threat = said[:, : len(THREATS)].sum(axis=1)
            body.append([
                str(age), name, f"{brier(said, own, part):.3f}",
                f"{np.average(right, weights=part):.2f}",
                f"{calibration_error(said.max(axis=1), right, part):.3f}",
                f"{calibration_error(threat, (own < len(THREATS)).astype(float), part):.3f}",
            ])  # fmt: skip
    head = ["reports", "height", "Brier", "likeliest is right", "ECE of likeliest", "ECE of threat"]
    return _table(head, body)


def _table(head: list[str], body: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body]]


def picture(matrix: FloatArray) -> str:
    """The confusion matrix as SVG: mean weights, dark is much."""
    cell, left, top = 64, 100, 70
    wide, tall = left + cell * len(KINDS) + 10, top + cell * len(KINDS) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}"',
        'font-family="sans-serif" font-size="13" role="img">',
        "<title>Mean weight of each kind, for each true kind</title>",
        f'<rect width="{wide}" height="{tall}" fill="#fff"/>',
        f'<text x="{left + cell * len(KINDS) / 2}" y="20" text-anchor="middle">told</text>',
        f'<text x="8" y="{top - 12}">true</text>',
    ]
    for k, name in enumerate(KINDS):
        middle = k * cell + cell / 2
        parts.append(f'<text x="{left - 8}" y="{top + middle + 5}" text-anchor="end">{name}</text>')
        parts.append(
            f'<text x="{left + middle}" y="{top - 12}" text-anchor="middle" '
            f'font-size="11">{name}</text>'
        )
        for told in range(len(KINDS)):
            share = float(matrix[k, told])
            shade = round(255 - 205 * share)
            ink = "#fff" if share > 0.5 else "#222"
            x, y = left + told * cell, top + k * cell
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" '
                f'fill="rgb({shade},{shade},{min(255, shade + 30)})"/>'
            )
            parts.append(
                f'<text x="{x + cell / 2 - 1}" y="{y + cell / 2 + 4}" text-anchor="middle" '
                f'fill="{ink}">{share:.2f}</text>'
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


_HEAD: Final = """# Kinds

This page is printed by `tools/fit_kind.py`; do not edit it.

Every track has a probability for each of seven kinds. They come from its motion (speed, height,
climb, and which of the tracker's models of motion fits), what sensors think that they saw or
heard, a cooperative identity, and for `ballistic` the ballistic filter.

This page measures **motion alone**, on simulated flights: no identity, no sound, no micro-Doppler,
and without the ballistic filter. Nothing here was tried on real recordings. The ranges of speed,
height and behaviour are those of `tools/kind_flights.py`; real craft that fly otherwise will be
told worse. A 4 s radar 15 to 120 km away sees each flight for up to 240 s with 90 % detection,
40 m in range, 0.06 to 0.15 degrees in azimuth, and height to 0.1 to 0.25 degrees; a quarter of
the flights are seen without height.

Seeds: {fit} fitted the modes, {tune} chose how much successive looks count, {report} made this
page ({flights} flights). The scores weigh flights by the prior's mix of kinds; the matrices do not.
"""

_MATRIX: Final = """Mean weight of each kind after {age} reports, with and without height together:

![Confusion matrix of kinds](../images/kinds.svg)
"""

_SORTS: Final = """The likeliest kind of each sort of craft, as a share of its flights, and the mean
weight of drone, cruise and ballistic together:
"""

_UNKNOWN: Final = """## What `unknown` means for a warning

Of this mix {0:.1%} are called `unknown`; {1:.1%} of those are threats, and the weights of drone,
cruise and ballistic already say {2:.1%}. So no share of `unknown` is added to them.
"""

_TAIL: Final = """## Identity

A reply to a radar's own interrogation, or an ADS-B claim that agrees with independent reports of
position, height and speed over at least three looks, lifts `aircraft` and `helicopter` by a bounded
factor; ADS-B alone by less. Doubt takes that away: an interrogating radar that gets no reply, a
height, speed or address that differs, a sound or a micro-Doppler hint of a drone. The weight of
`ballistic` is never lowered by an identity, however often it is repeated.
`tests/track/test_friends.py` plays spoofed and failing transponders.
"""
