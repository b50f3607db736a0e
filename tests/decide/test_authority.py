"""Who lets an alert out, in each mode."""

import pickle

import pytest

from tests.decide.stories import START_NS, order, site
from tocsin.decide import Authority
from tocsin.instant import ns
from tocsin.rules.alerts import alert_id
from tocsin.words import Alert, Reason


def alert(
    stage: str = "take_cover",
    serial: int = 1,
    t_s: float = 0.0,
    begun_s: float = 0.0,
    zone: str = "z0",
    rule: str = "drone.take_cover",
) -> Alert:
    return Alert(
        zone=zone,
        threat="drone",
        serial=serial,
        t_ns=START_NS + ns(t_s),
        stage=stage,
        level="yellow",
        blind=False,
        reasons=(Reason(rule=rule),),
        t_ns_arrival=0,
        t_ns_expires=START_NS + ns(t_s + 300),
        realm="exercise",
        t_ns_begun=START_NS + ns(begun_s),
    )


class Desk:
    """An authority and the seconds."""

    def __init__(self, mode: str, confirm_s: float = 15.0) -> None:
        self.authority = Authority(site(mode=mode, confirm_s=confirm_s))

    def at(self, t_s: float, *alerts: Alert, orders: tuple = ()) -> list[tuple[str, int]]:
        self.authority = pickle.loads(pickle.dumps(self.authority))
        out = self.authority.release(START_NS + ns(t_s), tuple(alerts), tuple(orders))
        return [(item.stage, item.serial) for item in out]


FIRST = alert("early", 1)
SECOND = alert("take_cover", 2, t_s=5)
CLEAR = alert("all_clear", 4, t_s=100)
GONE = alert("none", 5, t_s=700)


def test_automatic_lets_everything_pass_in_order() -> None:
    desk = Desk("automatic")
    assert desk.at(0, FIRST, GONE, SECOND) == [("early", 1), ("none", 5), ("take_cover", 2)]
    assert desk.authority.pending() == ()


def test_shadow_lets_nothing_pass_but_shows_it() -> None:
    desk = Desk("shadow")
    raised = alert("take_cover", 3, t_s=6, rule="order.raise")
    assert desk.at(0, FIRST) == []
    assert desk.at(6, raised, orders=(order("release", 6, alert=alert_id(FIRST)),)) == []
    assert [(a.serial, due) for a, due in desk.authority.pending()] == [(3, 0)]
    assert desk.at(1e6, CLEAR, GONE) == []
    assert desk.authority.pending() == ()


def test_confirm_waits_and_then_passes_the_latest() -> None:
    desk = Desk("confirm")
    assert desk.at(0, FIRST) == []
    assert [(a.serial, due) for a, due in desk.authority.pending()] == [(1, START_NS + ns(15))]
    assert desk.at(5, SECOND) == []
    assert desk.at(14.999) == []
    assert desk.at(15) == [("take_cover", 2)]
    assert desk.authority.pending() == ()
    assert desk.at(16) == []


def test_confirm_of_nothing_is_at_once() -> None:
    assert Desk("confirm", confirm_s=0.0).at(0, FIRST) == [("early", 1)]


def test_what_follows_a_released_run_passes_at_once() -> None:
    desk = Desk("confirm")
    desk.at(0, FIRST)
    desk.at(15)
    assert desk.at(20, SECOND) == [("take_cover", 2)]
    assert desk.at(100, CLEAR) == [("all_clear", 4)]
    assert desk.at(700, GONE) == [("none", 5)]
    assert desk.at(701, alert("early", 6, t_s=701, begun_s=701)) == []


def test_a_new_run_after_an_all_clear_needs_a_new_confirmation() -> None:
    desk = Desk("confirm")
    desk.at(0, FIRST)
    desk.at(15, CLEAR)
    assert desk.at(200, alert("early", 6, t_s=200, begun_s=200)) == []
    assert desk.at(215) == [("early", 6)]


@pytest.mark.parametrize("mode", ["confirm", "advise"])
@pytest.mark.parametrize("end", ["all_clear", "cancelled"])
def test_a_run_that_was_never_released_ends_in_silence(mode: str, end: str) -> None:
    desk = Desk(mode)
    assert desk.at(0, FIRST) == []
    assert desk.at(10, alert(end, 2, t_s=10)) == []
    assert desk.authority.pending() == ()
    assert desk.at(20, alert(end, 3, t_s=20)) == []
    assert desk.at(600, GONE) == []
    assert desk.authority.pending() == ()


def test_stop_holds_the_run_until_it_is_released() -> None:
    desk = Desk("confirm")
    desk.at(0, FIRST)
    assert desk.at(5, orders=(order("stop", 5, alert=alert_id(FIRST)),)) == []
    assert desk.at(30, SECOND) == []
    assert [(a.serial, due) for a, due in desk.authority.pending()] == [(2, 0)]
    released = desk.at(40, orders=(order("release", 40, alert=alert_id(FIRST)),))
    assert released == [("take_cover", 2)]
    assert desk.at(50, alert("take_cover", 3, t_s=50)) == [("take_cover", 3)]


def test_a_stop_ends_with_its_run() -> None:
    desk = Desk("confirm")
    desk.at(0, FIRST)
    desk.at(5, orders=(order("stop", 5, alert=alert_id(FIRST)),))
    desk.at(100, CLEAR)
    desk.at(200, alert("early", 6, t_s=200, begun_s=200))
    assert desk.at(215) == [("early", 6)]


def test_a_stop_does_not_take_back_what_was_told() -> None:
    desk = Desk("confirm")
    desk.at(0, FIRST)
    desk.at(15)
    desk.at(16, orders=(order("stop", 16, alert=alert_id(FIRST)),))
    assert desk.at(20, SECOND) == [("take_cover", 2)]


def test_advise_passes_only_by_release_and_only_that_run() -> None:
    desk = Desk("advise")
    assert desk.at(0, FIRST, alert(zone="z1")) == []
    assert desk.at(1e6) == []
    assert desk.at(10, orders=(order("release", 10, alert=alert_id(FIRST)),)) == [("early", 1)]
    assert [a.zone for a, _ in desk.authority.pending()] == ["z1"]
    assert desk.at(11, SECOND) == [("take_cover", 2)]


def test_release_and_update_in_one_call_pass_the_update_once() -> None:
    desk = Desk("advise")
    desk.at(0, FIRST)
    orders = (order("release", 5, alert=alert_id(FIRST)),) * 2
    assert desk.at(5, SECOND, orders=orders) == [("take_cover", 2)]


@pytest.mark.parametrize(
    "name",
    [
        "exercise:z0:drone:7",
        "live:z0:drone:1",
        "exercise:z1:drone:1",
        "exercise:z0:drone:x",
        "exercise:z0:drone:²",
        "exercise:z0:drone:" + "1" * 5000,
        "",
    ],
    ids=lambda name: name[:20],
)
def test_a_release_of_something_else_releases_nothing(name: str) -> None:
    desk = Desk("advise")
    desk.at(0, FIRST)
    assert desk.at(5, orders=(order("release", 5, alert=name),)) == []
    assert len(desk.authority.pending()) == 1


@pytest.mark.parametrize("mode", ["advise", "confirm"])
def test_what_a_person_raised_needs_no_second_person(mode: str) -> None:
    desk = Desk(mode)
    assert desk.at(0, alert(rule="order.raise")) == [("take_cover", 1)]


def test_several_come_due_in_order_of_time_then_zone() -> None:
    desk = Desk("confirm")
    desk.at(0, alert(zone="z2", serial=1))
    desk.at(1, alert(zone="z1", serial=2), alert(zone="z0", serial=3))
    assert desk.at(20) == [("take_cover", 1), ("take_cover", 3), ("take_cover", 2)]


@pytest.mark.parametrize(("mode", "confirm_s"), [("loud", 15.0), ("confirm", -1.0)])
def test_wrong_configuration_is_refused(mode: str, confirm_s: float) -> None:
    with pytest.raises(ValueError, match=r"mode 'loud'|confirm_s"):
        Authority(site(mode=mode, confirm_s=confirm_s))
