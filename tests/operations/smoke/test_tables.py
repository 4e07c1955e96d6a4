"""Two warehouses hold the same rows, or the first that differ are told, without anybody's text."""

import hashlib
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from local_cloud.redshift import RedshiftEngine
from operations.smoke.tables import Row, compare, compared
from sql import statements
from tests.local_cloud.redshift.conftest import Session

COLUMNS = ("review_id", "rating", "review_text")


def test_the_order_of_the_rows_does_not_matter() -> None:
    here = [(1, 5, "good"), (2, 1, None)]
    found = compare("reviews", COLUMNS, here, reversed(here))
    assert (found.same, found.rows_here, found.rows_there) == (True, 2, 2)


def test_a_row_that_is_there_twice_is_not_the_same() -> None:
    found = compare("reviews", COLUMNS, [(1, 5, "good")], [(1, 5, "good")] * 2)
    assert (found.same, found.only_there) == (False, 1)
    assert found.examples == [{"review_id": "1", "only": "there"}]


def test_rows_of_one_key_are_told_with_the_columns_in_which_they_differ() -> None:
    found = compare("reviews", COLUMNS, [(1, 5, "good"), (2, 3, "")], [(1, 4, "very bad"), (3, 3, "")])
    assert found.columns == ["rating", "review_text"]
    assert found.examples == [
        {
            "review_id": "1",
            "rating": ["5", "4"],
            "review_text": ["a text of 4 characters", "a text of 8 characters"],
        },
        {"review_id": "2", "only": "here"},
        {"review_id": "3", "only": "there"},
    ]


def test_a_long_text_is_compared_by_its_length_and_its_hash(tmp_path: Path) -> None:
    """The Data API gives no row of more than 64 kB, and a review may have as much."""
    columns = {"review_id": "bigint", "review_text": "varchar(65535)"}
    query = statements.rows("goodreads_warehouse.reviews", columns)
    texts = ["ä" * 30_000, "ä" * 29_999 + "o", None, ""]
    with RedshiftEngine(tmp_path / "warehouse.duckdb", tmp_path) as engine:
        session = Session(engine)
        session.run(
            "create schema goodreads_warehouse",
            "create table goodreads_warehouse.reviews (review_id bigint, review_text varchar(65535))",
        )
        for number, text in enumerate(texts):
            value = "null" if text is None else f"'{text}'"
            session.run(f"insert into goodreads_warehouse.reviews values ({number}, {value})")
        told = dict(session.rows(f"select * from ({query}) as told"))
    assert told == {
        number: None
        if text is None
        else f"{len(text)} characters, SHA-256 {hashlib.sha256(text.encode()).hexdigest()}"
        for number, text in enumerate(texts)
    }
    here, there = ([(1, told[number])] for number in (0, 1))
    (example,) = compare("reviews", tuple(columns), here, there).examples
    assert example == {"review_id": "1", "review_text": [told[0], told[1]]}


def test_values_are_the_same_whether_as_text_or_as_what_they_are() -> None:
    """The Data API tells decimals and times as texts, the file of this machine has them as they are."""
    at = datetime(2020, 2, 19, 21, 38, 16, 690000)  # noqa: DTZ001 - as Redshift keeps it

    def here(sql: str) -> list[Row]:
        return [_row(sql, Decimal("3.50"), at)]

    def there(sql: str) -> list[Row]:
        return [_row(sql, "3.5", "2020-02-19 21:38:16.69")]

    found = {each.table: each.same for each in compared(here, there)}
    assert found["goodreads_warehouse.books"]
    assert all(found.values())


def test_what_differs_from_run_to_run_is_not_compared() -> None:
    asked: list[str] = []

    def ask(sql: str) -> list[Row]:
        asked.append(sql)
        return []

    assert all(each.same for each in compared(ask, ask))
    words = {word.strip(",") for sql in asked for word in sql.split()}
    assert words.isdisjoint(
        {"run_id", "fencing_token", "published_at", "checked_at", "milliseconds", "etag", "since"}
    )
    assert {"book_id", "rows_read", "violations", "file_key", "subject"} <= words


def _row(sql: str, decimal: object, timestamp: object) -> Row:
    """A value for each column that is asked for."""
    values = {"average_rating": decimal, "record_create_timestamp": timestamp}
    lines = sql.partition("\nfrom ")[0].splitlines()[1:]
    return tuple(values.get(line.split()[-1].strip(",")) for line in lines)
