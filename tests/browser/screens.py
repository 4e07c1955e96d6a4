"""Pictures of the page of each kind of run, for people who change the page: `python -m tests.browser.screens FOLDER`.

Each example document is drawn as on a phone and on a desk, in the light and in the dark, and the figures of its page are told.
"""

import sys
from pathlib import Path
from typing import get_args

import typer
from playwright.sync_api import Browser

from report.page import page_of
from tests.browser.browser import Opened, Theme, opened, started
from tests.report.examples import KINDS

WIDTHS = (360, 1440)


def draw(folder: Path) -> None:
    """Write the page and four pictures of each example, and print a line of figures for each."""
    folder.mkdir(parents=True, exist_ok=True)
    typer.echo(f"{'run':20}{'bytes':>10}{'first paint':>13}{'axe':>5}")
    with started() as browser:
        for kind, made in KINDS.items():
            page = folder / f"{kind}.html"
            page.write_text(page_of(made()), encoding="utf-8")
            _draw(browser, page, folder)


def _draw(browser: Browser, page: Path, folder: Path) -> None:
    for width in WIDTHS:
        for theme in get_args(Theme):
            with opened(browser, page.as_uri(), width=width, theme=theme) as shown:
                shown.screenshot(folder / f"{page.stem}-{width}-{theme}.png")
                if (width, theme) == (WIDTHS[-1], "light"):
                    told = f"{page.stat().st_size:>10,}{first_paint(shown):>10.0f} ms{len(shown.violations()):>5}"
                    typer.echo(f"{page.stem:20}{told}")


def first_paint(shown: Opened) -> float:
    """Milliseconds from the start of the navigation to the first content on the screen."""
    milliseconds: float = shown.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    return milliseconds


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
