"""The herald as a whole: channels, determinism, checkpoints, bounds, configuration."""

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warn.judge import Judge, values
from tests.warn.stand_in import START_NS, Country, alert, herald, of, phrases, site
from tocsin.instant import ns
from tocsin.warn import Herald
from tocsin.words import STAGES, THREATS, Blindness
from tocsin.zones.map import ZoneMap

ROOT = Path(__file__).resolve().parents[2]


def night(one: Herald, first: int = 0, last: int = 60) -> list:
    """A busy hour: every zone, threat and stage, blindness coming and going."""
    messages = []
    for number in range(first, last):
        now_ns = START_NS + ns(number * 7.3)
        word = alert(
            STAGES[number % 7],
            number + 1,
            zone=Country().ids[number % 3],
            threat=THREATS[number % 2],
            t_ns=now_ns,
        )
        blind = [Blindness(t_ns=now_ns, threat="drone", zones=Country().ids[: number % 3])]
        messages += one.render(
            now_ns, [word] if number % 4 else [], blind if number % 5 == 0 else []
        )
    return messages


def test_each_alert_has_its_channels():
    messages = herald().render(START_NS, [alert("take_cover")], [])
    assert [(m.channel, m.subject, m.seal, m.media_type) for m in messages] == [
        ("cap", "exercise:ua-kharkiv:drone:1", "xmldsig", "application/cap+xml"),
        ("event", "exercise:ua-kharkiv:drone:1", "jws", "application/json"),
        ("state", "state", "jws", "application/json"),
        ("feed", "feed", "none", "application/atom+xml"),
    ]
    assert {m.realm for m in messages} == {"exercise"}
    assert [m.t_ns_deadline - START_NS for m in messages[:3]] == [ns(900), ns(900), ns(15)]


def test_the_same_night_gives_the_same_bytes():
    assert night(herald()) == night(herald())


def test_the_same_night_in_another_process_with_another_hash_seed():
    code = (
        "import hashlib; from tests.warn.test_herald import herald, night; "
        "print(hashlib.sha256(b''.join(m.payload for m in night(herald()))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = b"".join(message.payload for message in night(herald()))
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_a_checkpoint_goes_on_with_the_same_bytes():
    one = herald()
    night(one, 0, 30)
    two = pickle.loads(pickle.dumps(one))
    assert night(one, 30, 60) == night(two, 30, 60)


def test_a_checkpoint_is_small_and_does_not_grow():
    one = herald()
    sizes = []
    for number in range(600):
        now_ns = START_NS + ns(number)
        one.render(now_ns, [alert("stay", number + 1, t_ns=now_ns)], [])
        if number % 20 == 19:
            sizes.append(len(pickle.dumps(one)))
    assert max(sizes[15:]) <= max(sizes[:15]) + 64


def test_several_words_of_one_threat_in_one_batch_are_all_told():
    messages = herald().render(START_NS, [alert("take_cover", 1), alert("cancelled", 2)], [])
    first, second = (m.payload for m in of(messages, "cap"))
    assert b"<msgType>Alert<" in first
    assert b"<msgType>Cancel<" in second
    assert b"drone:1,2026" in second


@pytest.mark.parametrize(
    ("changes", "mending"),
    [
        ({"sender": "the city, of Kharkiv"}, "use a name such as"),
        ({"sender_name": " "}, "write the authority's name"),
        ({"sender_name": "A\x07"}, "write the authority's name"),
        ({"public_url": "warn.example.org"}, "write one such as"),
        ({"realm": "real"}, "use one of live"),
        ({"languages": ()}, "native speaker"),
        ({"realm": "live"}, "native speaker"),
    ],
)
def test_a_bad_site_is_refused_with_one_line_that_mends(changes, mending):
    with pytest.raises(ValueError, match=mending) as caught:
        Herald(site(**changes), Country(), phrases())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("country", "zone"), [("ua", "ua-kharkiv"), ("il", "il-ashqelon")])
def test_a_shipped_map_can_be_warned(root, country, zone):
    path = root / "src" / "tocsin" / "data" / "zones" / f"{country}.zones"
    zones = ZoneMap.from_bytes(path.read_bytes())
    zone = zone if zone in zones.ids else zones.ids[0]
    one = Herald(site(), zones, phrases())
    (message,) = of(one.render(START_NS, [alert("take_cover", zone=zone)], []), "cap")
    codes = values(Judge(None).hear(message.payload), "info/area/geocode/valueName")
    assert codes[0] == "TOCSIN_ZONE"
    assert "NAME_SOURCE" not in codes
