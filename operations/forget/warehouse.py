"""The warehouse through the Data API: the rows of a subject are counted, deleted, and told to the ledger."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.shared.data_api import read_rows
from operations.errors import OperationError
from operations.forget.subject import Subject
from sql import forgetting
from sql.statements import create_tables

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

_LOOK_SECONDS = 0.2
_ENDS = ("FINISHED", "FAILED", "ABORTED")


class Warehouse:
    """A database of a cluster, signed in as a user."""

    def __init__(self, cluster: str, database: str, user: str) -> None:
        self._client: RedshiftDataAPIServiceClient = boto3.client("redshift-data")
        self._where: dict[str, Any] = {"ClusterIdentifier": cluster, "Database": database, "DbUser": user}
        self._tables: set[tuple[str, str]] | None = None

    def rows_of(self, subject: Subject) -> dict[str, int]:
        """The subject's rows by table, those of staging too; tables without any are left out."""
        found = {
            f"{schema}.{trace.dataset.name}": self._count(subject, trace, schema)
            for schema in (forgetting.WAREHOUSE, forgetting.STAGING)
            for trace in subject.traces
            if (schema, trace.dataset.name) in self._existing()
        }
        return {table: rows for table, rows in found.items() if rows}

    def forget(self, subject: Subject) -> None:
        """Delete the subject's rows, and count them in the ledger, in one transaction."""
        staged = {table for schema, table in self._existing() if schema == forgetting.STAGING}
        self._run(create_tables())
        parameters = {"id": str(subject.key), "subject": subject.hashed}
        self._run(forgetting.forget(subject.dataset, staged), parameters)

    def has_published(self, key: str, etag: str) -> bool:
        """Whether the rows of a landed file are in the warehouse."""
        if (forgetting.WAREHOUSE, "ledger_files") not in self._existing():
            return False
        return bool(self._rows(forgetting.published(), {"file_key": key, "etag": etag}))

    def _count(self, subject: Subject, trace: forgetting.Trace, schema: str) -> int:
        ((found),) = self._rows(forgetting.count(trace, schema), {"id": str(subject.key)})
        return int(found["row_count"])

    def _existing(self) -> set[tuple[str, str]]:
        if self._tables is None:
            found = self._rows(forgetting.tables(), {})
            self._tables = {(row["schema_name"], row["table_name"]) for row in found}
        return self._tables

    def _rows(self, sql: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        sent = self._client.execute_statement(Sql=sql, **self._where, **_bound(parameters))
        return list(read_rows(self._ended(sent["Id"])))

    def _run(self, sqls: list[str], parameters: Mapping[str, str] | None = None) -> None:
        sent = self._client.batch_execute_statement(Sqls=sqls, **self._where, **_bound(parameters or {}))
        self._ended(sent["Id"])

    def _ended(self, statement: str) -> str:
        while (state := self._client.describe_statement(Id=statement))["Status"] not in _ENDS:
            time.sleep(_LOOK_SECONDS)
        if state["Status"] != "FINISHED":
            raise OperationError(
                f"Redshift answered: {state.get('Error', state['Status'])}. The rows are as they were; call the command again"
            )
        return statement


def _bound(parameters: Mapping[str, str]) -> dict[str, Any]:
    bound = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"Parameters": bound} if bound else {}
