"""Staging, warehouse and analytics that violate no rule; the values reach the bounds of every rule."""

from collections.abc import Iterable

from catalog import DATASETS, Column, Dataset, Type
from sql import statements
from sql.rankings import GROUPS
from tests.sql.engine import Engine

TOP = 2
REJECT_LIMITS = {"authors": 30, "books": 40, "reviews": 50, "users": 60}
"""In percent; exactly so many authors are rejected."""

RECORDS = {"authors": 4, "books": 4, "reviews": 7, "users": 4}
"""Number of records by dataset; their keys are 1, 2, 3 and so on."""

STALE, DUPLICATE, REJECTED = 1, 2, 3
"""Further rows of each dataset."""

_WINDOW = {"window_start": "2020-02-01", "window_end": "2020-03-01"}
_REFERRED = {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 2, 7: 1}
"""The author, the book and the user of each review, and the author of each book."""

_CAPTURED = {
    1: "2020-01-31 23:59:59.999999",
    2: "2020-02-01",
    3: "2020-02-19",
    4: "2020-02-29 23:59:59.999999",
    5: "2020-01-15",
    6: "2020-03-01",
}
"""When each record was captured; review 7 just now. Reviews 1 and 6 are outside the window, right before and right after."""


def fill(session: Engine) -> None:
    """Stage and publish the run `r1`, then rank its authors and books: 2 and 3 are in every table."""
    for dataset in DATASETS:
        session.run(_stage(dataset), *_account(dataset.name))
    session.run("insert into goodreads_staging.files values ('r1', null, 'x.txt', 'e', 1, 0, 0, 'unknown')")
    session.run(*(statement.replace("{}", "r1") for statement in statements.publish()))
    session.run(statements.set_window(), **_WINDOW)
    for tables in GROUPS.values():
        session.run(*statements.analytics(tables, TOP))


def _stage(dataset: Dataset) -> str:
    rows = (
        ", ".join(_value(dataset, column, number) for column in dataset.stored_columns)
        for number in range(1, RECORDS[dataset.name] + 1)
    )
    return f"insert into goodreads_staging.{dataset.name} values {_tuples(rows)}"


def _value(dataset: Dataset, column: Column, number: int) -> str:
    """Record 1 has every minimum, record 2 every maximum; the others have no more than they need."""
    if column.name in {dataset.key, "record_hash"}:
        return str(number)
    if column.reference:
        return str(_REFERRED[number])
    if column.type in {Type.TIMESTAMP, Type.OFFSET_TIMESTAMP}:
        return f"timestamp '{_CAPTURED[number]}'" if number in _CAPTURED else "getdate()"
    if column.bounds and number <= 2:
        return str(column.bounds[number - 1])
    return "4" if column.name == "review_rating" else "null"


def _account(dataset: str) -> list[str]:
    staged = RECORDS[dataset]
    read = staged + STALE + DUPLICATE + REJECTED
    counts = ", ".join(map(str, (read, staged, STALE, DUPLICATE, REJECTED)))
    files = (
        f"'r1', '{dataset}', '{dataset}-1', 'e', 1, {read - 5}, 1, null",
        f"'r1', '{dataset}', '{dataset}-2', 'e', 1, 5, {REJECTED - 1}, null",
    )
    return [
        f"insert into goodreads_staging.accounting values ('r1', '{dataset}', 1, {counts})",
        f"insert into goodreads_staging.files values {_tuples(files)}",
    ]


def _tuples(rows: Iterable[str]) -> str:
    return ", ".join(f"({row})" for row in rows)
