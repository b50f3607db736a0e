"""What holds for the page as a whole: nothing from outside, nothing broken, readable, small."""

import base64
import gzip
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.conftest import HUNG_S

from .conftest import PATIENCE_MS, OpenPage
from .stand_in import StandIn

FIRST_LOAD_BYTES_MAX = 150_000
"""Of html, script and style together, compressed; the map follows later and is not needed."""

LINES_MAX = 400
COLUMNS_MAX = 100
ONE_STRING = re.compile(r'^\s*("?[\w.]+"?: ?)?"[^"]*"[,; +]*$')
"""A sentence, an outline or a token is not cut: such a line may be longer."""

COUNT_COLOUR = """async ([png, [r, g, b]]) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  pen.drawImage(image, 0, 0);
  const {data} = pen.getImageData(0, 0, image.width, image.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    count += Math.abs(data[i] - r) + Math.abs(data[i+1] - g) + Math.abs(data[i+2] - b) < 40;
  return count;
}"""
TAKE_COVER = (200, 16, 46)
STAY = (123, 47, 168)


def count(page: Page, colour: tuple[int, int, int]) -> int:
    """Pixels of the map that are about this colour."""
    png = base64.b64encode(page.locator("#map").screenshot()).decode()
    found: int = page.evaluate(COUNT_COLOUR, [png, list(colour)])
    return found


@pytest.mark.browser
def test_nothing_comes_from_outside_and_nothing_is_broken(
    browser: Browser, server: StandIn
) -> None:
    requests: list[Request] = []
    errors: list[str] = []
    context = browser.new_context(locale="uk")
    page = context.new_page()
    page.on("request", lambda request: requests.append(request))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    page.wait_for_selector('[data-map="ready"]', timeout=PATIENCE_MS)
    for _ in range(2):  # it asks for the state every 5 s; what else it asks for comes before
        with page.expect_request("**/v1/state.jws", timeout=PATIENCE_MS):
            pass
    context.close()
    foreign = [r.url for r in requests if not r.url.startswith((server.url, "data:", "blob:"))]
    assert len(requests) > 8
    assert not foreign
    assert not errors


@pytest.mark.browser
def test_the_map_shows_the_stages(open_page: OpenPage) -> None:
    page = open_page(size=(900, 700), webgl=True)
    page.wait_for_selector('[data-map="ready"]', timeout=PATIENCE_MS)
    end = time.monotonic() + PATIENCE_MS / 1000
    while count(page, TAKE_COVER) <= 100 or count(page, STAY) <= 50:  # it draws when it can
        assert time.monotonic() < end, "the map shows no stages"
        page.wait_for_timeout(200)
    assert count(page, TAKE_COVER) > 100
    assert count(page, STAY) > 50
    assert count(page, (1, 255, 1)) == 0


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("he", "dark")])
def test_axe_finds_nothing(open_page: OpenPage, root: Path, lang: str, scheme: str) -> None:
    axe = root / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in web/")
    page = open_page(lang=lang, scheme=scheme, size=(390, 844), webgl=True)
    page.wait_for_selector("#list .card")
    page.wait_for_selector('[data-map="ready"]', timeout=PATIENCE_MS)
    page.evaluate(axe.read_text(encoding="utf-8"))
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    result: dict[str, Any] = page.evaluate("options => axe.run(options)", options)
    found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in result["violations"]]
    assert not found
    assert len(result["passes"]) > 20


def test_the_first_load_is_small(built: Path) -> None:
    index = (built / "index.html").read_text(encoding="utf-8")
    linked = [built / name for name in re.findall(r'(?:src|href)="\./(assets/[^"]+)"', index)]
    assert linked
    files = [built / "index.html", *linked]
    total = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert total < FIRST_LOAD_BYTES_MAX


def test_vitest(root: Path) -> None:
    web = root / "web"
    vitest = web / "node_modules" / ".bin" / "vitest"
    if not vitest.exists():
        pytest.skip("node_modules is absent: run `npm ci` in web/")
    done = subprocess.run(
        [vitest, "run"], cwd=web, capture_output=True, text=True, timeout=HUNG_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_registry(root: Path) -> None:
    lock = (root / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_sources_keep_the_house_sizes(root: Path) -> None:
    web = root / "web"
    sources = [*web.glob("src/**/*.ts"), *web.glob("test/*.ts"), *web.glob("scripts/*.mjs")]
    assert len(sources) > 20
    for file in sources:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LINES_MAX, file
        code = [line for line in lines if not ONE_STRING.match(line)]
        assert all(len(line) <= COLUMNS_MAX for line in code), file
