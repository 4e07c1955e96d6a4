"""Which of mutmut's mutants a selection means, and what is told of them."""

import pytest

from tests.mutation.mutants import mutants_of, summary

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
    assert summary(LISTING, "sql.checks.*").splitlines() == [
        "survived sql.checks.x_staging_checks__mutmut_2",
        "2 of 3 mutants were noticed; no fast test reaches 1 more. `mutmut show NAME` shows one.",
    ]
