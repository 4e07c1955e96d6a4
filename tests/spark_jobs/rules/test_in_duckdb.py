"""Texts become the values that the table of cases says, or break the rule that it names."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from catalog import DATASETS, VERSION, Column, Dataset, Type
from spark_jobs.csv_reader import Reading, Records, Text
from spark_jobs.header import Headers
from spark_jobs.quarantine import Explainer
from spark_jobs.ranges import Range
from spark_jobs.rules.in_duckdb import Cleaner, numbered
from tests.spark_jobs.odd_texts import WIDEST, odd_text
from tests.spark_jobs.rules import plainly
from tests.spark_jobs.rules.cases import CASES, RULES, STARTED, TIMESTAMPS, Case, things
from tests.spark_jobs.workbench import VALID as WORKBENCH_VALID

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
WHOLE = Range(file_number=0, uri="s3://a/b", size=1)


def records_of(dataset: Dataset, rows: Sequence[Row]) -> Records:
    texts = io.StringIO(newline="")
    writer = csv.writer(texts, quoting=csv.QUOTE_ALL)
    writer.writerow(dataset.column_names)
    writer.writerows([str(row.get(name) or "") for name in dataset.column_names] for row in rows)
    content = texts.getvalue().encode("utf-8", "surrogateescape")
    text = Text([content])
    Headers(dataset).skip(text)
    reading = Reading(text, dataset.column_names, dataset.column_names)
    (records,) = reading.records()
    return records


def judged(dataset: Dataset, rows: Sequence[Row]) -> tuple[dict[int, Values], dict[int, dict[str, str]]]:
    """The values of the rows that break no rule, and the rules that the others break, by column; both by index."""
    records = records_of(dataset, rows)
    with Cleaner(dataset, STARTED) as cleaner:
        kept = cleaner.clean(numbered(records.texts, 1)).rows
        bad = cleaner.indexes_of_bad(numbered(records.texts, 1))
        explainer = Explainer("run-1", dataset, cleaner)
        rejects = [
            reject
            for batch in explainer.rejects(records, WHOLE, dataset.column_names, 0)
            for reject in batch.to_pylist()
        ]
    for index, column in enumerate(dataset.columns):
        if column.type in TIMESTAMPS:
            kept = kept.set_column(index, column.name, kept.column(column.name).cast(pa.int64()))
    values = {row["row"]: row for row in kept.to_pylist()}
    assert [reject["record"] - 1 for reject in rejects] == bad
    rules = {
        reject["record"] - 1: {broken["column"]: broken["rule"] for broken in reject["violations"]}
        for reject in rejects
    }
    assert sorted([*values, *rules]) == list(range(len(rows)))
    return values, rules


def with_row_numbers(dataset: Dataset) -> Dataset:
    """Every row gets its own key: otherwise only the newest version of a key would be seen."""
    key = Column(name="row", type=Type.BIGINT, required=True)
    return replace(dataset, key="row", sort_key="row", columns=(key, *dataset.columns))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_texts_become_their_values_or_break_a_rule(case: Case) -> None:
    dataset, texts = things(case.column), list(case.expected)
    values, rules = judged(
        dataset,
        [VALID["things"] | {"row": str(index), case.column.name: text} for index, text in enumerate(texts)],
    )

    assert {
        text: written(case.column, values[index][case.column.name])
        if index in values
        else rules[index][case.column.name]
        for index, text in enumerate(texts)
    } == dict(case.expected)
    assert all(set(broken) == {case.column.name} for broken in rules.values())


def written(column: Column, value: Any) -> Any:
    """A timestamp as Spark writes it."""
    if column.type not in TIMESTAMPS or value is None:
        return value
    seconds, micros = divmod(value, 1_000_000)
    text = f"{datetime.fromtimestamp(seconds, STARTED.tzinfo):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{micros:06}".rstrip("0") if micros else text


@pytest.mark.slow
@pytest.mark.parametrize(
    "dataset", [SMALL, *map(with_row_numbers, DATASETS)], ids=lambda dataset: dataset.name
)
@pytest.mark.parametrize("seed", range(2))
def test_a_row_is_rejected_exactly_if_a_rule_is_named(dataset: Dataset, seed: int) -> None:
    """Each row has one odd text."""
    draw = Random(seed)
    columns = [column for column in dataset.columns[1:] for _ in range(200)]
    odd = [(column.name, odd_text(column, draw)) for column in columns]
    rows = [VALID[dataset.name] | {"row": str(index), name: text} for index, (name, text) in enumerate(odd)]

    values, rules = judged(dataset, rows)

    assert [
        (column.name, text, found, expected)
        for index, (column, (_, text)) in enumerate(zip(columns, odd, strict=True))
        if (found := (values.get(index) or rules[index])[column.name])
        != (expected := plainly.outcome(column, text, STARTED))
    ] == []
    assert all(
        set(broken) == {odd[index][0]} and set(broken.values()) <= RULES for index, broken in rules.items()
    )
    good = Counter(odd[index][0] for index in values)
    assert all(
        0 < good[column.name] < 200 for column in dataset.columns[1:] if (column.max_bytes or 0) <= WIDEST
    )
