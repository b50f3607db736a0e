"""The scorecard as one HTML page: nothing is loaded from anywhere, readable on a phone and printed.

Light and dark follow the reader's device; what colour says is said by shape and words, too.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from tocsin.instant import iso
from tocsin.score import charts, outlines
from tocsin.score.beside import Beside
from tocsin.score.beside_page import sections
from tocsin.score.measured import Measured
from tocsin.score.scorecard import Scorecard
from tocsin.score.text import number, render_text
from tocsin.score.worst import Case
from tocsin.zones.map import ZoneMap

_STYLE: Final = """
:root{color-scheme:light dark;--back:#fff;--ink:#1b1b1b;--soft:#5c5c5c;--line:#c9c9c9;
--fine:#0072b2;--late:#e69f00;--missed:#d55e00;--vain:#cc79a7;--base:#8a8a8a;--quiet:#f4f4f4}
@media (prefers-color-scheme:dark){:root{--back:#15181b;--ink:#ececec;--soft:#a9a9a9;--line:#444b52;
--fine:#56b4e9;--late:#f0c050;--missed:#ff8a4a;--vain:#e0a0c4;--base:#8f959b;--quiet:#1e2226}}
@media print{:root{color-scheme:light;--back:#fff;--ink:#000;--soft:#444;--line:#bbb;--fine:#0072b2;
--late:#e69f00;--missed:#d55e00;--vain:#cc79a7;--base:#8a8a8a;--quiet:#f4f4f4}
figure{break-inside:avoid}details::details-content{content-visibility:visible;display:block}}
body{margin:0 auto;max-width:46rem;padding:1rem;background:var(--back);color:var(--ink);
font:16px/1.45 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.15rem;margin:1.6em 0 .4em}
.realm{display:inline-block;border:2px solid var(--missed);padding:0 .5em;font-weight:700}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .5em .3em 0;
border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;white-space:
nowrap;padding-right:1.4em}
figure{margin:0}figcaption,.soft{color:var(--soft);font-size:.9rem}
svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font:14px system-ui,sans-serif}
svg text.small{fill:var(--soft);font-size:12px}.axis{stroke:var(--ink);fill:none}
.grid{stroke:var(--line);fill:none}.even{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
rect.fine{fill:var(--fine)}rect.late{fill:var(--late)}rect.missed{fill:var(--missed)}
rect.base{fill:var(--base)}rect.thin{fill:none;stroke:var(--base);stroke-width:2}
.dot{fill:var(--fine);fill-opacity:.75;stroke:var(--ink)}.dot.none{fill:none;stroke:var(--fine)}
path.quiet{fill:var(--quiet);stroke:var(--line);stroke-width:.5}
path.missed,rect.missed{stroke:var(--ink)}
path.missed{fill:var(--missed);fill-opacity:.55}path.struck,svg rect.struck{fill:var(--fine);
fill-opacity:.55;stroke:var(--ink)}path.warned,svg rect.warned{fill:var(--late);fill-opacity:.3;
stroke:var(--line)}path.vain,svg rect.vain{fill:var(--vain);fill-opacity:.35;stroke:var(--line)}
path.both,svg rect.both{fill:var(--fine);fill-opacity:.55;stroke:var(--ink)}
path.ours,
svg rect.ours{fill:var(--fine);fill-opacity:.25;stroke:none}svg rect.ours.bar{fill-opacity:1}
path.theirs,svg rect.theirs{fill:var(--late);fill-opacity:.3;stroke:var(--late)}
h3{font-size:1rem;margin:1.2em 0 .2em}
path.mark{fill:none;fill-opacity:1;stroke:var(--ink);stroke-width:1.6}
path.mark.missed{stroke-width:3}path.mark.struck{fill:var(--back)}
.impact{fill:var(--ink);stroke:var(--back)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem;border-left:3px solid var(--line);
padding-left:.7em;margin:.3em 0}
.case{margin:.8em 0}summary{cursor:pointer}
"""


_COSTS: Final = (
    "In cover, by powers of ten. Whole regions and raions: under alarm while a known threat is"
    " within 30 km, held 120 s, at least 300 s. The oracle knows what will be struck. Early and"
    " stand-by are no cover."
)


_POLICIES: Final = (
    "The same inputs decided again under each policy that is shipped. In cover, by powers of ten; a"
    " bar with an edge is of a policy that missed zones."
)


def head(title: str) -> str:
    """The beginning of a page, up to its heading."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"\n<h1>{escape(title)}</h1>"
    )


def render_beside_html(one: Beside, zones: ZoneMap) -> str:
    """The page of a comparison alone, where no truth is known."""
    title = f"Beside {one.source}: {one.site}, policy {one.policy}"
    what = f'<p><span class="realm">{escape(one.realm.upper())}</span> {_span(one)}</p>'
    return "\n".join([head(title), what, *sections(one, zones), _DEFINED, "</body></html>", ""])


def _span(one: Beside) -> str:
    return f"{one.t_begin} to {one.t_end}, map {escape(one.zone_map)}."


_DEFINED: Final = '<p class="soft">Each figure is defined in docs/reference/scorecard.md.</p>'


def render_html(
    card: Scorecard,
    raids: Sequence[Measured],
    zones: ZoneMap,
    cases: Sequence[tuple[Case, str]],
    other: Beside | None = None,
    policies: Sequence[Scorecard] = (),
) -> str:
    """The whole page; each of `cases` comes with its explanation as text.

    `other`: what an authority said. `policies`: the scorecards of the same inputs under each.
    """
    title = f"Scorecard: {card.scenario}, seed {card.seed}, policy {card.policy}"
    many = "raid" if card.raids == 1 else "raids"
    what = (
        f'<p><span class="realm">{escape(card.realm.upper())}</span> {card.raids} {many},'
        f" {card.threats} threats, {card.impacts} impacts on {card.hits} zones,"
        f" {card.seconds:,.0f} s.</p>"
    )
    drawn = outlines.picture(raids, zones)
    pictures = [
        _part("Map", drawn + outlines.legend(raids) if drawn else "", "", "no zone was told"),
        _leads(raids),
        _part("Person-minutes", charts.costs(card), _COSTS, ""),
        _part(
            "Person-minutes by policy",
            charts.policies(policies) if policies else "",
            _POLICIES,
            "`tocsin score DIR --policy all --html FILE` decides again under each",
        ),
        _reliability(card),
        _part(
            "Latency",
            charts.latencies(card.steps_ms) if card.steps_ms else "",
            "Bar: half are faster. Line: 99 of 100 are.",
            "no timing samples",
        ),
    ]
    worst = [_case(case, said) for case, said in cases]
    parts = [
        head(title), what, "<h2>Figures</h2>", _figures(card), *pictures,
        "<h2>Worst cases</h2>", *(worst or ["<p>No miss, nothing late, no warning in vain.</p>"]),
        *(sections(other, zones) if other else []),
        "<h2>Everything</h2>", f"<pre>{escape(render_text(card))}</pre>",
        _DEFINED,
    ]  # fmt: skip
    return "\n".join([*parts, "</body></html>", ""])


def _leads(raids: Sequence[Measured]) -> str:
    hits = [hit for raid in raids for hit in raid.hits]
    said = (
        "Zones by seconds in cover before the impact. From below: missed (under 15 s or never),"
        " shorter than the zone's time to shelter, in time."
    )
    drawn = charts.leads(hits) if hits else ""
    return _part("Lead time against time to shelter", drawn, said, "nothing was struck")


def _reliability(card: Scorecard) -> str:
    said = (
        "Zones and horizons with a chance over 0.1 %. Expected calibration error"
        f" {number(card.ece, 4)}, worst bin {number(card.worst_bin, 4)}."
    )
    drawn = charts.diagram(card.reliability) if card.reliability else ""
    why = card.not_measured.get("ece", "")
    return _part("Reliability of the forecast", drawn, said, why)


Reached = Callable[[float], bool]


def _figures(card: Scorecard) -> str:
    """The figures that are to be reached, with whether they are."""
    ballistic = card.ballistic_missed if card.ballistic_hits else None
    rows: list[tuple[str, float | None, str, str, Reached]] = [
        ("Missed", card.missed_share, ".2%", "0.2 % or less", lambda v: v <= 0.002),
        ("Ballistic missed", ballistic, ".0f", "0", lambda v: v == 0),
        ("In cover in time, where possible", card.lead_ok_share, ".1%", "99 % or more",
         lambda v: v >= 0.99),
        ("Person-minutes, region / ours", card.ratio_region, ".1f", "20 or more",
         lambda v: v >= 20),
        ("... in mass raids", card.ratio_region_mass, ".1f", "10 or more", lambda v: v >= 10),
        ("Early precision", card.early_precision, ".2f", "0.60 or more", lambda v: v >= 0.6),
        ("Early recall", card.early_recall, ".2f", "0.99 or more", lambda v: v >= 0.99),
        ("Flaps by the same threat", card.flap_share, ".1%", "1 % or less", lambda v: v <= 0.01),
        ("Calibration error", card.ece, ".4f", "0.005 or less", lambda v: v <= 0.005),
        ("Worst bin", card.worst_bin, ".3f", "0.10 or less", lambda v: v <= 0.10),
        ("Latency p99, ms", card.latency_ms.p99, ".0f", "150 or less", lambda v: v <= 150),
    ]  # fmt: skip
    head = '<tr><th>figure</th><th class="n">measured</th><th>to reach</th><th></th></tr>'
    lines = [f"<table><thead>{head}</thead><tbody>"]
    for name, value, form, aim, reached in rows:
        shown = "-" if value is None else format(value, form)
        verdict = "" if value is None else "&#10003; yes" if reached(value) else "&#10007; no"
        lines.append(
            f'<tr><td>{escape(name)}</td><td class="n">{shown}</td><td>{aim}</td>'
            f"<td>{verdict}</td></tr>"
        )
    return "\n".join([*lines, "</tbody></table>", _few(card)])


def _few(card: Scorecard) -> str:
    """What few hits can say: the rule of three."""
    if card.missed or not card.hits:
        return ""
    return (
        f'<p class="soft">0 of {card.hits} bounds the true share of misses at'
        f" {300.0 / card.hits:.2g} % (95 %); 0.2 % is claimed on 1,500 hits or more.</p>"
    )


def _case(case: Case, said: str) -> str:
    head = f"{case.what}: {case.zone}, {case.threat}, {iso(case.t_ns)}"
    told = said or "nothing was ever said to this zone"
    return (
        f'<details class="case"><summary><b>{escape(head)}</b><br>{escape(case.facts)}</summary>'
        f"<pre>{escape(told)}</pre></details>"
    )


def _part(title: str, drawn: str, caption: str, why: str) -> str:
    """A heading and its picture, or why there is none."""
    head = f"<h2>{escape(title)}</h2>"
    if not drawn:
        return f'{head}<p class="soft">Not shown: {escape(why)}.</p>'
    said = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"{head}<figure>{drawn}{said}</figure>"
