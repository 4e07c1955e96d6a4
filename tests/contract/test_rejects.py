"""The line of a rejected record."""

import json

import pytest

from catalog import AUTHORS
from contract.rejects import REJECT_COLUMNS, VIOLATION_COLUMNS, Reject, Violation

LINE = {
    "run_id": "run-1",
    "dataset": "authors",
    "file": "s3://working/a.csv",
    "record": 7,
    "violations": [{"column": "name", "rule": "too_long", "value": "x"}],
    "row": {"name": "x"},
    "raw": None,
    "columns": ["author_id", "name"],
    "encoding": "ISO-8859-1",
}


def read(line: dict[str, object]) -> Reject:
    return Reject.from_line(json.dumps(line).encode())


def test_a_line_is_read_with_every_column_that_the_job_writes() -> None:
    assert tuple(LINE) == REJECT_COLUMNS
    assert VIOLATION_COLUMNS == ("column", "rule", "value")
    assert read(LINE) == Reject(
        run_id="run-1",
        dataset=AUTHORS,
        file="s3://working/a.csv",
        record=7,
        violations=(Violation("name", "too_long", "x"),),
        row={"name": "x"},
        raw=None,
        columns=("author_id", "name"),
        encoding="ISO-8859-1",
    )


def test_a_line_of_an_older_job_lacks_the_header_and_is_utf_8() -> None:
    older = read({name: value for name, value in LINE.items() if name not in ("columns", "encoding")})
    assert (older.columns, older.encoding) == (None, "UTF-8")


def test_a_column_of_a_newer_job_is_passed_over() -> None:
    assert read(LINE | {"severity": "high"}) == read(LINE)


def test_a_dataset_that_is_not_in_the_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="shops"):
        read(LINE | {"dataset": "shops"})
