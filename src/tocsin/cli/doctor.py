"""`tocsin doctor`: is this machine fit, and how old is what is built in?"""

import importlib.metadata
import platform
import shutil
from importlib.resources import files
from pathlib import Path

from tocsin.cli.say import fail, put_json
from tocsin.edge import build
from tocsin.edge.receive import RECEIVE_BUFFER_BYTES
from tocsin.zones.map import ZoneMap

PACKAGES = ("numpy", "numba", "msgspec", "aiohttp", "lxml", "signxml", "cryptography", "joserfc")
FREE_BYTES_MIN = 1_000_000_000


def doctor(*, json: bool = False) -> None:
    """Look at this machine: versions, zone maps, page, disk, socket buffers. Exit 1 on a fault.

    Parameters
    ----------
    json
        Print one JSON document.
    """
    faults: list[str] = []
    facts: dict[str, str] = {"python": platform.python_version(), "machine": platform.machine()}
    facts |= {name: importlib.metadata.version(name) for name in PACKAGES}
    for name in build.SHIPPED_MAPS:
        zones = ZoneMap.from_bytes(build.zone_map_bytes(name))
        facts[f"zone map {name}"] = f"{len(zones)} zones, {zones.version}"
    page = Path(str(files("tocsin").joinpath("web", "index.html")))
    facts["page"] = "built" if page.is_file() else "not built"
    if not page.is_file():
        faults.append("the page is not built: run 'make setup'")
    free_bytes = shutil.disk_usage(Path.cwd()).free
    facts["free disk"] = f"{free_bytes / 1e9:.1f} GB"
    if free_bytes < FREE_BYTES_MIN:
        faults.append("less than 1 GB free where the journal would go: make room")
    limit = Path("/proc/sys/net/core/rmem_max")
    if limit.is_file():
        facts["socket buffer limit"] = f"{int(limit.read_text()) / 1e6:.1f} MB"
        if int(limit.read_text()) < RECEIVE_BUFFER_BYTES:
            facts["advice"] = f"sysctl net.core.rmem_max={RECEIVE_BUFFER_BYTES} holds longer bursts"
    if json:
        put_json({"facts": facts, "faults": faults})
    else:
        for name, value in facts.items():
            print(f"{name:<22}{value}")
    if faults:
        fail("; ".join(faults))
