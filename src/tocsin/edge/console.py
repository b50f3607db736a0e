"""The private listener: metrics, the operators' picture as JSON, and orders. Never public."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from tocsin.words import Order

ORDER_BYTES_MAX = 4096


def private_app(
    metrics: Callable[[], bytes],
    console: Callable[[], dict[str, Any]],
    give_order: Callable[[bytes], None],
) -> web.Application:
    """The private application. `give_order` takes the bytes of an order into the mind's queue."""
    app = web.Application(client_max_size=ORDER_BYTES_MAX)

    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=metrics(), content_type="text/plain", charset="utf-8")

    async def show_console(_request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(console()), content_type="application/json")

    async def take_order(request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # else any web page could give orders
            raise web.HTTPUnsupportedMediaType(text="send application/json\n")
        body = await request.read()
        try:
            order = msgspec.json.decode(body, type=Order)
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest(text=f"not an order: {error}\n") from error
        give_order(body)
        return web.json_response({"queued": order.action, "nonce": order.nonce}, status=202)

    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/console.json", show_console)
    app.router.add_post("/orders", take_order)
    return app
