"""The Atom feed, judged by feedparser."""

import uuid

import feedparser

from tests.warn.stand_in import START_NS, alert, herald, of
from tocsin.instant import ns
from tocsin.warn.feed import ENTRIES_MAX, Entry, in_feed, urn


def parsed(messages):
    (message,) = of(messages, "feed")
    assert message.media_type == "application/atom+xml"
    assert message.seal == "none"
    found = feedparser.parse(message.payload)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


def test_a_feed_reader_reads_it():
    found = parsed(herald().render(START_NS, [alert("take_cover")], []))
    assert found.feed.title == "НАВЧАННЯ. Training Authority"
    assert found.feed.id.startswith("urn:uuid:")
    assert found.feed.links[0].href == "https://warn.example.org/v1/feed.atom"
    (entry,) = found.entries
    assert entry.title == "НАВЧАННЯ. Харків: атака дронів. Негайно в укриття!"
    (link,) = entry.links
    assert (link.rel, link.type) == ("alternate", "application/cap+xml")
    assert link.href == "https://warn.example.org/v1/cap/exercise:ua-kharkiv:drone:1.xml"
    assert [tag.term for tag in entry.tags] == ["drone", "take_cover"]
    assert entry.updated == "2026-11-22T08:00:00Z"


def test_the_feed_is_there_from_the_beginning():
    assert parsed(herald().render(START_NS, [], [])).entries == []


def test_the_newest_word_of_a_run_replaces_the_one_before():
    one = herald()
    one.render(START_NS, [alert("early")], [])
    found = parsed(one.render(START_NS + ns(2), [alert("take_cover", 2)], []))
    assert [entry.links[0].href.rsplit(":", 1)[1] for entry in found.entries] == ["2.xml"]


def test_only_when_something_changed():
    one = herald()
    one.render(START_NS, [alert("early")], [])
    assert of(one.render(START_NS + ns(100), [], []), "feed") == []
    assert parsed(one.render(START_NS + ns(900), [], [])).entries == []


def test_not_more_often_than_once_a_second():
    one = herald()
    one.render(START_NS, [], [])
    assert of(one.render(START_NS + ns(0.5), [alert("early")], []), "feed") == []
    assert len(parsed(one.render(START_NS + ns(1), [], [])).entries) == 1


def entry(number: int, active: bool) -> Entry:
    return Entry(START_NS + number, START_NS + ns(900), active, b"")


def test_bounded_but_never_short_of_a_warning_in_force():
    ended = [entry(number, False) for number in range(500)]
    active = [entry(1000 + number, True) for number in range(150)]
    shown = in_feed(START_NS + ns(1), ended + active)
    assert len(shown) == ENTRIES_MAX
    assert shown[:150] == active[::-1]
    assert shown[150] == ended[-1]
    many = [entry(number, True) for number in range(700)]
    assert len(in_feed(START_NS + ns(1), many + ended)) == 700
    assert in_feed(START_NS + ns(900), many) == []


def test_names_are_uuids_of_their_address():
    url = "https://warn.example.org/v1/feed.atom"
    assert urn(url) == uuid.uuid5(uuid.NAMESPACE_URL, url).urn
