"""The page of a run: one HTML file that holds the document, the library that draws it, and nothing to load.

The standard library only: the function that writes the page has this package in its zip. The browser draws the page; Python
fills the template, so that a page costs the run a few milliseconds.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

_HERE = Path(__file__).parent / "browser"
_MODULES = Path(__file__).parents[1] / "node_modules"

LIBRARIES = ("d3/dist/d3.min.js", "@observablehq/plot/dist/plot.umd.min.js")
"""The files of node_modules that are in the page; the second needs the first."""

_SCRIPTS = ("parts.js", "charts.js", "sections.js", "page.js")

_WORDS = {
    "succeeded": "Succeeded",
    "succeeded_with_rejects": "Succeeded with rejects",
    "failed": "Failed",
    "skipped": "Skipped",
    "nothing_to_do": "Nothing to do",
    "running": "Running",
}

# JSON in a script element: `</script>` and `<!--` would end or change the element. U+2028 and U+2029 are as good escaped.
_IN_SCRIPT = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def page_of(document: Mapping[str, Any]) -> str:
    """The page of a run's document, which `report/run.schema.json` describes."""
    template, style, scripts = _parts()
    title = f"{_WORDS.get(document['outcome'], document['outcome'])}: {document['deployment']} {document['run_id']}"
    return template.substitute(
        policy=escape(_policy(scripts)),
        title=escape(title),
        style=style,
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


@cache
def _parts() -> tuple[Template, str, tuple[str, ...]]:
    scripts = tuple(
        map(_read, (*(_MODULES / name for name in LIBRARIES), *(_HERE / name for name in _SCRIPTS)))
    )
    return Template(_read(_HERE / "page.html")), _read(_HERE / "page.css"), scripts


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _policy(scripts: Iterable[str]) -> str:
    """Only these scripts run, and nothing is loaded; Observable Plot puts a style element into each chart."""
    hashes = (b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
