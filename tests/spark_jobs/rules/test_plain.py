"""What Arrow reads is what the expressions read, text by text; and a column of plain texts is judged as if one of them were odd."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Column, Type
from spark_jobs.packing import database
from spark_jobs.rules.in_sql import value
from spark_jobs.rules.plain import plain_values
from tests.spark_jobs.odd_texts import odd_text
from tests.spark_jobs.rules.cases import things
from tests.spark_jobs.rules.test_in_duckdb import SMALL, judged

PLAIN = {
    Type.BIGINT: ("12", "-3", "0", "9223372036854775807", "-9223372036854775808"),
    Type.INTEGER: ("12", "-3", "2147483647", "-2147483648", "007"),
    Type.RATING: ("4", "4.05", "0.00", "5.1", "9.99"),
    Type.BOOLEAN: ("true", "false"),
    Type.TIMESTAMP: (
        "2020-02-19 21:38:16",
        "2020-02-29T00:00:00.5",
        "1999-12-31 23:59:59.123456",
        "0000-01-01 00:00:00",
    ),
    Type.OFFSET_TIMESTAMP: (
        "Wed Feb 19 18:36:17 -0800 2020",
        "Xyz Feb 29 00:00:59 +1759 2020",
        "Thu Dec 31 23:59:59 +0000 9999",
    ),
}
KINDS = [column for column in SMALL.columns if column.type is not Type.TEXT]
SIGNS = "0123456789+-.: TZtzeExX_,/\tJanFebMar"


def by_expressions(column: Column, texts: Sequence[str | None]) -> list[Any]:
    with database() as sql:
        sql.register("texts", pa.table({column.name: pa.array(texts, pa.string())}))
        return as_told(sql.execute(f"select {value(column)} as value from texts").to_arrow_table().column(0))


def as_told(values: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Instants as microseconds: Python has no year 0."""
    is_instant = pa.types.is_timestamp(values.type)
    return list(
        (values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if is_instant else values).to_pylist()
    )


def one_by_one(column: Column, texts: Sequence[str]) -> dict[str, Any]:
    """The value of each text that is plain."""
    found = {text: plain_values(pa.array([text], pa.string()), column.type) for text in texts}
    return {text: as_told(values)[0] for text, values in found.items() if values is not None}


@pytest.mark.parametrize("column", KINDS, ids=lambda column: column.name)
def test_plain_texts_are_read_by_arrow_as_by_the_expressions(column: Column) -> None:
    texts = [*PLAIN[column.type], "", None, *PLAIN[column.type]]
    whole = plain_values(pa.array(["x", *texts], pa.string()).slice(1), column.type)
    assert whole is not None
    assert as_told(whole) == by_expressions(column, texts)
    assert plain_values(pa.array([*texts, "?"], pa.string()), column.type) is None
    assert plain_values(pa.nulls(2, pa.string()), column.type) == pa.nulls(2, whole.type)


@pytest.mark.parametrize("column", KINDS, ids=lambda column: column.name)
def test_the_texts_may_be_a_part_of_others(column: Column) -> None:
    texts = pa.array(["x", *PLAIN[column.type], "x"], pa.string()).slice(1, len(PLAIN[column.type]))
    values = plain_values(texts, column.type)
    assert values is not None
    assert as_told(values) == by_expressions(column, PLAIN[column.type])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Type.BIGINT, "0x10"),
        (Type.INTEGER, "9" * 10),
        (Type.RATING, ".92222222222222222444444444444444444442222"),  # 0.00 for Arrow
        (Type.RATING, "1e0"),
        (Type.RATING, "4.055"),
        (Type.BOOLEAN, "1"),
        (Type.TIMESTAMP, "2020-02-19"),
        (Type.TIMESTAMP, "2020-02-19 21:38:16+01"),
        (Type.OFFSET_TIMESTAMP, "Wed Feb 19 18:36:17 +1830 2020"),
    ],
)
def test_what_arrow_reads_otherwise_is_not_plain(kind: Type, text: str) -> None:
    assert plain_values(pa.array([text], pa.string()), kind) is None


@pytest.mark.slow
@pytest.mark.parametrize("column", KINDS, ids=lambda column: column.name)
def test_no_text_is_read_otherwise_than_by_the_expressions(column: Column) -> None:
    draw = Random(0)
    texts = [odd_text(column, draw) for _ in range(3000)] + [
        f"{number}{'7' * 40}" for number in ("", ".", "4.05")
    ]
    plain = one_by_one(column, texts)
    assert plain == dict(zip(plain, by_expressions(column, list(plain)), strict=True))
    assert sum(text in plain for text in texts) > 10


@pytest.mark.slow
@pytest.mark.parametrize("column", KINDS, ids=lambda column: column.name)
@given(data=st.data())
def test_nor_is_one_that_is_nearly_plain(column: Column, data: st.DataObject) -> None:
    texts = []
    for plain in PLAIN[column.type]:
        start = data.draw(st.integers(0, len(plain)))
        end = data.draw(st.integers(start, min(start + 3, len(plain))))
        texts.append(plain[:start] + data.draw(st.text(SIGNS, max_size=3)) + plain[end:])
    read = one_by_one(column, texts)
    assert read == dict(zip(read, by_expressions(column, list(read)), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", [column.name for column in KINDS[1:-1]])
@pytest.mark.parametrize("is_required", [False, True])
def test_a_plain_column_is_judged_as_one_with_an_odd_text(name: str, is_required: bool) -> None:
    column = next(column for column in KINDS if column.name == name)
    dataset = things(Column(**(vars(column) | {"required": is_required})))
    texts = [*PLAIN[column.type], "", "2030-01-01 00:00:00" if column.type is Type.TIMESTAMP else ""]
    rows = [
        {"row": str(number), name: text, "record_create_timestamp": "2020-01-01 00:00:00"}
        for number, text in enumerate(texts)
    ]
    values, rules = judged(dataset, rows)
    odd_values, odd_rules = judged(dataset, [*rows, rows[0] | {"row": "99", name: "?"}])
    assert (values, rules) == (
        {row: found for row, found in odd_values.items() if row < len(rows)},
        {row: found for row, found in odd_rules.items() if row < len(rows)},
    )
