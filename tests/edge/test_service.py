"""A running system when things go wrong: bad input, orders, modes, sudden death, second instances.

One system in each mode hears the same raid; the automatic one is fed rubbish and, last of all,
killed and started again. The one in mode advise knows its operator's key.
"""

import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from socket import SOCK_DGRAM
from typing import Any

import msgspec
import pytest

from tests import raid
from tests.edge.live import Event, Live, Raid, Stream, free_ports, running, site, tocsin, until
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.rules.alerts import alert_id
from tocsin.words import Alert, Message, OperatorSite

COMING = ("stand_by", "early", "take_cover")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def key(folder: Path) -> Path:
    """An operator's private key, made as an operator makes it."""
    path = folder / "duty.pem"
    done = tocsin("keys", "operator", path)
    assert done.returncode == 0, done.stderr
    (folder / "duty.pub").write_text(done.stdout.partition('"')[2].partition('"')[0])
    return path


@pytest.fixture(scope="module")
def systems(folder: Path, key: Path) -> Iterator[dict[str, Live]]:
    """All systems of this module, under one raid."""
    operators = (OperatorSite(name="duty", public_key=(folder / "duty.pub").read_text()),)
    sites = {
        "automatic": site(),
        "shadow": site("shadow"),
        "advise": site("advise", operators=operators),
        "confirm": site("confirm", confirm_s=3.0),
    }
    made = {name: Live(folder / name, given) for name, given in sites.items()}
    with running(list(made.values())), Raid(list(made.values())):
        yield made


def outputs(system: Live) -> list[Any]:
    """Everything that the journal of a running system holds by now."""
    journal = Journal.open(system.journal, read_only=True)
    try:
        return [o for entry in journal.entries() for o in decode_outputs(entry.outputs)]
    finally:
        journal.close()


def alone(event: Event) -> bool:
    """A warning to take cover in a zone with this one threat."""
    zone = event.claims["zone"]
    return len(zone["threats"]) == 1 and zone["stage"] in COMING


# ---- bad input ---------------------------------------------------------------------------------


@cache
def a_report() -> bytes:
    """The first datagram of radar-1 that holds plots."""
    emissions = raid.world().emissions()
    return next(e.payload for e in emissions if e.source == "radar-1" and e.payload[0] == 48)


def report(late_s: float = 0.0, range_256_nm: int = -1, turn_65536: int = 0) -> bytes:
    """A true report of radar-1, seen now (or `late_s` ago), at another place if one is given.

    I048/010, 140, 020 and 040 follow the FSPEC in this order (EUROCONTROL, Part 4, 5.3.1).
    """
    raw = a_report()
    at = raw.index(b"\xfe\x01") + 2
    ticks = round(((time.time() - late_s) % 86_400) * 128) % (86_400 * 128)
    made = raw[:at] + ticks.to_bytes(3) + raw[at + 3 :]
    if range_256_nm < 0:
        return made
    at += 3
    while made[at] & 1:
        at += 1
    return made[: at + 1] + range_256_nm.to_bytes(2) + turn_65536.to_bytes(2) + made[at + 5 :]


RUBBISH: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "one octet": (lambda: b"\x30", {"truncated", "length"}),
    "truncated": (lambda: report()[:-5], {"truncated", "length"}),
    "LEN 0": (lambda: b"\x30\x00\x00" + b"\x01" * 20, {"length"}),
    "LEN beyond": (lambda: b"\x30\x7f\xff" + report()[3:], {"length", "truncated"}),
    "endless FSPEC": (lambda: b"\x30\x00\x43" + b"\xff" * 64, {"fspec"}),
    "64 KiB of FF": (lambda: b"\xff" * 65_507, {"category", "length", "overlong", "truncated"}),
    "64 KiB of 00": (lambda: b"\x00" * 65_507, {"category", "length", "overlong", "truncated"}),
    "other category": (lambda: b"\x15\x00\x05\x80\x00", {"category"}),
    "wrong SAC/SIC": (lambda: report().replace(b"\xfe\x01", b"\xfd\x07", 1), {"sac_sic"}),
    "12 hours off": (lambda: report(43_199), {"clock"}),
    "a minute off": (lambda: report(60), {"clock"}),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_counted_by_source_and_reason(systems: dict[str, Live], name: str) -> None:
    system = systems["automatic"]
    make, reasons = RUBBISH[name]
    before = system.rejected()
    system.send(make())

    def counted() -> set[str]:
        now = system.rejected()
        return {reason for (source, reason), n in now.items()
                if source == "radar-1" and n > before.get((source, reason), 0)}  # fmt: skip

    assert until(counted, f"{name} in the console") <= reasons
    metrics = system.private("/metrics").body.decode()
    for reason in counted():
        assert f'tocsin_rejected_total{{reason="{reason}",source="radar-1"}}' in metrics


def test_a_day_off_is_a_time_of_now(systems: dict[str, Live]) -> None:
    """A time of day names no day: a report that is a day late is heard as one of this moment."""
    system = systems["automatic"]
    before = system.console()["totals"]
    system.send(report(86_400))
    until(lambda: system.console()["totals"]["fixes"] > before["fixes"], "a fix")
    assert report(86_400)[:8] == report()[:8]


def test_random_datagrams_disturb_nothing(systems: dict[str, Live]) -> None:
    system, rng = systems["automatic"], random.Random(5)
    before = system.console()
    for number in range(400):
        size = rng.randrange(1, 300)
        head = bytes([rng.choice((34, 48, 62, rng.randrange(256)))]) + size.to_bytes(2)
        body = rng.randbytes(size)
        system.send((head + body)[:size] if number % 2 else body, f"radar-{1 + number % 6}")

    def later() -> Any:
        now = system.console()
        return now if now["totals"]["fixes"] > before["totals"]["fixes"] + 30 else None

    after = until(later, "good reports go on being heard")
    assert sum(row["count"] for row in after["rejected"]) > sum(
        row["count"] for row in before["rejected"]
    )
    assert sum(not track["friend"] for track in after["tracks"]) > 3
    assert system.alive
    assert "Traceback" not in system.log


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[" * 4000, b"\xff", b"x" * 5000, b'{"type":"Tick"}']
)
def test_what_is_no_order_is_refused_at_the_door(systems: dict[str, Live], body: bytes) -> None:
    assert systems["automatic"].post(body).status in (400, 413)


# ---- orders ------------------------------------------------------------------------------------


def test_one_person_takes_a_warning_back(systems: dict[str, Live]) -> None:
    system = systems["automatic"]
    with Stream(system) as stream:
        warned = stream.first(alone, "a warning")
        alert = warned.claims["alert"]
        begun = time.monotonic()
        system.order("cancel", alert)
        zone = warned.claims["zone"]["id"]
        ended = stream.first(
            lambda e: e.claims["zone"]["id"] == zone and e.kind == "cancelled", "the cancellation"
        )
    assert ended.t - begun < 3.0  # a second on a machine that does nothing else
    cap = until(
        lambda: (a := system.get(f"/v1/cap/{ended.claims['alert']}.xml")).status == 200 and a.body,
        "its CAP document",
    )
    assert b"<msgType>Cancel</msgType>" in cap
    assert b"<status>Exercise</status>" in cap
    shown = until(
        lambda: next((z for z in system.state()["zones"] if z["id"] == zone), None), "the zone"
    )
    assert shown["stage"] in ("cancelled", "stand_by", "early", "take_cover")


def test_with_operators_an_unsigned_order_changes_nothing(systems: dict[str, Live]) -> None:
    system = systems["advise"]
    waiting = until(lambda: system.console()["pending"], "warnings that wait")
    system.order("release", waiting[0]["alert"])
    until(lambda: system.rejected().get(("order", "signature")) == 1, "its refusal")
    assert system.state()["zones"] == []


def test_a_key_that_no_operator_has_is_refused(systems: dict[str, Live], folder: Path) -> None:
    system, other = systems["advise"], folder / "other.pem"
    assert tocsin("keys", "operator", other).returncode == 0
    before = system.rejected().get(("order", "signature"), 0)
    done = tocsin(
        "cancel", "exercise:ua-kharkiv:drone:1", "--to", f"http://{system.site.private_listen}",
        "--operator", "duty", "--key", other,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    until(lambda: system.rejected().get(("order", "signature"), 0) > before, "its refusal")


def orders_in(system: Live, mark: bytes) -> list[bytes]:
    """The orders in the journal of a running system whose bytes hold `mark`."""
    with closing(sqlite3.connect(f"file:{system.journal}?mode=ro", uri=True)) as journal:
        rows = journal.execute("SELECT inputs FROM batch").fetchall()
    given = [one for (inputs,) in rows for one in msgspec.msgpack.decode(inputs)]
    found = [bytes(one["payload"]) for one in given if one.get("source") == "order"]
    return [payload for payload in found if mark in payload]


# ---- modes -------------------------------------------------------------------------------------


def test_in_shadow_everything_is_decided_and_nothing_leaves(systems: dict[str, Live]) -> None:
    system = systems["shadow"]
    until(lambda: system.console()["totals"].get("alerts", 0) > 10, "alerts decided in shadow")
    with Stream(system) as stream:
        until(lambda: any(e.kind == "heartbeat" for e in stream.events), "a heartbeat")
        assert stream.told() == []
    state = system.state()
    assert (state["mode"], state["zones"]) == ("shadow", [])
    found = outputs(system)
    assert sum(isinstance(o, Alert) for o in found) > 10
    assert {o.channel for o in found if isinstance(o, Message)} <= {"state", "feed"}
    alert = next(alert_id(o) for o in found if isinstance(o, Alert))
    assert system.get(f"/v1/cap/{alert}.xml").status == 404
    assert b"entry>" not in system.get("/v1/feed.atom").body


def test_an_adviser_waits_for_a_signed_order_and_it_counts_once(
    systems: dict[str, Live], key: Path
) -> None:
    system = systems["advise"]
    with Stream(system) as stream:
        waiting = until(lambda: system.console()["pending"], "warnings that wait")
        assert all(row["due_t_ns"] == 0 for row in waiting)
        assert stream.told() == []
        alert = waiting[0]["alert"]
        done = tocsin(
            "cancel", alert, "--action", "release", "--to", f"http://{system.site.private_listen}/",
            "--operator", "duty", "--key", key, "--note", "seen by the post",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = stream.first(lambda e: True, "the released warning")
        zone = alert.split(":")[1]
        assert {event.claims["zone"]["id"] for event in stream.told()} == {zone}
    assert told.kind == "alert"
    (order,) = orders_in(system, b"seen by the post")
    assert system.post(order).status == 202
    until(lambda: system.rejected().get(("order", "replayed")) == 1, "the replay's refusal")


def test_confirmed_by_time_unless_stopped(systems: dict[str, Live]) -> None:
    system = systems["confirm"]
    with Stream(system) as stream:
        held = until(
            lambda: [r for r in system.console()["pending"] if _left_s(r) > 1.0],
            "a warning that has a second left",
        )  # fmt: skip
        stopped = held[-1]["alert"]
        place = stopped.rpartition(":")[0]
        system.order("stop", stopped)
        due = next(r for r in held if r["alert"] == stopped)["due_t_ns"]
        until(lambda: time.time_ns() > due + 1e9, "its time")
        assert not [e for e in stream.told() if e.claims["alert"].startswith(f"{place}:")]
        until(lambda: system.state()["zones"], "others that were released by time")
    kept = [row["alert"] for row in system.console()["pending"] if row["due_t_ns"] == 0]
    assert any(alert.startswith(f"{place}:") for alert in kept)


def _left_s(row: dict[str, Any]) -> float:
    return (row["due_t_ns"] - time.time_ns()) / 1e9


# ---- a heavy batch -----------------------------------------------------------------------------


def test_readers_are_served_while_the_mind_has_much_to_do(systems: dict[str, Live]) -> None:
    """Two hundred new targets in one go, five times: the state goes on being served."""
    system, rng = systems["automatic"], random.Random(7)
    before = system.console()["totals"]["fixes"]
    for _ in range(5):
        for _ in range(200):
            system.send(report(0.0, rng.randrange(2_000, 20_000), rng.randrange(65_536)))
        assert system.get("/v1/state.json").status == 200
        assert system.get("/v1/health").status == 200
    until(lambda: system.console()["totals"]["fixes"] > before + 900, "all targets heard")


# ---- second instances, death and a new start ---------------------------------------------------


def moved(system: Live) -> str:
    """The system's site file with free ports, but the same journal."""
    text, sources = system.file.read_text(), system.site.sources
    tcp, udp = free_ports(2), free_ports(len(sources), SOCK_DGRAM)
    for old, port in zip((system.site.public_listen, system.site.private_listen), tcp, strict=True):
        text = text.replace(f'listen = "{old}"', f'listen = "127.0.0.1:{port}"')
    for source, port in zip(sources, udp, strict=True):
        text = text.replace(source.url, f"udp://127.0.0.1:{port}")
    return text


def test_a_second_instance_refuses_and_the_first_lives(systems: dict[str, Live]) -> None:
    """The same file; the same journal on other ports; another journal on the same ports."""
    system = systems["automatic"]
    other, again = system.folder / "moved.toml", system.folder / "again.toml"
    other.write_text(moved(system))
    again.write_text(system.file.read_text().replace('"journal.sqlite"', '"again.sqlite"'))
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda file: tocsin("run", file), (system.file, other, again)))
    for one, word in zip(done, ("in use", "journal", "in use"), strict=True):
        assert (one.returncode, len(one.stderr.splitlines())) == (2, 1), one.stderr
        assert word in one.stderr
    assert not (system.folder / "again.sqlite").exists()
    then = system.console()["as_of"]
    until(lambda: system.console()["as_of"] > then, "the first goes on")


def active(state: Any) -> set[str]:
    return {zone["id"] for zone in state["zones"] if zone["stage"] in (*COMING, "stay")}


def test_killed_in_a_raid_it_goes_on_where_it_was(systems: dict[str, Live]) -> None:
    system = systems["automatic"]
    with Stream(system) as stream:
        heard = stream.first(lambda e: True, "a warning")
    before = until(lambda: active(system.state()), "zones under warning")
    alerts = {heard.claims["alert"]}
    assert system.stop(signal.SIGKILL) == -signal.SIGKILL
    with Stream(system.start().ready(), last=heard.number) as stream:
        first = system.state()
        until(lambda: stream.events, "word that there is a new state")
        assert stream.events[0].kind == "state"
        assert stream.events[0].number > heard.number
        feed = system.get("/v1/feed.atom")
        assert feed.status == 200
        again = stream.first(lambda e: True, "a warning of the new process")
        alerts.add(again.claims["alert"])
    assert before <= {zone["id"] for zone in first["zones"]}
    links = re.findall(rb'href="([^"]*/v1/cap/[^"]*)"', feed.body)
    assert links
    for link in [*links, *(f"/v1/cap/{alert}.xml".encode() for alert in alerts)]:
        path = link.decode().removeprefix(system.site.public_url)
        assert system.get(path).status == 200, path


def test_told_to_end_it_ends_in_order_and_its_journal_replays(systems: dict[str, Live]) -> None:
    system = systems["automatic"]
    figures = system.console()["latency_ms"]
    print(f"latency, datagram to signed warning at the socket: {figures}")
    begun = time.monotonic()
    assert system.stop() == 0
    assert time.monotonic() - begun < 15.0
    assert "Traceback" not in system.log
    serials: dict[str, list[int]] = {}
    for output in outputs(system):
        if isinstance(output, Alert):
            serials.setdefault(f"{output.zone}:{output.threat}", []).append(output.serial)
    assert all(found == list(range(1, len(found) + 1)) for found in serials.values())
    assert max(map(len, serials.values())) > 3
    done = tocsin("replay", system.journal, "--check")
    assert done.returncode == 0, done.stderr
