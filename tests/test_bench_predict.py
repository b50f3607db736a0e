"""The impact bench means what it says: its truth, its zones, its rows, its page."""

import json
from pathlib import Path

import numpy as np
import pytest
from bench import predict
from bench.predict import cases, maps, truth
from tools import impact
from tools.figures import END, filled

from tests.predict.test_flight import FLIGHTS, inertial_impact, launched
from tocsin.geo import ecef


@pytest.mark.parametrize(("lat_deg", "height_m", "enu_mps", "beta"), FLIGHTS)
def test_the_truth_falls_where_dop853_says(
    lat_deg: float, height_m: float, enu_mps: tuple[float, float, float], beta: float
) -> None:
    start = launched(lat_deg, height_m, enu_mps)
    t_s, place_m = inertial_impact(start, beta)
    state = np.concatenate([start, [np.log(beta)], np.zeros(3)])
    for step_s, bound_m in ((1.0, 1.0), (2.0, 3.0)):
        found = truth.impacts(state[None], step_s)[0]
        down_m = ecef(found[0], found[1], np.float64(0.0))
        assert np.linalg.norm(down_m - place_m) < bound_m
        assert found[2] == pytest.approx(t_s, abs=0.01)


def test_wind_carries_the_truth_along() -> None:
    """A light body sinks at a steady speed and drifts with the wind, as long as it falls."""
    state = np.concatenate([launched(48.0, 2_000.0, (0.0, 0.0, 0.0)), [np.log(20.0)], np.zeros(3)])
    still = truth.impacts(state[None], 0.1)[0]
    state[7:] = launched(48.0, 0.0, (10.0, 0.0, 0.0))[3:]
    blown = truth.impacts(state[None], 0.1)[0]
    east_m = (blown[1] - still[1]) * 111_195.0 * np.cos(np.radians(48.0))
    assert east_m == pytest.approx(10.0 * blown[2], rel=0.03)


def test_zones_are_a_partition_of_about_the_size_asked_for() -> None:
    rng = np.random.default_rng(5)
    places = np.column_stack([rng.normal(48.0, 0.05, 5_000), rng.normal(34.0, 0.08, 5_000)])
    grid = maps.voronoi(rng, places, 2_500.0)
    hit = maps.zones_of(grid, places)
    assert (hit >= 0).all()
    assert len(grid.listing) == grid.rows * grid.columns
    _, cells = np.unique(grid.listing, return_counts=True)
    assert np.sqrt(np.median(cells)) * 50.0 == pytest.approx(2_500.0, rel=0.25)


def test_figures_of_a_perfect_and_of_a_wrong_answer() -> None:
    true = np.array([0.5, 0.3, 0.2])
    assert predict._apart("x", true, true) == {"x variation": 0.0, "x largest": 0.0}
    wrong = predict._apart("x", np.array([0.2, 0.3, 0.5]), true)
    assert wrong["x variation"] == pytest.approx(0.3)
    assert wrong["x largest"] == pytest.approx(0.3)


def test_a_run_has_its_rows_and_the_page_shows_them(tmp_path: Path) -> None:
    rows = predict.main(["--seeds", "7", "--each", "1", "--flights", "20000", "--only", "accuracy"])
    json.dumps(rows, allow_nan=False)
    by_name = {row["name"]: row for row in rows}
    found = by_name["2.5 km zones: total variation, all"]
    assert 0.0 < found["tocsin"] < 0.02
    assert found["peer"] > found["tocsin"]  # 1,000 plain flights are noisier
    machine = {"processor": "p", "cores": 2, "system": "s"}
    report = {"machine": machine, "versions": {}, "rows": rows}
    page = filled(f"before {impact.BEGIN} old {END} after", impact.BEGIN, impact.figures(report))
    assert "old" not in page
    assert all(row["name"] in page for row in rows)


def test_qualities_have_the_footprints_of_the_study() -> None:
    """Medians of the major standard deviation: about 350, 800 and 1350 m."""
    rng = np.random.default_rng(6)
    for quality, wanted_m in (("good", 350.0), ("medium", 800.0), ("early", 1_350.0)):
        some = [case for case in cases.drawn(102, 12) if case.quality == quality]
        flown = [truth.impacts(case.drawn(rng, 1_000)) for case in some]
        major_m = np.sqrt([np.linalg.eigvalsh(predict._metres(places)).max() for places in flown])
        assert np.median(major_m) == pytest.approx(wanted_m, rel=0.25)
