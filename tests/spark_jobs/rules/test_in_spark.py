"""The rules as Spark's column expressions."""

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from catalog import VERSION, Column
from spark_jobs.reading import FAULT
from spark_jobs.rules.in_spark import clean_rows, rule_name
from tests.spark_jobs.rules.cases import CASES, STARTED, TIMESTAMPS, Case, as_read, things

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_texts_become_their_values_or_break_their_rules(
    rows_of_text: Callable[..., DataFrame], case: Case
) -> None:
    assert cleaned(rows_of_text, case.column, list(case.expected)) == case.expected


def cleaned(
    rows_of_text: Callable[..., DataFrame], column: Column, texts: list[str | None]
) -> dict[str | None, Any]:
    """Texts of one column, each with its value or with the name of the rule that it breaks."""
    dataset = things(column)
    others = {"row": "1", VERSION.name: "2020-01-01 00:00:00", FAULT: None}
    raw = rows_of_text(
        (*dataset.column_names, FAULT),
        [
            list((dict.fromkeys(dataset.column_names) | others | {column.name: as_read(text)}).values())
            for text in texts
        ],
    )
    value, rule = F.col(column.name), F.col(rule_name(column)).alias("rule")
    if column.type in TIMESTAMPS:
        value = value.cast("string")  # in the session's UTC, where collect() would use this machine's zone
    rows = clean_rows(raw, dataset, started=STARTED).select(value.alias(column.name), rule).collect()
    return {text: row["rule"] or row[column.name] for text, row in zip(texts, rows, strict=True)}
