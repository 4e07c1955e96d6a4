"""Volume and shares of empty values are compared with the runs before as a plain computation in Python compares them."""

import re
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import TRAILING
from sql import checks
from tests.sql.engine import Result, checked
from tests.sql.staged import Staged, Version

pytestmark = pytest.mark.slow

LIMITS = dict.fromkeys(("authors", "books", "reviews", "users"), 100)
BATCH = checks.staging_checks(LIMITS)
COMPARING = [
    sql
    for sql in BATCH
    if sql in (BATCH[0], BATCH[-1]) or re.search(r"from goodreads_staging\.authors|empty_rows|'volume'", sql)
]
"""The statements that have to do with the authors and the runs before: a whole batch takes ten times as long."""

numbers = st.integers(0, 40)
histories = st.one_of(
    st.lists(numbers, min_size=TRAILING.at_least - 2, max_size=TRAILING.runs + 4),
    st.builds(lambda number, runs: [number] * runs, numbers, st.integers(0, TRAILING.at_least + 2)),
)


def is_odd(now: Fraction, history: list[Fraction], least: Fraction) -> bool:
    """Whether a number is further from the median of the newest runs than the tolerance; `least` is its floor."""
    if len(history) < TRAILING.at_least:
        return False
    middle = median(history)
    deviation = median(abs(each - middle) for each in history)
    return abs(now - middle) > max(TRAILING.deviations * deviation, least)


def only(found: list[Result], rule: str, column: str = "") -> Result:
    (result,) = (each for each in found if each[:3] == ("authors", column, rule))
    return result


@settings(max_examples=12)
@given(numbers, histories)
def test_the_volume_is_odd_if_it_is_far_from_the_median_of_the_runs_that_brought_rows(
    staged: Staged, now: int, history: list[int]
) -> None:
    staged.empty()
    lines = [
        f"('e{n}', 'authors', 0, {rows}, 0, 0, {rows}, 0, 0, true, true, dateadd(minute, {n}, cast('2020-02-19' as timestamp)))"
        for n, rows in enumerate(history)
    ]
    if lines:
        staged.session.run(f"insert into goodreads_warehouse.ledger values {', '.join(lines)}")
    staged.stage("r1", [Version(n, 5, 0) for n in range(now)])
    earlier = [Fraction(rows) for rows in history if rows][-TRAILING.runs :]
    least = median(earlier) * TRAILING.volume_percent / 100 if earlier else Fraction(0)
    result = only(checked(staged.session, COMPARING), "volume")
    assert result.violations == int(now > 0 and is_odd(Fraction(now), earlier, least))
    assert (result.severity, result.found) == ("warn", now)


@settings(max_examples=12)
@given(st.integers(0, 12), st.integers(1, 12), histories)
def test_a_share_of_empty_values_is_odd_if_it_is_far_from_the_median_share(
    staged: Staged, empty: int, named: int, history: list[int]
) -> None:
    staged.empty()
    names = "run_id, stage, table_name, column_name, rule, severity, rows_checked, violations, allowed, found, examples, checked_at"
    lines = [
        f"('e{n}', 'AuditStaging', 'authors', 'name', 'empty_share', 'warn', 40, 0, 0, {found}, '', "
        f"dateadd(minute, {n}, cast('2020-02-19' as timestamp)))"
        for n, found in enumerate(history)
    ]
    if lines:
        staged.session.run(
            f"insert into goodreads_warehouse.quality_results ({names}) values {', '.join(lines)}"
        )
    rows = empty + named
    staged.stage("r1", [Version(n, 5, 0) for n in range(rows)])
    staged.session.run(f"update goodreads_staging.authors set name = null where author_id < {empty}")
    million = 1_000_000
    earlier = [Fraction(found * million // 40) for found in history][-TRAILING.runs :]
    now = Fraction(empty * million // rows)
    result = only(checked(staged.session, COMPARING), "empty_share", "name")
    odd = is_odd(now, earlier, Fraction(TRAILING.share_points * million // 100))
    assert bool(result.violations) is odd
    assert (result.rows_checked, result.found) == (rows, empty)


def test_nothing_is_odd_before_there_is_a_history_and_an_odd_run_is_told_with_what_is_usual(
    staged: Staged,
) -> None:
    staged.empty()
    for number in range(1, TRAILING.at_least + 1):
        staged.stage(f"r{number}", [Version(n, 5, 0) for n in range(10)], token=number)
        assert only(checked(staged.session, BATCH, f"r{number}"), "volume").expected is None
        staged.publish(f"r{number}")
    staged.stage("r99", [Version(0, 5, 0)], token=99)
    found = only(checked(staged.session, BATCH, "r99"), "volume")
    assert (found.violations, found.found, found.expected) == (1, 1, 10)


def test_a_repeated_check_leaves_one_result_a_rule_and_the_history_of_other_runs(staged: Staged) -> None:
    staged.empty()
    for number, run in enumerate(("r1", "r2", "r2"), 1):
        staged.stage(run, [Version(1, 5, 0)], token=number)
        staged.session.run("update goodreads_staging.authors set profile_url = 'ftp://x'")
        found = checked(staged.session, BATCH, run)
    assert len({each[:3] for each in found}) == len(found)
    result = only(found, "pattern", "profile_url")
    assert (result.violations, result.examples, result.history) == (1, "1", "1 r1")


def test_the_history_of_an_older_run_has_no_later_run(staged: Staged) -> None:
    staged.empty()
    for number, run in enumerate(("r1", "r2", "r3"), 1):
        staged.stage(run, [Version(1, 5, 0)], token=number)
        staged.session.run("update goodreads_staging.authors set profile_url = 'ftp://x'")
        checked(staged.session, COMPARING, run)

    def told(run: str) -> str:
        found = staged.session.rows(checks.results(run, checks.AUDIT))
        return only([Result(*row) for row in found], "pattern", "profile_url").history

    assert [told(run) for run in ("r1", "r2", "r3")] == ["", "1 r1", "1 r2, 1 r1"]


def test_ten_keys_are_named_and_all_are_counted(staged: Staged) -> None:
    staged.empty()
    staged.stage("r1", [Version(number, 5, 0) for number in range(12)])
    staged.session.run("update goodreads_staging.authors set profile_url = 'ftp://x'")
    result = only(checked(staged.session, COMPARING, "r1"), "pattern", "profile_url")
    assert (result.violations, result.examples) == (12, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9")


def test_a_reference_may_be_unknown_to_a_few_and_who_comes_later_is_found_again(staged: Staged) -> None:
    staged.empty()
    books = ", ".join(f"({n}, {1 if n else 2}, timestamp '2020-02-19', 0)" for n in range(20))
    staged.session.run(
        "insert into goodreads_warehouse.authors (author_id, record_create_timestamp, record_hash) values (1, timestamp '2020-02-19', 0)",
        f"insert into goodreads_warehouse.books (book_id, authors, record_create_timestamp, record_hash) values {books}",
    )

    def unknown() -> Result:
        found = checked(staged.session, checks.warehouse_checks(), "r1")
        return next(each for each in found if each[:3] == ("books", "authors", "reference"))

    assert (unknown().violations, unknown().allowed, unknown().is_violated) == (1, 1, False)
    staged.session.run("update goodreads_warehouse.books set authors = 2 where book_id = 1")
    assert (unknown().violations, unknown().examples, unknown().is_violated) == (2, "0, 1", True)
    staged.stage("r2", [Version(2, 5, 0)])
    late = next(
        each
        for each in checked(staged.session, BATCH, "r2")
        if each[:3] == ("books", "authors", "arrived_late")
    )
    assert (late.violations, late.found) == (0, 2)
    staged.session.run(
        "insert into goodreads_warehouse.authors (author_id, record_create_timestamp, record_hash) values (2, timestamp '2020-02-19', 0)"
    )
    assert unknown().violations == 0
    staged.empty()
