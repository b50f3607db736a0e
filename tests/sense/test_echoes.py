"""The memory of copies has an end in time and in size."""

from tocsin.sense.echoes import ECHO_NS, ECHOES_MAX, Echoes


def test_a_key_is_known_for_30_seconds_from_when_it_was_new() -> None:
    echoes = Echoes()
    assert not echoes.known(b"a", 0)
    assert echoes.known(b"a", ECHO_NS)
    assert not echoes.known(b"a", ECHO_NS + 1)
    assert echoes.known(b"a", ECHO_NS + 2)


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    echoes = Echoes()
    for number in range(ECHOES_MAX + 1000):
        assert not echoes.known(number.to_bytes(4, "big"), 0)
    assert len(echoes._known) == len(echoes._order) == ECHOES_MAX
    assert echoes.known((ECHOES_MAX + 999).to_bytes(4, "big"), 0)
    assert not echoes.known((0).to_bytes(4, "big"), 0)
