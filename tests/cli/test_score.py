"""`tocsin score` on a folder and on a run: policy, calibration and report, from a real journal."""

import json
from pathlib import Path

import pytest

from tests import raid
from tocsin.cli.score import judged, score
from tocsin.decide import POLICIES
from tocsin.edge import reading
from tocsin.edge.journal import Journal
from tocsin.edge.site import BadSite
from tocsin.score import flaps
from tocsin.sim import runs
from tocsin.sim import truth as truths
from tocsin.sim.runs import Raid, Run

SECONDS = 95.0
"""Until after the second forecast that is compared, and its horizon of 30 s."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the demonstration, as the only raid of a run."""
    folder: Path = tmp_path_factory.mktemp("run")
    one = folder / "raid-001"
    one.mkdir()
    raid.make(one, SECONDS)
    truths.write(raid.world().truth.until(SECONDS), one)
    only = Raid(folder="raid-001", seed=1, seconds=SECONDS, threats=14)
    runs.write(Run(scenario="set", seed=5, raids=(only,)), folder)
    return folder


def test_a_run_of_one_raid_measures_what_the_raid_does(run: Path) -> None:
    card, raids = judged(run / "raid-001")
    whole, again = judged(run, jobs=1)
    assert (whole.scenario, whole.seed, whole.raids) == ("set", 5, 1)
    assert raids[0][1] == again[0][1]
    assert again[0][0] == run / "raid-001"
    assert card.hits == whole.hits > 0
    assert card.lead_possible <= card.hits
    assert list(card.steps_ms) == ["sense", "track", "predict", "decide", "warn", "journaled"]
    assert card.person_minutes_region >= card.person_minutes > 0.0
    assert card.ece is None


def test_every_threat_of_the_demonstration_is_known_within_a_scan(run: Path) -> None:
    """Six radars look at each at least once in 4 s, and all of it is in view from the start."""
    _, [(_, measured)] = judged(run / "raid-001")
    begun_ns = raid.T_NS_START
    for hit in measured.hits:
        known_s = (hit.t_ns - begun_ns) / 1e9 - hit.oracle_s
        assert 0.0 < known_s < 5.0


def test_the_report_explains_its_cases_and_the_forecast_is_checked(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = tmp_path / "report.html"
    score(run, policy="default", calibration=True, html=html, jobs=1)
    assert "forecast: ece" in capsys.readouterr().out
    page = html.read_text(encoding="utf-8")
    assert "Scorecard: set, seed 5, policy default" in page
    assert "  rule     " in page
    assert "  bytes    " in page
    assert "Reliability of the forecast</title>" in page


def test_deciding_again_under_the_same_policy_says_the_same(run: Path) -> None:
    journal = Journal.open(run / "raid-001" / "journal.sqlite", read_only=True)
    said, _ = reading.decided_again(journal, ("default", "region"))
    assert said["default"] == reading.alerts(journal) != []
    regions = reading.zones_of(journal).regions
    row = reading.zones_of(journal).row
    told = {row(alert.zone) for alert in said["region"] if alert.stage == "take_cover"}
    areas = {int(regions[one]) for one in told}
    assert told == {one for one in range(len(regions)) if int(regions[one]) in areas}


def test_plots_read_anew_bear_the_numbers_that_alerts_cite(run: Path) -> None:
    """The mind takes the journal batch by batch, the scorecard by the second: the same numbers."""
    journal = Journal.open(run / "raid-001" / "journal.sqlite", read_only=True)
    given = {
        (int(number), int(t_ns))
        for _, mind, _ in reading.folded(journal)
        for fixes in mind.fixes
        for number, t_ns in zip(fixes.evidence, fixes.t_ns, strict=True)
    }
    t_ns, *_, evidence = reading.plots(journal)
    assert set(zip(evidence.tolist(), t_ns.tolist(), strict=True)) == given
    cited = flaps.cited(reading.alerts(journal))
    assert cited
    assert cited <= {number for number, _ in given}


def test_all_policies_are_compared_on_one_journal(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    html = tmp_path / "report.html"
    score(run, policy="all", jobs=1, json=True, html=html)
    cards = {card["policy"]: card for card in json.loads(capsys.readouterr().out)}
    own, _ = judged(run, jobs=1)
    assert list(cards) == [name for name in POLICIES if name != "default"]
    assert {card["hits"] for card in cards.values()} == {own.hits}
    assert own.person_minutes in [card["person_minutes"] for card in cards.values()]
    picture = html.read_text(encoding="utf-8").split("Person-minutes by policy</title>")[1]
    for name, card in cards.items():
        assert f">{name}</text>" in picture
        said = f"{card['person_minutes']:,.0f}; missed {card['missed']} of {card['hits']}"
        assert f">{said}</text>" in picture
    assert cards["region"]["person_minutes"] > 2.0 * own.person_minutes


def test_calibration_wants_one_policy(run: Path) -> None:
    with pytest.raises(SystemExit) as left:
        score(run, policy="all", calibration=True)
    assert left.value.code == 2


def test_an_unknown_policy_is_refused_with_the_names(run: Path) -> None:
    with pytest.raises(BadSite, match="no policy 'brave': choose from default, threshold"):
        judged(run, "brave", jobs=1)
