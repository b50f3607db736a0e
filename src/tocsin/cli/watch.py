"""`tocsin watch`: the running system at a glance, in a terminal."""

import http.client
import urllib.request
from typing import Any

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from tocsin.cli.say import put_json, refuse
from tocsin.edge import clock


def watch(*, at: str = "http://127.0.0.1:8081", once: bool = False, json: bool = False) -> None:
    """Show what the running system hears, rejects, tracks and sends, twice a second (Ctrl-C ends).

    Parameters
    ----------
    at
        The private listener of the running system.
    once
        Show it once and end.
    json
        Print one JSON document and end.
    """
    at = at.rstrip("/")
    if not at.startswith(("http://", "https://")):
        refuse(f"--at {at!r}: write http://host:port")
    if json:
        put_json(_console(at))
        return
    if once:
        Console().print(_picture(_console(at)))
        return
    try:
        with Live(_picture(_console(at)), refresh_per_second=2) as live:
            while True:
                clock.wait_s(0.5)
                live.update(_picture(_console(at)))
    except KeyboardInterrupt:
        return


def _console(at: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{at}/console.json", timeout=5) as answer:  # noqa: S310
            document: dict[str, Any] = msgspec.json.decode(answer.read())
    except (OSError, http.client.HTTPException) as error:
        refuse(f"no system answers at {at} ({str(error).strip()}): is it running, is --at right?")
    if not document:
        refuse(f"the system at {at} has just started: try again in a second")
    return document


def _picture(console: dict[str, Any]) -> Group:
    sensors = Table("sensor", "heard", "alive", "placed", title="sensors")
    for row in console["sensors"]:
        alive = "[green]yes[/]" if row["alive"] else "[red]SILENT[/]"
        sensors.add_row(row["name"], row["heard"] or "never", alive, str(row["placed"]))
    rejected = Table("source", "reason", "count", title="rejected input")
    for row in console["rejected"]:
        rejected.add_row(row["source"], row["reason"], str(row["count"]))
    tracks = Table("track", "kind", "speed m/s", "height m", "existence", title="tracks")
    for row in console["tracks"][:30]:
        kind = f"{row['kind']} {row['kind_weight']:.2f}" + (" friend" if row["friend"] else "")
        tracks.add_row(
            str(row["id"]), kind, f"{row['speed_mps']:.0f}", str(row["height_m"]),
            f"{row['existence']:.2f}",
        )  # fmt: skip
    blind = Table("threat", "zones", "last watched", title="blind")
    for row in console["blind"]:
        blind.add_row(row["threat"], str(len(row["zones"])), row["watched"] or "never")
    lost = {name: number for name, number in console["losses"].items() if number}
    latency = console["latency_ms"]
    head = (
        f"{console['site']}: {console['realm']}, {console['mode']}, as of {console['as_of']};"
        f" {console['totals'].get('alerts', 0)} alerts; datagram to signed warning p50"
        f" {latency['p50']} ms, p99 {latency['p99']} ms; {len(console['pending'])} waiting"
    )
    if lost:
        head += "\n[bold red]" + ", ".join(f"{name}: {what}" for name, what in lost.items()) + "[/]"
    return Group(head, sensors, blind, rejected, tracks)
