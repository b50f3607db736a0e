"""Lines with elevation through the whole picture: cameras, and people who point a telephone."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests.track import sounds
from tests.track.sounds import SOUND_MPS, at, lines, path, presences
from tests.track.test_others import confirmed, level, others, update
from tocsin.track import Picture
from tocsin.words import FloatArray, Lines, Nodes, Presences, Tracks

GROUND_M = 150.0
HEIGHT_M = 1500.0
"""Of the drones: 750 m above what is believed of a height that nobody measures."""
SIDE_M = np.array([-6_000.0, 0.0, 6_000.0])
CAMERAS = np.column_stack([np.repeat(SIDE_M, 3), np.tile(SIDE_M, 3), np.full(9, GROUND_M)])
SIGHT_M = 8_000.0
CAMERA_DEG, PERSON_DEG = 0.5, 10.0
NODES = Nodes(
    position_m=sounds.place(CAMERAS),
    reach_m=np.full(9, SIGHT_M),
    chance=np.full(9, 0.9),
    false_ps=np.full(9, 1.0 / 600.0),
    period_s=np.ones(9),
)
LENGTH_S, SETTLED_S = 60, 30


def sights(
    rng: np.random.Generator, node: Any, where: FloatArray, aim: FloatArray, sigma_deg: float,
    t_s: float, sound: bool, elevation: bool,
) -> Lines:  # fmt: skip
    """Lines from places `where` (k,3) towards `aim` (k,3), both local, with errors in both angles;
    without `elevation` the same lines, flat."""
    off, sigma = aim - where, np.radians(sigma_deg)
    wrong = sigma * rng.normal(size=(len(where), 2))
    azimuth = np.arctan2(off[:, 0], off[:, 1]) + wrong[:, 0]
    up = np.arctan2(off[:, 2], np.hypot(off[:, 0], off[:, 1])) + wrong[:, 1]
    flat = lines(node, sounds.place(where), azimuth, t_s, sigma_deg)
    told = dataclasses.replace(flat, sound=np.full(len(where), sound))
    if not elevation:
        return told
    return dataclasses.replace(
        told, elevation_rad=up, sigma_elevation_rad=np.full(len(where), sigma)
    )


def watched(
    rng: np.random.Generator, tracks: list[FloatArray], t_s: float, elevation: bool
) -> tuple[Lines, Presences]:
    """A second of nine cameras, 6 km apart: those that see it tell where, the others nothing."""
    node, where, aim = [], [], []
    for track in tracks:
        here = at(track, t_s - 0.5)
        range_m = np.linalg.norm(CAMERAS - here, axis=1)
        seen = np.flatnonzero(rng.random(9) < 0.9 / (1.0 + (range_m / SIGHT_M) ** 6))
        node.append(seen)
        where.append(CAMERAS[seen])
        aim.append(np.tile(here, (len(seen), 1)))
    who = np.concatenate(node)
    said = sights(rng, who, np.concatenate(where), np.concatenate(aim), CAMERA_DEG, t_s - 0.5,
                  False, elevation)  # fmt: skip
    quiet = np.setdiff1d(np.arange(9), who)
    return said, presences(quiet, np.zeros(len(quiet), bool), t_s)


def pointed(
    rng: np.random.Generator, track: FloatArray, t_s: float, sound: bool, elevation: bool
) -> Lines:
    """People within 3 km who point at it, one a second or so; by ear to where it was."""
    count = rng.poisson(1.0)
    here, bearing = at(track, t_s - 0.5), rng.uniform(-np.pi, np.pi, count)
    range_m = 3_000.0 * np.sqrt(rng.random(count))
    where = np.column_stack([
        here[0] + range_m * np.sin(bearing), here[1] + range_m * np.cos(bearing),
        np.full(count, GROUND_M),
    ])  # fmt: skip
    lag_s = np.linalg.norm(where - here, axis=1) / SOUND_MPS if sound else np.zeros(count)
    aim = at(track, t_s - 0.5 - lag_s).reshape(count, 3)
    nobody = np.full(count, -1)
    return sights(rng, nobody, where, aim, PERSON_DEG, t_s - 0.5, sound, elevation)


def drone(rng: np.random.Generator, height_m: float = HEIGHT_M) -> FloatArray:
    start = [*rng.uniform(-2000.0, 2000.0, 2), height_m]
    return path(rng, start, rng.uniform(-np.pi, np.pi), LENGTH_S + 10.0)


def height(position_m: FloatArray) -> float:
    """Of an ECEF place, above the ellipsoid as `sounds.place` has it."""
    east, north, up = sounds.AXES @ (position_m - sounds.ORIGIN)
    return float(up + (east**2 + north**2) / (2.0 * 6_371_000.0))


class Errors:
    """Of one track over a flight: level and height (m), each also by what the track claims."""

    def __init__(self) -> None:
        self.level_m: list[float] = []
        self.height_m: list[float] = []
        self.claimed: list[tuple[float, float]] = []

    def take(self, shown: Tracks, row: int, truth: FloatArray) -> None:
        self.level_m.append(float(level(shown.position_m[row], truth)))
        self.height_m.append(height(shown.position_m[row]) - float(truth[2]))
        cov = sounds.AXES @ shown.covariance[row, :3, :3] @ sounds.AXES.T
        self.claimed.append((np.sqrt(cov[0, 0] + cov[1, 1]), np.sqrt(cov[2, 2])))

    def inside(self) -> tuple[float, float]:
        """Shares of the level and height errors that are within three standard deviations."""
        level_sd, height_sd = np.array(self.claimed).T
        return (
            float(np.mean(np.array(self.level_m) < 3.0 * level_sd)),
            float(np.mean(np.abs(self.height_m) < 3.0 * height_sd)),
        )


def followed(seed: int, who: str, elevation: bool = True) -> Errors:
    """One drone for a minute under cameras, people who see it or people who hear it."""
    rng, picture, errors = np.random.default_rng(seed), Picture(), Errors()
    track = drone(rng)
    for t in range(1, LENGTH_S + 1):
        if who == "cameras":
            other = others(*watched(rng, [track], float(t), elevation), NODES)
        else:
            said = pointed(rng, track, float(t), who == "people who hear", elevation)
            other = others(said, nodes=NODES)
        shown = update(picture, t + 0.6, [], other=other)
        if t >= SETTLED_S:
            rows = confirmed(shown)
            assert len(rows) == 1, f"{len(rows)} confirmed tracks at {t} s"
            errors.take(shown, int(rows[0]), at(track, t + 0.6))
    return errors


WHO = {"cameras": (40.0, 20.0), "people who see": (400.0, 250.0), "people who hear": (500.0, 250.0)}
"""Root mean square errors allowed over four flights, m: over the ground, and in height."""


@pytest.mark.parametrize("who", WHO)
def test_lines_that_point_up_make_one_track_with_its_height(who: str) -> None:
    runs = [followed(seed, who) for seed in range(4)]
    level_m = np.sqrt(np.mean(np.square([run.level_m for run in runs])))
    height_m = np.sqrt(np.mean(np.square([run.height_m for run in runs])))
    inside = np.mean([run.inside() for run in runs], axis=0)
    print(f"{who}: {level_m:.0f} m, height {height_m:.0f} m, within 3 s.d. {inside}")
    assert level_m < WHO[who][0]
    assert height_m < WHO[who][1]
    assert inside.min() > 0.9


@pytest.mark.parametrize("who", WHO)
def test_the_same_lines_without_elevation_do_not_know_the_height(who: str) -> None:
    """Else the height above would be a guess that happens to be right."""
    runs = [followed(seed, who, elevation=False) for seed in range(2)]
    assert min(np.abs(run.height_m).min() for run in runs) > 600.0
    assert min(np.array(run.claimed)[:, 1].min() for run in runs) > 350.0


@pytest.mark.parametrize("seed", range(3))
def test_two_drones_one_above_the_other_are_told_apart_by_elevation(seed: int) -> None:
    """In the same place over the ground, 1200 m apart in height."""
    rng, picture = np.random.default_rng(seed), Picture()
    low = drone(rng, 600.0)
    pair = [low, low + np.array([0.0, 0.0, 1200.0])]
    errors = []
    for t in range(1, LENGTH_S + 1):
        other = others(*watched(rng, pair, float(t), True), NODES)
        shown = update(picture, t + 0.6, [], other=other)
        if t >= SETTLED_S:
            rows = confirmed(shown)
            assert len(rows) == 2, f"{len(rows)} confirmed tracks at {t} s"
            heights = sorted(height(shown.position_m[row]) for row in rows)
            errors += [heights[0] - 600.0, heights[1] - 1800.0]
    print(f"heights off by {np.abs(errors).max():.0f} m at most")
    assert np.abs(errors).max() < 100.0
