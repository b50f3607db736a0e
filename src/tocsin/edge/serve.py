"""The public listener: the page, the signed state, events, zones, CAP documents and the feed.

Everything here is the same for everybody and cacheable; nothing here reads the mind. Private
things are on another socket (`edge.console`).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from tocsin.edge.outlet import Document, Outlet
from tocsin.instant import NS_PER_S
from tocsin.zones.map import ZoneMap

STATE_MAX_AGE_S: Final = 1
HEARTBEAT_S: Final = 5.0
_OUTLET: Final = web.AppKey("outlet", Outlet)
_PAGE: Final = web.AppKey("page", Path)
_EVENT_ID: Final = re.compile(r"[0-9]{1,18}")

_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
        " worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_NO_PAGE: Final = (
    "<!doctype html><meta charset=utf-8><title>Tocsin</title><p>The page was not built: run"
    " <code>make setup</code>. The signed state is at <a href=/v1/state.json>/v1/state.json</a>."
)


def public_app(outlet: Outlet, zones: ZoneMap, jwks: bytes) -> web.Application:
    """The public application; `jwks` are the public keys of this realm."""
    app = web.Application(middlewares=[_guard])
    app[_OUTLET] = outlet
    app[_PAGE] = Path(str(files("tocsin").joinpath("web")))
    outlet.documents["keys"] = Document.of(jwks, "application/jwk-set+json", 0)
    outlet.documents["zones"] = Document.of(zones_geojson(zones), "application/geo+json", 0)
    for path, name, max_age_s in (
        ("/v1/state.json", "state", STATE_MAX_AGE_S),
        ("/v1/state.jws", "state.jws", STATE_MAX_AGE_S),
        ("/v1/feed.atom", "feed", 10),
        ("/v1/keys.json", "keys", 300),
        ("/v1/zones.geojson", "zones", 3600),
    ):
        app.router.add_get(path, _document_handler(name, max_age_s))
    app.router.add_get("/v1/cap/{name}.xml", _cap)
    app.router.add_get("/v1/events", _events)
    app.router.add_get("/v1/health", _health)
    app.router.add_get("/", _page)
    app.router.add_get("/{asset:.+}", _page)
    return app


def zones_geojson(zones: ZoneMap) -> bytes:
    """The outlines of all zones as GeoJSON (RFC 7946): public facts only."""
    features = []
    for row, zone in enumerate(zones.ids):
        properties = {
            "id": zone,
            "names": {lang: names[row] for lang, names in zones.names.items() if names[row]},
            "parent": zones.parents[int(zones.parent[row])],
            "shelter_s": _finite(float(zones.shelter_s[row])),
            "lat": round(float(zones.lat_deg[row]), 5),
            "lon": round(float(zones.lon_deg[row]), 5),
        }
        polygons = [
            [[[round(x, 5), round(y, 5)] for x, y in ring] for ring in polygon]
            for polygon in zones.multipolygon(row)
        ]
        geometry = {"type": "MultiPolygon", "coordinates": polygons}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    parents = {
        parent: {lang: names[i] for lang, names in zones.parent_names.items() if names[i]}
        for i, parent in enumerate(zones.parents)
    }
    return msgspec.json.encode(
        {
            "type": "FeatureCollection",
            "country": zones.country,
            "version": zones.version,
            "parents": parents,
            "features": features,
        }
    )


def _finite(value: float) -> float | None:
    return value if value == value else None


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_SECURITY_HEADERS)
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
    return response


def _document_handler(name: str, max_age_s: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        document = request.app[_OUTLET].documents.get(name)
        if document is None:
            raise web.HTTPServiceUnavailable(text="no state yet: the mind has just started\n")
        return _reply(request, document, max_age_s)

    return handle


def _reply(request: web.Request, document: Document, max_age_s: int) -> web.Response:
    headers = {
        "ETag": document.etag,
        "Cache-Control": f"public, max-age={max_age_s}",
        "Vary": "Accept-Encoding",
    }
    if document.t_ns:
        headers["Last-Modified"] = formatdate(document.t_ns // NS_PER_S, usegmt=True)
    if document.signature:
        headers["Tocsin-Signature"] = document.signature
        headers["Access-Control-Expose-Headers"] = "Tocsin-Signature, ETag"
    wanted = request.headers.get("If-None-Match", "")
    if document.etag in [tag.strip().removeprefix("W/") for tag in wanted.split(",")]:
        return web.Response(status=304, headers=headers)
    response = web.Response(body=document.body, content_type=document.media_type, headers=headers)
    if len(document.body) > 1400:
        response.enable_compression()
    return response


async def _cap(request: web.Request) -> web.StreamResponse:
    document = request.app[_OUTLET].cap.get(request.match_info["name"])
    if document is None:
        raise web.HTTPNotFound(text="no such alert here: it may be too old\n")
    return _reply(request, document, 3600)


async def _events(request: web.Request) -> web.StreamResponse:
    outlet = request.app[_OUTLET]
    last = request.headers.get("Last-Event-ID", request.query.get("lastEventId", ""))
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "Access-Control-Allow-Origin": "*",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    subscriber = outlet.subscribe(int(last) if _EVENT_ID.fullmatch(last) else None)
    try:
        while not subscriber.lost:
            number, frame = await subscriber.frames.get()
            await response.write(frame)
            outlet.sent(number)
    except (ConnectionResetError, asyncio.CancelledError):
        pass
    finally:
        outlet.unsubscribe(subscriber)
    return response


async def _health(request: web.Request) -> web.StreamResponse:
    state = request.app[_OUTLET].documents.get("state")
    body = {"alive": True, "state_t_ns": state.t_ns if state else None}
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")


async def _page(request: web.Request) -> web.StreamResponse:
    root = request.app[_PAGE]
    asset = request.match_info.get("asset", "index.html")
    if not (root / "index.html").is_file() and asset == "index.html":
        return web.Response(text=_NO_PAGE, content_type="text/html", status=503)
    path = _file_of(root, asset)
    if path is None:
        raise web.HTTPNotFound(text="no such page\n")
    response = web.FileResponse(path)
    if path.suffix == ".mjs":
        response.content_type = "text/javascript"
    hashed = "assets/" in asset
    response.headers["Cache-Control"] = "public, max-age=31536000" if hashed else "no-cache"
    return response


def _file_of(root: Path, asset: str) -> Path | None:
    """The file `asset` below `root`; None for what is none, or is no file name at all."""
    try:
        path = (root / asset).resolve()
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, ValueError):  # too long a name, or a zero byte in it
        return None
