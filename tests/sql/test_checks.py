"""The quality queries on real SQL: each counts whole numbers, and what it is there to count."""

import pytest

from sql import checks
from tests.sql.engine import checked
from tests.sql.staged import Staged, Version

LIMITS = {"authors": 50, "books": 0, "reviews": 100, "users": 50}


def violated(staged: Staged, *, accept_rejects: str = "false") -> dict[str, int | None]:
    """The rules about authors that staging violates, with the number of places."""
    found = checked(staged.session, checks.staging_checks(LIMITS), accept_rejects=accept_rejects)
    assert all(isinstance(each.violations, int) for each in found)  # a numeric would come as text
    return {each.rule: each.violations for each in found if each.violations and each.table == "authors"}


@pytest.mark.slow
def test_what_a_run_has_staged_well_violates_nothing(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(1, 4, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'})
    staged.session.run("update goodreads_staging.files set rows_read = 3")
    assert violated(staged) == {}


def test_rows_that_were_staged_twice_are_found(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0)])
    staged.session.run("insert into goodreads_staging.authors select * from goodreads_staging.authors")
    assert violated(staged) == {"rows_staged": 1, "unique": 1, "files": 1}


def test_files_whose_rows_do_not_add_up_to_the_rows_of_the_dataset_are_found(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'}, quarantined=2)
    staged.session.run("update goodreads_staging.files set rows_read = 3, rows_quarantined = 1")
    assert violated(staged) == {"files": 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("good", "bad", "found"), [(1, 1, {}), (1, 2, {"more_than_50_percent_rejected": 2}), (0, 0, {})]
)
def test_more_rejects_than_the_limit_stop_the_publish(
    staged: Staged, good: int, bad: int, found: dict[str, int]
) -> None:
    staged.stage("r1", [Version(n, 5, 0) for n in range(good)], files={"author.csv": '"e1"'}, quarantined=bad)
    staged.session.run(
        f"update goodreads_staging.files set rows_read = {good + bad}, rows_quarantined = {bad}"
    )
    assert violated(staged) == found
    assert violated(staged, accept_rejects="true") == {}


@pytest.mark.slow
def test_the_other_stages_count_whole_numbers_too(staged: Staged) -> None:
    for batch in (checks.warehouse_checks(), checks.analytics_checks(10)):
        found = checked(staged.session, batch)
        assert {type(each.violations) for each in found} == {type(each.allowed) for each in found} == {int}


@pytest.mark.slow
def test_who_compares_rows_says_both_numbers(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)])
    staged.publish("r1")
    staged.stage("r2", [Version(2, 6, 0)], token=2)  # an update is no row more
    staged.publish("r2")
    staged.session.run("delete from goodreads_warehouse.authors where author_id = 1")
    compared = {
        (each.table, each.rule): [each.found, each.expected]
        for each in checked(staged.session, checks.warehouse_checks())
        if each.rule != "freshness" and (each.found, each.expected) != (None, None)
    }
    assert compared == {
        ("authors", "ledger"): [1, 2],
        **{(table, "ledger"): [0, 0] for table in ("books", "reviews", "users")},
    }
