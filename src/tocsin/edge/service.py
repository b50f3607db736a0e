"""The running system: sockets and HTTP in the event loop, the mind in a thread of its own.

    sockets ─> lines ─> mind's thread: fold, journal, seal ─> event loop: outlet ─> subscribers

While one batch is handled and made durable the next one gathers in the lines, so batches size
themselves; nothing waits for a timer. While the kernels are compiled the mind puts by what sensors
send (see `engine.Held`).
"""

import asyncio
import heapq
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from tocsin.decide import uncovered
from tocsin.edge import build, clock, shadow
from tocsin.edge.console import private_app
from tocsin.edge.journal import Sealed
from tocsin.edge.outlet import Document, Outlet
from tocsin.edge.receive import UdpSource, recorded
from tocsin.edge.run import TICK_NS, Mind, Step, kernels_frame
from tocsin.edge.serve import HEARTBEAT_S, public_app
from tocsin.edge.sign import Signer
from tocsin.edge.site import BadSite
from tocsin.edge.waiting import Waiting
from tocsin.edge.warming import Warming
from tocsin.edge.watch import Watch
from tocsin.engine import KERNELS_COLD, KERNELS_READY, Notice
from tocsin.instant import NS_PER_MS, NS_PER_S
from tocsin.rules.cap_tree import MEDIA_TYPE
from tocsin.words import Frame, Input, Message, Site, Tick
from tocsin.zones.map import ZoneMap

FEED_MEDIA_TYPE: Final = "application/atom+xml"
CONSOLE_S: Final = 0.5
TRACE_KEPT: Final = 4096

CHANNEL_ORDER: Final = {"event": 0, "state": 1, "cap": 2, "feed": 3}
"""Seconds count on the event stream first; a feed is polled."""

log = structlog.get_logger()


class _Kind(msgspec.Struct):
    """What the herald calls an event: it knows what else holds in the zone."""

    kind: str


@dataclass(slots=True)
class _Trace:
    """One event's way: which batch it came of and when that batch's oldest frame was received."""

    number: int
    subject: str
    received_ns: int
    reached_ns: dict[str, int] = field(default_factory=dict)


class Service:
    """One running site. `run` returns when `stop` was called or the process is told to end."""

    mind: Mind

    def __init__(self, site: Site, zones: ZoneMap, signer: Signer, warming: Warming) -> None:
        self.site, self.signer, self.warming = site, signer, warming
        self.watch = Watch()
        self.outlet = Outlet(self._first_sent, last_id=clock.now_ns() // NS_PER_MS)
        self._public = public_app(self.outlet, zones, _jwks(signer))
        self._private = private_app(self.watch.metrics, self._console, self._give_order)
        self._waiting = Waiting()
        self._stopping = threading.Event()
        self._finished = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._console_view: dict[str, Any] = {}
        self._t_ns_console = 0
        self._traces: dict[int, _Trace] = {}
        self._offset_ns = 0
        self.failure: BaseException | None = None

    async def run(self, start_mind: Callable[[], Mind]) -> None:
        """Serve until stopped. Raises what ended the mind, if something did.

        `start_mind` is called when every port is ours: a start that fails leaves no journal.
        """
        self._loop = asyncio.get_running_loop()
        sockets, recordings = self._sources()
        runners = [
            await _listening(self._public, self.site.public_listen, "public_listen"),
            await _listening(self._private, self.site.private_listen, "private_listen"),
        ]
        for source in sockets:
            self._loop.add_reader(source.fileno(), source.drain, self._waiting.put)
        self.warming.begin()
        self.mind = await asyncio.to_thread(start_mind)
        for name in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(name, self.stop)
        self._show_standing()
        thread = threading.Thread(target=self._fold_forever, name="mind", daemon=True)
        thread.start()
        tasks = [asyncio.create_task(self._beat())]
        if recordings is not None:
            tasks.append(asyncio.create_task(self._play(recordings)))
        log.info(
            "running",
            site=self.site.name,
            realm=self.site.realm,
            mode=self.site.mode,
            public=self.site.public_url,
            sources={s.name: s.port for s in sockets},
        )
        await self._finished.wait()
        for task in tasks:
            task.cancel()
        self.warming.stop()
        for source in sockets:
            self._loop.remove_reader(source.fileno())
            source.close()
        await asyncio.to_thread(thread.join)
        for runner in runners:
            await runner.cleanup()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        """End in order: the batch in hand is finished, the journal closed."""
        self._stopping.set()
        self._finished.set()

    # ---- in -----------------------------------------------------------------------------------

    def _sources(self) -> tuple[list[UdpSource], Iterator[Frame] | None]:
        live = [source for source in self.site.sources if source.url.startswith("udp:")]
        played = [source for source in self.site.sources if source not in live]
        if live and played:
            raise BadSite(
                "sources: udp:// and recordings (pcap://, file://) cannot be mixed: a recording"
                " brings its own time; run them as two sites"
            )
        if not played:
            return [UdpSource(source) for source in live], None
        frames = heapq.merge(*map(recorded, played), key=lambda frame: frame.t_ns)
        first = next(frames, None)
        if first is None:
            raise BadSite("sources: the recordings hold no datagram: give the paths of others")
        self._offset_ns = first.t_ns - clock.now_ns()
        self._waiting.put(first)
        return [], frames

    def _give_order(self, body: bytes) -> None:
        """An order is never shed: a flood of datagrams must not silence the operator."""
        self._waiting.put_order(Frame(t_ns=self._now_ns(), source="order", payload=body))

    async def _play(self, frames: Iterator[Frame]) -> None:
        """Hand over recorded frames at the pace at which they were recorded."""
        try:
            for frame in frames:
                await asyncio.sleep((frame.t_ns - self._now_ns()) / NS_PER_S)
                self._waiting.put(frame)
        except BadSite as error:  # the recording turns out to be damaged further on
            self.failure = error
            self.stop()

    def _now_ns(self) -> int:
        return clock.now_ns() + self._offset_ns

    # ---- the mind's thread --------------------------------------------------------------------

    def _fold_forever(self) -> None:
        steps = clock.StepWatch()
        t_ns_tick = 0
        try:
            while not self._stopping.is_set():
                inputs = self._gather()
                now_ns = self._now_ns()
                if stepped_ns := steps.step_ns():
                    inputs.append(_clock_frame(now_ns, stepped_ns))
                if now_ns - t_ns_tick >= TICK_NS:
                    t_ns_tick = now_ns
                    inputs.append(Tick(t_ns=now_ns))
                if inputs:
                    self._finish(self.mind.step(inputs))
        except BaseException as error:
            self.failure = error
            raise
        finally:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self.stop)  # first: closing may fail on a full disk
            self.mind.close()

    def _gather(self) -> list[Input]:
        """A fair share of what waits, or, when nothing does, what comes within a tick.

        Nobody waits while the mind still has frames to catch up with.
        """
        held, now_ns = self.mind.engine.held, self._now_ns()
        inputs: list[Input] = []
        if held.closed and self.warming.ready.is_set():
            inputs.append(kernels_frame(now_ns, KERNELS_READY))
        elif not held.closed and not self.warming.ready.is_set():
            inputs.append(kernels_frame(now_ns, KERNELS_COLD))
        behind = bool(inputs) or (held.busy and not held.closed)
        inputs += self._waiting.take(now_ns, 0.0 if behind else TICK_NS / NS_PER_S / 2)
        if behind and not inputs:
            inputs.append(Tick(t_ns=now_ns))
        return inputs

    def _finish(self, step: Step) -> None:
        """Seal and hand over what the batch brought; count it."""
        self.watch.see(step)
        if clock.now_ns() - self._t_ns_console > CONSOLE_S * NS_PER_S:
            self._t_ns_console = clock.now_ns()
            kernels = self.watch.see_kernels(self.warming, self.mind)
            self._console_view = {**self.watch.console(self.mind, self.outlet), "kernels": kernels}
        messages = [output for output in step.outputs if isinstance(output, Message)]
        if not messages:
            return
        sealed: list[Sealed] = []
        for message in sorted(messages, key=lambda m: CHANNEL_ORDER.get(m.channel, 9)):
            assert message.realm == self.site.realm, "nothing of one realm leaves as another"
            trace = _trace(step, message.subject)
            sealed += self._send(message, trace)
        self.mind.writer.note_sealed(step.batch.number, sealed)

    def _send(self, message: Message, trace: _Trace | None) -> list[Sealed]:
        seal = self.signer.seal(message)
        loop = self._loop
        assert loop is not None
        match message.channel:
            case "event":
                kind = msgspec.json.decode(message.payload, type=_Kind).kind
                data = msgspec.json.encode({"jws": seal.compact}).decode()
                loop.call_soon_threadsafe(self._publish, kind, data, trace)
                body = seal.compact.encode()
            case "state":
                plain = Document.of(seal.payload, message.media_type, message.t_ns, seal.detached)
                jws = Document.of(seal.compact.encode(), "application/jose", message.t_ns)
                loop.call_soon_threadsafe(self._replace, {"state": plain, "state.jws": jws})
                return []
            case "cap":
                document = Document.of(seal.payload, message.media_type, message.t_ns)
                loop.call_soon_threadsafe(self.outlet.keep_cap, message.subject, document)
                body = seal.payload
            case _:
                document = Document.of(seal.payload, message.media_type, message.t_ns)
                loop.call_soon_threadsafe(self._replace, {message.channel: document})
                body = seal.payload
        return [Sealed(message.subject, message.channel, body)]

    # ---- the event loop's thread --------------------------------------------------------------

    def _show_standing(self) -> None:
        """Show what people were last told, before anything new: silence would be an all-clear."""
        standing, now_ns = self.mind.standing, self._now_ns()
        for subject, body, t_ns in standing.caps:
            self.outlet.keep_cap(subject, Document.of(body, MEDIA_TYPE, t_ns))
        for _, body, t_ns in standing.feed:
            self.outlet.documents["feed"] = Document.of(body, FEED_MEDIA_TYPE, t_ns)
        waiting = [standing.state] if standing.state is not None else []
        sealed: list[Sealed] = []
        for message in [*waiting, *standing.unsent]:
            if message.t_ns_deadline > now_ns:
                sealed += self._send(message, None)
        self.mind.writer.note_sealed(self.mind.number, sealed)

    def _replace(self, documents: dict[str, Document]) -> None:
        self.outlet.documents.update(documents)
        if "state" in documents:
            self.outlet.publish("state", "{}")

    def _publish(self, kind: str, data: str, trace: _Trace | None) -> None:
        number = self.outlet.publish(kind, data)
        if trace is not None:
            self._traces[number] = trace
            while len(self._traces) > TRACE_KEPT:
                del self._traces[next(iter(self._traces))]

    def _first_sent(self, number: int) -> None:
        for seen in [n for n in self._traces if n <= number]:
            trace = self._traces.pop(seen)
            handed_ns = self._now_ns()
            self.watch.see_latency(handed_ns - trace.received_ns)
            steps = {**trace.reached_ns, "handed": handed_ns}
            since = {step: t_ns - trace.received_ns for step, t_ns in steps.items()}
            self.mind.writer.note_timing(trace.number, trace.subject, since)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.outlet.beat()

    def _console(self) -> dict[str, Any]:
        return self._console_view


def _trace(step: Step, subject: str) -> _Trace | None:
    received = [given.t_ns for given in step.batch.inputs if isinstance(given, Frame)]
    if not received:
        return None
    return _Trace(step.batch.number, subject, min(received), step.reached_ns)


def _clock_frame(t_ns: int, stepped_ns: int) -> Frame:
    notice = Notice(source="host clock", detail=f"the clock was set by {stepped_ns / 1e9:+.3f} s")
    return Frame(t_ns=t_ns, source="clock", payload=msgspec.json.encode(notice))


async def _listening(app: web.Application, listen: str, key: str) -> web.AppRunner:
    host, _, port = listen.rpartition(":")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port), backlog=4096).start()
    except OSError as error:
        await runner.cleanup()
        raise BadSite(f"{key} = {listen!r}: {error.strerror}: choose a free port") from error
    return runner


def _signer(site: Site, folder: Path) -> Signer:
    """The keys of the site's realm; made at first use, except for the live realm.

    A live key is pinned by receivers, so it is never made in passing. Raises BadSite.
    """
    try:
        return Signer.load(folder, site.realm)
    except ValueError as error:
        if site.realm == "live" or any(folder.glob(f"*{site.realm}*")):
            raise BadSite(f"keys: {error}") from error
    return Signer.create(folder, site.realm, site.sender)


def _jwks(signer: Signer) -> bytes:
    return msgspec.json.encode({**signer.public_jwks(), "realm": signer.realm})


def refuse_if_uncovered(site: Site, parts: dict[str, bytes]) -> None:
    """Raise BadSite when the site demands a sensor for every zone and some have none."""
    if not site.require_coverage:
        return
    blind = uncovered(site, ZoneMap.from_bytes(parts["zones"]), build.sight_of(parts))
    number = max((len(rows) for rows in blind.values()), default=0)
    if number:
        raise BadSite(
            f"require_coverage = true and {number} zones have no sensor: 'tocsin check' lists them;"
            " add [[sensors]] or set require_coverage = false"
        )


def serve(site: Site, parts: dict[str, bytes], beside: Path) -> None:
    """Run `site` until it is told to end. Raises BadSite when it cannot start."""
    zones = build.engine(parts).zones
    shadow.refuse_unscored(site, parts, beside)
    signer = _signer(site, beside / site.keys)
    warming = Warming()
    service = Service(site, zones, signer, warming)
    asyncio.run(service.run(lambda: Mind.start(beside / site.journal, parts, warming.wait)))
