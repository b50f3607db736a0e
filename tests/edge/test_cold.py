"""A first start: nothing is compiled yet, and people are warned all the same.

The real system with an empty kernel cache: a raid's datagrams come in, an operator's signed order
goes out as a warning while kernels are compiled, the process is killed meanwhile and started again,
and when the kernels are ready everything that was received is tracked.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.edge.live import Live, Raid, Stream, site, tocsin, until
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.rules.authority import canonical
from tocsin.words import Counts, Frame, OperatorSite, Order

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

COMPILING_S = 1500.0
"""Patience with a machine that is busy with other tests."""
ZONE = "ua-kharkiv"


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def system(tmp_path: Path, private: Ed25519PrivateKey) -> Iterator[Live]:
    """Not started; its cache is empty."""
    operator = OperatorSite(name="duty", public_key=private.public_key().public_bytes_raw().hex())
    settings = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    live = Live(tmp_path / "system", site(operators=(operator,)), settings)
    yield live
    live.stop()


def signed(system: Live, private: Ed25519PrivateKey, **fields: Any) -> bytes:
    order = Order(t_ns=time.time_ns(), operator="duty", nonce=os.urandom(16).hex(), **fields)
    bytes_ = canonical(order, system.site.realm, system.site.name)
    return msgspec.json.encode(msgspec.structs.replace(order, signature=private.sign(bytes_).hex()))


def kernels(system: Live) -> Any:
    return system.console()["kernels"]


def frames(system: Live) -> list[Frame]:
    """The sensors' frames that the journal holds, in order."""
    journal = Journal.open(system.journal, read_only=True)
    given = [g for entry in journal.entries() for g in entry.batch.inputs]
    journal.close()
    return [g for g in given if isinstance(g, Frame) and g.source.startswith("radar")]


def test_a_first_start_warns_at_once_and_tracks_later(
    system: Live, private: Ed25519PrivateKey
) -> None:
    system.start().ready()
    assert kernels(system)["state"] == "filling", kernels(system)
    with Raid([system]) as raid:
        until(lambda: kernels(system)["held_frames"] > 50, "frames put by")
        with Stream(system) as stream:
            begun = time.monotonic()
            body = signed(
                system, private, action="raise", zone=ZONE, threat="drone", stage="take_cover"
            )
            assert system.post(body).status == 202
            told = stream.first(lambda e: e.claims["zone"]["id"] == ZONE, "the raised warning")
        print(f"order to signed warning while compiling: {told.t - begun:.3f} s")
        assert kernels(system)["state"] == "filling"
        assert told.claims["zone"]["stage"] == "take_cover"
        assert system.post(body).status == 202  # again: it counts once
        until(lambda: system.rejected().get(("order", "replayed")) == 1, "the replay's refusal")
        metrics = system.private("/metrics").body.decode()
        assert "tocsin_kernels_ready 0.0" in metrics
        assert system.console()["tracks"] == []

        sent = raid.sent
        until(lambda: system.console()["totals"]["held"] >= sent, "all that was sent by now")
        assert system.stop(signal.SIGKILL) == -signal.SIGKILL
        assert len(frames(system)) >= sent, "what was received is in the journal"
        system.start().ready()
        shown = {zone["id"]: zone["stage"] for zone in system.state()["zones"]}
        assert shown[ZONE] == "take_cover"
        assert kernels(system)["held_frames"] >= sent

        until(lambda: kernels(system)["done"] > 3, "progress", COMPILING_S)
        assert kernels(system)["of"] > kernels(system)["done"]
        until(lambda: kernels(system)["state"] == "ready", "compiled kernels", COMPILING_S)
        until(lambda: kernels(system)["held_frames"] == 0, "nothing waits any more", 120.0)
    with Raid([system]):  # a slow machine has compiled longer than the first one lasted
        until(lambda: len(system.console()["tracks"]) > 3, "tracks")
    assert not kernels(system)["fault"]
    assert "compiling kernels" in system.log
    assert system.stop() == 0
    assert "Traceback" not in system.log

    journal = Journal.open(system.journal, read_only=True)
    counts: Counter[str] = Counter()
    for entry in journal.entries():
        for output in decode_outputs(entry.outputs):
            if isinstance(output, Counts):
                counts += Counter(held=output.held, frames=output.frames, fixes=output.fixes)
    journal.close()
    assert counts["held"] >= sent
    assert counts["fixes"] > 0.1 * counts["held"]
    assert counts["frames"] == len(frames(system)) + 2, "every frame, and two orders, were read"
    done = tocsin("replay", system.journal, "--check", settings=system.settings, seconds=600.0)
    assert done.returncode == 0, done.stderr
    again = tocsin("warm", settings=system.settings)
    assert again.stdout == "kernels were compiled already\n"
