"""The scorecard for people: a compact table for the terminal."""

from collections.abc import Sequence
from typing import Final

from tocsin.score.scorecard import Scorecard
from tocsin.words import THREATS


def render_text(scorecard: Scorecard) -> str:
    """A table of about twenty lines, 78 columns at most, ending in a line feed."""
    rows = [
        *_people_rows(scorecard),
        *_cost_rows(scorecard),
        *_size_rows(scorecard),
        *_quality_rows(scorecard),
    ]
    of = f"seed {scorecard.seed}, policy {scorecard.policy}"
    lines = [
        f"{scorecard.scenario}, {of} ({scorecard.realm}, {scorecard.seconds:g} s)",
        "",
        *(f"  {label:<26}{value:>14}  {note}".rstrip() for label, value, note in rows),
    ]
    return "\n".join(lines) + "\n"


def render_policies(cards: Sequence[Scorecard]) -> str:
    """One line for each policy under which the same inputs were decided."""
    first = cards[0]
    lines = [
        f"{first.scenario}, seed {first.seed}: {first.threats} threats, {first.hits} hits",
        "",
        "  ".join(f"{name:>{wide}}" for name, wide in zip(_POLICY_HEAD, _POLICY_WIDE, strict=True)),
    ]
    for card in cards:
        cells = (
            f"{card.missed}/{card.hits}",
            percent(card.lead_ok_share),
            f"{number(card.lead_s['p50'])} s",
            _large(card.person_minutes),
            _times(card.ratio_region),
            _large(card.early_person_minutes),
            percent(card.early_precision),
            percent(card.early_recall),
        )
        line = [f"{card.policy:>{_POLICY_WIDE[0]}}"]
        line += [f"{cell:>{w}}" for cell, w in zip(cells, _POLICY_WIDE[1:], strict=True)]
        lines.append("  ".join(line))
    return "\n".join(lines) + "\n"


_POLICY_HEAD: Final = ("policy", "missed", "in time", "median lead", "person-minutes", "ratio",
                       "early", "precision", "recall")  # fmt: skip
_POLICY_WIDE: Final = (37, 8, 8, 11, 16, 8, 14, 9, 8)


def _people_rows(card: Scorecard) -> list[tuple[str, str, str]]:
    by_kind = ", ".join(
        f"{kind} {card.missed_by_kind[kind]}/{card.hits_by_kind[kind]}"
        for kind in THREATS
        if card.hits_by_kind[kind]
    )
    lead = f"median lead {number(card.lead_s['p50'])} s, 5 % {number(card.lead_s['p5'])} s"
    return [
        ("threats, impacts", f"{card.threats}, {card.impacts}", f"striking {card.hits} zones"),
        ("missed zones", f"{card.missed}", by_kind),
        ("missed share", percent(card.missed_share), f"the oracle {card.missed_oracle}"),
        *([] if not card.ballistic_hits else [(
            "  ballistic, 5 s known", f"{card.ballistic_missed}", f"of {card.ballistic_hits}"
        )]),
        ("in cover in time", percent(card.lead_ok_share), f"of {card.lead_possible}; {lead}"),
    ]  # fmt: skip


def _cost_rows(card: Scorecard) -> list[tuple[str, str, str]]:
    unknown = f"{card.people_unknown} zones of unknown people" if card.people_unknown else ""
    return [
        ("person-minutes in cover", _large(card.person_minutes), unknown),
        ("  by whole regions", _large(card.person_minutes_region), ""),
        ("  ratio", _times(card.ratio_region), "mass raid" if card.ratio_region_mass else ""),
        *([] if card.person_minutes_raion is None else [(
            "  by raions", _large(card.person_minutes_raion), _times(card.ratio_raion)
        )]),
        ("  by the oracle", _large(card.person_minutes_oracle), ""),
        ("person-minutes early", _large(card.early_person_minutes), ""),
        ("person-minutes stand-by", _large(card.stand_by_person_minutes), ""),
    ]  # fmt: skip


def _size_rows(card: Scorecard) -> list[tuple[str, str, str]]:
    """One row for each size of raid in a run."""
    return [
        (
            f"  {name} raids, ratio",
            _times(size.ratio_region),
            f"{size.raids} raids, missed {size.missed}/{size.hits}",
        )
        for name, size in card.by_size.items()
    ]


def _quality_rows(card: Scorecard) -> list[tuple[str, str, str]]:
    latency = f"{number(card.latency_ms.p50)} / {number(card.latency_ms.p99)}"
    return [
        ("warnings", f"{card.warnings}", "zone and threat told to take cover"),
        ("  struck", percent(card.cover_precision), ""),
        ("  flaps", percent(card.flap_share), "of those ended: the same threat within 10 min"),
        ("  again within 10 min", percent(card.again_share), "by any threat of the kind"),
        ("  no threat within 20 min", f"{card.vain}", ""),
        ("early precision", percent(card.early_precision), "early, then a threat within 20 min"),
        ("early recall", percent(card.early_recall), "cover told early, with time for it"),
        *([] if card.ece is None else [(
            "forecast: ece, worst bin", f"{card.ece:.4f}", number(card.worst_bin, 3)
        )]),
        ("latency ms p50 / p99", latency, f"{card.latency_ms.samples} samples"),
    ]  # fmt: skip


def percent(share: float | None, decimals: int = 1) -> str:
    """A share as per cent; a dash for what was not measured."""
    return number(None if share is None else 100.0 * share, decimals, " %")


def number(value: float | None, decimals: int = 0, unit: str = "") -> str:
    """A number with its unit; a dash for what was not measured."""
    return "-" if value is None else f"{value:.{decimals}f}{unit}"


def _times(ratio: float | None) -> str:
    return number(ratio, 1, " x")


def _large(value: float) -> str:
    return f"{value:,.0f}"
