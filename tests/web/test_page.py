"""The citizen page in a real browser, against a server that speaks the contract."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from . import world
from .conftest import OpenPage
from .stand_in import StandIn

pytestmark = pytest.mark.browser

PHONE = (390, 844)
IN_ORDER = [
    "Take cover now",
    "Stay in shelter",
    "Early warning",
    "Be ready",
    "Cancelled: false alarm",
    "All clear",
]


READ_COUNTDOWN = """() => {
  window.read = [];
  new MutationObserver(() => {
    const now = document.querySelector('[data-zone="xx-02-04"] .countdown-time').innerText;
    if (now !== window.read.at(-1)?.[1]) window.read.push([Date.now(), now]);
  }).observe(document.querySelector("#list"), {childList: true, subtree: true});
}"""
"""Each change of a countdown with its time: on a busy machine the page counts in jumps."""

CLOCK_THE_EVENT = """() => new Promise((open) => {
  const own = new EventSource("v1/events");
  own.addEventListener("alert", () => { window.heard_ms = performance.now(); });
  new MutationObserver(() => {
    if (document.querySelector('#list [data-zone="xx-06-06"]'))
      window.shown_ms ??= performance.now();
  }).observe(document.querySelector("#list"), {childList: true, subtree: true});
  own.onopen = () => open();
})"""
"""When a second stream in the same page hears the event, and when the page shows it."""


def card(page: Page, zone: str) -> str:
    return page.locator(f'#list [data-zone="{zone}"]').inner_text()


def seconds(text: str) -> int:
    """The countdown `in 1 min 20 s` as a number."""
    found = re.search(r"in (?:(\d+) min ?)?(?:(\d+) s)?", text)
    assert found, text
    return 60 * int(found[1] or 0) + int(found[2] or 0)


def earlier(document: world.Json, by_s: float) -> world.Json:
    moment = datetime.now(UTC) - timedelta(seconds=by_s)
    return {**document, "as_of": world.iso(moment)}


def test_warnings_are_listed_by_urgency_in_words(open_page: OpenPage) -> None:
    page = open_page()
    titles = page.locator(".group-title > span:not(.group-count)")
    expect(titles).to_have_text(IN_ORDER)
    first = page.locator("#list .card").first.inner_text()
    for words in ("Zone 01-04", "North", "Ballistic missile", "red level", "Go to shelter."):
        assert words in first
    expect(page.locator("#as-of-time")).to_have_text(re.compile(r"^As of \d\d:\d\d:\d\d$"))
    expect(page.locator("#seal")).to_have_text("Signature verified")
    expect(page.locator("#mode")).to_have_text("Warnings are released automatically")
    expect(page.locator("#unknown")).to_be_hidden()


def test_an_exercise_cannot_be_taken_for_the_real_thing(
    open_page: OpenPage, server: StandIn
) -> None:
    page = open_page(size=PHONE)
    expect(page.locator("#realm-word")).to_have_text("EXERCISE")
    expect(page.locator("#realm-word")).to_be_in_viewport()
    expect(page).to_have_title(re.compile(r"^\[EXERCISE\] "))
    assert page.locator(".frame").evaluate("e => getComputedStyle(e).display") == "block"
    expect(page.locator("#list .card .drill")).to_have_count(len(server.zones))
    page.mouse.wheel(0, 3000)
    expect(page.locator("#realm-word")).to_be_in_viewport()


def test_a_live_page_shows_no_sign_of_exercise(open_page: OpenPage, server: StandIn) -> None:
    server.realm = "live"
    server.zones = [world.zone("xx-01-04", "take_cover", realm="live")]
    page = open_page()
    expect(page.locator("#list .card")).to_have_count(1)
    expect(page.locator("#realm")).to_be_hidden()
    assert page.locator(".frame").evaluate("e => getComputedStyle(e).display") == "none"
    expect(page).to_have_title("Air warnings – Stand-in")


def test_the_countdown_runs_against_the_time_to_shelter(open_page: OpenPage) -> None:
    page = open_page()
    time = page.locator('#list [data-zone="xx-02-04"] .countdown-time')
    expect(time).to_have_text(re.compile("in "))
    page.evaluate(READ_COUNTDOWN)
    page.wait_for_function("() => window.read.length >= 5")
    (began_ms, before), *_, (ended_ms, after) = page.evaluate("window.read")
    late_s = seconds(before) - seconds(after) - (ended_ms - began_ms) / 1000
    assert ended_ms - began_ms > 2_000
    assert -1 <= late_s <= 2
    too_late = "Less time than you need"
    assert too_late in card(page, "xx-01-04")
    assert too_late not in card(page, "xx-02-04")
    assert "Time to shelter\n1 min 30 s" in card(page, "xx-02-04")
    assert "Expected\nnow" in card(page, "xx-02-05")


def test_silence_is_told_as_not_knowing(open_page: OpenPage, server: StandIn) -> None:
    server.edit = lambda document: {**document, "stale_after_s": 7}
    page = open_page()
    expect(page.locator("#list .card").first).to_be_visible()
    server.frozen = True
    expect(page.locator("#unknown-title")).to_have_text("We do not know")
    expect(page.locator("#unknown-since")).to_have_text(
        re.compile(r"No data since \d\d:\d\d:\d\d \(\d+ s ago\)\.")
    )
    expect(page.locator("#line")).to_have_text("Live")
    expect(page.locator("#say-loud")).to_contain_text("This does not mean that you are safe.")
    assert "Last known" in card(page, "xx-02-04")
    assert page.locator(".group").first.evaluate("e => getComputedStyle(e).filter") != "none"
    server.frozen = False
    server.nudge()
    expect(page.locator("#unknown")).to_be_hidden()


def test_a_dead_server_is_told_before_the_data_are_old(
    open_page: OpenPage, server: StandIn
) -> None:
    server.edit = lambda document: {**document, "stale_after_s": 600}
    page = open_page()
    expect(page.locator("#list .card").first).to_be_visible()
    server.stop()
    expect(page.locator("#unknown-title")).to_have_text("We do not know")
    expect(page.locator("#line")).to_have_text("No connection")


def test_a_page_that_never_heard_anything_does_not_look_clear(
    open_page: OpenPage, server: StandIn
) -> None:
    server.answering = False
    page = open_page()
    expect(page.locator("#unknown-title")).to_have_text("We do not know")
    expect(page.locator("#unknown-since")).to_have_text("No data yet.")
    expect(page.locator(".nothing")).to_have_count(0)
    server.answering = True
    expect(page.locator("#unknown")).to_be_hidden()
    expect(page.locator("#list .card")).to_have_count(7)


def test_a_page_that_hears_only_forgeries_shows_none_of_them(
    open_page: OpenPage, server: StandIn
) -> None:
    server.forged = True
    page = open_page()
    expect(page.locator("#refused")).to_contain_text("forged or damaged")
    expect(page.locator("#unknown")).to_be_visible()
    expect(page.locator(".nothing")).to_have_count(0)
    expect(page.locator("#list .card")).to_have_count(0)


def test_a_forged_state_is_refused_and_shown(open_page: OpenPage, server: StandIn) -> None:
    page = open_page()
    expect(page.locator("#list .card")).to_have_count(len(server.zones))
    server.edit = lambda document: {**document, "stale_after_s": 6, "mode": "advise"}
    server.nudge()
    expect(page.locator("#mode")).to_have_attribute("data-mode", "advise")
    server.forged, server.zones = True, []
    server.nudge()
    expect(page.locator("#refused")).to_contain_text("Its signature is forged or damaged.")
    expect(page.locator("#list .card")).to_have_count(7)
    expect(page.locator("#unknown-title")).to_have_text("We do not know")


def test_a_document_of_another_realm_is_refused(open_page: OpenPage, server: StandIn) -> None:
    server.edit = lambda document: {**document, "realm": "live"}
    page = open_page()
    expect(page.locator("#refused")).to_contain_text("It belongs to another realm.")
    expect(page.locator("#list .card")).to_have_count(0)


def test_an_older_document_is_refused(open_page: OpenPage, server: StandIn) -> None:
    page = open_page()
    expect(page.locator("#list .card").first).to_be_visible()
    server.edit = lambda document: earlier(document, 300)
    server.nudge()
    expect(page.locator("#refused")).to_contain_text("older than what we already have")


def test_an_event_shows_a_warning_at_once(open_page: OpenPage, server: StandIn) -> None:
    page = open_page()
    expect(page.locator("#line")).to_have_text("Live")
    page.evaluate(CLOCK_THE_EVENT)
    server.frozen = True
    server.publish("alert", world.zone("xx-06-06", "take_cover", arrival_s=60))
    expect(page.locator('#list [data-zone="xx-06-06"]')).to_be_visible()
    page.wait_for_function("() => window.heard_ms !== undefined")
    assert page.evaluate("window.shown_ms - window.heard_ms") < 2000
    expect(page.locator("#say-loud")).to_have_text("EXERCISE. Take cover now: Zone 06-06.")


def test_a_forged_event_changes_nothing_but_is_shown(open_page: OpenPage, server: StandIn) -> None:
    page = open_page()
    expect(page.locator("#line")).to_have_text("Live")
    server.frozen = server.forged = True
    server.publish("all_clear", world.zone("xx-01-04", "all_clear", serial=9))
    expect(page.locator("#refused")).to_contain_text("forged")
    assert "Take cover now" in card(page, "xx-01-04")


def test_hebrew_runs_from_right_to_left(open_page: OpenPage) -> None:
    page = open_page(lang="he", webgl=True)
    assert page.evaluate("[document.dir, document.documentElement.lang]") == ["rtl", "he"]
    expect(page.locator(".group-title > span").first).to_have_text("היכנסו למרחב מוגן")
    expect(page.locator("#realm-word")).to_have_text("תרגיל")
    assert "אזור 01-04" in card(page, "xx-01-04")
    panel, chart = page.locator(".panel").bounding_box(), page.locator("#map").bounding_box()
    assert panel
    assert chart
    assert panel["x"] < chart["x"]


def test_the_language_is_switched_and_remembered(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#language").select_option("ru")
    expect(page.locator(".group-title > span").first).to_have_text("Немедленно в укрытие")
    words = card(page, "xx-01-04")
    assert "Зона 01-04" in words
    assert "Немедленно идите в укрытие." in words
    page.reload()
    expect(page.locator("#realm-word")).to_have_text("УЧЕНИЯ")


def test_what_nobody_watches_is_never_shown_as_clear(open_page: OpenPage, server: StandIn) -> None:
    server.zones = []
    page = open_page()
    expect(page.locator("#blind")).to_contain_text("West – Attack drone")
    page.locator("#place-find").fill("Zone 11-15")
    page.locator("#place-find").press("Enter")
    place = page.locator("#place-card")
    expect(place).to_contain_text("Not watched for: Attack drone.")
    expect(place).to_contain_text("does not mean safe")
    page.locator("#place-find").fill("Zone 00-00 · North")
    page.locator("#place-find").press("Enter")
    expect(place).to_contain_text("No warning for this zone")
    expect(place).not_to_contain_text("Not watched")


def test_without_webgl_the_list_is_complete(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#map-missing")).to_be_visible()
    expect(page.locator("#list .card")).to_have_count(7)


def test_a_country_under_warning_is_listed_in_parts(open_page: OpenPage, server: StandIn) -> None:
    ids = [world.zone_id(row, column) for row in range(12) for column in range(16)]
    server.zones = [world.zone(one, "take_cover", arrival_s=100) for one in ids]
    page = open_page()
    expect(page.locator("#list .card")).to_have_count(60)
    expect(page.locator("#say-loud")).to_have_text("EXERCISE. Take cover now: zones: 192.")
    page.get_by_role("button", name="Show all 192").click()
    expect(page.locator("#list .card")).to_have_count(192)
