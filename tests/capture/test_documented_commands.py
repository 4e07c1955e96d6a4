"""The commands that the documentation shows are commands, with options that they have."""

import re

import pytest
from typer.testing import CliRunner

from capture.__main__ import app
from stacks import ROOT

PAGES = [ROOT / "README.md", ROOT / "docs" / "capture.md"]
SHOWN = [
    (command, options)
    for page in PAGES
    for command, options in re.findall(
        r"python -m capture ([a-z-]+)([^#\n`|]*)", page.read_text(encoding="utf-8")
    )
]


def help_of(command: str) -> str:
    result = CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, [command, "--help"])
    assert result.exit_code == 0
    return result.output


def test_every_command_is_shown() -> None:
    assert {command for command, _ in SHOWN} == {
        "collect",
        "follow",
        "upload",
        "simulate",
        "import-library",
        "import-goodbooks",
        "import-ucsd",
    }


@pytest.mark.parametrize(("command", "options"), SHOWN, ids=lambda each: each.strip())
def test_a_command_that_is_shown_has_the_options_it_is_shown_with(command: str, options: str) -> None:
    known = set(re.findall(r"--[a-z-]+", help_of(command)))
    assert set(re.findall(r"--[a-z-]+", options)) <= known


def test_the_options_that_the_page_explains_are_those_of_collector_and_follower() -> None:
    explained = set(
        re.findall(r"\(`(--[a-z-]+)`\)", (ROOT / "docs" / "capture.md").read_text(encoding="utf-8"))
    )
    assert {"--poll", "--whole-every", "--max-file-age", "--max-file-size"} <= explained
    assert explained <= set(re.findall(r"--[a-z-]+", help_of("collect") + help_of("follow")))
