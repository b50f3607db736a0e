"""The event stream: numbered, resumable, and no subscriber can hold up another."""

import asyncio

from tocsin.edge.outlet import EVENTS_KEPT, QUEUE_MAX, Outlet, Subscriber


def taken(subscriber: Subscriber) -> list[bytes]:
    frames = []
    while not subscriber.frames.empty():
        frames.append(subscriber.frames.get_nowait()[1])
    return frames


def test_frames_are_valid_server_sent_events() -> None:
    outlet = Outlet()
    outlet.publish("alert", '{"jws":"x"}')
    assert outlet.events[0] == (1, b'id: 1\nevent: alert\ndata: {"jws":"x"}\n\n')


def test_who_resumes_gets_exactly_what_was_missed() -> None:
    outlet = Outlet()
    for number in range(10):
        outlet.publish("alert", f'"{number}"')
    frames = taken(outlet.subscribe(7))
    assert [frame.split(b"\n")[0] for frame in frames[1:]] == [b"id: 8", b"id: 9", b"id: 10"]


def test_a_newcomer_and_one_away_too_long_are_sent_to_the_state() -> None:
    outlet = Outlet()
    for number in range(EVENTS_KEPT + 5):
        outlet.publish("alert", f'"{number}"')
    for last in (None, 2, 10**9):
        frames = taken(outlet.subscribe(last))
        assert len(frames) == 2
        assert b"event: state" in frames[1]
        assert f"id: {outlet.last_id}".encode() in frames[1]


def test_a_slow_subscriber_is_let_go_and_counted() -> None:
    outlet = Outlet()
    slow = outlet.subscribe(None)
    quick = outlet.subscribe(None)
    for _ in range(QUEUE_MAX + 1):
        outlet.publish("alert", "{}")
        taken(quick)
    assert slow.lost
    assert not quick.lost
    assert outlet.dropped_subscribers == 1


def test_the_first_hand_over_of_an_event_is_told_once() -> None:
    told: list[int] = []
    outlet = Outlet(told.append)
    outlet.publish("alert", "{}")
    outlet.sent(1)
    outlet.sent(1)
    outlet.sent(0)
    assert told == [1]


def test_queues_need_no_running_loop() -> None:
    assert isinstance(Outlet().subscribe(None).frames, asyncio.Queue)
