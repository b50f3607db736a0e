"""The comparison with an authority for people: a table for the terminal."""

from collections.abc import Mapping, Sequence

from tocsin.score.beside import Beside, Lone
from tocsin.score.seconds import Shares
from tocsin.score.text import number

Rows = list[tuple[str, str, str]]


def render_beside(one: Beside) -> str:
    """The table, ending in a line feed."""
    silent = f", of these {one.silent_s:,.0f} s down" if one.silent_s else ""
    lines = [
        f"beside {one.source}: {one.site}, policy {one.policy} ({one.realm})",
        f"{one.t_begin} to {one.t_end}, {one.seconds:,.0f} s{silent}",
        "",
        *_table(_record_rows(one)),
        "",
        f"  {'in alarm by':<18}" + "".join(f"{name:>17}" for name in _PARTS),
        *(_shares(name, shares) for name, shares in _sums(one)),
        "",
        *_table(_alarm_rows(one)),
        *_table(_hit_rows(one)),
        *_lone("their alarms without ours", one.worst_theirs),
        *_lone("our alarms without theirs", one.worst_ours),
    ]
    return "\n".join(lines) + "\n"


_PARTS = ("both", "us alone", "them alone", "neither")


def _table(rows: Rows) -> list[str]:
    return [f"  {label:<26}{value:>14}  {note}".rstrip() for label, value, note in rows]


def _record_rows(one: Beside) -> Rows:
    """What of their record could be used, and what could not."""
    apart = ", ".join(f"{many} {why}" for why, many in one.rows_apart.items())
    rows = [("rows read", f"{one.rows:,}", apart)]
    rows += [("  refused", f"{one.rows_refused:,}", _first(one.rows_refused, one.refused))]
    if one.places_unknown:
        named = ", ".join(f"{name} ({many})" for name, many in list(one.unknown.items())[:5])
        rows.append(("  unknown zones", f"{one.places_unknown:,}", named))
    if one.ends_unsaid:
        rows.append(("  ends not told", f"{one.ends_unsaid:,}", "of alarms, by zone"))
    if one.by_kind and one.kind_unsaid:
        rows.append(("  kinds not told", f"{one.kind_unsaid:,}", "they count in no kind below"))
    return rows


def _first(many: int, refused: Sequence[tuple[str, str]]) -> str:
    return "" if not many else "; ".join(f"{where}: {why}" for where, why in refused[:5])


def _sums(one: Beside) -> list[tuple[str, Shares]]:
    rows = [("zone-hours", _hours(one.sums.zone_seconds))]
    rows.append(("person-minutes", one.sums.person_minutes))
    rows += [
        (f"  {kind}", sums.person_minutes)
        for kind, sums in one.by_kind.items()
        if sums.person_minutes.neither < _whole(sums.person_minutes)
    ]
    return rows


def _whole(shares: Shares) -> float:
    return shares.both + shares.only_ours + shares.only_theirs + shares.neither


def _hours(shares: Shares) -> Shares:
    return Shares(
        both=shares.both / 3600.0,
        only_ours=shares.only_ours / 3600.0,
        only_theirs=shares.only_theirs / 3600.0,
        neither=shares.neither / 3600.0,
    )


def _shares(name: str, shares: Shares) -> str:
    parts = (shares.both, shares.only_ours, shares.only_theirs, shares.neither)
    places = 1 if name == "zone-hours" else 0
    return f"  {name:<18}" + "".join(f"{part:>17,.{places}f}" for part in parts)


def _alarm_rows(one: Beside) -> Rows:
    ahead, longer = (_spread(some) for some in (one.ahead_s, one.longer_s))
    first = _spread(one.issued_ahead_s)
    return [
        ("alarms they issued", f"{one.issued:,}", f"we warned somebody there in {one.issued_met}"),
        ("  our first before them", first, "s: 5 %, median, 95 %; negative: later"),
        ("their alarms, by zone", f"{one.alarms_theirs:,}", f"we gave {one.alarms_met:,} of them"),
        ("  we began before them", ahead, f"s, {one.ahead_timed:,} timed"),
        ("  we ended after them", longer, f"s, {one.longer_timed:,} timed"),
        ("our alarms, by zone", f"{one.alarms_ours:,}", f"{one.alarms_ours_alone:,} without them"),
    ]


def _spread(quantiles: Mapping[str, float | None]) -> str:
    return " ".join(number(value) for value in quantiles.values())


def _hit_rows(one: Beside) -> Rows:
    hits = one.hits
    if hits is None:
        return []
    leads = [number(some["p50"]) for some in (hits.lead_s, hits.lead_s_theirs)]
    return [
        ("zones struck", f"{hits.hits:,}", f"median lead {leads[0]} s ours, {leads[1]} s theirs"),
        ("  warned in time by both", f"{hits.both:,}", ""),
        ("  by us alone", f"{hits.only_ours:,}", ""),
        ("  by them alone", f"{hits.only_theirs:,}", ""),
        ("  by neither", f"{hits.neither:,}", ""),
    ]


def _lone(title: str, some: Sequence[Lone]) -> list[str]:
    if not some:
        return []
    return ["", f"  {title}, the costliest", *(f"    {said(one)}" for one in some)]


def said(one: Lone) -> str:
    """One alarm that the other did not give, in a line."""
    threats = ", ".join(one.threats) or "no kind told"
    shown = "" if one.shown in ("none", "take_cover", "stay") else f"; we showed {one.shown}"
    people = f"{one.person_minutes:,.0f} person-minutes" if one.people >= 0 else "people unknown"
    return f"{one.zone}, {one.t_begin[:19]}Z, {one.seconds:,.0f} s, {threats}, {people}{shown}"
