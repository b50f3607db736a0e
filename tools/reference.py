"""Write the pages of docs/reference that are printed from the code; `--check` only compares.

    .venv/bin/python tools/reference.py [--check]

Exit code 1 when `--check` finds a page that differs.
"""

import inspect
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cyclopts
import msgspec

from tocsin.cli import app
from tocsin.decide.page import page as stages_page
from tocsin.edge.site_keys import DESCRIPTIONS, WORDS
from tocsin.rules.reasons import REASONS
from tocsin.sim.law import FORMS
from tocsin.sim.script_keys import EXAMPLE, KEYS, LISTS, TABLES
from tocsin.sim.script_rules import AIMS, CRAFT, LIMITS, ORIGINS, ROUTES, Limit

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
_HEAD = "This page is printed from the code by `tools/reference.py`; do not edit it.\n"
_KINDS = {"str": "TEXT", "int": "N", "float": "X", "Path": "PATH"}


def main(arguments: list[str]) -> int:
    """Write or compare every page."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("use: tools/reference.py [--check]\n")
        return 2
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not arguments:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.relative_to(FOLDER.parents[1])}\n")
    if arguments and stale:
        sys.stderr.write(f"differ from the code: {', '.join(stale)}: run tools/reference.py\n")
        return 1
    return 0


def pages() -> dict[str, str]:
    """File name -> text of every page that is printed from the code."""
    return {
        "cli.md": cli_page(),
        "site.md": site_page(),
        "reasons.md": reasons_page(),
        "scenario-files.md": scenario_page(),
        "stages.md": stages_page(),
    }


# ---- the command line --------------------------------------------------------------------------


def verbs(parent: cyclopts.App = app, path: str = "tocsin") -> Iterator[tuple[str, cyclopts.App]]:
    """Every command with its full name, groups of commands before their members."""
    for name in parent:
        if name.startswith("-"):
            continue
        verb = parent[name]
        yield f"{path} {name}", verb
        yield from verbs(verb, f"{path} {name}")


def options(verb: cyclopts.App) -> list[Any]:
    """The arguments and options of one command, with their help."""
    if verb.default_command is None:
        return []
    return list(verb.assemble_argument_collection(parse_docstring=True))


def positional(option: Any) -> bool:
    """Whether it is given by place."""
    return option.field_info.kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )


def shown_name(option: Any) -> str:
    """How it is written: FILE, or --file."""
    name: str = option.names[0]
    return name.lstrip("-").upper() if positional(option) else name


def description(verb: cyclopts.App) -> str:
    """What the command does, without the part about its parameters."""
    return inspect.cleandoc(verb.help or "").split("\nParameters\n")[0].strip()


def cli_page() -> str:
    """Every verb, argument and option."""
    lines = [
        "# Command line",
        "",
        _HEAD,
        "Exit codes: 0 done; 1 the check failed; 2 wrong use or bad configuration, with one line",
        "that says what is wrong and how to mend it. Long work shows progress on a terminal and is",
        "quiet in a pipe. `--json` prints one JSON document on stdout and nothing else there.",
        "",
    ]
    for name, verb in verbs():
        lines += _verb_lines(name, verb)
    return "\n".join(lines).rstrip() + "\n"


def _verb_lines(name: str, verb: cyclopts.App) -> list[str]:
    found = options(verb)
    lines = [f"{'#' * (len(name.split()))} {name}", "", description(verb), ""]
    if verb.default_command is None:
        return lines
    lines += ["```text", _usage(name, found), "```", ""]
    if found:
        lines += ["| argument or option | default | meaning |", "|---|---|---|"]
        lines += [_option_row(option) for option in found]
        lines.append("")
    return lines


def _usage(name: str, found: list[Any]) -> str:
    words = [name]
    for option in found:
        word = shown_name(option)
        if not positional(option) and option.hint is not bool:
            word = f"{word} {_kind(option)}"
        words.append(word if option.required else f"[{word}]")
    return " ".join(words)


def _kind(option: Any) -> str:
    names = str(getattr(option.hint, "__name__", option.hint)).replace("pathlib.", "")
    return _KINDS.get(names.split("|")[0].strip(), "VALUE")


def _option_row(option: Any) -> str:
    default = option.field_info.default
    if option.required:
        shown = "required"
    elif default is None or default == "" or default != default or option.hint is bool:
        shown = "off" if option.hint is bool else ""
    else:
        shown = f"`{default}`"
    text = " ".join((option.parameter.help or "").split())
    return f"| `{shown_name(option)}` | {shown} | {_cell(text)} |"


# ---- the site file and the reasons -------------------------------------------------------------


def site_page() -> str:
    """Every key of every table of the site file."""
    lines = [
        "# Site file: every key",
        "",
        _HEAD,
        "The site file is TOML. An unknown key, or a value that cannot work, stops the start with",
        "one line. [How to write one](../howto/site.md) has a complete example. A key without a",
        "default must be given.",
        "",
    ]
    for table, keys in DESCRIPTIONS.items():
        title = "Above the first table" if table == "site" else f"`[[{table}]]`"
        lines += [
            f"## {title}",
            "",
            "| key | unit or form | default | meaning |",
            "|---|---|---|---|",
        ]
        defaults = {field.name: field for field in msgspec.structs.fields(WORDS[table])}
        for key, (unit, sentence) in keys.items():
            shown = "" if unit == "table" else _default(defaults[key])
            lines.append(f"| `{key}` | {_cell(unit)} | {shown} | {_cell(sentence)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    if field.default is msgspec.NODEFAULT:
        value = field.default_factory() if callable(field.default_factory) else ()
    elif field.default is None:
        return ""
    else:
        value = field.default
    text = msgspec.json.encode(value).decode() if not isinstance(value, float) else f"{value:g}"
    return f"`{text}`"


def scenario_page() -> str:
    """Every key, law and limit of a scenario file."""
    lines = [
        "# Scenario files: every key",
        "",
        _HEAD,
        "A scenario file says by laws what flies, what sees it and what goes wrong; the seed does",
        "the rest. `tocsin simulate FILE.toml --seed N --out DIR` plays it and leaves, beside the",
        "journal and the truth, the plan it came to: `scenario.toml`, every flight with its",
        "waypoints, which plays by itself ([the plan's keys](scenarios.md)). The shipped ones lie",
        "in `src/tocsin/data/scenarios` and are there to be copied.",
        "",
        "```toml",
        EXAMPLE.rstrip(),
        "```",
        "",
        "A key without a default must be given. An unknown key, or a number that cannot be, is",
        "refused in one line. Each group, make of radar and kind of traffic draws from a stream of",
        "its own: what is added at the end of a file does not change what was there.",
        "",
        "## Laws of numbers",
        "",
        "Where the form says *law*, a number or a table with one of these keys may stand, and",
        "beside it `least` and `most`, which cut off.",
        "",
        *_table(("form", "numbers", "meaning"), FORMS.items()),
    ]
    for table, keys in KEYS.items():
        title = f"`[[{table}]]`" if table in LISTS else f"`[{table}]`"
        title = "Above the first table" if table == "script" else title
        lines += [f"## {title}", "", "| key | unit or form | limits | default | meaning |",
                  "|---|---|---|---|---|"]  # fmt: skip
        fields = {field.name: field for field in msgspec.structs.fields(TABLES[table])}
        for key, (unit, sentence) in keys.items():
            shown = "" if unit.startswith("table") else _default(fields[key])
            limit = _limit(LIMITS.get(table, {}).get(key, Limit()))
            lines.append(f"| `{key}` | {_cell(unit)} | {limit} | {shown} | {_cell(sentence)} |")
        lines.append("")
    for title, laws in (("origin", ORIGINS), ("target", AIMS), ("route", ROUTES)):
        lines += [f"## Laws of `{title}`", "", "| law | meaning |", "|---|---|"]
        lines += [f"| `{law}` | {_cell(meaning)} |" for law, meaning in laws.items()] + [""]
    lines += ["## Craft of `[[traffic]]`", "", ", ".join(f"`{craft}`" for craft in CRAFT) + "."]
    return "\n".join(lines).rstrip() + "\n"


def _table(head: tuple[str, ...], rows: Any) -> list[str]:
    """Rows of a word with two texts."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| `{word}` | {_cell(one)} | {_cell(two)} |" for word, (one, two) in rows]
    return [*lines, ""]


def _limit(limit: Limit) -> str:
    """Within what a number must lie, in words."""
    if limit.least == -math.inf and limit.most == math.inf:
        return ""
    if limit.most == math.inf:
        return f"{limit.least:g} or more"
    return f"{limit.least:g} to {limit.most:g}"


def reasons_page() -> str:
    """Why input is rejected."""
    lines = [
        "# Reasons of rejection",
        "",
        _HEAD,
        "Bad input is never an exception. It is counted by source and reason: on the console, in",
        "the metric `tocsin_rejected_total`, in the journal and by `tocsin replay --pcap FILE`.",
        "",
        "| reason | what it means |",
        "|---|---|",
        *(f"| `{reason}` | {_cell(sentence)} |" for reason, sentence in REASONS.items()),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text that cannot break a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
