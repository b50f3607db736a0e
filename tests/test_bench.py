"""The figures of the tracking bench mean what they say: metrics, scenario, rows, peers."""

import itertools
import json
import math
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from bench import __main__ as command
from bench import track
from bench.track import fresh, late, ours, rows
from bench.track.metrics import BINS, brier, calibration, gospa, growth, real
from bench.track.scene import DETECTED, Floats, Scene, made, scene
from tools import tracking
from tools.figures import END, filled

EYE = np.eye(3)


@pytest.fixture(scope="module")
def neutral(shared: Path) -> tuple[ModuleType, ModuleType]:
    """The shared scenario maker and scoring."""
    sys.path.insert(0, str(shared / "bench"))
    try:
        import scenario
        import scoring
    finally:
        sys.path.remove(str(shared / "bench"))
    return scenario, scoring


# ---- GOSPA --------------------------------------------------------------------------------------


def by_enumeration(truth_m: Floats, estimate_m: Floats, cut_m: float, power: int) -> float:
    """GOSPA (alpha 2) from its definition: every partial pairing is tried."""
    few, many = sorted((truth_m, estimate_m), key=len)
    least = math.inf
    for size in range(len(few) + 1):
        for chosen in itertools.combinations(range(len(few)), size):
            for partners in itertools.permutations(range(len(many)), size):
                paired = sum(
                    min(math.dist(few[i], many[j]), cut_m) ** power
                    for i, j in zip(chosen, partners, strict=True)
                )
                single = len(few) + len(many) - 2 * size
                least = min(least, paired + cut_m**power / 2 * single)
    return least ** (1 / power)


@pytest.mark.parametrize("seed", range(12))
def test_gospa_is_the_least_over_all_pairings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(0, 5, 2)
    truth_m, estimate_m = rng.uniform(0, 1500, (n, 3)), rng.uniform(0, 1500, (m, 3))
    for power in (1, 2):
        expected = by_enumeration(truth_m, estimate_m, 700.0, power)
        assert gospa(truth_m, estimate_m, 700.0, power) == pytest.approx(expected, abs=1e-9)


def test_gospa_by_hand() -> None:
    nothing, here = np.zeros((0, 3)), np.zeros((1, 3))
    assert gospa(nothing, nothing) == 0.0
    assert gospa(here, nothing) == pytest.approx(1000 / math.sqrt(2))  # one missed: (c^2 / 2)^(1/2)
    assert gospa(nothing, here) == pytest.approx(1000 / math.sqrt(2))
    assert gospa(here, np.array([[30.0, 40.0, 0.0]])) == pytest.approx(50.0)
    # Farther than c: one missed and one false, exactly the price of the cut.
    assert gospa(here, np.array([[5000.0, 0.0, 0.0]])) == pytest.approx(1000.0)


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(8))
def test_gospa_is_that_of_the_shared_scoring(
    neutral: tuple[ModuleType, ModuleType], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    truth_m = rng.uniform(0, 9000, (60, 3))
    found = truth_m[:50] + rng.normal(0, 300, (50, 3))
    estimate_m = np.concatenate([found, rng.uniform(0, 9000, (seed * 5, 3))])
    assert gospa(truth_m, estimate_m) == pytest.approx(neutral[1].gospa(truth_m, estimate_m)[0])


def test_gospa_is_that_of_stone_soup() -> None:
    metric = pytest.importorskip("stonesoup.metricgenerator.ospametric")
    from stonesoup.types.state import State

    rng = np.random.default_rng(4)
    truth_m, estimate_m = rng.uniform(0, 4000, (20, 3)), rng.uniform(0, 4000, (26, 3))
    theirs = metric.GOSPAMetric(p=2, c=1000.0)
    found, _ = theirs.compute_gospa_metric(
        [State(place[:, None]) for place in estimate_m],
        [State(place[:, None]) for place in truth_m],
    )
    assert gospa(truth_m, estimate_m) == pytest.approx(float(found.value["distance"]))


# ---- which tracks are real, and calibration -----------------------------------------------------


def test_a_second_track_on_one_target_is_not_real() -> None:
    truth_m = np.array([[0.0, 0.0, 0.0]])
    place_m = np.array([[60.0, 0.0, 0.0], [20.0, 0.0, 0.0], [0.0, 90.0, 0.0]])
    answer = real(truth_m, place_m, np.tile(EYE * 100.0**2, (3, 1, 1)))
    assert answer.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("away_m", "sigma_m", "expected"),
    [
        (399.0, 100.0, True),
        (401.0, 100.0, False),  # beyond four standard deviations
        (499.0, 200.0, True),
        (501.0, 200.0, False),  # beyond 500 m, though within four standard deviations
    ],
)
def test_how_far_a_real_track_may_be(away_m: float, sigma_m: float, expected: bool) -> None:
    covariance = np.diag([sigma_m**2, 1.0, 1.0])[None]  # only this direction is unsure
    assert real(np.zeros((1, 3)), np.array([[away_m, 0, 0]]), covariance).tolist() == [expected]


def test_pairs_are_the_best_together_and_none_possible_is_given_up() -> None:
    truth_m = np.array([[0.0, 0.0, 0.0], [450.0, 0.0, 0.0]])
    # The nearest pair alone (second track, first target) would leave the first track with nothing.
    place_m = np.array([[-300.0, 0.0, 0.0], [200.0, 0.0, 0.0]])
    assert real(truth_m, place_m, np.tile(EYE * 500.0**2, (2, 1, 1))).all()
    nobody = np.zeros((0, 3))
    assert not real(nobody, place_m, np.tile(EYE, (2, 1, 1))).any()
    assert len(real(truth_m, nobody, np.zeros((0, 3, 3)))) == 0


def test_calibration_by_hand() -> None:
    said = np.array([0.05, 0.05, 0.95, 0.95, 1.0])
    was = np.array([False, False, True, True, False])
    error, bins = calibration(said, was, bins=10)
    # First bin: said 0.05, was 0. Last: said 2.9 / 3, was 2 / 3.
    assert error == pytest.approx(2 / 5 * 0.05 + 3 / 5 * (2.9 / 3 - 2 / 3))
    assert [b["count"] for b in bins] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert bins[4]["said"] is None
    assert brier(said, was) == pytest.approx((2 * 0.05**2 + 2 * 0.05**2 + 1) / 5)


def test_who_says_the_truth_has_little_error_and_who_exaggerates_has_his() -> None:
    rng = np.random.default_rng(5)
    chance = rng.uniform(0.0, 0.8, 200_000)
    was = rng.random(200_000) < chance
    assert calibration(chance, was)[0] < 0.01
    assert calibration(chance + 0.2, was)[0] == pytest.approx(0.2, abs=0.01)


def test_growth_is_the_exponent() -> None:
    sizes = np.array([50.0, 200.0, 1000.0, 3000.0])
    for exponent in (1.0, 1.2, 2.0):
        assert growth(sizes, 3e-6 * sizes**exponent) == pytest.approx(exponent)


# ---- rows ---------------------------------------------------------------------------------------


def test_a_ratio_above_one_says_that_tocsin_is_ahead() -> None:
    assert rows.row("speed", "1/s", 300.0, peer=100.0)["ratio"] == pytest.approx(3.0)
    assert rows.row("error", "m", 300.0, peer=100.0, less=True)["ratio"] == pytest.approx(1 / 3)
    assert rows.row("alone", "m", 300.0, less=True)["ratio"] is None


def test_a_row_for_people_names_what_is_missing() -> None:
    made_row = rows.row("speed", "1/s", 5.0, target="at least 9", met=False, reason="no peer here")
    assert command.line(made_row).split(";")[1:] == [
        " to reach at least 9: NOT MET", " no peer here",
    ]  # fmt: skip
    json.dumps(made_row, allow_nan=False)


def test_a_part_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SystemExit):
        track.main(["--only", "sped"])


# ---- scenario -----------------------------------------------------------------------------------


def labelled(made_scene: Scene) -> tuple[int, list[Floats], list[Floats]]:
    """Number of targets seen, their errors in standard deviations, and the false reports."""
    errors, ghosts = [], []
    for k in range(made_scene.scans):
        there_m = made_scene.there_m(k)
        places = made_scene.report_m[made_scene.rows(k)]
        noise = made_scene.noise_m2[made_scene.rows(k)]
        for place, covariance in zip(places, noise, strict=True):
            offset = there_m - place
            far = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance), offset)
            if len(far) and far.min() < 25.0:
                errors.append(offset[far.argmin()] / np.sqrt(np.diag(covariance)))
            else:
                ghosts.append(place)
    return len(errors), errors, ghosts


@pytest.mark.parametrize("polar", [False, True])
def test_the_scenario_made_here_has_the_published_figures(polar: bool) -> None:
    one = made(50, 120, 3, polar=polar)
    seen, errors, ghosts = labelled(one)
    alive = int(one.alive.sum())
    assert seen / alive == pytest.approx(DETECTED, abs=0.02)
    assert len(ghosts) / one.scans == pytest.approx(100.0, rel=0.03)
    assert np.std(errors) == pytest.approx(1.0, abs=0.03)
    assert np.abs(ghosts)[:, :2].max() < 50_400  # the square, and a little noise at its edge
    assert one.alive[30:96].all(), "no target begins after a quarter nor ends before four fifths"
    assert not one.alive[0].all()
    speed = np.linalg.norm(np.diff(one.truth_m, axis=0)[..., :2], axis=-1)
    assert np.nanmin(speed) > 30
    assert np.nanmax(speed) < 290
    assert np.isnan(one.truth_m[~one.alive]).all()


def test_a_group_turns_together() -> None:
    one = made(10, 120, 1)
    step = np.diff(one.truth_m[40:90, :, :2], axis=0)
    heading = np.unwrap(np.arctan2(step[..., 1], step[..., 0]), axis=0)
    turned = heading[-1] - heading[0]
    assert np.ptp(turned[:5]) < 0.3
    assert np.ptp(turned[5:]) < 0.3


def test_the_same_seed_makes_the_same_scenario() -> None:
    one, again, other = made(8, 30, 6), made(8, 30, 6), made(8, 30, 7)
    for field in fields(Scene):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(again, field.name))
    assert not np.array_equal(one.report_m[:20], other.report_m[:20])


@pytest.mark.shared
def test_the_scenario_made_here_is_like_the_shared_one(
    neutral: tuple[ModuleType, ModuleType],
) -> None:
    theirs = [scene(50, 120, seed) for seed in range(1, 5)]
    mine = [made(50, 120, seed) for seed in range(1, 5)]
    assert all(one.shared for one in theirs)
    raw = neutral[0].generate(n=50, scans=120, seed=1, noise="cart")
    np.testing.assert_array_equal(theirs[0].report_m, raw["z"])

    def counts(of: list[Scene], what: Callable[[Scene], float]) -> float:
        return float(np.mean([what(one) for one in of]))

    for what in (
        lambda one: len(one.report_m),
        lambda one: one.alive.sum(),
        lambda one: np.nanmedian(one.truth_m[..., 2]) < 2500.0,
        lambda one: np.trace(one.noise_m2[0]),
    ):
        assert counts(mine, what) == pytest.approx(counts(theirs, what), rel=0.05)


# ---- the tracker in the bench -------------------------------------------------------------------


def test_reports_keep_their_place_and_covariance_in_earth_axes() -> None:
    one = made(10, 30, 2, polar=True)
    batch, part = ours.reports(one, 20), one.rows(20)
    back_m = (batch.position_m - ours.ORIGIN_M) @ ours.AXES.T
    np.testing.assert_allclose(back_m, one.report_m[part], atol=1e-6)
    # A length in standard deviations does not depend on the axes: from the radar to each report.
    radar_m = ours.radar(0).position_m[0]
    inside = np.einsum(
        "ni,nij,nj->n", batch.position_m - radar_m, np.linalg.inv(batch.covariance_m2),
        batch.position_m - radar_m,
    )  # fmt: skip
    local = one.report_m[part] - np.array([-70e3, 0.0, 50.0])
    outside = np.einsum("ni,nij,nj->n", local, np.linalg.inv(one.noise_m2[part]), local)
    np.testing.assert_allclose(inside, outside, rtol=1e-6)
    # Along the line of sight the noise is that of range, 50 m.
    reach = np.linalg.norm(local, axis=1)
    np.testing.assert_allclose(np.sqrt(reach**2 / outside), 50.0, rtol=0.01)


def test_the_picture_is_far_better_than_an_empty_one() -> None:
    one = made(10, 60, 2)
    run = ours.play(one)
    nothing = ours.Run(shown_m=[np.zeros((0, 3))] * 60, spent_s=[], update_s=[])
    assert run.gospa_m(one, 20, 60) < 0.6 * nothing.gospa_m(one, 20, 60)
    assert len(run.spent_s) == 60
    assert all(0 < part <= whole for part, whole in zip(run.update_s, run.spent_s, strict=True))


def test_every_report_arrives_once_and_within_15_seconds() -> None:
    one = made(6, 40, 1)
    everything = np.arange(len(one.report_m))
    for way in (late._in_order, late._whole_scans, late._single_reports):
        seen = []
        for k, batches in way(one).items():
            for batch in batches:
                lag_s = k - (batch.t_ns - ours.T0_NS) / 1e9
                assert ((lag_s >= 0) & (lag_s < 15)).all()
                seen.append(batch.evidence)
        np.testing.assert_array_equal(np.sort(np.concatenate(seen)), everything)
    twice = [b.evidence for batches in late._twice(one).values() for b in batches]
    assert (np.bincount(np.concatenate(twice))[: one.first[33]] == 2).all()


def test_pictures_that_differ_are_seen_to_differ() -> None:
    """... and those that differ in names alone do not: a name tells only the order of arrival."""
    mine = ours.picture(ours.FULL)
    one = made(5, 30, 1)
    for k in range(30):
        mine.update(ours.t_ns(one, k), ours.reports(one, k), ours.radar(ours.t_ns(one, k)))
    tracks = mine.tracks()
    assert len(tracks) >= 5
    assert late.difference(tracks, tracks) == (0.0, 0)
    moved_m = tracks.position_m.copy()
    moved_m[2] += [3.0, 4.0, 0.0]
    moved = replace(tracks, position_m=moved_m)
    assert late.difference(tracks, moved) == (pytest.approx(5.0), 0)
    renamed = replace(tracks, id=tracks.id + 10_000_000)
    assert late.difference(tracks, renamed) == (0.0, 0)
    reversed_ = replace(tracks, id=tracks.id[::-1], position_m=tracks.position_m[::-1])
    assert late.difference(tracks, reversed_) == (0.0, 0)
    fewer = replace(tracks, id=tracks.id[1:], position_m=tracks.position_m[1:])
    assert late.difference(tracks, fewer) == (0.0, 1)
    doubled_m = tracks.position_m.copy()
    doubled_m[0] = doubled_m[1]  # nearest to nearest, nothing would be apart on one side
    assert late.difference(tracks, replace(tracks, position_m=doubled_m))[0] > 0.0


def test_a_fresh_process_says_when_it_was_ready_and_what_it_held() -> None:
    found = fresh._probe(made(5, 20, 1), 3)
    assert 0 < found["import_s"] < found["second_s"]
    assert 10 < found["at_rest_mb"] <= found["peak_mb"] < 4000


def test_the_diagram_shows_every_bin_where_it_is() -> None:
    rng = np.random.default_rng(1)
    said = rng.uniform(0.2, 1.0, 500)
    error, bins = calibration(said, rng.random(500) < said)
    judged = rows.row(
        "existence", "1", error, less=True, seeds=[1], tracks=500, scenario="own", bins=bins
    )
    drawn = ET.fromstring(tracking.svg(judged))
    dots = [e for e in drawn.iter() if e.tag.endswith("circle")]
    filled = [b for b in bins if b["count"]]
    assert len(dots) == len(filled) == 12 < BINS
    for dot, b in zip(dots, filled, strict=True):
        along = (float(dot.attrib["cx"]) - tracking.LEFT) / tracking.SIDE
        up = 1 - (float(dot.attrib["cy"]) - tracking.TOP) / tracking.SIDE
        assert (along, up) == pytest.approx((b["said"], b["was"]), abs=0.001)


def test_the_page_is_filled_between_its_marks_and_says_what_was_not_met() -> None:
    report = {
        "machine": {"processor": "a chip", "cores": 2, "system": "Linux"},
        "versions": {"python": "3.11"},
        "rows": [
            rows.row("speed", "1/s", 3e6, peer=2000.0, peer_name="Other", spread=[1.0, 2.5]),
            rows.row(
                "error", "m", 0.5, target="at most 0.1", met=False, seeds=[1, 2, 3], scenario="own"
            ),
            {**rows.row("gone", "m", 0.0, reason="not installed"), "tocsin": None},
        ],
    }
    page = filled(f"before\n{tracking.BEGIN}\nold\n{END}\nafter\n", tracking.BEGIN, "new\n")
    assert page == f"before\n{tracking.BEGIN}\n\nnew\n\n{END}\nafter\n"
    table = tracking.figures(report).splitlines()
    assert table[0] == "a chip, 2 cores, Linux; python 3.11. Scenario: own."
    assert table[4] == "| speed | 3,000,000 1/s | 2,000 1/s, Other | 1,500 | 1 to 2.5 |  |"
    assert table[5] == "| error (seeds 1-3) | 0.5 m |  |  |  | at most 0.1: **not met** |"
    assert table[6] == "| gone | missing |  |  |  |  |"
    marks = tracking.PAGE.read_text(encoding="utf-8")
    assert marks.index(tracking.BEGIN) < marks.index(END)


# ---- peers --------------------------------------------------------------------------------------


@pytest.mark.shared
def test_the_filterpy_loop_finds_what_its_prototype_found(shared: Path) -> None:
    """1203 m on seed 1: the shared `bench/README.md`, measured before this was written."""
    pytest.importorskip("filterpy")
    from bench.track import filterpy_peer

    one = scene(50, 120, 1)
    assert (shared / "bench" / "README.md").is_file()
    assert round(filterpy_peer.play(one, 120).gospa_m(one, 20, 120)) == 1203


def test_stone_soup_runs_and_follows_the_targets() -> None:
    pytest.importorskip("stonesoup")
    pytest.importorskip("rtree")
    from bench.track import stonesoup_peer

    one = made(5, 40, 1)
    there = int(one.alive[30:].sum(axis=1).max())
    nothing = ours.Run(shown_m=[np.zeros((0, 3))] * 40, spent_s=[], update_s=[])
    for way in (stonesoup_peer.GNN, stonesoup_peer.JPDA):
        run = stonesoup_peer.play(one, way, 40)
        assert there == 5
        assert run.gospa_m(one, 20, 40) < 0.6 * nothing.gospa_m(one, 20, 40)
