"""Write docs/reference/policies.md: the shipped policies, and what each was measured at.

    python -m tools.policies [--keep DIR ...]

`--keep DIR ...` scores the folders of `tocsin simulate` under every policy, in place of the figures
that are kept beside the page of the same scenario and seed. Without it the page alone is written.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tocsin.cli.score import compared
from tocsin.decide import POLICIES, worth
from tocsin.decide.policy import Policy, Row, rows_table
from tocsin.instant import NIGHT_H
from tocsin.score import Scorecard
from tocsin.score.text import number, percent

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "reference"
PAGE: Final = FOLDER / "policies.md"
FIGURES: Final = FOLDER / "policies.json"
PICTURE: Final = FOLDER.parent / "images" / "policies.svg"

Run = dict[str, Any]


def figures(cards: Sequence[Scorecard]) -> Run:
    """What the page says of one run, by policy."""
    first = cards[0]
    return {
        "scenario": first.scenario,
        "seed": first.seed,
        "raids": first.raids,
        "threats": first.threats,
        "hits": first.hits,
        "person_minutes_region": round(first.person_minutes_region),
        "policies": {
            card.policy: {
                "missed": card.missed,
                "lead_ok_share": card.lead_ok_share,
                "lead_s": card.lead_s["p50"],
                "person_minutes": round(card.person_minutes),
                "ratio_region": card.ratio_region,
                "early_person_minutes": round(card.early_person_minutes),
                "early_precision": card.early_precision,
                "early_recall": card.early_recall,
                "vain": card.vain,
            }
            for card in cards
        },
    }


def kept(run: Run, runs: list[Run]) -> list[Run]:
    """`runs` with `run` in place of that of its scenario and seed, in their order."""
    others = [
        one for one in runs if (one["scenario"], one["seed"]) != (run["scenario"], run["seed"])
    ]
    return sorted([*others, run], key=lambda one: (one["scenario"], one["seed"]))


def page(runs: Sequence[Run]) -> str:
    """The page, whole; `tests/decide/test_policies_page.py` compares."""
    parts = [_HEAD, "## What each was measured at", _MEASURED]
    parts += ["![Person-minutes in cover by policy](../images/policies.svg)", *map(_run, runs)]
    parts += ["## `default`", _DEFAULT, "## `threshold`", _THRESHOLD]
    parts += ["## `cost-loss`", _cost_loss(), _different("cost-loss")]
    parts += ["## `night`", _night(), _different("night")]
    parts += ["## `region`", _REGION, _different("region")]
    ukraine = "drones-by-district-missiles-by-region"
    parts += [f"## `{ukraine}`", _UKRAINE, _different(ukraine), _WRITING]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _run(run: Run) -> str:
    head = "policy | missed | in time | median lead | person-minutes | regions / ours | early"
    raids = f"{run['raids']} raid" + ("s" if run["raids"] > 1 else "")
    lines = [
        f"**{_of(run)}**: {raids}, {run['threats']} threats, {run['hits']} hits",
        "",
        f"| {head} | early precision | early recall |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in run["policies"].items():
        lines.append(
            f"| {name} | {one['missed']} of {run['hits']} | {percent(one['lead_ok_share'], 0)}"
            f" | {number(one['lead_s'], 0, ' s')} | {one['person_minutes']:,}"
            f" | {number(one['ratio_region'], 1)} | {one['early_person_minutes']:,}"
            f" | {percent(one['early_precision'], 0)} | {percent(one['early_recall'], 0)} |"
        )
    return "\n".join(lines)


def picture(runs: Sequence[Run]) -> str:
    """Person-minutes in cover of every policy; in each run the longest bar is the most."""
    parts, y = [], 20
    for run in runs:
        parts.append(f'<text x="0" y="{y}" font-weight="bold">{_of(run)}</text>')
        most = max(one["person_minutes"] for one in run["policies"].values())
        for name, one in run["policies"].items():
            y += 20
            long = 380.0 * one["person_minutes"] / max(most, 1)
            parts.append(f'<text x="290" y="{y}" text-anchor="end">{name}</text>')
            parts.append(f'<rect x="300" y="{y - 11}" width="{long:.0f}" height="13"/>')
            said = f"{one['person_minutes'] / 1e6:.3g} million, {one['missed']} missed"
            parts.append(f'<text x="{308 + long:.0f}" y="{y}">{said}</text>')
        y += 32
    title = "Person-minutes in cover by policy, each run to its own scale"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {y}" role="img"'
    style = '<g font-family="sans-serif" font-size="13" fill="#456">'
    return "\n".join([f"{head}>", f"<title>{title}</title>", style, *parts, "</g>", "</svg>", ""])


def _of(run: Run) -> str:
    return f"{run['scenario']}, seed {run['seed']}{run.get('part', '')}"


def _different(name: str) -> str:
    """The rows in which a policy differs from `threshold`."""
    policy, usual = POLICIES[name], POLICIES["threshold"]
    return rows_table([row for row in policy.rows if row != _same(usual, row)])


def _same(policy: Policy, row: Row) -> Row:
    return policy.row(row.threat, row.stage)


def _cost_loss() -> str:
    stakes = [
        f"| {threat} | {stake.minutes:g} | {stake.harm:g} | {stake.lead_s:g} s"
        f" | {100.0 * worth.averted(stake.lead_s):.0f} % | {worth.chance(stake):.4f}"
        f" | {worth.chance(stake, night=True):.4f} | {stake.why} |"
        for threat, stake in worth.STAKES.items()
    ]
    head = "threat | minutes in cover | harm | lead | averts | pays from, day | night | why"
    return "\n".join(
        [
            _COST_LOSS.format(worth=worth.WORTH_MIN, night=worth.NIGHT_FACTOR),
            "",
            f"| {head} |",
            "|---|---|---|---|---|---|---|---|",
            *stakes,
        ]
    )


def _night() -> str:
    begins, ends = NIGHT_H
    return _NIGHT.format(begins=begins, ends=ends)


_HEAD: Final = """# Policies

This page is made from the tables of `tocsin.decide` and from kept figures (`policies.json` beside
it) by `tools/policies.py`; a test compares.

A policy says from what chance on, how far ahead and for whom a stage begins, and when it ends.
The site file names one (`policy = "cost-loss"`); without it `default` decides. It changes nothing
else: not what is tracked and forecast, not which stage may follow which ([stages](stages.md)),
not what an operator holds or ends, and no policy gives an all-clear where no sensor watches.

`tocsin score DIR --policy NAME` decides the inputs of any journal again under another policy, and
`tocsin score DIR --policy all` under each, in one fold."""

_MEASURED: Final = """Keys as in the [scorecard](scorecard.md); *early* are person-minutes in the
stage early. They are few: with no miss of n hits the true share may be as high as 3/n. The
numbers of take_cover were chosen on none of these raids, nor was the default changed by them. The
columns of early are from when it began at 0.02 (drone) and 0.01 (cruise missile), by night at
0.0125 (cruise missile); the chance by night for drones was chosen on raid 3. The minutes behind
`cost-loss` were measured on raid 1. `drones-by-district-missiles-by-region` is left out: none of
these maps has districts, so it does what `region` does. All begin at 22:00 by the sun, so what is
compared is the night. The figures are older than the policies beside them: measured anew,
`threshold` costs a quarter less on `rocket-salvo` and half as much on the first raid; the order was
not measured again."""

_DEFAULT: Final = """The rows of `threshold`. The rule by which it is chosen: of all policies the
fewest missed, then the most in cover in time, then the fewest person-minutes, over the runs
above. None missed anything there, so it was the minutes that decided (`night` ties, and tells
fewer before); more hits may decide otherwise."""

_THRESHOLD: Final = """One chance for each stage and threat, the same by day and night: its rows are
printed under [stages](stages.md)."""

_COST_LOSS: Final = """Whoever can avert a loss L at a cost C does best by acting when the chance is
above C/L, and not otherwise (Thompson, 1952; Murphy, 1977). The cost of a warning are the minutes
that a person is in cover for it; a minute by night counts as {night:g} by day. The loss is what a
strike on the zone does to a person in it who is not warned, in the same coin; a warning averts
the share that its lead allows. Cost and loss both grow with the people in the zone, so one chance
per head serves every zone.

**The one number is `WORTH_MIN` in `src/tocsin/decide/worth.py`: {worth:g} minutes in cover for
one drone's strike averted.** Twice as much halves every chance below. It sets take_cover; the
milder stages are those of `threshold`."""

_NIGHT: Final = """`threshold`, but from {begins:g}:00 to {ends:g}:00 mean solar time at the
middle of the map the stage early looks two thirds as far ahead and asks for a
higher chance: fewer are woken, later, for better reason. take_cover is the same by day and
night."""

_REGION: Final = """Whole admin-1 areas, from when any zone of them may be reached within 30 km
until 120 s after, at least 300 s: what most of Ukraine had until 2025, and the baseline of the
scorecard as far as forecasts can say it (the scorecard's own baseline knows where threats really
are)."""

_UKRAINE: Final = """The rule of Ukraine's pilot regions of 2025: a drone alarms its district
(raion), a missile the whole admin-1 area. Where the map has no districts, the shipped maps among
them, the region stands in, and the policy does what `region` does."""

_WRITING: Final = """## Writing one

A policy is a value of `tocsin.decide.policy.Policy`: one row for each threat and stage, with its
reason, and rows for the night where they differ. `src/tocsin/decide/policies.py` holds the
shipped ones; a further one is a few lines there. A wrong one (a row missing, a chance above 1) is
refused when it is made."""


def main(words: list[str]) -> None:
    """Score the folders of `words` anew if asked to, and write the page."""
    runs = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else []
    if words and words[0] != "--keep":
        sys.exit("use: python -m tools.policies [--keep DIR ...]")
    for folder in words[1:]:
        runs = kept(figures(compared(Path(folder), jobs=1)), runs)
        FIGURES.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(runs), encoding="utf-8")
    PICTURE.write_text(picture(runs), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
