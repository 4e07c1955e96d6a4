"""A real browser for tests of pages: what a page asked for, what it complained of, what axe finds in it.

On Linux on x86-64, `make tools` installs the browser, so a missing one is a failure there, as it is on every CI. Elsewhere an
installed Chrome does; without one the tests are skipped.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

from tests.local_cloud.waiting import PATIENCE

_MODULES = Path(__file__).parent / "node_modules"
_UNPACKED = _MODULES / ".chromium" / "chromium"
_AXE = _MODULES / "axe-core" / "axe.min.js"
_INSTALLED = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
_CHANNELS = ("chrome", "msedge")

# A container's /dev/shm is small, its root user has no sandbox, and no test needs a graphics card
_OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"]

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Opened:
    """An open page, the errors and warnings of its console, and the addresses it asked for besides its own."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe finds wrong, with the elements."""
        self.page.evaluate(
            _AXE.read_text(encoding="utf-8")
        )  # the page's policy would refuse it as an element
        found: list[dict[str, Any]] = self.page.evaluate("axe.run().then((result) => result.violations)")
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def unfold(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")

    def numbers(self) -> dict[str, str]:
        """The places in the document that the page shows, each with its text; what is folded is unfolded."""
        self.unfold()
        script = "(all) => all.map((one) => [one.dataset.path, one.textContent])"
        return dict(self.page.eval_on_selector_all("[data-path]", script))

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def is_wider_than_the_screen(self) -> bool:
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wide

    def screenshot(self, file: Path) -> None:
        self.page.screenshot(path=file, full_page=True)


def window(browser: Browser) -> BrowserContext:
    """A window with cookies of its own, which waits for its pages as patiently as every test waits."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    return context


@contextmanager
def opened(browser: Browser, address: str, *, width: int = 1440, theme: Theme = "light") -> Iterator[Opened]:
    """The page at an address, in a window of `width`; nothing is left of it afterwards."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.set_default_timeout(PATIENCE * 1000)
    found = Opened(page)
    page.on(
        "console",
        lambda said: found.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on(
        "request", lambda asked: found.requests.append(asked.url) if _is_another(asked.url, address) else None
    )
    try:
        page.goto(address)
        yield found
    finally:
        page.close()


def _is_another(url: str, address: str) -> bool:
    return url != address and not url.startswith("data:")


@contextmanager
def started() -> Iterator[Browser]:
    """The browser; the test is skipped or fails if there is none."""
    with sync_playwright() as playwright:
        browser = _browser(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _browser(playwright: Playwright) -> Browser:
    paths = [str(_UNPACKED) if _UNPACKED.exists() else None, *map(shutil.which, _INSTALLED)]
    if path := next(filter(None, paths), None):
        return playwright.chromium.launch(executable_path=path, args=_OPTIONS, timeout=PATIENCE * 1000)
    for channel in _CHANNELS:  # where macOS and Windows have them
        try:
            return playwright.chromium.launch(channel=channel, args=_OPTIONS, timeout=PATIENCE * 1000)
        except Error:
            continue
    missing = "no browser was found; expected one of `make tools` (Linux on x86-64) or an installed Chrome"
    if is_expected(os.environ.get("CI", ""), platform.system(), platform.machine()):
        pytest.fail(missing)
    pytest.skip(missing)


def is_expected(ci: str, system: str, machine: str) -> bool:
    """Whether tests without a browser are a failure."""
    return bool(ci) or (system, machine) == ("Linux", "x86_64")
