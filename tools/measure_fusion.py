"""More tables of docs/reference/measurement.md: sensor biases, and covariance intersection.

    .venv/bin/python tools/measure_fusion.py [registration] [weight]

NumPy alone, seeded, in a flat plane: what the choice of a residual and of a weight is worth.
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SITES = np.array([[-40e3, 0.0], [40e3, 10e3]])
SIGMA = np.array([50.0, np.radians(0.1)])
PRIOR = np.array([100.0, np.radians(0.3)])
BIAS = np.array([[200.0, np.radians(0.4)], [-150.0, np.radians(-0.3)]])
FLIGHTS, SECONDS, SEEDS = 30, 180.0, 10
DENSITY_M2PS3 = 1.0


class Plot(NamedTuple):
    """One plot in the plane: time, sensor, place, covariance, and how bias moves it (2,2)."""

    t_s: float
    sensor: int
    place: Array
    noise: Array
    move: Array


class Flight(NamedTuple):
    """Plots of one target in order of time."""

    plots: list[Plot]


def flights(seed: int, scans_s: tuple[float, float]) -> Iterator[Flight]:
    """Straight flights at 50 to 250 m/s under two radars with `BIAS`."""
    rng = np.random.default_rng(seed)
    for _ in range(FLIGHTS):
        start, heading = rng.uniform(-60e3, 60e3, 2), rng.uniform(0, 2 * np.pi)
        velocity = rng.uniform(50, 250) * np.array([np.cos(heading), np.sin(heading)])
        plots = []
        for sensor, scan_s in enumerate(scans_s):
            t_s = rng.uniform(0, scan_s)
            while t_s < SECONDS:
                if rng.random() < 0.9:
                    sight = start + velocity * t_s - SITES[sensor]
                    error = BIAS[sensor] + rng.normal(size=2) * SIGMA
                    plots.append(seen(t_s, sensor, sight, error))
                t_s += scan_s
        yield Flight(sorted(plots, key=lambda plot: plot.t_s))


def seen(t_s: float, sensor: int, sight: Array, error: Array) -> Plot:
    """A plot with errors in range and azimuth (anticlockwise here)."""
    r, a = np.hypot(*sight) + error[0], np.arctan2(sight[1], sight[0]) + error[1]
    along = np.array([np.cos(a), np.sin(a)])
    move = np.stack([along, r * np.array([-along[1], along[0]])], axis=1)
    return Plot(t_s, sensor, SITES[sensor] + r * along, move @ np.diag(SIGMA**2) @ move.T, move)


class Tally:
    """Information of both sensors' biases, as `tocsin.track.registration` keeps it."""

    def __init__(self) -> None:
        self.info, self.vector = np.diag(np.tile(PRIOR, 2) ** -2.0), np.zeros(4)

    def add(self, h: Array, miss: Array, noise: Array) -> None:
        """One residual ``miss = h b + noise``."""
        weight = np.linalg.inv(noise)
        self.info += h.T @ weight @ h
        self.vector += h.T @ weight @ miss


def columns(sensor: int, move: Array) -> Array:
    h = np.zeros((2, 4))
    h[:, 2 * sensor : 2 * sensor + 2] = move
    return h


def tracked(flight: Flight, use: Callable[[Plot, Array, Array, float], None]) -> None:
    """A Kalman filter fed by both radars; `use` sees each plot and the state before it."""
    first = flight.plots[0]
    m, p = np.r_[first.place, 0, 0], np.diag([0.0, 0.0, 150.0**2, 150.0**2])
    p[:2, :2] = first.noise
    last_s = first.t_s
    for plot in flight.plots[1:]:
        dt = plot.t_s - last_s
        f = np.eye(4)
        f[:2, 2:] = dt * np.eye(2)
        q = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        m, p = f @ m, f @ p @ f.T + DENSITY_M2PS3 * np.kron(q, np.eye(2))
        use(plot, m, p, dt)
        gain = p[:, :2] @ np.linalg.inv(p[:2, :2] + plot.noise)
        m, p = m + gain @ (plot.place - m[:2]), p - gain @ p[:2]
        last_s = plot.t_s


def against_track(flight: Flight, tally: Tally) -> None:
    """A plot against the predicted track, taken for the truth with its covariance."""

    def use(plot: Plot, m: Array, p: Array, dt: float) -> None:
        del dt
        miss = plot.place - m[:2]
        tally.add(columns(plot.sensor, plot.move), miss, p[:2, :2] + plot.noise)

    tracked(flight, use)


def by_velocity(flight: Flight, tally: Tally) -> None:
    """A plot against the last one of the other sensor, moved by the track's velocity."""
    waiting: list[Plot] = []

    def use(plot: Plot, m: Array, p: Array, dt: float) -> None:
        del dt
        other = next((w for w in reversed(waiting) if w.sensor != plot.sensor), None)
        if other is None or plot.t_s - other.t_s > 12.5:
            waiting.append(plot)
            return
        waiting.clear()
        gap = plot.t_s - other.t_s
        noise = plot.noise + other.noise + gap**2 * p[2:, 2:]
        h = columns(plot.sensor, plot.move) + columns(other.sensor, -other.move)
        tally.add(h, plot.place - other.place - gap * m[2:], noise)

    tracked(flight, use)


def by_line(flight: Flight, tally: Tally) -> None:
    """A plot against the line between two of the other sensor: what Tocsin does."""
    waiting: list[Plot] = []
    for plot in flight.plots:
        own = [w for w in waiting if w.sensor == plot.sensor and plot.t_s - w.t_s < 12.5]
        begun = own[-1] if own else None
        inside = [w for w in waiting if w.sensor != plot.sensor and begun and w.t_s > begun.t_s]
        if begun is None or not inside:
            waiting.append(plot)
            continue
        middle = inside[-1]
        late = (middle.t_s - begun.t_s) / (plot.t_s - begun.t_s)
        bend = (middle.t_s - begun.t_s) * (plot.t_s - middle.t_s)  # half of 2 m/s2
        noise = middle.noise + late**2 * plot.noise + (1 - late) ** 2 * begun.noise
        line = late * plot.place + (1 - late) * begun.place
        ends = late * plot.move + (1 - late) * begun.move
        h = columns(middle.sensor, middle.move) + columns(plot.sensor, -ends)
        tally.add(h, middle.place - line, noise + bend**2 * np.eye(2))
        waiting = [w for w in waiting if w is not begun and w is not middle]


def registration() -> None:
    """Error of the difference of two radars' biases, and NEES per degree of freedom of all."""
    sys.stdout.write(
        "| residual | scans s | range m | azimuth deg | NEES |\n|---|---|---|---|---|\n"
    )
    for name, way in (
        ("plot against predicted track", against_track),
        ("two plots, track's velocity", by_velocity),
        ("plot against a line (Tocsin)", by_line),
    ):
        for scans_s in ((4.0, 4.0), (4.0, 10.0)):
            errors, nees = [], []
            for seed in range(SEEDS):
                tally = Tally()
                for flight in flights(seed, scans_s):
                    way(flight, tally)
                error = np.linalg.solve(tally.info, tally.vector) - BIAS.ravel()
                errors.append((error[:2] - error[2:]) ** 2)
                nees.append(error @ tally.info @ error / 4)
            rms = np.sqrt(np.mean(errors, axis=0))
            sys.stdout.write(
                f"| {name} | {scans_s[0]:.0f}, {scans_s[1]:.0f} | {rms[0]:.0f} "
                f"| {np.degrees(rms[1]):.3f} | {np.mean(nees):.1f} |\n"
            )


def weight() -> None:
    """Fused determinant of three rules of choosing w, as a length ratio to the best, 2000 draws."""
    rng = np.random.default_rng(11)
    grid = np.linspace(0.0, 1.0, 501)[:, None, None]
    sys.stdout.write(
        "| theirs | rule | median | 95 % | worse than ours alone |\n|---|---|---|---|---|\n"
    )
    for name, low, high in (("as good", -0.3, 0.3), ("worse", 0.3, 1.0)):
        found: dict[str, list[tuple[float, float]]] = {
            "trace": [],
            "determinants": [],
            "search": [],
        }
        for _ in range(2000):
            ours, theirs = drawn(rng), drawn(rng) / 10.0 ** (2 * rng.uniform(low, high))
            best = np.linalg.slogdet(grid * ours + (1 - grid) * theirs)[1].max()
            alone = np.linalg.slogdet(ours)[1]
            for rule, w in weights(ours, theirs).items():
                got = (
                    np.linalg.slogdet(w * ours + (1 - w) * theirs)[1] if rule != "search" else best
                )
                found[rule].append((np.exp((best - got) / 12), got < alone - 1e-9))
        for rule, pairs in found.items():
            ratio, worse = np.array(pairs).T
            sys.stdout.write(
                f"| {name} | {rule} | {np.median(ratio):.3f} | {np.quantile(ratio, 0.95):.3f} "
                f"| {100 * worse.mean():.0f} % |\n"
            )


def drawn(rng: np.random.Generator) -> Array:
    """Information (6,6) of a track: the covariance of a filter turned at random."""
    root = rng.normal(size=(6, 6)) + 1.5 * np.eye(6)
    return np.asarray(np.linalg.inv(root @ root.T + 0.05 * np.eye(6)))


def weights(ours: Array, theirs: Array) -> dict[str, float]:
    """Niehsen 2002 (traces of covariances), Franken and Hupper 2005 (determinants), the search."""
    a, b = np.trace(np.linalg.inv(ours)), np.trace(np.linalg.inv(theirs))
    both = np.linalg.det(ours + theirs)
    w = (both - np.linalg.det(theirs) + np.linalg.det(ours)) / (2 * both)
    return {"trace": b / (a + b), "determinants": w, "search": np.nan}


TABLES = {"registration": registration, "weight": weight}

if __name__ == "__main__":
    for name in sys.argv[1:] or list(TABLES):
        TABLES[name]()
