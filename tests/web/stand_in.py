"""A stand-in for the public outlet that speaks the contract and can be told to lie or to die."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from joserfc import jws
from joserfc.jwk import ECKey

from . import world

HEARTBEAT_S: Final = 2.0
PATIENCE_S: Final = 60.0  # only ends what hangs


class StandIn:
    """Serves the built page and signed documents on a free port of its own thread.

    `zones`, `realm` and `mode` may be changed at any time; `forged` signs with a key that nobody
    knows; `frozen` keeps giving out the last document; `answering = False` refuses all documents.
    """

    def __init__(self, page: Path, outlines: world.Json | None = None) -> None:
        self.page = page
        self.outlines = outlines or world.outlines()
        self.realm = "exercise"
        self.mode = "automatic"
        self.zones: list[world.Json] = world.raid()
        self.forged = False
        self.frozen = False
        self.answering = True
        self.edit: Callable[[world.Json], world.Json] = lambda document: document
        self._key = ECKey.generate_key("P-256")
        self._stranger = ECKey.generate_key("P-256")
        self._serial = 0
        self._last = ""
        self._queues: list[asyncio.Queue[bytes | None]] = []
        self._event = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def __enter__(self) -> "StandIn":
        self._thread.start()
        self.url = self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def stop(self) -> None:
        """Dies: the listener and every open stream close. May be called twice."""
        self._call(self._stop())

    def publish(self, kind: str, zone: world.Json) -> None:
        """Sends one signed event to every open stream."""
        alert = zone["threats"][0]["alert"]
        event = {"v": 1, "realm": self.realm, "serial": self._serial, "alert": alert, "zone": zone}
        self._loop.call_soon_threadsafe(self._send, kind, {"jws": self._sign(event)})

    def nudge(self) -> None:
        """Tells every open stream that the state document changed."""
        self._loop.call_soon_threadsafe(self._send, "state", {"jws": self._sign({"v": 1})})

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _start(self) -> str:
        app = web.Application(middlewares=[self._gate])
        app.router.add_get("/", self._index)
        app.router.add_get("/v1/state.jws", self._state)
        app.router.add_get("/v1/keys.json", self._keys)
        app.router.add_get("/v1/zones.geojson", self._zones)
        app.router.add_get("/v1/events", self._events)
        app.router.add_static("/", self.page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/"

    async def _stop(self) -> None:
        for queue in self._queues:
            queue.put_nowait(None)
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not self.answering and request.path.startswith("/v1/"):
            raise web.HTTPServiceUnavailable
        response: web.StreamResponse = await handler(request)
        return response

    def _sign(self, document: world.Json) -> str:
        key = self._stranger if self.forged else self._key
        header = {"alg": "ES256", "kid": "k1"}
        payload = json.dumps(document, ensure_ascii=False).encode()
        return str(jws.serialize_compact(header, payload, key))

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(self.page / "index.html")

    async def _keys(self, _: web.Request) -> web.Response:
        public = {**self._key.as_dict(private=False), "kid": "k1", "alg": "ES256", "use": "sig"}
        return web.json_response({"realm": self.realm, "keys": [public]})

    async def _zones(self, _: web.Request) -> web.Response:
        return web.json_response(self.outlines, content_type="application/geo+json")

    async def _state(self, request: web.Request) -> web.Response:
        if not (self.frozen and self._last):
            self._serial += 1
            document = world.state(
                self.zones, realm=self.realm, mode=self.mode, serial=self._serial
            )
            self._last = self._sign(self.edit(document))
        etag = f'"{hashlib.sha256(self._last.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(
            text=self._last, content_type="application/jose", headers={"ETag": etag}
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queues.append(queue)
        try:
            await response.write(b"retry: 1000\n\n")
            while (frame := await _next(queue)) is not None:
                await response.write(frame)
        except ConnectionError:
            pass
        finally:
            self._queues.remove(queue)
        return response

    def _send(self, kind: str, data: world.Json) -> None:
        self._event += 1
        frame = f"event: {kind}\nid: {self._event}\ndata: {json.dumps(data)}\n\n".encode()
        for queue in self._queues:
            queue.put_nowait(frame)


async def _next(queue: "asyncio.Queue[bytes | None]") -> bytes | None:
    """The next frame, a heartbeat when there is none for a while, None at the end."""
    try:
        return await asyncio.wait_for(queue.get(), HEARTBEAT_S)
    except TimeoutError:
        return b"event: heartbeat\ndata: {}\n\n"
