"""Seeded flights of every kind, and what a radar and the bank of models make of them.

For `tools/fit_kind.py` only. The world is flat and local (east, north, up): motion over four
minutes is what is learnt, not geodesy. Ranges of speed and height are published ones, named at
each maker; how they are spread within is chosen.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from tocsin import air
from tocsin.track import bank
from tocsin.words import FloatArray

SECONDS: Final = 240
SCAN_S: Final = 4
LOOKS: Final = SECONDS // SCAN_S
RATES_PS: Final = (1.0 / 60.0, 1.0 / 15.0)  # leaving straight, leaving any other model; chosen
Path = FloatArray
"""(flights, seconds, 3) east, north, up in metres; NaN once it is over."""


class Craft(NamedTuple):
    """One sort of craft, each range (low, high) drawn evenly for a flight."""

    kind: str
    sort: str
    share: float  # of its kind
    speed_mps: tuple[float, float]  # through the air where `wind` is given, else over ground
    height_m: tuple[float, float]  # above ground
    climb_mps: tuple[float, float]  # held for the whole flight unless it levels off
    turn_every_s: float
    turn_dps: tuple[float, float]
    turn_s: tuple[float, float]
    hover: float = 0.0  # share of time at rest
    dive: float = 0.0  # share of flights that end in a dive
    wander_mps: float = 0.0  # s.d. of a slow vertical wander
    wander_s: float = 20.0  # ... and for how long it keeps its way
    wind: float = 0.0  # m/s of wind for each sqrt(km) of height, s.d. each way
    gain_mps2: float = 0.0  # by which the speed grows


WIND: Final = 7.0
"""`Craft.wind` of what flies in any weather. Chosen: its mean speed is then 5.5 m/s up to 400 m,
10.7 m/s at 1.5 km and 15 m/s at 3 km, an ordinary day's of the middle latitudes. A drone of 50 m/s
goes 30 to 70 m/s over ground."""
WIND_FLOOR_M: Final = 400.0  # below, wind no longer falls with the root of height; chosen
CRAFT: Final = (
    # One-way propeller drones 140-220 km/h, jets 370-600 km/h, through the air (domain study of
    # the project), from the treetops to 4 km. Some types are said to reach 250 km/h.
    Craft("drone", "propeller", 0.31, (39, 61), (100, 2500), (0, 0), 90, (2, 6), (3, 12), dive=0.2,
          wander_mps=0.8, wind=WIND),
    Craft("drone", "fast propeller", 0.12, (53, 69), (100, 2500), (0, 0), 90, (2, 6), (3, 12),
          dive=0.2, wander_mps=0.8, wind=WIND),
    Craft("drone", "low propeller", 0.17, (39, 61), (30, 400), (0, 0), 90, (2, 6), (3, 12),
          dive=0.2, wander_mps=0.8, wind=WIND),  # under the radars, as many fly
    Craft("drone", "climbing drone", 0.29, (39, 61), (200, 3800), (-4, 5), 90, (2, 6), (3, 12),
          dive=0.2, wander_mps=0.8, wind=WIND),
    Craft("drone", "jet", 0.01, (103, 165), (200, 4000), (-3, 4), 120, (2, 4), (3, 12), dive=0.2,
          wander_mps=1.0, wind=WIND),
    Craft("drone", "low jet", 0.01, (103, 165), (30, 800), (0, 0), 120, (2, 4), (3, 12), dive=0.2,
          wander_mps=1.0, wind=WIND),  # on its last leg, where no aircraft is so fast
    Craft("drone", "small", 0.09, (15, 38), (80, 600), (0, 0), 40, (6, 15), (4, 15), hover=0.1,
          wander_mps=0.6, wind=WIND),
    # Cruise missiles 700 km/h to Mach 0.8 at 50-300 m, some over hills; supersonic Mach 2-3.
    Craft("cruise", "subsonic", 0.75, (195, 272), (50, 300), (0, 0), 100, (2, 5), (4, 15), dive=0.1,
          wander_mps=3.0, wind=WIND),
    Craft("cruise", "over hills", 0.15, (195, 272), (300, 1500), (0, 0), 80, (2, 5), (4, 15),
          wander_mps=8.0, wind=WIND),
    Craft("cruise", "supersonic", 0.10, (600, 900), (100, 15000), (0, 0), 200, (0.5, 1.5), (4, 10),
          dive=0.3, wander_mps=3.0),
    # Airliners Mach 0.74-0.85 at FL290-410 with winds; 250 kt below FL100; 3-degree approach.
    Craft("aircraft", "airliner", 0.312, (200, 270), (8500, 12500), (0, 0), 300, (0.5, 1.5),
          (10, 60), wander_mps=0.3),
    Craft("aircraft", "climbing", 0.09, (140, 220), (1500, 6000), (6, 15), 150, (1, 2), (10, 40)),
    Craft("aircraft", "climbing out", 0.04, (98, 150), (900, 3000), (5, 14), 120, (1, 2), (10, 40)),
    Craft("aircraft", "descending", 0.09, (130, 220), (4500, 9000), (-12, -5), 150, (1, 2),
          (10, 40)),
    Craft("aircraft", "take-off", 0.06, (70, 95), (50, 400), (7, 14), 60, (1.5, 3), (10, 40),
          wind=WIND, gain_mps2=0.15),
    Craft("aircraft", "approach", 0.05, (62, 80), (650, 1400), (-4.4, -2.8), 100, (1.5, 3),
          (10, 40)),
    Craft("aircraft", "terminal", 0.05, (90, 140), (900, 3500), (0, 0), 80, (1.5, 3), (10, 40),
          wander_mps=0.5),
    Craft("aircraft", "arriving", 0.04, (85, 140), (1400, 4500), (-8, -4), 80, (1.5, 3), (10, 40),
          wander_mps=0.5),  # three degrees at 160-270 kt
    Craft("aircraft", "turboprop", 0.08, (100, 150), (2500, 8000), (-3, 4), 200, (1, 2.5),
          (10, 40)),
    Craft("aircraft", "light", 0.10, (25, 70), (150, 3000), (-1.5, 2.5), 60, (3, 8), (5, 50),
          wander_mps=0.8, wind=WIND),  # 90-250 km/h
    Craft("aircraft", "glider", 0.04, (22, 40), (300, 2800), (-1, 2), 25, (9, 18), (20, 120),
          wander_mps=0.8, wind=4.0),
    # Few of them do not answer.
    Craft("aircraft", "fighter", 0.004, (140, 320), (1000, 9000), (-10, 10), 25, (4, 10), (5, 30),
          wander_mps=40.0),  # in training: climbs and dives at up to a third of its speed
    Craft("aircraft", "climbing fighter", 0.004, (140, 320), (1000, 9000), (0, 0), 40, (4, 9),
          (5, 30), wander_mps=50.0, wander_s=60.0),  # ... and holds them for half a minute
    Craft("aircraft", "military", 0.04, (150, 330), (300, 11000), (-15, 20), 50, (2, 8), (5, 40),
          wander_mps=4.0),
    # They cruise at 180 (light, piston) to 270 km/h (twin turbine) through the air.
    Craft("helicopter", "transit", 0.60, (49, 75), (60, 1000), (-1.5, 1.5), 60, (3, 8), (4, 20),
          hover=0.02, wander_mps=1.2, wind=WIND),
    Craft("helicopter", "at work", 0.40, (5, 45), (30, 600), (0, 0), 20, (5, 15), (5, 40),
          hover=0.4, wander_mps=1.2, wind=WIND),
    # Birds 8-20 m/s through air that moves; most migration below 1500 m.
    Craft("bird", "passage", 0.65, (9, 18), (100, 1800), (0, 0), 60, (1, 4), (3, 15),
          wander_mps=0.5, wind=4.0),
    Craft("bird", "about", 0.35, (8, 15), (20, 500), (0, 0), 12, (5, 20), (3, 15), hover=0.05,
          wander_mps=0.8, wind=3.0),
    Craft("unknown", "balloon", 0.40, (0.0, 0.5), (100, 6000), (0, 0), 1e9, (0, 0), (1, 1),
          wander_mps=0.3, wind=6.0),
    Craft("unknown", "sounding balloon", 0.35, (0.0, 0.5), (50, 22000), (3, 7), 1e9, (0, 0), (1, 1),
          wind=7.0),
    Craft("unknown", "anything", 0.25, (0, 400), (50, 25000), (-60, 60), 30, (2, 20), (5, 60),
          hover=0.1, wander_mps=5.0),
)  # fmt: skip
KINDS_OF_BALLISTIC: Final = (("rocket", 0.5), ("missile", 0.35), ("large", 0.15))


def fly(craft: Craft, n: int, rng: np.random.Generator) -> Path:
    """`n` flights of one sort, a step a second."""
    pace, top = rng.uniform(*craft.speed_mps, n), rng.uniform(*craft.height_m, n)
    ground = np.minimum(rng.exponential(150.0, n), 900.0)
    climb = rng.uniform(*craft.climb_mps, n)
    course, speed = rng.uniform(0.0, 2.0 * np.pi, n), pace.copy()
    turning, rate, resting = np.zeros(n), np.zeros(n), np.zeros(n)
    wander = np.zeros(n)
    root_km = np.sqrt(np.maximum(top, WIND_FLOOR_M) / 1000.0)
    wind = rng.normal(0.0, 1.0, (n, 2)) * craft.wind * root_km[:, None]
    dive_at = np.where(rng.uniform(size=n) < craft.dive, rng.uniform(60.0, SECONDS, n), np.inf)
    steep = np.radians(rng.uniform(20.0, 60.0, n))
    place = np.stack([np.zeros(n), np.zeros(n), ground + top], axis=1)
    path = np.empty((n, SECONDS, 3))
    for second in range(SECONDS):
        path[:, second] = place
        begin = (turning <= 0.0) & (rng.uniform(size=n) < 1.0 / craft.turn_every_s)
        turning = np.where(begin, rng.uniform(*craft.turn_s, n), turning - 1.0)
        side = np.where(rng.uniform(size=n) < 0.5, 1.0, -1.0)
        rate = np.where(begin, np.radians(rng.uniform(*craft.turn_dps, n)) * side, rate)
        course = course + np.where(turning > 0.0, rate, 0.0)
        if craft.hover > 0.0:
            stop = (resting <= 0.0) & (rng.uniform(size=n) < craft.hover / (1 - craft.hover) / 30.0)
            resting = np.where(stop, rng.exponential(30.0, n), resting - 1.0)
        diving = second >= dive_at
        pace = pace + craft.gain_mps2
        wanted = np.where(resting > 0.0, 0.0, np.where(diving, pace * 1.4, pace))
        speed += np.clip(wanted - speed, -3.0, 3.0)
        push = craft.wander_mps * np.sqrt(2.0 / craft.wander_s) * rng.normal(size=n)
        wander += push - wander / craft.wander_s
        rise = np.where(diving, -speed * np.sin(steep), climb + wander)
        low = place[:, 2] + rise < ground + 0.5 * min(top.min(), 30.0)
        rise = np.where(low & ~diving, np.abs(rise), rise)
        level = np.where(diving, speed * np.cos(steep), speed)
        place = place + np.stack(
            [level * np.sin(course) + wind[:, 0], level * np.cos(course) + wind[:, 1], rise], axis=1
        )
        place[diving & (place[:, 2] < ground)] = np.nan
    return path


def ballistic(n: int, rng: np.random.Generator) -> Path:
    """Rockets and ballistic missiles from just after launch: thrust along the velocity, then drag.

    Burn-out at 0.5-2.4 km/s, beta 1.5-9 t/m2 (shared knowledge, section 4); standard atmosphere.
    """
    sort = rng.choice(3, n, p=[share for _, share in KINDS_OF_BALLISTIC])
    burnout = rng.uniform(*np.array([(450, 1000), (900, 1700), (1500, 2400)])[sort].T)
    burn_s = rng.uniform(*np.array([(2, 6), (15, 40), (40, 75)])[sort].T)
    ln_beta = np.log(np.array([(1500, 7000), (3000, 9000), (3000, 9000)]))
    beta = np.exp(rng.uniform(*ln_beta[sort].T))
    steep = np.radians(rng.uniform(35.0, 65.0, n))
    course = rng.uniform(0.0, 2.0 * np.pi, n)
    path = np.full((n, SECONDS, 3), np.nan)
    starts = rng.uniform(0.0, 60.0, n) * (rng.uniform(size=n) < 0.5)  # half are seen from launch
    for k in range(n):
        out = np.array([np.cos(steep[k]) * np.sin(course[k]), np.cos(steep[k]) * np.cos(course[k]),
                        np.sin(steep[k])])  # fmt: skip
        _shoot(out, burnout[k], burn_s[k], beta[k], int(starts[k]), path[k])
    return path


@njit(cache=False)
def _shoot(
    out: FloatArray, burnout: float, burn_s: float, beta: float, skip: int, path: FloatArray
) -> None:
    """Write one flight to `path` (seconds, 3), from `skip` seconds after launch on."""
    place, velocity = np.array([0.0, 0.0, 200.0]), out * 40.0
    step, second = 0.1, 0
    for tick in range(int((skip + len(path)) / step)):
        if tick % 10 == 0:
            second = tick // 10 - skip
            if second >= 0:
                path[second] = place
        speed = np.sqrt((velocity**2).sum())
        push = (burnout - 40.0) / burn_s if tick * step < burn_s else 0.0
        drag = 0.5 * air.standard(place[2])[0] * speed * speed / beta
        if push > 0.0:
            velocity += step * push * out  # guided: keeps its direction, and thrust is net
        else:
            velocity -= step * drag * velocity / speed
            velocity[2] -= step * 9.81
        place += step * velocity
        if place[2] < 100.0:
            return


class Views(NamedTuple):
    """What a tracker sees of n flights at each look: the features of `kind.log_likelihood`."""

    seen: FloatArray  # (n,LOOKS,6) NaN where the radar missed or before the second plot
    true: FloatArray  # (n,LOOKS,3) speed, height, climb as they are
    weight: FloatArray  # (n,LOOKS,M) of the bank's models
    has_height: FloatArray  # (n,) 1 with height


def watch(path: Path, rng: np.random.Generator) -> Views:
    """Views of a 4 s radar 15-120 km away: 40 m, 0.06-0.15 deg, height 0.1-0.25 deg or none."""
    n = len(path)
    range_m = rng.uniform(15e3, 120e3, n)
    across = np.radians(rng.uniform(0.06, 0.15, n)) * range_m
    high = np.radians(rng.uniform(0.1, 0.25, n)) * range_m
    flat = rng.uniform(size=n) < 0.25
    side = rng.uniform(0.0, np.pi, n)
    scan = path[:, ::SCAN_S]
    sd = np.stack([np.full(n, 40.0), across, np.where(flat, 3000.0, high)], axis=1)
    axes = np.zeros((n, 3, 3))
    axes[:, 0, 0], axes[:, 0, 1] = np.cos(side), np.sin(side)
    axes[:, 1, 0], axes[:, 1, 1] = -np.sin(side), np.cos(side)
    axes[:, 2, 2] = 1.0
    noise = rng.normal(size=scan.shape) * np.where(flat[:, None], sd * (1, 1, 0), sd)[:, None]
    plots = scan + np.einsum("nla,nab->nlb", noise, axes)
    plots[flat, :, 2] = 3000.0
    plots[rng.uniform(size=(n, LOOKS)) > 0.9] = np.nan
    cov = np.einsum("nai,na,naj->nij", axes, sd**2, axes)
    rows = bank._FULL  # noqa: SLF001  the bank's own numbers, one by one
    numbers = np.array([row[1:] for row in rows], dtype=np.float64)
    models = len(rows)
    moving = np.gradient(path, axis=1)[:, ::SCAN_S]
    true = np.stack([np.linalg.norm(moving, axis=2), scan[:, :, 2], moving[:, :, 2]], axis=2)
    seen, weight = np.full((n, LOOKS, 6), np.nan), np.full((n, LOOKS, models), np.nan)
    views = Views(seen, true, weight, (~flat).astype(float))
    _track(plots, cov, views.has_height, numbers, views.seen, views.weight)
    return views


@njit(cache=False)
def _transition(numbers: FloatArray, dt: float) -> tuple[FloatArray, FloatArray]:
    """F (M,6,6) and Q (M,6,6) of each model over `dt` seconds: `track.bank` says which."""
    models = len(numbers)
    step, noise = np.zeros((models, 6, 6)), np.zeros((models, 6, 6))
    for m in range(models):
        wide, tall = numbers[m, 0], numbers[m, 1]
        lam = complex(-numbers[m, 3], np.radians(numbers[m, 2]))
        turn = np.exp(lam * dt)
        way = (turn - 1.0) / lam if abs(lam) > 1e-9 else complex(dt, 0.0)
        fade = np.exp(-numbers[m, 3] * dt)
        reach = (1.0 - fade) / numbers[m, 3] if numbers[m, 3] > 0 else dt
        for a in range(3):
            step[m, a, a] = 1.0
            q = tall if a == 2 else wide
            noise[m, a, a], noise[m, a + 3, a + 3] = q * dt**3 / 3, q * dt
            noise[m, a, a + 3] = noise[m, a + 3, a] = q * dt**2 / 2
        step[m, 3, 3] = step[m, 4, 4] = turn.real
        step[m, 3, 4], step[m, 4, 3] = -turn.imag, turn.imag
        step[m, 0, 3] = step[m, 1, 4] = way.real
        step[m, 0, 4], step[m, 1, 3] = -way.imag, way.imag
        step[m, 5, 5], step[m, 2, 5] = fade, reach
    return step, noise


@njit(cache=False)
def _mix(weight: FloatArray, mean: FloatArray, cov: FloatArray, dt: float) -> None:
    """One interaction step (Blom and Bar-Shalom 1988) in place."""
    models = len(weight)
    go = np.zeros((models, models))
    for m in range(models):
        leave = 1.0 - np.exp(-dt * (RATES_PS[0] if m == 0 else RATES_PS[1]))
        for k in range(models):
            go[m, k] = 1.0 - leave if k == m else leave / (models - 1)
    new, means, covs = np.zeros(models), np.zeros_like(mean), np.zeros_like(cov)
    for k in range(models):
        new[k] = (weight * go[:, k]).sum()
        for m in range(models):
            means[k] += weight[m] * go[m, k] / new[k] * mean[m]
        for m in range(models):
            off = mean[m] - means[k]
            covs[k] += weight[m] * go[m, k] / new[k] * (cov[m] + np.outer(off, off))
    weight[:] = new
    mean[:] = means
    cov[:] = covs


@njit(cache=False)
def _track(
    plots: FloatArray, noise: FloatArray, has_height: FloatArray, numbers: FloatArray,
    seen: FloatArray, weights: FloatArray,
) -> None:  # fmt: skip
    """Run the bank over every flight and write speed, height, climb, variances and weights."""
    models = len(numbers)
    steps = [_transition(numbers, float(SCAN_S * (k + 1))) for k in range(LOOKS)]
    for i in range(len(plots)):
        last = -1
        mean, cov = np.zeros((models, 6)), np.zeros((models, 6, 6))
        weight = numbers[:, 5] / numbers[:, 5].sum()
        for look in range(LOOKS):
            z = plots[i, look]
            if np.isnan(z[0]):
                continue
            if last < 0:
                for m in range(models):
                    mean[m, :3] = z
                    cov[m, :3, :3] = noise[i]
                    cov[m, 3, 3] = cov[m, 4, 4] = numbers[m, 6] ** 2
                    cov[m, 5, 5] = numbers[m, 7] ** 2
                last = look
                continue
            step, shake = steps[look - last - 1]
            _mix(weight, mean, cov, float((look - last) * SCAN_S))
            last = look
            like = np.empty(models)
            for m in range(models):
                mean[m] = step[m] @ mean[m]
                cov[m] = step[m] @ cov[m] @ step[m].T + shake[m]
                spread = np.ascontiguousarray(cov[m, :3, :3]) + noise[i]
                gain = np.ascontiguousarray(cov[m, :, :3]) @ np.linalg.inv(spread)
                off = z - mean[m, :3]
                far = (off * np.linalg.solve(spread, off)).sum()
                like[m] = -0.5 * far - 0.5 * np.log(np.linalg.det(spread))
                mean[m] += gain @ off
                cov[m] -= gain @ np.ascontiguousarray(cov[m, :3, :])
                if np.sqrt(mean[m, 3] ** 2 + mean[m, 4] ** 2) > numbers[m, 4]:
                    like[m] -= 20.0  # faster than this model's craft
            weight *= np.exp(like - like.max())
            weight /= weight.sum()
            weights[i, look] = weight
            _project(weight, mean, cov, has_height[i] > 0.0, seen[i, look])


@njit(cache=False)
def _project(
    weight: FloatArray, mean: FloatArray, cov: FloatArray, tall: bool, out: FloatArray
) -> None:
    """Speed, height, climb and variances of the mixture to `out` (6,), as `state.motion` does."""
    middle, whole = np.zeros(6), np.zeros((6, 6))
    for m in range(len(weight)):
        middle += weight[m] * mean[m]
    for m in range(len(weight)):
        off = mean[m] - middle
        whole += weight[m] * (cov[m] + np.outer(off, off))
    heading = middle[3:].copy()
    if not tall:
        heading[2] = 0.0
    out[0] = np.sqrt((heading**2).sum())
    heading /= max(out[0], 1e-3)
    out[1], out[2] = middle[2], middle[5]
    out[3] = heading @ np.ascontiguousarray(whole[3:, 3:]) @ heading
    out[4], out[5] = whole[2, 2], whole[5, 5]
