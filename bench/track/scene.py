"""The scenario that every tracker of this bench runs on: the neutral shared one, or one made here.

Both have the same published figures: 100 km x 100 km, one scan a second, groups of five that share
a route and turn together, detection chance 0.9, two false reports for each target and scan. The
one made here is an independent implementation for checkouts that stand alone; every row says which
of the two was used, because figures of different scenarios must not be held side by side.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "bench"
AREA_M: Final = 100e3
HEIGHT_M: Final = 10e3  # false reports fill the area up to here
DETECTED: Final = 0.9
FALSE_EACH: Final = 2.0  # false reports for each target and scan
RADAR_M: Final = (-70e3, 0.0, 50.0)
SIGMA_M: Final = (80.0, 80.0, 120.0)  # Cartesian noise
SIGMA_POLAR: Final = (50.0, np.deg2rad(0.1), np.deg2rad(0.1))  # range m, azimuth, elevation rad


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Reports of `scans` looks, and what was there; metres in a local east-north-up frame.

    truth_m   (scans,n,3)  NaN while the target is not there
    alive     (scans,n)
    report_m  (r,3)        every report, scan after scan
    noise_m2  (r,3,3)
    first     (scans+1,)   rows of scan k are [first[k], first[k+1])
    """

    truth_m: Floats
    alive: NDArray[np.bool_]
    report_m: Floats
    noise_m2: Floats
    first: NDArray[np.int64]
    scan_s: float
    shared: bool
    seed: int
    polar: bool

    @property
    def scans(self) -> int:
        return len(self.first) - 1

    def rows(self, k: int) -> slice:
        return slice(int(self.first[k]), int(self.first[k + 1]))

    def there_m(self, k: int) -> Floats:
        """(m,3) where targets are at scan `k`."""
        return np.asarray(self.truth_m[k][self.alive[k]])

    @property
    def source(self) -> str:
        return "shared" if self.shared else "own"


def scene(n: int, scans: int, seed: int, *, polar: bool = False) -> Scene:
    """`n` targets over `scans` seconds: the shared scenario where it is beside the checkout."""
    path = SHARED / "scenario.py"
    if not path.is_file():
        return made(n, scans, seed, polar=polar)
    spec = importlib.util.spec_from_file_location("scenario", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.generate(
        n=n, scans=scans, seed=seed, noise="polar" if polar else "cart"
    )
    return Scene(
        truth_m=found["truth"][:, :, [0, 2, 4]],
        alive=found["alive"],
        report_m=found["z"],
        noise_m2=found["R"],
        first=found["ofs"].astype(np.int64),
        scan_s=float(found["meta"]["dt"]),
        shared=True,
        seed=seed,
        polar=polar,
    )


# share, slowest, fastest m/s, lowest, highest m, sharpest turn rad/s: drone, cruise, aircraft
_SORTS: Final = np.array([
    (0.60, 40.0, 60.0, 150.0, 2000.0, np.deg2rad(6.0)),
    (0.25, 180.0, 260.0, 60.0, 400.0, np.deg2rad(3.0)),
    (0.15, 120.0, 250.0, 3000.0, 10000.0, np.deg2rad(2.0)),
])  # fmt: skip
_GROUP: Final = 5
_SPACING_M: Final = 1500.0
_LOWEST_M: Final = 30.0


def made(n: int, scans: int, seed: int, *, polar: bool = False) -> Scene:
    """The same figures, made here: other flights than the shared scenario's of the same seed."""
    rng = np.random.default_rng(seed)
    truth_m, alive = _flights(n, scans, rng)
    radar = np.array(RADAR_M)
    reports, noises, counts = [], [], [0]
    for k in range(scans):
        seen = truth_m[k][alive[k] & (rng.random(n) < DETECTED)]
        low, high = (-AREA_M / 2, -AREA_M / 2, 0.0), (AREA_M / 2, AREA_M / 2, HEIGHT_M)
        ghosts = rng.uniform(low, high, (rng.poisson(FALSE_EACH * n), 3))
        if polar:
            shook = _polar(seen - radar) + rng.normal(size=seen.shape) * SIGMA_POLAR
            both = np.concatenate([shook, _polar(ghosts - radar)])
            places, noise = _flat(both)
            places = places + radar
        else:
            shook = seen + rng.normal(size=seen.shape) * SIGMA_M
            places = np.concatenate([shook, ghosts])
            noise = np.tile(np.diag(np.square(SIGMA_M)), (len(places), 1, 1))
        order = rng.permutation(len(places))
        reports.append(places[order])
        noises.append(noise[order])
        counts.append(len(places))
    return Scene(
        truth_m=truth_m,
        alive=alive,
        report_m=np.concatenate(reports),
        noise_m2=np.concatenate(noises),
        first=np.cumsum(counts, dtype=np.int64),
        scan_s=1.0,
        shared=False,
        seed=seed,
        polar=polar,
    )


def _flights(n: int, scans: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Places (scans,n,3) and presence: every member of a group flies its group's turns."""
    groups = -(-n // _GROUP)
    sort = _SORTS[rng.choice(len(_SORTS), size=groups, p=_SORTS[:, 0])]
    speed = rng.uniform(sort[:, 1], sort[:, 2])
    heading = rng.uniform(0.0, 2 * np.pi, groups)
    along = np.column_stack([np.cos(heading), np.sin(heading)])
    middle = rng.uniform(-0.35 * AREA_M, 0.35 * AREA_M, (groups, 2))
    start = np.clip(middle - along * (speed * scans / 2)[:, None], -0.49 * AREA_M, 0.49 * AREA_M)
    born = rng.integers(0, max(1, scans // 4), groups)
    gone = rng.integers(scans * 4 // 5, scans + 1, groups)
    turn = np.array([_turns(scans, int(b), s, rng) for b, s in zip(born, sort[:, 5], strict=True)])

    of = np.arange(n) // _GROUP
    place = start[of] + rng.normal(0.0, _SPACING_M, (n, 2))
    height = rng.uniform(sort[:, 3], sort[:, 4])[of] + rng.normal(0.0, 50.0, n)
    way = heading[of] + rng.normal(0.0, 0.01, n)
    pace = speed[of] * (1.0 + rng.normal(0.0, 0.01, n))
    climb = np.zeros(n)
    truth_m = np.full((scans, n, 3), np.nan)
    alive = np.zeros((scans, n), np.bool_)
    for k in range(scans):
        here = (born[of] <= k) & (k < gone[of])
        alive[k] = here
        truth_m[k, here] = np.column_stack([place, height])[here]
        shake = rng.normal(0.0, 0.3, (n, 3))
        chord = way + turn[of, k] / 2  # the mean heading of a second of steady turn
        step = pace[:, None] * np.column_stack([np.cos(chord), np.sin(chord)]) + shake[:, :2] / 2
        bent = way + turn[of, k]
        velocity = pace[:, None] * np.column_stack([np.cos(bent), np.sin(bent)]) + shake[:, :2]
        place = np.where(here[:, None], place + step, place)
        way = np.where(here, np.arctan2(velocity[:, 1], velocity[:, 0]), way)
        pace = np.where(here, np.hypot(velocity[:, 0], velocity[:, 1]), pace)
        climb = np.where(here, 0.95 * climb + 0.3 * shake[:, 2], climb)
        height = np.where(here, np.maximum(_LOWEST_M, height + climb), height)
    return truth_m, alive


def _turns(scans: int, born: int, sharpest_rps: float, rng: np.random.Generator) -> Floats:
    """(scans,) rate of turn: 8-24 s of turning after 15-39 s, then every 20-59 s."""
    rate = np.zeros(scans)
    begins = born + int(rng.integers(15, 40))
    while begins < scans:
        ends = begins + int(rng.integers(8, 25))
        side = 1.0 if rng.random() < 0.5 else -1.0
        rate[begins:ends] = side * rng.uniform(np.deg2rad(1.0), sharpest_rps)
        begins = ends + int(rng.integers(20, 60))
    return rate


def _polar(place_m: Floats) -> Floats:
    """(m,3) range, azimuth from east, elevation."""
    reach = np.linalg.norm(place_m, axis=1)
    azimuth = np.arctan2(place_m[:, 1], place_m[:, 0])
    return np.column_stack([reach, azimuth, np.arcsin(place_m[:, 2] / reach)])


def _flat(polar: Floats) -> tuple[Floats, Floats]:
    """Places and their linearised covariance, of range, azimuth, elevation."""
    reach, azimuth, elevation = polar.T
    ca, sa, ce, se = np.cos(azimuth), np.sin(azimuth), np.cos(elevation), np.sin(elevation)
    zero = np.zeros_like(reach)
    place = np.column_stack([reach * ce * ca, reach * ce * sa, reach * se])
    slope = np.stack([
        np.column_stack([ce * ca, -reach * ce * sa, -reach * se * ca]),
        np.column_stack([ce * sa, reach * ce * ca, -reach * se * sa]),
        np.column_stack([se, zero, reach * ce]),
    ], axis=1)  # fmt: skip
    return place, slope @ np.diag(np.square(SIGMA_POLAR)) @ slope.transpose(0, 2, 1)
