"""From a shadow run to a live centre: a journal beside an authority, its card, and the gate."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import raid
from tocsin.cli.check import check
from tocsin.cli.run import run
from tocsin.cli.score import score
from tocsin.cli.simulate import fold
from tocsin.edge import build, reading, shadow
from tocsin.edge import site as sites
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.run import Mind
from tocsin.edge.site import BadSite
from tocsin.instant import iso
from tocsin.sim import asterix
from tocsin.sim import truth as truths
from tocsin.words import Message, Site

pytestmark = pytest.mark.slow
SECONDS = 60.0
BEGIN_S = 25.0
"""When the made-up authority alarms the whole of Kharkiv oblast."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a live centre in shadow: its radars' reports are those of the demonstration,
    without the bit that says they are simulated."""
    folder: Path = tmp_path_factory.mktemp("centre")
    given = msgspec.structs.replace(raid.site("shadow"), realm="live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterix, "_SIM_BIT", 0)
        world = raid.world()
        mind = Mind.start(folder / "tocsin-journal.sqlite", build.parts(given), durable=False)
        fold(world, mind, SECONDS)
        mind.close()
    (folder / "site.toml").write_text(sites.write(given), encoding="utf-8")
    begin = iso(raid.T_NS_START + round(BEGIN_S * 1e9))
    rows = f"zone,t_begin,t_end\nua-63,{begin},\nKharkiv Oblast,{begin}\nnowhere,{begin},\n"
    (folder / "sirens.csv").write_text(rows, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def card(centre: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: printed.append(words[0]))
        score(centre, authority=centre / "sirens.csv", json=True)
    (centre / "shadow.json").write_text(printed[0], encoding="utf-8")
    found: dict[str, Any] = json.loads(printed[0])
    return found


def automatic(centre: Path, **changes: Any) -> Site:
    given = sites.read(centre / "site.toml")
    given = msgspec.structs.replace(given, mode="automatic", shadow="shadow.json")
    return msgspec.structs.replace(given, **changes)


def kharkiv(centre: Path) -> tuple[str, ...]:
    """Every zone of the oblast."""
    journal = Journal.open(centre / "tocsin-journal.sqlite", read_only=True)
    return reading.zones_of(journal).tree.expand(["ua-63"])


def gate(centre: Path, site: Site) -> None:
    shadow.refuse_unscored(site, build.parts(site), centre)


# ---- the comparison ----------------------------------------------------------------------------


def test_a_journal_without_truth_is_compared_and_nothing_else(
    centre: Path, card: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert list(card) == ["authority"]
    one = card["authority"]
    assert (one["realm"], one["policy"], one["aims"]) == ("live", "default", "people")
    assert (one["rows"], one["unknown"], one["hits"]) == (3, {"nowhere": 1}, None)
    assert one["alarms_theirs"] > one["alarms_met"] > 10
    assert {zone["zone"] for zone in one["zones"] if zone["theirs"]} == set(kharkiv(centre))
    assert (one["issued"], one["issued_met"]) == (2, 2)  # by id and by name, one oblast
    assert 10.0 < one["ahead_s"]["p95"] <= BEGIN_S
    assert one["seconds"] == pytest.approx(SECONDS, abs=1.0)
    html = tmp_path / "page.html"
    for path in (centre, centre / "tocsin-journal.sqlite"):
        score(path, authority=centre / "sirens.csv", html=html)
        out = capsys.readouterr().out
        assert "missed" not in out
        assert f"we gave {one['alarms_met']} of them" in out
    page = html.read_text(encoding="utf-8")
    assert "LIVE" in page
    assert page.count("<svg") == 3
    assert "http" not in page


def test_another_policy_can_be_tried_on_it(
    centre: Path, card: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """By whole regions nothing that they alarm is left out, as soon as a threat is near."""
    score(centre, authority=centre / "sirens.csv", policy="region", json=True)
    one = json.loads(capsys.readouterr().out)["authority"]
    assert one["policy"] == "region"
    assert one["alarms_met"] == one["alarms_theirs"] == card["authority"]["alarms_theirs"]
    assert one["sums"]["person_minutes"]["only_theirs"] == 0.0


def test_our_own_messages_as_the_authority_say_what_we_say(
    centre: Path, card: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The CAP documents that an automatic site sends, read back: whole seconds, so up to one
    second earlier each, and nothing else differs. With truth, both warned the same hits."""
    folder, feed = tmp_path / "raid", tmp_path / "feed"
    folder.mkdir()
    feed.mkdir()
    raid.make(folder, SECONDS)
    truths.write(raid.world().truth.until(SECONDS), folder)
    journal = Journal.open(folder / "journal.sqlite", read_only=True)
    for entry in journal.entries():
        for row, output in enumerate(decode_outputs(entry.outputs)):
            if isinstance(output, Message) and output.channel == "cap":
                (feed / f"{entry.number}-{row}.xml").write_bytes(output.payload)
    html = tmp_path / "page.html"
    score(folder, authority=feed, json=True, html=html)
    document = json.loads(capsys.readouterr().out)
    one = document["authority"]
    assert one["rows"] > 200
    assert (one["rows_refused"], one["unknown"]) == (0, {})
    told = {alert.zone for alert in reading.alerts(journal) if alert.stage == "take_cover"}
    assert len(told) > 20
    assert one["alarms_ours"] == one["alarms_theirs"] == one["alarms_met"] >= len(told)
    assert -1.0 < one["ahead_s"]["p5"] <= one["ahead_s"]["p95"] <= 0.0
    seconds = one["sums"]["zone_seconds"]
    assert seconds["only_ours"] == 0.0
    assert seconds["only_theirs"] < one["alarms_ours"]
    assert set(one["by_kind"]) == {"drone", "cruise", "ballistic"}
    hits = one["hits"]
    assert hits["hits"] == document["hits"] > 0
    assert (hits["only_ours"], hits["only_theirs"]) == (0, 0)
    assert hits["neither"] == document["missed"]
    assert "Map of who told whom" in html.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "truth.json"),
        ({"authority": "nothing.csv"}, "no such file"),
        ({"authority": "site.toml"}, "form"),
        ({"authority": "sirens.csv", "calibration": True}, "truth"),
        ({"authority": "sirens.csv", "policy": "all"}, "one policy"),
        ({"authority": "sirens.csv", "policy": "brave"}, "choose from"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    words: dict[str, Any], why: str, centre: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "authority" in words:
        words = {**words, "authority": centre / words["authority"]}
    with pytest.raises(SystemExit) as left:
        score(centre, **words)
    assert left.value.code == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert why in err


# ---- the gate ----------------------------------------------------------------------------------


def test_a_live_site_with_its_card_passes(centre: Path, card: dict[str, Any]) -> None:
    for mode in ("automatic", "confirm"):
        gate(centre, automatic(centre, mode=mode))


@pytest.mark.parametrize(
    "changes",
    [{"mode": "shadow"}, {"mode": "advise"}, {"realm": "exercise"}, {"realm": "test"}],
)
def test_who_warns_nobody_by_itself_needs_no_card(centre: Path, changes: dict[str, Any]) -> None:
    gate(centre, automatic(centre, shadow="", **changes))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"shadow": ""}, "needs shadow = PATH"),
        ({"shadow": "nowhere.json"}, "No such file"),
        ({"shadow": "site.toml"}, "is no comparison"),
        ({"name": "elsewhere"}, "of site 'demo-raid'"),
        ({"zones": "il"}, "zones_digest"),
        ({"policy": "region"}, "of policy 'default', not 'region'"),
        ({"aims": "wary"}, "of aims 'people'"),
    ],
)
def test_a_live_site_without_its_own_card_is_refused(
    centre: Path, card: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    for mode in ("automatic", "confirm"):
        with pytest.raises(BadSite, match=why) as refused:
            gate(centre, automatic(centre, mode=mode, **changes))
        assert "tocsin score JOURNAL --authority FILE" in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"realm": "exercise"}, "of realm 'exercise'"),  # a simulated night is no shadow
        ({"alarms_theirs": 0}, "no alarm of the authority"),
    ],
)
def test_a_card_of_nothing_real_does_not_pass(
    centre: Path, card: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    other = {"authority": {**card["authority"], **change}}
    (centre / "other.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(BadSite, match=why):
        gate(centre, automatic(centre, shadow="other.json"))


def test_check_and_run_ask_for_it(
    centre: Path,
    card: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once somebody has vouched for the texts; nothing is begun before the card is there."""
    vouched = {
        language: text.replace('"unreviewed"', '"reviewed"')
        .replace('reviewer = ""', 'reviewer = "x"')
        .replace('date = ""', 'date = "2026-01-01"')
        for language, text in build.phrase_texts().items()
    }
    monkeypatch.setattr(build, "phrase_texts", lambda: vouched)
    path = centre / "live.toml"
    path.write_text(sites.write(automatic(centre, shadow="")), encoding="utf-8")
    for verb in (check, run):
        with pytest.raises(SystemExit) as left:
            verb(path)
        assert left.value.code == 2
        assert "needs shadow = PATH" in capsys.readouterr().err
    path.write_text(sites.write(automatic(centre)), encoding="utf-8")
    check(path)
    assert "mode automatic" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(path)  # past the gate: it has no live key
    assert "tocsin keys new" in capsys.readouterr().err
