"""Which of mutmut's mutants a selection means, and what is told of them."""

import tomllib

import pytest

from stacks import ROOT
from tests.mutation.mutants import last_words, mutants_of, narrowed, summary, survivors

LISTING = """
    sql.checks.x_staging_checks__mutmut_1: killed
    sql.checks.x_staging_checks__mutmut_2: survived
    sql.checks.x_staging_checks__mutmut_3: timeout
    sql.checks.x_staging_checks__mutmut_4: no tests
    sql.checks.x_staging_checks__mutmut_5: not checked
    sql.statements.x_publish__mutmut_1: survived
"""


@pytest.mark.parametrize(
    ("selection", "pattern"),
    [
        ("", "*"),
        ("sql", "sql.*"),
        ("sql/checks.py", "sql.checks.*"),
        ("lambdas/shared/", "lambdas.shared.*"),
        ("sql/quality/top.sql", None),
        ("stacks/monitoring", None),
    ],
)
def test_a_file_or_a_folder_selects_its_mutants(selection: str, pattern: str | None) -> None:
    assert mutants_of(selection) == pattern


def test_the_figure_is_of_the_selected_mutants_that_a_test_reaches() -> None:
    assert survivors(LISTING, "sql.checks.*") == ["sql.checks.x_staging_checks__mutmut_2"]
    assert summary(LISTING, "sql.checks.*") == (
        "2 of 3 mutants were noticed; no fast test of the package reaches 1 more"
    )


@pytest.mark.parametrize(
    ("selection", "tests", "changed"),
    [
        ("sql/checks.py", "tests/sql", "sql/checks.py"),
        ("lambdas/shared/", "tests/lambdas", "lambdas/shared/*"),
    ],
)
def test_the_mutants_of_a_selection_are_tried_with_the_tests_of_its_package(
    selection: str, tests: str, changed: str
) -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    mutmut = tomllib.loads(narrowed(settings, selection))["tool"]["mutmut"]
    assert mutmut["pytest_add_cli_args_test_selection"] == [tests]
    assert mutmut["only_mutate"] == [changed]
    assert (ROOT / tests).is_dir()


def test_a_mutmut_that_gives_up_is_told_by_what_it_said_at_last() -> None:
    said = "\r\u2838 Generating mutants\r\u2834 Running stats     \r\u2838 Running stats\nStopping early, because no test was found.\n"
    assert last_words(said) == "Stopping early, because no test was found."


def test_all_mutants_are_tried_with_the_tests_of_all_packages() -> None:
    assert narrowed("text", "") == "text"
