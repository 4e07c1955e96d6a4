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

WORDS = {
    "succeeded": "Succeeded",
    "succeeded_with_rejects": "Succeeded with rejects",
    "failed": "Failed",
    "skipped": "Skipped",
    "nothing_to_do": "Nothing to do",
    "running": "Running",
}

MARKED = {
    outcome: f"{mark} {WORDS[outcome]}"
    for outcome, mark in {
        "succeeded": "✓",
        "succeeded_with_rejects": "▲",
        "failed": "✕",
        "skipped": "◇",
        "nothing_to_do": "□",
        "running": "+",
    }.items()
}
"""The outcomes with a mark before the word, as lists of runs tell them: no colour alone says how a run ended."""

_SAFE_INTEGER = 2**53 - 1
"""JavaScript's Number.MAX_SAFE_INTEGER: greater ones are rounded when they are read."""

# JSON in a script element: `</script>` and `<!--` would end or change the element. U+2028 and U+2029 are as good escaped.
_IN_SCRIPT = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def page_of(document: Mapping[str, Any]) -> str:
    """The page of a run's document, which `report/run.schema.json` describes."""
    template, styles, scripts = _parts()
    title = f"{WORDS.get(document['outcome'], document['outcome'])}: {document['deployment']} {document['run_id']}"
    return template.substitute(
        policy=escape(policy(scripts)),
        title=escape(title),
        style=styles,
        document=in_script(document),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


@cache
def _parts() -> tuple[Template, str, tuple[str, ...]]:
    return Template(_read(_HERE / "page.html")), style(), with_libraries(*_SCRIPTS)


@cache
def style() -> str:
    """The style of all pages."""
    return _read(_HERE / "page.css")


@cache
def with_libraries(*names: str) -> tuple[str, ...]:
    """The libraries, and these scripts of ours after them."""
    return tuple(map(_read, (*(_MODULES / name for name in LIBRARIES), *(_HERE / name for name in names))))


def in_script(value: Any) -> str:
    """A value as JSON that can stand in a script element. Integers that a browser would round are texts: ids that captures make."""
    return json.dumps(_exact(value), ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def _exact(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    return str(value) if isinstance(value, int) and abs(value) > _SAFE_INTEGER else value


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def policy(scripts: Iterable[str]) -> str:
    """Only these scripts run, and nothing is loaded; Observable Plot puts a style element into each chart."""
    hashes = (b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
