"""Errors of tracks that only sound makes, false alarms, calibration, and time for a large net.

The worlds are those of `tests/track/sounds.py`: seeded, made without the code under test. The
peer is the particle-filter prototype of the shared knowledge (algorithms.md 3.5), whose figures
are copied here; its world was similar, not the same. Seeds 0-24 for errors, 1000- for silence of
false reports, 2000- for calibration; constants were chosen while looking at seeds 0-24 and 1000-1.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tests.track import sounds
from tests.track.sounds import House, Net, at, path, presences

from tocsin.track import ears
from tocsin.track.sound import SOUND_MPS, SOUND_SD
from tocsin.words import FloatArray

PEER = {  # configuration: median and 90 % error at 10 s, at 60 s
    "bearing 5 deg, 3 km": (168, 305, 160, 416),
    "bearing 5 deg, 3 km, delay ignored": (350, 511, 347, 619),
    "bearing 5 deg, 5 km": (426, 601, 260, 472),
    "bearing 10 deg, 5 km": (636, 1040, 399, 726),
    "bearing 5 deg, 7 km": (594, 2070, 445, 1040),
    "detect only, 3 km": (1010, 1379, 513, 872),
    "detect only, 3 km, delay ignored": (1004, 1401, 813, 1162),
    "detect only, 5 km": (1069, 1467, 992, 1947),
}
NETS = {
    "bearing 5 deg, 3 km": (3_000.0, 5.0),
    "bearing 5 deg, 5 km": (5_000.0, 5.0),
    "bearing 10 deg, 5 km": (5_000.0, 10.0),
    "bearing 5 deg, 7 km": (7_000.0, 5.0),
    "detect only, 3 km": (3_000.0, 0.0),
    "detect only, 5 km": (5_000.0, 0.0),
}


def fly(net: Net, seed: int, silence: bool = True, length_s: int = 60) -> FloatArray:
    """Horizontal error of the surest track after each second, NaN while there is none."""
    rng = np.random.default_rng(seed)
    house = House()
    start = [*rng.uniform(-3000, 3000, 2), rng.uniform(300, 1000)]
    track = path(rng, start, rng.uniform(-np.pi, np.pi), length_s + 5.0)
    errors = np.full(length_s + 1, np.nan)
    for t in range(1, length_s + 1):
        said, heard = net.listen([track], float(t), rng)
        if not silence:
            kept = heard.heard
            heard = presences(heard.node[kept], heard.heard[kept], float(t))
        house.step(float(t), said, heard, net.nodes)
        sure = house.sure()
        if sure:
            errors[t] = np.linalg.norm(house.enu(sure[0])[:2] - at(track, float(t))[:2])
    return errors


def accuracy(runs: int) -> list[dict[str, Any]]:
    rows = []
    settings: Any = ears
    for name, (grid_m, sigma_deg) in NETS.items():
        net = Net(grid_m=grid_m, sigma_deg=sigma_deg, half_m=4.0 * grid_m)
        cases = [("", True, SOUND_MPS)]
        if grid_m == 3_000.0:
            cases += [(", delay ignored", True, 1e9), (", silence ignored", False, SOUND_MPS)]
        for suffix, silence, sound_mps in cases:
            settings.SOUND_MPS = sound_mps
            errors = np.array([fly(net, seed, silence) for seed in range(runs)])
            settings.SOUND_MPS = SOUND_MPS
            peer = PEER.get(name + suffix)
            for k, t in enumerate((10, 60)):
                found = errors[~np.isnan(errors[:, t]), t]
                median, high = np.percentile(found, [50, 90])
                rows.append(_row(f"{name}{suffix}: median at {t} s", "m", median,
                                 peer[2 * k] if peer else None))  # fmt: skip
                rows.append(_row(f"{name}{suffix}: 90 % at {t} s", "m", high,
                                 peer[2 * k + 1] if peer else None))  # fmt: skip
                if len(found) < runs:
                    rows.append(_row(f"{name}{suffix}: no track at {t} s", "", runs - len(found)))
    return rows


def information(places: int = 2_000) -> list[dict[str, Any]]:
    """What one second of the 3 km net can tell of a place at most: the Cramer-Rao bound, level.

    Bearings are across the line of sight, hearing or not hearing along it (Fisher information of a
    yes with chance p: p' squared over p (1 - p)), by the law of hearing of this world.
    """
    rng, net, found = np.random.default_rng(0), Net(), []
    for _ in range(places):
        here = [*rng.uniform(-3000, 3000, 2), rng.uniform(300, 1000)]
        seen = np.asarray(here) - net.enu_m
        level_m, range_m = np.linalg.norm(seen[:, :2], axis=1), np.linalg.norm(seen, axis=1)
        power = (range_m / net.reach_m) ** sounds.STEEP
        heard = net.chance / (1.0 + power)
        slope = heard * sounds.STEEP * power / (1.0 + power) * level_m / range_m**2
        sigma = np.hypot(np.radians(net.sigma_deg), SOUND_SD * 50.0 / sounds.SOUND_MPS)
        along = seen[:, :2] / level_m[:, None]
        across = along[:, ::-1] * [-1.0, 1.0]
        lines = np.einsum("n,ni,nj", heard / (sigma * level_m) ** 2, across, across)
        hearing = np.einsum("n,ni,nj", slope**2 / (heard * (1.0 - heard)), along, along)
        found.append([np.trace(np.linalg.inv(j)) for j in (lines, lines + hearing, hearing)])
    names = ("bearings", "bearings, heard and not heard", "heard and not heard alone")
    return [
        _row(f"least error from one second, {name}", "m", rms)
        for name, rms in zip(names, np.sqrt(np.mean(found, axis=0)), strict=True)
    ]


def quiet_nights(runs: int) -> list[dict[str, Any]]:
    """Ten minutes of nothing but false reports, 81 nodes: births and the surest row ever."""
    rows = []
    for rate, sigma_deg in ((600, 5.0), (600, 0.0), (60, 5.0), (60, 0.0)):
        net = Net(false_ps=1.0 / rate, sigma_deg=sigma_deg)
        births, surest = 0, 0.0
        for seed in range(1000, 1000 + runs):
            rng, house = np.random.default_rng(seed), House()
            for t in range(1, 601):
                house.step(float(t), *net.listen([], float(t), rng), net.nodes)
                surest = max(surest, house.tracks["existence"][: house.n].max(initial=0.0))
            births += len(house.born)
        name = f"false only, {sigma_deg:g} deg, one in {rate} s a node"
        rows += [_row(f"{name}: births", "", births), _row(f"{name}: surest", "%", 100.0 * surest)]
    return rows


def calibration(runs: int) -> list[dict[str, Any]]:
    """Expected calibration error of existence over all rows each 5 s.

    Every minute a drone begins inside the net; a row inside it is right when the nearest drone that
    no surer row has taken is within a grid step (3 km). Sums over tenths of existence.
    """
    rows = []
    for sigma_deg in (5.0, 0.0):
        chance: list[float] = []
        truth: list[float] = []
        for seed in range(2000, 2000 + runs):
            rng, net = np.random.default_rng(seed), Net(sigma_deg=sigma_deg, false_ps=1.0 / 120.0)
            house, tracks = House(), []
            for t in range(1, 301):
                if t % 60 == 1 and t < 200:
                    start = [*rng.uniform(-9000, 9000, 2), rng.uniform(300, 1000)]
                    new = path(rng, start, rng.uniform(-np.pi, np.pi), 300.0)
                    silent = round((sounds.BEFORE_S + t) / sounds.STEP_S)
                    new[:silent, 2] = 1e6  # far above: nobody hears it before
                    tracks.append(new)
                house.step(float(t), *net.listen(tracks, float(t), rng), net.nodes)
                if t % 5 == 0:
                    _judge(house, [at(track, float(t)) for track in tracks], chance, truth)
        bins = np.minimum((np.array(chance) * 10).astype(int), 9)
        gap = sum(abs(np.sum(np.array(chance)[bins == b] - np.array(truth)[bins == b]))
                  for b in range(10)) / len(chance)  # fmt: skip
        kind = "bearing 5 deg" if sigma_deg else "detect only"
        rows.append(_row(f"existence, {kind}: calibration error", "%", 100.0 * gap))
        rows.append(_row(f"existence, {kind}: rows judged", "", len(chance)))
    return rows


def _judge(house: House, places: list[FloatArray], chance: list[float], truth: list[float]) -> None:
    taken: list[int] = []
    inside = [i for i in house.sure(0.0) if np.abs(house.enu(i)[:2]).max() < 12_000.0]
    for i in inside:
        apart_m = [float(np.linalg.norm(house.enu(i)[:2] - p[:2])) if k not in taken else np.inf
                   for k, p in enumerate(places)]  # fmt: skip
        right = bool(apart_m) and min(apart_m) < 3_000.0
        if right:
            taken.append(int(np.argmin(apart_m)))
        chance.append(float(house.tracks["existence"][i]))
        truth.append(float(right))


def crowd(targets: int = 1_000) -> list[dict[str, Any]]:
    """10,201 nodes, 1,000 drones, each second a report of every node: processor time."""
    net, rng = Net(half_m=150_000.0, false_ps=1.0 / 3600.0), np.random.default_rng(3)
    house = House(rows=4 * targets)
    tracks = [path(rng, [*rng.uniform(-145e3, 145e3, 2), 600.0], rng.uniform(-3, 3), 20.0)
              for _ in range(targets)]  # fmt: skip
    spent, known = [], 0.0
    for t in range(1, 13):
        said, heard = net.listen(tracks, float(t), rng)
        began = time.thread_time()
        born = house.hear(said, heard, net.nodes)
        spent.append(time.thread_time() - began)
        house.append(born)
        house.forward(float(t))
        sure = np.array([house.enu(i)[:2] for i in house.sure()])
        true = np.array([at(track, float(t))[:2] for track in tracks])
        known = float(np.mean([np.linalg.norm(sure - p, axis=1).min() < 1_000.0 for p in true]))
    return [
        _row("10,201 nodes, 1,000 drones, first seconds: slowest set", "ms", 1e3 * max(spent[1:])),
        _row("10,201 nodes, 1,000 drones: last set", "ms", 1e3 * spent[-1]),
        _row("10,201 nodes, 1,000 drones: rows after 12 s", "", house.n),
        _row("10,201 nodes, 1,000 drones: found within 1 km", "%", 100.0 * known),
    ]


def _row(name: str, unit: str, ours: float, peer: float | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "unit": unit,
        "tocsin": float(ours),
        "peer": peer,
        "peer_name": "particle filter prototype" if peer else None,
        "ratio": peer / float(ours) if peer else None,
        "spread": None,
        "reason": None if peer else "no peer figure",
    }


def main(args: list[str]) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser(prog="python -m bench passive")
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--nights", type=int, default=4)
    parser.add_argument("--only", default="accuracy,information,nights,calibration,crowd")
    asked = parser.parse_args(args)
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "accuracy": lambda: accuracy(asked.runs),
        "information": information,
        "nights": lambda: quiet_nights(asked.nights),
        "calibration": lambda: calibration(asked.nights),
        "crowd": crowd,
    }
    return [row for part in asked.only.split(",") for row in parts[part]()]
