"""What `pipeline forget` does in the warehouse: the rows go, and the ledger stays true."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import AUTHORS, DATASETS, REVIEWS, USERS, Dataset
from contract.ledger import subject_of
from sql import checks, forgetting, statements
from tests.sql.engine import Result, checked
from tests.sql.staged import Staged, Version

STAGED = frozenset(dataset.name for dataset in DATASETS)


def forget(
    staged: Staged,
    dataset: Dataset,
    key: int,
    tables: frozenset[str] = STAGED,
    *,
    also_later: bool = False,
) -> None:
    wanted = forgetting.forget(dataset, tables, also_later=also_later)
    staged.session.run(*wanted, id=str(key), subject=subject_of(dataset.name, key))


def violated(staged: Staged) -> list[Result]:
    return [
        result
        for result in checked(staged.session, checks.warehouse_checks())
        if result.severity == "block" and result.violations != 0
    ]


def add(staged: Staged, table: str, keys: list[tuple[int, int]], column: str) -> None:
    """Rows of a table of the warehouse and of staging, each with its key and what `column` holds, as the ledger has them."""
    key = next(dataset.key for dataset in DATASETS if dataset.name == table)
    names = f"{key}, {column}" if key != column else key
    for row, value in keys:
        values = f"{row}, {value}" if key != column else str(row)
        for schema in ("goodreads_warehouse", "goodreads_staging"):
            staged.session.run(
                f"insert into {schema}.{table} ({names}, record_create_timestamp, record_hash) values ({values}, getdate(), 1)"
            )
    staged.session.run(
        f"insert into goodreads_warehouse.ledger values "
        f"('r', '{table}', 1, {len(keys)}, {len(keys)}, 0, 0, 0, 0, true, true, getdate())"
    )


@pytest.fixture
def filled(staged: Staged) -> Staged:
    """User 70 with two reviews, user 71 with one; a review whose number is the user's."""
    add(staged, "users", [(70, 70), (71, 71)], "user_id")
    add(staged, "reviews", [(1, 70), (2, 71), (3, 70), (70, 71)], "user_id")
    assert violated(staged) == []
    return staged


def left(staged: Staged, schema: str = "goodreads_warehouse") -> tuple[list[int], list[int]]:
    users, reviews = (
        [
            key
            for (key,) in staged.session.rows(f"select {dataset.key} from {schema}.{dataset.name} order by 1")
        ]
        for dataset in (USERS, REVIEWS)
    )
    return users, reviews


def test_a_user_goes_with_the_users_reviews_and_the_ledger_stays_true(filled: Staged) -> None:
    forget(filled, USERS, 70)
    assert left(filled) == left(filled, "goodreads_staging") == ([71], [2, 70])
    assert violated(filled) == []
    lines = filled.session.rows(
        "select subject, dataset, rows_forgotten from goodreads_warehouse.ledger_forgotten order by dataset"
    )
    assert lines == [(subject_of("users", 70), "reviews", 2), (subject_of("users", 70), "users", 1)]


def test_a_review_goes_alone(filled: Staged) -> None:
    forget(filled, REVIEWS, 70)
    assert left(filled) == ([70, 71], [1, 2, 3])
    assert violated(filled) == []


def test_a_second_request_finds_nothing_and_writes_no_line(filled: Staged) -> None:
    forget(filled, USERS, 70)
    before = filled.session.rows("select * from goodreads_warehouse.ledger_forgotten order by dataset")
    forget(filled, USERS, 70)
    assert (
        filled.session.rows("select * from goodreads_warehouse.ledger_forgotten order by dataset") == before
    )
    assert violated(filled) == []


def test_where_staging_lacks_tables_the_warehouse_is_still_cleared(filled: Staged) -> None:
    forget(filled, USERS, 70, frozenset({"users"}))
    assert left(filled) == ([71], [2, 70])
    assert left(filled, "goodreads_staging") == ([71], [1, 2, 3, 70])


def test_results_of_the_quality_rules_name_no_key_of_whoever_is_forgotten(filled: Staged) -> None:
    named = [
        ("users", "70"),
        ("users", "1, 70"),
        ("users", "170, 700"),
        ("reviews", "1, 2"),
        ("reviews", "2, 3, 70"),
        ("reviews", "2, 13, 70"),
        ("books", "1, 3, 70"),
    ]
    filled.session.run("delete from goodreads_warehouse.quality_results")
    for number, (table, keys) in enumerate(named):
        filled.session.run(
            "insert into goodreads_warehouse.quality_results (run_id, stage, table_name, column_name, rule, severity, allowed, "
            f"examples, checked_at) values ('r{number}', 'AuditStaging', '{table}', '', 'unique', 'block', 0, '{keys}', getdate())"
        )
    counted = [
        int(filled.session.rows(forgetting.count_examples(trace), id="70")[0][0])
        for trace in forgetting.traces_of(USERS)
    ]
    assert counted == [2, 2]  # before: results about users, and about reviews of the user
    forget(filled, USERS, 70)
    kept = filled.session.rows(
        "select run_id, examples from goodreads_warehouse.quality_results where examples <> '' order by 1"
    )
    assert kept == [("r2", "170, 700"), ("r5", "2, 13, 70"), ("r6", "1, 3, 70")]


def test_a_deletion_by_hand_is_told_apart_from_a_request(filled: Staged) -> None:
    filled.session.run("delete from goodreads_warehouse.reviews where user_id = 70")
    assert [(each.table, each.rule, each.violations) for each in violated(filled)] == [
        ("reviews", "ledger", 2)
    ]


@pytest.mark.slow
def test_a_table_that_is_rebuilt_after_a_request_holds_the_rows_that_land_again(staged: Staged) -> None:
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'})
    staged.publish("r1")
    forget(staged, AUTHORS, 1)
    for name in ("rebuild-1", "rebuild-1 again"):
        staged.session.run(*statements.rebuild(AUTHORS), rebuild=name)
        assert (staged.authors(), violated(staged)) == ([], [])
    staged.stage("r2", [Version(2, 5, 0)], token=2, files={"authors/rebuild-r1/author.csv": '"e2"'})
    staged.publish("r2")
    assert violated(staged) == []
    forget(staged, AUTHORS, 2)
    assert (staged.authors(), violated(staged)) == ([], [])


def test_the_ledger_does_not_say_whom_it_has_forgotten() -> None:
    assert subject_of("users", 70) == hashlib.sha256(b"users/70").hexdigest()
    assert subject_of("users", 70) != subject_of("reviews", 70)


def forgotten(staged: Staged) -> list[tuple[Any, ...]]:
    return staged.session.rows(
        "select subject, dataset, rows_forgotten from goodreads_warehouse.ledger_forgotten order by 2, 3"
    )


def deliver(staged: Staged, run: str, table: str, rows: list[tuple[int, int]]) -> None:
    """Stage rows of a table, each with its key and user, and publish them."""
    staged.stage(run)
    key = next(dataset.key for dataset in DATASETS if dataset.name == table)
    for row, user in rows:
        names, values = ("user_id", f"{user}") if key == "user_id" else (f"{key}, user_id", f"{row}, {user}")
        staged.session.run(
            f"insert into goodreads_staging.{table} ({names}, record_create_timestamp, record_hash) "
            f"values ({values}, getdate(), 1)"
        )
    staged.session.run(
        f"update goodreads_staging.accounting set rows_read = {len(rows)}, rows_staged = {len(rows)} where dataset = '{table}'"
    )
    staged.publish(run)


@pytest.mark.slow
def test_whoever_is_left_out_is_never_in_the_warehouse_and_is_counted(filled: Staged) -> None:
    forget(filled, USERS, 70, also_later=True)
    before = forgotten(filled)
    deliver(filled, "r2", "reviews", [(4, 70), (5, 71), (6, 70)])
    deliver(filled, "r3", "users", [(70, 70), (72, 72)])
    assert left(filled) == ([71, 72], [2, 5, 70])
    me = subject_of("users", 70)
    assert forgotten(filled) == sorted(
        [*before, (me, "reviews", 2), (me, "users", 1)], key=lambda row: row[1:]
    )
    assert violated(filled) == []


def test_a_review_that_is_left_out_twice_is_counted_once(filled: Staged) -> None:
    forget(filled, USERS, 70, also_later=True)
    forget(filled, REVIEWS, 4, also_later=True)
    deliver(filled, "r2", "reviews", [(4, 70), (5, 71)])
    assert left(filled)[1] == [2, 5, 70]
    assert violated(filled) == []


def test_a_review_that_changes_hands_does_not_upset_the_ledger(filled: Staged) -> None:
    """Its older version is in the warehouse under somebody else's name, so nothing is inserted and nothing forgotten."""
    forget(filled, USERS, 70, also_later=True)
    deliver(filled, "r2", "reviews", [(2, 70)])
    assert left(filled)[1] == [2, 70]
    assert violated(filled) == []


@pytest.mark.slow
def test_publishing_again_counts_nobody_again(filled: Staged) -> None:
    forget(filled, USERS, 70, also_later=True)
    deliver(filled, "r2", "users", [(70, 70)])
    before = forgotten(filled)
    filled.publish("r2")
    assert (forgotten(filled), violated(filled)) == (before, [])


def test_each_person_who_is_left_out_is_listed_once_and_stays_listed(filled: Staged) -> None:
    for key, also_later in ((70, True), (71, True), (70, True), (70, False)):
        forget(filled, USERS, key, also_later=also_later)
    listed = filled.session.rows("select subject from goodreads_warehouse.left_out")
    assert sorted(listed) == sorted((subject_of("users", key),) for key in (70, 71))


@pytest.mark.slow
@settings(max_examples=16)
@given(
    st.lists(
        st.one_of(
            st.lists(
                st.builds(Version, st.integers(1, 4), st.integers(0, 3), st.integers(-2, 2)), max_size=5
            ),
            st.tuples(st.integers(1, 4), st.booleans()),
        ),
        max_size=8,
    )
)
def test_runs_and_requests_in_any_order_leave_what_was_delivered_after_the_request(
    staged: Staged, steps: list[list[Version] | tuple[int, bool]]
) -> None:
    """A later delivery of somebody who was forgotten is no mistake: the row is new, unless it is to be left out."""
    staged.empty()
    expected: dict[int, Version] = {}
    left_out = set[int]()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            author, also_later = step
            forget(staged, AUTHORS, author, also_later=also_later)
            expected.pop(author, None)
            left_out |= {author} if also_later else set()
        else:
            staged.stage(f"r{number}", step, token=number)
            counts = staged.publish(f"r{number}")
            assert counts["rows_read"] == len(step) == sum(counts.values()) - len(step)
            for version in step:
                if version.author not in left_out:
                    expected[version.author] = max(version, expected.get(version.author, version))
        assert violated(staged) == []
    found = [(row[0], row[3]) for row in staged.authors()]
    assert found == [(author, expected[author].digest) for author in sorted(expected)]
