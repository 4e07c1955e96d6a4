"""Which steps bring tables to a catalog, and which changes are refused."""

import pytest

from lambdas import compare_catalog
from lambdas.shared.errors import MigrationRefusedError
from lambdas.shared.migration import Migration, Step, is_older, migration
from sql import statements
from tests.lambdas.warehouse import Ledger

BOOKS = "goodreads_warehouse.books"
FOUND = {BOOKS: {"book_id": "bigint not null", "title": "varchar(1024)", "rating": "decimal(3, 2)"}}


def wanted(**changes: str | None) -> dict[str, dict[str, str]]:
    """The catalog with these definitions in the place of those found; None takes a column away."""
    columns = {**FOUND[BOOKS], **changes}
    return {BOOKS: {name: definition for name, definition in columns.items() if definition}}


def test_tables_of_the_catalog_need_no_step() -> None:
    assert migration(FOUND, FOUND, last=FOUND).steps == ()


def test_new_columns_and_wider_texts_are_steps_in_the_order_of_the_catalog() -> None:
    made = migration(wanted(subtitle="varchar(9)", title="varchar(2048)", pages="integer"), FOUND, last=FOUND)
    assert made.refused == ()
    assert made.steps == (
        Step("widen", BOOKS, "title", "varchar(2048)"),
        Step("add", BOOKS, "subtitle", "varchar(9)"),
        Step("add", BOOKS, "pages", "integer"),
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"title": "varchar(1023)"},
            "books.title is varchar(1024) in the warehouse and varchar(1023) in the catalog",
        ),
        (
            {"rating": "decimal(5, 2)"},
            "books.rating is decimal(3, 2) in the warehouse and decimal(5, 2) in the catalog",
        ),
        (
            {"rating": "varchar(9)"},
            "books.rating is decimal(3, 2) in the warehouse and varchar(9) in the catalog",
        ),
        ({"title": "bigint"}, "books.title is varchar(1024) in the warehouse and bigint in the catalog"),
        ({"rating": None}, "books.rating is no longer in the catalog: a column is never dropped"),
        ({"book_id": None}, "books.book_id is required in the warehouse and unknown to the catalog"),
        ({"book_id": "bigint"}, "books.book_id is required in the warehouse and optional in the catalog"),
        ({"pages": "integer not null"}, "books.pages is new and required"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(changes: dict[str, str | None], why: str) -> None:
    (refused,) = migration(wanted(**changes), FOUND, last=FOUND).refused
    assert refused.startswith(f"goodreads_warehouse.{why}")


def test_a_table_that_does_not_exist_is_left_to_the_statement_that_fills_it() -> None:
    later = {"goodreads_analytics.later": {"place": "integer not null"}}
    assert migration({**FOUND, **later}, FOUND) == Migration()


def test_a_column_that_no_catalog_had_is_somebody_s_own_and_stays() -> None:
    assert migration(wanted(rating=None), FOUND, last=wanted(rating=None)).refused == ()
    assert migration(wanted(rating=None), FOUND).refused == ()


def test_a_catalog_that_was_rolled_back_leaves_wider_and_additional_columns_alone() -> None:
    older = wanted(rating=None, title="varchar(9)")
    assert migration(older, FOUND, last=FOUND, is_older=True).refused == ()
    assert migration(older, FOUND, last=FOUND, is_older=True).steps == ()


@pytest.mark.parametrize(
    ("digest", "recorded", "older"),
    [
        ("a", [], False),
        ("a", ["a"], False),
        ("b", ["a"], False),
        ("a", ["a", "b"], True),
        ("a", ["a", "b", "a"], False),
        ("b", ["a", "b", "a"], True),
    ],
)
def test_a_catalog_is_older_if_another_one_was_applied_after_it(
    digest: str, recorded: list[str], older: bool
) -> None:
    assert is_older(digest, recorded) is older


def compared(ledger: Ledger, catalog: dict[str, dict[str, str]]) -> dict[str, object]:
    batch = statements.create_warehouse()
    event = {
        "wanted": catalog,
        "digest": statements.digest_of(catalog),
        "templates": statements.MIGRATION_STEPS,
        "columns": ledger.run(batch[-2]),
        "versions": ledger.run(batch[-1]),
    }
    return compare_catalog.handler(event, None)


@pytest.mark.slow
def test_the_function_reads_the_warehouse_and_answers_with_statements(ledger: Ledger) -> None:
    catalog = statements.catalog()
    assert compared(ledger, catalog) == {"is_newer": True, "steps": []}
    ledger.run(statements.record_catalog(catalog), run_id="r1")
    assert compared(ledger, catalog) == {"is_newer": False, "steps": []}

    wider = {**catalog, BOOKS: {**catalog[BOOKS], "title": "varchar(2048)", "pages": "integer"}}
    assert compared(ledger, wider) == {
        "is_newer": True,
        "steps": [
            f"alter table {BOOKS} alter column title type varchar(2048)",
            f"alter table {BOOKS} add column pages integer",
        ],
    }

    narrower = {**catalog, BOOKS: {**catalog[BOOKS], "title": "varchar(9)"}}
    with pytest.raises(
        MigrationRefusedError, match=r"title is varchar\(1024\).*Nothing was changed"
    ) as raised:
        compared(ledger, narrower)
    assert "`pipeline rebuild TABLE`" in str(raised.value)
