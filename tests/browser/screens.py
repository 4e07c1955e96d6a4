"""Pictures of the page of each kind of run, for people who change the page: `python -m tests.browser.screens FOLDER`.

Each example document is drawn as on a phone and on a desk, in the light and in the dark, and the figures of its page are told.
"""

import sys
import time
from pathlib import Path
from typing import get_args

import typer
from playwright.sync_api import Browser

from report.page import page_of
from tests.browser.browser import Opened, Theme, opened, started
from tests.report.examples import KINDS

WIDTHS = (360, 1440)

_NOTE_FRAME = """
addEventListener("DOMContentLoaded", () =>
  requestAnimationFrame(() => requestAnimationFrame(() => { window.frameAfterContent = performance.now(); })))
"""
_FRAME = """
new Promise((tell) => {
  const look = () => window.frameAfterContent ? tell(window.frameAfterContent) : requestAnimationFrame(look);
  look();
})
"""


def draw(folder: Path) -> None:
    """Write the page and four pictures of each example, and print a line of figures for each."""
    folder.mkdir(parents=True, exist_ok=True)
    page_of(KINDS["clean"]())  # reads the libraries, once
    typer.echo(f"{'run':20}{'bytes':>10}{'made in':>11}{'first paint':>13}{'axe':>5}")
    with started() as browser:
        for kind, made in KINDS.items():
            page = folder / f"{kind}.html"
            document, began = made(), time.perf_counter()
            page.write_text(page_of(document), encoding="utf-8")
            typer.echo(
                f"{kind:20}{page.stat().st_size:>10,}{(time.perf_counter() - began) * 1000:>8.0f} ms",
                nl=False,
            )
            _draw(browser, page, folder)


def _draw(browser: Browser, page: Path, folder: Path) -> None:
    for width in WIDTHS:
        for theme in get_args(Theme):
            with opened(browser, page.as_uri(), width=width, theme=theme) as shown:
                shown.screenshot(folder / f"{page.stem}-{width}-{theme}.png")
                if (width, theme) == (WIDTHS[-1], "light"):
                    typer.echo(f"{first_paint(shown):>10.0f} ms{len(shown.violations()):>5}")


def first_paint(shown: Opened) -> float:
    """Milliseconds from the start of the navigation to the frame after the one with the first content.

    That is a little too much. Headless Chromium has not told its own paint times since version 153.
    """
    shown.page.add_init_script(_NOTE_FRAME)
    shown.page.reload()
    milliseconds: float = shown.page.evaluate(_FRAME)
    return milliseconds


if __name__ == "__main__":
    draw(Path(sys.argv[1]).absolute())
