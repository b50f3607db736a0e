"""The forecast of ballistic tracks: ``python -m bench predict``, or ``make bench NAME=predict``.

Chances of zones, time of impact and cost of `tocsin.predict.fall`, against the truth of 1,000,000
flights a case by another integrator (`truth`), and beside a plain Monte Carlo of 1,000 flights with
our own fast integrator. Zones are random (`maps`), 2.5 and 8 km. Seed 101 was used to choose
the method and its constants; figures are made on others.
"""

import argparse
import time
from typing import Any, Final

import numpy as np
from tests.predict.squares import M_PER_DEG, Squares

from bench.predict import cases, flying, maps, truth
from bench.predict.cases import LAT_DEG, LON_DEG, QUALITIES, Case, bodies
from bench.predict.truth import Floats
from bench.track.rows import Row, row, say
from tocsin.geo import geodetic
from tocsin.predict import fall, flight
from tocsin.predict.air import AIR
from tocsin.predict.zonal import Raster, raster

TUNING_SEEDS: Final = (101,)
ZONES_M: Final = (2_500.0, 8_000.0)
PLAIN: Final = 1_000  # flights of the plain Monte Carlo
PLAIN_NAME: Final = f"Monte Carlo, {PLAIN:,} flights"
THREATS: Final = 2_000
ROUNDS: Final = 9
_CHUNK: Final = 100_000
Figures = dict[str, float]


def judge(case: Case, seed: int, flights: int) -> tuple[Figures, Figures]:
    """Figures of one case: ours and those of the plain Monte Carlo."""
    rng = np.random.default_rng([seed, 1])
    flown = np.concatenate(
        [truth.impacts(case.drawn(rng, min(_CHUNK, flights))) for _ in range(0, flights, _CHUNK)]
    )
    one = bodies([case])
    found = fall.impacts(one)
    ours_s = fall.samples(found, 0)[:, 2]
    plain_s, plain_m = flight.fall(flight.EARTH, AIR, case.drawn(rng, PLAIN))
    plain_deg = np.stack(geodetic(plain_m)[:2], axis=1)
    major_m = np.sqrt(np.linalg.eigvalsh(_metres(flown)).max())
    ours: Figures = {
        "time": abs(float(found.mean[0, 2] - flown[:, 2].mean())),
        "median time": abs(float(np.median(ours_s) - np.median(flown[:, 2]))),
        "footprint": float(major_m),
    }
    plain: Figures = {
        "time": abs(float(plain_s.mean() - flown[:, 2].mean())),
        "median time": abs(float(np.median(plain_s) - np.median(flown[:, 2]))),
    }
    everywhere = np.concatenate([flown[:, :2], plain_deg, fall.samples(found, 0)[:, :2]])
    for zone_m in ZONES_M:
        grid = maps.voronoi(np.random.default_rng([seed, round(zone_m)]), everywhere, zone_m)
        count = len(grid.hazard_per_m)
        hit = maps.zones_of(grid, flown[:, :2])
        true = np.bincount(hit, minlength=count) / len(flown)
        struck = fall.strikes(grid, one, np.zeros(1))
        chance = np.zeros(count)
        chance[struck.zone] = struck.chance[:, -1]
        ours |= _apart(f"{zone_m / 1e3:g} km", chance, true)
        share = np.bincount(maps.zones_of(grid, plain_deg), minlength=count) / PLAIN
        plain |= _apart(f"{zone_m / 1e3:g} km", share, true)
        likely = np.flatnonzero((true > 0.05) & (chance > 0.0))
        at = np.searchsorted(struck.zone, likely)
        middle_s = np.array([np.median(flown[hit == zone, 2]) for zone in likely])
        ours[f"{zone_m / 1e3:g} km zone time"] = np.abs(struck.quantiles_s[at, 1] - middle_s).max()
    return ours, plain


def _metres(places: Floats) -> Floats:
    """Covariance (2,2) of places in degrees, in m2."""
    scale = M_PER_DEG * np.array([1.0, np.cos(np.radians(places[:, 0].mean()))])
    return np.cov((places[:, :2] * scale).T)


def _apart(name: str, chance: Floats, true: Floats) -> Figures:
    """Total variation, and the largest difference, of two lists of chances."""
    return {
        f"{name} variation": 0.5 * float(np.abs(chance - true).sum()),
        f"{name} largest": float(np.abs(chance - true).max()),
    }


def accuracy(seeds: list[int], each: int, flights: int) -> list[Row]:
    """Rows of all cases together, and of each quality of tracking."""
    judged: list[tuple[str, Figures, Figures]] = []
    for seed in seeds:
        for k, case in enumerate(cases.drawn(seed, each)):
            judged.append((case.quality, *judge(case, 1_000 * seed + k, flights)))
            say(f"{case.quality}: " + ", ".join(f"{n} {v:.4g}" for n, v in judged[-1][1].items()))
    rows = []
    for figure, unit, target in (
        ("2.5 km variation", "1", 0.010),
        ("2.5 km largest", "1", 0.025),
        ("8 km variation", "1", None),
        ("8 km largest", "1", None),
        ("time", "s", 0.05),
        ("median time", "s", 0.05),
    ):
        rows.append(_row(f"{NAMES[figure]}, all", figure, unit, judged, seeds, flights, target))
    for quality in QUALITIES:
        some = [found for found in judged if found[0] == quality.name]
        for figure, unit in (("footprint", "m"), ("2.5 km variation", "1"), ("2.5 km largest", "1"),
                             ("time", "s"), ("2.5 km zone time", "s")):  # fmt: skip
            name = f"{NAMES[figure]}, {quality.name}"
            rows.append(_row(name, figure, unit, some, seeds, flights, None))
    return rows


NAMES: Final = {
    "2.5 km variation": "2.5 km zones: total variation",
    "2.5 km largest": "2.5 km zones: largest error of a chance",
    "8 km variation": "8 km zones: total variation",
    "8 km largest": "8 km zones: largest error of a chance",
    "time": "mean time of impact, error",
    "median time": "median time of impact, error",
    "footprint": "footprint, major standard deviation",
    "2.5 km zone time": "2.5 km zones over 5 %: median time, largest error",
}


def _row(
    name: str,
    figure: str,
    unit: str,
    judged: list[tuple[str, Figures, Figures]],
    seeds: list[int],
    flights: int,
    target: float | None,
) -> Row:
    """One figure: median over the cases; a target is met when the worst case meets it."""
    ours = [found[figure] for _, found, _ in judged]
    peers = [found[figure] for _, _, found in judged if figure in found]
    return row(
        name, unit, float(np.median(ours)), less=True, spread=[min(ours), max(ours)],
        peer=float(np.median(peers)) if peers else None, peer_name=PLAIN_NAME if peers else None,
        target=f"at most {target:g}, worst case too" if target else None,
        met=max(ours) <= target if target else None,
        seeds=seeds, cases=len(ours), flights=flights,
    )  # fmt: skip


def speed(seeds: list[int], each: int) -> list[Row]:
    """Threats in 100 ms of one core: the whole of `strikes`, zones of 4 km, harm radius 500 m."""
    some = cases.drawn(seeds[0], each)
    of = [some[k % len(some)] for k in range(THREATS)]
    zones = Squares(LAT_DEG - 1.5, LON_DEG - 2.2, 74, 74, 4_000.0)
    grid, asked = raster(zones), bodies(of)
    least = np.full(THREATS, 1e-4)
    struck = fall.strikes(grid, asked, least)
    states = of[0].drawn(np.random.default_rng(0), PLAIN)
    ours, plain, alone = [], [], []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        fall.strikes(grid, asked, least)
        ours.append(0.1 * THREATS / (time.thread_time() - begun))
        begun = time.thread_time()
        fall.impacts(asked)
        alone.append(0.1 * THREATS / (time.thread_time() - begun))
        begun = time.thread_time()
        for k in range(30):
            _plain(grid, of[k], states)
        plain.append(0.1 * 30 / (time.thread_time() - begun))
    common: dict[str, Any] = {"seeds": seeds, "cases": len(some)}
    median = float(np.median(ours))
    return [
        row(
            f"ballistic threats in 100 ms of one core, {len(zones):,} zones", "threats", median,
            peer=float(np.median(plain)), peer_name=PLAIN_NAME, spread=[min(ours), max(ours)],
            target="at least 2,000", met=median >= 2_000.0, **common,
        ),
        row(
            "of these, the distribution of impact alone", "threats", float(np.median(alone)),
            spread=[min(alone), max(alone)], **common,
        ),
        row("rows of zones per threat", "1", len(struck) / THREATS, **common),
    ]  # fmt: skip


def _plain(grid: Raster, case: Case, states: Floats) -> Floats:
    """Shares of the first zone of each cell, by flying `states` moved to the case."""
    moved = states.copy()
    moved[:, :6] += case.centre - states[0, :6]
    down_s, down_m = flight.fall(flight.EARTH, AIR, moved)
    lat_deg, lon_deg, _ = geodetic(down_m)
    row_at = ((lat_deg - grid.south_deg) * grid.rows_per_deg).astype(np.int64)
    column = ((lon_deg - grid.west_deg) * grid.columns_per_deg).astype(np.int64)
    return np.bincount(row_at * grid.columns + column) / len(down_s)


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def main(args: list[str]) -> list[Row]:
    """The rows asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench predict", description=__doc__)
    parser.add_argument("--seeds", type=_numbers, default=[1], help="such as 1,2")
    parser.add_argument("--each", type=int, default=10, help="cases of each quality and seed")
    parser.add_argument("--flights", type=int, default=1_000_000, help="of the truth, a case")
    parser.add_argument("--only", default="speed,accuracy,mixed", help="or flying")
    asked = parser.parse_args(args)
    if set(asked.seeds) & set(TUNING_SEEDS):
        say(f"these seeds were used for tuning: {sorted(set(asked.seeds) & set(TUNING_SEEDS))}")
    rows = []
    if "mixed" in asked.only:
        rows += flying.speed()
    if "flying" in asked.only:
        rows += flying.calibration()
    if "speed" in asked.only:
        rows += speed(asked.seeds, asked.each)
    if "accuracy" in asked.only:
        rows += accuracy(asked.seeds, asked.each, asked.flights)
    return rows
