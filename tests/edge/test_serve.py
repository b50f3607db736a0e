"""What the public sees of a running system in a raid: signed, resumable, EXERCISE, nothing private.

One live system, fed by one raid, serves the tests of this module; a second one hears nothing.
"""

import gzip
import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import feedparser
import pytest
from lxml import etree

from tests.edge.live import WAIT_S, Live, Raid, Stream, ask, running, site, until
from tests.warn.judge import SCHEMA
from tocsin.edge.sign import verify_cap, verify_detached, verify_jws
from tocsin.instant import from_iso

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Live]]:
    """A system under a raid that goes on during the whole module, and one that hears nothing."""
    folder = tmp_path_factory.mktemp("public")
    raided, quiet = Live(folder / "raided", site()), Live(folder / "quiet", site())
    with running([raided, quiet]), Raid([raided]):
        yield raided, quiet


@pytest.fixture(scope="module")
def live(systems: tuple[Live, Live]) -> Live:
    return systems[0]


@pytest.fixture(scope="module")
def stream(live: Live) -> Iterator[Stream]:
    """A subscriber who was there before the first warning was fetched by a test."""
    with Stream(live) as opened:
        until(lambda: len(opened.told()) > 20, "twenty warnings")
        yield opened


@pytest.fixture(scope="module")
def keys(live: Live) -> Any:
    return live.get("/v1/keys.json").document


# ---- the state ---------------------------------------------------------------------------------


def test_the_state_says_who_speaks_and_when(live: Live, stream: Stream) -> None:
    state = until(lambda: (s := live.state()) and s["zones"] and s, "a zone in the state")
    assert (state["realm"], state["mode"]) == ("exercise", "automatic")
    assert abs(time.time_ns() - from_iso(state["as_of"])) < 6e9
    for zone in state["zones"]:
        for text in zone["text"].values():
            assert "EXERCISE" in text["headline"] or "НАВЧАННЯ" in text["headline"]
            assert "EXERCISE" in text["instruction"] or "НАВЧАННЯ" in text["instruction"]


def test_the_state_is_signed_both_ways(live: Live, stream: Stream, keys: Any) -> None:
    answer = live.get("/v1/state.json")
    signature = answer.headers["Tocsin-Signature"]
    assert verify_detached(signature, answer.body, keys, "exercise") == answer.body
    compact = live.get("/v1/state.jws")
    assert compact.headers["Content-Type"] == "application/jose"
    claims = json.loads(verify_jws(compact.body.decode(), keys, "exercise"))
    assert claims["serial"] >= answer.document["serial"]


def test_a_compressed_state_has_the_same_bytes(live: Live, stream: Stream, keys: Any) -> None:

    answer = live.get("/v1/state.json", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    body = gzip.decompress(answer.body)
    verify_detached(answer.headers["Tocsin-Signature"], body, keys, "exercise")


def test_caches_can_ask_whether_it_changed(live: Live) -> None:
    path = "/v1/zones.geojson"
    tag = live.get(path).headers["ETag"]
    again = live.get(path, If_None_Match=f'"other", W/{tag}')
    assert (again.status, again.body) == (304, b"")
    assert live.get(path, If_None_Match='"other"').status == 200

    def unchanged() -> bool:  # the state changes twice a second in a raid
        tag = live.get("/v1/state.json").headers["ETag"]
        return live.get("/v1/state.json", If_None_Match=tag).status == 304

    until(unchanged, "an unchanged state")


# ---- events ------------------------------------------------------------------------------------


def test_every_event_is_signed_numbered_and_an_exercise(stream: Stream, keys: Any) -> None:
    told = stream.told()
    assert stream.media_type.startswith("text/event-stream")
    for event in told:
        claims = json.loads(verify_jws(event.jws, keys, "exercise"))
        assert claims["realm"] == "exercise"
        assert claims["kind"] == event.kind
        for text in claims["zone"]["text"].values():
            assert "EXERCISE" in text["headline"] or "НАВЧАННЯ" in text["headline"]
    numbers = [event.number for event in stream.events if event.number >= 0]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    serials = [event.claims["serial"] for event in told]
    assert serials == sorted(set(serials))
    assert len({event.claims["alert"] for event in told}) == len(told)


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(live: Live, stream: Stream) -> None:
    middle = stream.told()[len(stream.told()) // 2]
    with Stream(live, last=middle.number) as again:
        until(lambda: len(again.told()) > 10, "the events after the middle")
        got = [(e.number, e.data) for e in again.events if e.number >= 0]
    first, last = middle.number + 1, got[-1][0]
    until(lambda: stream.events[-1].number >= last, "the first stream to catch up")
    expected = [(e.number, e.data) for e in stream.events if first <= e.number <= last]
    assert got == expected


@pytest.mark.parametrize("last", ["0", "9" * 400, "9" * 5000, "-1", "yesterday", "１２"])
def test_a_strange_last_event_id_sends_to_the_state(live: Live, last: str) -> None:

    connection = http.client.HTTPConnection(live.site.public_listen, timeout=WAIT_S)
    try:
        connection.putrequest("GET", "/v1/events")
        connection.putheader("Last-Event-ID", last.encode())
        connection.endheaders()
        response = connection.getresponse()
        head = [response.readline() for _ in range(4)]
        response.close()
    finally:
        connection.close()
    assert head[0] == b"retry: 2000\n"
    assert head[3] == b"event: state\n"


# ---- CAP and the feed --------------------------------------------------------------------------


def test_every_warning_has_a_sound_signed_cap_document(
    live: Live, stream: Stream, keys: Any
) -> None:
    certificate = (live.folder / "keys" / "exercise.cert.pem").read_bytes()
    told = stream.told()[:15]
    for event in told:
        answer = live.get(f"/v1/cap/{event.claims['alert']}.xml")
        assert answer.status == 200, event.claims["alert"]
        assert answer.headers["Content-Type"] == "application/cap+xml"
        root = etree.fromstring(answer.body)
        assert root.findtext(f"{CAP}status") == "Exercise"
        assert "EXERCISE" in answer.body.decode()
        assert verify_cap(answer.body, certificate).tag == f"{CAP}alert"
        SCHEMA.assertValid(root)


def test_the_feed_is_read_by_feedparser_and_its_links_resolve(live: Live, stream: Stream) -> None:
    answer = until(
        lambda: (a := live.get("/v1/feed.atom")).body.count(b"entry>") > 6 and a, "a feed"
    )
    assert answer.headers["Content-Type"] == "application/atom+xml"
    feed = feedparser.parse(answer.body)
    assert not feed.bozo
    assert feed.feed.title
    assert len(feed.entries) > 3
    public = live.site.public_url
    for entry in feed.entries:
        assert "EXERCISE" in entry.title or "НАВЧАННЯ" in entry.title
        link = next(one for one in entry.links if one.type == "application/cap+xml")
        assert link.href.startswith(public)
        assert live.get(link.href.removeprefix(public)).status == 200, link.href
    assert "EXERCISE" in feed.feed.title or "НАВЧАННЯ" in feed.feed.title


# ---- nothing private ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/metrics", "/console.json", "/orders", "/v1/orders", "/v1/console.json",
        "/../site.toml", "/%2e%2e/%2e%2e/pyproject.toml", "/..%2f..%2f__init__.py",
        "/assets/../../cli/run.py", "//etc/passwd", "/%00", "/" + "a" * 3000,
        "/v1/cap/%00.xml", "/v1/cap/../../../words.py.xml",
    ],
)  # fmt: skip
def test_private_paths_and_strange_ones_are_not_found(live: Live, path: str) -> None:
    assert live.get(path).status == 404
    assert "Traceback" not in live.log


def test_the_private_listener_has_nothing_public(live: Live) -> None:
    assert live.private("/v1/state.json").status == 404
    assert live.private("/metrics").status == 200


def test_no_order_is_taken_from_the_public(live: Live) -> None:

    assert ask(live.site.public_listen, "/orders", "POST", b"{}").status in (404, 405)


def test_public_bytes_name_no_sensor_track_or_chance(live: Live, stream: Stream) -> None:
    told = stream.told()
    documents = [
        live.get(path).body
        for path in (
            "/v1/state.json", "/v1/feed.atom", "/v1/keys.json", "/v1/health", "/v1/zones.geojson",
            *(f"/v1/cap/{event.claims['alert']}.xml" for event in told[:10]),
        )
    ] + [json.dumps(event.claims).encode() for event in told]  # fmt: skip
    private = [sensor.name.encode() for sensor in live.site.sensors]
    private += [
        b"chance",
        b"track",
        b"evidence",
        b"existence",
        b"sensor",
        b"reasons",
        b"covariance",
    ]
    for document in documents:
        found = [word for word in private if word in document.lower()]
        assert found == [], document[:200]


# ---- it stays awake ----------------------------------------------------------------------------


def test_time_goes_on_without_input(systems: tuple[Live, Live]) -> None:
    system = systems[1]
    with Stream(system) as quiet:
        seen: dict[str, float] = {}

        def three() -> bool:
            seen.setdefault(system.state()["as_of"], time.monotonic())
            return len(seen) == 3

        until(three, "three states")
        first, second, third = seen.values()
        assert second - first < 6.5
        assert third - second < 6.5
        until(lambda: any(e.kind == "heartbeat" for e in quiet.events), "a heartbeat")
        assert all(event.number == -1 for event in quiet.events if event.kind == "heartbeat")
        assert not quiet.told()


def test_many_readers_are_served_while_the_raid_goes_on(live: Live) -> None:
    """Eighty requests from eight threads, while alerts come: nobody waits for the mind."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: live.get("/v1/state.json"), range(80)))
    assert {answer.status for answer in answers} == {200}
    assert live.alive
