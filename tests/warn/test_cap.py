"""CAP documents through a run: schema, rule list, life cycle, and a foreign parser."""

import io
import re

import pytest
from cap_tools.models import Alert as ForeignAlert
from hypothesis import given, settings
from hypothesis import strategies as st
from xsdata.formats.dataclass.parsers import XmlParser

from tests.warn.judge import Judge, value, values
from tests.warn.stand_in import LANGUAGES, START_NS, Country, alert, herald, of
from tocsin.instant import ns
from tocsin.words import LEVELS, STAGES, THREATS, Blindness, Reason


def documents(*alerts, step_s=10.0, **changes):
    """The judged CAP documents of `alerts`, one after the other; None where there was none."""
    one, judge, found = herald(**changes), Judge(), []
    for number, word in enumerate(alerts):
        messages = of(one.render(START_NS + ns(number * step_s), [word], []), "cap")
        found.append(judge.hear(messages[0].payload) if messages else None)
    return found


@pytest.mark.parametrize(
    ("stage", "response", "urgency", "certainty"),
    [
        ("stand_by", "Monitor", "Expected", "Possible"),
        ("early", "Prepare", "Expected", "Likely"),
        ("take_cover", "Shelter", "Immediate", "Observed"),
        ("stay", "Shelter", "Immediate", "Observed"),
        ("standing", "Prepare", "Expected", "Likely"),
        ("notice", "Monitor", "Unknown", "Possible"),
        ("all_clear", "AllClear", "Past", "Observed"),
    ],
)
def test_stage_in_caps_words(stage, response, urgency, certainty):
    (root,) = documents(alert(stage))
    assert values(root, "info/responseType") == [response] * 5
    assert values(root, "info/urgency") == [urgency] * 5
    assert values(root, "info/certainty") == [certainty] * 5


def test_a_notice_is_minor_and_keeps_nobody_in():
    (notice,) = documents(alert("notice", level="none", t_ns_arrival=0))
    assert values(notice, "info/severity") == ["Minor"] * 5
    missile = alert("all_clear", 2, threat="cruise", level="red")
    *_, end = documents(
        alert("notice", level="none"), alert("take_cover", 1, threat="cruise"), missile
    )
    assert values(end, "info/responseType") == ["AllClear"] * 5


def test_the_end_of_missiles_under_a_standing_alert_sends_nobody_home_and_keeps_nobody_in():
    missile = alert("take_cover", 1, threat="cruise", level="red")
    over = alert("all_clear", 2, threat="cruise", level="red")
    *_, end = documents(alert("standing", t_ns_arrival=0), missile, over)
    assert values(end, "info/responseType") == ["Prepare"] * 5
    assert "You may leave shelter, but stay near it." in values(end, "info/instruction")[2]


def test_too_late_is_data_and_words_and_still_shelter():
    """responseType stays Shelter: a siren that reads only the code must sound."""
    in_time, late = documents(alert("take_cover", 1), alert("take_cover", 2, late=True))
    names = values(late, "info/parameter/valueName")
    assert names.count("EWS:late") == 5
    assert "EWS:late" not in values(in_time, "info/parameter/valueName")
    assert values(late, "info/responseType") == ["Shelter"] * 5
    assert "Do not run to a shelter" in values(late, "info/instruction")[2]
    assert value(late, "msgType") == "Update"


@pytest.mark.parametrize(
    ("threat", "severity"), [("drone", "Severe"), ("cruise", "Extreme"), ("ballistic", "Extreme")]
)
def test_severity_follows_the_threat(threat, severity):
    (root,) = documents(alert("take_cover", threat=threat))
    assert values(root, "info/severity") == [severity] * 5
    assert values(root, "info/eventCode/value") == [threat] * 5


def test_a_whole_run():
    first, second, third = documents(
        alert("early", 1), alert("take_cover", 2), alert("all_clear", 3)
    )
    assert value(first, "msgType") == "Alert"
    assert value(first, "references") == ""
    assert value(second, "msgType") == "Update"
    assert value(second, "references") == (
        "warnings@example.org,exercise:ua-kharkiv:drone:1,2026-11-22T08:00:00+00:00"
    )
    assert value(third, "msgType") == "Update"
    assert len(value(third, "references").split()) == 2
    assert value(third, "info/responseType") == "AllClear"


def test_a_mistake_is_cancelled_and_not_cleared():
    _first, second = documents(alert("take_cover", 1), alert("cancelled", 2))
    assert value(second, "msgType") == "Cancel"
    assert value(second, "note") == "НАВЧАННЯ. Скасовано: це була помилка."
    assert len(value(second, "references").split()) == 1
    assert "AllClear" not in values(second, "info/responseType")
    assert "mistake" in values(second, "info/headline")[LANGUAGES.index("en")]


def test_expired_messages_are_not_referred_to_but_the_last_always_is():
    short = {"t_ns_expires": START_NS + ns(60)}
    _one, two, three = documents(
        alert("early", 1, **short), alert("early", 2, **short), alert("stay", 3), step_s=100
    )
    assert value(two, "references").split()[0].split(",")[1].endswith(":1")
    assert [r.split(",")[1] for r in value(three, "references").split()] == [
        "exercise:ua-kharkiv:drone:2"
    ]


def test_a_silent_end_says_nothing_and_the_next_run_refers_to_nothing():
    _first, silent, again = documents(
        alert("stand_by", 1), alert("none", 2), alert("early", 3, t_ns_begun=START_NS + 1)
    )
    assert silent is None
    assert value(again, "msgType") == "Alert"


def test_nothing_is_cancelled_that_was_never_said():
    assert documents(alert("cancelled")) == [None]


def test_status_is_of_the_realm():
    (root,) = documents(alert("stay", realm="test"), realm="test")
    assert value(root, "status") == "Test"
    (root,) = documents(alert("stay"))
    assert value(root, "status") == "Exercise"


def test_the_end_of_one_threat_is_no_all_clear_while_another_goes_on():
    one, judge = herald(), Judge()
    missile = alert("take_cover", threat="ballistic", level="red")
    for message in of(one.render(START_NS, [alert("take_cover"), missile], []), "cap"):
        judge.hear(message.payload)
    (message,) = of(one.render(START_NS + ns(5), [alert("all_clear", 2)], []), "cap")
    root = judge.hear(message.payload)
    assert values(root, "info/responseType") == ["Shelter"] * 5
    assert "still in force" in values(root, "info/instruction")[LANGUAGES.index("en")]


@pytest.mark.parametrize("by_word", [True, False])
def test_a_blind_zone_is_never_given_an_all_clear(by_word):
    one, judge = herald(), Judge()
    blindness = [Blindness(t_ns=START_NS, threat="drone", zones=("ua-kharkiv",))]
    messages = one.render(START_NS, [alert("take_cover")], blindness if by_word else [])
    judge.hear(of(messages, "cap")[0].payload)
    end = alert("all_clear", 2, blind=not by_word)
    (message,) = of(one.render(START_NS + ns(5), [end], []), "cap")
    root = judge.hear(message.payload)
    assert values(root, "info/responseType") == ["Monitor"] * 5
    assert "not an all clear" in values(root, "info/headline")[LANGUAGES.index("en")]


def test_the_area_is_the_zone_in_shape_and_in_codes():
    (root,) = documents(alert("early"))
    assert values(root, "info/area/areaDesc") == ["Харків", "חרקיב", "Kharkiv", "خاركيف", "Харьков"]
    assert (
        value(root, "info/area/polygon").split()[0] == value(root, "info/area/polygon").split()[-1]
    )
    codes = (
        values(root, "info/area/geocode/valueName")[:2],
        values(root, "info/area/geocode/value")[:2],
    )
    assert codes == (["TOCSIN_ZONE", "KATOTTG"], ["ua-kharkiv", "UA63120270000028556"])
    (root,) = documents(alert("early", zone="ua-chuhuiv"))
    assert values(root, "info/area/geocode/valueName") == ["TOCSIN_ZONE"] * 5


def test_neither_track_nor_chance_nor_sensor_leaves():
    secret = Reason(rule="rule-secret", track=987654321, chance=0.87654, evidence=(123456789,))
    messages = herald().render(START_NS, [alert("take_cover", reasons=(secret,))], [])
    for message in messages:
        assert not re.search(
            rb"987654321|0\.87|123456789|rule-secret|chance|track", message.payload
        )
    sure = alert("take_cover", reasons=(Reason(rule="r", chance=0.99),))
    unsure = alert("take_cover", reasons=(Reason(rule="r", chance=0.4),))
    assert herald().render(START_NS, [sure], []) == herald().render(START_NS, [unsure], [])


def test_a_foreign_parser_reads_the_same():
    message = of(herald().render(START_NS, [alert("take_cover")], []), "cap")[0]
    foreign = XmlParser().parse(io.BytesIO(message.payload), ForeignAlert)
    assert foreign.identifier == "exercise:ua-kharkiv:drone:1"
    assert [info.get_language() for info in foreign.infos] == list(LANGUAGES)
    assert foreign.infos[2].event == "EXERCISE. Drone attack"
    assert foreign.infos[2].areas[0].geocodes_to_dict()["TOCSIN_ZONE"] == "ua-kharkiv"


alerts = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(Country().ids),
        "threat": st.sampled_from(THREATS),
        "stage": st.sampled_from(STAGES),
        "level": st.sampled_from(LEVELS),
        "blind": st.booleans(),
        "arrival_s": st.none() | st.integers(-600, 3600),
        "expires_s": st.integers(-60, 3600),
        "new_run": st.booleans(),
        "step_s": st.sampled_from([0.0, 0.02, 0.3, 7.0, 400.0, 4000.0]),
    }
)


@settings(deadline=None, max_examples=40)
@given(st.lists(alerts, max_size=12), st.sampled_from(["exercise", "test"]))
def test_whatever_is_decided_every_document_is_sound(words, realm):
    one, judge = herald(realm=realm), Judge()
    now_ns, serials, begun = START_NS, {}, {}
    for word in words:
        now_ns += ns(word["step_s"])
        key = word["zone"], word["threat"]
        serials[key] = serials.get(key, 0) + 1
        if word["new_run"] or key not in begun:
            begun[key] = now_ns
        given_alert = alert(
            word["stage"],
            serials[key],
            zone=word["zone"],
            threat=word["threat"],
            level=word["level"],
            blind=word["blind"],
            realm=realm,
            t_ns=now_ns,
            t_ns_begun=begun[key],
            t_ns_expires=now_ns + ns(word["expires_s"]),
            t_ns_arrival=0 if word["arrival_s"] is None else now_ns + ns(word["arrival_s"]),
        )
        for message in of(one.render(now_ns, [given_alert], []), "cap"):
            root = judge.hear(message.payload)
            assert value(root, "status") == realm.capitalize()
            assert not (word["blind"] and "AllClear" in values(root, "info/responseType"))
