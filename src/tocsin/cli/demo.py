"""`tocsin demo`: a simulated raid, as radar datagrams into the running system, watched on a map.

The system is a process of its own, started as `tocsin run` would be. The simulated radars send
their real wire bytes over UDP to its sockets. Everything that leaves it says EXERCISE.
"""

import asyncio
import dataclasses
import socket
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import msgspec
from rich.progress import Progress

from tocsin.cli.demo_view import View
from tocsin.cli.say import fail, progress_console, refuse, refusing
from tocsin.cli.score import card_of
from tocsin.cli.worlds import open_world
from tocsin.edge import clock, site
from tocsin.instant import NS_PER_S, ns
from tocsin.score import render_text
from tocsin.sim.radar import Emission
from tocsin.sim.sites import site as site_of
from tocsin.sim.world import World, write, write_map
from tocsin.words import Site

START_S_MAX = 60.0
KERNELS_S_MAX = 900.0
"""Patience with a first start on a slow machine; chosen, ten times what it usually takes."""
FIRST_START = "First start: compiling the kernels ({}). It takes a minute or two, once."
LEAD_S = 1.0
"""Between everything being ready and the first datagram; chosen."""


def demo(
    scenario: str = "demo-raid",
    /,
    *,
    headless: bool = False,
    seconds: float | None = None,
    seed: int = 7,
    port: int = 8080,
    mode: str = "automatic",
    out: Path | None = None,
) -> None:
    """Watch a raid come in as radar datagrams and leave as signed warnings on a map.

    Parameters
    ----------
    scenario
        demo-raid or another of 'tocsin simulate --list', or a FILE.toml.
    headless
        Do not open a browser.
    seconds
        End after so many seconds; the whole scenario otherwise.
    seed
        All chance comes from it.
    port
        Where the page is: http://127.0.0.1:PORT; operators' things are on the next port.
    mode
        shadow, advise, confirm or automatic.
    out
        Keep journal, truth and site file in this folder.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as temporary:
        folder = out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "journal.sqlite").exists():
            refuse(f"{folder} holds a journal already: give another --out, or remove it")
        _refuse_taken(port)
        with refusing(ValueError):
            world = open_world(scenario, seed, 0)
            write_map(world, folder)
            given = _site(world, mode, port)
            length_s = asyncio.run(_raid(given, scenario, seed, seconds, folder, headless=headless))
        print(f"\nScorecard of the first {length_s:.0f} s (exercise)\n")
        print(render_text(card_of(folder)))
        if out is not None:
            print(f"\nKept in {out}: tocsin score {out} --json; tocsin replay {out}/journal.sqlite")


def _site(world: World, mode: str, port: int) -> Site:
    """The site of `world` on free UDP ports, with its page on `port`."""
    given = site_of(world, mode)
    free = _free_udp_ports(len(given.sources))
    sources = tuple(
        msgspec.structs.replace(source, url=f"udp://127.0.0.1:{number}")
        for source, number in zip(given.sources, free, strict=True)
    )
    return msgspec.structs.replace(
        given,
        sources=sources,
        public_url=f"http://127.0.0.1:{port}",
        public_listen=f"127.0.0.1:{port}",
        private_listen=f"127.0.0.1:{port + 1}",
        journal="journal.sqlite",
        keys="keys",
    )


def _refuse_taken(port: int) -> None:
    """Refuse at once if the page's or the operators' port is in use: somebody else would answer."""
    for number in (port, port + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", number))
            except OSError as error:
                refuse(f"port {number}: {error.strerror}: choose a free port with --port")


def _free_udp_ports(count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def _raid(
    given: Site, scenario: str, seed: int, seconds: float | None, folder: Path, *, headless: bool
) -> float:
    """Run the system and the raid; how many seconds it lasted."""
    site_file = folder / "site.toml"
    site_file.write_text(site.write(given), encoding="utf-8")
    with _system(site_file, folder / "system.log") as process:
        await _until_healthy(given, process, folder)
        await _until_tracking(given, process, folder)
        print(f"The system runs: {given.public_url} (EXERCISE). The raid begins.", flush=True)
        if not headless:
            webbrowser.open(given.public_url)
        world = open_world(scenario, seed, clock.now_ns() + ns(LEAD_S))
        length_s = min(seconds or world.seconds, world.seconds)
        write(dataclasses.replace(world, truth=world.truth.until(length_s)), folder)
        view = View(world, length_s)
        watching = asyncio.create_task(_watch(given, view))
        try:
            await _send(given, world, length_s, view)
        finally:
            watching.cancel()
            view.close()
        if process.poll() is not None:
            fail(f"the system ended by itself; the last of {folder / 'system.log'}:\n"
                 + _tail(folder / "system.log"))  # fmt: skip
    return length_s


@contextmanager
def _system(site_file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tocsin run` as its own process, ended (in order, by its own id) at the end."""
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", "tocsin", "run", str(site_file)], stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _until_healthy(given: Site, process: subprocess.Popen[bytes], folder: Path) -> None:
    begun_ns = clock.monotonic_ns()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while clock.monotonic_ns() - begun_ns < START_S_MAX * NS_PER_S:
            if process.poll() is not None:
                refuse(f"the system did not start: {_tail(folder / 'system.log')}")
            try:
                async with session.get(f"{given.public_url}/v1/state.json") as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.1)
    fail(f"the system was not ready within {START_S_MAX:.0f} s; see {folder / 'system.log'}")


async def _until_tracking(given: Site, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the kernels: a first start compiles them, and a raid would be seen a minute late."""
    begun_ns = clock.monotonic_ns()
    address = f"http://{given.private_listen}/console.json"
    with Progress(console=progress_console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("compiling kernels", total=None, visible=False)
        said = False
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while clock.monotonic_ns() - begun_ns < KERNELS_S_MAX * NS_PER_S:
                if process.poll() is not None:
                    refuse(f"the system ended: {_tail(folder / 'system.log')}")
                async with session.get(address) as answer:
                    kernels = (await answer.json()).get("kernels", {})
                if kernels.get("state") == "ready":
                    return
                if kernels and not said:
                    said = True
                    print(FIRST_START.format(kernels["why"]), flush=True)
                if kernels:
                    progress.update(
                        task, completed=kernels["done"], total=kernels["of"], visible=True
                    )
                await asyncio.sleep(0.2)
    fail(f"the kernels were not ready within {KERNELS_S_MAX:.0f} s; see {folder / 'system.log'}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


async def _send(given: Site, world: World, length_s: float, view: View) -> None:
    """Every datagram at its time, from its radar's own socket to the system's."""
    addresses = {
        source.name: ("127.0.0.1", int(source.url.rsplit(":", 1)[1])) for source in given.sources
    }
    end_ns = world.t_ns_start + ns(length_s)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for emission in world.emissions():
            if emission.t_ns > end_ns:
                break
            await _wait_until(emission, view)
            sender.sendto(emission.payload, addresses[emission.source])
            view.sent(emission)
    while clock.now_ns() < end_ns:
        await asyncio.sleep(0.1)
        view.advance(clock.now_ns())


async def _wait_until(emission: Emission, view: View) -> None:
    while (left_ns := emission.t_ns - clock.now_ns()) > 0:
        await asyncio.sleep(min(left_ns / NS_PER_S, 0.2))
        view.advance(clock.now_ns())


async def _watch(given: Site, view: View) -> None:
    """Follow the public event stream as any subscriber would, and tell the terminal."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{given.public_url}/v1/events") as stream,
    ):
        kind = ""
        async for raw in stream.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and '"jws"' in line:
                view.event(kind, line.removeprefix("data: "))
