"""Make a small recording of simulated radars, fold it, and print what came of it.

    python examples/replay_recording.py [FOLDER]

FOLDER (default: a temporary one) keeps the recording and the journal.
"""

import json
import struct
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tocsin.edge import build, recording
from tocsin.sim.radar import Emission
from tocsin.sim.sites import site
from tocsin.sim.world import load
from tocsin.zones.map import ZoneMap

SCENARIO = """
name = "a drone for one minute"
seed = 7
country = "ua"
seconds = 60.0
t_ns_start = 1790000000000000000

[[sensors]]
name = "radar-1"
lat_deg = 50.0
lon_deg = 36.0
height_m = 100.0
sac = 254
sic = 1

[[flights]]
id = "one"
kind = "drone"
ends = "impact"
waypoints = [[50.05, 36.05, 500], [50.0, 36.1, 0]]
"""


def main(folder: Path) -> None:
    """Simulate, record, fold, print."""
    world = load(SCENARIO, ZoneMap.from_bytes(build.zone_map_bytes("ua")))
    pcap = folder / "recording.pcap"
    pcap.write_bytes(libpcap(world.emissions()))

    # The site knows where the radar stands; its sources are replaced by the recording.
    given = recording.site_for(pcap, "ua", site(world))
    summary = recording.fold(given, build.parts(given), folder / "journal.sqlite", lambda: None)
    print(json.dumps(summary, indent=2))


def libpcap(emissions: Iterable[Emission]) -> bytes:
    """The datagrams as a capture of raw IPv4 packets, with nanoseconds."""
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 101)
    return head + b"".join(packet(emission.t_ns, emission.payload) for emission in emissions)


def packet(t_ns: int, payload: bytes) -> bytes:
    """One captured packet; checksums are left 0, as a sending host's own capture often has them."""
    udp = struct.pack(">HHHH", 8600, 8600, 8 + len(payload), 0) + payload
    loopback = bytes([127, 0, 0, 1])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + loopback + loopback
    seconds, nanoseconds = divmod(t_ns, 1_000_000_000)
    size = len(ip) + len(udp)
    return struct.pack("<IIII", seconds, nanoseconds, size, size) + ip + udp


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
