"""The commands that pages and messages show are commands, with options that they have."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from operations.__main__ import app
from stacks import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
SOURCES = [
    path
    for room in ("benchmarks", "demo", "landing", "local_cloud", "operations")
    for path in (ROOT / room).rglob("*.py")
]
SHOWN = sorted(
    {
        (command, options)
        for path in (*PAGES, *SOURCES)
        for command, options in re.findall(
            r"(?:\.venv/bin/|`)pipeline ([a-z]+)([^#\n`|]*)", path.read_text(encoding="utf-8")
        )
    }
)


def help_of(*command: str) -> str:
    result = CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    return result.output


def test_every_command_is_shown_and_is_one() -> None:
    listed = set(re.findall(r"^│ ([a-z]+) ", help_of(), re.MULTILINE))
    assert listed == {
        "run",
        "up",
        "status",
        "history",
        "checks",
        "report",
        "query",
        "readers",
        "mail",
        "permissions",
        "replay",
        "rebuild",
        "forget",
        "explain",
        "contract",
        "smoke",
        "teardown",
    }
    assert {command for command, _ in SHOWN} == listed


@pytest.mark.parametrize(("command", "options"), SHOWN, ids=lambda each: each.strip())
def test_a_command_that_is_shown_has_the_options_it_is_shown_with(command: str, options: str) -> None:
    known = set(re.findall(r"--[a-z-]+", help_of(command)))
    assert set(re.findall(r"--[a-z-]+", options)) <= known


def test_there_is_one_spelling() -> None:
    assert holding(r"python -m (?:operations|local_cloud) \w", [*PAGES, *SOURCES, ROOT / "Makefile"]) == []


def test_pages_name_the_folder_of_the_command_for_shells_that_do_not_know_it() -> None:
    assert (
        holding(
            r"`pipeline (?:run|up|status|history|query|readers|mail|permissions|replay|rebuild|forget|teardown|report|checks|explain|smoke)\b",
            PAGES,
        )
        == []
    )


def holding(pattern: str, paths: Iterable[Path]) -> list[str]:
    """Those of the files that hold the pattern."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if re.search(pattern, path.read_text(encoding="utf-8"))
    ]
