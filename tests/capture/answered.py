"""What a command of capture answers with `--json`, beside what docs/capture.md says of the answers."""

import json
import logging
import re
from typing import Any, NamedTuple

from typer.testing import CliRunner

from capture.__main__ import app
from command_line.answers import answers
from stacks import ROOT


class Answer(NamedTuple):
    """The one JSON document on stdout, what stderr says, and the exit code."""

    document: dict[str, Any]
    stderr: str
    exit_code: int


def answered(command: str, *arguments: object) -> Answer:
    """Call the command in this process. An answer has the keys that the page lists for the command; an error has `error` alone."""
    try:
        result = CliRunner(env={"COLUMNS": "400", "TERM": "dumb"}).invoke(
            app, [command, *map(str, arguments), "--json"]
        )
    finally:  # the next test of the process begins without --json, and logs to another stderr
        answers.choose(as_json=False)
        logging.getLogger("capture").handlers = []
    (line,) = result.stdout.splitlines()
    document: dict[str, Any] = json.loads(line)
    assert set(document) in ({"error"}, documented()[command])
    return Answer(document, result.stderr, result.exit_code)


def documented() -> dict[str, set[str]]:
    """{command: the keys of its answer}."""
    page = (ROOT / "docs" / "capture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ((?:`\w+`(?:, )?)+) \|", page, re.MULTILINE)
    return {command: set(re.findall(r"`(\w+)`", keys)) for command, keys in rows}
