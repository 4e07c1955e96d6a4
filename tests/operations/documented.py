"""What docs/commands.md says of the answers in JSON, beside what the commands answer."""

import json
import re
from typing import Any

from typer.testing import Result

from stacks import ROOT


def documented() -> dict[str, set[str]]:
    """{command: the keys of its answer}."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+[^`]*)` \| ([^|]*) \|", page, re.MULTILINE)
    return {command: set(re.findall(r"`(\w+)`", keys)) for command, keys in rows}


def answered(command: str, result: Result) -> dict[str, Any]:
    """The one JSON document on stdout, which has the keys that the page lists for the command."""
    document: dict[str, Any] = json.loads(result.stdout)
    assert set(document) == documented()[command]
    return document
