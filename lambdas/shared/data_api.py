"""Reads the result of a finished Data API statement."""

from collections.abc import Iterator
from typing import Any

import boto3

from contract.ledger import LedgerLine


def read_rows(statement: str) -> Iterator[dict[str, Any]]:
    """Each row of the statement's result as {column: value}, over all pages."""
    for page in boto3.client("redshift-data").get_paginator("get_statement_result").paginate(Id=statement):
        names = [column["name"] for column in page["ColumnMetadata"]]
        for record in page["Records"]:
            yield dict(zip(names, (value_of(dict(field)) for field in record), strict=True))


def read_ledger(statement: str) -> list[LedgerLine]:
    """The ledger lines in the result of sql/warehouse/read_ledger.sql; none if the run is not published."""
    return [LedgerLine(**row) for row in read_rows(statement)]


def value_of(field: dict[str, Any]) -> Any:
    """The value of one field of a record; the Data API tags it with its type: {"longValue": 3}, {"isNull": True}."""
    (kind, value), *_ = field.items()
    return None if kind == "isNull" else value
