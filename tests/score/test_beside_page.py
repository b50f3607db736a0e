"""The pictures of a comparison: whole in themselves, well-formed, told by shape and words, too."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import msgspec

from tests.score.stories import SECONDS, ZONES, story
from tests.score.test_beside import authority, compare, setting, told
from tocsin.score.beside import Beside, beside
from tocsin.score.beside_page import LINES, SAID, chosen, sections
from tocsin.score.beside_text import render_beside
from tocsin.score.page import render_beside_html


def both() -> Beside:
    """a by both, we first; b by us alone, d by them alone, and a zone that nobody knows."""
    ours = story("a", ("take_cover", 120), ("all_clear", 480))
    ours += story("b", ("take_cover", 120), ("all_clear", 240), threat="cruise")
    theirs = authority(told("a", 240, 600, "drone"), told("d", 0, 60), told("<x>", 0, 60))
    return beside(ours, theirs, ZONES, replace(setting(), source="<feed>.csv"))


def test_the_page_is_whole_and_says_what_could_not_be_used() -> None:
    page = render_beside_html(both(), ZONES)
    assert not re.search(r"https?:|src=|@import|url\(|<script|<link", page)
    assert "EXERCISE" in page
    assert "Beside &lt;feed&gt;.csv" in page
    assert "&lt;x&gt; (1)" in page
    assert "<x>" not in page
    assert "nan" not in page


def test_its_pictures_are_well_formed_and_show_every_state() -> None:
    page = "\n".join(sections(both(), ZONES))
    pictures = [ET.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert [picture.findtext("title") for picture in pictures] == [
        "When each zone was in alarm, by us and by them", "Map of who told whom",
        "What the marks of who told whom mean",
    ]  # fmt: skip
    for state, words in SAID.items():
        assert f'class="mark {state}"' in page
        assert f"1: {words}" in page


def test_a_bar_is_as_long_as_the_alarm() -> None:
    """Of 1,200 s: ours of 360 s from 120 s on, theirs of 360 s from 240 s on."""
    page = "\n".join(sections(both(), ZONES))
    found = re.findall(r'<rect class="(\w+) bar" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', page)
    left = min(float(x) for _, x, _ in found)
    scale = (480.0 - left) / SECONDS
    bars = {(style, round((float(x) - left) / scale), round(float(w) / scale))
            for style, x, w in found}  # fmt: skip
    assert bars == {("ours", 120, 360), ("theirs", 240, 360), ("ours", 120, 120), ("theirs", 0, 60)}


def test_few_zones_are_all_shown_and_many_from_each_side() -> None:
    one = both()
    assert [zone.zone for zone in chosen(one)] == ["a", "b", "d"]
    kinds = {"both": ((0.0, 1.0),), "none": ()}
    rows = [
        replace_zone(one, f"{state}{row}", kinds[ours], kinds[theirs], row)
        for state, ours, theirs in (("m", "both", "both"), ("o", "both", "none"),
                                    ("t", "none", "both"))
        for row in range(40)
    ]  # fmt: skip
    shown = [zone.zone for zone in chosen(changed(one, rows))]
    assert len(shown) == LINES
    assert {state: sum(zone.startswith(state) for zone in shown) for state in "mot"} == {
        "m": 12, "o": 6, "t": 6,
    }  # fmt: skip
    assert "m39" in shown  # where they differed longest
    assert "m0" not in shown


def replace_zone(one: Beside, zone: str, ours: object, theirs: object, differ_s: float) -> object:
    return msgspec.structs.replace(
        one.zones[0], zone=zone, ours=ours, theirs=theirs, only_ours_s=differ_s, only_theirs_s=0.0
    )


def changed(one: Beside, zones: list[object]) -> Beside:
    return msgspec.structs.replace(one, zones=tuple(zones))


def test_when_neither_told_anybody_it_says_so() -> None:
    assert "Neither told anybody." in render_beside_html(compare([]), ZONES)


def test_the_text_fits_a_terminal_and_tells_the_figures() -> None:
    text = render_beside(both())
    assert max(map(len, text.splitlines())) <= 100
    assert "unknown zones" in text
    assert "we gave 1 of them" in text
    assert re.search(r"we began before them\s+120 120 120 +s, 1 timed", text)
    assert re.search(r"we ended after them\s+-120 -120 -120 +s, 1 timed", text)
    assert "b, 2026-" in text
    assert "cruise, 4,000 person-minutes" in text
