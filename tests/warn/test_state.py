"""The public state and the events: exactly the contract's fields, and what zones show."""

import json

from tests.warn.stand_in import LANGUAGES, START_NS, alert, herald, of
from tocsin.instant import iso, ns
from tocsin.words import Blindness

DOCUMENT = [
    "v", "realm", "mode", "site", "as_of", "t_ns", "serial", "country", "map_version",
    "stale_after_s", "zones", "blind",
]  # fmt: skip
ZONE = [
    "id", "names", "parent", "stage", "threats", "level", "arrival", "shelter_s", "blind", "text",
    "late",
]  # fmt: skip
THREAT = ["threat", "level", "stage", "alert", "since", "expires", "arrival", "late"]


def state(messages):
    (message,) = of(messages, "state")
    return json.loads(message.payload)


def events(messages):
    return [json.loads(message.payload) for message in of(messages, "event")]


def test_the_fields_and_their_order_are_the_contract():
    found = state(herald().render(START_NS, [alert("take_cover")], []))
    assert list(found) == DOCUMENT
    (zone,) = found["zones"]
    assert list(zone) == ZONE
    assert list(zone["threats"][0]) == THREAT
    assert list(zone["text"]) == list(zone["names"]) == list(LANGUAGES)
    assert list(zone["text"]["en"]) == ["headline", "instruction"]


def test_the_values():
    found = state(herald().render(START_NS, [alert("take_cover", 3)], []))
    assert found["as_of"] == "2026-11-22T08:00:00.000Z"
    assert (found["t_ns"], found["v"], found["stale_after_s"]) == (START_NS, 1, 15)
    assert (found["realm"], found["mode"], found["country"]) == ("exercise", "automatic", "ua")
    (zone,) = found["zones"]
    assert (zone["id"], zone["parent"], zone["shelter_s"]) == ("ua-kharkiv", "ua-63", 90)
    assert zone["threats"] == [
        {
            "threat": "drone",
            "level": "yellow",
            "stage": "take_cover",
            "alert": "exercise:ua-kharkiv:drone:3",
            "since": iso(START_NS),
            "expires": iso(START_NS + ns(900)),
            "arrival": iso(START_NS + ns(300)),
            "late": False,
        }
    ]
    assert zone["text"]["en"]["headline"] == "EXERCISE. Kharkiv: drone attack. Take cover now."


def test_too_late_is_told_of_the_threat_and_of_the_zone_when_it_speaks():
    one = herald()
    late = alert("take_cover", late=True)
    (zone,) = state(one.render(START_NS, [late], []))["zones"]
    assert zone["late"]
    assert zone["threats"][0]["late"]
    assert "drop where you are" in zone["text"]["en"]["headline"]
    missile = alert("take_cover", threat="ballistic", level="red", t_ns_arrival=START_NS + ns(200))
    (event,) = events(one.render(START_NS + ns(1), [missile], []))
    assert [threat["late"] for threat in event["zone"]["threats"]] == [True, False]
    assert not event["zone"]["late"]


def test_unknown_is_null():
    word = alert("take_cover", zone="ua-chuhuiv", t_ns_arrival=0)
    (zone,) = state(herald().render(START_NS, [word], []))["zones"]
    assert zone["arrival"] is zone["threats"][0]["arrival"] is zone["shelter_s"] is None


def test_a_quiet_country_is_an_empty_list():
    found = state(herald().render(START_NS, [], []))
    assert (found["zones"], found["blind"]) == ([], [])


def test_zones_stand_in_the_order_of_the_map():
    words = [alert("early", zone=zone) for zone in ("ua-sumy", "ua-kharkiv", "ua-chuhuiv")]
    found = state(herald().render(START_NS, words, []))
    assert [zone["id"] for zone in found["zones"]] == ["ua-kharkiv", "ua-chuhuiv", "ua-sumy"]


def test_two_threats_are_one_zone():
    words = [alert("early", threat="ballistic", level="red"), alert("take_cover")]
    (zone,) = state(herald().render(START_NS, words, []))["zones"]
    assert (zone["stage"], zone["level"]) == ("take_cover", "red")
    assert [threat["threat"] for threat in zone["threats"]] == ["drone", "ballistic"]
    assert "drone attack" in zone["text"]["en"]["headline"]


def test_an_end_stays_ten_minutes_and_then_the_state_changes_by_itself():
    one = herald()
    one.render(START_NS, [alert("take_cover")], [])
    one.render(START_NS + ns(60), [alert("all_clear", 2)], [])
    assert state(one.render(START_NS + ns(659), [], []))["zones"][0]["stage"] == "all_clear"
    assert state(one.render(START_NS + ns(660), [], []))["zones"] == []


def test_a_warning_that_nobody_renews_lapses_without_an_all_clear():
    one = herald()
    one.render(START_NS, [alert("take_cover")], [])
    messages = one.render(START_NS + ns(900), [], [])
    assert state(messages)["zones"] == []
    assert events(messages) == []


def test_at_least_every_five_seconds_and_at_once_when_something_changes():
    one = herald()
    assert len(of(one.render(START_NS, [], []), "state")) == 1
    assert of(one.render(START_NS + ns(4.9), [], []), "state") == []
    assert len(of(one.render(START_NS + ns(5), [], []), "state")) == 1
    assert len(of(one.render(START_NS + ns(5.6), [alert("early")], []), "state")) == 1


def test_a_change_right_after_another_is_told_half_a_second_later_but_its_event_at_once():
    one = herald()
    one.render(START_NS, [alert("early")], [])
    messages = one.render(START_NS + ns(0.02), [alert("take_cover", 2)], [])
    assert of(messages, "state") == []
    assert events(messages)[0]["zone"]["stage"] == "take_cover"
    assert state(one.render(START_NS + ns(0.5), [], []))["zones"][0]["stage"] == "take_cover"


def test_serials_grow_over_states_and_events():
    one = herald()
    serials = []
    for number in range(4):
        messages = one.render(START_NS + ns(number), [alert("early", number + 1)], [])
        documents = [message for message in messages if message.seal == "jws"]
        serials += [json.loads(document.payload)["serial"] for document in documents]
    assert serials == sorted(set(serials))
    assert len(serials) == 8


def test_blindness_is_told_for_whole_areas_even_of_warned_zones():
    """Which zone of an area lost its sensor, and when, is nobody's business outside."""
    one = herald()
    blind = [Blindness(t_ns=START_NS, threat="drone", zones=("ua-chuhuiv",))]
    found = state(one.render(START_NS, [alert("early")], blind))
    assert found["blind"] == [{"parent": "ua-63", "threat": "drone"}]
    assert found["zones"][0]["id"] == "ua-kharkiv"
    assert found["zones"][0]["blind"] is True
    blind = [Blindness(t_ns=START_NS, threat="drone", zones=())]
    one.render(START_NS + ns(1), [], blind)
    found = state(one.render(START_NS + ns(10), [], []))
    assert found["zones"][0]["blind"] is True  # the area is listed for ten minutes more
    found = state(one.render(START_NS + ns(700), [alert("early", 2)], []))
    assert found["zones"][0]["blind"] is False


def test_before_any_word_of_blindness_the_alert_itself_says_it():
    found = state(herald().render(START_NS, [alert("early", blind=True)], []))
    assert found["zones"][0]["blind"] is True


def test_the_event_carries_the_zone_as_the_state_has_it():
    messages = herald().render(START_NS, [alert("early")], [])
    (event,) = events(messages)
    assert list(event) == ["v", "realm", "serial", "t_ns", "kind", "alert", "zone"]
    assert event["zone"] == state(messages)["zones"][0]
    assert event["alert"] == "exercise:ua-kharkiv:drone:1"


def test_kinds_of_events():
    one = herald()
    steps = ["early", "take_cover", "all_clear", "none"]
    kinds = [
        events(one.render(START_NS + ns(number), [alert(stage, number + 1)], []))[0]["kind"]
        for number, stage in enumerate(steps)
    ]
    assert kinds == ["alert", "update", "all_clear", "update"]
    one.render(START_NS + ns(10), [alert("early", 5, t_ns_begun=1)], [])
    (event,) = events(one.render(START_NS + ns(11), [alert("cancelled", 6, t_ns_begun=1)], []))
    assert event["kind"] == "cancelled"


def test_a_notice_is_an_event_of_its_own_kind_and_never_an_alert():
    one = herald()
    (event,) = events(one.render(START_NS, [alert("notice", 1, level="none", t_ns_arrival=0)], []))
    assert (event["kind"], event["zone"]["stage"], event["zone"]["level"]) == (
        "notice", "notice", "none",
    )  # fmt: skip
    begun = alert("early", 2, t_ns_begun=START_NS + ns(1))
    (event,) = events(one.render(START_NS + ns(1), [begun], []))
    assert event["kind"] == "alert"


def test_no_event_says_all_clear_while_another_threat_goes_on():
    one = herald()
    one.render(START_NS, [alert("early"), alert("early", threat="cruise", level="red")], [])
    (event,) = events(one.render(START_NS + ns(1), [alert("all_clear", 2)], []))
    assert (event["kind"], event["zone"]["stage"]) == ("update", "early")


def test_a_blind_zone_is_never_shown_as_clear():
    one = herald()
    one.render(START_NS, [alert("take_cover")], [])
    messages = one.render(START_NS + ns(1), [alert("all_clear", 2, blind=True)], [])
    (event,) = events(messages)
    assert (event["kind"], event["zone"]["stage"]) == ("update", "none")
    assert "not an all clear" in event["zone"]["text"]["en"]["headline"]
    assert state(messages)["zones"] == []


def test_an_all_clear_goes_when_the_zone_is_no_longer_watched():
    one = herald()
    one.render(START_NS, [alert("take_cover")], [])
    one.render(START_NS + ns(1), [alert("all_clear", 2)], [])
    blind = [Blindness(t_ns=START_NS + ns(2), threat="drone", zones=("ua-kharkiv",))]
    assert state(one.render(START_NS + ns(2), [], blind))["zones"] == []
