"""Fit what `predict` believes of drones and cruise missiles to simulated flights; print constants.

    .venv/bin/python -m tools.fit_flying

The flights are those of three scenarios by the tuning seeds, each scenario with the same weight
per kilometre flown. Rates at which flights end are fitted by maximum likelihood (a Poisson process
along the way over zones of different density of people); turns are counted.
"""

import sys
from typing import Final, NamedTuple

import numpy as np
from bench.predict import flying
from scipy.optimize import minimize

from tocsin.geo import geodetic
from tocsin.words import FloatArray

STEP_M: Final = 500.0
TURNING_DEG: Final = 1.0  # in 500 m: a straight leg bends less, a turn more
TURN_DEG_MAX: Final = 180.0  # circles count as one turn back


class Way(NamedTuple):
    """One flight, every 500 m: density of people below (NaN outside zones), turn there (deg)."""

    density_per_km2: FloatArray
    turn_deg: FloatArray
    down: bool


def ways(name: str, seed: int, count: int, kind: str) -> list[Way]:
    """All flights of a kind."""
    zones = flying.world(name)[1]
    density = np.maximum(zones.people, 0) / zones.area_m2 * 1e6
    found = []
    for raid in flying.raids(name, seed, count):
        for flown in raid.flights:
            if flown.plan.kind != kind:
                continue
            t_s = np.arange(flown.path.t_s[0], flown.end_s, STEP_M / flown.plan.speed_mps)
            lat, lon, _ = geodetic(flown.path.at(t_s))
            zone = zones.locate(lat, lon)
            east = np.diff(lon) * np.cos(np.radians(lat[:-1]))
            heading = np.unwrap(np.arctan2(east, np.diff(lat)))
            below = np.where(zone >= 0, density[zone], np.nan)
            found.append(Way(below, np.degrees(np.diff(heading)), flown.path.down))
    return found


def turns(some: list[Way]) -> FloatArray:
    """Angle (deg) of each turn: steps that turn without a break are one."""
    found = []
    for way in some:
        turning = np.abs(way.turn_deg) > TURNING_DEG
        edge = np.flatnonzero(np.diff(np.concatenate([[0], turning.astype(int), [0]])))
        ends = zip(edge[::2], edge[1::2], strict=True)
        found += [float(way.turn_deg[begin:end].sum()) for begin, end in ends]
    return np.clip(np.abs(np.array(found)), 0.0, TURN_DEG_MAX)


def rates(pools: list[list[Way]]) -> tuple[float, float, float, float]:
    """Rates per km: floor, people, and density of the half; and outside zones."""
    density, ended, weight = [], [], []
    for some in pools:
        way_km = sum(len(way.density_per_km2) for way in some) * STEP_M / 1e3
        for way in some:
            ends = np.zeros(len(way.density_per_km2))
            ends[-1] = way.down
            density.append(way.density_per_km2)
            ended.append(ends)
            weight.append(np.full(len(ends), 1e5 / way_km))
    below, end, part = (np.concatenate(rows) for rows in (density, ended, weight))
    out = np.isnan(below)
    unzoned = (end * part)[out].sum() / (part[out].sum() * STEP_M / 1e3)
    below, end, part = below[~out], end[~out], part[~out]
    edges = np.concatenate([[-1.0], np.geomspace(1.0, 2e4, 60)])
    box = np.digitize(below, edges)
    km = np.bincount(box, part) * STEP_M / 1e3
    count = np.bincount(box, part * end)
    mean = np.bincount(box, part * below) / np.maximum(np.bincount(box, part), 1e-9)
    used = km > 0.0

    def loss(log: FloatArray) -> float:
        floor, people, half = np.exp(log)
        rate = floor + people * mean[used] / (mean[used] + half)
        return float((rate * km[used] - count[used] * np.log(rate)).sum())

    best = minimize(loss, np.log([0.006, 0.03, 600.0]), method="Nelder-Mead")
    floor, people, half = np.exp(best.x).tolist()
    even = float(count.sum() / km.sum())
    sys.stdout.write(f"  even {even:.4f} per km\n")
    return floor, people, half, float(unzoned)


def main() -> None:
    """Print it all."""
    pools: dict[str, list[Way]] = {name: [] for name in flying.TUNING}
    for kind in ("drone", "cruise"):
        sys.stdout.write(f"{kind}\n")
        per_km, square = [], []
        for name, (seed, count) in flying.TUNING.items():
            some = ways(name, seed, count, kind)
            if not some:
                continue
            pools[name] += some
            km = sum(len(way.turn_deg) for way in some) * STEP_M / 1e3
            angle = turns(some)
            rms = float(np.sqrt((angle**2).mean()))
            per_km.append(len(angle) / km)
            square.append(rms**2)
            sys.stdout.write(
                f"  {name}: {len(some)} flights, {km:.0f} km, a turn each {km / len(angle):.0f} km"
                f" of {rms:.0f} deg (r.m.s.; median {np.median(angle):.0f})\n"
            )
        leg_km, turn_deg = 1.0 / np.mean(per_km), np.sqrt(np.average(square, weights=per_km))
        sys.stdout.write(f"  leg_m = {leg_km:.0f}e3, turn_rad = radians({turn_deg:.0f})\n")
    floor, people, half, unzoned = rates(list(pools.values()))
    sys.stdout.write(
        f"rates per km: floor {floor:.4f}, people {people:.4f} with half at {half:.0f} per km2,"
        f" outside zones {unzoned:.4f}\n"
    )


if __name__ == "__main__":
    main()
