"""A browser, the built page and a stand-in server; each is skipped with its reason when absent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .stand_in import StandIn

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = (1280, 800)
PATIENCE_MS = 120_000
"""Only ends what hangs: a software renderer on a busy machine takes many seconds for the map."""

NO_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : original.call(this, kind, ...rest);
};
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def built(root: Path) -> Path:
    """The page as `npm run build` leaves it."""
    folder = root / "src" / "tocsin" / "web"
    if not (folder / "index.html").is_file():
        pytest.skip("the page is not built: run `npm ci && npm run build` in web/")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"{CHROMIUM} is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def server(built: Path) -> Iterator[StandIn]:
    with StandIn(built) as stand_in:
        yield stand_in


@pytest.fixture
def open_page(browser: Browser, server: StandIn) -> Iterator[OpenPage]:
    """Opens the page as a given reader; contexts are closed before the server stops.

    Without `webgl` the map is left out: the list must be complete by itself, and a software
    renderer is slow.
    """
    contexts = []

    def opened(
        lang: str = "en",
        size: tuple[int, int] = DESKTOP,
        scheme: str = "light",
        webgl: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=lang,
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="Europe/Kyiv",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if not webgl:
            page.add_init_script(NO_WEBGL)
        page.goto(server.url)
        return page

    yield opened
    for context in contexts:
        context.close()
