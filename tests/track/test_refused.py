"""What is no report is refused and counted, and what came with it counts as if it were alone."""

from typing import Any

import numpy as np
import pytest

from tests.track import sounds
from tests.track.arcs import place
from tests.track.sky import T0
from tests.track.test_others import ADDRESS, friends, launches, others, picked, update
from tocsin.track import Picture
from tocsin.words import Tracks

S = 1_000_000_000
NET = sounds.Net()
PAD = place(0.0, 0.0, 150.0)
SPEED_MPS = np.array([30.0, 40.0, 0.0])
WRONG = {
    "lines": [
        ("azimuth_rad", np.nan), ("azimuth_rad", np.inf), ("sigma_azimuth_rad", 0.0),
        ("sigma_azimuth_rad", np.nan), ("elevation_rad", np.inf), ("node", -2), ("node", 30_000),
        ("t_ns", T0 + 3600 * S),
    ],
    "presences": [("node", -1), ("node", 30_000), ("t_ns", T0 + 3600 * S)],
    "friends": [
        ("position_m", np.nan), ("velocity_mps", np.inf), ("sigma_m", 0.0), ("mode_s", -1),
        ("t_ns", T0 + 3600 * S),
    ],
    "launches": [
        ("position_m", np.inf), ("covariance_m2", np.nan), ("azimuth_rad", np.inf),
        ("sigma_azimuth_rad", 0.0), ("chance", np.nan), ("chance", 0.0), ("chance", 1.5),
        ("t_ns", T0 + 3600 * S),
    ],
}  # fmt: skip


def doubled(columns: Any, name: str, wrong: float) -> Any:
    """The last row once more, with `wrong` in one column."""
    more = picked(columns, np.append(np.arange(len(columns)), len(columns) - 1))
    getattr(more, name)[-1] = wrong
    return more


def evening(of: str = "", name: str = "", wrong: float = 0.0) -> tuple[Tracks, Picture, int]:
    """Twenty seconds of everything, the column `name` of one report more spoilt each second."""
    rng, picture, spoilt = np.random.default_rng(1), Picture(), 0
    way = sounds.path(rng, (-2000.0, 0.0, 300.0), 0.5 * np.pi, 20.0)
    for t in range(1, 21):
        said, heard = NET.listen([way], float(t), rng)
        told = {
            "lines": said,
            "presences": heard,
            "friends": friends(t, ADDRESS, sounds.place(sounds.at(way, t)), SPEED_MPS),
            "launches": launches(t, PAD, 0.5),
        }
        if of and len(told[of]):
            told[of] = doubled(told[of], name, wrong)
            spoilt += 1
        update(
            picture, t + 0.1, [],
            other=others(
                told["lines"], told["presences"], NET.nodes, told["friends"], told["launches"]
            ),
        )  # fmt: skip
    return picture.tracks(), picture, spoilt


@pytest.mark.parametrize(
    ("of", "name", "wrong"), [(of, *wrong) for of, column in WRONG.items() for wrong in column]
)
def test_a_wrong_report_changes_nothing_and_is_counted(of: str, name: str, wrong: float) -> None:
    clean, _, _ = evening()
    tracks, picture, spoilt = evening(of, name, wrong)
    assert spoilt > 3
    assert picture.refused == spoilt
    assert np.isfinite(tracks.position_m).all()
    assert np.isfinite(tracks.existence).all()
    for column in Tracks.__slots__:
        assert np.array_equal(getattr(tracks, column), getattr(clean, column), equal_nan=True)


def test_the_clean_evening_has_tracks() -> None:
    tracks, picture, _ = evening()
    assert len(tracks.id) > 0
    assert picture.refused == 0
