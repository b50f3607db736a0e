"""The documentation says what the code does: printed pages, commands, keys, paths, links."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tools import reference

from tests.conftest import ROOT
from tocsin.edge import build, journal
from tocsin.edge.console import private_app
from tocsin.edge.outlet import Outlet
from tocsin.edge.serve import public_app
from tocsin.edge.site import parse
from tocsin.edge.site_keys import DESCRIPTIONS, WORDS
from tocsin.edge.watch import Watch
from tocsin.sim import plan
from tocsin.warn.state import EventDocument, StateDocument, ThreatState, ZoneState
from tocsin.words import Order
from tocsin.zones.map import ZoneMap

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=IDS)
COMMANDS = dict(reference.verbs())
SPEAKING_FENCES = ("", "console", "sh", "ini", "text")


def fences(text: str) -> Iterator[tuple[str, str]]:
    """(language, content) of every fenced block."""
    for found in re.finditer(r"^```(\S*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def fence(page: Path, language: str, holding: str = "") -> str:
    """The first block of `page` in `language` that holds a text."""
    return next(
        content
        for kind, content in fences(page.read_text(encoding="utf-8"))
        if kind == language and holding in content
    )


def code(text: str) -> Iterator[str]:
    """Lines of code in which a command may stand: blocks of commands, and inline code."""
    for language, content in fences(text):
        if language in SPEAKING_FENCES:
            yield from content.replace("\\\n", " ").splitlines()
    without = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (found.replace("\n", " ") for found in re.findall(r"`([^`]+)`", without))


def commands(line: str) -> Iterator[str]:
    """Every call of `tocsin` in a line of code, from the word itself on."""
    for found in re.finditer(r"(?<![\w.-])tocsin +[a-z][^\n;#]*", line):
        yield found[0]


def complaint(call: str) -> str:
    """What is wrong with a call such as ``tocsin replay JOURNAL --check``; empty when nothing."""
    words = call.split()
    name = " ".join(words[:2])
    if any(known.startswith(f"{name} ") for known in COMMANDS) and len(words) > 2:
        name = " ".join(words[:3])
    if name not in COMMANDS:
        return f"there is no {name!r}"
    known = {"--help", *(n for option in reference.options(COMMANDS[name]) for n in option.names)}
    given = [re.split(r"[=\]'`)]", word.lstrip("["))[0] for word in words if "--" in word[:3]]
    unknown = [option for option in given if option not in known]
    return f"{name!r} has no {', '.join(unknown)}" if unknown else ""


# ---- printed pages -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", reference.pages())
def test_printed_pages_are_those_of_the_code(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run: .venv/bin/python tools/reference.py"


def test_the_printer_compares_and_knows_its_use() -> None:
    assert reference.main(["--check"]) == 0
    assert reference.main(["--chekc"]) == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_verb_and_every_option_has_help(name: str) -> None:
    assert len(reference.description(COMMANDS[name])) > 15
    for option in reference.options(COMMANDS[name]):
        assert len((option.parameter.help or "").strip()) > 5, option.names


def test_every_key_of_the_site_file_is_described_and_no_other() -> None:
    assert list(DESCRIPTIONS) == list(WORDS)
    for table, keys in DESCRIPTIONS.items():
        assert list(keys) == list(WORDS[table].__struct_fields__), table
        for key, (_unit, sentence) in keys.items():
            assert sentence[0].isupper() or sentence.startswith("udp://"), (table, key)
            assert sentence.endswith("."), (table, key)


@pytest.mark.parametrize(("suffix", "unit"), [("_s", "s"), ("_m", "m"), ("_deg", "deg")])
def test_units_in_names_are_the_units_told(suffix: str, unit: str) -> None:
    told = {
        key: unit_told
        for keys in DESCRIPTIONS.values()
        for key, (unit_told, _) in keys.items()
        if key.removesuffix("_max").endswith(suffix)
    }
    assert told
    assert set(told.values()) == {unit}


# ---- what pages name ---------------------------------------------------------------------------


@EVERY_PAGE
def test_commands_that_a_page_names_exist(page: Path) -> None:
    calls = [call for line in code(page.read_text(encoding="utf-8")) for call in commands(line)]
    assert [wrong for call in calls if (wrong := complaint(call))] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("$ .venv/bin/tocsin frob it", "there is no 'tocsin frob'"),
        ("tocsin keys lose", "there is no 'tocsin keys lose'"),
        ("tocsin replay JOURNAL --chekc", "'tocsin replay' has no --chekc"),
        ("tocsin zones check ua --json", ""),
        ("tocsin replay [--pcap FILE]", ""),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, wrong: str) -> None:
    assert [complaint(call) for call in commands(line)] == [wrong]


def test_commands_that_messages_name_exist() -> None:
    quoted = [
        (path.name, found)
        for path in sorted((ROOT / "src" / "tocsin").rglob("*.py"))
        for found in re.findall(r"['`](tocsin [a-z][^'`\"{]*)['`]", path.read_text("utf-8"))
    ]
    assert len(quoted) > 10
    assert [(name, found) for name, found in quoted if complaint(found)] == []


def test_the_table_of_the_air_picture_names_every_file_of_it() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## The air picture")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    files = {path.stem for path in (ROOT / "src" / "tocsin" / "track").glob("[a-z]*.py")}
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == files


@EVERY_PAGE
def test_make_targets_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        found
        for line in code(page.read_text(encoding="utf-8"))
        for found in re.findall(r"(?:^|[$\s])make ([a-z]+)", line)
    }
    assert named <= targets


@EVERY_PAGE
def test_relative_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    assert [t for t in targets if t and not (page.parent / t).exists()] == []


@EVERY_PAGE
def test_files_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:examples|tools|src|docs|tests|bench|fuzz)/[\w./-]+)`", text)
    made = ("src/tocsin/web", "docs/_build")
    assert [
        name
        for name in named
        if not name.startswith(made) and not re.search("[A-Z]{4}", name)
        if not (ROOT / name).exists()
    ] == []  # fmt: skip


# ---- examples in the text ----------------------------------------------------------------------


def test_the_site_of_the_howto_is_one_and_shows_every_key() -> None:
    text = fence(DOCS / "howto" / "site.md", "toml", "[[operators]]")
    site = parse(text)
    assert (len(site.sensors), len(site.sources), len(site.operators)) == (1, 1, 1)
    document = tomllib.loads(text)
    assert list(document) == [  # TOML wants the tables last
        *(key for key in DESCRIPTIONS["site"] if key not in WORDS),
        *(table for table in WORDS if table != "site"),
    ]
    for table in ("sensors", "sources", "operators"):
        assert list(document[table][0]) == list(DESCRIPTIONS[table])


@pytest.mark.parametrize("name", ["start/ten-minutes.md", "reference/scenarios.md"])
def test_the_scenarios_in_the_text_are_scenarios(name: str) -> None:
    assert plan.parse(fence(DOCS / name, "toml", "[[flights]]")).flights


def test_the_order_in_the_text_is_an_order() -> None:
    order = json.loads(fence(DOCS / "howto" / "operators.md", "json"))
    assert set(order) == {"type", *Order.__struct_fields__}
    assert msgspec.convert(order, Order).action == "raise"


def test_the_state_in_the_text_has_the_fields_of_the_state() -> None:
    text = (DOCS / "reference" / "http.md").read_text(encoding="utf-8")
    state = json.loads(fence(DOCS / "reference" / "http.md", "json"))
    (zone,) = state["zones"]
    for document, word in (
        (state, StateDocument),
        (zone, ZoneState),
        (zone["threats"][0], ThreatState),
    ):
        assert tuple(document) == word.__struct_fields__
    assert "{" + ", ".join(f'"{name}"' for name in EventDocument.__struct_fields__) + "}" in text


def test_every_path_of_both_listeners_is_documented_and_no_other() -> None:
    zones = ZoneMap.from_bytes(build.zone_map_bytes("il"))
    watch = Watch()
    apps = (
        public_app(Outlet(), zones, b"{}"),
        private_app(watch.metrics, dict, lambda body: None),
    )
    served = {
        f"{route.method} {route.resource.canonical}"
        for app in apps
        for route in app.router.routes()
        if route.method != "HEAD" and route.resource is not None
    }
    text = (DOCS / "reference" / "http.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `((?:GET|POST) /\S*)`", text, re.MULTILINE))
    assert told == served - {"GET /{asset}"}, "the files of the page are told with the page"


def test_the_journals_tables_are_those_of_the_page() -> None:
    text = (DOCS / "reference" / "journal.md").read_text(encoding="utf-8")
    assert journal._TABLES.strip() in text
    for table in re.findall(r"CREATE TABLE (\w+)", journal._TABLES):
        assert re.search(rf"^\| `{table}` \| (yes|no) \| ", text, re.MULTILINE), table


def test_the_readme_shows_the_page_and_leaves_room_for_what_was_measured() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^!\[.{20,}\]\(docs/images/\S+\.png\)$", text, re.MULTILINE)
    assert text.count("<!-- measured -->") == 1
    for name in COMMANDS:
        if not any(other.startswith(f"{name} ") for other in COMMANDS):
            assert f"`{name}" in text, f"the README's table of commands lacks {name!r}"
