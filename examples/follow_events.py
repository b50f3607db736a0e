"""Follow the warnings of a running system; show only what is signed by the pinned keys.

    tocsin keys show FOLDER --realm exercise > keys.json
    python examples/follow_events.py http://127.0.0.1:8080 --keys keys.json

Fetch keys.json by another way than from the server that you follow.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tocsin.edge.sign import Unverified, verify_jws

AGAIN_S = 2.0


async def follow(url: str, keys: dict[str, Any], count: int) -> None:
    """Print verified events until `count` were printed (0: for ever), resuming after breaks."""
    last_id, shown = "", 0
    timeout = aiohttp.ClientTimeout(total=None, sock_read=15.0)  # three heartbeats missed
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async for seen_id, data in events(session, url, last_id):
                    last_id = seen_id
                    shown += show(data, keys)
                    if shown == count > 0:
                        return
            except (aiohttp.ClientError, TimeoutError) as error:
                print(f"SILENCE: {error or 'nothing came for 15 s'}; trying again", flush=True)
            await asyncio.sleep(AGAIN_S)


async def events(
    session: aiohttp.ClientSession, url: str, last_id: str
) -> AsyncIterator[tuple[str, str]]:
    """(id, data) of each event: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with session.get(f"{url}/v1/events", headers=headers, raise_for_status=True) as stream:
        async for raw in stream.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name == "id":
                last_id = value
            elif name == "data":
                yield last_id, value


def show(data: str, keys: dict[str, Any]) -> bool:
    """Print one event; whether it was a genuine warning."""
    token = json.loads(data).get("jws")
    if token is None:
        return False  # a heartbeat, or a hint to fetch the state
    try:
        event = json.loads(verify_jws(token, keys, keys["realm"]))
    except Unverified as error:
        print(f"NOT GENUINE: {error}", flush=True)
        return False
    zone = event["zone"]
    said = next(iter(zone["text"].values()), {"headline": zone["id"]})
    print(f"{event['kind']}: {zone['stage']}: {said['headline']}", flush=True)
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", help="where the public listener is")
    parser.add_argument("--keys", type=Path, required=True, help="the pinned JWK Set")
    parser.add_argument("--count", type=int, default=0, help="end after so many (0: never)")
    given = parser.parse_args()
    asyncio.run(follow(given.url.rstrip("/"), json.loads(given.keys.read_text()), given.count))
