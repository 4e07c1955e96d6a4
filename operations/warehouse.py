"""The warehouse through the Data API: of AWS, or of the endpoint that the environment leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.shared.data_api import value_of
from operations.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

Result = tuple[list[str], list[tuple[Any, ...]]]

_WAIT_SECONDS = 10
_RUNNING = ("SUBMITTED", "PICKED", "STARTED")


@dataclass(frozen=True)
class Warehouse:
    """Runs statements as one database user of a cluster."""

    cluster: str = "goodreads"
    database: str = "goodreads"
    user: str = "pipeline"
    client: "RedshiftDataAPIServiceClient" = field(
        default_factory=lambda: boto3.client("redshift-data"), compare=False
    )

    def run(self, *statements: str, **parameters: str) -> Result:
        """Run the statements as one transaction. Returns the columns and rows of the last one, none if it is no query.

        OperationError with Redshift's message if one fails: then nothing has changed.
        """
        identifier = self._submit(statements, parameters)
        while (state := self.client.describe_statement(Id=identifier, WaitTimeSeconds=_WAIT_SECONDS))[
            "Status"
        ] in _RUNNING:
            pass  # DescribeStatement itself waits
        if state["Status"] != "FINISHED":
            raise OperationError(state.get("Error", state["Status"]))
        if not state["HasResultSet"]:
            return [], []
        return self._read(identifier if len(statements) == 1 else f"{identifier}:{len(statements)}")

    def _submit(self, statements: tuple[str, ...], parameters: Mapping[str, str]) -> str:
        request: dict[str, Any] = {
            "ClusterIdentifier": self.cluster,
            "Database": self.database,
            "DbUser": self.user,
        }
        if parameters:
            request["Parameters"] = [{"name": name, "value": value} for name, value in parameters.items()]
        if len(statements) == 1:
            return self.client.execute_statement(**request, Sql=statements[0])["Id"]
        return self.client.batch_execute_statement(**request, Sqls=statements)["Id"]

    def _read(self, identifier: str) -> Result:
        columns: list[str] = []
        rows: list[tuple[Any, ...]] = []
        for page in self.client.get_paginator("get_statement_result").paginate(Id=identifier):
            columns = [column["name"] for column in page["ColumnMetadata"]]
            rows += [tuple(value_of(dict(field)) for field in record) for record in page["Records"]]
        return columns, rows
