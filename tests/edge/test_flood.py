"""A jammed radar: twenty thousand false plots a scan, as real CAT048 datagrams, beside a real raid.

Nothing crashes; the jammed source loses its own frames and nobody else's; what is lost is counted
in the journal, the metrics and the console, which names the jammed sensor; the others' targets are
tracked. Nothing here depends on how fast the machine is: it may lose much or nothing.
"""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.edge.live import Live, Raid, Stream, free_ports, running, site, tocsin, until
from tests.raid import shed
from tocsin import geo
from tocsin.edge.journal import Journal
from tocsin.instant import from_iso
from tocsin.sim.asterix import PRIMARY, Plot, target_reports
from tocsin.sim.truth import Flight
from tocsin.sim.world import World
from tocsin.words import Site, SourceSite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

PLOTS_PER_SCAN = 20_000
PLOTS_PER_DATAGRAM = 50
SCAN_S = 4.0
JAMMED_S = 34.0
JAMMED = "jammed"
SIC = 77
NEAR_M = 3000.0
"""A drone goes that far in a minute: a track further off than this is not of that target."""


def jammed_site() -> Site:
    """The raid's site and one more radar, where the first one stands."""
    given = site()
    sensor = msgspec.structs.replace(given.sensors[0], name=JAMMED, sic=SIC)
    (port,) = free_ports(1, socket.SOCK_DGRAM)
    source = SourceSite(
        name=JAMMED, url=f"udp://127.0.0.1:{port}", allow=((sensor.sac, sensor.sic),)
    )
    return msgspec.structs.replace(
        given, sensors=(*given.sensors, sensor), sources=(*given.sources, source)
    )


class Jammer(threading.Thread):
    """Sends false plots, spread over all ranges and bearings, for `JAMMED_S`."""

    def __init__(self, system: Live) -> None:
        super().__init__(daemon=True)
        self._sensor = system.site.sensors[-1]
        self._port = int(system.site.sources[-1].url.rpartition(":")[2])
        self.sent = 0

    def run(self) -> None:
        rng, begun = random.Random(3), time.monotonic()
        pause_s = SCAN_S * PLOTS_PER_DATAGRAM / PLOTS_PER_SCAN
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while (late_s := time.monotonic() - begun) < JAMMED_S:
                if late_s < self.sent * pause_s:
                    time.sleep(self.sent * pause_s - late_s)
                sender.sendto(self._datagram(rng), ("127.0.0.1", self._port))
                self.sent += 1

    def _datagram(self, rng: random.Random) -> bytes:
        t_ns = time.time_ns()
        plots = [
            Plot(
                t_ns=t_ns,
                report_type=PRIMARY,
                range_m=rng.uniform(2_000.0, self._sensor.range_m_max),
                azimuth_deg=rng.uniform(0.0, 360.0),
            )
            for _ in range(PLOTS_PER_DATAGRAM)
        ]
        return target_reports(self._sensor.sac, self._sensor.sic, plots)


def tracked(console: Any, world: World) -> set[str]:
    """The flights, birds aside, that have a confirmed track near to where they really are."""
    rows, t_ns = console["tracks"], from_iso(console["as_of"])
    if not rows:
        return set()
    tracks = geo.ecef(*(np.array([row[key] for row in rows]) for key in ("lat", "lon", "height_m")))
    found = set()
    for flight in flying(world, t_ns):
        columns = (flight.lat_deg, flight.lon_deg, flight.height_m)
        place = geo.ecef(*(np.array([np.interp(t_ns, flight.t_ns, c)]) for c in columns))
        if np.linalg.norm(tracks - place, axis=1).min() < NEAR_M:
            found.add(flight.id)
    return found


def flying(world: World, t_ns: int) -> list[Flight]:
    """What is in the air and no bird."""
    flights = [flight for flight in world.truth.flights if flight.kind != "bird"]
    return [flight for flight in flights if flight.t_ns[0] <= t_ns <= flight.t_ns[-1]]


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The system after the flood, still under the raid, and what was sent."""
    system = Live(tmp_path_factory.mktemp("flood"), jammed_site())
    with running([system]), Raid([system]) as raid:
        until(lambda: len(tracked(system.console(), raid.world)) > 8, "tracks before it begins")
        before = tracked(system.console(), raid.world)
        jammer = Jammer(system)
        with Stream(system) as stream:
            jammer.start()
            jammed_in_time = []
            while jammer.is_alive():
                rows = {row["name"]: row for row in system.console()["sensors"]}
                jammed_in_time.append({name for name, row in rows.items() if row["jammed"]})
                jammer.join(2.0)
            beats = [event for event in stream.events if event.kind in ("heartbeat", "state")]

        def handled() -> bool:
            found = system.rejected()
            return (
                system.console()["frames"].get(JAMMED, 0) + found.get((JAMMED, "shed"), 0)
                >= jammer.sent
            )

        until(handled, "every datagram handled or counted as shed", 600.0)
        console = system.console()
        yield {
            "system": system, "raid": raid, "sent": jammer.sent, "console": console,
            "jammed": jammed_in_time, "beats": beats, "before": before,
            "metrics": system.private("/metrics").body.decode(),
        }  # fmt: skip


def test_it_lives_and_goes_on_telling(flooded: dict[str, Any]) -> None:
    system = flooded["system"]
    assert system.alive
    assert "Traceback" not in system.log
    assert len(flooded["beats"]) > 5
    assert flooded["sent"] > 0.5 * JAMMED_S / SCAN_S * PLOTS_PER_SCAN / PLOTS_PER_DATAGRAM
    then = system.console()["as_of"]
    until(lambda: system.console()["as_of"] > then, "it goes on")


def test_only_the_jammed_source_loses_frames(flooded: dict[str, Any]) -> None:
    shed = {row["source"]: row["count"] for row in flooded["console"]["rejected"]
            if row["reason"] == "shed"}  # fmt: skip
    print(f"sent {flooded['sent']} jamming datagrams; shed {shed}")
    assert set(shed) <= {JAMMED}
    assert flooded["console"]["frames"][JAMMED] + shed.get(JAMMED, 0) == flooded["sent"]
    if shed:
        assert f'tocsin_rejected_total{{reason="shed",source="{JAMMED}"}}' in flooded["metrics"]


def test_the_console_names_the_jammed_sensor(flooded: dict[str, Any]) -> None:
    named = Counter(name for names in flooded["jammed"] for name in names)
    assert set(named) == {JAMMED}
    assert named[JAMMED] >= len(flooded["jammed"]) // 3
    assert f'tocsin_unexplained_reports{{sensor="{JAMMED}"}}' in flooded["metrics"]


def test_real_targets_stay_tracked(flooded: dict[str, Any]) -> None:
    """What was tracked when the flood began and is still in the air is tracked when it is over."""
    console, world = flooded["console"], flooded["raid"].world
    still = {flight.id for flight in flying(world, from_iso(console["as_of"]))}
    wanted = flooded["before"] & still
    kept = wanted & tracked(console, world)
    print(f"{len(kept)} of {len(wanted)} targets stay tracked; {len(console['tracks'])} tracks")
    assert len(wanted) > 5
    assert len(kept) >= 0.8 * len(wanted)


def test_the_journal_counts_what_was_shed_and_replays(flooded: dict[str, Any]) -> None:
    """Last of all: the system is stopped."""
    system, raid = flooded["system"], flooded["raid"]
    raid.__exit__()
    time.sleep(1.0)
    assert system.stop() == 0
    journal = Journal.open(system.journal, read_only=True)
    frames, noticed, told = shed(journal)
    journal.close()
    assert noticed == told
    assert frames[JAMMED] + noticed[JAMMED] == flooded["sent"]
    others = sum(count for source, count in frames.items() if source.startswith("radar"))
    assert others == raid.sent, "every frame of the other radars"
    done = tocsin("replay", system.journal, "--check", seconds=900.0)
    assert done.returncode == 0, done.stderr
