"""The warehouse through the Data API: of AWS, or of the endpoint that the environment leads to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, stop_never

from lambdas.shared.data_api import value_of
from operations.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_redshift_data.type_defs import DescribeStatementResponseTypeDef

Result = tuple[list[str], list[tuple[Any, ...]]]

_WAIT_SECONDS = 10  # DescribeStatement itself waits, for 30 s at most (WaitTimeSeconds in its service model)
_RUNNING = ("SUBMITTED", "PICKED", "STARTED")


@dataclass(frozen=True)
class Warehouse:
    """Runs statements as one database user of a cluster, None for the user that stands for the caller's identity; statements that take longer than `timeout` seconds are cancelled."""

    cluster: str = "goodreads"
    database: str = "goodreads"
    user: str | None = "goodreads_pipeline"
    client: "RedshiftDataAPIServiceClient" = field(
        default_factory=lambda: boto3.client("redshift-data"), compare=False
    )
    timeout: float | None = None

    def run(self, *statements: str, **parameters: str) -> Result:
        """Run the statements as one transaction. Returns the columns and rows of the last one, none if it is no query.

        OperationError with Redshift's message if one fails, or if the time is over: then nothing has changed. Ctrl-C cancels
        the statements, too.
        """
        identifier = self._submit(statements, parameters)
        with self._cancelled_if_left(identifier):
            state = self._ended(identifier)
        if state["Status"] != "FINISHED":
            raise OperationError(state.get("Error", state["Status"]))
        if not state["HasResultSet"]:
            return [], []
        return self._read(identifier if len(statements) == 1 else f"{identifier}:{len(statements)}")

    def _submit(self, statements: tuple[str, ...], parameters: Mapping[str, str]) -> str:
        request: dict[str, Any] = {
            "ClusterIdentifier": self.cluster,
            "Database": self.database,
        }
        if self.user:
            request["DbUser"] = self.user
        if parameters:
            request["Parameters"] = [{"name": name, "value": value} for name, value in parameters.items()]
        if len(statements) == 1:
            return self.client.execute_statement(**request, Sql=statements[0])["Id"]
        return self.client.batch_execute_statement(**request, Sqls=statements)["Id"]

    def _ended(self, identifier: str) -> "DescribeStatementResponseTypeDef":
        # botocore has no waiter for this service
        describe = Retrying(
            retry=retry_if_result(lambda state: state["Status"] in _RUNNING),
            stop=stop_never if self.timeout is None else stop_after_delay(self.timeout),
        )
        wait = int(max(1, min(_WAIT_SECONDS, self.timeout or _WAIT_SECONDS)))
        try:
            return describe(self.client.describe_statement, Id=identifier, WaitTimeSeconds=wait)
        except RetryError:
            raise OperationError(
                f"the statement took longer than {self.timeout:g} s and was cancelled: ask for less, or give it more time"
            ) from None

    @contextmanager
    def _cancelled_if_left(self, identifier: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(ClientError, BotoCoreError):  # it may have ended by itself
                self.client.cancel_statement(Id=identifier)
            raise

    def _read(self, identifier: str) -> Result:
        columns: list[str] = []
        rows: list[tuple[Any, ...]] = []
        for page in self.client.get_paginator("get_statement_result").paginate(Id=identifier):
            columns = [column["name"] for column in page["ColumnMetadata"]]
            rows += [tuple(value_of(dict(field)) for field in record) for record in page["Records"]]
        return columns, rows


def asked_by_a_reader(warehouse: Warehouse, sql: str, **parameters: str) -> Result:
    """The answer to a person's query. OperationError with Redshift's message; the message of a refusal says who may let the person read."""
    try:
        return warehouse.run(sql, **parameters)
    except OperationError as error:
        if "permission denied" not in str(error):
            raise
        raise OperationError(
            f"{error}. `pipeline readers add NAME --aws` lets an IAM user or role read the warehouse and the analytics"
        ) from None


def administrated(cluster: str = "", *, timeout: float | None = None) -> Warehouse:
    """The warehouse for its master user, the superuser; that of the only cluster if none is named. OperationError if there is none."""
    found = boto3.client("redshift").describe_clusters(**({"ClusterIdentifier": cluster} if cluster else {}))[
        "Clusters"
    ]
    if not found:
        raise OperationError(
            "no cluster is deployed yet: give the deployment a moment, or deploy it (make up)"
        )
    return Warehouse(
        cluster=found[0]["ClusterIdentifier"],
        database=found[0]["DBName"],
        user=found[0]["MasterUsername"],
        timeout=timeout,
    )
