"""The command line as a stranger meets it: help, exit codes, one line, one document."""

import inspect
import json
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests import raid
from tests.edge.live import site as live_site
from tests.edge.live import tocsin
from tocsin.cli import app
from tocsin.edge import site as sites
from tocsin.edge.sign import Signer

VERBS = [
    "demo", "run", "check", "coverage", "replay", "simulate", "score", "explain", "cancel", "watch",
    "warm", "doctor", "zones", "keys", "keys new", "keys show", "keys operator",
]  # fmt: skip

Said = tuple[int, str, str]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a verb in this process: (exit code, stdout, stderr)."""

    def run(*words: object) -> Said:
        try:
            app([str(word) for word in words], result_action="return_value")
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raid.make(tmp_path_factory.mktemp("verbs"), 14.0)


# ---- help and wrong use ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_a_sentence_for_every_option(verb: str, call: Callable[..., Said]) -> None:
    code, out, err = call(*verb.split(), "--help")
    assert (code, err) == (0, "")
    assert "Usage: tocsin" in out
    command = app
    for word in verb.split():
        command = command[word]
    if command.default_command is None:  # a group of verbs
        return
    function = command.default_command
    documented = inspect.getdoc(function) or ""
    for name in inspect.signature(function).parameters:
        said = re.search(rf"^{name}\n +(\S.*)", documented, re.MULTILINE)
        assert said, f"{verb}: nothing said about {name}"
        assert said[1].split()[0] in out


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",), ("run",), ("run", "a", "b"), ("check", "x", "--bad"), ("replay",),
        ("replay", "a", "--pcap", "b"), ("simulate", "demo-raid"),
        ("simulate", "nothing", "--out", "x"),
        ("explain", "x"), ("score", "/nowhere"), ("replay", "/nowhere"), ("demo", "nothing"),
        ("demo", "--port", "x"), ("cancel", "a", "--to", "ftp://x"),
        ("cancel", "a", "--action", "x"),
        ("cancel", "a", "--to", "http://127.0.0.1:9"),
        ("watch", "--once", "--at", "http://127.0.0.1:9"),
        ("keys", "new", "x", "--realm", "nothing", "--sender", "a@b"), ("keys", "show", "/nowhere"),
    ],
)  # fmt: skip
def test_wrong_use_exits_2_and_says_so_on_stderr(
    words: tuple[str, ...],
    call: Callable[..., Said],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*words)
    assert code == 2, err
    assert (out, "Traceback" in err) == ("", False)
    assert err.strip()
    assert list(tmp_path.iterdir()) == []


# ---- sites that cannot work --------------------------------------------------------------------

Change = Callable[[str], str]
BAD_SITES: dict[str, tuple[Change, str]] = {
    "unknown key": (lambda t: t.replace("confirm_s", "confirm_seconds"), "did you mean"),
    "unknown policy": (lambda t: t.replace('"default"', '"brave"'), "choose from"),
    "no such zone map": (lambda t: t.replace('zones = "ua"', 'zones = "zz.zones"'), "tocsin zones"),
    "junk zone map": (lambda t: t.replace('zones = "ua"', 'zones = "site.toml"'), "zone"),
    "language without phrases": (lambda t: t.replace('"uk",', '"xx",'), "xx"),
    "unreviewed live language": (lambda t: t.replace('"exercise"', '"live"'), "review"),
    "uncovered": (lambda t: t.replace("coverage = false", "coverage = true"), "tocsin check"),
    "tables that are none": (lambda t: re.split(r"\n\[\[", t)[0] + "sensors = 5\n", "sensors"),
    "port too large": (lambda t: re.sub(r"(udp://127.0.0.1):\d+", r"\1:99999", t), "udp://host:port"),
    "listener too large": (
        lambda t: re.sub(r'(public_listen = "127.0.0.1):\d+', r"\1:70000", t),
        "host:port",
    ),
    "a name of our own": (
        lambda t: t.replace('name = "radar-6"\nurl', 'name = "shed"\nurl'), "own",
    ),
    "no scan": (lambda t: t.replace("scan_s = 4.0", "scan_s = 0.0", 1), "above 0"),
    "NaN": (lambda t: t.replace("range_m_max = 200000.0", "range_m_max = nan", 1), "above 0"),
    "no such recording": (
        lambda t: re.sub(r"udp://127.0.0.1:\d+", "pcap:///nowhere.pcap", t),
        "recording",
    ),
    "mixed": (lambda t: re.sub(r"udp://127.0.0.1:\d+", "pcap:///x.pcap", t, count=1), "mixed"),
    "operator without key": (
        lambda t: t + '\n[[operators]]\nname = "duty"\npublic_key = "00"\n',
        "64 hexadecimal",
    ),
    "foreign address": (
        lambda t: re.sub(r"udp://127.0.0.1:(\d+)", r"udp://192.0.2.1:\1", t, count=1),
        "address of this machine",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_SITES)
def test_a_bad_site_is_refused_in_one_line_that_mends_it(
    name: str, call: Callable[..., Said], tmp_path: Path
) -> None:
    change, word = BAD_SITES[name]
    good = sites.write(live_site())
    bad = change(good)
    assert bad != good
    path = tmp_path / "site.toml"
    path.write_text(bad)
    code, out, err = call("run", path)
    assert (code, len(err.splitlines())) == (2, 1), err
    assert word in err
    assert out == ""
    assert not (tmp_path / "journal.sqlite").exists()


def test_a_site_that_is_not_text_is_refused(call: Callable[..., Said], tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b'name = "\xff\xfe"\n')
    code, _, err = call("run", path)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "UTF-8" in err


def test_coverage_draws_whom_nobody_watches(call: Callable[..., Said], tmp_path: Path) -> None:
    """What it calls blind is what check lists, and what hangs on one radar is named."""
    path, page = tmp_path / "site.toml", tmp_path / "map.html"
    given = live_site()
    path.write_text(sites.write(given))
    code, out, err = call("coverage", path, "--html", page, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    uncovered = json.loads(call("check", path, "--json")[1])["uncovered"]
    assert {kind: report["kinds"][kind]["blind"] for kind in uncovered} == uncovered
    drone = report["kinds"]["drone"]
    assert drone["people_blind"] > 0
    for zone, lowest_m in drone["lowest_m"].items():
        assert (zone in drone["blind"]) == (lowest_m is None or lowest_m > drone["flies_m"])
    assert set(report["kinds"]["ballistic"]["blind"]) < set(drone["blind"])
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == len(report["kinds"])
    assert "http" not in text  # nothing is loaded from anywhere
    assert all(f">{sensor.name}</text>" in text for sensor in given.sensors)
    assert f">{drone['people_blind']:,}</td>" in text
    none = [msgspec.structs.replace(sensor, sees=()) for sensor in given.sensors]
    path.write_text(sites.write(msgspec.structs.replace(given, sensors=tuple(none))))
    report = json.loads(call("coverage", path, "--json")[1])
    assert len(report["kinds"]["drone"]["blind"]) == drone["zones"]
    code, out, err = call("coverage", path)
    assert (code, err) == (0, "")
    assert "smooth Earth" in out


def test_coverage_of_a_long_country_is_seen_on_one_screen(
    call: Callable[..., Said], tmp_path: Path
) -> None:
    """Israel is four times as high as wide."""
    path, page = tmp_path / "site.toml", tmp_path / "map.html"
    path.write_text(sites.write(msgspec.structs.replace(live_site(), zones="il")))
    assert call("coverage", path, "--html", page)[0] == 0
    highs = re.findall(r'viewBox="0 0 480 (\d+)"', page.read_text(encoding="utf-8"))
    assert highs
    assert all(400 < int(high) <= 600 for high in highs)


def test_check_lists_whom_nobody_watches(call: Callable[..., Said], tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = sites.write(live_site())
    path.write_text(text)
    code, out, err = call("check", path, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert "ua-lviv" in report["uncovered"]["drone"]
    assert "ua-kharkiv" not in report["uncovered"]["drone"]
    path.write_text(text.replace("require_coverage = false", "require_coverage = true"))
    code, out, err = call("check", path, "--json")
    assert (code, len(err.splitlines())) == (1, 1)
    json.loads(out)
    assert list(tmp_path.iterdir()) == [path]


# ---- documents and pipes -----------------------------------------------------------------------


def test_json_is_one_document_and_nothing_else(journal: Path, call: Callable[..., Said]) -> None:
    code, out, err = call("replay", journal, "--check", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["equal"] is True
    code, out, err = call("explain", "nothing", "--journal", journal)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    first = re.search(r"the first is (\S+)", err)
    assert first
    code, out, err = call("explain", first[1], "--journal", journal, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["alert"] == first[1]


def test_a_journal_that_is_none_is_refused(call: Callable[..., Said], tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"x" * 5000)
    for words in (("replay", path), ("explain", "a", "--journal", path), ("score", tmp_path)):
        code, out, err = call(*words)
        assert (code, out, len(err.splitlines())) == (2, "", 1), err


def test_a_folder_with_strange_letters_is_a_folder(
    tmp_path: Path, call: Callable[..., Said]
) -> None:
    """The path of a journal is not a piece of a URL."""
    folder = tmp_path / "a#b?c %41"
    folder.mkdir()
    path = raid.make(folder, 0.5)
    assert path.is_file()
    code, out, err = call("replay", path, "--check", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["journal"] == str(path)


def test_keys_are_made_once_and_shown_without_the_secret(
    tmp_path: Path, call: Callable[..., Said]
) -> None:
    words = ("keys", "new", tmp_path, "--realm", "exercise", "--sender", "a@example.org")
    code, out, _ = call(*words)
    assert code == 0
    made = json.loads(out)
    assert made["realm"] == "exercise"
    assert "d" not in made["keys"][0]
    code, _, err = call(*words)
    assert (code, len(err.splitlines())) == (2, 1)
    code, out, _ = call("keys", "show", tmp_path, "--realm", "exercise")
    assert json.loads(out) == made
    assert Signer.load(tmp_path, "exercise").public_jwks() == made
    code, out, _ = call("keys", "operator", tmp_path / "duty.pem")
    assert re.fullmatch(r'public_key = "[0-9a-f]{64}"\n', out)
    assert (tmp_path / "duty.pem").stat().st_mode & 0o077 == 0
    assert call("keys", "operator", tmp_path / "duty.pem")[0] == 2


def test_progress_is_quiet_in_a_pipe(tmp_path: Path) -> None:
    """A real pipe, a real process: one line of result, nothing on stderr, no control characters."""
    plan = tmp_path / "short.toml"
    plan.write_text(re.sub(r"(?m)^seconds = .*$", "seconds = 3.0", raid.world().to_toml()))
    done = tocsin("simulate", plan, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("words", [("watch", "--json", "--at"), ("cancel", "x", "--to")])
def test_what_answers_but_not_in_http_is_no_system(
    words: tuple[str, ...], call: Callable[..., Said]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            caller, _ = server.accept()
            caller.recv(4096)
            caller.sendall(b"220 mail.example.org\r\n")
            caller.close()

        greeter = threading.Thread(target=greet)
        greeter.start()
        code, out, err = call(*words, f"http://127.0.0.1:{server.getsockname()[1]}")
        greeter.join()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "no system answers" in err
