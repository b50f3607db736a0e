"""Invariant: any bytes are read without raising, every record has exactly one fate, memory ends.

Run: ``PYTHONPATH=src python fuzz/fuzz_asterix.py [SECONDS] [SEED]`` (10 s, seed 1).
Half of the inputs are noise of every length up to 64 KiB, half are valid datagrams that were
damaged: octets changed, cut, doubled, lengths forged. On a failure it prints the seed and the
input in hexadecimal, and exits with 1.
"""

import pickle
import random
import struct
import sys
import time

from tocsin.rules.reasons import REASONS
from tocsin.sense import Sense
from tocsin.words import Batch, Frame, SensorSite, Site, SourceSite

NOON_NS = 1_795_348_800_000_000_000  # 2026-11-22T12:00:00Z
ITEMS = {34: 14, 48: 28, 62: 35}


def site() -> Site:
    radar = SensorSite(name="hill", lat_deg=49.0, lon_deg=32.0, sac=25, sic=1)
    return Site(
        name="fuzz", realm="live", mode="shadow", zones="ua", sender="f", sender_name="f",
        languages=("en",), sensors=(radar,), sources=(SourceSite(name="radars", url="udp://x:1"),),
    )  # fmt: skip


def near_valid(chance: random.Random) -> bytes:
    """One block of a category that we read, with plausible mandatory items."""
    category = chance.choice(tuple(ITEMS))
    now = (NOON_NS // 7_812_500 % (86_400 * 128) + chance.randint(-3000, 3000)).to_bytes(3, "big")
    head = bytes([25, chance.randrange(4)])
    descriptor = bytes([chance.getrandbits(8) & 0xFE])
    if category == 34:
        body = b"\xf0" + head + b"\x01" + now + chance.randbytes(1)
    elif category == 48:
        body = b"\xf0" + head + now + descriptor + chance.randbytes(4)
    else:
        place = struct.pack(">ii", chance.randint(-(2**24), 2**24), chance.randint(-(2**25), 2**25))
        body = b"\x99\x0c" + head + now + place + chance.randbytes(2) + descriptor
    if chance.random() < 0.3:
        body += bytes([chance.getrandbits(8) | 1, chance.getrandbits(8)]) + chance.randbytes(60)
    return struct.pack(">BH", category, len(body) + 3) + body


def damaged(chance: random.Random) -> bytes:
    """A few blocks with a few faults."""
    octets = bytearray(b"".join(near_valid(chance) for _ in range(chance.randint(1, 6))))
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        at = chance.randrange(len(octets))
        kind = chance.randrange(4)
        if kind == 0:
            octets[at] = chance.getrandbits(8)
        elif kind == 1:
            del octets[at:]
            octets += b"\x30"
        elif kind == 2:
            octets[at:at] = octets[: chance.randrange(64)]
        else:
            octets[at : at + 2] = chance.choice((b"\x00\x00", b"\xff\xff", b"\x00\x03"))
    return bytes(octets)


def noise(chance: random.Random) -> bytes:
    size = chance.choice((chance.randrange(8), chance.randrange(300), chance.randrange(65_536)))
    filling = chance.choice((None, b"\xff", b"\x00", b"\x01", b"\x80"))
    body = chance.randbytes(size) if filling is None else filling * size
    if chance.random() < 0.7:
        category = chance.choice((*ITEMS, chance.getrandbits(8)))
        return struct.pack(">BH", category, min(65_535, len(body) + 3)) + body
    return body


def check(sense: Sense, number: int, payload: bytes) -> None:
    frame = Frame(t_ns=NOON_NS + number * 1_000_000, source="radars", payload=payload)
    heard = sense.read(Batch(number=number, t_ns=frame.t_ns, inputs=(frame,)))
    counts = heard.counts
    refused = sum(rejected.count for rejected in heard.rejected)
    fates = counts.fixes + counts.pulses + counts.duplicates + counts.unplaced + refused
    assert counts.records == fates, (counts, heard.rejected)
    assert counts.fixes == len(heard.fixes)
    assert all(rejected.reason in REASONS for rejected in heard.rejected)
    assert abs(heard.fixes.position_m).max(initial=0.0) < 1e8
    assert abs(heard.fixes.covariance_m2).max(initial=0.0) < 1e12
    assert len(heard.sensors) <= 1025
    assert bool(payload) == bool(counts.records)


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chance = random.Random(seed)
    sense = Sense(site())
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        payload = noise(chance) if chance.random() < 0.5 else damaged(chance)
        try:
            check(sense, number, payload)
        except Exception as error:
            print(f"seed {seed}, input {number}: {error!r}\n{payload.hex()}", file=sys.stderr)
            raise SystemExit(1) from error
        number += 1
    size = len(pickle.dumps(sense))
    assert size < 64_000_000, size
    print(f"seed {seed}: {number} inputs, state {size} octets, no fault")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
