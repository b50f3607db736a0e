"""The site file: what is wrong is said in one line that tells how to mend it."""

import msgspec
import pytest

from tocsin.edge import site
from tocsin.edge.site import BadSite

GOOD = """
name = "kharkiv"
realm = "exercise"
mode = "automatic"
zones = "ua"
sender = "warn@example.org"
sender_name = "Example civil protection"
languages = ["uk", "en"]

[[sensors]]
name = "hill"
lat_deg = 50.0
lon_deg = 36.0
height_m = 200.0
sac = 25
sic = 1

[[sources]]
name = "hill"
url = "udp://127.0.0.1:8600"
allow = [[25, 1]]

[[operators]]
name = "duty"
public_key = "00"

[[places]]
name = "plant"
lat_deg = 50.1
lon_deg = 36.1
people = 20000
"""


def test_a_good_site() -> None:
    parsed = site.parse(GOOD)
    assert parsed.sensors[0].sic == 1
    assert parsed.sources[0].allow == ((25, 1),)
    assert parsed.mode == "automatic"


def test_written_and_read_again_is_equal() -> None:
    parsed = site.parse(GOOD)
    assert site.parse(site.write(parsed)) == parsed
    odd = msgspec.structs.replace(parsed, sender_name='a "b" \\ c\n\t\x00\x7f Київ', sources=())
    assert site.parse(site.write(odd)) == odd


MISTAKES = {
    "unknown key": ('zones = "ua"', 'zons = "ua"', "unknown key 'zons': did you mean 'zones'"),
    "unknown key in a table": ("height_m", "hight_m", "in .*sensors.*did you mean 'height_m'"),
    "nothing near": ('zones = "ua"', 'zones = "ua"\nqqq = 1', "known keys: name, realm"),
    "missing key": ('mode = "automatic"', "", "missing required field `mode`"),
    "wrong type": ("lat_deg = 50.0", 'lat_deg = "north"', "float"),
    "realm": ('"exercise"', '"practice"', "choose from live, exercise, test"),
    "aims": ('zones = "ua"', 'zones = "ua"\naims = "towns"', "choose from people, even, wary"),
    "mode": ('"automatic"', '"auto"', "choose from shadow, advise, confirm, automatic"),
    "sender": ("warn@example.org", "warn us", "CAP 1.2 wants a name without space"),
    "a place of nobody": ("people = 20000", "people = 0", "'plant': people = 0: give a number"),
    "a place nowhere": ("lat_deg = 50.1", "lat_deg = 95.0", "'plant': lat_deg, lon_deg are not"),
    "no languages": ('["uk", "en"]', "[]", "name at least one"),
    "scheme": ("udp://", "tcp://", "begin it with udp:// or pcap:// or file://"),
    "port": (":8600", "", "write udp://host:port"),
    "off the Earth": ("lat_deg = 50.0", "lat_deg = 500.0", "not a place on Earth"),
    "bad name": ('name = "hill"', 'name = "a hill"', "use letters, digits"),
    "not TOML": ("name =", "name ==", "not TOML"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_says_how_to_mend_it(mistake: str) -> None:
    old, new, message = MISTAKES[mistake]
    assert old in GOOD
    with pytest.raises(BadSite, match=message) as caught:
        site.parse(GOOD.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_two_of_the_same_name() -> None:
    doubled = GOOD + '\n[[sources]]\nname = "hill"\nurl = "udp://127.0.0.1:8601"\n'
    with pytest.raises(BadSite, match="stands twice"):
        site.parse(doubled)


def test_confirm_in_the_live_realm_needs_somebody_who_can() -> None:
    text = GOOD.replace("exercise", "live").replace("automatic", "confirm")
    text = text[: text.index("[[operators]]")]
    with pytest.raises(BadSite, match=r"needs .*operators"):
        site.parse(text)


def test_in_the_live_realm_every_socket_names_who_may_speak() -> None:
    text = GOOD.replace("exercise", "live").replace("allow = [[25, 1]]", "")
    with pytest.raises(BadSite, match=r"live realm needs allow"):
        site.parse(text)


def test_public_and_private_listeners_differ() -> None:
    text = GOOD.replace("\n[[sensors]]", 'private_listen = "127.0.0.1:8080"\n\n[[sensors]]')
    with pytest.raises(BadSite, match="its own port"):
        site.parse(text)


def test_every_field_of_a_site_can_be_written() -> None:
    parsed = site.parse(GOOD)
    assert msgspec.json.decode(msgspec.json.encode(parsed), type=type(parsed)) == parsed
