"""The report: whole in itself, well-formed, and every state told by a shape as well as a colour."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import msgspec
import pytest

from tests.score.stories import ZONES, at, impact, story, truth
from tocsin.score import Measured, measure, summed
from tocsin.score.outlines import STATES, states
from tocsin.score.page import render_html
from tocsin.score.reliability import EDGES, Reliability
from tocsin.score.seen import everything
from tocsin.score.worst import worst


def raid() -> Measured:
    """a: told in time. b: told 10 s before, missed. d: never told, of what was never known. e: told
    in vain. c: told 40 s before."""
    came = truth(impact(300, "a", "b", "c"), impact(400, "d"))
    known = replace(everything(came), known_ns={"drone-300-a-b-c": at(0)})
    told = [
        *story("a", ("take_cover", 200), ("all_clear", 400)),
        *story("b", ("take_cover", 290), ("all_clear", 400)),
        *story("c", ("take_cover", 260), ("all_clear", 400)),
        *story("e", ("take_cover", 0), ("all_clear", 400)),
    ]
    bins = len(EDGES) - 1
    checked = Reliability((10,) * bins, (0.5,) * bins, (0, 1) * (bins // 2))
    steps = {"sense": [1.0, 2.0], "warn": [0.5, 9.0]}
    return measure(told, came, ZONES, [3.0], seen=known, steps_ms=steps, reliability=checked)


def test_zones_are_in_their_worst_state() -> None:
    assert states([raid()]) == {
        "a": "struck", "b": "missed", "c": "struck", "d": "missed", "e": "vain",
    }  # fmt: skip


def test_the_worst_come_first() -> None:
    """b missed by 50 s of the oracle's 60; d missed, but nobody could have known; c late by 50 of
    90; then e, in vain."""
    cases = [(case.what, case.zone, case.alert) for case in worst([raid()])]
    assert cases == [
        ("missed", "b", "exercise:b:drone:1"), ("missed", "d", ""),
        ("late", "c", "exercise:c:drone:1"), ("in vain", "e", "exercise:e:drone:1"),
    ]  # fmt: skip
    assert len(worst([raid()] * 9)) == 10


@pytest.fixture(scope="module")
def page() -> str:
    one = raid()
    cases = [(case, f"story of <{case.alert}>" if case.alert else "") for case in worst([one])]
    card = summed([one], policy="p & q")
    return render_html(
        card,
        [one],
        ZONES,
        cases,
        policies=[card, msgspec.structs.replace(card, policy="r", missed=0)],
    )


def test_the_page_loads_nothing(page: str) -> None:
    assert not re.search(r"https?:|src=|@import|url\(|<script|<link", page)


def test_its_pictures_are_well_formed_and_have_names(page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    titles = [ET.fromstring(picture).findtext("title") for picture in pictures]
    assert titles == [
        "Map of zones and impacts", "What the marks of the map mean",
        "Lead time by kind against time to shelter", "Person-minutes, ours and baselines",
        "Person-minutes by policy", "Reliability of the forecast", "Latency of each step",
    ]  # fmt: skip
    for state in STATES:
        assert f'class="mark {state}"' in page


def test_it_tells_the_figures_the_cases_and_why_something_is_missing(page: str) -> None:
    assert "EXERCISE" in page
    assert "p &amp; q" in page
    assert "story of &lt;exercise:b:drone:1&gt;" in page
    assert "nothing was ever said to this zone" in page
    assert "&#10007; no" in page
    empty = measure([], truth(threats=0), ZONES)
    bare = render_html(summed([empty], policy="p"), [empty], ZONES, [])
    policies = page.split("Person-minutes by policy</title>")[1].split("</svg>")[0]
    assert f"missed 2 of {len(raid().hits)}" in policies
    assert policies.count('class="missed"') == policies.count('class="fine"') == 1
    for why in (
        "--policy all",
        "no zone was told",
        "nothing was struck",
        "--calibration",
        "no timing samples",
    ):
        assert why in bare
    assert "nan" not in bare
    assert "None" not in bare
