"""The rules in DuckDB and Spark's column expressions give the same rows and the same values."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from catalog import DATASETS, VERSION, Column, Dataset, Type
from spark_jobs.csv_files import read_records_of
from spark_jobs.reading import FAULT
from spark_jobs.rules.in_duckdb import Cleaner, numbered
from spark_jobs.rules.in_spark import clean_rows, is_rejected
from tests.spark_jobs.odd_texts import WIDEST, odd_text
from tests.spark_jobs.rules.cases import CASES, RULES, STARTED, TIMESTAMPS, Case, as_read, things
from tests.spark_jobs.workbench import VALID as WORKBENCH_VALID

pytestmark = pytest.mark.spark

Row = Mapping[str, str | None]
Values = dict[str, Any]
"""A row's values by column, timestamps in microseconds."""

VALID = {"things": {VERSION.name: "2020-01-01 00:00:00"}} | WORKBENCH_VALID
SMALL = things(
    Column(name="bigint", type=Type.BIGINT, minimum=0, maximum=2**63 - 1),
    Column(name="integer", type=Type.INTEGER, minimum=-4000, maximum=9999),
    Column(name="required_integer", type=Type.INTEGER),
    Column(name="rating", type=Type.RATING, minimum=0, maximum=5),
    Column(name="flag", type=Type.BOOLEAN),
    Column(name="instant", type=Type.TIMESTAMP),
    Column(name="offset", type=Type.OFFSET_TIMESTAMP),
    Column(name="text", type=Type.TEXT, max_bytes=8),
    Column(name="prose", type=Type.TEXT, max_bytes=300, missing=("None", "N/A")),
)
few = settings(
    max_examples=2,
    phases=[Phase.explicit, Phase.generate],  # a failure shows what differs, and an example takes seconds
)


def by_duckdb(dataset: Dataset, rows: Sequence[Row]) -> dict[int, Values]:
    """The values of the rows that break no rule, by their index."""
    texts = io.StringIO(newline="")
    writer = csv.writer(texts, quoting=csv.QUOTE_ALL)
    writer.writerow(dataset.column_names)
    writer.writerows([str(row.get(name) or "") for name in dataset.column_names] for row in rows)
    content = texts.getvalue().encode("utf-8", "surrogateescape")
    names = dataset.column_names
    records = read_records_of(memoryview(content), names, names, packed=False, proved=True)
    with Cleaner(dataset, STARTED) as cleaner:
        kept = cleaner.clean(numbered(records.texts, 1)).rows
        bad = cleaner.indexes_of_bad(numbered(records.texts, 1))
    for index, column in enumerate(dataset.columns):
        if column.type in TIMESTAMPS:
            kept = kept.set_column(index, column.name, kept.column(column.name).cast(pa.int64()))
    values = {row["row"]: row for row in kept.to_pylist()}
    assert sorted([*values, *bad]) == list(range(len(rows)))
    return values


def by_spark(
    rows_of_text: Callable[..., DataFrame], dataset: Dataset, rows: Sequence[Row]
) -> dict[int, Values]:
    """The same."""
    texts = [[*(as_read(row.get(name) or None) for name in dataset.column_names), None] for row in rows]
    cleaned = clean_rows(rows_of_text((*dataset.column_names, FAULT), texts), dataset, started=STARTED)
    values = [
        F.unix_micros(column.name).alias(column.name) if column.type in TIMESTAMPS else F.col(column.name)
        for column in dataset.columns
    ]
    good = cleaned.where(~is_rejected(dataset)).select(*values).collect()
    return {row["row"]: row.asDict() for row in good}


def with_row_numbers(dataset: Dataset) -> Dataset:
    """Every row gets its own key: otherwise only the newest version of a key would be seen."""
    key = Column(name="row", type=Type.BIGINT, required=True)
    return replace(dataset, key="row", sort_key="row", columns=(key, *dataset.columns))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_texts_become_their_values_or_break_a_rule(case: Case) -> None:
    dataset, texts = things(case.column), list(case.expected)
    kept = by_duckdb(
        dataset,
        [VALID["things"] | {"row": str(index), case.column.name: text} for index, text in enumerate(texts)],
    )

    assert {
        text: written(case.column, kept[index][case.column.name]) if index in kept else "bad"
        for index, text in enumerate(texts)
    } == {text: "bad" if value in RULES else value for text, value in case.expected.items()}


def written(column: Column, value: Any) -> Any:
    """A timestamp as Spark writes it."""
    if column.type not in TIMESTAMPS or value is None:
        return value
    seconds, micros = divmod(value, 1_000_000)
    text = f"{datetime.fromtimestamp(seconds, STARTED.tzinfo):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{micros:06}".rstrip("0") if micros else text


@pytest.mark.parametrize(
    "dataset", [SMALL, *map(with_row_numbers, DATASETS)], ids=lambda dataset: dataset.name
)
@few
@given(draw=st.randoms(use_true_random=True))
def test_both_take_the_same_rows_for_the_same_values(
    rows_of_text: Callable[..., DataFrame], dataset: Dataset, draw: Random
) -> None:
    """Each row has one odd text."""
    columns = [column for column in dataset.columns[1:] for _ in range(200)]
    odd = [(column.name, odd_text(column, draw)) for column in columns]
    rows = [VALID[dataset.name] | {"row": str(index), name: text} for index, (name, text) in enumerate(odd)]

    duck, spark = by_duckdb(dataset, rows), by_spark(rows_of_text, dataset, rows)

    differing = [index for index in range(len(rows)) if duck.get(index) != spark.get(index)]
    assert {odd[index]: (duck.get(index), spark.get(index)) for index in differing} == {}
    good = Counter(odd[index][0] for index in duck)
    assert all(
        0 < good[column.name] < 200 for column in dataset.columns[1:] if (column.max_bytes or 0) <= WIDEST
    )
