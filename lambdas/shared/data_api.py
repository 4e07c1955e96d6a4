"""What a finished Data API statement has found."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from contract.ledger import LedgerLine

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient


def read_rows(client: "RedshiftDataAPIServiceClient", statement: str) -> Iterator[dict[str, Any]]:
    """Each row of the statement's result as {column: value}; pages are followed."""
    for page in client.get_paginator("get_statement_result").paginate(Id=statement):
        names = [column["name"] for column in page["ColumnMetadata"]]
        for record in page["Records"]:
            yield dict(zip(names, (value_of(dict(field)) for field in record), strict=True))


def read_ledger(client: "RedshiftDataAPIServiceClient", statement: str) -> list[LedgerLine]:
    """The lines that the statement (sql/warehouse/read_ledger.sql) found; none if the run is not published."""
    return [LedgerLine(**row) for row in read_rows(client, statement)]


def value_of(field: dict[str, Any]) -> Any:
    """The value of one field of a record, as the Data API tags it: {"longValue": 3}, {"isNull": True}."""
    (kind, value), *_ = field.items()
    return None if kind == "isNull" else value
