"""The reference page on stages, made from the tables, so that it cannot drift from the code."""

from typing import Final

from tocsin.decide import policies, policy, stages
from tocsin.decide.coverage import HEIGHT_M
from tocsin.decide.memory import GRAVE_MAX
from tocsin.decide.sight import HIDDEN_SHARE_MAX
from tocsin.geo import ANTENNA_M_MIN
from tocsin.rules.authority import ACTIONS


def page() -> str:
    """`docs/reference/stages.md`, whole; `tools/reference.py` writes it."""
    parts = [
        "# Stages and policies",
        _MADE,
        "## Which stage may follow which",
        _ORDER,
        "```mermaid\n" + stages.diagram() + "```",
        stages.table().rstrip("\n"),
        _ENDS,
    ]
    parts += [
        "## Policy `default`",
        _OTHERS,
        policy.table(policies.POLICIES["default"]).rstrip("\n"),
    ]
    heights = [f"| {threat} | {height_m:g} m |" for threat, height_m in HEIGHT_M.items()]
    orders = [f"| {action} | {', '.join(fields)} |" for action, fields in ACTIONS.items()]
    parts += [
        "## When a zone counts as watched",
        _WATCHED,
        "\n".join(["| threat | seen at |", "|---|---|", *heights]),
        "## Orders",
        "\n".join(["| action | names |", "|---|---|", *orders]),
    ]
    return "\n\n".join(parts) + "\n"


_MADE: Final = (
    "This page is printed from the tables of `tocsin.decide` by `tools/reference.py`; do not edit "
    "it."
)
_ORDER: Final = (
    "Of the rows with the same first stage, the first whose condition holds is taken. What is not "
    "here cannot happen."
)
_ENDS: Final = (
    "A take_cover ends only through stay, or becomes a standing alert, which is said. Whoever was "
    "asked anything is told that it is over; a notice asks nothing, and ends by itself. No "
    "all-clear comes from silence: while no sensor watches the zone for that threat, it stays in "
    "its stage and is marked blind, until a sensor watches again or an operator ends it. "
    "`cancelled` (it was a mistake) comes from operators alone.\n\nUnder a standing alert the "
    "chances of the policy count only when they are so many times as high as `standing_factor` "
    f"says, at most {GRAVE_MAX:g}. One that an operator declared (order `raise`, stage `standing`) "
    "ends by an operator alone; another, when all has been calm for `standing_hold_s` and a sensor "
    "watches. Each threat has its own: a missile is told at once where drones are a standing alert."
)
_OTHERS: Final = (
    "The others, and what each of them costs and misses, are in [policies](policies.md)."
)
_WATCHED: Final = (
    "When a sensor that is alive and sees such threats at all (`sees`) reaches it: within its "
    "range, and with the threat, at the height below above the ground, in its view over an Earth "
    "of 4/3 radius. With elevation tiles (`elevation`) that is the line of sight over the ground "
    f"from `mast_m` (else {ANTENNA_M_MIN:g} m) above it to points of the zone, of which all but "
    f"{HIDDEN_SHARE_MAX:.0%} must be in view, and sensors that the site file does not name count "
    "for nothing. Without tiles the Earth is smooth, the zone is its place, and the antenna stands "
    f"at `mast_m`, else at its height above the ellipsoid, at least at {ANTENNA_M_MIN:g} m."
)
