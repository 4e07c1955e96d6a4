"""Where a rule looked, how it is told, and what is a violation."""

import pytest

from contract.checks import checked_table, checks_key, is_violated, told_rule


@pytest.mark.parametrize(
    ("violations", "allowed", "violated"),
    [
        (0, 0, False),
        (0, None, False),
        (1, None, True),
        (3, 3, False),
        (4, 3, True),
        (None, 3, True),  # a number that nobody knows
        (-1, 3, True),  # more was kept than came
    ],
)
def test_more_than_allowed_fewer_than_none_and_an_unknown_number_are_violations(
    violations: int | None, allowed: int | None, *, violated: bool
) -> None:
    assert is_violated(violations, allowed) is violated


@pytest.mark.parametrize(
    ("stage", "table", "told"),
    [
        ("AuditStaging", "books", "goodreads_staging.books"),
        ("CheckWarehouse", "books", "goodreads_warehouse.books"),
        ("CheckAnalytics", "best_books", "goodreads_analytics.best_books"),
        ("CheckPastAnalytics", "best_books", "goodreads_past.best_books"),
        ("CheckAnalytics", "books", "goodreads_warehouse.books"),
        ("CheckPastAnalytics", "reviews", "goodreads_warehouse.reviews"),
    ],
)
def test_a_checked_table_has_the_schema_of_its_stage_but_rows_that_no_ranking_has_are_the_warehouses(
    stage: str, table: str, told: str
) -> None:
    assert checked_table(stage, table) == told


def test_only_a_rule_of_the_past_window_says_so() -> None:
    assert told_rule("CheckAnalytics", "top") == "top"
    assert told_rule("CheckPastAnalytics", "top") == "top of the past window"


def test_each_stage_of_a_run_has_a_key_of_its_own_below_the_run() -> None:
    assert checks_key("r1", "AuditStaging") == "run=r1/checks/AuditStaging.json"
