"""`make run` with a stand-in for the command `pipeline`, which writes down what it was called with."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stacks import ROOT
from tests.own_books import commands, query

DAYS = ("WINDOW_START=2020-02-01", "WINDOW_END=2020-03-01")


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder with a command `pipeline` that only writes down its arguments."""
    command = tmp_path / "bin" / "pipeline"
    command.parent.mkdir()
    write = "import json, sys; print(json.dumps(sys.argv[1:]))"
    command.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c '{write}' \"$@\"\n")
    command.chmod(0o755)
    return command.parent


def arguments(stand_in: Path, *variables: str, **environment: str) -> list[str]:
    """What `make run` calls the command with; set-up counts as done.

    A make that runs the tests hands on its own flags; this one gets none.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "--assume-old=runtime", "run", f"PATH={stand_in}:{os.environ['PATH']}", *variables],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    called: list[str] = json.loads(done.stdout)
    return called


def test_without_a_variable_twenty_megabytes_are_made_up(stand_in: Path) -> None:
    assert arguments(stand_in) == ["run", "--size", "20MB"]


def test_each_variable_has_its_option(stand_in: Path) -> None:
    assert arguments(stand_in, "DATA=folder", "SIZE=1MB", *DAYS) == [
        *("run", "--size", "1MB"),
        *("--window-start", "2020-02-01", "--window-end", "2020-03-01", "--", "folder"),
    ]


def test_a_past_window_leaves_the_current_tables_if_asked_to(stand_in: Path) -> None:
    assert arguments(stand_in, "KEEP_CURRENT=yes", *DAYS) == [
        *("run", "--size", "20MB"),
        *("--window-start", "2020-02-01", "--window-end", "2020-03-01", "--keep-current"),
    ]


def test_another_word_than_yes_is_refused_as_nobody_knows_what_it_means(stand_in: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        arguments(stand_in, "KEEP_CURRENT=no", *DAYS)
    assert refused.value.returncode == 2
    assert "KEEP_CURRENT is yes, or is not given; found no" in refused.value.stderr


def test_a_library_export_goes_with_its_reader(stand_in: Path) -> None:
    assert arguments(stand_in, "LIBRARY=export.csv", "READER=Ann Example", "READER_ID=7") == [
        *("run", "--size", "20MB", "--library", "export.csv", "--user", "Ann Example", "--user-id", "7"),
    ]


def test_readers_are_followed_as_they_are_typed(stand_in: Path) -> None:
    assert arguments(stand_in, "FOLLOW=12345 67890") == [
        *("run", "--size", "20MB", "--follow", "12345 67890"),
    ]


def test_the_commands_of_the_readme_for_your_own_books_are_those_that_the_end_to_end_tests_run(
    stand_in: Path,
) -> None:
    """`tests/e2e/test_follow.py`, `tests/e2e/test_library.py`; both ask the query of the third command."""
    made = [arguments(stand_in, *words[2:]) for words in commands() if words[:2] == ["make", "run"]]
    assert made == [
        ["run", "--size", "20MB", "--follow", "12345"],
        ["run", "--size", "20MB", "--library", "goodreads_library_export.csv", "--user", "Ann"],
    ]
    assert query()[0] == "query"
    assert len(commands()) == len(made) + 1


def test_the_names_that_a_system_sets_name_no_reader(stand_in: Path) -> None:
    set_by_systems = dict.fromkeys(("USER", "USERNAME", "LOGNAME", "NAME", "USER_NAME"), "somebody")
    assert "--user" not in arguments(stand_in, **set_by_systems)


ODD = [
    "a folder/with  two spaces",
    "it's",
    'a "quoted" one',
    "$HOME $(HOME) ${HOME} `id`",
    "données/café",
    "a#b;c&d|e>f*?[g]\\\\h",
    "--help",
    "~/%s {a,b} !!",
]


@pytest.mark.parametrize("value", ODD)
def test_a_value_arrives_as_it_was_typed(stand_in: Path, value: str) -> None:
    names = ("DATA", "LIBRARY", "READER", "READER_ID", "FOLLOW", "SIZE", "WINDOW_START", "WINDOW_END")
    variables = [f"{name}={value}" for name in names]
    expected = [
        *("run", "--size", value, "--library", value, "--user", value, "--user-id", value),
        *("--follow", value),
        *("--window-start", value, "--window-end", value, "--", value),
    ]
    assert arguments(stand_in, *variables) == expected
    assert arguments(stand_in, **dict(variable.split("=", 1) for variable in variables)) == expected
