"""A running system for tests: a process of its own, real sockets, a simulated raid's datagrams.

`Live` is `python -m tocsin run SITE.toml` on free ports of the loopback, ended by its own process
id. `Raid` sends the demonstration's datagrams in real time to any number of them. `Stream` reads
the public events as a subscriber would.
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tests import raid
from tests.conftest import HUNG_S, ROOT
from tocsin.cli.simulate import open_world
from tocsin.edge import site as sites
from tocsin.words import Order, Site

WAIT_S = 180.0
"""Patience with a busy machine; what is waited for usually takes a second."""

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

Found = TypeVar("Found")


def until(probe: Callable[[], Found | None], what: str, seconds: float = WAIT_S) -> Found:
    """The first answer of `probe` that is not empty."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")


# ---- the site ----------------------------------------------------------------------------------


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports of the loopback that nobody holds now."""
    held = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def site(mode: str = "automatic", **changes: Any) -> Site:
    """The site of the raid on free ports."""
    given = raid.site(mode)
    public, private = free_ports(2)
    ports = free_ports(len(given.sources), socket.SOCK_DGRAM)
    sources = tuple(
        msgspec.structs.replace(source, url=f"udp://127.0.0.1:{port}")
        for source, port in zip(given.sources, ports, strict=True)
    )
    settled = {
        "sources": sources,
        "public_url": f"http://127.0.0.1:{public}",
        "public_listen": f"127.0.0.1:{public}",
        "private_listen": f"127.0.0.1:{private}",
        "journal": "journal.sqlite",
        "keys": "keys",
    }
    return msgspec.structs.replace(given, **{**settled, **changes})


def tocsin(
    *words: object, seconds: float = HUNG_S, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`tocsin WORDS` in a pipe, as a script calls it."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *map(str, words)],
        capture_output=True, text=True, timeout=seconds, check=False,
        env={**ENVIRONMENT, **(settings or {})},
    )  # fmt: skip


# ---- the system --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a listener answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def ask(
    address: str,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=WAIT_S)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@dataclass
class Live:
    """One running system; `folder` holds its site file, journal, keys and log.

    `settings` are added to its environment.
    """

    folder: Path
    site: Site
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def file(self) -> Path:
        return self.folder / "site.toml"

    @property
    def journal(self) -> Path:
        return self.folder / self.site.journal

    @property
    def log(self) -> str:
        return (self.folder / "system.log").read_text(errors="replace")

    def start(self) -> "Live":
        """Begin; `ready` waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(sites.write(self.site), encoding="utf-8")
        with (self.folder / "system.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "run", str(self.file)],
                stdout=log, stderr=log, env={**ENVIRONMENT, **self.settings},
            )  # fmt: skip
        return self

    def ready(self) -> "Live":
        """Wait for the first state."""

        def answers() -> bool:
            assert self.process.poll() is None, self.log
            with suppress(OSError):
                return self.get("/v1/state.json").status == 200
            return False

        until(answers, f"no state; the log says {self.log}")
        return self

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        if self.alive:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    # ---- its two listeners

    def get(self, path: str, **headers: str) -> Answer:
        """Ask the public listener; `headers` with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.site.public_listen, path, headers=named)

    def private(self, path: str) -> Answer:
        return ask(self.site.private_listen, path)

    def state(self) -> Any:
        return self.get("/v1/state.json").document

    def console(self) -> Any:
        return until(lambda: self.private("/console.json").document, "an empty console")

    def rejected(self) -> dict[tuple[str, str], int]:
        """Counts by source and reason, as the console shows them."""
        return {(row["source"], row["reason"]): row["count"] for row in self.console()["rejected"]}

    def order(self, action: str, alert: str = "", **fields: Any) -> Order:
        """An unsigned order, sent."""
        order = Order(
            t_ns=time.time_ns(), action=action, operator="duty", nonce=os.urandom(16).hex(),
            alert=alert, **fields,
        )  # fmt: skip
        assert self.post(msgspec.json.encode(order)).status == 202
        return order

    def post(self, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"}
        return ask(self.site.private_listen, "/orders", "POST", body, headers)

    # ---- its sources

    def send(self, payload: bytes, source: str = "radar-1") -> None:
        """One datagram to the socket of `source`."""
        url = next(one.url for one in self.site.sources if one.name == source)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(payload, ("127.0.0.1", int(url.rpartition(":")[2])))


@cache
def warm() -> None:
    """Fill the cache before time counts: until then a system tracks nothing."""
    done = tocsin("warm")
    assert done.returncode == 0, done.stderr


@contextmanager
def running(systems: Sequence[Live]) -> Iterator[None]:
    """All of `systems`, started together and ended at the end."""
    warm()
    try:
        for system in systems:
            system.start()
        for system in systems:
            system.ready()
        yield
    finally:
        for system in systems:
            with suppress(AttributeError):  # never started
                system.process.terminate()
        for system in systems:
            with suppress(AttributeError):
                system.stop()


# ---- the raid ----------------------------------------------------------------------------------


class Raid(threading.Thread):
    """Sends the raid that begins now, in real time, to every system, until it is stopped."""

    def __init__(self, systems: Sequence[Live], name: str = "demo-raid") -> None:
        super().__init__(daemon=True)
        self.world = open_world(name, 1, time.time_ns() + 1_500_000_000)
        self._systems = systems
        self._stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        ports: dict[str, list[int]] = defaultdict(list)
        for system in self._systems:
            for source in system.site.sources:
                ports[source.name].append(int(source.url.rpartition(":")[2]))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for emission in self.world.emissions():
                if self._stopping.wait(max(0.0, (emission.t_ns - time.time_ns()) / 1e9)):
                    return
                for port in ports[emission.source]:
                    sender.sendto(emission.payload, ("127.0.0.1", port))
                self.sent += 1

    def __enter__(self) -> "Raid":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()


# ---- the event stream --------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One Server-Sent Event; `number` is its id, -1 when it has none."""

    number: int
    kind: str
    data: str
    t: float

    @property
    def jws(self) -> str:
        return str(json.loads(self.data)["jws"])

    @property
    def claims(self) -> Any:
        """The payload, not verified."""
        return json.loads(base64.urlsafe_b64decode(self.jws.split(".")[1] + "=="))


class Stream(threading.Thread):
    """Collects events until it is closed."""

    def __init__(self, system: Live, last: int | None = None) -> None:
        super().__init__(daemon=True)
        self.events: list[Event] = []
        self._connection = http.client.HTTPConnection(system.site.public_listen, timeout=WAIT_S)
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        self._connection.request("GET", "/v1/events", headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        self.media_type = self._response.headers["Content-Type"]

    def run(self) -> None:
        fields: dict[str, str] = {}
        with suppress(OSError, ValueError, http.client.HTTPException, AttributeError):
            for raw in self._response:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                if "event" in fields:
                    number = int(fields.get("id", -1))
                    self.events.append(
                        Event(number, fields["event"], fields["data"], time.monotonic())
                    )
                fields = {}

    def told(self) -> list[Event]:
        """The events that carry a warning."""
        return [event for event in self.events if '"jws"' in event.data]

    def first(self, wanted: Callable[[Event], bool], what: str) -> Event:
        """The first event with a warning that is `wanted`, waited for."""
        return until(lambda: next((e for e in self.told() if wanted(e)), None), what)

    def __enter__(self) -> "Stream":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self._response.close()
        self._connection.close()
