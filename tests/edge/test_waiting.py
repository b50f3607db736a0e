"""The lines before the mind: bounded, fair, orders first, and everything lost is counted."""

import threading
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tocsin.edge.waiting import AGE_NS_MAX, BATCH_BYTES_MAX, BATCH_FRAMES_MAX, Waiting
from tocsin.engine import Notice
from tocsin.words import Frame


def frame(source: str, t_ns: int, size: int = 100) -> Frame:
    return Frame(t_ns=t_ns, source=source, payload=bytes(size))


def shed(frames: list[Frame]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in frames:
        if one.source == "shed":
            notice = msgspec.json.decode(one.payload, type=Notice)
            found[notice.source] += notice.count
    return found


def heard(frames: list[Frame]) -> Counter[str]:
    return Counter(one.source for one in frames if one.source not in ("shed", "order"))


def drained(waiting: Waiting, now_ns: int = 0) -> list[Frame]:
    frames: list[Frame] = []
    while taken := waiting.take(now_ns, 0.0):
        frames += taken
    return frames


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 400)), max_size=300),
    st.integers(1, 40),
)
def test_every_frame_is_handed_over_or_counted(rows: list[tuple[str, int]], room: int) -> None:
    waiting = Waiting(frames_max=room, bytes_max=5000)
    sent = [frame(source, t_ns, size) for t_ns, (source, size) in enumerate(rows)]
    for one in sent:
        waiting.put(one)
        assert sum(waiting.waiting().values()) <= room
    frames = drained(waiting)
    given_counts = Counter(one.source for one in sent)
    assert heard(frames) + shed(frames) == given_counts
    for source in given_counts:  # of each line the newest are left, in order
        left = [one for one in frames if one.source == source]
        own = [one for one in sent if one.source == source]
        assert left == own[len(own) - len(left) :]


def test_the_jammed_source_alone_loses() -> None:
    waiting = Waiting(frames_max=1000)
    for turn in range(5000):
        waiting.put(frame("jammed", turn))
        if turn % 50 == 0:
            for name in ("a", "b", "c"):
                waiting.put(frame(name, turn))
    frames = drained(waiting)
    assert shed(frames) == {"jammed": 5000 + 300 - 1000}
    assert heard(frames) == {"a": 100, "b": 100, "c": 100, "jammed": 700}


def test_every_batch_has_all_of_the_short_lines_and_a_share_of_the_long_one() -> None:
    waiting = Waiting()
    for turn in range(3000):
        waiting.put(frame("jammed", turn, 1000))
    for turn in range(20):
        waiting.put(frame("a", 5000 + turn, 50))
    taken = waiting.take(0, 0.0)
    assert heard(taken)["a"] == 20
    assert 0 < heard(taken)["jammed"] < 40
    assert sum(len(one.payload) for one in taken) <= BATCH_BYTES_MAX + 1000
    assert [one.t_ns for one in taken] == sorted(one.t_ns for one in taken)


def test_two_long_lines_share_evenly() -> None:
    waiting = Waiting()
    for turn in range(3000):
        waiting.put(frame("a", turn, 500))
        waiting.put(frame("b", turn, 500))
    found = heard(waiting.take(0, 0.0))
    assert abs(found["a"] - found["b"]) <= 1


def test_orders_go_first_and_are_never_shed() -> None:
    waiting = Waiting(frames_max=10)
    for turn in range(500):
        waiting.put(frame("jammed", turn))
        waiting.put_order(frame("order", turn))
    taken = waiting.take(0, 0.0)
    assert [one.source for one in taken[:100]] == ["order"] * 100
    assert sum(one.source == "order" for one in taken + drained(waiting)) == 500


def test_a_batch_never_outgrows_the_numbers_of_evidence() -> None:
    waiting = Waiting()
    for turn in range(9000):
        waiting.put(frame(f"radar-{turn % 7}", turn, 0))
        waiting.put_order(frame("order", turn))
    while taken := waiting.take(0, 0.0):
        assert len(taken) <= BATCH_FRAMES_MAX


def test_what_waited_too_long_is_shed_and_counted() -> None:
    waiting = Waiting()
    waiting.put(frame("a", 0))
    waiting.put(frame("a", AGE_NS_MAX))
    taken = waiting.take(AGE_NS_MAX + 1, 0.0)
    assert (heard(taken), shed(taken)) == ({"a": 1}, {"a": 1})


def test_who_takes_is_woken() -> None:
    waiting = Waiting()
    timer = threading.Timer(0.05, lambda: waiting.put_order(frame("order", 1)))
    timer.start()
    assert [one.source for one in waiting.take(0, 60.0)] == ["order"]
    timer.join()
